/* Where the images of a folder are, and what the folders say about them. */
#include "data/catalog_parts.h"

#include "data/listing.h"
#include "image/image.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_IMAGES = 100 * 1000 * 1000 };

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

/* Append the image `inside` (path inside the folder); id: NULL: that of its name. */
static int add_image(struct cataloguing *c, const char *inside, const char *id, struct dataset_image like,
                     struct err *err)
{
    char stem[CATALOG_PATH_SIZE];
    const char *slash = strrchr(inside, '/'), *name = slash ? slash + 1 : inside;
    snprintf(stem, sizeof stem, "%.*s", (int)image_stem(name), name);
    id = ids_bare(id ? id : stem);
    c->catalog->counts.n_found++;
    if (strlen(inside) >= DATASET_SOURCE_SIZE)
        return rejects_add(c->rejects, inside, "its path in the folder is longer than 383 bytes", err);
    if (strlen(id) >= DATASET_ID_SIZE || !*id)
        return rejects_add(c->rejects, inside, "its id has no or more than 255 bytes", err);
    int rc = make_room(c->catalog, err);
    if (rc < 0)
        return rc;
    struct dataset_image *cell = &c->catalog->cell[c->catalog->n++];
    *cell = like;
    snprintf(cell->id, sizeof cell->id, "%s", id);
    snprintf(cell->source, sizeof cell->source, "%s", inside);
    return 0;
}

/* ---- folders ---- */

static int list(const struct cataloguing *c, const char *prefix, struct listing *listing, struct err *err)
{
    char path[CATALOG_PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s", c->catalog->folder, prefix) >= CATALOG_PATH_SIZE)
        return err_set(err, E_IO, "%.200s/%.200s: the path is too long", c->catalog->folder, prefix);
    return listing_read(path, listing, err);
}

/* What a folder of images may hold beside them without a word. */
static int is_table(const struct cataloguing *c, const char *name)
{
    static const char *const names[] = {"cell_boundaries.csv", "cell_boundaries.csv.gz", "SYNTHETIC"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0)
            return 1;
    return strcmp(name, c->catalog->counts.table) == 0;
}

static void count_others(struct cataloguing *c, const struct listing *listing)
{
    for (int i = 0; i < listing->hidden.n; i++)
        passed_add(&c->catalog->counts.passed, listing->hidden.name[i]);
    for (int i = 0; i < listing->others.n; i++)
        if (!is_table(c, listing->others.name[i]))
            passed_add(&c->catalog->counts.passed, listing->others.name[i]);
}

/* All images of a folder that is listed; prefix: "" or ended by a slash. */
static int add_images(struct cataloguing *c, const char *prefix, const struct listing *listing,
                      struct dataset_image like, struct err *err)
{
    char inside[CATALOG_PATH_SIZE];
    int rc = 0;
    count_others(c, listing);
    c->catalog->counts.n_nested += listing->folders.n;
    for (int i = 0; i < listing->images.n && rc == 0; i++) {
        if (snprintf(inside, sizeof inside, "%s%s", prefix, listing->images.name[i]) >= CATALOG_PATH_SIZE)
            return err_set(err, E_IO, "%.200s%.200s: the path is too long", prefix, listing->images.name[i]);
        rc = add_image(c, inside, NULL, like, err);
    }
    return rc;
}

static int is_cluster_folder(const char *name)
{
    return strncmp(name, "cluster_", 8) == 0 && isdigit((unsigned char)name[8]) &&
           name[8 + strspn(name + 8, "0123456789")] == '\0';
}

/* The class that a folder is called after: cluster_3 is 3. */
static const char *class_of_folder(const char *name)
{
    return strncmp(name, "cluster_", 8) == 0 && name[8] ? name + 8 : name;
}

/* The images of one class; a folder without images is no class. */
static int scan_class(struct cataloguing *c, const char *prefix, const char *name, enum given_set given,
                      struct err *err)
{
    char inside[CATALOG_PATH_SIZE], path[2 * CATALOG_PATH_SIZE];
    struct listing listing = {0};
    struct dataset_image like = {.cluster = CATALOG_NO_LABEL, .given = (int)given};
    snprintf(inside, sizeof inside, "%.2000s%.2000s/", prefix, name);
    snprintf(path, sizeof path, "%s/%.2000s%.2000s", c->catalog->folder, prefix, name);
    int rc = list(c, inside, &listing, err);
    if (rc < 0)
        return rc;
    if (listing.images.n == 0 && !is_cluster_folder(name))
        c->catalog->counts.n_outside++;
    else if (listing.images.n && c->by_folder)
        rc = like.cluster = class_table_add(&c->classes, class_of_folder(name), path, 0, err);
    if (rc >= 0)
        rc = add_images(c, inside, &listing, like, err);
    listing_release(&listing);
    return rc < 0 ? rc : 0;
}

static int scan_classes(struct cataloguing *c, const char *prefix, const struct listing *listing,
                        enum given_set given, struct err *err)
{
    int rc = 0;
    count_others(c, listing);
    c->catalog->counts.n_outside += listing->images.n;
    for (int i = 0; i < listing->folders.n && rc == 0; i++) {
        const char *name = listing->folders.name[i];
        if (c->are_clusters && strncmp(name, "cluster_", 8) != 0)
            c->catalog->counts.n_outside++;
        else
            rc = scan_class(c, prefix, name, given, err);
    }
    return rc;
}

/* SRC/train/<class> and so on. */
static int scan_sets(struct cataloguing *c, const struct listing *base, struct err *err)
{
    char prefix[CATALOG_PATH_SIZE];
    int rc = 0;
    count_others(c, base);
    c->catalog->counts.n_outside += base->images.n;
    c->by_folder = c->may_be_paths = 1;
    for (int i = 0; i < base->folders.n && rc == 0; i++) {
        struct listing listing = {0};
        int set = labels_set(base->folders.name[i]);
        if (set <= GIVEN_NONE) {
            c->catalog->counts.n_outside++;
            continue;
        }
        snprintf(prefix, sizeof prefix, "%s%.300s/", c->base, base->folders.name[i]);
        rc = list(c, prefix, &listing, err);
        if (rc < 0)
            return rc;
        rc = scan_classes(c, prefix, &listing, (enum given_set)set, err);
        listing_release(&listing);
    }
    return rc;
}

/* ---- which of them it is ---- */

/* What the folders below SRC are like. */
struct look {
    int n_sets;     /* called train, val or test, with folders inside */
    int n_clusters; /* called cluster_<k> */
    int n_images;   /* in all other folders together */
    int n_labels;   /* folders called as a label of the table */
};

static int is_label(const struct labels *labels, const char *name)
{
    for (int i = 0; i < labels->n; i++)
        if (strcmp(labels_text(labels, i, LABELS_LABEL), name) == 0)
            return 1;
    return 0;
}

static int look_into(const struct cataloguing *c, const struct listing *base, struct look *look,
                     struct err *err)
{
    char inside[CATALOG_PATH_SIZE];
    *look = (struct look){0};
    for (int i = 0; i < base->folders.n; i++) {
        const char *name = base->folders.name[i];
        struct listing listing = {0};
        snprintf(inside, sizeof inside, "%s%.300s", c->base, name);
        int rc = list(c, inside, &listing, err);
        if (rc < 0)
            return rc;
        look->n_sets += labels_set(name) > GIVEN_NONE && listing.folders.n > 0 && listing.images.n == 0;
        look->n_clusters += is_cluster_folder(name);
        look->n_images += listing.images.n;
        look->n_labels += listing.images.n && c->labels && c->labels->has[LABELS_LABEL] &&
                          is_label(c->labels, class_of_folder(name));
        listing_release(&listing);
    }
    return 0;
}

static int scan_base(struct cataloguing *c, const struct listing *base, struct err *err)
{
    struct look look;
    int rc = look_into(c, base, &look, err);
    if (rc < 0)
        return rc;
    if (look.n_sets && !look.n_clusters)
        return scan_sets(c, base, err);
    if (!look.n_clusters && (look.n_images == 0 || look.n_images < base->images.n))
        return add_images(c, c->base, base, (struct dataset_image){.cluster = CATALOG_NO_LABEL}, err);
    c->by_folder = look.n_clusters || !c->labels || !c->labels->has[LABELS_LABEL] || look.n_labels;
    c->are_clusters = look.n_clusters > 0;
    c->may_be_paths = !c->are_clusters;
    return scan_classes(c, c->base, base, GIVEN_NONE, err);
}

/* ---- a table with a column of paths ---- */

/* Path inside the folder of the file that row i names; 0 when it is not there. */
static int find_file(const struct cataloguing *c, int i, char *inside)
{
    char path[2 * CATALOG_PATH_SIZE];
    const char *file = labels_text(c->labels, i, LABELS_FILE), *base = "";
    for (int k = 0; k < 2; k++, base = c->base) {
        snprintf(path, sizeof path, "%s/%s%s", c->catalog->folder, base, file);
        if (snprintf(inside, CATALOG_PATH_SIZE, "%s%s", base, file) < CATALOG_PATH_SIZE && *file &&
            !listing_is_folder(path) && access(path, F_OK) == 0)
            return 1;
    }
    return 0;
}

static int names_files(const struct cataloguing *c)
{
    char inside[CATALOG_PATH_SIZE];
    for (int i = 0; c->labels && c->labels->has[LABELS_FILE] && i < c->labels->n && i < 100; i++)
        if (find_file(c, i, inside))
            return 1;
    return 0;
}

static int scan_table(struct cataloguing *c, struct err *err)
{
    char inside[CATALOG_PATH_SIZE];
    int rc = 0;
    c->may_be_paths = !c->labels->has[LABELS_ID];
    for (int i = 0; i < c->labels->n && rc == 0; i++)
        if (find_file(c, i, inside))
            rc = add_image(c, inside, labels_text(c->labels, i, LABELS_ID),
                           (struct dataset_image){.cluster = CATALOG_NO_LABEL}, err);
    return rc;
}

/* With images in a folder of their own, what lies beside that folder is only counted when it is hidden. */
static int count_beside(struct cataloguing *c, struct err *err)
{
    struct listing top = {0};
    int rc = *c->base ? list(c, "", &top, err) : 0;
    if (rc == 0 && *c->base) {
        for (int i = 0; i < top.hidden.n; i++)
            passed_add(&c->catalog->counts.passed, top.hidden.name[i]);
        listing_release(&top);
    }
    return rc;
}

int catalog_scan(struct cataloguing *c, struct err *err)
{
    char path[CATALOG_PATH_SIZE + 16];
    struct listing base = {0};
    snprintf(path, sizeof path, "%s/cell_images", c->catalog->folder);
    snprintf(c->base, sizeof c->base, "%s", listing_is_folder(path) ? "cell_images/" : "");
    int rc = count_beside(c, err);
    if (rc == 0 && names_files(c))
        return scan_table(c, err);
    if (rc == 0)
        rc = list(c, c->base, &base, err);
    if (rc < 0)
        return rc;
    rc = scan_base(c, &base, err);
    listing_release(&base);
    return rc;
}

int catalog_scan_rows(struct cataloguing *c, struct err *err)
{
    const struct dataset_image like = {.cluster = CATALOG_NO_LABEL};
    char room[CATALOG_PATH_SIZE], row[LABELS_NAME_SIZE + 40];
    int rc = 0;
    for (int i = 0; rc == 0 && i < c->labels->n; i++) {
        snprintf(row, sizeof row, "line %ld of %s", labels_line(c->labels, i), c->catalog->counts.table);
        rc = add_image(c, row, catalog_row_id(c, i, room), like, err);
    }
    return rc;
}
