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

void samples_forget_pixels(struct samples *samples)
{
    for (int i = 0; i < samples->n; i++)
        samples->sample[i].pixels = NULL;
    free(samples->rendered);
    samples->rendered = NULL;
}

/* The origins of a sample, images with the same pixels taken as one: how many, 1 or 2, in out. */
static int origins(const struct dataset *data, const struct sample *sample, int out[2])
{
    out[0] = dataset_content(data, sample->image);
    out[1] = sample->blend > 0 ? dataset_content(data, sample->partner) : out[0];
    return out[1] == out[0] ? 1 : 2;
}

int samples_leak(const struct dataset *data, const struct samples *train, const struct samples *val,
                 struct err *err)
{
    int leak = 0, origin[2];
    unsigned char *seen = err_calloc((unsigned long)data->n_images, sizeof *seen, "training images", err);
    if (!seen)
        return E_IO;
    for (int i = 0; i < train->n; i++)
        for (int k = origins(data, &train->sample[i], origin); k-- > 0;)
            seen[origin[k]] = 1;
    for (int i = 0; i < val->n; i++) {
        int n = origins(data, &val->sample[i], origin);
        leak += seen[origin[0]] || seen[origin[n - 1]];
    }
    free(seen);
    return leak;
}

int samples_roles(const struct dataset *data, const struct job_samples *samples, int *role, struct err *err)
{
    enum { TRAINED, JUDGED, UNTOUCHED };
    unsigned char *of = err_calloc((unsigned long)data->n_images, sizeof *of, "the roles of images", err);
    if (!of)
        return E_IO;
    for (int i = 0; i < data->n_images; i++)
        of[i] = UNTOUCHED;
    for (int i = 0; i < samples->val.n; i++) {
        const struct sample *sample = &samples->val.sample[i];
        of[sample->image] = of[sample->blend > 0 ? sample->partner : sample->image] = JUDGED;
    }
    for (int i = 0; i < samples->train.n; i++) {
        const struct sample *sample = &samples->train.sample[i];
        of[sample->image] = of[sample->blend > 0 ? sample->partner : sample->image] = TRAINED;
    }
    for (int i = 0; i < samples->all.n; i++)
        role[i] = of[samples->all.sample[i].image];
    free(of);
    return 0;
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
    if (config->class_sizes.n && config->class_sizes.n != config->clusters.n)
        return err_set(err, E_USAGE,
                       "class_sizes: %d sizes for %d clusters; give one for each, in their order",
                       config->class_sizes.n, config->clusters.n);
    if (protocol->kind == PROTOCOL_KFOLD && protocol->folds < 2)
        return err_set(err, E_USAGE, "protocol kfold needs at least 2 folds, not %d", protocol->folds);
    if (protocol->kind == PROTOCOL_KFOLD && (config->fold < 0 || config->fold >= protocol->folds))
        return err_set(err, E_USAGE, "fold %lld does not exist; protocol kfold with %d folds has 0 to %d",
                       (long long)config->fold, protocol->folds, protocol->folds - 1);
    return 0;
}

/* Groups need a protocol that can keep them apart, and data that has them. */
static int check_groups(const struct config *config, const struct dataset *data, struct err *err)
{
    const char *groups = config_groups(config);
    if (!groups)
        return 0;
    if (!split_rule(config->protocol.kind)->keeps_groups)
        return err_set(
            err, E_USAGE,
            "groups: protocol %s cannot keep groups (%s) apart; use holdout or kfold, or leave out "
            "groups",
            config_protocol_name(config->protocol.kind), groups);
    if (strcmp(data->group_column, groups) != 0)
        return err_set(err, E_USAGE, "groups: the images have %s%s, not %s; pack them with --groups %s",
                       data->group_column[0] ? "groups " : "no groups", data->group_column, groups, groups);
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
        if (config->class_sizes.n && config->class_sizes.size[c] > count[c])
            return err_set(err, E_USAGE,
                           "class_sizes: cluster %d has %d images, %d are asked for; ask for fewer", cluster,
                           count[c], (int)config->class_sizes.size[c]);
        if (config->class_sizes.n)
            count[c] = config->class_sizes.size[c];
        if (count[c] < split_min_images(config))
            return too_small(config, cluster, count[c], err);
    }
    return 0;
}

/* The stream that draws the originals of class_sizes: of clusters, seed and repeat only, so that strategies, protocols, folds and
 * sizes share it, and a smaller draw is part of a larger one. */
static struct rng sizes_stream(const struct config *config, int c)
{
    char text[CONFIG_MAX_CLUSTERS * 6 + 64];
    config_get(config, config_find("clusters"), text, sizeof text - 64);
    size_t n = strlen(text);
    n += (size_t)snprintf(text + n, sizeof text - n, " seed=%lld", (long long)config->seed);
    if (config->repeat > 0)
        n += (size_t)snprintf(text + n, sizeof text - n, " repeat=%lld", (long long)config->repeat);
    return rng_start(rng_key("class sizes", text, n), (uint64_t)c);
}

/* Keep only the originals that class_sizes draws; list stands class after class and stays in its order. */
static int draw_class_sizes(const struct config *config, struct samples *list, struct err *err)
{
    int count[CONFIG_MAX_CLUSTERS], n = 0, begin = 0;
    int *order = err_calloc((unsigned long)list->n, sizeof *order, "the draw of originals", err);
    unsigned char *kept = err_calloc((unsigned long)list->n, sizeof *kept, "the draw of originals", err);
    if (order && kept) {
        samples_count(list, config->clusters.n, count);
        for (int c = 0; c < config->clusters.n; begin += count[c++]) {
            struct rng rng = sizes_stream(config, c);
            for (int i = 0; i < count[c]; i++)
                order[i] = begin + i;
            rng_shuffle(&rng, order, count[c]);
            for (int i = 0; i < config->class_sizes.size[c]; i++)
                kept[order[i]] = 1;
        }
        for (int i = 0; i < list->n; i++)
            if (kept[i])
                list->sample[n++] = list->sample[i];
        list->n = n;
    }
    int rc = order && kept ? 0 : E_IO;
    free(order);
    free(kept);
    return rc;
}

/* What selecting a job needs everywhere. */
struct selection {
    const struct config *config;
    const struct dataset *data;
    const char *job_key;
    int estimate; /* 1: only numbers of samples matter */
    struct pause *pause;
};

static int rebalance(const struct selection *s, struct samples *samples, struct recipe *recipe,
                     struct err *err)
{
    struct balance balance = {.config = s->config,
                              .data = s->data,
                              .job_key = s->job_key,
                              .n_classes = s->config->clusters.n,
                              .rng = balance_stream(s->job_key),
                              .samples = samples,
                              .recipe = recipe,
                              .estimate = s->estimate,
                              .pause = s->pause};
    return balance_apply(s->config->strategy, &balance, err);
}

/* From the originals in list to both sides of the job, in the order of work of its protocol. list is used up. */
static int divide(const struct selection *s, struct samples *list, struct job_samples *out, struct err *err)
{
    const struct split_task task = {.config = s->config,
                                    .samples = list,
                                    .n_classes = s->config->clusters.n,
                                    .group = config_groups(s->config) ? s->data->group : NULL};
    int balances_first = split_rule(s->config->protocol.kind)->balances_first, rc = 0;
    if (balances_first)
        rc = rebalance(s, list, &out->recipe, err);
    if (rc == 0)
        rc = split_samples(&task, &out->train, &out->val, err);
    if (rc == 0 && !balances_first)
        rc = rebalance(s, &out->train, &out->recipe, err);
    if (rc < 0)
        return rc;
    out->leak = samples_leak(s->data, &out->train, &out->val, err);
    return out->leak < 0 ? out->leak : 0;
}

static int select_samples(const struct selection *s, struct job_samples *out, struct err *err)
{
    struct samples list = {0};
    memset(out, 0, sizeof *out);
    out->recipe = recipe_plain();
    int rc = check_config(s->config, err);
    if (rc == 0)
        rc = check_groups(s->config, s->data, err);
    if (rc == 0)
        rc = list_originals(&s->config->clusters, s->data, &out->all, err);
    if (rc == 0)
        rc = check_classes(s->config, s->data, &out->all, err);
    if (rc == 0)
        rc = order_by_class(&out->all, s->config->clusters.n, &list, err);
    if (rc == 0 && s->config->class_sizes.n)
        rc = draw_class_sizes(s->config, &list, err);
    if (rc == 0)
        rc = divide(s, &list, out, err);
    if (rc < 0)
        job_samples_free(out);
    samples_free(&list);
    return rc;
}

int job_samples_select(const struct config *config, const struct dataset *data, const char *job_key,
                       struct pause *pause, struct job_samples *out, struct err *err)
{
    return select_samples(&(struct selection){config, data, job_key, 0, pause}, out, err);
}

int job_samples_estimate(const struct config *config, const struct dataset *data, const char *job_key,
                         struct job_samples *out, struct err *err)
{
    return select_samples(&(struct selection){config, data, job_key, 1, NULL}, out, err);
}

static size_t image_floats(const struct dataset *data)
{
    return (size_t)data->size * (size_t)data->size;
}

/* Whether a sample's pixels are made, not found in the dataset. */
static int is_made(const struct sample *sample)
{
    return sample->variant >= 0 || sample->blend > 0;
}

/* Point originals and duplicates into the dataset; list what has to be made behind (*n) in made. */
static void point_at_dataset(const struct dataset *data, struct samples *samples, struct sample **made,
                             int *n)
{
    for (int i = 0; i < samples->n; i++) {
        struct sample *sample = &samples->sample[i];
        sample->pixels = data->pixels + (size_t)sample->image * image_floats(data);
        if (is_made(sample))
            made[(*n)++] = sample;
    }
}

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

static int compare_made(const struct sample *x, const struct sample *y)
{
    int order = compare_ints(x->image, y->image);
    if (order == 0)
        order = compare_ints(x->variant, y->variant);
    if (order == 0)
        order = compare_ints(x->partner, y->partner);
    return order ? order : (x->blend > y->blend) - (x->blend < y->blend);
}

static int compare_pointers(const void *a, const void *b)
{
    return compare_made(*(struct sample *const *)a, *(struct sample *const *)b);
}

static int count_distinct(struct sample *const *made, int n)
{
    int distinct = 0;
    for (int i = 0; i < n; i++)
        distinct += i == 0 || compare_made(made[i], made[i - 1]) != 0;
    return distinct;
}

/* The pixels of a variant: a pure function of the job's key, the image and the variant's number. */
static void render_variant(const struct selection *s, const struct sample *sample, float *out)
{
    uint64_t substream = (uint64_t)sample->image << 32 | (uint32_t)sample->variant;
    struct rng rng = rng_start(rng_key("augment", s->job_key, strlen(s->job_key)), substream);
    struct augment_warp warp = augment_draw(s->config, s->data->size, &rng);
    augment_apply(out, s->data->pixels + (size_t)sample->image * image_floats(s->data), s->data->size, &warp);
}

static void render_blend(const struct dataset *data, const struct sample *sample, float *out)
{
    const float *x = data->pixels + (size_t)sample->image * image_floats(data);
    const float *y = data->pixels + (size_t)sample->partner * image_floats(data);
    for (size_t i = 0; i < image_floats(data); i++)
        out[i] = (float)((double)x[i] + sample->blend * ((double)y[i] - (double)x[i]));
}

/* Render n made samples, sorted, each distinct one once, into `out`. */
static void render_sorted(const struct selection *s, struct sample *const *made, int n, float *out)
{
    float *next = out;
    for (int i = 0; i < n; i++) {
        if (i > 0 && compare_made(made[i], made[i - 1]) == 0) {
            made[i]->pixels = made[i - 1]->pixels;
            continue;
        }
        if (made[i]->blend > 0)
            render_blend(s->data, made[i], next);
        else
            render_variant(s, made[i], next);
        made[i]->pixels = next;
        next += image_floats(s->data);
    }
}

/* Render several lists; the first one owns what is made. */
static int render_lists(const struct selection *s, struct samples *const *list, int n_lists, struct err *err)
{
    int n = 0, capacity = 0;
    for (int i = 0; i < n_lists; i++)
        capacity += list[i]->n;
    struct sample **made = err_calloc((unsigned long)capacity, sizeof *made, "the variants of a job", err);
    if (!made)
        return E_IO;
    for (int i = 0; i < n_lists; i++)
        point_at_dataset(s->data, list[i], made, &n);
    qsort(made, (size_t)n, sizeof *made, compare_pointers);
    free(list[0]->rendered);
    list[0]->rendered = err_calloc((unsigned long)count_distinct(made, n),
                                   image_floats(s->data) * sizeof(float), "augmented images", err);
    if (list[0]->rendered)
        render_sorted(s, made, n, list[0]->rendered);
    free(made);
    return list[0]->rendered ? 0 : E_IO;
}

int samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                   struct samples *samples, struct err *err)
{
    return render_lists(&(struct selection){config, data, job_key, 0, NULL}, &samples, 1, err);
}

int job_samples_render(const struct config *config, const struct dataset *data, const char *job_key,
                       struct job_samples *samples, struct err *err)
{
    struct samples *const list[] = {&samples->train, &samples->val, &samples->all};
    return render_lists(&(struct selection){config, data, job_key, 0, NULL}, list, 3, err);
}

void job_samples_free(struct job_samples *samples)
{
    samples_free(&samples->train);
    samples_free(&samples->val);
    samples_free(&samples->all);
    *samples = (struct job_samples){0};
}
