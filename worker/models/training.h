/* training.h - how a model that learns step by step takes its steps: train.* settings that all such models
 * share, and the step itself for those that are networks.
 *
 *     training_new(config, &nodes, &net, &err);
 *     loss = training_teach(net, config, &batch, &loss_rule, probs);
 *
 * No MPI. */
#ifndef CELLSWEEP_TRAINING_H
#define CELLSWEEP_TRAINING_H

#include "models/net/net.h"
#include "models/rate.h"
#include "settings/config.h"

struct training {
    char optimizer[CONFIG_WORD_SIZE]; /* a row of net/optimiser.h */
    double clip_norm;                 /* of all gradients together, at most; 0: any */
};

/* Of struct training. */
extern const struct section training_section;

/* 1 when the model of config learns step by step, or one that makes its features. */
int training_is_used(const struct config *config, const struct section *section);

/* 1 when its optimiser reads a section; when its schedule does. */
int training_optimiser_reads(const struct config *config, const struct section *section);
int training_schedule_reads(const struct config *config, const struct section *section);

/* 1 when the model of config learns step by step from soft targets. */
int training_smooths(const struct config *config, const struct section *section);

/* 0, or E_USAGE when the settings do not go together. For the check() of models that read them. */
int training_check(const struct config *config, struct err *err);

/* Bytes of a network of finished nodes, one a layer, for the mini-batches of config, and one, fused as its
 * optimiser allows, with zero weights. Errors are those of net_new(). */
size_t training_bytes(const struct config *config, const struct nodes *nodes);
int training_new(const struct config *config, const struct nodes *nodes, struct net **out, struct err *err);

/* One training step, as net_train(), at the rate that is due. */
double training_teach(struct net *net, const struct config *config, const struct batch *batch,
                      const struct loss_rule *loss, float *probs);

#endif
