#include "store/store.h"
#include "store/store_layout.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

static_assert((int)SET_TRAIN == 0 && (int)SET_TEST == N_CURVE_SETS - 1 && (int)SET_ALL == N_JUDGED_SETS,
              "curve_sets and judged_sets follow enum image_set");

static int write_cell(struct store *store, enum store_dataset which, int job, const void *value,
                      struct err *err)
{
    struct store_block block = store_row_block(job, 1);
    return store_write_block(store, which, &block, value, err);
}

/* One metric of n epochs. column: room for n numbers. */
static int write_curve(struct store *store, enum store_dataset which, const struct store_block *block,
                       const float *numbers, float *column, struct err *err)
{
    for (size_t e = 0; e < block->n; e++)
        column[e] = numbers[e * N_ALL_METRICS];
    return store_write_block(store, which, block, column, err);
}

int store_write_epochs(struct store *store, int job, int first, int n, const float *const numbers[N_SETS],
                       struct err *err)
{
    struct store_block block = {job, (hsize_t)first, (hsize_t)n};
    enum image_set set[N_CURVE_SETS];
    int n_sets = store_curve_sets(store, set);
    float *column = err_calloc((size_t)n, sizeof *column, "a row of metrics", err);
    int done = first + n, rc = column ? 0 : E_IO;
    for (int s = 0; s < n_sets; s++)
        for (int m = 0; m < (set[s] == SET_TRAIN ? N_METRICS : N_ALL_METRICS) && rc == 0 && numbers[set[s]];
             m++)
            rc =
                write_curve(store, store_metric_dataset(set[s], m), &block, numbers[set[s]] + m, column, err);
    free(column);
    if (rc == 0)
        rc = write_cell(store, STORE_EPOCHS_DONE, job, &done, err);
    return rc < 0 ? rc : store_send(store, err);
}

int store_clear_metrics(struct store *store, int job, struct err *err)
{
    size_t n = (size_t)store->n[DIM_EPOCH];
    struct store_block block = store_row_block(job, n);
    float *nan = err_calloc(n, sizeof *nan, "a row of metrics", err);
    int zero = 0;
    if (!nan)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        nan[i] = NAN;
    int rc = write_cell(store, STORE_EPOCHS_DONE, job, &zero, err);
    for (int d = STORE_METRICS; d < STORE_CONFUSION && rc == 0; d++)
        if (store_table[d].needs == DIM_NONE || store_has_val(store))
            rc = store_write_block(store, (enum store_dataset)d, &block, nan, err);
    free(nan);
    return rc < 0 ? rc : store_send(store, err);
}

static int write_judged(struct store *store, int job, enum image_set set, const struct store_outcome *o,
                        struct err *err)
{
    const struct store_judged *judged = &o->set[set];
    const int *const part[] = {judged->image, judged->copy, judged->label};
    size_t n = (size_t)judged->n, c = (size_t)o->n_classes;
    struct store_block block = store_row_block(job, n), cells = store_row_block(job, n * c),
                       matrix = store_row_block(job, c * c);
    if (n == 0)
        return 0;
    int rc = store_write_block(store, store_confusion_dataset(set), &matrix, judged->confusion, err);
    for (int i = PART_IMAGE; i <= PART_LABEL && rc == 0; i++)
        rc = store_write_block(store, store_prediction_dataset(set, i), &block, part[i], err);
    if (rc == 0)
        rc = store_write_block(store, store_prediction_dataset(set, PART_PROBABILITY), &cells, judged->probs,
                               err);
    return rc < 0 ? rc : write_cell(store, store_count_dataset(set), job, &judged->n, err);
}

static int write_counts(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    struct store_job row = {.n_train = o->n_train,
                            .n_val = o->set[SET_VAL].n,
                            .n_test = o->set[SET_TEST].n,
                            .leak = o->leak,
                            .leak_val = o->leak_val,
                            .judged_epoch = o->judged_epoch};
    int rc = 0;
    for (int d = STORE_N_TRAIN; d <= STORE_JUDGED_EPOCH && rc == 0; d++)
        if (store_table[d].needs == DIM_NONE || row.n_val > 0)
            rc = write_cell(store, (enum store_dataset)d, job, store_count_of(&row, (enum store_dataset)d),
                            err);
    return rc;
}

/* What lies in a part has the job's own number of classes: no other would be read rightly. A remote rank
 * leaves that to rank 0. */
static int check_outcome(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    hsize_t cells = 0, model = 0, n = (hsize_t)o->n_classes, room = 0;
    int fits = 1;
    if (store_is_remote(store))
        return 0;
    int rc =
        job < 0 || job >= store_n_rows(store) ? E_IO : store_room(store, job, DIM_CONFUSION, &cells, err);
    for (int s = 0; s < N_JUDGED_SETS && rc == 0; s++) {
        rc = store_room(store, job, store_judged_dim(judged_sets[s]), &room, err);
        fits &= (hsize_t)o->set[judged_sets[s]].n <= room;
    }
    if (rc == 0)
        rc = store_room(store, job, DIM_MODEL, &model, err);
    if (rc < 0 || !fits || cells != n * n || (o->weights && o->n_weights * sizeof *o->weights > model))
        return err_set(err, E_IO, "%s: the outcome of job %d does not fit the file: a fault of this program",
                       store->path, job);
    return 0;
}

int64_t store_checksum(const void *bytes, size_t n)
{
    return (int64_t)XXH3_64bits(bytes, n);
}

static int write_model(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    int64_t bytes = (int64_t)(o->n_weights * sizeof *o->weights);
    struct store_block part = store_row_block(job, (size_t)bytes);
    int64_t checksum = store_checksum(o->weights, (size_t)bytes);
    int rc = store_write_block(store, STORE_MODEL, &part, o->weights, err);
    if (rc == 0)
        rc = write_cell(store, STORE_MODEL_CHECKSUM, job, &checksum, err);
    return rc < 0 ? rc : write_cell(store, STORE_MODEL_BYTES, job, &bytes, err);
}

int store_write_outcome(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    struct store_block roles = store_row_block(job, (size_t)o->set[SET_ALL].n),
                       shares = store_row_block(job, (size_t)o->n_classes);
    int rc = check_outcome(store, job, o, err);
    for (int s = 0; s < N_JUDGED_SETS && rc == 0; s++)
        rc = write_judged(store, job, judged_sets[s], o, err);
    if (rc == 0 && o->role && roles.n)
        rc = store_write_block(store, STORE_ROLE, &roles, o->role, err);
    if (rc == 0 && o->weights)
        rc = write_model(store, job, o, err);
    if (rc == 0 && o->trained)
        rc = store_write_block(store, STORE_TRAINED, &shares, o->trained, err);
    if (rc == 0)
        rc = write_counts(store, job, o, err);
    return rc < 0 ? rc : store_send(store, err);
}

int store_write_chosen(struct store *store, int job, int trial, struct err *err)
{
    int rc = write_cell(store, STORE_CHOSEN, job, &trial, err);
    return rc < 0 ? rc : store_send(store, err);
}

/* The state goes last: a reader or a resumed run that sees "done" sees everything else of the row too. */
int store_write_mark(struct store *store, int job, const struct store_mark *mark, struct err *err)
{
    int state = (int)mark->state, rc = 0;
    const struct {
        enum store_dataset which;
        const void *value;
    } part[] = {
        {STORE_ATTEMPTS, &mark->attempts},       {STORE_RANK, &mark->rank},
        {STORE_STARTED, &mark->started},         {STORE_FINISHED, &mark->finished},
        {STORE_EPOCHS_DONE, &mark->epochs_done},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part && rc == 0; i++)
        rc = write_cell(store, part[i].which, job, part[i].value, err);
    if (rc == 0)
        rc = store_write_message(store, job, mark->message ? mark->message : "", err);
    if (rc == 0)
        rc = write_cell(store, STORE_STATE, job, &state, err);
    return rc < 0 ? rc : store_send(store, err);
}
