/* events.h - the log of a sweep, R.h5.events.jsonl: one JSON object a line, appended
 * by rank 0, never rewritten.
 *
 *     struct events *events = events_open("R.h5", &err);
 *     events_add(events, "job_finished", "{s:i, s:f}", "job", 3, "seconds", 12.5);
 *     events_close(events);
 *
 * Every line has "time" (ISO 8601, UTC, milliseconds) and "event":
 *     run_started   host, pid, ranks, version, commit, jobs (to run), finished_before
 *     job_started   job, rank, attempt
 *     checkpoint    job, rank, epoch of the last, written (how many while the job ran), milliseconds (each);
 *                   when the job ends
 *     job_finished  job, rank, seconds, epochs, loss, accuracy, balanced_accuracy,
 *                   balanced_accuracy_as_published (test set; null: not finite)
 *     job_diverged  the same and message
 *     job_failed    job, rank, attempt, last (false: is tried again), message
 *     rank_lost     rank, job (-1: it had none), silent (seconds)
 *     grown         jobs (to run), finished_before: a larger grid (growth.h) in a run that goes on
 *     draining      why
 *     run_ended     status, state, done, diverged, failed, left, seconds, message
 * A line is written whole by one write() in append mode, so a reader sees whole lines, but for the last one
 * of a killed host. Failing to write never stops a sweep: it is said once. No MPI. */
#ifndef CELLSWEEP_EVENTS_H
#define CELLSWEEP_EVENTS_H

#include "err.h"

#include <jansson.h>
#include <stddef.h>

struct events;

/* Open for appending, created when missing; links are not followed. NULL with *err set. */
struct events *events_open(const char *results_path, struct err *err);

/* Append one line. format and arguments: json_pack() of an object. events NULL: nothing, so that values of
 * "o" stay the caller's. Not for several threads at once. */
void events_add(struct events *events, const char *event, const char *format, ...);

void events_close(struct events *events);

/* A finite number, or null. */
json_t *events_number(double value);

/* The last whole lines of a log, at most n, oldest first, as parsed objects in out (n);
 * returns how many. 0 without a log. Lines that are no JSON objects are skipped. Reads the
 * last 64 KiB only. The caller json_decref()s them. */
int events_tail(const char *results_path, json_t **out, int n);

enum { EVENTS_MOST_OF_JOB = 200, EVENTS_MOST_BYTES = 64 << 20 };

/* Append the lines of one job to the array `out`, oldest first: of those that are not older than `since` (ISO
 * 8601; what is older may count jobs otherwise: a file that grew is another one) the last EVENTS_MOST_OF_JOB.
 * Looks at the last EVENTS_MOST_BYTES of the log only. 1 when older lines are left out or were not looked at,
 * 0 when all are there (none without a log), -1 without memory. */
int events_of_job(const char *results_path, int job, const char *since, json_t *out);

#endif
