/* The rules by which claims of the literature are judged, of numbers worked out by hand. */
#include "paper/literature_parts.h"

#include "models/model.h"
#include "paper/chance.h"
#include "support/judged_job.h"
#include "support/scratch.h"
#include "support/store_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MOST ((double)INFINITY)
#define NONE ((double)NAN)

/* A difference d, with p of it against each bound (p_low, p_high; NaN: there is no such bound). */
static const struct {
    double d, low, high, p_low, p_high;
    enum literature_outcome outcome;
} expected[] = {
    /* it wins: above 0 */
    {0.10, 0, MOST, 0.01, NONE, LITERATURE_SUPPORTED},
    {0.10, 0, MOST, 0.20, NONE, LITERATURE_UNDECIDED},
    {-0.10, 0, MOST, 0.01, NONE, LITERATURE_CONTRADICTED},
    {-0.10, 0, MOST, 0.20, NONE, LITERATURE_UNDECIDED},
    {0.10, 0, MOST, 0.05, NONE, LITERATURE_UNDECIDED}, /* below 0.05, not at it */
    /* it degrades: below 0 */
    {-0.10, -MOST, 0, NONE, 0.01, LITERATURE_SUPPORTED},
    {0.10, -MOST, 0, NONE, 0.01, LITERATURE_CONTRADICTED},
    /* it leaves: within 0.02. No difference at all, of runs that scatter, supports nothing */
    {0.000, -0.02, 0.02, 0.01, 0.01, LITERATURE_SUPPORTED},
    {0.000, -0.02, 0.02, 0.40, 0.40, LITERATURE_UNDECIDED},
    {0.015, -0.02, 0.02, 0.001, 0.30, LITERATURE_UNDECIDED},
    {0.060, -0.02, 0.02, 0.001, 0.01, LITERATURE_CONTRADICTED},
    {-0.060, -0.02, 0.02, 0.01, 0.001, LITERATURE_CONTRADICTED},
    {0.030, -0.02, 0.02, 0.001, 0.50, LITERATURE_UNDECIDED},
    /* it worsens by 0.058 to 0.16 */
    {0.10, 0.058, 0.16, 0.01, 0.02, LITERATURE_SUPPORTED},
    {0.10, 0.058, 0.16, 0.01, 0.06, LITERATURE_UNDECIDED},
    {0.02, 0.058, 0.16, 0.01, 0.001, LITERATURE_CONTRADICTED},
    {0.30, 0.058, 0.16, 0.001, 0.01, LITERATURE_CONTRADICTED},
};

static void outcomes_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct literature_bound bound[2];
        int n = 0;
        if (!isinf(expected[i].low))
            bound[n++] = (struct literature_bound){1, expected[i].d - expected[i].low, expected[i].p_low};
        if (!isinf(expected[i].high))
            bound[n++] = (struct literature_bound){0, expected[i].d - expected[i].high, expected[i].p_high};
        enum literature_outcome outcome =
            literature_judge(literature_within(bound, n), literature_beyond(bound, n));
        if (outcome != expected[i].outcome)
            fail_msg("row %zu: %s", i, literature_outcome_names[outcome]);
    }
}

/* Every strategy claimed of, and every model, is one there is. */
static void models_of_claims_exist(void **state)
{
    (void)state;
    for (int c = 0; c < n_literature_claims; c++) {
        char list[256] = "", *rest = NULL;
        strncpy(list, literature_claims[c].models ? literature_claims[c].models : "", sizeof list - 1);
        for (char *word = strtok_r(list, "|", &rest); word; word = strtok_r(NULL, "|", &rest))
            assert_non_null(model_find(word));
        assert_true(literature_claims[c].low < literature_claims[c].high);
        if (literature_claims[c].has_to_learn)
            assert_true(!strcmp(literature_claims[c].metric, "auroc") ||
                        !strcmp(literature_claims[c].metric, "auprc"));
        assert_true(literature_claims[c].metric == literature_gap || score_find(literature_claims[c].metric));
    }
}

/* Of three images, two of them positive: first and second 1, first and third 5/6, the last two 7/12. */
static void average_precision_of_a_random_order(void **state)
{
    (void)state;
    assert_true(fabs(chance_average_precision(1, 1) - 1) < 1e-12);
    assert_true(fabs(chance_average_precision(2, 1) - 0.75) < 1e-12);
    assert_true(fabs(chance_average_precision(3, 2) - (1 + 5 / 6.0 + 7 / 12.0) / 3) < 1e-12);
    assert_true(fabs(chance_average_precision(100000, 10000) - 0.1) < 0.001);
    assert_true(chance_average_precision(40, 4) > 0.1);
}

/* ---- tuning against methods ---- */

enum { RUNS = 8, METHODS = 3 };

static struct replicate run[2 * METHODS][RUNS];
static struct replicates_group side[2 * METHODS];

/* Scatter of a run, the same for no two sides. */
static double scatter(int of, int i)
{
    return 0.004 * ((7 * of + 5 * i + of * i) % 5 - 2);
}

/* Means of methods, untuned and tuned; what comes out. */
static struct literature_row judge_tuning(const double untuned[METHODS], const double tuned[METHODS])
{
    struct literature_methods methods = {.n = METHODS, .name = {"none", "smote", "reweight"}};
    struct literature_row row = {.p_for = 0};
    struct err err = {0};
    for (int s = 0; s < 2 * METHODS; s++) {
        for (int i = 0; i < RUNS; i++)
            run[s][i] = (struct replicate){.seed = i,
                                           .value = (s % 2 ? untuned[s / 2] : tuned[s / 2]) + scatter(s, i)};
        side[s] = (struct replicates_group){.n = RUNS, .replicate = run[s], .test_ratio = 0.25};
        *(s % 2 ? &methods.untuned[s / 2] : &methods.tuned[s / 2]) = &side[s];
    }
    side[0].n = RUNS - 1; /* a run that one side lacks is left out of all */
    assert_int_equal(literature_tuning_rule(&methods, &row, &err), 0);
    assert_int_equal(row.contrast.n, RUNS - 1);
    row.outcome = literature_judge(row.p_for, row.p_against);
    return row;
}

static void gains_are_held_against_every_difference_of_methods(void **state)
{
    (void)state;
    const double even[METHODS] = {0.50, 0.52, 0.54}, uneven[METHODS] = {0.50, 0.60, 0.80};
    const double all[METHODS] = {0.75, 0.78, 0.79}, little[METHODS] = {0.52, 0.61, 0.81};
    const double two[METHODS] = {0.75, 0.78, 0.55};
    struct literature_row row = judge_tuning(even, all);
    assert_int_equal(row.outcome, LITERATURE_SUPPORTED); /* gains of 0.25 against 0.04 at most */
    assert_true(row.p_against >= 1);
    assert_true(row.contrast.low > 0 && row.contrast.mean < 0.23);
    row = judge_tuning(uneven, little); /* of 0.02 against 0.3 */
    assert_int_equal(row.outcome, LITERATURE_CONTRADICTED);
    assert_non_null(strstr(row.shown, " tuned - untuned, minus (reweight - none)"));
    assert_true(fabs(row.contrast.mean_first - 0.01) < 0.01 && fabs(row.contrast.mean_second - 0.3) < 0.01);
    assert_int_equal(judge_tuning(even, two).outcome,
                     LITERATURE_UNDECIDED); /* two gain, the third does not */
}

/* ---- why a claim is not tested ---- */

/* Of "undersampling leaves AUROC as it is", on so many seeds that rank all images rightly, or wrongly. */
static void assert_reason(int seeds, int rightly, const char *reason)
{
    const int image[] = {0, 1, 7, 8};
    const float right[] = {0.25f, 0.125f, 0.75f, 0.5f}, wrong[] = {0.75f, 0.5f, 0.25f, 0.125f};
    char folder[64], path[128], command[128];
    struct store *store = NULL;
    struct summary *summary = NULL;
    struct literature *literature = NULL;
    struct err err = {0};
    int n = 0;
    assert_int_equal(scratch_make(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/r.h5", folder);
    struct fixture *fixture = fixture_new(2 * seeds, 1, 0);
    for (int j = 0; j < 2 * seeds; j++) {
        struct store_job *job = &fixture->job[j];
        *job = fixture_job(1, 3);
        job->seed = 1 + j / 2;
        job->fold = job->repeat = 0;
        snprintf(job->protocol, sizeof job->protocol, "holdout");
        snprintf(job->strategy, sizeof job->strategy, "%s", j % 2 ? "undersample" : "none");
        snprintf(job->key, sizeof job->key, "%032x", (unsigned)j + 1);
    }
    assert_int_equal(store_create(path, &fixture->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    for (int j = 0; j < 2 * seeds; j++)
        judged_write(store, j, 0, 4, image, rightly ? right : wrong);
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(literature_new(store, summary, &literature, &err), 0);
    for (int i = 0; i < literature->n; i++) {
        if (strcmp(literature->row[i].claim->text, "undersampling leaves AUROC as it is") != 0)
            continue;
        assert_string_equal(literature->row[i].reason, reason);
        n++;
    }
    assert_int_equal(n, 1);
    literature_free(literature);
    summary_free(summary);
    store_close(store, NULL);
    fixture_free(fixture);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* A baseline that few runs cannot tell from chance is not said to be at chance. */
static void a_reason_is_what_is_the_matter(void **state)
{
    (void)state;
    assert_reason(1, 1, "one run");
    assert_reason(4, 1, "few runs"); /* all of them perfect */
    assert_reason(4, 0, "baseline at chance");
    assert_reason(8, 0, "baseline at chance");
    assert_reason(8, 1, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_reason_is_what_is_the_matter),
                                       cmocka_unit_test(outcomes_are_those_worked_out_by_hand),
                                       cmocka_unit_test(models_of_claims_exist),
                                       cmocka_unit_test(average_precision_of_a_random_order),
                                       cmocka_unit_test(gains_are_held_against_every_difference_of_methods)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
