/* training_size.h - which groups of a sweep differ in how much they have to learn from: what a learning curve
 * is of.
 *
 *     struct training_size *size = NULL;
 *     if (training_size_new(summary, &size, &err) < 0) ...
 *     if (size->stands[g]) ... training_size_of(&summary->group[g]) ...
 *     training_size_free(size);
 *
 * The axes that set it are class_sizes, validation and inner. Groups stand on one curve when all else but the
 * strategy and one such axis is the same, and, of class_sizes, when the classes are in the same proportions:
 * 40-10 and 80-20 are more of the same, 40-40 is another problem (imbalance.h). A curve has two sizes at
 * least; sizes that are within TRAINING_SIZE_SAME of each other are one, as uneven folds make them. No
 * MPI. */
#ifndef CELLSWEEP_TRAINING_SIZE_H
#define CELLSWEEP_TRAINING_SIZE_H

#include "stats/summary.h"

#define TRAINING_SIZE_SAME 0.02

/* 1 for a factor that sets the training size. */
int training_size_is_axis(const struct summary *summary, int factor);

/* Originals to learn from, whole ones (originals.h); NaN: not known. */
double training_size_of(const struct summary_group *group);

/* 1 when sizes a and b are not the same; 0 where one is NaN. */
int training_size_differs(double a, double b);

/* The proportions of the classes that a group draws, "4:1", two digits each, the smallest 1, in out. */
void training_size_proportions(char *out, size_t size, const struct summary *summary,
                               const struct summary_group *group);

struct training_size {
    int n;                 /* groups that stand on a curve; 0: there is none */
    unsigned char *stands; /* (n_groups) owned */
};

/* *out is owned by the caller. E_IO without memory. */
int training_size_new(const struct summary *summary, struct training_size **out, struct err *err);

/* size may be NULL. */
void training_size_free(struct training_size *size);

#endif
