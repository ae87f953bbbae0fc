/* findings.h - what a sweep found, as tables: scores, strategies and other factors compared, leak inflation,
 * selection inflation, the publication's claims and those of others tested.
 *
 *     struct findings *findings = NULL;
 *     if (findings_new(store, summary, &findings, &err) < 0) ...
 *     findings_write(findings, dir, &err);
 *     findings_free(findings);
 *
 * Under a filter the tables show the rows whose both sides have a job that it chooses, and the scores of the
 * jobs it chooses. What stands in a row of the others does not depend on it: differences, means, p values,
 * families, verdicts and claims are those of all jobs of the file.
 *
 * Files: scores (mean and interval of every score of scores.h), comparisons (of strategies), factors (models
 * and axes compared), rankings, leak_inflation, selection_inflation, calibration, reliability (how far
 * probabilities can be trusted), calibration_cost (what strategies gain in balanced accuracy and cost in
 * Brier score), models and models_by_clusters (which model, and what it costs), training_size and
 * training_cost (accuracy against how much there is to learn from, and against what it costs), claims,
 * literature, and where the sweep tunes tuning and tuning_curve, each as .csv (full precision), .md and .tex.
 * A table without rows is not written. sweeps: sweeps that the file keeps apart, each against the first. The
 * metric of comparisons is balanced accuracy: of the test set at the judged epoch, of all originals, and out
 * of fold. No MPI. */
#ifndef CELLSWEEP_FINDINGS_H
#define CELLSWEEP_FINDINGS_H

#include "paper/claims.h"
#include "paper/literature.h"
#include "stats/calibration.h"
#include "stats/compare.h"
#include "stats/inflation.h"
#include "stats/roc.h"
#include "stats/training_cost.h"
#include "stats/training_size.h"
#include "stats/trust.h"
#include "stats/tuned.h"
#include "stats/versus.h"
#include "stats/which_model.h"

#include <stdio.h>

/* More values of an axis, and more models, are not compared pair by pair: headline.h says so. */
enum { FINDINGS_MOST_VALUES = 12, FINDINGS_MOST_MODELS = RANKS_MAX_STRATEGIES };

/* What findings are made of beside what sentences and the first picture are made with: values of factors
 * compared on test, leak and selection inflation, sweeps that are kept apart. */
enum findings_part {
    FOUND_SETS, /* values compared on all and oof */
    FOUND_SCORES,
    FOUND_TRUST,
    FOUND_MODELS,
    FOUND_TRAINING,
    FOUND_CALIBRATION,
    FOUND_ROC,
    FOUND_CLAIMS,
    FOUND_LITERATURE,
    FOUND_TUNED,
    N_FOUND
};

/* A set of parts: FOUND(FOUND_SETS) | FOUND(FOUND_ROC). */
#define FOUND(part) (1u << (part))
#define FOUND_ALL   (FOUND(N_FOUND) - 1)

/* Metrics by which sweeps are compared: balanced accuracy, accuracy, AUROC and loss. */
enum { FINDINGS_VERSUS = 4 };

struct findings {
    const struct summary *summary; /* the caller's: what is shown */
    struct store *store;           /* the caller's */
    struct readout asked;          /* of probabilities */
    unsigned made;                 /* the parts that are there; of others nothing may be asked, nor shown */
    const struct summary *whole;   /* of all jobs of the file, which all but scores is of */
    struct summary *outline;       /* owned; NULL: whole is the caller's */
    unsigned char *shown;          /* (whole->n_groups) 1: has a job of summary; owned */
    /* Of strategies, and on test and oof of models and axes that vary, if they are not too many; NULL: of the
     * others. */
    struct compare *compared[FACTORS_MOST][N_REPLICATES_SETS]; /* owned */
    int too_many[FACTORS_MOST];                                /* values of those that are; 0: they are not */
    struct stats_summary *scores[N_REPLICATES_SETS];           /* (n_groups, n_scores) owned */
    struct compare *leak;
    struct inflation *selection;            /* of whole; owned */
    struct compare *trust[N_TRUST];         /* of strategies, on test, by each of trust.h */
    struct versus *versus[FINDINGS_VERSUS]; /* of whole; NULL: no sweeps are kept apart */
    struct which_model *which;              /* of whole; NULL: models are not compared */
    struct training_size *size;             /* of summary; owned */
    struct training_cost *cost;             /* of whole; owned */
    struct calibration *calibration;        /* of summary */
    struct roc *roc;                        /* of summary; owned */
    struct claims *claims;
    struct literature *literature; /* of whole; owned */
    struct tuned *tuned;           /* of all jobs; NULL: nothing is tuned */
};

/* Compare and test everything, of a sweep without a finished job, too. summary must outlive *out, which is
 * owned by the caller. */
int findings_new(struct store *store, const struct summary *summary, struct findings **out, struct err *err);

/* The same with probabilities put right as asked, where the sweep says something else. E_USAGE as
 * calibration_new(). */
int findings_new_read(struct store *store, const struct summary *summary, struct readout asked,
                      struct findings **out, struct err *err);

/* No part of them yet: of a large sweep they take seconds, and most are looked at later, or never.
 * The store, too, must outlive *out. */
int findings_begin(struct store *store, const struct summary *summary, struct readout asked,
                   struct findings **out, struct err *err);

/* Make those of the parts (FOUND) that are not there. What is made of a file that has grown since is what it
 * would have been then: rows of finished jobs stay as they are; only FOUND_TUNED has trials that ended since.
 * Errors as above; parts made before stay. */
int findings_need(struct findings *findings, unsigned parts, struct err *err);

/* Write the files into a directory that exists. */
int findings_write(const struct findings *findings, const char *dir, struct err *err);

/* How many values of a factor are compared at most; of strategies, how many are ranked. */
int findings_most_values(int factor);

/* 1 when the values of a factor that is not strategy are compared pair by pair. */
int findings_compares(const struct findings *findings, int factor);

/* 1 when both sides of a row are shown. */
int findings_shows(const struct findings *findings, const struct compare_row *row);

void findings_free(struct findings *findings);

#endif
