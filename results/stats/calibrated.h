/* calibrated.h - how far predictions can be trusted: scores of probabilities and decisions as a recalibrator
 * leaves them, and the points of a reliability diagram.
 *
 *     struct reliability reliability = {0};
 *     double value[N_CALIBRATION];
 *     if (calibrated_scores(&fit, &test, value, &reliability, &err) < 0) ...       adds to the diagram
 *
 * Undefined is NaN, as in scores.h; with none and argmax, values of the same name are those of scores.h. With
 * q the probabilities and y 1 for the own class, else 0:
 *     nll          mean of -log q_label, a q below FLT_MIN counting as FLT_MIN
 *     brier        mean over images of the sum over classes of (q - y)^2
 *     its parts    of each class, q in RELIABILITY_BINS bins of equal width, open below and closed above,
 *                  then summed over classes; with n_b images in a bin, means q_b and y_b, m the mean of y:
 *                      reliability  sum n_b / n (q_b - y_b)^2
 *                      resolution   sum n_b / n (y_b - m)^2
 *                      uncertainty  m (1 - m)
 *                      within_bins  1 / n sum (q - q_b)^2 - 2 / n sum (q - q_b) (y - y_b)
 *                  brier = reliability - resolution + uncertainty + within_bins, exactly (Murphy 1973;
 *                  Stephenson, Coelho and Jolliffe 2008)
 *     ece          as in scores.h: 15 bins of the largest q; the threshold does not count
 *     slope, intercept   of the logistic regression, without penalty, of y on log(q / (1 - q)): 1 and 0 when
 *                  calibrated, a slope below 1 is overconfident (Cox 1958). Two classes: of the positive one;
 *                  more: the mean over the classes present, one against the rest. NaN where the q of y 0 and
 *                  1 do not overlap or are all the same
 * No MPI. */
#ifndef CELLSWEEP_CALIBRATED_H
#define CELLSWEEP_CALIBRATED_H

#include "stats/recalibrate.h"

enum { RELIABILITY_BINS = 10 };

enum {
    CALIBRATION_ACCURACY,
    CALIBRATION_BALANCED_ACCURACY,
    CALIBRATION_NLL,
    CALIBRATION_BRIER,
    CALIBRATION_RELIABILITY,
    CALIBRATION_RESOLUTION,
    CALIBRATION_UNCERTAINTY,
    CALIBRATION_WITHIN_BINS,
    CALIBRATION_ECE,
    CALIBRATION_SLOPE,
    CALIBRATION_INTERCEPT,
    N_CALIBRATION
};

/* What a score is called, and the range it is never outside. */
extern const struct calibration_score {
    const char *name;
    double least, most;
} calibration_scores[N_CALIBRATION];

/* Of two classes: the probability of the positive one and how often it is right to say so; of more: the
 * largest probability and how often its class is right. */
struct reliability {
    long n[RELIABILITY_BINS];     /* images */
    double q[RELIABILITY_BINS];   /* sum of probabilities */
    double hit[RELIABILITY_BINS]; /* images of that class */
};

/* Score a set, value (N_CALIBRATION), and add it to a diagram. All NaN, and nothing is added, where fit->why
 * says something or the set is empty or holds a NaN. E_IO without memory. */
int calibrated_scores(const struct recalibrator *fit, const struct scores_input *set,
                      double value[N_CALIBRATION], struct reliability *reliability, struct err *err);

/* Bin of a probability, from 0. */
int reliability_bin(double q);

/* Logistic regression, without penalty, of y (n; 0 or 1) on x (n): Newton's method. NaN where it has no
 * finite answer. */
void calibrated_regression(const double *x, const unsigned char *y, int n, double *slope, double *intercept);

#endif
