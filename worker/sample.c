#include "sample.h"

#include "augment.h"
#include "balance.h"
#include "split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int samples_add(struct samples *samples, struct sample sample, struct err *err)
{
    if (samples->n == samples->capacity) {
        int capacity = samples->capacity ? 2 * samples->capacity : 128;
        struct sample *grown = realloc(samples->sample, (size_t)capacity * sizeof *grown);
        if (!grown)
            return err_set(err, E_IO, "no memory for a list of %d samples; use fewer ranks on this machine",
                           capacity);
        samples->sample = grown;
        samples->capacity = capacity;
    }
    samples->sample[samples->n++] = sample;
    return 0;
}

void samples_count(const struct samples *samples, int n_classes, int *count)
{
    memset(count, 0, (size_t)n_classes * sizeof *count);
    for (int i = 0; i < samples->n; i++)
        count[samples->sample[i].label]++;
}

void samples_free(struct samples *samples)
{
    free(samples->sample);
    free(samples->rendered);
    *samples = (struct samples){0};
}

/* Images a window of the set below covers: 64 Ki of them, 8 KiB of bits. */
enum { WINDOW_WORDS = 1024, WINDOW_IMAGES = WINDOW_WORDS * 64 };

/* Leak among the images first .. first + WINDOW_IMAGES - 1. */
static int leak_in_window(const struct samples *train, const struct samples *val, int first)
{
    uint64_t seen[WINDOW_WORDS] = {0};
    int leak = 0;
    for (int i = 0; i < train->n; i++) {
        int k = train->sample[i].image - first;
        if (k >= 0 && k < WINDOW_IMAGES)
            seen[k / 64] |= UINT64_C(1) << (k % 64);
    }
    for (int i = 0; i < val->n; i++) {
        int k = val->sample[i].image - first;
        if (k >= 0 && k < WINDOW_IMAGES)
            leak += (int)(seen[k / 64] >> (k % 64) & 1);
    }
    return leak;
}

int samples_leak(const struct samples *train, const struct samples *val)
{
    int largest = -1, leak = 0;
    for (int i = 0; i < val->n; i++)
        if (val->sample[i].image > largest)
            largest = val->sample[i].image;
    for (int first = 0; first <= largest; first += WINDOW_IMAGES)
        leak += leak_in_window(train, val, first);
    return leak;
}

/* Class index of a cluster number, or -1. */
static int class_of(const struct config_clusters *clusters, int cluster)
{
    for (int c = 0; c < clusters->n; c++)
        if (clusters->number[c] == cluster)
            return c;
    return -1;
}

/* Every original of the clusters, in dataset order. */
static int list_originals(const struct config_clusters *clusters, const struct dataset *data,
                          struct samples *out, struct err *err)
{
    int rc = 0, label = -1;
    for (int i = 0; rc == 0 && i < data->n_images; i++) {
        /* Images of a cluster stand together, so that hardly ever a class is looked up. */
        if (i == 0 || data->image[i].cluster != data->image[i - 1].cluster)
            label = class_of(clusters, data->image[i].cluster);
        if (label >= 0)
            rc = samples_add(out, (struct sample){.image = i, .label = label, .variant = -1}, err);
    }
    return rc;
}

/* The same samples class after class. */
static int order_by_class(const struct samples *list, int n_classes, struct samples *out, struct err *err)
{
    int begin[CONFIG_MAX_CLUSTERS], count[CONFIG_MAX_CLUSTERS];
    out->sample = err_calloc((unsigned long)list->n, sizeof *out->sample, "the samples of a job", err);
    if (!out->sample)
        return E_IO;
    out->n = out->capacity = list->n;
    samples_count(list, n_classes, count);
    for (int c = 0, n = 0; c < n_classes; n += count[c++])
        begin[c] = n;
    for (int i = 0; i < list->n; i++)
        out->sample[begin[list->sample[i].label]++] = list->sample[i];
    return 0;
}

static int missing_cluster(int cluster, const struct dataset *data, struct err *err)
{
    char known[160];
    size_t n = 0;
    known[0] = '\0';
    for (int c = 0; c < data->n_clusters && n < sizeof known - 16; c++)
        n += (size_t)snprintf(known + n, sizeof known - n, c ? ", %d" : "%d", data->cluster[c]);
    const char *more = data->n_clusters > 0 && n >= sizeof known - 16 ? ", ..." : "";
    return err_set(err, E_USAGE, "cluster %d is not in the dataset; it has %s%s", cluster, known, more);
}

static int too_small(const struct config *config, int cluster, int count, struct err *err)
{
    const char *protocol = config_protocol_name(config->protocol.kind);
    const char *images = count == 1 ? "image" : "images";
    if (split_rule(config->protocol.kind)->needs_folds)
        return err_set(
            err, E_USAGE,
            "cluster %d has %d %s; protocol %s with %d folds needs at least %d a class: use fewer folds or "
            "leave the cluster out",
            cluster, count, images, protocol, config->protocol.folds, config->protocol.folds);
    return err_set(err, E_USAGE,
                   "cluster %d has %d %s; protocol %s needs at least %d a class: leave the cluster out",
                   cluster, count, images, protocol, split_min_images(config));
}

/* What the configuration alone can have wrong. */
static int check_config(const struct config *config, struct err *err)
{
    const struct config_protocol *protocol = &config->protocol;
    if (config->clusters.n < 2)
        return err_set(err, E_USAGE,
                       "a job needs at least two clusters, this one has %d; add another under clusters",
                       config->clusters.n);
    if (protocol->kind == PROTOCOL_KFOLD && protocol->folds < 2)
        return err_set(err, E_USAGE, "protocol kfold needs at least 2 folds, not %d", protocol->folds);
    if (protocol->kind == PROTOCOL_KFOLD && (config->fold < 0 || config->fold >= protocol->folds))
        return err_set(err, E_USAGE, "fold %lld does not exist; protocol kfold with %d folds has 0 to %d",
                       (long long)config->fold, protocol->folds, protocol->folds - 1);
    return 0;
}

static int check_classes(const struct config *config, const struct dataset *data, const struct samples *all,
                         struct err *err)
{
    int count[CONFIG_MAX_CLUSTERS];
    samples_count(all, config->clusters.n, count);
    for (int c = 0; c < config->clusters.n; c++) {
        int cluster = config->clusters.number[c];
        if (class_of(&config->clusters, cluster) != c)
            return err_set(err, E_USAGE, "cluster %d is named twice in one job; name it once", cluster);
        if (count[c] == 0)
            return missing_cluster(cluster, data, err);
        if (count[c] < split_min_images(config))
            return too_small(config, cluster, count[c], err);
    }
    return 0;
}

static int rebalance(const struct config *config, const struct dataset *data, const char *job_key,
                     struct samples *samples, float *class_weight, struct err *err)
{
    struct balance balance = {.config = config,
                              .data = data,
                              .n_classes = config->clusters.n,
                              .rng = balance_stream(job_key),
                              .samples = samples,
                              .class_weight = class_weight};
    return balance_apply(config->strategy, &balance, err);
}

/* From the originals in list to both sides of the job, in the order of work of its protocol. list is used up. */
static int divide(const struct config *config, const struct dataset *data, const char *job_key,
                  struct samples *list, struct job_samples *out, struct err *err)
{
    const struct split_task task = {.config = config, .samples = list, .n_classes = config->clusters.n};
    int balances_first = split_rule(config->protocol.kind)->balances_first, rc = 0;
    if (balances_first)
        rc = rebalance(config, data, job_key, list, out->class_weight, err);
    if (rc == 0)
        rc = split_samples(&task, &out->train, &out->val, err);
    if (rc == 0 && !balances_first)
        rc = rebalance(config, data, job_key, &out->train, out->class_weight, err);
    return rc;
}

static int new_weights(int n_classes, float **out, struct err *err)
{
    *out = err_calloc((unsigned long)n_classes, sizeof **out, "class weights", err);
    for (int c = 0; *out && c < n_classes; c++)
        (*out)[c] = 1;
    return *out ? 0 : E_IO;
}

int job_samples_select(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *out, struct err *err)
{
    struct samples list = {0};
    *out = (struct job_samples){0};
    int rc = check_config(config, err);
    if (rc == 0)
        rc = list_originals(&config->clusters, data, &out->all, err);
    if (rc == 0)
        rc = check_classes(config, data, &out->all, err);
    if (rc == 0)
        rc = new_weights(config->clusters.n, &out->class_weight, err);
    if (rc == 0)
        rc = order_by_class(&out->all, config->clusters.n, &list, err);
    if (rc == 0)
        rc = divide(config, data, job_key, &list, out, err);
    if (rc == 0)
        out->leak = samples_leak(&out->train, &out->val);
    else
        job_samples_free(out);
    samples_free(&list);
    return rc;
}

static size_t image_floats(const struct dataset *data)
{
    return (size_t)data->size * (size_t)data->size;
}

/* Point originals and duplicates into the dataset; list the variants behind (*n) in variant. */
static void point_at_dataset(const struct dataset *data, struct samples *samples, struct sample **variant,
                             int *n)
{
    for (int i = 0; i < samples->n; i++) {
        struct sample *sample = &samples->sample[i];
        sample->pixels = data->pixels + (size_t)sample->image * image_floats(data);
        if (sample->variant >= 0)
            variant[(*n)++] = sample;
    }
}

static int compare_variants(const void *a, const void *b)
{
    const struct sample *x = *(struct sample *const *)a, *y = *(struct sample *const *)b;
    if (x->image != y->image)
        return x->image < y->image ? -1 : 1;
    return (x->variant > y->variant) - (x->variant < y->variant);
}

static int is_same_variant(const struct sample *a, const struct sample *b)
{
    return a->image == b->image && a->variant == b->variant;
}

static int count_distinct(struct sample *const *variant, int n)
{
    int distinct = 0;
    for (int i = 0; i < n; i++)
        distinct += i == 0 || !is_same_variant(variant[i], variant[i - 1]);
    return distinct;
}

/* The pixels of a variant: a pure function of the job's key, the image and the variant's number. */
static void render_variant(const struct config *config, const struct dataset *data, uint64_t key,
                           const struct sample *sample, float *out)
{
    uint64_t substream = (uint64_t)sample->image << 32 | (uint32_t)sample->variant;
    struct rng rng = rng_start(key, substream);
    struct augment_warp warp = augment_draw(config, data->size, &rng);
    augment_apply(out, data->pixels + (size_t)sample->image * image_floats(data), data->size, &warp);
}

/* Render n variants, sorted, each distinct one once, into `out`. */
static void render_sorted(const struct config *config, const struct dataset *data, uint64_t key,
                          struct sample *const *variant, int n, float *out)
{
    float *next = out;
    for (int i = 0; i < n; i++) {
        if (i > 0 && is_same_variant(variant[i], variant[i - 1])) {
            variant[i]->pixels = variant[i - 1]->pixels;
            continue;
        }
        render_variant(config, data, key, variant[i], next);
        variant[i]->pixels = next;
        next += image_floats(data);
    }
}

int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err)
{
    int n = 0, capacity = samples->train.n + samples->val.n + samples->all.n;
    struct sample **variant =
        err_calloc((unsigned long)capacity, sizeof *variant, "the variants of a job", err);
    if (!variant)
        return E_IO;
    point_at_dataset(data, &samples->train, variant, &n);
    point_at_dataset(data, &samples->val, variant, &n);
    point_at_dataset(data, &samples->all, variant, &n);
    qsort(variant, (size_t)n, sizeof *variant, compare_variants);
    free(samples->train.rendered);
    samples->train.rendered = err_calloc((unsigned long)count_distinct(variant, n),
                                         image_floats(data) * sizeof(float), "augmented images", err);
    if (samples->train.rendered)
        render_sorted(config, data, rng_key("augment", job_key, strlen(job_key)), variant, n,
                      samples->train.rendered);
    free(variant);
    return samples->train.rendered ? 0 : E_IO;
}

void job_samples_free(struct job_samples *samples)
{
    samples_free(&samples->train);
    samples_free(&samples->val);
    samples_free(&samples->all);
    free(samples->class_weight);
    *samples = (struct job_samples){0};
}
