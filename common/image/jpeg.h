/* jpeg.h - JPEG files, one of the formats of image.h: 8 bits, gray or colour, baseline or progressive. What
 * the compression threw away is lost; CMYK is refused. */
#ifndef CELLSWEEP_JPEG_H
#define CELLSWEEP_JPEG_H

#include "image/image.h"
#include "err.h"

int image_is_jpeg(const struct image_file *file);

/* *image is overwritten. E_IO with one line; what it allocated is then the caller's to release. */
int image_decode_jpeg(const struct image_file *file, struct image *image, struct err *err);

#endif
