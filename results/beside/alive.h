/* alive.h - who writes a results file, and whether that run is still alive.
 *
 * A run holds R.h5.lock beside its results file from before it makes anything until it ends: one line of JSON,
 *     {"host": "node7", "pid": 4711, "process_start": 883211, "boot": "...", "pids": "pid:[4026531836]", "slurm_job": "81",
 *      "slurm_restart": "0", "slurm_cluster": "atlas", "since": 1763861000.25}
 * process_start (clock ticks after boot, field 22 of /proc/PID/stat) tells a process from a later one with the same number; pids
 * names the space its numbers are counted in (containers have their own). A lock of another boot is of an earlier one of this host only
 * if it is older than this boot: otherwise another machine goes by the same name. slurm_* are "" outside Slurm.
 * Looking takes no lock and disturbs nobody. No MPI. */
#ifndef CELLSWEEP_ALIVE_H
#define CELLSWEEP_ALIVE_H

#include "err.h"

#include <stddef.h>

enum alive {
    ALIVE_NONE,    /* no lock: no run, or one that ended in order */
    ALIVE_RUNNING, /* the process is there, or Slurm runs its job */
    ALIVE_DEAD,    /* it left without removing its lock: killed */
    ALIVE_UNKNOWN  /* on another host, and Slurm cannot tell; hidden by /proc; or the lock is unreadable */
};

enum { ALIVE_WORD = 128, ALIVE_PATH = 4200, ALIVE_TEXT = 1024 };

struct alive_holder {
    char host[ALIVE_WORD]; /* "" when the lock is unreadable */
    long pid;
    unsigned long long process_start; /* 0: not known */
    char boot[ALIVE_WORD], pids[ALIVE_WORD];
    char slurm_job[ALIVE_WORD], slurm_restart[ALIVE_WORD], slurm_cluster[ALIVE_WORD];
    double since; /* seconds since 1970 */
};

/* Look at the lock of a results file. *holder (may be NULL) is filled unless ALIVE_NONE. Asks squeue, if it is there, about a job of
 * another host, which may take seconds; a watcher should not look more often than it has to. */
enum alive alive_look(const char *results_path, struct alive_holder *holder);

/* Whether the run of a lock still lives, by the same rules. */
enum alive alive_check(const struct alive_holder *holder);

/* This process as a holder, since now. */
void alive_self(struct alive_holder *self);

/* "node7, process 4711 (Slurm job 81), since 2026-11-23 01:02:03" into out, local time. Returns out. */
const char *alive_name(const struct alive_holder *holder, char *out, size_t size);

/* The lock's path: results_path + ".lock" into out (ALIVE_PATH). E_IO when it is too long. */
int alive_path(const char *results_path, char *out, struct err *err);

/* The lock's line, newline included, into out (ALIVE_TEXT); and back: 0, or -1 for a text that is no lock. */
void alive_format(const struct alive_holder *holder, char *out);
int alive_parse(const char *text, struct alive_holder *holder);

#endif
