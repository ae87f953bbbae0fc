/* Tests and intervals against scipy, and what they must say where that can be known without it. */
#include "stats/ranks.h"
#include "stats/contrast.h"
#include "stats/resample.h"
#include "stats/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_VALUES = 1024 };

static struct err err;

/* The numbers of one `case,kind,name` of the golden file; returns how many there are. */
static int golden(int number, const char *kind, const char *name, double *out)
{
    char line[256], head[64];
    int n = 0, index;
    FILE *file = fopen("tests/golden/statistics.csv", "r");
    assert_non_null(file);
    snprintf(head, sizeof head, "%d,%s,%s,", number, kind, name);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, head, strlen(head)) == 0) {
            assert_int_equal(sscanf(line + strlen(head), "%d,%lf", &index, &out[n]), 2);
            assert_int_equal(index, n++);
        }
    fclose(file);
    return n;
}

static double worst;
static int compared;

static void check(double ours, double theirs, const char *name, int number)
{
    double d = fabs(ours - theirs) / fmax(1, fabs(theirs));
    if (!(d <= 1e-9))
        fail_msg("case %d: %s is %.15g, scipy says %.15g", number, name, ours, theirs);
    worst = fmax(worst, d);
    compared++;
}

static void check_test(struct stats_test test, const char *name, int number)
{
    double expected[3];
    if (golden(number, "out", name, expected) == 0)
        return;
    check(test.low, expected[0], name, number);
    check(test.high, expected[1], name, number);
    check(test.p, expected[2], name, number);
}

static void check_pairs(int number)
{
    double x[MAX_VALUES], y[MAX_VALUES], expected[MAX_VALUES], p;
    int n = golden(number, "in", "x", x), m = golden(number, "in", "y", y);
    if (n == 0)
        return;
    check_test(stats_corrected_t(x, n, 0.25, 0.95), "corrected_t", number);
    if (golden(number, "out", "corrected_t", expected)) { /* tests/web/stats.mjs holds the page to the same */
        struct stats_summary s = stats_of_splits(x, n, 0.25, 0.95);
        check(s.low, expected[0], "of_splits", number);
        check(s.high, expected[1], "of_splits", number);
    }
    check_test(stats_welch(x, n, y, m, 0.95), "welch", number);
    if (golden(number, "out", "sign_flip", expected))
        check(resample_sign_flip(x, n, 0), expected[0], "sign_flip", number);
    if (golden(number, "out", "wilcoxon", expected)) {
        assert_int_equal(ranks_wilcoxon(x, n, 0, &p, &err), 0);
        check(p, expected[0], "wilcoxon", number);
    }
}

static void check_holm(int number)
{
    double p[MAX_VALUES], expected[MAX_VALUES], adjusted[MAX_VALUES], scratch[2 * MAX_VALUES];
    int n = golden(number, "in", "p", p);
    golden(number, "out", "holm", expected);
    stats_holm(p, n, adjusted, scratch);
    for (int i = 0; i < n; i++)
        check(adjusted[i], expected[i], "holm", number);
}

static void check_bca(int number)
{
    double x[MAX_VALUES], replicate[MAX_VALUES], expected[2], leave_out[MAX_VALUES], sum = 0, low, high;
    int n = golden(number, "in", "x", x), b = golden(number, "in", "replicate", replicate);
    if (b == 0)
        return;
    golden(number, "out", "bca", expected);
    for (int i = 0; i < n; i++)
        sum += x[i];
    for (int i = 0; i < n; i++)
        leave_out[i] = (sum - x[i]) / (n - 1);
    resample_bca_interval(sum / n, replicate, b, leave_out, n, 0, 0.95, &low, &high);
    check(low, expected[0], "bca", number);
    check(high, expected[1], "bca", number);
}

static void check_friedman(int number)
{
    double table[MAX_VALUES], k, rank[20], expected[4], expected_rank[20];
    struct ranks_friedman f;
    int n = golden(number, "in", "table", table);
    if (n == 0)
        return;
    golden(number, "in", "k", &k);
    golden(number, "out", "friedman", expected);
    golden(number, "out", "average_rank", expected_rank);
    assert_int_equal(ranks_friedman(table, n / (int)k, (int)k, rank, &f, &err), 0);
    check(f.chi2, expected[0], "friedman chi2", number);
    check(f.p, expected[1], "friedman p", number);
    check(f.f, expected[2], "friedman F", number);
    check(f.p_f, expected[3], "friedman p of F", number);
    for (int s = 0; s < (int)k; s++)
        check(rank[s], expected_rank[s], "average rank", number);
}

static void tests_are_those_of_scipy(void **state)
{
    (void)state;
    for (int number = 0; number < 30; number++) {
        check_pairs(number);
        check_holm(number);
        check_bca(number);
        check_friedman(number);
    }
    assert_true(compared > 200);
    printf("worst difference of %d p values, intervals and ranks from scipy: %.2g\n", compared, worst);
}

/* Our table has six decimals. */
static void nemenyi_is_the_studentized_range(void **state)
{
    (void)state;
    double expected[20], furthest = 0;
    assert_int_equal(golden(23, "out", "nemenyi", expected), 19);
    for (int k = 2; k <= 20; k++)
        furthest = fmax(furthest, fabs(ranks_nemenyi(k, 10) - expected[k - 2]));
    assert_true(furthest < 2e-6);
    printf("worst difference of Nemenyi's critical differences from scipy: %.2g\n", furthest);
    assert_true(isnan(ranks_nemenyi(1, 10)) && isnan(ranks_nemenyi(21, 10)) && isnan(ranks_nemenyi(3, 0)));
}

static void few_pairs_cannot_reach_a_small_p(void **state)
{
    (void)state;
    double d[6] = {1, 2, 3, 4, 5, 6};
    for (int n = 1; n <= 6; n++)
        assert_true(resample_sign_flip(d, n, 0) == resample_smallest_p(n));
    assert_true(resample_smallest_p(4) == 0.125);
    assert_true(isnan(resample_sign_flip(d, 0, 0)));
}

/* Differences of single precision numbers are equal up to rounding: patterns that tie must count. */
static void rounding_does_not_break_ties(void **state)
{
    (void)state;
    double d[8];
    const double slack = 4 * 0x1p-24 * 0.8; /* two differences, each of two values of 0.8 at most */
    for (int i = 0; i < 8; i++)
        d[i] = (double)((float)(0.1 * (i + 1)) - (float)(0.1 * i));
    assert_true(resample_sign_flip(d, 8, slack) == 2.0 / 256);
    d[0] = -d[0]; /* 1 + 8 patterns of each sign are as far from 0 */
    assert_true(resample_sign_flip(d, 8, slack) == 18.0 / 256);
    double p, q;
    const double equal[8] = {-1, 1, 1, 1, 1, 1, 1, 1};
    assert_int_equal(ranks_wilcoxon(d, 8, slack, &p, &err), 0);
    assert_int_equal(ranks_wilcoxon(equal, 8, 0, &q, &err), 0);
    assert_true(fabs(p - q) < 1e-12);
}

/* Replicates that are equal to the estimate count one half below it, on whichever side rounding has put
 * them. */
static void rounding_does_not_move_the_bootstrap(void **state)
{
    (void)state;
    const double leave_out[] = {-1, 0, 1}, off[] = {0, -1e-8, 1e-8};
    double low[3], high[3], replicate[1000];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 1000; i++)
            replicate[i] = i % 5 ? (i - 499.5) / 1000 : off[k];
        resample_bca_interval(0, replicate, 1000, leave_out, 3, 1e-7, 0.95, &low[k], &high[k]);
        assert_true(fabs(low[k] - low[0]) < 1e-6 && fabs(high[k] - high[0]) < 1e-6);
    }
}

/* 25 pairs are flipped at random: close to the exact p of the t-like distribution, and the same every
 * time. */
static void many_pairs_are_flipped_at_random(void **state)
{
    (void)state;
    double d[25], p;
    for (int i = 0; i < 25; i++)
        d[i] = i % 5 < 3 ? 1 : -1; /* 15 against 10: binomial, P(|sum| >= 5) */
    p = resample_sign_flip(d, 25, 0);
    assert_true(fabs(p - 0.42435622) < 0.01);
    assert_true(p == resample_sign_flip(d, 25, 0));
}

static void random_flips_are_fair_beyond_32_pairs(void **state)
{
    (void)state;
    double d[40] = {0};
    for (int i = 34; i < 40; i++)
        d[i] = 1; /* only pairs of the second word differ: exactly 2/64 */
    assert_true(fabs(resample_sign_flip(d, 40, 0) - 0.03125) < 0.003);
}

/* Of a skewed sample the interval leans the way of the tail; the exact bootstrap of 3
 * values can be enumerated. */
static void bootstrap_is_that_of_the_sample(void **state)
{
    (void)state;
    const double x[] = {1, 1.2, 0.9, 1.1, 1.3, 0.8, 1.05, 1.15, 0.95, 3};
    const double same[] = {0.5, 0.5, 0.5};
    double low, high, again, other;
    assert_int_equal(resample_bca(x, 10, 0, 0.95, &low, &high, &err), 0);
    assert_int_equal(resample_bca(x, 10, 0, 0.95, &again, &other, &err), 0);
    assert_true(low == again && high == other);
    assert_true(high - 1.245 > 1.5 * (1.245 - low) && low > 1 && high < 2.4);
    assert_int_equal(resample_bca(same, 3, 0, 0.95, &low, &high, &err), 0);
    assert_true(fabs(low - 0.5) < 1e-12 && fabs(high - 0.5) < 1e-12);
    assert_int_equal(resample_bca(x, 1, 0, 0.95, &low, &high, &err), 0);
    assert_true(isnan(low) && isnan(high));
}

/* The correction widens: with ratio 0 it is the plain paired t-test. */
static void overlapping_folds_widen_the_interval(void **state)
{
    (void)state;
    const double d[] = {1, 2, 3, 4};
    struct stats_summary plain = stats_summarise(d, 4, 0.95);
    struct stats_test free_of = stats_corrected_t(d, 4, 0, 0.95), folds = stats_corrected_t(d, 4, 0.25, 0.95);
    assert_true(fabs(free_of.low - plain.low) < 1e-12);
    assert_true(fabs((folds.high - folds.low) / (plain.high - plain.low) - sqrt(2)) < 1e-12);
}

static void no_spread_is_no_evidence(void **state)
{
    (void)state;
    const double ones[] = {1, 1, 1}, zeros[] = {0, 0, 0}, one[] = {1};
    double p;
    assert_true(isnan(stats_corrected_t(ones, 3, 0.25, 0.95).p));
    assert_true(stats_corrected_t(zeros, 3, 0.25, 0.95).p == 1);
    assert_true(isnan(stats_corrected_t(one, 1, 0.25, 0.95).p));
    assert_true(isnan(stats_welch(one, 1, ones, 3, 0.95).low));
    assert_true(resample_sign_flip(zeros, 3, 0) == 1);
    assert_int_equal(ranks_wilcoxon(zeros, 3, 0, &p, &err), 0);
    assert_true(isnan(p));
}

/* Ranks of ties are shared, and the distribution is that of these ranks: five equal differences reach
 * 2 / 2^5 and no less. */
static void wilcoxon_is_exact_with_ties(void **state)
{
    (void)state;
    const double equal[] = {1, 1, 1, 1, 1}, mixed[] = {1, 1, 2, -1, 3};
    double p;
    assert_int_equal(ranks_wilcoxon(equal, 5, 0, &p, &err), 0);
    assert_true(p == 0.0625);
    assert_int_equal(ranks_wilcoxon(mixed, 5, 0, &p, &err),
                     0); /* ranks 2 2 4 -2 5: 13 of 15 or more in 4 of 32 */
    assert_true(p == 0.25);
}

/* All data sets agree: Iman and Davenport's F is infinite, and p that of chi-square.
 * All tied: nothing differs. */
static void ranks_of_one_mind_have_a_p(void **state)
{
    (void)state;
    const double agree[] = {3, 2, 1, 6, 5, 4, 9, 8, 7, 3, 2, 1, 3, 2, 1}, tied[] = {1, 1, 1, 2, 2, 2};
    double rank[3];
    struct ranks_friedman f;
    assert_int_equal(ranks_friedman(agree, 5, 3, rank, &f, &err), 0);
    assert_true(isinf(f.f) && f.f > 0);
    assert_true(fabs(f.chi2 - 10) < 1e-12 && fabs(f.p - exp(-5)) < 1e-12);
    assert_true(f.p_f == f.p);
    assert_int_equal(ranks_friedman(tied, 2, 3, rank, &f, &err), 0);
    assert_true(f.chi2 == 0 && f.p == 1 && f.p_f == 1);
}

static void holm_leaves_out_what_is_undefined(void **state)
{
    (void)state;
    const double p[] = {0.01, nan(""), 0.04, 0.03};
    double a[4], scratch[8];
    stats_holm(p, 4, a, scratch);
    assert_true(fabs(a[0] - 0.03) < 1e-15 && isnan(a[1]) && fabs(a[2] - 0.06) < 1e-15 && a[3] == a[2]);
}

static void differences_stay_in_the_range_of_their_metric(void **state)
{
    (void)state;
    struct contrast share = {.n = 2, .mean = -0.3, .low = -2.3, .high = 1.7}, mcc = share, loss = share;
    contrast_within(&share, "balanced_accuracy");
    assert_true(share.low == -1 && share.high == 1 && share.mean == -0.3);
    contrast_within(&mcc, "mcc");
    assert_true(mcc.low == -2 && mcc.high == 1.7);
    contrast_within(&loss, "loss");
    assert_true(loss.low == -2.3 && loss.high == 1.7);
}

/* A share that is compared with 0.25 is at most 0.75 above it, stored ones, too; a loss is at
 * most 0.25 below it. */
static void differences_from_a_number_stay_in_the_range_of_their_metric(void **state)
{
    (void)state;
    struct contrast share = {.n = 2, .mean = -0.3, .low = -2.3, .high = 1.7}, stored = share, loss = share;
    contrast_within_of(&share, "balanced_accuracy", 0.25);
    assert_true(share.low == -0.25 && share.high == 0.75);
    contrast_within_of(&stored, "balanced_accuracy_as_published", 0.25);
    assert_true(stored.low == -0.25 && stored.high == 0.75);
    contrast_within_of(&loss, "loss", 0.25);
    assert_true(loss.low == -0.25 && loss.high == 1.7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_stay_in_the_range_of_their_metric),
        cmocka_unit_test(differences_from_a_number_stay_in_the_range_of_their_metric),
        cmocka_unit_test(tests_are_those_of_scipy),
        cmocka_unit_test(nemenyi_is_the_studentized_range),
        cmocka_unit_test(few_pairs_cannot_reach_a_small_p),
        cmocka_unit_test(rounding_does_not_break_ties),
        cmocka_unit_test(rounding_does_not_move_the_bootstrap),
        cmocka_unit_test(many_pairs_are_flipped_at_random),
        cmocka_unit_test(random_flips_are_fair_beyond_32_pairs),
        cmocka_unit_test(bootstrap_is_that_of_the_sample),
        cmocka_unit_test(overlapping_folds_widen_the_interval),
        cmocka_unit_test(no_spread_is_no_evidence),
        cmocka_unit_test(wilcoxon_is_exact_with_ties),
        cmocka_unit_test(ranks_of_one_mind_have_a_p),
        cmocka_unit_test(holm_leaves_out_what_is_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
