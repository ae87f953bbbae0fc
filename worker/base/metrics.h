/* metrics.h - loss and accuracies of an epoch from class probabilities; confusion matrices.
 * Pure functions except for the accumulator the caller owns. Undefined values are NaN. No MPI. */
#ifndef CELLSWEEP_METRICS_H
#define CELLSWEEP_METRICS_H

#include "settings/config.h"

enum metric {
    METRIC_LOSS,
    METRIC_ACCURACY,
    METRIC_BALANCED_ACCURACY,
    METRIC_BALANCED_ACCURACY_AS_PUBLISHED,
    N_METRICS,                /* of every set */
    METRIC_AUROC = N_METRICS, /* ranking_macro_auroc() of images that are not trained on; NaN of the others */
    N_ALL_METRICS
};

/* Names as they stand in the results file: "loss", "accuracy", ... */
extern const char *const metric_names[N_ALL_METRICS];

/* Accumulates one pass over a set of samples, batch by batch. */
struct metrics {
    int n_classes;
    double loss_sum; /* sum over samples of weight * loss */
    long n;
    double published_sum; /* sum over batches of the published number */
    long n_batches;
    int total[CONFIG_MAX_CLUSTERS]; /* (C) samples of each class, rows with NaN among them */
    int confusion[CONFIG_MAX_CLUSTERS *
                  CONFIG_MAX_CLUSTERS]; /* rows true, columns predicted, the first C x C, row length C */
};

/* The predicted class: the first largest of n probabilities, or -1 when one of them is NaN. */
int metrics_predicted(const float *probs, int n);

void metrics_start(struct metrics *metrics, int n_classes);

/* Add a batch: probs (n, C), label (n) class indices, loss_mean the batch's mean weighted loss. A
 * row with NaN predicts nothing: it is wrong for both accuracies, stands in no column of the confusion
 * matrix, and makes the published number NaN, as it does in Keras. n == 0 adds nothing. */
void metrics_add(struct metrics *metrics, const float *probs, const int *label, int n, double loss_mean);

/* The four numbers so far, all NaN when nothing was added. Balanced accuracy is the mean
 * recall over the classes present. */
void metrics_finish(const struct metrics *metrics, float out[N_METRICS]);

/* The published "balanced accuracy" of one batch: (sensitivity + specificity) / 2 over the
 * flattened one-hot outputs, probabilities rounded (half to even, as Keras' K.round), with
 * Keras' epsilon 1e-7 in the denominators. */
double metrics_published(const float *probs, const int *label, int n, int n_classes);

/* Mean cross-entropy of probs (n, C) against labels, in double: -log of the float probability, which counts
 * as 1e-7 when it is smaller, as in Keras, so that one certain mistake does not make a curve infinite. NaN
 * when a probability is. */
double metrics_cross_entropy(const float *probs, const int *label, int n, int n_classes);

#endif
