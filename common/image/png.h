/* png.h - PNG files: one of the formats of image.h, and the one that pictures are written in.
 *
 * 1 to 16 bit, gray, RGB, palette, with or without alpha, interlaced or not. sBIT is heeded: s bits that were
 * scaled up to the file's depth, as the format wants it, count as value >> (depth - s) of 2^s - 1; s bits
 * that were only stored in more, which their values show, as value of 2^s - 1. */
#ifndef CELLSWEEP_PNG_H
#define CELLSWEEP_PNG_H

#include "image/image.h"
#include "err.h"

#include <stddef.h>

int image_is_png(const struct image_file *file);

/* *image is overwritten. E_IO with one line; what it allocated is then the caller's to release. */
int image_decode_png(const struct image_file *file, struct image *image, struct err *err);

/* Write width x height pixels of `channels` samples (1: gray, 3: RGB) of 8 bits as PNG. The same bytes on
 * every run. A failed write leaves no file. */
int image_write_png8(const char *path, const unsigned char *samples, int width, int height, int channels,
                     struct err *err);

/* The same as n bytes in memory, owned by the caller (free). */
int image_encode_png8(const unsigned char *samples, int width, int height, int channels, void **bytes,
                      size_t *n, struct err *err);

#endif
