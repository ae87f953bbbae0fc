/* misjudged.h - the images that models of a group take for another cluster, the worst first.
 *
 *     struct misjudged *misjudged = NULL;
 *     if (misjudged_new(store, summary, 40, 400, &misjudged, &err) < 0) ...
 *     misjudged->row[i].group, .image, .wrong, .judged
 *     misjudged_free(misjudged);
 *
 * Judged by stored test predictions of finished jobs only. Duplicates and augmented versions in
 * a test set count for the original they were made of, so an image may be judged several times
 * by one job. No MPI. */
#ifndef CELLSWEEP_MISJUDGED_H
#define CELLSWEEP_MISJUDGED_H

#include "stats/summary.h"

struct misjudged_image {
    int group;         /* index in the summary */
    int image;         /* row of /images */
    int judged, wrong; /* times, 0 < wrong <= judged */
    double p_true;     /* mean probability of its own cluster; NaN when a model gave none */
    /* the cluster it is most often taken for; CLASS_NONE: none, the probabilities are not numbers */
    int predicted;
    int n_wrong; /* images of the group that were ever wrong, rows left out counted */
};

struct misjudged {
    int n;
    /* (n) owned; groups in order, in one by falling (wrong + 1) / (judged + 2), then rising p_true */
    struct misjudged_image *row;
};

/* At most max_rows a group, fewer when all groups together would show more than max_images different images;
 * n is 0 when no predictions are stored. *out is owned by the caller. */
int misjudged_new(struct store *store, const struct summary *summary, int max_rows, int max_images,
                  struct misjudged **out, struct err *err);

void misjudged_free(struct misjudged *misjudged);

#endif
