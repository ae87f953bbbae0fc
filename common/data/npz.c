#include "data/npz.h"

#include "child.h"
#include "image/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { MAX_IMAGES = 100 * 1000 * 1000 };

/* One array of the archive, open for reading from its first element on. */
struct array {
    char name[128]; /* for messages: "x.npz: train_images" */
    zip_file_t *file;
    struct npy npy;
    unsigned char ahead[NPY_MAX_HEADER]; /* what was read beyond the header */
    size_t n_ahead, at;
};

/* An image on its way: its set, its place there, its label, its place in the dataset. */
struct entry {
    int given, index, cluster, row;
};

struct npz {
    const char *path;
    zip_t *zip;
    const struct dataset_options *options;
    struct preprocess how;
    int n, first[N_GIVEN_SETS + 1]; /* entries, and the first of each set */
    struct entry *entry;            /* (n) in the order of the archive */
    struct preprocess_measure *measure;
    int channels, is_rgb; /* of the first image; 0: not seen yet */
    struct dataset *data;
    struct pack_report *report;
    npz_visitor *each; /* of npz_each() */
    void *self;
};

int npz_is(const char *path)
{
    char magic[4] = "";
    struct stat info;
    FILE *file = stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
    size_t n = file ? fread(magic, 1, sizeof magic, file) : 0;
    if (file)
        fclose(file);
    return n == sizeof magic && memcmp(magic, "PK\3\4", 4) == 0;
}

/* ---- arrays ---- */

static int open_zip(struct npz *z, struct err *err)
{
    int code = 0;
    zip_error_t error;
    child_at(z->path);
    z->zip = zip_open(z->path, ZIP_RDONLY, &code);
    if (z->zip)
        return 0;
    zip_error_init_with_code(&error, code);
    err_set(err, E_IO, "%s: cannot open the archive: %s", z->path, zip_error_strerror(&error));
    zip_error_fini(&error);
    return E_IO;
}

/* n bytes that follow. E_IO when they are not there. */
static int take(struct array *a, void *out, size_t n, struct err *err)
{
    size_t have = a->n_ahead - a->at < n ? a->n_ahead - a->at : n;
    memcpy(out, a->ahead + a->at, have);
    a->at += have;
    while (have < n) {
        zip_int64_t got = zip_fread(a->file, (char *)out + have, n - have);
        if (got <= 0)
            return err_set(err, E_IO, "%s: damaged: %s", a->name,
                           got < 0 ? zip_file_strerror(a->file) : "the array ends too early");
        have += (size_t)got;
    }
    return 0;
}

/* Nothing follows: libzip looks at the checksum of a member when its end is read. */
static int take_end(struct array *a, struct err *err)
{
    char more;
    zip_int64_t got = a->at < a->n_ahead ? 1 : zip_fread(a->file, &more, 1);
    if (got == 0)
        return 0;
    return err_set(err, E_IO, "%s: damaged: %s", a->name,
                   got < 0 ? zip_file_strerror(a->file) : "more bytes follow than its shape says");
}

/* Open "<set>_<what>", or "<what>" for no set. 1, 0 when the archive has none, or a code. */
static int open_array(const struct npz *z, int given, const char *what, struct array *a, struct err *err)
{
    char member[64];
    *a = (struct array){.n_ahead = 0};
    snprintf(member, sizeof member, "%s%s%s.npy", given_set_names[given], given ? "_" : "", what);
    snprintf(a->name, sizeof a->name, "%.90s: %s%s%s", z->path, given_set_names[given], given ? "_" : "",
             what);
    if (zip_name_locate(z->zip, member, 0) < 0)
        return 0;
    a->file = zip_fopen(z->zip, member, 0);
    if (!a->file)
        return err_set(err, E_IO, "%s: %s", a->name, zip_strerror(z->zip));
    zip_int64_t got = 0;
    while (a->n_ahead < sizeof a->ahead &&
           (got = zip_fread(a->file, a->ahead + a->n_ahead, sizeof a->ahead - a->n_ahead)) > 0)
        a->n_ahead += (size_t)got;
    int rc = got < 0 ? err_set(err, E_IO, "%s: damaged: %s", a->name, zip_file_strerror(a->file))
                     : npy_parse(a->ahead, a->n_ahead, a->name, &a->npy, err);
    if (rc == 0 && a->npy.is_fortran && a->npy.n_dims > 1)
        rc = err_set(err, E_IO, "%s: in Fortran order; save np.ascontiguousarray() of it", a->name);
    a->at = a->npy.start;
    return rc < 0 ? rc : 1;
}

static void close_array(struct array *a)
{
    if (a->file)
        zip_fclose(a->file);
    a->file = NULL;
}

/* ---- labels ---- */

static int check_labels(const struct npz *z, const struct array *a, struct err *err)
{
    const struct npy *npy = &a->npy;
    if (npy->n_dims > 2 || (npy->n_dims == 2 && npy->dim[1] != 1))
        return err_set(err, E_IO, "%s: not one label an image, (n) or (n, 1)", a->name);
    if (npy->dim[0] > MAX_IMAGES - z->n)
        return err_set(err, E_IO, "%s: more than %d images", a->name, MAX_IMAGES);
    return 0;
}

static int take_label(struct array *a, struct entry *entry, struct err *err)
{
    unsigned char bytes[8];
    int rc = take(a, bytes, (size_t)a->npy.bytes, err);
    if (rc < 0)
        return rc;
    double value = npy_value(&a->npy, bytes, 0);
    if (!(value >= 0 && value <= CLASS_MOST && value == (double)(int)value))
        return err_set(err, E_IO, "%s: label %d is %g, not a whole number from 0 to %d", a->name,
                       entry->index, value, CLASS_MOST);
    entry->cluster = (int)value;
    return 0;
}

/* Labels are read in steps, so that a header that claims millions takes no memory for what is not there. */
static int take_labels(struct npz *z, int given, struct array *a, struct err *err)
{
    enum { STEP = 4096 };
    int n = (int)a->npy.dim[0], rc = 0;
    for (int i = 0; rc == 0 && i < n; i++) {
        if (i % STEP == 0) {
            struct entry *grown = realloc(z->entry, (size_t)(z->n + STEP) * sizeof *grown);
            if (!grown)
                return err_set(err, E_IO, "%s: out of memory for labels", a->name);
            z->entry = grown;
        }
        struct entry *entry = &z->entry[z->n];
        *entry = (struct entry){.given = given, .index = i};
        rc = take_label(a, entry, err);
        z->n += rc == 0;
    }
    return rc == 0 ? take_end(a, err) : rc;
}

static int read_labels(struct npz *z, struct err *err)
{
    int rc = 0;
    for (int given = 0; rc == 0 && given < N_GIVEN_SETS; given++) {
        struct array a;
        z->first[given] = z->n;
        int found = open_array(z, given, "labels", &a, err);
        rc = found > 0 ? check_labels(z, &a, err) : found;
        if (rc == 0 && found)
            rc = take_labels(z, given, &a, err);
        close_array(&a);
    }
    z->first[N_GIVEN_SETS] = z->n;
    if (rc == 0 && z->n == 0)
        rc = err_set(err, E_IO,
                     "%s: neither train_images and train_labels (val_, test_) nor images and labels in it",
                     z->path);
    return rc;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int by_cluster = (x->cluster > y->cluster) - (x->cluster < y->cluster);
    return by_cluster ? by_cluster : (x > y) - (x < y);
}

/* Rows of a dataset are ordered by cluster. */
static int number_rows(struct npz *z, struct err *err)
{
    struct entry **order = err_calloc((size_t)z->n, sizeof *order, "the order of images", err);
    if (!order)
        return E_IO;
    for (int i = 0; i < z->n; i++)
        order[i] = &z->entry[i];
    qsort(order, (size_t)z->n, sizeof *order, compare_entries);
    for (int i = 0; i < z->n; i++)
        order[i]->row = i;
    free(order);
    return 0;
}

/* ---- images ---- */

/* Image `index` of a set. */
typedef int (*visitor)(struct npz *z, int given, int index, struct image *image, struct err *err);

static struct entry *entry_of(const struct npz *z, int given, int index)
{
    return &z->entry[z->first[given] + index];
}

/* The next image of an array, whose shape is known. */
static int take_image(struct array *a, const struct image *shape, unsigned char *bytes, struct image *image,
                      struct err *err)
{
    const struct image_file file = {NULL, 0, a->name, IMAGE_MAX_SIDE};
    size_t n = (size_t)shape->width * (size_t)shape->height * (size_t)shape->channels;
    *image = *shape;
    int rc = take(a, bytes, n * (size_t)a->npy.bytes, err);
    if (rc == 0)
        rc = image_allocate(&file, image, 0, err);
    if (rc == 0)
        npy_pixels(&a->npy, bytes, 0, image);
    return rc == 0 ? image_finish(&file, image, err) : rc;
}

static int check_images(const struct npz *z, const struct array *a, int given, struct image *shape,
                        struct err *err)
{
    const struct image_file file = {NULL, 0, a->name, IMAGE_MAX_SIDE};
    int channels_first = 0, n = z->first[given + 1] - z->first[given];
    if (z->entry && a->npy.dim[0] != n)
        return err_set(err, E_IO, "%s: %lld images, but %d labels", a->name, a->npy.dim[0], n);
    int rc = npy_shape(&a->npy, 1, a->name, shape, &channels_first, err);
    if (rc == 0 && channels_first)
        rc = err_set(err, E_IO, "%s: channels stand before height and width; move them to the end", a->name);
    return rc == 0 ? image_check_size(&file, shape, err) : rc;
}

/* visit() the images of a set until it says 1. */
static int visit_set(struct npz *z, int given, visitor visit, struct err *err)
{
    struct array a;
    struct image shape = {0};
    unsigned char *bytes = NULL;
    int rc = open_array(z, given, "images", &a, err);
    if (rc == 0)
        rc = err_set(err, E_IO, "%s: not in the archive, but its labels are", a.name);
    if (rc > 0)
        rc = check_images(z, &a, given, &shape, err);
    if (rc == 0)
        bytes = err_calloc((size_t)shape.width * (size_t)shape.height * (size_t)shape.channels,
                           (size_t)a.npy.bytes, a.name, err);
    if (rc == 0 && !bytes)
        rc = E_IO;
    for (int i = 0; rc == 0 && i < a.npy.dim[0]; i++) {
        struct image image = {0};
        rc = take_image(&a, &shape, bytes, &image, err);
        if (rc == 0)
            rc = visit(z, given, i, &image, err);
        image_release(&image);
    }
    if (rc == 0)
        rc = take_end(&a, err);
    free(bytes);
    close_array(&a);
    return rc;
}

static int visit_all(struct npz *z, visitor visit, struct err *err)
{
    int rc = 0;
    for (int given = 0; rc == 0 && given < N_GIVEN_SETS; given++)
        if (z->first[given + 1] > z->first[given])
            rc = visit_set(z, given, visit, err);
    return rc < 0 ? rc : 0;
}

/* The first image says the channels; all of them are measured for a scale that is still open. */
static int look(struct npz *z, int given, int index, struct image *image, struct err *err)
{
    int is_rgb = image->is_rgb, open = preprocess_is_open(&z->how);
    int rc = preprocess_select(&z->how, image, err);
    (void)given;
    (void)index;
    if (rc < 0)
        return err_set(err, E_IO, "%s: %.900s", z->path, err->text);
    if (z->channels == 0) {
        z->channels = image->channels;
        z->is_rgb = is_rgb || image->is_rgb;
        z->measure = open ? preprocess_measure_new(z->channels, err) : NULL;
        if (open && !z->measure)
            return E_IO;
    }
    if (z->measure && image->channels == z->channels)
        preprocess_measure_add(z->measure, &z->how, image);
    return !open;
}

/* "train_17" */
static void name_image(int given, int index, char *out, size_t size)
{
    const char *set = given_set_names[given];
    snprintf(out, size, "%s%s%d", set, *set ? "_" : "", index);
}

static void describe(const struct npz *z, const struct entry *entry, const struct image *image)
{
    struct dataset_image *row = &z->data->image[entry->row];
    const char *set = given_set_names[entry->given];
    name_image(entry->given, entry->index, row->id, sizeof row->id);
    snprintf(row->source, sizeof row->source, "%s%simages[%d]", set, *set ? "_" : "", entry->index);
    row->cluster = entry->cluster;
    row->given = entry->given;
    row->width = image->width;
    row->height = image->height;
    row->depth = image->depth;
    row->coloured = image->coloured;
}

/* Rows without an id were left out. */
static int put(struct npz *z, int given, int index, struct image *image, struct err *err)
{
    struct err why = {0};
    const struct entry *entry = entry_of(z, given, index);
    struct dataset_image *row = &z->data->image[entry->row];
    describe(z, entry, image);
    int rc = preprocess_apply(&z->how, image, &why);
    if (rc == 0 && image->channels != z->channels)
        rc = err_set(&why, E_IO, "%d channels, but the first image has %d", image->channels, z->channels);
    if (rc == 0)
        return pack_image(z->data->pixels + (size_t)entry->row * dataset_floats(z->data), z->options->size,
                          NULL, image, NULL, 0, err);
    rc = rejects_add_cell(&z->report->rejects, row, row->cluster, NULL, 0, why.text, err);
    row->id[0] = '\0';
    return rc;
}

static void close_gaps(struct dataset *data)
{
    size_t floats = dataset_floats(data);
    int n = 0;
    for (int i = 0; i < data->n_images; i++) {
        if (!data->image[i].id[0])
            continue;
        if (n < i) {
            data->image[n] = data->image[i];
            memcpy(data->pixels + (size_t)n * floats, data->pixels + (size_t)i * floats,
                   floats * sizeof(float));
        }
        n++;
    }
    data->n_images = n;
}

/* ---- the whole ---- */

static int make_dataset(struct npz *z, struct err *err)
{
    z->data = dataset_new(z->n, z->options->size, z->channels, err);
    if (!z->data)
        return E_IO;
    z->data->pixel_size = z->options->pixel_size;
    z->data->preprocess = z->how;
    snprintf(z->data->origin, sizeof z->data->origin, "%.255s", z->path);
    for (int c = 0; c < z->channels; c++)
        preprocess_channel_name(&z->how, z->is_rgb, c, z->data->channel_name[c], DATASET_CHANNEL_SIZE);
    return 0;
}

static int read_archive(struct npz *z, struct err *err)
{
    int rc = open_zip(z, err);
    if (rc == 0)
        rc = read_labels(z, err);
    if (rc == 0)
        rc = number_rows(z, err);
    if (rc == 0)
        rc = visit_all(z, look, err);
    if (rc == 0 && z->measure)
        preprocess_measure_end(z->measure, &z->how);
    if (rc == 0)
        rc = make_dataset(z, err);
    if (rc == 0)
        rc = visit_all(z, put, err);
    return rc;
}

static int finish(struct npz *z, struct err *err)
{
    struct pack_report *report = z->report;
    close_gaps(z->data);
    report->n_packed = z->data->n_images;
    for (int i = 0; i < z->data->n_images; i++)
        report->found.n_given += z->data->image[i].given != GIVEN_NONE;
    if (z->data->n_images == 0)
        return err_set(err, E_IO, "%s: none of %d images can be used; the first, %s: %s", z->path, z->n,
                       report->rejects.item[0].source, report->rejects.item[0].reason);
    int rc = dataset_finish(z->data, err);
    if (rc == 0 && z->data->n_clusters < 2)
        rc = err_set(err, E_IO, "%s: all %d images are of one class, cluster %d; at least two are needed",
                     z->path, z->data->n_images, z->data->cluster[0]);
    return rc;
}

int npz_pack(const char *path, const struct dataset_options *options, struct dataset **out,
             struct pack_report *report, struct err *err)
{
    struct npz z = {.path = path, .options = options, .how = options->preprocess, .report = report};
    *out = NULL;
    int rc = pack_check_options(options, err);
    if (rc == 0 && (options->groups || options->labels || options->meta))
        rc =
            err_set(err, E_USAGE,
                    "%s: an archive has no table of labels or groups; leave out --labels and --groups", path);
    if (rc == 0)
        rc = read_archive(&z, err);
    report->found.n_found = z.n;
    if (rc == 0)
        rc = finish(&z, err);
    if (rc == 0)
        *out = z.data;
    else
        dataset_free(z.data);
    preprocess_measure_free(z.measure);
    free(z.entry);
    if (z.zip)
        zip_discard(z.zip);
    return rc;
}

/* ---- images alone ---- */

static int show(struct npz *z, int given, int index, struct image *image, struct err *err)
{
    char name[64], path[4096 + sizeof name];
    name_image(given, index, name, sizeof name);
    snprintf(path, sizeof path, "%s/%s", z->path, name);
    return z->each(z->self, path, image, err);
}

static int has_images(const struct npz *z, int given)
{
    char member[64];
    snprintf(member, sizeof member, "%s%simages.npy", given_set_names[given], given ? "_" : "");
    return zip_name_locate(z->zip, member, 0) >= 0;
}

int npz_each(const char *path, npz_visitor *visit, void *self, struct err *err)
{
    struct npz z = {.path = path, .each = visit, .self = self};
    int rc = open_zip(&z, err), found = 0;
    for (int given = 0; rc == 0 && given < N_GIVEN_SETS; given++)
        if (has_images(&z, given)) {
            found = 1;
            rc = visit_set(&z, given, show, err);
        }
    if (rc == 0 && !found)
        rc = err_set(err, E_IO, "%s: neither images nor train_images, val_images or test_images in it", path);
    if (z.zip)
        zip_discard(z.zip);
    return rc < 0 ? rc : 0;
}
