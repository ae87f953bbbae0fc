/* which_model.h - which model: what each is good for, and what it costs.
 *
 *     struct which_model *which = NULL;
 *     if (which_model_new(store, summary, compare, &which, &err) < 0) ...
 *     which->place[p].value[v].balanced, .rank, .seconds
 *     which_model_free(which);
 *
 * A place is all else the same but the clusters: a strategy, a protocol and values of other axes; the models
 * that have finished jobs there stand beside each other. Means are over the sets of clusters that all of them
 * have, as in the rankings of compare.h: the same for every model, none of them flawed. Over several sets
 * there is their range, which is no interval: sets of clusters are chosen, not drawn. Of one set there is the
 * interval over its runs, as in summary.h.
 *
 * Seconds are those from start to end of a job on its core, judging included, of jobs that ran in one go
 * (attempts 1): another machine has others, and what else it does counts. Medians, because the first job of a
 * rank may wait for its images. No MPI. */
#ifndef CELLSWEEP_WHICH_MODEL_H
#define CELLSWEEP_WHICH_MODEL_H

#include "stats/compare.h"

/* A model, with the axes of its own that vary, on one set of clusters. */
struct which_point {
    const struct summary_group *group;
    struct stats_summary balanced; /* test balanced accuracy over its runs, summary_level interval */
    double seconds;                /* median of its jobs; NaN: none ran in one go */
    double chance;                 /* balanced accuracy of guessing: one over the number of classes */
};

/* A model over the sets of clusters of a place. */
struct which_value {
    const struct store_job *cell; /* a job of it, for combination_label() */
    int number;                   /* of the model in the file, from 0: the same in every place */
    double balanced, low, high;   /* mean over sets, the least and the greatest; of one set its interval */
    int runs;                     /* values behind it, the fewest of any set */
    double rank;                  /* average over sets, 1 is best */
    double seconds, fastest, slowest; /* of its timed jobs on all these sets: median, least, most; or NaN */
    int timed;
    /* of its comparisons with others here those that count, and are significant over the whole sweep
     * (overall.h) */
    int compared, better, worse;
};

struct which_place {
    const struct compare_ranking *ranking; /* the sets, the values, and tests of ranks */
    struct which_point *point;             /* (n_datasets, n_values) owned */
    struct which_value *value;             /* (n_values) owned */
    double chance;                         /* of all its sets; NaN: they have different ones */
};

struct which_model {
    int n_places;
    struct which_place *place; /* (n_places) owned; those with two models and a set that has both */
    int comparisons;           /* that were adjusted together */
};

/* compare: of models, on test, of summary, the whole file. Both must outlive *out, which is owned by the
 * caller. E_IO. */
int which_model_new(struct store *store, const struct summary *summary, const struct compare *compare,
                    struct which_model **out, struct err *err);

/* 1 when average ranks a and b of a place differ: Friedman's test (Iman and Davenport) finds a difference and
 * they are further apart than Nemenyi's critical difference. */
int which_model_differs(const struct which_place *place, double a, double b);

/* Models in the order of their average rank, the best first: order (n_values). */
void which_model_order(const struct which_place *place, int *order);

/* "forest", "knn (k 3)": a model with those of its own axes that vary, as everywhere, in out. */
const char *which_model_name(const struct summary *summary, const struct store_job *cell,
                             char out[COMBINATION_LABEL_SIZE]);

enum { WHICH_MODEL_SECONDS_SIZE = 32 };

/* "0.0025", "12", "340": two digits, all before the point; "-" when it is NaN. In out, which it returns. */
const char *which_model_seconds(double seconds, char out[WHICH_MODEL_SECONDS_SIZE]);

/* A place in a few sentences, a line without its end: who has the best mean, who is fastest, what tests of
 * ranks and of pairs say of it, and what cannot be said. summary: that which `which` was made of. */
void which_model_words(FILE *file, const struct summary *summary, const struct which_model *which, int place);

/* which may be NULL. */
void which_model_free(struct which_model *which);

#endif
