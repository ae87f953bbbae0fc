#include "models/training.h"

#include "models/model.h"

#define FIELD(f) offsetof(struct training, f)

static const struct setting settings[] = {
    {"train.optimizer", SETTING_WORD, FIELD(optimizer), 0, 0, "adam", "adam|adamw|sgd",
     "how weights follow their gradient"},
    {"train.clip_norm", SETTING_REAL, FIELD(clip_norm), 0, 1e12, "0", NULL,
     "gradients longer than this, all weights together, are shortened to it; 0: they are not"},
    {0},
};

const struct section training_section = {.setting = settings, .size = sizeof(struct training)};

int training_is_used(const struct config *config, const struct section *section)
{
    (void)section;
    return model_learns_by_batches(config);
}

static const struct optimiser *optimiser_of(const struct config *config)
{
    const struct training *training = config_of(config, &training_section);
    return optimiser_find(training->optimizer);
}

int training_optimiser_reads(const struct config *config, const struct section *section)
{
    return training_is_used(config, section) && optimiser_reads(optimiser_of(config), section);
}

int training_schedule_reads(const struct config *config, const struct section *section)
{
    return training_is_used(config, section) && rate_reads(config, section);
}

int training_smooths(const struct config *config, const struct section *section)
{
    return training_is_used(config, section) && model_find(config->model)->can & MODEL_SOFT;
}

int training_check(const struct config *config, struct err *err)
{
    return rate_check(config, err);
}

static double clip_norm_of(const struct config *config)
{
    const struct training *training = config_of(config, &training_section);
    return training->clip_norm;
}

/* Clipping needs all gradients before the first update. */
static struct nodes as_they_run(const struct config *config, const struct nodes *nodes)
{
    struct nodes fused = *nodes;
    nodes_fuse(&fused, optimiser_of(config)->fuses && !(clip_norm_of(config) > 0));
    return fused;
}

size_t training_bytes(const struct config *config, const struct nodes *nodes)
{
    const struct nodes fused = as_they_run(config, nodes);
    return net_bytes(&fused, (int)config->batch, optimiser_of(config));
}

int training_new(const struct config *config, const struct nodes *nodes, struct net **out, struct err *err)
{
    const struct nodes fused = as_they_run(config, nodes);
    return net_new(&fused, (int)config->batch, optimiser_of(config), out, err);
}

double training_teach(struct net *net, const struct config *config, const struct batch *batch,
                      const struct loss_rule *loss, float *probs)
{
    double rate = rate_at(config, batch->step, batch->per_epoch * config->epochs);
    struct update update = optimiser_of(config)->update(config, *net_steps(net) + 1, rate);
    update.clip_norm = clip_norm_of(config);
    return net_train(net, batch, loss, &update, probs);
}
