#include "stats/explained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Groups with a number: (n) their means and cells. */
struct observed {
    int n;
    double *x;
    const struct store_job **cell;
};

static double number_of(const struct summary_group *group)
{
    return group->n_state[JOB_DONE] > 0 ? group->final[SET_TEST][METRIC_BALANCED_ACCURACY].mean : (double)NAN;
}

/* Sum of squares around the mean of all. */
static double total_squares(const struct observed *o)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < o->n; i++)
        sum += o->x[i];
    for (int i = 0; i < o->n; i++)
        squares += (o->x[i] - sum / o->n) * (o->x[i] - sum / o->n);
    return squares;
}

static int reads(const struct observed *o, int i, int factor)
{
    return factor < FACTOR_AXES || *combination_value(o->cell[i], factor) != 0;
}

/* Sum of squares between the values of a factor, parts of `values`; *n_values of those that are read. */
static double squares_between(const struct observed *o, const struct partition *values, int factor,
                              int *n_values)
{
    double sum = 0, squares = 0;
    int n = 0;
    *n_values = 0;
    for (int i = 0; i < o->n; i++)
        if (reads(o, i, factor)) {
            sum += o->x[i];
            n++;
        }
    for (int part = 0; part < values->n_parts; part++) {
        int begin = values->begin[part], size = values->begin[part + 1] - begin;
        double of_part = 0;
        if (!reads(o, values->member[begin], factor))
            continue;
        for (int i = 0; i < size; i++)
            of_part += o->x[values->member[begin + i]];
        squares += size * (of_part / size - sum / n) * (of_part / size - sum / n);
        *n_values += 1;
    }
    return squares;
}

static int share_of(const struct observed *o, int factor, double total, double *share, struct err *err)
{
    struct partition *values = NULL;
    int n_values, rc = partition_new(o->cell, o->n, FACTOR(factor), &values, err);
    if (rc < 0)
        return rc;
    double between = squares_between(o, values, factor, &n_values);
    *share = n_values > 1 && total > 0 ? fmin(between / total, 1) : (double)NAN;
    partition_free(values);
    return 0;
}

int explained_shares(const struct summary *summary, double *share, struct err *err)
{
    size_t room = (size_t)summary->n_groups + 1;
    struct observed o = {0, err_calloc(room, sizeof *o.x, "means", err),
                         err_calloc(room, sizeof *o.cell, "means", err)};
    int rc = o.x && o.cell ? 0 : E_IO;
    for (int f = 0; f < FACTORS_MOST; f++)
        share[f] = (double)NAN;
    for (int g = 0; g < summary->n_groups && rc == 0; g++)
        if (!isnan(number_of(&summary->group[g]))) {
            o.x[o.n] = number_of(&summary->group[g]);
            o.cell[o.n++] = summary->group[g].cell;
        }
    double total = rc == 0 ? total_squares(&o) : 0;
    for (int f = 0; f < combination_n_factors(summary->store) && rc == 0 && o.n > 0; f++)
        rc = share_of(&o, f, total, &share[f], err);
    free(o.x);
    free(o.cell);
    return rc;
}
