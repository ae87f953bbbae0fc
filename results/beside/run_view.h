/* run_view.h - what one look at a results file tells about its run: alive or not, how far,
 * how fast, how long still.
 *
 *     struct run_view view;
 *     if (run_view_take(store, &view, &err) < 0) ...
 *     run_view_judge(&view, store_path(store), lock_file_look(store_path(store), &holder), &holder);
 *     printf("%s, %d of %d\n", run_view_state_names[view.state], view.n_over, view.n_jobs);
 *     run_view_release(&view);
 *
 * Nothing is asked of the run itself: its lock (lock_file.h), its last words (status_file.h) and the file's
 * age tell whether it lives. Rates are means over finished jobs, times the jobs that run now. No MPI. */
#ifndef CELLSWEEP_RUN_VIEW_H
#define CELLSWEEP_RUN_VIEW_H

#include "beside/lock_file.h"
#include "store/store_select.h"

enum run_view_state {
    RUN_VIEW_RUNNING,  /* a run writes the file */
    RUN_VIEW_FINISHED, /* every job is over: done, failed or diverged */
    RUN_VIEW_STOPPED,  /* work is left and no run holds the file */
    RUN_VIEW_DEAD,     /* jobs are marked as running, but their run is gone */
    N_RUN_VIEW_STATES
};

/* "running", "finished", "stopped", "dead". */
extern const char *const run_view_state_names[N_RUN_VIEW_STATES];

struct run_view {
    int n_jobs, n_state[N_JOB_STATES]; /* of all jobs, or those of run_view_narrow() */
    int n_over;                        /* done, failed or diverged */
    int n_rows;                        /* jobs of the file */
    struct store_mark *mark;           /* (n_rows) owned */
    enum run_view_state state;
    char message[1200];         /* what the state means for the user; "" when there is nothing to say */
    double now, changed;        /* seconds since 1970: of this look, of the file's last change */
    double job_seconds;         /* mean of the finished jobs; NaN: none is */
    double epoch_seconds;       /* mean; NaN: unknown */
    double epochs_a_job;        /* mean of the finished jobs; NaN: none is */
    double images_a_job_second; /* of one job; NaN: none is finished */
    double images_per_second;   /* of all ranks; NaN: unknown, or nothing runs */
    double seconds_left;        /* NaN: unknown, or nothing runs */
    long epochs_done;           /* of all jobs */
};

/* Look at an open store: everything but state, message, and the rates of a run that lives. E_IO leaves *view
 * empty. Release in any case. */
int run_view_take(struct store *store, struct run_view *view, struct err *err);

/* Count only these jobs from here on: what a run with a filter was asked for. Times and rates stay those of
 * all. */
void run_view_narrow(struct run_view *view, const struct selection *chosen);

/* The rest. alive, holder: of lock_file_look(). Calls no HDF5. */
void run_view_judge(struct run_view *view, const char *results_path, enum lock_state alive,
                    const struct lock_holder *holder);

/* 'w', 'r', 'd', 'f' or 'x' (diverged). */
char run_view_letter(enum job_state state);

void run_view_release(struct run_view *view);

#endif
