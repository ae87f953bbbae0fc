/* trained_store.h - results files of real, small jobs with their weights: for tests
 * of what predicts with them. */
#ifndef CELLSWEEP_TRAINED_STORE_H
#define CELLSWEEP_TRAINED_STORE_H

#include "data/dataset.h"
#include "settings/config.h"

enum { TRAINED_MAX_JOBS = 8 };

/* A job on the given clusters ("1-2", "1-2-3"); all other keys are those of trained_config(). */
struct trained_job {
    const char *clusters, *strategy;
    int seed;
};

/* A small CNN, two epochs, on all clusters of data. */
struct config trained_config(const struct dataset *data);

/* Train n jobs on data and store them at path; the last `n_waiting` of them stay waiting. */
int trained_store(const char *path, const struct dataset *data, const struct config *base,
                  const struct trained_job *job, int n, int n_waiting, struct err *err);

#endif
