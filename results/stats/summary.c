#include "stats/summary.h"

#include "stats/divided.h"
#include "stats/originals.h"
#include "stats/overlap.h"
#include "store/store_select.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double summary_level = 0.95;

double summary_most(enum metric metric)
{
    return metric == METRIC_LOSS ? HUGE_VAL : 1;
}

/* How much of a summary is made: groups and samples; numbers of judged epochs, too; curves, too. */
enum depth { OUTLINE, FINAL, CURVES };

/* What is needed only while a summary is made. */
struct work {
    struct store *store;
    const char *filter;
    struct store_mark *mark; /* (J) */
    int *group_of;           /* (J) index of the job's group, -1: does not match */
    float *metric;           /* (J, E) of one metric */
    double *value;           /* (J) one number of each job of a group */
    int *count;              /* (J) room to pool them */
    unsigned char *damaged;  /* (J) 1: finished, and holds what no run writes */
    int *confusion;          /* (C, C) */
};

static void work_release(struct work *work)
{
    free(work->mark);
    free(work->group_of);
    free(work->metric);
    free(work->value);
    free(work->count);
    free(work->damaged);
    free(work->confusion);
}

static int work_init(struct work *work, struct store *store, const char *filter, struct err *err)
{
    size_t j = (size_t)store_n_jobs(store), c = (size_t)store_n_classes(store);
    memset(work, 0, sizeof *work);
    work->store = store;
    work->filter = filter;
    if (!(work->mark = err_calloc(j, sizeof *work->mark, "commit marks", err)) ||
        !(work->group_of = err_calloc(j, sizeof(int), "groups", err)) ||
        !(work->value = err_calloc(j, sizeof(double), "values", err)) ||
        !(work->count = err_calloc(j, sizeof(int), "values", err)) ||
        !(work->damaged = err_calloc(j, 1, "damaged jobs", err)) ||
        !(work->confusion = err_calloc(c * c, sizeof(int), "a confusion matrix", err)))
        return E_IO;
    return 0;
}

/* Jobs that match the filter: group_of is their number among them, and cell (J) points to
 * them. Returns how many. */
static int match_jobs(struct work *work, const struct store_job **cell, struct err *err)
{
    struct selection chosen;
    int rc = store_select(work->store, work->filter, &chosen, err), n = chosen.n;
    if (rc < 0)
        return rc;
    for (int j = 0; j < store_n_jobs(work->store); j++)
        work->group_of[j] = -1;
    for (int i = 0; i < n; i++) {
        work->group_of[chosen.job[i]] = i;
        cell[i] = &store_jobs(work->store)[chosen.job[i]];
    }
    selection_free(&chosen);
    return n;
}

static int add_job(struct summary *summary, struct work *work, int j, const struct partition *groups,
                   struct err *err)
{
    int g = work->group_of[j] = groups->part_of[work->group_of[j]];
    struct summary_group *group = &summary->group[g];
    group->n_state[work->mark[j].state]++;
    summary->n_jobs++;
    summary->n_state[work->mark[j].state]++;
    if (group->n_jobs++ > 0)
        return 0;
    group->cell = &store_jobs(work->store)[j];
    return store_chosen_on(work->store, group->cell, &group->chosen, err);
}

/* How many strategies the whole file has; cell (J) is scratch. */
static int count_strategies(struct summary *summary, const struct store_job **cell, struct err *err)
{
    struct partition *strategies = NULL;
    int n = store_n_jobs(summary->store);
    for (int j = 0; j < n; j++)
        cell[j] = &store_jobs(summary->store)[j];
    int rc = partition_new(cell, n, combination_own(summary->store, FACTOR_STRATEGY), &strategies, err);
    summary->n_jobs_file = n;
    summary->n_strategies_file = rc == 0 ? strategies->n_parts : 0;
    partition_free(strategies);
    return rc;
}

static int assign_jobs(struct summary *summary, struct work *work, struct err *err)
{
    int n_jobs = store_n_jobs(work->store), rc = E_IO;
    struct partition *groups = NULL;
    const struct store_job **cell = err_calloc((size_t)n_jobs, sizeof *cell, "groups", err);
    int n = cell ? match_jobs(work, cell, err) : E_IO;
    if (n >= 0)
        rc = partition_new(cell, n, FACTORS_ALL, &groups, err);
    if (rc == 0) {
        summary->n_groups = groups->n_parts;
        summary->group = err_calloc((size_t)groups->n_parts, sizeof *summary->group, "groups", err);
        rc = summary->group ? count_strategies(summary, cell, err) : E_IO;
    }
    for (int j = 0; j < n_jobs && rc == 0; j++)
        if (work->group_of[j] >= 0)
            rc = add_job(summary, work, j, groups, err);
    partition_free(groups);
    free(cell);
    return n < 0 ? n : rc;
}

/* ---- what groups have in common ---- */

static int find_common(struct summary *summary, struct err *err)
{
    unsigned strategy = combination_own(summary->store, FACTOR_STRATEGY);
    unsigned like = combination_like(summary->store, FACTOR_STRATEGY);
    unsigned leak = combination_like(summary->store, FACTOR_PROTOCOL);
    const unsigned by[N_SUMMARY_KINDS] = {
        [SUMMARY_CLUSTERS] = FACTOR(FACTOR_CLASSES),
        [SUMMARY_STRATEGY] = strategy,
        [SUMMARY_SETTING] = like,
        [SUMMARY_RANKED] = like & ~FACTOR(FACTOR_CLASSES),
        [SUMMARY_LEAK] = leak,
        [SUMMARY_LEAKS] = like & leak,
    };
    const struct store_job **cell = summary_cells(summary, err);
    int rc = cell ? 0 : E_IO;
    if (cell)
        summary->varying = combination_varying(summary->store, cell, summary->n_groups);
    for (int k = 0; k < N_SUMMARY_KINDS && rc == 0; k++)
        rc = partition_new(cell, summary->n_groups, by[k], &summary->same[k], err);
    free(cell);
    return rc;
}

static int check_some_done(const struct summary *summary, struct err *err)
{
    if (summary->n_state[JOB_DONE] == 0)
        return err_set(
            err, E_USAGE,
            "%s: none of %d jobs is finished (%d running, %d failed, %d diverged), so there is nothing "
            "to report yet; `cellsweep run%s",
            store_path(summary->store), summary->n_jobs, summary->n_state[JOB_RUNNING],
            summary->n_state[JOB_FAILED], summary->n_state[JOB_DIVERGED],
            summary->n_state[JOB_FAILED] + summary->n_state[JOB_DIVERGED] == summary->n_jobs
                ? " --retry-failed` runs them again"
                : "` goes on with the sweep");
    return 0;
}

static int allocate_curves(struct summary_group *group, const enum image_set *set, int n_sets, int n_epochs,
                           struct err *err)
{
    for (int s = 0; s < n_sets; s++)
        for (int m = 0; m < N_METRICS; m++) {
            group->curve[set[s]][m] =
                err_calloc((size_t)n_epochs, sizeof(struct stats_summary), "mean curves", err);
            if (!group->curve[set[s]][m])
                return E_IO;
        }
    return 0;
}

static int list_done_jobs(struct summary *summary, const struct work *work, struct err *err)
{
    int *filled = err_calloc((size_t)summary->n_groups, sizeof(int), "groups", err), rc = filled ? 0 : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        struct summary_group *group = &summary->group[g];
        group->job = err_calloc((size_t)group->n_state[JOB_DONE], sizeof(int), "job lists", err);
        rc = group->job ? 0 : E_IO;
    }
    for (int j = 0; j < store_n_jobs(work->store) && rc == 0; j++)
        if (work->group_of[j] >= 0 && work->mark[j].state == JOB_DONE)
            summary->group[work->group_of[j]].job[filled[work->group_of[j]]++] = j;
    free(filled);
    return rc;
}

/* Of work->value, one of each finished job, which is used up. */
static struct stats_summary mean_of_jobs(const struct summary_group *group, const struct work *work,
                                         enum metric metric)
{
    int n = stats_pool(work->value, group->first, group->n_state[JOB_DONE], work->count);
    struct stats_summary s = stats_of_splits(work->value, n, group->test_ratio, summary_level);
    return stats_within(s, 0, summary_most(metric));
}

/* Single precision may round a share of 1 up. */
static int is_possible(double value, enum metric metric)
{
    return isfinite(value) && value >= 0 && value <= summary_most(metric) + 1e-6;
}

/* Learning curves and judged epochs of one metric, read once for all groups. */
static int summarise_metric(struct summary *summary, struct work *work, enum image_set set,
                            enum metric metric, struct err *err)
{
    size_t n_epochs = (size_t)summary->n_epochs;
    int rc = store_read_metric(work->store, set, metric, work->metric, err);
    if (rc < 0)
        return rc;
    for (int g = 0; g < summary->n_groups; g++) {
        struct summary_group *group = &summary->group[g];
        int n = group->n_state[JOB_DONE];
        for (size_t e = 0; e < n_epochs && group->curve[set][metric]; e++) {
            for (int i = 0; i < n; i++)
                work->value[i] = (double)work->metric[(size_t)group->job[i] * n_epochs + e];
            group->curve[set][metric][e] = mean_of_jobs(group, work, metric);
        }
        for (int i = 0; i < n; i++) {
            int epoch = store_jobs(work->store)[group->job[i]].judged_epoch;
            size_t at = (size_t)group->job[i] * n_epochs;
            work->value[i] = epoch > 0 ? (double)work->metric[at + (size_t)epoch - 1] : nan("");
            work->damaged[group->job[i]] |= set == SET_TEST && !is_possible(work->value[i], metric);
        }
        group->final[set][metric] = mean_of_jobs(group, work, metric);
    }
    return 0;
}

static int summarise_all_originals(struct summary *summary, struct work *work, struct err *err)
{
    for (int g = 0; g < summary->n_groups; g++) {
        struct summary_group *group = &summary->group[g];
        int n = group->n_state[JOB_DONE];
        for (int i = 0; i < n; i++) {
            int rc = store_read_confusion(work->store, group->job[i], SET_ALL, work->confusion, err);
            if (rc < 0)
                return rc;
            work->value[i] = stats_balanced_accuracy(work->confusion, store_n_classes(work->store));
        }
        n = stats_pool(work->value, group->first, n, work->count);
        group->all = stats_within(stats_summarise(work->value, n, summary_level), 0, 1);
    }
    return 0;
}

/* 1 when a class of the job (its row holds counts, not -1) has no image, and another has. */
static int lacks_class(const int *confusion, int n_classes)
{
    int n_with = 0, n_without = 0;
    for (int row = 0; row < n_classes; row++) {
        const int *cell = confusion + (size_t)row * (size_t)n_classes;
        int some = 0;
        for (int column = 0; column < n_classes; column++)
            some |= cell[column] > 0;
        n_with += some;
        n_without += !some && cell[0] >= 0;
    }
    return n_with > 0 && n_without > 0;
}

static int count_lacking(struct summary *summary, struct work *work, struct err *err)
{
    for (int g = 0; g < summary->n_groups; g++)
        for (int i = 0; i < summary->group[g].n_state[JOB_DONE]; i++) {
            int rc =
                store_read_confusion(work->store, summary->group[g].job[i], SET_TEST, work->confusion, err);
            if (rc < 0)
                return rc;
            summary->group[g].n_lacking += lacks_class(work->confusion, store_n_classes(work->store));
        }
    return 0;
}

static double job_leak(const struct store_job *job)
{
    return job->leak;
}

static double job_n_train(const struct store_job *job)
{
    return job->n_train;
}

static double job_n_test(const struct store_job *job)
{
    return job->n_test;
}

static double job_leak_share(const struct store_job *job)
{
    return job->n_test > 0 ? (double)job->leak / job->n_test : nan("");
}

static struct stats_summary summarise_jobs(const struct summary_group *group, struct work *work,
                                           double (*number)(const struct store_job *))
{
    int n = group->n_state[JOB_DONE];
    for (int i = 0; i < n; i++)
        work->value[i] = number(&store_jobs(work->store)[group->job[i]]);
    return stats_summarise(work->value, n, summary_level);
}

static void summarise_samples(struct summary *summary, struct work *work)
{
    for (int g = 0; g < summary->n_groups; g++) {
        struct summary_group *group = &summary->group[g];
        group->leak = summarise_jobs(group, work, job_leak);
        group->n_train = summarise_jobs(group, work, job_n_train);
        group->n_test = summarise_jobs(group, work, job_n_test);
        group->leak_share = summarise_jobs(group, work, job_leak_share);
    }
}

static void count_damaged(struct summary *summary, const struct work *work)
{
    for (int g = 0; g < summary->n_groups; g++)
        for (int i = 0; i < summary->group[g].n_state[JOB_DONE]; i++) {
            int j = summary->group[g].job[i];
            const struct store_job *job = &store_jobs(work->store)[j];
            summary->n_damaged +=
                work->damaged[j] || job->n_test < 1 || job->leak < 0 || job->leak > job->n_test;
        }
}

static int summarise_values(struct summary *summary, struct work *work, enum depth depth, struct err *err)
{
    size_t j = (size_t)store_n_jobs(work->store), e = (size_t)store_n_epochs(work->store);
    enum image_set set[N_CURVE_SETS];
    int rc = 0, n_sets = store_curve_sets(work->store, set);
    if (!(work->metric = err_calloc(j * e, sizeof(float), "learning curves", err)))
        return E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0 && depth == CURVES; g++)
        rc = allocate_curves(&summary->group[g], set, n_sets, summary->n_epochs, err);
    for (int s = 0; s < n_sets && rc == 0; s++)
        for (int m = 0; m < N_METRICS && rc == 0; m++)
            rc = summarise_metric(summary, work, set[s], (enum metric)m, err);
    if (rc == 0)
        count_damaged(summary, work);
    return rc == 0 ? summarise_all_originals(summary, work, err) : rc;
}

/* How many splits the jobs of a group have, and which of them have the same. */
static int find_splits(struct summary_group *group, struct store *store, struct err *err)
{
    int n = group->n_state[JOB_DONE];
    group->first = err_calloc((size_t)n, sizeof *group->first, "splits", err);
    int rc = group->first ? divided_read(store, group->job, n, group->first, &group->draws, err) : E_IO;
    group->n_values = n;
    if (rc == 0 && group->draws.distinct > 1 && group->draws.distinct < group->draws.drawn) {
        for (int i = 0; i < n; i++)
            group->n_values -= group->first[i] != i;
        return 0;
    }
    free(group->first);
    group->first = NULL;
    return rc;
}

static int summarise(struct summary *summary, struct work *work, enum depth depth, struct err *err)
{
    int rc = list_done_jobs(summary, work, err);
    if (rc == 0)
        rc = find_common(summary, err);
    if (rc == 0)
        rc = count_lacking(summary, work, err);
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = overlap_ratio(work->store, summary->group[g].job, summary->group[g].n_state[JOB_DONE],
                           &summary->group[g].test_ratio, err);
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = originals_at_hand(work->store, summary->group[g].job, summary->group[g].n_state[JOB_DONE],
                               &summary->group[g].at_hand, err);
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = find_splits(&summary->group[g], work->store, err);
    if (rc == 0)
        summarise_samples(summary, work);
    return rc == 0 && depth != OUTLINE ? summarise_values(summary, work, depth, err) : rc;
}

static int make(struct store *store, const char *filter, enum depth depth, struct summary **out,
                struct err *err)
{
    struct work work;
    struct summary *summary = err_calloc(1, sizeof *summary, "the summary", err);
    int rc = summary ? work_init(&work, store, filter, err) : E_IO;
    *out = NULL;
    if (!summary)
        return rc;
    if (rc < 0)
        goto done;
    summary->store = store;
    summary->n_epochs = store_n_epochs(store);
    if (filter && *filter && !(summary->filter = strdup(filter))) {
        rc = err_set(err, E_IO, "no memory for the filter");
        goto done;
    }
    /* Marks first: the row of a job that is marked done is complete in whatever is read after. */
    if ((rc = store_read_marks(store, work.mark, err)) == 0 && (rc = store_refresh(store, err)) == 0 &&
        (rc = assign_jobs(summary, &work, err)) == 0)
        rc = summarise(summary, &work, depth, err);
done:
    work_release(&work);
    if (rc < 0)
        summary_free(summary);
    else
        *out = summary;
    return rc;
}

int summary_read(struct store *store, const char *filter, struct summary **out, struct err *err)
{
    return make(store, filter, CURVES, out, err);
}

int summary_read_final(struct store *store, const char *filter, struct summary **out, struct err *err)
{
    return make(store, filter, FINAL, out, err);
}

int summary_outline(struct store *store, const char *filter, struct summary **out, struct err *err)
{
    return make(store, filter, OUTLINE, out, err);
}

int summary_new(struct store *store, const char *filter, struct summary **out, struct err *err)
{
    int rc = summary_read(store, filter, out, err);
    if (rc == 0 && (rc = check_some_done(*out, err)) < 0) {
        summary_free(*out);
        *out = NULL;
    }
    return rc;
}

void summary_leak_text(char *out, size_t size, const struct summary_group *group)
{
    char leak[32], n_test[32];
    stats_count_text(leak, sizeof leak, group->leak.mean);
    stats_count_text(n_test, sizeof n_test, group->n_test.mean);
    if (group->leak.n == 0)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%s of %s", leak, n_test);
}

int summary_varies(const struct summary *summary, int factor)
{
    return (int)(summary->varying >> factor & 1);
}

const struct store_job **summary_cells(const struct summary *summary, struct err *err)
{
    const struct store_job **cell = err_calloc((size_t)summary->n_groups, sizeof *cell, "groups", err);
    for (int g = 0; cell && g < summary->n_groups; g++)
        cell[g] = summary->group[g].cell;
    return cell;
}

const char *summary_filter_text(const struct summary *summary, char *out, size_t size)
{
    *out = '\0';
    if (!summary->filter)
        return out;
    snprintf(out, size, "Filter %.300s: %d of %d jobs, %d of %d strategies", summary->filter, summary->n_jobs,
             summary->n_jobs_file, summary->same[SUMMARY_STRATEGY]->n_parts, summary->n_strategies_file);
    for (char *c = out; *c; c++) /* it stands in comments of one line */
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    return out;
}

void summary_print_damage(FILE *file, const struct summary *summary)
{
    if (summary->n_damaged > 0)
        fprintf(
            file,
            "Damaged: %d of the finished jobs that are shown hold what no run writes (a metric that is no "
            "number or out of its range, or a leak beyond the test images): the file was changed, "
            "and what is made of them is not to be trusted.\n",
            summary->n_damaged);
}

void summary_free(struct summary *summary)
{
    if (!summary)
        return;
    for (int k = 0; k < N_SUMMARY_KINDS; k++)
        partition_free(summary->same[k]);
    free(summary->filter);
    for (int g = 0; g < summary->n_groups && summary->group; g++) {
        free(summary->group[g].job);
        free(summary->group[g].first);
        for (int s = 0; s < N_CURVE_SETS; s++)
            for (int m = 0; m < N_METRICS; m++)
                free(summary->group[g].curve[curve_sets[s]][m]);
    }
    free(summary->group);
    free(summary);
}
