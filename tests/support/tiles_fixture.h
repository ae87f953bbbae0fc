/* tiles_fixture.h - small BigTIFFs in tiles, of 16 bits, whose pixel (x, y) is tiles_value(x, y). */
#ifndef CELLSWEEP_TILES_FIXTURE_H
#define CELLSWEEP_TILES_FIXTURE_H

#include <stdint.h>

/* The pixel at (x, y). */
uint16_t tiles_value(int x, int y);

/* 34712 is a codestream, 33003 to 33005 a JP2 file; all others are libtiff's. Pixels beyond the image are
 * 7. */
void tiles_write(const char *path, int width, int height, int tile, int compression);

#endif
