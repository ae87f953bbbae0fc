#include "stats/marginal.h"

#include "support/scratch.h"
#include "support/small_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char root[64];

static int set_up(void **state)
{
    (void)state;
    return scratch_make(root, sizeof root);
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line) == 0 ? 0 : -1;
}

static void row(struct small_job *job, const char *strategy, const char *k, const char *batch,
                const char *units, double balanced)
{
    memset(job, 0, sizeof *job);
    strcpy(job->row.clusters, "1-2");
    strcpy(job->row.protocol, "holdout");
    strcpy(job->row.model, "cnn");
    strcpy(job->row.strategy, strategy);
    strcpy(job->row.axis[0], k);
    strcpy(job->row.axis[1], batch);
    strcpy(job->row.axis[2], units);
    job->row.seed = 1;
    job->state = JOB_DONE;
    job->n = 2;
    job->balanced = balanced;
}

/* Strategies smote and none, k 3 and 5, batch 16 and 32, units 8 and 9: value 0.5 + 0.1 (k is 5) + 0.02
 * (batch is 32) + 0.01 (units is 9), 0.05 less for none. */
enum { N = 16 };

static struct summary *read_grid(const char *name, enum job_state of_first, struct store **store)
{
    static const char *const axis[] = {"smote.k", "train.batch", "cnn.stem"};
    static const char *const k[] = {"5", "3"}, *const batch[] = {"16", "32"}, *const units[] = {"8", "9"};
    struct small_job job[N];
    struct summary *summary = NULL;
    struct err err = {0};
    char path[128];
    for (int j = 0; j < N; j++)
        row(&job[j], j < 8 ? "smote" : "none", k[j / 4 % 2], batch[j / 2 % 2], units[j % 2],
            0.5 + 0.1 * !(j / 4 % 2) + 0.02 * (j / 2 % 2) + 0.01 * (j % 2) - 0.05 * (j >= 8));
    job[0].state = of_first;
    snprintf(path, sizeof path, "%s/%s.h5", root, name);
    if (small_store(path, job, N, 2, axis, 3, "", &err) < 0 || store_open(path, store, &err) < 0 ||
        summary_new(*store, NULL, &summary, &err) < 0)
        fail_msg("%s", err.text);
    return summary;
}

static void expect(const struct summary_group *group, const char *strategy, const char *k, int n, double mean,
                   double low, double high)
{
    const struct stats_summary *s = &group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
    assert_string_equal(group->cell->strategy, strategy);
    assert_string_equal(group->cell->axis[0], k);
    assert_string_equal(group->cell->axis[1], "");
    assert_string_equal(group->cell->axis[2], "");
    assert_int_equal(s->n, n);
    assert_true(fabs(s->mean - mean) < 1e-6);
    assert_true(fabs(s->low - low) < 1e-6);
    assert_true(fabs(s->high - high) < 1e-6);
}

static void an_axis_is_averaged_over_the_others(void **state)
{
    struct store *store;
    struct marginal *m;
    struct summary *summary = read_grid("whole", JOB_DONE, &store);
    (void)state;
    assert_int_equal(marginal_new(summary, FACTOR_AXES, &m, NULL), 0);
    assert_int_equal(m->n_left_out, 0);
    assert_int_equal(m->summary.n_groups, 4);
    expect(&m->summary.group[0], "smote", "5", 4, 0.615, 0.6, 0.63); /* in the order of the sweep */
    expect(&m->summary.group[1], "smote", "3", 4, 0.515, 0.5, 0.53);
    expect(&m->summary.group[2], "none", "5", 4, 0.565, 0.55, 0.58);
    expect(&m->summary.group[3], "none", "3", 4, 0.465, 0.45, 0.48);
    assert_int_equal(m->summary.group[0].n_jobs, 4);
    assert_int_equal(m->summary.varying, FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_AXES));
    marginal_free(m);
    summary_free(summary);
    store_close(store, NULL);
}

/* A combination that failed at one value is left out at the other, too: else the values would
 * be of other combinations. */
static void only_whole_combinations_count(void **state)
{
    struct store *store;
    struct marginal *m;
    struct summary *summary = read_grid("part", JOB_FAILED, &store);
    (void)state;
    assert_int_equal(marginal_new(summary, FACTOR_AXES, &m, NULL), 0);
    assert_int_equal(m->n_left_out, 1);
    expect(&m->summary.group[0], "smote", "5", 3, 0.62, 0.61, 0.63);
    expect(&m->summary.group[1], "smote", "3", 3, 0.52, 0.51, 0.53);
    expect(&m->summary.group[2], "none", "5", 4, 0.565, 0.55, 0.58);
    marginal_free(m);
    summary_free(summary);
    store_close(store, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_axis_is_averaged_over_the_others),
        cmocka_unit_test(only_whole_combinations_count),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
