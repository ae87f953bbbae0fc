/* strategy_fixture.h - datasets of noisy images, and jobs on them, for the tests of
 * strategies, batches and jobs. */
#ifndef CELLSWEEP_STRATEGY_FIXTURE_H
#define CELLSWEEP_STRATEGY_FIXTURE_H

#include "data/dataset.h"
#include "settings/config.h"

/* Clusters 1, 2, ... with the given counts; images of noise, brighter from class to class. */
struct dataset *noise_dataset(int n_clusters, const int *count, int size, uint64_t seed);

/* Configuration of a job on all clusters of such a dataset. */
struct config noise_config(const struct dataset *data, const char *strategy, const char *protocol);

#endif
