/* Model "forest": Breiman's random forest on pixels.
 *
 * Breiman (2001): each tree is grown on as many rows as there are, drawn with replacement, and splits a node
 * by the best of some features drawn for it (trees.h); probabilities are the mean of the shares in the
 * leaves, as scikit-learn's are. Loss weights are weights of rows. Every draw is a pure function of seed and
 * tree. The score on what a tree was not grown on is kept beside the trees. */
#include "models/model.h"

#include "features/feature.h"
#include "models/trees.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    int64_t trees, features, depth, leaf;
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"forest.trees", SETTING_INT, FIELD(trees), 1, 100000, "100", NULL, "trees of the forest"},
    {"forest.features", SETTING_INT, FIELD(features), 0, 1e9, "0", NULL,
     "pixels tried at a node; 0: the square root of how many there are"},
    {"forest.depth", SETTING_INT, FIELD(depth), 0, 1e6, "0", NULL, "depth of a tree at most; 0: any"},
    {"forest.leaf", SETTING_INT, FIELD(leaf), 1, 1e6, "1", NULL, "images in a leaf at least"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

enum { OOB_ACCURACY, OOB_BALANCED_ACCURACY, N_OOB };

struct forest {
    struct settings settings;
    struct tree_rule rule;
    uint64_t key; /* of its draws */
    struct trees trees;
    float out_of_bag[N_OOB]; /* NaN: no row was ever out of the bag */
};

static size_t n_features(const struct settings *s, size_t floats)
{
    size_t n = s->features ? (size_t)s->features : (size_t)sqrt((double)floats);
    return n < floats ? n : floats;
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const struct settings *s = config_of(config, &section);
    snprintf(out, MODEL_IDENTITY_SIZE, "forest %d %lld %lld %lld %lld %d channels %d",
             (int)config->image_size, (long long)s->trees, (long long)s->features, (long long)s->depth,
             (long long)s->leaf, config->clusters.n, (int)config->channels);
}

/* Rows sorted by features on each level, some log2(n) of them, and once by all. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    const struct settings *s = config_of(config, &section);
    double floats = (double)feature_floats(config), levels = log2(n_seen + 2), trees = (double)s->trees;
    double features = (double)n_features(s, feature_floats(config));
    return 1e6 + n_seen * (4 * floats + trees * levels * features) + (n_seen + 2 * n_judged) * trees * levels;
}

/* A tree has at most a leaf a row, and a node less than twice as many. */
static size_t room(const struct config *config, int n_train)
{
    const struct settings *s = config_of(config, &section);
    size_t n = (size_t)n_train, trees = (size_t)s->trees, n_classes = (size_t)config->clusters.n;
    size_t a_tree =
        sizeof(int64_t) + 2 * n * (2 * sizeof(int64_t) + sizeof(float)) + n * n_classes * sizeof(float);
    return trees * a_tree + N_OOB * sizeof(float) + 5 * MODEL_HEAD;
}

static size_t bytes(const struct config *config, int n_train)
{
    return room(config, n_train) + (size_t)n_train * feature_floats(config) * sizeof(uint32_t);
}

static void close_forest(void *model)
{
    struct forest *forest = model;
    trees_free(&forest->trees);
    free(forest);
}

/* One leaf without a tree. Until it is fitted all classes are as likely. */
static int plant(struct trees *trees, struct err *err)
{
    int rc = trees_resize(trees, 1, 1, 1, err);
    if (rc < 0)
        return rc;
    trees->node[0] = -1;
    for (size_t c = 0; c < trees->n_classes; c++)
        trees->share[c] = (float)(1.0 / (double)trees->n_classes);
    return 0;
}

static int open_forest(const struct model_spec *spec, void **out, struct err *err)
{
    const struct settings *s = config_of(spec->config, &section);
    struct forest *forest = err_calloc(1, sizeof *forest, "a model", err);
    size_t floats = feature_floats(spec->config);
    *out = NULL;
    if (!forest)
        return E_IO;
    forest->settings = *s;
    forest->rule = (struct tree_rule){n_features(s, floats), (int)s->depth, (int)s->leaf};
    forest->key = spec->start;
    forest->trees.n_classes = (size_t)spec->config->clusters.n;
    forest->trees.floats = floats;
    forest->out_of_bag[OOB_ACCURACY] = forest->out_of_bag[OOB_BALANCED_ACCURACY] = (float)NAN;
    if (plant(&forest->trees, err) < 0) {
        close_forest(forest);
        return E_IO;
    }
    *out = forest;
    return 0;
}

/* ---- fitting ---- */

/* What a forest grows on, and how its trees vote on rows that they have not seen. */
struct bag {
    struct tree_rows rows;
    double *weight; /* (n) of a row times how often it was drawn */
    double *vote;   /* (n, n_classes) summed over the trees without it */
};

static void draw(const struct model_set *train, struct rng *rng, double *weight)
{
    memset(weight, 0, (size_t)train->n * sizeof *weight);
    for (int i = 0; i < train->n; i++) {
        uint32_t row = rng_below(rng, (uint32_t)train->n);
        weight[row] += (double)train->weight[row];
    }
}

static void vote_out_of_bag(const struct trees *trees, const struct bag *bag, int64_t root)
{
    for (size_t i = 0; i < bag->rows.n; i++) {
        if (bag->weight[i] > 0)
            continue;
        const float *share = trees_leaf(trees, root, bag->rows.set->image[i]);
        for (size_t c = 0; c < trees->n_classes; c++)
            bag->vote[i * trees->n_classes + c] += (double)share[c];
    }
}

/* Trees are grown behind the leaf that stands where there are none. */
static int grow(struct forest *forest, struct bag *bag, struct pause *pause, struct err *err)
{
    struct trees *trees = &forest->trees;
    int rc = 0;
    trees->n = trees->n_nodes = trees->n_leaves = 0;
    for (int64_t t = 0; t < forest->settings.trees && rc == 0; t++) {
        struct rng rng = rng_start(forest->key, (uint64_t)t);
        draw(bag->rows.set, &rng, bag->weight);
        rc = trees_grow(trees, &bag->rows, bag->weight, forest->rule, &rng, pause, err);
        if (rc == 0)
            vote_out_of_bag(trees, bag, trees->root[t]);
    }
    return rc;
}

/* The class with the most votes; -1: none voted. */
static int voted(const double *vote, size_t n_classes)
{
    size_t best = 0;
    for (size_t c = 1; c < n_classes; c++)
        best = vote[c] > vote[best] ? c : best;
    return vote[best] > 0 ? (int)best : -1;
}

static void score(struct forest *forest, const struct bag *bag)
{
    size_t n_classes = forest->trees.n_classes;
    double right[CONFIG_MAX_CLUSTERS] = {0}, all[CONFIG_MAX_CLUSTERS] = {0}, sum = 0, n = 0, recall = 0;
    int n_there = 0;
    for (size_t i = 0; i < bag->rows.n; i++) {
        int label = bag->rows.set->label[i], predicted = voted(bag->vote + i * n_classes, n_classes);
        all[label] += predicted >= 0;
        right[label] += predicted == label;
    }
    for (size_t c = 0; c < n_classes; c++) {
        n += all[c];
        sum += right[c];
        recall += all[c] > 0 ? right[c] / all[c] : 0;
        n_there += all[c] > 0;
    }
    forest->out_of_bag[OOB_ACCURACY] = n > 0 ? (float)(sum / n) : (float)NAN;
    forest->out_of_bag[OOB_BALANCED_ACCURACY] = n > 0 ? (float)(recall / n_there) : (float)NAN;
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct forest *forest = model;
    size_t n = (size_t)train->n, n_classes = forest->trees.n_classes;
    struct bag bag = {.weight = err_calloc(n, sizeof *bag.weight, "a forest", err),
                      .vote = err_calloc(n, n_classes * sizeof *bag.vote, "a forest", err)};
    int rc = bag.weight && bag.vote
                 ? tree_rows_new(train, forest->trees.floats, n_classes, &bag.rows, pause, err)
                 : E_IO;
    if (rc == 0)
        rc = grow(forest, &bag, pause, err);
    if (rc == 0)
        score(forest, &bag);
    tree_rows_free(&bag.rows);
    free(bag.weight);
    free(bag.vote);
    return rc;
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct forest *forest = model;
    const struct trees *trees = &forest->trees;
    for (int i = 0; i < n; i++, probs += trees->n_classes) {
        double sum[CONFIG_MAX_CLUSTERS] = {0};
        for (size_t t = 0; t < trees->n; t++) {
            const float *share = trees_leaf(trees, trees->root[t], image[i]);
            for (size_t c = 0; c < trees->n_classes; c++)
                sum[c] += (double)share[c];
        }
        for (size_t c = 0; c < trees->n_classes; c++)
            probs[c] = (float)(sum[c] / (double)trees->n);
    }
}

/* ---- arrays ---- */

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct forest *forest = model;
    struct trees *t = &forest->trees;
    (void)part;
    arrays_add(out, "root", ARRAY_I64, (const size_t[]){t->n, 0}, t->root);
    arrays_add(out, "node", ARRAY_I64, (const size_t[]){t->n_nodes, 2, 0}, t->node);
    arrays_add(out, "threshold", ARRAY_F32, (const size_t[]){t->n_nodes, 0}, t->threshold);
    arrays_add(out, "share", ARRAY_F32, (const size_t[]){t->n_leaves, t->n_classes, 0}, t->share);
    arrays_add(out, "out_of_bag", ARRAY_F32, (const size_t[]){N_OOB, 0}, forest->out_of_bag);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    struct forest *forest = model, new = *forest;
    const struct array *root = model_array(from, "root", ARRAY_I64, 1),
                       *node = model_array(from, "node", ARRAY_I64, 2),
                       *share = model_array(from, "share", ARRAY_F32, 2);
    if (!root || !node || !share)
        return err_set(err, E_USAGE, "there are no trees of model forest");
    new.trees = (struct trees){.n_classes = forest->trees.n_classes, .floats = forest->trees.floats};
    int rc = trees_resize(&new.trees, root->dim[0], node->dim[0], share->dim[0], err);
    if (rc == 0)
        rc = model_restore_in_place(&model_forest, &new, part, from, err);
    if (rc == 0)
        rc = trees_check(&new.trees, err);
    struct trees old = rc == 0 ? forest->trees : new.trees;
    if (rc == 0)
        *forest = new;
    trees_free(&old);
    return rc;
}

/* ---- plain numbers ---- */

static size_t count_leaves(const struct trees *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_nodes; i++)
        n += t->node[2 * i] < 0;
    return n;
}

static void put_leaf(const struct trees *t, size_t node, struct form_trees *out)
{
    const float *share = t->share + (size_t)t->node[2 * node + 1] * t->n_classes;
    for (size_t c = 0; c < t->n_classes; c++) {
        out->at[out->n_values] = (int64_t)node;
        out->class[out->n_values] = (int64_t)c;
        out->value[out->n_values++] = share[c] / (float)t->n;
    }
}

static int form(void *model, struct model_form *out, struct err *err)
{
    const struct trees *t = &((struct forest *)model)->trees;
    *out = (struct model_form){.n_classes = t->n_classes, .floats = t->floats};
    int rc = model_form_trees(out, t->n_nodes, count_leaves(t) * t->n_classes, err);
    if (rc < 0) {
        model_form_free(out);
        return rc;
    }
    struct form_trees *f = &out->trees;
    for (size_t i = 0, tree = 0; i < t->n_nodes; i++) {
        while (tree + 1 < t->n && t->root[tree + 1] <= (int64_t)i)
            tree++;
        f->tree[i] = (int64_t)tree;
        f->id[i] = (int64_t)i - t->root[tree];
        f->feature[i] = t->node[2 * i];
        f->threshold[i] = t->threshold[i];
        f->yes[i] = f->id[i] + 1;
        f->no[i] = t->node[2 * i + 1] - t->root[tree];
        if (f->feature[i] < 0)
            put_leaf(t, i, f);
    }
    f->n = t->n_nodes;
    return 0;
}

const struct model_kind model_forest = {
    .name = "forest",
    .help = "Breiman's random forest on pixels: bootstrap, random features a node, Gini",
    .section = &section,
    .can = MODEL_WEIGHTS | MODEL_GROWS | MODEL_VECTORS,
    .seconds = 2e-8,
    .identity = identity,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_forest,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .form = form,
    .close = close_forest,
};
