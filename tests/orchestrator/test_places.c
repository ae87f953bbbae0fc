/* Sets of places against an array. */
#include "run/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static unsigned dice_state = 1;

static int dice(int sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (int)((dice_state >> 8) % (unsigned)sides);
}

static int plain_next(const char *has, int n, int i)
{
    while (i < n && !has[i])
        i++;
    return i;
}

static void like_an_array(int n)
{
    struct places set;
    char *has = calloc((size_t)n + 1, 1);
    assert_non_null(has);
    assert_int_equal(places_new(&set, n, NULL), 0);
    assert_int_equal(places_next(&set, 0), n);
    for (int step = 0; step < 3000; step++) {
        int i = dice(n), from = dice(n + 1);
        has[i] = dice(3) == 0;
        if (has[i])
            places_add(&set, i);
        else
            places_remove(&set, i);
        assert_int_equal(places_has(&set, i), has[i]);
        assert_int_equal(places_next(&set, from), plain_next(has, n, from));
    }
    places_free(&set);
    free(has);
}

static void the_first_one_from_any_place_is_found(void **state)
{
    static const int sizes[] = {1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 262143, 262144, 262145};
    (void)state;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        like_an_array(sizes[k]);
}

/* Full, then emptied from the front. */
static void a_million_places(void **state)
{
    enum { N = 1000000 };
    struct places set;
    (void)state;
    assert_int_equal(places_new(&set, N, NULL), 0);
    for (int i = 0; i < N; i++)
        places_add(&set, i);
    for (int i = 0; i < N; i++) {
        assert_int_equal(places_next(&set, i / 2), i);
        places_remove(&set, i);
    }
    assert_int_equal(places_next(&set, 0), N);
    places_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_from_any_place_is_found),
        cmocka_unit_test(a_million_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
