#include "base/arrays.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 100 };

/* What one list of two arrays is made of. */
struct example {
    float weight[6];
    int64_t steps;
    struct arrays arrays;
};

static void make(struct example *e, const char *prefix, float value)
{
    const size_t matrix[] = {2, 3, 0}, one[] = {1, 0};
    memset(e, 0, sizeof *e);
    for (int i = 0; i < 6; i++)
        e->weight[i] = value + (float)i;
    e->steps = (int64_t)value;
    snprintf(e->arrays.prefix, sizeof e->arrays.prefix, "%s", prefix);
    arrays_add(&e->arrays, "weight", ARRAY_F32, matrix, e->weight);
    arrays_add(&e->arrays, "steps", ARRAY_I64, one, &e->steps);
}

static void arrays_are_found_by_name(void **state)
{
    static unsigned char bytes[MANY];
    struct arrays arrays = {0};
    char name[8];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        const size_t dim[] = {i + 1, 0};
        snprintf(name, sizeof name, "a%zu", i);
        arrays_add(&arrays, name, ARRAY_U8, dim, bytes);
    }
    assert_int_equal(arrays_check(&arrays, NULL), 0);
    assert_int_equal(arrays.n, MANY);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "a%zu", i);
        assert_int_equal(array_bytes(arrays_find(&arrays, name)), i + 1);
    }
    assert_null(arrays_find(&arrays, "a"));
    assert_int_equal(arrays_bytes(&arrays), 4 * 4 * 25 * 26 / 2); /* 1 to 100, each up to a multiple of 4 */
    arrays_clear(&arrays);
    assert_true(arrays.n == 0 && arrays.room >= MANY);
    arrays_free(&arrays);
}

static void values_are_copied_by_name(void **state)
{
    struct example a, b;
    (void)state;
    make(&a, "member1.", 1);
    make(&b, "member1.", 7);
    assert_int_equal(arrays_bytes(&a.arrays), 6 * 4 + 8);
    assert_int_equal(arrays_copy(&a.arrays, &b.arrays, NULL), 0);
    assert_memory_equal(a.weight, b.weight, sizeof a.weight);
    assert_int_equal(a.steps, 7);
    arrays_free(&a.arrays);
    arrays_free(&b.arrays);
}

/* One of another name, type or shape: told, and nothing is copied, not even what comes before it. */
static void what_differs_is_told(void **state)
{
    struct example a, b;
    struct err err = {0};
    (void)state;
    for (int how = 0; how < 4; how++) {
        make(&a, "", 1);
        make(&b, how == 0 ? "member0." : "", 7);
        struct array *steps = &b.arrays.item[1];
        if (how == 1)
            steps->type = ARRAY_F32;
        if (how == 2)
            steps->dim[0] = 2;
        if (how == 3)
            steps->name[0] = 'S';
        assert_int_equal(arrays_copy(&a.arrays, &b.arrays, &err), E_USAGE);
        assert_non_null(strstr(err.text, how == 0 ? "weight is not there" : "int64 steps is"));
        assert_true(a.weight[0] > 0.5f && a.weight[0] < 1.5f && a.steps == 1);
        arrays_free(&a.arrays);
        arrays_free(&b.arrays);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_found_by_name),
        cmocka_unit_test(values_are_copied_by_name),
        cmocka_unit_test(what_differs_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
