/* Every kernel table this CPU runs against the reference: values, gradients, winners, masks, NaN and
 * infinity, over shapes that fill vectors and shapes that do not. Convolutions
 * without a pool: test_kernels_conv. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rng.h"
#include "support/kernel_arrays.h"

static const struct kernels *const REF = &kernels_reference;

struct conv_sizes {
    size_t in, out, weight, k;
};

static struct conv_sizes conv_sizes(struct conv_shape s)
{
    return (struct conv_sizes){.in = (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c,
                               .out = (size_t)s.n * (size_t)((s.h - 2) / 2) * (size_t)((s.w - 2) / 2) *
                                      (size_t)s.k,
                               .weight = 9 * (size_t)s.c * (size_t)s.k,
                               .k = (size_t)s.k};
}

struct conv_case {
    struct conv_shape shape;
    struct conv_sizes size;
    float *in, *weight, *bias, *dout;
};

struct conv_result {
    float *out, *dweight, *dbias, *din;
    uint8_t *winner;
};

static struct conv_case conv_case(struct conv_shape s)
{
    struct conv_sizes n = conv_sizes(s);
    return (struct conv_case){.shape = s,
                              .size = n,
                              .in = random_array(n.in, 1),
                              .weight = random_array(n.weight, 2),
                              .bias = random_array(n.k, 3),
                              .dout = random_array(n.out, 4)};
}

static void conv_case_release(struct conv_case *c)
{
    release(c->in);
    release(c->weight);
    release(c->bias);
    release(c->dout);
}

/* Forward and, from `winner` (NULL: its own), backward. */
static struct conv_result conv_run(const struct kernels *k, const struct conv_case *c, const uint8_t *winner,
                                   int with_din)
{
    struct conv_result r = {.out = uninitialised(c->size.out),
                            .dweight = uninitialised(c->size.weight),
                            .dbias = uninitialised(c->size.k),
                            .din = uninitialised(c->size.in),
                            .winner = malloc(c->size.out)};
    float *forward = new_scratch(k->conv_pool_scratch(c->shape, 0)),
          *backward = new_scratch(k->conv_pool_scratch(c->shape, 1));
    assert_non_null(r.winner);
    k->conv_pool_forward(r.out, r.winner, c->in, c->weight, c->bias, c->shape, forward);
    k->conv_pool_backward(r.dweight, r.dbias, with_din ? r.din : NULL, c->dout, winner ? winner : r.winner,
                          c->in, c->weight, c->shape, backward);
    free(forward);
    free(backward);
    return r;
}

static void conv_result_release(struct conv_result *r)
{
    release(r->out);
    release(r->dweight);
    release(r->dbias);
    release(r->din);
    free(r->winner);
}

/* The convolution at one corner of pooled cell `cell`, in double. */
static double corner_value(const struct conv_case *c, size_t cell, int corner)
{
    struct conv_shape s = c->shape;
    size_t k = cell % (size_t)s.k, pw = (size_t)(s.w - 2) / 2, ph = (size_t)(s.h - 2) / 2,
           p = cell / (size_t)s.k;
    size_t x = 2 * (p % pw) + (size_t)corner % 2, y = 2 * (p / pw % ph) + (size_t)corner / 2, i = p / pw / ph;
    double sum = (double)c->bias[k];
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t j = 0; j < (size_t)s.c; j++) {
            size_t pixel = ((i * (size_t)s.h + y + tap / 3) * (size_t)s.w + x + tap % 3) * (size_t)s.c + j;
            sum += (double)c->in[pixel] * (double)c->weight[(k * 9 + tap) * (size_t)s.c + j];
        }
    return sum;
}

/* Winners agree but for ties within rounding, and those are rare. */
static void check_winners(const char *table, const struct conv_case *c, const uint8_t *a,
                          const uint8_t *expected)
{
    size_t n_different = 0;
    for (size_t i = 0; i < c->size.out; i++) {
        if (a[i] == expected[i])
            continue;
        double mine = a[i] == WINNER_NONE ? 0 : corner_value(c, i, a[i]);
        double best = expected[i] == WINNER_NONE ? 0 : corner_value(c, i, expected[i]);
        n_different++;
        if (a[i] > WINNER_NONE || !(fabs(mine - best) < 1e-5 * sqrt(9.0 * c->shape.c)))
            fail_msg("%s: cell %zu goes to %d (%.9g), not %d (%.9g)", table, i, a[i], mine, expected[i],
                     best);
    }
    assert_true(n_different <= 1 + c->size.out / 1000);
}

static void check_same_bits(const struct conv_case *c, const struct conv_result *a,
                            const struct conv_result *b)
{
    assert_memory_equal(a->out, b->out, c->size.out * sizeof(float));
    assert_memory_equal(a->winner, b->winner, c->size.out);
    assert_memory_equal(a->dweight, b->dweight, c->size.weight * sizeof(float));
    assert_memory_equal(a->dbias, b->dbias, c->size.k * sizeof(float));
    assert_memory_equal(a->din, b->din, c->size.in * sizeof(float));
}

static void check_conv(const struct kernels *k, const struct conv_case *c, const struct conv_result *expected)
{
    struct conv_result a = conv_run(k, c, expected->winner, 1), b = conv_run(k, c, expected->winner, 1);
    struct conv_result first = conv_run(k, c, expected->winner, 0);
    char where[96];
    snprintf(where, sizeof where, "%s conv %dx%dx%dx%d to %d (%s)", k->name, c->shape.n, c->shape.h,
             c->shape.w, c->shape.c, c->shape.k, k->conv_pool_path(c->shape));
    check_close(where, "output", a.out, expected->out, c->size.out);
    check_winners(where, c, a.winner, expected->winner);
    check_close(where, "weight gradient", a.dweight, expected->dweight, c->size.weight);
    check_close(where, "bias gradient", a.dbias, expected->dbias, c->size.k);
    check_close(where, "input gradient", a.din, expected->din, c->size.in);
    check_close(where, "weight gradient without input gradient", first.dweight, expected->dweight,
                c->size.weight);
    check_close(where, "bias gradient without input gradient", first.dbias, expected->dbias, c->size.k);
    check_same_bits(c, &a, &b);
    conv_result_release(&a);
    conv_result_release(&b);
    conv_result_release(&first);
}

static const struct conv_shape CONV[] = {
    {1, 4, 4, 1, 1, 3, 0, 1},      {1, 5, 4, 2, 3, 3, 0, 1},      {1, 10, 10, 1, 1, 3, 0, 1},
    {7, 11, 13, 3, 5, 3, 0, 1},    {32, 10, 10, 5, 16, 3, 0, 1},  {1, 50, 50, 1, 32, 3, 0, 1},
    {7, 50, 50, 1, 32, 3, 0, 1},   {32, 50, 50, 1, 32, 3, 0, 1},  {1, 24, 24, 32, 64, 3, 0, 1},
    {7, 24, 24, 32, 64, 3, 0, 1},  {32, 24, 24, 32, 64, 3, 0, 1}, {7, 23, 24, 32, 64, 3, 0, 1},
    {3, 24, 23, 32, 64, 3, 0, 1},  {1, 25, 31, 16, 32, 3, 0, 1},  {3, 12, 12, 64, 64, 3, 0, 1},
    {7, 17, 10, 16, 3, 3, 0, 1},   {1, 49, 50, 1, 16, 3, 0, 1},   {2, 50, 49, 3, 64, 3, 0, 1},
    {5, 14, 14, 1, 33, 3, 0, 1},   {3, 13, 11, 32, 48, 3, 0, 1},  {2, 22, 22, 64, 32, 3, 0, 1},
    {7, 33, 33, 1, 64, 3, 0, 1},   {2, 16, 16, 31, 17, 3, 0, 1},  {1, 11, 11, 64, 5, 3, 0, 1},
    {32, 24, 24, 16, 32, 3, 0, 1}, {7, 10, 10, 32, 64, 3, 0, 1},  {2, 48, 48, 16, 16, 3, 0, 1},
    {33, 12, 14, 1, 32, 3, 0, 1},  {5, 50, 50, 1, 24, 3, 0, 1},   {3, 24, 24, 24, 64, 3, 0, 1},
    {4, 24, 24, 8, 16, 3, 0, 1},   {2, 24, 24, 33, 60, 3, 0, 1},  {3, 15, 18, 20, 40, 3, 0, 1},
    {2, 9, 10, 1, 8, 3, 0, 1},     {2, 9, 9, 1, 100, 3, 0, 1},    {32, 50, 50, 3, 32, 3, 0, 1},
    {3, 50, 50, 4, 32, 3, 0, 1},   {2, 17, 21, 2, 16, 3, 0, 1},   {3, 15, 12, 3, 48, 3, 0, 1},
    {2, 9, 9, 4, 24, 3, 0, 1},     {1, 4, 4, 3, 32, 3, 0, 1},     {3, 4, 5, 2, 33, 3, 0, 1},
    {5, 24, 24, 4, 64, 3, 0, 1},   {2, 50, 50, 5, 32, 3, 0, 1}};

static void test_conv(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CONV / sizeof *CONV; i++) {
        struct conv_case c = conv_case(CONV[i]);
        struct conv_result expected = conv_run(REF, &c, NULL, 1);
        for (int t = 0; t < n_tables; t++)
            check_conv(tables[t], &c, &expected);
        conv_result_release(&expected);
        conv_case_release(&c);
    }
}

/* A bad number in the second image, in one output gradient of it, or in a weight. */
static void check_conv_propagates(struct conv_shape shape, float bad, int place)
{
    struct conv_case c = conv_case(shape);
    size_t in = c.size.in / (size_t)shape.n, out = c.size.out / (size_t)shape.n;
    float *const spot[] = {c.in + in + in / 2, c.dout + out + out / 2, c.weight + c.size.weight / 2};
    struct conv_result clean = conv_run(REF, &c, NULL, 1);
    for (size_t i = out + out / 2; clean.winner[i] == WINNER_NONE; i++)
        clean.winner[i] = 1; /* somebody must take the gradient */
    *spot[place] = bad;
    struct conv_result expected = conv_run(REF, &c, clean.winner, 1);
    for (int t = 0; t < n_tables; t++) {
        struct conv_result a = conv_run(tables[t], &c, clean.winner, 1);
        if (place != 1)
            check_propagates(tables[t]->name, "conv output", a.out, expected.out, c.size.out);
        if (place == 0) {
            check_finite(tables[t]->name, "conv output of another image", a.out, out);
            check_finite(tables[t]->name, "conv output of another image", a.out + 2 * out,
                         c.size.out - 2 * out);
        }
        if (place != 2)
            check_propagates(tables[t]->name, "conv weight gradient", a.dweight, expected.dweight,
                             c.size.weight);
        if (place == 1)
            check_propagates(tables[t]->name, "conv bias gradient", a.dbias, expected.dbias, c.size.k);
        if (place != 0)
            check_propagates(tables[t]->name, "conv input gradient", a.din, expected.din, c.size.in);
        conv_result_release(&a);
    }
    conv_result_release(&clean);
    conv_result_release(&expected);
    conv_case_release(&c);
}

static void test_conv_propagates(void **state)
{
    static const struct conv_shape shapes[] = {{3, 24, 24, 32, 64, 3, 0, 1}, {3, 50, 50, 1, 32, 3, 0, 1},
                                               {3, 11, 13, 3, 5, 3, 0, 1},   {3, 24, 24, 24, 40, 3, 0, 1},
                                               {3, 20, 20, 1, 24, 3, 0, 1},  {3, 20, 20, 3, 32, 3, 0, 1},
                                               {3, 13, 12, 4, 24, 3, 0, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int place = 0; place < 3; place++) {
            check_conv_propagates(shapes[i], nanf(""), place);
            check_conv_propagates(shapes[i], HUGE_VALF, place);
        }
}

struct dense_case {
    struct dense_shape shape;
    size_t n_in, n_out, n_weight, k;
    float *in, *weight, *bias, *dout;
};

struct dense_result {
    float *linear, *relu, *din, *dweight, *dbias;
};

static struct dense_case dense_case(struct dense_shape s)
{
    struct dense_case c = {.shape = s,
                           .n_in = (size_t)s.n * (size_t)s.in,
                           .n_out = (size_t)s.n * (size_t)s.out,
                           .n_weight = (size_t)s.in * (size_t)s.out,
                           .k = (size_t)s.out};
    c.in = random_array(c.n_in, 1);
    c.weight = random_array(c.n_weight, 2);
    c.bias = random_array(c.k, 3);
    c.dout = random_array(c.n_out, 4);
    return c;
}

static void dense_case_release(struct dense_case *c)
{
    release(c->in);
    release(c->weight);
    release(c->bias);
    release(c->dout);
}

static struct dense_result dense_run(const struct kernels *k, const struct dense_case *c)
{
    struct dense_result r = {.linear = uninitialised(c->n_out),
                             .relu = uninitialised(c->n_out),
                             .din = uninitialised(c->n_in),
                             .dweight = uninitialised(c->n_weight),
                             .dbias = uninitialised(c->k)};
    float *forward = new_scratch(k->dense_scratch(c->shape, 0)),
          *backward = new_scratch(k->dense_scratch(c->shape, 1));
    k->dense_forward(r.linear, c->in, c->weight, c->bias, c->shape, 0, forward);
    k->dense_forward(r.relu, c->in, c->weight, c->bias, c->shape, 1, forward);
    k->dense_backward_input(r.din, c->dout, c->weight, c->shape, backward);
    k->dense_backward_weight(r.dweight, r.dbias, c->dout, c->in, c->shape, backward);
    free(forward);
    free(backward);
    return r;
}

static void dense_result_release(struct dense_result *r)
{
    release(r->linear);
    release(r->relu);
    release(r->din);
    release(r->dweight);
    release(r->dbias);
}

static void check_dense(const struct kernels *k, const struct dense_case *c,
                        const struct dense_result *expected)
{
    struct dense_result a = dense_run(k, c), b = dense_run(k, c);
    char where[96];
    snprintf(where, sizeof where, "%s dense %dx%d to %d (%s)", k->name, c->shape.n, c->shape.in, c->shape.out,
             k->dense_path(c->shape));
    check_close(where, "output", a.linear, expected->linear, c->n_out);
    check_close(where, "output after ReLU", a.relu, expected->relu, c->n_out);
    check_close(where, "input gradient", a.din, expected->din, c->n_in);
    check_close(where, "weight gradient", a.dweight, expected->dweight, c->n_weight);
    check_close(where, "bias gradient", a.dbias, expected->dbias, c->k);
    assert_memory_equal(a.linear, b.linear, c->n_out * sizeof(float));
    assert_memory_equal(a.relu, b.relu, c->n_out * sizeof(float));
    assert_memory_equal(a.din, b.din, c->n_in * sizeof(float));
    assert_memory_equal(a.dweight, b.dweight, c->n_weight * sizeof(float));
    assert_memory_equal(a.dbias, b.dbias, c->k * sizeof(float));
    dense_result_release(&a);
    dense_result_release(&b);
}

static const struct dense_shape DENSE[] = {
    {1, 1, 1},      {1, 7744, 128}, {7, 7744, 128}, {32, 7744, 128}, {33, 7744, 127}, {32, 128, 64},
    {7, 128, 64},   {32, 64, 2},    {32, 64, 28},   {7, 64, 3},      {5, 33, 17},     {32, 150, 10},
    {3, 16, 16},    {7, 1000, 5},   {19, 100, 1},   {128, 65, 31},   {2, 3, 100},     {9, 968, 128},
    {16, 7260, 20}, {36, 130, 33},  {2, 257, 30},   {4, 64, 16},     {8, 7744, 20},   {1, 5, 40}};

/* No count of filters or units falls to sgemm where there are vectors: it takes 3 to 8 times as long. */
static void test_paths(void **state)
{
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (int k = 1; k <= 130 && tables[t]->peak; k++) {
            const char *const path[] = {
                tables[t]->conv_pool_path((struct conv_shape){1, 50, 50, 1, k, 3, 0, 1}),
                tables[t]->conv_pool_path((struct conv_shape){1, 24, 24, k, 131 - k, 3, 0, 1}),
                tables[t]->dense_path((struct dense_shape){1, k, 131 - k})};
            for (int i = 0; i < 3; i++)
                if (strstr(path[i], "sgemm"))
                    fail_msg("%s: %d filters or units take %s", tables[t]->name, k, path[i]);
        }
    for (int t = 0; t < n_tables; t++)
        for (int c = 1; c <= 4 && tables[t]->peak; c++)
            assert_string_equal(tables[t]->conv_pool_path((struct conv_shape){1, 50, 50, c, 32, 3, 0, 1}),
                                tables[t]->conv_pool_path((struct conv_shape){1, 50, 50, 1, 32, 3, 0, 1}));
}

static void test_dense(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DENSE / sizeof *DENSE; i++) {
        struct dense_case c = dense_case(DENSE[i]);
        struct dense_result expected = dense_run(REF, &c);
        for (int t = 0; t < n_tables; t++)
            check_dense(tables[t], &c, &expected);
        dense_result_release(&expected);
        dense_case_release(&c);
    }
}

/* Weight, moments and the same of the bias, as six arrays. */
enum { W, M, V, B, BM, BV, N_STATE };

static void update_run(const struct kernels *k, const struct dense_case *c, float *array[N_STATE])
{
    static const struct adam_step step = {.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-7F, .rate = 0.01F};
    float *scratch = new_scratch(k->dense_scratch(c->shape, 1));
    for (int a = 0; a < N_STATE; a++) {
        size_t n = a < B ? c->n_weight : c->k;
        array[a] = random_array(n, 10 + (uint64_t)a);
        for (size_t i = 0; i < n && (a == V || a == BV); i++)
            array[a][i] = fabsf(array[a][i]);
    }
    k->dense_update(array[W], array[M], array[V], array[B], array[BM], array[BV], c->dout, c->in, c->shape,
                    step, scratch);
    free(scratch);
}

static void check_update(const struct kernels *k, const struct dense_case *c, float *const expected[N_STATE])
{
    static const char *const names[] = {"weight", "first moment", "second moment",
                                        "bias",   "its first",    "its second"};
    float *a[N_STATE], *b[N_STATE];
    update_run(k, c, a);
    update_run(k, c, b);
    for (int i = 0; i < N_STATE; i++) {
        size_t n = i < B ? c->n_weight : c->k;
        check_close(k->name, names[i], a[i], expected[i], n);
        assert_memory_equal(a[i], b[i], n * sizeof(float));
        release(a[i]);
        release(b[i]);
    }
}

static void test_dense_update(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DENSE / sizeof *DENSE; i++) {
        struct dense_case c = dense_case(DENSE[i]);
        float *expected[N_STATE];
        update_run(REF, &c, expected);
        for (int t = 0; t < n_tables; t++)
            check_update(tables[t], &c, expected);
        for (int a = 0; a < N_STATE; a++)
            release(expected[a]);
        dense_case_release(&c);
    }
}

/* A NaN in one row reaches all of that row's outputs, ReLU or not, and no other row. */
static void test_dense_propagates(void **state)
{
    static const float bad[] = {NAN, INFINITY};
    (void)state;
    for (size_t i = 0; i < sizeof DENSE / sizeof *DENSE; i++)
        for (size_t b = 0; b < 2; b++) {
            struct dense_case c = dense_case(DENSE[i]);
            size_t row = (size_t)c.shape.n / 2;
            c.in[row * (size_t)c.shape.in + (size_t)c.shape.in / 2] = bad[b];
            c.dout[row * c.k + c.k / 2] = bad[b];
            struct dense_result expected = dense_run(REF, &c);
            for (int t = 0; t < n_tables; t++) {
                struct dense_result a = dense_run(tables[t], &c);
                check_propagates(tables[t]->name, "dense output", a.linear, expected.linear, c.n_out);
                if (b == 0)
                    check_propagates(tables[t]->name, "dense output after ReLU", a.relu, expected.relu,
                                     c.n_out);
                check_finite(tables[t]->name, "dense output of another row", a.linear, row * c.k);
                check_propagates(tables[t]->name, "dense input gradient", a.din, expected.din, c.n_in);
                check_finite(tables[t]->name, "dense input gradient of another row", a.din,
                             row * (size_t)c.shape.in);
                check_propagates(tables[t]->name, "dense weight gradient", a.dweight, expected.dweight,
                                 c.n_weight);
                check_propagates(tables[t]->name, "dense bias gradient", a.dbias, expected.dbias, c.k);
                dense_result_release(&a);
            }
            dense_result_release(&expected);
            dense_case_release(&c);
        }
}

static void check_adam(const struct kernels *k, size_t n)
{
    static const struct adam_step step = {.beta1 = 0.9F, .beta2 = 0.999F, .epsilon = 1e-7F, .rate = 0.01F};
    float *g = random_array(n, 1), *x[2][3];
    g[n - 1] = n > 20 ? nanf("") : 0; /* a zero gradient on zero moments leaves the weight alone */
    for (int i = 0; i < 2; i++) {
        for (int a = 0; a < 3; a++)
            x[i][a] = random_array(n, 2 + (uint64_t)a);
        for (size_t j = 0; j < n; j++)
            x[i][2][j] = fabsf(x[i][2][j]);
        x[i][1][n - 1] = x[i][2][n - 1] = 0;
        (i ? k : REF)->adam(x[i][0], x[i][1], x[i][2], g, n, step);
    }
    for (int a = 0; a < 3; a++) {
        check_close(k->name, "adam", x[1][a], x[0][a], n - 1);
        assert_int_equal(isnan(x[1][a][n - 1]), isnan(x[0][a][n - 1]));
        release(x[0][a]);
        release(x[1][a]);
    }
    release(g);
}

static void test_adam(void **state)
{
    static const size_t sizes[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 1000, 18816};
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            check_adam(tables[t], sizes[i]);
}

/* The same bits as the reference: nothing is summed. */
static void check_sgd(const struct kernels *k, size_t n, struct sgd_step step)
{
    float *g = random_array(n, 1), *x[2][2];
    g[n / 2] = n > 20 ? nanf("") : g[n / 2];
    for (int i = 0; i < 2; i++) {
        for (int a = 0; a < 2; a++)
            x[i][a] = random_array(n, 2 + (uint64_t)a);
        for (int t = 0; t < 3; t++)
            (i ? k : REF)->sgd(x[i][0], x[i][1], g, n, step);
    }
    for (int a = 0; a < 2; a++) {
        for (size_t j = 0; j < n; j++)
            assert_true(x[1][a][j] == x[0][a][j] || (isnan(x[1][a][j]) && isnan(x[0][a][j])));
        release(x[0][a]);
        release(x[1][a]);
    }
    release(g);
}

static void test_sgd(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 17, 33, 1000};
    static const struct sgd_step steps[] = {
        {.rate = 0.1F}, {.rate = 0.1F, .momentum = 0.9F, .decay = 0.01F}, {0.1F, 0.9F, 0.01F, 1}};
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
                check_sgd(tables[t], sizes[i], steps[s]);
}

static void test_sum_squares(void **state)
{
    static const size_t sizes[] = {0, 1, 31, 32, 33, 100003};
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            float *x = random_array(sizes[i], 5);
            double expected = REF->sum_squares(x, sizes[i]);
            assert_true(fabs(tables[t]->sum_squares(x, sizes[i]) - expected) <= 1e-12 * expected);
            if (sizes[i] > 0) {
                x[sizes[i] - 1] = nanf("");
                assert_true(isnan(tables[t]->sum_squares(x, sizes[i])));
            }
            release(x);
        }
}

static void check_dropout(const struct kernels *k, size_t n, uint32_t keep_from, uint64_t first_block)
{
    const uint64_t key = 0x123456789ABCDEF0U, substream = 0xFEDCBA9876543210U;
    float *a = random_array(n, n), *b = random_array(n, n);
    a[n / 2] = b[n / 2] = nanf("");
    REF->dropout(a, n, keep_from, key, substream, first_block);
    k->dropout(b, n, keep_from, key, substream, first_block);
    for (size_t i = 0; i < n; i++)
        if (memcmp(a + i, b + i, sizeof *a) != 0)
            fail_msg("%s dropout, unit %zu of %zu, keep_from %u, block %llu: %g, not %g", k->name, i, n,
                     keep_from, (unsigned long long)first_block, (double)b[i], (double)a[i]);
    release(a);
    release(b);
}

static void test_dropout(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 9, 16, 63, 64, 65, 127, 129, 1000, 4099};
    static const uint32_t keep_from[] = {0, 1, 16384, 32768, 65535, 3, 0, 1};
    static const uint64_t first[] = {0, 5, 0xFFFFFFFFU - 3, (UINT64_C(1) << 40) - 1, UINT64_MAX - 2};
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t j = 0; j < sizeof keep_from / sizeof *keep_from; j++)
                for (size_t f = 0; f < sizeof first / sizeof *first; f++)
                    check_dropout(tables[t], sizes[i], keep_from[j], first[f]);
}

/* The reference itself: the documented bits, the scale, and the fraction kept. */
static void test_dropout_reference(void **state)
{
    enum { N = 100000 };
    static float x[N];
    uint32_t word[4];
    int kept = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = 3;
    REF->dropout(x, N, 16384, 42, 7, 0);
    rng_block(42, 7, 11, word);
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t bits = i % 2 ? word[i / 2] >> 16 : word[i / 2] & 0xFFFF;
        assert_true(x[11 * 8 + i] == (bits >= 16384 ? 4 : 0));
    }
    for (int i = 0; i < N; i++)
        kept += x[i] != 0;
    assert_in_range(kept, 74300, 75700); /* five standard deviations about 75000 */
}

static void test_names(void **state)
{
    struct err err = {0};
    enum kernels_isa isa = KERNELS_AUTO;
    (void)state;
    assert_int_equal(kernels_isa_from_name("blas", &isa, &err), 0);
    assert_int_equal(isa, KERNELS_BLAS);
    assert_ptr_equal(kernels_get(isa, &err), &kernels_blas);
    assert_int_equal(kernels_isa_from_name("sse9", &isa, &err), E_USAGE);
    assert_non_null(strstr(err.text, "sse9"));
    assert_int_equal(kernels_select(KERNELS_REFERENCE, &err), 0);
    assert_ptr_equal(kernels_selected(), &kernels_reference);
    assert_int_equal(kernels_select(KERNELS_AUTO, &err), 0);
    assert_ptr_equal(kernels_selected(), kernels_get(KERNELS_AUTO, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_conv_propagates),
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_dense_update),
        cmocka_unit_test(test_dense_propagates),
        cmocka_unit_test(test_adam),
        cmocka_unit_test(test_sgd),
        cmocka_unit_test(test_sum_squares),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_dropout_reference),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
