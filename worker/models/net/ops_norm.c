/* Normalisation of the channels of images: by the statistics of a batch, or of groups of channels of one
 * image. A vector is an image of one pixel.
 *
 *     out = scale * (in - mean) / sqrt(variance + epsilon) + shift
 *
 * Ioffe and Szegedy 2015 and Wu and He 2018, with PyTorch's constants: epsilon 1e-5; running mean and
 * variance of a batch norm move a tenth of the way to those of each batch, its variance over m - 1. */
#include "models/net/nodes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MAX_GROUPS = 8 };

static const double epsilon = CHANNEL_NORM_EPSILON, momentum = 0.1;

static int shape_norm(struct node *node, struct err *err)
{
    (void)err;
    node->out = node->in;
    return 0;
}

static int params_channels(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "weight", .dim = {node->in.c}, .start = 1};
    out[1] = (struct param){.role = "bias", .dim = {node->in.c}};
    return 2;
}

static int buffers_batch_norm(const struct node *node, struct param out[NODE_MAX_PARAMS])
{
    out[0] = (struct param){.role = "mean", .dim = {node->in.c}};
    out[1] = (struct param){.role = "variance", .dim = {node->in.c}, .start = 1};
    return 2;
}

static size_t n_pixels(const struct node *node)
{
    return node->in.h ? (size_t)node->in.h * (size_t)node->in.w : 1;
}

static size_t n_channels(const struct node *node)
{
    return (size_t)node->in.c;
}

/* Pixels of all images. */
static size_t n_rows(const struct node *node, const struct pass *p)
{
    return (size_t)p->n * n_pixels(node);
}

/* Two sums of doubles a channel. */
static size_t scratch_norm(const struct node *node, const struct kernels *k, int n, int with_gradient)
{
    (void)k, (void)n, (void)with_gradient;
    return 2 * n_channels(node) * (sizeof(double) / sizeof(float));
}

static double *sums_of(const struct node *node, const struct pass *p)
{
    void *scratch = p->scratch;
    memset(scratch, 0, 2 * n_channels(node) * sizeof(double));
    return scratch;
}

/* ---- batch norm: kept are mean and 1 / deviation of each channel, behind them its moments
 * as they are gathered ---- */

static size_t kept_batch_norm(const struct node *node)
{
    return 2 * n_channels(node) * (sizeof(float) + sizeof(double));
}

/* Mean (c), and sum of squares about it (c), of the pixels that have been seen. */
static double *moments_of(const struct node *node, const struct pass *p)
{
    void *behind = (float *)p->kept + 2 * n_channels(node);
    return behind;
}

static void move_towards(float *running, double value)
{
    *running = (float)((1 - momentum) * (double)*running + momentum * value);
}

/* The pixels of these images as rows. */
static struct row_shape rows_of(const struct node *node, const struct pass *p)
{
    return (struct row_shape){(int)n_rows(node, p), node->in.c, n_channels(node)};
}

static struct norm_channels channels_of(const struct node *node, const struct pass *p)
{
    const float *kept = p->kept;
    return (struct norm_channels){kept, kept + node->in.c, p->params, p->params + node->in.c};
}

/* Takes the pixels at hand in (Chan, Golub and LeVeque 1983). */
static void join_moments(const struct node *node, const struct pass *p)
{
    size_t c = n_channels(node);
    float *mean = p->scratch, *variance = mean + c;
    double *all = moments_of(node, p), n = (double)n_rows(node, p),
           before = (double)p->first * (double)n_pixels(node);
    p->kernels->moments(mean, variance, p->in, rows_of(node, p));
    for (size_t j = 0; j < c; j++) {
        double away = p->first ? (double)mean[j] - all[j] : 0;
        double squares = (double)variance[j] * n + away * away * n * before / (n + before);
        all[j] = p->first ? all[j] + away * n / (n + before) : (double)mean[j];
        all[c + j] = p->first ? all[c + j] + squares : squares;
    }
}

static void measure_batch(const struct node *node, const struct pass *p)
{
    size_t c = n_channels(node);
    float *mean = p->kept, *inverse = mean + c;
    const double *all = moments_of(node, p), m = (double)p->all * (double)n_pixels(node);
    join_moments(node, p);
    for (size_t j = 0; p->first + p->n == p->all && j < c; j++) {
        mean[j] = (float)all[j];
        inverse[j] = (float)(1 / sqrt(all[c + j] / m + epsilon));
        move_towards(&p->buffers[j], all[j]);
        move_towards(&p->buffers[c + j], all[c + j] / (m > 1 ? m - 1 : 1));
    }
}

/* What judges: running statistics, kept like those of a batch. */
static void recall_running(const struct node *node, const struct pass *p)
{
    size_t c = n_channels(node);
    float *mean = p->kept, *inverse = mean + c;
    memcpy(mean, p->buffers, c * sizeof *mean);
    for (size_t j = 0; j < c; j++)
        inverse[j] = (float)(1 / sqrt((double)p->buffers[c + j] + epsilon));
}

static void run_batch_norm(const struct node *node, const struct pass *p)
{
    const struct norm_channels channels = channels_of(node, p);
    if (!p->learns)
        recall_running(node, p);
    p->kernels->normalise(p->out, p->in, &channels, rows_of(node, p), node->relu);
}

static void sum_batch_norm(const struct node *node, const struct pass *p)
{
    const struct norm_channels channels = channels_of(node, p);
    p->kernels->normalise_sums(p->gradient, p->gradient + node->in.c, p->dout, p->in, &channels,
                               rows_of(node, p), node->relu);
}

static void learn_batch_norm(const struct node *node, const struct pass *p)
{
    const struct norm_channels channels = channels_of(node, p);
    if (p->din)
        p->kernels->normalise_backward(p->din, p->dout, p->in, &channels, p->gradient,
                                       p->gradient + node->in.c, (size_t)p->all * n_pixels(node),
                                       rows_of(node, p), node->relu);
}

const struct op op_batch_norm = {.name = "batch_norm",
                                 .by_sample = 1,
                                 .shape = shape_norm,
                                 .params = params_channels,
                                 .buffers = buffers_batch_norm,
                                 .kept = kept_batch_norm,
                                 .scratch = scratch_norm,
                                 .measure = measure_batch,
                                 .measure_gradient = sum_batch_norm,
                                 .forward = run_batch_norm,
                                 .backward = learn_batch_norm};

void node_fold(const struct node *conv, const float *weight, const struct node *norm, const float *params,
               const float *buffers, float *out)
{
    size_t c = n_channels(norm), row = conv->n_params / c;
    const float *scale = params, *shift = scale + c, *mean = buffers, *variance = mean + c;
    for (size_t k = 0; k < c; k++) {
        float by = (float)((double)scale[k] / sqrt((double)variance[k] + epsilon));
        for (size_t i = 0; i < row; i++)
            out[k * row + i] = weight[k * row + i] * by;
        out[c * row + k] = shift[k] - mean[k] * by;
    }
}

/* ---- group norm: kept are mean and 1 / deviation of each group of an image ---- */

int node_n_groups(const struct node *node)
{
    int groups = MAX_GROUPS;
    while (node->in.c % groups)
        groups--;
    return groups;
}

static size_t kept_group_norm(const struct node *node)
{
    return 2 * (size_t)node_n_groups(node) * sizeof(float);
}

/* A group of one image: rows of n channels, c apart. */
struct group {
    const float *in, *dout, *scale, *shift;
    float *out, *din, *kept; /* kept: mean and 1 / deviation */
    size_t rows, n, c;
};

static struct group group_of(const struct node *node, const struct pass *p, int i, int g)
{
    int groups = node_n_groups(node);
    size_t c = n_channels(node), n = c / (size_t)groups;
    size_t channel = (size_t)g * n, at = (size_t)i * n_pixels(node) * c + channel;
    return (struct group){.in = p->in + at,
                          .dout = p->dout ? p->dout + at : NULL,
                          .scale = p->params + channel,
                          .shift = p->params + c + channel,
                          .out = p->out + at,
                          .din = p->din ? p->din + at : NULL,
                          .kept = (float *)p->kept + 2 * ((size_t)i * (size_t)groups + (size_t)g),
                          .rows = n_pixels(node),
                          .n = n,
                          .c = c};
}

static void measure_group(const struct group *g)
{
    double sum = 0, square = 0, m = (double)(g->rows * g->n);
    for (size_t i = 0; i < g->rows; i++)
        for (size_t j = 0; j < g->n; j++)
            sum += (double)g->in[i * g->c + j];
    for (size_t i = 0; i < g->rows; i++)
        for (size_t j = 0; j < g->n; j++) {
            double d = (double)g->in[i * g->c + j] - sum / m;
            square += d * d;
        }
    g->kept[0] = (float)(sum / m);
    g->kept[1] = (float)(1 / sqrt(square / m + epsilon));
}

static void run_group(const struct group *g)
{
    measure_group(g);
    for (size_t i = 0; i < g->rows; i++)
        for (size_t j = 0; j < g->n; j++) {
            size_t at = i * g->c + j;
            g->out[at] = (g->in[at] - g->kept[0]) * g->kept[1] * g->scale[j] + g->shift[j];
        }
}

/* As in a batch norm, with the scale before the sums: dscale, dshift (n) get what this group adds. */
static void learn_group(const struct group *g, double *dscale, double *dshift)
{
    assert(g->dout);
    double sum = 0, along = 0, m = (double)(g->rows * g->n);
    for (size_t i = 0; i < g->rows; i++)
        for (size_t j = 0; j < g->n; j++) {
            size_t at = i * g->c + j;
            double d = (double)g->dout[at], x = (double)((g->in[at] - g->kept[0]) * g->kept[1]);
            dscale[j] += d * x;
            dshift[j] += d;
            sum += d * (double)g->scale[j];
            along += d * x * (double)g->scale[j];
        }
    const float mean = (float)(sum / m), slope = (float)(along / m);
    for (size_t i = 0; g->din && i < g->rows; i++)
        for (size_t j = 0; j < g->n; j++) {
            size_t at = i * g->c + j;
            float x = (g->in[at] - g->kept[0]) * g->kept[1];
            g->din[at] = g->kept[1] * (g->dout[at] * g->scale[j] - mean - x * slope);
        }
}

static void run_group_norm(const struct node *node, const struct pass *p)
{
    for (int i = 0; i < p->n; i++)
        for (int g = 0; g < node_n_groups(node); g++) {
            const struct group group = group_of(node, p, i, g);
            run_group(&group);
        }
}

static void learn_group_norm(const struct node *node, const struct pass *p)
{
    size_t c = n_channels(node), n = c / (size_t)node_n_groups(node);
    double *dscale = sums_of(node, p), *dshift = dscale + c;
    for (int i = 0; i < p->n; i++)
        for (int g = 0; g < node_n_groups(node); g++) {
            const struct group group = group_of(node, p, i, g);
            learn_group(&group, dscale + (size_t)g * n, dshift + (size_t)g * n);
        }
    for (size_t j = 0; j < c; j++) {
        p->gradient[j] += (float)dscale[j];
        p->gradient[c + j] += (float)dshift[j];
    }
}

const struct op op_group_norm = {.name = "group_norm",
                                 .by_sample = 1,
                                 .shape = shape_norm,
                                 .params = params_channels,
                                 .kept = kept_group_norm,
                                 .scratch = scratch_norm,
                                 .forward = run_group_norm,
                                 .backward = learn_group_norm};
