/* tensorboard.h - learning curves as event files, which TensorBoard shows: `tensorboard --logdir DIR`.
 *
 *     rc = tensorboard_write(store, "strategy=augment", "runs", &written, &err);
 *
 * A run is a job: DIR/<combination>/seed<n>/events.out.tfevents.<time>.cellsweep, with _fold<f>_repeat<r>
 * under kfold. A combination is called by its clusters and strategy, and by what else varies over the file;
 * where two came to one name, the head of the job's key follows. Every epoch has the scalars <set>/<metric>,
 * "test/balanced_accuracy", but those that are no number; step is the epoch, from 1. The job's settings are
 * its hyperparameters (HPARAMS), one group a combination. Jobs without an epoch have no run.
 *
 * A file is a list of records: length (uint64), its masked CRC32C, an Event (event.proto), its masked CRC32C,
 * little-endian. The same results file gives the same bytes. No MPI. */
#ifndef CELLSWEEP_TENSORBOARD_H
#define CELLSWEEP_TENSORBOARD_H

#include "store/store.h"

#include <stdint.h>

/* Write the runs of all jobs that match filter (NULL: all) into dir, which is made, or empty: TensorBoard
 * would show what lies there already beside them. *n: how many runs. E_USAGE when dir is not empty, when no
 * job matches or none of them has an epoch; E_IO when writing fails, then whole runs may be left. */
int tensorboard_write(struct store *store, const char *filter, const char *dir, int *n, struct err *err);

/* CRC32C (Castagnoli) of n bytes, masked as records have it. */
uint32_t tensorboard_crc(const void *data, size_t n);

#endif
