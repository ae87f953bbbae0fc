/* Convolution, alone or with ReLU and max-pooling at once. */
#include "models/net/nodes.h"

#include <string.h>

static struct conv_shape conv_of(const struct node *node, int n)
{
    return (struct conv_shape){.n = n,
                               .h = node->in.h,
                               .w = node->in.w,
                               .c = node->in.c,
                               .k = node->units,
                               .side = node->side,
                               .pad = node->pad,
                               .stride = node->stride};
}

static int too_small(const struct node *node, int least, struct err *err)
{
    return err_set(err, E_USAGE,
                   "network: %s gets %d x %d pixels and takes %d x %d at least; make images larger",
                   node->name, node->in.h, node->in.w, least, least);
}

static int shape_conv(struct node *node, struct err *err)
{
    int least = node->side - 2 * node->pad, height, width;
    if (node->in.h < least || node->in.w < least || node->in.h < 1)
        return too_small(node, least > 1 ? least : 1, err);
    height = conv_size(node->in.h, conv_of(node, 1));
    width = conv_size(node->in.w, conv_of(node, 1));
    node->out = (struct tensor_shape){height, width, node->units};
    /* the windows of an image, which "blas" lowers it to */
    if ((double)node->side * node->side * (double)tensor_floats(node->in) < 1e9)
        return 0;
    return err_set(err, E_USAGE,
                   "network: %s of %d x %d pixels and %d channels is too large; make images smaller",
                   node->name, node->in.h, node->in.w, node->in.c);
}

/* Half of it, rounded down, is pooled. */
static int shape_conv_pool(struct node *node, struct err *err)
{
    int rc = shape_conv(node, err);
    if (rc == 0 && (node->out.h < 2 || node->out.w < 2))
        rc = too_small(node, 4, err);
    node->out.h /= 2;
    node->out.w /= 2;
    return rc;
}

static size_t window(const struct node *node)
{
    return (size_t)node->side * (size_t)node->side;
}

/* Fans as Keras counts them. */
static int params_conv(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "weight",
                            .dim = {node->units, node->side, node->side, node->in.c},
                            .fan_in = (double)window(node) * node->in.c,
                            .fan_out = (double)window(node) * node->units};
    out[1] = (struct param){.role = "bias", .dim = {node->units}};
    return node->unbiased ? 1 : 2;
}

static size_t conv_weights(const struct node *node)
{
    return window(node) * (size_t)node->in.c * (size_t)node->units;
}

static double conv_multiply_adds(const struct node *node)
{
    const struct conv_shape s = conv_of(node, 1);
    return (double)conv_size(s.h, s) * conv_size(s.w, s) * (double)conv_weights(node);
}

/* Before the scratch of the kernels: zeros for a bias that there is not, or its gradient, which nobody
 * wants. */
static size_t spare_bias(const struct node *node)
{
    return node->unbiased ? ((size_t)node->units + 15) / 16 * 16 : 0;
}

static size_t scratch_conv(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    return spare_bias(node) + k->conv_scratch(conv_of(node, n), with_gradient);
}

static const char *path_conv(const struct node *node, const struct kernels *k)
{
    return k->conv_path(conv_of(node, 1));
}

static void run_conv(const struct node *node, const struct pass *p)
{
    const float *bias = node->unbiased ? p->scratch : p->params + conv_weights(node);
    if (node->unbiased)
        memset(p->scratch, 0, (size_t)node->units * sizeof *p->scratch);
    p->kernels->conv_forward(p->out, p->in, p->params, bias, conv_of(node, p->n), node->relu,
                             p->scratch + spare_bias(node));
}

static void learn_conv(const struct node *node, const struct pass *p)
{
    float *dbias = node->unbiased ? p->scratch : p->gradient + conv_weights(node);
    if (node->relu)
        node_stop_gradient(node, p);
    p->kernels->conv_backward(p->gradient, dbias, p->din, p->dout, p->in, p->params, conv_of(node, p->n),
                              p->scratch + spare_bias(node));
}

const struct op op_conv = {.name = "conv",
                           .by_sample = 1,
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
