/* reference.c - the specification of kernels.h: loops anyone can read, in the order the mathematics is
 * written. test_layers compiles this file in double and checks every gradient by finite differences. */
#include "kernels/kernels.h"

#include "rng.h"

#include <math.h>
#include <string.h>

#include "plain_rows.inc"

static size_t offset4(int i, int y, int x, int c, int h, int w, int channels)
{
    return (((size_t)i * (size_t)h + (size_t)y) * (size_t)w + (size_t)x) * (size_t)channels + (size_t)c;
}

static int on_image(struct conv_shape s, int y, int x)
{
    return y >= 0 && y < s.h && x >= 0 && x < s.w;
}

static size_t filter_floats(struct conv_shape s)
{
    return (size_t)s.side * (size_t)s.side * (size_t)s.c;
}

/* One output of the convolution: filter (side, side, c) on the window of image i whose top left pixel is
 * (y, x), of which what is beyond the image counts nothing. */
static float convolve(const float *in, const float *filter, float bias, struct conv_shape s, int i, int y,
                      int x)
{
    float sum = bias;
    for (int row = y; row < y + s.side; row++)
        for (int col = x; col < x + s.side; col++)
            for (int c = 0; c < s.c; c++, filter++)
                if (on_image(s, row, col))
                    sum += in[offset4(i, row, col, c, s.h, s.w, s.c)] * *filter;
    return sum;
}

static int beats(float value, float best)
{
    return value > best || (isnan(value) && !isnan(best));
}

static void conv_pool_forward(float *out, uint8_t *winner, const float *in, const float *weight,
                              const float *bias, struct conv_shape s, float *scratch)
{
    int ph = (s.h - 2) / 2, pw = (s.w - 2) / 2;
    size_t cell = 0;
    (void)scratch;
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < ph; y++)
            for (int x = 0; x < pw; x++)
                for (int k = 0; k < s.k; k++, cell++) {
                    const float *filter = weight + (size_t)k * filter_floats(s);
                    float best = convolve(in, filter, bias[k], s, i, 2 * y, 2 * x);
                    winner[cell] = 0;
                    for (uint8_t corner = 1; corner < 4; corner++) {
                        float value =
                            convolve(in, filter, bias[k], s, i, 2 * y + corner / 2, 2 * x + corner % 2);
                        if (beats(value, best)) {
                            best = value;
                            winner[cell] = corner;
                        }
                    }
                    if (best <= 0) {
                        best = 0;
                        winner[cell] = WINNER_NONE;
                    }
                    out[cell] = best;
                }
}

/* What one output gradient g, of the window at (y, x), adds to its filter's gradient and, unless din is NULL,
 * to the input's. */
static void convolve_backward(float *dfilter, float *din, float g, const float *in, const float *filter,
                              struct conv_shape s, int i, int y, int x)
{
    for (int row = y; row < y + s.side; row++)
        for (int col = x; col < x + s.side; col++)
            for (int c = 0; c < s.c; c++, dfilter++, filter++) {
                size_t pixel = offset4(i, row, col, c, s.h, s.w, s.c);
                if (!on_image(s, row, col))
                    continue;
                *dfilter += g * in[pixel];
                if (din)
                    din[pixel] += g * *filter;
            }
}

static void clear_input_gradient(float *din, struct conv_shape s)
{
    if (din)
        memset(din, 0, offset4(s.n, 0, 0, 0, s.h, s.w, s.c) * sizeof *din);
}

static void conv_pool_backward(float *dweight, float *dbias, float *din, const float *dout,
                               const uint8_t *winner, const float *in, const float *weight,
                               struct conv_shape s, float *scratch)
{
    int ph = (s.h - 2) / 2, pw = (s.w - 2) / 2;
    size_t cell = 0, filter_size = filter_floats(s);
    (void)scratch;
    memset(dweight, 0, (size_t)s.k * filter_size * sizeof *dweight);
    memset(dbias, 0, (size_t)s.k * sizeof *dbias);
    clear_input_gradient(din, s);
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < ph; y++)
            for (int x = 0; x < pw; x++)
                for (int k = 0; k < s.k; k++, cell++) {
                    if (winner[cell] == WINNER_NONE)
                        continue;
                    dbias[k] += dout[cell];
                    convolve_backward(dweight + (size_t)k * filter_size, din, dout[cell], in,
                                      weight + (size_t)k * filter_size, s, i, 2 * y + winner[cell] / 2,
                                      2 * x + winner[cell] % 2);
                }
}

static void conv_forward(float *out, const float *in, const float *weight, const float *bias,
                         struct conv_shape s, int relu, float *scratch)
{
    (void)scratch;
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < conv_size(s.h, s); y++)
            for (int x = 0; x < conv_size(s.w, s); x++)
                for (int k = 0; k < s.k; k++, out++) {
                    *out = convolve(in, weight + (size_t)k * filter_floats(s), bias[k], s, i,
                                    y * s.stride - s.pad, x * s.stride - s.pad);
                    if (relu && *out <= 0)
                        *out = 0;
                }
}

static void conv_backward(float *dweight, float *dbias, float *din, const float *dout, const float *in,
                          const float *weight, struct conv_shape s, float *scratch)
{
    size_t filter = filter_floats(s);
    (void)scratch;
    clear_input_gradient(din, s);
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < conv_size(s.h, s); y++)
            for (int x = 0; x < conv_size(s.w, s); x++)
                for (size_t k = 0; k < (size_t)s.k; k++, dout++) {
                    dbias[k] += *dout;
                    convolve_backward(dweight + k * filter, din, *dout, in, weight + k * filter, s, i,
                                      y * s.stride - s.pad, x * s.stride - s.pad);
                }
}

static void dense_forward(float *out, const float *in, const float *weight, const float *bias,
                          struct dense_shape s, int relu, float *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < (size_t)s.n; i++)
        for (size_t o = 0; o < (size_t)s.out; o++) {
            float sum = bias[o];
            for (size_t j = 0; j < (size_t)s.in; j++)
                sum += in[i * (size_t)s.in + j] * weight[o * (size_t)s.in + j];
            out[i * (size_t)s.out + o] = relu && sum <= 0 ? 0 : sum;
        }
}

static void dense_backward_input(float *din, const float *dout, const float *weight, struct dense_shape s,
                                 float *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < (size_t)s.n; i++)
        for (size_t j = 0; j < (size_t)s.in; j++) {
            float sum = 0;
            for (size_t o = 0; o < (size_t)s.out; o++)
                sum += dout[i * (size_t)s.out + o] * weight[o * (size_t)s.in + j];
            din[i * (size_t)s.in + j] = sum;
        }
}

/* Gradient of weight (o, j), or of bias o when `in` is NULL. */
static float dense_gradient(const float *dout, const float *in, struct dense_shape s, size_t o, size_t j)
{
    float sum = 0;
    for (size_t i = 0; i < (size_t)s.n; i++)
        sum += dout[i * (size_t)s.out + o] * (in ? in[i * (size_t)s.in + j] : 1);
    return sum;
}

static void dense_backward_weight(float *dweight, float *dbias, const float *dout, const float *in,
                                  struct dense_shape s, float *scratch)
{
    (void)scratch;
    for (size_t o = 0; o < (size_t)s.out; o++) {
        dbias[o] = dense_gradient(dout, NULL, s, o, 0);
        for (size_t j = 0; j < (size_t)s.in; j++)
            dweight[o * (size_t)s.in + j] = dense_gradient(dout, in, s, o, j);
    }
}

static void adam(float *w, float *m, float *v, const float *g, size_t n, struct adam_step a)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = a.beta1 * m[i] + (1 - a.beta1) * g[i];
        v[i] = a.beta2 * v[i] + (1 - a.beta2) * g[i] * g[i];
        w[i] -= a.rate * m[i] / (sqrtf(v[i]) + a.epsilon);
    }
}

static void sgd(float *w, float *m, const float *g, size_t n, struct sgd_step s)
{
    for (size_t i = 0; i < n; i++) {
        float slope = g[i] + s.decay * w[i];
        m[i] = s.momentum * m[i] + slope;
        w[i] -= s.rate * (s.nesterov ? slope + s.momentum * m[i] : m[i]);
    }
}

static double sum_squares(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static void dense_update(float *weight, float *m, float *v, float *bias, float *bias_m, float *bias_v,
                         const float *dout, const float *in, struct dense_shape s, struct adam_step a,
                         float *scratch)
{
    (void)scratch;
    for (size_t o = 0; o < (size_t)s.out; o++) {
        float g = dense_gradient(dout, NULL, s, o, 0);
        adam(bias + o, bias_m + o, bias_v + o, &g, 1, a);
        for (size_t j = 0; j < (size_t)s.in; j++) {
            size_t w = o * (size_t)s.in + j;
            g = dense_gradient(dout, in, s, o, j);
            adam(weight + w, m + w, v + w, &g, 1, a);
        }
    }
}

static void dropout(float *x, size_t n, uint32_t keep_from, uint64_t key, uint64_t substream,
                    uint64_t first_block)
{
    float scale = (float)65536 / (float)(65536 - keep_from);
    uint32_t word[4] = {0};
    if (keep_from == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (i % 8 == 0)
            rng_block(key, substream, first_block + i / 8, word);
        uint32_t bits = word[i / 2 % 4] >> 16 * (i % 2) & 0xffff;
        x[i] = bits >= keep_from ? x[i] * scale : 0;
    }
}

static void moments(float *mean, float *variance, const float *in, struct row_shape s)
{
    for (size_t j = 0; j < (size_t)s.n; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < (size_t)s.rows; i++)
            sum += (double)in[i * s.step + j];
        sum /= s.rows;
        for (size_t i = 0; i < (size_t)s.rows; i++)
            squares += ((double)in[i * s.step + j] - sum) * ((double)in[i * s.step + j] - sum);
        mean[j] = (float)sum;
        variance[j] = (float)(squares / s.rows);
    }
}

static void normalise(float *out, const float *in, const struct norm_channels *c, struct row_shape s,
                      int relu)
{
    for (size_t i = 0; i < (size_t)s.rows; i++)
        for (size_t j = 0; j < (size_t)s.n; j++) {
            float value = (in[i * s.step + j] - c->mean[j]) * c->inverse[j] * c->scale[j] + c->shift[j];
            out[i * s.step + j] = relu && value <= 0 ? 0 : value;
        }
}

/* x, the normalised input, and g, what passes ReLU, at one place. */
struct norm_gradient {
    float x, g;
};

static struct norm_gradient norm_gradient(float dout, float in, const struct norm_channels *c, size_t j,
                                          int relu)
{
    float x = (in - c->mean[j]) * c->inverse[j];
    return (struct norm_gradient){x, relu && x * c->scale[j] + c->shift[j] <= 0 ? 0 : dout};
}

/* dscale += sum g x;  dshift += sum g */
static void normalise_sums(float *dscale, float *dshift, const float *dout, const float *in,
                           const struct norm_channels *c, struct row_shape s, int relu)
{
    for (size_t j = 0; j < (size_t)s.n; j++) {
        double sum = 0, product = 0;
        for (size_t i = 0, at = j; i < (size_t)s.rows; i++, at += s.step) {
            struct norm_gradient v = norm_gradient(dout[at], in[at], c, j, relu);
            sum += (double)v.g;
            product += (double)v.g * (double)v.x;
        }
        dshift[j] += (float)sum;
        dscale[j] += (float)product;
    }
}

/* din = scale inverse (g - dshift / m - x dscale / m) */
static void normalise_backward(float *din, const float *dout, const float *in, const struct norm_channels *c,
                               const float *dscale, const float *dshift, size_t m, struct row_shape s,
                               int relu)
{
    for (size_t i = 0; i < (size_t)s.rows; i++)
        for (size_t j = 0, at = i * s.step; j < (size_t)s.n; j++, at++) {
            struct norm_gradient v = norm_gradient(dout[at], in[at], c, j, relu);
            din[at] = c->scale[j] * c->inverse[j] * (v.g - (dshift[j] + v.x * dscale[j]) / (float)m);
        }
}

/* Where corner 0 .. 3 of the window of pooled (i, y, x) has channel c. */
static size_t pixel_of_window(struct image_shape s, int i, int y, int x, int corner, int c)
{
    return offset4(i, 2 * y + corner / 2, 2 * x + corner % 2, c, s.h, s.w, s.c);
}

static void max_pool(float *out, uint8_t *winner, const float *in, struct image_shape s)
{
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < s.h / 2; y++)
            for (int x = 0; x < s.w / 2; x++)
                for (int c = 0; c < s.c; c++, out++, winner++) {
                    *out = in[pixel_of_window(s, i, y, x, 0, c)];
                    *winner = 0;
                    for (uint8_t corner = 1; corner < 4; corner++) {
                        float value = in[pixel_of_window(s, i, y, x, corner, c)];
                        *winner = beats(value, *out) ? corner : *winner;
                        *out = beats(value, *out) ? value : *out;
                    }
                }
}

static void max_pool_backward(float *din, const float *dout, const uint8_t *winner, struct image_shape s)
{
    memset(din, 0, offset4(s.n, 0, 0, 0, s.h, s.w, s.c) * sizeof *din);
    for (int i = 0; i < s.n; i++)
        for (int y = 0; y < s.h / 2; y++)
            for (int x = 0; x < s.w / 2; x++)
                for (int c = 0; c < s.c; c++)
                    din[pixel_of_window(s, i, y, x, *winner++, c)] = *dout++;
}

static size_t conv_pool_scratch(struct conv_shape s, int with_gradient)
{
    (void)s;
    (void)with_gradient;
    return 0;
}

static size_t conv_scratch(struct conv_shape s, int with_gradient)
{
    (void)s;
    (void)with_gradient;
    return 0;
}

static size_t dense_scratch(struct dense_shape s, int with_gradient)
{
    (void)s;
    (void)with_gradient;
    return 0;
}

static const char *conv_pool_path(struct conv_shape s)
{
    (void)s;
    return "plain loops";
}

static const char *conv_path(struct conv_shape s)
{
    (void)s;
    return "plain loops";
}

static const char *dense_path(struct dense_shape s)
{
    (void)s;
    return "plain loops";
}

static void product(float *c, const float *a, const float *b, const float *bias, struct product_shape s,
                    int adds, float *scratch)
{
    (void)scratch;
    for (size_t i = 0; i < (size_t)s.m; i++)
        for (size_t j = 0; j < (size_t)s.n; j++) {
            float *out = c + i * s.c_row + j, sum = adds ? *out : bias ? bias[j] : 0;
            for (size_t k = 0; k < (size_t)s.inner; k++)
                sum += a[i * s.a_row + k * s.a_column] * b[k * s.b_row + j * s.b_column];
            *out = sum;
        }
}

static size_t product_scratch(struct product_shape s)
{
    (void)s;
    return 0;
}

const struct kernels kernels_reference = {.name = "reference",
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
                                          .product_path = "plain loops",
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
