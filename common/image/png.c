#include "image/png.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a decode needs. It lives in the caller's frame, so that longjmp into decode() finds every member as it
 * was left; decode() itself has no local that changes after setjmp. */
struct decoder {
    png_structp png;
    png_infop info;
    const unsigned char *next;
    size_t left;
    const struct image_file *file;
    struct image *image;
    struct err *err;
    int channels, bits; /* of the decoded rows, alpha included */
    int significant;    /* bits that sBIT says, 0: all */
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

/* The bits that all colours have by sBIT; 0: it is not there, says nothing new, or more than one thing. */
static int significant_bits(const struct decoder *d)
{
    int colour = png_get_color_type(d->png, d->info), bits = png_get_bit_depth(d->png, d->info);
    png_color_8p s;
    if (bits < 8 || colour == PNG_COLOR_TYPE_PALETTE || !png_get_sBIT(d->png, d->info, &s))
        return 0;
    int first = colour & PNG_COLOR_MASK_COLOR ? s->red : s->gray;
    if (colour & PNG_COLOR_MASK_COLOR && (s->green != first || s->blue != first))
        return 0;
    return first > 0 && first < bits ? first : 0;
}

/* Rows for libpng, and the image's own pixels. */
static int make_room(struct decoder *d)
{
    size_t stride = png_get_rowbytes(d->png, d->info), height = (size_t)d->image->height;
    d->image->channels = d->channels >= 3 ? 3 : 1;
    if (image_allocate(d->file, d->image, d->channels % 2 == 0, d->err) < 0)
        return -1;
    d->bytes = malloc(stride * height);
    d->rows = malloc(sizeof *d->rows * height);
    if (!d->bytes || !d->rows) {
        snprintf(d->reason, sizeof d->reason, "out of memory for its pixels");
        return -1;
    }
    for (size_t y = 0; y < height; y++)
        d->rows[y] = d->bytes + stride * y;
    return 0;
}

/* Decode into d->bytes. -1 with d->reason or *d->err. */
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
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "sBIT", 1);
    png_read_info(d->png, d->info);
    d->significant = significant_bits(d);
    set_transforms(d);
    d->channels = png_get_channels(d->png, d->info);
    d->bits = png_get_bit_depth(d->png, d->info);
    if (make_room(d) < 0)
        return -1;
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
    return 0;
}

static unsigned sample(const struct decoder *d, int y, int i)
{
    const unsigned char *row = d->rows[y];
    return d->bits == 16 ? (unsigned)row[2 * i] << 8 | row[2 * i + 1] : row[i];
}

/* Samples of s bits scaled up to `bits`, by zeros or by their own high bits. */
static int is_scaled(unsigned v, int s, int bits)
{
    unsigned high = v >> (bits - s), low = v & ((1u << (bits - s)) - 1);
    if (low == 0)
        return 1;
    unsigned filled = 0;
    for (int have = 0; have < bits; have += s)
        filled |= bits - have >= s ? high << (bits - have - s) : high >> (s - bits + have);
    return v == filled;
}

/* Whether the samples show that their s bits were not scaled up: all fit into s bits,
 * some is no scaled value. */
static int is_unscaled(const struct decoder *d)
{
    int s = d->significant, n = d->image->width * d->channels, contradicts = 0;
    for (int y = 0; y < d->image->height; y++)
        for (int i = 0; i < n; i++) {
            if (d->channels % 2 == 0 && i % d->channels == d->channels - 1)
                continue;
            unsigned v = sample(d, y, i);
            if (v >> s)
                return 0;
            contradicts |= !is_scaled(v, s, d->bits);
        }
    return contradicts;
}

static void take_row(const struct decoder *d, int y, int shift, unsigned max)
{
    struct image *image = d->image;
    size_t at = (size_t)y * (size_t)image->width;
    float *out = image->pixels + at * (size_t)image->channels;
    for (int x = 0; x < image->width; x++)
        for (int c = 0; c < image->channels; c++)
            *out++ = (float)((double)(sample(d, y, x * d->channels + c) >> shift) / max);
    for (int x = 0; image->alpha && x < image->width; x++)
        image->alpha[at + (size_t)x] =
            (float)((double)sample(d, y, (x + 1) * d->channels - 1) / (d->bits == 16 ? 65535 : 255));
}

static void take_pixels(const struct decoder *d)
{
    int shift = d->significant && !is_unscaled(d) ? d->bits - d->significant : 0;
    d->image->depth = d->significant ? d->significant : d->bits;
    d->image->is_rgb = d->image->channels == 3;
    for (int y = 0; y < d->image->height; y++)
        take_row(d, y, shift, (1u << d->image->depth) - 1);
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int image_is_png(const struct image_file *file)
{
    return file->n > 0 && png_sig_cmp(file->bytes, 0, file->n < 8 ? file->n : 8) == 0;
}

/* Width and height, before libpng sees them. */
static int read_size(const struct image_file *file, struct image *image, struct err *err)
{
    const unsigned char *p = file->bytes;
    if (file->n < 33)
        return err_set(err, E_IO, "%s: truncated: the file ends inside its header", file->name);
    uint32_t width = big_endian(p + 16), height = big_endian(p + 20);
    if (memcmp(p + 12, "IHDR", 4) != 0 || width == 0 || height == 0 || (width | height) >> 31)
        return err_set(err, E_IO, "%s: damaged: no valid header", file->name);
    image->width = (int)width;
    image->height = (int)height;
    image->channels = 1;
    return image_check_size(file, image, err);
}

int image_decode_png(const struct image_file *file, struct image *image, struct err *err)
{
    struct decoder d = {.next = file->bytes, .left = file->n, .file = file, .image = image, .err = err};
    *image = (struct image){0};
    int rc = read_size(file, image, err);
    if (rc < 0)
        return rc;
    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    d.info = d.png ? png_create_info_struct(d.png) : NULL;
    rc = d.info ? decode(&d) : err_set(err, E_IO, "%s: libpng is out of memory", file->name);
    if (rc < 0 && d.reason[0])
        err_set(err, E_IO, "%s: %s", file->name, d.reason);
    if (rc == 0)
        take_pixels(&d);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    free(d.rows);
    free(d.bytes);
    return rc < 0 ? E_IO : 0;
}

/* libpng's simplified API reports through png_image.message and never to stderr. */
static png_image picture_of(int width, int height, int channels)
{
    return (png_image){.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
}

int image_encode_png8(const unsigned char *samples, int width, int height, int channels, void **bytes,
                      size_t *n, struct err *err)
{
    png_image png = picture_of(width, height, channels);
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    *bytes = malloc(size);
    if (*bytes && png_image_write_to_memory(&png, *bytes, &size, 0, samples, width * channels, NULL)) {
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

int image_write_png8(const char *path, const unsigned char *samples, int width, int height, int channels,
                     struct err *err)
{
    void *bytes = NULL;
    size_t n = 0;
    int rc = image_encode_png8(samples, width, height, channels, &bytes, &n, err);
    FILE *f = rc == 0 ? fopen(path, "wb") : NULL;
    if (rc == 0 && !f)
        rc = err_set(err, E_IO, "%s: cannot write: %s", path, strerror(errno));
    int bad = f && fwrite(bytes, 1, n, f) != n;
    if (f && (fclose(f) != 0 || bad))
        rc = err_set(err, E_IO, "%s: cannot write all of it: %s", path, strerror(errno));
    free(bytes);
    return rc;
}
