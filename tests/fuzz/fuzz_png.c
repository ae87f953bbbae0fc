/* A PNG file, as `data pack` and the predictor read it. */
#include "fuzz.h"

#include "data/png.h"

#include <stdlib.h>
#include <zlib.h>

/* libFuzzer's own mutation; not there in a replay. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed);

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The checksum of every chunk made right again: else libpng would look at nothing behind the first change. */
static void mend_checksums(uint8_t *bytes, size_t n)
{
    for (size_t at = 8; n >= 12 && at <= n - 12;) {
        size_t length = big_endian(bytes + at);
        if (length > n - at - 12)
            return;
        uint32_t sum = (uint32_t)crc32(0, bytes + at + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned seed)
{
    n = LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, n, max) : n;
    if (seed % 16)
        mend_checksums(bytes, n);
    return n;
}

/* A few input bytes may claim 2^26 pixels: honest, but each would take seconds here. */
static int is_large(const uint8_t *bytes, size_t n)
{
    return n >= 24 && (bytes[16] || bytes[17] || bytes[18] > 1 || bytes[20] || bytes[21] || bytes[22] > 1);
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    struct image image;
    struct err err = {0};
    if (is_large(bytes, n))
        return 0;
    int rc = fuzz_check(image_read_memory(bytes, n, "x.png", &image, &err), &err);
    for (int i = 0; rc == 0 && i < image.width * image.height; i++)
        if (!(image.pixels[i] >= 0.0f && image.pixels[i] <= 1.0f))
            abort();
    image_release(&image);
    return rc == 0;
}
