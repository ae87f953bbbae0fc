/* Model "vit": the Vision Transformer of vit.h. */
#include "models/model_net.h"

#include "models/net/vit.h"
#include "models/training.h"

#include <stdio.h>

struct settings {
    int64_t patch, width, blocks, heads, mlp;
    double dropout;
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"vit.patch", SETTING_INT, FIELD(patch), 1, 256, "5", NULL,
     "pixels a side of a patch; what does not fill one is left out, half on each side"},
    {"vit.width", SETTING_INT, FIELD(width), 1, 1024, "64", NULL, "numbers of a token"},
    {"vit.blocks", SETTING_INT, FIELD(blocks), 1, VIT_MAX_BLOCKS, "4", NULL, "blocks of attention and MLP"},
    {"vit.heads", SETTING_INT, FIELD(heads), 1, 64, "4", NULL,
     "heads of attention; vit.width must be a multiple"},
    {"vit.mlp", SETTING_INT, FIELD(mlp), 1, 8, "2", NULL,
     "hidden layer of a block's MLP, in widths of a token"},
    {"vit.dropout", SETTING_REAL, FIELD(dropout), 0, 0.99, "0.1", NULL,
     "dropout rate of the tokens, and behind every attention and MLP"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

static struct vit_shape shape_of(const struct config *config)
{
    const struct settings *s = config_of(config, &section);
    return (struct vit_shape){.size = (int)config->image_size,
                              .channels = (int)config->channels,
                              .patch = (int)s->patch,
                              .width = (int)s->width,
                              .n_blocks = (int)s->blocks,
                              .heads = (int)s->heads,
                              .mlp = (int)s->mlp,
                              .n_classes = config->clusters.n,
                              .dropout = s->dropout};
}

/* Of a configuration whose check() was good. */
static void network(const struct config *config, struct nodes *out)
{
    struct vit_shape shape = shape_of(config);
    vit_nodes(&shape, out, NULL);
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    struct vit_shape s = shape_of(config);
    snprintf(out, MODEL_IDENTITY_SIZE,
             "vit %d channels %d patch %d width %d blocks %d heads %d mlp %d classes %d", s.size, s.channels,
             s.patch, s.width, s.n_blocks, s.heads, s.mlp, s.n_classes);
}

static int check(const struct config *config, struct err *err)
{
    struct vit_shape shape = shape_of(config);
    int rc = vit_check(&shape, (int)config->batch, err);
    return rc < 0 ? rc : training_check(config, err);
}

const struct model_kind model_vit = {
    .name = "vit",
    .help = "a small Vision Transformer; learns best with train.warmup 5 and train.schedule cosine",
    .section = &section,
    .can = MODEL_NET_CAN,
    .identity = identity,
    .check = check,
    .network = network,
    MODEL_NET_FUNCTIONS,
};
