/* status_wait.h - `status --wait`: sleep until the run of a results file is over, and say how it ended. No
 * MPI. */
#ifndef CELLSWEEP_STATUS_WAIT_H
#define CELLSWEEP_STATUS_WAIT_H

#include "beside/run_watch.h"
#include "err.h"

/* Returns at once when no run is on. interval: seconds between two looks. */
enum run_watch_end status_wait(const char *results_path, double interval);

/* How the sweep ended, as a code with its line (err_exit_status() makes the exit status of it): the run's own
 * status where it left one. Where it left none, what the results file shows: 0 or E_JOB when every job that
 * it was asked for is over, else E_STOPPED. E_IO: the file cannot be read. */
int status_wait_code(const char *results_path, enum run_watch_end end, struct err *err);

#endif
