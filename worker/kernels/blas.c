/* blas.c - the general path: every layer lowered to cblas_sgemm, any shape, any CPU.
 *
 * A convolution goes image by image, so that its scratch stays a few hundred kilobytes: the windows under the
 * part of the map that pooling keeps become the rows of a matrix `column` (positions, side * side * c), and
 * `map` (positions, k) is its product with the filters. Positions are counted row by row. */
#include "kernels/kernels.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "descent.inc"
#include "plain_rows.inc"

enum { POOL_BLOCK = 64, UPDATE_TILE_FLOATS = 1 << 17 };

/* Sizes of the lowered convolution of one image. */
struct lowered {
    int pooled_h, pooled_w;
    int map_h, map_w;     /* what is made of it; of a map that is pooled what pooling keeps: even */
    int positions;        /* map_h * map_w */
    int filter;           /* side * side * c */
    size_t image, pooled; /* floats of one image and of its output */
    size_t column, map;   /* floats of the two matrices */
};

static struct lowered lower_map(struct conv_shape s, int map_h, int map_w)
{
    struct lowered l = {.map_h = map_h, .map_w = map_w, .filter = s.side * s.side * s.c};
    l.pooled_h = map_h / 2;
    l.pooled_w = map_w / 2;
    l.positions = l.map_h * l.map_w;
    l.image = (size_t)s.h * (size_t)s.w * (size_t)s.c;
    l.pooled = (size_t)l.pooled_h * (size_t)l.pooled_w * (size_t)s.k;
    l.column = (size_t)l.positions * (size_t)l.filter;
    l.map = (size_t)l.positions * (size_t)s.k;
    return l;
}

/* For a map that is pooled. */
static struct lowered lower(struct conv_shape s)
{
    return lower_map(s, (s.h - 2) / 2 * 2, (s.w - 2) / 2 * 2);
}

/* For all of the map. */
static struct lowered lower_whole(struct conv_shape s)
{
    return lower_map(s, conv_size(s.h, s), conv_size(s.w, s));
}

/* c (m, n) = a (m, inner) * b (n, inner)'. */
static void multiply_nt(float *c, const float *a, const float *b, int m, int n, int inner)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, inner, 1.0F, a, inner, b, inner, 0.0F, c, n);
}

/* c (m, n) = a (m, inner) * b (inner, n). */
static void multiply_nn(float *c, const float *a, const float *b, int m, int n, int inner)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, inner, 1.0F, a, inner, b, n, 0.0F, c, n);
}

/* c (m, n) = beta c + a (inner, m)' * b (inner, n); rows of a are a_stride floats apart. */
static void multiply_tn(float *c, float beta, const float *a, int a_stride, const float *b, int m, int n,
                        int inner)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, inner, 1.0F, a, a_stride, b, n, beta, c, n);
}

/* Pixels first .. end - 1 of a window's row at column x that lie on the image: at least one. */
struct run {
    size_t first, end;
};

static struct run run_of(struct conv_shape s, int x)
{
    return (struct run){(size_t)(x < 0 ? -x : 0), (size_t)(x + s.side > s.w ? s.w - x : s.side)};
}

static size_t pixel_at(struct conv_shape s, int y, int x)
{
    return ((size_t)y * (size_t)s.w + (size_t)x) * (size_t)s.c;
}

/* The side pixels of row y from column x on, zeros beyond the image. */
static void copy_window_row(float *column, const float *in, struct conv_shape s, int y, int x)
{
    size_t c = (size_t)s.c;
    struct run run = run_of(s, x);
    if (y < 0 || y >= s.h)
        run.first = run.end = (size_t)s.side;
    memset(column, 0, run.first * c * sizeof *column);
    if (run.first < run.end)
        memcpy(column + run.first * c, in + pixel_at(s, y, x + (int)run.first),
               (run.end - run.first) * c * sizeof *column);
    memset(column + run.end * c, 0, ((size_t)s.side - run.end) * c * sizeof *column);
}

static void image_to_columns(float *column, const float *in, struct conv_shape s, const struct lowered *l)
{
    for (int y = 0; y < l->map_h; y++)
        for (int x = 0; x < l->map_w; x++)
            for (int row = 0; row < s.side; row++, column += s.side * s.c)
                copy_window_row(column, in, s, y * s.stride - s.pad + row, x * s.stride - s.pad);
}

/* The transpose of copy_window_row. */
static void add_window_row(float *din, const float *column, struct conv_shape s, int y, int x)
{
    struct run run = run_of(s, x);
    if (y < 0 || y >= s.h)
        return;
    din += pixel_at(s, y, x + (int)run.first);
    column += run.first * (size_t)s.c;
    for (size_t j = 0; j < (run.end - run.first) * (size_t)s.c; j++)
        din[j] += column[j];
}

/* The transpose of image_to_columns: add every window back onto the image. */
static void columns_to_image(float *din, const float *column, struct conv_shape s, const struct lowered *l)
{
    memset(din, 0, l->image * sizeof *din);
    for (int y = 0; y < l->map_h; y++)
        for (int x = 0; x < l->map_w; x++)
            for (int row = 0; row < s.side; row++, column += s.side * s.c)
                add_window_row(din, column, s, y * s.stride - s.pad + row, x * s.stride - s.pad);
}

/* One challenger of the maxima of k channels; its number goes where it wins. !(x <= best) lets a NaN
 * win, and no number wins against one. Without branches, so that it becomes vector code: which one
 * wins is as good as random. */
static void challenge(float *restrict best, int *restrict won, int number, const float *restrict x,
                      const float *restrict bias, int k)
{
    for (int j = 0; j < k; j++) {
        float value = x[j] + bias[j];
        int wins = !(value <= best[j]) & (best[j] == best[j]);
        best[j] = wins ? value : best[j];
        won[j] = wins ? number : won[j];
    }
}

/* k channels, at most POOL_BLOCK, of one pooled cell from its four positions. */
static void pool_cell(float *restrict out, uint8_t *restrict winner, const float *const corner[4],
                      const float *bias, int k)
{
    int won[POOL_BLOCK] = {0};
    for (int j = 0; j < k; j++)
        out[j] = corner[0][j] + bias[j];
    for (int p = 1; p < 4; p++)
        challenge(out, won, p, corner[p], bias, k);
    for (int j = 0; j < k; j++)
        won[j] = out[j] <= 0 ? WINNER_NONE : won[j];
    for (int j = 0; j < k; j++) {
        out[j] = out[j] <= 0 ? 0 : out[j];
        winner[j] = (uint8_t)won[j];
    }
}

static void pool(float *out, uint8_t *winner, const float *map, const float *bias, int k,
                 const struct lowered *l)
{
    size_t row = (size_t)l->map_w * (size_t)k;
    for (int y = 0; y < l->pooled_h; y++)
        for (int x = 0; x < l->pooled_w; x++) {
            const float *first = map + 2 * (size_t)y * row + 2 * (size_t)x * (size_t)k;
            for (int j = 0; j < k; j += POOL_BLOCK, first += POOL_BLOCK) {
                const float *const corner[4] = {first, first + k, first + row, first + row + k};
                int some = k - j < POOL_BLOCK ? k - j : POOL_BLOCK;
                pool_cell(out, winner, corner, bias + j, some);
                out += some;
                winner += some;
            }
        }
}

/* The full gradient map, zero except where a cell's winner takes the gradient. */
static void unpool(float *map, const float *dout, const uint8_t *winner, int k, const struct lowered *l)
{
    size_t row = (size_t)l->map_w * (size_t)k;
    const size_t shift[4] = {0, (size_t)k, row, row + (size_t)k};
    memset(map, 0, l->map * sizeof *map);
    for (int y = 0; y < l->pooled_h; y++)
        for (int x = 0; x < l->pooled_w; x++) {
            float *first = map + 2 * (size_t)y * row + 2 * (size_t)x * (size_t)k;
            for (int j = 0; j < k; j++, dout++, winner++)
                if (*winner != WINNER_NONE)
                    first[shift[*winner] + (size_t)j] = *dout;
        }
}

static void conv_pool_forward(float *out, uint8_t *winner, const float *in, const float *weight,
                              const float *bias, struct conv_shape s, float *scratch)
{
    struct lowered l = lower(s);
    float *column = scratch, *map = scratch + l.column;
    for (size_t i = 0; i < (size_t)s.n; i++) {
        image_to_columns(column, in + i * l.image, s, &l);
        multiply_nt(map, column, weight, l.positions, s.k, l.filter);
        pool(out + i * l.pooled, winner + i * l.pooled, map, bias, s.k, &l);
    }
}

/* dbias (k) += gradients that pass ReLU, one image. */
static void add_bias_gradient(float *dbias, const float *dout, const uint8_t *winner, int k,
                              const struct lowered *l)
{
    for (size_t cell = 0; cell < l->pooled; cell += (size_t)k)
        for (int j = 0; j < k; j++)
            dbias[j] += winner[cell + (size_t)j] == WINNER_NONE ? 0 : dout[cell + (size_t)j];
}

static void conv_pool_backward(float *dweight, float *dbias, float *din, const float *dout,
                               const uint8_t *winner, const float *in, const float *weight,
                               struct conv_shape s, float *scratch)
{
    struct lowered l = lower(s);
    float *column = scratch, *map = scratch + l.column;
    memset(dbias, 0, (size_t)s.k * sizeof *dbias);
    for (size_t i = 0; i < (size_t)s.n; i++) {
        const float *d = dout + i * l.pooled;
        const uint8_t *won = winner + i * l.pooled;
        add_bias_gradient(dbias, d, won, s.k, &l);
        unpool(map, d, won, s.k, &l);
        image_to_columns(column, in + i * l.image, s, &l);
        multiply_tn(dweight, i > 0, map, s.k, column, s.k, l.filter, l.positions);
        if (din) {
            multiply_nn(column, map, weight, l.positions, l.filter, s.k);
            columns_to_image(din + i * l.image, column, s, &l);
        }
    }
}

static void add_bias(float *out, const float *bias, int rows, int k, int relu)
{
    for (int i = 0; i < rows; i++, out += k)
        for (int j = 0; j < k; j++) {
            float sum = out[j] + bias[j];
            out[j] = relu && sum <= 0 ? 0 : sum;
        }
}

/* Filters of one pixel, whose windows are the image as it is. */
static int is_product(struct conv_shape s)
{
    return s.side == 1 && s.pad == 0 && s.stride == 1;
}

/* The windows of an image: in scratch, or the image itself. */
static const float *columns_of(const float *in, struct conv_shape s, const struct lowered *l, float *scratch)
{
    if (is_product(s))
        return in;
    image_to_columns(scratch, in, s, l);
    return scratch;
}

static void conv_forward(float *out, const float *in, const float *weight, const float *bias,
                         struct conv_shape s, int relu, float *scratch)
{
    struct lowered l = lower_whole(s);
    for (size_t i = 0; i < (size_t)s.n; i++, out += l.map) {
        multiply_nt(out, columns_of(in + i * l.image, s, &l, scratch), weight, l.positions, s.k, l.filter);
        add_bias(out, bias, l.positions, s.k, relu);
    }
}

/* sum (columns) += sums of x (rows, columns). */
static void add_column_sums(float *sum, const float *x, int rows, int columns)
{
    for (int i = 0; i < rows; i++, x += columns)
        for (int j = 0; j < columns; j++)
            sum[j] += x[j];
}

static void column_sums(float *sum, const float *x, int rows, int columns)
{
    memset(sum, 0, (size_t)columns * sizeof *sum);
    add_column_sums(sum, x, rows, columns);
}

static void conv_backward(float *dweight, float *dbias, float *din, const float *dout, const float *in,
                          const float *weight, struct conv_shape s, float *scratch)
{
    struct lowered l = lower_whole(s);
    add_column_sums(dbias, dout, s.n * l.positions, s.k);
    for (size_t i = 0; i < (size_t)s.n; i++, dout += l.map) {
        const float *column = columns_of(in + i * l.image, s, &l, scratch);
        multiply_tn(dweight, 1, dout, s.k, column, s.k, l.filter, l.positions);
        if (din && is_product(s)) {
            multiply_nn(din + i * l.image, dout, weight, l.positions, l.filter, s.k);
        } else if (din) {
            multiply_nn(scratch, dout, weight, l.positions, l.filter, s.k);
            columns_to_image(din + i * l.image, scratch, s, &l);
        }
    }
}

static void dense_forward(float *out, const float *in, const float *weight, const float *bias,
                          struct dense_shape s, int relu, float *scratch)
{
    (void)scratch;
    multiply_nt(out, in, weight, s.n, s.out, s.in);
    add_bias(out, bias, s.n, s.out, relu);
}

static void dense_backward_input(float *din, const float *dout, const float *weight, struct dense_shape s,
                                 float *scratch)
{
    (void)scratch;
    multiply_nn(din, dout, weight, s.n, s.in, s.out);
}

static void dense_backward_weight(float *dweight, float *dbias, const float *dout, const float *in,
                                  struct dense_shape s, float *scratch)
{
    (void)scratch;
    column_sums(dbias, dout, s.n, s.out);
    multiply_tn(dweight, 0.0F, dout, s.out, in, s.out, s.in, s.n);
}

static void adam(float *restrict w, float *restrict m, float *restrict v, const float *restrict g, size_t n,
                 struct adam_step a)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = a.beta1 * m[i] + (1 - a.beta1) * g[i];
        v[i] = a.beta2 * v[i] + (1 - a.beta2) * g[i] * g[i];
        w[i] -= a.rate * m[i] / (sqrtf(v[i]) + a.epsilon);
    }
}

/* Output units whose weight gradients are made at once: as many as stay in the second-level cache
 * until Adam reads them. */
static int update_tile(struct dense_shape s)
{
    int rows = UPDATE_TILE_FLOATS / s.in;
    return rows < 1 ? 1 : rows > s.out ? s.out : rows;
}

static void dense_update(float *weight, float *m, float *v, float *bias, float *bias_m, float *bias_v,
                         const float *dout, const float *in, struct dense_shape s, struct adam_step a,
                         float *scratch)
{
    int tile = update_tile(s);
    column_sums(scratch, dout, s.n, s.out);
    adam(bias, bias_m, bias_v, scratch, (size_t)s.out, a);
    for (int o = 0; o < s.out; o += tile) {
        int rows = o + tile < s.out ? tile : s.out - o;
        size_t first = (size_t)o * (size_t)s.in;
        multiply_tn(scratch, 0.0F, dout + o, s.out, in, rows, s.in, s.n);
        adam(weight + first, m + first, v + first, scratch, (size_t)rows * (size_t)s.in, a);
    }
}

static void dropout(float *x, size_t n, uint32_t keep_from, uint64_t key, uint64_t substream,
                    uint64_t first_block)
{
    kernels_reference.dropout(x, n, keep_from, key, substream, first_block);
}

static void moments(float *mean, float *variance, const float *in, struct row_shape s)
{
    kernels_reference.moments(mean, variance, in, s);
}

static void normalise(float *out, const float *in, const struct norm_channels *c, struct row_shape s,
                      int relu)
{
    kernels_reference.normalise(out, in, c, s, relu);
}

static void normalise_sums(float *dscale, float *dshift, const float *dout, const float *in,
                           const struct norm_channels *c, struct row_shape s, int relu)
{
    kernels_reference.normalise_sums(dscale, dshift, dout, in, c, s, relu);
}

static void normalise_backward(float *din, const float *dout, const float *in, const struct norm_channels *c,
                               const float *dscale, const float *dshift, size_t m, struct row_shape s,
                               int relu)
{
    kernels_reference.normalise_backward(din, dout, in, c, dscale, dshift, m, s, relu);
}

static void max_pool(float *out, uint8_t *winner, const float *in, struct image_shape s)
{
    kernels_reference.max_pool(out, winner, in, s);
}

static void max_pool_backward(float *din, const float *dout, const uint8_t *winner, struct image_shape s)
{
    kernels_reference.max_pool_backward(din, dout, winner, s);
}

static size_t conv_pool_scratch(struct conv_shape s, int with_gradient)
{
    struct lowered l = lower(s);
    (void)with_gradient;
    return l.column + l.map;
}

static size_t conv_scratch(struct conv_shape s, int with_gradient)
{
    (void)with_gradient;
    return is_product(s) ? 0 : lower_whole(s).column;
}

static size_t dense_scratch(struct dense_shape s, int with_gradient)
{
    size_t tile = (size_t)update_tile(s) * (size_t)s.in;
    if (!with_gradient)
        return 0;
    return tile > (size_t)s.out ? tile : (size_t)s.out;
}

static const char *conv_pool_path(struct conv_shape s)
{
    (void)s;
    return "im2col + sgemm";
}

static const char *conv_path(struct conv_shape s)
{
    return is_product(s) ? "sgemm" : "im2col + sgemm";
}

static const char *dense_path(struct dense_shape s)
{
    (void)s;
    return "sgemm";
}

/* From a row of a matrix to the next, for sgemm, which asks it of one row, too. */
static int row_step(size_t row, size_t column, int n)
{
    size_t step = column == 1 ? row : column;
    return column == 1 && row < (size_t)n ? n : (int)step;
}

/* Bits of sgemm hang on how many rows there are: a group at a time. */
static void product(float *c, const float *a, const float *b, const float *bias, struct product_shape s,
                    int adds, float *scratch)
{
    const CBLAS_TRANSPOSE turn_a = s.a_column == 1 ? CblasNoTrans : CblasTrans;
    const CBLAS_TRANSPOSE turn_b = s.b_column == 1 ? CblasNoTrans : CblasTrans;
    int a_step = row_step(s.a_row, s.a_column, s.inner), b_step = row_step(s.b_row, s.b_column, s.n);
    (void)scratch;
    for (size_t i = 0; bias && !adds && i < (size_t)s.m; i++)
        memcpy(c + i * s.c_row, bias, (size_t)s.n * sizeof *c);
    for (int i = 0; i < s.m; i += s.group)
        cblas_sgemm(CblasRowMajor, turn_a, turn_b, s.group, s.n, s.inner, 1.0F, a + (size_t)i * s.a_row,
                    a_step, b, b_step, adds || bias ? 1.0F : 0.0F, c + (size_t)i * s.c_row, (int)s.c_row);
}

static size_t product_scratch(struct product_shape s)
{
    (void)s;
    return 0;
}

const struct kernels kernels_blas = {.name = "blas",
                                     .conv_pool_forward = conv_pool_forward,
                                     .conv_pool_backward = conv_pool_backward,
                                     .conv_forward = conv_forward,
                                     .conv_backward = conv_backward,
                                     .dense_forward = dense_forward,
                                     .dense_backward_input = dense_backward_input,
                                     .dense_backward_weight = dense_backward_weight,
                                     .dense_update = dense_update,
                                     .adam = adam,
                                     .sgd = sgd,
                                     .sum_squares = sum_squares,
                                     .product = product,
                                     .product_scratch = product_scratch,
                                     .product_path = "sgemm",
                                     .gelu = gelu,
                                     .gelu_backward = gelu_backward,
                                     .softmax = softmax,
                                     .softmax_backward = softmax_backward,
                                     .layer_norm = layer_norm,
                                     .layer_norm_backward = layer_norm_backward,
                                     .rows_path = "plain loops",
                                     .dropout = dropout,
                                     .moments = moments,
                                     .normalise = normalise,
                                     .normalise_sums = normalise_sums,
                                     .normalise_backward = normalise_backward,
                                     .max_pool = max_pool,
                                     .max_pool_backward = max_pool_backward,
                                     .conv_pool_scratch = conv_pool_scratch,
                                     .conv_scratch = conv_scratch,
                                     .dense_scratch = dense_scratch,
                                     .conv_pool_path = conv_pool_path,
                                     .conv_path = conv_path,
                                     .dense_path = dense_path};
