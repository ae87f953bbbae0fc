/* tiles_fixture.h - small BigTIFFs in tiles, of 16 bits, whose pixel (x, y) is tiles_value(x, y). */
#ifndef CELLSWEEP_TILES_FIXTURE_H
#define CELLSWEEP_TILES_FIXTURE_H

#include "support/jp2_fixture.h"

#include <tiffio.h>

static inline uint16_t tiles_value(int x, int y)
{
    return (uint16_t)(x + 1000 * y);
}

/* 34712 is a codestream, 33003 to 33005 a JP2 file; all others are libtiff's. Pixels beyond the image are
 * 7. */
static inline void tiles_write(const char *path, int width, int height, int tile, int compression)
{
    struct jp2_bytes bytes = {0};
    TIFF *tiff = TIFFOpen(path, "w8");
    uint16_t *sample = calloc((size_t)tile * (size_t)tile, sizeof *sample);
    int across = (width - 1) / tile + 1, down = (height - 1) / tile + 1, is_jp2 = compression > 33000;
    if (!tiff || !sample)
        abort();
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, tile);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    for (int t = 0; t < across * down; t++) {
        for (int i = 0; i < tile * tile; i++) {
            int x = t % across * tile + i % tile, y = t / across * tile + i / tile;
            sample[i] = x < width && y < height ? tiles_value(x, y) : 7;
        }
        if (is_jp2)
            jp2_encode(sample, tile, 16, compression != 34712, &bytes);
        if ((is_jp2 ? TIFFWriteRawTile(tiff, (uint32_t)t, bytes.at, (tmsize_t)bytes.n)
                    : TIFFWriteEncodedTile(tiff, (uint32_t)t, sample, (tmsize_t)tile * tile * 2)) < 0)
            abort();
    }
    TIFFClose(tiff);
    free(sample);
    free(bytes.at);
}

#endif
