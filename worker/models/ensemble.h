/* ensemble.h - the models of a job: one, or the members of an ensemble, and the probabilities they predict
 * together.
 *
 *     struct ensemble *nets = NULL;
 *     rc = ensemble_new(&config, &recipe, job_key, &nets, &err);
 *     loss = kind->teach(ensemble_member(nets, m), ...);
 *     ensemble_predict(nets, images, n, probs);
 *     ensemble_free(nets);
 *
 * The last layer of every member is multiplied by a recipe's logit_scale, and then its logit_shift added to
 * the output biases, while it predicts and in the stored weights: who reads the weights needs to know nothing
 * of it. No MPI. */
#ifndef CELLSWEEP_ENSEMBLE_H
#define CELLSWEEP_ENSEMBLE_H

#include "models/model.h"
#include "base/recipe.h"

struct ensemble;

/* Models at their initial weights, recipe->n_members of them, or one where the model has no weights. The
 * first one's come from (identity, seed, repeat) alone, the same for every strategy and fold; those of
 * the others from their number too. job_key NULL: only to predict. *out is owned by the caller. Errors
 * are those of the model's open. */
int ensemble_new(const struct config *config, const struct recipe *recipe, const char *job_key,
                 struct ensemble **out, struct err *err);

int ensemble_n_members(const struct ensemble *ensemble);

/* Model m, for the functions of its row. Valid until ensemble_free(). */
void *ensemble_member(struct ensemble *ensemble, int m);

/* The last layer of every member begins anew (MODEL_LAST), from a stream of its own of what the
 * initial weights come from. */
void ensemble_renew_last(struct ensemble *ensemble, const struct config *config);

/* What makes the rows of features that the models are given, and keeps what that has learnt among the arrays;
 * NULL where they are given pixels. Valid until ensemble_free(). */
struct features;
struct features *ensemble_features(struct ensemble *ensemble);

/* Class probabilities (n, n_classes) of what models are given, pixels or rows of features, by pointer: the
 * mean over the members. */
void ensemble_judge(struct ensemble *ensemble, const float *const *image, int n, float *probs);

/* The same of n images, whose features are made first. */
void ensemble_predict(struct ensemble *ensemble, const float *const *image, int n, float *probs);

/* Add the arrays of features, and of all members, "member1." before the names of the second among several.
 * Valid until they change. */
void ensemble_arrays(struct ensemble *ensemble, enum model_part part, struct arrays *out);

/* Take over such arrays. E_USAGE when they are of other models: those before the first that they do
 * not fit are changed. */
int ensemble_restore(struct ensemble *ensemble, enum model_part part, const struct arrays *from,
                     struct err *err);

/* The arrays of MODEL_KEPT one after the other, to weights and back: ensemble_n_weights() floats, at which
 * each begins; where they grow (MODEL_GROWS), each with its dimensions before it, ARRAY_MAX_RANK int64. What
 * get writes has logit_scale and logit_shift in it: put it into an ensemble of a recipe without. n floats may
 * be more than were written. E_USAGE from put when they are of other models, E_IO without memory, which only
 * those that grow need: members before the first that they do not fit are changed. */
size_t ensemble_n_weights(struct ensemble *ensemble);
void ensemble_get(struct ensemble *ensemble, float *weights);
int ensemble_put(struct ensemble *ensemble, const float *weights, size_t n, struct err *err);

void ensemble_free(struct ensemble *ensemble);

#endif
