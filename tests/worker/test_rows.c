/* GELU, softmax and layer norm of every kernel table this CPU runs against their definitions in double, over
 * rows that fill vectors and rows that do not. Arrays are misaligned and exactly as long as kernels.h
 * says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "rng.h"

static const double TOLERANCE = 2e-6; /* of the largest element */
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};
static const struct row_shape SHAPES[] = {{1, 1, 1},   {3, 7, 7},     {5, 16, 16},   {2, 17, 32},
                                          {4, 64, 64}, {3, 101, 101}, {3, 101, 112}, {2, 5, 9}};

enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES, MOST = 4096 };

/* Room for n floats that begin off any alignment; NaN. */
static float *room(size_t n)
{
    float *base = malloc((n + 1) * sizeof *base);
    assert_non_null(base);
    for (size_t i = 0; i <= n; i++)
        base[i] = nanf("");
    return base + 1;
}

static void release(float *x)
{
    free(x - 1);
}

static float *noise(size_t n, float scale, uint64_t key)
{
    struct rng rng = rng_start(key, 0);
    float *x = room(n);
    for (size_t i = 0; i < n; i++)
        x[i] = scale * (float)rng_between(&rng, -1, 1);
    return x;
}

/* Rows of noise, NaN between them. */
static float *rows_of_noise(struct row_shape s, float scale, uint64_t key)
{
    float *x = noise((size_t)s.rows * s.step, scale, key);
    for (size_t i = 0; i < (size_t)s.rows * s.step; i++)
        x[i] = i % s.step < (size_t)s.n ? x[i] : nanf("");
    return x;
}

/* What is between the rows is nobody's. */
static void check_close(const struct kernels *k, const char *what, const float *a, const double *expected,
                        struct row_shape s)
{
    double error = 0, scale = 0;
    for (size_t i = 0; i < (size_t)s.rows * s.step; i++) {
        if (i % s.step >= (size_t)s.n)
            continue;
        double e = fabs((double)a[i] - expected[i]);
        error = e <= error ? error : isnan(e) ? HUGE_VAL : e;
        scale = fmax(scale, fabs(expected[i]));
    }
    if (!(error <= TOLERANCE * scale))
        fail_msg("%s, %s of %d: error %g, largest element %g", k->name, what, s.n, error, scale);
}

/* Calls a check with every table. */
static void with_tables(void (*check)(const struct kernels *))
{
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
        const struct kernels *k = kernels_get(TABLES[t], NULL);
        if (k)
            check(k);
    }
}

static void gelu_of(const struct kernels *k)
{
    enum { N = 2003 };
    float *x = room(N), *out = room(N), *din = room(N), *dout = room(N);
    double expected[N], slope[N];
    for (int i = 0; i < N; i++) { /* -10 to 10 */
        double a = (double)(x[i] = (float)(i - N / 2) / 100), share = erfc(-a / sqrt(2)) / 2;
        expected[i] = a * share;
        dout[i] = i % 2 ? 1 : -2;
        slope[i] = (double)dout[i] * (share + a * exp(-a * a / 2) / sqrt(2 * acos(-1)));
    }
    k->gelu(out, x, N);
    k->gelu_backward(din, dout, x, N);
    for (int i = 0; i < N; i++) {
        assert_true(fabs((double)out[i] - expected[i]) <= 4e-7 * fmax(1, fabs((double)x[i])));
        assert_true(fabs((double)din[i] - slope[i]) <= 2e-6);
    }
    assert_true(out[0] == 0 && out[N - 1] == x[N - 1]);
    x[5] = nanf("");
    x[6] = HUGE_VALF;
    k->gelu(out, x, N);
    k->gelu_backward(din, dout, x, N);
    assert_true(isnan(out[5]) && isnan(din[5]) && isinf(out[6]) && !isnan(out[7]) && !isnan(din[7]));
    release(x);
    release(out);
    release(din);
    release(dout);
}

static void gelu_is_exact(void **state)
{
    (void)state;
    with_tables(gelu_of);
}

static void softmax_in_double(double *p, const float *x, size_t n, double scale)
{
    double top = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < n; i++)
        top = fmax(top, (double)x[i]);
    for (size_t i = 0; i < n; i++)
        sum += p[i] = exp(scale * ((double)x[i] - top));
    for (size_t i = 0; i < n; i++)
        p[i] /= sum;
}

static void softmax_of(const struct kernels *k)
{
    const float scale = 0.25F;
    for (int c = 0; c < N_SHAPES; c++) {
        struct row_shape s = SHAPES[c];
        size_t n = (size_t)s.n;
        float *x = rows_of_noise(s, 30, 1), *d = rows_of_noise(s, 1, 2);
        double p[MOST], expected[MOST];
        for (size_t r = 0; r < (size_t)s.rows * s.step; r += s.step) {
            double sum = 0;
            softmax_in_double(p + r, x + r, n, (double)scale);
            for (size_t i = r; i < r + n; i++)
                sum += p[i] * (double)d[i];
            for (size_t i = r; i < r + n; i++)
                expected[i] = (double)scale * p[i] * ((double)d[i] - sum);
        }
        k->softmax(x, s, scale);
        check_close(k, "softmax", x, p, s);
        k->softmax_backward(d, x, s, scale);
        if (n > 1)
            check_close(k, "softmax backward", d, expected, s);
        release(x);
        release(d);
    }
}

static void softmax_is_right(void **state)
{
    (void)state;
    with_tables(softmax_of);
}

/* A NaN spoils its row and no other; far below the largest there is nothing. */
static void softmax_extremes_of(const struct kernels *k)
{
    float *x = noise(3 * 21, 1, 1);
    x[21 + 20] = nanf("");
    x[2 * 21] = 1000;
    k->softmax(x, (struct row_shape){3, 21, 21}, 1);
    for (int i = 0; i < 21; i++)
        assert_true(!isnan(x[i]) && isnan(x[21 + i]) && x[42 + i] == (i == 0));
    release(x);
}

static void softmax_knows_extremes(void **state)
{
    (void)state;
    with_tables(softmax_extremes_of);
}

struct norm_case {
    struct row_shape shape;
    float *in, *dout, *weight, *bias;
    double out[MOST], din[MOST], dweight[MOST], dbias[MOST];
};

/* What one row ought to give, epsilon 1e-5. */
static void norm_row_in_double(struct norm_case *c, size_t row)
{
    size_t n = (size_t)c->shape.n, at = row * c->shape.step;
    double mean = 0, square = 0, sum = 0, along = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)c->in[at + i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += pow((double)c->in[at + i] - mean, 2) / (double)n;
    double factor = 1 / sqrt(square + 1e-5);
    for (size_t i = 0; i < n; i++) {
        double x = ((double)c->in[at + i] - mean) * factor, d = (double)c->dout[at + i];
        c->out[at + i] = x * (double)c->weight[i] + (double)c->bias[i];
        c->dweight[i] += d * x;
        c->dbias[i] += d;
        sum += d * (double)c->weight[i] / (double)n;
        along += d * (double)c->weight[i] * x / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double x = ((double)c->in[at + i] - mean) * factor;
        c->din[at + i] = factor * ((double)c->dout[at + i] * (double)c->weight[i] - sum - x * along);
    }
}

/* Far from zero: the variance must not be made of a difference of large numbers. */
static struct norm_case norm_case(struct row_shape s)
{
    size_t n = (size_t)s.n, all = (size_t)s.rows * s.step;
    struct norm_case c = {.shape = s,
                          .in = rows_of_noise(s, 1, 1),
                          .dout = rows_of_noise(s, 1, 2),
                          .weight = noise(n, 1, 3),
                          .bias = noise(n, 1, 4)};
    for (size_t i = 0; i < all; i++)
        c.in[i] += 3;
    for (size_t r = 0; r < (size_t)s.rows; r++)
        norm_row_in_double(&c, r);
    return c;
}

static void norm_case_release(struct norm_case *c)
{
    release(c->in);
    release(c->dout);
    release(c->weight);
    release(c->bias);
}

static void norm_of(const struct kernels *k)
{
    for (int i = 1; i < N_SHAPES; i++) {
        struct norm_case c = norm_case(SHAPES[i]);
        size_t n = (size_t)c.shape.n, all = (size_t)c.shape.rows * c.shape.step;
        struct row_shape one = {1, c.shape.n, n};
        float *out = room(all), *kept = room(2 * (size_t)c.shape.rows), *dw = room(n), *db = room(n),
              *din = room(all);
        k->layer_norm(out, kept, c.in, c.weight, c.bias, c.shape, 1e-5F);
        check_close(k, "layer norm", out, c.out, c.shape);
        k->layer_norm_backward(dw, db, din, c.dout, kept, c.in, c.weight, c.shape);
        check_close(k, "layer norm, input", din, c.din, c.shape);
        check_close(k, "layer norm, weight", dw, c.dweight, one);
        check_close(k, "layer norm, bias", db, c.dbias, one);
        float *const arrays[] = {out, kept, dw, db, din};
        for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++)
            release(arrays[a]);
        norm_case_release(&c);
    }
}

static void layer_norm_is_right(void **state)
{
    (void)state;
    with_tables(norm_of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gelu_is_exact),
        cmocka_unit_test(softmax_is_right),
        cmocka_unit_test(softmax_knows_extremes),
        cmocka_unit_test(layer_norm_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
