#include "stats/inflation.h"

#include <math.h>
#include <stdlib.h>

/* Of every job, NaN where it has no such number. */
struct making {
    int n_epochs;
    float *test, *val; /* (J, E) balanced accuracy; val NULL: no job has an inner set */
    double *best, *final,
        *kept; /* (J) test at its own best epoch, at the last one, and at that best on val */
};

/* The epoch with the highest number, the first of equals; -1: none is finite. */
static int best_epoch(const float *curve, int n)
{
    int best = -1;
    for (int e = 0; e < n; e++)
        if (isfinite(curve[e]) && (best < 0 || curve[e] > curve[best]))
            best = e;
    return best;
}

/* Finite numbers from the first epoch on. */
static int n_reached(const float *curve, int n)
{
    int reached = 0;
    while (reached < n && isfinite(curve[reached]))
        reached++;
    return reached;
}

static void find_numbers(struct making *m, int job)
{
    size_t at = (size_t)job * (size_t)m->n_epochs;
    const float *test = m->test + at;
    int n = n_reached(test, m->n_epochs), val = m->val ? best_epoch(m->val + at, n) : -1;
    m->best[job] = m->final[job] = m->kept[job] = (double)NAN;
    if (n < 2)
        return;
    m->best[job] = (double)test[best_epoch(test, n)];
    m->final[job] = (double)test[n - 1];
    if (val >= 0)
        m->kept[job] = (double)test[val];
}

static int read_numbers(struct making *m, struct store *store, struct err *err)
{
    size_t j = (size_t)store_n_jobs(store), e = (size_t)store_n_epochs(store);
    m->n_epochs = (int)e;
    m->test = err_calloc(j * e, sizeof *m->test, "learning curves", err);
    m->best = err_calloc(3 * j, sizeof *m->best, "learning curves", err);
    int rc = m->test && m->best ? 0 : E_IO;
    if (rc == 0)
        rc = store_read_metric(store, SET_TEST, METRIC_BALANCED_ACCURACY, m->test, err);
    if (rc == 0 && store_has_val(store)) {
        m->val = err_calloc(j * e, sizeof *m->val, "learning curves", err);
        rc = m->val ? store_read_metric(store, SET_VAL, METRIC_BALANCED_ACCURACY, m->val, err) : E_IO;
    }
    if (rc < 0)
        return rc;
    m->final = m->best + j;
    m->kept = m->best + 2 * j;
    for (size_t i = 0; i < j; i++)
        find_numbers(m, (int)i);
    return 0;
}

/* 1 when every finished job of a group has an epoch that was best on val. */
static int all_have_val(const struct making *m, const struct summary_group *group)
{
    int n = 0;
    for (int i = 0; i < group->n_state[JOB_DONE]; i++)
        n += !isnan(m->kept[group->job[i]]);
    return n > 0 && n == group->n_state[JOB_DONE];
}

static int add_rows(struct inflation *inflation, const struct making *m, struct store *store,
                    const struct summary *summary, struct err *err)
{
    struct replicates *of[3] = {NULL};
    int rc = replicates_of_jobs(store, summary, m->best, &of[0], err);
    if (rc == 0)
        rc = replicates_of_jobs(store, summary, m->final, &of[1], err);
    if (rc == 0)
        rc = replicates_of_jobs(store, summary, m->kept, &of[2], err);
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        struct inflation_row *row = &inflation->row[inflation->n];
        int on_val = all_have_val(m, &summary->group[g]);
        *row = (struct inflation_row){.group = &summary->group[g], .index = g, .on_val = on_val};
        rc = contrast_paired(&of[0]->group[g], &of[1 + on_val]->group[g], &row->contrast, err);
        if (row->contrast.low < 0)
            row->contrast.low = 0;
        contrast_within(&row->contrast, "balanced_accuracy");
        inflation->n += row->contrast.n > 0;
    }
    for (int i = 0; i < 3; i++)
        replicates_free(of[i]);
    return rc;
}

int inflation_new(struct store *store, const struct summary *summary, struct inflation **out, struct err *err)
{
    struct making m = {0};
    struct inflation *inflation = err_calloc(1, sizeof *inflation, "selection inflation", err);
    int rc = inflation ? 0 : E_IO;
    *out = NULL;
    if (rc == 0) {
        inflation->row =
            err_calloc((size_t)summary->n_groups + 1, sizeof *inflation->row, "selection inflation", err);
        rc = inflation->row ? read_numbers(&m, store, err) : E_IO;
    }
    if (rc == 0)
        rc = add_rows(inflation, &m, store, summary, err);
    free(m.test);
    free(m.val);
    free(m.best);
    if (rc < 0)
        inflation_free(inflation);
    else
        *out = inflation;
    return rc;
}

const char *inflation_against(const struct inflation_row *row)
{
    return row->on_val ? "epoch chosen on val" : "last epoch";
}

void inflation_free(struct inflation *inflation)
{
    if (!inflation)
        return;
    free(inflation->row);
    free(inflation);
}
