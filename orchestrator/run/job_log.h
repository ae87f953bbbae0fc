/* job_log.h - the lines of the event log (beside/events.h) about jobs that are handed out.
 * Rank 0 only. No MPI. */
#ifndef CELLSWEEP_JOB_LOG_H
#define CELLSWEEP_JOB_LOG_H

#include "beside/events.h"
#include "run/handout.h"

void job_log_started(struct events *events, int rank, int job, int attempt);

/* A job was finished, or diverged. */
void job_log_finished(struct events *events, int rank, const struct handout_report *report);

#endif
