#include "image/image.h"

#include "child.h"

#include "image/jpeg.h"
#include "image/npy.h"
#include "image/png.h"
#include "image/tiff.h"
#include "target.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- what a file is ---- */

/* The formats that are read, by their first bytes. */
static const struct format {
    int (*is)(const struct image_file *file);
    int (*decode)(const struct image_file *file, struct image *image, struct err *err);
} formats[] = {{image_is_png, image_decode_png},
               {image_is_tiff, image_decode_tiff},
               {image_is_jpeg, image_decode_jpeg},
               {image_is_npy, image_decode_npy}};

/* What else stands where an image should, and what to do. */
static const struct magic {
    size_t at, n;
    const char *bytes, *what;
} others[] = {
    {0, 2, "BM", "a BMP, which is not read; convert it to PNG or TIFF"},
    {0, 4, "GIF8", "a GIF, which is not read; convert it to PNG or TIFF"},
    {8, 4, "WEBP", "a WebP, which is not read; convert it to PNG or TIFF"},
    {4, 4, "ftyp", "a HEIC or AVIF, which is not read; convert it to PNG or TIFF"},
    {0, 12, "\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000, which is not read; convert it to TIFF"},
    {0, 4, "\xff\x4f\xff\x51", "a JPEG 2000, which is not read; convert it to TIFF"},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file, not an image"},
    {0, 4, "PK\3\4", "a zip archive, not an image; unpack it"},
    {0, 4, "%PDF", "a PDF, not an image; export the image from it"},
    {0, 4, "\0\5\x16\7", "what macOS leaves beside a file (AppleDouble), not an image; delete it"},
    {0, 15, "version https:/", "a pointer of git-lfs, not the image; run `git lfs pull`"},
    {0, 2, "<!", "a web page, not an image; download it again"},
    {0, 5, "<html", "a web page, not an image; download it again"},
};

static int not_read(const struct image_file *file, struct err *err)
{
    if (file->n == 0)
        return err_set(err, E_IO, "%s: empty file", file->name);
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        const struct magic *m = &others[k];
        if (file->n >= m->at + m->n && memcmp(file->bytes + m->at, m->bytes, m->n) == 0)
            return err_set(err, E_IO, "%s: %s", file->name, m->what);
    }
    return err_set(err, E_IO, "%s: no image that is read (PNG, TIFF, JPEG, NumPy array)", file->name);
}

static const char *extension(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    return dot && dot > (slash ? slash + 1 : name) ? dot : NULL;
}

static int is_one_of(const char *what, const char *const *names, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (strcasecmp(what, names[k]) == 0)
            return 1;
    return 0;
}

enum image_kind image_kind_of(const char *name)
{
    static const char *const read[] = {".png", ".tif", ".tiff", ".jpg", ".jpeg", ".npy"};
    static const char *const other[] = {".bmp", ".gif", ".webp", ".heic", ".heif", ".avif", ".jp2",
                                        ".j2k", ".jxl", ".ppm",  ".pgm",  ".tga",  ".czi",  ".nd2",
                                        ".lif", ".lsm", ".svs",  ".ndpi", ".dcm",  ".zarr", ".mrc"};
    const char *dot = extension(name);
    if (!dot)
        return IMAGE_NONE;
    return is_one_of(dot, read, sizeof read / sizeof *read)      ? IMAGE_READ
           : is_one_of(dot, other, sizeof other / sizeof *other) ? IMAGE_OTHER
                                                                 : IMAGE_NONE;
}

size_t image_stem(const char *name)
{
    return image_kind_of(name) == IMAGE_READ ? (size_t)(extension(name) - name) : strlen(name);
}

/* ---- pixels ---- */

int image_check_size(const struct image_file *file, const struct image *image, struct err *err)
{
    uint64_t area = (uint64_t)image->width * (uint64_t)image->height;
    if (image->channels > IMAGE_MAX_CHANNELS)
        return err_set(err, E_IO, "%s: %d channels, more than the %d an image may have", file->name,
                       image->channels, IMAGE_MAX_CHANNELS);
    if (image->width > file->max_side || image->height > file->max_side ||
        area * (uint64_t)image->channels > IMAGE_MAX_PIXELS)
        return err_set(err, E_IO,
                       "%s: %d x %d pixels, more than a cell image may have (%d a side, %d in all); cut the "
                       "cell out",
                       file->name, image->width, image->height, file->max_side, IMAGE_MAX_PIXELS);
    return 0;
}

int image_allocate(const struct image_file *file, struct image *image, int with_alpha, struct err *err)
{
    int rc = image_check_size(file, image, err);
    if (rc < 0)
        return rc;
    size_t area = (size_t)image->width * (size_t)image->height;
    image->pixels = err_calloc(area * (size_t)image->channels, sizeof *image->pixels, file->name, err);
    image->alpha = with_alpha ? err_calloc(area, sizeof *image->alpha, file->name, err) : NULL;
    return image->pixels && (image->alpha || !with_alpha) ? 0 : E_IO;
}

int image_finish(const struct image_file *file, struct image *image, struct err *err)
{
    size_t area = (size_t)image->width * (size_t)image->height, channels = (size_t)image->channels;
    for (size_t i = 0; i < area * channels; i++)
        if (!isfinite(image->pixels[i]))
            return err_set(err, E_IO, "%s: a pixel is not a finite number (channel %zu)", file->name,
                           i % channels + 1);
    for (const float *p = image->pixels; image->is_rgb && p < image->pixels + 3 * area; p += 3)
        image->coloured |= p[0] != p[1] || p[0] != p[2];
    for (size_t i = 0; image->alpha && i < area; i++)
        image->transparent |= image->alpha[i] < 1.0f;
    return 0;
}

int image_read_memory(const void *bytes, size_t n, const char *name, int max_side, struct image *image,
                      struct err *err)
{
    const struct image_file file = {bytes, n, name, max_side};
    *image = (struct image){0};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        if (formats[k].is(&file)) {
            int rc = formats[k].decode(&file, image, err);
            if (rc == 0)
                rc = image_finish(&file, image, err);
            if (rc < 0)
                image_release(image);
            return rc;
        }
    return not_read(&file, err);
}

/* The whole file; *bytes is freed by the caller. */
static int read_file(const char *path, unsigned char **bytes, size_t *n, struct err *err)
{
    *bytes = NULL;
    *n = 0;
    if (!target_is_regular(path) && access(path, F_OK) == 0)
        return err_set(err, E_IO, "%s: is no regular file", path);
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(err, E_IO, "%s: cannot open: %s", path, strerror(errno));
    int rc = 0;
    long size = fseek(f, 0, SEEK_END) < 0 ? -1 : ftell(f);
    if (size < 0 || fseek(f, 0, SEEK_SET) < 0)
        rc = err_set(err, E_IO, "%s: cannot read: %s", path, strerror(errno));
    else if (size > IMAGE_MAX_FILE)
        rc = err_set(err, E_IO, "%s: %ld bytes, too large for a cell image", path, size);
    else if (!(*bytes = malloc((size_t)size + 1)))
        rc = err_set(err, E_IO, "%s: out of memory for %ld bytes", path, size);
    else if ((*n = fread(*bytes, 1, (size_t)size, f)) != (size_t)size)
        rc = err_set(err, E_IO, "%s: cannot read: %s", path, strerror(errno));
    fclose(f);
    return rc;
}

int image_read(const char *path, struct image *image, struct err *err)
{
    unsigned char *bytes = NULL;
    size_t n = 0;
    *image = (struct image){0};
    child_at(path);
    int rc = read_file(path, &bytes, &n, err);
    if (rc == 0)
        rc = image_read_memory(bytes, n, path, IMAGE_MAX_SIDE, image, err);
    free(bytes);
    return rc;
}

/* Whole numbers are found again from what was divided, so that equal colours give the very same gray. */
static double luma(const float *p, int depth)
{
    if (depth > 16)
        return 0.299 * (double)p[0] + 0.587 * (double)p[1] + 0.114 * (double)p[2];
    unsigned max = (1u << depth) - 1;
    unsigned red = (unsigned)lround((double)p[0] * max), green = (unsigned)lround((double)p[1] * max),
             blue = (unsigned)lround((double)p[2] * max);
    return (double)(299 * red + 587 * green + 114 * blue) / (1000.0 * max);
}

int image_to_gray(struct image *image, struct err *err)
{
    size_t area = (size_t)image->width * (size_t)image->height;
    if (image->channels == 1)
        return 0;
    if (!image->is_rgb)
        return err_set(err, E_IO, "%d channels that are no colours; say which with --channels",
                       image->channels);
    for (size_t i = 0; i < area; i++)
        image->pixels[i] = (float)luma(image->pixels + 3 * i, image->depth);
    image->channels = 1;
    image->is_rgb = 0;
    return 0;
}

static unsigned char level(double v)
{
    return (unsigned char)(v <= 0 ? 0 : v >= 1 ? 255 : 255 * v + 0.5);
}

/* Blue first, where nuclei usually are; then colours that can be told apart when they meet. */
static const double stain[IMAGE_MAX_CHANNELS][3] = {{0.2, 0.4, 1}, {0, 1, 0},   {1, 0, 0},   {1, 1, 0},
                                                    {1, 0, 1},     {0, 1, 1},   {1, 0.5, 0}, {0.6, 0.3, 1},
                                                    {1, 1, 1},     {.5, 1, .5}, {1, .5, .5}, {.5, .5, 1},
                                                    {.7, .7, 0},   {.7, 0, .7}, {0, .7, .7}, {.6, .6, .6}};

void image_rgb8(const float *pixels, size_t n, int channels, unsigned char *rgb)
{
    for (size_t i = 0; i < n; i++, pixels += channels)
        for (int c = 0; c < 3; c++) {
            double sum = channels == 1 ? (double)pixels[0] : channels == 3 ? (double)pixels[c] : 0;
            for (int k = 0; channels != 1 && channels != 3 && k < channels; k++)
                sum += (double)pixels[k] * stain[k][c];
            *rgb++ = level(sum);
        }
}

void image_release(struct image *image)
{
    free(image->pixels);
    free(image->alpha);
    *image = (struct image){0};
}
