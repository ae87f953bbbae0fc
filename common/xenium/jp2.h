/* jp2.h - one tile of an image as JPEG 2000, a codestream or a JP2 file in memory, through OpenJPEG.
 *
 * One component of whole numbers without sign. Sizes are checked before pixels are decoded. What OpenJPEG
 * only warns of counts as damage; samples themselves have no checksum, so bytes that are changed among them
 * cannot be seen. No MPI. */
#ifndef CELLSWEEP_JP2_H
#define CELLSWEEP_JP2_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

/* 1 for bytes that begin as a codestream (FF4FFF51) or a JP2 file does. */
int jp2_is(const unsigned char *bytes, size_t n);

/* What a tile must be. */
struct jp2_tile {
    int width, height;             /* of its room, pixels */
    int least_width, least_height; /* as much of it must be there */
    int bits;                      /* a sample has as many or fewer, 1 to 16 */
};

/* Decode to out (height, width); what the tile does not cover becomes 0. E_IO with the reason, without a
 * name, when it is damaged or another kind of image. */
int jp2_decode(const unsigned char *bytes, size_t n, const struct jp2_tile *tile, uint16_t *out,
               struct err *err);

#endif
