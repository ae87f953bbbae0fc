#include "models/net/cnn.h"

#include "image/image.h"

#include <stdio.h>

enum { MAX_UNITS = 1 << 16, MAX_SIZE = 4096 };

static int check_range(const char *what, int value, int low, int high, struct err *err)
{
    if (value < low || value > high)
        return err_set(err, E_USAGE, "cnn: %s is %d; it must be %d to %d", what, value, low, high);
    return 0;
}

static int check_rate(double rate, struct err *err)
{
    if (!(rate >= 0 && rate < 1))
        return err_set(err, E_USAGE, "cnn: dropout rate is %g; it must be at least 0 and below 1", rate);
    return 0;
}

static int check_shape(const struct cnn_shape *s, struct err *err)
{
    int rc = check_range("image size", s->size, 1, MAX_SIZE, err);
    if (rc == 0)
        rc = check_range("number of channels", s->channels, 1, IMAGE_MAX_CHANNELS, err);
    if (rc == 0)
        rc = check_range("number of blocks", s->n_blocks, 1, CNN_MAX_BLOCKS, err);
    if (rc == 0)
        rc = check_range("number of convolutions of a block", s->convs, 0, CNN_MAX_CONVS, err);
    for (int i = 0; rc == 0 && i < s->n_blocks; i++)
        rc = check_range("number of filters", s->filters[i], 1, MAX_UNITS, err);
    if (rc == 0)
        rc = check_range("number of dense layers", s->n_dense, 0, CNN_MAX_DENSE, err);
    for (int i = 0; rc == 0 && i < s->n_dense; i++)
        rc = check_range("number of dense units", s->dense[i], 1, MAX_UNITS, err);
    for (int i = 0; rc == 0 && i <= s->n_dense; i++)
        rc = check_rate(s->dropout[i], err);
    return rc < 0 ? rc : check_range("number of classes", s->n_classes, 2, LOSS_MAX_CLASSES, err);
}

/* Being built: which convolution comes next. */
struct builder {
    const struct cnn_shape *shape;
    struct nodes *out;
    int conv;
};

static void add_norm(const struct builder *b, const char *name)
{
    if (b->shape->norm != CNN_NO_NORM)
        nodes_add(b->out, b->shape->norm == CNN_BATCH_NORM ? &op_batch_norm : &op_group_norm, "%s", name);
}

static void add_act(const struct builder *b, const char *name)
{
    nodes_add(b->out, b->shape->gelu ? &op_gelu : &op_relu, "%s", name);
}

/* And the norm behind it. from: the node that it reads. */
static void add_conv(const struct builder *b, const char *name, const char *norm, int from, int filters,
                     int side, int stride)
{
    struct node *conv = nodes_add(b->out, &op_conv, "%s", name);
    conv->units = filters;
    conv->from[0] = from;
    conv->side = side;
    conv->pad = b->shape->same ? side / 2 : 0;
    conv->stride = stride;
    conv->unbiased = b->shape->norm != CNN_NO_NORM;
    add_norm(b, norm);
}

/* What is left of the layers before. */
static int last_of(const struct builder *b)
{
    return b->out->n - 1;
}

static int side_of(const struct cnn_shape *shape)
{
    return shape->kernel ? shape->kernel : 3;
}

static int convs_of(const struct cnn_shape *shape)
{
    return shape->convs ? shape->convs : 1;
}

/* Convolutions of one block, all but the last with their act. */
static void add_convs(struct builder *b, int filters, int stride)
{
    char name[NODE_NAME_SIZE], norm[NODE_NAME_SIZE], act[NODE_NAME_SIZE];
    for (int i = 0; i < convs_of(b->shape); i++) {
        snprintf(name, sizeof name, "conv%d", ++b->conv);
        snprintf(norm, sizeof norm, "norm%d", b->conv);
        add_conv(b, name, norm, last_of(b), filters, side_of(b->shape), i == 0 ? stride : 1);
        snprintf(act, sizeof act, "%s%d", b->shape->gelu ? "gelu" : "relu", b->conv);
        if (i + 1 < convs_of(b->shape))
            add_act(b, act);
    }
}

/* Adds what node `got` gives, which has n channels, to what the convolutions of a block have made of it. */
static void add_shortcut(struct builder *b, int block, int got, int n, int filters, int stride)
{
    char name[NODE_NAME_SIZE], norm[NODE_NAME_SIZE];
    int made = last_of(b);
    if (n != filters || stride > 1) {
        snprintf(name, sizeof name, "shortcut%d", block);
        snprintf(norm, sizeof norm, "shortcut%d.norm", block);
        add_conv(b, name, norm, got, filters, 1, stride);
        got = last_of(b);
    }
    struct node *sum = nodes_add(b->out, &op_add, "add%d", block);
    sum->from[0] = made;
    sum->from[1] = got;
}

/* Block i, from 0, which gets n channels. */
static void add_block(struct builder *b, int i, int n)
{
    const struct cnn_shape *shape = b->shape;
    int got = last_of(b), filters = shape->filters[i];
    int before = i > 0 ? shape->filters[i - 1] : filters;
    int stride = shape->pool == CNN_STRIDE && filters != before ? 2 : 1;
    char act[NODE_NAME_SIZE];
    add_convs(b, filters, stride);
    if (shape->residual)
        add_shortcut(b, i + 1, got, n, filters, stride);
    snprintf(act, sizeof act, "%s%d", shape->gelu ? "gelu" : "relu", b->conv);
    add_act(b, act);
    if (shape->pool != CNN_STRIDE)
        nodes_add(b->out, shape->pool == CNN_MAX_POOL ? &op_max_pool : &op_average_pool, "pool%d", i + 1);
}

static void add_head(const struct builder *b)
{
    const struct cnn_shape *shape = b->shape;
    char act[NODE_NAME_SIZE];
    if (shape->global)
        nodes_add(b->out, &op_global_pool, "mean");
    nodes_add(b->out, &op_dropout, "dropout1")->rate = shape->dropout[0];
    if (!shape->global)
        nodes_add(b->out, &op_flatten, "flat");
    for (int d = 1; d <= shape->n_dense; d++) {
        nodes_add(b->out, &op_dense, "dense%d", d)->units = shape->dense[d - 1];
        snprintf(act, sizeof act, "dense%d.%s", d, shape->gelu ? "gelu" : "relu");
        add_act(b, act);
        nodes_add(b->out, &op_dropout, "dropout%d", d + 1)->rate = shape->dropout[d];
    }
    nodes_add(b->out, &op_dense, "logits")->units = shape->n_classes;
}

int cnn_nodes(const struct cnn_shape *shape, struct nodes *out, struct err *err)
{
    struct builder b = {.shape = shape, .out = out};
    int rc = check_shape(shape, err);
    nodes_start(out, (struct tensor_shape){shape->size, shape->size, shape->channels});
    if (rc < 0)
        return rc;
    if (shape->stem) {
        add_conv(&b, "stem", "stem.norm", NODE_IMAGE, shape->stem, side_of(shape), 1);
        add_act(&b, shape->gelu ? "stem.gelu" : "stem.relu");
    }
    for (int i = 0; i < shape->n_blocks; i++)
        add_block(&b, i, i > 0 ? shape->filters[i - 1] : shape->stem ? shape->stem : shape->channels);
    add_head(&b);
    return nodes_finish(out, err);
}

int cnn_check(const struct cnn_shape *shape, int max_batch, struct err *err)
{
    struct nodes nodes;
    int rc = check_range("batch", max_batch, 1, MAX_UNITS, err);
    if (rc == 0)
        rc = cnn_nodes(shape, &nodes, err);
    if (rc < 0)
        return rc;
    nodes_fuse(&nodes, 0);
    return nodes_check_batch(&nodes, max_batch, err);
}
