/* image.h - image files of every usual kind as floats, by their content and not by their names.
 *
 *     struct image image = {0};
 *     if (image_read("cell_1.tif", &image, &err) < 0) ...
 *     float corner = image.pixels[0];
 *     image_release(&image);
 *
 * Read are PNG (png.h), TIFF and BigTIFF (tiff.h), JPEG (jpeg.h) and NumPy arrays (npy.h); what else stands
 * where an image should is named, with what to do. Samples of whole numbers become value / (2^bits - 1), so
 * 16 bits keep their precision; floats stay what they are, but must be finite. Channels are those of the
 * file, without its alpha, which is beside them. Gamma, colour profiles and orientation are ignored: a
 * measured intensity is what is stored. Refused before any pixel is allocated: more than IMAGE_MAX_SIDE
 * pixels a side, IMAGE_MAX_PIXELS in all, IMAGE_MAX_CHANNELS channels. Nothing goes to stderr.
 * Thread-safe. */
#ifndef CELLSWEEP_IMAGE_H
#define CELLSWEEP_IMAGE_H

#include "err.h"

#include <stddef.h>

enum {
    IMAGE_MAX_SIDE = 16384,
    IMAGE_MAX_PIXELS = 1 << 26, /* times the channels */
    IMAGE_MAX_CHANNELS = 16,
    IMAGE_MAX_FILE = 1 << 29
};

struct image {
    int width, height, channels;
    float *pixels;   /* (height, width, channels), owned */
    float *alpha;    /* (height, width), 0 to 1, owned; NULL: the file has none */
    int depth;       /* bits a sample of the file has: 8 (also for fewer), 10 to 16, 32 or 64 */
    int is_rgb;      /* 1 when the three channels are red, green and blue */
    int coloured;    /* 1 when they differ somewhere */
    int transparent; /* 1 when some pixel is not opaque */
};

/* Read a file. E_IO with one line "<path>: <reason>"; *image is then empty. */
int image_read(const char *path, struct image *image, struct err *err);

/* The same from n bytes in memory; `name` stands for the path in messages. Images of more than max_side
 * pixels a side are refused (IMAGE_MAX_SIDE: none more than else). */
int image_read_memory(const void *bytes, size_t n, const char *name, int max_side, struct image *image,
                      struct err *err);

/* One channel of RGB: luma, 0.299 R + 0.587 G + 0.114 B (Rec. 601, what Pillow's "L" is too); R = G = B gives
 * exactly the gray. A single channel stays as it is. E_IO for channels that are no colours. */
int image_to_gray(struct image *image, struct err *err);

/* Free what it holds; image may be released twice. */
void image_release(struct image *image);

/* What a file is by its name alone: one that image_read() is for, an image it does not read, or neither. */
enum image_kind { IMAGE_NONE, IMAGE_READ, IMAGE_OTHER };
enum image_kind image_kind_of(const char *name);

/* Characters of a name that come before the extension which makes it an image; all of them where none
 * does. */
size_t image_stem(const char *name);

/* n pixels of some channels, 0 to 1, as red, green and blue of 8 bits: gray, three channels as they are, else
 * the sum of each channel in a colour of its own. */
void image_rgb8(const float *pixels, size_t n, int channels, unsigned char *rgb);

/* Floats of one channel of an image of `size` pixels in width and height. */
static inline size_t image_floats(int size)
{
    return (size_t)size * (size_t)size;
}

/* ---- for those who read one format ---- */

struct image_file {
    const unsigned char *bytes;
    size_t n;
    const char *name; /* for messages */
    int max_side;
};

/* Room for image->width x height x channels floats, all of them set, and for alpha when it is wanted; E_IO
 * when that is no size of a cell's image, or without memory. Call before any pixel is decoded. */
int image_allocate(const struct image_file *file, struct image *image, int with_alpha, struct err *err);

/* coloured and transparent of decoded pixels; E_IO when one of them is no finite number. */
int image_finish(const struct image_file *file, struct image *image, struct err *err);

/* The first half of image_allocate(). */
int image_check_size(const struct image_file *file, const struct image *image, struct err *err);

#endif
