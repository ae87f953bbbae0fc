/* Operations on numbers and on rows of channels, whatever the shape: GELU and layer norm. */
#include "models/net/nodes.h"

static int keep_shape(struct node *node, struct err *err)
{
    (void)err;
    node->out = node->in;
    return 0;
}

static size_t n_floats(const struct node *node, const struct pass *p)
{
    return (size_t)p->n * tensor_floats(node->in);
}

static const char *path_rows(const struct node *node, const struct kernels *k)
{
    (void)node;
    return k->rows_path;
}

static void run_gelu(const struct node *node, const struct pass *p)
{
    p->kernels->gelu(p->out, p->in, n_floats(node, p));
}

static void learn_gelu(const struct node *node, const struct pass *p)
{
    if (p->din)
        p->kernels->gelu_backward(p->din, p->dout, p->in, n_floats(node, p));
}

const struct op op_gelu = {.name = "gelu",
                           .by_sample = 1,
                           .shape = keep_shape,
                           .path = path_rows,
                           .forward = run_gelu,
                           .backward = learn_gelu};

static size_t norm_rows(const struct node *node)
{
    return tensor_floats(node->in) / (size_t)node->in.c;
}

static struct row_shape row_shape_of(const struct node *node, int n)
{
    return (struct row_shape){.rows = n * (int)norm_rows(node), .n = node->in.c, .step = (size_t)node->in.c};
}

/* Weights begin at one. */
static int params_norm(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "weight", .dim = {node->in.c}, .start = 1};
    out[1] = (struct param){.role = "bias", .dim = {node->in.c}};
    return 2;
}

/* Mean and deviation of every row. */
static size_t kept_norm(const struct node *node)
{
    return 2 * norm_rows(node) * sizeof(float);
}

static void run_norm(const struct node *node, const struct pass *p)
{
    p->kernels->layer_norm(p->out, p->kept, p->in, p->params, p->params + node->in.c,
                           row_shape_of(node, p->n), (float)LAYER_NORM_EPSILON);
}

static void learn_norm(const struct node *node, const struct pass *p)
{
    p->kernels->layer_norm_backward(p->gradient, p->gradient + node->in.c, p->din, p->dout, p->kept, p->in,
                                    p->params, row_shape_of(node, p->n));
}

const struct op op_layer_norm = {.name = "layer_norm",
                                 .shape = keep_shape,
                                 .params = params_norm,
                                 .kept = kept_norm,
                                 .path = path_rows,
                                 .forward = run_norm,
                                 .backward = learn_norm};
