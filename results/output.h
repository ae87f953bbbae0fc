/* output.h - files of a report: written under a temporary name, renamed when whole, so none is ever half-written.
 *
 *     struct output out;
 *     if (output_open(&out, dir, "final.csv", &err) < 0) ...
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
    char path[OUTPUT_PATH_SIZE], temporary[OUTPUT_PATH_SIZE];
};

/* Make a directory and its parents; one that is there already is fine. */
int output_directory(const char *path, struct err *err);

/* Begin dir/name. On failure out->file is NULL. */
int output_open(struct output *out, const char *dir, const char *name, struct err *err);

/* End it: flush, check, close, rename. On failure the temporary file is removed. */
int output_close(struct output *out, struct err *err);

/* Give up: close and remove the temporary file. Does nothing when out->file is NULL. */
void output_abandon(struct output *out);

/* Name of the temporary file that stands in for dir/name, in out. E_IO when the path is too long. */
int output_temporary(char *out, size_t size, const char *dir, const char *name, struct err *err);

#endif
