/* run.h - a sweep from its file to its results, on all ranks of MPI_COMM_WORLD. */
#ifndef CELLSWEEP_RUN_H
#define CELLSWEEP_RUN_H

#include "err.h"
#include "kernels/kernels.h"
#include "run/job_limit.h"
#include "store/store.h"
#include "sweep/order.h"

struct run_options {
    const char *sweep_path, *results_path;
    int n_set;
    char *const *set;     /* (n_set) "key=value" */
    const char *filter;   /* NULL: every job */
    const char *first;    /* filter of the jobs that go before all others; NULL: none */
    enum order order;     /* of the others, and among themselves */
    int dedicated;        /* 1: rank 0 only hands out */
    enum kernels_isa isa; /* KERNELS_AUTO: the best that all ranks run */
    enum store_io io;     /* how rows reach the results file */
    int quiet;            /* 1: no progress line */
    int force_unlock;     /* 1: take the lock of a run that may be alive on another host */
    int retry_failed;     /* 1: failed and diverged jobs run again */
    double heartbeat;     /* seconds of silence after which a rank counts as dead */
    double begun,
        /* seconds since 1970: when the program was started; when it must have ended, INFINITY: any time */
        end;
    struct job_limit job_limit;
    double checkpoint; /* seconds of a job between two checkpoints; 0: none are written */
    int max_failures;  /* stop after so many failed or diverged jobs; 0: never */
};

/* Let SIGUSR1, SIGTERM and SIGINT (once) drain the sweep instead of ending the process, and notice by SIGCONT
 * that it was suspended. Before MPI_Init, so that a signal while MPI starts up is not lost. */
void run_catch_signals(void);

/* Before MPI_Init, where ranks outlive one another (mpirun --enable-recovery): a rank that dies while they
 * are being started leaves the others in calls that never return. They end by themselves after `seconds`,
 * with one line; run_sweep ends the wait. */
void run_limit_start(unsigned seconds);

/* 1 after such a signal. */
int run_drain_asked(void);

/* Collective; MPI is initialised, with MPI_THREAD_SERIALIZED at least (MULTIPLE for lifesign.h). Every rank
 * returns the same code: 0; E_JOB some jobs failed; E_STOPPED work is left; E_USAGE, E_IO; and the same *err.
 * *alone: 1 when a rank was lost on the way: MPI_Finalize would wait for it for ever, so the process must
 * leave by _exit(). From the end of the last job a watchdog does that after heartbeat seconds, should a rank
 * be lost in the last collective calls. */
int run_sweep(const struct run_options *options, int *alone, struct err *err);

#endif
