/* lock_file.h - who writes a results file, and whether that run is still alive.
 *
 * A run holds R.h5.lock beside its results file from before it makes anything until it ends:
 * one line of JSON,
 *     {"host": "node7", "pid": 4711, "process_start": 883211, "boot": "...", "pids":
 *     "pid:[4026531836]", "slurm_job": "81",
 *      "slurm_restart": "0", "slurm_cluster": "atlas", "since": 1763861000.25}
 * process_start (clock ticks after boot, field 22 of /proc/PID/stat) tells a process from a later one
 * with the same number; pids names the space its numbers are counted in (containers have their own).
 * A lock of another boot is of an earlier one of this host only if it is older than this boot:
 * otherwise another machine goes by the same name. slurm_* are "" outside Slurm. Looking takes no
 * lock and disturbs nobody. No MPI. */
#ifndef CELLSWEEP_LOCK_FILE_H
#define CELLSWEEP_LOCK_FILE_H

#include "err.h"

#include <stddef.h>

enum lock_state {
    LOCK_NONE,    /* no lock: no run, or one that ended in order */
    LOCK_RUNNING, /* the process is there, or Slurm runs its job */
    LOCK_DEAD,    /* it left without removing its lock: killed */
    LOCK_UNKNOWN  /* on another host, and Slurm cannot tell; hidden by /proc; or the lock is unreadable */
};

enum { LOCK_FILE_WORD = 128, LOCK_FILE_PATH = 4200, LOCK_FILE_TEXT = 1024 };

struct lock_holder {
    char host[LOCK_FILE_WORD]; /* "" when the lock is unreadable */
    long pid;
    unsigned long long process_start; /* 0: not known */
    char boot[LOCK_FILE_WORD], pids[LOCK_FILE_WORD];
    char slurm_job[LOCK_FILE_WORD], slurm_restart[LOCK_FILE_WORD], slurm_cluster[LOCK_FILE_WORD];
    double since; /* seconds since 1970 */
};

/* Look at the lock of a results file. *holder (may be NULL) is filled unless LOCK_NONE. Asks squeue,
 * if it is there, about a job of another host, which may take seconds; a watcher should not look more
 * often than it has to. */
enum lock_state lock_file_look(const char *results_path, struct lock_holder *holder);

/* Whether the run of a lock still lives, by the same rules. */
enum lock_state lock_file_check(const struct lock_holder *holder);

/* This process as a holder, since now. */
void lock_file_self(struct lock_holder *self);

/* "node7, process 4711 (Slurm job 81), since 2026-11-23 01:02:03" into out, local time. Returns out. */
const char *lock_file_name(const struct lock_holder *holder, char *out, size_t size);

/* The lock's path: results_path + ".lock" into out (LOCK_FILE_PATH). E_IO when it is too long. */
int lock_file_path(const char *results_path, char *out, struct err *err);

/* The lock's line, newline included, into out (LOCK_FILE_TEXT); and back: 0, or -1 for a text
 * that is no lock. */
void lock_file_format(const struct lock_holder *holder, char *out);
int lock_file_parse(const char *text, struct lock_holder *holder);

#endif
