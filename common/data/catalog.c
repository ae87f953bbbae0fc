#include "data/catalog.h"

#include "data/csv.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_LABEL = -1, UNLABELLED = -2, MAX_IMAGES = 100 * 1000 * 1000 };

/* ---- names ---- */

static int join(char *out, const char *folder, const char *name, struct err *err)
{
    int n = snprintf(out, CATALOG_PATH_SIZE, "%s/%s", folder, name);
    if (n < 0 || n >= CATALOG_PATH_SIZE)
        return err_set(err, E_IO, "%.200s/%.200s: the path is too long", folder, name);
    return 0;
}

static int is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int is_png(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcasecmp(name + n - 4, ".png") == 0;
}

/* "cluster_<k>" to k, or -1. */
static int cluster_of_folder(const char *name)
{
    char *end = NULL;
    if (strncmp(name, "cluster_", 8) != 0 || !isdigit((unsigned char)name[8]))
        return -1;
    long k = strtol(name + 8, &end, 10);
    return *end || k > DATASET_MAX_CLUSTER ? -1 : (int)k;
}

const char *catalog_bare_id(const char *id)
{
    return strncmp(id, "cell_", 5) == 0 && id[5] ? id + 5 : id;
}

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
        return (x->cluster > y->cluster) - (x->cluster < y->cluster);
    int order = compare_ids(x->id, y->id);
    return order ? order : strcmp(x->source, y->source);
}

/* ---- scanning ---- */

static int make_room(struct catalog *catalog, struct err *err)
{
    if (catalog->n < catalog->capacity)
        return 0;
    if (catalog->n >= MAX_IMAGES)
        return err_set(err, E_IO, "%s: more than %d images", catalog->folder, MAX_IMAGES);
    int capacity = catalog->capacity ? 2 * catalog->capacity : 256;
    struct dataset_image *cell = realloc(catalog->cell, (size_t)capacity * sizeof *cell);
    if (!cell)
        return err_set(err, E_IO, "%s: out of memory for %d images", catalog->folder, capacity);
    catalog->cell = cell;
    catalog->capacity = capacity;
    return 0;
}

/* Append the image `inside` (path inside the folder) called `name`. */
static int add_image(struct catalog *catalog, const char *inside, const char *name, int cluster,
                     struct rejects *rejects, struct err *err)
{
    char stem[NAME_MAX + 1];
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(name) - 4), name);
    const char *id = catalog_bare_id(stem);
    catalog->n_found++;
    if (strlen(id) >= DATASET_ID_SIZE || strlen(inside) >= DATASET_SOURCE_SIZE)
        return rejects_add(rejects, inside, "its path in the folder is longer than 383 bytes", err);
    int rc = make_room(catalog, err);
    if (rc < 0)
        return rc;
    struct dataset_image *cell = &catalog->cell[catalog->n++];
    memset(cell, 0, sizeof *cell);
    cell->cluster = cluster;
    snprintf(cell->id, sizeof cell->id, "%s", id);
    snprintf(cell->source, sizeof cell->source, "%s", inside);
    return 0;
}

/* What a folder of images may hold beside them without a word. */
static int is_table(const char *name)
{
    static const char *const names[] = {"clusters.csv", "clusters.csv.gz", "cell_boundaries.csv",
                                        "cell_boundaries.csv.gz", "SYNTHETIC"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0)
            return 1;
    return 0;
}

static int is_inner_folder(const struct catalog *catalog, const char *prefix, const char *name)
{
    char path[3 * CATALOG_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s%s", catalog->folder, prefix, name);
    return is_folder(path);
}

static int is_ignored(const char *name)
{
    return name[0] != '.' && !is_png(name) && !is_table(name);
}

/* An entry of an image folder; `prefix` is the folder inside the source, "" or ended by a slash. */
static int scan_file(struct catalog *catalog, const char *prefix, const char *name, int cluster,
                     struct rejects *rejects, struct err *err)
{
    char inside[2 * CATALOG_PATH_SIZE];
    int nested = name[0] != '.' && is_inner_folder(catalog, prefix, name);
    snprintf(inside, sizeof inside, "%s%s", prefix, name);
    if (is_png(name) && name[0] != '.' && !nested)
        return add_image(catalog, inside, name, cluster, rejects, err);
    catalog->n_nested += nested;
    catalog->n_ignored += !nested && is_ignored(name);
    return 0;
}

/* The folder `prefix` inside the source; NULL with *err set. */
static DIR *open_inside(const struct catalog *catalog, const char *prefix, struct err *err)
{
    char path[CATALOG_PATH_SIZE];
    if (join(path, catalog->folder, prefix, err) < 0)
        return NULL;
    DIR *dir = opendir(path);
    if (!dir)
        err_set(err, E_IO, "%s: cannot open the folder: %s", path, strerror(errno));
    return dir;
}

static int scan_images(struct catalog *catalog, const char *prefix, int cluster, struct rejects *rejects,
                       struct err *err)
{
    struct dirent *entry;
    DIR *dir = open_inside(catalog, prefix, err);
    if (!dir)
        return E_IO;
    int rc = 0;
    while (rc == 0 && (entry = readdir(dir)))
        rc = scan_file(catalog, prefix, entry->d_name, cluster, rejects, err);
    closedir(dir);
    return rc;
}

/* What lies beside the cluster_<k> folders and looks as if it was meant to be read. */
static int is_outside(const struct catalog *catalog, const char *prefix, const char *name)
{
    return name[0] != '.' && (is_png(name) || (*prefix && is_inner_folder(catalog, prefix, name)));
}

/* Scan every cluster_<k> folder below `prefix`; *found: how many there are. */
static int scan_clusters(struct catalog *catalog, const char *prefix, int *found, struct rejects *rejects,
                         struct err *err)
{
    char inside[CATALOG_PATH_SIZE];
    struct dirent *entry;
    DIR *dir = open_inside(catalog, prefix, err);
    *found = 0;
    if (!dir)
        return E_IO;
    int rc = 0;
    while (rc == 0 && (entry = readdir(dir))) {
        int cluster = cluster_of_folder(entry->d_name);
        int is_file = !is_inner_folder(catalog, prefix, entry->d_name);
        if (cluster < 0 && !is_file && strncmp(entry->d_name, "cluster_", 8) == 0)
            rc = err_set(err, E_IO, "%s/%s%s: the folder's name is not cluster_<number> (0 to %d)",
                         catalog->folder, prefix, entry->d_name, DATASET_MAX_CLUSTER);
        if (cluster < 0 || is_file) {
            catalog->n_outside += is_outside(catalog, prefix, entry->d_name);
            catalog->n_ignored += is_file && is_ignored(entry->d_name);
            continue;
        }
        snprintf(inside, sizeof inside, "%s%s/", prefix, entry->d_name);
        rc = scan_images(catalog, inside, cluster, rejects, err);
        ++*found;
    }
    closedir(dir);
    return rc;
}

/* ---- labels ---- */

/* What clusters.csv says, checked row by row. */
struct labelling {
    struct catalog *catalog;
    struct csv *csv;
    const char *path, *groups; /* of the table; column of the groups or NULL */
    long *line;                /* (n) where the cell got its label, 0: not yet */
    int by_folder;             /* the folders said already */
    int allow_missing;         /* labels without an image are passed over */
    int n_missing;             /* labels without an image; the first one: */
    long missing_line;
    char missing[DATASET_ID_SIZE];
};

static int parse_cluster(const struct labelling *l, const char *text, int *cluster, struct err *err)
{
    double value;
    if (csv_number(l->csv, "Cluster", text, &value, NULL) < 0)
        return err_set(
            err, E_IO,
            "%s:%ld: Cluster is \"%.40s\", not a finite number; give every name a number from 0 to %d",
            l->path, csv_line(l->csv), text, DATASET_MAX_CLUSTER);
    if (value < 0.0 || value > DATASET_MAX_CLUSTER || value != (double)(int)value)
        return err_set(err, E_IO, "%s:%ld: Cluster is \"%.40s\", not a whole number from 0 to %d", l->path,
                       csv_line(l->csv), text, DATASET_MAX_CLUSTER);
    *cluster = (int)value;
    return 0;
}

/* Whether a label says that there is none, as cell tables do for cells that were filtered out. */
static int is_no_label(const char *text)
{
    static const char *const words[] = {"",     "na",   "n/a", "<na>", "nan",
                                        "null", "none", "-1",  "-1.0", "unassigned"};
    size_t n = strcspn(text + strspn(text, " "), " ");
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strlen(words[k]) == n && strncasecmp(text + strspn(text, " "), words[k], n) == 0)
            return 1;
    return 0;
}

static void note_missing(struct labelling *l, const char *id)
{
    if (l->n_missing++ == 0) {
        l->missing_line = csv_line(l->csv);
        snprintf(l->missing, sizeof l->missing, "%s", id);
    }
}

static int take_group(const struct labelling *l, const char *text, struct dataset_image *cell,
                      struct err *err)
{
    if (strlen(text) >= sizeof cell->group)
        return err_set(err, E_IO, "%s:%ld: %s is \"%.40s...\", longer than %d characters; shorten it",
                       l->path, csv_line(l->csv), l->groups, text, DATASET_GROUP_SIZE - 1);
    snprintf(cell->group, sizeof cell->group, "%s", text);
    return 0;
}

static int label_row(struct labelling *l, const char *const *field, struct err *err)
{
    int cluster = UNLABELLED, i = catalog_find(l->catalog, field[0]);
    int unlabelled = is_no_label(field[1]);
    int rc = unlabelled ? 0 : parse_cluster(l, field[1], &cluster, err);
    if (rc < 0)
        return rc;
    l->catalog->n_unlabelled += unlabelled;
    if (i < 0 && unlabelled)
        return 0;
    if (i < 0) {
        note_missing(l, field[0]);
        return 0;
    }
    struct dataset_image *cell = &l->catalog->cell[i];
    if (l->line[i])
        return err_set(err, E_IO, "%s:%ld: cell %s has a label already, in line %ld; remove one", l->path,
                       csv_line(l->csv), cell->id, l->line[i]);
    if (l->by_folder && unlabelled)
        cluster = cell->cluster; /* the folder says it */
    if (l->by_folder && cell->cluster != cluster)
        return err_set(err, E_IO, "%s:%ld: cell %s is in cluster %d here, but in %s; make them agree",
                       l->path, csv_line(l->csv), cell->id, cluster, cell->source);
    l->line[i] = csv_line(l->csv);
    cell->cluster = cluster;
    return l->groups ? take_group(l, field[2], cell, err) : 0;
}

static int read_labels(struct labelling *l, struct err *err)
{
    const char *const columns[] = {"Barcode", "Cluster", l->groups};
    const char *field[3];
    int rc = csv_open(l->path, columns, l->groups ? 3 : 2, &l->csv, err);
    while (rc == 0 && (rc = csv_next(l->csv, field, err)) > 0)
        rc = label_row(l, field, err);
    csv_close(l->csv);
    l->catalog->n_missing = l->n_missing;
    if (rc == 0 && l->n_missing && !l->allow_missing)
        rc = err_set(
            err, E_IO,
            "%s:%ld: cell %s has a label but no image (%d such row%s); remove the row, add the image, or let "
            "`cellsweep data pack --allow-missing` pass over such rows",
            l->path, l->missing_line, l->missing, l->n_missing, l->n_missing == 1 ? "" : "s");
    return rc;
}

static int apply_labels(struct catalog *catalog, const char *path, const struct catalog_options *options,
                        int by_folder, struct err *err)
{
    struct labelling l = {.catalog = catalog,
                          .path = path,
                          .groups = options->groups,
                          .by_folder = by_folder,
                          .allow_missing = options->allow_missing};
    l.line = err_calloc((size_t)catalog->n, sizeof *l.line, "labels", err);
    if (!l.line)
        return E_IO;
    int rc = read_labels(&l, err);
    for (int i = 0; rc == 0 && by_folder && i < catalog->n; i++)
        catalog->n_unlisted += l.line[i] == 0;
    free(l.line);
    return rc;
}

/* ---- the whole ---- */

/* Path of `name` or `name`.gz in the folder, or "". */
static int find_table(const struct catalog *catalog, const char *name, char *out, struct err *err)
{
    int rc = join(out, catalog->folder, name, err);
    if (rc < 0 || access(out, F_OK) == 0)
        return rc;
    char zipped[64];
    snprintf(zipped, sizeof zipped, "%s.gz", name);
    rc = join(out, catalog->folder, zipped, err);
    if (rc == 0 && access(out, F_OK) < 0)
        out[0] = '\0';
    return rc;
}

static int index_ids(struct catalog *catalog, struct err *err)
{
    int rc = 0;
    idmap_free(catalog->by_id);
    catalog->by_id = idmap_new(err);
    if (!catalog->by_id)
        return E_IO;
    if (catalog->n)
        qsort(catalog->cell, (size_t)catalog->n, sizeof *catalog->cell, compare_cells);
    for (int i = 0; rc == 0 && i < catalog->n; i++) {
        const struct dataset_image *cell = &catalog->cell[i];
        int other = idmap_find(catalog->by_id, cell->id);
        if (other >= 0)
            return err_set(err, E_IO, "%s: %s and %s have the same cell id %s; rename or remove one",
                           catalog->folder, catalog->cell[other].source, cell->source, cell->id);
        rc = idmap_add(catalog->by_id, cell->id, i, err);
    }
    return rc;
}

static int drop_unlabelled(struct catalog *catalog, struct rejects *rejects, struct err *err)
{
    int kept = 0, rc = 0;
    for (int i = 0; rc == 0 && i < catalog->n; i++) {
        if (catalog->cell[i].cluster == NO_LABEL)
            rc = rejects_add(rejects, catalog->cell[i].source, "no label in clusters.csv", err);
        else if (catalog->cell[i].cluster != UNLABELLED)
            catalog->cell[kept++] = catalog->cell[i];
    }
    catalog->n = kept;
    return rc;
}

static int no_images(const struct catalog *catalog, struct err *err)
{
    return err_set(err, E_IO, "%s: no images: neither cell_images/cluster_<k>/cell_<id>.png nor <id>.png",
                   catalog->folder);
}

static int label_images(struct catalog *catalog, const struct catalog_options *options, int by_folder,
                        struct rejects *rejects, struct err *err)
{
    char labels[CATALOG_PATH_SIZE];
    int rc = find_table(catalog, "clusters.csv", labels, err);
    if (rc == 0)
        rc = index_ids(catalog, err);
    if (rc == 0 && !labels[0] && !by_folder)
        rc =
            err_set(err, E_IO,
                    "%s: images without labels: no clusters.csv (Barcode,Cluster) and no folders cluster_<k>",
                    catalog->folder);
    if (rc == 0 && !labels[0] && options->groups)
        rc = err_set(err, E_IO, "%s: groups %s: there is no clusters.csv to take that column from",
                     catalog->folder, options->groups);
    if (rc == 0 && labels[0])
        rc = apply_labels(catalog, labels, options, by_folder, err);
    if (rc == 0 && !by_folder)
        rc = drop_unlabelled(catalog, rejects, err);
    if (rc == 0 && catalog->n == 0)
        rc = err_set(err, E_IO, "%s: no image has a usable name and a label", catalog->folder);
    return rc == 0 ? index_ids(catalog, err) : rc;
}

static int scan(struct catalog *catalog, const struct catalog_options *options, struct rejects *rejects,
                struct err *err)
{
    char path[CATALOG_PATH_SIZE];
    int n_folders = 0;
    int rc = join(path, catalog->folder, "cell_images", err);
    const char *prefix = rc == 0 && is_folder(path) ? "cell_images/" : "";
    if (rc == 0)
        rc = scan_clusters(catalog, prefix, &n_folders, rejects, err);
    if (rc == 0 && n_folders == 0) {
        catalog->n_outside = catalog->n_ignored = 0;
        rc = scan_images(catalog, prefix, NO_LABEL, rejects, err);
    }
    if (rc == 0 && catalog->n + rejects->n == 0)
        rc = no_images(catalog, err);
    return rc < 0 ? rc : label_images(catalog, options, n_folders > 0, rejects, err);
}

int catalog_read(const char *folder, const struct catalog_options *options, struct catalog *catalog,
                 struct rejects *rejects, struct err *err)
{
    char mark[CATALOG_PATH_SIZE];
    *catalog = (struct catalog){0};
    if (!is_folder(folder))
        return err_set(err, E_IO, "%s: not a folder that can be read", folder);
    int rc = snprintf(catalog->folder, sizeof catalog->folder, "%s", folder) < CATALOG_PATH_SIZE
                 ? join(mark, folder, "SYNTHETIC", err)
                 : err_set(err, E_IO, "%.200s...: the path is too long", folder);
    if (rc == 0)
        rc = scan(catalog, options, rejects, err);
    if (rc == 0)
        rc = find_table(catalog, "cell_boundaries.csv", catalog->boundaries, err);
    if (rc == 0)
        catalog->synthetic = access(mark, F_OK) == 0;
    else
        catalog_release(catalog);
    return rc;
}

int catalog_find(const struct catalog *catalog, const char *id)
{
    int i = idmap_find(catalog->by_id, id);
    return i >= 0 ? i : idmap_find(catalog->by_id, catalog_bare_id(id));
}

void catalog_release(struct catalog *catalog)
{
    int n_found = catalog->n_found;
    idmap_free(catalog->by_id);
    free(catalog->cell);
    *catalog = (struct catalog){.n_found = n_found};
}
