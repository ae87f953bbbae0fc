#include "run/epochs.h"

#include "clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct epochs {
    int most;
    double interval;
    int first, n;           /* collected: n epochs from first */
    float *metrics[N_SETS]; /* (most, N_ALL_METRICS) of them, of each of curve_sets */
    double last;            /* when the job began, or they were written */
};

struct epochs *epochs_new(int most, double interval, struct err *err)
{
    struct epochs *e = err_calloc(1, sizeof *e, "metrics", err);
    size_t floats = (size_t)most * N_ALL_METRICS;
    if (!e)
        return NULL;
    e->most = most;
    e->interval = interval;
    for (int i = 0; i < N_CURVE_SETS; i++)
        if (!(e->metrics[curve_sets[i]] = err_calloc(floats, sizeof **e->metrics, "metrics", err))) {
            epochs_free(e);
            return NULL;
        }
    return e;
}

void epochs_begin(struct epochs *e, int first)
{
    e->first = first;
    e->n = 0;
    e->last = clock_now();
}

void epochs_add(struct epochs *e, const float (*numbers)[N_ALL_METRICS])
{
    size_t at = (size_t)e->n * N_ALL_METRICS;
    assert(e->n < e->most);
    for (int i = 0; i < N_CURVE_SETS; i++)
        memcpy(e->metrics[curve_sets[i]] + at, numbers[curve_sets[i]], sizeof *numbers);
    e->n++;
}

int epochs_due(const struct epochs *e)
{
    return e->n > 0 && clock_now() - e->last >= e->interval;
}

int epochs_write(struct epochs *e, struct store *store, int job, struct err *err)
{
    if (e->n == 0)
        return 0;
    int rc = store_write_epochs(store, job, e->first, e->n, (const float *const *)e->metrics, err);
    if (rc < 0)
        return rc;
    e->first += e->n;
    e->n = 0;
    e->last = clock_now();
    return 0;
}

void epochs_free(struct epochs *e)
{
    if (!e)
        return;
    for (int set = 0; set < N_SETS; set++)
        free(e->metrics[set]);
    free(e);
}
