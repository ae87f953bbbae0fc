/* cost.h - what rebalancing gains in balanced accuracy, and what it costs in Brier score, log loss and
 * calibration error: each strategy against none, all else the same, on test, row by row of the comparisons
 * behind findings.h.
 *
 *     struct cost cost;
 *     for (int at = 0; cost_next(findings, &at, &cost);) ...
 *
 * Words of rows claim a difference only where its p, adjusted by Holm for the setting, is significant; the
 * sentence only where p is, adjusted for all comparisons of all settings that count (overall.h), each score
 * by itself. No MPI. */
#ifndef CELLSWEEP_COST_H
#define CELLSWEEP_COST_H

#include "figures/costs_page.h"
#include "tables/findings.h"

#include <stdio.h>

/* A score of the strategy minus that of none, positive: more of it. NaN: not compared. */
struct cost_side {
    double difference, low, high, p_holm;
    int sign;         /* 1: significantly better, -1: worse, 0: no evidence, or no verdict */
    const char *word; /* "gained", "lost", "cost", "no evidence", ...; a constant */
};

struct cost {
    const struct summary_group *group; /* of the strategy */
    int family, n;                     /* the family of the comparison; pairs */
    int row, brier_row;                /* of the comparisons by either score; -1: not compared */
    struct cost_side balanced, brier, log_loss, ece;
};

/* The next strategy that is shown from row *at on, which moves on; 0: none is left. */
int cost_next(const struct findings *findings, int *at, struct cost *out);

/* All of them for figures: *out (n, returned) is owned by the caller (free). Negative: E_IO. */
int cost_rows(const struct findings *findings, struct costs_row **out, struct err *err);

/* Settings that count in which some strategy stands beside none. */
int cost_n_settings(const struct findings *findings);

/* The sentence, "Against none: oversample gained 0.051 (0.012 to 0.090) in balanced accuracy and cost 0.030
 * (0.011 to 0.049) in Brier score." Of several settings: in how many, and the mean difference over all that
 * count; and how many have a difference when each is taken by itself, where those are more. A line; nothing
 * where no strategy stands beside none in a setting that counts. */
void cost_sentence(FILE *file, const struct findings *findings);

#endif
