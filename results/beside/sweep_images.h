/* sweep_images.h - the images a sweep ran on, found again: the packed dataset that `run` left beside the
 * results file, or the one the sweep names, from the working directory or, by its last name, in the results
 * file's folder. No MPI. */
#ifndef CELLSWEEP_SWEEP_IMAGES_H
#define CELLSWEEP_SWEEP_IMAGES_H

#include "data/dataset.h"
#include "store/store.h"

enum { SWEEP_IMAGES_WHY = 4608 };

/* *data is owned by the caller. It stays NULL, with 0 returned and the reason in why, when the file is not
 * there or holds other images; negative when it is damaged. */
int sweep_images_open(const struct store *store, struct dataset **data, char why[SWEEP_IMAGES_WHY],
                      struct err *err);

#endif
