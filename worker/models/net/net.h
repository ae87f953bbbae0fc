/* net.h - a network at work: memory, forward and backward passes, steps of an optimiser.
 *
 *     struct net *net = NULL;
 *     if (net_new(&nodes, batch, &optimiser_adam, &net, &err) < 0) ...
 *     net_init(net, rng_key("weights", ...));
 *     loss = net_train(net, &batch, &loss_rule, &update, probs);    one step, by the optimiser's constants
 *                                                                   for it
 *     net_predict(net, images, n, probs);                           any n, no dropout
 *     net_free(net);
 *
 * The last node's outputs are the logits of a softmax. Float32, channels-last. NaN and infinity propagate.
 * One network is used by one thread; several may exist. The same call sequence gives the same bits on one
 * instruction set. No MPI. */
#ifndef CELLSWEEP_NET_H
#define CELLSWEEP_NET_H

#include "models/net/nodes.h"
#include "models/net/optimiser.h"
#include "samples/batches.h"
#include "err.h"
#include "base/loss.h"

#include <stddef.h>
#include <stdint.h>

struct net;

/* Bytes of memory of a network of finished nodes for batches of up to max_batch images, with the kernels
 * selected. */
size_t net_bytes(const struct nodes *nodes, int max_batch, const struct optimiser *optimiser);

/* A network of finished nodes for batches of up to max_batch images, with zero weights, to be taught by an
 * optimiser, one that fuses when the nodes' updates are fused. All memory is allocated here. E_IO when there
 * is none. *out is owned by the caller. */
int net_new(const struct nodes *nodes, int max_batch, const struct optimiser *optimiser, struct net **out,
            struct err *err);

/* Glorot-uniform weights, limit sqrt(6 / (fan_in + fan_out)); the rest of the parameters, and the buffers, at
 * their start; moments zero and step count 0. Array p of the parameters draws from substream p of `key`. */
void net_init(struct net *net, uint64_t key);

/* The weights of the last node from a stream, as net_init() draws them; its other parameters at their start,
 * all moments and the step count zero. */
void net_renew_last(struct net *net, uint64_t key);

/* One training step: forward with dropout, loss (mean over the batch of weight * loss), backward, gradients
 * clipped as torch.nn.utils.clip_grad_norm_ does (not those of fused updates), the optimiser's
 * update; of batches with last_only, of the last node alone, whatever else there is as it judges, but for
 * dropout. probs: (n, C) softmax outputs of the forward
 * pass (dropout active, no logit_offset), overwritten. Returns the loss. */
double net_train(struct net *net, const struct batch *batch, const struct loss_rule *loss,
                 const struct update *update, float *probs);

/* The same forward and backward pass, without the update but with what it leaves in buffers: gradient of the
 * loss in grad (n_params floats, overwritten), logits (n, C) before any logit_offset. For tests. Returns the
 * loss. */
double net_gradient(struct net *net, const struct batch *batch, const struct loss_rule *loss, float *logits,
                    float *grad);

/* Class probabilities (n, C) of n images given by pointer, dropout off; any n, done in batches of its own. */
void net_predict(struct net *net, const float *const *image, int n, float *probs);

/* What the last node gets of n images, dropout off: activations (n, net_n_features) of the last hidden layer;
 * batches as net_predict(). */
size_t net_n_features(const struct nodes *nodes);
void net_features(struct net *net, const float *const *image, int n, float *features);

/* The parameter vector, n_params floats, and what the optimiser goes on with: its moments, n_params floats
 * each, one after the other, and the number of steps. Valid until net_free; may be written. */
float *net_params(struct net *net);
float *net_moments(struct net *net);
int64_t *net_steps(struct net *net);

/* The buffers of its nodes, nodes_n_buffers() floats: with the parameters, all that it judges by. The same
 * holds. */
float *net_buffers(struct net *net);

/* What it is made of, as it runs, and what teaches it. */
const struct nodes *net_nodes(const struct net *net);
const struct optimiser *net_optimiser(const struct net *net);

void net_free(struct net *net);

#endif
