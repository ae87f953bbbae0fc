/* run.h - a sweep from its file to its results, on all ranks of MPI_COMM_WORLD. */
#ifndef CELLSWEEP_RUN_H
#define CELLSWEEP_RUN_H

#include "err.h"
#include "kernels/kernels.h"

struct run_options {
    const char *sweep_path, *results_path;
    int n_set;
    char *const *set;     /* (n_set) "key=value" */
    const char *filter;   /* NULL: every job */
    int dedicated;        /* 1: rank 0 only hands out */
    enum kernels_isa isa; /* KERNELS_AUTO: the best that all ranks run */
    int quiet;            /* 1: no progress line */
    int force_unlock;     /* 1: take the lock of a run that may be alive on another host */
    int retry_failed;     /* 1: failed and diverged jobs run again */
    int max_failures;     /* stop after so many failed or diverged jobs; 0: never */
};

/* Let SIGUSR1, SIGTERM and SIGINT (once) drain the sweep instead of ending the process. Before MPI_Init, so that a signal while MPI
 * starts up is not lost. */
void run_catch_signals(void);

/* 1 after such a signal. */
int run_drain_asked(void);

/* Collective; MPI is initialised. Every rank returns the same code: 0; E_JOB some jobs failed; E_STOPPED work is left;
 * E_USAGE, E_IO; and the same *err. */
int run_sweep(const struct run_options *options, struct err *err);

#endif
