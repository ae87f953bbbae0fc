#include "settings/sweep_unite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the files have of one key. */
struct uniting {
    const struct sweep_file *const *file;
    int n;
    struct sweep_file *out; /* its one block owns the axes, which stand in `axis`, too, as they are */
    struct err *err;
};

enum { MOST_VALUES = 20000 }; /* of an axis that is no range: more do not fit a resolved text */

static int add_value(const struct uniting *u, struct sweep_axis *axis, const char *text)
{
    for (int i = 0; i < axis->n; i++)
        if (strcmp(axis->value[i], text) == 0)
            return 0;
    if (!(axis->value[axis->n] = strdup(text)))
        return err_set(u->err, E_IO, "out of memory for the values of %s", axis->key->name);
    axis->line[axis->n++] = SWEEP_KEY_NOT_GIVEN;
    return 0;
}

static int add_values(const struct uniting *u, struct sweep_axis *axis, const struct sweep_file *file)
{
    char text[SETTING_TEXT_SIZE], number[SWEEP_NUMBER_SIZE];
    const struct sweep_axis *from = sweep_file_axis(file, axis->key->name);
    int rc = 0;
    for (int i = 0; from && i < from->n && rc == 0; i++)
        rc = add_value(u, axis, sweep_axis_value(from, i, number));
    if (from)
        return rc;
    config_get(&file->base, axis->key, text, sizeof text);
    return add_value(u, axis, text);
}

/* The first file's range, where all have that very range. */
static int is_same_range(const struct uniting *u, const struct setting *key, struct sweep_axis *out)
{
    for (int f = 0; f < u->n; f++) {
        const struct sweep_axis *axis = sweep_file_axis(u->file[f], key->name);
        if (!axis || axis->value || (f > 0 && (axis->first != out->first || axis->n != out->n)))
            return 0;
        out->first = axis->first;
        out->n = axis->n;
    }
    return 1;
}

static long count_values(const struct uniting *u, const struct setting *key)
{
    long n = 0;
    for (int f = 0; f < u->n; f++) {
        const struct sweep_axis *axis = sweep_file_axis(u->file[f], key->name);
        n += axis ? axis->n : 1;
    }
    return n;
}

static int fill_axis(const struct uniting *u, struct sweep_axis *axis)
{
    long n = count_values(u, axis->key);
    struct sweep_axis range = {.n = 0};
    if (is_same_range(u, axis->key, &range))
        n = 1;
    if (n > MOST_VALUES)
        return err_set(u->err, E_USAGE, "together they have %ld values of %s, at most %d fit a results file",
                       n, axis->key->name, MOST_VALUES);
    axis->line = err_calloc((unsigned long)n, sizeof *axis->line, axis->key->name, u->err);
    if (range.n > 0 && axis->line) {
        axis->line[0] = SWEEP_KEY_NOT_GIVEN;
        axis->first = range.first;
        axis->n = range.n;
        return 0;
    }
    axis->value = err_calloc((unsigned long)n, sizeof *axis->value, axis->key->name, u->err);
    int rc = axis->line && axis->value ? 0 : E_IO;
    for (int f = 0; f < u->n && rc == 0; f++)
        rc = add_values(u, axis, u->file[f]);
    return rc;
}

static int add_axis(const struct uniting *u, const struct setting *key)
{
    struct sweep_block *block = u->out->block;
    if (block->n_axes == SWEEP_MAX_AXES)
        return err_set(u->err, E_USAGE, "they differ in more than %d settings: merge fewer of them",
                       SWEEP_MAX_AXES);
    struct sweep_axis *axis = &block->axis[block->n_axes];
    *axis = (struct sweep_axis){.key = key, .dim = block->n_axes++, .n_blocks = 1};
    int rc = fill_axis(u, axis);
    u->out->axis[u->out->n_axes++] = *axis;
    return rc;
}

/* 1 when some file has an axis of the key, or another value. */
static int is_axis(const struct uniting *u, const struct setting *key)
{
    char first[SETTING_TEXT_SIZE], text[SETTING_TEXT_SIZE];
    config_get(&u->file[0]->base, key, first, sizeof first);
    for (int f = 0; f < u->n; f++) {
        config_get(&u->file[f]->base, key, text, sizeof text);
        if (sweep_file_axis(u->file[f], key->name) || strcmp(text, first) != 0)
            return 1;
    }
    return 0;
}

static int add_axes(const struct uniting *u)
{
    const struct schema *schema = u->out->base.schema;
    int rc = 0;
    for (int a = 0; a < u->file[0]->n_axes && rc == 0; a++) /* in the order of the first file */
        rc = add_axis(u, u->file[0]->axis[a].key);
    for (const struct setting *key = schema->key; key->name && rc == 0; key++)
        if (!sweep_file_axis(u->out, key->name) && is_axis(u, key))
            rc = add_axis(u, key);
    return rc;
}

/* The first file that tunes; where none does, the first. */
static int first_tuned(const struct uniting *u)
{
    for (int f = 0; f < u->n; f++)
        if (u->file[f]->tune.n_keys > 0)
            return f;
    return 0;
}

/* A file has room for one way to tune; kept apart, beside it for jobs that do not: they have no trials. */
static int check_tuning(const struct uniting *u, const char *const *path, int apart)
{
    char difference[600];
    int first = apart ? first_tuned(u) : 0;
    for (int f = first + 1; f < u->n; f++) {
        if (apart && u->file[f]->tune.n_keys == 0)
            continue;
        if (sweep_file_tune_difference(u->file[first], u->file[f], difference, sizeof difference))
            return err_set(u->err, E_USAGE, "%s and %s do not tune the same (%s); report them one by one",
                           path[first], path[f], difference);
    }
    return 0;
}

static int check(const struct uniting *u, const char *const *path, int apart)
{
    for (int f = 1; f < u->n; f++) {
        if (!apart && u->file[f]->keep_weights != u->file[0]->keep_weights)
            return err_set(
                u->err, E_USAGE,
                "keep_weights is %s in %s and %s in %s: a results file keeps those of all its jobs "
                "or of none; run one of the two anew",
                u->file[0]->keep_weights ? "true" : "false", path[0],
                u->file[f]->keep_weights ? "true" : "false", path[f]);
    }
    return check_tuning(u, path, apart);
}

/* "fig4", or "fig4 + fig4b" where there is room for all the different names. */
static void unite_names(const struct uniting *u)
{
    char *name = u->out->name;
    size_t size = sizeof u->out->name, used = strlen(name);
    for (int f = 1; f < u->n; f++) {
        int known = 0;
        for (int g = 0; g < f; g++)
            known |= strcmp(u->file[g]->name, u->file[f]->name) == 0;
        if (!known && used + strlen(u->file[f]->name) + 4 < size)
            used += (size_t)snprintf(name + used, size - used, " + %s", u->file[f]->name);
    }
}

/* What is printed as the sweep of all. */
static int fill(struct uniting *u)
{
    const struct sweep_file *first = u->file[0];
    *u->out = (struct sweep_file){.pixel_size = first->pixel_size,
                                  .has_labels = first->has_labels,
                                  .readout = first->readout,
                                  .base = first->base,
                                  .tune = u->file[first_tuned(u)]->tune,
                                  .n_blocks = 1,
                                  .block = err_calloc(1, sizeof *u->out->block, "the grid of all", u->err)};
    if (!u->out->block)
        return E_IO;
    u->out->base.is_tuned = u->out->tune.n_keys > 0;
    memcpy(u->out->name, first->name, sizeof u->out->name);
    memcpy(u->out->data, first->data, sizeof u->out->data);
    for (int f = 0; f < u->n; f++)
        u->out->keep_weights |= u->file[f]->keep_weights;
    unite_names(u);
    return add_axes(u);
}

int sweep_unite(const struct sweep_file *const *file, int n, const char *const *path, int apart,
                struct sweep_file **out, struct err *err)
{
    struct uniting u = {file, n, err_calloc(1, sizeof *u.out, "the sweep of all", err), err};
    *out = NULL;
    int rc = u.out ? check(&u, path, apart) : E_IO;
    if (rc == 0)
        rc = fill(&u);
    if (rc == 0)
        rc = sweep_file_resolve(u.out, err);
    if (rc == 0)
        rc = sweep_file_parse(u.out->resolved, "the sweep of all", file[0]->base.schema, NULL, out, err);
    if (u.out) {
        u.out->n_axes = 0; /* they are the block's */
        u.out->n_blocks = u.out->block ? 1 : 0;
    }
    sweep_file_free(u.out);
    return rc;
}
