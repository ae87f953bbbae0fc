/* run_watch.h - whether a run is over, asked again and again by who waits for its end.
 *
 *     struct run_watch watch = {0};
 *     while (run_watch_look(&watch, "R.h5", clock_now()) == RUN_WATCH_GOES_ON)
 *         nanosleep(&pause, NULL);
 *
 * Told from lock and status file alone (lock_file.h, status_file.h): a run that ended in order leaves its
 * exit status and no lock, one that was killed its lock. Of a run on a host of which nothing can be told from
 * here silence tells: its status file is then not written any more. No MPI, no HDF5. */
#ifndef CELLSWEEP_RUN_WATCH_H
#define CELLSWEEP_RUN_WATCH_H

#include "beside/lock_file.h"
#include "beside/status_file.h"

enum run_watch_end {
    RUN_WATCH_GOES_ON,
    RUN_WATCH_ENDED,  /* in order: exit_status is its own */
    RUN_WATCH_KILLED, /* the process is gone and left no exit status */
    RUN_WATCH_SILENT, /* nobody can tell, and it has not been heard of for too long */
    RUN_WATCH_NONE    /* no run that left anything */
};

/* Zeroed before the first look. */
struct run_watch {
    struct status_file last; /* as of the last look */
    struct lock_holder holder;
    double heard;     /* when the status file last changed, by the caller's clock */
    double looked;    /* at the lock's run, which may mean to ask squeue */
    double asked_for; /* seconds which that took */
    int has_last, has_looked;
    enum lock_state state;
};

/* now: seconds of a clock that only goes forward, of which looks are no nearer to each other than the caller
 * wants to be asked. Slurm is asked for at most a twentieth of the time. */
enum run_watch_end run_watch_look(struct run_watch *watch, const char *results_path, double now);

#endif
