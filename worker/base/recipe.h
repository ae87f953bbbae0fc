/* recipe.h - how a job trains on its samples, as its strategies have set it. job.c obeys, and
 * asks no strategy's name.
 *
 * All zero but the class weights, it is plain training: cross-entropy, every sample
 * once an epoch, one network. */
#ifndef CELLSWEEP_RECIPE_H
#define CELLSWEEP_RECIPE_H

#include "settings/config.h"
#include "base/loss.h"

#include <limits.h>

enum { RECIPE_MAX_MEMBERS = 64, RECIPE_NEVER = INT_MAX };

struct recipe {
    float class_weight[CONFIG_MAX_CLUSTERS]; /* loss weight of each class */
    int late_from;                           /* from this epoch on (from 0) ... */
    float late_weight[CONFIG_MAX_CLUSTERS];  /* ... the weights are multiplied by these */
    enum loss_kind loss;
    double gamma;                            /* of the focal loss */
    float logit_offset[CONFIG_MAX_CLUSTERS]; /* added to the logits while training */
    float margin[CONFIG_MAX_CLUSTERS];       /* where logit_scale is not 0: of loss.h, while training */
    /* What logits are multiplied by, while training and wherever the trained network predicts; 0: nothing
     * is */
    double logit_scale;
    float logit_shift[CONFIG_MAX_CLUSTERS]; /* added to these wherever the trained network predicts */
    /* Share of a class's targets that goes to the other classes, evenly, from 0 to below 1: the target of a
     * sample of class y is 1 - smoothing[y] at y and smoothing[y] / (n_classes - 1) elsewhere. */
    float smoothing[CONFIG_MAX_CLUSTERS];
    int balanced_batches; /* 1: every mini-batch holds as many samples of each class, drawn with
                                              * replacement; as many batches an epoch as without */
    /* From this epoch on (from 0) the last layer alone learns, on balanced batches; in it, it begins anew */
    int retrain_from;
    double mixup_alpha; /* lambda ~ Beta(alpha, alpha); 0: samples are not mixed */
    int n_members;      /* networks, 1 to RECIPE_MAX_MEMBERS; probabilities are their mean */
};

/* Plain training. */
static inline struct recipe recipe_plain(void)
{
    struct recipe recipe = {.n_members = 1, .retrain_from = RECIPE_NEVER};
    for (int c = 0; c < CONFIG_MAX_CLUSTERS; c++)
        recipe.class_weight[c] = recipe.late_weight[c] = 1;
    return recipe;
}

/* Loss weight of a class in an epoch (from 0). */
static inline float recipe_weight(const struct recipe *recipe, int label, int epoch)
{
    return epoch < recipe->late_from ? recipe->class_weight[label]
                                     : recipe->class_weight[label] * recipe->late_weight[label];
}

/* What it makes of logits and targets; points into the recipe. */
static inline struct loss_rule recipe_loss(const struct recipe *recipe)
{
    return (struct loss_rule){.kind = recipe->loss,
                              .gamma = recipe->gamma,
                              .logit_offset = recipe->logit_offset,
                              .margin = recipe->logit_scale > 0 ? recipe->margin : NULL,
                              .scale = recipe->logit_scale};
}

#endif
