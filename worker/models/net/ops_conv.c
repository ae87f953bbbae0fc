/* Operations on images: convolution, max-pooling, and both at once. */
#include "models/net/nodes.h"

#include <math.h>
#include <string.h>

static struct conv_shape conv_of(const struct node *node, int n)
{
    return (struct conv_shape){
        .n = n, .h = node->in.h, .w = node->in.w, .c = node->in.c, .k = node->units, .side = 3, .stride = 1};
}

static int too_small(const struct node *node, int least, struct err *err)
{
    return err_set(err, E_USAGE,
                   "network: %s gets %d x %d pixels and takes %d x %d at least; make images larger",
                   node->name, node->in.h, node->in.w, least, least);
}

/* What is left of `size` pixels after a 3x3 window and after a pool. */
static int after_conv(int size)
{
    return size - 2;
}

static int after_pool(int size)
{
    return size / 2;
}

static int shape_conv(struct node *node, struct err *err)
{
    if (node->in.h < 3 || node->in.w < 3)
        return too_small(node, 3, err);
    node->out = (struct tensor_shape){after_conv(node->in.h), after_conv(node->in.w), node->units};
    /* the windows of an image, which "blas" lowers it to */
    if (9 * (double)tensor_floats(node->in) < 1e9)
        return 0;
    return err_set(err, E_USAGE,
                   "network: %s of %d x %d pixels and %d channels is too large; make images smaller",
                   node->name, node->in.h, node->in.w, node->in.c);
}

static int shape_max_pool(struct node *node, struct err *err)
{
    if (node->in.h < 2 || node->in.w < 2)
        return too_small(node, 2, err);
    node->out = (struct tensor_shape){after_pool(node->in.h), after_pool(node->in.w), node->in.c};
    return 0;
}

static int shape_conv_pool(struct node *node, struct err *err)
{
    int rc = shape_conv(node, err);
    if (rc == 0 && (node->out.h < 2 || node->out.w < 2))
        rc = too_small(node, 4, err);
    node->out.h = after_pool(node->out.h);
    node->out.w = after_pool(node->out.w);
    return rc;
}

/* Fans as Keras counts them. */
static int params_conv(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "weight",
                            .dim = {node->units, 3, 3, node->in.c},
                            .fan_in = 9.0 * node->in.c,
                            .fan_out = 9.0 * node->units};
    out[1] = (struct param){.role = "bias", .dim = {node->units}};
    return 2;
}

static size_t conv_weights(const struct node *node)
{
    return 9 * (size_t)node->in.c * (size_t)node->units;
}

static double conv_multiply_adds(const struct node *node)
{
    return (double)after_conv(node->in.h) * after_conv(node->in.w) * 9 * node->in.c * node->units;
}

static size_t scratch_conv(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    return k->conv_scratch(conv_of(node, n), with_gradient);
}

static const char *path_conv(const struct node *node, const struct kernels *k)
{
    return k->conv_path(conv_of(node, 1));
}

static void run_conv(const struct node *node, const struct pass *p)
{
    p->kernels->conv_forward(p->out, p->in, p->params, p->params + conv_weights(node), conv_of(node, p->n), 0,
                             p->scratch);
}

static void learn_conv(const struct node *node, const struct pass *p)
{
    p->kernels->conv_backward(p->gradient, p->gradient + conv_weights(node), p->din, p->dout, p->in,
                              p->params, conv_of(node, p->n), p->scratch);
}

const struct op op_conv = {.name = "conv",
                           .shape = shape_conv,
                           .params = params_conv,
                           .multiply_adds = conv_multiply_adds,
                           .scratch = scratch_conv,
                           .path = path_conv,
                           .forward = run_conv,
                           .backward = learn_conv};

/* A byte for every output: the winner (kernels.h). */
static size_t winners(const struct node *node)
{
    return tensor_floats(node->out);
}

/* Floats from the first pixel of the window of pooled (image i, y, x) to its corner. */
static size_t corner_at(const struct node *node, int i, int y, int x, int corner)
{
    size_t row = (size_t)i * (size_t)node->in.h + (size_t)(2 * y + corner / 2);
    return (row * (size_t)node->in.w + (size_t)(2 * x + corner % 2)) * (size_t)node->in.c;
}

/* The first of equals; NaN beats numbers. */
static void pool_window(const struct node *node, const struct pass *p, size_t cell, int i, int y, int x)
{
    uint8_t *winner = p->kept;
    for (int c = 0; c < node->in.c; c++, cell++) {
        winner[cell] = 0;
        p->out[cell] = p->in[corner_at(node, i, y, x, 0) + (size_t)c];
        for (uint8_t corner = 1; corner < 4; corner++) {
            float value = p->in[corner_at(node, i, y, x, corner) + (size_t)c];
            if (value > p->out[cell] || (isnan(value) && !isnan(p->out[cell]))) {
                p->out[cell] = value;
                winner[cell] = corner;
            }
        }
    }
}

static void run_max_pool(const struct node *node, const struct pass *p)
{
    size_t cell = 0;
    for (int i = 0; i < p->n; i++)
        for (int y = 0; y < node->out.h; y++)
            for (int x = 0; x < node->out.w; x++, cell += (size_t)node->in.c)
                pool_window(node, p, cell, i, y, x);
}

static void unpool(const struct node *node, const struct pass *p)
{
    const uint8_t *winner = p->kept;
    const float *dout = p->dout;
    memset(p->din, 0, (size_t)p->n * tensor_floats(node->in) * sizeof *p->din);
    for (int i = 0; i < p->n; i++)
        for (int y = 0; y < node->out.h; y++)
            for (int x = 0; x < node->out.w; x++)
                for (int c = 0; c < node->in.c; c++)
                    p->din[corner_at(node, i, y, x, *winner++) + (size_t)c] = *dout++;
}

const struct op op_max_pool = {.name = "max_pool",
                               .shape = shape_max_pool,
                               .kept = winners,
                               .forward = run_max_pool,
                               .backward = unpool};

static size_t scratch_conv_pool(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    return k->conv_pool_scratch(conv_of(node, n), with_gradient);
}

static const char *path_conv_pool(const struct node *node, const struct kernels *k)
{
    return k->conv_pool_path(conv_of(node, 1));
}

static void run_conv_pool(const struct node *node, const struct pass *p)
{
    p->kernels->conv_pool_forward(p->out, p->kept, p->in, p->params, p->params + conv_weights(node),
                                  conv_of(node, p->n), p->scratch);
}

static void learn_conv_pool(const struct node *node, const struct pass *p)
{
    p->kernels->conv_pool_backward(p->gradient, p->gradient + conv_weights(node), p->din, p->dout, p->kept,
                                   p->in, p->params, conv_of(node, p->n), p->scratch);
}

const struct op op_conv_pool = {.name = "conv_pool",
                                .shape = shape_conv_pool,
                                .params = params_conv,
                                .multiply_adds = conv_multiply_adds,
                                .kept = winners,
                                .scratch = scratch_conv_pool,
                                .path = path_conv_pool,
                                .forward = run_conv_pool,
                                .backward = learn_conv_pool};
