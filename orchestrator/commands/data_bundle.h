/* data_bundle.h - `data pack` of a raw Xenium bundle, by all ranks that mpirun
 * started, or by this process alone. */
#ifndef CELLSWEEP_DATA_BUNDLE_H
#define CELLSWEEP_DATA_BUNDLE_H

#include "xenium/bundle.h"

/* What rank 0 does with the dataset, which stays the caller's. */
typedef int (*data_bundle_use)(void *self, const struct dataset *data, const struct bundle *bundle,
                               const struct pack_report *report, struct err *err);

/* Cut a bundle and use() the dataset. Collective under mpirun, where it starts MPI and ends it. */
int data_bundle(const char *folder, const struct bundle_options *options, data_bundle_use use, void *self,
                struct err *err);

#endif
