/* compare.h - who is better than whom: every pair of strategies within the same clusters, protocol and other axes; and leak
 * inflation: how much more a protocol that leaks promises than one that does not.
 *
 *     struct compare *compare = NULL;
 *     if (compare_strategies(store, summary, "balanced_accuracy", UNITS_VAL, &compare, &err) < 0) ...
 *     compare->row[i].a, .b, .contrast.mean, .p_holm, .verdict
 *     compare_free(compare);
 *
 * p values of a family (the pairs of one cell; the strategies of the same clusters in a leak table) are adjusted by Holm. A difference without
 * significance is no win. When there are RANKS_MIN_DATASETS cluster pairs that all have the same strategies, each protocol
 * also gets Friedman's test over them, average ranks and Nemenyi's critical difference. No MPI. */
#ifndef CELLSWEEP_COMPARE_H
#define CELLSWEEP_COMPARE_H

#include "contrast.h"
#include "ranks.h"

/* Row: the summary's groups a and b, a - b. */
struct compare_row {
    const struct summary_group *a, *b;
    int group_a, group_b;  /* their indices */
    double mean_a, mean_b; /* over their own units */
    struct contrast contrast;
    double p_holm;
    int family; /* how many p values it was adjusted for */
    enum verdict verdict;
};

/* Strategies over data sets, within a protocol, model and other axes; the first 64 if there are more. */
struct compare_ranking {
    const struct store_job *cell; /* of one of them: protocol, model, axes */
    int n_datasets, n_strategies;
    const char *strategy[RANKS_MAX_STRATEGIES];
    double average_rank[RANKS_MAX_STRATEGIES]; /* 1 is best */
    struct ranks_friedman test;
    int tested; /* 0: too few data sets, only the ranks say something */
};

struct compare {
    char metric[CONFIG_WORD_SIZE];
    enum units_set on;
    int better; /* see scores.h */
    int n;
    struct compare_row *row; /* (n) owned; a family's rows stand together */
    int n_rankings;
    struct compare_ranking *ranking; /* (n_rankings) owned */
};

/* All pairs of strategies. Groups without a unit are left out; n may be 0. E_USAGE for an unknown metric. */
int compare_strategies(struct store *store, const struct summary *summary, const char *metric,
                       enum units_set on, struct compare **out, struct err *err);

/* Per strategy and clusters: protocol report minus kfold, or minus holdout where there is no kfold. On val. No rankings. */
int compare_leak(struct store *store, const struct summary *summary, const char *metric, struct compare **out,
                 struct err *err);

/* 1 when two groups differ in nothing but strategy (protocol). */
int compare_same_but_strategy(const struct summary *summary, const struct summary_group *a,
                              const struct summary_group *b);
int compare_same_but_protocol(const struct summary *summary, const struct summary_group *a,
                              const struct summary_group *b);

/* 1 when two cells have the same protocol, model and other axes. */
int compare_same_setting(const struct summary *summary, const struct store_job *a, const struct store_job *b);

void compare_free(struct compare *compare);

#endif
