#include "stats/marginal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an average keeps apart, whatever the factor. */
static const unsigned always_apart =
    FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_PROTOCOL) | FACTOR(FACTOR_MODEL);

/* Groups under way: at (n) are those that are left, ascending, with their cells. */
struct kept {
    const struct summary *summary;
    int factor, n, *at;
    const struct store_job **cell;
};

static int part_size(const struct partition *p, int part)
{
    return p->begin[part + 1] - p->begin[part];
}

/* Values of the factor in each class (n_parts of classes): groups of one combination differ in nothing else,
 * so it is the most that any of them has. */
static void count_values(const struct partition *classes, const struct partition *combinations, int *n_values)
{
    for (int part = 0; part < combinations->n_parts; part++) {
        int class = classes->part_of[combinations->member[combinations->begin[part]]];
        if (part_size(combinations, part) > n_values[class])
            n_values[class] = part_size(combinations, part);
    }
}

/* Keep only groups of combinations that have every value of the factor. Returns how many
 * combinations are left out. */
static int drop_incomplete(struct kept *k, const struct partition *classes,
                           const struct partition *combinations, const int *n_values)
{
    int n = 0, left_out = 0;
    for (int i = 0; i < k->n; i++) {
        int whole = part_size(combinations, combinations->part_of[i]) == n_values[classes->part_of[i]];
        left_out += !whole && partition_is_first(combinations, i);
        if (whole) {
            k->at[n] = k->at[i];
            k->cell[n++] = k->cell[i];
        }
    }
    k->n = n;
    return left_out;
}

static int keep_complete(struct kept *k, int *n_left_out, struct err *err)
{
    struct partition *classes = NULL, *combinations = NULL;
    int *n_values = err_calloc((size_t)k->n, sizeof *n_values, "a figure", err), rc = n_values ? 0 : E_IO;
    if (rc == 0)
        rc = partition_new(k->cell, k->n, always_apart & ~FACTOR(k->factor), &classes, err);
    if (rc == 0)
        rc = partition_new(k->cell, k->n, FACTORS_ALL & ~combination_own(k->summary->store, k->factor),
                           &combinations, err);
    if (rc == 0) {
        count_values(classes, combinations, n_values);
        *n_left_out = drop_incomplete(k, classes, combinations, n_values);
    }
    partition_free(classes);
    partition_free(combinations);
    free(n_values);
    return rc;
}

/* Mean and range of the means of n groups. */
static struct stats_summary spread(const struct kept *k, const int *i, int n)
{
    struct stats_summary s = {
        .mean = (double)NAN, .sd = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double sum = 0, squares = 0, low = HUGE_VAL, high = -HUGE_VAL;
    for (int m = 0; m < n; m++) {
        double x = k->summary->group[k->at[i[m]]].final[SET_TEST][METRIC_BALANCED_ACCURACY].mean;
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
    for (int m = 0; m < n; m++) {
        double x = k->summary->group[k->at[i[m]]].final[SET_TEST][METRIC_BALANCED_ACCURACY].mean;
        squares += isnan(x) ? 0 : (x - s.mean) * (x - s.mean);
    }
    if (s.n > 1) {
        s.sd = sqrt(squares / (s.n - 1));
        s.low = low;
        s.high = high;
    }
    return s;
}

/* The group that groups at[i[0 .. n-1]] are averaged to. */
static void average(struct marginal *m, const struct kept *k, const int *i, int n)
{
    struct summary_group *group = &m->summary.group[m->summary.n_groups];
    struct store_job *cell = &m->cell[m->summary.n_groups++];
    *cell = *k->cell[i[0]];
    combination_blank(cell, k->summary->varying & ~(always_apart | FACTOR(k->factor)));
    group->cell = cell;
    for (int j = 0; j < n; j++) {
        const struct summary_group *from = &k->summary->group[k->at[i[j]]];
        group->n_jobs += from->n_jobs;
        for (int state = 0; state < N_JOB_STATES; state++)
            group->n_state[state] += from->n_state[state];
        group->leak.mean += from->leak.mean / n;
        group->leak_share.mean += from->leak_share.mean / n;
    }
    group->final[SET_TEST][METRIC_BALANCED_ACCURACY] = spread(k, i, n);
    group->at_hand = (double)NAN;
}

/* Averages stand in the order in which the sweep has their first groups. */
static int average_all(struct marginal *m, const struct kept *k, struct err *err)
{
    struct partition *values = NULL;
    int rc = partition_new(k->cell, k->n, always_apart | FACTOR(k->factor), &values, err);
    for (int part = 0; rc == 0 && part < values->n_parts; part++)
        average(m, k, values->member + values->begin[part], part_size(values, part));
    partition_free(values);
    return rc;
}

static struct marginal *marginal_empty(const struct summary *summary, int factor, struct err *err)
{
    size_t n = (size_t)summary->n_groups;
    struct marginal *m = err_calloc(1, sizeof *m, "a figure", err);
    if (!m)
        return NULL;
    m->summary = (struct summary){.store = summary->store,
                                  .n_epochs = summary->n_epochs,
                                  .n_jobs = summary->n_jobs,
                                  .varying = (summary->varying & always_apart) | FACTOR(factor),
                                  .filter = summary->filter,
                                  .n_jobs_file = summary->n_jobs_file,
                                  .n_strategies_file = summary->n_strategies_file};
    memcpy(m->summary.n_state, summary->n_state, sizeof m->summary.n_state);
    /* How many strategies there are does not change; borrowed, and nobody looks at their groups. */
    m->summary.same[SUMMARY_STRATEGY] = summary->same[SUMMARY_STRATEGY];
    m->summary.group = err_calloc(n, sizeof *m->summary.group, "a figure", err);
    m->cell = err_calloc(n, sizeof *m->cell, "a figure", err);
    if (m->summary.group && m->cell)
        return m;
    marginal_free(m);
    return NULL;
}

/* Groups with a finished job that read the factor. */
static int list_finished(struct kept *k, struct err *err)
{
    k->at = err_calloc((size_t)k->summary->n_groups, sizeof *k->at, "a figure", err);
    k->cell = err_calloc((size_t)k->summary->n_groups, sizeof *k->cell, "a figure", err);
    if (!k->at || !k->cell)
        return E_IO;
    for (int g = 0; g < k->summary->n_groups; g++)
        if (k->summary->group[g].n_state[JOB_DONE] > 0 &&
            *combination_value(k->summary->group[g].cell, k->factor)) {
            k->at[k->n] = g;
            k->cell[k->n++] = k->summary->group[g].cell;
        }
    return 0;
}

int marginal_new(const struct summary *summary, int factor, struct marginal **out, struct err *err)
{
    struct kept k = {.summary = summary, .factor = factor};
    struct marginal *m = marginal_empty(summary, factor, err);
    int rc = m ? list_finished(&k, err) : E_IO;
    if (rc == 0)
        rc = keep_complete(&k, &m->n_left_out, err);
    if (rc == 0)
        rc = average_all(m, &k, err);
    free(k.at);
    free(k.cell);
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
