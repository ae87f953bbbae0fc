/* Model "cnn": the convolutional network of cnn.h. */
#include "models/model_net.h"

#include "models/net/cnn.h"
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

const struct model_kind model_cnn = {
    .name = "cnn",
    .help = "the report's network: two convolutions, two dense layers",
    .section = &section,
    .can = MODEL_NET_CAN | MODEL_PUBLISHED,
    .identity = identity,
    .check = check,
    .network = network,
    MODEL_NET_FUNCTIONS,
};
