/* claims.h - findings of the published report as a table of comparisons, each tested under every
 * protocol that was run.
 *
 *     struct claims *claims = NULL;
 *     if (claims_new(store, summary, &claims, &err) < 0) ...
 *     claims->row[i].claim->text, .cell->protocol, .contrast, .outcome
 *     claims_free(claims);
 *
 * What holds means, at contrast_alpha:
 *     beats   each of the first strategies is better than each of the second. Holds: every difference is
 *             significant in that direction (all have to be, so none is adjusted). Does not: one is
 *             significant the other way (Holm). The row shows the least favourable difference.
 *     falls   a strategy scores less on all original images than on the test set, job by job.
 *     about   a score is a published number: its interval lies within claims_margin (and contrast_slack)
 *             of it; does not: wholly outside.
 *     below   a score is below a number.
 * Otherwise the runs cannot tell; nor can they, overall, where a pair of the report was not run, nor where
 * jobs of the strategies of the claim are unfinished or lost, and, of balanced accuracy on test, where jobs
 * were judged on images that lack a class (n_lacking of summary.h), nor on test where all seeds and repeats
 * of one of them drew one and the same split, as under tail. Intervals are cut to what a difference from the
 * published number can be. A claim about the originals asks whether a number is found again, not how good a
 * strategy is: most of them were trained on, and what their interval allows for under kfold and holdout
 * (test_ratio of replicates.h) is that training sets overlap, not that all jobs judge the same images. A
 * claim is tested on the numbers of one data set; on synthetic images it says what the method does, not what
 * the published images hold. Adding a claim is one row in claims.c. No MPI. */
#ifndef CELLSWEEP_CLAIMS_H
#define CELLSWEEP_CLAIMS_H

#include "stats/contrast.h"

enum claim_kind { CLAIM_BEATS, CLAIM_FALLS, CLAIM_ABOUT, CLAIM_BELOW };

enum claim_outcome { CLAIM_HOLDS, CLAIM_FAILS, CLAIM_OPEN };

/* "holds", "does not hold", "cannot tell". */
extern const char *const claim_outcome_names[];

/* Half the width of what counts as the published number: 0.05. */
extern const double claims_margin;

struct claim {
    const char *text;
    /* As published_clusters() says; "all": runs of the report's all-cluster rule only (classes.h); NULL:
     * overall, the mean over the report's pairs 8-10, 14-15 and 1-27, and no others. */
    const char *clusters;
    enum claim_kind kind;
    enum replicates_set on;     /* of falls: TEST, compared with ALL */
    const char *first, *second; /* strategies, "a|b"; second for beats only, else "" */
    const char *metric;
    double published; /* about, below: the number; else NaN */
};

/* The table. */
extern const struct claim claims_table[];
extern const int n_claims;

struct claim_row {
    const struct claim *claim;
    const struct store_job *cell; /* protocol, model and axes of the runs it was tested on */
    int part;                     /* theirs in the summary's SUMMARY_RANKED */
    char first[CONFIG_WORD_SIZE],
        second[CONFIG_WORD_SIZE]; /* strategies of the contrast shown; second may be "" */
    struct contrast contrast;     /* in the claimed direction where there is one: positive speaks for it */
    double value;                 /* mean of the first strategy's score over the runs of the contrast */
    double p;                     /* largest over all differences that the claim needs */
    int n_contrasts, n_missing;   /* differences that were tested, and that lack runs */
    int n_absent;                 /* overall: pairs of the report that were not run */
    int n_unfinished,
        n_lacking; /* jobs of its strategies that are not done, and that were judged without a class */
    /* 1: seeds and repeats of one of its strategies drew one and the same split; 0 on set all */
    int one_split;
    enum claim_outcome outcome;
    const char *reason; /* why it cannot tell, "" otherwise; a constant */
};

struct claims {
    int n;
    struct claim_row *row; /* (n) owned; claim after claim, protocols in the order of the sweep */
};

/* 1: a job's clusters are what a claim is about, whatever they are called now. */
int claim_covers(const struct claim *claim, const struct store *store, const struct store_job *job);

/* Test every claim for which there are runs; n may be 0. */
int claims_new(struct store *store, const struct summary *summary, struct claims **out, struct err *err);

void claims_free(struct claims *claims);

#endif
