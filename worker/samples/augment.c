#include "samples/augment.h"

#include <math.h>
#include <string.h>

static const double radians_per_degree = 0.017453292519943295;

static const struct setting variant_rows[] = {
    {"augment.variants", SETTING_INT, offsetof(struct augment_variants, variants), 1, 1000, "16", NULL,
     "augmented versions made of every minority image"},
    {0},
};

const struct section augment_section = {.setting = variant_rows, .size = sizeof(struct augment_variants)};

#define FIELD(f) offsetof(struct augment_settings, f)

static const struct setting settings[] = {
    {"augment.rotation", SETTING_REAL, FIELD(rotation), 0, 180, "40", NULL, "largest rotation, degrees"},
    {"augment.shift", SETTING_REAL, FIELD(shift), 0, 1, "0.2", NULL,
     "largest shift, share of the image size"},
    {"augment.shear", SETTING_REAL, FIELD(shear), 0, 80, "0.2", NULL, "largest shear angle, degrees"},
    {"augment.zoom_min", SETTING_REAL, FIELD(zoom_min), 0.05, 20, "0.8", NULL, "smallest zoom factor"},
    {"augment.zoom_max", SETTING_REAL, FIELD(zoom_max), 0.05, 20, "1.2", NULL, "largest zoom factor"},
    {"augment.flip", SETTING_REAL, FIELD(flip), 0, 1, "0.5", NULL, "probability of a horizontal flip"},
    {0},
};

static int check(const void *settings_of_job, struct err *err)
{
    const struct augment_settings *s = settings_of_job;
    if (s->zoom_min > s->zoom_max)
        return err_set(err, E_USAGE, "augment.zoom_min %g is larger than augment.zoom_max %g", s->zoom_min,
                       s->zoom_max);
    return 0;
}

const struct section augment_ranges_section = {
    .setting = settings, .size = sizeof(struct augment_settings), .check = check};

/* a = a * b, of 3x3 matrices whose last row is (0, 0, 1). Indices are (row, column) of the image, as in
 * Keras. */
static void compose(double a[2][3], const double b[2][3])
{
    for (int i = 0; i < 2; i++) {
        double row[3];
        for (int j = 0; j < 3; j++)
            row[j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + (j == 2 ? a[i][2] : 0);
        memcpy(a[i], row, sizeof row);
    }
}

/* The same map on (x, y) instead of (row, column). */
static struct augment_warp from_row_column(double m[2][3])
{
    struct augment_warp warp = {{{m[1][1], m[1][0], m[1][2]}, {m[0][1], m[0][0], m[0][2]}}};
    return warp;
}

struct augment_warp augment_matrix(const struct augment_parameters *p, int size)
{
    const double centre = size / 2.0 - 0.5;
    const double theta = p->rotation * radians_per_degree, shear = p->shear * radians_per_degree;
    const double rotate[2][3] = {{cos(theta), -sin(theta), 0}, {sin(theta), cos(theta), 0}};
    const double shift[2][3] = {{1, 0, p->shift_y}, {0, 1, p->shift_x}};
    const double slant[2][3] = {{1, -sin(shear), 0}, {0, cos(shear), 0}};
    const double zoom[2][3] = {{p->zoom_y, 0, 0}, {0, p->zoom_x, 0}};
    const double from_centre[2][3] = {{1, 0, -centre}, {0, 1, -centre}};
    const double flip[2][3] = {{1, 0, 0}, {0, -1, size - 1.0}};
    double m[2][3] = {{1, 0, centre}, {0, 1, centre}};
    compose(m, rotate);
    compose(m, shift);
    compose(m, slant);
    compose(m, zoom);
    compose(m, from_centre);
    if (p->flip)
        compose(m, flip);
    return from_row_column(m);
}

struct augment_parameters augment_parameters_draw(const struct config *config, int size, struct rng *rng)
{
    const struct augment_settings *s = config_of(config, &augment_ranges_section);
    const double shift = s->shift * size;
    struct augment_parameters p;
    p.rotation = rng_between(rng, -s->rotation, s->rotation);
    p.shift_y = rng_between(rng, -shift, shift);
    p.shift_x = rng_between(rng, -shift, shift);
    p.shear = rng_between(rng, -s->shear, s->shear);
    p.zoom_y = rng_between(rng, s->zoom_min, s->zoom_max);
    p.zoom_x = rng_between(rng, s->zoom_min, s->zoom_max);
    p.flip = rng_uniform(rng) < s->flip;
    return p;
}

struct augment_warp augment_draw(const struct config *config, int size, struct rng *rng)
{
    struct augment_parameters p = augment_parameters_draw(config, size, rng);
    return augment_matrix(&p, size);
}

static double clamp(double value, double high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

/* Bilinear value at (x, y). Clamping the position first is the nearest fill: beyond the edge lies the edge
 * pixel. */
static float sample_at(const float *in, int size, int channels, double x, double y)
{
    x = clamp(x, size - 1);
    y = clamp(y, size - 1);
    int x0 = (int)x, y0 = (int)y;
    int x1 = x0 + (x0 < size - 1), y1 = y0 + (y0 < size - 1);
    double u = x - x0, v = y - y0;
    const float *top = in + (size_t)y0 * (size_t)(size * channels);
    const float *bottom = in + (size_t)y1 * (size_t)(size * channels);
    double upper = (1 - u) * (double)top[x0 * channels] + u * (double)top[x1 * channels];
    double lower = (1 - u) * (double)bottom[x0 * channels] + u * (double)bottom[x1 * channels];
    return (float)((1 - v) * upper + v * lower);
}

void augment_apply(float *out, const float *in, int size, int channels, const struct augment_warp *warp)
{
    const double(*m)[3] = warp->matrix;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            for (int c = 0; c < channels; c++)
                *out++ = sample_at(in + c, size, channels, m[0][0] * x + m[0][1] * y + m[0][2],
                                   m[1][0] * x + m[1][1] * y + m[1][2]);
}
