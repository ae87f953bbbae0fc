/* Batch norm and max-pooling of every kernel table this CPU runs against the reference. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/kernel_arrays.h"

static const float EPSILON = 1e-5F;

struct norm_case {
    struct row_shape shape;
    size_t n, k; /* floats of the rows; channels */
    float *in, *dout, *scale, *shift;
};

struct norm_result {
    float *mean, *variance, *inverse, *out, *dscale, *dshift, *din;
};

static struct norm_case norm_case(struct row_shape s)
{
    struct norm_case c = {.shape = s, .n = (size_t)s.rows * (size_t)s.n, .k = (size_t)s.n};
    c.in = random_array(c.n, 1);
    c.dout = random_array(c.n, 2);
    c.scale = random_array(c.k, 3);
    c.shift = random_array(c.k, 4);
    for (size_t i = 0; i < c.n; i++)
        c.in[i] += (float)(i % c.k); /* means that differ and are large */
    return c;
}

static void norm_case_release(struct norm_case *c)
{
    release(c->in);
    release(c->dout);
    release(c->scale);
    release(c->shift);
}

/* Rows at a time: sums of all of them first. */
static void run_backward(const struct kernels *k, const struct norm_case *c,
                         const struct norm_channels *channels, struct norm_result *r, int relu, int at_once)
{
    struct row_shape s = c->shape;
    memset(r->dscale, 0, c->k * sizeof *r->dscale);
    memset(r->dshift, 0, c->k * sizeof *r->dshift);
    for (int spreads = 0; spreads < 2; spreads++)
        for (int row = 0; row < c->shape.rows; row += at_once) {
            size_t at = (size_t)row * s.step;
            s.rows = c->shape.rows - row < at_once ? c->shape.rows - row : at_once;
            if (spreads)
                k->normalise_backward(r->din + at, c->dout + at, c->in + at, channels, r->dscale, r->dshift,
                                      (size_t)c->shape.rows, s, relu);
            else
                k->normalise_sums(r->dscale, r->dshift, c->dout + at, c->in + at, channels, s, relu);
        }
}

/* Backward in so many parts. */
static struct norm_result norm_run(const struct kernels *k, const struct norm_case *c, int relu, int parts)
{
    struct norm_result r = {uninitialised(c->k), uninitialised(c->k), uninitialised(c->k),
                            uninitialised(c->n), uninitialised(c->k), uninitialised(c->k),
                            uninitialised(c->n)};
    k->moments(r.mean, r.variance, c->in, c->shape);
    for (size_t j = 0; j < c->k; j++)
        r.inverse[j] = 1 / sqrtf(r.variance[j] + EPSILON);
    struct norm_channels channels = {r.mean, r.inverse, c->scale, c->shift};
    k->normalise(r.out, c->in, &channels, c->shape, relu);
    run_backward(k, c, &channels, &r, relu, (c->shape.rows + parts - 1) / parts);
    return r;
}

static void norm_result_release(struct norm_result *r)
{
    float *const all[] = {r->mean, r->variance, r->inverse, r->out, r->dscale, r->dshift, r->din};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        release(all[i]);
}

static const struct row_shape ROWS[] = {{1, 1, 1},       {2, 16, 16},   {63, 17, 17},  {64, 8, 8},
                                        {65, 33, 33},    {1000, 5, 5},  {129, 64, 64}, {300, 100, 100},
                                        {800, 128, 128}, {200, 48, 48}, {77, 24, 24}};

static void check_norm(const struct kernels *k, const struct norm_case *c, int relu)
{
    struct norm_result a = norm_run(k, c, relu, 1), b = norm_run(k, c, relu, 3),
                       expected = norm_run(&kernels_reference, c, relu, 1);
    check_close(k->name, "mean", a.mean, expected.mean, c->k);
    check_close(k->name, "variance", a.variance, expected.variance, c->k);
    if (c->shape.rows > 1) {
        check_close(k->name, "normalised", a.out, expected.out, c->n);
        check_close(k->name, "scale gradient", a.dscale, expected.dscale, c->k);
        check_close(k->name, "input gradient", a.din, expected.din, c->n);
        check_close(k->name, "scale gradient in parts", b.dscale, a.dscale, c->k);
        check_close(k->name, "shift gradient in parts", b.dshift, a.dshift, c->k);
        check_close(k->name, "input gradient in parts", b.din, a.din, c->n);
    }
    check_close(k->name, "shift gradient", a.dshift, expected.dshift, c->k);
    norm_result_release(&a);
    norm_result_release(&b);
    norm_result_release(&expected);
}

static void test_norm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct norm_case c = norm_case(ROWS[i]);
        for (int t = 0; t < n_tables; t++)
            for (int relu = 0; relu < 2; relu++)
                check_norm(tables[t], &c, relu);
        norm_case_release(&c);
    }
}

/* Four rows of one channel, 1 3 5 7: mean 4, variance 5; by hand. */
static void test_norm_by_hand(void **state)
{
    const float in[4] = {1, 3, 5, 7}, scale = 2, shift = -1;
    float mean, variance, out[4];
    (void)state;
    for (int t = -1; t < n_tables; t++) {
        const struct kernels *k = t < 0 ? &kernels_reference : tables[t];
        k->moments(&mean, &variance, in, (struct row_shape){4, 1, 1});
        assert_true(mean == 4 && variance == 5);
        const float inverse = 0.5F;
        struct norm_channels channels = {&mean, &inverse, &scale, &shift};
        k->normalise(out, in, &channels, (struct row_shape){4, 1, 1}, 0);
        assert_true(out[0] == -4 && out[1] == -2 && out[2] == 0 && out[3] == 2);
        k->normalise(out, in, &channels, (struct row_shape){4, 1, 1}, 1);
        assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == 2);
    }
}

/* A NaN in a channel is in all that is made of it, and in no other. */
static void test_norm_propagates(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct norm_case c = norm_case(ROWS[i]);
        c.in[c.n - 1] = nanf("");
        for (int t = 0; t < n_tables; t++) {
            struct norm_result a = norm_run(tables[t], &c, 0, 1),
                               expected = norm_run(&kernels_reference, &c, 0, 1);
            check_propagates(tables[t]->name, "mean", a.mean, expected.mean, c.k);
            check_propagates(tables[t]->name, "normalised", a.out, expected.out, c.n);
            check_propagates(tables[t]->name, "input gradient", a.din, expected.din, c.n);
            check_finite(tables[t]->name, "mean of another channel", a.mean, c.k - 1);
            check_finite(tables[t]->name, "another channel", a.out, c.k - 1);
            norm_result_release(&a);
            norm_result_release(&expected);
        }
        norm_case_release(&c);
    }
}

/* The reference's bits: nothing is summed. */
static void check_pool(const struct kernels *k, struct image_shape s, int with_nan)
{
    size_t n = (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c;
    size_t pooled = (size_t)s.n * (size_t)(s.h / 2) * (size_t)(s.w / 2) * (size_t)s.c;
    float *in = random_array(n, 1), *dout = random_array(pooled, 2), *x[2][2];
    uint8_t *winner[2];
    for (size_t i = 0; i < n; i++)
        in[i] = with_nan && i % 7 == 3 ? nanf("") : roundf(4 * in[i]); /* ties */
    for (int i = 0; i < 2; i++) {
        const struct kernels *table = i ? k : &kernels_reference;
        x[i][0] = uninitialised(pooled);
        x[i][1] = uninitialised(n);
        winner[i] = malloc(pooled);
        assert_non_null(winner[i]);
        table->max_pool(x[i][0], winner[i], in, s);
        table->max_pool_backward(x[i][1], dout, winner[i], s);
    }
    assert_memory_equal(winner[1], winner[0], pooled);
    for (size_t i = 0; i < pooled; i++)
        assert_true(x[1][0][i] == x[0][0][i] || (isnan(x[1][0][i]) && isnan(x[0][0][i])));
    assert_memory_equal(x[1][1], x[0][1], n * sizeof(float));
    for (int i = 0; i < 2; i++) {
        release(x[i][0]);
        release(x[i][1]);
        free(winner[i]);
    }
    release(in);
    release(dout);
}

static void test_pool(void **state)
{
    static const struct image_shape shapes[] = {{1, 2, 2, 1},  {2, 5, 7, 3},    {3, 6, 5, 16},
                                                {2, 9, 8, 17}, {2, 12, 12, 64}, {1, 25, 25, 40},
                                                {2, 4, 4, 8},  {2, 3, 3, 31}};
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (int with_nan = 0; with_nan < 2; with_nan++)
                check_pool(tables[t], shapes[i], with_nan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_norm_by_hand),
        cmocka_unit_test(test_norm_propagates),
        cmocka_unit_test(test_pool),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
