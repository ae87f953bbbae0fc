/* run_root.h - rank 0's part of a sweep: files, schedule, what it tells while the sweep runs and at its end.
 *
 *     root_prepare(&run, &kind, &kept, &err)      lock, sweep file, data, results file
 *     root_schedule(&run, kind, kept, &err)       after the results file is open: what is left to do; event
 *                                                 log, status file
 *     ... root_on_start and root_on_report are called by the hand-out ...
 *     rc = root_conclude(&run, &err)              the closing line and the exit status
 *     root_end(&run, rc, &err)                    event and status file, after the last write
 *     root_end_round(&run)                        instead, when the grid grows: then root_prepare again
 *     root_release(&run)                          the lock goes last
 *
 * Rank 0 only. No collective calls. */
#ifndef CELLSWEEP_RUN_ROOT_H
#define CELLSWEEP_RUN_ROOT_H

#include "run/run_state.h"

/* Read the sweep file, take the lock, make data and results file ready. E_USAGE, E_IO; what was begun
 * is left to root_release. */
int root_prepare(struct run *run, enum resume_kind *kind, int *kept, struct err *err);

/* Put every job of the filter that is not finished into the schedule, tell how the run starts. */
int root_schedule(struct run *run, enum resume_kind kind, int kept, struct err *err);

/* The hand-out's callbacks, self is the run. A job begins; a rank's report came in, or with report
 * NULL a chance to redraw. */
void root_on_start(void *self, int rank, int job, int attempt);
void root_on_report(void *self, int rank, const struct handout_report *report);

/* Rows of another rank have arrived, under --io rank0. */
void root_on_rows(void *self, int rank, int dead);

void root_on_checkpoint(void *self, int rank, int job, int epoch);
int root_on_lost(void *self, int rank, int job, double silent, struct handout_report *report);
void root_on_condemn(void *self, int job, int attempts, int deaths);

/* Seconds that a job handed out now may take, so that it is finished before the deadline with some to spare;
 * INFINITY also where jobs have checkpoints: what is not finished goes on in the next run. */
double root_left(void *self);

/* 1 when the deadline ends the run. */
int root_is_late(const struct run *run);

/* Seconds that a job may take under --job-limit; INFINITY: any. */
double root_limit(void *self, int job);

/* Stop handing out, with the reason for the log; the first reason stays. */
void root_drain(struct run *run, const char *why);

/* Print failures and the closing line; 0, or E_JOB, E_STOPPED, E_IO with *err set. */
int root_conclude(struct run *run, struct err *err);

/* Write how the run ended. rc: what run_sweep will return, *err its line. Nothing before root_schedule. */
void root_end(struct run *run, int rc, const struct err *err);

/* The same when a rank died before root_schedule, from another thread: the process is about to leave. */
void root_give_up(struct run *run, int lost_rank);

/* Release what belongs to a round, all but the lock. */
void root_end_round(struct run *run);

void root_release(struct run *run);

#endif
