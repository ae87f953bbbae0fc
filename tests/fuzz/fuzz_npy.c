/* A NumPy array, as `data pack` and the predictor read it. Floats may have any finite value. */
#include "image_fuzz.h"

#include <float.h>

int fuzz_one(const uint8_t *bytes, size_t n)
{
    return fuzz_image(bytes, n, -FLT_MAX, FLT_MAX);
}
