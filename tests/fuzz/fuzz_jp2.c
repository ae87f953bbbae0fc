/* A tile as JPEG 2000. */
#include "fuzz.h"

#include "xenium/jp2.h"

#include <stdlib.h>

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static const struct jp2_tile tile = {16, 16, 12, 12, 16};
    uint16_t sample[16 * 16];
    struct err err = {0};
    return fuzz_check(jp2_decode(bytes, n, &tile, sample, &err), &err) == 0;
}
