/* outline_way.h - how an outline, in micrometres, lies on the image of its cell.
 *
 *     struct outline_way way = {0.2125, CROP_BOX, 0, 0};
 *     outline_to_pixels(&way, vertex, n, image.width, image.height);
 *     if (outline_misfits(&way, vertex, n, image.width, image.height)) ...
 *
 * An image is the crop of its outline's bounding box, or has the middle of that box in its own middle. Tables
 * may have y upwards, or x and y exchanged. Pure functions. */
#ifndef CELLSWEEP_OUTLINE_WAY_H
#define CELLSWEEP_OUTLINE_WAY_H

#include "image/polygon.h"

/* CROP_FOUND: outline_fit.h says which; CROP_PLACED: vertices are pixels of the image already */
enum crop { CROP_FOUND, CROP_BOX, CROP_CENTRED, CROP_PLACED };

struct outline_way {
    double pixel_size; /* micrometres a pixel, > 0 */
    enum crop crop;    /* CROP_FOUND counts as CROP_BOX */
    int flip_y;        /* 1: y grows upwards */
    int swap_xy;       /* 1: x and y are exchanged; before y is turned */
};

/* Vertices (n >= 1) to pixels of the image, in place. */
void outline_to_pixels(const struct outline_way *way, struct point *vertex, int n, int width, int height);

/* 1 when an outline in pixels does not fit its image, by more than 2 pixels: it spans another size than the
 * crop of its box has, or leaves the image that has it in the middle. 0 also without an outline. */
int outline_misfits(const struct outline_way *way, const struct point *vertex, int n, int width, int height);

#endif
