#include "models/boost_form.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A form that is being filled. */
struct filling {
    struct form_trees *trees;
    size_t floats, room, room_values;
    int64_t tree, class;
};

static size_t count(const json_t *node)
{
    const json_t *children = json_object_get(node, "children");
    size_t n = 1;
    for (size_t i = 0; i < json_array_size(children); i++)
        n += count(json_array_get(children, i));
    return n;
}

static int put_leaf(struct filling *f, const json_t *leaf)
{
    struct form_trees *t = f->trees;
    t->feature[t->n] = -1;
    t->at[t->n_values] = (int64_t)t->n;
    t->class[t->n_values] = f->class;
    t->value[t->n_values++] = (float)json_number_value(leaf);
    return 0;
}

/* The name of a feature is f and its number. Returns -1 for what is no split. */
static int put_split(struct filling *f, const json_t *node)
{
    struct form_trees *t = f->trees;
    const char *name = json_string_value(json_object_get(node, "split"));
    long feature = name && *name == 'f' ? strtol(name + 1, NULL, 10) : -1;
    if (feature < 0 || (size_t)feature >= f->floats)
        return -1;
    t->feature[t->n] = feature;
    t->threshold[t->n] = (float)json_number_value(json_object_get(node, "split_condition"));
    t->yes[t->n] = json_integer_value(json_object_get(node, "yes"));
    t->no[t->n] = json_integer_value(json_object_get(node, "no"));
    return 0;
}

static int put_node(struct filling *f, const json_t *node)
{
    struct form_trees *t = f->trees;
    const json_t *leaf = json_object_get(node, "leaf"), *children = json_object_get(node, "children");
    if (t->n >= f->room || t->n_values >= f->room_values)
        return -1;
    t->tree[t->n] = f->tree;
    t->id[t->n] = json_integer_value(json_object_get(node, "nodeid"));
    int bad = leaf ? put_leaf(f, leaf) : put_split(f, node);
    t->n++;
    for (size_t i = 0; i < json_array_size(children) && !bad; i++)
        bad = put_node(f, json_array_get(children, i));
    return bad;
}

/* The margin that every image begins with; a shift of all classes alike changes nothing. */
static int put_base(BoosterHandle booster, struct model_form *form)
{
    const char *text;
    bst_ulong n;
    if (form->n_classes > 2)
        return 0;
    if (XGBoosterSaveJsonConfig(booster, &n, &text) != 0)
        return -1;
    json_t *all = json_loadb(text, (size_t)n, 0, NULL);
    const json_t *param = json_object_get(json_object_get(all, "learner"), "learner_model_param");
    const char *score = json_string_value(json_object_get(param, "base_score"));
    double p = score ? strtod(score, NULL) : -1;
    json_decref(all);
    form->trees.base[1] = p > 0 && p < 1 ? (float)log(p / (1 - p)) : 0;
    return p > 0 && p < 1 ? 0 : -1;
}

static int put_trees(json_t *const *tree, size_t n, struct model_form *form, size_t room, struct err *err)
{
    struct filling f = {&form->trees, form->floats, room, room, 0, 0};
    int bad = 0;
    if (model_form_trees(form, room, room, err) < 0)
        return E_IO;
    for (size_t i = 0; i < n && !bad; i++) {
        f.tree = (int64_t)i;
        f.class = form->n_classes > 2 ? (int64_t)(i % form->n_classes) : 1;
        bad = put_node(&f, tree[i]);
    }
    return bad ? err_set(err, E_IO, "xgboost tells its trees in another way than this program knows") : 0;
}

int boost_form(BoosterHandle booster, struct model_form *form, struct err *err)
{
    const char **text;
    bst_ulong n = 0;
    size_t nodes = 0;
    if (XGBoosterDumpModelEx(booster, "", 0, "json", &n, &text) != 0)
        return err_set(err, E_IO, "xgboost cannot tell its trees: %.300s", XGBGetLastError());
    json_t **tree = err_calloc(n ? n : 1, sizeof(json_t *), "the trees of a booster", err);
    int rc = tree ? 0 : E_IO;
    for (bst_ulong i = 0; i < n && rc == 0; i++) {
        tree[i] = json_loads(text[i], 0, NULL);
        nodes += count(tree[i]);
    }
    if (rc == 0)
        rc = put_trees(tree, (size_t)n, form, nodes, err);
    if (rc == 0 && put_base(booster, form) < 0)
        rc = err_set(err, E_IO, "xgboost tells its base score in another way than this program knows");
    form->trees.below = form->trees.are_logits = 1;
    for (bst_ulong i = 0; i < n && tree; i++)
        json_decref(tree[i]);
    free(tree);
    return rc;
}
