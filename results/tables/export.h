/* export.h - the results file as CSV tables, one row at a time.
 *
 * Every table begins with what the job is: job (row of the results file, from 0), key, clusters, strategy,
 * protocol, seed, fold, repeat, model, one column for every other grid axis, and on which images its epoch or
 * what it was tuned over was chosen: chosen_on (store_chosen.h). Then
 *     jobs         state, attempts, epochs_done, rank, started, finished (ISO 8601, UTC), seconds, message,
 *                  n_train, n_test, leak, where some job has an inner set n_val and leak_val, judged_epoch
 *                  (from 1), and train_ and test_ loss, accuracy,
 *                  balanced_accuracy, balanced_accuracy_as_published of the judged epoch, while a job runs of
 *                  the last finished one; where some job has an inner set the same with val_, between them
 *     epochs       epoch (from 1) and the same metrics; one row a finished epoch
 *     confusion    set (val, test or all), true and predicted cluster number, count; jobs with a matrix only
 *     predictions  set, image (id), cluster (true), copy (0: the original), predicted cluster, then
 *                  probability_<class>; jobs with predictions only
 *     scores       set (test, all, or oof: all folds of a repeat pooled), n images judged, positive cluster
 *                  (two classes), every score of scores.h, then recall_<class>, precision_<class>,
 *                  auroc_<class>; finished jobs with predictions only. A row of oof carries the names of its
 *                  repeat's first fold
 *     thresholds   a row a finished job and way to put its probabilities right: recalibrate, threshold,
 *                  n_val, temperature (at_bound 1: a bound, or left at 1), positive and cut (two classes: the
 *                  probability above which it is predicted), balanced accuracy of the val set before and
 *                  after, why it could not be fitted, scores of the test set (calibrated.h), then
 *                  weight_<class> of the prior and offset_<class> of log probabilities
 *     tuning       of a sweep that tunes (tuned.h): n_trials, chosen (number of the trial, 0: the default), a
 *                  column for every tuned setting, choose (the metric), score of the chosen trial on val and
 *                  score_default of trial 0 (the larger the better: minus a loss), their difference, epochs
 *                  that the trials ran, and epochs_full without pruning; empty until it has been chosen.
 *                  E_USAGE for a sweep that tunes nothing
 * Columns of a class stand in the order of classes (class_name.h), one for every class that a chosen job has;
 * empty where a job has it not.
 * Fields are quoted as in RFC 4180, lines end in LF. Numbers have 9 significant digits: a float32 is
 * recovered exactly. What is missing, not reached or not a number is an empty field. No MPI. */
#ifndef CELLSWEEP_EXPORT_H
#define CELLSWEEP_EXPORT_H

#include "settings/readout.h"
#include "store/store.h"
#include "stats/replicates.h"

#include <stdio.h>

enum export_table {
    EXPORT_JOBS,
    EXPORT_EPOCHS,
    EXPORT_CONFUSION,
    EXPORT_PREDICTIONS,
    EXPORT_SCORES,
    EXPORT_THRESHOLDS,
    EXPORT_TUNING,
    N_EXPORT_TABLES
};

/* "jobs", "epochs", "confusion", "predictions", "scores", "thresholds", "tuning". */
extern const char *const export_table_names[N_EXPORT_TABLES];

/* Write a table of the jobs that match a filter (NULL: all) to out. A sweep may be writing the store. E_USAGE
 * when no job matches or the filter is wrong, before anything is written; E_IO when reading or writing
 * fails. */
int export_write(struct store *store, enum export_table table, const char *filter, FILE *out,
                 struct err *err);

/* The scores of a set, from stored probabilities; export_write gives those of test. */
int export_write_scores(struct store *store, enum replicates_set on, const char *filter, FILE *out,
                        struct err *err);

/* What is fitted to the val set of each job, as asked, else as the sweep says; export_write does the latter.
 * E_USAGE without val sets (calibration.h). */
int export_write_thresholds(struct store *store, struct readout asked, const char *filter, FILE *out,
                            struct err *err);

#endif
