/* job_state.h - what the rest of a job depends on between two epochs, taken out of its models and put back.
 *
 * All else that a job holds is made anew from its config, data and key: samples, order of images, blends,
 * dropout masks. No MPI. */
#ifndef CELLSWEEP_JOB_STATE_H
#define CELLSWEEP_JOB_STATE_H

#include "state_file.h"
#include "settings/config.h"
#include "models/ensemble.h"

/* The state after `epoch` epochs and `steps` training steps of models with MODEL_EPOCHS; best: their n_best
 * weights of the best epoch so far (ensemble_get), NULL: none. Its arrays are those of the models, valid
 * while they do not train; metrics and the rest about the best epoch are left to the caller. *out is owned
 * by the caller: state_file_free(). E_IO without memory. */
int job_state_take(struct ensemble *nets, int epoch, long steps, float *best, size_t n_best,
                   struct state_file *out, struct err *err);

/* 0 when a job of this config can go on from a state; E_USAGE when it has other networks or no epoch left, or
 * is no job to go on with. */
int job_state_fits(const struct config *config, const struct state_file *state, struct err *err);

/* The best weights in a state that job_state_fits() was asked for and whose best_epoch is not 0, n of them;
 * *weights is owned by the caller. E_IO without memory. */
int job_state_best(const struct state_file *state, float **weights, size_t *n, struct err *err);

#endif
