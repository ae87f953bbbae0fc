/* A JPEG file, as `data pack` and the predictor read it. */
#include "image_fuzz.h"

int fuzz_one(const uint8_t *bytes, size_t n)
{
    return fuzz_image(bytes, n, 0.0f, 1.0f);
}
