/* store_outcome.h - what a job came to, as the results file takes it. No MPI. */
#ifndef CELLSWEEP_STORE_OUTCOME_H
#define CELLSWEEP_STORE_OUTCOME_H

#include "job.h"
#include "store/store.h"

/* Points into the result: valid as long as that. */
struct store_outcome store_outcome_of(const struct job_result *result);

#endif
