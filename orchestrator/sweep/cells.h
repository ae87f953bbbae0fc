/* cells.h - the images of a run: the packed dataset that the sweep names, or one packed from what it names
 * and left beside the results as "<results without .h5>.cells.h5", so that a sweep can be reported and
 * predicted from without its folder. Rank 0. */
#ifndef CELLSWEEP_CELLS_H
#define CELLSWEEP_CELLS_H

#include "sweep/expand.h"

enum { CELLS_PATH_SIZE = 4096 };

struct cells {
    struct dataset *data;       /* owned by the caller */
    char path[CELLS_PATH_SIZE]; /* of the packed dataset */
    int is_packed;              /* 1: the sweep names a packed dataset, which stays where it is */
};

/* "<results without .h5>.cells.h5" into out (CELLS_PATH_SIZE). E_USAGE when it is too long. */
int cells_path(const char *results_path, char *out, struct err *err);

/* Open a results file and the images beside it in a child process first (child.h). 0 when they can be opened;
 * images that are not there are no error. */
int cells_try(const char *results_path, struct err *err);

/* The same of the packed images and of results files that a sweep names (data, embedding.from). */
int cells_try_named(const struct sweep *sweep, struct err *err);

/* Open what the sweep names; a folder, an .npz and builtin are packed in memory, every time, so that what
 * changed since is noticed by its checksum. E_USAGE when a packed dataset was packed with another pixel size
 * than the sweep file gives. */
int cells_open(const struct sweep *sweep, const char *results_path, struct cells *cells, struct err *err);

/* Leave the packed dataset beside the results. One that is there already must hold the same images (or belong
 * to the results file, replace = 1); else E_USAGE, nothing overwritten. The same images in other sets or
 * with other columns are written anew. */
int cells_keep(const struct cells *cells, int replace, struct err *err);

#endif
