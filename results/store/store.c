#include "store/store.h"
#include "h5.h"
#include "sections.h"
#include "store/store_layout.h"
#include "utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const struct {
    const char *name;
    enum { TEXT, LINES, OPTIONAL_LINES, NUMBER, REAL } kind; /* TEXT: one line */
} attributes[] = {
    {"name", TEXT},
    {"yaml", LINES},
    {"yaml_resolved", LINES},
    {"data", TEXT},
    {"dataset_checksum", TEXT},
    {"data_file", TEXT},
    {"kernels", TEXT},
    {"version", TEXT},
    {"commit", TEXT},
    {"created", TEXT},
    {"host", TEXT},
    {"libraries", TEXT},
    {"cpu", TEXT},
    {"cellsweep_results", NUMBER},
    {"ranks", NUMBER},
    {"synthetic", NUMBER},
    {"weights_kept", NUMBER},
    {"image_size", NUMBER},
    {"channels", NUMBER},
    {"pixel_size", REAL},
    {"preprocess", TEXT},
    {"merged_from", OPTIONAL_LINES},
    {"grown_from", OPTIONAL_LINES},
};
enum { N_ATTRIBUTES = sizeof attributes / sizeof *attributes };
static_assert(N_ATTRIBUTES <= sizeof((struct store *)0)->text / sizeof(char *), "store.text has room");

/* ---- opening ---- */

static struct store *new_store(const char *path, struct err *err)
{
    struct store *store = err_calloc(1, sizeof *store, path, err);
    if (!store)
        return NULL;
    snprintf(store->path, sizeof store->path, "%s", path);
    store->file = store->one = H5I_INVALID_HID;
    store->fd = store->reading = store->placed = -1;
    store->types.job = store->types.message = store->types.name = store->types.image =
        store->types.image_stored = H5I_INVALID_HID;
    for (int d = 0; d < N_STORE_DATASETS; d++)
        store->dataset[d] = store->space[d] = H5I_INVALID_HID;
    for (int d = 0; d < N_STORE_DATASETS; d++)
        store->place[d].offset = -1;
    return store;
}

static int refuse_old(const struct store *store, int format, struct err *err)
{
    char *version = NULL;
    if (h5_read_text_attr(store->file, "version", &version, store->path, NULL) == 0)
        utf8_plain(version);
    int rc =
        err_set(err, E_IO,
                "%s: written by cellsweep %.40s in results format %d, this program reads %d only: look at "
                "it with that version, or run its sweep again with another -o",
                store->path, version ? version : "(unknown)", format, STORE_FORMAT);
    free(version);
    return rc;
}

static int check_format(struct store *store, struct err *err)
{
    int format = 0;
    if (!h5_has_attr(store->file, "cellsweep_results"))
        return err_set(err, E_IO,
                       "%s: HDF5, but not a results file of cellsweep; give the file of `cellsweep run -o`",
                       store->path);
    int rc = h5_read_int_attr(store->file, "cellsweep_results", &format, store->path, err);
    if (rc == 0 && format > STORE_FORMAT)
        rc =
            err_set(err, E_IO, "%s: results format %d is newer than this program's %d; use a newer cellsweep",
                    store->path, format, STORE_FORMAT);
    return rc == 0 && format < STORE_FORMAT ? refuse_old(store, format, err) : rc;
}

static int read_attribute(struct store *store, int i, struct err *err)
{
    const char *name = attributes[i].name;
    int number = 0, rc;
    double real = 0;
    if (attributes[i].kind == OPTIONAL_LINES && !h5_has_attr(store->file, name))
        return 0;
    if (attributes[i].kind < NUMBER) {
        rc = h5_read_text_attr(store->file, name, &store->text[i], store->path, err);
        if (rc == 0)
            (attributes[i].kind == TEXT ? utf8_plain : utf8_plain_lines)(store->text[i]);
        return rc;
    }
    if (attributes[i].kind == NUMBER)
        rc = h5_read_int_attr(store->file, name, &number, store->path, err);
    else
        rc = h5_read_real_attr(store->file, name, &real, store->path, err);
    if (rc < 0)
        return rc;
    store->text[i] = err_calloc(32, 1, name, err);
    if (!store->text[i])
        return E_IO;
    if (attributes[i].kind == NUMBER)
        snprintf(store->text[i], 32, "%d", number);
    else
        snprintf(store->text[i], 32, "%.17g", real);
    return 0;
}

/* The first dataset that has a dimension gives its size, all others must agree. */
static int take_dims(struct store *store, enum store_dataset which, struct err *err)
{
    const struct store_table_row *row = &store_table[which];
    hsize_t dims[H5_MAX_RANK] = {0}, expected[STORE_MAX_RANK] = {0};
    int rank = store_row_dims(row, store->n, expected);
    if (H5Sget_simple_extent_ndims(store->space[which]) != rank ||
        H5Sget_simple_extent_dims(store->space[which], dims, NULL) < 0)
        return err_set(err, E_IO, "%s: %s has an unexpected rank: damaged, or not written by cellsweep",
                       store->path, row->path);
    for (int i = 0; i < rank; i++) {
        if (expected[i] == 0)
            expected[i] = store->n[row->dim[i]] = dims[i];
        if (dims[i] != expected[i] || dims[i] == 0 || (dims[i] > INT32_MAX && !store_is_extent(row->dim[i])))
            return err_set(err, E_IO, "%s: the shape of %s does not fit the other datasets: damaged",
                           store->path, row->path);
    }
    return 0;
}

static int open_dataset(struct store *store, enum store_dataset which, struct err *err)
{
    const struct store_table_row *row = &store_table[which];
    hsize_t bytes = 0;
    if (!h5_exists(store->file, row->path))
        return row->needs != DIM_NONE
                   ? 0
                   : err_set(err, E_IO, "%s: has no %s: damaged, or not written by cellsweep", store->path,
                             row->path);
    store->dataset[which] = H5Dopen2(store->file, row->path, H5P_DEFAULT);
    if (store->dataset[which] >= 0)
        store->space[which] = H5Dget_space(store->dataset[which]);
    if (store->space[which] < 0)
        return err_set(err, E_IO, "%s: cannot open %s: damaged; restore a copy", store->path, row->path);
    if (H5Fget_filesize(store->file, &bytes) < 0 || !h5_is_sound_dataset(store->dataset[which], bytes))
        return err_set(err, E_IO,
                       "%s: type or size of %s is not what cellsweep writes: damaged; restore a copy",
                       store->path, row->path);
    return take_dims(store, which, err);
}

static int make_types(struct store *store, struct err *err)
{
    struct store_axes axes;
    hid_t stored = H5Dget_type(store->dataset[STORE_JOBS]);
    if (stored < 0)
        return err_set(err, E_IO, "%s: cannot read the type of /jobs: damaged; restore a copy", store->path);
    int rc = store_axes_of(stored, &axes, store->path, err);
    H5Tclose(stored);
    return rc < 0 ? rc : store_types_init(&store->types, &axes, err);
}

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
static int read_all(struct store *store, enum store_dataset which, void *out, struct err *err)
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
    int rc = name && store->number ? read_all(store, STORE_CLASS_NAMES, name, err) : E_IO;
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
    int rc = store->image ? read_all(store, STORE_IMAGES, store->image, err) : E_IO, has_names = 0;
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

static int *count_of(struct store_job *job, enum store_dataset which)
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
            *count_of(&job[j], (enum store_dataset)d) = value[j];
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
static int read_tables(struct store *store, struct err *err)
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

static int read_sweep(struct store *store, struct err *err)
{
    struct err why = {0};
    if (sweep_file_parse(store_text(store, "yaml_resolved"), "its sweep file", worker_schema(), NULL,
                         &store->sweep, &why) == 0)
        return 0;
    return err_set(err, E_IO, "%s: %s: damaged, or not written by this version of cellsweep", store->path,
                   why.text);
}

static int load(struct store *store, struct err *err)
{
    int rc = check_format(store, err);
    for (int i = 0; i < N_ATTRIBUTES && rc == 0; i++)
        rc = read_attribute(store, i, err);
    if (rc == 0 && !store->shared)
        rc = read_sweep(store, err);
    for (int d = 0; d < N_STORE_DATASETS && rc == 0; d++)
        rc = open_dataset(store, (enum store_dataset)d, err);
    if (rc == 0)
        rc = make_types(store, err);
    if (rc == 0 && store->n[DIM_TRIAL] >= store->n[DIM_JOB])
        rc = err_set(err, E_IO, "%s: more trials than jobs: damaged; restore a copy", store->path);
    hsize_t n = 1;
    if (rc == 0 && (store->one = H5Screate_simple(1, &n, NULL)) < 0)
        rc = err_set(err, E_IO, "%s: out of memory in HDF5", store->path);
    return rc < 0 ? rc : read_tables(store, err);
}

static int finish_opening(struct store *store, struct store **out, int rc, struct err *err)
{
    if (rc == 0 && !store_is_remote(store) && !store_is_raw(store))
        rc = load(store, err);
    if (rc == 0 && store->io == STORE_PWRITE)
        rc = store_raw_open(store, err);
    if (rc == 0 && store->shared && store->io == STORE_RANK0 && !store_is_remote(store))
        store_raw_try(store);
    if (store->shared && store->io != STORE_MPIO)
        rc = store_share_tables(store, rc, err);
    else if (store->shared && store->file >= 0) /* closing is collective: all close or none */
        MPI_Allreduce(MPI_IN_PLACE, &rc, 1, MPI_INT, MPI_MIN, store->comm);
    if (rc < 0)
        store_close(store, NULL);
    else
        *out = store;
    return rc;
}

static int open_read(const char *path, int is_lean, struct store **out, struct err *err)
{
    *out = NULL;
    struct store *store = new_store(path, err);
    if (!store)
        return E_IO;
    store->is_lean = is_lean;
    int rc = finish_opening(store, out, h5_open_read(path, &store->file, err), err);
    if (rc == 0)
        store_raw_reads(store);
    return rc;
}

int store_open(const char *path, struct store **out, struct err *err)
{
    return open_read(path, 0, out, err);
}

int store_open_lean(const char *path, struct store **out, struct err *err)
{
    return open_read(path, 1, out, err);
}

int store_adopt(hid_t file, const char *path, struct store **out, struct err *err)
{
    *out = NULL;
    struct store *store = new_store(path, err);
    if (!store) {
        H5Fclose(file);
        return E_IO;
    }
    store->file = file;
    store->is_lean = 1;
    return finish_opening(store, out, 0, err);
}

/* No sieve buffer: what is written is in the kernel's hands at once, so a killed process loses nothing. */
static int open_writing(struct store *store, MPI_Comm comm, struct err *err)
{
    h5_silence();
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    herr_t set = list < 0 ? -1 : H5Pset_file_locking(list, 0, 1);
    if (set >= 0)
        set = comm == MPI_COMM_NULL ? H5Pset_sieve_buf_size(list, 0)
                                    : H5Pset_fapl_mpio(list, comm, MPI_INFO_NULL);
    if (set >= 0)
        store->file = H5Fopen(store->path, H5F_ACC_RDWR, list);
    if (list >= 0)
        H5Pclose(list);
    if (store->file < 0)
        return err_set(err, E_IO,
                       "%s: HDF5 cannot open it for writing; is it there, writable, and a whole HDF5 file on "
                       "every node?",
                       store->path);
    return 0;
}

static int open_for(struct store *store, struct err *err)
{
    if (store_is_remote(store) || store_is_raw(store))
        return 0;
    if (store->io == STORE_PWRITE)
        return h5_open_read(store->path, &store->file, err);
    return open_writing(store, store->io == STORE_MPIO ? store->comm : MPI_COMM_NULL, err);
}

int store_open_io(const char *path, MPI_Comm comm, enum store_io io, struct store **out, struct err *err)
{
    *out = NULL;
    struct store *store = new_store(path, err);
    if (!store)
        return E_IO;
    store->shared = comm != MPI_COMM_NULL;
    store->comm = comm;
    store->io = io;
    return finish_opening(store, out, open_for(store, err), err);
}

int store_open_shared(const char *path, MPI_Comm comm, struct store **out, struct err *err)
{
    return store_open_io(path, comm, STORE_MPIO, out, err);
}

/* ---- closing ---- */

static int close_handles(struct store *store)
{
    int bad = 0;
    for (int d = 0; d < N_STORE_DATASETS; d++) {
        if (store->space[d] >= 0)
            bad |= H5Sclose(store->space[d]) < 0;
        if (store->dataset[d] >= 0)
            bad |= H5Dclose(store->dataset[d]) < 0;
    }
    if (store->one >= 0)
        bad |= H5Sclose(store->one) < 0;
    store_types_release(&store->types);
    return bad;
}

static int close_file(struct store *store, struct err *err)
{
    int bad = close_handles(store), raw = store_raw_close(store, err);
    if (store->file < 0)
        return raw;
    ssize_t left = H5Fget_obj_count(store->file, H5F_OBJ_ALL | H5F_OBJ_LOCAL) - 1;
    if (H5Fclose(store->file) < 0 || bad)
        return err_set(err, E_IO, "%s: closing failed; is the disk full? the last results may be missing",
                       store->path);
    if (left > 0)
        return err_set(err, E_IO, "%s: %zd HDF5 objects were still open at close: a fault of this program",
                       store->path, left);
    return raw;
}

int store_close(struct store *store, struct err *err)
{
    if (!store)
        return 0;
    int rc = close_file(store, err);
    for (int i = 0; i < N_ATTRIBUTES; i++)
        free(store->text[i]);
    sweep_file_free(store->sweep);
    free(store->job);
    free(store->window);
    free(store->class);
    free(store->number);
    free(store->image);
    free(store->message);
    free(store->parcel);
    free(store->firsts);
    free(store->broken);
    free(store);
    return rc;
}

/* ---- transfers ---- */

static int select_cells(struct store *store, enum store_dataset which, const struct store_block *block,
                        hsize_t at)
{
    int is_row = store_table[which].dim[1] != DIM_NONE;
    hsize_t start[2] = {is_row ? (hsize_t)block->job : at, block->first};
    hsize_t count[2] = {is_row ? 1 : block->n, block->n};
    return H5Sselect_hyperslab(store->space[which], H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
                   H5Sselect_valid(store->space[which]) <= 0
               ? -1
               : 0;
}

static int transfer(struct store *store, enum store_dataset which, const struct store_block *block,
                    hsize_t at, const void *from, void *to)
{
    hid_t type = store_memory_type(&store->types, store_table[which].cell), file = store->space[which];
    if (select_cells(store, which, block, at) < 0)
        return -1;
    hid_t memory = block->n == 1 ? store->one : H5Screate_simple(1, &block->n, NULL);
    herr_t rc = from ? H5Dwrite(store->dataset[which], type, memory, file, H5P_DEFAULT, from)
                     : H5Dread(store->dataset[which], type, memory, file, H5P_DEFAULT, to);
    if (block->n != 1 && memory >= 0)
        H5Sclose(memory);
    return rc < 0 ? -1 : 0;
}

int store_write_block(struct store *store, enum store_dataset which, const struct store_block *block,
                      const void *data, struct err *err)
{
    hsize_t at;
    if (store_is_remote(store))
        return store_send_block(store, which, block, data, err);
    int rc = store_place(store, which, block, &at, err);
    if (rc < 0)
        return rc;
    if (store->fd >= 0)
        return store_raw_write(store, which, block, at, data, err);
    if (transfer(store, which, block, at, data, NULL) < 0)
        return err_set(err, E_IO, "%s: cannot write job %d of %s; is the disk full?", store->path, block->job,
                       store_table[which].path);
    return 0;
}

int store_read_block(struct store *store, enum store_dataset which, const struct store_block *block,
                     void *data, struct err *err)
{
    hsize_t at;
    if (!store_has(store, which))
        return err_set(err, E_USAGE, "%s: has no %s; the sweep did not keep it", store->path,
                       store_table[which].path);
    int rc = store_place(store, which, block, &at, err);
    if (rc == 0 && store_is_raw(store))
        return store_raw_read(store, which, at, block->n, data, err);
    if (rc == 0 &&
        (store_raw_can_read(store, which, block->n) ? store_raw_read(store, which, at, block->n, data, NULL)
                                                    : transfer(store, which, block, at, NULL, data)) < 0)
        rc = err_set(err, E_IO, "%s: cannot read job %d of %s: truncated or damaged", store->path, block->job,
                     store_table[which].path);
    return rc;
}

/* The first n cells of a job's part. */
static struct store_block row_block(int job, size_t n)
{
    return (struct store_block){job, 0, n};
}

/* ---- writing ---- */

static_assert((int)SET_TRAIN == 0 && (int)SET_TEST == N_CURVE_SETS - 1 && (int)SET_ALL == N_JUDGED_SETS,
              "curve_sets and judged_sets follow enum image_set");

static int judged_place(enum image_set set)
{
    return (int)set - (int)SET_VAL;
}

static enum store_dataset metric_dataset(enum image_set set, int metric)
{
    return metric == METRIC_AUROC ? (enum store_dataset)(STORE_AUROC + (set == SET_TEST))
                                  : (enum store_dataset)(STORE_METRICS + (int)set * N_METRICS + metric);
}

static enum store_dataset confusion_dataset(enum image_set set)
{
    return (enum store_dataset)(STORE_CONFUSION + judged_place(set));
}

static enum store_dataset prediction_dataset(enum image_set set, int part)
{
    return (enum store_dataset)(STORE_PREDICTIONS + judged_place(set) * N_PREDICTION_PARTS + part);
}

static enum store_dataset count_dataset(enum image_set set)
{
    return (enum store_dataset)(STORE_COUNT + judged_place(set));
}

static int write_cell(struct store *store, enum store_dataset which, int job, const void *value,
                      struct err *err)
{
    struct store_block block = row_block(job, 1);
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
            rc = write_curve(store, metric_dataset(set[s], m), &block, numbers[set[s]] + m, column, err);
    free(column);
    if (rc == 0)
        rc = write_cell(store, STORE_EPOCHS_DONE, job, &done, err);
    return rc < 0 ? rc : store_send(store, err);
}

int store_clear_metrics(struct store *store, int job, struct err *err)
{
    size_t n = (size_t)store->n[DIM_EPOCH];
    struct store_block block = row_block(job, n);
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
    struct store_block block = row_block(job, n), cells = row_block(job, n * c),
                       matrix = row_block(job, c * c);
    if (n == 0)
        return 0;
    int rc = store_write_block(store, confusion_dataset(set), &matrix, judged->confusion, err);
    for (int i = PART_IMAGE; i <= PART_LABEL && rc == 0; i++)
        rc = store_write_block(store, prediction_dataset(set, i), &block, part[i], err);
    if (rc == 0)
        rc = store_write_block(store, prediction_dataset(set, PART_PROBABILITY), &cells, judged->probs, err);
    return rc < 0 ? rc : write_cell(store, count_dataset(set), job, &judged->n, err);
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
            rc = write_cell(store, (enum store_dataset)d, job, count_of(&row, (enum store_dataset)d), err);
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

static int64_t checksum_of(const void *bytes, size_t n)
{
    return (int64_t)XXH3_64bits(bytes, n);
}

static int write_model(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    int64_t bytes = (int64_t)(o->n_weights * sizeof *o->weights);
    struct store_block part = row_block(job, (size_t)bytes);
    int64_t checksum = checksum_of(o->weights, (size_t)bytes);
    int rc = store_write_block(store, STORE_MODEL, &part, o->weights, err);
    if (rc == 0)
        rc = write_cell(store, STORE_MODEL_CHECKSUM, job, &checksum, err);
    return rc < 0 ? rc : write_cell(store, STORE_MODEL_BYTES, job, &bytes, err);
}

int store_write_outcome(struct store *store, int job, const struct store_outcome *o, struct err *err)
{
    struct store_block roles = row_block(job, (size_t)o->set[SET_ALL].n),
                       shares = row_block(job, (size_t)o->n_classes);
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

/* ---- reading ---- */

int store_n_rows(const struct store *store)
{
    return (int)store->n[DIM_JOB];
}

int store_n_trials(const struct store *store)
{
    return (int)store->n[DIM_TRIAL];
}

int store_n_jobs(const struct store *store)
{
    return store_n_rows(store) - (store->shows_trials ? 0 : store_n_trials(store));
}

void store_show_trials(struct store *store)
{
    store->shows_trials = 1;
}

int store_n_epochs(const struct store *store)
{
    return (int)store->n[DIM_EPOCH];
}

int store_n_classes(const struct store *store)
{
    return (int)store->n[DIM_CLASS];
}

int store_n_predictions(const struct store *store, enum image_set set)
{
    return (int)store->largest[store_judged_dim(set) - FIRST_EXTENT];
}

int store_n_class_names(const struct store *store)
{
    return (int)store->n[DIM_NAME];
}

int store_n_images(const struct store *store)
{
    return (int)store->n[DIM_IMAGE];
}

size_t store_n_weights(const struct store *store)
{
    return (size_t)store->largest[DIM_MODEL - FIRST_EXTENT] / sizeof(float);
}

int store_has_val(const struct store *store)
{
    return store->n[DIM_VAL] > 0;
}

static int list_sets(const struct store *store, const enum image_set *from, int n, enum image_set *set)
{
    int kept = 0;
    for (int s = 0; s < n; s++)
        if (from[s] != SET_VAL || store_has_val(store))
            set[kept++] = from[s];
    return kept;
}

int store_curve_sets(const struct store *store, enum image_set set[N_CURVE_SETS])
{
    return list_sets(store, curve_sets, N_CURVE_SETS, set);
}

int store_judged_sets(const struct store *store, enum image_set set[N_JUDGED_SETS])
{
    return list_sets(store, judged_sets, N_JUDGED_SETS, set);
}

int store_synthetic(const struct store *store)
{
    return strcmp(store_text(store, "synthetic"), "0") != 0;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_n_axes(const struct store *store)
{
    return store->types.axes.n;
}

unsigned store_unread_axes(const struct store *store)
{
    return store->unread_axes;
}

unsigned store_bound_axes(const struct store *store)
{
    return store->bound_axes;
}

const char *store_axis_name(const struct store *store, int axis)
{
    return store->types.axes.name[axis];
}

int store_axis_is_number(const struct store *store, int axis)
{
    return store->types.axes.is_number[axis];
}

const struct sweep_file *store_sweep(const struct store *store)
{
    return store->sweep;
}

void store_field_text(char *out, size_t size, const char *value)
{
    if ((size_t)snprintf(out, size, "%s", value) >= size)
        snprintf(out + size - 13, 13, "...%08x", (unsigned)XXH3_64bits(value, strlen(value)));
}

void store_clusters_text(char *out, size_t size, const char *list)
{
    store_field_text(out, size, list);
    if (strlen(list) >= size)
        for (char *p = out; (p = strpbrk(p, ",|=\"")); p++)
            *p = '_';
}

const char *store_text(const struct store *store, const char *attribute)
{
    for (int i = 0; i < N_ATTRIBUTES; i++)
        if (strcmp(attributes[i].name, attribute) == 0 && store->text[i])
            return store->text[i];
    return "";
}

const struct store_job *store_jobs(const struct store *store)
{
    return store->job;
}

const struct dataset_image *store_images(const struct store *store)
{
    return store->image;
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

int store_classes(const struct store *store, int job, int *cluster)
{
    int n = 0, most = store_n_classes(store);
    const int16_t *class = store->class + (size_t)job * (size_t)most;
    while (n < most && n < CONFIG_MAX_CLUSTERS && class[n] >= 0) {
        cluster[n] = store->number[class[n]];
        n++;
    }
    return n;
}

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
    int rc = read_all(store, STORE_STATE, state, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        state[j] = (int)state_of(state[j]);
    return rc;
}

static int read_mark_ints(struct store *store, struct store_mark *mark, int *value, struct err *err)
{
    static const enum store_dataset part[] = {STORE_STATE, STORE_ATTEMPTS, STORE_EPOCHS_DONE, STORE_RANK};
    int rc = 0;
    for (int i = 0; i < 4 && rc == 0; i++) {
        rc = read_all(store, part[i], value, err);
        for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
            set_int_field(store, &mark[j], part[i], value[j]);
    }
    return rc;
}

static int read_mark_times(struct store *store, struct store_mark *mark, double *value, struct err *err)
{
    int rc = read_all(store, STORE_STARTED, value, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        mark[j].started = value[j];
    if (rc == 0)
        rc = read_all(store, STORE_FINISHED, value, err);
    for (int j = 0; j < store_n_jobs(store) && rc == 0; j++)
        mark[j].finished = value[j];
    return rc;
}

static int read_mark_messages(struct store *store, struct store_mark *mark, int *row, struct err *err)
{
    int n = store_n_jobs(store), any = 0, rc = read_all(store, STORE_MESSAGE, row, err);
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
    struct store_block block = row_block(job, 1);
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
        rc = read_all(store, (enum store_dataset)(STORE_TRIALS + i), out + i * store_n_trials(store), err);
    return rc;
}

int store_read_chosen(struct store *store, int job, int *out, struct err *err)
{
    struct store_block block = row_block(job, 1);
    return store_read_block(store, STORE_CHOSEN, &block, out, err);
}

int store_read_n_train(struct store *store, int *out, struct err *err)
{
    return read_all(store, STORE_N_TRAIN, out, err);
}

int store_read_metric(struct store *store, enum image_set set, enum metric metric, float *out,
                      struct err *err)
{
    return read_all(store, metric_dataset(set, (int)metric), out, err);
}

int store_read_metric_of(struct store *store, enum image_set set, enum metric metric, int first, int n,
                         float *out, struct err *err)
{
    enum store_dataset which = metric_dataset(set, (int)metric);
    return h5_rows_read(store->dataset[which], (hsize_t)first, (hsize_t)n, H5T_NATIVE_FLOAT, out,
                        store_table[which].path, store->path, err);
}

int store_read_curve(struct store *store, int job, enum image_set set, enum metric metric, float *out,
                     struct err *err)
{
    struct store_block block = row_block(job, (size_t)store->n[DIM_EPOCH]);
    return store_read_block(store, metric_dataset(set, (int)metric), &block, out, err);
}

int store_read_trained(struct store *store, int job, double *out, struct err *err)
{
    struct store_block block = row_block(job, (size_t)store->n[DIM_CLASS]);
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
    struct store_block block = row_block(job, 0);
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
    int rc = read_part(store, job, confusion_dataset(set), out, &cells, err);
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
        rc = read_part(store, job, prediction_dataset(set, i), out[i], &n, err);
        spread(out[i], n, 1, most, 1, &unused_int);
    }
    if (rc == 0)
        rc = read_part(store, job, prediction_dataset(set, PART_PROBABILITY), probs, &cells, err);
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
    struct store_block cell = row_block(job, 1);
    int64_t checksum = 0;
    int rc = store_read_block(store, STORE_MODEL_CHECKSUM, &cell, &checksum, err);
    if (rc < 0 || checksum == checksum_of(weights, n * sizeof *weights))
        return rc;
    return err_set(
        err, E_IO,
        "%s: the kept model of job %d is not what the job left (its checksum is another): damaged; "
        "restore a copy, or run the job again",
        store->path, job);
}

int store_read_weights(struct store *store, int job, float *out, struct err *err)
{
    struct store_block cell = row_block(job, 1);
    int64_t bytes = 0;
    hsize_t room = 0;
    int rc = store_read_block(store, STORE_MODEL_BYTES, &cell, &bytes, err);
    if (rc == 0)
        rc = store_room(store, job, DIM_MODEL, &room, err);
    size_t n = bytes > 0 && (hsize_t)bytes <= room ? (size_t)bytes / sizeof *out : 0;
    struct store_block part = row_block(job, n * sizeof *out);
    if (rc == 0 && n > 0)
        rc = store_read_block(store, STORE_MODEL, &part, out, err);
    if (rc == 0 && n > 0)
        rc = check_model(store, job, out, n, err);
    spread(out, n, 1, store_n_weights(store), 1, &unused_float);
    return rc;
}
