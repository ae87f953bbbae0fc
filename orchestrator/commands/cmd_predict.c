/* cellsweep predict: clusters of new images, by the weights of a sweep. */
#include "child.h"
#include "clock.h"
#include "command.h"

#include "sweep/cells.h"
#include "predict/classifier.h"
#include "data/outlines.h"
#include "data/walk.h"
#include "write/output.h"
#include "beside/sweep_images.h"
#include "store/store_chosen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    const char *names; /* a table of class names, read already */
    const char *results, *filter, *boundaries, *list, *output;
    enum classifier_format format;
    struct arguments_rest images;
};

static const struct argument rows[] = {
    ARGUMENT_RESULTS(results),
    {NULL, 0, ARGUMENT_REST, "IMAGE", AT(images), .help = NULL},
    ARGUMENT_FILTER(filter),
    ARGUMENT_NAMES(names),
    {"boundaries", 'b', ARGUMENT_TEXT, "CSV", AT(boundaries),
     .help = "Outlines of cells (cell_id,vertex_x,vertex_y in micrometres, .gz too) to mask images by"},
    {"format", 'F', ARGUMENT_CHOICE, "FORMAT", AT(format), 0, N_CLASSIFIER_FORMATS - 1,
     classifier_format_names, .help = "csv (default), or json: one object a line"},
    {"from-file", 'T', ARGUMENT_TEXT, "FILE", AT(list),
     .help = "Classify the images and folders named in FILE, one a line"},
    ARGUMENT_OUTPUT_FILE(output),
    {0}};

static int visit(void *self, const char *path, struct err *err)
{
    return classifier_add(self, path, err);
}

/* Networks that only ever saw masked cells say little about unmasked ones. */
static void note_unmasked(const struct dataset *data)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++)
        n += data->image[i].masked;
    if (n)
        fprintf(stderr, "note: %d of the sweep's %d images were masked by outlines; give --boundaries\n", n,
                data->n_images);
}

/* The sweep's images, if they are still there. */
static void find_images(const struct store *store, struct dataset **data)
{
    char why[SWEEP_IMAGES_WHY] = "";
    struct err err = {0};
    if (sweep_images_open(store, data, why, &err) < 0)
        snprintf(why, sizeof why, "%s", err.text);
    if (!*data)
        fprintf(stderr,
                "note: copies of the sweep's images, and cells unlike all of them, cannot be told. %s\n",
                why);
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
    for (int i = 0; i < o->images.n && rc == 0; i++)
        rc = strcmp(o->images.text[i], "-") == 0 ? walk_list(walk, stdin, "standard input", err)
                                                 : walk_name(walk, o->images.text[i], err);
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
    print_note(n.flat, "image is empty: all its pixels are the same",
               "images are empty: all their pixels are the same");
    print_note(n.copies,
               "image is a cell of the sweep (copy_of); what is said of it tells nothing about new cells",
               "images are cells of the sweep (copy_of); what is said of them tells nothing about new cells");
    print_note(
        n.unlike,
        "image is unlike all cells of these classes (distance above usual_distance); it may be of none",
        "images are unlike all cells of these classes (distance above usual_distance); they may be of none");
    passed_note(&walk->passed, stderr);
    if (n.bad)
        return err_set(err, E_JOB, "%ld of %ld images could not be used; their reasons are above", n.bad,
                       n.bad + n.classified);
    if (n.classified == 0)
        return err_set(err, E_IO, "predict: no images found; images are PNG, TIFF, JPEG, .npy or .npz files");
    return 0;
}

struct work {
    const struct options *options;
    struct predictor *predictor;
    struct dataset *data; /* NULL: gone */
    const struct outlines *outlines;
    const struct output *out;
};

static int classify(const struct work *w, struct err *err)
{
    const struct options *o = w->options;
    const struct outlines *outlines = w->outlines;
    const struct classifier_options options = {w->predictor, outlines,     w->data,
                                               o->format,    w->out->file, w->out->path};
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

static int classify_in_child(void *self, struct err *err)
{
    return classify(self, err);
}

/* Foreign files may crash the libraries that read them (child.h). Bad images do not keep the rows of the
 * others from their file. */
static int classify_to_file(struct work work, struct err *err)
{
    struct output out;
    int rc = output_open_file(&out, work.options->output, err);
    if (rc < 0)
        return rc;
    work.out = &out;
    rc = child_guard(classify_in_child, &work, err);
    if (rc < 0 && rc != E_JOB) {
        output_abandon(&out);
        return rc;
    }
    struct err why = {0};
    return output_close(&out, &why) < 0 ? err_set(err, why.code, "%s", why.text) : rc;
}

struct opened {
    struct work *work;
};

static void describe(const struct store *store, const struct predictor *p)
{
    char who[256];
    predictor_describe(p, who, sizeof who);
    fprintf(stderr, "%s%s%s\n", who, store_synthetic(store) ? ", trained on synthetic images" : "",
            predictor_is_exact(p) ? "" : "; this CPU lacks the sweep's kernels: equal to rounding only");
    if (predictor_n_chosen_on_test(p))
        fprintf(stderr, "note: %d of the jobs were %s: the sweep's numbers of them are too high\n",
                predictor_n_chosen_on_test(p), chosen_on_test);
    if (predictor_n_elsewhere(p))
        fprintf(stderr, "note: %d of the jobs are of a model %s\n", predictor_n_elsewhere(p),
                chosen_elsewhere);
}

static int make_predictor(struct store *store, const void *self, struct err *err)
{
    struct work *work = ((const struct opened *)self)->work;
    int rc = predictor_new(store, work->options->filter, &work->predictor, err);
    if (rc < 0)
        return rc;
    describe(store, work->predictor);
    find_images(store, &work->data);
    if (work->data && !work->options->boundaries)
        note_unmasked(work->data);
    return 0;
}

static int run(const void *options, struct err *err)
{
    const struct options *o = options;
    struct work work = {.options = o};
    struct outlines outlines = {0};
    if (o->images.n == 0 && !o->list)
        return err_set(err, E_USAGE, "predict: give images, folders, or - for a list on standard input");
    int rc = store_use(o->results, cells_try, make_predictor, &(struct opened){&work}, err);
    if (rc == 0 && o->boundaries)
        rc = outlines_read_all(o->boundaries, &outlines, err);
    if (rc == 0 && outlines.n_bad)
        fprintf(stderr, "note: %s (%d such row%s)\n", outlines.bad, outlines.n_bad,
                outlines.n_bad == 1 ? "" : "s");
    work.outlines = o->boundaries ? &outlines : NULL;
    if (rc == 0)
        rc = classify_to_file(work, err);
    outlines_release(&outlines);
    dataset_free(work.data);
    predictor_free(work.predictor);
    return rc;
}

COMMAND(predict, "cluster and probabilities of new images, by stored weights", NULL, 0, 0);
