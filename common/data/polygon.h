/* polygon.h - which pixels of a crop lie in or on the outline of its cell.
 *
 * The rule is that of R's pracma::inpolygon(boundary = TRUE), in doubles: a point is in when a ray from it
 * crosses the outline an odd number of times (each edge owns its lower end, not its upper one), or when it
 * lies on an edge: within the edge's bounding box with a cross product of exactly 0. Either orientation,
 * concave or self-crossing (even-odd). Pure functions. */
#ifndef CELLSWEEP_POLYGON_H
#define CELLSWEEP_POLYGON_H

struct point {
    double x, y;
};

/* 1 when p is in or on the polygon of n vertices, closed by itself or not; else 0. */
int polygon_contains(const struct point *vertex, int n, struct point p);

/* Number of vertices that count: a last one equal to the first is dropped. */
int polygon_corners(const struct point *vertex, int n);

/* Vertices from micrometres to pixels of the crop, in place: v becomes (v - least v) / pixel_size, x
 * and y each by themselves. */
void polygon_to_pixels(struct point *vertex, int n, double pixel_size);

/* Set to 0 every pixel of a crop, pixels (height, width), whose centre is neither in nor on the polygon,
 * given in pixels. Pixel (i, j), column i and row j counted from 0, has its centre at exactly (i, j). */
void polygon_mask(const struct point *vertex, int n, float *pixels, int width, int height);

#endif
