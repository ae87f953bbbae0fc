/* shape_parts.h - the measurements that features "shape" consist of. For the shape*.c files only.
 *
 * All are pure functions of one channel and an object in it, sums in double, rows before columns. */
#ifndef CELLSWEEP_SHAPE_PARTS_H
#define CELLSWEEP_SHAPE_PARTS_H

#include <stddef.h>

enum { N_GEOMETRY = 9, N_INTENSITY = 10, N_TEXTURE = 13 };

/* What is measured of an image: some of its pixels, at least one. */
struct object {
    int size, n;             /* pixels of a side of the image; of the object */
    const unsigned char *in; /* (size, size) 1: of the object */
};

/* "area" and so on, as many as numbers. */
extern const char *const shape_geometry_names[N_GEOMETRY], *const shape_intensity_names[N_INTENSITY],
                                                               *const shape_texture_names[N_TEXTURE];

/* Of the object alone. Lengths in pixels, areas in square pixels; eccentricity, solidity (area over that of
 * the convex hull), extent (over that of the bounding box) and form_factor (4 pi area / perimeter^2) without
 * a unit. Axes are those of the ellipse of the same second moments, the perimeter is that of Benkrid and
 * Crookes, all as regionprops of scikit-image has them. corner: scratch, (12 size) */
struct corner {
    int row, column; /* in half pixels */
};
void shape_geometry(const struct object *object, struct corner *corner, double out[N_GEOMETRY]);

/* Of the values of one channel in the object: mean, sd, skewness, kurtosis (a normal one's is 0), min, lower
 * quartile, median, upper quartile (numpy's), max, sum. value: (n) of them, is sorted. */
void shape_intensity(float *value, int n, double out[N_INTENSITY]);

/* Haralick, Shanmugam and Dinstein (1973): the mean over four directions of 13 numbers of the matrix of how
 * often gray levels meet in the object, `distance` pixels apart, either way round. level: (size, size) of
 * n_levels, from 0. Entropies in bits; sum and difference variance are about their own means; a correlation
 * of equal levels is 1. scratch: (n_levels * (n_levels + 5)). */
void shape_texture(const struct object *object, const unsigned char *level, int n_levels, int distance,
                   double *scratch, double out[N_TEXTURE]);

/* Per cent of the brightness that each further opening by reconstruction takes away, as
 * CellProfiler's: pixels (size, size), 0 outside of the object, are eroded by a cross once more each
 * time. scratch: (3 size size). */
void shape_granularity(const struct object *object, const float *pixels, int n, float *scratch, double *out);

#endif
