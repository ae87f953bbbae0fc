/* What thresholds give, and what calibration costs: by hand, and beside the scores of the same jobs. */
#include "stats/cuts.h"

#include "figures/costs_page.h"
#include "figures/pagename.h"
#include "stats/trust.h"
#include "support/judged_job.h"
#include "support/scratch.h"
#include "support/small_store.h"
#include "support/store_fixture.h"
#include "tables/cuts_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { TEXT = 65536 };

static struct err err;

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-9))
        fail_msg("%.15g is not %.15g", x, expected);
}

static double at(const double *value, int which, int k)
{
    return value[which * CUTS_POINTS + k];
}

/* ---- one set ---- */

static void a_small_set_by_hand(void **state)
{
    const float probs[] = {0.75f, 0.25f, 0.5f, 0.5f, 0.25f, 0.75f, 0.0f, 1.0f, 0.75f, 0.25f};
    const int label[] = {0, 0, 1, 1, 1};
    double value[N_CUT_VALUES * CUTS_POINTS];
    (void)state;
    cuts_of_set(&(struct scores_input){5, 2, 2, probs, label, 1}, value);
    assert_near(at(value, CUT_TP, 0), 3); /* every probability is above 0 */
    assert_near(at(value, CUT_FP, 0), 2);
    assert_near(at(value, CUT_TP, 24), 3);
    assert_near(at(value, CUT_TP, 25), 2); /* 0.25 is not above 0.25 */
    assert_near(at(value, CUT_FP, 25), 1);
    assert_near(at(value, CUT_FP, 49), 1);
    assert_near(at(value, CUT_FP, 50), 0); /* equal probabilities are of the first class */
    assert_near(at(value, CUT_SENSITIVITY, 50), 2 / 3.0);
    assert_near(at(value, CUT_SPECIFICITY, 50), 1);
    assert_near(at(value, CUT_PRECISION, 25), 2 / 3.0);
    assert_near(at(value, CUT_F1, 25), 4 / 6.0);
    assert_near(at(value, CUT_FN, 50), 1);
    assert_near(at(value, CUT_TN, 50), 2);
    assert_near(at(value, CUT_TP, 99), 1);
    assert_near(at(value, CUT_TP, 100), 0); /* nothing is above 1 */
    assert_true(isnan(at(value, CUT_PRECISION, 100)));
    assert_near(at(value, CUT_F1, 100), 0);
}

/* The first largest probability decides what is stored: of equal ones the first class, positive or not. */
static void a_half_is_what_is_stored(void **state)
{
    static const char *const names[] = {"sensitivity", "specificity", "precision"};
    const float probs[] = {0.5f, 0.5f, 0.5f, 0.5f, 0.125f, 0.875f, 0.625f, 0.375f, 0.5f, 0.5f};
    const int label[] = {0, 1, 1, 1, 0};
    double value[N_CUT_VALUES * CUTS_POINTS];
    (void)state;
    for (int positive = 0; positive < 2; positive++) {
        struct scores_input in = {5, 2, 2, probs, label, positive};
        struct judged *judged = NULL;
        cuts_of_set(&in, value);
        assert_int_equal(judged_new(&in, &judged, &err), 0);
        for (int v = 0; v <= CUT_PRECISION; v++)
            assert_near(at(value, v, 50), score_find(names[v])->value(judged));
        judged_free(judged);
    }
}

static void what_is_undefined_is_nan(void **state)
{
    const float probs[] = {0.5f, (float)NAN, 0.5f, 0.5f};
    const int label[] = {0, 1};
    double value[N_CUT_VALUES * CUTS_POINTS];
    (void)state;
    cuts_of_set(&(struct scores_input){2, 2, 2, probs, label, 1}, value);
    assert_true(isnan(at(value, CUT_TP, 0)) && isnan(at(value, CUT_SPECIFICITY, 50)));
    cuts_of_set(&(struct scores_input){0, 2, 2, NULL, NULL, 1}, value);
    assert_true(isnan(at(value, CUT_TP, 0)));
    cuts_of_set(&(struct scores_input){1, 2, 2, probs + 2, label, 1}, value);
    assert_true(isnan(at(value, CUT_SENSITIVITY, 0)));
    assert_near(at(value, CUT_SPECIFICITY, 50), 1);
}

/* A damaged file may hold any number. */
static void numbers_that_are_no_probabilities_are_cut_too(void **state)
{
    const float probs[] = {0, 1e30f, 0, (float)INFINITY, 0, -1e30f, 0, -(float)INFINITY};
    const int label[] = {1, 0, 1, 0};
    double value[N_CUT_VALUES * CUTS_POINTS];
    (void)state;
    cuts_of_set(&(struct scores_input){4, 2, 2, probs, label, 1}, value);
    for (int k = 0; k < CUTS_POINTS; k++) {
        assert_near(at(value, CUT_TP, k), 1);
        assert_near(at(value, CUT_FP, k), 1);
        assert_near(at(value, CUT_FN, k), 1);
        assert_near(at(value, CUT_TN, k), 1);
    }
}

/* ---- of stored predictions ---- */

static char folder[64], path[128];
static struct fixture *fixture;
static struct store *store;
static struct summary *summary;

/* Cluster 10 is positive: images from 7 on. */
static int begin(void **state)
{
    (void)state;
    assert_int_equal(scratch_make(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/r.h5", folder);
    fixture = fixture_new(2, 1, 0);
    for (int j = 0; j < 2; j++) {
        fixture->job[j] = fixture_job(1, 3);
        fixture->job[j].seed = j;
        snprintf(fixture->job[j].key, sizeof fixture->job[j].key, "%032x", (unsigned)j + 1);
    }
    assert_int_equal(store_create(path, &fixture->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    const int image[] = {0, 1, 7, 8};
    judged_write(store, 0, 0, 4, image, (const float[]){0.25f, 0.125f, 0.75f, 0.5f});
    judged_write(store, 1, 0, 4, image, (const float[]){0.625f, 0.125f, 0.25f, 0.375f});
    store_close(store, NULL);
    assert_int_equal(store_open(path, &store, &err), 0);
    return summary_new(store, NULL, &summary, &err);
}

static int end(void **state)
{
    char command[128];
    (void)state;
    summary_free(summary);
    store_close(store, NULL);
    fixture_free(fixture);
    summary = NULL;
    store = NULL;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void cuts_are_means_over_jobs(void **state)
{
    struct predicted *predicted = NULL;
    static struct cuts cuts;
    (void)state;
    assert_int_equal(predicted_new(store, &predicted, &err), 0);
    assert_int_equal(cuts_of_group(predicted, &summary->group[0], &cuts, &err), 0);
    assert_int_equal(cuts.positive, 10);
    assert_int_equal(cuts.value[CUT_TP][50].n, 2);
    assert_near(cuts.value[CUT_TP][50].mean, 0.5); /* one of two, and none */
    assert_near(cuts.value[CUT_SENSITIVITY][50].mean, 0.25);
    assert_near(cuts.value[CUT_SPECIFICITY][50].mean, 0.75);
    assert_near(cuts.value[CUT_PRECISION][50].mean, 0.5);
    assert_int_equal(cuts.value[CUT_PRECISION][70].n, 1); /* the second job takes nothing for it there */
    assert_near(cuts.value[CUT_PRECISION][70].mean, 1);
    predicted_free(predicted);
}

static void the_table_has_a_row_a_threshold(void **state)
{
    static char text[TEXT];
    int lines = 0;
    (void)state;
    FILE *file = fmemopen(text, TEXT, "w");
    assert_int_equal(cuts_table_write(store, NULL, file, &err), 0);
    fclose(file);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + CUTS_POINTS);
    assert_non_null(
        strstr(text, ",positive,threshold,n,sensitivity,sensitivity_low,sensitivity_high,specificity,"));
    assert_non_null(strstr(text, ",10,0.5,2,0.25,"));
}

/* Of the first job: -log of 0.75, 0.875, 0.75, 0.5; squares of what is missing, twice. */
static void trust_is_scored_job_by_job(void **state)
{
    struct replicates *trust[N_TRUST];
    (void)state;
    assert_int_equal(trust_new(store, summary, trust, &err), 0);
    assert_near(trust[TRUST_LOG_LOSS]->group[0].replicate[0].value,
                -(log(0.75) + log(0.875) + log(0.75) + log(0.5)) / 4);
    assert_near(trust[TRUST_BRIER]->group[0].replicate[0].value, 2 * (0.0625 + 0.015625 + 0.0625 + 0.25) / 4);
    for (int t = 0; t < N_TRUST; t++) {
        struct replicates *same = NULL;
        assert_int_equal(trust[t]->better, -1);
        assert_string_equal(trust[t]->metric, trust_names[t]);
        if (!score_find(trust_names[t]))
            continue;
        assert_int_equal(replicates_new(store, summary, trust_names[t], REPLICATES_TEST, &same, &err), 0);
        for (int i = 0; i < 2; i++)
            assert_true(same->group[0].replicate[i].value == trust[t]->group[0].replicate[i].value);
        replicates_free(same);
    }
    trust_free(trust);
}

/* ---- the figure of costs ---- */

static void what_is_claimed_is_filled(void **state)
{
    const struct costs_row rows[] = {
        {&summary->group[0],
         0,
         5,
         {{0.1, 0.05, 0.15, 1},
          {0.02, -0.01, 0.05, 0},
          {0.3, 0.1, 0.5, -1},
          {(double)NAN, (double)NAN, (double)NAN, 0}}},
        {&summary->group[0],
         1,
         5,
         {{0.1, 0.05, 0.15, 0}, {0.02, -9, 9, 0}, {0.3, 0.1, 0.5, 0}, {0, (double)NAN, (double)NAN, 0}}}};
    struct costs_page *pages = NULL;
    char name[PAGENAME_SIZE];
    (void)state;
    assert_int_equal(costs_pages(summary, rows, 2, &pages, &err), 2); /* a page a setting */
    costs_page_name(&pages[0], name);
    assert_int_equal(strncmp(name, "calibration_cost_8-10", 21), 0);
    for (int p = 0; p < 2; p++) {
        assert_int_equal(costs_page_write(&pages[p], "x", NULL, folder, &err), 0);
        char *script = small_text(folder, "x.gp"), *data = small_text(folder, "x.tsv");
        int open = 0, arrows = 0;
        for (const char *c = script; (c = strstr(c, "lc rgb 'white'")); c++)
            open++;
        for (const char *c = script; (c = strstr(c, " heads ")); c++)
            arrows++;
        assert_int_equal(open, p == 0 ? 1 : 4);
        assert_int_equal(arrows, p);
        assert_non_null(
            strstr(data, p == 0 ? "\tlog_loss\t5\t0.3\t0.1\t0.5\t-1\n" : "\tece\t5\t0\tNaN\tNaN\t0\n"));
        assert_null(strstr(script, "nan"));
        free(script);
        free(data);
    }
    free(pages);
}

/* Without an interval there is nothing to leave room for. */
static void one_pair_of_runs_fills_its_panel(void **state)
{
    const double nan = (double)NAN;
    const struct costs_row row = {
        &summary->group[0],
        0,
        1,
        {{0.5, nan, nan, 0}, {0.5, nan, nan, 0}, {0, nan, nan, 0}, {0, nan, nan, 0}}};
    struct costs_page *pages = NULL;
    (void)state;
    assert_int_equal(costs_pages(summary, &row, 1, &pages, &err), 1);
    assert_int_equal(costs_page_write(&pages[0], "x", NULL, folder, &err), 0);
    char *script = small_text(folder, "x.gp");
    assert_non_null(strstr(script, "set xrange [-0.03:0.53];"));
    assert_null(strstr(script, "set xrange [-2"));
    assert_non_null(strstr(script, "set xrange [-0.012:0.012];"));
    assert_non_null(strstr(script, "of one pair of runs"));
    free(script);
    free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_set_by_hand),
        cmocka_unit_test(a_half_is_what_is_stored),
        cmocka_unit_test(what_is_undefined_is_nan),
        cmocka_unit_test(numbers_that_are_no_probabilities_are_cut_too),
        cmocka_unit_test_setup_teardown(cuts_are_means_over_jobs, begin, end),
        cmocka_unit_test_setup_teardown(the_table_has_a_row_a_threshold, begin, end),
        cmocka_unit_test_setup_teardown(trust_is_scored_job_by_job, begin, end),
        cmocka_unit_test_setup_teardown(what_is_claimed_is_filled, begin, end),
        cmocka_unit_test_setup_teardown(one_pair_of_runs_fills_its_panel, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
