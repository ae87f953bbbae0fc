/* dispatch.h - rank 0's part of the hand-out: who has which job, who lives, what each word of a rank
 * is answered with. No MPI and no clock of its own: handout.c brings words from MPI, play.c from
 * ranks that it plays.
 *
 *     dispatch_new(size, node, schedule, &options, &hooks, &wire, &out, &err)
 *     dispatch_hear(d, rank, tag, bytes)        a word of a rank came
 *     dispatch_look(d)                          after all that had come: the dead, the idle, those to be
 *                                               stopped
 *     dispatch_take(d, &order)                  a job for rank 0 itself
 *
 * A word costs O(log) time in jobs and kinds of jobs, and the same for any number of ranks and nodes (a stop
 * and an end, once a sweep, go to every rank). Looking for the dead goes through the nodes, not through their
 * ranks, every quarter of a second. One thread at a time. */
#ifndef CELLSWEEP_DISPATCH_H
#define CELLSWEEP_DISPATCH_H

#include "run/handout.h"

#include <stddef.h>

struct dispatch;
struct ack;
struct beats;

/* How rank 0 reaches the others. */
struct dispatch_wire {
    void *self;
    void (*send)(void *self, int rank, int tag, const void *bytes, size_t n);
    double (*now)(void *self); /* seconds, of a clock that never goes back */
    /* When a sign of life of a rank came by another way; 0: none did. NULL: there is no other way. */
    double (*seen)(void *self, int rank);
};

/* size ranks; node[r]: the number of the node that rank r runs on, from 0, of n_nodes; copied.
 * schedule stays the caller's; *options, *hooks and *wire are copied. *out is owned by the caller,
 * NULL on failure (E_IO: memory). */
int dispatch_new(int size, const int *node, int n_nodes, struct schedule *schedule,
                 const struct handout_options *options, const struct handout_hooks *hooks,
                 const struct dispatch_wire *wire, struct dispatch **out, struct err *err);

/* A word of another rank came: WORD_REQUEST, WORD_BEATS or WORD_BYE. bytes: what its tag says (words.h). A
 * rank that was declared dead is told so, whatever it says. */
void dispatch_hear(struct dispatch *d, int rank, int tag, const void *bytes);

/* Beats that rank 0 gathered itself, of the node of `rank`: what to answer, valid until the next call. */
const struct ack *dispatch_beats(struct dispatch *d, int rank, const struct beats *beats);

/* 1 when the rank was declared dead. */
int dispatch_is_dead(const struct dispatch *d, int rank);

void dispatch_look(struct dispatch *d);

/* Seconds since the dead were looked for, as far as they count as anybody's silence; 0: it is not time to
 * look again. The next dispatch_look() will. */
double dispatch_passed(const struct dispatch *d);

/* Rank 0's own: what became of its job; its next one, -1: none now; 1 when there will be none any more. */
void dispatch_report(struct dispatch *d, const struct handout_report *report);
int dispatch_take(struct dispatch *d, struct handout_order *order);
int dispatch_over(struct dispatch *d);
int dispatch_held(const struct dispatch *d); /* the job it has; -1: none */

/* Seconds that a job may take (hooks.limit). */
double dispatch_limit(const struct dispatch *d, int job);

/* hooks.report without a report. */
void dispatch_tick(struct dispatch *d);

/* A job that killed its ranks, whose row must say so; -1: none. Then dispatch_buried(). It counts as
 * running. */
int dispatch_condemned(struct dispatch *d, int *attempts, int *deaths);
void dispatch_buried(struct dispatch *d, int job);

void dispatch_add(struct dispatch *d, double images, double slowest, double seconds);
void dispatch_stop(struct dispatch *d);
int dispatch_stopping(const struct dispatch *d);
struct handout_counts dispatch_counts(const struct dispatch *d);

/* The end, for every rank that is not dead; then how many ranks have not yet taken leave. */
void dispatch_end(struct dispatch *d, int code, const char *text);
int dispatch_staying(const struct dispatch *d);

void dispatch_free(struct dispatch *d);

#endif
