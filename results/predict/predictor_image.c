/* From an image file's bytes to what the network sees: the way that data pack goes. */
#include "predict/predictor_parts.h"

#include "table/ids.h"
#include "data/pack.h"
#include "image/image.h"
#include "image/resize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Vertices x pixels of a mask, a second's work; a crop of a cell takes a thousandth of it. */
#define MAX_MASK_STEPS 5e8

void predictor_id(const char *name, char *out, size_t size)
{
    const char *slash = strrchr(name, '/');
    snprintf(out, size, "%s", ids_bare(slash ? slash + 1 : name));
    out[image_stem(out)] = '\0';
}

/* A copy of the outline of the image `name`, which masking changes; *n 0 when there is none. only: a table of
 * one fits any name. */
static int find_outline(const struct outlines *outlines, const char *name, int only, struct point **out,
                        int *n, struct err *err)
{
    char id[PREDICTOR_ID_SIZE];
    predictor_id(name, id, sizeof id);
    int cell = only && outlines->n_cells == 1 ? 0 : outlines_find(outlines, id);
    *n = 0;
    *out = NULL;
    if (cell < 0)
        return 0;
    const struct point *vertex = outlines_of(outlines, cell, n);
    *out = err_calloc((size_t)*n, sizeof **out, name, err);
    if (!*out)
        return E_IO;
    memcpy(*out, vertex, (size_t)*n * sizeof **out);
    return 0;
}

/* err's reason with the image's name in front, unless it is there. */
static int name_reason(const char *name, int rc, const struct err *why, struct err *err)
{
    size_t n = strlen(name);
    if (strncmp(why->text, name, n) == 0)
        return err_set(err, rc, "%s", why->text);
    return err_set(err, rc, "%s: %.800s", name, why->text);
}

/* As the dataset's images became pixels. *seen: what of the file was used to mask, or not used. */
static int to_pixels(const struct predictor *p, struct image *image, struct predictor_image *seen,
                     struct err *err)
{
    seen->coloured = image->coloured && p->how.channels == CHANNELS_GRAY;
    seen->transparent = image->transparent && !p->how.alpha_masks;
    seen->masked = image->transparent && p->how.alpha_masks;
    int rc = preprocess_apply(&p->how, image, err);
    if (rc < 0 || image->channels == p->channels)
        return rc;
    return err_set(err, E_IO, "%d channel%s, and the networks take %d, as the sweep's images have",
                   image->channels, image->channels == 1 ? "" : "s", p->channels);
}

/* Scale and mask what was read. *err: the reason alone. */
static int mask(const struct predictor *p, struct image *image, const char *name,
                const struct outlines *outlines, int only, struct predictor_image *info, struct err *err)
{
    const struct outline_way way = {p->pixel_size, CROP_BOX, 0, 0};
    struct point *vertex = NULL;
    struct predictor_image seen = {0};
    int n_vertices = 0, rc = to_pixels(p, image, &seen, err);
    if (rc == 0 && outlines)
        rc = find_outline(outlines, name, only, &vertex, &n_vertices, err);
    if (rc == 0 && (double)n_vertices * image->width * image->height > MAX_MASK_STEPS)
        rc = err_set(err, E_IO, "an outline of %d vertices around %d x %d pixels is no cell's", n_vertices,
                     image->width, image->height);
    if (rc == 0 && n_vertices)
        rc = pack_mask(&way, image, vertex, n_vertices, err);
    int misfit = rc == 0 && outline_misfits(&way, vertex, n_vertices, image->width, image->height);
    free(vertex);
    if (rc == 0)
        *info = (struct predictor_image){.width = image->width,
                                         .height = image->height,
                                         .masked = n_vertices > 0 || seen.masked,
                                         .misfit = misfit,
                                         .coloured = seen.coloured,
                                         .transparent = seen.transparent};
    return rc;
}

/* Read and mask. On 0 the image is the caller's. */
static int read_masked(const struct predictor *p, const struct image_file *file,
                       const struct outlines *outlines, int only, struct image *image,
                       struct predictor_image *info, struct err *err)
{
    struct err why = {0};
    int rc = image_read_memory(file->bytes, file->n, file->name, file->max_side, image, &why);
    if (rc == 0)
        rc = mask(p, image, file->name, outlines, only, info, &why);
    if (rc == 0)
        return 0;
    image_release(image);
    return name_reason(file->name, rc, &why, err);
}

/* Twice when the network's images are smaller than the dataset's, as job_run() does. */
static int resize(const struct predictor *p, const struct image *image, float *pixels, struct err *err)
{
    if (p->data_size == p->size) {
        resize_bilinear(pixels, p->size, image->pixels, image->width, image->height, p->channels);
        return 0;
    }
    float *packed =
        err_calloc(image_floats(p->data_size) * (size_t)p->channels, sizeof *packed, "a resized image", err);
    if (!packed)
        return E_IO;
    resize_bilinear(packed, p->data_size, image->pixels, image->width, image->height, p->channels);
    resize_bilinear(pixels, p->size, packed, p->data_size, p->data_size, p->channels);
    free(packed);
    return 0;
}

static int is_flat(const struct predictor *p, const float *pixels)
{
    size_t channels = (size_t)p->channels;
    for (size_t i = channels; i < predictor_floats(p); i++)
        if (pixels[i] != pixels[i - channels])
            return 0;
    return 1;
}

static int prepare(const struct predictor *p, const struct image_file *file, const struct outlines *outlines,
                   int only, float *pixels, struct predictor_image *info, struct err *err)
{
    struct image image = {0};
    int rc = read_masked(p, file, outlines, only, &image, info, err);
    if (rc == 0)
        rc = resize(p, &image, pixels, err);
    if (rc == 0)
        info->flat = is_flat(p, pixels);
    image_release(&image);
    return rc;
}

int predictor_prepare_image(const struct predictor *p, struct image *image, const char *name,
                            const struct outlines *outlines, float *pixels, struct predictor_image *info,
                            struct err *err)
{
    struct err why = {0};
    int rc = mask(p, image, name, outlines, 0, info, &why);
    if (rc < 0)
        return name_reason(name, rc, &why, err);
    rc = resize(p, image, pixels, err);
    if (rc == 0)
        info->flat = is_flat(p, pixels);
    return rc;
}

int predictor_prepare_from(const struct predictor *p, const void *png, size_t n, const char *name,
                           const struct outlines *outlines, float *pixels, struct predictor_image *info,
                           struct err *err)
{
    return prepare(p, &(struct image_file){png, n, name, IMAGE_MAX_SIDE}, outlines, 0, pixels, info, err);
}

int predictor_prepare(const struct predictor *p, const void *png, size_t n, const char *name,
                      const char *outline, float *pixels, struct predictor_image *info, struct err *err)
{
    struct outlines outlines = {0};
    int rc = outline ? outlines_parse(outline, "outline", &outlines, err) : 0;
    if (rc == 0)
        rc = prepare(p, &(struct image_file){png, n, name, IMAGE_MAX_SIDE}, outline ? &outlines : NULL, 1,
                     pixels, info, err);
    outlines_release(&outlines);
    return rc;
}

int predictor_view(const struct predictor *p, const struct image_file *file, const struct outlines *outlines,
                   int alone, struct predictor_view *view, struct err *err)
{
    struct image crop = {0}, masked = {0};
    *view = (struct predictor_view){0};
    int rc = read_masked(p, file, NULL, 0, &crop, &view->info, err);
    if (rc == 0 && outlines)
        rc = read_masked(p, file, outlines, alone, &masked, &view->info, err);
    if (rc == 0 && !(view->seen = err_calloc(predictor_floats(p), sizeof *view->seen, file->name, err)))
        rc = E_IO;
    if (rc == 0)
        rc = resize(p, view->info.masked ? &masked : &crop, view->seen, err);
    if (rc == 0)
        view->info.flat = is_flat(p, view->seen);
    view->crop = crop.pixels;
    view->masked = masked.pixels;
    if (view->masked && !view->info.masked) {
        free(view->masked);
        view->masked = NULL;
    }
    if (rc < 0)
        predictor_view_release(view);
    return rc;
}

void predictor_view_release(struct predictor_view *view)
{
    free(view->crop);
    free(view->masked);
    free(view->seen);
    *view = (struct predictor_view){0};
}
