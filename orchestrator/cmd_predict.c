/* cellsweep predict: clusters of new images, by the weights of a sweep. */
#include "clock.h"
#include "command.h"

#include "cells.h"
#include "classifier.h"
#include "data/outlines.h"
#include "data/walk.h"
#include "output.h"
#include "sweep_images.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char DOC[] =
    "Say which cluster the cells of images belong to, by the weights that a sweep kept (keep_weights: final "
    "or "
    "best).\v"
    "An IMAGE is a PNG file, a folder (with all PNG files below it), or - for a list of names on standard "
    "input. "
    "Each is read, masked by its outline in --boundaries, and resized as the sweep's own images were. The "
    "networks of all jobs of the filter vote, their probabilities are averaged: choose one strategy, or even "
    "one job, by --filter. They must be of one kind, i.e. of the same clusters.\n\n"
    "CSV has a row an image: image, id, predicted, probability_<cluster> for every cluster, masked. An image "
    "that cannot be used is named on stderr with the reason, all others are done, and the exit status is "
    "1.\n\n"
    "  cellsweep predict sweep.h5 new_cells \\\n"
    "      --filter clusters=8-10,strategy=augment -o new.csv\n"
    "  find /data -name '*.png' -print0 | cellsweep predict sweep.h5 - \\\n"
    "      --filter clusters=8-10 --format json";

static const struct argp_option OPTIONS[] = {
    {"filter", 'f', "FILTER", 0, "Only networks of these jobs, e.g. 'clusters=8-10,strategy=augment'", 0},
    {"boundaries", 'b', "CSV", 0,
     "Outlines of cells (cell_id,vertex_x,vertex_y in micrometres, .gz too) to mask images by", 0},
    {"format", 'F', "FORMAT", 0, "csv (default), or json: one object a line", 0},
    {"from-file", 'T', "FILE", 0, "Classify the images and folders named in FILE, one a line", 0},
    {"output", 'o', "FILE", 0, "Write there; the file appears when it is whole (default, and -: stdout)", 0},
    {0}};

struct options {
    const char *results, *filter, *boundaries, *list, *output;
    enum classifier_format format;
    int n_images;
    char **image; /* (n_images) of argv */
    struct err *err;
};

static int parse_format(const char *name, enum classifier_format *format, struct err *err)
{
    for (int k = 0; k < N_CLASSIFIER_FORMATS; k++)
        if (strcmp(name, classifier_format_names[k]) == 0) {
            *format = (enum classifier_format)k;
            return 0;
        }
    return err_set(err, E_USAGE, "predict: --format '%.60s' is not one of csv, json", name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'f':
        o->filter = arg;
        return 0;
    case 'b':
        o->boundaries = arg;
        return 0;
    case 'F':
        return parse_format(arg, &o->format, o->err) < 0 ? EINVAL : 0;
    case 'T':
        o->list = arg;
        return 0;
    case 'o':
        o->output = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (o->results)
            return ARGP_ERR_UNKNOWN; /* the rest are images */
        o->results = arg;
        return 0;
    case ARGP_KEY_ARGS:
        o->image = state->argv + state->next;
        o->n_images = state->argc - state->next;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int visit(void *self, const char *path, struct err *err)
{
    return classifier_add(self, path, err);
}

/* Networks that only ever saw masked cells say little about unmasked ones. */
static void note_unmasked(const struct store *store)
{
    struct dataset *data = NULL;
    char why[SWEEP_IMAGES_WHY];
    int n = 0;
    if (sweep_images_open(store, &data, why, NULL) == 0 && data)
        for (int i = 0; i < data->n_images; i++)
            n += data->image[i].masked;
    if (n)
        fprintf(stderr, "note: %d of the sweep's %d images were masked by outlines; give --boundaries\n", n,
                data->n_images);
    dataset_free(data);
}

/* Outlines that lie beside the images are not taken unasked, nor passed over in silence. */
static int enter(void *self, const char *folder, struct err *err)
{
    static const char *const names[] = {"cell_boundaries.csv", "cell_boundaries.csv.gz"};
    (void)self;
    (void)err;
    for (int k = 0; k < 2; k++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[k]);
        if (access(path, R_OK) == 0)
            fprintf(stderr, "note: %s is not used; give it as --boundaries to mask the images\n", path);
    }
    return 0;
}

static int walk_file(struct walk *walk, const char *path, struct err *err)
{
    FILE *list = fopen(path, "r");
    if (!list)
        return err_set(err, E_IO, "%s: cannot open the list of images: %s", path, strerror(errno));
    int rc = walk_list(walk, list, path, err);
    fclose(list);
    return rc;
}

static int walk_all(const struct options *o, struct walk *walk, struct err *err)
{
    int rc = o->list ? walk_file(walk, o->list, err) : 0;
    for (int i = 0; i < o->n_images && rc == 0; i++)
        rc = strcmp(o->image[i], "-") == 0 ? walk_list(walk, stdin, "standard input", err)
                                           : walk_name(walk, o->image[i], err);
    return rc;
}

static void print_note(long n, const char *one, const char *many)
{
    if (n)
        fprintf(stderr, "note: %ld %s\n", n, n == 1 ? one : many);
}

static int conclude(const struct classifier *c, const struct walk *walk, double seconds, struct err *err)
{
    struct classifier_counts n = classifier_counts(c);
    fprintf(stderr, "%ld image%s classified, %ld of them masked, %ld bad; %.0f images/s\n", n.classified,
            n.classified == 1 ? "" : "s", n.masked, n.bad, seconds > 0 ? (double)n.classified / seconds : 0);
    print_note(
        n.misfits,
        "outline spans another size than its image, so its mask lies beside the cell; an image "
        "must be the crop of its outline's box, without a margin",
        "outlines span another size than their images, so their masks lie beside the cells; an image must be "
        "the crop of its outline's box, without a margin");
    print_note(n.coloured, "image is coloured; only its brightness is used",
               "images are coloured; only their brightness is used");
    print_note(n.transparent, "image is transparent in places; transparency is not used",
               "images are transparent in places; transparency is not used");
    print_note(walk->n_ignored, "file is not a .png and was passed over",
               "files are not .png and were passed over");
    if (n.bad)
        return err_set(err, E_JOB, "%ld of %ld images could not be used; their reasons are above", n.bad,
                       n.bad + n.classified);
    if (n.classified == 0)
        return err_set(err, E_IO, "predict: no images found; an image is a .png file");
    return 0;
}

static int classify(const struct options *o, struct predictor *p, const struct outlines *outlines,
                    const struct output *out, struct err *err)
{
    const struct classifier_options options = {p, outlines, o->format, out->file, out->path};
    struct classifier *c = NULL;
    double start = clock_now();
    int rc = classifier_new(&options, &c, err);
    struct walk walk = {.visit = visit, .enter = outlines ? NULL : enter, .self = c};
    if (rc == 0)
        rc = walk_all(o, &walk, err);
    if (rc == 0)
        rc = classifier_finish(c, err);
    if (rc == 0)
        rc = conclude(c, &walk, clock_now() - start, err);
    classifier_free(c);
    return rc;
}

/* Bad images do not keep the rows of the others from their file. */
static int classify_to_file(const struct options *o, struct predictor *p, const struct outlines *outlines,
                            struct err *err)
{
    struct output out;
    int rc = output_open_file(&out, o->output, err);
    if (rc < 0)
        return rc;
    rc = classify(o, p, outlines, &out, err);
    if (rc < 0 && rc != E_JOB) {
        output_abandon(&out);
        return rc;
    }
    struct err why = {0};
    return output_close(&out, &why) < 0 ? err_set(err, why.code, "%s", why.text) : rc;
}

static int open_predictor(const struct options *o, struct predictor **p, struct err *err)
{
    struct store *store = NULL;
    char who[256];
    int rc = cells_try(o->results, err);
    if (rc == 0)
        rc = store_open(o->results, &store, err);
    if (rc < 0)
        return rc;
    rc = predictor_new(store, o->filter, p, err);
    if (rc == 0) {
        predictor_describe(*p, who, sizeof who);
        fprintf(stderr, "%s%s%s\n", who, store_synthetic(store) ? ", trained on synthetic images" : "",
                predictor_is_exact(*p) ? "" : "; this CPU lacks the sweep's kernels: equal to rounding only");
        if (!o->boundaries)
            note_unmasked(store);
    }
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

static int predict(const struct options *o, struct err *err)
{
    struct predictor *p = NULL;
    struct outlines outlines = {0};
    int rc = open_predictor(o, &p, err);
    if (rc == 0 && o->boundaries)
        rc = outlines_read_all(o->boundaries, &outlines, err);
    if (rc == 0 && outlines.n_bad)
        fprintf(stderr, "note: %s (%d such row%s)\n", outlines.bad, outlines.n_bad,
                outlines.n_bad == 1 ? "" : "s");
    if (rc == 0)
        rc = classify_to_file(o, p, o->boundaries ? &outlines : NULL, err);
    outlines_release(&outlines);
    predictor_free(p);
    return rc;
}

int cmd_predict(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {OPTIONS, parse_option, "RESULTS.h5 IMAGE|FOLDER|-...", DOC, NULL,
                                     NULL,    NULL};
    struct options o = {.err = err};
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "predict: see cellsweep predict --help");
    if (!o.results || (o.n_images == 0 && !o.list))
        return err_set(err, E_USAGE,
                       "predict: give a results file and images, folders, or - for a list on standard input");
    return predict(&o, err);
}
