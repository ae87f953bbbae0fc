/* Rules on Euclidean distances between images as flat vectors in [0, 1]. */
#include "strategies/balance_tools.h"

#include "samples/neighbours.h"
#include "samples/render.h"

#include <stdlib.h>

/* The samples that a rule was given, as points: what it adds is not among them. */
struct scene {
    const float **point; /* (n) */
    struct cloud cloud;
};

static int scene_new(struct balance *balance, struct scene *out, struct err *err)
{
    struct samples *samples = balance->samples;
    int rc = samples_render(balance->config, balance->data, balance->job_key, samples, err);
    out->point = err_calloc((unsigned long)samples->n, sizeof *out->point, "the images to compare", err);
    for (int i = 0; out->point && i < samples->n; i++)
        out->point[i] = samples->sample[i].pixels;
    out->cloud = (struct cloud){out->point, samples->n, (int)dataset_floats(balance->data)};
    return out->point ? rc : E_IO;
}

static struct positions positions_of(const struct members *members)
{
    return (struct positions){members->position, members->n};
}

/* Every position of the scene. The caller frees position. */
static int everything(const struct scene *scene, struct members *out, struct err *err)
{
    out->n = scene->cloud.n;
    out->position = err_calloc((unsigned long)out->n, sizeof *out->position, "the samples of a job", err);
    for (int i = 0; out->position && i < out->n; i++)
        out->position[i] = i;
    return out->position ? 0 : E_IO;
}

/* ---- synthetic minority over-sampling ---- */

/* Add n blends x + gap * (y - x) of a base x with one of its neighbours y; duplicates of a
 * base that has none. */
static int add_blends(struct balance *balance, struct positions base, const struct neighbours *near, int n,
                      struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < n; i++) {
        int b = (int)rng_below(&balance->rng, (uint32_t)base.n);
        struct sample made = balance->samples->sample[base.at[b]];
        if (near->k > 0) {
            int which = b * near->k + (int)rng_below(&balance->rng, (uint32_t)near->k);
            made.partner = balance->samples->sample[near->at[which]].image;
            made.blend = rng_uniform(&balance->rng);
        }
        rc = balance_add(balance, balance->samples, made, err);
    }
    return rc;
}

/* Bring every class to the largest size by fill(), which adds the missing samples of one. */
static int fill_by(struct balance *balance,
                   int (*fill)(struct balance *, const struct scene *, int label, int missing, struct err *),
                   struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    struct scene scene = {0};
    int rc = scene_new(balance, &scene, err);
    balance_sizes(balance, size);
    int target = balance_largest(size, balance->n_classes);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++)
        if (size[c] > 0 && size[c] < target)
            rc = fill(balance, &scene, c, target - size[c], err);
    free(scene.point);
    return rc;
}

/* Originals of a class. */
static int originals_of(const struct balance *balance, int label, struct members *out, struct err *err)
{
    int rc = balance_members(balance->samples, label, out, err);
    if (rc == 0)
        balance_originals(balance->samples, out);
    return rc;
}

struct smote {
    int64_t k;
};

static const struct setting smote_settings[] = {
    {"smote.k", SETTING_INT, offsetof(struct smote, k), 1, 1000, "5", NULL,
     "nearest neighbours an image is blended with one of"},
    {0},
};

static const struct section smote_section = {.setting = smote_settings, .size = sizeof(struct smote)};

static int smote(struct balance *balance, const struct scene *scene, int label, int missing, struct err *err)
{
    const struct smote *settings = config_of(balance->config, &smote_section);
    struct members members;
    struct neighbours near = {0};
    int rc = originals_of(balance, label, &members, err);
    if (rc == 0)
        rc = neighbours_find(&scene->cloud, positions_of(&members), positions_of(&members), (int)settings->k,
                             balance->pause, &near, err);
    if (rc == 0 && members.n > 0)
        rc = add_blends(balance, positions_of(&members), &near, missing, err);
    neighbours_free(&near);
    free(members.position);
    return rc;
}

static int apply_smote(struct balance *balance, struct err *err)
{
    return fill_by(balance, smote, err);
}

static int estimate_smote(struct balance *balance, struct err *err)
{
    return balance_fill(balance, balance_duplicate, err);
}

struct borderline {
    int64_t k, m;
};

static const struct setting borderline_settings[] = {
    {"borderline-smote.k", SETTING_INT, offsetof(struct borderline, k), 1, 1000, "5", NULL,
     "nearest neighbours of its class an image is blended with one of"},
    {"borderline-smote.m", SETTING_INT, offsetof(struct borderline, m), 1, 1000, "10", NULL,
     "nearest neighbours of any class that tell whether an image is on the border"},
    {0},
};

static const struct section borderline_section = {.setting = borderline_settings,
                                                  .size = sizeof(struct borderline)};

/* Keep the members in danger: at least half, but not all, of the m nearest samples are of other classes. */
static int keep_in_danger(struct balance *balance, const struct scene *scene, struct members *members, int m,
                          struct err *err)
{
    struct members all;
    struct neighbours near = {0};
    int n = 0, rc = everything(scene, &all, err);
    if (rc == 0)
        rc = neighbours_find(&scene->cloud, positions_of(members), positions_of(&all), m, balance->pause,
                             &near, err);
    for (int i = 0; rc == 0 && i < members->n; i++) {
        int label = balance->samples->sample[members->position[i]].label, strangers = 0;
        for (int j = 0; j < near.k; j++)
            strangers += balance->samples->sample[near.at[i * near.k + j]].label != label;
        if (2 * strangers >= near.k && strangers < near.k)
            members->position[n++] = members->position[i];
    }
    members->n = n;
    neighbours_free(&near);
    free(all.position);
    return rc;
}

/* Blends of the images in danger with near ones of their class, danger or not. Nothing where
 * none is in danger. */
static int borderline_smote(struct balance *balance, const struct scene *scene, int label, int missing,
                            struct err *err)
{
    const struct borderline *settings = config_of(balance->config, &borderline_section);
    struct members danger = {0}, members = {0};
    struct neighbours near = {0};
    int rc = originals_of(balance, label, &danger, err);
    if (rc == 0)
        rc = keep_in_danger(balance, scene, &danger, (int)settings->m, err);
    if (rc == 0)
        rc = originals_of(balance, label, &members, err);
    if (rc == 0)
        rc = neighbours_find(&scene->cloud, positions_of(&danger), positions_of(&members), (int)settings->k,
                             balance->pause, &near, err);
    if (rc == 0 && danger.n > 0)
        rc = add_blends(balance, positions_of(&danger), &near, missing, err);
    neighbours_free(&near);
    free(members.position);
    free(danger.position);
    return rc;
}

static int apply_borderline_smote(struct balance *balance, struct err *err)
{
    return fill_by(balance, borderline_smote, err);
}

static int estimate_borderline_smote(struct balance *balance, struct err *err)
{
    balance->upper = 1;
    return estimate_smote(balance, err);
}

/* ---- cleaning and choosing the majority ---- */

/* times (n) = 0 for samples of classes above the smallest that form a Tomek link: two samples of different
 * classes, each the nearest of the other. */
static void mark_links(const struct balance *balance, const struct neighbours *nearest, int *times)
{
    const struct sample *sample = balance->samples->sample;
    int size[CONFIG_MAX_CLUSTERS];
    balance_sizes(balance, size);
    int smallest = balance_smallest(size, balance->n_classes);
    for (int i = 0; i < nearest->n; i++) {
        int j = nearest->at[i];
        int linked = nearest->at[j] == i && sample[j].label != sample[i].label;
        times[i] = !(linked && size[sample[i].label] > smallest);
    }
}

/* No class disappears: its first sample stays if none would. */
static void keep_every_class(const struct balance *balance, int *times)
{
    int kept[CONFIG_MAX_CLUSTERS] = {0};
    const struct sample *sample = balance->samples->sample;
    for (int i = 0; i < balance->samples->n; i++)
        kept[sample[i].label] += times[i];
    for (int i = 0; i < balance->samples->n; i++)
        if (kept[sample[i].label] == 0)
            kept[sample[i].label] = times[i] = 1;
}

static int apply_tomek(struct balance *balance, struct err *err)
{
    struct scene scene = {0};
    struct members all = {0};
    struct neighbours nearest = {0};
    int *times = err_calloc((unsigned long)balance->samples->n, sizeof *times, "the samples kept", err);
    int rc = times ? scene_new(balance, &scene, err) : E_IO;
    if (rc == 0)
        rc = everything(&scene, &all, err);
    if (rc == 0)
        rc = neighbours_find(&scene.cloud, positions_of(&all), positions_of(&all), 1, balance->pause,
                             &nearest, err);
    if (rc == 0 && nearest.k == 1) {
        mark_links(balance, &nearest, times);
        keep_every_class(balance, times);
        rc = balance_keep(balance, times, err);
    }
    neighbours_free(&nearest);
    free(all.position);
    free(scene.point);
    free(times);
    return rc;
}

static int estimate_tomek(struct balance *balance, struct err *err)
{
    (void)err;
    balance->upper = 1;
    return 0;
}

/* A member and how near it is to the smallest class. */
struct nearness {
    double distance; /* sum over the k nearest, which orders as their mean does */
    int position;
};

static int compare_nearness(const void *a, const void *b)
{
    const struct nearness *x = a, *y = b;
    if (x->distance < y->distance || x->distance > y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

/* times = 1 for the `keep` members nearest to the minority, given their neighbours in it. */
static int choose_nearest(const struct neighbours *near, const struct members *members, int keep, int *times,
                          struct err *err)
{
    struct nearness *order = err_calloc((unsigned long)members->n, sizeof *order, "distances", err);
    if (!order)
        return E_IO;
    for (int i = 0; i < members->n; i++) {
        order[i].position = members->position[i];
        for (int j = 0; j < near->k; j++)
            order[i].distance += near->distance[i * near->k + j];
    }
    qsort(order, (size_t)members->n, sizeof *order, compare_nearness);
    for (int i = 0; i < keep; i++)
        times[order[i].position] = 1;
    free(order);
    return 0;
}

struct nearmiss {
    int64_t k;
};

static const struct setting nearmiss_settings[] = {
    {"nearmiss.k", SETTING_INT, offsetof(struct nearmiss, k), 1, 1000, "3", NULL,
     "nearest images of the smallest class whose mean distance counts"},
    {0},
};

static const struct section nearmiss_section = {.setting = nearmiss_settings,
                                                .size = sizeof(struct nearmiss)};

/* Keep `keep` samples of a class: those nearest to the minority, or without a scene the first ones. */
static int nearmiss_class(const struct balance *balance, const struct scene *scene,
                          const struct members *minority, int label, int keep, int *times, struct err *err)
{
    struct members members;
    struct neighbours near = {0};
    int rc = balance_members(balance->samples, label, &members, err);
    int k = (int)((const struct nearmiss *)config_of(balance->config, &nearmiss_section))->k;
    keep = keep < members.n ? keep : members.n;
    if (rc == 0 && scene)
        rc = neighbours_find(&scene->cloud, positions_of(&members), positions_of(minority), k, balance->pause,
                             &near, err);
    if (rc == 0)
        rc = choose_nearest(&near, &members, keep, times, err);
    neighbours_free(&near);
    free(members.position);
    return rc;
}

/* The first class of the smallest size. */
static int smallest_class(const struct balance *balance, const int *size)
{
    int smallest = balance_smallest(size, balance->n_classes), c = 0;
    while (size[c] != smallest)
        c++;
    return c;
}

static int choose_all_classes(struct balance *balance, const struct scene *scene, int *times, struct err *err)
{
    int size[CONFIG_MAX_CLUSTERS];
    struct members minority;
    balance_sizes(balance, size);
    int smallest = smallest_class(balance, size);
    int rc = balance_members(balance->samples, smallest, &minority, err);
    for (int c = 0; rc == 0 && c < balance->n_classes; c++) {
        int keep = size[c] > size[smallest] ? size[smallest] : balance->samples->n;
        rc = nearmiss_class(balance, keep < balance->samples->n ? scene : NULL, &minority, c, keep, times,
                            err);
    }
    free(minority.position);
    return rc;
}

static int choose_and_keep(struct balance *balance, const struct scene *scene, struct err *err)
{
    int *times = err_calloc((unsigned long)balance->samples->n, sizeof *times, "the samples kept", err);
    int rc = times ? choose_all_classes(balance, scene, times, err) : E_IO;
    if (rc == 0)
        rc = balance_keep(balance, times, err);
    free(times);
    return rc;
}

static int apply_nearmiss(struct balance *balance, struct err *err)
{
    struct scene scene = {0};
    int rc = scene_new(balance, &scene, err);
    if (rc == 0)
        rc = choose_and_keep(balance, &scene, err);
    free(scene.point);
    return rc;
}

static int estimate_nearmiss(struct balance *balance, struct err *err)
{
    return choose_and_keep(balance, NULL, err);
}

const struct balance_strategy balance_pixels[] = {
    {.name = "smote",
     .title = "SMOTE",
     .colour = "#E69F00",
     .help = "blends of smaller classes' images with near ones of their class, up to the largest",
     .section = &smote_section,
     .apply = apply_smote,
     .estimate = estimate_smote},
    {.name = "borderline-smote",
     .title = "Borderline-SMOTE",
     .colour = "#8C5A00",
     .help = "the same, only from images that other classes surround",
     .section = &borderline_section,
     .apply = apply_borderline_smote,
     .estimate = estimate_borderline_smote},
    {.name = "tomek",
     .title = "Tomek links",
     .colour = "#56B4E9",
     .help = "larger classes lose images whose nearest neighbour, mutually, is of another class",
     .apply = apply_tomek,
     .estimate = estimate_tomek},
    {.name = "nearmiss",
     .title = "NearMiss",
     .colour = "#332288",
     .help = "larger classes reduced to the images nearest to the smallest class",
     .section = &nearmiss_section,
     .apply = apply_nearmiss,
     .estimate = estimate_nearmiss},
    {0},
};
