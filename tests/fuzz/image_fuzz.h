/* image_fuzz.h - an image file of any format, as `data pack` and the predictor read it. */
#ifndef CELLSWEEP_IMAGE_FUZZ_H
#define CELLSWEEP_IMAGE_FUZZ_H

#include "fuzz.h"

#include "image/image.h"

#include <stdlib.h>

/* A few input bytes may claim 2^26 pixels: honest, but each would take seconds here. */
enum { FUZZ_MAX_SIDE = 512 };

/* What was accepted has pixels from low to high. */
static inline int fuzz_image(const uint8_t *bytes, size_t n, float low, float high)
{
    struct image image;
    struct err err = {0};
    int rc = fuzz_check(image_read_memory(bytes, n, "x", FUZZ_MAX_SIDE, &image, &err), &err);
    for (int i = 0; rc == 0 && i < image.width * image.height * image.channels; i++)
        if (!(image.pixels[i] >= low && image.pixels[i] <= high))
            abort();
    for (int i = 0; rc == 0 && image.alpha && i < image.width * image.height; i++)
        if (!(image.alpha[i] >= low && image.alpha[i] <= high))
            abort();
    image_release(&image);
    return rc == 0;
}

#endif
