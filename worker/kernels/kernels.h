/* kernels.h - the arithmetic of a training step, one table of functions an instruction set.
 *
 *     const struct kernels *k = kernels_get(KERNELS_AUTO, &err);     best this CPU runs; --isa forces one
 *     k->conv_pool_forward(out, winner, in, weight, bias, shape, scratch);
 *
 * "reference" is the specification: loops anyone can read, kept for ever, tested by finite differences.
 * "blas" lowers every layer to im2col and cblas_sgemm: the general path, any shape, any CPU. The vector
 * tables ("avx2", "avx512") hold fast versions; where one does not fit a shape it falls back to "blas" for
 * that layer, and path() says so. All float32, channels-last, row-major. Arrays need only a float's
 * alignment, scratch 64 bytes. Outputs are overwritten unless said otherwise and must not alias inputs. No
 * allocation, no MPI; NaN and infinity propagate as in the reference. The order of additions is fixed by
 * shape, table and whether din is NULL, so equal calls give equal bits. */
#ifndef CELLSWEEP_KERNELS_H
#define CELLSWEEP_KERNELS_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

/* n images of h x w pixels and c channels; k filters of side x side pixels (1, 3, 5 or 7), moved stride
 * pixels at a time (at least 1) over the image and pad zeros on each side of it (0 .. side - 1). h + 2 pad
 * and w + 2 pad are at least side. A pixel beyond the image adds nothing. Pooled: half the convolution's
 * height and width, rounded down, an odd last row or column is dropped. */
struct conv_shape {
    int n, h, w, c, k, side, pad, stride;
};

/* Height (width) of the convolution of h (w) pixels. */
static inline int conv_size(int pixels, struct conv_shape s)
{
    return (pixels + 2 * s.pad - s.side) / s.stride + 1;
}

/* n rows of `in` inputs and `out` outputs. */
struct dense_shape {
    int n, in, out;
};

/* c (m, n) = a (m, inner) * b (inner, n). Element (i, j) of a is a[i * a_row + j * a_column], of b alike, of
 * c c[i * c_row + j]. One of the two steps of a, and of b, is 1, the other at least as long as what it steps
 * over. Rows of c come in groups, of which m is a multiple. */
struct product_shape {
    int m, n, inner, group;
    size_t a_row, a_column, b_row, b_column, c_row;
};

/* rows of n numbers each, `step` floats from one to the next. What is between them is nobody's and may be
 * overwritten: rows whose steps are multiples of 16 from a cache line on are faster. */
struct row_shape {
    int rows, n;
    size_t step;
};

/* A batch norm at work: of each channel its mean, 1 / deviation, scale and shift (n each):
 *     out = (in - mean) inverse scale + shift */
struct norm_channels {
    const float *mean, *inverse, *scale, *shift;
};

/* n images of h x w pixels and c channels. */
struct image_shape {
    int n, h, w, c;
};

/* winner: which position of its 2x2 window won (0 top left, 1 top right, 2 bottom left, 3 bottom
 * right; the first of equals; NaN beats numbers), or WINNER_NONE where ReLU made the maximum zero, so
 * that no gradient passes. */
enum { WINNER_NONE = 4 };

/* Step-dependent constants of Adam, as Keras applies them:
 *     m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w -= rate m / (sqrt(v) + epsilon)
 * with rate = learning_rate sqrt(1 - beta2^t) / (1 - beta1^t) (Kingma and Ba 2015, end of section 2). */
struct adam_step {
    float beta1, beta2, epsilon, rate;
};

/* Constants of gradient descent with momentum, as PyTorch's SGD applies them (dampening 0):
 *     g' = g + decay w;  m = momentum m + g';  w -= rate (nesterov ? g' + momentum m : m) */
struct sgd_step {
    float rate, momentum, decay;
    int nesterov;
};

struct kernels {
    const char *name; /* "reference", "blas", "avx2", "avx512" */

    /* out (n, ph, pw, k) = maxpool2(relu(conv(in (n, h, w, c), weight (k, 3, 3, c)) + bias (k)));
     * winner (n, ph, pw, k). conv_pool takes side 3, pad 0 and stride 1 alone. */
    void (*conv_pool_forward)(float *out, uint8_t *winner, const float *in, const float *weight,
                              const float *bias, struct conv_shape s, float *scratch);
    /* Gradients of the same from dout (n, ph, pw, k): dweight (k, 3, 3, c), dbias (k), and din (n, h,
     * w, c) unless NULL. */
    void (*conv_pool_backward)(float *dweight, float *dbias, float *din, const float *dout,
                               const uint8_t *winner, const float *in, const float *weight,
                               struct conv_shape s, float *scratch);
    /* The convolution alone: out (n, oh, ow, k) = conv(in (n, h, w, c), weight (k, side, side, c)) + bias
     * (k); then ReLU when relu is 1. oh = conv_size(h, s), ow = conv_size(w, s). An image's output has the
     * same bits whichever images are beside it. */
    void (*conv_forward)(float *out, const float *in, const float *weight, const float *bias,
                         struct conv_shape s, int relu, float *scratch);
    /* Gradients of the same without ReLU from dout (n, oh, ow, k): dweight and dbias grow by what these
     * images add, din, unless NULL, is overwritten. */
    void (*conv_backward)(float *dweight, float *dbias, float *din, const float *dout, const float *in,
                          const float *weight, struct conv_shape s, float *scratch);
    /* out (n, out) = in (n, in) * weight (out, in)' + bias; then ReLU when relu is 1. */
    void (*dense_forward)(float *out, const float *in, const float *weight, const float *bias,
                          struct dense_shape s, int relu, float *scratch);
    /* din (n, in) = dout (n, out) * weight. */
    void (*dense_backward_input)(float *din, const float *dout, const float *weight, struct dense_shape s,
                                 float *scratch);
    /* dweight (out, in) = dout' * in; dbias (out) = column sums of dout. */
    void (*dense_backward_weight)(float *dweight, float *dbias, const float *dout, const float *in,
                                  struct dense_shape s, float *scratch);
    /* The same gradient applied by Adam to weight and bias in one pass, never stored: m and v are the moments
     * of weight, bias_m and bias_v of bias. scratch as for dense_backward_weight. */
    void (*dense_update)(float *weight, float *m, float *v, float *bias, float *bias_m, float *bias_v,
                         const float *dout, const float *in, struct dense_shape s, struct adam_step a,
                         float *scratch);
    /* Adam on n parameters from their gradient g. */
    void (*adam)(float *w, float *m, float *v, const float *g, size_t n, struct adam_step a);
    /* Gradient descent on the same; m is the momentum. */
    void (*sgd)(float *w, float *m, const float *g, size_t n, struct sgd_step s);
    /* Sum of the squares of n floats, in double. */
    double (*sum_squares)(const float *x, size_t n);
    /* Inverted dropout in place on x (n floats): unit i of the stream (key, substream) is kept when its 16
     * random bits are at least keep_from = round(rate * 65536), and scaled by 65536 / (65536 - keep_from);
     * else 0. Unit i is half (i % 2) of word (i / 2 % 4) of Philox block first_block + i / 8; half 0 is the
     * low one. The same call on the gradient is the backward pass. keep_from 0: unchanged. */
    void (*dropout)(float *x, size_t n, uint32_t keep_from, uint64_t key, uint64_t substream,
                    uint64_t first_block);

    /* A product, added to bias (n), the same for every row, or NULL: none; or, with adds 1, to what c holds.
     * The bits of a row are those of its group, whatever m is. */
    void (*product)(float *c, const float *a, const float *b, const float *bias, struct product_shape s,
                    int adds, float *scratch);
    /* out = in Phi(in), Phi the normal distribution: the exact GELU (Hendrycks and Gimpel 2016); n floats. */
    void (*gelu)(float *out, const float *in, size_t n);
    void (*gelu_backward)(float *din, const float *dout, const float *in, size_t n);
    /* x = softmax(scale x), row by row, in place; 0 < scale. */
    void (*softmax)(float *x, struct row_shape s, float scale);
    /* The gradient d of its outputs p becomes that of its inputs. */
    void (*softmax_backward)(float *d, const float *p, struct row_shape s, float scale);
    /* Layer norm (Ba, Kiros and Hinton 2016), row by row: out = (in - mean) / sqrt(variance + epsilon) *
     * weight (n) + bias (n); kept (rows, 2): mean and 1 / sqrt(...). */
    void (*layer_norm)(float *out, float *kept, const float *in, const float *weight, const float *bias,
                       struct row_shape s, float epsilon);
    /* dweight (n), dbias (n), and din unless NULL. */
    void (*layer_norm_backward)(float *dweight, float *dbias, float *din, const float *dout,
                                const float *kept, const float *in, const float *weight, struct row_shape s);

    /* Of rows of channels (pixels of a batch, at least one): mean (n) and population variance (n) of each. */
    void (*moments)(float *mean, float *variance, const float *in, struct row_shape s);
    /* Batch norm (Ioffe and Szegedy 2015) by given statistics; then ReLU when relu is 1. */
    void (*normalise)(float *out, const float *in, const struct norm_channels *c, struct row_shape s,
                      int relu);
    /* Its gradients, where dout is of what normalise() with the same relu gave: dscale (n) and dshift (n)
     * grow by what these rows add. */
    void (*normalise_sums)(float *dscale, float *dshift, const float *dout, const float *in,
                           const struct norm_channels *c, struct row_shape s, int relu);
    /* din, through the statistics too: those of m rows, these among them, whose
     * gradients are dscale and dshift. */
    void (*normalise_backward)(float *din, const float *dout, const float *in, const struct norm_channels *c,
                               const float *dscale, const float *dshift, size_t m, struct row_shape s,
                               int relu);
    /* out (n, h/2, w/2, c): maxima of windows of 2x2 pixels, an odd last row or column dropped; winner (the
     * same) as above, never WINNER_NONE. An image's output does not depend on the others. */
    void (*max_pool)(float *out, uint8_t *winner, const float *in, struct image_shape s);
    /* din (n, h, w, c): zero but where a winner passes its gradient. */
    void (*max_pool_backward)(float *din, const float *dout, const uint8_t *winner, struct image_shape s);

    /* Floats of scratch that the functions need for a shape; with_gradient 0: forward only. */
    size_t (*conv_pool_scratch)(struct conv_shape s, int with_gradient);
    size_t (*conv_scratch)(struct conv_shape s, int with_gradient);
    size_t (*dense_scratch)(struct dense_shape s, int with_gradient);
    size_t (*product_scratch)(struct product_shape s);
    /* What conv_pool of this shape really uses: "winograd F(2,3) avx512", "im2col + sgemm", ... */
    const char *(*conv_pool_path)(struct conv_shape s);
    const char *(*conv_path)(struct conv_shape s); /* conv_forward and conv_backward */
    const char *(*dense_path)(struct dense_shape s);
    const char *product_path;
    const char *rows_path; /* of what goes row by row: "plain loops", "vectors, avx512" */
    /* Does `rounds` rounds of multiply-adds that touch no memory and returns how many operations those were,
     * two a multiply-add: what benchmarks compare with. NULL in tables without vectors of their own. */
    double (*peak)(size_t rounds);
};

/* In rising order of speed. */
enum kernels_isa { KERNELS_AUTO, KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512 };

/* The tables; avx2 and avx512 must not be called on a CPU without them. */
extern const struct kernels kernels_reference, kernels_blas, kernels_avx2, kernels_avx512;

/* Table for an instruction set; AUTO takes the best the CPU runs. NULL with E_USAGE when the CPU lacks it. */
const struct kernels *kernels_get(enum kernels_isa isa, struct err *err);

/* "auto", "reference", "blas", "avx2", "avx512" to the enum. E_USAGE for anything else. */
int kernels_isa_from_name(const char *name, enum kernels_isa *isa, struct err *err);

/* The name of a table; "auto" for AUTO. */
const char *kernels_isa_name(enum kernels_isa isa);

/* The best table this CPU runs; never AUTO. */
enum kernels_isa kernels_best(void);

/* The table net_new() takes for new networks of this process; AUTO until set. */
int kernels_select(enum kernels_isa isa, struct err *err);
const struct kernels *kernels_selected(void);

#endif
