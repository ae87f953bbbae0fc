#include "xenium/tiles.h"

#include "child.h"
#include "image/tiff_options.h"
#include "xenium/jp2.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>

enum { MAX_TILE_SIDE = 8192, MAX_RAW = 1 << 28 };

struct tiles {
    char *path;
    TIFF *tiff;
    struct tiles_shape shape;
    int compression;
    uint64_t file_size;
    uint16_t *sample; /* (tile_height, tile_width) */
    unsigned char *raw;
    size_t raw_size;
    char reason[TIFF_REASON_SIZE]; /* libtiff's first complaint */
};

/* Without a memory map, whose pages would count as memory. */
static int open_tiff(struct tiles *t, struct err *err)
{
    TIFFOpenOptions *options = tiff_options(t->reason, MAX_RAW);
    struct stat info;
    if (stat(t->path, &info) == 0 && S_ISREG(info.st_mode) && options) {
        t->file_size = (uint64_t)info.st_size;
        t->tiff = TIFFOpenExt(t->path, "rm", options);
    }
    if (options)
        TIFFOpenOptionsFree(options);
    if (t->tiff)
        return 0;
    return err_set(err, E_IO, "%s: cannot be read as a TIFF: %s", t->path,
                   t->reason[0] ? t->reason : "it is not there, or no file");
}

/* A field of 32 bits; 0 when there is none, or one that is too great. */
static int field32(TIFF *tiff, uint32_t tag)
{
    uint32_t value = 0;
    return TIFFGetField(tiff, tag, &value) == 1 && value <= INT_MAX ? (int)value : 0;
}

static int refuse(const struct tiles *t, const char *what, struct err *err)
{
    return err_set(err, E_IO, "%s: its first image is %s; a focus image is gray, in tiles, of 8 or 16 bits",
                   t->path, what);
}

static int is_jp2(const struct tiles *t)
{
    return t->compression == 33003 || t->compression == 33004 || t->compression == 33005 ||
           t->compression == 34712;
}

static int check_kind(struct tiles *t, struct err *err)
{
    int photometric = tiff_field(t->tiff, TIFFTAG_PHOTOMETRIC);
    t->compression = tiff_field(t->tiff, TIFFTAG_COMPRESSION);
    t->shape.bits = tiff_field(t->tiff, TIFFTAG_BITSPERSAMPLE);
    if (!TIFFIsTiled(t->tiff))
        return refuse(t, "in strips (`tiffcp -t -w 1024 -l 1024` makes tiles)", err);
    if (tiff_field(t->tiff, TIFFTAG_SAMPLESPERPIXEL) != 1)
        return refuse(t, "of several samples a pixel", err);
    if (tiff_field(t->tiff, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_UINT ||
        (t->shape.bits != 8 && t->shape.bits != 16))
        return refuse(t, "of other numbers", err);
    if (photometric == PHOTOMETRIC_PALETTE || photometric == PHOTOMETRIC_MINISWHITE)
        return refuse(t, "a palette or a negative", err);
    if (!is_jp2(t) && !TIFFIsCODECConfigured((uint16_t)t->compression))
        return err_set(err, E_IO, "%s: compression %d, which neither libtiff nor OpenJPEG reads", t->path,
                       t->compression);
    return 0;
}

static int check_shape(struct tiles *t, struct err *err)
{
    struct tiles_shape *s = &t->shape;
    s->width = field32(t->tiff, TIFFTAG_IMAGEWIDTH);
    s->height = field32(t->tiff, TIFFTAG_IMAGELENGTH);
    s->tile_width = field32(t->tiff, TIFFTAG_TILEWIDTH);
    s->tile_height = field32(t->tiff, TIFFTAG_TILELENGTH);
    if (s->width < 1 || s->height < 1 || s->tile_width < 1 || s->tile_height < 1 ||
        s->tile_width > MAX_TILE_SIDE || s->tile_height > MAX_TILE_SIDE)
        return err_set(err, E_IO, "%s: damaged: an image of %d x %d pixels in tiles of %d x %d", t->path,
                       s->width, s->height, s->tile_width, s->tile_height);
    s->across = (s->width - 1) / s->tile_width + 1;
    s->down = (s->height - 1) / s->tile_height + 1;
    if ((int64_t)s->across * s->down > INT_MAX ||
        (uint32_t)s->across * (uint32_t)s->down != TIFFNumberOfTiles(t->tiff))
        return err_set(err, E_IO, "%s: damaged: %d x %d tiles are not what it lists", t->path, s->across,
                       s->down);
    t->sample = err_calloc((size_t)s->tile_width * (size_t)s->tile_height, sizeof *t->sample, "a tile", err);
    return t->sample ? 0 : E_IO;
}

int tiles_open(const char *path, struct tiles **out, struct err *err)
{
    struct tiles *t = err_calloc(1, sizeof *t, "an image", err);
    *out = NULL;
    if (!t)
        return E_IO;
    t->path = strdup(path);
    child_at(path);
    int rc = t->path ? open_tiff(t, err) : err_set(err, E_IO, "%s: out of memory", path);
    if (rc == 0)
        rc = check_kind(t, err);
    if (rc == 0)
        rc = check_shape(t, err);
    if (rc == 0)
        *out = t;
    else
        tiles_close(t);
    return rc;
}

const struct tiles_shape *tiles_shape(const struct tiles *t)
{
    return &t->shape;
}

/* ---- a tile ---- */

static int bad_tile(const struct tiles *t, int tile, const char *why, struct err *err)
{
    return err_set(err, E_IO, "%s: tile %d of %d (column %d, row %d): %s; is the file whole?", t->path,
                   tile + 1, t->shape.across * t->shape.down, tile % t->shape.across, tile / t->shape.across,
                   why);
}

/* Where the bytes of a tile are, checked against the file. */
static int check_place(const struct tiles *t, int tile, uint64_t *n, struct err *err)
{
    int failed = 0;
    uint64_t at = TIFFGetStrileOffsetWithErr(t->tiff, (uint32_t)tile, &failed);
    *n = TIFFGetStrileByteCountWithErr(t->tiff, (uint32_t)tile, &failed);
    if (failed || *n == 0)
        return bad_tile(t, tile, "it has no bytes", err);
    if (*n > MAX_RAW || at > t->file_size || *n > t->file_size - at)
        return bad_tile(t, tile, "its bytes lie outside the file", err);
    return 0;
}

static int raw_room(struct tiles *t, size_t n, struct err *err)
{
    if (n <= t->raw_size)
        return 0;
    unsigned char *raw = realloc(t->raw, n);
    if (!raw)
        return err_set(err, E_IO, "%s: out of memory for a tile", t->path);
    t->raw = raw;
    t->raw_size = n;
    return 0;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int read_jp2(struct tiles *t, int tile, struct err *err)
{
    const struct tiles_shape *s = &t->shape;
    struct jp2_tile shape = {s->tile_width, s->tile_height, 0, 0, s->bits};
    struct err why;
    uint64_t n = 0;
    shape.least_width = least(s->tile_width, s->width - tile % s->across * s->tile_width);
    shape.least_height = least(s->tile_height, s->height - tile / s->across * s->tile_height);
    int rc = check_place(t, tile, &n, err);
    if (rc == 0)
        rc = raw_room(t, n, err);
    if (rc < 0)
        return rc;
    if (TIFFReadRawTile(t->tiff, (uint32_t)tile, t->raw, (tmsize_t)n) != (tmsize_t)n)
        return bad_tile(t, tile, t->reason[0] ? t->reason : "its bytes cannot be read", err);
    if (!jp2_is(t->raw, n))
        return bad_tile(t, tile, "it does not begin as JPEG 2000 does", err);
    return jp2_decode(t->raw, n, &shape, t->sample, &why) < 0 ? bad_tile(t, tile, why.text, err) : 0;
}

static int read_other(struct tiles *t, int tile, struct err *err)
{
    size_t area = (size_t)t->shape.tile_width * (size_t)t->shape.tile_height;
    size_t n = area * (size_t)t->shape.bits / 8;
    uint64_t stored = 0;
    int rc = check_place(t, tile, &stored, err);
    if (rc == 0)
        rc = raw_room(t, n, err);
    if (rc < 0)
        return rc;
    if (TIFFReadEncodedTile(t->tiff, (uint32_t)tile, t->raw, (tmsize_t)n) != (tmsize_t)n)
        return bad_tile(t, tile, t->reason[0] ? t->reason : "it cannot be decompressed", err);
    if (t->shape.bits == 16)
        memcpy(t->sample, t->raw, n);
    else
        for (size_t i = 0; i < area; i++)
            t->sample[i] = t->raw[i];
    return 0;
}

const uint16_t *tiles_read(struct tiles *t, int tile, struct err *err)
{
    t->reason[0] = '\0';
    child_at(t->path);
    if (tile < 0 || tile >= t->shape.across * t->shape.down) {
        bad_tile(t, tile, "it lies outside the image", err);
        return NULL;
    }
    int rc = is_jp2(t) ? read_jp2(t, tile, err) : read_other(t, tile, err);
    return rc == 0 ? t->sample : NULL;
}

void tiles_close(struct tiles *t)
{
    if (!t)
        return;
    if (t->tiff)
        TIFFClose(t->tiff);
    free(t->sample);
    free(t->raw);
    free(t->path);
    free(t);
}
