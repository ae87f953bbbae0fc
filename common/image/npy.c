#include "image/npy.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";

static int bad(const char *name, const char *why, struct err *err)
{
    return err_set(err, E_IO, "%s: a NumPy array %s", name, why);
}

/* ---- the header: {'descr': '<u2', 'fortran_order': False, 'shape': (20, 20), } ---- */

/* What follows a key of the header, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    at = at ? strchr(at + strlen(key), ':') : NULL;
    return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static int parse_type(struct npy *npy, const char *text, const char *name, struct err *err)
{
    static const uint16_t one = 1;
    int is_little = *(const unsigned char *)&one == 1;
    char order, kind, end;
    int bytes;
    if (!text || sscanf(text, "'%c%c%1d%c", &order, &kind, &bytes, &end) != 4 || end != '\'')
        return bad(name, "of a type that is no number; save it as uint8, uint16 or float32", err);
    npy->kind = kind;
    npy->bytes = bytes;
    npy->is_swapped = bytes > 1 && ((order == '>' && is_little) || (order == '<' && !is_little));
    int known = kind == 'f' ? bytes == 2 || bytes == 4 || bytes == 8
                : kind == 'b'
                    ? bytes == 1
                    : (kind == 'u' || kind == 'i') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
    return known && strchr("<>|=", order)
               ? 0
               : bad(name, "of a type that is no number; save it as uint8, uint16 or float32", err);
}

static int parse_shape(struct npy *npy, const char *text, const char *name, struct err *err)
{
    double product = 1;
    if (!text || *text++ != '(')
        return bad(name, "without a shape", err);
    for (;;) {
        char *end;
        text += strspn(text, " ,");
        if (*text == ')')
            return npy->n_dims ? 0 : bad(name, "of a single number", err);
        long long dim = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : 0;
        if (dim < 1 || npy->n_dims == NPY_MAX_DIMS || (product *= (double)dim) > ldexp(1, 62))
            return bad(name, "that is empty, has more than four dimensions or no sensible shape", err);
        npy->dim[npy->n_dims++] = dim;
        text = end;
    }
}

int npy_parse(const void *bytes, size_t n, const char *name, struct npy *npy, struct err *err)
{
    const unsigned char *p = bytes;
    char header[NPY_MAX_HEADER];
    *npy = (struct npy){0};
    if (n < 12 || memcmp(p, magic, 6) != 0 || p[6] < 1 || p[6] > 3)
        return bad(name, "that is truncated, or of a version after 3", err);
    size_t length = p[6] == 1 ? p[8] | (size_t)p[9] << 8
                              : p[8] | (size_t)p[9] << 8 | (size_t)p[10] << 16 | (size_t)p[11] << 24;
    npy->start = (p[6] == 1 ? 10 : 12) + length;
    if (length >= sizeof header || npy->start > n)
        return bad(name, "with a header that is truncated, or longer than any array of images has", err);
    memcpy(header, p + npy->start - length, length);
    header[length] = '\0';
    const char *fortran = value_of(header, "'fortran_order'");
    npy->is_fortran = fortran && strncmp(fortran, "True", 4) == 0;
    int rc = parse_type(npy, value_of(header, "'descr'"), name, err);
    return rc == 0 ? parse_shape(npy, value_of(header, "'shape'"), name, err) : rc;
}

/* ---- elements ---- */

static double half(uint64_t v)
{
    int exponent = v >> 10 & 31, fraction = v & 1023;
    double size = exponent == 31 ? (double)(fraction ? NAN : INFINITY)
                  : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                 : ldexp(fraction, -24);
    return v >> 15 & 1 ? -size : size;
}

static double real(uint64_t bits, int bytes)
{
    uint32_t low = (uint32_t)bits;
    float single;
    double twice;
    if (bytes == 2)
        return half(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&twice, &bits, sizeof twice);
    return bytes == 4 ? (double)single : twice;
}

double npy_value(const struct npy *npy, const unsigned char *elements, size_t i)
{
    static const uint16_t one = 1;
    int little = (*(const unsigned char *)&one == 1) != npy->is_swapped, n = npy->bytes;
    const unsigned char *p = elements + i * (size_t)n;
    uint64_t bits = 0;
    for (int k = 0; k < n; k++)
        bits |= (uint64_t)p[little ? k : n - 1 - k] << (8 * k);
    if (npy->kind == 'f')
        return real(bits, n);
    if (npy->kind == 'i' && bits >> (8 * n - 1) & 1)
        return -(double)((n == 8 ? 0 : (uint64_t)1 << (8 * n)) - bits);
    return npy->kind == 'b' ? bits != 0 : (double)bits;
}

double npy_greatest(const struct npy *npy)
{
    return npy->kind == 'u'   ? ldexp(1, 8 * npy->bytes) - 1
           : npy->kind == 'i' ? ldexp(1, 8 * npy->bytes - 1) - 1
                              : 1;
}

int npy_depth(const struct npy *npy)
{
    return npy->kind == 'f' && npy->bytes == 2 ? 32 : 8 * npy->bytes;
}

/* ---- images ---- */

int npy_shape(const struct npy *npy, int first, const char *name, struct image *image, int *channels_first,
              struct err *err)
{
    const long long *d = npy->dim + first;
    int n = npy->n_dims - first;
    if (n != 2 && n != 3)
        return bad(
            name, "that is no image: (height, width), (height, width, channels) or (channels, height, width)",
            err);
    *channels_first = n == 3 && d[0] < d[2] && d[0] <= IMAGE_MAX_CHANNELS;
    long long height = d[*channels_first], width = d[*channels_first + 1];
    long long channels = n == 2 ? 1 : d[*channels_first ? 0 : 2];
    if (height > INT_MAX || width > INT_MAX || channels > INT_MAX)
        return bad(name, "that is larger than any image of a cell", err);
    *image = (struct image){.height = (int)height, .width = (int)width, .channels = (int)channels};
    image->is_rgb = channels == 3 && !*channels_first;
    image->depth = npy_depth(npy);
    return 0;
}

/* Where element (y, x, c) of an image stands. */
static size_t index_of(const struct npy *npy, int channels_first, const struct image *image, int y, int x,
                       int c)
{
    size_t w = (size_t)image->width, h = (size_t)image->height, n = (size_t)image->channels;
    size_t i = (size_t)y, j = (size_t)x, k = (size_t)c;
    if (npy->is_fortran)
        return channels_first ? k + n * (i + h * j) : i + h * (j + w * k);
    return channels_first ? (k * h + i) * w + j : (i * w + j) * n + k;
}

void npy_pixels(const struct npy *npy, const unsigned char *elements, int channels_first, struct image *image)
{
    float *out = image->pixels;
    double greatest = npy_greatest(npy);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            for (int c = 0; c < image->channels; c++)
                *out++ = (float)(npy_value(npy, elements, index_of(npy, channels_first, image, y, x, c)) /
                                 greatest);
}

int image_is_npy(const struct image_file *file)
{
    return file->n >= 6 && memcmp(file->bytes, magic, 6) == 0;
}

int image_decode_npy(const struct image_file *file, struct image *image, struct err *err)
{
    struct npy npy;
    int channels_first = 0;
    *image = (struct image){0};
    int rc = npy_parse(file->bytes, file->n, file->name, &npy, err);
    if (rc == 0)
        rc = npy_shape(&npy, 0, file->name, image, &channels_first, err);
    if (rc == 0)
        rc = image_check_size(file, image, err);
    if (rc < 0)
        return rc;
    size_t n = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    if (npy.bytes == 0 || (file->n - npy.start) / (size_t)npy.bytes < n)
        return bad(file->name, "that is truncated: the file ends inside it", err);
    rc = image_allocate(file, image, 0, err);
    if (rc == 0)
        npy_pixels(&npy, file->bytes + npy.start, channels_first, image);
    return rc;
}
