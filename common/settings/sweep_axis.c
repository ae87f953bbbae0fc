#include "settings/sweep_reading.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- the values of an axis ---- */

/* Append a value to an axis. */
static int append(const struct reading *r, struct sweep_axis *axis, const char *text, int line)
{
    size_t n = (size_t)axis->n;
    if ((n & (n - 1)) == 0) { /* full: capacities are powers of two */
        size_t room = n ? 2 * n : 1;
        char **values = realloc(axis->value, room * sizeof *values);
        if (values)
            axis->value = values;
        int *lines = realloc(axis->line, room * sizeof *lines);
        if (lines)
            axis->line = lines;
        if (!values || !lines)
            return err_set(r->err, E_IO, "%s: out of memory", r->path);
    }
    if (!(axis->value[n] = strdup(text)))
        return err_set(r->err, E_IO, "%s: out of memory", r->path);
    axis->line[n] = line;
    axis->n++;
    return 0;
}

static int has_value(const struct sweep_axis *axis, const char *text)
{
    int i = 0;
    while (i < axis->n && strcmp(axis->value[i], text) != 0)
        i++;
    return i < axis->n;
}

/* Append a value after checking it; its text as config_get() writes it, so that equal values look equal. In
 * a zip a value may stand more than once. */
static int add_value(const struct reading *r, struct sweep_axis *axis, const struct tree *node,
                     const char *text, int zipped)
{
    struct config config = r->file->base;
    char canonical[SETTING_TEXT_SIZE];
    if (strcmp(axis->key->name, "seed") == 0 && strstr(text, ".."))
        return tree_fail(node, r->path, r->err, "grid: seed: write '%.40s' as {first: 1, count: 10}", text);
    int rc = reading_set(r, node, &config, axis->key->name, text);
    if (rc < 0)
        return rc;
    config_get(&config, axis->key, canonical, sizeof canonical);
    if (!zipped && has_value(axis, canonical))
        return tree_fail(node, r->path, r->err, "grid: %s: %s stands twice", axis->key->name, canonical);
    return append(r, axis, canonical, reading_line(r, node));
}

/* seed: {first: 1, count: 10} */
static int add_range(const struct reading *r, struct sweep_axis *axis, const struct tree *map)
{
    long long first = 1, count = 0;
    for (const struct tree *entry = map->child; entry; entry = entry->next) {
        char *end = NULL;
        int is_first = strcmp(entry->name, "first") == 0;
        if (entry->kind != TREE_TEXT || (!is_first && strcmp(entry->name, "count") != 0))
            return tree_fail(entry, r->path, r->err, "grid: seed takes first and count, not '%s'",
                             entry->name);
        long long value = strtoll(entry->text, &end, 10);
        if (*end || end == entry->text || value < !is_first ||
            value > (is_first ? 1000000000000LL : SWEEP_MAX_JOBS))
            return tree_fail(entry, r->path, r->err, "grid: seed: %s: '%s' is not a number in range",
                             entry->name, entry->text);
        *(is_first ? &first : &count) = value;
    }
    if (count == 0)
        return tree_fail(map, r->path, r->err, "grid: seed: say how many, e.g. {first: 1, count: 10}");
    if (!(axis->line = err_calloc(1, sizeof *axis->line, r->path, r->err)))
        return E_IO;
    axis->line[0] = reading_line(r, map);
    axis->first = first;
    axis->n = (int)count;
    return 0;
}

/* Whether an item may be one of a list where lists are expected, [8, 10] for [[8, 10]]. */
static int is_one_number(const struct reading *r, const struct setting *key, const struct tree *item)
{
    return !r->is_copy && setting_is_list(key) && item->kind == TREE_TEXT && !strchr(item->text, '-') &&
           strcmp(item->text, key->fallback) != 0 && strcmp(item->text, "none") != 0;
}

static int add_list(const struct reading *r, struct sweep_axis *axis, const struct tree *list, int zipped)
{
    char text[SETTING_TEXT_SIZE];
    if (!list->child)
        return tree_fail(list, r->path, r->err, "grid: %s: the list is empty, so there would be no job",
                         axis->key->name);
    for (const struct tree *item = list->child; item; item = item->next) {
        if (is_one_number(r, axis->key, item))
            return tree_fail(item, r->path, r->err,
                             "grid: %s: write a list of lists, e.g. [[8, 10], [14, 15]]", axis->key->name);
        int rc = reading_value(r, axis->key, item, text, sizeof text);
        if (rc == 0)
            rc = add_value(r, axis, item, text, zipped);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int reading_axis(const struct reading *r, struct sweep_axis *axis, const struct tree *node, int zipped)
{
    char text[SETTING_TEXT_SIZE];
    enum setting_type type = axis->key->type;
    if (node->kind == TREE_LIST)
        return add_list(r, axis, node, zipped);
    if (node->kind == TREE_MAP && type != SETTING_PROTOCOL && type != SETTING_INNER)
        return add_range(r, axis, node);
    int rc = reading_value(r, axis->key, node, text, sizeof text);
    return rc < 0 ? rc : add_value(r, axis, node, text, zipped);
}

/* ---- an axis of all blocks ---- */

/* The lowest and the highest of an axis of seeds. */
static void find_bounds(const struct sweep_axis *axis, long long *first, long long *last)
{
    *first = axis->value ? atoll(axis->value[0]) : axis->first;
    *last = axis->value ? *first : axis->first + axis->n - 1;
    for (int i = 1; axis->value && i < axis->n; i++) {
        long long seed = atoll(axis->value[i]);
        *first = seed < *first ? seed : *first;
        *last = seed > *last ? seed : *last;
    }
}

void reading_free_axis(struct sweep_axis *axis)
{
    for (int i = 0; axis->value && i < axis->n; i++)
        free(axis->value[i]);
    free(axis->value);
    free(axis->line);
    axis->value = NULL;
    axis->line = NULL;
    axis->n = 0;
}

/* Make a range of an axis of the file that holds what it has and another one, too. */
static int join_range(const struct reading *r, struct sweep_axis *all, const struct sweep_axis *axis)
{
    long long first, last, least = LLONG_MAX, most = LLONG_MIN;
    find_bounds(axis, &first, &last);
    if (all->n > 0)
        find_bounds(all, &least, &most);
    reading_free_axis(all);
    if (!(all->line = err_calloc(1, sizeof *all->line, r->path, r->err)))
        return E_IO;
    all->line[0] = axis->line[0];
    all->first = first < least ? first : least;
    last = last > most ? last : most;
    all->n = last - all->first < SWEEP_MAX_JOBS ? (int)(last - all->first + 1) : SWEEP_MAX_JOBS;
    return 0;
}

/* The values of an axis of a block into the file's, each once. */
int reading_join(const struct reading *r, struct sweep_axis *all, const struct sweep_axis *axis)
{
    int rc = 0;
    if (!axis->value || (all->n > 0 && !all->value))
        return join_range(r, all, axis);
    for (int i = 0; i < axis->n && rc == 0; i++)
        if (!has_value(all, axis->value[i]))
            rc = append(r, all, axis->value[i], axis->line[i]);
    return rc;
}

/* Where a block does not vary a key, it has the value that stands beside the grid. */
int reading_join_base(const struct reading *r, struct sweep_axis *all)
{
    char text[SETTING_TEXT_SIZE], *value = text;
    int line = r->file->line[all->key - r->file->base.schema->key];
    struct sweep_axis base = {.key = all->key, .n = 1, .value = &value, .line = &line};
    config_get(&r->file->base, all->key, text, sizeof text);
    return reading_join(r, all, &base);
}

/* ---- asking and printing ---- */

const char *sweep_axis_value(const struct sweep_axis *axis, int i, char out[SWEEP_NUMBER_SIZE])
{
    if (axis->value)
        return axis->value[i];
    snprintf(out, SWEEP_NUMBER_SIZE, "%lld", axis->first + i);
    return out;
}

int sweep_axis_line(const struct sweep_axis *axis, int i)
{
    return axis->line[axis->value ? i : 0];
}

/* Consecutive seeds as a range, anything else as a list. */
void reading_print_axis(FILE *out, const struct sweep_axis *axis)
{
    char text[SWEEP_NUMBER_SIZE];
    int n = axis->n > 2 && strcmp(axis->key->name, "seed") == 0 ? 1 : 0;
    while (n && n < axis->n && (!axis->value || atoll(axis->value[n]) == atoll(axis->value[0]) + n))
        n++;
    if (n && n == axis->n) {
        fprintf(out, "{first: %s, count: %d}", sweep_axis_value(axis, 0, text), n);
        return;
    }
    putc('[', out);
    for (int i = 0; i < axis->n; i++) {
        fputs(i ? ", " : "", out);
        reading_print_quoted(out, sweep_axis_value(axis, i, text));
    }
    putc(']', out);
}
