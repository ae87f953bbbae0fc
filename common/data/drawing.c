#include "data/drawing.h"

#include "rng.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_SPOTS = 16, N_WAVES = 6, N_NEIGHBOURS = 3, TISSUE_SIDE = 4000 };

static const double pi = 3.14159265358979323846;
static const double pixel = 0.2125; /* micrometres */

/* How far cells of one cluster scatter around its mean look. */
static const double scatter[N_LOOKS] = {0.10, 0.05, 1.0, 0.15, 0.18, 0.03};

/* Light at the far end of the section less that at its beginning, relative to the middle. */
static const double light_gradient = 0.9;

/* A dented ellipse with a soft edge. */
struct nucleus {
    struct point at;
    double a, b, sine, cosine; /* half axes and direction of the long one */
    double dent[4];            /* relative change of the radius by cos and sin of 2 and 3 times the angle */
    double brightness;
    double reach_squared; /* nothing of it is seen from farther away than that */
};

/* A cell about to be painted, micrometres from the crop's corner. */
struct scene {
    struct nucleus own, neighbour[N_NEIGHBOURS];
    double grain, glow, glow_reach, contrast;
    double wave[N_WAVES][3]; /* x and y frequency, phase */
    double light;            /* of this place in the section */
    int n_spots;
    struct point spot[MAX_SPOTS];
    double spot_size[MAX_SPOTS];
};

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* A draw from a distribution given by three quantiles: linear in the logarithm between and beyond them. */
static double draw_area(struct rng *rng, const double quantile[3])
{
    double u = rng_between(rng, 0.02, 0.98), low = log(quantile[0]), mid = log(quantile[1]),
           high = log(quantile[2]);
    return exp(u < 0.5 ? low + (mid - low) * (u - 0.1) / 0.4 : mid + (high - mid) * (u - 0.5) / 0.4);
}

static void draw_look(struct rng *rng, const struct kind *kind, double look[N_LOOKS])
{
    for (int k = 0; k < N_LOOKS; k++)
        look[k] = kind->look[k] + scatter[k] * clamp(rng_normal(rng), -2.5, 2.5);
    look[LOOK_BRIGHTNESS] = clamp(look[LOOK_BRIGHTNESS], 0.12, 0.95);
    look[LOOK_GRAIN] = clamp(look[LOOK_GRAIN], 0.0, 0.6);
    look[LOOK_SPOTS] = clamp(look[LOOK_SPOTS], 0.0, MAX_SPOTS);
    look[LOOK_CONTRAST] = clamp(look[LOOK_CONTRAST], 0.0, 1.5);
    look[LOOK_LENGTH] = clamp(look[LOOK_LENGTH], 1.0, 3.5);
    look[LOOK_GLOW] = clamp(look[LOOK_GLOW], 0.0, 0.5);
}

/* ---- outline ---- */

static double shoelace(const struct point *v, int n)
{
    double twice = 0.0;
    for (int i = 0, j = n - 1; i < n; j = i++)
        twice += v[j].x * v[i].y - v[i].x * v[j].y;
    return fabs(twice) / 2.0;
}

/* Where tissue coordinates end up in the file. */
static double round4(double v)
{
    return round(v * 1e4) / 1e4;
}

/* How far across the section a cell lies, 0 to 1. */
static double place_of(int id)
{
    return (double)id / DRAWING_CELLS;
}

/* A star-shaped polygon of the given area at a place in the section; *centre: what it is star-shaped
 * around. */
static void draw_outline(struct rng *rng, double area, double place, struct point *outline,
                         struct point *centre)
{
    double stretch = rng_between(rng, 1.0, 1.5), turn = rng_between(rng, 0.0, 2.0 * pi);
    for (int i = 0; i < DRAWING_CORNERS; i++) {
        double angle = 2.0 * pi * (i + rng_between(rng, -0.3, 0.3)) / DRAWING_CORNERS;
        double radius = rng_between(rng, 0.75, 1.2);
        double x = radius * cos(angle) * stretch, y = radius * sin(angle);
        outline[i].x = x * cos(turn) - y * sin(turn);
        outline[i].y = x * sin(turn) + y * cos(turn);
    }
    double scale = sqrt(area / shoelace(outline, DRAWING_CORNERS));
    centre->x = place * TISSUE_SIDE + rng_between(rng, 100.0, 200.0);
    centre->y = rng_between(rng, 100.0, TISSUE_SIDE);
    for (int i = 0; i < DRAWING_CORNERS; i++) {
        outline[i].x = round4(centre->x + scale * outline[i].x);
        outline[i].y = round4(centre->y + scale * outline[i].y);
    }
}

/* ---- what is inside ---- */

static struct nucleus make_nucleus(struct rng *rng, struct point at, double area, double length,
                                   double brightness)
{
    double turn = rng_between(rng, 0.0, pi), b = sqrt(area / (pi * length));
    struct nucleus n = {.at = at, .a = b * length, .b = b, .brightness = brightness};
    n.sine = sin(turn);
    n.cosine = cos(turn);
    for (int k = 0; k < 4; k++)
        n.dent[k] = rng_between(rng, -0.08, 0.08);
    /* coverage() ends 3.2 micrometres beyond the edge of b; dents change a radius by less than 1.23 */
    double reach = 1.23 * n.a * (1.0 + 3.2 / b);
    n.reach_squared = reach * reach;
    return n;
}

/* Distance from the centre in units of the nucleus' own radius in that direction: 1 on its edge. Far away:
 * 9. */
static double relative_radius(const struct nucleus *n, struct point p)
{
    double x = p.x - n->at.x, y = p.y - n->at.y;
    if (x * x + y * y > 81.0 * n->b * n->b)
        return 9.0;
    double u = (x * n->cosine + y * n->sine) / n->a, v = (y * n->cosine - x * n->sine) / n->b;
    double square = u * u + v * v, r = sqrt(square);
    if (r < 1e-9)
        return 0.0;
    double two = n->dent[0] * (u * u - v * v) + n->dent[1] * 2.0 * u * v;
    double three = n->dent[2] * u * (u * u - 3.0 * v * v) + n->dent[3] * v * (3.0 * u * u - v * v);
    return r / (1.0 + two / square + three / (square * r));
}

/* A point of the ellipse, within `share` of its edge. */
static struct point point_inside(struct rng *rng, const struct nucleus *n, double share)
{
    double r = share * sqrt(rng_uniform(rng)), angle = rng_between(rng, 0.0, 2.0 * pi);
    double u = r * n->a * cos(angle), v = r * n->b * sin(angle);
    return (struct point){n->at.x + u * n->cosine - v * n->sine, n->at.y + u * n->sine + v * n->cosine};
}

static void draw_texture(struct rng *rng, struct scene *scene)
{
    for (int k = 0; k < N_WAVES; k++) {
        double frequency = 2.0 * pi / rng_between(rng, 1.8, 5.0), turn = rng_between(rng, 0.0, 2.0 * pi);
        scene->wave[k][0] = frequency * cos(turn);
        scene->wave[k][1] = frequency * sin(turn);
        scene->wave[k][2] = rng_between(rng, 0.0, 2.0 * pi);
    }
}

static void draw_spots(struct rng *rng, struct scene *scene, double n)
{
    scene->n_spots = (int)(n + 0.5);
    for (int k = 0; k < scene->n_spots; k++) {
        scene->spot[k] = point_inside(rng, &scene->own, 0.8);
        scene->spot_size[k] = rng_between(rng, 0.45, 0.8);
    }
}

/* Nuclei of neighbours, centred beyond the outline's corners. */
static void draw_neighbours(struct rng *rng, struct scene *scene, struct point centre,
                            const struct point *corner)
{
    for (int k = 0; k < N_NEIGHBOURS; k++) {
        struct point c = corner[rng_below(rng, DRAWING_CORNERS)];
        double dx = c.x - centre.x, dy = c.y - centre.y, reach = sqrt(dx * dx + dy * dy);
        double area = rng_between(rng, 15.0, 60.0),
               away = 1.0 + (sqrt(area / pi) + rng_between(rng, 0.0, 4.0)) / reach;
        struct point at = {centre.x + away * dx, centre.y + away * dy};
        scene->neighbour[k] =
            make_nucleus(rng, at, area, rng_between(rng, 1.0, 1.8), rng_between(rng, 0.2, 0.8));
    }
}

static void draw_scene(struct rng *rng, const struct kind *kind, double cell_area, struct point centre,
                       const struct point *corner, struct scene *scene)
{
    double look[N_LOOKS], off = 0.12 * sqrt(cell_area);
    double area = fmin(draw_area(rng, kind->nucleus_area), 0.4 * cell_area);
    draw_look(rng, kind, look);
    struct point at = {centre.x + off * rng_between(rng, -1.0, 1.0),
                       centre.y + off * rng_between(rng, -1.0, 1.0)};
    scene->own = make_nucleus(rng, at, area, look[LOOK_LENGTH], look[LOOK_BRIGHTNESS]);
    scene->grain = look[LOOK_GRAIN];
    scene->contrast = look[LOOK_CONTRAST];
    scene->glow = look[LOOK_GLOW];
    scene->glow_reach = 0.3 * sqrt(cell_area);
    draw_texture(rng, scene);
    draw_spots(rng, scene, look[LOOK_SPOTS]);
    draw_neighbours(rng, scene, centre, corner);
}

/* ---- painting ---- */

/* 1 well inside, 0 well outside, half on the edge; the edge is about 0.8 micrometres wide, as
 * a lens blurs it. */
static double coverage(const struct nucleus *n, double radius)
{
    double depth = (1.0 - radius) * n->b / 0.4;
    return depth > 8.0 ? 1.0 : depth < -8.0 ? 0.0 : 1.0 / (1.0 + exp(-2.0 * depth));
}

static double texture(const struct scene *scene, struct point p)
{
    double sum = 0.0;
    for (int k = 0; k < N_WAVES; k++)
        sum += cos(scene->wave[k][0] * p.x + scene->wave[k][1] * p.y + scene->wave[k][2]);
    return sum / N_WAVES;
}

static double spots(const struct scene *scene, struct point p)
{
    double sum = 0.0;
    for (int k = 0; k < scene->n_spots; k++) {
        double dx = p.x - scene->spot[k].x, dy = p.y - scene->spot[k].y, s = scene->spot_size[k];
        double distance = (dx * dx + dy * dy) / (2.0 * s * s);
        if (distance < 12.0)
            sum += exp(-distance);
    }
    return sum;
}

static double light_at(const struct scene *scene, struct point p)
{
    const struct nucleus *own = &scene->own;
    double radius = relative_radius(own, p), inside = coverage(own, radius);
    double light =
        0.012 + own->brightness * scene->glow * exp(-fmax(radius - 1.0, 0.0) * own->b / scene->glow_reach);
    if (inside > 1e-3)
        light += inside * own->brightness *
                 (0.75 + scene->grain * texture(scene, p) + scene->contrast * spots(scene, p) * 0.5);
    for (int k = 0; k < N_NEIGHBOURS; k++) {
        const struct nucleus *n = &scene->neighbour[k];
        double x = p.x - n->at.x, y = p.y - n->at.y;
        if (x * x + y * y > n->reach_squared)
            continue;
        light += 0.8 * n->brightness * coverage(n, relative_radius(n, p));
    }
    return light * scene->light;
}

/* Light to 8 bits with a little noise of the camera: up to half a level, more where it is bright. */
static void paint(struct rng *rng, const struct scene *scene, struct point corner, struct drawing *out)
{
    unsigned char *gray = out->gray;
    for (int j = 0; j < out->height; j++)
        for (int i = 0; i < out->width; i++) {
            double light = light_at(scene, (struct point){corner.x + i * pixel, corner.y + j * pixel});
            double noise = (rng_u32(rng) * 0x1p-32 - 0.5) * (1.0 + 10.0 * light);
            *gray++ = (unsigned char)clamp(255.0 * light + noise + 0.5, 0.0, 255.0);
        }
}

/* The crop is the outline's bounding box, pixel (0, 0) on its corner. */
static int make_crop(struct drawing *out, struct point *corner, struct err *err)
{
    struct point low = out->outline[0], high = low;
    for (int i = 1; i < DRAWING_CORNERS; i++) {
        low.x = fmin(low.x, out->outline[i].x);
        low.y = fmin(low.y, out->outline[i].y);
        high.x = fmax(high.x, out->outline[i].x);
        high.y = fmax(high.y, out->outline[i].y);
    }
    out->width = (int)((high.x - low.x) / pixel) + 1;
    out->height = (int)((high.y - low.y) / pixel) + 1;
    *corner = low;
    out->gray = err_calloc((size_t)out->width * (size_t)out->height, 1, "a synthetic cell", err);
    return out->gray ? 0 : E_IO;
}

int drawing_make(const struct kind *kind, int id, struct drawing *out, struct err *err)
{
    int32_t cell = id;
    struct rng rng = rng_start(rng_key("synthetic cell", &cell, sizeof cell), 0);
    struct scene scene;
    struct point centre, corner;
    double cell_area = draw_area(&rng, kind->cell_area);
    draw_outline(&rng, cell_area, place_of(id), out->outline, &centre);
    int rc = make_crop(out, &corner, err);
    if (rc < 0)
        return rc;
    draw_scene(&rng, kind, cell_area, centre, out->outline, &scene);
    scene.light = 1.0 + light_gradient * (place_of(id) - 0.5);
    paint(&rng, &scene, corner, out);
    return 0;
}

void drawing_release(struct drawing *drawing)
{
    free(drawing->gray);
    *drawing = (struct drawing){0};
}
