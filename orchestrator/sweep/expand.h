/* expand.h - the jobs that a sweep file asks for.
 *
 *     struct sweep *sweep = NULL;
 *     if (sweep_read("fig4.yaml", n_set, set, &sweep, &err) < 0) ...
 *     if (sweep_expand(sweep, data, &err) < 0) ...    needs the dataset's checksum and clusters
 *     for (int j = 0; j < sweep->n_jobs; j++) { sweep_config(sweep, j, &config); ... }
 *     sweep_free(sweep);
 *
 * Jobs stand in grid order: block by block, axes as the file lists them, the last one fastest, folds and
 * repeats innermost. A job that an earlier block gives, too, stands there alone; what a block excludes is not
 * even checked.
 * Where the sweep tunes, the trials of these jobs stand behind them all, those of the first job first, by
 * trial, then by tuning seed: jobs themselves, whose settings differ from their job's in the tuned ones and
 * whose random numbers in the tuning seed, but not in what is held back to judge it.
 * A job is a few numbers, so that every rank can hold a million; what it is to do is made when it is asked
 * for. No MPI. */
#ifndef CELLSWEEP_EXPAND_H
#define CELLSWEEP_EXPAND_H

#include "data/dataset.h"
#include "plan.h"
#include "settings/sweep_file.h"
#include "sweep/unread.h"

#include <assert.h>

enum { JOB_KEY_BYTES = 16, JOB_KEY_SIZE = 2 * JOB_KEY_BYTES + 1 };

struct job {
    int combination; /* sweep_file_place() */
    int fold, repeat;
    int of;                           /* of a trial: the job that it tunes, else -1 */
    short trial;                      /* its number; of a job that is tuned: the chosen one, -1: not yet */
    short trial_seed;                 /* from 0 */
    unsigned char key[JOB_KEY_BYTES]; /* XXH3-128 of dataset checksum and config values; docs/sweep-file.md */
    struct job_plan plan;             /* sizes of its sets, expected work; leak is not counted */
};

static_assert(sizeof(struct job) <= 72, "every rank holds every job");

/* Jobs of a block of the grid, without those that another combination of it stands for. */
struct block_count {
    int n_given, n_excluded, n_twice; /* excluded; that an earlier block gives, too */
    int *n_matching;                  /* of each exclude, how many it matches; owned */
    char (*hint)[200];                /* of each exclude that matches none, why: filter_hint(); owned */
};

struct sweep {
    struct sweep_file *file; /* owned */
    struct config defaults;
    /* of each axis a of each block b in value[b * SWEEP_MAX_AXES + a], as setting_parse() makes them; NULL of
     * a range; owned */
    unsigned char **value;
    struct config_clusters data_clusters; /* of the dataset it was expanded for, in its order */
    int data_channels;                    /* of its images */
    char data_text[1400];      /* where the images come from, for people: "cells.h5, packed from raw" */
    struct unread unread;      /* settings that jobs do not read, and combinations left out for that */
    struct block_count *count; /* of each block, what became of its jobs; owned */
    int n_jobs;                /* trials, too */
    int n_trials;              /* the last so many of them are trials */
    int capacity;              /* jobs there is room for */
    struct job *job;           /* (n_jobs) after sweep_expand, owned */
};

/* The sweep of a sweep file, with its strategies and models checked; no jobs yet. Arguments and errors as
 * sweep_file_read(). *out is owned by the caller. */
int sweep_read(const char *path, int n_set, char *const *set, struct sweep **out, struct err *err);

/* The same from the resolved text of another rank's sweep. */
int sweep_parse(const char *resolved, struct sweep **out, struct err *err);

/* Make the jobs and data_text: leave out combinations that another stands for, put settings that a job does
 * not read back to their defaults (unread.h), resolve "all" clusters, check clusters against the dataset,
 * hash keys, estimate costs. A setting that no job reads is an error, and so are two equal jobs. */
int sweep_expand(struct sweep *sweep, const struct dataset *data, struct err *err);

/* Room for the jobs of another rank's sweep_expand() on the same data: sweep->job (n_jobs) is left to be
 * filled in with theirs. E_IO without memory. */
int sweep_adopt(struct sweep *sweep, const struct dataset *data, int n_jobs, struct err *err);

/* What job number `job` is to do; a job that is tuned: with the values of job->trial, if that is known. */
void sweep_config(const struct sweep *sweep, int job, struct config *out);

/* The key of a job, in hex. */
void sweep_key(const struct sweep *sweep, int job, char out[JOB_KEY_SIZE]);

/* 1 when the key of a job is that of its config on this data: a rank of another build would make another. */
int sweep_key_holds(const struct sweep *sweep, int job, const struct dataset *data);

/* Jobs of one kind train at one speed: the same network, image size, number of classes, batch and patience,
 * as what stops early takes less than its work says. A hash of them. */
unsigned long sweep_kind(const struct config *config);

void sweep_free(struct sweep *sweep);

#endif
