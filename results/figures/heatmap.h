/* heatmap.h - a confusion matrix of a group as a picture: actual in rows from the top, predicted in columns,
 * as on the page.
 *
 *     struct heatmap *heatmap = NULL;
 *     if (heatmap_new(summary, group, SET_TEST, &heatmap, &err) < 0) ...
 *     heatmap_write(heatmap, "heatmap_all_none_test", 0, dir, &err);     name.tsv and name.gp
 *     heatmap_free(heatmap);
 *
 * A unit is what judges its images once: a model; for the test images of k-fold, the models of all
 * folds of one repeat of one seed, so that every image counts once. Counts are means over units. No MPI. */
#ifndef CELLSWEEP_HEATMAP_H
#define CELLSWEEP_HEATMAP_H

#include "figures/figstyle.h"
#include "stats/summary.h"

struct heatmap {
    const struct summary *summary; /* the caller's, with the group */
    const struct summary_group *group;
    enum image_set set;               /* SET_TEST or SET_ALL */
    int n;                            /* classes */
    int cluster[CONFIG_MAX_CLUSTERS]; /* (n) */
    int n_units;
    double *count;                 /* (n, n) rows actual, columns predicted, mean over units; owned */
    struct stats_summary balanced; /* balanced accuracy, over units */
    double accuracy;               /* of count; NaN without an image */
};

/* Sum the matrices of a group's finished jobs, at least one. *out is owned by the caller. */
int heatmap_new(const struct summary *summary, const struct summary_group *group, enum image_set set,
                struct heatmap **out, struct err *err);

/* Write dir/name.tsv and dir/name.gp. percent: cells are percentages of the actual class, so
 * rows add up to 100. */
int heatmap_write(const struct heatmap *heatmap, const char *name, int percent, const struct figstyle *style,
                  const char *dir, struct err *err);

void heatmap_free(struct heatmap *heatmap);

#endif
