/* lifesign.h - that a rank computes, although it does not get to its messages.
 *
 * Heartbeats (handout.md) need MPI, which one thread has at a time: a thread that computes or
 * writes meanwhile for longer than --heartbeat looked like a dead rank. So a second thread of
 * every rank needs nothing that the others hold. It is silent while heartbeats go their way, but
 *     a worker that has not got to its messages for a quarter of the limit, while its process used the CPU,
 *     shows so in the memory of its node (node.h); where nobody is left to tell rank 0 of it, it sends SIGN
 *     on a communicator of its own. Where a node has not heard of rank 0 for so long, its lowest rank sends
 *     ASK, and rank 0 answers SIGN when it gets to its messages or uses the CPU.
 *
 * A sign is thus evidence of work, not only of a process that is there: one that is stopped or killed sends
 * none, and neither does one that waits in a system call (a file system that hangs) with MPI in its hands: it
 * is lost after the limit, as before. A sign renews no lease: it only keeps a rank from being declared
 * dead, or from leaving, so the argument of handout.md about who may write stands.
 *
 *     lifesign_new(comm, node, limit, clock, &life, &err)       collective
 *     lifesign_round(life)                                       whenever messages were looked at
 *     lifesign_seen(life, rank)                                  when its last SIGN came
 *     lifesign_free(life, alone)
 *
 * Needs MPI_THREAD_MULTIPLE; where MPI gives less there are no signs, and heartbeats alone decide. */
#ifndef CELLSWEEP_LIFESIGN_H
#define CELLSWEEP_LIFESIGN_H

#include "run/node.h"

#include <mpi.h>
#include <time.h>

struct lifesign;

/* limit: seconds of silence after which a rank counts as lost; clock: that of the times of lifesign_seen().
 * node outlives it. *out is owned by the caller, also when it fails. */
int lifesign_new(MPI_Comm comm, struct node *node, double limit, clockid_t clock, struct lifesign **out,
                 struct err *err);

/* Any thread, any time. */
void lifesign_round(struct lifesign *life);

/* Rank 0 asks: seconds of the clock; 0: never. */
double lifesign_seen(const struct lifesign *life, int rank);

/* Ends the thread. Collective unless alone. NULL: nothing. */
void lifesign_free(struct lifesign *life, int alone);

#endif
