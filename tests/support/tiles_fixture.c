#include "support/tiles_fixture.h"

#include "support/jp2_fixture.h"

#include <stdlib.h>
#include <tiffio.h>

uint16_t tiles_value(int x, int y)
{
    return (uint16_t)(x + 1000 * y);
}

void tiles_write(const char *path, int width, int height, int tile, int compression)
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
