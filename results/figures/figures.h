/* figures.h - every picture of a report: PNG, SVG and PDF, drawn by gnuplot from data and
 * scripts left beside them.
 *
 *     summary                  the answer at a glance: every strategy on every set of clusters  (glance.h)
 *     fig1                     images per cluster
 *     fig2a, fig2b, ...        unbalanced learning curves, one page a pair           (curves.h)
 *     fig4a, fig4b, ...        learning curves of the rebalancing strategies         (curves.h)
 *     fig4a_more1, ...         those of strategies that the report does not have
 *     imbalance_8-10, ...      accuracy against imbalance, when class_sizes is an axis  (imbalance.h)
 *     axis_<name>_8-10, ...    accuracy against any other axis of the grid           (trend.h)
 *     training_size_8-10, ...  accuracy against training size, a learning curve      (size_trend.h)
 *     training_cost_8-10, ...  accuracy against what training costs, Pareto fronts   (training_cost_page.h)
 *     models_none, ...         which model: accuracy against seconds, and ranks      (models_page.h)
 *     sweeps_after, ...        a sweep against the first one of the file             (versus_page.h)
 *     reliability_8-10, ...    reliability diagrams of the strategies                (reliability.h)
 *     roc_8-10, ...            ROC and precision-recall curves of the strategies    (roc_page.h)
 *     calibration_cost_8-10, ... what strategies gain over none, and cost         (costs_page.h)
 *     heatmap_all_none_...     confusion matrices of more than two classes, or of all (heatmap.h)
 *     appendix_a1              the 16 augmented versions of one image; needs the images
 *
 *     figures_write(summary, data, &options, dir, &list, &err);   data files and scripts
 *     figures_render(&list, dir, &err);                         pictures
 *     figures_release(&list);
 *
 * Pictures of synthetic data say so. No MPI. */
#ifndef CELLSWEEP_FIGURES_H
#define CELLSWEEP_FIGURES_H

#include "figures/costs_page.h"
#include "figures/curves.h"
#include "stats/calibration.h"
#include "stats/roc.h"
#include "stats/training_cost.h"
#include "stats/versus.h"
#include "stats/which_model.h"
#include "data/dataset.h"

enum { FIGURES_MAX = 100, FIGURES_MOST_MODELS = 4, FIGURES_MOST_GLANCES = 12 };

struct figures_options {
    enum metric metric; /* the upper half of learning curves; METRIC_LOSS: the default of curves.h */
    int counts;         /* 1: heatmaps show counts, else percent of the actual class */
    int all_heatmaps;   /* 1: pairs have heatmaps too */
    int all_figures;    /* 1: every figure is drawn, however many */
    const struct calibration *calibration; /* of the summary; NULL: there are no reliability diagrams */
    const struct roc *roc;                 /* of the summary; NULL: there are no such curves */
    const struct costs_row *costs;         /* (n_costs) of groups of whole: strategies against none */
    int n_costs;
    const struct summary *whole;      /* of the whole file */
    const struct compare *strategies; /* on test, of the whole file; NULL: glance.h has no brackets */
    const struct which_model *which;  /* of the whole file; NULL: models do not stand beside each other */
    const struct training_cost *cost; /* of the whole file; NULL: nothing stands beside its cost */
    const struct versus *versus;      /* of the whole file; NULL: no sweeps are kept apart */
    struct figstyle style;
};

/* The figures of a report by name, in the order of the paper. */
struct figures {
    int n, capacity;
    /* figures of single combinations that a marginal one of each axis stands for; 0: there are none of
     * those */
    int n_single;
    int n_of_models; /* of single models that are left out, because there are so many models; 0: none */
    char (*name)[CURVES_NAME_SIZE]; /* (n) owned */
};

/* Write data and scripts into a directory that exists. Of more than FIGURES_MOST_MODELS models that are shown
 * there are the figures that compare them, and those of single ones (learning curves, reliability diagrams,
 * ROC curves, heatmaps) are left out, unless options->all_figures. Where there would be more than
 * FIGURES_MAX figures, as a grid of many axes has one for every combination, an axis has one figure, the
 * mean over the others (marginal.h), below the answer at a glance where that has at most
 * FIGURES_MOST_GLANCES pages; learning curves and heatmaps are left out, unless options->all_figures.
 * E_USAGE, before anything is written, when the axes too make more than FIGURES_MAX. data: the packed
 * images, or NULL to leave out the appendix. *out is owned by the caller, also after a failure. */
int figures_write(const struct summary *summary, const struct dataset *data,
                  const struct figures_options *options, const char *dir, struct figures *out,
                  struct err *err);

/* Draw them. The first failure ends it; pictures drawn so far stay. */
int figures_render(const struct figures *figures, const char *dir, struct err *err);

void figures_release(struct figures *figures);

#endif
