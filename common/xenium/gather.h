/* gather.h - what the ranks that cut a bundle (bundle.h) tell each other. Collective, after all of them have
 * come so far without an error. Begun cells go to their owners, the rank of their first tile, and finished
 * ones to rank 0. */
#ifndef CELLSWEEP_GATHER_H
#define CELLSWEEP_GATHER_H

#include "xenium/bundle.h"

#include <mpi.h>

/* Every rank has what all of them measured. */
int gather_measures(struct bundle *bundle, MPI_Comm comm, struct err *err);

/* Rank 0 has all cells. E_IO on ranks without memory, the others then have nothing of use. */
int gather_cells(struct bundle *bundle, MPI_Comm comm, struct err *err);

#endif
