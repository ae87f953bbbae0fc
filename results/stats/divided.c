#include "stats/divided.h"

#include "store/classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int keeps_groups(struct store *store, const struct store_job *row)
{
    char column[CONFIG_WORD_SIZE];
    classes_config(store, row, "groups", column, sizeof column);
    return *column && strcmp(column, "none") != 0;
}

/* Whole groups leave few divisions; given sets, and an unshuffled tail where nothing is resampled, one. */
static int may_repeat(struct store *store, const struct store_job *row)
{
    return keeps_groups(store, row) || strcmp(row->protocol, "tail") == 0 ||
           strcmp(row->protocol, "given") == 0;
}

/* What jobs are judged on; number and probs are room for their predictions. */
static int add_sets(struct store *store, const int *job, int n, int *number, float *probs,
                    struct draws *draws, struct err *err)
{
    size_t room = (size_t)store_n_predictions(store, SET_TEST);
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++) {
        const struct store_job *row = &store_jobs(store)[job[i]];
        int used = 0;
        rc = store_read_predictions(store, job[i], SET_TEST, number, number + room, number + 2 * room, probs,
                                    err);
        for (size_t k = 0; k < room && rc == 0; k++)
            if (number[k] >= 0)
                number[used++] = number[k];
        if (rc == 0)
            rc = draws_add(draws, row->seed, row->repeat, number, used, err);
    }
    return rc;
}

struct same {
    uint64_t hash;
    int n, place;
};

static int compare_same(const void *a, const void *b)
{
    const struct same *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->n != y->n ? x->n - y->n : x->place - y->place;
}

/* draws has a set for each of n jobs, in their order. */
static int find_first(const struct draws *draws, int *first, struct err *err)
{
    struct same *same = err_calloc((unsigned long)draws->n_sets + 1, sizeof *same, "test sets", err);
    if (!same)
        return E_IO;
    for (int i = 0; i < draws->n_sets; i++)
        same[i] = (struct same){draws->set[i].hash, draws->set[i].n, i};
    qsort(same, (size_t)draws->n_sets, sizeof *same, compare_same);
    for (int i = 0, begin = 0; i < draws->n_sets; i++) {
        if (same[i].hash != same[begin].hash || same[i].n != same[begin].n)
            begin = i;
        first[same[i].place] = same[begin].place;
    }
    free(same);
    return 0;
}

int divided_read(struct store *store, const int *job, int n, int *first, struct draws_summary *out,
                 struct err *err)
{
    size_t room = (size_t)store_n_predictions(store, SET_TEST), classes = (size_t)store_n_classes(store);
    struct draws draws = {0};
    *out = (struct draws_summary){.overlap = (double)NAN};
    for (int i = 0; i < n; i++)
        first[i] = i;
    if (n < 1 || room < 1 || !may_repeat(store, &store_jobs(store)[job[0]]))
        return 0;
    int *number = err_calloc(3 * room, sizeof *number, "predictions", err);
    float *probs = err_calloc(room * classes, sizeof *probs, "predictions", err);
    int rc = number && probs ? add_sets(store, job, n, number, probs, &draws, err) : E_IO;
    if (rc == 0)
        rc = find_first(&draws, first, err);
    if (rc == 0)
        rc = draws_summarise(&draws, out, err);
    draws_release(&draws);
    free(probs);
    free(number);
    return rc;
}
