/* pack.h - from a folder of images, outlines and labels (catalog.h) to a dataset in memory.
 *
 *     struct pack_report report = {0};
 *     rc = pack_folder("cells", &options, &data, &report, &err);
 *     pack_report_print(&report, stderr);
 *     pack_report_release(&report);
 *
 * Every image: read (image.h), its channels chosen and scaled (preprocess.h), set to 0 outside its outline
 * (polygon.h), resize (resize.h). A cell without an outline stays unmasked and is counted. One bad image
 * never stops a pack: it goes to report.rejects with its reason. */
#ifndef CELLSWEEP_PACK_H
#define CELLSWEEP_PACK_H

#include "data/catalog.h"
#include "data/dataset.h"
#include "data/outline_way.h"
#include "data/rejects.h"
#include "err.h"

#include <stdio.h>

struct pack_report {
    int n_packed;       /* of them, now in the dataset */
    int n_masked;       /* of those, masked by an outline */
    int has_boundaries; /* 1 when there was a boundary file */
    int n_faded;        /* packed images that are black all over, or of less than 4 pixels a side */
    int n_unknown;      /* outlines of cells without an image */
    int n_misfits;      /* masked images whose outline spans another size than the image */
    int n_bad;          /* rows of the boundaries without two numbers; the first of them in bad_row */
    char bad_row[240];
    char way[320];    /* how outlines lie on their images, when that is worth a word; else "" */
    char parquet[80]; /* name of a table of boundaries that was not read; "": there is none */
    struct catalog_counts found;
    int n_ungrouped;        /* packed without a group although groups are asked for: groups of their own */
    struct rejects rejects; /* images that cannot be used */
    struct rejects left;    /* images that nobody wants: without a label, or not drawn */
};

/* Pack a folder. *out is owned by the caller. 0 also when images were rejected; E_IO when nothing can be
 * packed: no images, fewer than two clusters, duplicate ids, labels without images (unless
 * options->allow_missing), unreadable tables, no column options->groups. *report must be zeroed before; it is
 * filled as far as the pack came and released by the caller either way. */
int pack_folder(const char *folder, const struct dataset_options *options, struct dataset **out,
                struct pack_report *report, struct err *err);

/* E_USAGE for options that no dataset can have. */
int pack_check_options(const struct dataset_options *options, struct err *err);

struct image;
struct point;

/* One image as a dataset has it: pixels of `image` (after
 * preprocess_apply()) to out (size, size, channels), with nothing masked when n is
 * 0, else masked by the outline (n vertices, micrometres, changed in place). 0, or E_IO with the
 * reason when the outline is unusable. */
int pack_image(float *out, int size, const struct outline_way *way, struct image *image,
               struct point *outline, int n, struct err *err);

/* Its first half: the image set to 0 outside the outline, in place. */
int pack_mask(const struct outline_way *way, struct image *image, struct point *outline, int n,
              struct err *err);

/* ---- for those whose images come from elsewhere ---- */

/* An empty dataset for all cells of a catalog, described as options and how say; n_images counts what is
 * packed, 0. NULL with *err set. */
struct dataset *pack_begin(const struct catalog *catalog, const struct dataset_options *options,
                           const struct preprocess *how, int channels, int is_rgb, struct err *err);

/* Row n_images of the dataset, which grows by it: cell `i` of the catalog, of an image of this size and
 * kind. */
void pack_accept(struct dataset *data, const struct catalog *catalog, int i, const struct image *image,
                 int masked, int faded, struct pack_report *report);

/* Finish the dataset: kept (n_images) are the cells of the catalog in it, whose other columns it takes. E_IO
 * when no image, or only one class, is left. */
int pack_end(struct dataset *data, struct catalog *catalog, const int *kept, struct pack_report *report,
             struct err *err);

/* E_IO with the reason when an outline (n vertices) cannot mask. */
int pack_check_outline(const struct point *outline, int n, struct err *err);

/* What was rejected and noticed, a line each; nothing when there is nothing to say. */
void pack_report_print(const struct pack_report *report, FILE *to);

void pack_report_release(struct pack_report *report);

#endif
