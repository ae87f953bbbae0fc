/* How much factors explain: eta squared of numbers that were worked by hand. */
#include "stats/explained.h"

#include "support/scratch.h"
#include "support/small_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct small_job job[16];
static int n_jobs;
static struct err err;

static void add(const char *clusters, const char *strategy, const char *k, double balanced)
{
    struct small_job *j = &job[n_jobs++];
    *j = (struct small_job){.state = JOB_DONE, .n = 2, .balanced = balanced, .row.seed = 1};
    snprintf(j->row.clusters, sizeof j->row.clusters, "%s", clusters);
    snprintf(j->row.strategy, sizeof j->row.strategy, "%s", strategy);
    snprintf(j->row.protocol, sizeof j->row.protocol, "holdout");
    snprintf(j->row.model, sizeof j->row.model, "cnn");
    snprintf(j->row.axis[0], sizeof j->row.axis[0], "%s", k);
}

static void explain(double *share)
{
    static const char *const axis[] = {"smote.k"};
    char dir[200], path[256], command[256];
    struct store *store = NULL;
    struct summary *summary = NULL;
    assert_int_equal(scratch_make(dir, sizeof dir), 0);
    snprintf(path, sizeof path, "%s/s.h5", dir);
    assert_int_equal(small_store(path, job, n_jobs, 2, axis, 1, "", &err), 0);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_read(store, NULL, &summary, &err), 0);
    assert_int_equal(explained_shares(summary, share, &err), 0);
    summary_free(summary);
    store_close(store, NULL);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    n_jobs = 0;
}

/* Clusters 0.5 0.7 | 0.7 0.9: means 0.6 and 0.8 by clusters, and by strategy; total 0.01 * (4 + 0 + 0 + 4) =
 * 0.08, between each 4 * 0.01 = 0.04. */
static void two_factors_that_add_up_explain_a_half_each(void **state)
{
    double share[FACTORS_MOST];
    (void)state;
    add("1-2", "none", "", 0.5);
    add("1-2", "oversample", "", 0.7);
    add("3-4", "none", "", 0.7);
    add("3-4", "oversample", "", 0.9);
    explain(share);
    assert_true(fabs(share[FACTOR_CLASSES] - 0.5) < 1e-6);
    assert_true(fabs(share[FACTOR_STRATEGY] - 0.5) < 1e-6);
    assert_true(isnan(share[FACTOR_PROTOCOL]) && isnan(share[FACTOR_MODEL]) && isnan(share[FACTOR_AXES]));
}

/* none 0.5, smote 0.6 (k 3) and 0.8 (k 5), and once more with 0.4, 0.6, 0.8: mean of all 3.7 / 6, squares
 * around it 0.1283333; of k, whose mean is 0.7: 4 * 0.01 = 0.04. A waiting job has no
 * number and counts nowhere. */
static void an_axis_that_some_do_not_read_is_judged_among_those_that_do(void **state)
{
    double share[FACTORS_MOST];
    (void)state;
    for (int c = 0; c < 2; c++) {
        const char *clusters = c ? "3-4" : "1-2";
        add(clusters, "none", "", c ? 0.4 : 0.5);
        add(clusters, "smote", "3", 0.6);
        add(clusters, "smote", "5", 0.8);
    }
    add("5-6", "none", "", 0.9);
    job[n_jobs - 1].state = JOB_WAITING;
    explain(share);
    assert_true(fabs(share[FACTOR_AXES] - 0.04 / 0.1283333333) < 1e-6);
    /* between strategies: none 2 * (0.45 - m)^2, smote 4 * (0.7 - m)^2 */
    double m = 3.7 / 6;
    assert_true(fabs(share[FACTOR_STRATEGY] -
                     (2 * (0.45 - m) * (0.45 - m) + 4 * (0.7 - m) * (0.7 - m)) / 0.1283333333) < 1e-6);
}

static void without_differences_nothing_is_explained(void **state)
{
    double share[FACTORS_MOST];
    (void)state;
    add("1-2", "none", "", 0.5);
    add("1-2", "oversample", "", 0.5);
    explain(share);
    assert_true(isnan(share[FACTOR_STRATEGY]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_factors_that_add_up_explain_a_half_each),
        cmocka_unit_test(an_axis_that_some_do_not_read_is_judged_among_those_that_do),
        cmocka_unit_test(without_differences_nothing_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
