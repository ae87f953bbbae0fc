/* peers.h - the processes of all ranks, as far as they run on this host: a rank that was killed here is seen
 * at once, without waiting for its heartbeat, and while MPI is in a collective call that would never return.
 *
 *     struct peers *peers = peers_new(MPI_COMM_WORLD, &err);       collective
 *     peers_watch(peers, lost, self);                              a thread, no MPI in it
 *     ... collective calls ...
 *     peers_rest(peers);
 *     if (peers_gone(peers, 3)) ...
 *     peers_free(peers); */
#ifndef CELLSWEEP_PEERS_H
#define CELLSWEEP_PEERS_H

#include "err.h"

#include <mpi.h>

struct peers;

/* Collective. NULL with *err set on every rank when one has no memory. */
struct peers *peers_new(MPI_Comm comm, struct err *err);

/* 1 when all ranks run on this host. */
int peers_all_here(const struct peers *peers);

/* 1 when the rank ran on this host and its process is gone; 0 also when nobody here can tell. */
int peers_gone(const struct peers *peers, int rank);

/* Look every half second from a thread of its own, until peers_rest: lost(self, rank) is called in that
 * thread when a rank is gone, and must not return. */
void peers_watch(struct peers *peers, void (*lost)(void *self, int rank), void *self);
void peers_rest(struct peers *peers);

void peers_free(struct peers *peers);

#endif
