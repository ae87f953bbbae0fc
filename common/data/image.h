/* image.h - how the image of a cell lies in memory: a square of floats from 0 to 1, row by row, one channel.
 * Whoever needs room for one asks here. */
#ifndef CELLSWEEP_IMAGE_H
#define CELLSWEEP_IMAGE_H

#include <stddef.h>

/* Floats of an image of `size` pixels in width and height. */
static inline size_t image_floats(int size)
{
    return (size_t)size * (size_t)size;
}

#endif
