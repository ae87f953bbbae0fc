/* bundle_parts.h - a bundle on its way to a dataset. For bundle*.c and gather.c. */
#ifndef CELLSWEEP_BUNDLE_PARTS_H
#define CELLSWEEP_BUNDLE_PARTS_H

#include "data/catalog.h"
#include "data/outlines.h"
#include "xenium/bundle.h"
#include "xenium/cut.h"
#include "xenium/experiment.h"

enum { BUNDLE_REASON_SIZE = 240 };

/* A cell that is cut. */
struct bundle_cell {
    int place;    /* in the catalog */
    int is_faded; /* black all over, or of less than 4 pixels a side */
    /* as the dataset has them; NULL: not cut here, or rejected. In the dataset on rank 0, else its own */
    float *pixels;
    char *reason; /* why it is rejected; NULL: it is not */
};

struct bundle {
    struct bundle_options options;
    struct experiment experiment;
    struct preprocess how;
    int rank, size;
    int n_channels; /* that are read, from the first on */
    struct tiles *channel[IMAGE_MAX_CHANNELS];
    struct catalog catalog;   /* cells with an outline, drawn when there is a limit */
    struct outlines outlines; /* of them, in pixels of their boxes once those are found */
    int n;                    /* cells that are cut */
    struct cut_box *box;      /* (n) */
    struct bundle_cell *cell; /* (n) in the order of the catalog */
    struct cut *cut;
    struct preprocess_measure *measure;
    struct dataset *data;               /* on rank 0, while cells are cut: cell i has row i */
    size_t floats;                      /* of a cell in the dataset */
    int n_without, n_beyond, n_cut_off; /* cells without outline; not drawn; larger than their square */
};

/* Side of the square around a cell, pixels; 0: it has the box of its outline. */
int bundle_side(const struct bundle *b);

/* Leave out cells without an outline, and those beyond the limit; read the outlines of the others. */
int bundle_choose(struct bundle *b, const char *outlines, struct err *err);

/* The boxes of all cells, or why there is none. */
int bundle_boxes(struct bundle *b, struct rejects *rejects, struct err *err);

/* A cell as its tiles have it, taken, to what the dataset keeps. A cut_done. */
int bundle_take(void *bundle, int i, float *pixels, struct err *err);

/* Room for a cell's pixels in the dataset, or of their own. NULL without memory. */
float *bundle_room(struct bundle *b, int i, struct err *err);

#endif
