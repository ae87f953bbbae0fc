#include "stats/marginal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Groups in the order that puts those together which are averaged, or compared. */
struct order {
    const struct summary *summary;
    int axis;
    int *at; /* (n) group indices */
    int n;
};

static int by_class(const struct store_job *a, const struct store_job *b)
{
    int c = strcmp(a->clusters, b->clusters);
    if (c == 0)
        c = strcmp(a->strategy, b->strategy);
    if (c == 0)
        c = strcmp(a->protocol, b->protocol);
    return c ? c : strcmp(a->model, b->model);
}

static int by_others(const struct order *o, const struct store_job *a, const struct store_job *b)
{
    int c = 0;
    for (int i = 0; i < store_n_axes(o->summary->store) && c == 0; i++)
        if (i != o->axis)
            c = strcmp(a->axis[i], b->axis[i]);
    return c;
}

static const struct store_job *cell_of(const struct order *o, int i)
{
    return o->summary->group[i].cell;
}

static int by_combination(const void *a, const void *b, void *order)
{
    const struct order *o = order;
    const struct store_job *p = cell_of(o, *(const int *)a), *q = cell_of(o, *(const int *)b);
    int c = by_class(p, q);
    if (c == 0)
        c = by_others(o, p, q);
    return c ? c : *(const int *)a - *(const int *)b;
}

static int by_value(const void *a, const void *b, void *order)
{
    const struct order *o = order;
    const struct store_job *p = cell_of(o, *(const int *)a), *q = cell_of(o, *(const int *)b);
    int c = by_class(p, q);
    if (c == 0)
        c = strcmp(p->axis[o->axis], q->axis[o->axis]);
    return c ? c : *(const int *)a - *(const int *)b;
}

/* End of the groups that begin at i and are of the same class, and of the same value of the
 * axis or the same combination. */
static int end_of(const struct order *o, int i, int (*same)(const struct order *, int, int))
{
    int end = i + 1;
    while (end < o->n && same(o, o->at[i], o->at[end]))
        end++;
    return end;
}

static int same_class(const struct order *o, int a, int b)
{
    return by_class(cell_of(o, a), cell_of(o, b)) == 0;
}

static int same_combination(const struct order *o, int a, int b)
{
    return same_class(o, a, b) && by_others(o, cell_of(o, a), cell_of(o, b)) == 0;
}

static int same_value(const struct order *o, int a, int b)
{
    return same_class(o, a, b) && strcmp(cell_of(o, a)->axis[o->axis], cell_of(o, b)->axis[o->axis]) == 0;
}

/* Values of the axis in a class: groups of one combination differ in nothing else, so it is the most
 * that any of them has. */
static int count_values(const struct order *o, int begin, int end)
{
    int most = 0;
    for (int i = begin, next; i < end; i = next) {
        next = end_of(o, i, same_combination);
        most = next - i > most ? next - i : most;
    }
    return most;
}

/* Keep only groups of combinations that have every value of the axis. Returns how many
 * combinations were left out. */
static int keep_complete(struct order *o)
{
    int kept = 0, left_out = 0;
    qsort_r(o->at, (size_t)o->n, sizeof *o->at, by_combination, o);
    for (int begin = 0, end; begin < o->n; begin = end) {
        end = end_of(o, begin, same_class);
        int values = count_values(o, begin, end);
        for (int i = begin, next; i < end; i = next) {
            next = end_of(o, i, same_combination);
            left_out += next - i < values;
            for (int k = i; k < next && next - i == values; k++)
                o->at[kept++] = o->at[k];
        }
    }
    o->n = kept;
    return left_out;
}

/* Mean and range of the means of n groups. */
static struct stats_summary spread(const struct order *o, const int *at, int n)
{
    struct stats_summary s = {
        .mean = (double)NAN, .sd = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double sum = 0, squares = 0, low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < n; i++) {
        double x = o->summary->group[at[i]].final[SPLIT_VAL][METRIC_BALANCED_ACCURACY].mean;
        if (isnan(x))
            continue;
        s.n++;
        sum += x;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    if (s.n == 0)
        return s;
    s.mean = sum / s.n;
    for (int i = 0; i < n; i++) {
        double x = o->summary->group[at[i]].final[SPLIT_VAL][METRIC_BALANCED_ACCURACY].mean;
        squares += isnan(x) ? 0 : (x - s.mean) * (x - s.mean);
    }
    if (s.n > 1) {
        s.sd = sqrt(squares / (s.n - 1));
        s.low = low;
        s.high = high;
    }
    return s;
}

/* The group that groups at[0 .. n-1] are averaged to. */
static void average(struct marginal *m, const struct order *o, const int *at, int n)
{
    int g = m->summary.n_groups++;
    struct summary_group *group = &m->summary.group[g];
    struct store_job *cell = &m->cell[g];
    *cell = *cell_of(o, at[0]);
    for (int i = 0; i < store_n_axes(o->summary->store); i++)
        if (i != o->axis && o->summary->axis_varies[i])
            cell->axis[i][0] = '\0';
    group->cell = cell;
    for (int i = 0; i < n; i++) {
        group->n_jobs += o->summary->group[at[i]].n_jobs;
        for (int state = 0; state < N_JOB_STATES; state++)
            group->n_state[state] += o->summary->group[at[i]].n_state[state];
    }
    group->final[SPLIT_VAL][METRIC_BALANCED_ACCURACY] = spread(o, at, n);
}

/* Groups that are averaged to one: at[begin .. begin + n - 1], the first of the sweep first. */
struct run {
    int first, begin, n;
};

static int by_first(const void *a, const void *b)
{
    const struct run *p = a, *q = b;
    return (p->first > q->first) - (p->first < q->first);
}

/* Averages stand in the order in which the sweep has their first groups. */
static int average_all(struct marginal *m, struct order *o, struct err *err)
{
    struct run *run = err_calloc((size_t)o->n, sizeof *run, "a figure", err);
    int n = 0;
    if (!run)
        return E_IO;
    qsort_r(o->at, (size_t)o->n, sizeof *o->at, by_value, o);
    for (int i = 0, next; i < o->n; i = next) {
        next = end_of(o, i, same_value);
        run[n++] = (struct run){o->at[i], i, next - i};
    }
    qsort(run, (size_t)n, sizeof *run, by_first);
    for (int i = 0; i < n; i++)
        average(m, o, o->at + run[i].begin, run[i].n);
    free(run);
    return 0;
}

static struct marginal *marginal_empty(const struct summary *summary, int axis, struct err *err)
{
    size_t n = (size_t)summary->n_groups;
    struct marginal *m = err_calloc(1, sizeof *m, "a figure", err);
    if (!m)
        return NULL;
    m->summary = (struct summary){.store = summary->store,
                                  .n_epochs = summary->n_epochs,
                                  .n_jobs = summary->n_jobs,
                                  .model_varies = summary->model_varies,
                                  .filter = summary->filter,
                                  .n_jobs_file = summary->n_jobs_file,
                                  .n_strategies_file = summary->n_strategies_file};
    memcpy(m->summary.n_state, summary->n_state, sizeof m->summary.n_state);
    /* How many protocols and strategies there are does not change; borrowed, and
     * nobody looks at their groups. */
    m->summary.same[SUMMARY_PROTOCOL] = summary->same[SUMMARY_PROTOCOL];
    m->summary.same[SUMMARY_STRATEGY] = summary->same[SUMMARY_STRATEGY];
    m->summary.axis_varies[axis] = 1;
    m->summary.group = err_calloc(n, sizeof *m->summary.group, "a figure", err);
    m->cell = err_calloc(n, sizeof *m->cell, "a figure", err);
    if (m->summary.group && m->cell)
        return m;
    marginal_free(m);
    return NULL;
}

int marginal_new(const struct summary *summary, int axis, struct marginal **out, struct err *err)
{
    struct marginal *m = marginal_empty(summary, axis, err);
    struct order o = {.summary = summary, .axis = axis};
    o.at = err_calloc((size_t)summary->n_groups, sizeof *o.at, "a figure", err);
    int rc = m && o.at ? 0 : E_IO;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        if (summary->group[g].n_state[JOB_DONE] > 0)
            o.at[o.n++] = g;
    if (rc == 0) {
        m->n_left_out = keep_complete(&o);
        rc = average_all(m, &o, err);
    }
    free(o.at);
    if (rc < 0) {
        marginal_free(m);
        m = NULL;
    }
    *out = m;
    return rc;
}

void marginal_free(struct marginal *marginal)
{
    if (!marginal)
        return;
    free(marginal->summary.group);
    free(marginal->cell);
    free(marginal);
}
