#include "select.h"

#include "features/feature.h"
#include "strategies/balance.h"
#include "samples/inner.h"
#include "samples/noise.h"
#include "samples/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int missing_cluster(int cluster, const struct dataset *data, struct err *err)
{
    char known[160], room[2][CLASS_NAME_SIZE];
    size_t n = 0;
    int c = 0;
    known[0] = '\0';
    for (; c < data->n_clusters && n < sizeof known - 32; c++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%.24s", c ? ", " : "",
                              class_title(data->cluster[c], room[0]));
    return err_set(err, E_USAGE, "cluster %.80s is not in the dataset; it has %s%s",
                   class_title(cluster, room[1]), known, c < data->n_clusters ? ", ..." : "");
}

static int too_small(const struct config *config, int cluster, int count, struct err *err)
{
    char room[CLASS_NAME_SIZE];
    const char *protocol = config_protocol_name(config->protocol.kind), *name = class_title(cluster, room);
    const char *images = count == 1 ? "image" : "images";
    if (split_rule(config->protocol.kind)->needs_folds)
        return err_set(
            err, E_USAGE,
            "cluster %.80s has %d %s; protocol %s with %d folds needs at least %d a class: use fewer folds "
            "or leave the cluster out",
            name, count, images, protocol, config->protocol.folds, config->protocol.folds);
    return err_set(err, E_USAGE,
                   "cluster %.80s has %d %s; protocol %s needs at least %d a class: leave the cluster out",
                   name, count, images, protocol, split_min_images(config));
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
    if (!groupings_find(&data->groupings, groups))
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
        char room[CLASS_NAME_SIZE];
        int cluster = config->clusters.number[c];
        const char *name = class_title(cluster, room);
        if (class_of(&config->clusters, cluster) != c)
            return err_set(err, E_USAGE, "cluster %.80s is named twice in one job; name it once", name);
        if (count[c] == 0)
            return missing_cluster(cluster, data, err);
        if (config->class_sizes.n && config->class_sizes.size[c] > count[c])
            return err_set(err, E_USAGE,
                           "class_sizes: cluster %.80s has %d images, %d are asked for; ask for fewer", name,
                           count[c], (int)config->class_sizes.size[c]);
        if (config->class_sizes.n)
            count[c] = config->class_sizes.size[c];
        if (count[c] < split_min_images(config))
            return too_small(config, cluster, count[c], err);
    }
    return 0;
}

/* Of each set, images of one class or, class -1, of all. */
static void count_sets(const struct dataset *data, const struct samples *all, int class, int *n)
{
    memset(n, 0, N_GIVEN_SETS * sizeof *n);
    for (int i = 0; i < all->n; i++)
        if (class < 0 || all->sample[i].label == class)
            n[data->image[all->sample[i].image].given]++;
}

/* What protocol given needs: sets, of which train and test have images of every class. */
static int check_sets(const struct config *config, const struct dataset *data, const struct samples *all,
                      struct err *err)
{
    char room[CLASS_NAME_SIZE];
    int n[N_GIVEN_SETS];
    if (config->protocol.kind != PROTOCOL_GIVEN)
        return 0;
    if (!data->sets[0])
        return err_set(err, E_USAGE,
                       "protocol given: the images came without sets; pack them from folders "
                       "{train,val,test}/<class>, with a column split of train, val and test in the label "
                       "table, or from such an .npz");
    if (config->class_sizes.n)
        return err_set(err, E_USAGE,
                       "class_sizes: protocol given takes its sets as they are; use holdout or kfold, or "
                       "leave out class_sizes");
    for (int c = -1; c < config->clusters.n; c++) {
        count_sets(data, all, c, n);
        if (n[GIVEN_TRAIN] > 0 && n[GIVEN_TEST] > 0)
            continue;
        const char *lacks = given_set_names[n[GIVEN_TRAIN] > 0 ? GIVEN_TEST : GIVEN_TRAIN];
        if (c < 0)
            return err_set(err, E_USAGE,
                           "protocol given: no image is in set %s (%d train, %d val, %d test); pack them "
                           "with it, or use holdout",
                           lacks, n[GIVEN_TRAIN], n[GIVEN_VAL], n[GIVEN_TEST]);
        return err_set(err, E_USAGE,
                       "protocol given: cluster %.80s has no image in set %s (%d train, %d val, %d test); "
                       "leave the cluster out",
                       class_title(config->clusters.number[c], room), lacks, n[GIVEN_TRAIN], n[GIVEN_VAL],
                       n[GIVEN_TEST]);
    }
    return 0;
}

/* Keep only what protocol given divides; what is in no set is kept apart. Set val becomes that of the job,
 * where it has images of every class. */
static int keep_sets(const struct dataset *data, int n_classes, struct samples *list, struct samples *val,
                     struct err *err)
{
    int n = 0, rc = 0, count[CONFIG_MAX_CLUSTERS];
    for (int i = 0; i < list->n; i++) {
        int given = data->image[list->sample[i].image].given;
        if (given == GIVEN_TRAIN || given == GIVEN_TEST)
            list->sample[n++] = list->sample[i];
        else if (given == GIVEN_VAL && rc == 0)
            rc = samples_add(val, list->sample[i], err);
    }
    list->n = n;
    samples_count(val, n_classes, count);
    for (int c = 0; c < n_classes; c++)
        if (count[c] == 0)
            val->n = 0;
    return rc;
}

/* The stream that draws the originals of class_sizes: of clusters, seed and repeat only, so that strategies,
 * protocols, folds and sizes share it, and a smaller draw is part of a larger one. */
static struct rng sizes_stream(const struct config *config, int c)
{
    char text[CONFIG_MAX_CLUSTERS * 6 + 64];
    config_get(config, config_find(config->schema, "clusters"), text, sizeof text - 64);
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

/* The samples of two lists, in out, empty and owned by the caller. */
static int join(const struct samples *a, const struct samples *b, struct samples *out, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < a->n; i++)
        rc = samples_add(out, a->sample[i], err);
    for (int i = 0; rc == 0 && i < b->n; i++)
        rc = samples_add(out, b->sample[i], err);
    return rc;
}

/* How many of `judged` were seen before, among the training samples or those of more, which may be empty. */
static int count_leak(const struct selection *s, const struct samples *train, const struct samples *more,
                      const struct samples *judged, struct err *err)
{
    struct samples seen = {0};
    int rc = join(train, more, &seen, err);
    if (rc == 0)
        rc = samples_leak(s->data, &seen, judged, err);
    samples_free(&seen);
    return rc;
}

/* How far training images leak into the other sets, and those that its features learnt from elsewhere. Those
 * of an inner set are training images that are kept to choose on: a test image that equals one is no less
 * seen. */
static int count_leaks(const struct selection *s, struct job_samples *out, struct err *err)
{
    const struct feature_kind *features = feature_of(s->config);
    struct samples elsewhere = {0}, seen = {0};
    int rc = features->seen && !s->estimate ? features->seen(s->config, s->data, &elsewhere, err) : 0;
    if (rc == 0 && out->val.n > 0)
        out->leak_val = rc = count_leak(s, &out->train, &elsewhere, &out->val, err);
    if (rc >= 0)
        rc = inner_of(s->config).kind == INNER_NONE ? 0 : join(&out->val, &elsewhere, &seen, err);
    if (rc >= 0)
        out->leak = rc = count_leak(s, &out->train, seen.n ? &seen : &elsewhere, &out->test, err);
    samples_free(&elsewhere);
    samples_free(&seen);
    return rc < 0 ? rc : 0;
}

/* From the originals in list to the sets of the job, in the order of work of its protocol. list is used
 * up. */
static int divide(const struct selection *s, struct samples *list, struct job_samples *out, struct err *err)
{
    const char *groups = config_groups(s->config);
    const struct grouping *grouping = groups ? groupings_find(&s->data->groupings, groups) : NULL;
    const struct split_task task = {.config = s->config,
                                    .samples = list,
                                    .n_classes = s->config->clusters.n,
                                    .image = s->data->image,
                                    .group = grouping ? grouping->number : NULL};
    int balances_first = split_rule(s->config->protocol.kind)->balances_first, rc = 0;
    if (balances_first)
        rc = rebalance(s, list, &out->recipe, err);
    if (rc == 0)
        rc = split_samples(&task, split_stream(s->config), &out->train, &out->test, err);
    if (rc == 0)
        rc = inner_hold(s->config, s->data, task.group, &out->train, &out->val, err);
    if (rc == 0)
        rc = noise_add(s->config, s->data->n_images, &out->train, err);
    if (rc == 0 && !balances_first)
        rc = rebalance(s, &out->train, &out->recipe, err);
    return rc < 0 ? rc : count_leaks(s, out, err);
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
        rc = check_sets(s->config, s->data, &out->all, err);
    if (rc == 0)
        rc = samples_by_class(&out->all, s->config->clusters.n, &list, err);
    if (rc == 0 && s->config->class_sizes.n)
        rc = draw_class_sizes(s->config, &list, err);
    if (rc == 0 && s->config->protocol.kind == PROTOCOL_GIVEN)
        rc = keep_sets(s->data, s->config->clusters.n, &list, &out->val, err);
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
