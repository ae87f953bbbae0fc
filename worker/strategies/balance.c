#include "strategies/balance_tools.h"
#include "models/model.h"
#include "samples/batches.h"
#include "settings/nearest.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static const struct balance_strategy *const parts_of_table[] = {balance_classic, balance_pixels, balance_loss,
                                                                balance_training};

const struct balance_strategy *balance_strategy(int i)
{
    for (size_t part = 0; part < sizeof parts_of_table / sizeof *parts_of_table; part++)
        for (const struct balance_strategy *s = parts_of_table[part]; s->name; s++)
            if (i-- == 0)
                return s;
    return NULL;
}

/* The strategy whose name is the first n characters of text, or NULL. */
static const struct balance_strategy *find_strategy(const char *text, size_t n)
{
    const struct balance_strategy *s;
    for (int i = 0; (s = balance_strategy(i)); i++)
        if (strlen(s->name) == n && strncmp(s->name, text, n) == 0)
            return s;
    return NULL;
}

const char *balance_title(const char *strategy)
{
    const struct balance_strategy *s = find_strategy(strategy, strlen(strategy));
    return s ? s->title : strategy;
}

/* The report's five have colours that no chain gets. */
enum { FIRST_OTHER = 5 };

const char *balance_colour(const char *strategy)
{
    const struct balance_strategy *s = find_strategy(strategy, strlen(strategy));
    unsigned sum = 0;
    int n = 0;
    for (const char *c = strategy; *c; c++)
        sum = 31 * sum + (unsigned char)*c;
    while (balance_strategy(n))
        n++;
    return s ? s->colour : balance_strategy(FIRST_OTHER + (int)(sum % (unsigned)(n - FIRST_OTHER)))->colour;
}

static const char *name_of(int i)
{
    const struct balance_strategy *s = balance_strategy(i);
    return s ? s->name : NULL;
}

static int unknown_strategy(const char *text, size_t n, struct err *err)
{
    const struct balance_strategy *s;
    char names[512] = "", name[CONFIG_WORD_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    const char *near = nearest_name(name, name_of);
    for (int i = 0; (s = balance_strategy(i)); i++) {
        strncat(names, names[0] ? ", " : "", sizeof names - strlen(names) - 1);
        strncat(names, s->name, sizeof names - strlen(names) - 1);
    }
    return err_set(err, E_USAGE, "strategy '%.*s' is not known%s%s%s use one of %s, or several joined by +",
                   (int)n, text, near ? "; did you mean '" : ";", near ? near : "", near ? "'? Or" : "",
                   names);
}

/* Take the next part off a strategy text: its strategy in *out and *text moved behind it. 0
 * at the end, 1 otherwise. */
static int next_part(const char **text, const struct balance_strategy **out, struct err *err)
{
    if (!*text)
        return 0;
    size_t n = strcspn(*text, "+");
    *out = find_strategy(*text, n);
    if (!*out)
        return unknown_strategy(*text, n, err);
    *text = (*text)[n] == '+' ? *text + n + 1 : NULL;
    return 1;
}

int balance_is_used(const struct config *config, const struct section *section)
{
    const struct model_kind *kind = model_find(config->model);
    (void)section;
    return !kind || !(kind->can & MODEL_ELSEWHERE);
}

int balance_reads(const struct config *config, const struct section *section)
{
    const struct balance_strategy *part;
    const char *text = balance_is_used(config, section) ? config->strategy : NULL;
    struct err ignored;
    while (next_part(&text, &part, &ignored) > 0)
        if (part->section == section)
            return 1;
    return 0;
}

int balance_check(const char *strategy, struct err *err)
{
    const struct balance_strategy *part;
    int rc;
    while ((rc = next_part(&strategy, &part, err)) > 0)
        ;
    return rc;
}

/* Append to a list of names, with commas. */
static void list_name(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
}

static int refuse_part(const struct balance_strategy *part, const struct model_kind *kind, struct err *err)
{
    const struct balance_strategy *s;
    const struct model_kind *other;
    char strategies[512] = "", models[256] = "";
    for (int i = 0; (s = balance_strategy(i)); i++)
        if ((s->needs & ~kind->can) == 0)
            list_name(strategies, sizeof strategies, s->name);
    for (int i = 0; (other = model_kind(i)); i++)
        if ((part->needs & ~other->can) == 0 && !(other->can & MODEL_MADE_UP))
            list_name(models, sizeof models, other->name);
    return err_set(
        err, E_USAGE,
        "strategy %s needs %s, which model %s has not: leave one of them out, or make a sweep of each; with "
        "model %s use one of %s; strategy %s goes with model %s",
        part->name, model_lacks(part->needs & ~kind->can), kind->name, kind->name, strategies, part->name,
        models);
}

int balance_suits(const struct config *config, struct err *err)
{
    const struct model_kind *kind = model_of(config);
    const struct balance_strategy *part;
    const char *text = config->strategy;
    int rc;
    while ((rc = next_part(&text, &part, err)) > 0) {
        if (part->needs & ~kind->can)
            return refuse_part(part, kind, err);
        if (part->sets_targets && batches_label_smoothing(config) > 0)
            return err_set(err, E_USAGE,
                           "strategy %s smooths labels its own way, and train.label_smoothing would do it "
                           "again: leave one of them out, or make a sweep of each",
                           part->name);
    }
    return rc;
}

int balance_n_members(const struct config *config)
{
    const struct balance_strategy *part;
    const char *text = config->strategy;
    int n_members = 1;
    while (next_part(&text, &part, NULL) > 0)
        if (part->n_members)
            n_members = part->n_members(config);
    return n_members;
}

int balance_choose_from(const struct config *config)
{
    const struct balance_strategy *part;
    const char *text = config->strategy;
    int from = 1;
    while (next_part(&text, &part, NULL) > 0)
        if (part->choose_from && part->choose_from(config) > from)
            from = part->choose_from(config);
    return from;
}

struct rng balance_stream(const char *job_key)
{
    return rng_start(rng_key("balance", job_key, strlen(job_key)), 0);
}

/* The all-cluster rule: two sections, since the cap of a rule that is off does not exist. */
struct threshold {
    int64_t images;
};

struct cap {
    int64_t images;
};

static const struct setting threshold_settings[] = {
    {"balance.threshold", SETTING_INT, offsetof(struct threshold, images), 0, 1e9, "0", NULL,
     "a class with fewer images than this gets duplicates, up to balance.cap; 0: rule off"},
    {0},
};

static const struct setting cap_settings[] = {
    {"balance.cap", SETTING_INT, offsetof(struct cap, images), 0, 1e9, "0", NULL,
     "up to this many images in all"},
    {0},
};

static int check_cap(const void *settings, struct err *err)
{
    if (((const struct cap *)settings)->images > 0)
        return 0;
    return err_set(
        err, E_USAGE,
        "balance.threshold fills classes up to balance.cap, which is 0: give it, or leave both out");
}

const struct section balance_threshold_section = {.setting = threshold_settings,
                                                  .size = sizeof(struct threshold)};
const struct section balance_cap_section = {
    .setting = cap_settings, .size = sizeof(struct cap), .check = check_cap};

static int threshold_of(const struct config *config)
{
    return (int)((const struct threshold *)config_of(config, &balance_threshold_section))->images;
}

int balance_cap_is_used(const struct config *config, const struct section *section)
{
    return balance_is_used(config, section) && threshold_of(config) > 0;
}

/* A class whose size is only known to be at most this may turn out to be below the threshold. */
static int fill_to_cap(struct balance *balance, struct err *err)
{
    const struct cap *cap = config_of(balance->config, &balance_cap_section);
    int threshold = threshold_of(balance->config), size[CONFIG_MAX_CLUSTERS], rc = 0;
    if (threshold <= 0 || cap->images <= 0)
        return 0;
    balance_sizes(balance, size);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        if (size[c] < threshold || balance->upper)
            rc = balance_duplicate(balance, c, (int)cap->images - size[c], err);
    return rc;
}

static void count_copies(struct balance *balance)
{
    for (int i = 0; i < balance->samples->n; i++) {
        const struct sample *sample = &balance->samples->sample[i];
        if (sample->copy > balance->copies[sample->image])
            balance->copies[sample->image] = sample->copy;
    }
}

static int apply_part(const struct balance_strategy *part, struct balance *balance, struct err *err)
{
    return balance->estimate && part->estimate ? part->estimate(balance, err) : part->apply(balance, err);
}

int balance_apply(const char *strategy, struct balance *balance, struct err *err)
{
    const struct balance_strategy *part;
    int rc;
    balance->copies =
        err_calloc((unsigned long)balance->data->n_images, sizeof *balance->copies, "copy numbers", err);
    if (!balance->copies)
        return E_IO;
    count_copies(balance);
    while ((rc = next_part(&strategy, &part, err)) > 0)
        if ((rc = apply_part(part, balance, err)) < 0)
            break;
    if (rc == 0)
        rc = fill_to_cap(balance, err);
    samples_forget_pixels(balance->samples);
    free(balance->copies);
    balance->copies = NULL;
    return rc;
}
