/* thumbnails.h - small pictures of chosen cells on one sheet, as a PNG in memory. No MPI. */
#ifndef CELLSWEEP_THUMBNAILS_H
#define CELLSWEEP_THUMBNAILS_H

#include "data/dataset.h"
#include "err.h"

enum { THUMBNAILS_COLUMNS = 32, THUMBNAILS_MAX_SIZE = 64 };

/* Width and height of one picture of this dataset: as the network sees it, at most
 * THUMBNAILS_MAX_SIZE pixels. */
int thumbnails_size(const struct dataset *data);

/* The n > 0 images in a sheet of 8 bit gray, row by row, THUMBNAILS_COLUMNS a row. image (n): rows of the
 * dataset. *png, *n_png bytes, is freed by the caller. */
int thumbnails_new(const struct dataset *data, const int *image, int n, void **png, size_t *n_png,
                   struct err *err);

#endif
