#include "xenium/bundle.h"

#include "xenium/bundle_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

static int check_options(const char *folder, const struct bundle_options *o, struct err *err)
{
    const struct dataset_options *d = &o->data, usual = dataset_defaults();
    const char *useless = d->flip_y                                ? "--flip-y"
                          : d->swap_xy                             ? "--swap-xy"
                          : d->preprocess.alpha_masks              ? "--alpha mask"
                          : d->allow_missing                       ? "--allow-missing"
                          : d->pixel_size < usual.pixel_size       ? "--pixel-size"
                          : d->pixel_size > usual.pixel_size       ? "--pixel-size"
                          : d->preprocess.channels == CHANNELS_RGB ? "--channels rgb"
                                                                   : NULL;
    if (useless)
        return err_set(err, E_USAGE, "%s: a Xenium bundle says all about its image itself; leave out %s",
                       folder, useless);
    if (o->clusters && d->labels)
        return err_set(err, E_USAGE, "--clusters %.60s and --labels: one of them says the labels",
                       o->clusters);
    return pack_check_options(d, err);
}

/* Channels that are read: the first, all, or up to the last that is asked for. */
static int count_channels(struct bundle *b, struct err *err)
{
    const struct preprocess *how = &b->how;
    b->n_channels = how->channels == CHANNELS_ALL ? b->experiment.n_channels : 1;
    for (int k = 0; k < how->n_listed; k++)
        b->n_channels = how->listed[k] + 1 > b->n_channels ? how->listed[k] + 1 : b->n_channels;
    if (b->n_channels <= b->experiment.n_channels)
        return 0;
    return err_set(err, E_IO, "%s: channel %d is asked for, but the focus image has %d", b->catalog.folder,
                   b->n_channels, b->experiment.n_channels);
}

static int open_channels(struct bundle *b, struct err *err)
{
    int rc = count_channels(b, err);
    for (int c = 0; rc == 0 && c < b->n_channels; c++) {
        rc = tiles_open(b->experiment.channel[c].path, &b->channel[c], err);
        if (rc == 0 &&
            memcmp(tiles_shape(b->channel[c]), tiles_shape(b->channel[0]), sizeof(struct tiles_shape)) != 0)
            rc = err_set(err, E_IO, "%s: its size, tiles or bits are others than those of %s",
                         b->experiment.channel[c].path, b->experiment.channel[0].path);
    }
    return rc;
}

static int check_side(const struct bundle *b, struct err *err)
{
    int side = bundle_side(b);
    if (b->options.side <= 0 || (side >= 1 && side <= CUT_MAX_SIDE))
        return 0;
    return err_set(err, E_USAGE, "--crop centred:%gum: %d pixels of %g micrometres, not 1 to %d",
                   b->options.side, side, b->experiment.pixel_size, CUT_MAX_SIDE);
}

static int read_bundle(struct bundle *b, const char *folder, struct pack_report *report, struct err *err)
{
    char clusters[EXPERIMENT_PATH_SIZE], outlines[EXPERIMENT_PATH_SIZE];
    struct dataset_options *o = &b->options.data;
    const char *clustering = b->options.clusters ? b->options.clusters : "graphclust";
    int rc = experiment_read(folder, &b->experiment, err);
    if (rc == 0)
        rc = check_side(b, err);
    o->pixel_size = b->experiment.pixel_size;
    if (rc == 0 && !o->labels)
        rc = experiment_clusters(folder, clustering, clusters, sizeof clusters, err);
    if (rc == 0)
        rc = experiment_outlines(folder, b->options.outline, outlines, sizeof outlines, err);
    if (!o->labels)
        o->labels = clusters;
    if (rc == 0) {
        rc = catalog_read_rows(folder, o, &b->catalog, &report->rejects, err);
        report->found = b->catalog.counts;
    }
    o->labels = NULL;
    if (rc == 0)
        rc = open_channels(b, err);
    if (rc == 0)
        rc = bundle_choose(b, outlines, err);
    return rc == 0 ? bundle_boxes(b, &report->rejects, err) : rc;
}

int bundle_open(const char *folder, const struct bundle_options *options, struct bundle **out,
                struct pack_report *report, struct err *err)
{
    struct bundle *b = NULL;
    *out = NULL;
    int rc = check_options(folder, options, err);
    if (rc < 0 || !(b = err_calloc(1, sizeof *b, "a bundle", err)))
        return rc < 0 ? rc : E_IO;
    b->options = *options;
    b->how = options->data.preprocess;
    b->size = 1;
    rc = read_bundle(b, folder, report, err);
    if (rc == 0)
        *out = b;
    else
        bundle_free(b);
    return rc;
}

int bundle_plan(struct bundle *b, int rank, int size, struct err *err)
{
    b->rank = rank;
    b->size = size;
    return cut_new(b->box, b->n, tiles_shape(b->channel[0]), rank, size, &b->cut, err);
}

/* ---- measuring ---- */

int bundle_is_unmeasured(const struct bundle *b)
{
    return preprocess_is_open(&b->how);
}

static int n_selected(const struct bundle *b)
{
    return b->how.channels == CHANNELS_LISTED ? b->how.n_listed : b->n_channels;
}

static void measure_part(void *self, float *pixels, int width, int height)
{
    struct bundle *b = self;
    struct image image = {.width = width, .height = height, .channels = b->n_channels, .pixels = pixels};
    if (preprocess_select(&b->how, &image, NULL) == 0)
        preprocess_measure_add(b->measure, &b->how, &image);
}

int bundle_measure(struct bundle *b, struct err *err)
{
    b->measure = preprocess_measure_new(n_selected(b), err);
    return b->measure ? cut_look(b->cut, b->channel, b->n_channels, measure_part, b, err) : E_IO;
}

/* ---- cutting ---- */

float *bundle_room(struct bundle *b, int i, struct err *err)
{
    if (b->data)
        return b->data->pixels + (size_t)i * b->floats;
    return err_calloc(b->floats, sizeof(float), "a cell's image", err);
}

static int is_black(const struct image *image)
{
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    for (size_t i = 0; i < n; i++)
        if (image->pixels[i] > 0.0f)
            return 0;
    return 1;
}

int bundle_take(void *self, int i, float *pixels, struct err *err)
{
    static const struct outline_way placed = {.crop = CROP_PLACED};
    struct bundle *b = self;
    struct bundle_cell *cell = &b->cell[i];
    struct image image = {.width = b->box[i].width, .height = b->box[i].height, .channels = b->n_channels};
    struct err why = {0};
    int n = 0, size = b->options.data.size, rc = 0;
    struct point *outline = outlines_of(&b->outlines, cell->place, &n);
    image.pixels = pixels;
    cell->pixels = bundle_room(b, i, err);
    rc = cell->pixels ? preprocess_apply(&b->how, &image, &why) : E_IO;
    if (rc == 0)
        rc = pack_image(cell->pixels, size, &placed, &image, outline, n, &why);
    if (rc == 0)
        cell->is_faded = image.width < 4 || image.height < 4 || is_black(&image);
    image_release(&image);
    if (rc < 0 && cell->pixels && !(cell->reason = strdup(why.text)))
        return err_set(err, E_IO, "out of memory for a cell's image");
    return cell->pixels ? 0 : E_IO;
}

static void name_channels(const struct bundle *b, struct dataset *data)
{
    for (int c = 0; c < data->channels; c++) {
        int k = b->how.channels == CHANNELS_LISTED ? b->how.listed[c] : c;
        snprintf(data->channel_name[c], DATASET_CHANNEL_SIZE, "%s", b->experiment.channel[k].name);
    }
}

int bundle_cut(struct bundle *b, struct err *err)
{
    if (b->measure)
        preprocess_measure_end(b->measure, &b->how);
    preprocess_measure_free(b->measure);
    b->measure = NULL;
    b->floats = image_floats(b->options.data.size) * (size_t)n_selected(b);
    if (b->rank == 0) {
        b->data = pack_begin(&b->catalog, &b->options.data, &b->how, n_selected(b), 0, err);
        if (!b->data)
            return E_IO;
        name_channels(b, b->data);
    }
    return cut_run(b->cut, b->channel, b->n_channels, bundle_take, b, err);
}

/* ---- the dataset ---- */

/* Cells that were rejected leave gaps, which the others close. kept: (n) their places in the catalog. */
static int close_gaps(struct bundle *b, int *kept, struct pack_report *report, struct err *err)
{
    struct dataset *data = b->data;
    int rc = 0;
    for (int i = 0; rc == 0 && i < b->n; i++) {
        const struct bundle_cell *cell = &b->cell[i];
        struct image image = {.width = b->box[i].width, .height = b->box[i].height};
        if (cell->reason) {
            const struct dataset_image *lost = &b->catalog.cell[cell->place];
            rc = rejects_add_cell(&report->rejects, lost, lost->cluster, &b->catalog.meta, cell->place,
                                  cell->reason, err);
            continue;
        }
        image.depth = tiles_shape(b->channel[0])->bits;
        kept[data->n_images] = cell->place;
        memmove(data->pixels + (size_t)data->n_images * b->floats, data->pixels + (size_t)i * b->floats,
                b->floats * sizeof(float));
        pack_accept(data, &b->catalog, cell->place, &image, 1, cell->is_faded, report);
    }
    return rc;
}

int bundle_finish(struct bundle *b, struct dataset **out, struct pack_report *report, struct err *err)
{
    int *kept = err_calloc((size_t)b->n, sizeof *kept, "cells", err);
    int rc = kept ? close_gaps(b, kept, report, err) : E_IO;
    rejects_sort(&report->rejects);
    if (rc == 0)
        rc = pack_end(b->data, &b->catalog, kept, report, err);
    free(kept);
    report->left = b->catalog.left;
    b->catalog.left = (struct rejects){0};
    report->n_packed = b->data->n_images;
    report->has_boundaries = 1;
    report->n_bad = b->outlines.n_bad;
    memcpy(report->bad_row, b->outlines.bad, sizeof report->bad_row);
    *out = rc == 0 ? b->data : NULL;
    if (rc < 0)
        dataset_free(b->data);
    b->data = NULL;
    return rc;
}

static void note(FILE *to, int n, const char *one, const char *many)
{
    if (n)
        fprintf(to, "note: %d %s\n", n, n == 1 ? one : many);
}

void bundle_print(const struct bundle *b, FILE *to, FILE *notes)
{
    const struct tiles_shape *s = tiles_shape(b->channel[0]);
    const struct cut_counts *counts = cut_counts(b->cut);
    fprintf(to, "  image     %8d x %d pixels of %g micrometres, %d bits, %d channel%s\n", s->width, s->height,
            b->experiment.pixel_size, s->bits, b->n_channels, b->n_channels == 1 ? "" : "s");
    fprintf(to, "  tiles     %8d of %d needed, one a channel held; at most %d cells waited for another\n",
            counts->n_tiles, s->across * s->down, counts->most_unended);
    note(notes, b->n_without, "labelled cell has no outline and is left out",
         "labelled cells have no outline and are left out");
    note(notes, b->n_beyond, "cell is beyond the limit of its class and left out",
         "cells are beyond the limit of their class and left out");
    note(notes, b->n_cut_off, "cell is larger than its square, which cuts it off",
         "cells are larger than their squares, which cut them off");
}

void bundle_free(struct bundle *b)
{
    if (!b)
        return;
    for (int i = 0; b->cell && i < b->n; i++) {
        free(b->cell[i].reason);
        if (b->rank > 0)
            free(b->cell[i].pixels);
    }
    for (int c = 0; c < IMAGE_MAX_CHANNELS; c++)
        tiles_close(b->channel[c]);
    preprocess_measure_free(b->measure);
    dataset_free(b->data);
    cut_free(b->cut);
    outlines_release(&b->outlines);
    catalog_release(&b->catalog);
    free(b->box);
    free(b->cell);
    free(b);
}
