#include "store/store.h"
#include "h5.h"
#include "store/store_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum job_state state_of(int value)
{
    return value >= 0 && value < N_TRIAL_STATES ? (enum job_state)value : JOB_WAITING;
}

/* Numbers of a damaged file are brought into their ranges here, so that nobody who counts
 * with them has to ask. */
static void set_int_field(const struct store *store, struct store_mark *mark, enum store_dataset which,
                          int value)
{
    int n_epochs = store_n_epochs(store), positive = value > 0 ? value : 0;
    if (which == STORE_STATE)
        mark->state = state_of(value);
    else if (which == STORE_ATTEMPTS)
        mark->attempts = positive;
    else if (which == STORE_EPOCHS_DONE)
        mark->epochs_done = positive < n_epochs ? positive : n_epochs;
    else
        mark->rank = value >= 0 ? value : -1;
}

int store_read_states(struct store *store, int *state, struct err *err)
{
    int rc = store_read_all(store, STORE_STATE, state, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        state[j] = (int)state_of(state[j]);
    return rc;
}

static int read_mark_ints(struct store *store, struct store_mark *mark, int *value, struct err *err)
{
    static const enum store_dataset part[] = {STORE_STATE, STORE_ATTEMPTS, STORE_EPOCHS_DONE, STORE_RANK};
    int rc = 0;
    for (int i = 0; i < 4 && rc == 0; i++) {
        rc = store_read_all(store, part[i], value, err);
        for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
            set_int_field(store, &mark[j], part[i], value[j]);
    }
    return rc;
}

static int read_mark_times(struct store *store, struct store_mark *mark, double *value, struct err *err)
{
    int rc = store_read_all(store, STORE_STARTED, value, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        mark[j].started = value[j];
    if (rc == 0)
        rc = store_read_all(store, STORE_FINISHED, value, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        mark[j].finished = value[j];
    return rc;
}

static int read_mark_messages(struct store *store, struct store_mark *mark, int *row, struct err *err)
{
    int n = store_n_jobs(store), any = 0, rc = store_read_all(store, STORE_MESSAGE, row, err);
    for (int j = 0; j < n && rc == 0; j++)
        any |= row[j] >= 0;
    if (rc == 0 && any)
        rc = store_read_texts(store, -1, err);
    for (int j = 0; j < n && rc == 0; j++)
        mark[j].message = store_message(store, row[j]);
    return rc;
}

/* The state first, as it was written last: the rest of a row is at least as new as its state. */
int store_read_marks(struct store *store, struct store_mark *mark, struct err *err)
{
    double *column = err_calloc((unsigned long)store_n_jobs(store), sizeof *column, "the commit marks", err);
    if (!column)
        return E_IO;
    void *values = column;
    int rc = read_mark_ints(store, mark, values, err);
    if (rc == 0)
        rc = read_mark_times(store, mark, column, err);
    if (rc == 0)
        rc = read_mark_messages(store, mark, values, err);
    store->window_n = 0;
    free(column);
    return rc;
}

int store_read_mark(struct store *store, int job, struct store_mark *mark, struct err *err)
{
    static const enum store_dataset number[] = {STORE_STATE, STORE_ATTEMPTS, STORE_EPOCHS_DONE, STORE_RANK};
    struct store_block block = store_row_block(job, 1);
    int value = 0, row = -1, rc = 0;
    for (int i = 0; i < 4 && rc == 0; i++) {
        rc = store_read_block(store, number[i], &block, &value, err);
        set_int_field(store, mark, number[i], value);
    }
    if (rc == 0)
        rc = store_read_block(store, STORE_STARTED, &block, &mark->started, err);
    if (rc == 0)
        rc = store_read_block(store, STORE_FINISHED, &block, &mark->finished, err);
    if (rc == 0)
        rc = store_read_block(store, STORE_MESSAGE, &block, &row, err);
    if (rc == 0 && row >= 0)
        rc = store_read_texts(store, row, err);
    mark->message = rc == 0 ? store_message(store, row) : "";
    return rc;
}

int store_read_trials(struct store *store, int *out, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0 && store_n_trials(store) > 0; i++)
        rc = store_read_all(store, (enum store_dataset)(STORE_TRIALS + i), out + i * store_n_trials(store),
                            err);
    return rc;
}

int store_read_chosen(struct store *store, int job, int *out, struct err *err)
{
    struct store_block block = store_row_block(job, 1);
    return store_read_block(store, STORE_CHOSEN, &block, out, err);
}

int store_read_n_train(struct store *store, int *out, struct err *err)
{
    return store_read_all(store, STORE_N_TRAIN, out, err);
}

int store_read_metric(struct store *store, enum image_set set, enum metric metric, float *out,
                      struct err *err)
{
    return store_read_all(store, store_metric_dataset(set, (int)metric), out, err);
}

int store_read_metric_of(struct store *store, enum image_set set, enum metric metric, int first, int n,
                         float *out, struct err *err)
{
    enum store_dataset which = store_metric_dataset(set, (int)metric);
    return h5_rows_read(store->dataset[which], (hsize_t)first, (hsize_t)n, H5T_NATIVE_FLOAT, out,
                        store_table[which].path, store->path, err);
}

int store_read_curve(struct store *store, int job, enum image_set set, enum metric metric, float *out,
                     struct err *err)
{
    struct store_block block = store_row_block(job, (size_t)store->n[DIM_EPOCH]);
    return store_read_block(store, store_metric_dataset(set, (int)metric), &block, out, err);
}

int store_read_trained(struct store *store, int job, double *out, struct err *err)
{
    struct store_block block = store_row_block(job, (size_t)store->n[DIM_CLASS]);
    float *shares = err_calloc((size_t)block.n, sizeof *shares, "shares of classes", err);
    int rc = shares ? store_read_block(store, STORE_TRAINED, &block, shares, err) : E_IO;
    for (size_t c = 0; rc == 0 && c < block.n; c++)
        out[c] = (double)shares[c];
    free(shares);
    return rc;
}

/* All cells of a job's part of a dataset. *n: how many. */
static int read_part(struct store *store, int job, enum store_dataset which, void *out, size_t *n,
                     struct err *err)
{
    struct store_block block = store_row_block(job, 0);
    if (store->dataset[which] < 0)
        return err_set(err, E_USAGE, "%s: has no %s; the sweep did not keep it", store->path,
                       store_table[which].path);
    int rc = store_room(store, job, store_table[which].dim[0], &block.n, err);
    *n = (size_t)block.n;
    return rc < 0 || block.n == 0 ? rc : store_read_block(store, which, &block, out, err);
}

/* Spread rows of n cells of 4 bytes to rows of `stride`, in place and from the last to the first, and fill
 * with a cell what lies between them and behind them, up to `rows` rows. */
static void spread(void *cells, size_t n_rows, size_t n, size_t rows, size_t stride, const void *fill)
{
    char *at = cells;
    for (size_t r = rows; r-- > 0;) {
        size_t used = r < n_rows ? n : 0;
        memmove(at + r * stride * 4, at + r * n * 4, used * 4);
        for (size_t c = used; c < stride; c++)
            memcpy(at + (r * stride + c) * 4, fill, 4);
    }
}

static const int unused_int = -1;
static const float unused_float = NAN;

int store_read_confusion(struct store *store, int job, enum image_set set, int *out, struct err *err)
{
    size_t cells = 0, n = 0, most = (size_t)store_n_classes(store);
    int rc = read_part(store, job, store_confusion_dataset(set), out, &cells, err);
    while (n < most && n * n < cells)
        n++;
    spread(out, n, n, most, most, &unused_int);
    return rc;
}

int store_read_predictions(struct store *store, int job, enum image_set set, int *image, int *copy,
                           int *label, float *probs, struct err *err)
{
    size_t n = 0, cells = 0, most = (size_t)store_n_predictions(store, set),
           classes = (size_t)store_n_classes(store);
    int *const out[] = {image, copy, label};
    int rc = 0;
    for (int i = PART_IMAGE; i <= PART_LABEL && rc == 0; i++) {
        rc = read_part(store, job, store_prediction_dataset(set, i), out[i], &n, err);
        spread(out[i], n, 1, most, 1, &unused_int);
    }
    if (rc == 0)
        rc = read_part(store, job, store_prediction_dataset(set, PART_PROBABILITY), probs, &cells, err);
    if (rc == 0)
        spread(probs, n, n ? cells / n : 0, most, classes, &unused_float);
    return rc;
}

int store_read_roles(struct store *store, int job, int *out, struct err *err)
{
    size_t n = 0;
    int rc = read_part(store, job, STORE_ROLE, out, &n, err);
    spread(out, n, 1, (size_t)store_n_predictions(store, SET_ALL), 1, &unused_int);
    return rc;
}

/* A network whose bytes are others than the job left would say anything. */
static int check_model(struct store *store, int job, const float *weights, size_t n, struct err *err)
{
    struct store_block cell = store_row_block(job, 1);
    int64_t checksum = 0;
    int rc = store_read_block(store, STORE_MODEL_CHECKSUM, &cell, &checksum, err);
    if (rc < 0 || checksum == store_checksum(weights, n * sizeof *weights))
        return rc;
    return err_set(
        err, E_IO,
        "%s: the kept model of job %d is not what the job left (its checksum is another): damaged; "
        "restore a copy, or run the job again",
        store->path, job);
}

int store_read_weights(struct store *store, int job, float *out, struct err *err)
{
    struct store_block cell = store_row_block(job, 1);
    int64_t bytes = 0;
    hsize_t room = 0;
    int rc = store_read_block(store, STORE_MODEL_BYTES, &cell, &bytes, err);
    if (rc == 0)
        rc = store_room(store, job, DIM_MODEL, &room, err);
    size_t n = bytes > 0 && (hsize_t)bytes <= room ? (size_t)bytes / sizeof *out : 0;
    struct store_block part = store_row_block(job, n * sizeof *out);
    if (rc == 0 && n > 0)
        rc = store_read_block(store, STORE_MODEL, &part, out, err);
    if (rc == 0 && n > 0)
        rc = check_model(store, job, out, n, err);
    spread(out, n, 1, store_n_weights(store), 1, &unused_float);
    return rc;
}
