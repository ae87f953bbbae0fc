/* Strategies that leave the samples alone and change the loss, the logits or the probabilities. */
#include "strategies/balance_tools.h"
#include "models/model.h"

#include <math.h>
#include <string.h>

/* Cui et al. 2019: 1 / E_n with the effective number E_n = (1 - beta^n) / (1 - beta), scaled so that the
 * weights of the classes sum to their number. */
static int apply_class_balanced(struct balance *balance, struct err *err)
{
    const double beta = balance->config->class_balanced_beta;
    double weight[CONFIG_MAX_CLUSTERS], sum = 0;
    int size[CONFIG_MAX_CLUSTERS], present = 0;
    (void)err;
    balance_sizes(balance, size);
    for (int c = 0; c < balance->n_classes; c++) {
        weight[c] = size[c] > 0 ? (1 - beta) / (1 - pow(beta, size[c])) : 0;
        sum += weight[c];
        present += size[c] > 0;
    }
    for (int c = 0; c < balance->n_classes; c++)
        if (size[c] > 0)
            balance->recipe->class_weight[c] = (float)(weight[c] / (sum / present));
    return 0;
}

static int apply_focal(struct balance *balance, struct err *err)
{
    (void)err;
    balance->recipe->loss = LOSS_FOCAL;
    balance->recipe->gamma = balance->config->focal_gamma;
    return 0;
}

/* out (n_classes) = factor * log of each class's share of the samples; 0 for a class without any. */
static void log_prior(const struct balance *balance, double factor, float *out)
{
    int size[CONFIG_MAX_CLUSTERS];
    double n = 0;
    balance_sizes(balance, size);
    for (int c = 0; c < balance->n_classes; c++)
        n += size[c];
    for (int c = 0; c < balance->n_classes; c++)
        out[c] = size[c] > 0 ? (float)(factor * log(size[c] / n)) : 0;
}

/* Ren et al. 2020: exp(z_c) becomes n_c exp(z_c); a common factor of n_c cancels. */
static int apply_balanced_softmax(struct balance *balance, struct err *err)
{
    (void)err;
    log_prior(balance, 1, balance->recipe->logit_offset);
    return 0;
}

/* Menon et al. 2021: their loss, or their correction of a network trained without it. */
static int apply_logit_adjust(struct balance *balance, struct err *err)
{
    const struct config *config = balance->config;
    (void)err;
    if (strcmp(config->logit_adjust_form, "loss") == 0)
        log_prior(balance, config->logit_adjust_tau, balance->recipe->logit_offset);
    else
        log_prior(balance, -config->logit_adjust_tau, balance->recipe->logit_shift);
    return 0;
}

/* Richard and Lippmann 1991: p(c | x) / p(c), normalised. */
static int apply_threshold(struct balance *balance, struct err *err)
{
    (void)err;
    log_prior(balance, -1, balance->recipe->logit_shift);
    return 0;
}

const struct balance_strategy balance_loss[] = {
    {"class-balanced", "Class-balanced loss",
     "loss weights from the effective number of images of each class", apply_class_balanced, NULL, NULL,
     MODEL_WEIGHTS},
    {"focal", "Focal loss", "focal loss: images that are right already count less", apply_focal, NULL, NULL,
     MODEL_LOSS},
    {"balanced-softmax", "Balanced softmax", "softmax weighted by class sizes while training",
     apply_balanced_softmax, NULL, NULL, MODEL_LOSS},
    {"logit-adjust", "Logit adjustment",
     "logits moved by the log of class shares: in the loss, or after training", apply_logit_adjust, NULL,
     NULL, MODEL_LOSS | MODEL_SHIFT},
    {"threshold", "Threshold moving", "predicted probabilities divided by class shares", apply_threshold,
     NULL, NULL, MODEL_SHIFT},
    {NULL, NULL, NULL, NULL, NULL, NULL, 0},
};
