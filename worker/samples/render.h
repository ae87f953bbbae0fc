/* render.h - the pixels of samples: pointers into the dataset for originals and duplicates, images
 * made for variants and blends.
 *
 * A pure function of data, augment.* and the job's key, so that a variant looks the same wherever and
 * whenever it is made. No MPI. */
#ifndef CELLSWEEP_RENDER_H
#define CELLSWEEP_RENDER_H

#include "samples/sample.h"

/* Give every sample of a job its pixels, every distinct variant and blend made once; samples->train owns what
 * is made. data must outlive samples. 0 or E_IO; may be called again. */
int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err);

/* The same for one list, which owns what is made. */
int samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                   struct samples *samples, struct err *err);

#endif
