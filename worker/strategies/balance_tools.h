/* balance_tools.h - what the functions of strategies are made of: class sizes, lists of a class, adding and
 * keeping. Functions that can fail return 0 or E_IO. No MPI. */
#ifndef CELLSWEEP_BALANCE_TOOLS_H
#define CELLSWEEP_BALANCE_TOOLS_H

#include "strategies/balance.h"

/* The samples of one class: positions in the list they came from, ascending. */
struct members {
    int *position; /* (n), owned: free() it */
    int n;
};

int balance_members(const struct samples *samples, int label, struct members *out, struct err *err);

/* Keep only the originals among the members: variants and blends are made of images, not of their
 * variants. */
void balance_originals(const struct samples *samples, struct members *members);

/* Samples of each class (n_classes), as one network sees them: an ensemble's subsets
 * are of equal composition. */
void balance_sizes(const struct balance *balance, int size[CONFIG_MAX_CLUSTERS]);

/* Size of the largest class, and of the smallest that has any sample. */
int balance_largest(const int *size, int n_classes);
int balance_smallest(const int *size, int n_classes);

/* Loss weights of classes of these sizes, 1 / E_n with the effective number E_n = (1 - beta^n) / (1 - beta)
 * of Cui et al. 2019, scaled so that those of the classes that are there have the mean 1; 0 for the others. 0
 * <= beta < 1. */
void balance_effective_weights(const int *size, int n_classes, double beta, float *weight);

/* The epoch, from 0, before which a share of the job's epochs lies, to the nearest. */
int balance_epoch_after(const struct config *config, double share);

/* Append `made` to a list as the next copy of its image. */
int balance_add(struct balance *balance, struct samples *list, struct sample made, struct err *err);

/* Add n duplicates of samples of a class, drawn with replacement; none when the class is empty. */
int balance_duplicate(struct balance *balance, int label, int n, struct err *err);

/* Bring every class to the largest size: fill(label, missing samples) adds them;
 * called for smaller classes only. */
int balance_fill(struct balance *balance,
                 int (*fill)(struct balance *balance, int label, int missing, struct err *err),
                 struct err *err);

/* Replace the list by times[i] of each sample i: itself, then copies of it. */
int balance_keep(struct balance *balance, const int *times, struct err *err);

#endif
