#include "store/store_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const store_io_names[N_STORE_IO] = {"mpio", "pwrite", "rank0"};

int store_is_remote(const struct store *store)
{
    int rank = 0;
    if (store->shared && store->io == STORE_RANK0)
        MPI_Comm_rank(store->comm, &rank);
    return rank > 0;
}

int store_is_raw(const struct store *store)
{
    int rank = 0;
    if (store->shared && store->io == STORE_PWRITE)
        MPI_Comm_rank(store->comm, &rank);
    return rank > 0;
}

int store_has(const struct store *store, enum store_dataset which)
{
    return store->dataset[which] >= 0 || store->place[which].offset >= 0;
}

/* ---- pwrite: every rank writes where HDF5 would ---- */

/* A link may lead into another file, and what HDF5 says of the dataset's place is true there. */
static int is_own(const struct store *store, hid_t dataset)
{
    char mine[H5_PATH_SIZE], own[H5_PATH_SIZE];
    return H5Fget_name(dataset, mine, sizeof mine) >= 0 && H5Fget_name(store->file, own, sizeof own) >= 0 &&
           strcmp(mine, own) == 0;
}

/* Offset and element size of a dataset that pwrite can fill: contiguous, of the type that this machine
 * writes, inside the file. */
static int find_place(struct store *store, enum store_dataset which, long long file_size, struct err *err)
{
    hid_t dataset = store->dataset[which], list = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
    haddr_t offset = H5Dget_offset(dataset);
    hsize_t stored = H5Dget_storage_size(dataset);
    struct store_place *place = &store->place[which];
    int native = type >= 0 && H5Tequal(type, store_file_type(&store->types, store_table[which].cell)) > 0 &&
                 list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS && is_own(store, dataset);
    int inside =
        offset != HADDR_UNDEF && stored <= (hsize_t)file_size && offset <= (hsize_t)file_size - stored;
    *place =
        (struct store_place){native && inside ? (long long)offset : -1, type >= 0 ? H5Tget_size(type) : 0};
    if (list >= 0)
        H5Pclose(list);
    if (type >= 0)
        H5Tclose(type);
    if (!native)
        return err_set(err, E_IO, "%s: %s is not stored as this machine would: use --io mpio or rank0",
                       store->path, store_table[which].path);
    return inside ? 0
                  : err_set(err, E_IO, "%s: %s is not inside the file: truncated or damaged", store->path,
                            store_table[which].path);
}

int store_raw_open(struct store *store, struct err *err)
{
    struct stat info;
    int rc = 0;
    store->fd = open(store->path, O_RDWR | O_CLOEXEC);
    if (store->fd < 0 || fstat(store->fd, &info) < 0)
        return err_set(err, E_IO, "%s: cannot open it for writing: %s", store->path, strerror(errno));
    for (int d = 0; d < N_STORE_DATASETS && rc == 0; d++)
        if (store->dataset[d] >= 0 && d != STORE_IMAGES)
            rc = find_place(store, (enum store_dataset)d, (long long)info.st_size, err);
    return rc;
}

void store_raw_reads(struct store *store)
{
    struct stat info;
    int fd = h5_descriptor(store->file);
    if (fd < 0 || fstat(fd, &info) < 0)
        return;
    for (int d = 0; d < N_STORE_DATASETS; d++)
        if (store->dataset[d] >= 0 && d != STORE_IMAGES)
            find_place(store, (enum store_dataset)d, (long long)info.st_size, NULL);
    store->reading = fd;
}

int store_raw_can_read(const struct store *store, enum store_dataset which, hsize_t n)
{
    return store->reading >= 0 && store->place[which].offset >= 0 &&
           (n == 1 || store_table[which].cell != CELL_INT8);
}

void store_raw_try(struct store *store)
{
    if (store_raw_open(store, NULL) == 0)
        return;
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
    for (int d = 0; d < N_STORE_DATASETS; d++)
        store->place[d].offset = -1;
}

int store_raw_close(struct store *store, struct err *err)
{
    int fd = store->fd, rc = 0;
    store->fd = -1;
    if (fd < 0)
        return 0;
    int synced;
    while ((synced = fsync(fd)) < 0 && errno == EINTR)
        continue;
    if (synced < 0)
        rc = err_set(err, E_IO, "%s: writing failed at the end: %s; the last results may be missing",
                     store->path, strerror(errno));
    if (close(fd) < 0 && rc == 0)
        rc = err_set(err, E_IO, "%s: closing failed: %s; the last results may be missing", store->path,
                     strerror(errno));
    return rc;
}

/* All n bytes at offset: 0, or -1 with errno. */
static int write_bytes(int fd, const void *data, size_t n, long long offset)
{
    const char *from = data;
    while (n > 0) {
        ssize_t written = pwrite(fd, from, n, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return -1;
        }
        from += written;
        offset += written;
        n -= (size_t)written;
    }
    return 0;
}

int store_raw_write(struct store *store, enum store_dataset which, const struct store_block *block,
                    hsize_t at, const void *data, struct err *err)
{
    const struct store_place *place = &store->place[which];
    signed char small = 0;
    if (store_table[which].cell == CELL_INT8) { /* one cell: such datasets have one a job */
        small = (signed char)*(const int *)data;
        data = &small;
    }
    errno = ENOENT;
    if (place->offset < 0 || write_bytes(store->fd, data, (size_t)block->n * place->cell,
                                         place->offset + (long long)(at * place->cell)) < 0)
        return err_set(err, E_IO, "%s: cannot write job %d of %s: %s", store->path, block->job,
                       store_table[which].path, strerror(errno));
    return 0;
}

/* All n bytes at offset: 0, or -1 with errno. */
static int read_bytes(int fd, void *out, size_t n, long long offset)
{
    char *to = out;
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return -1;
        }
        to += got;
        offset += got;
        n -= (size_t)got;
    }
    return 0;
}

int store_raw_read(struct store *store, enum store_dataset which, hsize_t at, hsize_t n, void *out,
                   struct err *err)
{
    const struct store_place *place = &store->place[which];
    int is_small = store_table[which].cell == CELL_INT8; /* one cell, as in store_raw_write() */
    unsigned char small = 0;
    if (read_bytes(store->fd >= 0 ? store->fd : store->reading, is_small ? &small : out,
                   (size_t)n * place->cell, place->offset + (long long)(at * place->cell)) < 0)
        return err_set(err, E_IO, "%s: cannot read %s: %s", store->path, store_table[which].path,
                       strerror(errno));
    if (is_small)
        *(int *)out = small < 128 ? small : small - 256;
    return 0;
}

/* ---- rank0, pwrite: the tables for those who have no file, or do not look into it ---- */

/* Sizes and axes of the file, and where datasets lie. */
struct shape {
    hsize_t n[N_DIMS], largest[N_EXTENTS];
    struct store_axes axes;
    struct store_place place[N_STORE_DATASETS];
};

static int init_remote(struct store *store, const struct shape *shape, struct err *err)
{
    memcpy(store->place, shape->place, sizeof store->place);
    memcpy(store->n, shape->n, sizeof store->n);
    memcpy(store->largest, shape->largest, sizeof store->largest);
    return store_types_init(&store->types, &shape->axes, err);
}

/* The worst code of all for all. The line of a rank that went along with another's is rank 0's to tell. */
static int agree(struct store *store, int rc, struct err *err)
{
    int worst = rc;
    MPI_Allreduce(&rc, &worst, 1, MPI_INT, MPI_MIN, store->comm);
    if (rc == 0 && worst < 0)
        err_set(err, worst, "%s: another rank could not open it", store->path);
    return worst;
}

int store_share_tables(struct store *store, int rc, struct err *err)
{
    struct shape shape;
    int is_told = store_is_remote(store) || store_is_raw(store);
    memset(&shape, 0, sizeof shape);
    if (rc == 0 && !is_told) {
        memcpy(shape.n, store->n, sizeof shape.n);
        memcpy(shape.largest, store->largest, sizeof shape.largest);
        memcpy(shape.place, store->place, sizeof shape.place);
        shape.axes = store->types.axes;
    }
    if (rc == 0 && store->io == STORE_RANK0 && !is_told &&
        !(store->broken = err_calloc((size_t)store->n[DIM_JOB], 1, "the rows of other ranks", err)))
        rc = E_IO;
    if (rc == 0 && store->io == STORE_RANK0 &&
        !(store->parcel = err_calloc(1, sizeof *store->parcel, "rows to send", err)))
        rc = E_IO;
    rc = agree(store, rc, err);
    if (rc < 0)
        return rc;
    MPI_Bcast(&shape, (int)sizeof shape, MPI_BYTE, 0, store->comm);
    return agree(store, is_told ? init_remote(store, &shape, err) : 0, err);
}

/* ---- rank0: rows in parcels ---- */

void store_send_on(struct store *store, MPI_Comm comm, void (*idle)(void *self), void *self)
{
    if (!store->shared || store->io != STORE_RANK0)
        return;
    store->comm = comm;
    store->idle = idle;
    store->idle_self = self;
}

/* Part of a block whose bytes follow, in the cell's memory type, up to the next multiple of 8. */
struct store_piece {
    int which, job;
    unsigned long long first, n; /* cells of the job's part */
    unsigned long long bytes;
};

static size_t rounded(size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

enum { SEND_SECONDS = 300 };

/* Sleep while rank 0 is busy: the parcel is small enough to leave at once unless very many wait there. Where
 * store->idle looks whether rank 0 lives there is no limit: the clock counts while a job is suspended,
 * too. */
int store_send(struct store *store, struct err *err)
{
    MPI_Request request;
    int done = 0;
    double begun = MPI_Wtime();
    if (!store_is_remote(store) || store->parcel->used == 0)
        return 0;
    int rc = MPI_Isend(store->parcel->bytes, (int)store->parcel->used, MPI_BYTE, 0, STORE_TAG, store->comm,
                       &request);
    store->parcel->used = 0;
    while (rc == MPI_SUCCESS && (rc = MPI_Test(&request, &done, MPI_STATUS_IGNORE)) == MPI_SUCCESS && !done &&
           (store->idle || MPI_Wtime() - begun < SEND_SECONDS)) {
        if (store->idle)
            store->idle(store->idle_self);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return rc == MPI_SUCCESS && done
               ? 0
               : err_set(err, E_IO, "%s: rank 0 does not take the rows to write", store->path);
}

static void add_piece(struct store_parcel *parcel, const struct store_piece *piece, const void *data)
{
    memcpy(parcel->bytes + parcel->used, piece, sizeof *piece);
    memcpy(parcel->bytes + parcel->used + sizeof *piece, data, piece->bytes);
    parcel->used += sizeof *piece + rounded(piece->bytes);
}

int store_send_block(struct store *store, enum store_dataset which, const struct store_block *block,
                     const void *data, struct err *err)
{
    const unsigned char *from = data;
    size_t cell = store_memory_size(&store->types, store_table[which].cell), used;
    unsigned long long done = 0;
    int rc = 0;
    while (done < block->n && rc == 0) {
        used = store->parcel->used + sizeof(struct store_piece) + 8;
        size_t cells = used < STORE_PARCEL_SIZE ? (STORE_PARCEL_SIZE - used) / cell : 0;
        if (cells == 0) { /* never of an empty parcel: a cell is at most a message */
            rc = store_send(store, err);
            continue;
        }
        cells = cells < block->n - done ? cells : block->n - done;
        struct store_piece piece = {(int)which, block->job, block->first + done, cells, cells * cell};
        add_piece(store->parcel, &piece, from + done * cell);
        done += cells;
    }
    return rc;
}

/* ---- rank0: rank 0 takes a parcel ---- */

static int write_piece(struct store *store, const struct store_piece *piece, const void *data,
                       struct err *err)
{
    struct store_block block = {piece->job, piece->first, piece->n};
    if (store->broken[piece->job])
        return 0;
    int rc = piece->which == STORE_TEXT
                 ? store_write_message(store, piece->job, data, err)
                 : store_write_block(store, (enum store_dataset)piece->which, &block, data, err);
    store->broken[piece->job] = rc < 0;
    return rc;
}

int store_take(struct store *store, int rank, int drop, struct err *err)
{
    struct store_parcel *parcel = store->parcel;
    MPI_Status status;
    int n = 0, rc = 0;
    MPI_Recv(parcel->bytes, STORE_PARCEL_SIZE, MPI_BYTE, rank, STORE_TAG, store->comm, &status);
    MPI_Get_count(&status, MPI_BYTE, &n);
    for (size_t at = 0; at < (size_t)n && !drop;) {
        struct store_piece piece;
        memcpy(&piece, parcel->bytes + at, sizeof piece);
        int written = write_piece(store, &piece, parcel->bytes + at + sizeof piece, err);
        rc = written < 0 ? written : rc;
        at += sizeof piece + rounded(piece.bytes);
    }
    return rc;
}
