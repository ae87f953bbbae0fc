#include "stats/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-9 * fmax(1, fabs(expected))))
        fail_msg("%.12g is not %.12g", x, expected);
}

/* Tabulated quantiles, 12 digits (any statistics text; R's qt()). */
static void t_quantiles_are_the_tabulated_ones(void **state)
{
    (void)state;
    assert_near(stats_t_quantile(0.975, 1), 12.7062047361747);
    assert_near(stats_t_quantile(0.975, 2), 4.30265272974946);
    assert_near(stats_t_quantile(0.975, 4), 2.77644510519779);
    assert_near(stats_t_quantile(0.975, 9), 2.26215716279820);
    assert_near(stats_t_quantile(0.975, 30), 2.04227245630124);
    assert_near(stats_t_quantile(0.95, 5), 2.01504837333302);
    assert_near(stats_t_quantile(0.025, 9), -2.26215716279820);
    assert_near(stats_t_quantile(0.5, 3), 0);
}

static void t_quantile_of_nonsense_is_nan(void **state)
{
    (void)state;
    assert_true(isnan(stats_t_quantile(0, 3)));
    assert_true(isnan(stats_t_quantile(1, 3)));
    assert_true(isnan(stats_t_quantile(nan(""), 3)));
    assert_true(isnan(stats_t_quantile(0.9, 0)));
    assert_true(isnan(stats_t_quantile(0.9, nan(""))));
}

/* 1 and 3 of one, 5 alone, nothing of one, 7 and nothing of one: NaN counts for nobody. */
static void runs_of_one_split_are_one_value(void **state)
{
    double x[] = {1, 5, nan(""), 3, nan(""), 7, nan("")}, y[] = {4, 2};
    static const int first[] = {0, 1, 2, 0, 4, 4, 2};
    int count[7];
    (void)state;
    assert_int_equal(stats_pool(x, first, 7, count), 4);
    assert_near(x[0], 2);
    assert_near(x[1], 5);
    assert_true(isnan(x[2]));
    assert_near(x[3], 7);
    assert_int_equal(stats_pool(y, NULL, 2, count), 2);
    assert_near(y[0], 4);
}

/* Mean 5, squared distances sum to 32, 7 degrees of freedom. */
static void summary_of_eight_numbers(void **state)
{
    (void)state;
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct stats_summary s = stats_summarise(x, 8, 0.95);
    double half = 2.36462425159278 * sqrt(32.0 / 7) / sqrt(8);
    assert_int_equal(s.n, 8);
    assert_near(s.mean, 5);
    assert_near(s.sd, sqrt(32.0 / 7));
    assert_near(s.low, 5 - half);
    assert_near(s.high, 5 + half);
}

static void wider_level_gives_a_wider_interval(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6};
    struct stats_summary s = stats_summarise(x, 6, 0.90);
    assert_near((s.high - s.low) / 2, 2.01504837333302 * sqrt(3.5) / sqrt(6));
}

static void nan_values_are_left_out(void **state)
{
    (void)state;
    const double x[] = {nan(""), 1, nan(""), 3};
    struct stats_summary s = stats_summarise(x, 4, 0.95);
    assert_int_equal(s.n, 2);
    assert_near(s.mean, 2);
    assert_near(s.sd, sqrt(2));
}

static void one_or_no_value_has_no_interval(void **state)
{
    (void)state;
    const double x[] = {7, nan("")};
    struct stats_summary one = stats_summarise(x, 2, 0.95), none = stats_summarise(x + 1, 1, 0.95);
    assert_int_equal(one.n, 1);
    assert_near(one.mean, 7);
    assert_true(isnan(one.sd) && isnan(one.low) && isnan(one.high));
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.mean));
}

static void infinite_values_are_not_hidden(void **state)
{
    (void)state;
    const double x[] = {1, (double)INFINITY, 2};
    struct stats_summary s = stats_summarise(x, 3, 0.95);
    assert_int_equal(s.n, 3);
    assert_true(isinf(s.mean));
}

static void large_offsets_do_not_cancel(void **state)
{
    (void)state;
    const double x[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
    assert_near(stats_summarise(x, 3, 0.95).sd, 1);
}

/* Five folds: n_test / n_train is 1/4, so the interval is sqrt(1/5 + 1/4) / sqrt(1/5) = 1.5 times as wide. */
static void shared_images_widen_the_interval(void **state)
{
    (void)state;
    const double x[] = {0.7, 0.8, 0.75, 0.9, 0.65};
    struct stats_summary plain = stats_summarise(x, 5, 0.95), folds = stats_of_splits(x, 5, 0.25, 0.95);
    struct stats_test test = stats_corrected_t(x, 5, 0.25, 0.95);
    assert_near(folds.mean, plain.mean);
    assert_near(folds.sd, plain.sd);
    assert_near((folds.high - folds.low) / (plain.high - plain.low), 1.5);
    assert_near(folds.low, test.low);
    assert_near(folds.high, test.high);
    assert_near(stats_of_splits(x, 5, nan(""), 0.95).low, plain.low);
}

static void expect_text(struct stats_summary s, const char *expected)
{
    char text[64];
    stats_text(text, sizeof text, &s);
    assert_string_equal(text, expected);
}

static void counts_are_written_out(void **state)
{
    static const struct {
        double mean;
        const char *text;
    } row[] = {{1170, "1170"}, {8.6667, "8.7"}, {0, "0"}, {12345678, "12345678"}, {0.04, "0"}, {9.96, "10"}};
    char text[32];
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        stats_count_text(text, sizeof text, row[i].mean);
        assert_string_equal(text, row[i].text);
    }
    stats_count_text(text, sizeof text, nan(""));
    assert_string_equal(text, "-");
}

static void no_interval_leaves_the_range(void **state)
{
    (void)state;
    const double x[] = {1, 0.833, 1}, equal[] = {1, 1, 1};
    struct stats_summary s = stats_summarise(x, 3, 0.95), cut = stats_within(s, 0, 1);
    assert_true(s.high > 1 && s.low > 0);
    assert_near(cut.high, 1);
    assert_near(cut.low, s.low);
    assert_near(cut.mean, s.mean);
    assert_near(stats_within(s, 0.95, 2).low, 0.95);
    expect_text(cut, "0.944 (0.705 to 1.000)");
    expect_text(stats_summarise(x, 3, 0.95), "0.944 ± 0.240");
    expect_text(stats_within(stats_summarise(equal, 3, 0.95), 0, 1), "1.000 ± 0.000");
    expect_text(stats_within(stats_summarise(x, 1, 0.95), 0, 1), "1.000");
    expect_text(stats_summarise(x, 0, 0.95), "-");
}

static void accuracies_are_those_of_the_matrix(void **state)
{
    (void)state;
    const int two[] = {90, 4, 7, 0};                 /* all said to be the first class, almost */
    const int three[] = {5, 5, 0, 0, 0, 0, 1, 0, 3}; /* no image of the second */
    const int unused[] = {3, 1, -1, 2, 2, -1, -1, -1, -1};
    const int empty[] = {0, 0, 0, 0};
    assert_near(stats_balanced_accuracy(two, 2), 90.0 / 94 / 2);
    assert_near(stats_balanced_accuracy(three, 3), (0.5 + 0.75) / 2);
    assert_near(stats_balanced_accuracy(unused, 3), (0.75 + 0.5) / 2);
    assert_true(isnan(stats_balanced_accuracy(empty, 2)));
    assert_near(stats_accuracy(two, 2), 90.0 / 101);
    assert_near(stats_accuracy(three, 3), 8.0 / 14);
    assert_near(stats_accuracy(unused, 3), 5.0 / 8);
    assert_true(isnan(stats_accuracy(empty, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(t_quantiles_are_the_tabulated_ones),
                                       cmocka_unit_test(t_quantile_of_nonsense_is_nan),
                                       cmocka_unit_test(runs_of_one_split_are_one_value),
                                       cmocka_unit_test(summary_of_eight_numbers),
                                       cmocka_unit_test(wider_level_gives_a_wider_interval),
                                       cmocka_unit_test(nan_values_are_left_out),
                                       cmocka_unit_test(one_or_no_value_has_no_interval),
                                       cmocka_unit_test(infinite_values_are_not_hidden),
                                       cmocka_unit_test(large_offsets_do_not_cancel),
                                       cmocka_unit_test(shared_images_widen_the_interval),
                                       cmocka_unit_test(no_interval_leaves_the_range),
                                       cmocka_unit_test(counts_are_written_out),
                                       cmocka_unit_test(accuracies_are_those_of_the_matrix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
