/* batches.h - the mini-batches of an epoch: which training samples meet, mixed or
 * not, with which loss weights.
 *
 *     batches_start(batches, member, epoch);
 *     while (batches_next(batches, step, &batch) > 0)
 *         ... net_train(net, &batch, ...); batches->label ...
 *
 * Plain: every sample of the member once, in an order drawn anew each epoch, the last batch smaller.
 * recipe.balanced_batches: as many samples and batches, but classes take turns, so that each has as many
 * places in a batch (one more or less); a place takes a sample of its class at random, with replacement.
 * recipe.retrain_from: from that epoch on the same, and batches are for the last layer only.
 * recipe.mixup_alpha: each sample of a batch is blended with the one that a random permutation of the batch
 * puts beside it, one share lambda ~ Beta(alpha, alpha) a batch; targets are blended as loss weights say: the
 * loss is lambda w_i L(x, y_i) + (1 - lambda) w_j L(x, y_j). The metrics take such a sample for one of the
 * class with the larger share.
 *
 * recipe.smoothing: the target of a class, blended or not, leaves a share to the other classes.
 *
 * train.augment all: every sample is seen through a warp of its own each epoch, with the ranges of strategy
 * augment (augment.h): the original of it where it is a variant, so that warps do not add up; the blend where
 * it is one; mixup blends what it has warped. The warp depends on the job, the image and which copy of it,
 * the network, the epoch, and with balanced batches on the place in it, not on the order.
 * train.label_smoothing s: targets are (1 - s) t + s / C, as torch.nn.CrossEntropyLoss(label_smoothing = s)
 * has them; the class weight of a sample multiplies all of its loss.
 *
 * All of it is a pure function of samples, key, member, epoch and step. No MPI. */
#ifndef CELLSWEEP_BATCHES_H
#define CELLSWEEP_BATCHES_H

#include "rng.h"
#include "samples/sample.h"

/* One mini-batch. Everything is only read. */
struct batch {
    int n;                     /* samples, 1 or more */
    int per_epoch;             /* mini-batches of an epoch of the network that it is for */
    int64_t step;              /* its number among all of that network, from 0 */
    const float *const *image; /* (n) pointers to (size, size) pixels */
    const float *target;   /* (n, C) class probabilities, rows sum to 1: one-hot unless mixed or smoothed */
    const float *weight;   /* (n) loss weight of each sample */
    int last_only;         /* 1: only the last layer learns (MODEL_LAST) */
    uint64_t dropout_key;  /* stream of the dropout masks ... */
    uint64_t dropout_step; /* ... and its substream: the number of this step in the job */
};

struct batches {
    int *label; /* (batch) class index of each sample of the batch in hand; owned by batches */
    struct batches_room *room;
};

/* train.label_smoothing, for models that learn from soft targets; train.augment, for all that learn from
 * mini-batches. */
extern const struct section smoothing_section, batches_section;

/* train.label_smoothing of config. */
double batches_label_smoothing(const struct config *config);

/* 1 when train.augment of config is all. */
int batches_augment_all(const struct config *config);

/* Room for mini-batches of up to config->batch samples of samples->train, which must be rendered and outlive
 * it. key names the job's streams. 0 or E_IO; then *out holds nothing. */
int batches_new(const struct config *config, const struct dataset *data, const struct job_samples *samples,
                const char *key, struct batches *out, struct err *err);

/* Begin an epoch (from 0) of network `member` (from 0). Returns how many samples it will see. */
int batches_start(struct batches *batches, int member, int epoch);

/* The next mini-batch; step counts training steps of the job and names the batch's streams. *out is valid
 * until the next call. Returns its size, 0 at the end of the epoch. */
int batches_next(struct batches *batches, uint64_t step, struct batch *out);

/* One draw from Beta(alpha, alpha), alpha > 0: from two gamma variates by Marsaglia and Tsang (2000), in
 * logarithms, since for a small alpha both may be smaller than any double. */
double batches_beta(struct rng *rng, double alpha);

void batches_free(struct batches *batches);

#endif
