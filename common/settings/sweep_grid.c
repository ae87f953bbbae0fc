#include "settings/sweep_reading.h"

#include <stdlib.h>
#include <string.h>

/* ---- a block ---- */

/* A block while it is read. */
struct draft {
    struct sweep_block *block;
    int number; /* of the block, from 1; 0: the grid is no list of blocks */
    int zip;    /* number of the zip that is read, from 1; 0: none */
    int n_zips;
    int zip_of[SWEEP_MAX_AXES]; /* of each axis */
};

/* --set of a key that the grid varies would count for nothing, or for more than was meant. */
static int refuse_set(const struct reading *r, const struct draft *d, const struct setting *key,
                      const struct tree *node)
{
    char value[SETTING_TEXT_SIZE], one[200] = "";
    const char *zip = d->zip ? "zip." : "";
    if (node->line == 0)
        return err_set(r->err, E_USAGE,
                       "--set: %s is given a value both as %s and as grid.%s%s; leave one out", key->name,
                       key->name, zip, key->name);
    config_get(&r->file->base, key, value, sizeof value);
    if (d->number > 0)
        snprintf(one, sizeof one, " in all blocks that have it, or --set 'grid.%d.%s%s=...' in this one",
                 d->number, zip, key->name);
    return err_set(r->err, E_USAGE, "--set: the grid varies %s (%s:%d); write --set 'grid.%s%s=[%.100s]'%s",
                   key->name, r->path, node->line, zip, key->name, value, one);
}

static int refuse_twice(const struct reading *r, const struct draft *d, int a, const struct tree *node)
{
    const char *name = d->block->axis[a].key->name;
    if (d->zip_of[a] && d->zip)
        return tree_fail(node, r->path, r->err, "grid: %s stands in two zips; leave one out", name);
    if (d->zip_of[a] || d->zip)
        return tree_fail(node, r->path, r->err,
                         "grid: %s stands both in zip and as an axis; leave one out%s%s", name,
                         node->line ? "" : ", or write --set grid.zip.", node->line ? "" : name);
    return tree_fail(node, r->path, r->err, "grid: %s stands twice", name);
}

static int read_axis(const struct reading *r, struct draft *d, const char *name, const struct tree *node)
{
    struct sweep_block *block = d->block;
    const struct schema *schema = r->file->base.schema;
    const struct setting *key = config_find(schema, name);
    if (!key && strchr(name, '='))
        return tree_fail(node, r->path, r->err,
                         "grid: '%.60s' is no key; the text of an exclude stands in quotes", name);
    if (!key)
        return reading_set(r, node, &r->file->base, name, ""); /* for its message */
    for (int a = 0; a < block->n_axes; a++)
        if (block->axis[a].key == key)
            return refuse_twice(r, d, a, node);
    if (block->n_axes == SWEEP_MAX_AXES)
        return tree_fail(node, r->path, r->err, "grid: more than %d axes", SWEEP_MAX_AXES);
    if (!r->is_copy && r->file->line[key - schema->key] == SWEEP_KEY_BY_SET)
        return refuse_set(r, d, key, node);
    struct sweep_axis *axis = &block->axis[block->n_axes];
    d->zip_of[block->n_axes++] = d->zip;
    *axis = (struct sweep_axis){.key = key, .where = reading_line(r, node), .dim = block->n_dims};
    block->n_dims += d->zip == 0;
    return reading_axis(r, axis, node, d->zip != 0);
}

static int read_map(const struct reading *r, struct draft *d, const struct tree *map, const char *prefix);

/* zip: {class_sizes: [[900, 90], [900, 9]], train.epochs: [50, 100]} */
static int read_zip(const struct reading *r, struct draft *d, const struct tree *map)
{
    int first = d->block->n_axes;
    if (map->kind != TREE_MAP || !map->child)
        return tree_fail(map, r->path, r->err,
                         "grid: zip: expected keys with lists of one length, as in {class_sizes: [[900, "
                         "90], [900, 9]], train.epochs: [50, 100]}");
    d->zip = ++d->n_zips;
    int rc = read_map(r, d, map, "");
    d->zip = 0;
    const struct sweep_axis *axis = d->block->axis;
    if (rc == 0 && d->block->n_axes == first + 1)
        return tree_fail(map, r->path, r->err,
                         "grid: zip has %s alone, and nothing to pair it with; write it as an axis",
                         axis[first].key->name);
    for (int a = first + 1; rc == 0 && a < d->block->n_axes; a++)
        if (axis[a].n != axis[first].n)
            rc = tree_fail(map, r->path, r->err,
                           "grid: zip pairs values one by one, but %s has %d and %s has %d",
                           axis[first].key->name, axis[first].n, axis[a].key->name, axis[a].n);
    d->block->n_dims++;
    return rc;
}

/* One map, or a list of them, each of which is a dimension. */
static int read_zips(const struct reading *r, struct draft *d, const struct tree *node)
{
    int rc = 0;
    if (node->kind != TREE_LIST || !node->child)
        return read_zip(r, d, node);
    for (const struct tree *map = node->child; map && rc == 0; map = map->next)
        rc = read_zip(r, d, map);
    return rc;
}

static int read_exclude(const struct reading *r, struct draft *d, const struct tree *node)
{
    struct sweep_block *block = d->block;
    if (node->kind != TREE_TEXT || !*node->text)
        return tree_fail(node, r->path, r->err,
                         "grid: exclude: expected a filter in quotes, as 'strategy=smote,clusters=1-27', or "
                         "a list of them");
    struct sweep_exclude *grown =
        realloc(block->exclude, (size_t)(block->n_excludes + 1) * sizeof *block->exclude);
    if (grown)
        block->exclude = grown;
    char *text = grown ? strdup(node->text) : NULL;
    if (!text)
        return err_set(r->err, E_IO, "%s: out of memory", r->path);
    block->exclude[block->n_excludes++] = (struct sweep_exclude){text, reading_line(r, node)};
    return 0;
}

static int read_excludes(const struct reading *r, struct draft *d, const struct tree *node)
{
    int rc = 0;
    if (node->kind != TREE_LIST || !node->child)
        return read_exclude(r, d, node);
    for (const struct tree *item = node->child; item && rc == 0; item = item->next)
        rc = read_exclude(r, d, item);
    return rc;
}

/* Walk nested maps to dotted names, every leaf of which is an axis. */
static int read_map(const struct reading *r, struct draft *d, const struct tree *map, const char *prefix)
{
    int rc = 0, outside = !*prefix && d->zip == 0;
    for (const struct tree *node = map->child; node && rc == 0; node = node->next) {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", node->name);
        if (outside && strcmp(name, "zip") == 0)
            rc = read_zips(r, d, node);
        else if (outside && strcmp(name, "exclude") == 0)
            rc = read_excludes(r, d, node);
        else if (!config_find(r->file->base.schema, name) && node->kind == TREE_MAP && node->child)
            rc = read_map(r, d, node, name);
        else
            rc = read_axis(r, d, name, node);
    }
    return rc;
}

static int read_block(const struct reading *r, const struct tree *map, int number)
{
    struct sweep_file *file = r->file;
    if (map->kind != TREE_MAP || !map->child)
        return tree_fail(map, r->path, r->err,
                         "grid: block %d: expected keys with their values, as in `clusters: [[8, 10]]`",
                         number);
    struct sweep_block *grown = realloc(file->block, (size_t)(file->n_blocks + 1) * sizeof *file->block);
    if (!grown)
        return err_set(r->err, E_IO, "%s: out of memory", r->path);
    file->block = grown;
    struct draft draft = {.block = &file->block[file->n_blocks++], .number = number};
    *draft.block = (struct sweep_block){.line = reading_line(r, map)};
    int rc = read_map(r, &draft, map, "");
    return rc < 0 || draft.block->n_axes > 0
               ? rc
               : tree_fail(map, r->path, r->err, "grid: there is an exclude, but no axis");
}

/* ---- all blocks ---- */

/* The axis of the file for a key of a block, made when it is new. */
static struct sweep_axis *axis_of_file(struct sweep_file *file, const struct sweep_axis *axis)
{
    for (int a = 0; a < file->n_axes; a++)
        if (file->axis[a].key == axis->key)
            return &file->axis[a];
    if (file->n_axes == SWEEP_MAX_AXES)
        return NULL;
    file->axis[file->n_axes] = (struct sweep_axis){.key = axis->key, .where = axis->where};
    return &file->axis[file->n_axes++];
}

static int join_block(const struct reading *r, const struct sweep_block *block)
{
    int rc = 0;
    for (int a = 0; a < block->n_axes && rc == 0; a++) {
        struct sweep_axis *all = axis_of_file(r->file, &block->axis[a]);
        if (!all)
            return err_set(r->err, E_USAGE, "%s: grid: more than %d axes in all blocks", r->path,
                           SWEEP_MAX_AXES);
        rc = reading_join(r, all, &block->axis[a]);
        all->where = all->where == SWEEP_KEY_BY_SET ? block->axis[a].where : all->where;
        all->n_blocks++;
    }
    return rc;
}

/* All blocks are read. A value beside the grid of a key that all of them vary, both in the file, would count
 * for nothing. */
static int finish_axis(const struct reading *r, struct sweep_axis *all)
{
    int line = r->file->line[all->key - r->file->base.schema->key];
    if (all->n_blocks < r->file->n_blocks)
        return reading_join_base(r, all);
    if (line <= 0 || all->where <= 0)
        return 0;
    return err_set(r->err, E_USAGE,
                   "%s:%d: grid: %s has a value in line %d, too, which would count for nothing; leave one "
                   "out",
                   r->path, all->where, all->key->name, line);
}

/* How many combinations a block has, at most one more than there may be. */
static long count_combinations(const struct sweep_block *block)
{
    long n = 1;
    for (int a = 0; a < block->n_axes && n <= SWEEP_MAX_JOBS; a++)
        if (a == 0 || block->axis[a].dim != block->axis[a - 1].dim)
            n *= block->axis[a].n;
    return n <= SWEEP_MAX_JOBS ? n : SWEEP_MAX_JOBS + 1;
}

static int read_blocks(const struct reading *r, const struct tree *grid)
{
    int rc = 0, n = 0;
    if (grid->kind == TREE_MAP)
        return read_block(r, grid, 0);
    for (const struct tree *map = grid->child; map && rc == 0; map = map->next)
        rc = n == SWEEP_MAX_BLOCKS ? tree_fail(map, r->path, r->err, "grid: more than %d blocks", n)
                                   : read_block(r, map, ++n);
    return rc;
}

int reading_grid(const struct reading *r, const struct tree *grid)
{
    struct sweep_file *file = r->file;
    long first = 0;
    int rc = read_blocks(r, grid);
    for (int b = 0; b < file->n_blocks && rc == 0; b++)
        rc = join_block(r, &file->block[b]);
    for (int a = 0; a < file->n_axes && rc == 0; a++)
        rc = finish_axis(r, &file->axis[a]);
    for (int b = 0; b < file->n_blocks && rc == 0; b++) {
        file->block[b].first = first;
        first += file->block[b].n = count_combinations(&file->block[b]);
    }
    return rc;
}

void reading_free_grid(struct sweep_file *file)
{
    for (int b = 0; b < file->n_blocks; b++) {
        struct sweep_block *block = &file->block[b];
        for (int a = 0; a < block->n_axes; a++)
            reading_free_axis(&block->axis[a]);
        for (int x = 0; x < block->n_excludes; x++)
            free(block->exclude[x].text);
        free(block->exclude);
    }
    free(file->block);
    for (int a = 0; a < file->n_axes; a++)
        reading_free_axis(&file->axis[a]);
}

/* ---- asking ---- */

const struct sweep_axis *sweep_file_axis(const struct sweep_file *file, const char *key)
{
    for (int a = 0; a < file->n_axes; a++)
        if (strcmp(file->axis[a].key->name, key) == 0)
            return &file->axis[a];
    return NULL;
}

const struct sweep_axis *sweep_block_axis(const struct sweep_block *block, const struct setting *key)
{
    for (int a = 0; a < block->n_axes; a++)
        if (block->axis[a].key == key)
            return &block->axis[a];
    return NULL;
}

int sweep_file_place(const struct sweep_file *file, long combination, int place[SWEEP_MAX_AXES])
{
    int b = 0;
    while (b + 1 < file->n_blocks && combination >= file->block[b + 1].first)
        b++;
    const struct sweep_block *block = &file->block[b];
    long index = combination - block->first;
    for (int a = block->n_axes - 1; a >= 0; a--) {
        const struct sweep_axis *axis = &block->axis[a];
        place[a] = (int)(index % axis->n);
        if (a == 0 || axis[-1].dim != axis->dim)
            index /= axis->n;
    }
    return b;
}

/* ---- printing ---- */

/* Whether axis a of a block is zipped with the one before it, or with the one behind it. */
static int is_zipped(const struct sweep_block *block, int a)
{
    int dim = block->axis[a].dim;
    return (a > 0 && block->axis[a - 1].dim == dim) ||
           (a + 1 < block->n_axes && block->axis[a + 1].dim == dim);
}

/* The zips of a block, which stand beside one another, from axis a on. Returns the axis behind them. */
static int print_zips(FILE *out, const struct sweep_block *block, const char *indent, int a)
{
    fprintf(out, "%szip:\n", indent);
    for (int dim = -1; a < block->n_axes && is_zipped(block, a); a++) {
        fprintf(out, "%s  %s %s: ", indent, block->axis[a].dim == dim ? " " : "-", block->axis[a].key->name);
        dim = block->axis[a].dim;
        reading_print_axis(out, &block->axis[a]);
        putc('\n', out);
    }
    return a;
}

static void print_block(FILE *out, const struct sweep_block *block, const char *indent)
{
    for (int a = 0; a < block->n_axes;) {
        if (is_zipped(block, a)) {
            a = print_zips(out, block, indent, a);
            continue;
        }
        fprintf(out, "%s%s: ", indent, block->axis[a].key->name);
        reading_print_axis(out, &block->axis[a++]);
        putc('\n', out);
    }
    for (int x = 0; x < block->n_excludes; x++) {
        fprintf(out, "%s", x ? "" : indent);
        fputs(x ? ", " : "exclude: [", out);
        reading_print_quoted(out, block->exclude[x].text);
    }
    fputs(block->n_excludes ? "]\n" : "", out);
}

void reading_print_grid(FILE *out, const struct sweep_file *file)
{
    fputs("grid:\n", out);
    for (int b = 0; b < file->n_blocks; b++) {
        if (file->n_blocks > 1)
            fputs("  -\n", out);
        print_block(out, &file->block[b], file->n_blocks > 1 ? "    " : "  ");
    }
}
