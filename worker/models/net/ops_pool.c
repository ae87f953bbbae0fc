/* What makes images smaller: the maximum or the mean of windows of 2x2 pixels, the mean of all of them. */
#include "models/net/nodes.h"

#include <math.h>
#include <string.h>

/* An odd last row or column is dropped. */
static int shape_pool(struct node *node, struct err *err)
{
    if (node->in.h < 2 || node->in.w < 2)
        return err_set(err, E_USAGE,
                       "network: %s gets %d x %d pixels and takes 2 x 2 at least; make images larger",
                       node->name, node->in.h, node->in.w);
    node->out = (struct tensor_shape){node->in.h / 2, node->in.w / 2, node->in.c};
    return 0;
}

static size_t window_winners(const struct node *node)
{
    return tensor_floats(node->out);
}

/* Floats from the first pixel of the window of pooled (image i, y, x) to its corner. */
static size_t corner_at(const struct node *node, int i, int y, int x, int corner)
{
    size_t row = (size_t)i * (size_t)node->in.h + (size_t)(2 * y + corner / 2);
    return (row * (size_t)node->in.w + (size_t)(2 * x + corner % 2)) * (size_t)node->in.c;
}

static struct image_shape images_of(const struct node *node, int n)
{
    return (struct image_shape){n, node->in.h, node->in.w, node->in.c};
}

static void run_max_pool(const struct node *node, const struct pass *p)
{
    p->kernels->max_pool(p->out, p->kept, p->in, images_of(node, p->n));
}

static void unpool(const struct node *node, const struct pass *p)
{
    p->kernels->max_pool_backward(p->din, p->dout, p->kept, images_of(node, p->n));
}

const struct op op_max_pool = {.name = "max_pool",
                               .by_sample = 1,
                               .forgets = 1,
                               .shape = shape_pool,
                               .kept = window_winners,
                               .forward = run_max_pool,
                               .backward = unpool};

static void mean_of_window(const struct node *node, const struct pass *p, size_t cell, int i, int y, int x)
{
    for (int c = 0; c < node->in.c; c++, cell++) {
        float sum = 0;
        for (int corner = 0; corner < 4; corner++)
            sum += p->in[corner_at(node, i, y, x, corner) + (size_t)c];
        p->out[cell] = sum / 4;
    }
}

static void run_average_pool(const struct node *node, const struct pass *p)
{
    size_t cell = 0;
    for (int i = 0; i < p->n; i++)
        for (int y = 0; y < node->out.h; y++)
            for (int x = 0; x < node->out.w; x++, cell += (size_t)node->in.c)
                mean_of_window(node, p, cell, i, y, x);
}

static void share_out(const struct node *node, const struct pass *p, const float *dout, int i, int y, int x)
{
    for (int corner = 0; corner < 4; corner++)
        for (int c = 0; c < node->in.c; c++)
            p->din[corner_at(node, i, y, x, corner) + (size_t)c] = dout[c] / 4;
}

static void learn_average_pool(const struct node *node, const struct pass *p)
{
    const float *dout = p->dout;
    if (!p->din)
        return;
    memset(p->din, 0, (size_t)p->n * tensor_floats(node->in) * sizeof *p->din);
    for (int i = 0; i < p->n; i++)
        for (int y = 0; y < node->out.h; y++)
            for (int x = 0; x < node->out.w; x++, dout += node->in.c)
                share_out(node, p, dout, i, y, x);
}

const struct op op_average_pool = {.name = "average_pool",
                                   .by_sample = 1,
                                   .forgets = 1,
                                   .shape = shape_pool,
                                   .forward = run_average_pool,
                                   .backward = learn_average_pool};

static int shape_global_pool(struct node *node, struct err *err)
{
    if (!node->in.h)
        return err_set(err, E_USAGE, "network: %s gets a vector and takes an image", node->name);
    node->out = (struct tensor_shape){.c = node->in.c};
    return 0;
}

static size_t image_pixels(const struct node *node)
{
    return (size_t)node->in.h * (size_t)node->in.w;
}

static void run_global_pool(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, pixels = image_pixels(node);
    const float share = 1 / (float)pixels, *in = p->in;
    memset(p->out, 0, (size_t)p->n * c * sizeof *p->out);
    for (float *out = p->out; out < p->out + (size_t)p->n * c; out += c) {
        for (size_t i = 0; i < pixels; i++, in += c)
            for (size_t j = 0; j < c; j++)
                out[j] += in[j];
        for (size_t j = 0; j < c; j++)
            out[j] *= share;
    }
}

static void learn_global_pool(const struct node *node, const struct pass *p)
{
    size_t c = (size_t)node->in.c, pixels = image_pixels(node);
    const float share = 1 / (float)pixels, *dout = p->dout;
    float *din = p->din;
    for (int n = 0; din && n < p->n; n++, dout += c)
        for (size_t i = 0; i < pixels; i++, din += c)
            for (size_t j = 0; j < c; j++)
                din[j] = share * dout[j];
}

const struct op op_global_pool = {.name = "global_pool",
                                  .by_sample = 1,
                                  .forgets = 1,
                                  .shape = shape_global_pool,
                                  .forward = run_global_pool,
                                  .backward = learn_global_pool};
