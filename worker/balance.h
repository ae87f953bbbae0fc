/* balance.h - the rebalancing strategies, one table of small functions.
 *
 * A strategy turns the samples it is given into the samples to train on, and may set class weights. To add one: write
 * its function in balance.c, add its row to balance_strategies. Random choices come from the job's own stream.
 *
 * Class sizes are those of the samples given: all originals of the job, or its training part, as the protocol says. With
 * more than two classes every class is brought to the size of the largest (oversample, augment) or of the smallest
 * (undersample), and the weight of class c is n / (n_classes * n_c), which for two classes is the published formula. */
#ifndef CELLSWEEP_BALANCE_H
#define CELLSWEEP_BALANCE_H

#include "rng.h"
#include "sample.h"

struct balance {
    const struct config *config;
    const struct dataset *data; /* whose images the samples point at */
    int n_classes;
    struct rng rng; /* the job's "balance" stream */
    struct samples *
        samples; /* in: originals; out: rebalanced. Added samples stand at the end, kept ones in their order */
    float *class_weight; /* (n_classes) 1 on entry */
    int *copies; /* (data->n_images) copies made of each image so far; balance_apply() sets and frees it */
};

struct balance_strategy {
    const char *name;
    const char *help; /* one line for --help and the README */
    int (*apply)(struct balance *balance, struct err *err);
};

/* The table, ended by a row without name. */
extern const struct balance_strategy balance_strategies[];

/* Check a strategy text ("augment", "augment+reweight"). E_USAGE with the list of names. */
int balance_check(const char *strategy, struct err *err);

/* The job's "balance" stream at its beginning, from the job's key. */
struct rng balance_stream(const char *job_key);

/* Apply a strategy text, its parts from left to right, then the cap rule if balance.threshold and balance.cap are both
 * on: a class with fewer images than the threshold is filled up with duplicates drawn with replacement until it has cap
 * images in all; a class that has them already stays as it is. E_USAGE for an unknown strategy, E_IO without memory;
 * then the samples may be half rebalanced, but can be freed. */
int balance_apply(const char *strategy, struct balance *balance, struct err *err);

#endif
