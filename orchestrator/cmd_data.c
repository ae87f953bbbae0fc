/* cmd_data.c - `cellsweep data synth | pack | info`. */
#include "command.h"

#include "data/dataset.h"
#include "data/formats.h"
#include "data/pack.h"
#include "data/sheet.h"
#include "data/synth.h"
#include "h5.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 24,
    KEY_SHEET = 's',
    KEY_PER_CLUSTER = 'n',
    KEY_SIZE = 's',
    KEY_PIXEL_SIZE = 'p',
    KEY_GROUPS = 'g',
    KEY_MISSING = 'm'
};

/* What the command line of any of the verbs says. */
struct arguments {
    const char *path;   /* the one positional argument */
    const char *output; /* -o */
    const char *sheet;  /* --sheet */
    int per_cluster;
    struct dataset_options options;
};

/* ---- parsing ---- */

static int take_path(struct arguments *a, char *text, struct argp_state *state)
{
    if (a->path)
        argp_error(state, "one argument too many: '%s'", text);
    a->path = text;
    return 0;
}

static long parse_count(const char *name, const char *text, long min, long max, struct argp_state *state)
{
    char *end = NULL;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < min || n > max)
        argp_error(state, "--%s '%s': a whole number from %ld to %ld is expected", name, text, min, max);
    return n;
}

static double parse_length(const char *name, const char *text, struct argp_state *state)
{
    char *end = NULL;
    double v = strtod(text, &end);
    if (end == text || *end || !(v > 0.0 && v < 1e6))
        argp_error(state, "--%s '%s': a positive number of micrometres is expected", name, text);
    return v;
}

static error_t parse_synth(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    if (key == ARGP_KEY_ARG)
        return take_path(a, text, state);
    if (key == ARGP_KEY_END && !a->path)
        argp_error(state, "name the folder to write");
    return key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

static error_t parse_pack(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = text;
        return 0;
    case KEY_SIZE:
        a->options.size = (int)parse_count("size", text, DATASET_MIN_SIZE, DATASET_MAX_SIZE, state);
        return 0;
    case KEY_PIXEL_SIZE:
        a->options.pixel_size = parse_length("pixel-size", text, state);
        return 0;
    case KEY_GROUPS:
        a->options.groups = text;
        return 0;
    case KEY_MISSING:
        a->options.allow_missing = 1;
        return 0;
    case ARGP_KEY_ARG:
        return take_path(a, text, state);
    case ARGP_KEY_END:
        if (!a->path)
            argp_error(state, "name the folder to pack");
        if (!a->output)
            argp_error(state, "name the file to write: -o cells.h5");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_info(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case KEY_SHEET:
        a->sheet = text;
        return 0;
    case KEY_PER_CLUSTER:
        a->per_cluster = (int)parse_count("per-cluster", text, 1, 1000, state);
        return 0;
    case ARGP_KEY_ARG:
        return take_path(a, text, state);
    case ARGP_KEY_END:
        if (!a->path)
            argp_error(state, "name a packed file, a folder, or 'builtin'");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option pack_options[] = {
    {"output", 'o', "FILE", 0, "Packed dataset to write; it appears whole or not at all", 0},
    {"size", KEY_SIZE, "PIXELS", 0, "Width and height of every packed image, 8 to 512 (default 50)", 0},
    {"pixel-size", KEY_PIXEL_SIZE, "MICROMETRES", 0,
     "Width of a pixel of the original crops (default 0.2125)", 0},
    {"groups", KEY_GROUPS, "COLUMN", 0,
     "Column of clusters.csv, e.g. slide: cells of one value stay on one side of a split in sweeps with "
     "`groups: COLUMN`",
     0},
    {"allow-missing", KEY_MISSING, NULL, 0,
     "Pass over rows of clusters.csv that have no image, and count them; without it they are an error", 0},
    {0},
};

static const struct argp_option info_options[] = {
    {"sheet", KEY_SHEET, "FILE.png", 0, "Also draw a contact sheet: a row of images for every cluster", 0},
    {"per-cluster", KEY_PER_CLUSTER, "N", 0, "Images a row of the sheet, at most (default 20)", 0},
    {0},
};

static const char synth_text[] =
    "Write the built-in synthetic dataset to a new folder: 1000 cell images of 28 clusters as PNG, cell "
    "outlines and labels "
    "as CSV. Every run writes the same bytes. `data: builtin` in a sweep file means the same images."
    "\v"
    "DIR must not exist, or be empty. The file SYNTHETIC in it marks everything made from it as "
    "synthetic.\n\n"
    "Example:\n"
    "  cellsweep data synth cells\n"
    "  cellsweep data pack cells -o cells.h5\n";

static const char pack_text[] =
    "Read cell images, outlines and labels from a folder; mask every image by its cell's outline, resize it, "
    "and write all "
    "of them as one file."
    "\v"
    "SRC is either of\n"
    "  SRC/cell_images/cluster_<k>/cell_<id>.png   labels by folder; clusters.csv\n"
    "                                              may be there too and must agree\n"
    "  SRC/<id>.png                                labels from SRC/clusters.csv\n"
    "with\n"
    "  SRC/clusters.csv[.gz]          columns Barcode,Cluster\n"
    "  SRC/cell_boundaries.csv[.gz]   columns cell_id,vertex_x,vertex_y in um;\n"
    "                                 optional, cells without one stay unmasked\n\n"
    "With --groups COLUMN clusters.csv has that column, too. A cell it does not mention, or whose value is "
    "empty, is a group of its own.\n\n"
    "PNG of any kind: 1 to 16 bit, gray, colour, palette; only the brightness is used, neither colour nor "
    "transparency. Pixel (i, j), counted from 0, lies at (i, j) pixel "
    "sizes from the "
    "corner of its outline's bounding box; a pixel is kept when it is inside or on the outline. Then the "
    "image is resized, "
    "bilinear, half-pixel centres.\n\n"
    "An image that cannot be used is listed on stderr with its reason, and the rest is packed. Exit status: "
    "0 all images are "
    "packed, 1 some were rejected, 2 wrong usage, 3 nothing could be packed.\n\n"
    "Examples:\n"
    "  cellsweep data pack cells -o cells.h5\n"
    "  cellsweep data pack cells -o cells64.h5 --size 64 --pixel-size 0.325\n"
    "  cellsweep data pack cells -o cells.h5 --groups slide\n"
    "  cellsweep data pack some -o cells.h5 --allow-missing\n";

static const char info_text[] =
    "Show what a dataset holds: clusters, counts, original sizes, how many images are masked, how deep the "
    "files were, how bright 99.9 % of the pixels at most are, images that are there twice, and the "
    "checksum that decides "
    "which results belong to it."
    "\v"
    "DATA is a packed file, a folder that `data pack` understands, or 'builtin'. A packed file's checksum is "
    "computed again; "
    "a file that was changed or damaged is an error (exit status 3).\n\n"
    "Examples:\n"
    "  cellsweep data info cells.h5\n"
    "  cellsweep data info cells.h5 --sheet cells.png --per-cluster 30\n"
    "  python3 -c \"import h5py; print(h5py.File('cells.h5')['images/cluster'][:])\"\n";

static const struct argp synth_argp = {NULL, parse_synth, "DIR", synth_text, NULL, NULL, NULL};
static const struct argp pack_argp = {pack_options, parse_pack, "SRC -o FILE", pack_text, NULL, NULL, NULL};
static const struct argp info_argp = {info_options, parse_info, "DATA", info_text, NULL, NULL, NULL};

/* ---- synth ---- */

static int run_synth(const struct arguments *a, struct err *err)
{
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

static void print_packed(const struct dataset *data, const struct pack_report *report, const char *path)
{
    printf("%s: %d images of %d clusters, %d x %d pixels%s\n", path, data->n_images, data->n_clusters,
           data->size, data->size, data->synthetic ? ", SYNTHETIC" : "");
    printf("  found     %8d\n", report->n_images);
    printf("  rejected  %8d\n", report->rejects.n);
    printf("  masked    %8d\n", report->n_masked);
    printf("  unmasked  %8d\n", report->n_packed - report->n_masked);
    if (data->group_column[0])
        printf("  groups    %8d by %s\n", data->n_groups, data->group_column);
    printf("  checksum  %s\n", data->checksum);
}

static int pack_and_write(const struct arguments *a, struct pack_report *report, struct err *err)
{
    struct dataset *data = NULL;
    int rc = pack_folder(a->path, &a->options, &data, report, err);
    pack_report_print(report, stderr);
    if (rc == 0)
        formats_note(data, stderr);
    if (rc == 0)
        rc = dataset_write(data, a->output, err);
    if (rc == 0)
        print_packed(data, report, a->output);
    if (rc == 0 && report->rejects.n)
        rc = err_set(err, E_JOB, "%s: %d of %d images were rejected (listed above); the other %d are packed",
                     a->path, report->rejects.n, report->n_images, report->n_packed);
    dataset_free(data);
    return rc;
}

static int run_pack(const struct arguments *a, struct err *err)
{
    struct pack_report report = {0};
    int rc = check_output(a->output, err);
    if (rc == 0)
        rc = pack_and_write(a, &report, err);
    pack_report_release(&report);
    return rc;
}

/* ---- info ---- */

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Images whose pixels are those of another one, which leak from a training set into a validation set, and how many of them lie in
 * another cluster than the first of their kind. */
static int count_copies(const struct dataset *data, int *n_conflicts)
{
    int copies = 0;
    *n_conflicts = 0;
    for (int i = 0; i < data->n_images; i++) {
        int first = dataset_content(data, i);
        copies += first != i;
        *n_conflicts += data->image[first].cluster != data->image[i].cluster;
    }
    return copies;
}

/* A few of them by name, those whose labels disagree before the others. */
static void print_copies(const struct dataset *data)
{
    enum { SHOWN = 8 };
    int n_conflicts = 0, copies = count_copies(data, &n_conflicts), shown = 0;
    if (copies == 0) {
        printf("  copies      none: all images differ\n");
        return;
    }
    printf("  copies      %d image%s the same pixels as another", copies, copies == 1 ? " has" : "s have");
    printf(n_conflicts ? "; %d of them in ANOTHER CLUSTER\n" : ", in the same cluster\n", n_conflicts);
    for (int agree = 0; agree <= 1; agree++)
        for (int i = 0; i < data->n_images && shown < SHOWN; i++) {
            const struct dataset_image *image = &data->image[i],
                                       *first = &data->image[dataset_content(data, i)];
            if (image == first || (image->cluster == first->cluster) != agree)
                continue;
            printf("                %s (cluster %d) = %s (cluster %d)\n", image->id, image->cluster,
                   first->id, first->cluster);
            shown++;
        }
    if (copies > shown)
        printf("                and %d more\n", copies - shown);
}

/* Least, median and greatest of one of the sizes over the images of a cluster (-1: all). `room` has n_images ints. */
struct spread {
    int min, median, max, n_masked;
};

static struct spread spread_of(const struct dataset *data, int cluster, int use_height, int *room)
{
    struct spread s = {0};
    size_t n = 0;
    for (int i = 0; i < data->n_images; i++) {
        const struct dataset_image *image = &data->image[i];
        if (cluster >= 0 && image->cluster != cluster)
            continue;
        room[n++] = use_height ? image->height : image->width;
        s.n_masked += image->masked;
    }
    if (n == 0)
        return s;
    qsort(room, n, sizeof *room, compare_ints);
    s.min = room[0];
    s.median = room[n / 2];
    s.max = room[n - 1];
    return s;
}

static void print_summary(const struct dataset *data, const char *name, int *room)
{
    struct spread w = spread_of(data, -1, 0, room), h = spread_of(data, -1, 1, room);
    printf("%s%s\n", name, data->synthetic ? "   SYNTHETIC: drawn by this program" : "");
    printf("  source      %s\n", data->origin);
    printf("  images      %d of %d clusters, %d x %d pixels, %.1f MB\n", data->n_images, data->n_clusters,
           data->size, data->size, 4e-6 * data->n_images * data->size * data->size);
    printf("  originals   %d x %d to %d x %d pixels, median %d x %d\n", w.min, h.min, w.max, h.max, w.median,
           h.median);
    printf("  masked      %d of %d, at %g micrometres a pixel\n", w.n_masked, data->n_images,
           data->pixel_size);
    print_copies(data);
    if (data->group_column[0])
        printf("  groups      %d by %s\n", data->n_groups, data->group_column);
    printf("  checksum    %s\n\n", data->checksum);
}

static void print_cluster(const struct dataset *data, int k, int largest, int *room)
{
    int n = data->cluster_count[k], bar = (int)((double)BAR_WIDTH * n / largest + 0.5);
    struct spread w = spread_of(data, data->cluster[k], 0, room),
                  h = spread_of(data, data->cluster[k], 1, room);
    char depth[40];
    printf("  %7d %7d %6.1f%% %7d   %4d x %-4d  ", data->cluster[k], n, 100.0 * n / data->n_images,
           w.n_masked, w.median, h.median);
    formats_text(data, data->cluster[k], depth, sizeof depth);
    printf("%-16s %6.4f  ", depth, formats_bright(data, data->cluster[k]));
    for (int i = 0; i < (bar ? bar : 1); i++)
        putchar('#');
    putchar('\n');
}

static int print_info(const struct dataset *data, const char *name, struct err *err)
{
    int largest = 1;
    int *room = err_calloc((size_t)data->n_images, sizeof *room, "image sizes", err);
    if (!room)
        return E_IO;
    print_summary(data, name, room);
    for (int k = 0; k < data->n_clusters; k++)
        largest = data->cluster_count[k] > largest ? data->cluster_count[k] : largest;
    formats_note(data, stderr);
    printf("  cluster  images   share  masked   median size  depth            99.9 %%\n");
    for (int k = 0; k < data->n_clusters; k++)
        print_cluster(data, k, largest, room);
    free(room);
    return 0;
}

static int run_info(const struct arguments *a, struct err *err)
{
    struct dataset *data = NULL;
    int rc = dataset_try(a->path, err);
    if (rc == 0)
        rc = dataset_open(a->path, NULL, &data, err);
    if (rc == 0)
        rc = print_info(data, a->path, err);
    if (rc == 0 && a->sheet) {
        rc = sheet_write(data, a->per_cluster, a->sheet, err);
        if (rc == 0)
            printf("\n  contact sheet: %s\n", a->sheet);
    }
    dataset_free(data);
    return rc;
}

/* ---- the verbs ---- */

static const struct verb {
    const char *name, *help;
    const struct argp *argp;
    int (*run)(const struct arguments *a, struct err *err);
} verbs[] = {
    {"synth", "DIR              write the built-in synthetic dataset as PNG and CSV", &synth_argp, run_synth},
    {"pack", "SRC -o FILE      read images, outlines, labels; write one packed dataset", &pack_argp,
     run_pack},
    {"info", "DATA             what a dataset holds; --sheet draws it", &info_argp, run_info},
};
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static void print_help(FILE *to)
{
    fprintf(to, "Usage: cellsweep data VERB ...\nCell images in, one packed dataset out.\n\n");
    for (int k = 0; k < N_VERBS; k++)
        fprintf(to, "  %-6s %s\n", verbs[k].name, verbs[k].help);
    fprintf(to, "\n`cellsweep data VERB --help` tells more, with examples.\n");
}

static int run_verb(const struct verb *verb, int argc, char **argv, struct err *err)
{
    struct arguments a = {.per_cluster = 20, .options = dataset_defaults()};
    char name[64];
    snprintf(name, sizeof name, "cellsweep data %s", verb->name);
    argv[0] = name;
    argp_err_exit_status = err_exit_status(E_USAGE);
    error_t failed = argp_parse(verb->argp, argc, argv, 0, NULL, &a);
    if (failed)
        return err_set(err, E_USAGE, "%s: %s", name, strerror(failed));
    return verb->run(&a, err);
}

int cmd_data(int argc, char **argv, struct err *err)
{
    if (argc < 2)
        return err_set(err, E_USAGE,
                       "data: which of synth, pack and info? `cellsweep data --help` tells more");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (int k = 0; k < N_VERBS; k++)
        if (strcmp(argv[1], verbs[k].name) == 0)
            return run_verb(&verbs[k], argc - 1, argv + 1, err);
    return err_set(err, E_USAGE, "data %s: no such verb; there are synth, pack and info", argv[1]);
}
