/* Operations of a Transformer. Tokens are an image of one column: (tokens, 1, width). */
#include "models/net/nodes.h"

#include <string.h>

enum { BACK_ROWS = 512 }; /* of a linear layer at a time, backward */

/* Pixels left out on one side of `size`, the half of what does not fill a patch. */
static int margin_of(int size, int side)
{
    return size % side / 2;
}

static int patches_of(const struct node *node)
{
    return (node->in.h / node->units) * (node->in.w / node->units);
}

static int shape_patches(struct node *node, struct err *err)
{
    int side = node->units;
    if (node->in.h < side || node->in.w < side)
        return err_set(err, E_USAGE,
                       "network: %s gets %d x %d pixels and takes %d x %d at least; make patches smaller",
                       node->name, node->in.h, node->in.w, side, side);
    node->out = (struct tensor_shape){patches_of(node), 1, side * side * node->in.c};
    return 0;
}

/* Floats from the beginning of the images to row y of patch number `patch`. */
static size_t patch_row(const struct node *node, int image, int patch, int y)
{
    int side = node->units, across = node->in.w / side;
    int top = margin_of(node->in.h, side) + patch / across * side + y;
    int left = margin_of(node->in.w, side) + patch % across * side;
    return (((size_t)image * (size_t)node->in.h + (size_t)top) * (size_t)node->in.w + (size_t)left) *
           (size_t)node->in.c;
}

/* A patch is its rows, one after the other. */
static void run_patches(const struct node *node, const struct pass *p)
{
    size_t row = (size_t)node->units * (size_t)node->in.c;
    float *out = p->out;
    for (int i = 0; i < p->n; i++)
        for (int patch = 0; patch < node->out.h; patch++)
            for (int y = 0; y < node->units; y++, out += row)
                memcpy(out, p->in + patch_row(node, i, patch, y), row * sizeof *out);
}

static void learn_patches(const struct node *node, const struct pass *p)
{
    size_t row = (size_t)node->units * (size_t)node->in.c;
    const float *dout = p->dout;
    if (!p->din)
        return;
    memset(p->din, 0, (size_t)p->n * tensor_floats(node->in) * sizeof *p->din);
    for (int i = 0; i < p->n; i++)
        for (int patch = 0; patch < node->out.h; patch++)
            for (int y = 0; y < node->units; y++, dout += row)
                memcpy(p->din + patch_row(node, i, patch, y), dout, row * sizeof *dout);
}

const struct op op_patches = {
    .name = "patches", .shape = shape_patches, .forward = run_patches, .backward = learn_patches};

static int shape_class_token(struct node *node, struct err *err)
{
    if (node->in.w != 1)
        return err_set(err, E_USAGE, "network: %s takes tokens; make patches before it", node->name);
    node->out = (struct tensor_shape){node->in.h + 1, 1, node->in.c};
    return 0;
}

static int params_class_token(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "token", .dim = {node->in.c}};
    out[1] = (struct param){.role = "positions",
                            .dim = {node->in.h + 1, node->in.c},
                            .fan_in = node->in.h + 1,
                            .fan_out = node->in.c};
    return 2;
}

static void run_class_token(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, n_in = tensor_floats(node->in), n_out = tensor_floats(node->out);
    const float *position = p->params + c;
    for (size_t i = 0; i < (size_t)p->n; i++) {
        float *restrict out = p->out + i * n_out;
        const float *restrict in = p->in + i * n_in;
        for (size_t j = 0; j < c; j++)
            out[j] = p->params[j] + position[j];
        for (size_t j = 0; j < n_in; j++)
            out[c + j] = in[j] + position[c + j];
    }
}

static void learn_class_token(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, n_in = tensor_floats(node->in), n_out = tensor_floats(node->out);
    float *restrict position = p->gradient + c;
    memset(position, 0, n_out * sizeof *position);
    for (size_t i = 0; i < (size_t)p->n; i++) {
        const float *restrict dout = p->dout + i * n_out;
        for (size_t j = 0; j < n_out; j++)
            position[j] += dout[j];
        if (p->din)
            memcpy(p->din + i * n_in, dout + c, n_in * sizeof *dout);
    }
    memcpy(p->gradient, position, c * sizeof *position);
}

const struct op op_class_token = {.name = "class_token",
                                  .shape = shape_class_token,
                                  .params = params_class_token,
                                  .forward = run_class_token,
                                  .backward = learn_class_token};

static int shape_first_token(struct node *node, struct err *err)
{
    (void)err;
    node->out = (struct tensor_shape){.c = node->in.c};
    return 0;
}

static void run_first_token(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, floats = tensor_floats(node->in);
    for (size_t i = 0; i < (size_t)p->n; i++)
        memcpy(p->out + i * c, p->in + i * floats, c * sizeof *p->out);
}

static void learn_first_token(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, floats = tensor_floats(node->in);
    if (!p->din)
        return;
    memset(p->din, 0, (size_t)p->n * floats * sizeof *p->din);
    for (size_t i = 0; i < (size_t)p->n; i++)
        memcpy(p->din + i * floats, p->dout + i * c, c * sizeof *p->din);
}

const struct op op_first_token = {.name = "first_token",
                                  .shape = shape_first_token,
                                  .forward = run_first_token,
                                  .backward = learn_first_token};

static int shape_linear(struct node *node, struct err *err)
{
    (void)err;
    node->out = (struct tensor_shape){node->in.h, node->in.w, node->units};
    return 0;
}

static int params_linear(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){
        .role = "weight", .dim = {node->units, node->in.c}, .fan_in = node->in.c, .fan_out = node->units};
    out[1] = (struct param){.role = "bias", .dim = {node->units}};
    return 2;
}

/* Rows of a sample. */
static int tokens_of(const struct node *node)
{
    return (int)(tensor_floats(node->in) / (size_t)node->in.c);
}

static double linear_multiply_adds(const struct node *node)
{
    return (double)tensor_floats(node->in) * node->units;
}

/* out = in weight'. */
static struct product_shape linear_forward(const struct node *node, int n)
{
    size_t in = (size_t)node->in.c, out = (size_t)node->units;
    return (struct product_shape){.m = n * tokens_of(node),
                                  .n = node->units,
                                  .inner = node->in.c,
                                  .group = tokens_of(node),
                                  .a_row = in,
                                  .a_column = 1,
                                  .b_row = 1,
                                  .b_column = in,
                                  .c_row = out};
}

/* din = dout weight, of some rows. */
static struct product_shape linear_input(const struct node *node, int rows)
{
    size_t in = (size_t)node->in.c, out = (size_t)node->units;
    return (struct product_shape){.m = rows,
                                  .n = node->in.c,
                                  .inner = node->units,
                                  .group = rows,
                                  .a_row = out,
                                  .a_column = 1,
                                  .b_row = in,
                                  .b_column = 1,
                                  .c_row = in};
}

/* dweight = dout' in, of some rows. */
static struct product_shape linear_weight(const struct node *node, int rows)
{
    size_t in = (size_t)node->in.c, out = (size_t)node->units;
    return (struct product_shape){.m = node->units,
                                  .n = node->in.c,
                                  .inner = rows,
                                  .group = node->units,
                                  .a_row = 1,
                                  .a_column = out,
                                  .b_row = in,
                                  .b_column = 1,
                                  .c_row = in};
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_linear(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    size_t floats = k->product_scratch(linear_forward(node, n));
    if (!with_gradient)
        return floats;
    floats = larger(floats, k->product_scratch(linear_input(node, BACK_ROWS)));
    return larger(floats, k->product_scratch(linear_weight(node, BACK_ROWS)));
}

static const char *path_product(const struct node *node, const struct kernels *k)
{
    (void)node;
    return k->product_path;
}

static size_t linear_weights(const struct node *node)
{
    return (size_t)node->in.c * (size_t)node->units;
}

static void run_linear(const struct node *node, const struct pass *p)
{
    p->kernels->product(p->out, p->in, p->params, p->params + linear_weights(node),
                        linear_forward(node, p->n), 0, p->scratch);
}

/* sum (n) += the rows of x. */
static void add_rows(float *restrict sum, const float *restrict x, int rows, size_t n)
{
    for (int r = 0; r < rows; r++, x += n)
        for (size_t j = 0; j < n; j++)
            sum[j] += x[j];
}

/* Some rows at a time, which stay in the caches for all three gradients. */
static void learn_linear(const struct node *node, const struct pass *p)
{
    size_t in = (size_t)node->in.c, out = (size_t)node->units;
    int rows = p->n * tokens_of(node);
    float *bias = p->gradient + linear_weights(node);
    memset(bias, 0, out * sizeof *bias);
    for (int first = 0; first < rows; first += BACK_ROWS) {
        int some = rows - first < BACK_ROWS ? rows - first : BACK_ROWS;
        const float *dout = p->dout + (size_t)first * out;
        if (p->din)
            p->kernels->product(p->din + (size_t)first * in, dout, p->params, NULL, linear_input(node, some),
                                0, p->scratch);
        p->kernels->product(p->gradient, dout, p->in + (size_t)first * in, NULL, linear_weight(node, some),
                            first > 0, p->scratch);
        add_rows(bias, dout, some, out);
    }
}

const struct op op_linear = {.name = "linear",
                             .shape = shape_linear,
                             .params = params_linear,
                             .multiply_adds = linear_multiply_adds,
                             .scratch = scratch_linear,
                             .path = path_product,
                             .forward = run_linear,
                             .backward = learn_linear};
