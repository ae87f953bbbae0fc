/* suspects.h - images whose label is likely wrong, by models that did not train on them.
 *
 *     struct suspects *suspects = NULL;
 *     if (suspects_new(store, summary, &suspects, &err) < 0) ...
 *     suspects->row[i].group, .image, .given, .likelier
 *     suspects_free(suspects);
 *
 * Of every group the stored test probabilities of its finished jobs are averaged image by image, over folds,
 * repeats and seeds; confident.h then says which images count as another class than their label's. With
 * k-fold every image is judged; with holdout those that a test set held. Jobs that had seen more than a
 * twentieth of their test images (leak) are left out: a network agrees with the labels it has learnt.
 *
 * A suspect is a cell to look at, not a proof: hard and rare cells are among them, and where labels are
 * wrong in one direction throughout there is nothing to see. No MPI. */
#ifndef CELLSWEEP_SUSPECTS_H
#define CELLSWEEP_SUSPECTS_H

#include "stats/summary.h"

struct suspect {
    int group;                  /* index in the summary */
    int image;                  /* row of /images */
    int given, likelier;        /* classes: its label, and what it counts as */
    int judged;                 /* predictions behind it */
    double p_given, p_likelier; /* mean probabilities */
    double share;               /* of images with its label, estimated to be of the likelier class */
    int agree, groups;          /* groups on the same clusters that suspect it, of those that judged it */
};

struct suspects {
    int n;
    struct suspect *row; /* (n) owned; groups in order, in one by falling p_likelier - p_given, then image */
    int n_leaky;         /* jobs left out because they leak */
    int n_judged;        /* groups that judged anything */
};

/* *out is owned by the caller. E_IO. */
int suspects_new(struct store *store, const struct summary *summary, struct suspects **out, struct err *err);

void suspects_free(struct suspects *suspects);

#endif
