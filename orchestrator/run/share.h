/* share.h - one copy of the dataset a node, in an MPI shared-memory window.
 *
 *     share_dataset(MPI_COMM_WORLD, &data, &shared, &err);      collective; data on rank 0, NULL elsewhere
 *     ... data on every rank ...
 *     share_free(&shared, data);                                collective; frees data too */
#ifndef CELLSWEEP_SHARE_H
#define CELLSWEEP_SHARE_H

#include "data/dataset.h"

#include <mpi.h>

struct shared_dataset {
    MPI_Comm node; /* ranks of this node */
    MPI_Win window;
};

/* Give every rank *data of rank 0: descriptions as copies, pixels in a window that a node's ranks share. Rank
 * 0's own pixels move there too. Collective; on failure every rank returns the same code. */
int share_dataset(MPI_Comm comm, struct dataset **data, struct shared_dataset *shared, struct err *err);

void share_free(struct shared_dataset *shared, struct dataset *data);

#endif
