/* h5.h - the few things this program asks of HDF5, each with one complete error line.
 *
 *     struct h5_draft draft;                                    a file under a temporary name
 *     if (h5_draft_begin(&draft, "cells.h5", &err) < 0) ...
 *     rc = h5_write(draft.file, "/images/cluster", H5T_NATIVE_INT, 1, dims, cluster, draft.path, &err);
 *     rc = rc < 0 ? h5_draft_abandon(&draft), rc : h5_draft_commit(&draft, &err);   fsync, rename
 *
 * `path` is only the file's name for messages; `loc` is a file or group. Names may be paths ("/images/id");
 * missing groups on the way are made. Failures are E_IO. Serial driver, default library version, no
 * variable-length strings. Handles are closed by whoever they are given to. No MPI call; h5_rows_* also work
 * on a file opened with the MPI-IO driver. */
#ifndef CELLSWEEP_H5_H
#define CELLSWEEP_H5_H

#include "err.h"

#include <hdf5.h>
#include <stddef.h>

enum { H5_MAX_RANK = 4, H5_PATH_SIZE = 4096 };

/* Stop HDF5 from printing its error stack to stderr. Cheap; every function below calls it
 * first where it probes. */
void h5_silence(void);

/* Handles that stay open: files and objects by H5Fget_obj_count, dataspaces, types and property lists, which
 * it does not see, by looking at every identifier given out since. */
struct h5_handles {
    hid_t space, type, list;
};

/* Remember what is open now; and how many of the handles made since are still open, -1 when
 * HDF5 does not tell. */
void h5_handles_mark(struct h5_handles *mark);
long h5_handles_since(const struct h5_handles *mark);

/* With CELLSWEEP_TEST_HANDLES in the environment: E_IO when handles are open that were made since the first
 * call of this program into HDF5, unless rc is E_IO already (HDF5 cannot let go of a file that it cannot
 * write); else rc. At the end of a command, before MPI_Finalize; later calls return rc. */
int h5_handles_check(int rc, struct err *err);

/* ---- files ---- */

/* A file being written under a temporary name in the folder of its final one: its path with ".draft-" and six
 * letters. A link is followed; in the place of a device or a FIFO no file is made (target.h). */
struct h5_draft {
    hid_t file;
    char path[H5_PATH_SIZE]; /* final */
    char temp[H5_PATH_SIZE]; /* current */
};

/* Create the temporary file. On failure nothing is left. */
int h5_draft_begin(struct h5_draft *draft, const char *path, struct err *err);

/* Close, fsync, rename onto the final name, fsync the folder. On failure the temporary file is removed. All
 * objects inside must have been closed before. */
int h5_draft_commit(struct h5_draft *draft, struct err *err);

/* Close and remove the temporary file. */
void h5_draft_abandon(struct h5_draft *draft);

/* Remove the temporary files of `path` that killed processes left. For who knows that nobody writes one
 * now. */
void h5_draft_tidy(const char *path);

/* E_IO when the file system of `path` (which need not exist) has less than `bytes` free for this user, naming
 * both numbers; else, and when it does not tell, 0. */
int h5_check_space(const char *path, unsigned long long bytes, struct err *err);

/* Open for reading without taking a lock (a sweep may be writing it). Tells a missing file, one that is not
 * HDF5 and a truncated one apart. *file is closed by the caller with H5Fclose. */
int h5_open_read(const char *path, hid_t *file, struct err *err);

/* The file descriptor through which HDF5 reads an open file, its own: pread(2) it, and do not close it. -1 of
 * a file that is not opened with the POSIX driver. */
int h5_descriptor(hid_t file);

/* 1 when the link `name` exists below loc, every group on its way included; else 0. */
int h5_exists(hid_t loc, const char *name);

/* ---- types ---- */

/* A fixed-length, NUL-terminated UTF-8 string type of `size` bytes (the NUL included); size >= 1. H5Tclose
 * it. Negative when HDF5 is out of memory. */
hid_t h5_string_type(size_t size);

/* 1 when elements of a stored type can be converted without harm: whole bytes of an integer, an IEEE number
 * of 4 or 8 bytes, a fixed-length string, or a compound of such that lie inside it, one after the other. HDF5
 * 1.10 trusts a file's types: a flipped offset of a compound makes H5Dread copy from outside its buffer. */
int h5_is_sound_type(hid_t type);

/* 1 when an open dataset has a sound type, and its bytes can be inside a file of file_bytes: all of them when
 * it is contiguous, and not more than compression could have made small otherwise. */
int h5_is_sound_dataset(hid_t dataset, unsigned long long file_bytes);

/* ---- attributes of an open object ---- */

/* A text, stored as fixed-length string; at most 60000 bytes (HDF5's header limit). */
int h5_write_text_attr(hid_t loc, const char *name, const char *text, const char *path, struct err *err);
/* *out is a new NUL-terminated copy the caller frees; both fixed- and variable-length strings are read. */
int h5_read_text_attr(hid_t loc, const char *name, char **out, const char *path, struct err *err);
int h5_write_int_attr(hid_t loc, const char *name, int value, const char *path, struct err *err);
int h5_read_int_attr(hid_t loc, const char *name, int *value, const char *path, struct err *err);
int h5_write_real_attr(hid_t loc, const char *name, double value, const char *path, struct err *err);
int h5_read_real_attr(hid_t loc, const char *name, double *value, const char *path, struct err *err);
/* 1 when the object has the attribute, else 0. */
int h5_has_attr(hid_t loc, const char *name);

/* ---- datasets: contiguous, all space allocated at once (a full disk fails here, not later) ---- */

/* Create a dataset (rank 0: scalar) and fill it with *fill (one element of `type`; NULL: zeros). Returns its
 * handle, which the caller closes with H5Dclose, or a negative code. */
hid_t h5_create(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, const void *fill,
                const char *path, struct err *err);

/* Create, write everything, close. data: dims[0] x ... elements of `type`, row-major. */
int h5_write(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, const void *data,
             const char *path, struct err *err);

/* Dimensions of a dataset that must have this rank, into dims (rank). */
int h5_dims(hid_t loc, const char *name, int rank, hsize_t *dims, const char *path, struct err *err);

/* Read everything as memory type `type`. The dataset must have exactly these dims; data has room for them. */
int h5_read(hid_t loc, const char *name, hid_t type, int rank, const hsize_t *dims, void *data,
            const char *path, struct err *err);

/* Read or write rows first .. first + n - 1 (first dimension) of an open dataset; data is n rows of memory
 * type `type`. Independent under MPI-IO. `name` is for messages only. */
int h5_rows_read(hid_t dataset, hsize_t first, hsize_t n, hid_t type, void *data, const char *name,
                 const char *path, struct err *err);
int h5_rows_write(hid_t dataset, hsize_t first, hsize_t n, hid_t type, const void *data, const char *name,
                  const char *path, struct err *err);

#endif
