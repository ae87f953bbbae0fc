#include "stats/originals.h"

#include "store/classes.h"
#include "store/drawn.h"
#include "job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Originals that a job trained on or was judged on: the drawn ones, but those that its strategy leaves
 * out. */
static int count_used(struct store *store, int job, double *n, struct err *err)
{
    int room = store_n_predictions(store, SET_ALL);
    int *role = err_calloc((size_t)room, sizeof *role, "roles of images", err);
    int rc = role ? store_read_roles(store, job, role, err) : E_IO;
    for (int i = 0; i < room && rc == 0; i++)
        *n += role[i] >= 0 && role[i] != JOB_UNTOUCHED;
    free(role);
    return rc;
}

/* All originals of a job's clusters. A damaged file may count further than an int. */
static int count_all(struct store *store, int job, double *n, struct err *err)
{
    int c = store_n_classes(store);
    int *confusion = err_calloc((size_t)c * (size_t)c, sizeof *confusion, "a confusion matrix", err);
    int rc = confusion ? store_read_confusion(store, job, SET_ALL, confusion, err) : E_IO;
    for (int i = 0; i < c * c && rc == 0; i++)
        *n += confusion[i] > 0 ? confusion[i] : 0;
    free(confusion);
    return rc;
}

int originals_divided(struct store *store, int job, double *n, struct err *err)
{
    long size[CONFIG_MAX_CLUSTERS];
    const struct store_job *row = &store_jobs(store)[job];
    *n = 0;
    if (!drawn_by_sizes(store, row))
        return count_all(store, job, n, err);
    int classes = drawn_sizes(store, row, size);
    for (int c = 0; c < classes; c++)
        *n += (double)size[c];
    return classes > 0 ? 0 : count_used(store, job, n, err);
}

/* What a job that splits a rebalanced list has of n originals on its training side; NaN when the sweep file
 * does not say. */
static double training_share(const struct store *store, const struct store_job *row, double n)
{
    char text[64], *end;
    double validation = strtod(classes_config(store, row, "validation", text, sizeof text), &end);
    return end == text ? (double)NAN : floor(n * (1 - validation) + 1e-9);
}

int originals_at_hand(struct store *store, const int *job, int n, double *at_hand, struct err *err)
{
    const struct store_job *row = store_jobs(store);
    double divided = 0, sum = 0;
    *at_hand = (double)NAN;
    if (n < 1 || strcmp(row[job[0]].protocol, "given") == 0)
        return 0;
    int rc = originals_divided(store, job[0], &divided, err);
    int rebalanced = strcmp(row[job[0]].protocol, "report") == 0 || strcmp(row[job[0]].protocol, "tail") == 0;
    for (int i = 0; i < n && rc == 0; i++) {
        double n_val = row[job[i]].n_val > 0 ? row[job[i]].n_val : 0;
        sum += (rebalanced ? training_share(store, &row[job[i]], divided) : divided - row[job[i]].n_test) -
               n_val;
    }
    if (rc == 0 && sum > 0)
        *at_hand = sum / n;
    return rc;
}
