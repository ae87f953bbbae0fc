/* grid.h - a sweep file and the jobs it asks for.
 *
 *     struct sweep *sweep = NULL;
 *     if (sweep_read("fig4.yaml", n_set, set, &sweep, &err) < 0) ...   YAML, against worker_schema()
 *     if (sweep_expand(sweep, data, &err) < 0) ...    needs the dataset's checksum and clusters
 *     for (int j = 0; j < sweep->n_jobs; j++) ... sweep->job[j] ...
 *     sweep_free(sweep);
 *
 * Jobs stand in grid order: axes as the file lists them, the last one fastest, folds and
 * repeats innermost. No MPI. */
#ifndef CELLSWEEP_GRID_H
#define CELLSWEEP_GRID_H

#include "settings/config.h"
#include "data/dataset.h"
#include "job.h"
#include "store/store_select.h"

enum { SWEEP_MAX_AXES = STORE_MAX_AXES, SWEEP_MAX_JOBS = 1000000, SWEEP_MAX_TEXT = 59000, JOB_KEY_SIZE = 33 };

/* One axis of the grid: a key and its values as canonical texts. */
struct axis {
    const struct setting *key;
    int n;
    char **value; /* (n) */
};

/* One job: what decides its result, and the hash of it. */
struct job {
    struct config config;
    char key[JOB_KEY_SIZE]; /* XXH3-128, hex, of dataset checksum and every config value */
    struct job_plan plan;   /* sizes of its sets, leak, expected work */
};

struct sweep {
    char name[64];
    char data[1024];      /* "builtin" or a path that exists */
    double pixel_size;    /* micrometres, for a folder of images */
    int pixel_size_given; /* 1 when the sweep file names it */
    enum store_keep keep_weights;
    struct config base; /* every key that is not an axis */
    int n_axes;
    struct axis axis[SWEEP_MAX_AXES];
    char *yaml;     /* the file as given, owned */
    char *resolved; /* every key with its value, one a line, and the grid; a sweep file again; owned */
    struct config_clusters data_clusters; /* of the dataset it was expanded for, in its order */
    char data_text[1400]; /* where the images come from, for people: "cells.h5, packed from raw" */
    int n_jobs;
    int capacity;    /* jobs there is room for */
    struct job *job; /* (n_jobs) after sweep_expand, owned */
};

/* Read a sweep file and apply n_set overrides "key=value". A relative `data` path is looked up from the
 * working directory, then from the sweep file's folder. E_USAGE names file, line, key and what would be
 * right. *out is owned by the caller. */
int sweep_read(const char *path, int n_set, char *const *set, struct sweep **out, struct err *err);

/* A sweep from the resolved text of another: no file is read, `data` is not looked for. *out
 * is owned by the caller. */
int sweep_parse(const char *resolved, struct sweep **out, struct err *err);

/* The size that images are packed at for this sweep: the largest image.size of its grid. Jobs with a smaller
 * one resize from there. */
int sweep_image_size(const struct sweep *sweep);

/* The column of clusters.csv that some jobs of this sweep keep together in their splits
 * (struct dataset_options), or NULL. */
const char *sweep_groups(const struct sweep *sweep);

/* Make the jobs and data_text: resolve "all" clusters, check clusters against the dataset, hash keys,
 * estimate costs. Two equal jobs are an error. */
int sweep_expand(struct sweep *sweep, const struct dataset *data, struct err *err);

/* "clusters=8-10 strategy=augment protocol=report seed=3": what tells a job apart, for messages. */
void sweep_job_name(const struct sweep *sweep, int job, char *out, size_t size);

/* A job as a row of the results file, n_train, n_val and leak still -1; its other
 * axes in the order of sweep_axis_names. */
void sweep_row(const struct sweep *sweep, int job, struct store_job *out);

/* 1 when the grid has more than one model: then every job says which it is. */
int sweep_model_varies(const struct sweep *sweep);

/* Axes that are no fixed field of a row (anything but clusters, strategy, protocol, seed, model): names
 * (dotted keys) and whether they hold numbers, both for at least STORE_MAX_AXES entries. Returns how many. */
int sweep_axis_names(const struct sweep *sweep, const char **name, int *is_number);

/* Jobs of one kind train at one speed: the same network, image size, number of classes and
 * batch. A hash of them. */
unsigned long sweep_kind(const struct config *config);

/* The jobs that match a filter, at least one (store_select.h). Errors as select_rows(). */
int sweep_select(const struct sweep *sweep, const char *filter, struct selection *out, struct err *err);

void sweep_free(struct sweep *sweep);

#endif
