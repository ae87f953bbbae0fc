/* node.h - what ranks of a node tell each other in shared memory: who lives, who may write, what rank 0 said
 * last. So one of them, the voice, speaks to rank 0 for all, whatever their number.
 *
 *     node_new(comm, limit, clock, &node, &err)      collective
 *     node_beat(node)                                  this rank got to its messages
 *     node_look(node, passed)                          every tick, by its thread: who has beaten since?
 *     if (node_is_voice(node)) n = node_say(node, peers, beats)
 *     node_answered(node, ack)                         rank 0 heard them
 *
 * The voice is the lowest rank whose heart beats, as each of them sees it: when it dies or hangs the
 * next one speaks within four ticks. For a while there may be two: words say how things are, not what
 * changed, so that does no harm.
 *
 * Beats prove that a rank gets to its messages, signs (lifesign.h) only that it computes. A lease is renewed
 * by a beat that rank 0 was told of, by nothing else (handout.md). All times are of the clock of this host.
 *
 * Any thread may beat, sign and ask; looks, words and answers are one thread's at a time. */
#ifndef CELLSWEEP_NODE_H
#define CELLSWEEP_NODE_H

#include "run/peers.h"
#include "run/words.h"

#include <mpi.h>
#include <time.h>

struct node;

/* Collective. limit: seconds of silence after which a rank counts as lost. Leases begin now. *out is owned by
 * the caller, also when it fails (E_IO, memory; on every rank of the node). */
int node_new(MPI_Comm comm, double limit, clockid_t clock, struct node **out, struct err *err);

/* The same without MPI, on memory of node_bytes(n), zeroed, that the n processes of a node share, and that
 * outlives it: this is the one at position `self`; rank[] has their ranks, rising. */
size_t node_bytes(int n);
int node_on(void *memory, int n, int self, const int *rank, double limit, clockid_t clock, struct node **out,
            struct err *err);

int node_size(const struct node *node);
int node_leader(const struct node *node); /* its lowest rank */

/* This rank gets to its messages. images: trained since its last request; slowest: see handout_slow(). */
void node_beat(struct node *node, double images, double slowest, int stopping);

/* It saved the state of its job after `epoch`. */
void node_checkpoint(struct node *node, int epoch);

/* It asks how long its job may take; job -1: it does not. */
void node_ask(struct node *node, int job);

/* What it was told about that job; INFINITY: nothing yet. */
double node_limit(const struct node *node, int job);

/* It is about to leave as it should: nobody is to miss it. */
void node_leave(struct node *node);

/* A sign of life of this rank, and of rank 0. Any thread. */
void node_sign(struct node *node);
void node_root_sign(struct node *node);

/* Seconds since an answer or a sign of rank 0 came to this node. Any thread. */
double node_root_quiet(const struct node *node);

/* 1 when a lower rank has beaten or signed in the last `seconds`. Any thread. */
int node_has_lower(const struct node *node, double seconds);

/* 1 when any other rank has beaten in the last `seconds`: it speaks. Any thread. */
int node_has_voice(const struct node *node, double seconds);

/* Compare with the last look, `passed` seconds ago of this rank's own time: time in which it was
 * stopped is nobody's silence. */
void node_look(struct node *node, double passed);

/* Own seconds in which rank 0 neither answered nor signed. */
double node_root_silent(const struct node *node);

int node_is_voice(const struct node *node);

/* 1 when there is something to tell before it is time to. */
int node_has_news(const struct node *node);

/* What to tell rank 0, into beats (beats_size(node_size) bytes); peers NULL: process numbers are not looked
 * at. What it was told last must have been answered. */
void node_say(struct node *node, const struct peers *peers, struct beats *beats);

/* Rank 0 heard that: leases are renewed, and the dead learn it. An answer to anything else but the
 * last words is ignored. */
void node_answered(struct node *node, const struct ack *ack);
int node_is_answered(const struct node *node); /* 1: nothing is on its way */

/* This rank may write until then, seconds of the clock. */
double node_lease(const struct node *node);

/* 1: it was declared dead. */
int node_is_fenced(const struct node *node);

/* Collective unless alone. NULL: nothing. */
void node_free(struct node *node, int alone);

#endif
