/* scores.h - scores of a set of predictions: from class probabilities and labels to
 * sensitivity, AUROC, calibration.
 *
 *     struct judged *judged = NULL;
 *     struct scores_input input = {.n = n, .n_classes = 2, .stride = 2, .probs = probs, .label = label,
 *     .positive = 1}; if (judged_new(&input, &judged, &err) < 0) ... for (int s = 0; s < n_scores; s++)
 *         printf("%s %g\n", scores[s].name, scores[s].value(judged));
 *     judged_free(judged);
 *
 * A new score is one function and one row of the table in scores.c; export, comparisons and claims
 * know it by its name.
 *
 * Undefined is NaN, never 0: a precision when nothing was predicted, a recall of a class without images,
 * anything of no image. The predicted class is the first largest probability. An image with a NaN among its
 * probabilities is predicted as no class: it is wrong in every count, and scores of the probabilities
 * themselves (AUROC, AUPRC, Brier, ECE) are NaN.
 *
 * Macro values are means over the classes present in the truth; a class that is absent has no vote, a class
 * whose score is undefined makes the mean undefined. With two classes the scores of one class (sensitivity,
 * specificity, precision, AUROC, AUPRC) are those of the positive class, the minority: scores_minority().
 * Double precision. No MPI. */
#ifndef CELLSWEEP_SCORES_H
#define CELLSWEEP_SCORES_H

#include "err.h"

/* What is judged; everything is only read. */
struct scores_input {
    int n, n_classes;
    int stride;         /* floats from one row of probs to the next, >= n_classes */
    const float *probs; /* (n, stride), the first n_classes of each row count */
    const int *label;   /* (n) 0 .. n_classes-1 */
    int positive;       /* class index; used with two classes */
};

/* An input with everything the scores share: confusion matrix, predictions. Keeps pointers into the input. */
struct judged;

struct score {
    const char *name;
    const char *equation;                             /* one line, with its source */
    int better;                                       /* 1: more is better, -1: less is better, 0: neither */
    double least, most;                               /* it is never outside */
    double (*value)(const struct judged *);           /* macro, or of the positive class */
    double (*of_class)(const struct judged *, int c); /* NULL when there is no such thing */
};

/* The table. */
extern const struct score scores[];
extern const int n_scores;

/* Row of a name, or NULL. */
const struct score *score_find(const char *name);

/* Prepare an input. *out is owned by the caller; the input's arrays must outlive it. E_IO without memory. */
int judged_new(const struct scores_input *input, struct judged **out, struct err *err);

void judged_free(struct judged *judged);

/* The class with the fewest of n labels, the later one on a tie: the positive class of a pair when label is
 * that of all originals that a job may draw from, so that every job of a pair means the same (predicted.h;
 * with class_sizes the drawn numbers decide). -1 when n_classes is 0. */
int scores_minority(const int *label, int n, int n_classes);

#endif
