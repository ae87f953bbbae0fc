#include "stats/job_seconds.h"

#include <math.h>
#include <stdlib.h>

int job_seconds_read(struct store *store, double **out, struct err *err)
{
    size_t n = (size_t)store_n_jobs(store);
    struct store_mark *mark = err_calloc(n, sizeof *mark, "marks", err);
    int rc = mark ? store_read_marks(store, mark, err) : E_IO;
    *out = err_calloc(n, sizeof **out, "seconds", err);
    if (!*out)
        rc = E_IO;
    for (size_t i = 0; i < n && rc == 0; i++) {
        double seconds = mark[i].finished - mark[i].started;
        (*out)[i] = mark[i].attempts == 1 && seconds > 0 && isfinite(seconds) ? seconds : (double)NAN;
    }
    free(mark);
    return rc;
}

int job_seconds_list(const double *seconds, const struct summary_group *group, double *x)
{
    int n = 0;
    for (int i = 0; i < group->n_state[JOB_DONE]; i++)
        if (!isnan(seconds[group->job[i]]))
            x[n++] = seconds[group->job[i]];
    return n;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double job_seconds_median(double *x, int n)
{
    if (n == 0)
        return (double)NAN;
    qsort(x, (size_t)n, sizeof *x, ascending);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}
