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

int divided_read(struct store *store, const int *job, int n, struct draws_summary *out, struct err *err)
{
    size_t room = (size_t)store_n_predictions(store, SET_TEST), classes = (size_t)store_n_classes(store);
    struct draws draws = {0};
    *out = (struct draws_summary){.overlap = (double)NAN};
    if (n < 1 || room < 1 || !may_repeat(store, &store_jobs(store)[job[0]]))
        return 0;
    int *number = err_calloc(3 * room, sizeof *number, "predictions", err);
    float *probs = err_calloc(room * classes, sizeof *probs, "predictions", err);
    int rc = number && probs ? add_sets(store, job, n, number, probs, &draws, err) : E_IO;
    if (rc == 0)
        rc = draws_summarise(&draws, out, err);
    draws_release(&draws);
    free(probs);
    free(number);
    return rc;
}
