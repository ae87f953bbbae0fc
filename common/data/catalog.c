#include "data/catalog.h"

#include "data/catalog_parts.h"
#include "data/listing.h"
#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- order ---- */

static int all_digits(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == '\0';
}

/* Numbers as numbers, before texts; texts by bytes. */
static int compare_ids(const char *a, const char *b)
{
    int na = all_digits(a), nb = all_digits(b);
    if (na != nb)
        return nb - na;
    if (na) {
        const char *x = a + strspn(a, "0"), *y = b + strspn(b, "0");
        size_t nx = strlen(x), ny = strlen(y);
        int order = nx != ny ? (nx > ny) - (nx < ny) : strcmp(x, y);
        if (order)
            return order;
    }
    return strcmp(a, b);
}

static int compare_cells(const void *a, const void *b)
{
    const struct dataset_image *x = a, *y = b;
    if (x->cluster != y->cluster)
        return class_compare(x->cluster, y->cluster);
    int order = compare_ids(x->id, y->id);
    return order ? order : strcmp(x->source, y->source);
}

/* ---- ids ---- */

static void drop_index(struct catalog *catalog)
{
    for (int i = 0; catalog->key && i < catalog->n; i++)
        free(catalog->key[i]);
    free(catalog->key);
    catalog->key = NULL;
    idmap_free(catalog->by_id);
    catalog->by_id = NULL;
}

/* What is compared of the id of cell i, kept as long as the index. */
static const char *key_of(struct catalog *catalog, int i)
{
    char room[IDS_MAX];
    const char *key = ids_key(&catalog->rule, catalog->cell[i].id, room);
    return key == room ? catalog->key[i] = strdup(key) : key;
}

/* Sort the cells and index their ids. *same, *other: the first two cells that cannot be told apart, -1: all
 * can; the index is then not whole. */
static int index_ids(struct catalog *catalog, int *same, int *other, struct err *err)
{
    drop_index(catalog);
    *same = *other = -1;
    if (catalog->n)
        qsort(catalog->cell, (size_t)catalog->n, sizeof *catalog->cell, compare_cells);
    catalog->by_id = idmap_new(err);
    catalog->key = err_calloc((size_t)catalog->n, sizeof *catalog->key, "cell ids", err);
    if (!catalog->by_id || !catalog->key)
        return E_IO;
    for (int i = 0; i < catalog->n; i++) {
        const char *key = key_of(catalog, i);
        if (!key)
            return err_set(err, E_IO, "%s: out of memory for cell ids", catalog->folder);
        *same = idmap_find(catalog->by_id, key);
        *other = i;
        if (*same >= 0)
            return 0;
        int rc = idmap_add(catalog->by_id, key, i, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int paths_as_ids(const struct cataloguing *c, struct err *err)
{
    struct catalog *catalog = c->catalog;
    size_t n = strlen(c->base);
    catalog->counts.are_paths = 1;
    for (int i = 0; i < catalog->n; i++) {
        struct dataset_image *cell = &catalog->cell[i];
        const char *path = cell->source + (strncmp(cell->source, c->base, n) == 0 ? n : 0);
        if (snprintf(cell->id, sizeof cell->id, "%.*s", (int)image_stem(path), path) >= DATASET_ID_SIZE)
            return err_set(
                err, E_IO,
                "%s: %s: names stand twice, so paths are ids, and this one is longer than %d bytes; "
                "shorten it",
                catalog->folder, cell->source, DATASET_ID_SIZE - 1);
    }
    return 0;
}

static int number_ids(const struct cataloguing *c, struct err *err)
{
    struct catalog *catalog = c->catalog;
    int same, other, rc = index_ids(catalog, &same, &other, err);
    if (rc == 0 && same >= 0 && c->may_be_paths) {
        rc = paths_as_ids(c, err);
        if (rc == 0)
            rc = index_ids(catalog, &same, &other, err);
    }
    if (rc < 0 || same < 0)
        return rc;
    return err_set(
        err, E_IO,
        "%s: %s and %s have the same cell id %s; rename or remove one; cells of several slides keep "
        "apart with the slide's name before their ids",
        catalog->folder, catalog->cell[same].source, catalog->cell[other].source, catalog->cell[other].id);
}

int catalog_find(const struct catalog *catalog, const char *id)
{
    char room[IDS_MAX];
    return idmap_find(catalog->by_id, ids_key(&catalog->rule, id, room));
}

/* Keys of n ids, each its own copy; NULL without memory. */
static char **copy_keys(const struct ids_rule *rule, const char *const *id, const struct dataset_image *cell,
                        int n)
{
    char room[IDS_MAX], **key = calloc((size_t)n + 1, sizeof *key);
    for (int i = 0; key && i < n; i++)
        if (!(key[i] = strdup(ids_key(rule, cell ? cell[i].id : id ? id[i] : "", room))))
            break;
    return key;
}

static int count_keys(char *const *key)
{
    int n = 0;
    while (key && key[n])
        n++;
    return n;
}

static void free_keys(char **key)
{
    for (int i = 0; key && key[i]; i++)
        free(key[i]);
    free(key);
}

void catalog_explain(const struct catalog *catalog, const char *const *id, int n, char *out, size_t size)
{
    char **here = copy_keys(&catalog->rule, id, NULL, n);
    char **there = copy_keys(&catalog->rule, NULL, catalog->cell, catalog->n);
    ids_explain((const char *const *)here, count_keys(here), (const char *const *)there, count_keys(there),
                out, size);
    free_keys(here);
    free_keys(there);
}

/* ---- labels become clusters ---- */

static int drop_unlabelled(struct cataloguing *c, struct err *err)
{
    struct catalog *catalog = c->catalog;
    char none[120], empty[160];
    int kept = 0, rc = 0;
    snprintf(none, sizeof none, "no label in %s", catalog->counts.table);
    snprintf(empty, sizeof empty, "left out: its label in %s says that it has none", catalog->counts.table);
    drop_index(catalog);
    for (int i = 0; rc == 0 && i < catalog->n; i++) {
        const struct dataset_image *cell = &catalog->cell[i];
        if (cell->cluster == CATALOG_NO_LABEL)
            rc = rejects_add_cell(c->rejects, cell, CLASS_NONE, NULL, 0, none, err);
        else if (cell->cluster == CATALOG_UNLABELLED)
            rc = rejects_add_cell(&catalog->left, cell, CLASS_NONE, NULL, 0, empty, err);
        else
            catalog->cell[kept++] = *cell;
    }
    catalog->n = kept;
    return rc;
}

static int number_classes(const struct cataloguing *c, struct err *err)
{
    struct catalog *catalog = c->catalog;
    int rc = class_table_check(&c->classes, err);
    for (int i = 0; rc == 0 && i < catalog->n; i++) {
        catalog->cell[i].cluster = c->classes.label[catalog->cell[i].cluster].class;
        catalog->counts.n_given += catalog->cell[i].given != GIVEN_NONE;
    }
    return rc;
}

/* ---- the whole ---- */

/* Path of the first of some files, or of one with .gz, in the folder; "" when none is there. */
static void find_file(const struct catalog *catalog, const char *const *names, char *out)
{
    for (; *names; names++)
        for (int zipped = 0; zipped <= 1; zipped++) {
            int n = snprintf(out, CATALOG_PATH_SIZE, "%s/%s%s", catalog->folder, *names, zipped ? ".gz" : "");
            if (n < CATALOG_PATH_SIZE && access(out, F_OK) == 0)
                return;
        }
    out[0] = '\0';
}

static void tell_table(struct catalog *catalog, const struct labels *labels)
{
    struct catalog_counts *counts = &catalog->counts;
    const char *slash = strrchr(labels->path, '/');
    enum labels_field ids = labels->has[LABELS_ID] ? LABELS_ID : LABELS_FILE;
    snprintf(counts->table, sizeof counts->table, "%.79s", slash ? slash + 1 : labels->path);
    if (labels->is_guess)
        snprintf(
            counts->guess, sizeof counts->guess,
            "the cells' ids are taken from column \"%s\", their labels from \"%s\"; if that is not right, "
            "name them: --id-column, --label-column",
            labels->column[ids], labels->column[LABELS_LABEL]);
}

/* The table, when there is one: *labels->path says so. */
static int read_table(struct catalog *catalog, const struct dataset_options *options, struct labels *labels,
                      struct err *err)
{
    static const char *const names[] = {"clusters.csv", "labels.csv", "clusters.tsv", "labels.tsv", NULL};
    const struct labels_options wanted = {options->id_column, options->label_column, options->groups,
                                          options->meta};
    char path[CATALOG_PATH_SIZE];
    snprintf(path, sizeof path, "%.4095s", options->labels ? options->labels : "");
    if (!options->labels)
        find_file(catalog, names, path);
    *labels = (struct labels){0};
    if (!path[0] && (options->groups || options->meta))
        return err_set(err, E_IO, "%s: groups %s: there is no clusters.csv to take that column from",
                       catalog->folder, options->groups ? options->groups : options->meta);
    int rc = path[0] ? labels_read(path, &wanted, labels, err) : 0;
    if (rc == 0 && path[0])
        tell_table(catalog, labels);
    return rc;
}

static int check_found(const struct cataloguing *c, struct err *err)
{
    const struct catalog *catalog = c->catalog;
    static const char *const bundle[] = {"experiment.xenium", NULL};
    char path[CATALOG_PATH_SIZE];
    find_file(catalog, bundle, path);
    if (path[0] && !c->of_rows)
        return err_set(err, E_IO, "%s: a raw Xenium bundle; `cellsweep data pack` cuts its cells",
                       catalog->folder);
    if (catalog->n + c->rejects->n == 0 && c->of_rows)
        return err_set(err, E_IO, "%s: no rows, so no labelled cells", c->labels->path);
    if (catalog->n + c->rejects->n == 0)
        return err_set(err, E_IO,
                       "%s: no images: neither <class>/<id>.png, cell_images/cluster_<k>/cell_<id>.png, "
                       "{train,val,test}/<class>/<id>.png nor <id>.png",
                       catalog->folder);
    if (!c->by_folder && !c->labels)
        return err_set(err, E_IO,
                       "%s: images without labels: no clusters.csv (Barcode,Cluster) and no folders called "
                       "after classes; --labels names a table that lies elsewhere",
                       catalog->folder);
    return c->by_folder || c->labels->has[LABELS_LABEL] ? 0 : labels_lack(c->labels, err);
}

static int make_catalog(struct cataloguing *c, struct err *err)
{
    struct catalog *catalog = c->catalog;
    int same, other, rc = c->of_rows ? catalog_scan_rows(c, err) : catalog_scan(c, err);
    if (rc == 0)
        rc = check_found(c, err);
    if (rc == 0)
        rc = number_ids(c, err);
    if (rc == 0 && c->labels)
        rc = catalog_label(c, err);
    if (rc == 0)
        rc = drop_unlabelled(c, err);
    if (rc == 0 && catalog->n == 0)
        rc = err_set(err, E_IO, "%s: no image has a usable name and a label", catalog->folder);
    if (rc == 0)
        rc = number_classes(c, err);
    if (rc == 0)
        rc = index_ids(catalog, &same, &other, err);
    return rc == 0 ? catalog_keep_meta(c, err) : rc;
}

static int read_folder(struct catalog *catalog, const struct dataset_options *options, int of_rows,
                       struct rejects *rejects, struct err *err)
{
    static const char *const boundaries[] = {"cell_boundaries.csv", NULL}, *const mark[] = {"SYNTHETIC",
                                                                                            NULL};
    struct labels labels;
    char path[CATALOG_PATH_SIZE];
    struct cataloguing c = {.catalog = catalog, .options = options, .of_rows = of_rows, .rejects = rejects};
    int rc = read_table(catalog, options, &labels, err);
    if (rc < 0)
        return rc;
    c.labels = labels.path[0] ? &labels : NULL;
    rc = make_catalog(&c, err);
    find_file(catalog, boundaries, catalog->boundaries);
    find_file(catalog, mark, path);
    catalog->synthetic = path[0] != '\0';
    class_table_release(&c.classes);
    labels_release(&labels);
    return rc;
}

static int read_either(const char *folder, const struct dataset_options *options, int of_rows,
                       struct catalog *catalog, struct rejects *rejects, struct err *err)
{
    *catalog = (struct catalog){.rule = {options->strip_prefix, options->strip_suffix, options->strip_zeros}};
    if (!listing_is_folder(folder))
        return err_set(err, E_IO, "%s: not a folder that can be read", folder);
    if (snprintf(catalog->folder, sizeof catalog->folder, "%s", folder) >= CATALOG_PATH_SIZE)
        return err_set(err, E_IO, "%.200s...: the path is too long", folder);
    int rc = read_folder(catalog, options, of_rows, rejects, err);
    if (rc < 0)
        catalog_release(catalog);
    return rc;
}

int catalog_read(const char *folder, const struct dataset_options *options, struct catalog *catalog,
                 struct rejects *rejects, struct err *err)
{
    return read_either(folder, options, 0, catalog, rejects, err);
}

int catalog_read_rows(const char *folder, const struct dataset_options *options, struct catalog *catalog,
                      struct rejects *rejects, struct err *err)
{
    return read_either(folder, options, 1, catalog, rejects, err);
}

int catalog_keep(struct catalog *catalog, const int *keep, int n, struct err *err)
{
    int same, other;
    drop_index(catalog);
    for (int i = 0; i < n; i++)
        catalog->cell[i] = catalog->cell[keep[i]];
    meta_keep(&catalog->meta, keep, n);
    catalog->n = n;
    return index_ids(catalog, &same, &other, err);
}

void catalog_release(struct catalog *catalog)
{
    struct catalog_counts counts = catalog->counts;
    drop_index(catalog);
    meta_release(&catalog->meta);
    rejects_release(&catalog->left);
    free(catalog->cell);
    *catalog = (struct catalog){.counts = counts};
}
