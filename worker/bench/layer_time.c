#include "bench/layer_time.h"

#include "models/net/layers.h"
#include "rng.h"
#include "bench/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { IN, OUT, DIN, DOUT, WEIGHT, DWEIGHT, M, V, BIAS, DBIAS, BIAS_M, BIAS_V, SCRATCH, N_ARRAYS };

/* One kernel call ready to be repeated. Every array is large enough for every layer. */
struct trial {
    const struct kernels *k;
    struct conv_shape conv;
    struct dense_shape dense;
    size_t n; /* elements, for dropout and Adam */
    float *array[N_ARRAYS];
    uint8_t *winner;
    int first; /* 1 for the layer whose input gradient nobody wants */
};

static const struct adam_step STEP = {.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-7F, .rate = 1e-3F};

static void run_conv_forward(void *context)
{
    struct trial *t = context;
    t->k->conv_pool_forward(t->array[OUT], t->winner, t->array[IN], t->array[WEIGHT], t->array[BIAS], t->conv,
                            t->array[SCRATCH]);
}

static void run_conv_backward(void *context)
{
    struct trial *t = context;
    t->k->conv_pool_backward(t->array[DWEIGHT], t->array[DBIAS], t->first ? NULL : t->array[DIN],
                             t->array[DOUT], t->winner, t->array[IN], t->array[WEIGHT], t->conv,
                             t->array[SCRATCH]);
}

static void run_dense_forward(void *context)
{
    struct trial *t = context;
    t->k->dense_forward(t->array[OUT], t->array[IN], t->array[WEIGHT], t->array[BIAS], t->dense, 1,
                        t->array[SCRATCH]);
}

static void run_dense_input(void *context)
{
    struct trial *t = context;
    t->k->dense_backward_input(t->array[DIN], t->array[DOUT], t->array[WEIGHT], t->dense, t->array[SCRATCH]);
}

static void run_dense_update(void *context)
{
    struct trial *t = context;
    t->k->dense_update(t->array[WEIGHT], t->array[M], t->array[V], t->array[BIAS], t->array[BIAS_M],
                       t->array[BIAS_V], t->array[DOUT], t->array[IN], t->dense, STEP, t->array[SCRATCH]);
}

static void run_dropout(void *context)
{
    struct trial *t = context;
    t->k->dropout(t->array[OUT], t->n, 16384, 1, 0, 0);
}

static void run_adam(void *context)
{
    struct trial *t = context;
    t->k->adam(t->array[WEIGHT], t->array[M], t->array[V], t->array[DWEIGHT], t->n, STEP);
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats that hold any one array of any layer, scratch included. */
static size_t largest(const struct kernels *k, const struct cnn_shape *shape, int batch)
{
    size_t floats = 0;
    for (int i = 0; i < LAYERS_CONV; i++) {
        struct conv_shape s = layers_conv(shape, i, batch);
        floats = max_size(floats, max_size(layers_conv_in(s), layers_conv_out(s)));
        floats = max_size(floats, max_size(k->conv_scratch(s, 1), (size_t)9 * (size_t)s.c * (size_t)s.k));
    }
    for (int i = 0; i < LAYERS_DENSE; i++) {
        struct dense_shape s = layers_dense(shape, i, batch);
        floats = max_size(floats, max_size((size_t)s.n * (size_t)s.in, (size_t)s.n * (size_t)s.out));
        floats = max_size(floats, max_size(k->dense_scratch(s, 1), (size_t)s.in * (size_t)s.out));
    }
    return (floats + 15) / 16 * 16;
}

/* Images in [0, 1], everything else small and of both signs. */
static void fill(struct trial *t, size_t floats)
{
    struct rng rng = rng_start(1, 0);
    for (int a = 0; a < N_ARRAYS; a++)
        for (size_t i = 0; i < floats; i++) {
            float u = (float)(rng_u32(&rng) >> 8) * 0x1p-24F;
            t->array[a][i] = a == IN ? u : a == V || a == BIAS_V ? 1e-4F * u : 0.1F * (u - 0.5F);
        }
}

/* A gradient as it comes down in training: that share of it zero, by dropout and ReLU. */
static void fill_gradient(struct trial *t, size_t floats, double zero)
{
    struct rng rng = rng_start(2, 0);
    for (size_t i = 0; i < floats; i++)
        t->array[DOUT][i] = rng_uniform(&rng) < zero ? 0.0F : 0.1F * ((float)rng_uniform(&rng) - 0.5F);
}

static void add_row(struct layer_time *row, int *n, const char *name, int number, const char *verb,
                    const char *path, double flop)
{
    snprintf(row[*n].name, sizeof row[*n].name, number ? "%s%d %s" : "%s%.0d%s", name, number, verb);
    row[*n].path = path;
    row[*n].flop = flop;
    ++*n;
}

static void time_conv(struct trial *t, const struct cnn_shape *shape, int batch, int layer, double seconds,
                      struct layer_time *row, int *n)
{
    struct conv_shape s = t->conv = layers_conv(shape, layer, batch);
    const char *path = t->k->conv_path(s);
    double flop = 18.0 * s.n * (s.h - 2) * (s.w - 2) * s.c * s.k;
    t->first = layer == 0;
    fill_gradient(t, layers_conv_out(s), layer == 0 ? 0 : shape->dropout[0]);
    row[*n].seconds = stopwatch_median(run_conv_forward, t, seconds);
    add_row(row, n, "conv", layer + 1, "forward", path, flop);
    row[*n].seconds = stopwatch_median(run_conv_backward, t, seconds);
    add_row(row, n, "conv", layer + 1, "backward", path, t->first ? flop : 2 * flop);
}

static void time_dense(struct trial *t, const struct cnn_shape *shape, int batch, int layer, double seconds,
                       struct layer_time *row, int *n)
{
    struct dense_shape s = t->dense = layers_dense(shape, layer, batch);
    const char *path = t->k->dense_path(s);
    double flop = 2.0 * s.n * s.in * s.out;
    /* 65 % of a hidden layer's gradients were zero in training the default network: half by dropout,
     * the rest by ReLU. */
    fill_gradient(t, (size_t)s.n * (size_t)s.out, layer + 1 < LAYERS_DENSE ? 0.65 : 0);
    row[*n].seconds = stopwatch_median(run_dense_forward, t, seconds);
    add_row(row, n, "dense", layer + 1, "forward", path, flop);
    row[*n].seconds = stopwatch_median(run_dense_input, t, seconds);
    add_row(row, n, "dense", layer + 1, "input", path, flop);
    row[*n].seconds = stopwatch_median(run_dense_update, t, seconds);
    add_row(row, n, "dense", layer + 1, "update", path, flop);
}

/* All three dropouts, forward and backward, as one row; Adam of the convolutions as another. */
static void time_rest(struct trial *t, const struct cnn_shape *shape, int batch, double seconds,
                      struct layer_time *row, int *n)
{
    t->n = 0;
    for (int i = 0; i < LAYERS_DENSE; i++)
        t->n += (size_t)batch * (size_t)layers_dense(shape, i, 1).in;
    row[*n].seconds = 2 * stopwatch_median(run_dropout, t, seconds);
    add_row(row, n, "dropout", 0, "", "philox", 0);
    size_t offset[CNN_N_PARTS + 1];
    cnn_n_params(shape, offset);
    t->n = offset[CNN_DENSE1_W];
    row[*n].seconds = stopwatch_median(run_adam, t, seconds);
    add_row(row, n, "adam of conv", 0, "", "", 0);
}

int layer_time(const struct cnn_shape *shape, int batch, double seconds,
               struct layer_time row[LAYER_TIME_ROWS], int *n_rows, struct err *err)
{
    struct trial t = {.k = kernels_selected()};
    size_t floats = largest(t.k, shape, batch) + LAYERS_DENSE * 256;
    float *memory = aligned_alloc(64, (N_ARRAYS + 1) * (floats + 16) * sizeof *memory);
    double each = seconds / LAYER_TIME_ROWS;
    if (!memory)
        return err_set(err, E_IO,
                       "out of memory: cannot allocate the arrays of a benchmark; use a smaller batch");
    for (size_t a = 0; a < N_ARRAYS; a++)
        t.array[a] = memory + a * (floats + 16);
    t.winner = (uint8_t *)(memory + N_ARRAYS * (floats + 16));
    fill(&t, floats);
    *n_rows = 0;
    for (int layer = 0; layer < LAYERS_CONV; layer++)
        time_conv(&t, shape, batch, layer, each, row, n_rows);
    for (int layer = 0; layer < LAYERS_DENSE; layer++)
        time_dense(&t, shape, batch, layer, each, row, n_rows);
    time_rest(&t, shape, batch, each, row, n_rows);
    free(memory);
    return 0;
}
