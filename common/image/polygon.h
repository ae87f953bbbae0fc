/* polygon.h - which pixels of a crop lie in or on the outline of its cell.
 *
 * The rule is that of R's pracma::inpolygon(boundary = TRUE), in doubles: a point is in when a ray from it
 * crosses the outline an odd number of times (each edge owns its lower end, not its upper one), or when it
 * lies on an edge: within the edge's bounding box with a cross product of exactly 0. Either orientation,
 * concave or self-crossing (even-odd). A list of vertices that is one closed ring after the other, each ended
 * by its first vertex, is so many polygons, with no edge between them; any other list is one. Pure
 * functions. */
#ifndef CELLSWEEP_POLYGON_H
#define CELLSWEEP_POLYGON_H

struct point {
    double x, y;
};

/* 1 when p is in or on the polygon of n vertices, closed by itself or not; else 0. */
int polygon_contains(const struct point *vertex, int n, struct point p);

/* Number of closed rings of which a list consists, two or more; 1: it is one polygon, closed by itself or
 * not. end (n, may be NULL): end[k] becomes the place of the last vertex of ring k, equal to its first. */
int polygon_rings(const struct point *vertex, int n, int *end);

/* Twice the area inside, of all rings. 0 for fewer than 3 vertices. */
double polygon_twice_area(const struct point *vertex, int n);

/* 1 when a list that counts as one polygon looks like two that were not closed: it can be cut so that the
 * boxes of the halves lie apart, and an edge from one to the other crosses further edges. */
int polygon_looks_like_two(const struct point *vertex, int n);

/* Leave out what stands twice, in place: a list and the same again, a ring that equals one before it. Returns
 * how many vertices are left; of one polygon without a repeated last one. */
int polygon_tidy(struct point *vertex, int n);

/* Number of vertices that count: a last one equal to the first is dropped. */
int polygon_corners(const struct point *vertex, int n);

/* Vertices from micrometres to pixels of the crop, in place: v becomes (v - least v) / pixel_size, x
 * and y each by themselves. */
void polygon_to_pixels(struct point *vertex, int n, double pixel_size);

/* Set to 0 every pixel of a crop, pixels (height, width, channels), whose centre is neither
 * in nor on the polygon, given in pixels. Pixel (i, j), column i and row j counted from 0,
 * has its centre at exactly (i, j). */
void polygon_mask(const struct point *vertex, int n, float *pixels, int width, int height, int channels);

#endif
