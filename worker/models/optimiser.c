#include "models/optimiser.h"

#include "models/model.h"

#define FIELD(f) offsetof(struct optimiser, f)

static const struct setting settings[] = {
    {"train.optimizer", SETTING_WORD, FIELD(name), 0, 0, "adam", "adam", "optimizer"},
    {"train.learning_rate", SETTING_REAL, FIELD(learning_rate), 1e-12, 1e12, "0.001", NULL,
     "step size of Adam"},
    {"train.beta1", SETTING_REAL, FIELD(beta1), 0, 0.999999, "0.9", NULL, "decay of Adam's first moment"},
    {"train.beta2", SETTING_REAL, FIELD(beta2), 0, 0.99999999, "0.999", NULL,
     "decay of Adam's second moment"},
    {"train.epsilon", SETTING_REAL, FIELD(epsilon), 1e-30, 1, "1e-07", NULL, "Adam's epsilon"},
    {0},
};

const struct section optimiser_section = {.setting = settings, .size = sizeof(struct optimiser)};

int optimiser_is_used(const struct config *config, const struct section *section)
{
    const struct model_kind *kind = model_find(config->model);
    (void)section;
    return kind && kind->can & MODEL_BATCHES;
}
