/* Why a predictor says what it says: where it looked, and which known images look alike to it. */
#include "predict/predictor_parts.h"

#include "features/features.h"
#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- occlusion ---- */

enum { MAX_GRID = 16, MIN_GRID = 6, MAX_PASSES = 384 };

static int by_value(const void *a, const void *b)
{
    return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

/* What hidden pixels become: the image's background, so that hiding background changes nothing. */
static int border_median(const float *pixels, int size, int channels, float *out, struct err *err)
{
    float *border = err_calloc(4 * (size_t)size, sizeof *border, "the border of an image", err);
    if (!border)
        return E_IO;
    for (int c = 0; c < channels; c++) {
        for (int i = 0; i < size; i++) {
            border[4 * i] = pixels[i * channels + c];
            border[4 * i + 1] = pixels[((size - 1) * size + i) * channels + c];
            border[4 * i + 2] = pixels[i * size * channels + c];
            border[4 * i + 3] = pixels[(i * size + size - 1) * channels + c];
        }
        qsort(border, 4 * (size_t)size, sizeof *border, by_value);
        out[c] = border[2 * size];
    }
    free(border);
    return 0;
}

/* A grid of hidden squares: grid x grid of them, side pixels wide, from edge to edge of the image. */
struct squares {
    int grid, side, size, channels;
};

static struct squares squares_of(const struct predictor *p)
{
    struct squares s = {.size = p->size, .channels = p->channels, .side = (p->size + 4) / 5};
    s.grid = (int)sqrt((double)MAX_PASSES / p->n_networks);
    s.grid = s.grid > MAX_GRID ? MAX_GRID : s.grid < MIN_GRID ? MIN_GRID : s.grid;
    return s;
}

static size_t floats_of(const struct squares *s)
{
    return image_floats(s->size) * (size_t)s->channels;
}

static int square_start(const struct squares *s, int i)
{
    return i * (s->size - s->side) / (s->grid - 1);
}

/* The image (size, size, channels) with square k hidden under one colour (channels). */
static void hide(const struct squares *s, const float *pixels, int k, const float *fill, float *out)
{
    int x = square_start(s, k % s->grid), y = square_start(s, k / s->grid);
    memcpy(out, pixels, floats_of(s) * sizeof *out);
    for (int j = y; j < y + s->side; j++)
        for (int i = x; i < x + s->side; i++)
            memcpy(out + (j * s->size + i) * s->channels, fill, (size_t)s->channels * sizeof *out);
}

/* map from how much each square's hiding costs (grid, grid). cover (size, size) is scratch, zeroed. */
static void spread(const struct squares *s, const float *fall, float *map, int *cover)
{
    memset(map, 0, image_floats(s->size) * sizeof *map);
    for (int k = 0; k < s->grid * s->grid; k++) {
        int x = square_start(s, k % s->grid), y = square_start(s, k / s->grid);
        for (int j = y; j < y + s->side; j++)
            for (int i = x; i < x + s->side; i++) {
                map[j * s->size + i] += fall[k];
                cover[j * s->size + i]++;
            }
    }
    for (size_t i = 0; i < image_floats(s->size); i++)
        map[i] = cover[i] ? map[i] / (float)cover[i] : 0;
}

/* Everything occlusion needs besides its map: the image itself and one with each square hidden. */
struct occlusion {
    float *pixels, *probs, *fall;
    const float **image;
    int *cover;
};

static int occlude(struct predictor *p, const struct squares *s, const float *pixels, int c,
                   struct occlusion *o, float *map, struct err *err)
{
    int n = s->grid * s->grid;
    float fill[IMAGE_MAX_CHANNELS];
    int rc = border_median(pixels, s->size, s->channels, fill, err);
    for (int k = 0; k < n && rc == 0; k++) {
        float *hidden = o->pixels + (size_t)k * floats_of(s);
        hide(s, pixels, k, fill, hidden);
        o->image[k] = hidden;
    }
    o->image[n] = pixels;
    if (rc == 0)
        rc = predictor_classify(p, o->image, n + 1, o->probs, err);
    if (rc < 0)
        return rc;
    const float *whole = o->probs + (size_t)n * (size_t)p->n_classes;
    for (int k = 0; k < n; k++)
        o->fall[k] = whole[c] - o->probs[(size_t)k * (size_t)p->n_classes + (size_t)c];
    spread(s, o->fall, map, o->cover);
    return 0;
}

int predictor_occlusion(struct predictor *p, const float *pixels, int c, float *map, struct err *err)
{
    const struct squares s = squares_of(p);
    size_t n = (size_t)s.grid * (size_t)s.grid, area = image_floats(s.size);
    struct occlusion o = {
        .pixels = err_calloc(n * floats_of(&s), sizeof(float), "hidden squares", err),
        .probs = err_calloc((n + 1) * (size_t)p->n_classes, sizeof(float), "hidden squares", err),
        .fall = err_calloc(n, sizeof(float), "hidden squares", err),
        .image = err_calloc(n + 1, sizeof(float *), "hidden squares", err),
        .cover = err_calloc(area, sizeof(int), "hidden squares", err)};
    int rc = c < 0 || c >= p->n_classes ? err_set(err, E_USAGE, "class %d: there are %d", c, p->n_classes)
             : o.pixels && o.probs && o.fall && o.image && o.cover ? occlude(p, &s, pixels, c, &o, map, err)
                                                                   : E_IO;
    free(o.pixels);
    free(o.probs);
    free(o.fall);
    free(o.image);
    free(o.cover);
    return rc;
}

/* ---- alike ---- */

/* Of the first job, whose model says what looks alike. */
static const struct config *first_config(const struct predictor *p)
{
    return &p->nets[p->voter[0].nets].config;
}

/* Numbers by which images are alike: those of its model, else the features that it is given; 0: none. */
static int n_features(const struct predictor *p)
{
    const struct config *config = first_config(p);
    const struct model_kind *kind = model_of(config);
    return kind->n_features            ? (int)kind->n_features(config)
           : feature_is_pixels(config) ? 0
                                       : (int)feature_floats(config);
}

/* Features (n, n_features) of n images, each scaled to length 1; one without any activation stays 0. */
static void unit_features(struct predictor *p, const float *const *image, int n, float *out)
{
    int units = n_features(p);
    struct ensemble *nets = predictor_load(p, 0);
    const struct model_kind *kind = model_of(first_config(p));
    if (kind->embed)
        kind->embed(ensemble_member(nets, 0), image, n, out);
    else
        features_make(ensemble_features(nets), image, n, out);
    for (int i = 0; i < n; i++, out += units) {
        double sum = 0;
        for (int u = 0; u < units; u++)
            sum += (double)out[u] * (double)out[u];
        for (int u = 0; u < units && sum > 0; u++)
            out[u] = (float)((double)out[u] / sqrt(sum));
    }
}

int predictor_is_ours(const struct predictor *p, int cluster)
{
    for (int c = 0; c < p->n_classes; c++)
        if (p->cluster[c] == cluster)
            return 1;
    return 0;
}

static int count_ours(const struct predictor *p, const struct dataset *data)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++)
        n += predictor_is_ours(p, data->image[i].cluster);
    return n;
}

enum { SOME = 64 };

/* Features of the dataset's images of our clusters, a few at a time: they may have to be resized. */
static void look_at_all(struct predictor *p, const struct dataset *data, float *scratch)
{
    const float *image[SOME];
    size_t floats = predictor_floats(p);
    int n = 0;
    p->n_known = 0;
    for (int i = 0; i < data->n_images; i++) {
        if (predictor_is_ours(p, data->image[i].cluster)) {
            float *pixels = scratch + (size_t)n * floats;
            resize_bilinear(pixels, p->size, dataset_pixels(data, i), data->size, data->size, data->channels);
            image[n++] = pixels;
            p->known[p->n_known++] = i;
        }
        if (n == SOME || (i == data->n_images - 1 && n > 0)) {
            unit_features(p, image, n, p->known_feature + (size_t)(p->n_known - n) * (size_t)n_features(p));
            n = 0;
        }
    }
}

int predictor_check_data(const struct predictor *p, const struct dataset *data, struct err *err)
{
    if (data->size < p->size)
        return err_set(err, E_USAGE, "%s: its images are %d pixels wide, the network sees %d: other data",
                       data->origin, data->size, p->size);
    if (data->channels != p->channels)
        return err_set(err, E_USAGE, "%s: its images have %d channels, the network takes %d: other data",
                       data->origin, data->channels, p->channels);
    return 0;
}

static int remember(struct predictor *p, const struct dataset *data, struct err *err)
{
    size_t n = (size_t)count_ours(p, data);
    if (*p->checksum && strcmp(p->checksum, data->checksum) == 0)
        return 0;
    if (predictor_check_data(p, data, err) < 0)
        return E_USAGE;
    free(p->known);
    free(p->known_feature);
    *p->checksum = '\0';
    p->known = err_calloc(n, sizeof *p->known, "features of the dataset", err);
    p->known_feature =
        err_calloc(n * (size_t)n_features(p), sizeof *p->known_feature, "features of the dataset", err);
    float *scratch = err_calloc(SOME * predictor_floats(p), sizeof *scratch, "features of the dataset", err);
    int rc = p->known && p->known_feature && scratch ? 0 : E_IO;
    if (rc == 0) {
        look_at_all(p, data, scratch);
        memcpy(p->checksum, data->checksum, sizeof p->checksum);
    }
    free(scratch);
    return rc;
}

static float dot(const float *a, const float *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return (float)sum;
}

/* Insert into the k best so far (n of them); the earlier of equals stays first. Returns the new n. */
static int insert(int row, float value, int k, int *image, float *similarity, int n)
{
    int at = n;
    while (at > 0 && similarity[at - 1] < value)
        at--;
    if (at == k)
        return n;
    n += n < k;
    for (int i = n - 1; i > at; i--) {
        image[i] = image[i - 1];
        similarity[i] = similarity[i - 1];
    }
    image[at] = row;
    similarity[at] = value;
    return n;
}

int predictor_similar(struct predictor *p, const struct dataset *data, const float *pixels, int k, int *image,
                      float *similarity, struct err *err)
{
    if (n_features(p) == 0)
        return 0;
    int units = n_features(p), n = 0, rc = remember(p, data, err);
    float *mine = err_calloc((size_t)units, sizeof *mine, "features of an image", err);
    if (!mine)
        rc = E_IO;
    if (rc == 0) {
        unit_features(p, &pixels, 1, mine);
        for (int i = 0; i < p->n_known; i++)
            n = insert(p->known[i], dot(mine, p->known_feature + (size_t)i * (size_t)units, units), k, image,
                       similarity, n);
    }
    free(mine);
    return rc < 0 ? rc : n;
}
