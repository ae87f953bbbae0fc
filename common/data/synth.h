/* synth.h - the built-in dataset: synthetic cells as a folder of layout A.
 *
 *     <folder>/cell_images/cluster_<k>/cell_<id>.png, cell_boundaries.csv.gz,
 *     clusters.csv, README.txt, SYNTHETIC
 *
 * 28 clusters, 1000 images (kinds.h, drawing.h), the same bytes on every run. The file SYNTHETIC marks the
 * folder: what is packed from it says that it is synthetic. */
#ifndef CELLSWEEP_SYNTH_H
#define CELLSWEEP_SYNTH_H

#include "data/dataset.h"
#include "err.h"

/* Write the dataset to a folder that is absent or empty: E_USAGE when it is not. It appears
 * whole or not at all. */
int synth_write(const char *folder, struct err *err);

/* Write it to a temporary folder under $TMPDIR (or /tmp), pack it, remove the folder. origin is "builtin".
 * *out is owned by the caller. */
int synth_open(const struct dataset_options *options, struct dataset **out, struct err *err);

#endif
