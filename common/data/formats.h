/* formats.h - what the files of a dataset's images held that is not used, or is not the same everywhere.
 *
 * A sample is divided by what its file's depth can hold, so 12 bits stored in 16 are 1/16 as bright as 8
 * bits; when the depth goes with the class, a network learns the format instead of the cell. Colour and
 * transparency are used only when that is asked for (preprocess.h). */
#ifndef CELLSWEEP_FORMATS_H
#define CELLSWEEP_FORMATS_H

#include "data/dataset.h"

#include <stdio.h>

/* Say so, a line each: coloured and transparent images, depths that are mixed (a warning, in capitals when
 * they go with the cluster), 16 bits of which at most 12 are in use. Nothing when there is nothing to say, or
 * the depths are not known. */
void formats_note(const struct dataset *data, FILE *to);

/* How many images of a cluster (CLASS_NONE: all) have files of this depth (-1: any). */
int formats_count(const struct dataset *data, int cluster, int depth);

/* "8 bit", "16 bit", "8: 12, 16: 30" (bits: files) or "-" in out: the depths of a cluster's files. */
void formats_text(const struct dataset *data, int cluster, char *out, size_t size);

/* Brightness that 99.9 % of the packed pixels of a cluster stay at or below, 0 to 1, to 1/65535. */
double formats_bright(const struct dataset *data, int cluster);

/* Shares of the packed pixels of a cluster's channel above 0 that lie in each of n equal steps from 0 to 1,
 * in share (n); all 0 where there are none. */
void formats_histogram(const struct dataset *data, int cluster, int channel, int n, double *share);

#endif
