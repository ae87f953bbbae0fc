/* npy.h - NumPy arrays, one of the formats of image.h, and what the arrays of npz.h consist of.
 *
 * Booleans, whole numbers of 8 to 32 bits, floats of 16 to 64; either byte order, C or
 * Fortran order. As an image: (height, width), or with channels behind or in front, which are
 * the smaller end; three behind are RGB. */
#ifndef CELLSWEEP_NPY_H
#define CELLSWEEP_NPY_H

#include "image/image.h"
#include "err.h"

#include <stddef.h>

enum { NPY_MAX_DIMS = 4, NPY_MAX_HEADER = 4096 };

struct npy {
    char kind; /* 'b', 'u', 'i' or 'f' */
    int bytes; /* an element */
    int is_swapped, is_fortran;
    int n_dims;
    long long dim[NPY_MAX_DIMS]; /* each above 0, the product below 2^62 */
    size_t start;                /* of the elements in the file */
};

/* The header of the n bytes that a file begins with (NPY_MAX_HEADER hold any). E_IO with one line. */
int npy_parse(const void *bytes, size_t n, const char *name, struct npy *npy, struct err *err);

/* Element i of those that start at `elements`, as it is stored. */
double npy_value(const struct npy *npy, const unsigned char *elements, size_t i);

/* What divides whole numbers into 0 to 1: the greatest that the type holds; 1 for floats and booleans. */
double npy_greatest(const struct npy *npy);

/* Bits a sample, as struct image counts them. */
int npy_depth(const struct npy *npy);

int image_is_npy(const struct image_file *file);

/* *image is overwritten. E_IO with one line; what it allocated is then the caller's to release. */
int image_decode_npy(const struct image_file *file, struct image *image, struct err *err);

/* Width, height, channels, is_rgb and depth of *image by the last n_dims dimensions of an array, from `first`
 * on. *channels_first: 1 when they stand in front. E_IO when it is no image. */
int npy_shape(const struct npy *npy, int first, const char *name, struct image *image, int *channels_first,
              struct err *err);

/* The pixels of an image of that shape, which are allocated, from its elements. */
void npy_pixels(const struct npy *npy, const unsigned char *elements, int channels_first,
                struct image *image);

#endif
