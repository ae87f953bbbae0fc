/* model_net.h - what models that are networks have in common: all of a row (model.h) but its name, its
 * settings and the network that they stand for.
 *
 *     const struct model_kind model_mine = {
 *         .name = "mine", .help = ..., .section = &section, .can = MODEL_NET_CAN,
 *         .identity = identity, .check = check, .network = network, MODEL_NET_FUNCTIONS};
 *
 * check() asks training_check(), too; the last node of network() is a dense or linear layer, the logits.
 * No MPI. */
#ifndef CELLSWEEP_MODEL_NET_H
#define CELLSWEEP_MODEL_NET_H

#include "models/model.h"

#define MODEL_NET_CAN (MODEL_HEEDS | MODEL_EPOCHS)

#define MODEL_NET_FUNCTIONS                                                                                  \
    .work = model_net_work, .room = model_net_room, .bytes = model_net_bytes, .open = model_net_open,        \
    .teach = model_net_teach, .judge = model_net_judge, .n_features = model_net_n_features,                  \
    .embed = model_net_embed, .logit_bias = model_net_logit_bias, .last_layer = model_net_last_layer,        \
    .renew_last = model_net_renew_last, .arrays = model_net_arrays, .restore = model_net_restore,            \
    .close = model_net_close

/* As model.h has them. Models are struct net. */
double model_net_work(const struct config *config, double n_seen, double n_judged);
size_t model_net_room(const struct config *config, int n_train);
size_t model_net_bytes(const struct config *config, int n_train);
int model_net_open(const struct model_spec *spec, void **out, struct err *err);
double model_net_teach(void *model, const struct config *config, const struct batch *batch,
                       const struct loss_rule *loss, float *probs);
void model_net_judge(void *model, const float *const *image, int n, float *probs);
size_t model_net_n_features(const struct config *config);
void model_net_embed(void *model, const float *const *image, int n, float *features);
float *model_net_logit_bias(void *model);
float *model_net_last_layer(void *model, size_t *n);
void model_net_renew_last(void *model, uint64_t start);
void model_net_arrays(void *model, enum model_part part, struct arrays *out);
int model_net_restore(void *model, enum model_part part, const struct arrays *from, struct err *err);
void model_net_close(void *model);

#endif
