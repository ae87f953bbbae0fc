/* Convolutions without a pool of every kernel table this CPU runs against the reference: any side, padding
 * and stride, NaN and infinity, the same bits for an image beside others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/kernel_arrays.h"

struct conv_case {
    struct conv_shape shape;
    size_t n_in, n_out, n_weight, k; /* floats */
    float *in, *weight, *bias, *dout;
};

struct conv_result {
    float *linear, *relu, *dweight, *dbias, *din;
};

static struct conv_case conv_case(struct conv_shape s)
{
    struct conv_case c = {.shape = s, .k = (size_t)s.k};
    c.n_in = (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c;
    c.n_out = (size_t)s.n * (size_t)conv_size(s.h, s) * (size_t)conv_size(s.w, s) * c.k;
    c.n_weight = (size_t)s.side * (size_t)s.side * (size_t)s.c * c.k;
    c.in = random_array(c.n_in, 1);
    c.weight = random_array(c.n_weight, 2);
    c.bias = random_array(c.k, 3);
    c.dout = random_array(c.n_out, 4);
    return c;
}

static void conv_case_release(struct conv_case *c)
{
    release(c->in);
    release(c->weight);
    release(c->bias);
    release(c->dout);
}

/* Backward of some images at a time. */
static void run_backward(const struct kernels *k, const struct conv_case *c, struct conv_result *r,
                         int with_din, int at_once)
{
    struct conv_shape s = c->shape;
    size_t image = c->n_in / (size_t)s.n, map = c->n_out / (size_t)s.n;
    float *scratch = new_scratch(k->conv_scratch(c->shape, 1));
    memset(r->dweight, 0, c->n_weight * sizeof *r->dweight);
    memset(r->dbias, 0, c->k * sizeof *r->dbias);
    for (int i = 0; i < c->shape.n; i += at_once) {
        s.n = c->shape.n - i < at_once ? c->shape.n - i : at_once;
        k->conv_backward(r->dweight, r->dbias, with_din ? r->din + (size_t)i * image : NULL,
                         c->dout + (size_t)i * map, c->in + (size_t)i * image, c->weight, s, scratch);
    }
    free(scratch);
}

static struct conv_result conv_run(const struct kernels *k, const struct conv_case *c, int with_din,
                                   int at_once)
{
    struct conv_result r = {.linear = uninitialised(c->n_out),
                            .relu = uninitialised(c->n_out),
                            .dweight = uninitialised(c->n_weight),
                            .dbias = uninitialised(c->k),
                            .din = uninitialised(c->n_in)};
    float *forward = new_scratch(k->conv_scratch(c->shape, 0));
    k->conv_forward(r.linear, c->in, c->weight, c->bias, c->shape, 0, forward);
    k->conv_forward(r.relu, c->in, c->weight, c->bias, c->shape, 1, forward);
    free(forward);
    run_backward(k, c, &r, with_din, at_once);
    return r;
}

static void conv_result_release(struct conv_result *r)
{
    release(r->linear);
    release(r->relu);
    release(r->dweight);
    release(r->dbias);
    release(r->din);
}

/* Sides 1 to 7, padded or not, strides 1 to 3; channels and filters that fill vectors and that do not. */
static const struct conv_shape CONV[] = {
    {1, 3, 3, 1, 1, 3, 0, 1},     {3, 5, 4, 2, 3, 3, 0, 1},     {7, 11, 13, 3, 5, 3, 0, 1},
    {2, 3, 12, 5, 1, 3, 0, 1},    {4, 24, 24, 16, 32, 3, 0, 1}, {2, 50, 50, 1, 32, 3, 0, 1},
    {2, 50, 50, 1, 32, 3, 1, 1},  {3, 50, 50, 1, 16, 3, 1, 1},  {2, 64, 64, 3, 16, 3, 1, 1},
    {3, 9, 10, 4, 32, 3, 1, 1},   {2, 11, 9, 2, 48, 3, 1, 1},   {2, 13, 11, 3, 20, 3, 1, 1},
    {2, 50, 50, 32, 32, 3, 1, 1}, {3, 25, 25, 32, 64, 3, 1, 1}, {2, 12, 12, 64, 128, 3, 1, 1},
    {3, 7, 9, 16, 16, 3, 1, 1},   {2, 6, 6, 128, 64, 3, 1, 1},  {1, 1, 1, 16, 16, 3, 1, 1},
    {2, 2, 5, 32, 16, 3, 1, 1},   {2, 3, 1, 16, 32, 3, 1, 1},   {5, 13, 14, 48, 16, 3, 1, 1},
    {3, 15, 8, 64, 32, 3, 0, 1},  {2, 5, 7, 16, 48, 3, 0, 1},   {2, 9, 8, 32, 16, 3, 2, 1},
    {2, 10, 9, 24, 40, 3, 1, 1},  {2, 9, 12, 8, 8, 3, 1, 1},    {3, 50, 50, 16, 32, 3, 1, 2},
    {2, 25, 25, 32, 64, 3, 1, 2}, {2, 10, 9, 5, 7, 3, 1, 2},    {2, 11, 12, 16, 8, 3, 0, 2},
    {3, 50, 50, 16, 32, 1, 0, 2}, {2, 25, 25, 32, 64, 1, 0, 2}, {2, 7, 8, 5, 3, 1, 0, 2},
    {2, 12, 12, 64, 32, 1, 0, 1}, {2, 7, 5, 3, 9, 1, 0, 1},     {1, 9, 9, 16, 16, 1, 0, 3},
    {2, 14, 14, 3, 16, 5, 2, 1},  {2, 9, 9, 16, 16, 5, 0, 1},   {2, 11, 12, 4, 6, 5, 2, 2},
    {2, 16, 15, 3, 16, 7, 3, 2},  {1, 7, 8, 16, 16, 7, 3, 1},   {1, 2, 3, 2, 2, 5, 4, 2},
    {2, 10, 10, 3, 32, 3, 1, 2},  {3, 8, 8, 16, 16, 3, 1, 3}};

static void check_gradients(const char *where, const struct conv_case *c, const struct conv_result *a,
                            const struct conv_result *expected)
{
    check_close(where, "weight gradient", a->dweight, expected->dweight, c->n_weight);
    check_close(where, "bias gradient", a->dbias, expected->dbias, c->k);
}

static void check_same_bits(const struct conv_case *c, const struct conv_result *a,
                            const struct conv_result *b)
{
    assert_memory_equal(a->linear, b->linear, c->n_out * sizeof(float));
    assert_memory_equal(a->dweight, b->dweight, c->n_weight * sizeof(float));
    assert_memory_equal(a->dbias, b->dbias, c->k * sizeof(float));
    assert_memory_equal(a->din, b->din, c->n_in * sizeof(float));
}

static void check_conv(const struct kernels *k, const struct conv_case *c, const struct conv_result *expected)
{
    struct conv_shape s = c->shape;
    struct conv_result a = conv_run(k, c, 1, s.n), b = conv_run(k, c, 1, s.n), first = conv_run(k, c, 0, s.n),
                       parts = conv_run(k, c, 1, 2);
    char where[128];
    snprintf(where, sizeof where, "%s conv %dx%dx%dx%d to %d, side %d pad %d stride %d (%s)", k->name, s.n,
             s.h, s.w, s.c, s.k, s.side, s.pad, s.stride, k->conv_path(s));
    check_close(where, "output", a.linear, expected->linear, c->n_out);
    check_close(where, "output after ReLU", a.relu, expected->relu, c->n_out);
    check_gradients(where, c, &a, expected);
    check_close(where, "input gradient", a.din, expected->din, c->n_in);
    check_gradients(where, c, &first, expected);
    check_gradients(where, c, &parts, expected);
    assert_memory_equal(a.din, parts.din, c->n_in * sizeof(float));
    check_same_bits(c, &a, &b);
    conv_result_release(&a);
    conv_result_release(&b);
    conv_result_release(&first);
    conv_result_release(&parts);
}

static void test_conv(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CONV / sizeof *CONV; i++) {
        struct conv_case c = conv_case(CONV[i]);
        struct conv_result expected = conv_run(&kernels_reference, &c, 1, c.shape.n);
        for (int t = 0; t < n_tables; t++)
            check_conv(tables[t], &c, &expected);
        conv_result_release(&expected);
        conv_case_release(&c);
    }
}

/* Every image of a batch has the output, to the bit, that it has alone. */
static void check_alone(const struct kernels *k, const struct conv_case *c)
{
    struct conv_result together = conv_run(k, c, 0, c->shape.n);
    size_t n = (size_t)c->shape.n, in = c->n_in / n, out = c->n_out / n;
    for (size_t i = 0; i < n; i++) {
        struct conv_case one = *c;
        one.shape.n = 1;
        one.n_in = in;
        one.n_out = out;
        one.in = c->in + i * in;
        one.dout = c->dout + i * out;
        struct conv_result alone = conv_run(k, &one, 0, 1);
        assert_memory_equal(alone.linear, together.linear + i * out, out * sizeof(float));
        assert_memory_equal(alone.relu, together.relu + i * out, out * sizeof(float));
        conv_result_release(&alone);
    }
    conv_result_release(&together);
}

static void test_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CONV / sizeof *CONV; i++) {
        struct conv_case c = conv_case(CONV[i]);
        for (int t = 0; t < n_tables; t++)
            check_alone(tables[t], &c);
        conv_case_release(&c);
    }
}

/* 3x3 of whole vectors takes Winograd, and nothing sgemm where there are vectors. */
static void test_paths(void **state)
{
    (void)state;
    for (int t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof CONV / sizeof *CONV && tables[t]->peak; i++) {
            struct conv_shape s = CONV[i];
            const char *path = tables[t]->conv_path(s);
            int whole = s.side == 3 && s.stride == 1 && s.c % 16 == 0 && s.k % 16 == 0;
            assert_null(strstr(path, "sgemm"));
            if (whole && s.h >= 6 && s.w >= 6)
                assert_non_null(strstr(path, "winograd"));
            if (s.stride > 1 || s.side != 3)
                assert_null(strstr(path, "winograd"));
        }
}

/* A bad number in the middle image of three, in one of its output gradients, or in a weight. */
static void check_bad(struct conv_shape shape, float bad, int place)
{
    struct conv_case c = conv_case(shape);
    size_t in = c.n_in / 3, out = c.n_out / 3;
    float *const spot[] = {c.in + in + in / 2, c.dout + out + out / 2, c.weight + c.n_weight / 2};
    *spot[place] = bad;
    struct conv_result expected = conv_run(&kernels_reference, &c, 1, c.shape.n);
    for (int t = 0; t < n_tables; t++) {
        struct conv_result a = conv_run(tables[t], &c, 1, c.shape.n);
        if (place != 1)
            check_propagates(tables[t]->name, "output", a.linear, expected.linear, c.n_out);
        if (place == 0) {
            check_finite(tables[t]->name, "output of another image", a.linear, out);
            check_finite(tables[t]->name, "output of another image", a.linear + 2 * out, out);
        }
        if (place != 2)
            check_propagates(tables[t]->name, "weight gradient", a.dweight, expected.dweight, c.n_weight);
        if (place == 1)
            check_propagates(tables[t]->name, "bias gradient", a.dbias, expected.dbias, c.k);
        if (place != 0)
            check_propagates(tables[t]->name, "input gradient", a.din, expected.din, c.n_in);
        conv_result_release(&a);
    }
    conv_result_release(&expected);
    conv_case_release(&c);
}

static void test_propagates(void **state)
{
    static const struct conv_shape shapes[] = {
        {3, 50, 50, 1, 16, 3, 1, 1},  {3, 20, 20, 3, 32, 3, 1, 1},  {3, 25, 25, 32, 32, 3, 1, 1},
        {3, 14, 13, 32, 16, 3, 0, 1}, {3, 25, 25, 16, 32, 3, 1, 2}, {3, 25, 25, 16, 32, 1, 0, 2},
        {3, 9, 9, 3, 5, 5, 2, 1},     {3, 8, 8, 16, 16, 1, 0, 1},   {3, 10, 10, 24, 40, 3, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int place = 0; place < 3; place++) {
            check_bad(shapes[i], nanf(""), place);
            check_bad(shapes[i], HUGE_VALF, place);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_propagates),
    };
    return cmocka_run_group_tests(tests, find_tables, NULL);
}
