/* JSON as text: byte for byte what jansson writes, whatever the number. */
#include "write/json_text.h"

#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void assert_same_text(json_t *value)
{
    size_t n;
    char *own = json_text(value, &n),
         *other = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY);
    assert_non_null(own);
    assert_string_equal(own, other);
    assert_int_equal(n, strlen(other));
    free(own);
    free(other);
    json_decref(value);
}

static void assert_same_print(double x, int digits)
{
    char own[NUMBER_TEXT_SIZE], other[64];
    size_t n = number_text(own, x, digits);
    snprintf(other, sizeof other, "%.*g", digits, x);
    assert_string_equal(own, other);
    assert_int_equal(n, strlen(other));
}

static void assert_same_number(double x)
{
    for (int digits = 1; digits <= NUMBER_TEXT_MOST_DIGITS; digits++) {
        assert_same_print(x, digits);
        assert_same_print(-x, digits);
    }
    assert_same_text(json_real(x));
    assert_same_text(json_real(-x));
}

/* On either side of what rounds to another digit, or has another exponent. */
static void numbers_at_an_edge_are_the_same(void **state)
{
    static const double edge[] = {0,
                                  1,
                                  0.5,
                                  1e-4,
                                  9.99999999999e-5,
                                  9.999999999995e-5,
                                  0.1,
                                  1e-5,
                                  1e-7,
                                  5e-324,
                                  1.7976931348623157e308,
                                  1e10,
                                  1e11,
                                  1e12,
                                  1e15,
                                  99999999999.25,
                                  99999999999.75,
                                  12345678.00005,
                                  0.00012345678901250,
                                  1234567890.125,
                                  999999999999.5,
                                  2.5e-300};
    (void)state;
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        assert_same_number(edge[i]);
        assert_same_number(nextafter(edge[i], 0));
        assert_same_number(
            isfinite(nextafter(edge[i], (double)INFINITY)) ? nextafter(edge[i], (double)INFINITY) : 1);
    }
    for (int e = -20; e <= 20; e++)
        for (int k = 1; k < 1000; k += 7)
            assert_same_number(k * pow(10, e));
}

/* Halves of the last of 12 digits, which a product that is rounded cannot tell from less or more. */
static void halves_are_the_same(void **state)
{
    struct rng rng = rng_start(rng_key("halves", "", 0), 0);
    (void)state;
    for (int i = 0; i < 4000; i++) {
        double twelve = floor(rng_between(&rng, 1e11, 1e12)) + 0.5,
               power = pow(10, (double)rng_below(&rng, 15) + 1);
        assert_same_number(twelve / power);
        assert_same_number(nextafter(twelve / power, 0));
    }
}

static void numbers_are_the_same(void **state)
{
    struct rng rng = rng_start(rng_key("numbers", "", 0), 0);
    (void)state;
    for (int i = 0; i < 8000; i++) {
        double x = rng_uniform(&rng);
        assert_same_number(x);
        assert_same_number((double)(float)x);
        assert_same_number(x * pow(10, rng_between(&rng, -12, 18)));
        assert_same_number(floor(x * 1e6) / 1e3);
    }
}

static void values_are_the_same(void **state)
{
    char all[256];
    (void)state;
    for (int c = 1; c < 128; c++)
        all[c - 1] = (char)c;
    all[127] = '\0';
    assert_same_text(json_string(all));
    assert_same_text(json_stringn("a\0b", 3));
    assert_same_text(json_string("Zellen, größer: \xe2\x89\xa5 \xf0\x9f\x94\xac"));
    assert_same_text(json_integer(0));
    assert_same_text(json_integer(INT64_MIN));
    assert_same_text(json_integer(INT64_MAX));
    assert_same_text(json_pack("{s:[i,f,n,b,b], s:{}, s:[], s:{s:[[],[s]]}, s:s}", "a", -3, 0.25, 1, 0, "b",
                               "c", "\"d\"", "e", "f\n", "", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_at_an_edge_are_the_same),
        cmocka_unit_test(halves_are_the_same),
        cmocka_unit_test(numbers_are_the_same),
        cmocka_unit_test(values_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
