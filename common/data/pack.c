#include "data/pack.h"

#include "data/outline_fit.h"
#include "data/outlines.h"
#include "image/image.h"
#include "image/polygon.h"
#include "image/resize.h"
#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pack_check_outline(const struct point *outline, int n, struct err *err)
{
    if (n < 3)
        return err_set(err, E_IO, "its boundary has %d %s, needs 3", n, n == 1 ? "vertex" : "vertices");
    for (int i = 0; i < n; i++)
        if (!isfinite(outline[i].x) || !isfinite(outline[i].y))
            return err_set(err, E_IO, "its boundary has a vertex that is not a number (vertex %d)", i + 1);
    if (!(polygon_twice_area(outline, n) > 0.0))
        return err_set(err, E_IO, "its boundary has no area");
    if (polygon_looks_like_two(outline, n))
        return err_set(
            err, E_IO,
            "its boundary looks like two rings that are not closed; repeat the first vertex of each at "
            "its end, or give each a label_id of its own");
    return 0;
}

static int all_zero(const struct image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    for (size_t i = 0; i < n; i++)
        if (image->pixels[i] > 0.0f)
            return 0;
    return 1;
}

int pack_mask(const struct outline_way *way, struct image *image, struct point *outline, int n,
              struct err *err)
{
    int dark = all_zero(image), rc = pack_check_outline(outline, n, err);
    if (rc < 0)
        return rc;
    outline_to_pixels(way, outline, n, image->width, image->height);
    polygon_mask(outline, n, image->pixels, image->width, image->height, image->channels);
    if (!dark && all_zero(image))
        return err_set(err, E_IO,
                       "its boundary leaves no lit pixel of it; does it belong to this image, and is the "
                       "pixel size right?");
    return 0;
}

int pack_image(float *out, int size, const struct outline_way *way, struct image *image,
               struct point *outline, int n, struct err *err)
{
    int rc = n ? pack_mask(way, image, outline, n, err) : 0;
    if (rc == 0)
        resize_bilinear(out, size, image->pixels, image->width, image->height, image->channels);
    return rc;
}

/* The state of a pack: where the next image goes, and from what. */
struct packing {
    struct catalog *catalog;
    int *kept; /* (n of the catalog) place in it of image i of the data */
    const struct dataset_options *options;
    struct preprocess how; /* options->preprocess, measured */
    struct outlines outlines;
    struct outline_way way;
    struct dataset *data; /* n_images counts those packed so far */
    struct pack_report *report;
};

/* The reason of an error line that begins with the file's path, without the path. */
static const char *reason_of(const struct err *err, const char *path)
{
    size_t n = strlen(path);
    return strncmp(err->text, path, n) == 0 && strncmp(err->text + n, ": ", 2) == 0 ? err->text + n + 2
                                                                                    : err->text;
}

static int lacks_group(const struct dataset *data, const struct dataset_image *row)
{
    return data->group_column[0] && !row->group[0];
}

void pack_accept(struct dataset *data, const struct catalog *catalog, int i, const struct image *image,
                 int masked, int faded, struct pack_report *report)
{
    struct dataset_image *row = &data->image[data->n_images++];
    *row = catalog->cell[i];
    row->width = image->width;
    row->height = image->height;
    row->masked = masked;
    row->depth = image->depth;
    row->coloured = image->coloured;
    row->transparent = image->transparent;
    report->n_masked += row->masked;
    report->n_faded += faded;
    report->n_ungrouped += lacks_group(data, row);
}

static void accept_image(struct packing *p, int i, const struct image *image, const struct point *outline,
                         int n)
{
    p->kept[p->data->n_images] = i;
    int masked = n > 0 || (p->how.alpha_masks && image->transparent);
    int faded = all_zero(image) || image->width < 4 || image->height < 4;
    pack_accept(p->data, p->catalog, i, image, masked, faded, p->report);
    p->report->n_misfits += outline_misfits(&p->way, outline, n, image->width, image->height);
}

/* Image i of the catalog as its file has it, or why not. path: for messages. */
static int read_image(const struct packing *p, int i, struct image *image, char *path, size_t size,
                      struct err *why)
{
    snprintf(path, size, "%s/%s", p->catalog->folder, p->catalog->cell[i].source);
    return image_read(path, image, why);
}

/* Pack image i of the catalog, or reject it. Fails only for lack of memory. */
static int pack_one(struct packing *p, int i, struct err *err)
{
    char path[CATALOG_PATH_SIZE + DATASET_SOURCE_SIZE];
    const struct dataset_image *cell = &p->catalog->cell[i];
    size_t image_size = dataset_floats(p->data);
    struct image image = {0};
    struct err why = {0};
    int n = 0;
    struct point *outline = outlines_of(&p->outlines, i, &n);
    int rc = read_image(p, i, &image, path, sizeof path, &why);
    if (rc == 0)
        rc = preprocess_apply(&p->how, &image, &why);
    if (rc == 0 && image.channels != p->data->channels)
        rc = err_set(&why, E_IO, "%d channel%s, but the first image has %d", image.channels,
                     image.channels == 1 ? "" : "s", p->data->channels);
    if (rc == 0)
        rc = pack_image(p->data->pixels + image_size * (size_t)p->data->n_images, p->options->size, &p->way,
                        &image, outline, n, &why);
    if (rc == 0)
        accept_image(p, i, &image, outline, n);
    else
        rc = rejects_add_cell(&p->report->rejects, cell, cell->cluster, &p->catalog->meta, i,
                              reason_of(&why, path), err);
    image_release(&image);
    return rc;
}

static int check_result(const struct dataset *data, const struct catalog *catalog,
                        const struct pack_report *report, struct err *err)
{
    const struct rejects *rejects = &report->rejects;
    char room[CLASS_NAME_SIZE];
    if (data->n_images == 0)
        return err_set(err, E_IO, "%s: none of %d images can be used; the first, %s: %s", catalog->folder,
                       report->found.n_found, rejects->n ? rejects->item[0].source : "of all",
                       rejects->n ? rejects->item[0].reason : "left out");
    if (data->n_clusters < 2)
        return err_set(err, E_IO, "%s: all %d images are of one class, %s%s; at least two are needed",
                       catalog->folder, data->n_images, class_is_name(data->cluster[0]) ? "" : "cluster ",
                       class_text(data->cluster[0], room));
    return 0;
}

/* The outlines, and how they lie on the images; without a file of them, what there is instead. */
static int read_boundaries(struct packing *p, struct err *err)
{
    static const char *const others[] = {"cell_boundaries.parquet", "nucleus_boundaries.parquet"};
    const struct catalog *catalog = p->catalog;
    struct pack_report *report = p->report;
    char path[CATALOG_PATH_SIZE + 80];
    for (size_t k = 0; k < sizeof others / sizeof *others && !catalog->boundaries[0] && !report->parquet[0];
         k++) {
        snprintf(path, sizeof path, "%s/%s", catalog->folder, others[k]);
        if (access(path, F_OK) == 0)
            snprintf(report->parquet, sizeof report->parquet, "%s", others[k]);
    }
    int rc = catalog->boundaries[0] ? outlines_read(catalog->boundaries, catalog, &p->outlines, err) : 0;
    if (rc == 0 && p->outlines.unknown[0])
        rc = err_set(err, E_IO, "%s: none of its ids is that of an image: %s", catalog->boundaries,
                     p->outlines.unknown);
    if (rc == 0 && catalog->boundaries[0])
        rc = outline_fit_find(catalog, &p->outlines, p->options, &p->way, report->way, sizeof report->way,
                              err);
    return rc;
}

int pack_end(struct dataset *data, struct catalog *catalog, const int *kept, struct pack_report *report,
             struct err *err)
{
    meta_keep(&catalog->meta, kept, data->n_images);
    data->meta = catalog->meta;
    catalog->meta = (struct meta){0};
    int rc = dataset_finish(data, err);
    return rc == 0 ? check_result(data, catalog, report, err) : rc;
}

/* The images one after the other, and what goes with those that were kept. */
static int pack_images(struct packing *p, struct err *err)
{
    const struct catalog *catalog = p->catalog;
    int rc = 0;
    p->kept = err_calloc((size_t)catalog->n, sizeof *p->kept, "images", err);
    if (!p->kept)
        return E_IO;
    for (int i = 0; rc == 0 && i < catalog->n; i++)
        rc = pack_one(p, i, err);
    if (rc == 0)
        rc = pack_end(p->data, p->catalog, p->kept, p->report, err);
    free(p->kept);
    return rc;
}

/* What says how all images are packed, before any is: the channels of the first that can be used, in *first
 * (without pixels; 1 when there is none), and with a scale that is still open the range of all. */
static int look_first(struct packing *p, struct image *first, struct err *err)
{
    struct preprocess_measure *measure = NULL;
    int open = preprocess_is_open(&p->how), rc = 0;
    *first = (struct image){.channels = 1};
    for (int i = 0, found = 0; rc == 0 && i < p->catalog->n && (open || !found); i++) {
        char path[CATALOG_PATH_SIZE + DATASET_SOURCE_SIZE];
        struct image image = {0};
        int usable = read_image(p, i, &image, path, sizeof path, NULL) == 0, is_rgb = image.is_rgb;
        usable = usable && preprocess_select(&p->how, &image, NULL) == 0;
        if (usable && !found) {
            *first = (struct image){.channels = image.channels, .is_rgb = is_rgb || image.is_rgb};
            measure = open ? preprocess_measure_new(image.channels, err) : NULL;
            rc = open && !measure ? E_IO : 0;
            found = 1;
        }
        if (usable && measure && image.channels == first->channels)
            preprocess_measure_add(measure, &p->how, &image);
        image_release(&image);
    }
    if (measure)
        preprocess_measure_end(measure, &p->how);
    preprocess_measure_free(measure);
    return rc;
}

struct dataset *pack_begin(const struct catalog *catalog, const struct dataset_options *options,
                           const struct preprocess *how, int channels, int is_rgb, struct err *err)
{
    struct dataset *data = dataset_new(catalog->n, options->size, channels, err);
    if (!data)
        return NULL;
    data->preprocess = *how;
    for (int c = 0; c < channels; c++)
        preprocess_channel_name(how, is_rgb, c, data->channel_name[c], DATASET_CHANNEL_SIZE);
    data->n_images = 0;
    data->synthetic = catalog->synthetic;
    data->pixel_size = options->pixel_size;
    if (options->groups)
        snprintf(data->group_column, sizeof data->group_column, "%s", options->groups);
    snprintf(data->origin, sizeof data->origin, "%.255s", catalog->folder);
    return data;
}

static int pack_catalog(struct packing *p, struct err *err)
{
    struct image first = {0};
    int rc = read_boundaries(p, err);
    if (rc < 0)
        return rc;
    p->how = p->options->preprocess;
    if (look_first(p, &first, err) < 0)
        return E_IO;
    p->data = pack_begin(p->catalog, p->options, &p->how, first.channels, first.is_rgb, err);
    return p->data ? pack_images(p, err) : E_IO;
}

static void fill_report(const struct packing *p)
{
    struct pack_report *report = p->report;
    report->n_packed = p->data ? p->data->n_images : 0;
    report->n_unknown = p->outlines.n_unknown;
    report->has_boundaries = p->catalog->boundaries[0] != '\0';
    report->n_bad = p->outlines.n_bad;
    memcpy(report->bad_row, p->outlines.bad, sizeof report->bad_row);
    rejects_sort(&report->rejects);
}

int pack_check_options(const struct dataset_options *options, struct err *err)
{
    if (options->size < DATASET_MIN_SIZE || options->size > DATASET_MAX_SIZE)
        return err_set(err, E_USAGE, "image size %d: from %d to %d pixels are possible", options->size,
                       DATASET_MIN_SIZE, DATASET_MAX_SIZE);
    if (!(options->pixel_size > 0.0) || !isfinite(options->pixel_size))
        return err_set(err, E_USAGE, "pixel size %g: must be a positive number of micrometres",
                       options->pixel_size);
    if (options->groups && !utf8_is_harmless(options->groups))
        return err_set(
            err, E_USAGE,
            "groups '%.80s': a column's name with control characters, backquotes or bytes that are no "
            "UTF-8; rename it in clusters.csv",
            options->groups);
    if (options->groups && (!options->groups[0] || strlen(options->groups) >= DATASET_GROUP_SIZE ||
                            strcmp(options->groups, "none") == 0))
        return err_set(err, E_USAGE,
                       "groups '%.80s': must be a column's name of 1 to %d characters, not none",
                       options->groups, DATASET_GROUP_SIZE - 1);
    return 0;
}

int pack_folder(const char *folder, const struct dataset_options *options, struct dataset **out,
                struct pack_report *report, struct err *err)
{
    struct catalog catalog = {0};
    struct packing p = {.catalog = &catalog, .options = options, .report = report};
    *out = NULL;
    int rc = pack_check_options(options, err);
    if (rc == 0)
        rc = catalog_read(folder, options, &catalog, &report->rejects, err);
    report->found = catalog.counts;
    if (rc < 0) {
        rejects_sort(&report->rejects);
        return rc;
    }
    rc = pack_catalog(&p, err);
    fill_report(&p);
    report->left = catalog.left;
    catalog.left = (struct rejects){0};
    if (rc == 0)
        *out = p.data;
    else
        dataset_free(p.data);
    outlines_release(&p.outlines);
    catalog_release(&catalog);
    return rc;
}

static void print_note(FILE *to, int n, const char *one, const char *many)
{
    if (n)
        fprintf(to, "note: %d %s\n", n, n == 1 ? one : many);
}

/* Outlines and what they mask. */
static void print_outlines(const struct pack_report *report, FILE *to)
{
    if (report->parquet[0] && report->n_packed)
        fprintf(
            to,
            "note: %s is not read, and there is no cell_boundaries.csv: no image is masked; this converts "
            "it: python3 -c 'import pandas; pandas.read_parquet(\"%s\").to_csv(\"cell_boundaries.csv\", "
            "index=False)'\n",
            report->parquet, report->parquet);
    else if (!report->has_boundaries && report->n_packed && !report->n_masked)
        fprintf(to, "note: no cell_boundaries.csv: no image is masked\n");
    else
        print_note(to, report->n_packed - report->n_masked, "image has no boundary and is not masked",
                   "images have no boundary and are not masked");
    print_note(to, report->n_unknown, "boundary belongs to no image", "boundaries belong to no image");
    if (report->n_bad)
        fprintf(to, "note: %s (%d such row%s)\n", report->bad_row, report->n_bad,
                report->n_bad == 1 ? "" : "s");
    if (report->way[0])
        fprintf(to, "note: %s\n", report->way);
    print_note(
        to, report->n_misfits,
        "boundary does not fit its image, so its mask lies beside the cell; an image must be the crop of its "
        "boundary's box, or have that in its middle (--crop): does it, and is the pixel size right?",
        "boundaries do not fit their images, so their masks lie beside the cells; an image must be the crop "
        "of its boundary's box, or have that in its middle (--crop): do they, and is the pixel size right?");
}

/* Labels and where they came from. */
static void print_labels(const struct pack_report *report, FILE *to)
{
    const struct catalog_counts *found = &report->found;
    if (found->guess[0])
        fprintf(to, "note: %s: %s\n", found->table, found->guess);
    print_note(
        to, found->n_unlabelled,
        "row of the label table has no label (empty, NA, -1, ...); its image is left out, unless a folder "
        "says its class",
        "rows of the label table have no label (empty, NA, -1, ...); their images are left out, unless a "
        "folder says their class");
    print_note(to, report->n_packed ? found->n_missing : 0,
               "row of the label table has no image and was passed over",
               "rows of the label table have no image and were passed over");
    print_note(to, found->n_unlisted, "image is not in the label table; its folder is its label",
               "images are not in the label table; their folders are their labels");
}

void pack_report_print(const struct pack_report *report, FILE *to)
{
    const struct rejects *rejects = &report->rejects;
    const struct catalog_counts *found = &report->found;
    if (rejects->n)
        fprintf(to, "rejected %d of %d images:\n", rejects->n, report->found.n_found);
    rejects_print(rejects, to);
    print_outlines(report, to);
    print_labels(report, to);
    if (found->are_paths)
        fprintf(to, "note: files of several folders have the same name: their paths are the cells' ids\n");
    print_note(to, report->n_ungrouped, "image has no group and is one of its own",
               "images have no group and are each one of their own");
    print_note(to, found->n_outside,
               "folder without images, or image beside the folders of the classes, was passed over",
               "folders without images, or images beside the folders of the classes, were passed over");
    print_note(to, found->n_nested, "folder lies among the images and was passed over",
               "folders lie among the images and were passed over");
    print_note(to, report->n_faded, "image is black all over, or less than 4 pixels wide or high",
               "images are black all over, or less than 4 pixels wide or high");
    passed_note(&found->passed, to);
}

void pack_report_release(struct pack_report *report)
{
    rejects_release(&report->rejects);
    rejects_release(&report->left);
    *report = (struct pack_report){0};
}
