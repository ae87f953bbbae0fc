/* A PNG file, as `data pack` and the predictor read it. */
#include "fuzz.h"

#include "image_fuzz.h"

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

int fuzz_one(const uint8_t *bytes, size_t n)
{
    return fuzz_image(bytes, n, 0.0f, 1.0f);
}
