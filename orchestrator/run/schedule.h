/* schedule.h - which job next: wave by wave, the longest expected one of a wave first, with expectations
 * corrected by the jobs that have finished; towards the end of all work by length alone.
 *
 * Jobs of one kind (same network and image size) share a speed: seconds per unit of cost, learnt from
 * finished jobs; while a kind has none, the mean of all kinds. Only rank 0 has a schedule. No MPI.
 *
 * The next wave comes when nothing that is left of those before it fits. As soon as the work that is left
 * would keep the ranks busy for no more than four times the longest job that was never handed out, all waves
 * come, so that a run ends as early as if the longest job always went first; but not where a deadline ends it
 * before.
 *
 * For n jobs of K kinds each call takes O(log n) time, whatever K; so a sweep may be all kinds. Where it says
 * "constant", that. A wave that comes takes O(log n) for each of its jobs. Two exceptions, both of runs that
 * end jobs before a deadline: a job handed back that does not fit any more is looked at again by every call
 * (there are at most two a rank, and those that were opened), and seconds that grow from one call to the next
 * cost O(K log n). */
#ifndef CELLSWEEP_SCHEDULE_H
#define CELLSWEEP_SCHEDULE_H

#include "err.h"

enum { SCHEDULE_ATTEMPTS = 3, SCHEDULE_KNOWN = 3 };

struct schedule;

/* A schedule of the n jobs listed in job[], with cost[i] (any unit, > 0) and kind[i] (equal numbers: same
 * speed) of job[i]. *out is owned by the caller. */
int schedule_new(int n, const int *job, const double *cost, const unsigned long *kind, struct schedule **out,
                 struct err *err);

/* Before anything is handed out: the wave of each of the n jobs listed in job[], all of them, low ones first;
 * without, all are of one. Of the first n_first waves every job that fits and was never parked goes before
 * any other, even towards the end. */
void schedule_waves(struct schedule *schedule, int n, const int *job, const int *wave, int n_first);

/* How many ranks work, 1 until it is said. Constant. */
void schedule_ranks(struct schedule *schedule, int ranks);

/* Hand out the job expected to take longest among those whose wave has come and that are expected to take at
 * most `seconds` (INFINITY: any; a job of unknown length counts as short); -1 when there is none, of any
 * wave. Of equals the one of the lower kind, then of the lower number. */
int schedule_next(struct schedule *schedule, double seconds);

/* 1 when schedule_next would find a job. */
int schedule_fits(struct schedule *schedule, double seconds);

/* A handed-out job ended after `seconds` of work; its kind's speed is corrected. Not by a job whose rank died
 * before: its successor may have gone on from a checkpoint, and done a part of it. */
void schedule_finished(struct schedule *schedule, int job, double seconds);

/* A handed-out job ended without telling anything about speed. */
void schedule_dropped(struct schedule *schedule, int job);

/* A handed-out job goes back in line, to be tried again before any other. */
void schedule_return(struct schedule *schedule, int job);

/* The same for a job that was never begun: the attempt does not count. */
void schedule_unused(struct schedule *schedule, int job);

/* A job that was never handed out waits for its time to come; and one that was ended after `seconds` of work,
 * with more to do perhaps. Neither is handed out before it is opened, to `cost`, ahead of all but those that
 * were handed back, those of low waves first, of one wave the longest (of equals the first that was opened),
 * and as if for the first time; closed: it never will be. Parked: how many there are. */
void schedule_park(struct schedule *schedule, int job);
void schedule_paused(struct schedule *schedule, int job, double seconds);
void schedule_open(struct schedule *schedule, int job, double cost);
void schedule_close(struct schedule *schedule, int job);
int schedule_parked(const struct schedule *schedule);

/* How often a job has been handed out, since it was opened where it was parked. */
int schedule_attempts(const struct schedule *schedule, int job);

/* The rank that had the job died; and how often that was so. Before schedule_return or schedule_dropped. */
void schedule_died(struct schedule *schedule, int job);
int schedule_deaths(const struct schedule *schedule, int job);

/* Jobs waiting, and jobs handed out and neither finished nor returned. Constant. */
int schedule_waiting(const struct schedule *schedule);
int schedule_running(const struct schedule *schedule);

/* Expected seconds of a job: cost times the speed of its kind, or of all kinds while its own is unknown; NaN
 * while no job has finished. Constant. */
double schedule_expect(const struct schedule *schedule, int job);

/* Seconds that `cost` takes by the job's own kind alone; NaN while fewer than SCHEDULE_KNOWN of it have
 * finished. Constant. */
double schedule_usual(const struct schedule *schedule, int job, double cost);

/* Expected seconds until everything is done on `ranks` ranks: waiting work and half of the running, shared
 * evenly. NaN while unknown. Constant. */
double schedule_remaining(const struct schedule *schedule, int ranks);

void schedule_free(struct schedule *schedule);

#endif
