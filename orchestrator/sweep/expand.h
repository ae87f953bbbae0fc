/* expand.h - the jobs that a sweep file asks for.
 *
 *     struct sweep *sweep = NULL;
 *     if (sweep_read("fig4.yaml", n_set, set, &sweep, &err) < 0) ...
 *     if (sweep_expand(sweep, data, &err) < 0) ...    needs the dataset's checksum and clusters
 *     for (int j = 0; j < sweep->n_jobs; j++) ... sweep->job[j] ...
 *     sweep_free(sweep);
 *
 * Jobs stand in grid order: axes as the file lists them, the last one fastest, folds and
 * repeats innermost. No MPI. */
#ifndef CELLSWEEP_EXPAND_H
#define CELLSWEEP_EXPAND_H

#include "data/dataset.h"
#include "job.h"
#include "settings/sweep_file.h"
#include "sweep/unread.h"

enum { JOB_KEY_SIZE = 33 };

/* One job: what decides its result, and the hash of it. */
struct job {
    struct config config;
    char key[JOB_KEY_SIZE]; /* XXH3-128, hex, of dataset checksum and every config value */
    struct job_plan plan;   /* sizes of its sets, leak, expected work */
};

struct sweep {
    struct sweep_file *file;              /* owned */
    struct config_clusters data_clusters; /* of the dataset it was expanded for, in its order */
    char data_text[1400]; /* where the images come from, for people: "cells.h5, packed from raw" */
    struct unread unread; /* settings that jobs do not read, and combinations left out for that */
    int n_jobs;
    int capacity;    /* jobs there is room for */
    struct job *job; /* (n_jobs) after sweep_expand, owned */
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

/* Jobs of one kind train at one speed: the same network, image size, number of classes and
 * batch. A hash of them. */
unsigned long sweep_kind(const struct config *config);

void sweep_free(struct sweep *sweep);

#endif
