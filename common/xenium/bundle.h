/* bundle.h - from a raw Xenium bundle (experiment.h) to a dataset: every labelled cell cut out of the focus
 * image, masked and resized, by one rank or several.
 *
 *     rc = bundle_open("outs", &options, &bundle, &report, &err);   every rank; no MPI until here
 *     rc = bundle_plan(bundle, rank, size, &err);
 *     if (rc == 0 && bundle_is_unmeasured(bundle)) rc = bundle_measure(bundle, &err), then gather_measures()
 *     rc = bundle_cut(bundle, &err);                                 then gather_cells()
 *     rc = bundle_finish(bundle, &data, &report, &err);              rank 0
 *     bundle_free(bundle);
 *
 * What is between the calls is for several ranks (gather.h). Cells are the rows of the label table
 * that have an outline. A pixel (i, j) of the image, counted from 0, lies at (i, j) pixel sizes, as
 * pixels of crops do (polygon.h): a cell's box has the pixels that lie in the box of its outline; a
 * square around the middle of that box has all that it has of pixels, those beyond the image being 0.
 * Every tile is decoded once (cut.h), twice where the scale depends on all cells. The dataset has the
 * same bytes however many ranks cut it. No MPI. */
#ifndef CELLSWEEP_BUNDLE_H
#define CELLSWEEP_BUNDLE_H

#include "data/dataset.h"
#include "data/pack.h"
#include "err.h"
#include "image/preprocess.h"

#include <stdint.h>
#include <stdio.h>

struct bundle_options {
    struct dataset_options data; /* pixel_size is the bundle's */
    const char *clusters;        /* a clustering; NULL: graphclust, unless data.labels names a table */
    const char *outline;         /* "cell" or "nucleus" */
    double side;                 /* of the square around a cell, micrometres; 0: the box of its outline */
    int limit;                   /* cells a class at most, drawn by seed; 0: all */
    int seed;
    int wants_left; /* 1: cells without an outline, and those not drawn, go to report.left */
};

struct bundle;

/* Read all of the bundle but pixels, and draw the cells. E_IO for a piece that is missing or damaged, E_USAGE
 * for options that a bundle has no use for. */
int bundle_open(const char *folder, const struct bundle_options *options, struct bundle **out,
                struct pack_report *report, struct err *err);

/* Which rank cuts what. */
int bundle_plan(struct bundle *bundle, int rank, int size, struct err *err);

/* 1 while all cells have to be looked at before one can be scaled. */
int bundle_is_unmeasured(const struct bundle *bundle);

/* Look at this rank's tiles. What was measured is kept until bundle_cut(). */
int bundle_measure(struct bundle *bundle, struct err *err);

/* Cut this rank's cells. */
int bundle_cut(struct bundle *bundle, struct err *err);

/* The dataset, owned by the caller. E_IO as pack_folder(). */
int bundle_finish(struct bundle *bundle, struct dataset **out, struct pack_report *report, struct err *err);

/* Lines of what was cut from what, to `to`; of what was left out, to `notes`. */
void bundle_print(const struct bundle *bundle, FILE *to, FILE *notes);

void bundle_free(struct bundle *bundle);

#endif
