/* Multi-head self-attention (Vaswani et al. 2017), what is between its linear layers: of n tokens and a width
 * w, n rows of [queries w | keys w | values w]. Head h has the columns h * w / heads and on of each:
 *
 *     shares = softmax(queries keys' / sqrt(w / heads))        (n, n)
 *     out = shares values
 *
 * Of the class token alone, whose output is one row, the shares are one row, too.
 *
 * One sample and head at a time, so that what is at work stays in the caches; shares are made again for the
 * backward pass: keeping those of all heads takes as long. */
#include "models/net/nodes.h"

#include <math.h>
#include <string.h>

/* Sizes of a node's heads, and strides. */
struct heads {
    int tokens, queries, heads, of_head; /* of_head: columns of one */
    size_t width, row;                   /* row: floats of a token's queries, keys and values */
    size_t step, shares; /* floats of a token's shares, whole cache lines, and of all of them */
};

static struct heads heads_of(const struct node *node)
{
    int width = node->in.c / 3;
    size_t tokens = (size_t)node->in.h, step = (tokens + 15) / 16 * 16;
    int queries = node->op == &op_class_attention ? 1 : node->in.h;
    return (struct heads){.tokens = node->in.h,
                          .queries = queries,
                          .heads = node->units,
                          .of_head = width / node->units,
                          .width = (size_t)width,
                          .row = (size_t)node->in.c,
                          .step = step,
                          .shares = (size_t)queries * step};
}

static int shape_attention(struct node *node, struct err *err)
{
    if (node->in.w != 1 || node->in.c % (3 * node->units) != 0)
        return err_set(err, E_USAGE,
                       "network: %s of %d heads takes tokens of three times a multiple of %d numbers, not %d",
                       node->name, node->units, node->units, node->in.c);
    node->out = (struct tensor_shape){node->in.h, 1, node->in.c / 3};
    return 0;
}

/* Its queries are those of the first token, the others' nobody's. */
static int shape_class_attention(struct node *node, struct err *err)
{
    int rc = shape_attention(node, err);
    node->out = (struct tensor_shape){.c = node->in.c / 3};
    return rc;
}

/* The two products. */
static double attention_multiply_adds(const struct node *node)
{
    struct heads h = heads_of(node);
    return 2.0 * h.queries * h.tokens * (double)h.width;
}

/* shares = a b': rows a_row and b_row floats apart. */
static struct product_shape to_shares(const struct heads *h, size_t a_row, size_t b_row)
{
    return (struct product_shape){.m = h->queries,
                                  .n = h->tokens,
                                  .inner = h->of_head,
                                  .group = h->queries,
                                  .a_row = a_row,
                                  .a_column = 1,
                                  .b_row = 1,
                                  .b_column = b_row,
                                  .c_row = h->step};
}

/* c = shares b, or, turned, shares' b. */
static struct product_shape from_shares(const struct heads *h, int turned, size_t b_row, size_t c_row)
{
    return (struct product_shape){.m = turned ? h->tokens : h->queries,
                                  .n = h->of_head,
                                  .inner = turned ? h->queries : h->tokens,
                                  .group = turned ? h->tokens : h->queries,
                                  .a_row = turned ? 1 : h->step,
                                  .a_column = turned ? h->step : 1,
                                  .b_row = b_row,
                                  .b_column = 1,
                                  .c_row = c_row};
}

/* Shares of a head, their gradients, and what the products take. */
static size_t scratch_attention(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    struct heads h = heads_of(node);
    const struct product_shape shapes[] = {to_shares(&h, h.row, h.row), from_shares(&h, 0, h.row, h.row),
                                           from_shares(&h, 1, h.row, h.row)};
    size_t most = 0;
    (void)n;
    for (int i = 0; i < 3; i++)
        most = k->product_scratch(shapes[i]) > most ? k->product_scratch(shapes[i]) : most;
    return most + (with_gradient ? 2 : 1) * h.shares;
}

static const char *path_attention(const struct node *node, const struct kernels *k)
{
    (void)node;
    return k->product_path;
}

static struct row_shape rows_of_shares(const struct heads *h)
{
    return (struct row_shape){.rows = h->queries, .n = h->tokens, .step = h->step};
}

static float scale_of(const struct heads *h)
{
    return (float)(1 / sqrt((double)h->of_head));
}

/* Of a head, from its queries, keys and values. */
static void make_shares(const struct heads *h, const struct kernels *k, float *shares, const float *in,
                        float *scratch)
{
    k->product(shares, in, in + h->width, NULL, to_shares(h, h->row, h->row), 0, scratch);
    k->softmax(shares, rows_of_shares(h), scale_of(h));
}

static void run_head(const struct heads *h, const struct pass *p, const float *in, float *out)
{
    float *shares = p->scratch, *scratch = shares + h->shares;
    make_shares(h, p->kernels, shares, in, scratch);
    p->kernels->product(out, shares, in + 2 * h->width, NULL, from_shares(h, 0, h->row, h->width), 0,
                        scratch);
}

static void learn_head(const struct heads *h, const struct pass *p, const float *in, const float *dout,
                       float *din)
{
    const struct kernels *k = p->kernels;
    float *shares = p->scratch, *dshares = shares + h->shares, *scratch = dshares + h->shares;
    make_shares(h, k, shares, in, scratch);
    k->product(din + 2 * h->width, shares, dout, NULL, from_shares(h, 1, h->width, h->row), 0, scratch);
    k->product(dshares, dout, in + 2 * h->width, NULL, to_shares(h, h->width, h->row), 0, scratch);
    k->softmax_backward(dshares, shares, rows_of_shares(h), scale_of(h));
    k->product(din, dshares, in + h->width, NULL, from_shares(h, 0, h->row, h->row), 0, scratch);
    k->product(din + h->width, dshares, in, NULL, from_shares(h, 1, h->row, h->row), 0, scratch);
}

static void run_attention(const struct node *node, const struct pass *p)
{
    struct heads h = heads_of(node);
    for (size_t i = 0; i < (size_t)p->n; i++)
        for (size_t head = 0; head < (size_t)h.heads; head++)
            run_head(&h, p, p->in + i * tensor_floats(node->in) + head * (size_t)h.of_head,
                     p->out + i * tensor_floats(node->out) + head * (size_t)h.of_head);
}

/* Queries that nobody has asked get no gradient. */
static void clear_queries(const struct heads *h, float *din)
{
    for (size_t t = (size_t)h->queries; t < (size_t)h->tokens; t++)
        memset(din + t * h->row, 0, h->width * sizeof *din);
}

static void learn_attention(const struct node *node, const struct pass *p)
{
    struct heads h = heads_of(node);
    for (size_t i = 0; p->din && i < (size_t)p->n; i++) {
        clear_queries(&h, p->din + i * tensor_floats(node->in));
        for (size_t head = 0; head < (size_t)h.heads; head++) {
            size_t in = i * tensor_floats(node->in) + head * (size_t)h.of_head;
            size_t out = i * tensor_floats(node->out) + head * (size_t)h.of_head;
            learn_head(&h, p, p->in + in, p->dout + out, p->din + in);
        }
    }
}

const struct op op_attention = {.name = "attention",
                                .shape = shape_attention,
                                .multiply_adds = attention_multiply_adds,
                                .scratch = scratch_attention,
                                .path = path_attention,
                                .forward = run_attention,
                                .backward = learn_attention};

const struct op op_class_attention = {.name = "class_attention",
                                      .shape = shape_class_attention,
                                      .multiply_adds = attention_multiply_adds,
                                      .scratch = scratch_attention,
                                      .path = path_attention,
                                      .forward = run_attention,
                                      .backward = learn_attention};
