#include "store/store.h"
#include "h5.h"
#include "sections.h"
#include "store/store_layout.h"
#include "utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return rc < 0 ? rc : store_read_tables(store, err);
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

/* ---- texts ---- */

const char *store_text(const struct store *store, const char *attribute)
{
    for (int i = 0; i < N_ATTRIBUTES; i++)
        if (strcmp(attributes[i].name, attribute) == 0 && store->text[i])
            return store->text[i];
    return "";
}
