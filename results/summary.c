#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double summary_level = 0.95;

/* What is needed only while a summary is made. */
struct work {
    struct store *store;
    const char *filter;
    struct store_mark *mark; /* (J) */
    int *group_of;           /* (J) index of the job's group, -1: does not match */
    float *metric;           /* (J, E) of one metric */
    double *value;           /* (J) one number of each job of a group */
    int *confusion;          /* (C, C) */
};

static int same_cell(const struct store_job *a, const struct store_job *b, int n_axes)
{
    int same = strcmp(a->clusters, b->clusters) == 0 && strcmp(a->strategy, b->strategy) == 0 &&
               strcmp(a->protocol, b->protocol) == 0 && strcmp(a->model, b->model) == 0;
    for (int i = 0; i < n_axes && same; i++)
        same = strcmp(a->axis[i], b->axis[i]) == 0;
    return same;
}

static void work_release(struct work *work)
{
    free(work->mark);
    free(work->group_of);
    free(work->metric);
    free(work->value);
    free(work->confusion);
}

static int work_init(struct work *work, struct store *store, const char *filter, struct err *err)
{
    size_t j = (size_t)store_n_jobs(store), e = (size_t)store_n_epochs(store),
           c = (size_t)store_n_classes(store);
    memset(work, 0, sizeof *work);
    work->store = store;
    work->filter = filter;
    if (!(work->mark = err_calloc(j, sizeof *work->mark, "commit marks", err)) ||
        !(work->group_of = err_calloc(j, sizeof(int), "groups", err)) ||
        !(work->metric = err_calloc(j * e, sizeof(float), "learning curves", err)) ||
        !(work->value = err_calloc(j, sizeof(double), "values", err)) ||
        !(work->confusion = err_calloc(c * c, sizeof(int), "a confusion matrix", err)))
        return E_IO;
    return 0;
}

/* The group of a job, made when it is the first of its kind. Groups have room for every job. */
static int group_index(struct summary *summary, const struct store_job *job)
{
    int n_axes = store_n_axes(summary->store);
    for (int g = summary->n_groups - 1; g >= 0; g--)
        if (same_cell(summary->group[g].cell, job, n_axes))
            return g;
    summary->group[summary->n_groups].cell = job;
    return summary->n_groups++;
}

static int assign_jobs(struct summary *summary, struct work *work, struct err *err)
{
    const struct store_job *jobs = store_jobs(work->store);
    const char *axis_name[STORE_MAX_AXES];
    int n_axes = store_n_axes(work->store);
    for (int i = 0; i < n_axes; i++)
        axis_name[i] = store_axis_name(work->store, i);
    for (int j = 0; j < store_n_jobs(work->store); j++) {
        int matches = store_job_matches(&jobs[j], n_axes, axis_name, work->filter, err);
        if (matches < 0)
            return matches;
        work->group_of[j] = matches ? group_index(summary, &jobs[j]) : -1;
        if (matches) {
            struct summary_group *group = &summary->group[work->group_of[j]];
            group->n_jobs++;
            group->n_state[work->mark[j].state]++;
            summary->n_jobs++;
            summary->n_state[work->mark[j].state]++;
        }
    }
    return 0;
}

static int check_some_match(const struct summary *summary, const struct work *work, struct err *err)
{
    const char *path = store_path(work->store);
    char hint[STORE_HINT_SIZE];
    if (summary->n_jobs == 0)
        return err_set(
            err, E_USAGE,
            "%s: no job matches the filter '%.200s'%s; `cellsweep export %s --table jobs` lists them", path,
            work->filter ? work->filter : "", store_hint(work->store, work->filter, hint, sizeof hint), path);
    return 0;
}

static int check_some_done(const struct summary *summary, struct err *err)
{
    if (summary->n_state[JOB_DONE] == 0)
        return err_set(
            err, E_USAGE,
            "%s: none of %d jobs is finished (%d running, %d failed, %d diverged), so there is nothing "
            "to report yet; `cellsweep run` goes on with the sweep",
            store_path(summary->store), summary->n_jobs, summary->n_state[JOB_RUNNING],
            summary->n_state[JOB_FAILED], summary->n_state[JOB_DIVERGED]);
    return 0;
}

static int allocate_group(struct summary_group *group, int n_epochs, struct err *err)
{
    group->job = err_calloc((size_t)group->n_state[JOB_DONE], sizeof(int), "job lists", err);
    if (!group->job)
        return E_IO;
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < N_METRICS; m++) {
            group->curve[s][m] =
                err_calloc((size_t)n_epochs, sizeof(struct stats_summary), "mean curves", err);
            if (!group->curve[s][m])
                return E_IO;
        }
    return 0;
}

static int list_done_jobs(struct summary *summary, const struct work *work, struct err *err)
{
    int *filled = err_calloc((size_t)summary->n_groups, sizeof(int), "groups", err), rc = filled ? 0 : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = allocate_group(&summary->group[g], summary->n_epochs, err);
    for (int j = 0; j < store_n_jobs(work->store) && rc == 0; j++)
        if (work->group_of[j] >= 0 && work->mark[j].state == JOB_DONE)
            summary->group[work->group_of[j]].job[filled[work->group_of[j]]++] = j;
    free(filled);
    return rc;
}

/* Learning curves and last epochs of one metric, read once for all groups. */
static int summarise_metric(struct summary *summary, struct work *work, enum split split, enum metric metric,
                            struct err *err)
{
    size_t n_epochs = (size_t)summary->n_epochs;
    int rc = store_read_metric(work->store, split, metric, work->metric, err);
    if (rc < 0)
        return rc;
    for (int g = 0; g < summary->n_groups; g++) {
        struct summary_group *group = &summary->group[g];
        int n = group->n_state[JOB_DONE];
        for (size_t e = 0; e < n_epochs; e++) {
            for (int i = 0; i < n; i++)
                work->value[i] = (double)work->metric[(size_t)group->job[i] * n_epochs + e];
            group->curve[split][metric][e] = stats_summarise(work->value, n, summary_level);
        }
        for (int i = 0; i < n; i++) {
            int last = work->mark[group->job[i]].epochs_done - 1;
            work->value[i] = last >= 0 && last < summary->n_epochs
                                 ? (double)work->metric[(size_t)group->job[i] * n_epochs + (size_t)last]
                                 : nan("");
        }
        group->final[split][metric] = stats_summarise(work->value, n, summary_level);
    }
    return 0;
}

static int summarise_all_originals(struct summary *summary, struct work *work, struct err *err)
{
    for (int g = 0; g < summary->n_groups; g++) {
        struct summary_group *group = &summary->group[g];
        int n = group->n_state[JOB_DONE];
        for (int i = 0; i < n; i++) {
            int rc = store_read_confusion(work->store, group->job[i], SPLIT_ALL, work->confusion, err);
            if (rc < 0)
                return rc;
            work->value[i] = stats_balanced_accuracy(work->confusion, store_n_classes(work->store));
        }
        group->all = stats_summarise(work->value, n, summary_level);
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

static double job_n_val(const struct store_job *job)
{
    return job->n_val;
}

static double job_leak_share(const struct store_job *job)
{
    return job->n_val > 0 ? (double)job->leak / job->n_val : nan("");
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
        group->n_val = summarise_jobs(group, work, job_n_val);
        group->leak_share = summarise_jobs(group, work, job_leak_share);
    }
}

static int summarise(struct summary *summary, struct work *work, struct err *err)
{
    int rc = list_done_jobs(summary, work, err);
    for (int s = SPLIT_TRAIN; s <= SPLIT_VAL && rc == 0; s++)
        for (int m = 0; m < N_METRICS && rc == 0; m++)
            rc = summarise_metric(summary, work, (enum split)s, (enum metric)m, err);
    if (rc == 0)
        rc = summarise_all_originals(summary, work, err);
    if (rc == 0)
        summarise_samples(summary, work);
    return rc;
}

int summary_read(struct store *store, const char *filter, struct summary **out, struct err *err)
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
    summary->group = err_calloc((size_t)store_n_jobs(store), sizeof *summary->group, "groups", err);
    /* Marks first: the row of a job that is marked done is complete in whatever is read after. */
    if (!summary->group)
        rc = E_IO;
    else if ((rc = store_read_marks(store, work.mark, err)) == 0 && (rc = store_refresh(store, err)) == 0 &&
             (rc = assign_jobs(summary, &work, err)) == 0 &&
             (rc = check_some_match(summary, &work, err)) == 0)
        rc = summarise(summary, &work, err);
done:
    work_release(&work);
    if (rc < 0)
        summary_free(summary);
    else
        *out = summary;
    return rc;
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

int summary_axis_varies(const struct summary *summary, int axis)
{
    for (int g = 1; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->axis[axis], summary->group[0].cell->axis[axis]) != 0)
            return 1;
    return 0;
}

int summary_protocol_varies(const struct summary *summary)
{
    for (int g = 1; g < summary->n_groups; g++)
        if (strcmp(summary->group[g].cell->protocol, summary->group[0].cell->protocol) != 0)
            return 1;
    return 0;
}

void summary_free(struct summary *summary)
{
    if (!summary)
        return;
    for (int g = 0; g < summary->n_groups; g++) {
        free(summary->group[g].job);
        for (int s = 0; s < 2; s++)
            for (int m = 0; m < N_METRICS; m++)
                free(summary->group[g].curve[s][m]);
    }
    free(summary->group);
    free(summary);
}
