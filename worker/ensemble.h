/* ensemble.h - the networks of a job: one, or the members of an ensemble, and the probabilities they predict together.
 *
 *     struct ensemble *nets = NULL;
 *     rc = ensemble_new(&config, &recipe, &nets, &err);
 *     loss = cnn_train(ensemble_member(nets, m), ...);
 *     ensemble_predict(nets, images, n, probs);
 *     ensemble_free(nets);
 *
 * A recipe's logit_shift is added to the output biases of every member while it predicts, and to those of the stored weights:
 * who reads the weights needs to know nothing of it. Every member has config->batch images of room. No MPI. */
#ifndef CELLSWEEP_ENSEMBLE_H
#define CELLSWEEP_ENSEMBLE_H

#include "cnn.h"
#include "recipe.h"

struct ensemble;

/* The network that a configuration describes. */
struct cnn_shape ensemble_shape(const struct config *config);

/* Networks at their initial weights, recipe->n_members of them. The first one's come from (network, seed, repeat) alone, the
 * same for every strategy and fold; those of the others from their number too. *out is owned by the caller. E_USAGE as cnn_new(). */
int ensemble_new(const struct config *config, const struct recipe *recipe, struct ensemble **out,
                 struct err *err);

int ensemble_n_members(const struct ensemble *ensemble);

/* Network m, to train. Valid until ensemble_free(). */
struct cnn *ensemble_member(struct ensemble *ensemble, int m);

/* Class probabilities (n, n_classes) of n images given by pointer: the mean over the members. */
void ensemble_predict(struct ensemble *ensemble, const float *const *image, int n, float *probs);

/* Parameter vectors of all members, one after the other, to weights and back: ensemble_n_weights() floats. What get writes has the
 * logit_shift in it: put it into an ensemble of a recipe without one. */
size_t ensemble_n_weights(const struct ensemble *ensemble);
void ensemble_get(struct ensemble *ensemble, float *weights);
void ensemble_put(struct ensemble *ensemble, const float *weights);

void ensemble_free(struct ensemble *ensemble);

#endif
