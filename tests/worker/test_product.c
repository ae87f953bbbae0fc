/* Matrix products of every kernel table this CPU runs against their definition in double: with either operand
 * transposed, parts of larger matrices, and sizes that fill vectors, strips and blocks and sizes that do
 * not. */
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

static const double ROUNDING = 1e-7; /* of sums of `inner` products below 1, each */
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};
static const int SIZES[][3] = {{1, 1, 1},    {2, 3, 5},    {7, 16, 4},     {13, 101, 16}, {101, 64, 64},
                               {6, 81, 101}, {9, 33, 300}, {250, 17, 515}, {31, 130, 30}, {101, 16, 101},
                               {1, 3, 5},    {4, 1, 6},    {3, 5, 1}};

enum { N_SIZES = sizeof SIZES / sizeof *SIZES, BEYOND = 3 };

/* n numbers off any alignment; those of matrices go on for a few columns that are not theirs. */
static float *noise(size_t n, uint64_t key)
{
    struct rng rng = rng_start(key, 0);
    float *base = malloc((n + 1) * sizeof *base);
    assert_non_null(base);
    for (size_t i = 0; i <= n; i++)
        base[i] = (float)rng_between(&rng, -1, 1);
    return base + 1;
}

static void release(float *x)
{
    free(x - 1);
}

struct problem {
    struct product_shape shape;
    float *a, *b, *bias, *before;
    size_t floats_c;
};

/* Lengths of the arrays: a matrix of rows, or of columns, each `beyond` numbers longer than it must be. With
 * none, both steps of a matrix that has one row or column are 1. */
static struct problem make_problem(const int size[3], int a_turned, int b_turned, size_t beyond)
{
    struct product_shape s = {.m = size[0], .n = size[1], .inner = size[2], .group = size[0]};
    size_t m = (size_t)s.m, n = (size_t)s.n, inner = (size_t)s.inner;
    s.a_row = a_turned ? 1 : inner + beyond;
    s.a_column = a_turned ? m + beyond : 1;
    s.b_row = b_turned ? 1 : n + beyond;
    s.b_column = b_turned ? inner + beyond : 1;
    s.c_row = n + beyond;
    return (struct problem){.shape = s,
                            .a = noise((m - 1) * s.a_row + (inner - 1) * s.a_column + 1, 1),
                            .b = noise((inner - 1) * s.b_row + (n - 1) * s.b_column + 1, 2),
                            .bias = noise(n, 3),
                            .before = noise((m - 1) * s.c_row + n, 4),
                            .floats_c = (m - 1) * s.c_row + n};
}

static void free_problem(struct problem *p)
{
    release(p->a);
    release(p->b);
    release(p->bias);
    release(p->before);
}

/* A copy of `before`, multiplied into. */
static float *multiplied(const struct kernels *k, const struct problem *p, const float *bias, int adds)
{
    float *c = noise(p->floats_c, 5), *scratch = NULL;
    size_t floats = k->product_scratch(p->shape);
    memcpy(c, p->before, p->floats_c * sizeof *c);
    assert_int_equal(posix_memalign((void **)&scratch, 64, (floats + 1) * sizeof *scratch), 0);
    for (size_t i = 0; i < floats; i++)
        scratch[i] = nanf("");
    k->product(c, p->a, p->b, bias, p->shape, adds, scratch);
    free(scratch);
    return c;
}

static double expected(const struct problem *p, size_t i, size_t j, const float *bias, int adds)
{
    const struct product_shape *s = &p->shape;
    double sum = adds ? (double)p->before[i * s->c_row + j] : bias ? (double)bias[j] : 0;
    for (size_t k = 0; k < (size_t)s->inner; k++)
        sum += (double)p->a[i * s->a_row + k * s->a_column] * (double)p->b[k * s->b_row + j * s->b_column];
    return sum;
}

static void check(const struct kernels *k, const struct problem *p, const float *bias, int adds)
{
    const struct product_shape *s = &p->shape;
    float *c = multiplied(k, p, bias, adds);
    double limit = ROUNDING * (10 + s->inner);
    for (size_t at = 0; at < p->floats_c; at++) {
        size_t i = at / s->c_row, j = at % s->c_row;
        if (j >= (size_t)s->n)
            assert_true(c[at] == p->before[at]);
        else if (!(fabs((double)c[at] - expected(p, i, j, bias, adds)) <= limit))
            fail_msg("%s, %d x %d x %d, element (%zu, %zu): %.9g, not %.9g", k->name, s->m, s->n, s->inner, i,
                     j, (double)c[at], expected(p, i, j, bias, adds));
    }
    release(c);
}

static void products_are_right(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
        const struct kernels *k = kernels_get(TABLES[t], NULL);
        for (int i = 0; k && i < 8 * N_SIZES; i++) {
            struct problem p = make_problem(SIZES[i / 8], i & 1, i & 2, i & 4 ? BEYOND : 0);
            check(k, &p, NULL, 0);
            check(k, &p, p.bias, 0);
            check(k, &p, NULL, 1);
            free_problem(&p);
        }
    }
}

/* The rows of a group have the same bits wherever it stands. */
static void a_group_stands_anywhere(void **state)
{
    enum { GROUP = 7, GROUPS = 5 };
    static const int size[3] = {GROUP * GROUPS, 37, 65};
    (void)state;
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
        const struct kernels *k = kernels_get(TABLES[t], NULL);
        if (!k)
            continue;
        struct problem p = make_problem(size, 0, 0, BEYOND), one = p;
        p.shape.group = one.shape.group = one.shape.m = GROUP;
        one.floats_c = (GROUP - 1) * p.shape.c_row + (size_t)size[1];
        float *all = multiplied(k, &p, p.bias, 0);
        for (size_t g = 0; g < GROUPS; g++) {
            one.a = p.a + g * GROUP * p.shape.a_row;
            float *alone = multiplied(k, &one, p.bias, 0);
            for (size_t r = 0; r < GROUP; r++)
                assert_memory_equal(alone + r * p.shape.c_row, all + (g * GROUP + r) * p.shape.c_row,
                                    (size_t)size[1] * sizeof *all);
            release(alone);
        }
        release(all);
        free_problem(&p);
    }
}

/* A NaN spoils its row or its column, and nothing else. */
static void nan_spreads_no_further(void **state)
{
    static const int size[3] = {20, 35, 9};
    (void)state;
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
        const struct kernels *k = kernels_get(TABLES[t], NULL);
        if (!k)
            continue;
        struct problem p = make_problem(size, 0, 1, BEYOND);
        p.a[3 * p.shape.a_row + 4] = p.b[34 * p.shape.b_column] = nanf("");
        float *c = multiplied(k, &p, NULL, 0);
        for (size_t i = 0; i < 20; i++)
            for (size_t j = 0; j < 35; j++)
                assert_int_equal(isnan(c[i * p.shape.c_row + j]) != 0, i == 3 || j == 34);
        release(c);
        free_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(a_group_stands_anywhere),
        cmocka_unit_test(nan_spreads_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
