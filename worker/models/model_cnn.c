/* Models "cnn", "vgg-small", "resnet-8" and "resnet-14": convolutional networks of cnn.h, the first with all
 * of their settings, the others with the shapes that have a name and a few settings of their own. */
#include "models/model_net.h"

#include "models/net/cnn.h"
#include "models/training.h"

#include <stdio.h>
#include <string.h>

struct settings {
    struct config_numbers blocks, dense, dropout;
    int64_t convs, stem;
    int residual;
    char kernel[CONFIG_WORD_SIZE], padding[CONFIG_WORD_SIZE], norm[CONFIG_WORD_SIZE],
        activation[CONFIG_WORD_SIZE], pool[CONFIG_WORD_SIZE], head[CONFIG_WORD_SIZE];
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"cnn.blocks", SETTING_INTS, FIELD(blocks), 1, 1024, "32-64", NULL,
     "filters of the convolutions of each block, e.g. [32, 64]; a block ends with a pool"},
    {"cnn.convs", SETTING_INT, FIELD(convs), 1, CNN_MAX_CONVS, "1", NULL, "convolutions of a block"},
    {"cnn.stem", SETTING_INT, FIELD(stem), 0, 1024, "0", NULL,
     "filters of a convolution before all blocks; 0: none"},
    {"cnn.kernel", SETTING_WORD, FIELD(kernel), 0, 0, "3", "3|5", "side of the filters, pixels"},
    {"cnn.padding", SETTING_WORD, FIELD(padding), 0, 0, "valid", "valid|same",
     "what a convolution makes of an image: less by its margins, or as much, with zeros around"},
    {"cnn.norm", SETTING_WORD, FIELD(norm), 0, 0, "none", "none|batch|group",
     "normalisation behind every convolution: of a batch (epsilon 1e-5, momentum 0.1, as PyTorch), or of "
     "each image in up to 8 groups of channels"},
    {"cnn.activation", SETTING_WORD, FIELD(activation), 0, 0, "relu", "relu|gelu",
     "what follows convolutions and dense layers"},
    {"cnn.pool", SETTING_WORD, FIELD(pool), 0, 0, "max", "max|average|stride",
     "how a block makes images smaller; stride: its first convolution does, where its filters are not as "
     "many as those of the block before"},
    {"cnn.residual", SETTING_BOOL, FIELD(residual), 0, 0, "false", NULL,
     "what a block gets is added to what it makes of it; needs cnn.padding same"},
    {"cnn.head", SETTING_WORD, FIELD(head), 0, 0, "flatten", "flatten|global",
     "what the dense layers get: all pixels, or the mean of each channel"},
    {"cnn.dense", SETTING_INTS, FIELD(dense), 1, 8192, "128-64", NULL,
     "units of the dense layers before the last, e.g. [128, 64]; []: none"},
    {"cnn.dropout", SETTING_REALS, FIELD(dropout), 0, 0.99, "0.25-0.5-0.5", NULL,
     "dropout rates: after the blocks, and after each layer of cnn.dense"},
    {0},
};

static const struct renamed renamed[] = {
    {"cnn.filters1", "cnn.blocks, a list: cnn.blocks: [32, 64]"},
    {"cnn.filters2", "cnn.blocks, a list: cnn.blocks: [32, 64]"},
    {"cnn.dense1", "cnn.dense, a list: cnn.dense: [128, 64]"},
    {"cnn.dense2", "cnn.dense, a list: cnn.dense: [128, 64]"},
    {"cnn.dropout1", "cnn.dropout, a list: cnn.dropout: [0.25, 0.5, 0.5]"},
    {"cnn.dropout2", "cnn.dropout, a list: cnn.dropout: [0.25, 0.5, 0.5]"},
    {"cnn.dropout3", "cnn.dropout, a list: cnn.dropout: [0.25, 0.5, 0.5]"},
    {0},
};

static int check_settings(const void *of, struct err *err)
{
    const struct settings *s = of;
    if (s->blocks.n == 0)
        return err_set(err, E_USAGE, "cnn.blocks: a network has one block at least, e.g. [32, 64]");
    if (s->dense.n > CNN_MAX_DENSE)
        return err_set(err, E_USAGE, "cnn.dense: at most %d layers", CNN_MAX_DENSE);
    if (s->dropout.n != s->dense.n + 1)
        return err_set(err, E_USAGE,
                       "cnn.dropout: %d rate%s, where %d %s wanted: one after the blocks, and one after each "
                       "layer of cnn.dense, which has %d",
                       s->dropout.n, s->dropout.n == 1 ? "" : "s", s->dense.n + 1, s->dense.n ? "are" : "is",
                       s->dense.n);
    if (s->residual && strcmp(s->padding, "same") != 0)
        return err_set(err, E_USAGE, "cnn.residual adds images of one size; it needs cnn.padding: same");
    return 0;
}

static const struct section section = {
    .setting = settings, .renamed = renamed, .size = sizeof(struct settings), .check = check_settings};

static int has(const char *setting, const char *word)
{
    return strcmp(setting, word) == 0;
}

static enum cnn_norm norm_of(const char *word)
{
    return has(word, "batch") ? CNN_BATCH_NORM : has(word, "group") ? CNN_GROUP_NORM : CNN_NO_NORM;
}

static enum cnn_pool pool_of(const char *word)
{
    return has(word, "average") ? CNN_AVERAGE_POOL : has(word, "stride") ? CNN_STRIDE : CNN_MAX_POOL;
}

/* What all of them have from the task. */
static struct cnn_shape shape_for(const struct config *config)
{
    return (struct cnn_shape){
        .size = (int)config->image_size, .channels = (int)config->channels, .n_classes = config->clusters.n};
}

static struct cnn_shape shape_of_cnn(const struct config *config)
{
    const struct settings *s = config_of(config, &section);
    struct cnn_shape shape = shape_for(config);
    shape.n_blocks = s->blocks.n;
    for (int i = 0; i < s->blocks.n; i++)
        shape.filters[i] = (int)s->blocks.value[i];
    shape.n_dense = s->dense.n;
    for (int i = 0; i < s->dense.n && i < CNN_MAX_DENSE; i++)
        shape.dense[i] = (int)s->dense.value[i];
    for (int i = 0; i < s->dropout.n && i <= CNN_MAX_DENSE; i++)
        shape.dropout[i] = s->dropout.value[i];
    shape.stem = (int)s->stem;
    shape.convs = (int)s->convs;
    shape.kernel = has(s->kernel, "5") ? 5 : 3;
    shape.same = has(s->padding, "same");
    shape.norm = norm_of(s->norm);
    shape.gelu = has(s->activation, "gelu");
    shape.pool = pool_of(s->pool);
    shape.residual = s->residual;
    shape.global = has(s->head, "global");
    return shape;
}

/* ---- those with a name ---- */

struct named {
    int64_t width;
    char norm[CONFIG_WORD_SIZE];
    double dropout;
};

#define NAMED_SETTINGS(name, width_, dropout_)                                                               \
    {name ".width",                                                                                          \
     SETTING_INT,                                                                                            \
     offsetof(struct named, width),                                                                          \
     1,                                                                                                      \
     256,                                                                                                    \
     width_,                                                                                                 \
     NULL,                                                                                                   \
     "filters of the first blocks; the next have twice, the last four times as many"},                       \
        {name ".norm",                                                                                       \
         SETTING_WORD,                                                                                       \
         offsetof(struct named, norm),                                                                       \
         0,                                                                                                  \
         0,                                                                                                  \
         "batch",                                                                                            \
         "none|batch|group",                                                                                 \
         "normalisation behind every convolution, as cnn.norm"},                                             \
        {name ".dropout", SETTING_REAL, offsetof(struct named, dropout),     0, 0.99,                        \
         dropout_,        NULL,         "dropout rate before the last layer"},                               \
    {                                                                                                        \
        0                                                                                                    \
    }

static const struct setting vgg_small_settings[] = {NAMED_SETTINGS("vgg-small", "32", "0.5")},
                            resnet_8_settings[] = {NAMED_SETTINGS("resnet-8", "16", "0")},
                            resnet_14_settings[] = {NAMED_SETTINGS("resnet-14", "16", "0")};

static const struct section vgg_small_section = {.setting = vgg_small_settings, .size = sizeof(struct named)},
                            resnet_8_section = {.setting = resnet_8_settings, .size = sizeof(struct named)},
                            resnet_14_section = {.setting = resnet_14_settings, .size = sizeof(struct named)};

/* Three stages of `repeat` blocks, of once, twice and four times the width. */
static struct cnn_shape staged(const struct config *config, const struct named *s, int repeat)
{
    struct cnn_shape shape = shape_for(config);
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < repeat; i++)
            shape.filters[shape.n_blocks++] = (int)s->width << stage;
    shape.convs = 2;
    shape.kernel = 3;
    shape.same = 1;
    shape.norm = norm_of(s->norm);
    return shape;
}

/* After Simonyan and Zisserman 2015, with norms and one dense layer of four times the width. */
static struct cnn_shape shape_of_vgg(const struct config *config, const struct section *of)
{
    const struct named *s = config_of(config, of);
    struct cnn_shape shape = staged(config, s, 1);
    shape.n_dense = 1;
    shape.dense[0] = 4 * (int)s->width;
    shape.dropout[1] = s->dropout;
    return shape;
}

/* Of 6 n + 2 layers, as He et al. 2016 have it for CIFAR, n blocks a stage. */
static struct cnn_shape shape_of_resnet(const struct config *config, const struct section *of, int n)
{
    const struct named *s = config_of(config, of);
    struct cnn_shape shape = staged(config, s, n);
    shape.stem = (int)s->width;
    shape.pool = CNN_STRIDE;
    shape.residual = shape.global = 1;
    shape.dropout[0] = s->dropout;
    return shape;
}

static struct cnn_shape shape_of_vgg_small(const struct config *config)
{
    return shape_of_vgg(config, &vgg_small_section);
}

static struct cnn_shape shape_of_resnet_8(const struct config *config)
{
    return shape_of_resnet(config, &resnet_8_section, 1);
}

static struct cnn_shape shape_of_resnet_14(const struct config *config)
{
    return shape_of_resnet(config, &resnet_14_section, 2);
}

static const struct {
    const struct model_kind *kind;
    struct cnn_shape (*shape)(const struct config *config);
} shapes[] = {{&model_cnn, shape_of_cnn},
              {&model_vgg_small, shape_of_vgg_small},
              {&model_resnet_8, shape_of_resnet_8},
              {&model_resnet_14, shape_of_resnet_14}};

enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* One that is made up has the shape of the first. */
static struct cnn_shape shape_of(const struct config *config)
{
    for (int i = 0; i < N_SHAPES; i++)
        if (shapes[i].kind == model_find(config->model))
            return shapes[i].shape(config);
    return shape_of_cnn(config);
}

/* ---- rows ---- */

/* Of a configuration whose check() was good. */
static void network(const struct config *config, struct nodes *out)
{
    struct cnn_shape shape = shape_of(config);
    cnn_nodes(&shape, out, NULL);
}

/* Two blocks and two dense layers, and nothing that the report's network has not. */
static int is_plain(const struct cnn_shape *s)
{
    return s->n_blocks == 2 && s->n_dense == 2 && !s->stem && s->convs == 1 && s->kernel == 3 && !s->same &&
           s->norm == CNN_NO_NORM && !s->gelu && s->pool == CNN_MAX_POOL && !s->residual && !s->global;
}

static int put_list(const char *what, const int *value, int n, char *out, int size)
{
    int used = snprintf(out, (size_t)size, " %s", what);
    for (int i = 0; i < n; i++)
        used += snprintf(out + used, (size_t)(size - used), "%c%d", i ? '-' : ' ', value[i]);
    return used;
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    struct cnn_shape s = shape_of(config);
    int n;
    if (is_plain(&s))
        n = snprintf(out, MODEL_IDENTITY_SIZE, "cnn %d %d %d %d %d %d", s.size, s.filters[0], s.filters[1],
                     s.dense[0], s.dense[1], s.n_classes);
    else {
        n = snprintf(out, MODEL_IDENTITY_SIZE, "%s %d %d of %d stem %d kernel %d ways %d%d%d%d%d%d",
                     model_of(config)->name, s.size, s.n_classes, s.convs, s.stem, s.kernel, s.same,
                     (int)s.norm, s.gelu, (int)s.pool, s.residual, s.global);
        n += put_list("blocks", s.filters, s.n_blocks, out + n, MODEL_IDENTITY_SIZE - n);
        n += put_list("dense", s.dense, s.n_dense, out + n, MODEL_IDENTITY_SIZE - n);
    }
    if (s.channels > 1)
        snprintf(out + n, MODEL_IDENTITY_SIZE - (size_t)n, " channels %d", s.channels);
}

static int check(const struct config *config, struct err *err)
{
    struct cnn_shape shape = shape_of(config);
    int rc = cnn_check(&shape, (int)config->batch, err);
    return rc < 0 ? rc : training_check(config, err);
}

#define CNN_ROW                                                                                              \
    .can = MODEL_NET_CAN, .identity = identity, .check = check, .network = network, MODEL_NET_FUNCTIONS

const struct model_kind model_cnn = {
    .name = "cnn",
    .help = "convolutional network, by default the report's: two convolutions, two dense layers",
    .section = &section,
    .can = MODEL_NET_CAN | MODEL_PUBLISHED,
    .identity = identity,
    .check = check,
    .network = network,
    MODEL_NET_FUNCTIONS,
};

const struct model_kind model_vgg_small = {
    .name = "vgg-small",
    .help = "six convolutions in three blocks, as VGG, with batch norm",
    .section = &vgg_small_section,
    CNN_ROW,
};

const struct model_kind model_resnet_8 = {
    .name = "resnet-8",
    .help = "the residual network for small images, of 8 layers",
    .section = &resnet_8_section,
    CNN_ROW,
};

const struct model_kind model_resnet_14 = {
    .name = "resnet-14",
    .help = "the same of 14 layers",
    .section = &resnet_14_section,
    CNN_ROW,
};
