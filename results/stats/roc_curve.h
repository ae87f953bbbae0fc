/* roc_curve.h - the ROC and the precision-recall curve of one set of predictions, at fixed places.
 *
 *     double curve[N_ROC_CURVES][ROC_POINTS];
 *     if (roc_curve(&input, curve, &err) < 0) ...
 *     curve[ROC_TPR][5]               the true positive rate at a false positive rate of 0.05
 *
 * Place k is k / 100. With a threshold at every distinct probability of the class, P images of it, N others:
 *     tpr         of the false positive rate: straight between neighbouring points (FP / N, TP / P), the
 *                 upper end where several have one rate (vertical averaging: Fawcett 2006)
 *     precision   of the recall: between neighbouring points a and b false positives grow in proportion to
 *                 true ones, precision = TP / (TP + FP_a + (FP_b - FP_a) (TP - TP_a) / (TP_b - TP_a)), no
 *                 straight line (Davis and Goadrich 2006); of several points of one recall the most precise;
 *                 at recall 0 the limit
 * Two classes: the curve of the positive one. More: each class against the rest, and the mean over the
 * classes present at each place (macro). NaN as the areas in scores.h: a NaN among the probabilities, a class
 * without images, and for tpr one that all images are of. No MPI. */
#ifndef CELLSWEEP_ROC_CURVE_H
#define CELLSWEEP_ROC_CURVE_H

#include "stats/scores.h"

enum { ROC_POINTS = 101 };

enum roc_kind { ROC_TPR, ROC_PRECISION, N_ROC_CURVES };

/* "roc", "pr". */
extern const char *const roc_kind_names[N_ROC_CURVES];

/* The place of point k, 0 to 1. */
double roc_place(int k);

/* Both curves of a set. E_IO without memory. */
int roc_curve(const struct scores_input *input, double curve[N_ROC_CURVES][ROC_POINTS], struct err *err);

#endif
