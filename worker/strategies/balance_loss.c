/* Strategies that leave the samples alone and change the loss, its targets, logits or probabilities. */
#include "strategies/balance_tools.h"
#include "models/model.h"

#include <math.h>
#include <string.h>

struct class_balanced {
    double beta;
};

static const struct setting class_balanced_settings[] = {
    {"class-balanced.beta", SETTING_REAL, offsetof(struct class_balanced, beta), 0, 0.999999999, "0.999",
     NULL, "overlap of images of a class: 0 no weights, towards 1 inverse class sizes"},
    {0},
};

static const struct section class_balanced_section = {.setting = class_balanced_settings,
                                                      .size = sizeof(struct class_balanced)};

/* Cui et al. 2019. A class without images keeps its weight. */
static int apply_class_balanced(struct balance *balance, struct err *err)
{
    const struct class_balanced *settings = config_of(balance->config, &class_balanced_section);
    float weight[CONFIG_MAX_CLUSTERS];
    int size[CONFIG_MAX_CLUSTERS];
    (void)err;
    balance_sizes(balance, size);
    balance_effective_weights(size, balance->n_classes, settings->beta, weight);
    for (int c = 0; c < balance->n_classes; c++)
        if (size[c] > 0)
            balance->recipe->class_weight[c] = weight[c];
    return 0;
}

struct focal {
    double gamma;
};

static const struct setting focal_settings[] = {
    {"focal.gamma", SETTING_REAL, offsetof(struct focal, gamma), 0, 20, "2", NULL,
     "focusing exponent; 0 is cross-entropy"},
    {0},
};

static const struct section focal_section = {.setting = focal_settings, .size = sizeof(struct focal)};

static int apply_focal(struct balance *balance, struct err *err)
{
    const struct focal *settings = config_of(balance->config, &focal_section);
    (void)err;
    balance->recipe->loss = LOSS_FOCAL;
    balance->recipe->gamma = settings->gamma;
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

struct logit_adjust {
    double tau;
    char form[CONFIG_WORD_SIZE];
};

static const struct setting logit_adjust_settings[] = {
    {"logit-adjust.tau", SETTING_REAL, offsetof(struct logit_adjust, tau), 0, 20, "1", NULL,
     "strength of the adjustment"},
    {"logit-adjust.form", SETTING_WORD, offsetof(struct logit_adjust, form), 0, 0, "loss", "loss|post-hoc",
     "loss: adjusted while training; post-hoc: a network trained without it is adjusted when it predicts"},
    {0},
};

static const struct section logit_adjust_section = {.setting = logit_adjust_settings,
                                                    .size = sizeof(struct logit_adjust)};

/* Menon et al. 2021: their loss, or their correction of a network trained without it. */
static int apply_logit_adjust(struct balance *balance, struct err *err)
{
    const struct logit_adjust *settings = config_of(balance->config, &logit_adjust_section);
    (void)err;
    if (strcmp(settings->form, "loss") == 0)
        log_prior(balance, settings->tau, balance->recipe->logit_offset);
    else
        log_prior(balance, -settings->tau, balance->recipe->logit_shift);
    return 0;
}

/* Richard and Lippmann 1991: p(c | x) / p(c), normalised. */
static int apply_threshold(struct balance *balance, struct err *err)
{
    (void)err;
    log_prior(balance, -1, balance->recipe->logit_shift);
    return 0;
}

struct ldam {
    double margin, scale, beta, share;
};

static const struct setting ldam_settings[] = {
    {"ldam.margin", SETTING_REAL, offsetof(struct ldam, margin), 0.001, 2, "0.5", NULL,
     "margin of the smallest class, before logits are scaled"},
    {"ldam.scale", SETTING_REAL, offsetof(struct ldam, scale), 0.001, 1000, "30", NULL,
     "what logits are multiplied by"},
    {"ldam.beta", SETTING_REAL, offsetof(struct ldam, beta), 0, 0.999999999, "0.9999", NULL,
     "of the class weights of the last epochs, as class-balanced.beta"},
    {"ldam.share", SETTING_REAL, offsetof(struct ldam, share), 0, 1, "0.8", NULL,
     "share of the epochs before classes are weighted; 1: they never are"},
    {0},
};

static const struct section ldam_section = {.setting = ldam_settings, .size = sizeof(struct ldam)};

/* Cao et al. 2019: training logits scale * (z_y - margin (n_min / n_y)^(1/4)) of the true class y and
 * scale * z_c of the others, predicting ones scale * z_c; class weights of effective numbers in the
 * last epochs (deferred re-weighting). Their z are cosines, of a last layer of normalised weights and
 * inputs; ours is plain. */
static int apply_ldam(struct balance *balance, struct err *err)
{
    const struct ldam *settings = config_of(balance->config, &ldam_section);
    struct recipe *recipe = balance->recipe;
    int size[CONFIG_MAX_CLUSTERS];
    (void)err;
    balance_sizes(balance, size);
    double least = balance_smallest(size, balance->n_classes);
    for (int c = 0; c < balance->n_classes; c++)
        recipe->margin[c] = size[c] > 0 ? (float)(settings->margin * pow(least / size[c], 0.25)) : 0;
    recipe->logit_scale = settings->scale;
    recipe->late_from = balance_epoch_after(balance->config, settings->share);
    balance_effective_weights(size, balance->n_classes, settings->beta, recipe->late_weight);
    return 0;
}

/* Where classes are never weighted there is no second stage to wait for. */
static int ldam_choose_from(const struct config *config)
{
    const struct ldam *settings = config_of(config, &ldam_section);
    int from = balance_epoch_after(config, settings->share);
    return from < config->epochs ? from + 1 : 1;
}

struct label_aware {
    double head, tail;
    char form[CONFIG_WORD_SIZE];
};

static const struct setting label_aware_settings[] = {
    {"label-aware.head", SETTING_REAL, offsetof(struct label_aware, head), 0, 0.99, "0.3", NULL,
     "share of the target that the largest class leaves to the others"},
    {"label-aware.tail", SETTING_REAL, offsetof(struct label_aware, tail), 0, 0.99, "0", NULL,
     "the same of the smallest class"},
    {"label-aware.form", SETTING_WORD, offsetof(struct label_aware, form), 0, 0, "concave",
     "concave|linear|convex", "how the share rises with class size between the two"},
    {0},
};

static const struct section label_aware_section = {.setting = label_aware_settings,
                                                   .size = sizeof(struct label_aware)};

/* From 0 at x = 0, the smallest class, to 1 at x = 1, the largest. */
static double rise(const char *form, double x)
{
    const double quarter = acos(-1) / 2;
    return strcmp(form, "linear") == 0   ? x
           : strcmp(form, "convex") == 0 ? 1 - cos(quarter * x)
                                         : sin(quarter * x);
}

/* Zhong et al. 2021 (MiSLAS), equations 4 to 7: the target of a sample of class y is 1 - e_y at y and
 * e_y / (C - 1) elsewhere, e_y = tail + (head - tail) f((n_y - n_min) / (n_max - n_min)), where f(x) is
 * sin(pi x / 2) (concave), x (linear) or 1 - cos(pi x / 2) (convex). Classes of equal size are all the
 * smallest. */
static int apply_label_aware(struct balance *balance, struct err *err)
{
    const struct label_aware *settings = config_of(balance->config, &label_aware_section);
    int size[CONFIG_MAX_CLUSTERS];
    (void)err;
    balance_sizes(balance, size);
    int least = balance_smallest(size, balance->n_classes), most = balance_largest(size, balance->n_classes);
    for (int c = 0; c < balance->n_classes; c++) {
        double x = most > least && size[c] > 0 ? (size[c] - least) / (double)(most - least) : 0;
        double share = settings->tail + (settings->head - settings->tail) * rise(settings->form, x);
        balance->recipe->smoothing[c] = (float)share;
    }
    return 0;
}

const struct balance_strategy balance_loss[] = {
    {.name = "class-balanced",
     .title = "Class-balanced loss",
     .colour = "#117733",
     .help = "loss weights from the effective number of images of each class",
     .section = &class_balanced_section,
     .apply = apply_class_balanced,
     .needs = MODEL_WEIGHTS},
    {.name = "focal",
     .title = "Focal loss",
     .colour = "#882255",
     .help = "focal loss: images that are right already count less",
     .section = &focal_section,
     .apply = apply_focal,
     .needs = MODEL_LOSS},
    {.name = "balanced-softmax",
     .title = "Balanced softmax",
     .colour = "#44AA99",
     .help = "softmax weighted by class sizes while training",
     .apply = apply_balanced_softmax,
     .needs = MODEL_LOSS},
    {.name = "logit-adjust",
     .title = "Logit adjustment",
     .colour = "#999933",
     .help = "logits moved by the log of class shares: in the loss, or after training",
     .section = &logit_adjust_section,
     .apply = apply_logit_adjust,
     .needs = MODEL_LOSS | MODEL_SHIFT},
    {.name = "threshold",
     .title = "Threshold moving",
     .colour = "#7A7A7A",
     .help = "predicted probabilities divided by class shares",
     .apply = apply_threshold,
     .needs = MODEL_SHIFT},
    {.name = "ldam",
     .title = "LDAM-DRW",
     .colour = "#661100",
     .help = "margins that are wider the smaller a class is; class weights in the last epochs",
     .section = &ldam_section,
     .apply = apply_ldam,
     .choose_from = ldam_choose_from,
     .needs = MODEL_LOSS | MODEL_WEIGHTS | MODEL_LAST},
    {.name = "label-aware",
     .title = "Label-aware smoothing",
     .colour = "#6699CC",
     .help = "targets that leave more to the other classes the larger their class is",
     .section = &label_aware_section,
     .sets_targets = 1,
     .apply = apply_label_aware,
     .needs = MODEL_SOFT},
    {0},
};
