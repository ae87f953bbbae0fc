/* Which draws are the same, and how far those that are not overlap. */
#include "draws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

static struct draws_summary summary;
static struct draws draws;

static void add(int seed, int repeat, int a, int b, int c)
{
    const int image[] = {a, b, c};
    assert_int_equal(draws_add(&draws, seed, repeat, image, 3, NULL), 0);
}

static void summarise(void)
{
    assert_int_equal(draws_summarise(&draws, &summary, NULL), 0);
    draws_release(&draws);
}

static void sets_count_in_any_order(void **state)
{
    (void)state;
    add(1, 0, 1, 2, 3);
    add(2, 0, 3, 1, 2);
    summarise();
    assert_int_equal(summary.drawn, 2);
    assert_int_equal(summary.distinct, 1);
    assert_true(fabs(summary.overlap - 1) < 1e-12);
    assert_true(draws_are_few(&summary) && draws_are_one(&summary));
}

static void overlap_is_a_mean_of_jaccard_indices(void **state)
{
    (void)state;
    add(1, 0, 1, 2, 3);
    add(2, 0, 2, 3, 4); /* 2 of 4 with the first */
    add(3, 0, 4, 5, 6); /* 0 of 6, 1 of 5 */
    summarise();
    assert_int_equal(summary.distinct, 3);
    assert_true(fabs(summary.overlap - (0.5 + 0 + 0.2) / 3) < 1e-12);
    assert_false(draws_are_few(&summary));
    add(1, 0, 1, 2, 3);
    add(2, 0, 1, 2, 3);
    add(3, 0, 4, 5, 6);
    summarise();
    assert_int_equal(summary.distinct, 2);
    assert_true(draws_are_few(&summary) && !draws_are_one(&summary));
}

/* Folds in another order are the same partition; a draw without all its folds is none yet. */
static void folds_make_a_partition(void **state)
{
    (void)state;
    add(1, 0, 1, 2, 3);
    add(1, 0, 4, 5, 6);
    add(1, 1, 6, 5, 4);
    add(1, 1, 3, 2, 1);
    add(2, 0, 1, 2, 4);
    add(2, 0, 3, 5, 6);
    add(2, 1, 1, 2, 3);
    summarise();
    assert_int_equal(summary.n_sets, 2);
    assert_int_equal(summary.drawn, 3);
    assert_int_equal(summary.distinct, 2);
    assert_true(fabs(summary.overlap - (1 + 0.5 + 0.5) / 3) < 1e-12);
}

static void one_draw_has_no_overlap(void **state)
{
    (void)state;
    add(1, 0, 1, 1, 3);
    summarise();
    assert_true(summary.drawn == 1 && summary.distinct == 1 && isnan(summary.overlap));
    assert_true(summary.least == 2 && summary.most == 2);
    assert_false(draws_are_few(&summary) || draws_are_one(&summary));
    summarise();
    assert_true(summary.drawn == 0 && isnan(summary.overlap));
}

/* Beyond those that are compared image by image all are counted. */
static void many_draws_are_counted(void **state)
{
    (void)state;
    for (int seed = 0; seed < 1000; seed++)
        add(seed, 0, seed / 2, 5000, 6000);
    summarise();
    assert_int_equal(summary.drawn, 1000);
    assert_int_equal(summary.distinct, 500);
    double pairs = DRAWS_COMPARED * (DRAWS_COMPARED - 1) / 2.0, same = DRAWS_COMPARED / 2.0;
    assert_true(fabs(summary.overlap - (same + 0.5 * (pairs - same)) / pairs) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_count_in_any_order), cmocka_unit_test(overlap_is_a_mean_of_jaccard_indices),
        cmocka_unit_test(folds_make_a_partition),  cmocka_unit_test(one_draw_has_no_overlap),
        cmocka_unit_test(many_draws_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
