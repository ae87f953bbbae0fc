#include "predict/classifier.h"

#include "child.h"
#include "data/npz.h"
#include "write/csv_out.h"
#include "image/image.h"
#include "write/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const classifier_format_names[N_CLASSIFIER_FORMATS] = {"csv", "json"};

enum { BATCH = 256 };

/* An image that waits for its batch to be full. */
struct waiting {
    char *path;
    int masked;
};

struct classifier {
    struct classifier_options options;
    struct classifier_counts counts;
    int n, n_classes;
    int order[CONFIG_MAX_CLUSTERS]; /* (n_classes) columns to class indices: in the order of classes */
    size_t floats;                  /* of an image */
    struct waiting image[BATCH];
    const float *pixels[BATCH]; /* into storage */
    float *storage;             /* (BATCH, floats) */
    float *probs, *spread;      /* (BATCH, n_classes) */
    int *votes;                 /* (BATCH, n_classes) */
    unsigned char *file;        /* bytes of the image being read */
    size_t room;
};

static void write_header(const struct classifier *c)
{
    struct csv_out csv = {.file = c->options.out};
    csv_out_text(&csv, "image");
    csv_out_text(&csv, "id");
    csv_out_text(&csv, "predicted");
    for (int k = 0; k < c->n_classes; k++)
        csv_out_class_column(&csv, "probability", predictor_cluster(c->options.predictor, c->order[k]));
    static const char *const last[] = {"masked",  "votes",    "jobs",          "spread",
                                       "copy_of", "distance", "usual_distance"};
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        csv_out_text(&csv, last[i]);
    csv_out_end(&csv);
}

static void order_columns(struct classifier *c)
{
    const struct predictor *p = c->options.predictor;
    for (int k = 0; k < c->n_classes; k++) {
        int at = k;
        for (; at > 0 && class_compare(predictor_cluster(p, k), predictor_cluster(p, c->order[at - 1])) < 0;
             at--)
            c->order[at] = c->order[at - 1];
        c->order[at] = k;
    }
}

int classifier_new(const struct classifier_options *options, struct classifier **out, struct err *err)
{
    struct classifier *c = err_calloc(1, sizeof *c, "a batch of images", err);
    *out = NULL;
    if (!c)
        return E_IO;
    c->options = *options;
    c->n_classes = predictor_n_classes(options->predictor);
    c->floats = predictor_floats(options->predictor);
    c->storage = err_calloc(BATCH * c->floats, sizeof *c->storage, "a batch of images", err);
    c->probs = err_calloc((size_t)BATCH * (size_t)c->n_classes, sizeof *c->probs, "a batch of images", err);
    c->spread = err_calloc((size_t)BATCH * (size_t)c->n_classes, sizeof *c->spread, "a batch of images", err);
    c->votes = err_calloc((size_t)BATCH * (size_t)c->n_classes, sizeof *c->votes, "a batch of images", err);
    if (!c->storage || !c->probs || !c->spread || !c->votes) {
        classifier_free(c);
        return E_IO;
    }
    for (size_t i = 0; i < BATCH; i++)
        c->pixels[i] = c->storage + i * c->floats;
    order_columns(c);
    if (options->format == CLASSIFIER_CSV)
        write_header(c);
    *out = c;
    return 0;
}

/* What is said of one image. */
struct row {
    const struct waiting *image;
    const float *probs, *spread; /* (n_classes) */
    const int *votes;            /* (n_classes) */
    int best;                    /* class index */
    struct predictor_known known;
    const char *copy_of; /* NULL: of none */
    char id[PREDICTOR_ID_SIZE];
};

static int cluster_of(const struct classifier *c, const struct row *row)
{
    return predictor_cluster(c->options.predictor, row->best);
}

static void write_csv(const struct classifier *c, const struct row *row)
{
    struct csv_out csv = {.file = c->options.out};
    csv_out_text(&csv, row->image->path);
    csv_out_text(&csv, row->id);
    csv_out_class(&csv, cluster_of(c, row));
    for (int k = 0; k < c->n_classes; k++)
        csv_out_real(&csv, (double)row->probs[c->order[k]]);
    csv_out_int(&csv, row->image->masked);
    csv_out_int(&csv, row->votes[row->best]);
    csv_out_int(&csv, predictor_n_jobs(c->options.predictor));
    csv_out_real(&csv, (double)row->spread[row->best]);
    csv_out_text(&csv, row->copy_of ? row->copy_of : "");
    csv_out_real(&csv, (double)row->known.distance);
    csv_out_real(&csv, (double)row->known.usual);
    csv_out_end(&csv);
}

static int write_json(const struct classifier *c, const struct row *row)
{
    json_t *all = json_object();
    for (int k = 0; k < c->n_classes; k++) {
        char room[CLASS_NAME_SIZE];
        const char *name = class_title(predictor_cluster(c->options.predictor, c->order[k]), room);
        json_object_set_new(all, name, json_real((double)row->probs[c->order[k]]));
    }
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:i, s:i, s:o, s:o, s:o, s:o}", "image", json_out_text(row->image->path),
        "id", json_out_text(row->id), "predicted", json_out_class(cluster_of(c, row)), "probability", all,
        "masked", row->image->masked, "votes", row->votes[row->best], "jobs",
        predictor_n_jobs(c->options.predictor), "spread", json_out_real((double)row->spread[row->best]),
        "copy_of", row->copy_of ? json_out_text(row->copy_of) : json_null(), "distance",
        json_out_real((double)row->known.distance), "usual_distance",
        json_out_real((double)row->known.usual));
    int rc = object ? json_dumpf(object, c->options.out, JSON_REAL_PRECISION(9)) : -1;
    json_decref(object);
    putc('\n', c->options.out);
    return rc;
}

/* What the sweep's own images say of image i. */
static int look_up(struct classifier *c, int i, struct row *row, struct err *err)
{
    const struct dataset *data = c->options.data;
    row->known = (struct predictor_known){-1, (float)NAN, (float)NAN};
    if (!data)
        return 0;
    int rc = predictor_know(c->options.predictor, data, c->pixels[i], &row->known, err);
    if (rc < 0)
        return rc;
    if (row->known.copy >= 0)
        row->copy_of = data->image[row->known.copy].id;
    c->counts.copies += row->known.copy >= 0;
    c->counts.unlike += row->known.distance > row->known.usual;
    return 0;
}

/* Write row i of the batch: 0, 1 when the output takes no more, or negative. */
static int write_row(struct classifier *c, int i, struct err *err)
{
    size_t at = (size_t)i * (size_t)c->n_classes;
    struct row row = {
        .image = &c->image[i], .probs = c->probs + at, .spread = c->spread + at, .votes = c->votes + at};
    for (int k = 1; k < c->n_classes; k++)
        row.best = row.probs[k] > row.probs[row.best] ? k : row.best;
    int rc = look_up(c, i, &row, err);
    if (rc < 0)
        return rc;
    predictor_id(row.image->path, row.id, sizeof row.id);
    if (c->options.format == CLASSIFIER_JSON)
        return write_json(c, &row) < 0;
    write_csv(c, &row);
    return 0;
}

static int cannot_write(const struct classifier *c, struct err *err)
{
    return err_set(err, E_IO, "%s: cannot write the predictions: %s; is the disk full?", c->options.out_name,
                   strerror(errno));
}

static int write_batch(struct classifier *c, struct err *err)
{
    int n = c->n, bad = 0;
    if (n == 0)
        return 0;
    int rc = predictor_classify_votes(c->options.predictor, c->pixels, n, c->probs, c->votes, c->spread, err);
    c->n = 0;
    for (int i = 0; i < n; i++) {
        int written = rc == 0 ? write_row(c, i, err) : 0;
        bad |= written > 0;
        rc = written < 0 ? written : rc;
        free(c->image[i].path);
    }
    if (rc < 0)
        return rc;
    c->counts.classified += n;
    if (bad || ferror(c->options.out))
        return cannot_write(c, err);
    return 0;
}

/* ---- reading ---- */

/* Room for n bytes of a file. */
static int make_room(struct classifier *c, size_t n, struct err *err)
{
    if (n <= c->room)
        return 0;
    unsigned char *file = realloc(c->file, n);
    if (!file)
        return err_set(err, E_IO, "out of memory for a file of %zu bytes", n);
    c->file = file;
    c->room = n;
    return 0;
}

/* All of a regular file; *n bytes in c->file. */
static int read_open(struct classifier *c, int fd, const char *path, size_t *n, struct err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return err_set(err, E_IO, "%s: is not a file", path);
    if (info.st_size > IMAGE_MAX_FILE)
        return err_set(err, E_IO, "%s: %lld bytes are too many for an image of a cell", path,
                       (long long)info.st_size);
    int rc = make_room(c, (size_t)info.st_size + 1, err);
    *n = 0;
    for (ssize_t got = 1; rc == 0 && got > 0 && *n < (size_t)info.st_size; *n += (size_t)got) {
        got = read(fd, c->file + *n, (size_t)info.st_size - *n);
        if (got < 0)
            return err_set(err, E_IO, "%s: cannot read: %s", path, strerror(errno));
    }
    return rc;
}

static int read_file(struct classifier *c, const char *path, size_t *n, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, E_IO, "%s: cannot open: %s", path, strerror(errno));
    int rc = read_open(c, fd, path, n, err);
    close(fd);
    return rc;
}

static float *next_place(const struct classifier *c)
{
    return c->storage + (size_t)c->n * c->floats;
}

static int tell_bad(struct classifier *c, const struct err *why)
{
    c->counts.bad++;
    fprintf(stderr, "%s\n", why->text);
    return 0;
}

/* What is in the next place waits for its batch. */
static int keep(struct classifier *c, const char *name, const struct predictor_image *info, struct err *err)
{
    struct waiting *image = &c->image[c->n];
    *image = (struct waiting){strdup(name), info->masked};
    if (!image->path)
        return err_set(err, E_IO, "out of memory for a batch of images");
    c->counts.masked += info->masked;
    c->counts.misfits += info->misfit;
    c->counts.coloured += info->coloured;
    c->counts.transparent += info->transparent;
    c->counts.flat += info->flat;
    c->n++;
    return c->n == BATCH ? write_batch(c, err) : 0;
}

/* An archive on its way: *err of the classifier itself ends it, that of an archive does not. */
struct archive {
    struct classifier *c;
    struct err *err;
    int rc;
};

static int add_image(void *self, const char *name, struct image *image, struct err *err)
{
    struct archive *archive = self;
    struct classifier *c = archive->c;
    struct predictor_image info = {0};
    struct err why = {0};
    (void)err;
    if (predictor_prepare_image(c->options.predictor, image, name, c->options.outlines, next_place(c), &info,
                                &why) < 0)
        archive->rc = tell_bad(c, &why);
    else
        archive->rc = keep(c, name, &info, archive->err);
    return archive->rc;
}

static int add_archive(struct classifier *c, const char *path, struct err *err)
{
    struct archive archive = {c, err, 0};
    struct err why = {0};
    if (npz_each(path, add_image, &archive, &why) == 0)
        return 0;
    return archive.rc < 0 ? archive.rc : tell_bad(c, &why);
}

int classifier_add(struct classifier *c, const char *path, struct err *err)
{
    struct predictor_image info = {0};
    struct err why = {0};
    size_t n = 0;
    child_at(path);
    if (npz_is(path))
        return add_archive(c, path, err);
    int rc = read_file(c, path, &n, &why);
    if (rc == 0)
        rc = predictor_prepare_from(c->options.predictor, c->file, n, path, c->options.outlines,
                                    next_place(c), &info, &why);
    return rc < 0 ? tell_bad(c, &why) : keep(c, path, &info, err);
}

int classifier_finish(struct classifier *c, struct err *err)
{
    int rc = write_batch(c, err);
    if (rc == 0 && (fflush(c->options.out) != 0 || ferror(c->options.out)))
        rc = cannot_write(c, err);
    return rc;
}

struct classifier_counts classifier_counts(const struct classifier *c)
{
    return c->counts;
}

void classifier_free(struct classifier *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->n; i++)
        free(c->image[i].path);
    free(c->storage);
    free(c->probs);
    free(c->spread);
    free(c->votes);
    free(c->file);
    free(c);
}
