#include "stats/replicates.h"

#include "stats/predicted.h"
#include "store/repeat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

const char *const replicates_set_names[N_REPLICATES_SETS] = {"test", "all", "oof"};

/* What is needed only while replicates are made. */
struct making {
    struct store *store;
    enum replicates_set on;
    const char *name;
    const double *number;                             /* (J) the caller's own, or NULL */
    double (*of_matrix)(const int *confusion, int c); /* NULL: not from the matrix of a job */
    int stored;                                       /* 1: the enum metric of the results file */
    enum metric metric;
    const struct score *score; /* NULL: stored */
    float *curve;              /* (J, E) of metric */
    int *confusion;            /* (C, C) */
    struct predicted *predicted;
};

/* ---- which number ---- */

static int choose_source(struct making *m, struct err *err)
{
    m->score = score_find(m->name);
    if (m->on != REPLICATES_OOF && strcmp(m->name, "balanced_accuracy") == 0)
        m->of_matrix = stats_balanced_accuracy;
    if (m->on != REPLICATES_OOF && strcmp(m->name, "accuracy") == 0)
        m->of_matrix = stats_accuracy;
    for (int k = 0; k < N_METRICS && m->on == REPLICATES_TEST && !m->score; k++)
        if (strcmp(m->name, metric_names[k]) == 0) {
            m->stored = 1;
            m->metric = (enum metric)k;
        }
    if (m->stored || m->score)
        return 0;
    return err_set(err, E_USAGE,
                   "%s: there is no metric '%.60s' on %s; `cellsweep export --table scores` lists them",
                   store_path(m->store), m->name, replicates_set_names[m->on]);
}

static int direction(const struct making *m)
{
    return m->score ? m->score->better : m->metric == METRIC_LOSS ? -1 : 1;
}

static int judged_epoch_value(const struct making *m, int job, double *value)
{
    int epoch = store_jobs(m->store)[job].judged_epoch;
    size_t at = (size_t)job * (size_t)store_n_epochs(m->store);
    *value = epoch > 0 ? (double)m->curve[at + (size_t)epoch - 1] : (double)NAN;
    return 0;
}

static int matrix_value(const struct making *m, int job, double *value, struct err *err)
{
    enum image_set set = m->on == REPLICATES_ALL ? SET_ALL : SET_TEST;
    int rc = store_read_confusion(m->store, job, set, m->confusion, err);
    *value = m->of_matrix(m->confusion, store_n_classes(m->store));
    return rc;
}

/* The pooled predictions of jobs, to be scored; valid until the next call, freed by the caller. */
static int judge_jobs(const struct making *m, const int *job, int n_jobs, struct judged **out,
                      struct err *err)
{
    struct scores_input input;
    int rc =
        predicted_read(m->predicted, job, n_jobs, m->on == REPLICATES_ALL ? SET_ALL : SET_TEST, &input, err);
    *out = NULL;
    return rc == 0 ? judged_new(&input, out, err) : rc;
}

static int scored_value(const struct making *m, const int *job, int n_jobs, double *value, struct err *err)
{
    struct judged *judged = NULL;
    int rc = judge_jobs(m, job, n_jobs, &judged, err);
    if (rc == 0)
        *value = m->score->value(judged);
    judged_free(judged);
    return rc;
}

static int unit_value(const struct making *m, const int *job, int n_jobs, double *value, struct err *err)
{
    if (m->number) {
        *value = m->number[job[0]];
        return 0;
    }
    if (m->stored)
        return judged_epoch_value(m, job[0], value);
    if (m->of_matrix)
        return matrix_value(m, job[0], value, err);
    return scored_value(m, job, n_jobs, value, err);
}

/* ---- which jobs ---- */

static int by_seed(const void *a, const void *b, void *rows)
{
    const struct store_job *job = rows, *x = &job[*(const int *)a], *y = &job[*(const int *)b];
    if (x->seed != y->seed)
        return x->seed < y->seed ? -1 : 1;
    if (x->repeat != y->repeat)
        return x->repeat < y->repeat ? -1 : 1;
    return (x->fold > y->fold) - (x->fold < y->fold);
}

/* Jobs of one replicate that begin at job[0]: the folds of a repeat in oof, else one. */
static int unit_jobs(const struct making *m, const int *job, int n)
{
    const struct store_job *row = store_jobs(m->store);
    int end = 1;
    while (m->on == REPLICATES_OOF && end < n && row[job[end]].seed == row[job[0]].seed &&
           row[job[end]].repeat == row[job[0]].repeat)
        end++;
    return end;
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The split of jobs that are one replicate, of the folds in whatever order; 0: each has its own. */
static uint64_t split_of(const struct summary_group *from, const int *job, int n)
{
    uint64_t sum = 0;
    for (int i = 0; from->first && i < n; i++) {
        const int *at =
            bsearch(&job[i], from->job, (size_t)from->n_state[JOB_DONE], sizeof *at, compare_ints);
        int first = from->first[at - from->job];
        sum += XXH3_64bits(&first, sizeof first) | 1;
    }
    return sum;
}

static int fill_group(const struct making *m, const struct summary_group *from,
                      struct replicates_group *group, const int *job, int n, struct err *err)
{
    const struct store_job *row = store_jobs(m->store);
    int folds = n > 0 ? repeat_of(m->store, job[0]).n : 0, rc = 0;
    for (int i = 0, used; i < n && rc == 0; i += used) {
        struct replicate *replicate = &group->replicate[group->n];
        used = unit_jobs(m, job + i, n - i);
        if (m->on == REPLICATES_OOF && (folds < 2 || used != folds))
            continue;
        *replicate = (struct replicate){row[job[i]].seed, row[job[i]].repeat,
                                        m->on == REPLICATES_OOF ? 0 : row[job[i]].fold, (double)NAN,
                                        split_of(from, job + i, used)};
        rc = unit_value(m, job + i, used, &replicate->value, err);
        group->n++;
    }
    return rc;
}

/* Only holdout and kfold deal out the same originals in every job. */
static double test_ratio(const struct making *m, const struct summary_group *from)
{
    const char *protocol = from->cell->protocol;
    int deals = protocol_is_kfold(protocol) || strcmp(protocol, "holdout") == 0;
    return deals && m->on != REPLICATES_OOF ? from->test_ratio : (double)NAN;
}

/* Finished jobs of a group by seed, repeat and fold; freed by the caller. */
static int *sorted_jobs(const struct making *m, const struct summary_group *from, struct err *err)
{
    size_t n = (size_t)from->n_state[JOB_DONE];
    int *job = err_calloc(n, sizeof *job, "jobs", err);
    if (job) {
        memcpy(job, from->job, n * sizeof *job);
        qsort_r(job, n, sizeof *job, by_seed, (void *)(uintptr_t)store_jobs(m->store));
    }
    return job;
}

static int make_group(const struct making *m, const struct summary_group *from,
                      struct replicates_group *group, struct err *err)
{
    int n = from->n_state[JOB_DONE], rc = E_IO;
    int *job = sorted_jobs(m, from, err);
    group->replicate = err_calloc((unsigned long)n, sizeof *group->replicate, "replicates", err);
    group->test_ratio = test_ratio(m, from);
    group->rounding = m->stored ? 0x1p-24 : 0;
    if (job && group->replicate)
        rc = fill_group(m, from, group, job, n, err);
    free(job);
    return rc;
}

/* ---- every score ---- */

/* Scores of the jobs of one replicate, value[s * stride]. */
static int score_unit(const struct making *m, const int *job, int n_jobs, double *value, int stride,
                      struct err *err)
{
    struct judged *judged = NULL;
    int rc = judge_jobs(m, job, n_jobs, &judged, err);
    for (int s = 0; s < n_scores && rc == 0; s++)
        value[(size_t)s * (size_t)stride] = scores[s].value(judged);
    judged_free(judged);
    return rc;
}

/* The scores of the replicates of a group: value (n_scores, n), and the first one of their splits, both for n
 * jobs. Returns how many, or a code. */
static int score_units(const struct making *m, const struct summary_group *from, const int *job,
                       double *value, uint64_t *split, int *first, struct err *err)
{
    int n = from->n_state[JOB_DONE], n_units = 0, rc = 0;
    int folds = n > 0 ? repeat_of(m->store, job[0]).n : 0;
    for (int i = 0, used; i < n && rc == 0; i += used) {
        used = unit_jobs(m, job + i, n - i);
        if (m->on == REPLICATES_OOF && (folds < 2 || used != folds))
            continue;
        split[n_units] = split_of(from, job + i, used);
        for (first[n_units] = 0; first[n_units] < n_units; first[n_units]++)
            if (split[n_units] && split[first[n_units]] == split[n_units])
                break;
        rc = score_unit(m, job + i, used, value + n_units++, n, err);
    }
    return rc < 0 ? rc : n_units;
}

static int score_group(const struct making *m, const struct summary_group *from, struct stats_summary *out,
                       struct err *err)
{
    int n = from->n_state[JOB_DONE], n_units = E_IO, *job = sorted_jobs(m, from, err);
    double *value = err_calloc((unsigned long)n * (unsigned long)n_scores, sizeof *value, "scores", err);
    uint64_t *split = err_calloc((unsigned long)n, sizeof *split, "splits", err);
    int *first = err_calloc(2 * (unsigned long)n, sizeof *first, "splits", err);
    if (job && value && split && first)
        n_units = score_units(m, from, job, value, split, first, err);
    for (int s = 0; s < n_scores && n_units >= 0; s++) {
        double *x = value + (size_t)s * (size_t)n;
        int pooled = stats_pool(x, from->first ? first : NULL, n_units, first + n);
        double ratio = m->on == REPLICATES_TEST ? from->test_ratio : (double)NAN;
        out[s] =
            stats_within(stats_of_splits(x, pooled, ratio, summary_level), scores[s].least, scores[s].most);
    }
    free(first);
    free(split);
    free(job);
    free(value);
    return n_units < 0 ? n_units : 0;
}

/* ---- all of it ---- */

static int making_init(struct making *m, struct err *err)
{
    size_t j = (size_t)store_n_jobs(m->store), e = (size_t)store_n_epochs(m->store),
           c = (size_t)store_n_classes(m->store);
    int rc = choose_source(m, err);
    if (rc < 0)
        return rc;
    if (!(m->curve = err_calloc(j * e, sizeof *m->curve, "metrics", err)) ||
        !(m->confusion = err_calloc(c * c, sizeof *m->confusion, "a confusion matrix", err)) ||
        predicted_new(m->store, &m->predicted, err) < 0)
        return E_IO;
    return m->stored ? store_read_metric(m->store, SET_TEST, m->metric, m->curve, err) : 0;
}

static void making_release(struct making *m)
{
    free(m->curve);
    free(m->confusion);
    predicted_free(m->predicted);
}

/* What is made of all groups, `making` released. rc: of making_init(). */
static int make_all(struct making *m, const struct summary *summary, int rc, struct replicates **out,
                    struct err *err)
{
    struct replicates *replicates = rc == 0 ? err_calloc(1, sizeof *replicates, "replicates", err) : NULL;
    *out = NULL;
    if (replicates) {
        strncpy(replicates->metric, m->name, sizeof replicates->metric - 1);
        replicates->on = m->on;
        replicates->better = direction(m);
        replicates->group =
            err_calloc((unsigned long)summary->n_groups, sizeof *replicates->group, "replicates", err);
    }
    if (rc == 0)
        rc = replicates && replicates->group ? 0 : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        replicates->n_groups++;
        rc = make_group(m, &summary->group[g], &replicates->group[g], err);
    }
    making_release(m);
    if (rc < 0)
        replicates_free(replicates);
    else
        *out = replicates;
    return rc;
}

int replicates_new(struct store *store, const struct summary *summary, const char *metric,
                   enum replicates_set on, struct replicates **out, struct err *err)
{
    struct making m = {.store = store, .on = on, .name = metric};
    int rc = making_init(&m, err);
    return make_all(&m, summary, rc, out, err);
}

int replicates_of_jobs(struct store *store, const struct summary *summary, const double *number,
                       struct replicates **out, struct err *err)
{
    struct making m = {.store = store, .on = REPLICATES_TEST, .name = "", .number = number, .stored = 1};
    return make_all(&m, summary, 0, out, err);
}

int replicates_scores(struct store *store, const struct summary *summary, enum replicates_set on,
                      struct stats_summary **out, struct err *err)
{
    struct making m = {.store = store, .on = on, .name = scores[0].name};
    size_t cells = (size_t)summary->n_groups * (size_t)n_scores;
    struct stats_summary *all = err_calloc(cells, sizeof *all, "scores", err);
    int rc = all ? making_init(&m, err) : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        rc = score_group(&m, &summary->group[g], all + (size_t)g * (size_t)n_scores, err);
    making_release(&m);
    if (rc < 0)
        free(all);
    *out = rc < 0 ? NULL : all;
    return rc;
}

void replicates_free(struct replicates *replicates)
{
    if (!replicates)
        return;
    for (int g = 0; g < replicates->n_groups; g++)
        free(replicates->group[g].replicate);
    free(replicates->group);
    free(replicates);
}

double replicates_mean(const struct replicates_group *group)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < group->n; i++)
        if (!isnan(group->replicate[i].value)) {
            sum += group->replicate[i].value;
            n++;
        }
    return n > 0 ? sum / n : (double)NAN;
}

struct stats_summary replicates_interval(const struct replicates_group *group,
                                         const struct summary_group *from, double *value, int *count)
{
    for (int i = 0; i < group->n; i++) {
        value[i] = group->replicate[i].value;
        count[i] = i;
        for (int k = 0; k < i && count[i] == i; k++)
            if (group->replicate[i].split && group->replicate[k].split == group->replicate[i].split)
                count[i] = k;
    }
    int n = stats_pool(value, count, group->n, count + group->n);
    return stats_within(stats_of_splits(value, n, from->test_ratio, summary_level), 0, 1);
}
