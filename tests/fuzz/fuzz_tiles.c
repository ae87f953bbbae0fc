/* A huge image in tiles, of which some are read. */
#include "fuzz.h"

#include "xenium/tiles.h"

#include <stdlib.h>

/* A few bytes may claim tiles of 8192 pixels a side: honest, but each would take a second here. */
enum { MAX_SIDE = 256, MAX_READ = 6 };

int fuzz_one(const uint8_t *bytes, size_t n)
{
    struct tiles *tiles = NULL;
    struct err err = {0};
    int rc = fuzz_check(tiles_open(fuzz_file(0, bytes, n), &tiles, &err), &err);
    const struct tiles_shape *s = rc == 0 ? tiles_shape(tiles) : NULL;
    int is_small = s && s->tile_width <= MAX_SIDE && s->tile_height <= MAX_SIDE;
    for (int t = 0; rc == 0 && is_small && t < s->across * s->down && t < MAX_READ; t++)
        rc = fuzz_check(tiles_read(tiles, t, &err) ? 0 : E_IO, &err);
    tiles_close(tiles);
    return rc == 0;
}
