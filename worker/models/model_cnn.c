/* Model "cnn": the convolutional network of cnn.h. */
#include "models/model.h"

#include "models/net/cnn.h"
#include "models/net/net_arrays.h"
#include "models/training.h"

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
                              .channels = (int)config->channels,
                              .n_blocks = 2,
                              .filters = {(int)s->filters1, (int)s->filters2},
                              .n_dense = 2,
                              .dense = {(int)s->dense1, (int)s->dense2},
                              .n_classes = config->clusters.n,
                              .dropout = {s->dropout1, s->dropout2, s->dropout3}};
}

/* Of a configuration whose check() was good. */
static void network(const struct config *config, struct nodes *out)
{
    struct cnn_shape shape = shape_of(config);
    cnn_nodes(&shape, out, NULL);
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    struct cnn_shape s = shape_of(config);
    int n = snprintf(out, MODEL_IDENTITY_SIZE, "cnn %d %d %d %d %d %d", s.size, s.filters[0], s.filters[1],
                     s.dense[0], s.dense[1], s.n_classes);
    if (s.channels > 1)
        snprintf(out + n, MODEL_IDENTITY_SIZE - (size_t)n, " channels %d", s.channels);
}

static int check(const struct config *config, struct err *err)
{
    struct cnn_shape shape = shape_of(config);
    int rc = cnn_check(&shape, (int)config->batch, err);
    return rc < 0 ? rc : training_check(config, err);
}

/* Forward costs a third of a training pass: one of three products of every layer. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    struct nodes nodes;
    network(config, &nodes);
    return nodes_dense_flop(&nodes) * (double)config->epochs * (n_seen + n_judged / 3);
}

static size_t room(const struct config *config, int n_train)
{
    struct nodes nodes;
    (void)n_train;
    network(config, &nodes);
    return (nodes_n_params(&nodes) + nodes_n_buffers(&nodes)) * sizeof(float);
}

static size_t bytes(const struct config *config, int n_train)
{
    struct nodes nodes;
    (void)n_train;
    network(config, &nodes);
    return training_bytes(config, &nodes);
}

static int open_net(const struct model_spec *spec, void **out, struct err *err)
{
    struct nodes nodes;
    struct net *net = NULL;
    network(spec->config, &nodes);
    int rc = training_new(spec->config, &nodes, &net, err);
    if (rc == 0)
        net_init(net, spec->start);
    *out = net;
    return rc;
}

static double teach(void *model, const struct config *config, const struct batch *batch,
                    const struct loss_rule *loss, float *probs)
{
    return training_teach(model, config, batch, loss, probs);
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    net_predict(model, image, n, probs);
}

static size_t n_features(const struct config *config)
{
    struct nodes nodes;
    network(config, &nodes);
    return net_n_features(&nodes);
}

static void embed(void *model, const float *const *image, int n, float *features)
{
    net_features(model, image, n, features);
}

/* The biases of the last layer are the last of all parameters. */
static float *logit_bias(void *model)
{
    const struct nodes *nodes = net_nodes(model);
    return net_params(model) + nodes_n_params(nodes) - (size_t)nodes->node[nodes->n - 1].units;
}

static float *last_layer(void *model, size_t *n)
{
    const struct nodes *nodes = net_nodes(model);
    *n = nodes->node[nodes->n - 1].n_params;
    return net_params(model) + nodes->node[nodes->n - 1].param;
}

static void renew_last(void *model, uint64_t start)
{
    net_renew_last(model, start);
}

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    net_arrays(model, part == MODEL_STATE, out);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    return model_restore_in_place(&model_cnn, model, part, from, err);
}

static void close_net(void *model)
{
    net_free(model);
}

const struct model_kind model_cnn = {
    .name = "cnn",
    .help = "the report's network: two convolutions, two dense layers",
    .section = &section,
    .can = MODEL_HEEDS | MODEL_EPOCHS | MODEL_PUBLISHED,
    .identity = identity,
    .check = check,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_net,
    .teach = teach,
    .judge = judge,
    .n_features = n_features,
    .embed = embed,
    .logit_bias = logit_bias,
    .last_layer = last_layer,
    .renew_last = renew_last,
    .arrays = arrays,
    .restore = restore,
    .network = network,
    .close = close_net,
};
