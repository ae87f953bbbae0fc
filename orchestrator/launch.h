/* launch.h - commands under mpirun: the ranks agree on what went wrong before they begin, and one of them
 * says it at the end.
 *
 *     rc = launch_begin(rc, err);
 *     if (rc == 0) ... collective work ...
 *     return launch_end(rc, err); */
#ifndef CELLSWEEP_LAUNCH_H
#define CELLSWEEP_LAUNCH_H

#include "err.h"

/* The number of this rank as mpirun or Slurm has it, without MPI; -1 where nobody counts. */
int launch_rank(void);

/* Open MPI 4's `mpirun --enable-recovery` returns 0 whatever its ranks do, and never returns when a rank on
 * another daemon exits with another status than 0: RESULTS.h5.status has the true one. */
int launch_hides_status(void);

/* Collective, the first call of all ranks: starts MPI with all the threads it has. rc: 0, or what went wrong
 * on this rank, with *err. Every rank returns the worst rc of all, and its *err. */
int launch_begin(int rc, struct err *err);

/* Collective: the same of what went wrong since. */
int launch_agree(int rc, struct err *err);

/* Rank 0: the line of an error to stderr, before anything that mpirun would end it for. */
void launch_say(int rc, const struct err *err);

/* Collective, with the same rc and *err everywhere: launch_say(), then the end of MPI. Returns rc for
 * main(), with an empty line; 0 where the status is hidden. */
int launch_end(int rc, struct err *err);

#endif
