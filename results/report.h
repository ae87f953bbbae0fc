/* report.h - everything `cellsweep report` leaves in a directory: final (tables.h), comparisons, rankings,
 * leak_inflation, selection_inflation, calibration and claims (findings.h) as .csv, .md and .tex,
 * thresholds.csv where a val set put probabilities right, figures, and report.html, the page (page.h).
 *
 *     struct report_options options = {.dir = "out", .filter = NULL};
 *     if (report_write(store, &options, stdout, &err) < 0) ...
 *
 * No MPI. */
#ifndef CELLSWEEP_REPORT_H
#define CELLSWEEP_REPORT_H

#include "figures/figstyle.h"
#include "settings/readout.h"
#include "base/metrics.h"
#include "store/store.h"

#include <stdio.h>

struct report_options {
    const char *dir;        /* made when it is not there */
    const char *filter;     /* as in store_select.h, or NULL */
    enum metric metric;     /* the upper half of learning curves; METRIC_LOSS: the default of curves.h */
    int counts;             /* 1: confusion heatmaps show counts, else percent of the actual class */
    int all_figures;        /* 1: more than FIGURES_MAX of them, too */
    int all_heatmaps;       /* 1: pairs have confusion heatmaps too, not only more than two classes */
    struct readout readout; /* how probabilities are put right; readout_unsaid(): as the sweep says */
    int page_megabytes;     /* of 1e6 bytes that report.html may have; 0: any. Below: what it holds */
    struct figstyle style;  /* size of figures and letters; zeros: as they are made */
};

/* A mail of 10 MB, more than which many servers refuse, holds 7.5 MB as base64, and a browser reads 8 MB
 * within a second. Of more data the page keeps what is worth most (page_pieces.h) and says it. */
enum { REPORT_PAGE_MEGABYTES = 8 };

/* Write the report of the jobs finished so far; the means, what was found and what was written go to `table`
 * in some two dozen lines. The images for the appendix are read from "<results without .h5>.cells.h5" or from
 * what the sweep names (sweep_images.h); when they are not there, the figure is left out with a notice on
 * stderr, as is the page when it was not built into the program. E_USAGE when no job is finished; E_IO keeps
 * what was written so far. */
int report_write(struct store *store, const struct report_options *options, FILE *table, struct err *err);

#endif
