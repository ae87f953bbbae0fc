/* /api/predict: uploaded images, as the networks see them and what they say. */
#include "serve/serve_core.h"

#include "write/json_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OCCLUDED = 16 };

/* What is wanted, and what was made of one image. */
struct asked {
    int model, occlusion, similar;
};

struct seen {
    const struct serve_image *image;
    json_t *original, *masked; /* pictures, owned */
    float *pixels;             /* (size, size, channels) owned; NULL: refused */
    struct predictor_image info;
    struct err err;
};

/* What the networks say of the images (n, classes each); 0 in rows of those that were refused. Owned. */
struct said {
    float *probs, *spread;
    int *votes;
};

/* ---- one image ---- */

static int check_image(const struct serve_image *image, struct err *err)
{
    if (image->too_large)
        return err_set(err, E_USAGE, "%s: more than %d bytes, too large for a cell image; cut the cell out",
                       image->name, SERVE_MAX_IMAGE);
    return 0;
}

/* The crops are let go as soon as there are pictures of them: of a request's images only what the
 * network sees is kept. */
static int prepare(const struct predictor *p, const struct outlines *outlines, int alone, double until,
                   struct seen *seen)
{
    const struct serve_image *image = seen->image;
    const struct image_file file = {(const unsigned char *)(image->bytes ? image->bytes : ""), image->n,
                                    image->name, SERVE_MAX_SIDE};
    struct predictor_view view = {0};
    int rc = check_image(image, &seen->err);
    if (rc == 0 && clock_now() > until)
        rc = err_set(&seen->err, E_USAGE, "%s: the images before it took too long; send fewer at once",
                     image->name);
    if (rc == 0)
        rc = predictor_view(p, &file, outlines, alone, &view, &seen->err);
    if (rc < 0)
        return rc;
    seen->info = view.info;
    int channels = predictor_channels(p);
    seen->pixels = view.seen;
    view.seen = NULL;
    seen->original = serve_picture(view.crop, view.info.width, view.info.height, channels);
    seen->masked = view.masked ? serve_picture(view.masked, view.info.width, view.info.height, channels)
                               : json_incref(seen->original);
    predictor_view_release(&view);
    return 0;
}

static void release(struct seen *seen)
{
    json_decref(seen->original);
    json_decref(seen->masked);
    free(seen->pixels);
}

/* Of what a job alone cannot tell, null. */
static json_t *numbers(const float *value, int n, int *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < n; i++)
        json_out_add(array, json_out_real((double)value[i]), failed);
    return array;
}

static json_t *occlusion(struct predictor *p, const struct seen *seen, const float *probs, int *failed)
{
    int size = predictor_size(p), best = 0;
    for (int c = 1; c < predictor_n_classes(p); c++)
        best = probs[c] > probs[best] ? c : best;
    float *map = calloc(image_floats(size), sizeof *map);
    json_t *root = json_object();
    if (!map || predictor_occlusion(p, seen->pixels, best, map, NULL) < 0)
        *failed = 1;
    json_out_put(root, "class", json_out_class(predictor_cluster(p, best)), failed);
    json_out_put(root, "size", json_integer(size), failed);
    json_out_put(root, "map", map ? json_out_floats(map, image_floats(size)) : NULL, failed);
    free(map);
    return root;
}

static json_t *similar(const struct serve_loan *loan, const struct seen *seen, int k, int *failed)
{
    int image[SERVE_MAX_SIMILAR];
    float similarity[SERVE_MAX_SIMILAR];
    const struct dataset *data = loan->data;
    json_t *array = json_array();
    int n = predictor_similar(loan->predictor, data, seen->pixels, k, image, similarity, NULL);
    *failed |= n < 0;
    for (int i = 0; i < n; i++) {
        const struct dataset_image *row = &data->image[image[i]];
        json_t *one = json_object();
        json_out_put(one, "id", json_out_text(row->id), failed);
        json_out_put(one, "cluster", json_out_class(row->cluster), failed);
        json_out_put(one, "similarity", json_out_real((double)similarity[i]), failed);
        json_out_put(one, "image",
                     serve_picture(dataset_pixels(data, image[i]), data->size, data->size, data->channels),
                     failed);
        json_out_add(array, one, failed);
    }
    return array;
}

static json_t *counts(const int *value, int n, int *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < n; i++)
        json_out_add(array, json_integer(value[i]), failed);
    return array;
}

/* Whether the sweep has this very image, and whether it has any that is like it. */
static json_t *known(const struct serve_loan *loan, const struct seen *seen, int *failed)
{
    struct predictor_known known;
    if (predictor_know(loan->predictor, loan->data, seen->pixels, &known, NULL) < 0) {
        *failed = 1;
        return NULL;
    }
    json_t *root = json_object(), *copy = known.copy < 0 ? json_null() : json_object();
    if (known.copy >= 0) {
        json_out_put(copy, "id", json_out_text(loan->data->image[known.copy].id), failed);
        json_out_put(copy, "cluster", json_out_class(loan->data->image[known.copy].cluster), failed);
    }
    json_out_put(root, "copy", copy, failed);
    json_out_put(root, "distance", json_out_real((double)known.distance), failed);
    json_out_put(root, "usual", json_out_real((double)known.usual), failed);
    return root;
}

static void add_note(json_t *notes, int holds, const char *text, int *failed)
{
    json_t *note = holds ? json_out_text(text) : NULL;
    if (holds && (!note || json_array_append_new(notes, note) < 0))
        *failed = 1;
}

/* What the picture shows that the network does not get, or gets wrong, a sentence each. */
static json_t *notes_of(const struct predictor_image *info, int *failed)
{
    json_t *notes = json_array();
    if (!notes)
        return NULL;
    add_note(notes, info->misfit,
             "The outline spans another size than the image, so its mask lies beside the cell; an image must "
             "be the crop of its outline's box, without a margin.",
             failed);
    add_note(notes, info->coloured, "The image is coloured; only its brightness is used.", failed);
    add_note(notes, info->transparent, "The image is transparent in places; transparency is not used.",
             failed);
    return notes;
}

/* Image i of all. */
static json_t *image_json(const struct serve_loan *loan, const struct asked *asked, const struct seen *seen,
                          const struct said *said, int i, int *failed)
{
    struct predictor *p = loan->predictor;
    int classes = predictor_n_classes(p);
    size_t row = (size_t)i * (size_t)classes;
    const float *probs = said->probs + row;
    json_t *root = json_object();
    json_out_put(root, "name", json_out_text(seen->image->name), failed);
    if (!seen->pixels) {
        json_out_put(root, "error", json_out_text(seen->err.text), failed);
        return root;
    }
    json_out_put(root, "width", json_integer(seen->info.width), failed);
    json_out_put(root, "height", json_integer(seen->info.height), failed);
    json_out_put(root, "masked", json_boolean(seen->info.masked), failed);
    json_out_put(root, "flat", json_boolean(seen->info.flat), failed);
    json_out_put(root, "notes", notes_of(&seen->info, failed), failed);
    json_out_put(root, "original", json_incref(seen->original), failed);
    json_out_put(root, "masked_image", json_incref(seen->masked), failed);
    json_out_put(root, "seen",
                 serve_picture(seen->pixels, predictor_size(p), predictor_size(p), predictor_channels(p)),
                 failed);
    json_out_put(root, "probabilities", numbers(probs, classes, failed), failed);
    json_out_put(root, "votes", counts(said->votes + row, classes, failed), failed);
    json_out_put(root, "spread", numbers(said->spread + row, classes, failed), failed);
    if (loan->data)
        json_out_put(root, "known", known(loan, seen, failed), failed);
    if (asked->occlusion)
        json_out_put(root, "occlusion", occlusion(p, seen, probs, failed), failed);
    if (asked->similar)
        json_out_put(root, "similar", similar(loan, seen, asked->similar, failed), failed);
    return root;
}

/* ---- all of them ---- */

/* Row `from` of each to row `to`. */
static void move_row(struct said *said, int from, int to, size_t classes)
{
    size_t a = (size_t)from * classes, b = (size_t)to * classes;
    memmove(said->probs + b, said->probs + a, classes * sizeof *said->probs);
    memmove(said->spread + b, said->spread + a, classes * sizeof *said->spread);
    memmove(said->votes + b, said->votes + a, classes * sizeof *said->votes);
}

/* Of the images that could be read; the rows of the others are nobody's. */
static int classify(struct predictor *p, const struct seen *seen, int n, struct said *said, struct err *err)
{
    const float *pixels[SERVE_MAX_IMAGES];
    int row[SERVE_MAX_IMAGES], good = 0;
    for (int i = 0; i < n; i++)
        if (seen[i].pixels) {
            pixels[good] = seen[i].pixels;
            row[good++] = i;
        }
    int rc =
        good ? predictor_classify_votes(p, pixels, good, said->probs, said->votes, said->spread, err) : 0;
    for (int i = good - 1; i >= 0 && rc == 0; i--)
        move_row(said, i, row[i], (size_t)predictor_n_classes(p));
    return rc;
}

static int make_room(struct said *said, size_t cells, struct err *err)
{
    said->probs = err_calloc(cells, sizeof *said->probs, "probabilities", err);
    said->spread = err_calloc(cells, sizeof *said->spread, "probabilities", err);
    said->votes = err_calloc(cells, sizeof *said->votes, "votes", err);
    return said->probs && said->spread && said->votes ? 0 : E_IO;
}

static json_t *answer_json(const struct serve_loan *loan, const struct asked *asked, const struct seen *seen,
                           int n, const struct said *said, int *failed)
{
    const struct predictor *p = loan->predictor;
    json_t *root = json_object(), *clusters = json_array(), *images = json_array();
    for (int c = 0; c < predictor_n_classes(p); c++)
        json_out_add(clusters, json_out_class(predictor_cluster(p, c)), failed);
    for (int i = 0; i < n; i++)
        json_out_add(images, image_json(loan, asked, &seen[i], said, i, failed), failed);
    json_out_put(root, "filter", json_out_text(loan->filter), failed);
    json_out_put(root, "clusters", clusters, failed);
    json_out_put(root, "images", images, failed);
    return root;
}

static int prepare_all(const struct predictor *p, struct serve_request *request, struct seen *seen,
                       struct err *err)
{
    const struct serve_upload *upload = request->upload;
    struct serve_counts *counts = &request->serve->counts;
    struct outlines outlines = {0};
    const char *text = upload->boundaries.bytes;
    double until = clock_now() + SERVE_COMPUTE_SECONDS;
    int rc = text ? outlines_parse(text, "boundaries", &outlines, err) : 0;
    if (rc < 0)
        return err_set(err, E_USAGE, "%s", err->text); /* the client's file, not ours */
    for (int i = 0; i < upload->n_images; i++) {
        seen[i].image = &upload->image[i];
        rc = prepare(p, text ? &outlines : NULL, upload->n_images == 1, until, &seen[i]);
        atomic_fetch_add(rc < 0 ? &counts->rejected : &counts->images, 1);
    }
    outlines_release(&outlines);
    return 0;
}

static json_t *predict(const struct serve_loan *loan, const struct asked *asked,
                       struct serve_request *request, int *failed, struct err *err)
{
    struct seen seen[SERVE_MAX_IMAGES] = {0};
    struct said said = {0};
    int n = request->upload->n_images;
    json_t *root = NULL;
    if (make_room(&said, (size_t)n * (size_t)predictor_n_classes(loan->predictor), err) == 0 &&
        prepare_all(loan->predictor, request, seen, err) == 0 &&
        classify(loan->predictor, seen, n, &said, err) == 0)
        root = answer_json(loan, asked, seen, n, &said, failed);
    free(said.probs);
    free(said.spread);
    free(said.votes);
    for (int i = 0; i < n; i++)
        release(&seen[i]);
    return root;
}

/* A whole number from 0 to max; -1. */
static int small_number(const char *text, int max)
{
    char *end;
    errno = 0;
    long value = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    return value < 0 || errno || *end || value > max ? -1 : (int)value;
}

static int check_images(const struct serve_upload *upload, const struct asked *asked, struct err *err)
{
    if (upload->failed)
        return err_set(err, E_IO, "out of memory for the upload; send fewer images at once");
    if (upload->boundaries.too_large)
        return err_set(err, E_USAGE, "boundaries: more than %d bytes; send the outlines of these cells only",
                       SERVE_MAX_BOUNDARIES);
    if (upload->n_images == 0)
        return err_set(err, E_USAGE, "the upload holds no image; each goes into a field named image");
    if (upload->too_many || (asked->occlusion && upload->n_images > MAX_OCCLUDED))
        return err_set(err, E_USAGE, "more than %d images%s; send them in parts",
                       upload->too_many ? SERVE_MAX_IMAGES : MAX_OCCLUDED,
                       upload->too_many ? "" : " with occlusion");
    return 0;
}

static int parse(struct serve_request *request, struct asked *asked, struct err *err)
{
    const struct serve_upload *upload = request->upload;
    const char *model = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "model");
    asked->model = model ? small_number(model, INT32_MAX) : 0;
    asked->occlusion = *upload->occlusion ? small_number(upload->occlusion, 1) : 0;
    asked->similar = *upload->similar ? small_number(upload->similar, SERVE_MAX_SIMILAR) : 0;
    if (asked->model < 0)
        return err_set(err, E_USAGE, "model: '%.40s' is not a number of /api/models", model);
    if (asked->occlusion < 0 || asked->similar < 0)
        return err_set(err, E_USAGE, "occlusion is 0 or 1, similar a number from 0 to %d", SERVE_MAX_SIMILAR);
    return check_images(upload, asked, err);
}

enum MHD_Result serve_answer_predict(struct serve_request *request)
{
    struct serve *serve = request->serve;
    struct serve_loan loan = {0};
    struct asked asked = {0};
    struct err err = {0};
    int failed = 0, rc = serve_upload_end(request->upload, &err);
    if (rc == 0)
        rc = parse(request, &asked, &err);
    if (rc == 0)
        rc = serve_models_borrow(serve, asked.model, asked.similar > 0, &loan, &err);
    if (rc < 0) {
        atomic_fetch_add(&serve->counts.rejected, 1);
        return serve_send_err(request, &err);
    }
    json_t *root = predict(&loan, &asked, request, &failed, &err);
    serve_models_return(serve);
    return root ? serve_send_json(request, root, failed) : serve_send_err(request, &err);
}
