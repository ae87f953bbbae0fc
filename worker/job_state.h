/* job_state.h - what the rest of a job depends on between two epochs, taken out of its networks and put back.
 *
 * All else that a job holds is made anew from its config, data and key: samples, order of images, blends,
 * dropout masks. No MPI. */
#ifndef CELLSWEEP_JOB_STATE_H
#define CELLSWEEP_JOB_STATE_H

#include "checkpoint.h"
#include "settings/config.h"
#include "models/ensemble.h"

/* The state after `epoch` epochs and `steps` training steps of a model with MODEL_EPOCHS. Its arrays are
 * those of the networks, valid while they do not train; metrics and best weights are left to the caller. */
struct checkpoint job_state_take(const struct model_kind *kind, struct ensemble *nets, int epoch, long steps);

/* 0 when a job of this config can go on from a state; E_USAGE when it has other networks or no epoch
 * left, is no job to go on with, or does not know its best weights so far although they are wanted. */
int job_state_fits(const struct config *config, int best_weights, const struct checkpoint *state,
                   struct err *err);

/* Put weights, moments and step counts into networks that job_state_fits() was asked for; *steps as at the
 * time it was taken. */
void job_state_put(const struct model_kind *kind, const struct checkpoint *state, struct ensemble *nets,
                   long *steps);

#endif
