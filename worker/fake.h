/* fake.h - model "fake": an epoch is a sleep of fake.milliseconds and its numbers come from the job's random stream.
 * It stands in for training where the orchestration is what is tested.
 *
 * Tests hold its jobs where they want to look at them, however fast the machine: with CELLSWEEP_TEST_HOLD=FOLDER in the environment
 * epoch e, counted from 0, of the job with a key does not end while FOLDER/<key> or FOLDER/all has a number of at most e in it. What
 * is held so says so by making FOLDER/<key>.held. */
#ifndef CELLSWEEP_FAKE_H
#define CELLSWEEP_FAKE_H

#include "config.h"
#include "err.h"
#include "metrics.h"

/* Sleep through one epoch of the job in slices of at most 1 ms; in between pause(self), where there is one, serves others: 0, or
 * E_STOPPED when it says so by non-zero. */
int fake_epoch(const struct config *config, const char *key, int epoch, int (*pause)(void *self), void *self,
               struct err *err);

/* The N_METRICS numbers of an epoch, and class probabilities (n, n_classes): pure functions of the key. */
void fake_metrics(const char *key, int epoch, float train[N_METRICS], float val[N_METRICS]);
void fake_predict(const char *key, int n, int n_classes, float *probs);

#endif
