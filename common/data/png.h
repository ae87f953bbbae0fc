/* png.h - PNG files of any kind as one channel of floats, and back.
 *
 *     struct image image = {0};
 *     if (image_read("cell_1.png", &image, &err) < 0) ...
 *     float corner = image.pixels[0];
 *     image_release(&image);
 *
 * 1 to 16 bit, gray, RGB, palette, with or without alpha, interlaced or not, to [0,1]: value / (2^bits - 1),
 * 16 bit keeps its precision. Colour becomes luma, 0.299 R + 0.587 G + 0.114 B (Rec. 601, what Pillow's "L"
 * is too); R = G = B gives exactly the gray. Alpha and gamma chunks are ignored: a measured intensity is what
 * is stored. What is lost so is told: coloured, transparent. sBIT is ignored, too: the format says that a
 * file's values fill its depth whatever they were measured with. Refused before any pixel is allocated: more
 * than IMAGE_MAX_SIDE pixels a side or IMAGE_MAX_PIXELS in all. Nothing goes to stderr. Thread-safe. */
#ifndef CELLSWEEP_PNG_H
#define CELLSWEEP_PNG_H

#include "err.h"

#include <stddef.h>

enum { IMAGE_MAX_SIDE = 16384, IMAGE_MAX_PIXELS = 1 << 26, IMAGE_MAX_FILE = 1 << 29 };

struct image {
    int width, height;
    float *pixels;   /* (height, width), 0 to 1, owned */
    int depth;       /* bits a sample of the file has, as read: 8 (also for fewer) or 16 */
    int coloured;    /* 1 when some pixel is not gray */
    int transparent; /* 1 when some pixel is not opaque */
};

/* Read a PNG file. E_IO with one line "<path>: <reason>"; *image is then empty. */
int image_read(const char *path, struct image *image, struct err *err);

/* The same from n bytes in memory; `name` stands for the path in messages. */
int image_read_memory(const void *bytes, size_t n, const char *name, struct image *image, struct err *err);

/* Write width x height gray values of 8 bits as PNG. The same bytes on every run. A failed
 * write leaves no file. */
int image_write_gray8(const char *path, const unsigned char *gray, int width, int height, struct err *err);

/* The same as n bytes in memory, owned by the caller (free). */
int image_encode_gray8(const unsigned char *gray, int width, int height, void **bytes, size_t *n,
                       struct err *err);

/* Free the pixels; image may be released twice. */
void image_release(struct image *image);

#endif
