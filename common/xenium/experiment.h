/* experiment.h - where the pieces of a raw Xenium bundle lie, the folder that Xenium Onboard Analysis leaves.
 *
 *     struct experiment e;
 *     rc = experiment_read("outs", &e, &err);                            pixel size and focus images
 *     rc = experiment_clusters("outs", "graphclust", path, size, &err);  a table of cells and clusters
 *     rc = experiment_outlines("outs", "cell", path, size, &err);        the cells' outlines
 *
 * experiment.xenium is JSON: pixel_size, and under images the path of the focus image. Version strings are
 * not looked at: they say anything. The focus image is that of morphology_focus_filepath; else
 * morphology_focus.ome.tif, or the files morphology_focus_000N.ome.tif or ch000N_<stain>.ome.tif in
 * morphology_focus/, a channel each, of which the first is DAPI. A piece that is missing is E_IO with where
 * it was looked for. No MPI. */
#ifndef CELLSWEEP_EXPERIMENT_H
#define CELLSWEEP_EXPERIMENT_H

#include "data/dataset.h"
#include "err.h"

#include <stddef.h>

enum { EXPERIMENT_PATH_SIZE = 4096 };

struct experiment_channel {
    char path[EXPERIMENT_PATH_SIZE];
    char name[DATASET_CHANNEL_SIZE]; /* "dapi", "18s", "channel 2" */
};

struct experiment {
    double pixel_size; /* micrometres */
    int n_channels;    /* 1 to IMAGE_MAX_CHANNELS */
    struct experiment_channel channel[IMAGE_MAX_CHANNELS];
};

/* 1 for a folder with experiment.xenium in it, or without it but with a focus image. */
int experiment_is(const char *folder);

int experiment_read(const char *folder, struct experiment *experiment, struct err *err);

/* Path of the table of a clustering: "graphclust", or the folder's whole name, "gene_expression_graphclust".
 * E_IO with those that there are. */
int experiment_clusters(const char *folder, const char *name, char *path, size_t size, struct err *err);

/* Path of the outlines of `what`, "cell" or "nucleus". */
int experiment_outlines(const char *folder, const char *what, char *path, size_t size, struct err *err);

#endif
