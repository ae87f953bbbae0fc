#include "image/tiff.h"

#include "image/tiff_options.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

enum { MAX_DIRECTORIES = 256, MAX_BLOCK = 1 << 27, NO_ALPHA = -1 };

/* What every page of a file must agree in. */
struct layout {
    uint32_t width, height;
    uint16_t bits, format, samples, photometric, planar, compression;
    int alpha; /* which sample, or NO_ALPHA */
};

struct decoder {
    const struct image_file *file;
    struct image *image;
    struct err *err;
    TIFF *tiff;
    uint64_t at; /* where libtiff reads next */
    char reason[TIFF_REASON_SIZE];
    struct layout layout;
    int n_pages;
    tdir_t page[IMAGE_MAX_CHANNELS];
    uint16_t *palette[3];
    unsigned char *block;
};

/* ---- libtiff's view of the bytes ---- */

static tmsize_t on_read(thandle_t self, void *out, tmsize_t n)
{
    struct decoder *d = self;
    uint64_t left = d->at < d->file->n ? d->file->n - d->at : 0;
    if ((uint64_t)n > left)
        n = (tmsize_t)left;
    memcpy(out, d->file->bytes + (left ? d->at : 0), (size_t)n);
    d->at += (uint64_t)n;
    return n;
}

static tmsize_t on_write(thandle_t self, void *bytes, tmsize_t n)
{
    (void)self;
    (void)bytes;
    (void)n;
    return -1;
}

static toff_t on_seek(thandle_t self, toff_t to, int whence)
{
    struct decoder *d = self;
    d->at = whence == SEEK_SET ? to : whence == SEEK_CUR ? d->at + to : d->file->n + to;
    return d->at;
}

static int on_close(thandle_t self)
{
    (void)self;
    return 0;
}

static toff_t on_size(thandle_t self)
{
    return ((struct decoder *)self)->file->n;
}

static int refuse(struct decoder *d, const char *what)
{
    return err_set(d->err, E_IO, "%s: a TIFF %s; convert it", d->file->name, what);
}

static int damaged(struct decoder *d)
{
    return err_set(d->err, E_IO, "%s: damaged: %s", d->file->name,
                   d->reason[0] ? d->reason : "libtiff cannot read it");
}

static int open_tiff(struct decoder *d)
{
    TIFFOpenOptions *options = tiff_options(d->reason, MAX_BLOCK);
    if (options) {
        d->tiff = TIFFClientOpenExt("TIFF", "rm", d, on_read, on_write, on_seek, on_close, on_size, NULL,
                                    NULL, options);
        TIFFOpenOptionsFree(options);
    }
    return d->tiff ? 0 : damaged(d);
}

/* ---- what the pages are ---- */

static int find_alpha(TIFF *tiff, int samples)
{
    uint16_t n = 0, *kind = NULL;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &n, &kind) || n >= samples)
        return NO_ALPHA;
    for (int k = 0; k < n; k++)
        if (kind[k] == EXTRASAMPLE_ASSOCALPHA || kind[k] == EXTRASAMPLE_UNASSALPHA)
            return samples - n + k;
    return NO_ALPHA;
}

static struct layout layout_of(TIFF *tiff)
{
    struct layout l = {.bits = tiff_field(tiff, TIFFTAG_BITSPERSAMPLE),
                       .format = tiff_field(tiff, TIFFTAG_SAMPLEFORMAT),
                       .samples = tiff_field(tiff, TIFFTAG_SAMPLESPERPIXEL),
                       .photometric = tiff_field(tiff, TIFFTAG_PHOTOMETRIC),
                       .planar = tiff_field(tiff, TIFFTAG_PLANARCONFIG),
                       .compression = tiff_field(tiff, TIFFTAG_COMPRESSION)};
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &l.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &l.height);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &l.photometric))
        l.photometric = PHOTOMETRIC_MINISBLACK;
    if (l.format == SAMPLEFORMAT_VOID || l.format == 0)
        l.format = SAMPLEFORMAT_UINT;
    l.alpha = find_alpha(tiff, l.samples);
    return l;
}

static int same_layout(const struct layout *a, const struct layout *b)
{
    return a->width == b->width && a->height == b->height && a->bits == b->bits && a->format == b->format &&
           a->samples == b->samples && a->photometric == b->photometric && a->alpha == b->alpha;
}

static int is_copy_or_mask(TIFF *tiff)
{
    uint32_t kind = 0;
    return TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind) && kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK);
}

static int take_page(struct decoder *d)
{
    struct layout l = layout_of(d->tiff);
    if (d->n_pages == 0)
        d->layout = l;
    if (!same_layout(&l, &d->layout))
        return err_set(
            d->err, E_IO,
            "%s: its pages differ in size or kind (the first is %u x %u, another %u x %u); keep the "
            "one that shows the cell",
            d->file->name, d->layout.width, d->layout.height, l.width, l.height);
    if (d->n_pages == IMAGE_MAX_CHANNELS)
        return err_set(d->err, E_IO,
                       "%s: more than %d pages, a stack; keep one plane, with a page or a sample a channel",
                       d->file->name, IMAGE_MAX_CHANNELS);
    d->page[d->n_pages++] = TIFFCurrentDirectory(d->tiff);
    return 0;
}

static int survey(struct decoder *d)
{
    int rc = 0, n = 0;
    do
        rc = is_copy_or_mask(d->tiff) ? 0 : take_page(d);
    while (rc == 0 && ++n < MAX_DIRECTORIES && TIFFReadDirectory(d->tiff));
    if (rc == 0 && d->reason[0])
        rc = damaged(d);
    return rc == 0 && d->n_pages == 0 ? refuse(d, "that holds only reduced copies") : rc;
}

static int check_compression(struct decoder *d)
{
    uint16_t c = d->layout.compression;
    if (TIFFIsCODECConfigured(c) && c != COMPRESSION_OJPEG && c != COMPRESSION_SGILOG &&
        c != COMPRESSION_SGILOG24 && c != COMPRESSION_PIXARLOG)
        return 0;
    return err_set(d->err, E_IO, "%s: a TIFF of compression %d, which is not read; convert it", d->file->name,
                   c);
}

static int check_samples(struct decoder *d)
{
    const struct layout *l = &d->layout;
    int is_float = l->format == SAMPLEFORMAT_IEEEFP, whole = l->bits >= 1 && (l->bits <= 16 || l->bits == 32);
    if (l->format > SAMPLEFORMAT_IEEEFP)
        return refuse(d, "of complex numbers");
    if (is_float ? l->bits != 16 && l->bits != 32 && l->bits != 64 : !whole)
        return err_set(d->err, E_IO, "%s: a TIFF of %d bits a sample; convert it", d->file->name, l->bits);
    if (l->format == SAMPLEFORMAT_INT && l->bits != 8 && l->bits != 16 && l->bits != 32)
        return refuse(d, "of signed numbers of a strange size");
    return 0;
}

static int check_colours(struct decoder *d)
{
    const struct layout *l = &d->layout;
    int colours = l->samples - (l->alpha != NO_ALPHA);
    switch (l->photometric) {
    case PHOTOMETRIC_MINISBLACK:
        return 0;
    case PHOTOMETRIC_MINISWHITE:
        return l->format == SAMPLEFORMAT_UINT ? 0 : refuse(d, "of which the least value is white, in floats");
    case PHOTOMETRIC_RGB:
        return colours >= 3 ? 0 : refuse(d, "of RGB with less than three samples");
    case PHOTOMETRIC_YCBCR:
        return l->compression == COMPRESSION_JPEG && l->samples == 3 && l->bits == 8 ? 0
                                                                                     : refuse(d, "of YCbCr");
    case PHOTOMETRIC_PALETTE:
        return l->samples == 1 && l->bits <= 8 && l->format == SAMPLEFORMAT_UINT && d->n_pages == 1
                   ? 0
                   : refuse(d, "with a strange palette");
    default:
        return refuse(d, "of CMYK, L*a*b*, a mask or raw camera data");
    }
}

static int check_pages(struct decoder *d)
{
    const struct layout *l = &d->layout;
    int colours = l->samples - (l->alpha != NO_ALPHA);
    if (l->width == 0 || l->height == 0 || l->samples == 0 || (l->width | l->height) > INT_MAX)
        return damaged(d);
    if (d->n_pages > 1 && colours > 1)
        return err_set(d->err, E_IO, "%s: %d pages of %d samples; keep one page", d->file->name, d->n_pages,
                       colours);
    return 0;
}

static int depth_of(const struct layout *l)
{
    if (l->format == SAMPLEFORMAT_IEEEFP && l->bits == 16)
        return 32;
    return l->bits < 8 ? 8 : l->bits;
}

static int make_room(struct decoder *d)
{
    const struct layout *l = &d->layout;
    int colours = l->samples - (l->alpha != NO_ALPHA), is_palette = l->photometric == PHOTOMETRIC_PALETTE;
    *d->image = (struct image){.width = (int)l->width, .height = (int)l->height, .depth = depth_of(l)};
    d->image->channels = is_palette ? 3 : d->n_pages > 1 ? d->n_pages : colours;
    d->image->is_rgb = d->image->channels == 3 && d->n_pages == 1 &&
                       l->photometric != PHOTOMETRIC_MINISBLACK && l->photometric != PHOTOMETRIC_MINISWHITE;
    return image_allocate(d->file, d->image, l->alpha != NO_ALPHA, d->err);
}

/* ---- samples ---- */

static double half(uint16_t v)
{
    int exponent = v >> 10 & 31, fraction = v & 1023;
    double size = exponent == 31 ? (double)(fraction ? NAN : INFINITY)
                  : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                 : ldexp(fraction, -24);
    return v >> 15 ? -size : size;
}

/* Sample i of a row whose samples are bits on end, the high bit of a byte first. */
static unsigned packed(const unsigned char *row, size_t i, unsigned bits)
{
    unsigned value = 0;
    for (size_t at = i * bits; at < (i + 1) * bits; at++)
        value = value << 1 | (row[at / 8] >> (7 - at % 8) & 1u);
    return value;
}

static double float_sample(const unsigned char *row, size_t i, unsigned bits)
{
    uint16_t small;
    float single;
    double value;
    switch (bits) {
    case 16:
        memcpy(&small, row + 2 * i, sizeof small);
        return half(small);
    case 32:
        memcpy(&single, row + 4 * i, sizeof single);
        return (double)single;
    default:
        memcpy(&value, row + 8 * i, sizeof value);
        return value;
    }
}

static uint32_t whole_sample(const unsigned char *row, size_t i, unsigned bits)
{
    uint16_t two;
    uint32_t four;
    switch (bits) {
    case 8:
        return row[i];
    case 16:
        memcpy(&two, row + 2 * i, sizeof two);
        return two;
    case 32:
        memcpy(&four, row + 4 * i, sizeof four);
        return four;
    default:
        return packed(row, i, bits);
    }
}

static double sample(const struct layout *l, const unsigned char *row, size_t i)
{
    if (l->format == SAMPLEFORMAT_IEEEFP)
        return float_sample(row, i, l->bits);
    uint32_t v = whole_sample(row, i, l->bits);
    double max = ldexp(1, l->bits) - 1;
    if (l->format == SAMPLEFORMAT_INT) {
        double negative = v >> (l->bits - 1) ? ldexp(1, l->bits) : 0;
        return (v - negative) / (ldexp(1, l->bits - 1) - 1);
    }
    return l->photometric == PHOTOMETRIC_MINISWHITE ? (max - v) / max : v / max;
}

/* ---- blocks: strips or tiles ---- */

/* A decompressed block: of one sample (plane) or of all of them (-1), at x, y. */
struct block {
    uint32_t x, y, width, height; /* what of it lies in the image */
    size_t stride;                /* bytes a row */
    int plane, page;
};

static void put(const struct decoder *d, const struct block *b, uint32_t x, uint32_t y, int s, double value)
{
    const struct layout *l = &d->layout;
    struct image *image = d->image;
    size_t at = (size_t)(b->y + y) * l->width + b->x + x;
    if (s == l->alpha) {
        image->alpha[at] = (float)value;
        return;
    }
    int channel = d->n_pages > 1 ? b->page : s - (l->alpha != NO_ALPHA && s > l->alpha);
    image->pixels[at * (size_t)image->channels + (size_t)channel] = (float)value;
}

static void put_colour(const struct decoder *d, const struct block *b, uint32_t x, uint32_t y, unsigned index,
                       unsigned shift)
{
    for (int c = 0; c < 3; c++)
        put(d, b, x, y, c, (d->palette[c][index] >> shift & 255) / 255.0);
}

/* Palettes are of 16 bits; some writers fill only 8. */
static unsigned palette_shift(const struct decoder *d)
{
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 1 << d->layout.bits; k++)
            if (d->palette[c][k] > 255)
                return 8;
    return 0;
}

static void take_block(const struct decoder *d, const struct block *b)
{
    const struct layout *l = &d->layout;
    int first = b->plane < 0 ? 0 : b->plane, n = b->plane < 0 ? l->samples : 1;
    unsigned shift = d->palette[0] ? palette_shift(d) : 0;
    for (uint32_t y = 0; y < b->height; y++) {
        const unsigned char *row = d->block + b->stride * y;
        for (uint32_t x = 0; x < b->width; x++)
            if (d->palette[0])
                put_colour(d, b, x, y, whole_sample(row, x, l->bits), shift);
            else
                for (int s = 0; s < n; s++)
                    put(d, b, x, y, first + s, sample(l, row, (size_t)x * (size_t)n + (size_t)s));
    }
}

/* Memory for a block of n bytes a row and the whole; rows that are too short for their pixels are refused. */
static int block_room(struct decoder *d, uint64_t size, uint64_t stride, uint32_t width, int samples)
{
    uint64_t least = ((uint64_t)width * (uint64_t)samples * d->layout.bits + 7) / 8;
    if (size == 0 || size > MAX_BLOCK || stride < least || stride > size)
        return err_set(d->err, E_IO,
                       "%s: strips or tiles of %llu bytes, too large for a cell image or damaged",
                       d->file->name, (unsigned long long)size);
    free(d->block);
    d->block = err_calloc(size, 1, d->file->name, d->err);
    return d->block ? 0 : E_IO;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static int read_tiles(struct decoder *d, struct block b, int samples)
{
    const struct layout *l = &d->layout;
    uint32_t width = 0, height = 0;
    uint64_t size = TIFFTileSize64(d->tiff);
    b.stride = (size_t)TIFFTileRowSize64(d->tiff);
    TIFFGetField(d->tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(d->tiff, TIFFTAG_TILELENGTH, &height);
    if (width == 0 || height == 0 || block_room(d, size, b.stride, width, samples) < 0)
        return width && height ? E_IO : damaged(d);
    if (size < (uint64_t)b.stride * height)
        return damaged(d);
    for (b.y = 0; b.y < l->height; b.y += least(height, l->height - b.y))
        for (b.x = 0; b.x < l->width; b.x += least(width, l->width - b.x)) {
            uint32_t tile = TIFFComputeTile(d->tiff, b.x, b.y, 0, (uint16_t)(b.plane < 0 ? 0 : b.plane));
            if (TIFFReadEncodedTile(d->tiff, tile, d->block, (tmsize_t)size) < (tmsize_t)size)
                return damaged(d);
            b.width = least(width, l->width - b.x);
            b.height = least(height, l->height - b.y);
            take_block(d, &b);
        }
    return 0;
}

static int read_strips(struct decoder *d, struct block b, int samples)
{
    const struct layout *l = &d->layout;
    uint32_t rows = 0;
    uint64_t size = TIFFStripSize64(d->tiff);
    b.stride = (size_t)TIFFScanlineSize64(d->tiff);
    TIFFGetFieldDefaulted(d->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    rows = least(rows, l->height);
    if (rows == 0 || block_room(d, size, b.stride, l->width, samples) < 0)
        return rows ? E_IO : damaged(d);
    b.width = l->width;
    for (; b.y < l->height; b.y += b.height) {
        uint32_t strip = TIFFComputeStrip(d->tiff, b.y, (uint16_t)(b.plane < 0 ? 0 : b.plane));
        b.height = least(rows, l->height - b.y);
        uint64_t wanted = (uint64_t)b.stride * b.height;
        if (wanted > size ||
            TIFFReadEncodedStrip(d->tiff, strip, d->block, (tmsize_t)wanted) < (tmsize_t)wanted)
            return damaged(d);
        take_block(d, &b);
    }
    return 0;
}

static int read_page(struct decoder *d, int page)
{
    const struct layout *l = &d->layout;
    int apart = l->planar == PLANARCONFIG_SEPARATE && l->samples > 1, rc = 0;
    if (!TIFFSetDirectory(d->tiff, d->page[page]))
        return damaged(d);
    if (l->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(d->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (l->photometric == PHOTOMETRIC_PALETTE && /* the arrays live as long as the directory is current */
        !TIFFGetField(d->tiff, TIFFTAG_COLORMAP, &d->palette[0], &d->palette[1], &d->palette[2]))
        return refuse(d, "without its palette");
    for (int plane = 0; rc == 0 && plane < (apart ? l->samples : 1); plane++) {
        struct block b = {.page = page, .plane = apart ? plane : -1};
        int samples = apart ? 1 : l->samples;
        rc = TIFFIsTiled(d->tiff) ? read_tiles(d, b, samples) : read_strips(d, b, samples);
    }
    return rc;
}

static int decode(struct decoder *d)
{
    int rc = open_tiff(d);
    if (rc == 0)
        rc = survey(d);
    if (rc == 0)
        rc = check_pages(d);
    if (rc == 0)
        rc = check_compression(d);
    if (rc == 0)
        rc = check_samples(d);
    if (rc == 0)
        rc = check_colours(d);
    if (rc == 0)
        rc = make_room(d);
    for (int k = 0; rc == 0 && k < d->n_pages; k++)
        rc = read_page(d, k);
    return rc;
}

int image_is_tiff(const struct image_file *file)
{
    static const char magic[4][4] = {
        {'I', 'I', '*', 0}, {'M', 'M', 0, '*'}, {'I', 'I', '+', 0}, {'M', 'M', 0, '+'}};
    for (int k = 0; k < 4; k++)
        if (file->n >= 4 && memcmp(file->bytes, magic[k], 4) == 0)
            return 1;
    return 0;
}

int image_decode_tiff(const struct image_file *file, struct image *image, struct err *err)
{
    struct decoder d = {.file = file, .image = image, .err = err};
    *image = (struct image){0};
    int rc = decode(&d);
    if (d.tiff)
        TIFFClose(d.tiff);
    free(d.block);
    return rc;
}
