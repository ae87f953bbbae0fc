#include "plan.h"

#include "choose.h"
#include "features/feature.h"
#include "models/model.h"
#include "models/training.h"
#include "samples/inner.h"
#include "samples/split.h"
#include "select.h"
#include "strategies/balance.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What the samples of a job come to. */
struct counts {
    int n_train, n_val, n_test, n_all, leak, n_members;
    double seen; /* samples that the networks see in an epoch, all together */
};

static double seen_in_epoch(const struct job_samples *samples)
{
    double n = 0;
    for (int m = 0; m < samples->recipe.n_members; m++)
        for (int i = 0; i < samples->train.n; i++)
            n += sample_is_of(&samples->train.sample[i], m);
    return n;
}

/* Where the whole list is balanced and cut, the seed decides how many originals train. */
static int count_val(const struct config *config, const struct job_samples *samples)
{
    int count[CONFIG_MAX_CLUSTERS];
    if (!split_rule(config->protocol.kind)->balances_first || inner_of(config).kind == INNER_NONE)
        return samples->val.n;
    samples_count(&samples->all, config->clusters.n, count);
    for (int c = 0; c < config->class_sizes.n; c++)
        count[c] = config->class_sizes.size[c];
    return inner_n_most(config, count);
}

static int count_samples(const struct config *config, const struct dataset *data, const char *key,
                         struct counts *out, struct err *err)
{
    struct job_samples samples;
    int rc = job_samples_estimate(config, data, key, &samples, err);
    if (rc < 0)
        return rc;
    *out =
        (struct counts){samples.train.n, count_val(config, &samples), samples.test.n,         samples.all.n,
                        samples.leak,    samples.recipe.n_members,    seen_in_epoch(&samples)};
    job_samples_free(&samples);
    return 0;
}

static struct job_plan plan_of(const struct config *config, const struct counts *counts)
{
    const struct model_kind *kind = model_of(config);
    const struct feature_kind *features = feature_of(config);
    double judged = (double)counts->n_members * (counts->n_val + counts->n_test);
    double first = features->seconds ? features->seconds(config, counts->seen) / kind->seconds : 0;
    return (struct job_plan){counts->n_train, counts->n_val,
                             counts->n_test,  counts->n_all,
                             counts->leak,    first + kind->work(config, counts->seen, judged)};
}

/* What is no matter of samples. */
static int check_model(const struct config *config, const struct dataset *data, struct err *err)
{
    const struct model_kind *kind = model_of(config);
    if (config->image_size > data->size)
        return err_set(
            err, E_USAGE,
            "image.size is %d, the dataset's images are %d pixels wide; pack it again with --size %d",
            (int)config->image_size, data->size, (int)config->image_size);
    int rc = balance_suits(config, err);
    if (rc == 0)
        rc = model_check_features(config, err);
    if (rc == 0 && feature_of(config)->suits)
        rc = feature_of(config)->suits(config, data, err);
    return rc == 0 && kind->check ? kind->check(config, err) : rc;
}

int job_plan(const struct config *config, const struct dataset *data, const char *key, struct job_plan *plan,
             struct err *err)
{
    struct counts counts = {0};
    int rc = check_model(config, data, err);
    if (rc == 0)
        rc = count_samples(config, data, key, &counts, err);
    if (rc == 0)
        rc = choose_check(config, counts.n_val, err);
    if (rc == 0)
        *plan = plan_of(config, &counts);
    return rc;
}

/* ---- of many jobs ---- */

struct known {
    XXH128_hash_t of; /* what the counts depend on; 0: free */
    struct counts counts;
};

struct planner {
    const struct dataset *data;
    size_t n, room; /* room: a power of two, above n */
    struct known *known;
};

static void forget(struct config *config, const struct section *section)
{
    if (section)
        memset((char *)config + ((const char *)config_of(config, section) - (const char *)config), 0,
               section->size);
}

static void forget_training(struct config *config)
{
    const struct optimiser *optimiser;
    forget(config, &training_section);
    forget(config, &rate_section);
    forget(config, &rate_step_section);
    forget(config, &rate_warmup_section);
    for (int i = 0; (optimiser = optimiser_row(i)); i++)
        for (int k = 0; optimiser->section[k]; k++)
            forget(config, optimiser->section[k]);
}

/* Hash of a config without what decides only who is drawn, not how many, and how they are learnt from. */
static XXH128_hash_t hash_of(const struct config *config)
{
    struct config c = *config;
    const struct model_kind *kind;
    c.seed = c.repeat = c.epochs = c.batch = c.image_size = 0;
    c.protocol.repeats = 1;
    memset(c.model, 0, sizeof c.model);
    for (int i = 0; (kind = model_kind(i)); i++)
        forget(&c, kind->section);
    for (int i = 0; feature_kind(i); i++)
        forget(&c, feature_kind(i)->section);
    forget(&c, &feature_section);
    forget(&c, &feature_scale_section);
    forget(&c, &embedding_from_section);
    forget_training(&c);
    forget(&c, &choose_section);
    forget(&c, &choose_on_section);
    forget(&c, &choose_stop_section);
    forget(&c, &choose_allow_section);
    XXH128_hash_t hash = XXH3_128bits(&c, sizeof c);
    hash.low64 |= hash.low64 == 0;
    return hash;
}

/* The place of a hash: where it is, or the free one where it belongs. */
static struct known *find(const struct planner *planner, XXH128_hash_t hash)
{
    size_t i = (size_t)hash.high64 & (planner->room - 1);
    while (planner->known[i].of.low64 && !XXH128_isEqual(planner->known[i].of, hash))
        i = (i + 1) & (planner->room - 1);
    return &planner->known[i];
}

static int make_room(struct planner *planner, struct err *err)
{
    struct planner old = *planner;
    if (2 * planner->n < planner->room)
        return 0;
    size_t room = planner->room ? 2 * planner->room : 64;
    struct known *known = err_calloc(room, sizeof *known, "what is known of jobs", err);
    if (!known)
        return E_IO;
    planner->known = known;
    planner->room = room;
    for (size_t i = 0; i < old.room; i++)
        if (old.known[i].of.low64)
            *find(planner, old.known[i].of) = old.known[i];
    free(old.known);
    return 0;
}

int planner_new(const struct dataset *data, struct planner **out, struct err *err)
{
    *out = err_calloc(1, sizeof **out, "what is known of jobs", err);
    if (!*out)
        return E_IO;
    (*out)->data = data;
    return 0;
}

/* The counts of a config that keeps no groups together: how many go where is a matter of class sizes
 * alone. */
static int known_counts(struct planner *planner, const struct config *config, const char *key,
                        struct counts *out, struct err *err)
{
    int rc = make_room(planner, err);
    if (rc < 0)
        return rc;
    XXH128_hash_t hash = hash_of(config);
    struct known *known = find(planner, hash);
    if (!known->of.low64) {
        rc = count_samples(config, planner->data, key, &known->counts, err);
        if (rc < 0)
            return rc;
        known->of = hash;
        planner->n++;
    }
    *out = known->counts;
    return 0;
}

int planner_plan(struct planner *planner, const struct config *config, const char *key, struct job_plan *plan,
                 struct err *err)
{
    struct counts counts = {0};
    int rc = check_model(config, planner->data, err);
    if (rc == 0 && config_groups(config))
        rc = count_samples(config, planner->data, key, &counts, err);
    else if (rc == 0)
        rc = known_counts(planner, config, key, &counts, err);
    if (rc == 0)
        rc = choose_check(config, counts.n_val, err);
    if (rc < 0)
        return rc;
    counts.leak = -1;
    *plan = plan_of(config, &counts);
    return 0;
}

void planner_free(struct planner *planner)
{
    if (planner)
        free(planner->known);
    free(planner);
}
