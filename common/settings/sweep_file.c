#include "settings/sweep_file.h"

#include "settings/sweep_reading.h"
#include "table/class_titles.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    KEY_NAME,
    KEY_DATA,
    KEY_PIXEL_SIZE,
    KEY_KEEP,
    KEY_RECALIBRATE,
    KEY_THRESHOLD,
    KEY_LABELS,
    KEY_TUNE,
    KEY_GRID,
    N_SWEEP_KEYS
};

const struct sweep_file_key sweep_file_keys[N_SWEEP_KEYS + 1] = {
    [KEY_NAME] = {"name", "sweep", "", "what the sweep is called"},
    [KEY_DATA] = {"data", "-", "", "builtin, a packed dataset, or a folder of images"},
    [KEY_PIXEL_SIZE] = {"pixel_size", "0.2125", "", "micrometres a pixel, for a folder with cell boundaries"},
    [KEY_KEEP] = {"keep_weights", "false", "true or false",
                  "store the weights that judge each job (judge), for predict and serve"},
    [KEY_RECALIBRATE] = {"recalibrate", "none", "none, prior, temperature",
                         "how reports put probabilities right, fitted on val sets; a list for several"},
    [KEY_THRESHOLD] = {"threshold", "argmax", "argmax or tuned",
                       "how reports decide from them: the largest, or a cut that is fitted on val sets"},
    [KEY_LABELS] =
        {"labels", "{}", "",
         "names of numbered classes, for people: a table of number and name, or {8: Polylobed, ...}"},
    [KEY_TUNE] =
        {"tune", "{}", "",
         "settings that every job of the grid tunes on its val set, e.g. {over: {train.learning_rate: "
         "log(1e-4, 1e-2), train.batch: [16, 32]}, trials: 16, seeds: 2, choose: "
         "balanced_accuracy, rungs: [10, 30], keep: 1/3}"},
    [KEY_GRID] = {"grid", "-", "",
                  "any of the keys below with a list of values, seed also {first: 1, count: 10}; "
                  "zip: {KEY: [...], KEY: "
                  "[...]} of values in pairs; exclude: FILTER; or a list of such blocks"},
};

/* Remember where a key is given. */
static void note_line(const struct reading *r, const struct setting *key, const struct tree *node)
{
    if (!r->is_copy)
        r->file->line[key - r->file->base.schema->key] = node->line;
}

/* Whether keys of jobs begin with `name` and a dot. */
static int is_section(const struct schema *schema, const char *name)
{
    size_t n = strlen(name);
    for (const struct setting *key = schema->key; key->name; key++)
        if (strncmp(key->name, name, n) == 0 && key->name[n] == '.')
            return 1;
    return 0;
}

/* The key of the sweep itself that is meant by `Grid` or `gird`, or NULL. */
static const char *nearest_of_sweep(const struct schema *schema, const char *name)
{
    int is_key = is_section(schema, name) || config_find(schema, name);
    for (const struct sweep_file_key *key = sweep_file_keys; key->name && !is_key; key++)
        if (strcasecmp(name, key->name) == 0 || setting_distance(name, key->name) <= 2)
            return key->name;
    return NULL;
}

static int unknown_section(const struct reading *r, const struct tree *node, const char *near)
{
    return tree_fail(node, r->path, r->err, "unknown key '%.60s'; did you mean '%s'?", node->name, near);
}

/* A value beside the grid. A key that two spellings give one, train.stop: {patience: 3} and train: {stop:
 * {patience: 4}}, has that of --set; of two lines one would count for nothing. */
static int read_value(const struct reading *r, const struct setting *key, const struct tree *node)
{
    char text[SETTING_TEXT_SIZE];
    struct sweep_file *file = r->file;
    int before = file->line[key - file->base.schema->key];
    if (before == SWEEP_KEY_BY_SET && node->line == 0)
        return tree_fail(node, r->path, r->err, "%s is set in two ways; leave one out", key->name);
    if (before > 0 && node->line > 0)
        return tree_fail(
            node, r->path, r->err,
            "%s has a value in line %d, too, one of which would count for nothing; leave one out", key->name,
            before);
    if (before == SWEEP_KEY_BY_SET)
        return 0;
    int rc = reading_value(r, key, node, text, sizeof text);
    if (rc == 0)
        rc = reading_set(r, node, &file->base, key->name, text);
    if (rc == 0)
        note_line(r, key, node);
    return rc;
}

/* Walk nested maps to dotted names of keys. */
static int read_keys(const struct reading *r, const struct tree *map, const char *prefix)
{
    const struct schema *schema = r->file->base.schema;
    for (const struct tree *node = map->child; node; node = node->next) {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", node->name);
        const struct setting *key = config_find(schema, name);
        const char *near = *prefix ? NULL : nearest_of_sweep(schema, name);
        int rc;
        if (near)
            rc = unknown_section(r, node, near);
        else if (!key && node->kind == TREE_MAP && node->child)
            rc = read_keys(r, node, name);
        else if (!key)
            rc = reading_set(r, node, &r->file->base, name, "");
        else
            rc = read_value(r, key, node);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int find_data(const struct reading *r, const struct tree *node)
{
    if (node->kind != TREE_TEXT)
        return tree_fail(node, r->path, r->err,
                         "data: expected builtin, a packed dataset, or a folder of images");
    snprintf(r->file->data, sizeof r->file->data, "%s", "builtin");
    return strcmp(node->text, "builtin") == 0
               ? 0
               : reading_find(r, node->name, node, r->file->data, sizeof r->file->data);
}

static int read_number(const struct reading *r, const struct tree *node, double *out)
{
    char *end = NULL;
    *out = node->kind == TREE_TEXT ? strtod(node->text, &end) : 0;
    if (!end || *end || end == node->text || !(*out > 0 && *out < 1000))
        return tree_fail(node, r->path, r->err, "%s: expected a positive number, in micrometres", node->name);
    return 0;
}

/* Once it said which weights, too: that is judge's to say. */
static int read_keep(const struct reading *r, const struct tree *node, int *out)
{
    const char *text = node->kind == TREE_TEXT ? node->text : "";
    *out = strcmp(text, "true") == 0;
    if (*out || strcmp(text, "false") == 0)
        return 0;
    if (strcmp(text, "best") == 0 || strcmp(text, "final") == 0)
        return tree_fail(node, r->path, r->err, "%s: %s is said by `judge: %s` now; write keep_weights: true",
                         node->name, text, text);
    return tree_fail(node, r->path, r->err, "%s: expected true or false", node->name);
}

/* One word, or a list of them. */
static int read_recalibrate(const struct reading *r, const struct tree *node)
{
    char text[512] = "";
    size_t used = 0;
    struct err why = {0};
    for (const struct tree *word = node->kind == TREE_LIST ? node->child : node; word;
         word = node->kind == TREE_LIST ? word->next : NULL)
        if (word->kind == TREE_TEXT && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", word->text);
    return readout_recalibrate(text, &r->file->readout.recalibrate, &why) < 0
               ? tree_fail(node, r->path, r->err, "%s", why.text)
               : 0;
}

static int read_threshold(const struct reading *r, const struct tree *node)
{
    struct err why = {0};
    const char *text = node->kind == TREE_TEXT ? node->text : "";
    return readout_threshold(text, &r->file->readout.threshold, &why) < 0
               ? tree_fail(node, r->path, r->err, "%s", why.text)
               : 0;
}

static int read_name(const struct reading *r, const struct tree *node)
{
    if (node->kind != TREE_TEXT || !*node->text || strlen(node->text) >= sizeof r->file->name)
        return tree_fail(node, r->path, r->err, "name: expected 1 to %zu characters",
                         sizeof r->file->name - 1);
    snprintf(r->file->name, sizeof r->file->name, "%s", node->text);
    utf8_plain(r->file->name);
    return 0;
}

/* 8 and 08 are one class. */
static int stands_before(const struct tree *map, const struct tree *entry, int class)
{
    const struct tree *earlier = map->child;
    while (earlier != entry && class_number(earlier->name, NULL) != class)
        earlier = earlier->next;
    return earlier != entry;
}

static int take_title(const struct reading *r, const struct tree *map, const struct tree *entry)
{
    struct err why = {0};
    if (entry->kind != TREE_TEXT)
        return tree_fail(entry, r->path, r->err, "labels: expected a number and its name");
    int class = class_number(entry->name, &why);
    if (class != CLASS_NONE && stands_before(map, entry, class))
        return tree_fail(entry, r->path, r->err, "labels: class %d is named twice; leave one of them out",
                         class);
    int rc = class == CLASS_NONE ? why.code
             : r->is_copy        ? class_call_stored(class, entry->text, &why)
                                 : class_call(class, entry->text, &why);
    return rc < 0 ? tree_fail(entry, r->path, r->err, "labels: %s", why.text) : 0;
}

/* {8: Polylobed, 10: Folded} */
static int read_title_map(const struct reading *r, const struct tree *map)
{
    int rc = 0;
    for (const struct tree *entry = map->child; entry && rc == 0; entry = entry->next)
        rc = take_title(r, map, entry);
    return rc;
}

/* Names of numbered classes: a table, or a map. Read before the grid, where they may stand. */
static int read_labels(const struct reading *r, const struct tree *node)
{
    struct err why = {0};
    char path[sizeof r->file->data];
    r->file->has_labels = node->kind != TREE_MAP || node->child;
    if (node->kind == TREE_MAP)
        return read_title_map(r, node);
    int rc = node->kind == TREE_TEXT ? reading_find(r, node->name, node, path, sizeof path) : E_USAGE;
    if (rc < 0 && node->kind != TREE_TEXT)
        return tree_fail(node, r->path, r->err,
                         "labels: expected a table of numbers and names, or {8: Polylobed, ...}");
    if (rc == 0 && class_titles_read(path, &why) < 0)
        return tree_fail(node, r->path, r->err, "labels: %s", why.text);
    return rc;
}

/* Take the entry `name` out of a map; NULL when it is not there. The caller frees it. */
static struct tree *take(struct tree *root, const char *name)
{
    for (struct tree **link = &root->child; *link; link = &(*link)->next)
        if (strcmp((*link)->name, name) == 0) {
            struct tree *entry = *link;
            *link = entry->next;
            entry->next = NULL;
            return entry;
        }
    return NULL;
}

static int read_data(const struct reading *r, const struct tree *root, const struct tree *data)
{
    if (!data)
        return tree_fail(root, r->path, r->err,
                         "key `data` is missing: builtin, a packed dataset, or a folder of images");
    return find_data(r, data);
}

static int read_grid(const struct reading *r, const struct tree *root, const struct tree *grid)
{
    if (!grid || grid->kind == TREE_TEXT || !grid->child)
        return tree_fail(
            grid ? grid : root, r->path, r->err,
            "key `grid` is missing or empty, so there would be no job; write e.g. grid: {strategy: [none, "
            "oversample], seed: {first: 1, count: 10}}");
    return reading_grid(r, grid);
}

/* What the grid varies cannot be tuned. */
static int read_tune(const struct reading *r, const struct tree *node)
{
    struct tune *tune = &r->file->tune;
    if (node->kind == TREE_MAP && !node->child)
        return 0;
    int rc = tune_read(node, &r->file->base, r->path, tune, r->err);
    r->file->base.is_tuned = 1;
    for (int k = 0; rc == 0 && k < tune->n_keys; k++)
        if (sweep_file_axis(r->file, tune->range[k].key->name))
            rc = tree_fail(node, r->path, r->err, "tune: %s is an axis of the grid, too; leave one out",
                           tune->range[k].key->name);
    return rc;
}

/* The keys of the sweep itself leave the tree one by one; what is left are keys of jobs. */
static int read_tree(const struct reading *r, struct tree *root)
{
    struct tree *own[N_SWEEP_KEYS];
    if (r->is_copy)
        class_forget_stored();
    for (int k = 0; k < N_SWEEP_KEYS; k++)
        own[k] = take(root, sweep_file_keys[k].name);
    int rc = own[KEY_NAME] ? read_name(r, own[KEY_NAME]) : 0;
    if (rc == 0 && own[KEY_LABELS])
        rc = read_labels(r, own[KEY_LABELS]);
    if (rc == 0)
        rc = read_data(r, root, own[KEY_DATA]);
    if (rc == 0 && own[KEY_PIXEL_SIZE])
        rc = read_number(r, own[KEY_PIXEL_SIZE], &r->file->pixel_size);
    r->file->pixel_size_given = own[KEY_PIXEL_SIZE] != NULL;
    if (rc == 0 && own[KEY_KEEP])
        rc = read_keep(r, own[KEY_KEEP], &r->file->keep_weights);
    if (rc == 0 && own[KEY_RECALIBRATE])
        rc = read_recalibrate(r, own[KEY_RECALIBRATE]);
    if (rc == 0 && own[KEY_THRESHOLD])
        rc = read_threshold(r, own[KEY_THRESHOLD]);
    if (rc == 0)
        rc = read_keys(r, root, "");
    if (rc == 0)
        rc = read_grid(r, root, own[KEY_GRID]);
    if (rc == 0 && own[KEY_TUNE])
        rc = read_tune(r, own[KEY_TUNE]);
    for (int k = 0; k < N_SWEEP_KEYS; k++)
        tree_free(own[k]);
    return rc;
}

/* Columns that jobs keep together, a line each: no name has a line's end in it. */
static int list_groups(const struct reading *r)
{
    const struct sweep_axis *axis = sweep_file_axis(r->file, "groups");
    char *out = r->file->groups;
    size_t size = sizeof r->file->groups, used = 0;
    for (int i = 0; i < (axis ? axis->n : 1); i++) {
        const char *column = axis ? axis->value[i] : r->file->base.groups;
        if (strcmp(column, "none") == 0)
            continue;
        if (used + strlen(column) + 2 > size)
            return err_set(r->err, E_USAGE, "%s: grid: groups: %d columns at most; make a sweep of each",
                           r->path, META_MAX_COLUMNS);
        used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "\n" : "", column);
    }
    return 0;
}

static void print_value(FILE *out, const struct sweep_file *file, const struct setting *key)
{
    char value[SETTING_TEXT_SIZE];
    config_get(&file->base, key, value, sizeof value);
    if ((strcmp(key->name, "groups") == 0 || key->type == SETTING_CLUSTERS) &&
        strcmp(value, key->fallback) != 0)
        reading_print_quoted(out, value);
    else
        fputs(value, out);
}

/* What a key has: its axis, or its one value. */
static void print_key(FILE *out, const struct sweep_file *file, const struct setting *key)
{
    const struct sweep_axis *axis = sweep_file_axis(file, key->name);
    if (axis)
        reading_print_axis(out, axis);
    else
        print_value(out, file, key);
}

/* The value beside the grid, where some block does not vary the key. */
static void print_base(FILE *out, const struct sweep_file *file, const struct setting *key)
{
    const struct sweep_axis *axis = sweep_file_axis(file, key->name);
    if (axis && axis->n_blocks == file->n_blocks)
        return;
    fprintf(out, "%s: ", key->name);
    print_value(out, file, key);
    putc('\n', out);
}

static void print_labels(FILE *out)
{
    const char *text;
    int class;
    fputs("labels: {", out);
    for (int i = 0; (text = class_titled(i, &class)); i++) {
        fprintf(out, "%s\"%d\": ", i ? ", " : "", class);
        reading_print_quoted(out, text);
    }
    fputs("}\n", out);
}

int sweep_file_same_labels(const char *there, const char *here)
{
    static const char line[] = "\nlabels: ";
    const char *a = strstr(there, line), *b = strstr(here, line);
    size_t n = a ? strcspn(a + 1, "\n") : 0;
    return a && b ? strncmp(a, b, n + 2) == 0 : !a && !b;
}

static void print_tune(FILE *out, const struct sweep_file *file)
{
    if (file->tune.n_keys == 0)
        return;
    fputs("tune: ", out);
    tune_print(out, &file->tune);
    putc('\n', out);
}

int sweep_file_resolve(struct sweep_file *file, struct err *err)
{
    size_t size = 0;
    char list[READOUT_TEXT_SIZE];
    FILE *out = open_memstream(&file->resolved, &size);
    if (!out)
        return err_set(err, E_IO, "out of memory for the resolved sweep file");
    fputs("name: ", out);
    reading_print_quoted(out, file->name);
    fputs("\ndata: ", out);
    reading_print_quoted(out, file->data);
    fprintf(out, "\npixel_size: %.17g\nkeep_weights: %s\n", file->pixel_size,
            file->keep_weights ? "true" : "false");
    fprintf(out, "recalibrate: [%s]\nthreshold: %s\n", readout_text(file->readout.recalibrate, list),
            threshold_names[file->readout.threshold]);
    if (file->has_labels)
        print_labels(out);
    for (const struct setting *key = file->base.schema->key; key->name; key++)
        print_base(out, file, key);
    print_tune(out, file);
    reading_print_grid(out, file);
    if (fclose(out) != 0)
        return err_set(err, E_IO, "out of memory for the resolved sweep file");
    if (size > SWEEP_MAX_TEXT)
        return err_set(err, E_USAGE,
                       "the grid's values take %zu bytes, at most %d fit the results file; split the sweep",
                       size, SWEEP_MAX_TEXT);
    return 0;
}

/* What a key has as text, owned by the caller; NULL without memory. */
static char *key_text(const struct sweep_file *file, const struct setting *key)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    print_key(out, file, key);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* The whole line of `tune`, owned by the caller; NULL without memory. */
static char *tune_line(const struct sweep_file *file)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (file->tune.n_keys > 0)
        tune_print(out, &file->tune);
    else
        fputs("nothing", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int sweep_file_tune_difference(const struct sweep_file *there, const struct sweep_file *here, char *out,
                               size_t size)
{
    char *a = tune_line(there), *b = tune_line(here);
    size_t at = 0;
    while (a && b && a[at] && a[at] == b[at])
        at++;
    int found = a && b && a[at] != b[at];
    while (found && at > 0 && strncmp(a + at, ", ", 2) != 0)
        at--;
    if (found)
        snprintf(out, size, "tune has %.80s there and %.80s here", a + at + 2 * (at > 0),
                 b + at + 2 * (at > 0));
    free(a);
    free(b);
    return found;
}

const char sweep_file_same_keys[] = "the grids differ";

void sweep_file_difference(const struct sweep_file *there, const struct sweep_file *here, char *out,
                           size_t size)
{
    int found = 0;
    snprintf(out, size, "%s", sweep_file_same_keys);
    for (const struct setting *key = there->base.schema->key; key->name && !found; key++) {
        char *a = key_text(there, key), *b = key_text(here, key);
        found = a && b && strcmp(a, b) != 0;
        if (found)
            snprintf(out, size, "%s is %.200s there and %.200s here", key->name, a, b);
        free(a);
        free(b);
    }
    if (!found)
        sweep_file_tune_difference(there, here, out, size);
}

/* The file's own text, for the results file. */
static int slurp(const char *path, char **out, struct err *err)
{
    size_t size = 0;
    FILE *in = fopen(path, "rb"), *copy = open_memstream(out, &size);
    for (int c; in && copy && (c = getc(in)) != EOF;)
        putc(c, copy);
    int bad = !in || !copy || ferror(in);
    if (in)
        fclose(in);
    if (copy)
        fclose(copy);
    return bad ? err_set(err, E_IO, "%s: cannot read the sweep file", path) : 0;
}

/* From a tree, which it frees, to a sweep with its resolved text. is_copy: of a resolved text. */
static int file_from_tree(const char *path, struct tree *root, int is_copy, const struct schema *schema,
                          sweep_file_check *check, struct sweep_file **out, struct err *err)
{
    struct sweep_file *file = err_calloc(1, sizeof *file, path, err);
    int rc = file ? 0 : E_IO;
    if (rc == 0 && !(file->path = strdup(path)))
        rc = err_set(err, E_IO, "%s: out of memory", path);
    if (rc == 0) {
        struct reading reading = {path, file, err, is_copy, check};
        snprintf(file->name, sizeof file->name, "sweep");
        file->base = config_defaults(schema);
        file->readout = readout_plain();
        for (int k = 0; k < schema->n_keys; k++)
            file->line[k] = SWEEP_KEY_NOT_GIVEN;
        file->pixel_size = dataset_defaults().pixel_size;
        rc = read_tree(&reading, root);
        if (rc == 0)
            rc = list_groups(&reading);
    }
    if (rc == 0)
        rc = sweep_file_resolve(file, err);
    tree_free(root);
    if (rc < 0)
        sweep_file_free(file);
    else
        *out = file;
    return rc;
}

int sweep_file_read(const char *path, int n_set, char *const *set, const struct schema *schema,
                    sweep_file_check *check, struct sweep_file **out, struct err *err)
{
    struct tree *root = NULL;
    *out = NULL;
    int rc = tree_read(path, &root, err);
    for (int i = 0; rc == 0 && i < n_set; i++)
        rc = tree_override(root, set[i], err);
    if (rc < 0) {
        tree_free(root);
        return rc;
    }
    rc = file_from_tree(path, root, 0, schema, check, out, err);
    if (rc == 0)
        rc = slurp(path, &(*out)->text, err);
    if (rc < 0) {
        sweep_file_free(*out);
        *out = NULL;
    }
    return rc;
}

int sweep_file_parse(const char *resolved, const char *origin, const struct schema *schema,
                     sweep_file_check *check, struct sweep_file **out, struct err *err)
{
    struct tree *root = NULL;
    *out = NULL;
    int rc = tree_parse(resolved, origin, &root, err);
    return rc < 0 ? rc : file_from_tree(origin, root, 1, schema, check, out, err);
}

void sweep_file_free(struct sweep_file *file)
{
    if (!file)
        return;
    reading_free_grid(file);
    free(file->path);
    free(file->text);
    free(file->resolved);
    free(file);
}

int sweep_file_image_size(const struct sweep_file *file)
{
    const struct sweep_axis *axis = sweep_file_axis(file, "image.size");
    int size = axis ? 0 : (int)file->base.image_size;
    for (int i = 0; axis && i < axis->n; i++)
        size = atoi(axis->value[i]) > size ? atoi(axis->value[i]) : size;
    return size;
}

const char *sweep_file_groups(const struct sweep_file *file)
{
    return file->groups[0] ? file->groups : NULL;
}
