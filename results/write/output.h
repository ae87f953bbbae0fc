/* output.h - files of a report, and those of -o FILE: written under a temporary name, renamed when whole, so
 * none is ever half-written.
 *
 *     struct output out;
 *     if (output_open(&out, dir, "final.csv", &err) < 0) ...      or output_open_file(&out, "-", &err)
 *     fprintf(out.file, ...);                 errors are kept by stdio
 *     if (output_close(&out, &err) < 0) ...   the first error of all, nothing left behind
 *
 * No MPI. */
#ifndef CELLSWEEP_OUTPUT_H
#define CELLSWEEP_OUTPUT_H

#include "err.h"

#include <stddef.h>
#include <stdio.h>

enum { OUTPUT_PATH_SIZE = 4096 };

struct output {
    FILE *file;
    char path[OUTPUT_PATH_SIZE];      /* for messages, too */
    char temporary[OUTPUT_PATH_SIZE]; /* "": it is written in its place */
};

/* Make a directory and its parents; one that is there already is fine. */
int output_directory(const char *path, struct err *err);

/* Begin dir/name; a link of that name is replaced, what it leads to stays. On failure out->file is NULL. */
int output_open(struct output *out, const char *dir, const char *name, struct err *err);

/* Begin the file that a user named: NULL or "-" is standard output; devices, FIFOs and sockets are written to
 * and stay what they are (target.h); of a link the target is replaced. E_USAGE for a file that is HDF5:
 * images and results are not replaced by a table. On failure out->file is NULL. */
int output_open_file(struct output *out, const char *path, struct err *err);

/* End it: flush, check, close, rename. On failure the temporary file is removed. Standard output stays
 * open. */
int output_close(struct output *out, struct err *err);

/* Give up: close and remove the temporary file. Does nothing when out->file is NULL. */
void output_abandon(struct output *out);

#endif
