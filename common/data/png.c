#include "data/png.h"

#include "target.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What a decode needs. It lives in the caller's frame, so that longjmp into decode() finds every member as it
 * was left; decode() itself has no local that changes after setjmp. */
struct decoder {
    png_structp png;
    png_infop info;
    const unsigned char *next;
    size_t left;
    int width, height, channels, bits;
    png_bytep bytes;
    png_bytepp rows;
    char reason[128];
};

static void on_error(png_structp png, png_const_charp message)
{
    struct decoder *d = png_get_error_ptr(png);
    if (d->left == 0)
        snprintf(d->reason, sizeof d->reason, "truncated: the file ends inside the image");
    else
        snprintf(d->reason, sizeof d->reason, "damaged: %s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep out, png_size_t n)
{
    struct decoder *d = png_get_io_ptr(png);
    if (n > d->left) {
        d->left = 0;
        png_error(png, "end of file");
    }
    memcpy(out, d->next, n);
    d->next += n;
    d->left -= n;
}

/* Ask libpng for 8 or 16 bit gray or RGB, with alpha where there is any. */
static void set_transforms(struct decoder *d)
{
    int colour = png_get_color_type(d->png, d->info);
    if (colour == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(d->png);
    else if (colour == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(d->png);
    if (png_get_valid(d->png, d->info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(d->png);
    png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
}

/* Decode into d->bytes. -1 with d->reason. */
static int decode(struct decoder *d)
{
    if (setjmp(png_jmpbuf(d->png)))
        return -1;
    png_set_read_fn(d->png, d, on_read);
    png_set_user_limits(d->png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
    png_set_chunk_malloc_max(d->png, 1 << 24);
    /* No text, colour profile or gamma: none is used, and libpng allocates what their length claims, 2 GB
     * from a 76-byte file. */
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(d->png, d->info);
    set_transforms(d);
    d->channels = png_get_channels(d->png, d->info);
    d->bits = png_get_bit_depth(d->png, d->info);
    size_t stride = png_get_rowbytes(d->png, d->info);
    d->bytes = malloc(stride * (size_t)d->height);
    d->rows = malloc(sizeof *d->rows * (size_t)d->height);
    if (!d->bytes || !d->rows) {
        snprintf(d->reason, sizeof d->reason, "out of memory for %d x %d pixels", d->width, d->height);
        return -1;
    }
    for (int y = 0; y < d->height; y++)
        d->rows[y] = d->bytes + stride * (size_t)y;
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
    return 0;
}

static unsigned sample(const struct decoder *d, const unsigned char *row, int i)
{
    if (d->bits == 16)
        return (unsigned)row[2 * i] << 8 | row[2 * i + 1];
    return row[i];
}

/* The value of a pixel; *image learns what it does not say. */
static double gray_of(const struct decoder *d, const unsigned char *row, int x, struct image *image)
{
    unsigned max = d->bits == 16 ? 65535 : 255;
    int at = x * d->channels, has_colour = d->channels >= 3;
    unsigned red = sample(d, row, at);
    if (d->channels % 2 == 0)
        image->transparent |= sample(d, row, at + d->channels - 1) < max;
    if (!has_colour)
        return (double)red / max;
    unsigned green = sample(d, row, at + 1), blue = sample(d, row, at + 2);
    image->coloured |= red != green || green != blue;
    return (double)(299 * red + 587 * green + 114 * blue) / (1000.0 * max);
}

static void to_gray(const struct decoder *d, struct image *image)
{
    float *out = image->pixels;
    image->depth = d->bits;
    for (int y = 0; y < d->height; y++)
        for (int x = 0; x < d->width; x++)
            *out++ = (float)gray_of(d, d->rows[y], x, image);
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Other images, by their first bytes. */
static const struct magic {
    size_t at, n;
    const char *bytes, *what;
} other_images[] = {
    {0, 3, "\xff\xd8\xff", "JPEG"},
    {0, 4, "II*\0", "TIFF"},
    {0, 4, "MM\0*", "TIFF"},
    {0, 4, "II+\0", "BigTIFF"},
    {0, 4, "MM\0+", "BigTIFF"},
    {0, 2, "BM", "BMP"},
    {0, 4, "GIF8", "GIF"},
    {8, 4, "WEBP", "WebP"},
    {4, 4, "ftyp", "HEIC or AVIF"},
    {0, 6, "\x93NUMPY", "NumPy array"},
    {0, 0, NULL, NULL},
};

/* What else stands where an image should. */
static const struct magic no_images[] = {
    {0, 15, "version https:/", "a pointer of git-lfs, not the image; run `git lfs pull`"},
    {0, 2, "<!", "a web page, not an image; download it again"},
    {0, 5, "<html", "a web page, not an image; download it again"},
    {0, 0, NULL, NULL},
};

/* What the table says of n bytes, or NULL. */
static const char *recognise(const struct magic *table, const unsigned char *p, size_t n)
{
    for (; table->what; table++)
        if (n >= table->at + table->n && memcmp(p + table->at, table->bytes, table->n) == 0)
            return table->what;
    return NULL;
}

/* "x.jpg" need not be told that it goes by the name of another format. */
static int not_png(const char *name, const struct decoder *d, struct err *err)
{
    const char *dot = strrchr(name, '.'), *format = recognise(other_images, d->next, d->left);
    const char *other = recognise(no_images, d->next, d->left);
    if (!format)
        return err_set(err, E_IO, "%s: %s", name, other ? other : "not a PNG file");
    if (dot && strcasecmp(dot, ".png") != 0)
        return err_set(err, E_IO, "%s: a %s; only PNG is read, convert it", name, format);
    return err_set(err, E_IO, "%s: a %s named as PNG; convert it", name, format);
}

/* Tell what the bytes are by their first ones, and refuse giants before libpng sees them. */
static int check_header(struct decoder *d, const char *name, struct err *err)
{
    const unsigned char *p = d->next;
    if (d->left == 0)
        return err_set(err, E_IO, "%s: empty file", name);
    if (png_sig_cmp(p, 0, d->left < 8 ? d->left : 8) != 0)
        return not_png(name, d, err);
    if (d->left < 33)
        return err_set(err, E_IO, "%s: truncated: the file ends inside its header", name);
    uint32_t width = big_endian(p + 16), height = big_endian(p + 20);
    if (memcmp(p + 12, "IHDR", 4) != 0 || width == 0 || height == 0)
        return err_set(err, E_IO, "%s: damaged: no valid header", name);
    if (width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE || (uint64_t)width * height > IMAGE_MAX_PIXELS)
        return err_set(err, E_IO,
                       "%s: %u x %u pixels, more than a cell image may have (%d a side, %d in all)", name,
                       width, height, IMAGE_MAX_SIDE, IMAGE_MAX_PIXELS);
    d->width = (int)width;
    d->height = (int)height;
    return 0;
}

static int decode_gray(struct decoder *d, const char *name, struct image *image, struct err *err)
{
    if (decode(d) < 0)
        return err_set(err, E_IO, "%s: %s", name, d->reason);
    image->pixels = err_calloc((size_t)d->width * (size_t)d->height, sizeof *image->pixels, name, err);
    if (!image->pixels)
        return E_IO;
    image->width = d->width;
    image->height = d->height;
    to_gray(d, image);
    return 0;
}

int image_read_memory(const void *bytes, size_t n, const char *name, struct image *image, struct err *err)
{
    struct decoder d = {.next = bytes, .left = n};
    *image = (struct image){0};
    int rc = check_header(&d, name, err);
    if (rc < 0)
        return rc;
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    rc = d.info ? decode_gray(&d, name, image, err) : err_set(err, E_IO, "%s: libpng is out of memory", name);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    free(d.rows);
    free(d.bytes);
    return rc;
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
    int rc = read_file(path, &bytes, &n, err);
    if (rc == 0)
        rc = image_read_memory(bytes, n, path, image, err);
    free(bytes);
    return rc;
}

/* libpng's simplified API reports through png_image.message and never to stderr. */
static png_image gray_image(int width, int height)
{
    return (png_image){.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_GRAY};
}

int image_encode_gray8(const unsigned char *gray, int width, int height, void **bytes, size_t *n,
                       struct err *err)
{
    png_image png = gray_image(width, height);
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    *bytes = malloc(size);
    if (*bytes && png_image_write_to_memory(&png, *bytes, &size, 0, gray, width, NULL)) {
        *n = size;
        return 0;
    }
    int rc = err_set(err, E_IO, "cannot encode a picture of %d x %d pixels: %s", width, height,
                     *bytes ? png.message : "out of memory");
    png_image_free(&png);
    free(*bytes);
    *bytes = NULL;
    return rc;
}

int image_write_gray8(const char *path, const unsigned char *gray, int width, int height, struct err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    int rc = image_encode_gray8(gray, width, height, &bytes, &n, err);
    FILE *f = rc == 0 ? fopen(path, "wb") : NULL;
    if (rc == 0 && !f)
        rc = err_set(err, E_IO, "%s: cannot write: %s", path, strerror(errno));
    int bad = f && fwrite(bytes, 1, n, f) != n;
    if (f && (fclose(f) != 0 || bad))
        rc = err_set(err, E_IO, "%s: cannot write all of it: %s", path, strerror(errno));
    free(bytes);
    return rc;
}

void image_release(struct image *image)
{
    free(image->pixels);
    *image = (struct image){0};
}
