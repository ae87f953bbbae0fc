/* split.h - the protocols: which samples train and which ones judge, one table of small functions.
 *
 *     const struct split_rule *rule = split_rule(PROTOCOL_HOLDOUT);
 *     int n_train = rule->arrange(&task, &rng, order);
 *
 * arrange() permutes the positions of a list: order[0 .. n_train-1] train, the rest judges. Whether that list
 * is the originals or the rebalanced samples is what balances_first says:
 *     report   rebalance, shuffle, cut by position      judged on the rest, copies of training images among
 *                                                       it
 *     tail     rebalance, cut by position               as Keras' validation_split: the last part, unshuffled
 *     holdout  cut every class, rebalance training      judged on untouched originals
 *     kfold    deal every class to folds, rebalance     every original judged once a repeat
 *     given    sets as the images came, rebalance       judged on set test, whatever the seed
 * report and tail train on int(n * (1 - validation)) samples, rounded down as Keras does it (and at least one
 * on each side); holdout judges round(n_c * validation) of every class, at least one on each side. Folds
 * differ by at most one sample, in every class and in all. given divides the images of sets train and test;
 * those of val and of no set are in no list that it splits. With groups, holdout and kfold deal whole groups
 * and come as near to that as they can: groups.h.
 *
 * The stream is named by clusters, protocol, seed and repeat, and the column of groups, not by strategy, fold
 * or job: strategies of one seed share their split, and the folds of a repeat are parts of one. report and
 * tail split what was rebalanced: there only strategies that leave the list of samples as it is (none,
 * reweight, mixup ...) share a split; the others share the stream, not what it divides.
 *
 * The same rules divide what a job trains on once more, for an inner set (inner.h). No MPI. */
#ifndef CELLSWEEP_SPLIT_H
#define CELLSWEEP_SPLIT_H

#include "settings/config.h"
#include "rng.h"
#include "samples/sample.h"

struct split_task {
    const struct config *config;   /* protocol, validation, fold; clusters for messages */
    const struct samples *samples; /* the list to split; class after class unless balances_first */
    int n_classes;
    const struct dataset_image *image; /* of the dataset: protocol given heeds their sets */
    const int *group; /* number of the group of every image of the dataset; NULL: images go where they like */
    int is_inner;     /* 1: what is divided are training images, for an inner set; for messages */
};

struct split_rule {
    /* 1: the whole list is rebalanced, then split; 0: split, then the training part is rebalanced */
    int balances_first;
    int needs_folds;  /* 1: a class needs `folds` images; 0: it needs min_images */
    int min_images;   /* of every class */
    int keeps_groups; /* 1: task->group is heeded (groups.h); 0: it must be NULL */
    int (*arrange)(const struct split_task *task, struct rng *rng, int *order);
};

/* Row of a protocol. */
const struct split_rule *split_rule(enum protocol kind);

/* Images a class needs under the protocol of config. */
int split_min_images(const struct config *config);

/* The stream of a job's split at its beginning. */
struct rng split_stream(const struct config *config);

/* Images that holdout judges of a class with `count`: at least one on each side, none of none. */
int split_n_held(const struct config *config, int count);

/* Canonical name of a job's split in out, e.g. "8-10 holdout 0.2 seed=1 repeat=0"; returns its length. */
size_t split_identity(const struct config *config, char *out, size_t size);

/* The same with fold, groups and class_sizes: what names streams that strategies and models of a job share.
 * out: SPLIT_JOB_IDENTITY_SIZE bytes always hold it. */
enum { SPLIT_JOB_IDENTITY_SIZE = 2 * SETTING_TEXT_SIZE + 256 + CONFIG_WORD_SIZE };
size_t split_job_identity(const struct config *config, char *out, size_t size);

/* The rule of config applied to a list: train and test (empty, owned by the caller) get its samples. 0, E_IO,
 * or E_USAGE when groups_hold() refuses. */
int split_samples(const struct split_task *task, struct rng rng, struct samples *train, struct samples *test,
                  struct err *err);

#endif
