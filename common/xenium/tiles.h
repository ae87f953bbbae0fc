/* tiles.h - the tiles of a huge image of one channel, a TIFF or BigTIFF, one at a time.
 *
 *     if (tiles_open("morphology_focus.ome.tif", &tiles, &err) < 0) ...
 *     const uint16_t *sample = tiles_read(tiles, tile, &err);        tile: column + row * shape->across
 *     tiles_close(tiles);
 *
 * Only the first directory is looked at: smaller copies lie in its SubIFDs, and the OME-XML in its
 * description may name files that are not there. Tiles of compression 33003, 33004, 33005 and 34712 are JPEG
 * 2000 (jp2.h), read raw; others are decompressed by libtiff. Whole numbers without sign, of 8 or 16 bits.
 * Memory: one tile, and 16 bytes for each that there is. No MPI. */
#ifndef CELLSWEEP_TILES_H
#define CELLSWEEP_TILES_H

#include "err.h"

#include <stdint.h>

struct tiles;

struct tiles_shape {
    int width, height;           /* of the image, pixels */
    int tile_width, tile_height; /* of every tile, also of those that reach beyond the image */
    int across, down;            /* how many */
    int bits;                    /* a sample: 8 or 16 */
};

/* Open the file and check what kind of image it is. E_IO; nothing is left open then. */
int tiles_open(const char *path, struct tiles **out, struct err *err);

const struct tiles_shape *tiles_shape(const struct tiles *tiles);

/* Samples (tile_height, tile_width) of a tile, until the next call; beyond the image they are undefined. NULL
 * with *err, which names file and tile, when it is damaged or lies outside the file. */
const uint16_t *tiles_read(struct tiles *tiles, int tile, struct err *err);

/* tiles may be NULL. */
void tiles_close(struct tiles *tiles);

#endif
