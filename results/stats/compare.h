/* compare.h - what is better than what: every pair of values of one factor (combination.h), say of
 * strategies, within a setting: all else the same, but for the axes that belong to the factor. So none is
 * compared with smote (k 3) and with smote (k 5), and those two with each other. And leak inflation: how much
 * more a protocol that leaks promises than one that does not.
 *
 *     struct replicates *replicates = NULL;
 *     struct compare *compare = NULL;
 *     if (replicates_new(store, summary, "balanced_accuracy", REPLICATES_TEST, &replicates, &err) < 0 ||
 *         compare_factor(summary, replicates, FACTOR_STRATEGY, &compare, &err) < 0) ...
 *     compare->row[i].a, .b, .contrast.mean, .p_holm, .verdict
 *     compare_free(compare);
 *
 * Runs are paired by seed, repeat and fold, whatever the factor; but for `groups`, whose values do not share
 * a split: there means of seeds are. p values of a family (all pairs of values of
 * one setting; in a leak table all rows of the same clusters, model and axes) are adjusted by Holm. A
 * difference without significance is no win. Families are those of the summary: to be honest, that of the
 * whole file, whatever is shown of it.
 *
 * No verdict is given, whatever the p,
 *     on set all, which holds the images that were trained on: difference, means and n only, no interval and
 *     no p (VERDICT_SEEN); on set test where a job of either side was judged on images that lack a class
 *     (n_lacking of summary.h): its balanced accuracy is that of other classes than its partner's. Its p
 *     stays in the family (VERDICT_LACKING); where all seeds and repeats of either side drew one and the same
 *     split, as few groups of images make them, protocol tail where nothing is resampled, and given:
 *     n counts runs of that split, and what other splits would give is not known. Its p stays
 *     in the family (VERDICT_REPEATED).
 *
 * Strategies and models are also ranked, each with all else the same but the clusters: one ranking of
 * strategies for each protocol, model and other axes, one of models for each strategy, protocol and other
 * axes. Average ranks are over the cluster pairs that all have the same values; from RANKS_MIN_DATASETS
 * cluster pairs on, on other sets than all, with Friedman's test and Nemenyi's critical difference. Settings
 * with a flaw (below) are left out, but for FLAW_REPEATED: a mean over one split is a mean. Pairs count as
 * independent data sets, also those that share a cluster; p is of one ranking, not adjusted for how many
 * there are. The time all of it takes grows with the number of groups and of rows alone. No MPI. */
#ifndef CELLSWEEP_COMPARE_H
#define CELLSWEEP_COMPARE_H

#include "stats/contrast.h"
#include "stats/ranks.h"

/* Row: the summary's groups a and b, a - b. In the order of the summary, but for strategy none, which is b
 * wherever it is compared: what is above it gains. */
struct compare_row {
    const struct summary_group *a, *b;
    int group_a, group_b; /* their indices */
    struct contrast contrast;
    double p_holm;
    int family; /* how many p values it was adjusted for */
    /* Of a leak table: share of the test images of a, in the mean of its jobs, that leak: with copies in
     * training, or, by_groups, with images of their group there (NaN: not known, of several columns) */
    double leak_share;
    int by_groups; /* of a leak table: b keeps groups together, a does not; 0: b has another protocol */
    int lacking;   /* jobs of both sides that were judged without a class; 0 on other sets than test */
    enum verdict verdict;
};

/* Rows begin .. end - 1 are a family. part is theirs in settings, or in the summary's
 * SUMMARY_LEAKS of a leak table. */
struct compare_family {
    int part, begin, end;
};

/* Why a setting does not tell which of its values is best. */
enum compare_flaw {
    FLAW_NONE,
    /* jobs of it wait, run, failed or diverged: whoever lacks them may be better, or worse */
    FLAW_UNFINISHED,
    FLAW_LACKING, /* test: jobs of it were judged without a class */
    FLAW_REPEATED /* test and oof: its seeds and repeats drew one and the same split */
};

/* Values of the factor over data sets, where all else but the clusters is the same; the first 64 if there are
 * more. */
struct compare_ranking {
    const struct store_job *cell; /* of one of them: what else there is */
    int part;                     /* of `ranked` below */
    int n_datasets, n_values;
    const struct store_job *value[RANKS_MAX_STRATEGIES]; /* a job of each, for combination_label() */
    double average_rank[RANKS_MAX_STRATEGIES];           /* 1 is best */
    struct ranks_friedman test;
    int tested; /* 0: too few data sets, only the ranks say something */
    /* (n_datasets, n_values) groups of the summary, and what is ranked: their means, the larger the better;
     * owned */
    int *group;
    double *mean;
};

struct compare {
    int factor; /* what is compared; FACTOR_PROTOCOL of a leak table */
    /* of the summary's groups: all but the factor and its own axes the same; owned. NULL of a leak table */
    struct partition *settings;
    /* of the groups: as settings, but for the clusters; owned. NULL: nothing is ranked */
    struct partition *ranked;
    char metric[CONFIG_WORD_SIZE];
    enum replicates_set on;
    int better; /* see scores.h */
    int n;
    struct compare_row *row; /* (n) owned; a family's rows stand together */
    int n_families;
    struct compare_family *family; /* (n_families) owned */
    int n_rankings;
    struct compare_ranking *ranking; /* (n_rankings) owned */
};

/* All pairs of values of a factor. replicates are those of the summary. Groups without a replicate
 * are left out; n may be 0. Rankings for FACTOR_STRATEGY and FACTOR_MODEL. Both must outlive *out, which is
 * owned by the caller. E_IO without memory. */
int compare_factor(const struct summary *summary, const struct replicates *replicates, int factor,
                   struct compare **out, struct err *err);

/* Per strategy, clusters, model and other axes: protocol report minus every kfold, or minus holdout where
 * there is no kfold; and where `groups` is an axis, each protocol without groups minus the same with each
 * column of groups, which is what images of one slide or animal on both sides feign. replicates are those of
 * test. No rankings. */
int compare_leak(const struct summary *summary, const struct replicates *replicates, struct compare **out,
                 struct err *err);

/* The flaw of a part of settings (groups of the summary that differ in one factor only), on a set. */
enum compare_flaw compare_setting_flaw(const struct summary *summary, const struct partition *settings,
                                       int part, enum replicates_set on);

/* The verdict in words: `better` or `worse`, with what is to be said of jobs of either side that are not done
 * ("better (jobs were lost)", "worse (jobs are unfinished)"), "no verdict: 7 jobs lack a class", "cannot be
 * significant with n = 4", ... in out. */
void compare_verdict_text(char *out, size_t size, const struct compare_row *row, const char *better,
                          const char *worse);

/* What a row of a leak table is against: "kfold:5", or "holdout, groups slide". In out. */
void compare_against_text(char *out, size_t size, const struct store *store, const struct compare_row *row);

void compare_free(struct compare *compare);

#endif
