/* select.h - from the originals of a dataset to the sets of a job: the protocol's order
 * of work, the strategy's rule.
 *
 *     struct job_samples samples;
 *     rc = job_samples_select(&config, data, key, &pause, &samples, &err);
 *     ...
 *     job_samples_free(&samples);
 *
 * No MPI. */
#ifndef CELLSWEEP_SELECT_H
#define CELLSWEEP_SELECT_H

#include "base/pause.h"
#include "samples/sample.h"

/* Select the sets of a job. job_key names the job's own random streams; config->clusters must name at least
 * two clusters. Every class must be in the dataset and large enough for the protocol, else E_USAGE with a
 * line that names the cluster and its count; so must groups, when config names some. *out is owned by the
 * caller, released by job_samples_free(); after an error it is empty. pause is asked while images are
 * compared, and may be NULL: E_STOPPED when it says so. */
int job_samples_select(const struct config *config, const struct dataset *data, const char *job_key,
                       struct pause *pause, struct job_samples *out, struct err *err);

/* The same without comparing images, for planning many jobs: where a rule does that, a stand-in
 * leaves at least as many samples, of which train, test and leak are then estimates; test is never
 * smaller than job_samples_select() makes it. */
int job_samples_estimate(const struct config *config, const struct dataset *data, const char *job_key,
                         struct job_samples *out, struct err *err);

#endif
