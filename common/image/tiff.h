/* tiff.h - TIFF and BigTIFF files, one of the formats of image.h: what libtiff decompresses,
 * in strips or tiles.
 *
 * Whole numbers of 1 to 16 or 32 bits, floats of 16, 32 or 64. The samples of a pixel are channels, or else
 * the pages of the file are, which then must be alike; reduced copies and masks among the pages are passed
 * over. MinIsWhite is turned round, a palette becomes RGB, YCbCr inside JPEG too; other YCbCr, CMYK, L*a*b*
 * and raw camera data are refused. An extra sample is alpha when the file says so, else a channel. Signed
 * numbers are divided by their greatest, so negative ones stay negative. */
#ifndef CELLSWEEP_TIFF_H
#define CELLSWEEP_TIFF_H

#include "image/image.h"
#include "err.h"

int image_is_tiff(const struct image_file *file);

/* *image is overwritten. E_IO with one line; what it allocated is then the caller's to release. */
int image_decode_tiff(const struct image_file *file, struct image *image, struct err *err);

#endif
