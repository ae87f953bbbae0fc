#include "balance.h"

#include <stdlib.h>
#include <string.h>

/* The samples of one class: positions in the list they came from. */
struct members {
    int *position; /* (n), owned */
    int n;
};

static int members_of(const struct samples *samples, int label, struct members *out, struct err *err)
{
    out->n = 0;
    out->position =
        err_calloc((unsigned long)samples->n, sizeof *out->position, "the samples of a class", err);
    if (!out->position)
        return E_IO;
    for (int i = 0; i < samples->n; i++)
        if (samples->sample[i].label == label)
            out->position[out->n++] = i;
    return 0;
}

static void class_sizes(const struct balance *balance, int size[CONFIG_MAX_CLUSTERS])
{
    samples_count(balance->samples, balance->n_classes, size);
}

static int largest_size(const int *size, int n_classes)
{
    int largest = 0;
    for (int c = 0; c < n_classes; c++)
        if (size[c] > largest)
            largest = size[c];
    return largest;
}

/* Size of the smallest class that has any sample. */
static int smallest_size(const int *size, int n_classes)
{
    int smallest = largest_size(size, n_classes);
    for (int c = 0; c < n_classes; c++)
        if (size[c] > 0 && size[c] < smallest)
            smallest = size[c];
    return smallest;
}

/* Append a copy of `origin` to `list`; variant as in struct sample. */
static int add_copy(struct balance *balance, struct samples *list, struct sample origin, int variant,
                    struct err *err)
{
    struct sample copy = {.image = origin.image, .label = origin.label, .variant = variant};
    copy.copy = ++balance->copies[origin.image];
    return samples_add(list, copy, err);
}

/* Add duplicates of samples of a class, drawn with replacement, until it has `target`. */
static int duplicate_to(struct balance *balance, int label, int target, struct err *err)
{
    struct members members;
    int rc = members_of(balance->samples, label, &members, err);
    for (int n = members.n; rc == 0 && members.n > 0 && n < target; n++) {
        int drawn = members.position[rng_below(&balance->rng, (uint32_t)members.n)];
        struct sample origin = balance->samples->sample[drawn];
        rc = add_copy(balance, balance->samples, origin, origin.variant, err);
    }
    free(members.position);
    return rc;
}

static int apply_none(struct balance *balance, struct err *err)
{
    (void)balance, (void)err;
    return 0;
}

static int apply_reweight(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    (void)err;
    class_sizes(balance, size);
    for (int c = 0; c < balance->n_classes; c++)
        if (size[c] > 0)
            balance->class_weight[c] =
                (float)((double)balance->samples->n / ((double)balance->n_classes * size[c]));
    return 0;
}

/* Draw `keep` of the members: times[position] becomes how often that sample is kept. */
static void draw_kept(struct balance *balance, struct members *members, int keep, int *times)
{
    if (!balance->config->undersample_replacement)
        rng_shuffle(&balance->rng, members->position, members->n);
    for (int k = 0; k < keep; k++) {
        int which = balance->config->undersample_replacement
                        ? (int)rng_below(&balance->rng, (uint32_t)members->n)
                        : k;
        times[members->position[which]]++;
    }
}

/* Replace the list by times[i] of each sample i: itself, then copies of it. */
static int keep_times(struct balance *balance, const int *times, struct err *err)
{
    struct samples kept = {0};
    int rc = 0;
    for (int i = 0; rc == 0 && i < balance->samples->n; i++) {
        struct sample sample = balance->samples->sample[i];
        if (times[i] > 0)
            rc = samples_add(&kept, sample, err);
        for (int k = 1; rc == 0 && k < times[i]; k++)
            rc = add_copy(balance, &kept, sample, sample.variant, err);
    }
    if (rc < 0) {
        samples_free(&kept);
        return rc;
    }
    samples_free(balance->samples);
    *balance->samples = kept;
    return 0;
}

static int apply_undersample(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    int *times = err_calloc((unsigned long)balance->samples->n, sizeof *times, "the samples kept", err);
    int rc = times ? 0 : E_IO;
    class_sizes(balance, size);
    int target = smallest_size(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++) {
        struct members members;
        rc = members_of(balance->samples, c, &members, err);
        if (rc == 0 && members.n > target)
            draw_kept(balance, &members, target, times);
        else
            for (int k = 0; rc == 0 && k < members.n; k++)
                times[members.position[k]] = 1;
        free(members.position);
    }
    if (rc == 0)
        rc = keep_times(balance, times, err);
    free(times);
    return rc;
}

static int apply_oversample(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS], rc = 0;
    class_sizes(balance, size);
    int target = largest_size(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        rc = duplicate_to(balance, c, target, err);
    return rc;
}

/* Keep only the originals among the members: variants are made of images, not of their variants. */
static void originals_only(const struct samples *samples, struct members *members)
{
    int n = 0;
    for (int k = 0; k < members->n; k++)
        if (samples->sample[members->position[k]].copy == 0)
            members->position[n++] = members->position[k];
    members->n = n;
}

/* Add n of the (image, variant) pairs of the members, in random order and without repeating one before all are used. */
static int add_variants(struct balance *balance, const struct members *members, int n, struct err *err)
{
    const int n_variants = (int)balance->config->augment_variants, pool = members->n * n_variants;
    int rc = 0;
    int *pair = err_calloc((unsigned long)pool, sizeof *pair, "the variants to choose from", err);
    if (!pair)
        return E_IO;
    for (int k = 0; k < pool; k++)
        pair[k] = k;
    for (int k = 0; rc == 0 && k < n; k++) {
        if (k % pool == 0)
            rng_shuffle(&balance->rng, pair, pool);
        int chosen = pair[k % pool];
        struct sample origin = balance->samples->sample[members->position[chosen / n_variants]];
        rc = add_copy(balance, balance->samples, origin, chosen % n_variants, err);
    }
    free(pair);
    return rc;
}

static int augment_class(struct balance *balance, int label, int target, struct err *err)
{
    struct members members;
    int rc = members_of(balance->samples, label, &members, err);
    int missing = target - members.n;
    if (rc == 0)
        originals_only(balance->samples, &members);
    if (rc == 0 && missing > 0 && members.n > 0)
        rc = add_variants(balance, &members, missing, err);
    free(members.position);
    return rc;
}

static int apply_augment(struct balance *balance, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS], rc = 0;
    class_sizes(balance, size);
    int target = largest_size(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        rc = augment_class(balance, c, target, err);
    return rc;
}

const struct balance_strategy balance_strategies[] = {
    {"none", "as is", apply_none},
    {"reweight", "loss weight of class c: n / (n_classes * n_c)", apply_reweight},
    {"undersample", "larger classes reduced at random to the size of the smallest", apply_undersample},
    {"oversample", "duplicates of smaller classes' images, drawn with replacement, up to the largest",
     apply_oversample},
    {"augment", "randomly warped variants of smaller classes' images, up to the largest", apply_augment},
    {NULL, NULL, NULL},
};

/* The strategy whose name is the first n characters of text, or NULL. */
static const struct balance_strategy *find_strategy(const char *text, size_t n)
{
    for (const struct balance_strategy *s = balance_strategies; s->name; s++)
        if (strlen(s->name) == n && strncmp(s->name, text, n) == 0)
            return s;
    return NULL;
}

static int unknown_strategy(const char *text, size_t n, struct err *err)
{
    char names[512] = "";
    for (const struct balance_strategy *s = balance_strategies; s->name; s++) {
        strncat(names, names[0] ? ", " : "", sizeof names - strlen(names) - 1);
        strncat(names, s->name, sizeof names - strlen(names) - 1);
    }
    return err_set(err, E_USAGE, "strategy '%.*s' is not known; use one of %s, or several joined by +",
                   (int)n, text, names);
}

/* Take the next part off a strategy text: its strategy in *out and *text moved behind it. 0 at the end, 1 otherwise. */
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

int balance_check(const char *strategy, struct err *err)
{
    const struct balance_strategy *part;
    int rc;
    while ((rc = next_part(&strategy, &part, err)) > 0)
        ;
    return rc;
}

struct rng balance_stream(const char *job_key)
{
    return rng_start(rng_key("balance", job_key, strlen(job_key)), 0);
}

/* The all-cluster rule of config->balance_threshold and balance_cap. */
static int fill_to_cap(struct balance *balance, struct err *err)
{
    const struct config *config = balance->config;
    int size[CONFIG_MAX_CLUSTERS], rc = 0;
    if (config->balance_threshold <= 0 || config->balance_cap <= 0)
        return 0;
    class_sizes(balance, size);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        if (size[c] < config->balance_threshold)
            rc = duplicate_to(balance, c, (int)config->balance_cap, err);
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
        if ((rc = part->apply(balance, err)) < 0)
            break;
    if (rc == 0)
        rc = fill_to_cap(balance, err);
    free(balance->copies);
    balance->copies = NULL;
    return rc;
}
