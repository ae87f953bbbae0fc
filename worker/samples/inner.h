/* inner.h - the inner set, val: training originals that a job sets aside to choose on, so that nothing is
 * chosen on the images that it is judged by.
 *
 * `inner: {share: 0.2}` sets a share of every class aside as holdout does, `inner: {folds: 5}` deals every
 * class to folds as kfold does and sets the first one aside; groups of the job stay together. What is divided
 * are the training originals, before they are rebalanced. Under protocols that balance first (report, tail)
 * they are the originals on the training side, and every copy, variant and blend of an image of val leaves
 * that side, too. {given: split} has its own val and does not read `inner`.
 *
 * The stream is named by clusters, protocol, seed, repeat, fold, groups and class_sizes: strategies
 * and models share val, a smaller share is part of a larger one, and the sets of jobs without one
 * stay as they are. No MPI. */
#ifndef CELLSWEEP_INNER_H
#define CELLSWEEP_INNER_H

#include "samples/sample.h"
#include "settings/config.h"

/* `inner`, and the jobs that read it: of any protocol but given. */
extern const struct section inner_section;
int inner_is_used(const struct config *config, const struct section *section);

/* The setting of a job; kind INNER_NONE where it does not read it. */
struct config_inner inner_of(const struct config *config);

/* Move the inner set of a job from train to val, which is empty and owned by the caller: nothing when it has
 * none. train keeps its order. group: of every image of the dataset, NULL: images go where they like. E_USAGE
 * naming the cluster that has too few images or groups in train; E_IO without memory. */
int inner_hold(const struct config *config, const struct dataset *data, const int *group,
               struct samples *train, struct samples *val, struct err *err);

/* Images of val at most, of a job with count[c] originals of each class: how many are on the training side of
 * a protocol that balances first is a matter of its seed. */
int inner_n_most(const struct config *config, const int *count);

#endif
