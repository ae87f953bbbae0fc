/* pulse.h - what one look at a results file tells about its run: alive or not, how far, how fast, how long still.
 *
 *     struct pulse pulse;
 *     if (pulse_take(store, &pulse, &err) < 0) ...
 *     pulse_judge(&pulse, store_path(store), alive_look(store_path(store), &holder), &holder);
 *     printf("%s, %d of %d\n", pulse_state_names[pulse.state], pulse.n_over, pulse.n_jobs);
 *     pulse_release(&pulse);
 *
 * Nothing is asked of the run itself: its lock (alive.h), its last words (ending.h) and the file's age tell whether it lives. Rates are means over finished jobs, times the jobs that run now. No MPI. */
#ifndef CELLSWEEP_PULSE_H
#define CELLSWEEP_PULSE_H

#include "beside/alive.h"
#include "store/store.h"

enum pulse_state {
    PULSE_RUNNING,  /* a run writes the file */
    PULSE_FINISHED, /* every job is over: done, failed or diverged */
    PULSE_STOPPED,  /* work is left and no run holds the file */
    PULSE_DEAD,     /* jobs are marked as running, but their run is gone */
    N_PULSE_STATES
};

/* "running", "finished", "stopped", "dead". */
extern const char *const pulse_state_names[N_PULSE_STATES];

struct pulse {
    int n_jobs, n_state[N_JOB_STATES];
    int n_over;              /* done, failed or diverged */
    struct store_mark *mark; /* (n_jobs) owned */
    enum pulse_state state;
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

/* Look at an open store, refreshed by the caller if it is to be recent: everything but state, message, and the rates of a run that
 * lives. E_IO leaves *pulse empty. Release in any case. */
int pulse_take(struct store *store, struct pulse *pulse, struct err *err);

/* The rest. alive, holder: of alive_look(). Calls no HDF5. */
void pulse_judge(struct pulse *pulse, const char *results_path, enum alive alive,
                 const struct alive_holder *holder);

/* 'w', 'r', 'd', 'f' or 'x' (diverged). */
char pulse_letter(enum job_state state);

void pulse_release(struct pulse *pulse);

#endif
