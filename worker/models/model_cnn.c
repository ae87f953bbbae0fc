/* Model "cnn": the convolutional network of cnn.h, taught by Adam. */
#include "models/model.h"

#include "models/optimiser.h"

#include <stdio.h>
#include <string.h>

struct settings {
    int64_t filters1, filters2, dense1, dense2;
    double dropout1, dropout2, dropout3;
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"cnn.filters1", SETTING_INT, FIELD(filters1), 1, 1024, "32", NULL, "filters of the first convolution"},
    {"cnn.filters2", SETTING_INT, FIELD(filters2), 1, 1024, "64", NULL, "filters of the second convolution"},
    {"cnn.dense1", SETTING_INT, FIELD(dense1), 1, 8192, "128", NULL, "units of the first dense layer"},
    {"cnn.dense2", SETTING_INT, FIELD(dense2), 1, 8192, "64", NULL, "units of the second dense layer"},
    {"cnn.dropout1", SETTING_REAL, FIELD(dropout1), 0, 0.99, "0.25", NULL,
     "dropout rate after the convolutions"},
    {"cnn.dropout2", SETTING_REAL, FIELD(dropout2), 0, 0.99, "0.5", NULL,
     "dropout rate after the first dense layer"},
    {"cnn.dropout3", SETTING_REAL, FIELD(dropout3), 0, 0.99, "0.5", NULL,
     "dropout rate after the second dense layer"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

static struct cnn_shape shape_of(const struct config *config)
{
    const struct settings *s = config_of(config, &section);
    return (struct cnn_shape){.size = (int)config->image_size,
                              .filters = {(int)s->filters1, (int)s->filters2},
                              .dense = {(int)s->dense1, (int)s->dense2},
                              .n_classes = config->clusters.n,
                              .dropout = {s->dropout1, s->dropout2, s->dropout3}};
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    struct cnn_shape s = shape_of(config);
    snprintf(out, MODEL_IDENTITY_SIZE, "cnn %d %d %d %d %d %d", s.size, s.filters[0], s.filters[1],
             s.dense[0], s.dense[1], s.n_classes);
}

static int check(const struct config *config, struct err *err)
{
    struct cnn_shape shape = shape_of(config);
    return cnn_check(&shape, (int)config->batch, err);
}

/* Forward costs a third of a training pass: one of three products of every layer. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    struct cnn_shape shape = shape_of(config);
    return cnn_dense_flop(&shape) * (double)config->epochs * (n_seen + n_judged / 3);
}

static size_t n_params(const struct config *config)
{
    struct cnn_shape shape = shape_of(config);
    return cnn_n_params(&shape, NULL);
}

static size_t bytes(const struct config *config)
{
    struct cnn_shape shape = shape_of(config);
    return cnn_bytes(&shape, (int)config->batch);
}

static int open_net(const struct model_spec *spec, void **out, struct err *err)
{
    struct cnn_shape shape = shape_of(spec->config);
    struct cnn *net = NULL;
    int rc = cnn_new(&shape, (int)spec->config->batch, &net, err);
    if (rc == 0)
        cnn_init(net, spec->start);
    *out = net;
    return rc;
}

static double teach(void *model, const struct config *config, const struct batch *batch,
                    const struct loss_rule *loss, float *probs)
{
    const struct optimiser *o = config_of(config, &optimiser_section);
    const struct cnn_adam adam = {o->learning_rate, o->beta1, o->beta2, o->epsilon};
    return cnn_train(model, batch, loss, &adam, probs);
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    cnn_predict(model, image, n, probs);
}

static size_t n_features(const struct config *config)
{
    return (size_t)shape_of(config).dense[1];
}

static void embed(void *model, const float *const *image, int n, float *features)
{
    cnn_features(model, image, n, features);
}

static struct model_state state(void *model)
{
    return (struct model_state){cnn_params(model), cnn_moments(model), cnn_steps(model)};
}

static size_t shift_at(const struct config *config)
{
    struct cnn_shape shape = shape_of(config);
    size_t offset[CNN_N_PARTS + 1];
    cnn_n_params(&shape, offset);
    return offset[CNN_OUT_B];
}

/* As cnn.h lists them. */
static int part(const struct config *config, int i, const char **name, int dims[4])
{
    static const char *const names[CNN_N_PARTS] = {
        "conv1.weight", "conv1.bias",    "conv2.weight", "conv2.bias",    "dense1.weight",
        "dense1.bias",  "dense2.weight", "dense2.bias",  "logits.weight", "logits.bias"};
    struct cnn_shape s = shape_of(config);
    size_t offset[CNN_N_PARTS + 1];
    if (i >= CNN_N_PARTS)
        return 0;
    cnn_n_params(&s, offset);
    const int biases[] = {s.filters[0], s.filters[1], s.dense[0], s.dense[1], s.n_classes};
    memset(dims, 0, 4 * sizeof *dims);
    *name = names[i];
    dims[0] = biases[i / 2];
    if (i == CNN_CONV1_W || i == CNN_CONV2_W) {
        dims[1] = dims[2] = 3;
        dims[3] = i == CNN_CONV2_W ? s.filters[0] : 1;
    } else if (i % 2 == 0)
        dims[1] = (int)((offset[i + 1] - offset[i]) / (size_t)dims[0]);
    return 1;
}

static void close_net(void *model)
{
    cnn_free(model);
}

const struct model_kind model_cnn = {
    .name = "cnn",
    .help = "the report's network: two convolutions, two dense layers, Adam",
    .section = &section,
    .can = MODEL_HEEDS | MODEL_PUBLISHED,
    .identity = identity,
    .check = check,
    .work = work,
    .n_params = n_params,
    .bytes = bytes,
    .open = open_net,
    .teach = teach,
    .judge = judge,
    .n_features = n_features,
    .embed = embed,
    .state = state,
    .shift_at = shift_at,
    .part = part,
    .network = shape_of,
    .close = close_net,
};
