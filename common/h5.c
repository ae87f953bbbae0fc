#include "h5.h"

#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { TEXT_LIMIT = 60000 };

static struct {
    int asked, watching;
    struct h5_handles since;
} watch;

void h5_silence(void)
{
    if (!watch.asked) {
        watch.asked = 1;
        watch.watching = getenv("CELLSWEEP_TEST_HANDLES") != NULL;
        if (watch.watching)
            h5_handles_mark(&watch.since);
    }
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void h5_handles_mark(struct h5_handles *mark)
{
    mark->space = H5Screate(H5S_SCALAR);
    mark->type = H5Tcopy(H5T_NATIVE_INT);
    mark->list = H5Pcreate(H5P_DATASET_XFER);
    if (mark->space >= 0)
        H5Sclose(mark->space);
    if (mark->type >= 0)
        H5Tclose(mark->type);
    if (mark->list >= 0)
        H5Pclose(mark->list);
}

/* Identifiers of a kind are numbered through. */
static long valid_between(hid_t from, hid_t to)
{
    long n = 0;
    for (hid_t id = from; id < to; id++)
        n += H5Iis_valid(id) > 0;
    return n;
}

long h5_handles_since(const struct h5_handles *mark)
{
    struct h5_handles now;
    ssize_t objects =
        H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE | H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_ATTR);
    h5_handles_mark(&now);
    if (objects < 0 || mark->space < 0 || mark->type < 0 || mark->list < 0 || now.space < 0 || now.type < 0 ||
        now.list < 0)
        return -1;
    return (long)objects + valid_between(mark->space, now.space) + valid_between(mark->type, now.type) +
           valid_between(mark->list, now.list);
}

int h5_handles_check(int rc, struct err *err)
{
    long n = watch.watching ? h5_handles_since(&watch.since) : 0;
    watch.watching = 0;
    if (n == 0 || rc == E_IO)
        return rc;
    return err_set(err, E_IO, "%ld HDF5 handles are open at the end: a fault of this program", n);
}

/* ---- files ---- */

static void folder_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, size, ".");
    else
        snprintf(out, size, "%.*s", (int)(slash == path ? 1 : slash - path), path);
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int rc = -1;
    while (fd >= 0 && (rc = fsync(fd)) < 0 && errno == EINTR)
        continue;
    if (fd >= 0 && close(fd) < 0)
        rc = -1;
    return rc;
}

#define DRAFT ".draft-"

int h5_draft_begin(struct h5_draft *draft, const char *path, struct err *err)
{
    h5_silence();
    draft->file = H5I_INVALID_HID;
    draft->temp[0] = '\0';
    int special = target_find(path, draft->path, sizeof draft->path, err);
    if (special)
        return special < 0
                   ? special
                   : err_set(err, E_IO,
                             "%s: is no regular file, and HDF5 can write to no other; give another name",
                             path);
    int n = snprintf(draft->temp, sizeof draft->temp, "%s" DRAFT "XXXXXX", draft->path);
    if (n < 0 || (size_t)n >= sizeof draft->temp)
        return err_set(err, E_IO, "%.200s...: the path is too long", path);
    int fd = mkstemp(draft->temp);
    if (fd < 0)
        return err_set(err, E_IO, "%s: cannot create a file there: %s", path, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    int mode_failed = fchmod(fd, 0666 & ~mask);
    close(fd);
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    /* Nobody else knows the temporary name, and some file systems of clusters refuse locks. */
    if (!mode_failed && access_list >= 0 && H5Pset_file_locking(access_list, 0, 1) >= 0)
        draft->file = H5Fcreate(draft->temp, H5F_ACC_TRUNC, H5P_DEFAULT, access_list);
    if (access_list >= 0)
        H5Pclose(access_list);
    if (draft->file >= 0)
        return 0;
    unlink(draft->temp);
    return err_set(err, E_IO, "%s: HDF5 cannot create a file there; is the disk full?", path);
}

int h5_draft_commit(struct h5_draft *draft, struct err *err)
{
    char folder[H5_PATH_SIZE];
    int open_objects = H5Fget_obj_count(draft->file, H5F_OBJ_ALL | H5F_OBJ_LOCAL) != 1;
    herr_t closed = H5Fclose(draft->file);
    draft->file = H5I_INVALID_HID;
    if (closed < 0 || open_objects || sync_path(draft->temp, O_RDWR) < 0) {
        unlink(draft->temp);
        return err_set(err, E_IO, "%s: writing failed at the end; is the disk full?", draft->path);
    }
    if (rename(draft->temp, draft->path) < 0) {
        int code = errno;
        unlink(draft->temp);
        return err_set(err, E_IO, "%s: cannot rename the finished file: %s", draft->path, strerror(code));
    }
    folder_of(draft->path, folder, sizeof folder);
    sync_path(folder, O_RDONLY | O_DIRECTORY);
    return 0;
}

void h5_draft_abandon(struct h5_draft *draft)
{
    if (draft->file >= 0)
        H5Fclose(draft->file);
    draft->file = H5I_INVALID_HID;
    if (draft->temp[0])
        unlink(draft->temp);
}

/* Whether `name` is that of a draft of the file `final`. */
static int is_draft(const char *name, const char *final)
{
    size_t n = strlen(final);
    return strncmp(name, final, n) == 0 && strncmp(name + n, DRAFT, strlen(DRAFT)) == 0 &&
           strlen(name + n) == strlen(DRAFT) + 6;
}

void h5_draft_tidy(const char *path)
{
    char folder[H5_PATH_SIZE], final[H5_PATH_SIZE];
    if (target_find(path, final, sizeof final, NULL) != 0)
        return;
    const char *slash = strrchr(final, '/');
    folder_of(final, folder, sizeof folder);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (is_draft(e->d_name, slash ? slash + 1 : final))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

int h5_check_space(const char *path, unsigned long long bytes, struct err *err)
{
    char folder[H5_PATH_SIZE];
    struct statvfs fs;
    folder_of(path, folder, sizeof folder);
    if (statvfs(folder, &fs) < 0)
        return 0; /* creating the file tells what is wrong with the folder */
    unsigned long long there = (unsigned long long)fs.f_bavail * fs.f_frsize;
    if (there >= bytes)
        return 0;
    return err_set(err, E_IO,
                   "%s: needs %llu bytes, but %llu are free in %s; make room, or choose another folder", path,
                   bytes, there, folder);
}

static int has_signature(const char *path)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[8] = {0};
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;
    if (f)
        fclose(f);
    return n == sizeof head && memcmp(head, signature, sizeof head) == 0;
}

int h5_open_read(const char *path, hid_t *file, struct err *err)
{
    h5_silence();
    *file = H5I_INVALID_HID;
    if (access(path, R_OK) < 0)
        return err_set(err, E_IO, "%s: cannot read: %s", path, strerror(errno));
    if (!target_is_regular(path)) /* who opens a FIFO waits for its writer, for ever */
        return err_set(err, E_IO, "%s: not an HDF5 file, nor a regular one", path);
    if (!has_signature(path))
        return err_set(err, E_IO, "%s: not an HDF5 file", path);
    hid_t access_list = H5Pcreate(H5P_FILE_ACCESS);
    /* Without sieve buffer: a reader beside a running sweep must see what was written since its last read. */
    if (access_list >= 0 && H5Pset_file_locking(access_list, 0, 1) >= 0 &&
        H5Pset_sieve_buf_size(access_list, 0) >= 0)
        *file = H5Fopen(path, H5F_ACC_RDONLY, access_list);
    if (access_list >= 0)
        H5Pclose(access_list);
    if (*file < 0)
        return err_set(err, E_IO, "%s: HDF5 cannot open it: truncated or damaged; make it again", path);
    return 0;
}

int h5_descriptor(hid_t file)
{
    void *handle = NULL;
    hid_t access_list = H5Fget_access_plist(file);
    int is_posix = access_list >= 0 && H5Pget_driver(access_list) == H5FD_SEC2;
    if (access_list >= 0)
        H5Pclose(access_list);
    return is_posix && H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 && handle ? *(int *)handle : -1;
}

int h5_exists(hid_t loc, const char *name)
{
    char part[H5_PATH_SIZE];
    for (const char *p = name; *p;) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        snprintf(part, sizeof part, "%.*s", (int)(p - name), name);
        if (strcmp(part, "/") != 0 && part[0] && H5Lexists(loc, part, H5P_DEFAULT) <= 0)
            return 0;
    }
    return 1;
}

/* ---- types ---- */

hid_t h5_string_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, size) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        H5Tclose(type);
        type = H5I_INVALID_HID;
    }
    return type;
}

enum { SOUND_SIZE = 1 << 20 /* bytes of an element */ };

static int is_sound_number(hid_t type)
{
    size_t size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_FLOAT)
        return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0 ||
               H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
    return H5Tget_class(type) == H5T_INTEGER && (size == 1 || size == 2 || size == 4 || size == 8) &&
           H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0;
}

static int is_sound_simple(hid_t type)
{
    size_t size = H5Tget_size(type);
    if (H5Tget_class(type) != H5T_STRING)
        return is_sound_number(type);
    return H5Tis_variable_str(type) == 0 && size > 0 && size <= SOUND_SIZE;
}

static int is_sound_compound(hid_t type)
{
    size_t end = 0, size = H5Tget_size(type);
    int n = H5Tget_nmembers(type), sound = n > 0 && size > 0 && size <= SOUND_SIZE;
    for (unsigned i = 0; sound && i < (unsigned)n; i++) {
        hid_t member = H5Tget_member_type(type, i);
        size_t at = H5Tget_member_offset(type, i);
        sound = member >= 0 && is_sound_simple(member) && at >= end && at <= size &&
                H5Tget_size(member) <= size - at;
        end = at + (member >= 0 ? H5Tget_size(member) : 0);
        if (member >= 0)
            H5Tclose(member);
    }
    return sound;
}

int h5_is_sound_type(hid_t type)
{
    if (type < 0)
        return 0;
    return H5Tget_class(type) == H5T_COMPOUND ? is_sound_compound(type) : is_sound_simple(type);
}

/* deflate, the densest that HDF5 has, makes at most 1032 bytes of one. */
static int can_hold(hid_t dataset, unsigned long long bytes, unsigned long long file_bytes)
{
    hid_t list = H5Dget_create_plist(dataset);
    int contiguous = list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS;
    if (list >= 0)
        H5Pclose(list);
    if (!contiguous)
        return list >= 0 && bytes / 1032 <= file_bytes;
    haddr_t at = H5Dget_offset(dataset);
    return H5Dget_storage_size(dataset) == bytes && bytes <= file_bytes && at != HADDR_UNDEF &&
           at <= file_bytes - bytes;
}

int h5_is_sound_dataset(hid_t dataset, unsigned long long file_bytes)
{
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    unsigned long long size = type >= 0 ? H5Tget_size(type) : 0;
    int sound = n >= 0 && h5_is_sound_type(type) && (unsigned long long)n <= UINT64_MAX / size &&
                can_hold(dataset, (unsigned long long)n * size, file_bytes);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return sound;
}

/* ---- attributes ---- */

int h5_has_attr(hid_t loc, const char *name)
{
    return H5Aexists(loc, name) > 0;
}

static int write_attr(hid_t loc, const char *name, hid_t type, const void *value, const char *path,
                      struct err *err)
{
    hid_t space = H5Screate(H5S_SCALAR), attr = H5I_INVALID_HID;
    int rc = 0;
    if (space >= 0 && type >= 0)
        attr = H5Acreate2(loc, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attr < 0 || H5Awrite(attr, type, value) < 0)
        rc = err_set(err, E_IO, "%s: cannot write attribute %s", path, name);
    if (attr >= 0 && H5Aclose(attr) < 0 && rc == 0)
        rc = err_set(err, E_IO, "%s: cannot write attribute %s", path, name);
    if (space >= 0)
        H5Sclose(space);
    return rc;
}

static int read_attr(hid_t loc, const char *name, hid_t type, void *value, const char *path, struct err *err)
{
    hid_t attr = h5_has_attr(loc, name) ? H5Aopen(loc, name, H5P_DEFAULT) : H5I_INVALID_HID;
    hid_t space = attr >= 0 ? H5Aget_space(attr) : H5I_INVALID_HID;
    hid_t stored = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
    int rc = 0;
    if (attr < 0)
        rc = err_set(err, E_IO, "%s: has no attribute %s", path, name);
    else if (space < 0 || H5Sget_simple_extent_npoints(space) != 1 || stored < 0 ||
             !is_sound_number(stored) || H5Aread(attr, type, value) < 0)
        rc = err_set(err, E_IO, "%s: attribute %s has an unexpected type", path, name);
    if (stored >= 0)
        H5Tclose(stored);
    if (space >= 0)
        H5Sclose(space);
    if (attr >= 0)
        H5Aclose(attr);
    return rc;
}

int h5_write_text_attr(hid_t loc, const char *name, const char *text, const char *path, struct err *err)
{
    size_t size = strlen(text) + 1;
    if (size > TEXT_LIMIT)
        return err_set(err, E_IO, "%s: attribute %s has %zu bytes, more than the %d HDF5 can keep", path,
                       name, size - 1, TEXT_LIMIT);
    hid_t type = h5_string_type(size);
    int rc = write_attr(loc, name, type, text, path, err);
    if (type >= 0)
        H5Tclose(type);
    return rc;
}

/* The text of an open attribute of string type, or NULL. */
static char *attr_text(hid_t attr, hid_t stored)
{
    char *out = NULL;
    hid_t type = H5Tcopy(H5T_C_S1);
    size_t size = H5Tis_variable_str(stored) > 0 ? H5T_VARIABLE : H5Tget_size(stored) + 1;
    if (type < 0 || (size != H5T_VARIABLE && (size > SOUND_SIZE || H5Aget_storage_size(attr) < size - 1))) {
        if (type >= 0)
            H5Tclose(type);
        return NULL;
    }
    H5Tset_cset(type, H5Tget_cset(stored));
    if (H5Tset_size(type, size) >= 0) {
        if (size == H5T_VARIABLE) {
            char *text = NULL;
            if (H5Aread(attr, type, &text) >= 0 && text)
                out = strdup(text);
            H5free_memory(text);
        } else if ((out = calloc(size, 1)) && H5Aread(attr, type, out) < 0) {
            free(out);
            out = NULL;
        }
    }
    H5Tclose(type);
    return out;
}

int h5_read_text_attr(hid_t loc, const char *name, char **out, const char *path, struct err *err)
{
    *out = NULL;
    hid_t attr = h5_has_attr(loc, name) ? H5Aopen(loc, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (attr < 0)
        return err_set(err, E_IO, "%s: has no attribute %s", path, name);
    hid_t stored = H5Aget_type(attr), space = H5Aget_space(attr);
    if (stored >= 0 && H5Tget_class(stored) == H5T_STRING && space >= 0 &&
        H5Sget_simple_extent_npoints(space) == 1)
        *out = attr_text(attr, stored);
    if (space >= 0)
        H5Sclose(space);
    if (stored >= 0)
        H5Tclose(stored);
    H5Aclose(attr);
    return *out ? 0 : err_set(err, E_IO, "%s: attribute %s is not a readable text", path, name);
}

int h5_write_int_attr(hid_t loc, const char *name, int value, const char *path, struct err *err)
{
    return write_attr(loc, name, H5T_NATIVE_INT, &value, path, err);
}

int h5_read_int_attr(hid_t loc, const char *name, int *value, const char *path, struct err *err)
{
    return read_attr(loc, name, H5T_NATIVE_INT, value, path, err);
}

int h5_write_real_attr(hid_t loc, const char *name, double value, const char *path, struct err *err)
{
    return write_attr(loc, name, H5T_NATIVE_DOUBLE, &value, path, err);
}

int h5_read_real_attr(hid_t loc, const char *name, double *value, const char *path, struct err *err)
{
    return read_attr(loc, name, H5T_NATIVE_DOUBLE, value, path, err);
}

/* ---- datasets ---- */

static hid_t make_space(int rank, const hsize_t *dims)
{
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, NULL);
}

/* Creation lists: allocate and fill when created, so that an unwritten cell shows and a full disk fails at
 * once. Without the time of making, so that the same content is the same bytes. */
static hid_t make_creation_list(hid_t type, const void *fill)
{
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (list < 0)
        return list;
    herr_t bad = H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) | H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC) |
                 H5Pset_obj_track_times(list, 0);
    if (fill)
        bad |= H5Pset_fill_value(list, type, fill);
    if (bad < 0) {
        H5Pclose(list);
        list = H5I_INVALID_HID;
    }
    return list;
}

hid_t h5_create(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, const void *fill,
                const char *path, struct err *err)
{
    hid_t space = make_space(rank, dims), list = make_creation_list(type, fill),
          link = H5Pcreate(H5P_LINK_CREATE);
    hid_t dataset = H5I_INVALID_HID;
    if (space >= 0 && list >= 0 && link >= 0 && H5Pset_create_intermediate_group(link, 1) >= 0)
        dataset = H5Dcreate2(loc, name, type, space, link, list, H5P_DEFAULT);
    if (link >= 0)
        H5Pclose(link);
    if (list >= 0)
        H5Pclose(list);
    if (space >= 0)
        H5Sclose(space);
    if (dataset < 0)
        return err_set(err, E_IO, "%s: cannot create %s; is the disk full?", path, name);
    return dataset;
}

int h5_write(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, const void *data,
             const char *path, struct err *err)
{
    hid_t dataset = h5_create(loc, name, type, rank, dims, NULL, path, err);
    if (dataset < 0)
        return (int)dataset;
    herr_t written = H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    if (H5Dclose(dataset) < 0 || written < 0)
        return err_set(err, E_IO, "%s: cannot write %s; is the disk full?", path, name);
    return 0;
}

static hid_t open_dataset(hid_t loc, const char *name, const char *path, struct err *err)
{
    h5_silence();
    hid_t dataset = h5_exists(loc, name) ? H5Dopen2(loc, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (dataset < 0)
        return err_set(err, E_IO, "%s: has no dataset %s", path, name);
    return dataset;
}

static unsigned long long file_bytes_of(hid_t object)
{
    hsize_t bytes = 0;
    hid_t file = H5Iget_file_id(object);
    if (file < 0 || H5Fget_filesize(file, &bytes) < 0)
        bytes = 0;
    if (file >= 0)
        H5Fclose(file);
    return bytes;
}

/* Rank of an open dataset and its dims (room for H5_MAX_RANK), or a negative number. */
static int dims_of(hid_t dataset, hsize_t *dims)
{
    hid_t space = H5Dget_space(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (rank > H5_MAX_RANK || (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0))
        rank = -1;
    if (space >= 0)
        H5Sclose(space);
    return rank;
}

int h5_dims(hid_t loc, const char *name, int rank, hsize_t *dims, const char *path, struct err *err)
{
    hsize_t found[H5_MAX_RANK] = {0};
    hid_t dataset = open_dataset(loc, name, path, err);
    if (dataset < 0)
        return (int)dataset;
    int stored = dims_of(dataset, found);
    H5Dclose(dataset);
    if (stored != rank)
        return err_set(err, E_IO, "%s: %s has %d dimensions, expected %d", path, name, stored, rank);
    memcpy(dims, found, (size_t)rank * sizeof *dims);
    return 0;
}

int h5_read(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, void *data,
            const char *path, struct err *err)
{
    hsize_t found[H5_MAX_RANK] = {0};
    int rc = h5_dims(loc, name, rank, found, path, err);
    if (rc < 0)
        return rc;
    if (memcmp(found, dims, (size_t)rank * sizeof *dims) != 0)
        return err_set(err, E_IO, "%s: %s has another shape than the rest of the file", path, name);
    hid_t dataset = open_dataset(loc, name, path, err);
    if (dataset < 0)
        return (int)dataset;
    if (!h5_is_sound_dataset(dataset, file_bytes_of(dataset)) ||
        H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        rc = err_set(err, E_IO, "%s: cannot read %s: truncated, damaged, or of another type", path, name);
    H5Dclose(dataset);
    return rc;
}

/* Select rows first .. first + n - 1: *memory and *file spaces, both closed by the caller. */
static int select_rows(hid_t dataset, hsize_t first, hsize_t n, hid_t *memory, hid_t *file)
{
    hsize_t start[H5_MAX_RANK] = {0}, count[H5_MAX_RANK] = {0};
    int rank = dims_of(dataset, count);
    if (rank < 1 || first > count[0] || n > count[0] - first)
        return -1;
    start[0] = first;
    count[0] = n;
    *memory = H5Screate_simple(rank, count, NULL);
    *file = H5Dget_space(dataset);
    if (*memory < 0 || *file < 0)
        return -1;
    return H5Sselect_hyperslab(*file, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ? -1 : 0;
}

static void close_spaces(hid_t memory, hid_t file)
{
    if (memory >= 0)
        H5Sclose(memory);
    if (file >= 0)
        H5Sclose(file);
}

int h5_rows_read(hid_t dataset, hsize_t first, hsize_t n, hid_t type, void *data, const char *name,
                 const char *path, struct err *err)
{
    hid_t memory = H5I_INVALID_HID, file = H5I_INVALID_HID;
    int rc = 0;
    if (select_rows(dataset, first, n, &memory, &file) < 0 ||
        H5Dread(dataset, type, memory, file, H5P_DEFAULT, data) < 0)
        rc = err_set(err, E_IO, "%s: cannot read rows %llu to %llu of %s", path, (unsigned long long)first,
                     (unsigned long long)(first + n) - 1, name);
    close_spaces(memory, file);
    return rc;
}

int h5_rows_write(hid_t dataset, hsize_t first, hsize_t n, hid_t type, const void *data, const char *name,
                  const char *path, struct err *err)
{
    hid_t memory = H5I_INVALID_HID, file = H5I_INVALID_HID;
    int rc = 0;
    if (select_rows(dataset, first, n, &memory, &file) < 0 ||
        H5Dwrite(dataset, type, memory, file, H5P_DEFAULT, data) < 0)
        rc = err_set(err, E_IO, "%s: cannot write rows %llu to %llu of %s; is the disk full?", path,
                     (unsigned long long)first, (unsigned long long)(first + n) - 1, name);
    close_spaces(memory, file);
    return rc;
}
