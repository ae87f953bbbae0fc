#include "data/outline_fit.h"

#include "image/image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 200, FEWEST_VOTES = 5, FEWEST_SIZES = 5 };

/* As it stands, and what it may have been turned from. */
enum turn { AS_IS, FLIPPED, SWAPPED, N_TURNS };

struct fit {
    int n;                          /* outlines looked at */
    int n_box, n_larger, n_swapped; /* of them: the box is the image's size; smaller; the size when turned */
    int votes[N_TURNS];             /* images whose light prefers it, by more than a hundredth of white */
    double ratio, ratio2;           /* sums of image side / box side, geometric means, and of its square */
    double box, box2;               /* the same of box sides */
};

static int is_near(double a, double b)
{
    return fabs(a - b) <= 2.0;
}

static void add_sizes(struct fit *fit, double w, double h, int width, int height)
{
    int box = is_near(w, width) && is_near(h, height);
    fit->n_box += box;
    fit->n_swapped += !box && is_near(h, width) && is_near(w, height);
    fit->n_larger += !box && width > w - 2.0 && height > h - 2.0;
    fit->ratio += sqrt(width * height / (w * h));
    fit->ratio2 += width * height / (w * h);
    fit->box += sqrt(w * h);
    fit->box2 += w * h;
}

/* How far the mean brightness inside and outside lie apart, cells being brighter or darker than what is
 * around them; 0 when all lies on one side. */
static double contrast(const struct image *image, const float *masked)
{
    double inside = 0.0, all = 0.0;
    size_t n = (size_t)image->width * (size_t)image->height, n_inside = 0;
    for (size_t i = 0; i < n; i++) {
        all += (double)image->pixels[i];
        inside += masked[i] > 0.0f ? (double)image->pixels[i] : 0.0;
        n_inside += masked[i] > 0.0f;
    }
    if (n_inside == 0 || n_inside == n)
        return 0.0;
    return fabs(inside / (double)n_inside - (all - inside) / (double)(n - n_inside));
}

/* That of an outline turned in some way; room: vertices and pixels as many as there are. */
static double contrast_of(const struct outline_way *way, enum turn turn, const struct image *image,
                          const struct point *outline, int n, struct point *vertex, float *mask)
{
    struct outline_way turned = *way;
    turned.flip_y ^= turn == FLIPPED;
    turned.swap_xy ^= turn == SWAPPED;
    memcpy(vertex, outline, (size_t)n * sizeof *vertex);
    for (size_t i = 0; i < (size_t)image->width * (size_t)image->height; i++)
        mask[i] = 1.0f;
    outline_to_pixels(&turned, vertex, n, image->width, image->height);
    polygon_mask(vertex, n, mask, image->width, image->height, 1);
    return contrast(image, mask);
}

static void add_light(struct fit *fit, const struct outline_way *way, const struct image *image,
                      const struct point *outline, int n, struct point *vertex, float *mask)
{
    double best = contrast_of(way, AS_IS, image, outline, n, vertex, mask), second = best - 1.0;
    int vote = AS_IS;
    int turns = is_near(image->width, image->height) ? N_TURNS : SWAPPED;
    for (int t = FLIPPED; t < turns; t++) {
        double c = contrast_of(way, (enum turn)t, image, outline, n, vertex, mask);
        if (c > best) {
            second = best;
            best = c;
            vote = t;
        } else
            second = fmax(second, c);
    }
    fit->votes[vote] += best - second > 0.01;
}

static int is_usable(const struct point *outline, int n)
{
    for (int i = 0; i < n; i++)
        if (!isfinite(outline[i].x) || !isfinite(outline[i].y))
            return 0;
    return polygon_twice_area(outline, n) > 0.0;
}

/* Images or outlines that cannot be used are looked at by whoever packs them. */
static int add_image(struct fit *fit, const struct outline_way *way, const char *path,
                     const struct point *outline, int n, struct err *err)
{
    struct image image = {0};
    if (!is_usable(outline, n) || image_read(path, &image, NULL) < 0)
        return 0;
    struct point *vertex = err_calloc((size_t)n, sizeof *vertex, "outlines", err);
    float *mask = err_calloc((size_t)image.width * (size_t)image.height, sizeof *mask, "outlines", err);
    int rc = vertex && mask ? 0 : E_IO;
    if (rc == 0) {
        struct outline_way box = *way;
        box.crop = CROP_BOX;
        memcpy(vertex, outline, (size_t)n * sizeof *vertex);
        outline_to_pixels(&box, vertex, n, image.width, image.height);
        double w = 0.0, h = 0.0;
        for (int i = 0; i < n; i++) {
            w = fmax(w, vertex[i].x);
            h = fmax(h, vertex[i].y);
        }
        fit->n++;
        add_sizes(fit, w + 1.0, h + 1.0, image.width, image.height);
        if (image_to_gray(&image, NULL) == 0)
            add_light(fit, way, &image, outline, n, vertex, mask);
    }
    free(vertex);
    free(mask);
    image_release(&image);
    return rc;
}

static int take_sample(struct fit *fit, const struct outline_way *way, const struct catalog *catalog,
                       const struct outlines *outlines, struct err *err)
{
    char path[CATALOG_PATH_SIZE + DATASET_SOURCE_SIZE];
    int step = catalog->n / SAMPLE + 1, rc = 0, n;
    *fit = (struct fit){0};
    for (int i = 0; i < catalog->n && rc == 0; i += step) {
        const struct point *outline = outlines_of(outlines, i, &n);
        snprintf(path, sizeof path, "%s/%s", catalog->folder, catalog->cell[i].source);
        if (n >= 3)
            rc = add_image(fit, way, path, outline, n, err);
    }
    return rc;
}

/* Spread of a value that was summed over n images, as a share of its mean. */
static double spread(double sum, double squares, int n)
{
    double mean = sum / n, variance = squares / n - mean * mean;
    return sqrt(fmax(variance, 0.0)) / mean;
}

/* Boxes of all sizes, each the same part of its image: then the pixel size is another one, or 0. */
static double other_pixel_size(const struct fit *fit, double pixel_size)
{
    double ratio = fit->ratio / fit->n;
    if (fit->n < FEWEST_SIZES || spread(fit->ratio, fit->ratio2, fit->n) > 0.05 ||
        spread(fit->box, fit->box2, fit->n) < 0.1)
        return 0.0;
    return pixel_size / ratio;
}

static int refuse_sizes(const struct fit *fit, const char *path, double pixel_size, struct err *err)
{
    double other = other_pixel_size(fit, pixel_size);
    if (other > 0.0)
        return err_set(
            err, E_IO,
            "%s: every image is %.2f times as large as its outline's box at %g micrometres a pixel; is "
            "the pixel size %.4g? --pixel-size says so; --crop centred if images have a margin",
            path, pixel_size / other, pixel_size, other);
    return err_set(
        err, E_IO,
        "%s: outlines do not fit their images: of %d, %d have a box of the image's size, %d are smaller; "
        "is the pixel size right? --crop box or --crop centred takes them as they are",
        path, fit->n, fit->n_box, fit->n_larger);
}

static int find_crop(const struct fit *fit, const char *path, struct outline_way *way, char *note,
                     size_t size, struct err *err)
{
    if (2 * fit->n_swapped > fit->n && !way->swap_xy)
        return err_set(
            err, E_IO,
            "%s: x and y are exchanged: %d of %d outlines fit their images only the other way; --swap-xy "
            "turns them",
            path, fit->n_swapped, fit->n);
    way->crop = CROP_BOX;
    if (2 * fit->n_box >= fit->n)
        return 0;
    if (2 * fit->n_larger <= fit->n || other_pixel_size(fit, way->pixel_size) > 0.0)
        return refuse_sizes(fit, path, way->pixel_size, err);
    way->crop = CROP_CENTRED;
    snprintf(
        note, size,
        "images are larger than the boxes of their boundaries (%d of %d looked at): the cell is taken to be "
        "in the middle (--crop centred); --crop box says that it is in the corner",
        fit->n_larger, fit->n);
    return 0;
}

/* Nearly all images that prefer a way at all set the cell off better when it is turned. */
static int refuse_turned(const struct fit *fit, const char *path, const struct outline_way *way,
                         struct err *err)
{
    int all = fit->votes[AS_IS] + fit->votes[FLIPPED] + fit->votes[SWAPPED];
    for (int t = FLIPPED; t < N_TURNS; t++) {
        int is_set = t == FLIPPED ? way->flip_y : way->swap_xy;
        if (all < FEWEST_VOTES || 10 * fit->votes[t] < 9 * all || is_set)
            continue;
        return err_set(
            err, E_IO,
            "%s: %s: in %d of %d images light and dark fit the outline only when that is mended; %s does it",
            path, t == FLIPPED ? "y grows upwards" : "x and y are exchanged", fit->votes[t], all,
            t == FLIPPED ? "--flip-y" : "--swap-xy");
    }
    return 0;
}

int outline_fit_find(const struct catalog *catalog, const struct outlines *outlines,
                     const struct dataset_options *options, struct outline_way *way, char *note, size_t size,
                     struct err *err)
{
    const char *path = catalog->boundaries;
    struct fit fit;
    *way = (struct outline_way){options->pixel_size, (enum crop)options->crop, options->flip_y,
                                options->swap_xy};
    note[0] = '\0';
    if (outlines->below && !way->flip_y)
        return err_set(err, E_IO, "%s: no vertex_y is positive: that axis grows upwards; --flip-y turns it",
                       path);
    int rc = take_sample(&fit, way, catalog, outlines, err);
    if (rc < 0 || fit.n == 0)
        return rc;
    if (way->crop == CROP_FOUND)
        rc = find_crop(&fit, path, way, note, size, err);
    if (rc == 0 && way->crop == CROP_CENTRED)
        rc = take_sample(&fit, way, catalog, outlines, err);
    return rc == 0 ? refuse_turned(&fit, path, way, err) : rc;
}
