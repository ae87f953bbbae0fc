/* stored_job.h - what a finished job was, from the results file alone: its configuration and its
 * weights, to predict with.
 *
 *     struct config config;
 *     rc = stored_job_config(store, job, &config, &err);
 *     rc = stored_job_weights(store, job, &config, &weights, &err);
 *     ... job_networks(&config, weights, &nets, &err) ...
 *
 * No MPI. */
#ifndef CELLSWEEP_STORED_JOB_H
#define CELLSWEEP_STORED_JOB_H

#include "settings/config.h"
#include "err.h"
#include "store/store.h"

/* Configuration of a finished job: every key that the file tells, defaults else. Clusters are those of the
 * job's own predictions, so a list that /jobs had to cut is whole. E_IO when the job has no predictions. */
int stored_job_config(struct store *store, int job, struct config *config, struct err *err);

/* Weights of a job of this config: job_n_weights(config) floats, owned by the caller. E_IO
 * when the row holds none. */
int stored_job_weights(struct store *store, int job, const struct config *config, float **weights,
                       struct err *err);

/* Image size that the sweep's dataset was packed at, pixels, and the size of a pixel of its crops,
 * micrometres. Files without these attributes: from the sweep's own settings. */
int stored_image_size(const struct store *store, const struct config *config);
double stored_pixel_size(const struct store *store);

/* Channels of the dataset's images, 1 to IMAGE_MAX_CHANNELS. */
int stored_channels(const struct store *store);

/* How the dataset's files became pixels. E_IO when the text is
 * none. */
int stored_preprocess(const struct store *store, struct preprocess *how, struct err *err);

#endif
