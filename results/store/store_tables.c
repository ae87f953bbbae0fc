#include "store/store.h"
#include "h5.h"
#include "store/store_layout.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

/* All rows, those of trials too. */
static int read_whole(struct store *store, enum store_dataset which, void *out, struct err *err)
{
    hid_t type = store_memory_type(&store->types, store_table[which].cell);
    if (store->dataset[which] < 0)
        return err_set(err, E_USAGE, "%s: has no %s; the sweep did not keep it", store->path,
                       store_table[which].path);
    if (H5Dread(store->dataset[which], type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        return err_set(err, E_IO, "%s: cannot read %s: truncated or damaged; restore a copy", store->path,
                       store_table[which].path);
    return 0;
}

/* All that there is of jobs, or of anything else. */
int store_read_all(struct store *store, enum store_dataset which, void *out, struct err *err)
{
    hid_t type = store_memory_type(&store->types, store_table[which].cell);
    if (store_table[which].dim[0] != DIM_JOB || store->dataset[which] < 0 || store->n[DIM_TRIAL] == 0)
        return read_whole(store, which, out, err);
    return h5_rows_read(store->dataset[which], 0, (hsize_t)store_n_jobs(store), type, out,
                        store_table[which].path, store->path, err);
}

static int read_class_names(struct store *store, struct err *err)
{
    struct err why = {0};
    size_t n = (size_t)store->n[DIM_NAME];
    char(*name)[CLASS_NAME_SIZE] = err_calloc(n, sizeof *name, "/classes/name", err);
    store->number = err_calloc(n, sizeof *store->number, "/classes/name", err);
    int rc = name && store->number ? store_read_all(store, STORE_CLASS_NAMES, name, err) : E_IO;
    for (size_t k = 0; k < n && rc == 0; k++) {
        name[k][CLASS_NAME_SIZE - 1] = '\0';
        if ((store->number[k] = class_number(name[k], &why)) == CLASS_NONE)
            rc = err_set(err, E_IO, "%s: /classes/name: %s: damaged; restore a copy", store->path, why.text);
        for (size_t i = 0; i < k && rc == 0; i++)
            if (store->number[i] == store->number[k])
                rc = err_set(err, E_IO, "%s: /classes/name has \"%.60s\" twice: damaged; restore a copy",
                             store->path, name[k]);
    }
    free(name);
    return rc;
}

/* Whether what a job's row of /classes/job says are different rows of /classes/name, with -1 behind them and
 * nowhere else. last: of each name the job, from 1, that had it last. */
static int is_class_row(const int16_t *class, size_t n, size_t n_names, int job, int *last)
{
    size_t used = 0;
    for (; used < n && class[used] >= 0; used++) {
        if ((size_t) class[used] >= n_names || last[class[used]] == job)
            return 0;
        last[class[used]] = job;
    }
    while (used < n && class[used] == -1)
        used++;
    return used == n;
}

static int check_classes(const struct store *store, struct err *err)
{
    size_t n = (size_t)store->n[DIM_CLASS], n_names = (size_t)store->n[DIM_NAME];
    int rc = 0, *last = err_calloc(n_names, sizeof *last, "/classes/job", err);
    for (int job = 0; last && rc == 0 && job < (int)store->n[DIM_JOB]; job++)
        if (!is_class_row(store->class + (size_t)job * n, n, n_names, job + 1, last))
            rc = err_set(err, E_IO,
                         "%s: /classes/job does not tell the classes of job %d: damaged; restore a copy",
                         store->path, job);
    free(last);
    return last ? rc : E_IO;
}

static int read_classes(struct store *store, struct err *err)
{
    size_t n = (size_t)(store->n[DIM_JOB] * store->n[DIM_CLASS]);
    store->class = err_calloc(n, sizeof *store->class, "/classes/job", err);
    int rc = store->class ? read_whole(store, STORE_CLASSES, store->class, err) : E_IO;
    return rc == 0 ? check_classes(store, err) : rc;
}

/* The class of an image from what its row says: a number, or a row of /classes/name where those are names. */
static int class_of_row(const struct store *store, int stored, int has_names)
{
    if (has_names)
        return stored >= 0 && (hsize_t)stored < store->n[DIM_NAME] ? store->number[stored] : CLASS_NONE;
    return stored >= 0 && stored <= CLASS_MOST ? stored : CLASS_NONE;
}

static int read_images(struct store *store, struct err *err)
{
    store->image = err_calloc((size_t)store->n[DIM_IMAGE], sizeof *store->image, "/images", err);
    int rc = store->image ? store_read_all(store, STORE_IMAGES, store->image, err) : E_IO, has_names = 0;
    for (hsize_t k = 0; k < store->n[DIM_NAME]; k++)
        has_names |= class_is_name(store->number[k]);
    for (hsize_t i = 0; rc == 0 && i < store->n[DIM_IMAGE]; i++) {
        utf8_plain(store->image[i].id);
        utf8_plain(store->image[i].source);
        utf8_plain(store->image[i].group);
        store->image[i].cluster = class_of_row(store, store->image[i].cluster, has_names);
    }
    return rc;
}

enum { ROWS_AT_A_TIME = 1024 };

int *store_count_of(struct store_job *job, enum store_dataset which)
{
    int *const count[] = {&job->n_train, &job->n_val,    &job->n_test,
                          &job->leak,    &job->leak_val, &job->judged_epoch};
    return count[which - STORE_N_TRAIN];
}

/* What n jobs from `first` have left in their rows; the judged epoch is one of the file's. */
static int read_counts(struct store *store, int first, int n, struct store_job *job, struct err *err)
{
    int value[ROWS_AT_A_TIME], rc = 0;
    for (int d = STORE_N_TRAIN; d <= STORE_JUDGED_EPOCH && rc == 0; d++) {
        memset(value, -1, sizeof value);
        if (store->dataset[d] >= 0)
            rc = h5_rows_read(store->dataset[d], (hsize_t)first, (hsize_t)n, H5T_NATIVE_INT, value,
                              store_table[d].path, store->path, err);
        for (int j = 0; j < n && rc == 0; j++)
            *store_count_of(&job[j], (enum store_dataset)d) = value[j];
    }
    for (int j = 0; j < n; j++)
        if (job[j].judged_epoch < 1 || job[j].judged_epoch > store_n_epochs(store))
            job[j].judged_epoch = -1;
    return rc;
}

/* Where classes have titles, jobs are shown by those. */
static void title_rows(const struct store *store, int n, struct store_job *job)
{
    char text[SETTING_TEXT_SIZE];
    int class[CONFIG_MAX_CLUSTERS];
    if (!store->class || !class_titled(0, class))
        return;
    for (int i = 0; i < n; i++)
        if (strcmp(job[i].clusters, "all") != 0) {
            class_list(class, store_classes(store, job[i].row, class), 1, text, sizeof text);
            store_clusters_text(job[i].clusters, sizeof job[i].clusters, text);
        }
}

/* Rows first .. first + n - 1 of /jobs, at most ROWS_AT_A_TIME: unpacked they are larger than in the file. */
static int read_rows(struct store *store, int first, int n, struct store_job *job, struct err *err)
{
    unsigned char *record = err_calloc(ROWS_AT_A_TIME, store->types.record_size, "/jobs", err);
    int rc = record ? h5_rows_read(store->dataset[STORE_JOBS], (hsize_t)first, (hsize_t)n, store->types.job,
                                   record, "/jobs", store->path, err)
                    : E_IO;
    if (rc == 0)
        store_unpack(&store->types, record, n, job);
    for (int i = 0; i < n && rc == 0; i++) {
        job[i].row = first + i;
        for (int a = 0; a < store->types.axes.n; a++)
            store->unread_axes |= (unsigned)(*job[i].axis[a] == '\0') << a;
    }
    free(record);
    if (rc == 0)
        title_rows(store, n, job);
    return rc < 0 ? rc : read_counts(store, first, n, job, err);
}

/* Of the rows from `first` to `end`: as many as are read at a time. */
static int n_rows(int first, int end)
{
    int n = end - first;
    return n < ROWS_AT_A_TIME ? n : ROWS_AT_A_TIME;
}

/* A rank of a sweep holds nothing of the jobs: there may be a million of them, and as many ranks as cores. */
int store_read_tables(struct store *store, struct err *err)
{
    int rc = store_measure_parts(store, err);
    if (rc == 0)
        rc = read_class_names(store, err);
    if (rc == 0)
        rc = read_images(store, err);
    if (rc == 0 && !store->shared)
        rc = read_classes(store, err);
    if (rc == 0 && !store->shared)
        rc = store_find_bound(store, &store->bound_axes, err);
    if (rc == 0 && !store->shared && !store->is_lean)
        rc = store_refresh(store, err);
    return rc;
}

int store_refresh(struct store *store, struct err *err)
{
    int rc = 0, is_first = !store->job;
    if (is_first)
        store->job = err_calloc((unsigned long)store_n_jobs(store), sizeof *store->job, "/jobs", err);
    if (!store->job)
        return E_IO;
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j += ROWS_AT_A_TIME)
        rc = (is_first ? read_rows : read_counts)(store, j, n_rows(j, store_n_jobs(store)), store->job + j,
                                                  err);
    if (rc < 0 && is_first) {
        free(store->job);
        store->job = NULL;
    }
    return rc;
}

/* The rows around one. */
static int read_window(struct store *store, int job, struct err *err)
{
    int first = job / ROWS_AT_A_TIME * ROWS_AT_A_TIME, n = n_rows(first, store_n_rows(store));
    store->window_n = 0;
    if (!store->window)
        store->window = err_calloc(ROWS_AT_A_TIME, sizeof *store->window, "/jobs", err);
    int rc = store->window ? read_rows(store, first, n, store->window, err) : E_IO;
    store->window_first = first;
    store->window_n = rc == 0 ? n : 0;
    return rc;
}

int store_row(struct store *store, int job, struct store_job *out, struct err *err)
{
    int at = job - store->window_first, rc = 0;
    if (store->job) {
        *out = store->job[job];
        return 0;
    }
    if (at < 0 || at >= store->window_n)
        rc = read_window(store, job, err);
    if (rc == 0)
        *out = store->window[job - store->window_first];
    return rc;
}
