/* training_cost.h - accuracy against what it costs: strategies, and models, where all else is the same.
 *
 *     struct training_cost *cost = NULL;
 *     if (training_cost_new(store, summary, strategies, models, &cost, &err) < 0) ...
 *     cost->place[p].point[i].balanced.mean, .cost[COST_IMAGES], .front[COST_IMAGES]
 *     training_cost_free(cost);
 *
 * A place is a set of clusters, a protocol and values of other axes; its points are the strategies that have
 * finished jobs there, of every model, or, where that would be more than TRAINING_COST_MOST points, of one
 * model. Costs:
 *     images    those that a job sees in training: what its strategy makes of the training set (n_train)
 *               times the epochs it did, once of models that learn at once; the mean over jobs. The same on
 *               any machine. An image that several networks of an ensemble see counts once; trials of
 *               tuning are not counted. Not known of a model that was trained elsewhere.
 *     seconds   median of its jobs, job_seconds.h: of the machine that ran it
 *
 * The front (pareto.h) is of means: a point of it may be there by chance. Where pairs are tested (compare.h,
 * adjusted over the whole sweep: overall.h), a point is beaten only by those that cost no more and are
 * significantly better; seconds and images themselves are not tested. Pairs that differ in strategy and in
 * model are not compared. A group whose test images were seen in training is on no front and beats nobody:
 * its accuracy is no estimate. No MPI. */
#ifndef CELLSWEEP_TRAINING_COST_H
#define CELLSWEEP_TRAINING_COST_H

#include "stats/compare.h"

enum training_costs { COST_IMAGES, COST_SECONDS, N_TRAINING_COSTS };

enum { TRAINING_COST_MOST = 32 };

/* "images", "seconds". */
extern const char *const training_cost_names[N_TRAINING_COSTS];

struct training_cost_point {
    const struct summary_group *group;
    struct stats_summary balanced; /* test balanced accuracy over its runs, summary_level interval */
    double epochs;                 /* done, mean over jobs; of what learns at once 1 */
    double cost[N_TRAINING_COSTS]; /* NaN: not known */
    int timed;                     /* jobs behind its seconds */
    int leaks;                     /* 1: test images were seen in training */
    int front[N_TRAINING_COSTS];   /* 1 on the front of means, 0 behind it, -1: it takes no part */
    int beaten[N_TRAINING_COSTS];  /* how many points are shown to beat it, by a test */
    int tested;                    /* other points of the place that it is tested against */
};

struct training_cost_place {
    int n, n_models;
    struct training_cost_point *point; /* (n) owned; two at least */
    int pairs, tested;                 /* pairs of points that do not leak; those with a test */
    double chance;                     /* balanced accuracy of guessing */
};

struct training_cost {
    int n_places;
    struct training_cost_place *place; /* (n_places) owned */
};

/* strategies, models: on test, of summary, the whole file; models may be NULL. All must outlive *out, which
 * is owned by the caller. E_IO. */
int training_cost_new(struct store *store, const struct summary *summary, const struct compare *strategies,
                      const struct compare *models, struct training_cost **out, struct err *err);

/* "none", "smote (k 3), cnn": a point among those of its place, in out. */
enum { TRAINING_COST_NAME = 2 * COMBINATION_LABEL_SIZE };
const char *training_cost_name(const struct summary *summary, const struct training_cost_place *place,
                               const struct training_cost_point *point, char out[TRAINING_COST_NAME]);

/* "1 200", "3.4 million": a number of images for people, in out. */
enum { TRAINING_COST_IMAGES = 32 };
const char *training_cost_images(double images, char out[TRAINING_COST_IMAGES]);

/* A place in a few sentences, without a line end: what is best, what is on the fronts, what a test says. */
void training_cost_words(FILE *file, const struct summary *summary, const struct training_cost *cost,
                         int place);

/* cost may be NULL. */
void training_cost_free(struct training_cost *cost);

#endif
