#include "data/resize.h"

#include <stddef.h>

/* Where an output pixel falls between two input pixels of one axis. */
struct tap {
    int low, high;
    double weight; /* of high */
};

static struct tap tap_of(int i, int n_out, int n_in)
{
    double at = (i + 0.5) * n_in / n_out - 0.5;
    if (at < 0.0)
        at = 0.0;
    int low = (int)at;
    struct tap tap = {low, low + 1 < n_in ? low + 1 : n_in - 1, at - low};
    return tap;
}

void resize_bilinear(float *out, int size, const float *in, int width, int height)
{
    for (int j = 0; j < size; j++) {
        struct tap v = tap_of(j, size, height);
        const float *upper = in + (size_t)v.low * (size_t)width, *lower = in + (size_t)v.high * (size_t)width;
        for (int i = 0; i < size; i++) {
            struct tap h = tap_of(i, size, width);
            double top = (1.0 - h.weight) * (double)upper[h.low] + h.weight * (double)upper[h.high];
            double bottom = (1.0 - h.weight) * (double)lower[h.low] + h.weight * (double)lower[h.high];
            *out++ = (float)((1.0 - v.weight) * top + v.weight * bottom);
        }
    }
}
