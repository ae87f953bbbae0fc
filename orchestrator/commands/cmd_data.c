/* cellsweep data synth | pack | info. */
#include "command.h"
#include "commands/data_bundle.h"
#include "commands/data_info.h"
#include "commands/data_list.h"
#include "launch.h"

#include "child.h"
#include "data/dataset.h"
#include "data/formats.h"
#include "data/npz.h"
#include "data/pack.h"
#include "data/sheet.h"
#include "data/synth.h"
#include "h5.h"
#include "utf8.h"
#include "xenium/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the command line of any of the verbs says. */
struct options {
    const char *path;   /* the one positional argument */
    const char *output; /* -o */
    const char *crop;   /* --crop */
    const char *sheet;  /* --sheet */
    const char *list;   /* --list */
    const char *names;  /* --names: a table of class names, read already */
    int per_cluster;
    const char *channels, *alpha, *scale; /* --channels, --alpha, --scale; NULL: the default */
    struct dataset_options options;
    struct bundle_options bundle; /* of it: --clusters, --outline, --limit, --seed */
};

/* ---- synth ---- */

static int run_synth(const void *options, struct err *err)
{
    const struct options *a = options;
    int rc = synth_write(a->path, err);
    if (rc == 0)
        printf("%s: the built-in synthetic dataset, 1000 images of 28 clusters\n"
               "  next: cellsweep data pack %s -o cells.h5\n",
               a->path, a->path);
    return rc;
}

/* ---- pack ---- */

/* Only a packed dataset may be replaced: -o must not eat a sweep's results. */
static int check_output(const char *path, struct err *err)
{
    hid_t file;
    if (access(path, F_OK) < 0)
        return 0;
    int packed = h5_open_read(path, &file, NULL) == 0;
    if (packed) {
        packed = h5_has_attr(file, "cellsweep_dataset");
        H5Fclose(file);
    }
    return packed ? 0
                  : err_set(err, E_USAGE, "%s: exists and is not a packed dataset; name another file", path);
}

/* Images of every class: 'B cell: 3, "Mono, classical": 2', in lines of WIDTH. */
static void print_classes(const struct dataset *data)
{
    enum { WIDTH = 100, INDENT = 12 };
    int column = printf("  classes  ");
    for (int k = 0; k < data->n_clusters; k++) {
        char name[CLASS_TOKEN_SIZE], text[CLASS_TOKEN_SIZE + 20];
        class_list(&data->cluster[k], 1, 1, name, sizeof name);
        snprintf(text, sizeof text, "%s: %d%s", name, data->cluster_count[k],
                 k + 1 < data->n_clusters ? "," : "");
        if (column > INDENT && column + 1 + utf8_width(text) > WIDTH)
            column = printf("\n%*s", INDENT - 1, "") - 1;
        column += printf(" %s", text);
    }
    putchar('\n');
}

static void print_packed(const struct dataset *data, const struct pack_report *report, const char *path)
{
    printf("%s: %d images of %d %s, %d x %d pixels%s\n", path, data->n_images, data->n_clusters,
           dataset_shows_names(data) ? "classes" : "clusters", data->size, data->size,
           data->synthetic ? ", SYNTHETIC" : "");
    print_classes(data);
    data_print_sets(data, 10);
    printf("  found     %8d\n", report->found.n_found);
    printf("  rejected  %8d\n", report->rejects.n);
    printf("  masked    %8d\n", report->n_masked);
    printf("  unmasked  %8d\n", report->n_packed - report->n_masked);
    if (data->group_column[0])
        printf("  groups    %8d by %s\n", groupings_find(&data->groupings, data->group_column)->n,
               data->group_column);
    data_print_meta(data, 10);
    data_print_preprocess(data, 10);
    printf("  checksum  %s\n", data->checksum);
}

/* The list is written also when nothing could be packed. */
static int write_packed(const struct options *a, const struct dataset *data, const struct pack_report *report,
                        int rc, struct err *err)
{
    if (rc == 0) {
        formats_note(data, stderr);
        rc = dataset_write(data, a->output, err);
    }
    if (a->list && (data || report->rejects.n)) {
        int listed = data_list_write(a->list, data, report, rc == 0 ? err : NULL);
        rc = rc == 0 ? listed : rc;
    }
    return rc;
}

/* What was packed is of use, but the exit status is 1. */
static int tell_rejects(const struct options *a, const struct pack_report *report, struct err *err)
{
    if (report->rejects.n == 0)
        return 0;
    return err_set(err, E_JOB, "%s: %d of %d images were rejected (listed above); the other %d are packed",
                   a->path, report->rejects.n, report->found.n_found, report->n_packed);
}

static int find_crop(const char *word, int *crop, struct err *err)
{
    *crop = !word ? CROP_FOUND : strcmp(word, "box") == 0 ? CROP_BOX : CROP_CENTRED;
    if (*crop == CROP_CENTRED && strcmp(word, "centred") != 0)
        return err_set(err, E_USAGE, "--crop '%.40s': box or centred", word);
    return 0;
}

/* Options of Xenium bundles that say nothing of what is no bundle. */
static int check_folder(const struct options *a, struct err *err)
{
    const struct bundle_options *b = &a->bundle;
    const char *option = b->clusters  ? "--clusters"
                         : b->outline ? "--outline"
                         : b->limit   ? "--limit"
                         : b->seed    ? "--seed"
                                      : NULL;
    return option ? err_set(err, E_USAGE, "%s: no Xenium bundle (no experiment.xenium): %s is for one",
                            a->path, option)
                  : 0;
}

static int pack_and_write(const struct options *a, struct pack_report *report, struct err *err)
{
    struct dataset *data = NULL;
    struct dataset_options wanted = a->options;
    int rc = check_folder(a, err);
    if (rc == 0)
        rc = find_crop(a->crop, &wanted.crop, err);
    if (rc == 0)
        rc = (npz_is(a->path) ? npz_pack : pack_folder)(a->path, &wanted, &data, report, err);
    pack_report_print(report, stderr);
    rc = write_packed(a, data, report, rc, err);
    if (rc == 0 && data)
        print_packed(data, report, a->output);
    if (rc == 0)
        rc = tell_rejects(a, report, err);
    dataset_free(data);
    return rc;
}

static int parse_preprocess(struct options *o, struct err *err)
{
    struct preprocess *how = &o->options.preprocess;
    int rc = o->channels ? preprocess_set_channels(how, o->channels, err) : 0;
    if (rc == 0 && o->scale)
        rc = preprocess_set_scale(how, o->scale, err);
    how->alpha_masks = o->alpha && strcmp(o->alpha, "mask") == 0;
    if (rc == 0 && o->alpha && !how->alpha_masks && strcmp(o->alpha, "ignore") != 0)
        rc = err_set(err, E_USAGE, "alpha '%.40s': ignore or mask", o->alpha);
    return rc;
}

/* "box", or "centred:20um": the side of the square around a cell. */
static int find_square(const char *word, double *side, struct err *err)
{
    char end = 0;
    *side = 0.0;
    if (!word || strcmp(word, "box") == 0)
        return 0;
    if (sscanf(word, "centred:%lfum%c", side, &end) != 1 || !(*side > 0.0) || !strstr(word, "um"))
        return err_set(err, E_USAGE,
                       "--crop '%.40s': of a Xenium bundle, box or centred:SIDEum, as in centred:20um", word);
    return 0;
}

static int use_bundle(void *self, const struct dataset *data, const struct bundle *bundle,
                      const struct pack_report *report, struct err *err)
{
    const struct options *a = self;
    pack_report_print(report, stderr);
    int rc = write_packed(a, data, report, 0, err);
    if (rc == 0) {
        print_packed(data, report, a->output);
        bundle_print(bundle, stdout, stderr);
    }
    return rc == 0 ? tell_rejects(a, report, err) : rc;
}

static int pack_bundle(struct options *a, int rc, struct err *err)
{
    struct bundle_options wanted = a->bundle;
    wanted.data = a->options;
    wanted.wants_left = a->list != NULL;
    wanted.outline = wanted.outline ? wanted.outline : "cell";
    if (rc == 0 && strcmp(wanted.outline, "cell") != 0 && strcmp(wanted.outline, "nucleus") != 0)
        rc = err_set(err, E_USAGE, "--outline '%.40s': cell or nucleus", wanted.outline);
    if (rc == 0)
        rc = find_square(a->crop, &wanted.side, err);
    if (rc == 0)
        return data_bundle(a->path, &wanted, use_bundle, a, err);
    return launch_rank() >= 0 ? launch_end(launch_begin(rc, err), err) : rc;
}

static int check_options(struct options *a, struct err *err)
{
    int rc = parse_preprocess(a, err);
    return rc == 0 && launch_rank() <= 0 ? check_output(a->output, err) : rc;
}

static int pack_folder_or_npz(void *self, struct err *err)
{
    struct options *a = self;
    struct pack_report report = {0};
    int rc = check_options(a, err);
    if (rc == 0)
        rc = pack_and_write(a, &report, err);
    pack_report_release(&report);
    return h5_handles_check(rc, err);
}

/* Of what is no bundle one rank makes all, in a child, as MPI has not begun; the others wait. */
static int pack_alone(struct options *a, struct err *err)
{
    int rank = launch_rank(), rc = rank <= 0 ? child_guard(pack_folder_or_npz, a, err) : 0;
    return rank >= 0 ? launch_end(launch_begin(rc, err), err) : rc;
}

static int pack_xenium(void *self, struct err *err)
{
    struct options *a = self;
    if (a->channels && strcmp(a->channels, "dapi") == 0)
        a->channels = NULL;
    return h5_handles_check(pack_bundle(a, check_options(a, err), err), err);
}

/* Foreign files may crash the libraries that read them. Only the ranks that read a bundle together have no
 * children (child.h): mpirun says that one crashed, but not of what. */
static int run_pack(const void *options, struct err *err)
{
    struct options a = *(const struct options *)options;
    if (!experiment_is(a.path) && !a.bundle.clusters)
        return pack_alone(&a, err);
    return launch_rank() >= 0 ? pack_xenium(&a, err) : child_guard(pack_xenium, &a, err);
}

/* ---- info ---- */

static int show_info(void *self, struct err *err)
{
    const struct options *a = self;
    struct dataset *data = NULL;
    int rc = dataset_try(a->path, err);
    if (rc == 0)
        rc = dataset_open(a->path, NULL, &data, err);
    if (rc == 0)
        rc = data_info(data, a->path, err);
    if (rc == 0 && a->sheet) {
        rc = sheet_write(data, a->per_cluster, a->sheet, err);
        if (rc == 0)
            printf("\n  contact sheet: %s\n", a->sheet);
    }
    dataset_free(data);
    return rc;
}

/* Images of folders are read, too. */
static int run_info(const void *options, struct err *err)
{
    struct options a = *(const struct options *)options;
    return child_guard(show_info, &a, err);
}

/* ---- the verbs ---- */

static const struct argument synth_rows[] = {ARGUMENT_WORD("DIR", path, 1), {0}};

static const struct argument pack_rows[] = {
    ARGUMENT_WORD("SRC", path, 1),
    {"output", 'o', ARGUMENT_TEXT, "FILE", AT(output), .is_needed = 1,
     .help = "Packed dataset to write; it appears whole or not at all"},
    {"list", 0, ARGUMENT_TEXT, "FILE.csv", AT(list),
     .help = "Also write a row for every image: id, class, set, columns that are kept, why it was left out"},
    ARGUMENT_NAMES(names),
    {"size", 's', ARGUMENT_WHOLE, "PIXELS", AT(options.size), DATASET_MIN_SIZE, DATASET_MAX_SIZE,
     .help = "Width and height of every packed image, 8 to 512 (default 50)"},
    {"pixel-size", 'p', ARGUMENT_REAL, "UM", AT(options.pixel_size), 1e-6, 1e6,
     .help = "Width of a pixel of the original crops, in micrometres (default 0.2125)"},
    {"channels", 0, ARGUMENT_TEXT, "WHICH", AT(channels),
     .help =
         "gray: the brightness of colours (the default); rgb; all that the files have; or some of them by "
         "number, e.g. 1,3. Xenium bundle: dapi (the default), all, or numbers"},
    {"scale", 0, ARGUMENT_TEXT, "HOW", AT(scale),
     .help =
         "How values become 0 to 1: depth: by what their bits hold (the default); image: from the least to "
         "the "
         "greatest of each image; dataset: of all; percentile:0.1,99.9: from one percentile of all to "
         "another"},
    {"alpha", 0, ARGUMENT_TEXT, "USE", AT(alpha),
     .help = "ignore (the default), or mask: what is more transparent than opaque becomes 0"},
    {"groups", 'g', ARGUMENT_TEXT, "COLUMN", AT(options.groups),
     .help = "Column of that table, e.g. slide: cells of one value stay on one side of a split in sweeps "
             "with `groups: COLUMN`"},
    {"clusters", 0, ARGUMENT_TEXT, "NAME", AT(bundle.clusters),
     .help = "Xenium bundle: a clustering of its analysis, e.g. graphclust (the default) or kmeans_10"},
    {"outline", 0, ARGUMENT_TEXT, "OF", AT(bundle.outline),
     .help = "Xenium bundle: outlines that mask, of the cell (the default) or the nucleus"},
    {"limit", 0, ARGUMENT_WHOLE, "N", AT(bundle.limit), 1, INT_MAX,
     .help = "Xenium bundle: N cells a class at most, drawn at random"},
    {"seed", 0, ARGUMENT_WHOLE, "N", AT(bundle.seed), 0, INT_MAX,
     .help = "What they are drawn by (default 0); the same cells for the same seed"},
    {"labels", 'l', ARGUMENT_TEXT, "TABLE", AT(options.labels),
     .help =
         "Table with ids and labels, or FILE.h5ad:obs/COLUMN (default: clusters.csv or labels.csv in SRC)"},
    {"id-column", 'i', ARGUMENT_TEXT, "NAME", AT(options.id_column),
     .help = "Its column of ids (default: Barcode, cell_id, ... or one without a name)"},
    {"label-column", 'c', ARGUMENT_TEXT, "NAME", AT(options.label_column),
     .help = "Its column of labels (default: Cluster, group, label, leiden, ...)"},
    {"meta", 'M', ARGUMENT_TEXT, "COLUMNS", AT(options.meta),
     .help = "Columns of that table to keep, e.g. slide,animal, or all: each can be `groups` of a sweep"},
    {"strip-suffix", 'S', ARGUMENT_TEXT, "TEXT", AT(options.strip_suffix),
     .help = "Leave TEXT out at the end of ids, of images and tables, before they are compared, e.g. -1"},
    {"strip-prefix", 'P', ARGUMENT_TEXT, "TEXT", AT(options.strip_prefix),
     .help = "The same at the beginning; cell_ never counts"},
    {"strip-zeros", 'Z', ARGUMENT_FLAG, NULL, AT(options.strip_zeros),
     .help = "The same for zeros: 007 is 7"},
    {"crop", 'C', ARGUMENT_TEXT, "KIND", AT(crop),
     .help =
         "box: images are crops of their outlines' boxes; centred: in the middle (default: what fits). "
         "Xenium bundle: how cells are cut, box (the default), or a square around the cell, centred:20um"},
    {"flip-y", 'Y', ARGUMENT_FLAG, NULL, AT(options.flip_y), .help = "y of the outlines grows upwards"},
    {"swap-xy", 'X', ARGUMENT_FLAG, NULL, AT(options.swap_xy),
     .help = "x and y of the outlines are exchanged"},
    {"allow-missing", 'm', ARGUMENT_FLAG, NULL, AT(options.allow_missing),
     .help = "Pass over rows of the label table that have no image, and count them; without it they are an "
             "error"},
    {0}};

static const struct argument info_rows[] = {
    ARGUMENT_WORD("DATA", path, 1),
    {"sheet", 's', ARGUMENT_TEXT, "FILE.png", AT(sheet),
     .help = "Also draw a contact sheet: a row of images for every cluster"},
    {"per-cluster", 'n', ARGUMENT_WHOLE, "N", AT(per_cluster), 1, 1000,
     .help = "Images a row of the sheet, at most (default 20)"},
    ARGUMENT_NAMES(names),
    {0}};

static const struct options defaults = {.per_cluster = 20, .options = {DATASET_DEFAULTS}};

EMBED(help_data, "orchestrator/help/data.txt");
EMBED(help_data_synth, "orchestrator/help/data_synth.txt");
EMBED(help_data_pack, "orchestrator/help/data_pack.txt");
EMBED(help_data_info, "orchestrator/help/data_info.txt");

/* clang-format off */
#define VERB(verb, summary_, is_mpi_)                                                                      \
    {.name = "data " #verb, .summary = summary_, .text = help_data_##verb, .rows = verb##_rows,            \
     .defaults = &defaults, .size = sizeof defaults, .is_mpi = is_mpi_, .for_people = 1,                   \
     .run = run_##verb}
/* clang-format on */
static const struct command synth = VERB(synth, "write the built-in synthetic dataset as PNG and CSV", 0);
static const struct command pack = VERB(pack, "read images, outlines, labels; write one packed dataset", 1);
static const struct command info = VERB(info, "what a dataset holds; --sheet draws it", 0);

static const struct command *const verbs[] = {&synth, &pack, &info, NULL};
const struct command cmd_data = {"data", "make, pack and look at cell images", help_data, .verbs = verbs};
