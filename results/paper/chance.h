/* chance.h - what a ranking at random scores, which a model has to beat before anything can degrade it.
 *
 *     double chance;
 *     if (chance_of(store, group, "auprc", &chance, &err) < 0) ...        0.12 of 10 % positives
 *
 * AUROC: 0.5. AUPRC, which is average precision: of N images, R of them positive, in random order an image at
 * rank k that is positive has the precision (1 + (k - 1) (R - 1) / (N - 1)) / k; the mean over all ranks is
 *     (H(N) + (N - H(N)) (R - 1) / (N - 1)) / N,          H(N) = 1 + 1/2 + ... + 1/N,
 * the share of positives R / N and, in small sets, a little more. Of three classes or more it is the mean
 * over those that are there, as AUPRC is. No MPI. */
#ifndef CELLSWEEP_CHANCE_H
#define CELLSWEEP_CHANCE_H

#include "stats/contrast.h"
#include "stats/summary.h"

/* Of n >= 1 images of which `positive` >= 1 are. */
double chance_average_precision(int n, int positive);

/* The mean over the finished jobs of a group, of their test images, in *out; NaN where none has predictions.
 * metric: "auroc" or "auprc". E_IO. */
int chance_of(struct store *store, const struct summary_group *group, const char *metric, double *out,
              struct err *err);

/* Why a baseline is not shown to be above chance; NULL: it is, significantly. So few runs that no baseline
 * could be do not say that it is at chance: all of them may be perfect. above: it minus chance. Constants. */
const char *chance_why_not_above(const struct contrast *above);

#endif
