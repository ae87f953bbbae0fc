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
 * Every seed (with k-fold: every seed and repeat, each deals the images anew) is also asked alone, by its own
 * probabilities and thresholds. How many of them say the same tells a label that is doubtful throughout from
 * one that a single division of the images doubts.
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
    int seeds_agree, seeds;     /* seeds that alone count it as the likelier class, of those that judged it */
    double share;               /* of images with its label, estimated to be of the likelier class */
    int agree, groups;          /* groups on the same clusters that suspect it, of those that judged it */
};

/* Of a group of the summary. */
struct suspects_group {
    int images; /* judged; 0: nothing is stored, or all its jobs leak */
    int n;      /* suspects among them */
    /* Share of these images whose label is estimated to be wrong: each label's part of the joint that is off
     * its diagonal, scaled to the images with that label (Northcutt et al., eq. 3) */
    double wrong;
    int n_leaky; /* jobs left out because they leak */
};

struct suspects {
    int n;
    struct suspect *row; /* (n) owned; groups in order, in one by falling p_likelier - p_given, then image */
    struct suspects_group *group; /* (groups of the summary) owned */
    int n_leaky;                  /* jobs left out because they leak */
    int n_judged;                 /* groups that judged anything */
};

/* *out is owned by the caller. E_IO. */
int suspects_new(struct store *store, const struct summary *summary, struct suspects **out, struct err *err);

/* Which suspects a page has room for: at most most_of_group a group, its surest, fewer where all groups
 * together would have more than `most`; where one a group is too many already, the surest of those. shown (n
 * of suspects) gets 0 or 1. E_IO without memory. */
int suspects_choose(const struct suspects *suspects, int most_of_group, int most, char *shown,
                    struct err *err);

void suspects_free(struct suspects *suspects);

#endif
