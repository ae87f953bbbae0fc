/* status_file.h - the state of the last or present run of a sweep in one line, R.h5.status: what mpirun's
 * exit status may hide.
 *
 * mpirun returns 0 after a rank was lost under --enable-recovery, whatever rank 0 returned; the true exit
 * status stands here. One line of JSON, replaced whole (temporary name, rename):
 *     {"state": "finished", "exit_status": 0, "done": 150, "diverged": 0, "failed": 0, "left": 0,
 *      "ranks": 8, "lost_ranks": 1, "filter": "seed=1..3", "deadline": null, "silence": 132,
 *      "time": 1763861000.25, "message": ""}
 * state: "running" (exit_status null), "finished", "failed" (some jobs did: 1), "stopped" (75) or
 * "error" (2, 3). Counts are of the jobs that the run was asked for. While it lasts the file is written again
 * at least every `silence` / 4 seconds: older than that, and its run is gone. No MPI. */
#ifndef CELLSWEEP_STATUS_FILE_H
#define CELLSWEEP_STATUS_FILE_H

#include "err.h"

enum { STATUS_FILE_FILTER = 2048 };

struct status_file {
    char state[16];
    int exit_status; /* -1: still running */
    int done, diverged, failed, left, ranks, lost_ranks;
    char filter[STATUS_FILE_FILTER]; /* of the run; "": none, or one that does not fit */
    double deadline;                 /* seconds since 1970 when it has to end; INFINITY: any time */
    double silence; /* seconds after which a file that was not written again says that the run is gone; 0: it
                       says nothing, as a single rank may compute for long */
    double time;    /* seconds since 1970, of writing */
    char message[1024];
};

/* The state that belongs to an exit status. */
const char *status_file_state(int exit_status);

/* Replace the status file; state and time are filled in from exit_status and the clock. */
int status_file_write(const char *results_path, const struct status_file *ending, struct err *err);

/* 1 when there is one, 0 when not or unreadable. */
int status_file_read(const char *results_path, struct status_file *ending);

#endif
