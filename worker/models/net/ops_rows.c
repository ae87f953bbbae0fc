/* Operations on numbers and on rows of channels, whatever the shape: GELU. */
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

const struct op op_gelu = {
    .name = "gelu", .shape = keep_shape, .path = path_rows, .forward = run_gelu, .backward = learn_gelu};
