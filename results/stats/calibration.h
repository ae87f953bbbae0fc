/* calibration.h - how far the probabilities of a sweep can be trusted, as they are stored and as val sets put
 * them right: job by job, and over the groups of a summary.
 *
 *     struct calibrator *calibrator = NULL;
 *     if (calibrator_new(store, &calibrator, &err) < 0 || calibrator_read(calibrator, job, &err) < 0) ...
 *     calibrator_score(calibrator, RECALIBRATE_PRIOR, THRESHOLD_TUNED, &fit, value, &reliability, &err)
 *     calibrator_free(calibrator);
 *
 *     struct calibration *calibration = NULL;
 *     if (calibration_new(store, summary, readout_unsaid(), &calibration, &err) < 0) ...
 *     calibration->group[g].way[RECALIBRATE_NONE].score[CALIBRATION_BRIER].mean
 *     calibration_free(calibration);
 *
 * Every job is fitted on its own val set and scored on its own test set. Means and intervals are those of
 * scores on test (replicates.h). No MPI. */
#ifndef CELLSWEEP_CALIBRATION_H
#define CELLSWEEP_CALIBRATION_H

#include "settings/readout.h"
#include "stats/calibrated.h"
#include "stats/summary.h"

/* ---- one job ---- */

struct calibrator;

/* *out is owned by the caller; the store must stay open while it is used. */
int calibrator_new(struct store *store, struct calibrator **out, struct err *err);

/* Read what a finished job says of its val and test set. */
int calibrator_read(struct calibrator *calibrator, int job, struct err *err);

/* Fit the job that was read on its val set, and score its test set: value (N_CALIBRATION), added to a
 * diagram. fit->why says when it cannot be; then every value is NaN. */
int calibrator_score(const struct calibrator *calibrator, enum recalibration how, enum threshold threshold,
                     struct recalibrator *fit, double value[N_CALIBRATION], struct reliability *reliability,
                     struct err *err);

/* Classes of the job that was read, the positive one of two, and what a class index is called (class_name.h);
 * images of its val set, 0: it has none. */
int calibrator_n_classes(const struct calibrator *calibrator);
int calibrator_positive(const struct calibrator *calibrator);
int calibrator_class(const struct calibrator *calibrator, int index);
int calibrator_n_val(const struct calibrator *calibrator);

void calibrator_free(struct calibrator *calibrator);

/* ---- a summary ---- */

/* A recalibration of a group. */
struct calibration_way {
    struct stats_summary score[N_CALIBRATION];
    struct reliability reliability; /* of all jobs together */
    int n_unfit;                    /* jobs that could not be fitted, whose scores are left out */
    const char *why;                /* the first of these; a constant */
};

struct calibration_group {
    /* the class (class_name.h) that diagram, slope and intercept are of; CLASS_NONE: of several */
    int positive;
    /* where the threshold is tuned, of two classes: the mean over jobs of the stored probability above which
     * the positive one is predicted (recalibrate_cut()), by the first of the ways; NaN elsewhere */
    double cut;
    struct calibration_way way[N_RECALIBRATIONS]; /* of those that the readout has */
};

struct calibration {
    struct readout readout; /* whole: what was asked for, or what the sweep says */
    int n_groups;
    struct calibration_group *group; /* (n_groups) as in the summary; owned */
};

/* Score every group of a summary. E_USAGE, naming the remedy, when `asked` has to be fitted and no job has a
 * val set. What the sweep says and nothing can be fitted to is left out silently: its jobs may be on their
 * way. *out is owned by the caller. */
int calibration_new(struct store *store, const struct summary *summary, struct readout asked,
                    struct calibration **out, struct err *err);

/* What is read, all told: asked, else what the sweep says. E_USAGE as calibration_new(). */
int calibration_readout(const struct store *store, struct readout asked, struct readout *out,
                        struct err *err);

void calibration_free(struct calibration *calibration);

#endif
