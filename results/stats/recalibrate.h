/* recalibrate.h - probabilities and decisions corrected after training, by what a val set says.
 *
 *     struct recalibrator fit;
 *     if (recalibrate_fit(RECALIBRATE_TEMPERATURE, THRESHOLD_TUNED, &val, NULL, &fit, &err) < 0) ...
 *     if (!fit.why)
 *         for (int i = 0; i < test.n; i++)
 *             predicted = recalibrate(&fit, test.probs + i * test.stride, q);
 *
 * Whatever is fitted sees the val set alone: there is no argument for another one. With z = log p (a stored
 * probability below FLT_MIN counts as FLT_MIN), which is the logit up to a shift, and v_c the share of class
 * c in the val set:
 *     none         q = p
 *     prior        q_c = p_c v_c / s_c over the sum of these, s_c the share of class c that was trained on
 *                  (Elkan 2001; Saerens, Latinne and Decaestecker 2002)
 *     temperature  q = softmax(z / T), T the one with the least mean -log q_label of the val set, from
 *                  recalibrate_coldest to recalibrate_hottest (Guo et al. 2017). Where every image of the val
 *                  set has its largest probability for its own class, colder is always better: T stays 1, for
 *                  such a set cannot tell how sure to be
 *     argmax       the predicted class is the first with the largest q
 *     tuned        the first with the largest log q + offset. Two classes: the positive one has an offset,
 *                  the other 0, so that minus the offset is the cut of log(q_positive / q_negative): the one
 *                  with the best balanced accuracy on the val set, of cuts in the middle between neighbouring
 *                  values of it, the lowest of equals; 0 where all are worse. More: from 0 on, one class
 *                  after the other takes the offset that is best while the others stay, by the same rule, if
 *                  it is better than the one it has, until none is: a local optimum
 * Temperature keeps the order of a row, so argmax after it is that before it. Double precision, pure
 * functions, thread-safe. No MPI. */
#ifndef CELLSWEEP_RECALIBRATE_H
#define CELLSWEEP_RECALIBRATE_H

#include "settings/config.h"
#include "settings/readout.h"
#include "stats/scores.h"

/* The range of T: 0.05 and 20. */
extern const double recalibrate_coldest, recalibrate_hottest;

struct recalibrator {
    enum recalibration how;
    enum threshold threshold;
    int n_classes, n_val;               /* images it was fitted on; 0: it needed none */
    double temperature;                 /* 1 but of temperature */
    double weight[CONFIG_MAX_CLUSTERS]; /* (n_classes) log v_c / s_c; 0 but of prior */
    double offset[CONFIG_MAX_CLUSTERS]; /* (n_classes) 0 but of tuned */
    /* Balanced accuracy of the val set by argmax of p, and as fitted; NaN: n_val is 0. */
    double before, after;
    int is_bound;    /* 1: T is a bound of its range, or was left at 1 */
    const char *why; /* it cannot be fitted, a constant; NULL: it is */
};

/* Fit to a val set; none with argmax reads no image of it, so an empty one will do. trained
 * (n_classes): shares of the classes that were trained on, read by prior alone; their sum does not
 * matter. What the val set cannot tell (no image of a class, a NaN) is said by `why`, and the rest of
 * *out is then of no use. E_IO without memory. */
int recalibrate_fit(enum recalibration how, enum threshold threshold, const struct scores_input *val,
                    const double *trained, struct recalibrator *out, struct err *err);

/* q (n_classes) of a row p (n_classes) of probabilities. Returns the predicted class, -1 with a NaN. */
int recalibrate(const struct recalibrator *fit, const float *p, double *q);

/* The stored probability of class `positive` above which it is predicted, where the threshold is tuned and
 * classes are two; NaN elsewhere, and where nothing is fitted. */
double recalibrate_cut(const struct recalibrator *fit, int positive);

/* log of a probability, of one below FLT_MIN that of FLT_MIN. */
double recalibrate_log(double p);

#endif
