/* ranking.h - images by the probability of a class, and the area under their ROC curve. Equal scores count as
 * one threshold. Pure functions, no MPI. */
#ifndef CELLSWEEP_RANKING_H
#define CELLSWEEP_RANKING_H

struct ranked {
    float score;
    int hit; /* 1: of the class that is ranked */
};

/* By falling score. No score is NaN. */
void ranking_sort(struct ranked *ranked, int n);

/* End of the run of equal scores that begins at i of n that are sorted; *n_hits: how many of it are hits. */
int ranking_tie_end(const struct ranked *ranked, int i, int n, double *n_hits);

/* Of n that are sorted: the share of pairs (hit, other) in which the hit has the larger score; a tie counts
 * one half. NaN when all of them or none are hits. */
double ranking_auroc(const struct ranked *ranked, int n);

/* The mean of that over the classes that images are of, each against all others: probs (n, n_classes), label
 * (n); room (n) is overwritten. NaN when they are of one class, or a probability is NaN. */
double ranking_macro_auroc(const float *probs, const int *label, int n, int n_classes, struct ranked *room);

#endif
