/* Operations on vectors, and those that do not mind a shape: dense layers, ReLU, dropout, flattening,
 * sums. */
#include "models/net/nodes.h"

#include <math.h>
#include <string.h>

static struct dense_shape dense_of(const struct node *node, int n)
{
    return (struct dense_shape){.n = n, .in = node->in.c, .out = node->units};
}

static int shape_dense(struct node *node, struct err *err)
{
    if (node->in.h)
        return err_set(err, E_USAGE, "network: %s gets an image and takes a vector; flatten before it",
                       node->name);
    node->out = (struct tensor_shape){.c = node->units};
    return 0;
}

static int shape_same(struct node *node, struct err *err)
{
    (void)err;
    node->out = node->in;
    return 0;
}

static int shape_flat(struct node *node, struct err *err)
{
    (void)err;
    node->out = (struct tensor_shape){.c = (int)tensor_floats(node->in)};
    return 0;
}

static int params_dense(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){
        .role = "weight", .dim = {node->units, node->in.c}, .fan_in = node->in.c, .fan_out = node->units};
    out[1] = (struct param){.role = "bias", .dim = {node->units}};
    return 2;
}

static size_t dense_weights(const struct node *node)
{
    return (size_t)node->in.c * (size_t)node->units;
}

static double dense_multiply_adds(const struct node *node)
{
    return (double)node->in.c * node->units;
}

static size_t scratch_dense(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    return k->dense_scratch(dense_of(node, n), with_gradient);
}

static const char *path_dense(const struct node *node, const struct kernels *k)
{
    return k->dense_path(dense_of(node, 1));
}

static size_t n_outputs(const struct node *node, const struct pass *p)
{
    return (size_t)p->n * tensor_floats(node->out);
}

static void run_dense(const struct node *node, const struct pass *p)
{
    p->kernels->dense_forward(p->out, p->in, p->params, p->params + dense_weights(node), dense_of(node, p->n),
                              node->relu, p->scratch);
}

void node_stop_gradient(const struct node *node, const struct pass *p)
{
    size_t n = n_outputs(node, p);
    float *restrict d = p->dout;
    const float *restrict unit = p->out;
    for (size_t i = 0; i < n; i++)
        d[i] = unit[i] <= 0 ? 0 : d[i];
}

/* The optimiser's step on the weights and biases of a node. */
static void update_dense(const struct node *node, const struct pass *p)
{
    size_t bias = dense_weights(node);
    float shrink = p->update->shrink;
    for (size_t i = 0; shrink < 1 && i < bias; i++)
        p->params[i] *= shrink;
    p->kernels->dense_update(p->params, p->m, p->v, p->params + bias, p->m + bias, p->v + bias, p->dout,
                             p->in, dense_of(node, p->n), p->update->adam, p->scratch);
}

/* The gradient of the input needs the weights before their update. */
static void learn_dense(const struct node *node, const struct pass *p)
{
    struct dense_shape s = dense_of(node, p->n);
    size_t bias = dense_weights(node);
    if (node->relu)
        node_stop_gradient(node, p);
    if (p->din)
        p->kernels->dense_backward_input(p->din, p->dout, p->params, s, p->scratch);
    if (p->gradient)
        p->kernels->dense_backward_weight(p->gradient, p->gradient + bias, p->dout, p->in, s, p->scratch);
    else
        update_dense(node, p);
}

const struct op op_dense = {.name = "dense",
                            .shape = shape_dense,
                            .params = params_dense,
                            .multiply_adds = dense_multiply_adds,
                            .scratch = scratch_dense,
                            .path = path_dense,
                            .forward = run_dense,
                            .backward = learn_dense};

static void run_relu(const struct node *node, const struct pass *p)
{
    size_t n = n_outputs(node, p);
    for (size_t i = 0; i < n; i++)
        p->out[i] = p->out[i] <= 0 ? 0 : p->out[i];
}

const struct op op_relu = {.name = "relu",
                           .in_place = 1,
                           .by_sample = 1,
                           .shape = shape_same,
                           .forward = run_relu,
                           .backward = node_stop_gradient};

/* A rate as the 16-bit threshold below which a unit is dropped; a rate just below 1 still keeps one unit in
 * 65536. */
static uint32_t keep_from(double rate)
{
    uint32_t threshold = (uint32_t)lround(rate * 65536);
    return threshold < 65535 ? threshold : 65535;
}

static void drop(const struct node *node, const struct pass *p, float *x)
{
    if (p->drops)
        p->kernels->dropout(x, n_outputs(node, p), keep_from(node->rate), p->key, p->substream, 0);
}

static void run_dropout(const struct node *node, const struct pass *p)
{
    drop(node, p, p->out);
}

static void learn_dropout(const struct node *node, const struct pass *p)
{
    drop(node, p, p->dout);
}

static const char *path_dropout(const struct node *node, const struct kernels *k)
{
    (void)node, (void)k;
    return "philox";
}

const struct op op_dropout = {.name = "dropout",
                              .in_place = 1,
                              .draws = 1,
                              .shape = shape_same,
                              .path = path_dropout,
                              .forward = run_dropout,
                              .backward = learn_dropout};

const struct op op_flatten = {.name = "flatten", .in_place = 1, .shape = shape_flat};

static void run_add(const struct node *node, const struct pass *p)
{
    size_t n = n_outputs(node, p);
    const float *restrict a = p->in, *restrict b = p->in2;
    float *restrict out = p->out;
    if (node->relu)
        for (size_t i = 0; i < n; i++) {
            float sum = a[i] + b[i];
            out[i] = sum <= 0 ? 0 : sum;
        }
    else
        for (size_t i = 0; i < n; i++)
            out[i] = a[i] + b[i];
}

static void pass_gradient(float *restrict din, const float *restrict dout, const float *restrict out,
                          size_t n, int relu)
{
    if (!relu) {
        memcpy(din, dout, n * sizeof *din);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float g = dout[i];
        din[i] = out[i] <= 0 ? 0 : g;
    }
}

/* Both inputs get the gradient that passes ReLU. */
static void learn_add(const struct node *node, const struct pass *p)
{
    size_t n = n_outputs(node, p);
    if (p->din)
        pass_gradient(p->din, p->dout, p->out, n, node->relu);
    if (p->din2)
        pass_gradient(p->din2, p->dout, p->out, n, node->relu);
}

const struct op op_add = {.name = "add",
                          .forgets = 1,
                          .n_inputs = 2,
                          .by_sample = 1,
                          .shape = shape_same,
                          .forward = run_add,
                          .backward = learn_add};
