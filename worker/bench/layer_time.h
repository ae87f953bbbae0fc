/* layer_time.h - what each layer of a training step takes, timed alone on the shapes of the step.
 *
 * The hot path is not instrumented: every node's passes run on their own with random data, zeros among the
 * gradients as in training, their operands as warm in the caches as repetition makes them, so the sum of the
 * rows is a little below the time of a whole step. No MPI. */
#ifndef CELLSWEEP_LAYER_TIME_H
#define CELLSWEEP_LAYER_TIME_H

#include "models/net/nodes.h"
#include "err.h"

enum { LAYER_TIME_ROWS = 2 * NODES_MAX + 1 };

struct layer_time {
    char name[NODE_NAME_SIZE + 12]; /* "conv2 backward" */
    const char *path;               /* what the kernel table uses for this shape */
    double seconds;                 /* median of one call */
    double flop; /* of the dense layer for the whole batch, 0 where operations are not counted */
};

/* Time the selected kernels on a batch of this network, as it runs (nodes_fuse), about `seconds` in all.
 * Fills row and *n_rows. E_IO when there is no memory. */
int layer_time(const struct nodes *nodes, int batch, double seconds, struct layer_time row[LAYER_TIME_ROWS],
               int *n_rows, struct err *err);

#endif
