/* replicates.h - a metric as numbers that can be compared: one a finished job, or one a repeat of k-fold.
 *
 *     struct replicates *replicates = NULL;
 *     if (replicates_new(store, summary, "auroc", REPLICATES_OOF, &replicates, &err) < 0) ...
 *     replicates->group[g].replicate[i].value ...            in the order of summary->group[g]
 *     replicates_free(replicates);
 *
 * Sets: test, what each job held back; all, every original of its clusters, training images among them; oof
 * ("out of fold"), the held-back predictions of all folds of a repeat pooled, so that every image is judged
 * once by a model that has not seen it. oof needs k-fold and every fold finished; else there is no replicate.
 *
 * The replicate of a test is a job in test and all, and a repeat of a seed in oof. Repeats and seeds are
 * alike: each draws its own split, its own initial weights and, with class_sizes, its own originals, so n =
 * seeds x repeats. Only where seeds and repeats drew some splits again (summary.h) replicates are runs of
 * fewer splits: tests and means of scores take the runs of a split as one, their mean. All of them judge the
 * same images: a test of them tells what other seeds and splits of these images would give, nothing about
 * other images.
 *
 * Metrics: every score of scores.h; on test also loss and balanced_accuracy_as_published. accuracy and
 * balanced_accuracy of test and all come from the stored matrices, in double precision, so that runs which
 * are equally good are equal; loss and balanced_accuracy_as_published from the stored metrics of the judged
 * epoch, in single precision; the rest from stored probabilities, which needs no rerun. No MPI. */
#ifndef CELLSWEEP_REPLICATES_H
#define CELLSWEEP_REPLICATES_H

#include "stats/scores.h"
#include "stats/summary.h"

enum replicates_set { REPLICATES_TEST, REPLICATES_ALL, REPLICATES_OOF, N_REPLICATES_SETS };

/* "test", "all", "oof". */
extern const char *const replicates_set_names[N_REPLICATES_SETS];

struct replicate {
    int64_t seed;
    int repeat, fold; /* fold is 0 in oof */
    double value;     /* NaN: undefined */
    uint64_t split;   /* the same of replicates that are runs of one split (`first` of summary.h); 0: alone */
};

/* One group's, ordered by seed, repeat, fold. */
struct replicates_group {
    int n;
    struct replicate *replicate; /* (n) */
    /* Images that judge over images that train when replicates are splits of the same images (kfold
     * and holdout on test and all): the correlation that a test has to allow for (stats_corrected_t).
     * The mean of n_test / (n_drawn - n_test) over the finished jobs of the group, so uneven folds of
     * groups have their own. n_test is that of /jobs; n_drawn is the sum of class_sizes (where an axis
     * had to cut their list: originals of role 0 or 1 of the first job), or without them the number
     * of originals of the clusters (the sum of /confusion/all): what a strategy adds or leaves out of
     * the training part does not count. NaN where replicates are runs with different seeds (report,
     * tail, oof), and where n_test is 0 or n_drawn. */
    double test_ratio;
    double rounding; /* a value is off by at most this share of itself: 2^-24 of stored metrics, else 0 */
};

struct replicates {
    char metric[CONFIG_WORD_SIZE];
    enum replicates_set on;
    int better; /* 1: more is better, -1: less is better, 0: neither */
    int n_groups;
    struct replicates_group *group; /* (n_groups) as in the summary; owned */
};

/* *out is owned by the caller. E_USAGE for a metric that does not exist on this set. */
int replicates_new(struct store *store, const struct summary *summary, const char *metric,
                   enum replicates_set on, struct replicates **out, struct err *err);

/* Any number of each job instead: number (J), NaN for none. As of test, of stored metrics; more is better. */
int replicates_of_jobs(struct store *store, const struct summary *summary, const double *number,
                       struct replicates **out, struct err *err);

/* Every score of scores.h at once: mean and interval over the replicates of each group, (n_groups, n_scores),
 * n 0 where there are none. Intervals are made as those of summary.h: on test they allow for shared images,
 * all and oof are Student's t over replicates that judge the same images. *out is freed by the caller. */
int replicates_scores(struct store *store, const struct summary *summary, enum replicates_set on,
                      struct stats_summary **out, struct err *err);

void replicates_free(struct replicates *replicates);

/* Mean and interval of a group's values as in summary.h, cut to 0 .. 1; runs of one split are one value.
 * from: the same group there, whose test_ratio an interval allows for, not that of tests; value (n) and
 * count (2 n) are room. */
struct stats_summary replicates_interval(const struct replicates_group *group,
                                         const struct summary_group *from, double *value, int *count);

/* Mean of the values that are not NaN; NaN when there is none. */
double replicates_mean(const struct replicates_group *group);

#endif
