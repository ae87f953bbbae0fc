#include "sections.h"

#include "choose.h"
#include "features/feature.h"
#include "models/model.h"
#include "models/training.h"
#include "samples/augment.h"
#include "samples/inner.h"
#include "samples/noise.h"
#include "strategies/balance.h"

#include <stdio.h>
#include <threads.h>

static struct schema schema;
static once_flag is_made = ONCE_FLAG_INIT;

/* The settings of a row of one of the tables; decided_by: what its rows are. */
static void add_row(const struct section *section, section_is_used *is_used, const char *decided_by,
                    const char *name)
{
    char used_by[64];
    snprintf(used_by, sizeof used_by, "%s %s", decided_by, name);
    if (section)
        schema_add(&schema, section, is_used, decided_by, used_by);
}

/* The augment.* ranges. */
static int reads_ranges(const struct config *config, const struct section *section)
{
    return balance_reads(config, &augment_section) ||
           (training_is_used(config, section) && batches_augment_all(config));
}

static void add_optimiser(const struct optimiser *optimiser)
{
    for (int i = 0; optimiser->section[i]; i++)
        add_row(optimiser->section[i], training_optimiser_reads, "train.optimizer", optimiser->name);
}

/* How models learn that learn step by step. */
static void add_training(void)
{
    const struct optimiser *optimiser;
    const char *learners = "models that learn step by step";
    schema_add(&schema, &training_section, training_is_used, "model", learners);
    schema_add(&schema, &rate_section, training_is_used, "model", learners);
    for (int i = 0; (optimiser = optimiser_row(i)); i++)
        add_optimiser(optimiser);
    schema_add(&schema, &smoothing_section, training_smooths, "model", "models that learn from soft targets");
    schema_add(&schema, &batches_section, training_is_used, "model", learners);
    schema_add(&schema, &augment_ranges_section, reads_ranges, "strategy",
               "strategy augment, train.augment all");
    schema_add(&schema, &rate_step_section, training_schedule_reads, "train.schedule", "train.schedule step");
    schema_add(&schema, &rate_warmup_section, training_schedule_reads, "train.schedule",
               "train.schedule constant, step, cosine");
}

static void add_features(void)
{
    const struct feature_kind *kind;
    schema_add(&schema, &feature_section, model_takes_features, "model",
               "models that learn from rows of numbers");
    schema_add(&schema, &feature_scale_section, model_reads_scale, "features", "features but pixels");
    for (int i = 0; (kind = feature_kind(i)); i++)
        add_row(kind->section, model_reads_features, "features", kind->name);
    schema_add(&schema, &embedding_from_section, embedding_from_is_used, "features", "features embedding");
}

static void make(void)
{
    const struct balance_strategy *strategy;
    const struct model_kind *model;
    schema_begin(&schema);
    schema_add(&schema, &config_strategy_section, balance_is_used, "model", "models that are trained here");
    schema_add(&schema, &config_batch_section, training_is_used, "model", "models that learn step by step");
    schema_add(&schema, &inner_section, inner_is_used, "protocol", "protocols report, tail, holdout, kfold");
    schema_add(&schema, &noise_section, NULL, NULL, "");
    add_training();
    schema_add(&schema, &choose_section, choose_is_used, "model", "models that learn step by step");
    schema_add(&schema, &choose_on_section, choose_on_is_used, "judge", "jobs that choose an epoch");
    schema_add(&schema, &choose_stop_section, choose_stop_is_used, "train.stop.patience",
               "jobs with train.stop.patience above 0");
    schema_add(&schema, &choose_allow_section, choose_allow_is_used, "judge",
               "jobs that choose without an inner set");
    for (int i = 0; (model = model_kind(i)); i++)
        add_row(model->section, model_reads, "model", model->name);
    add_features();
    for (int i = 0; (strategy = balance_strategy(i)); i++)
        add_row(strategy->section, balance_reads, "strategy", strategy->name);
    schema_add(&schema, &balance_threshold_section, balance_is_used, "model", "models that are trained here");
    schema_add(&schema, &balance_cap_section, balance_cap_is_used, "balance.threshold",
               "jobs with balance.threshold above 0");
}

const struct schema *worker_schema(void)
{
    call_once(&is_made, make);
    return &schema;
}
