#include "image/resize.h"

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

void resize_bilinear(float *out, int size, const float *in, int width, int height, int channels)
{
    size_t stride = (size_t)width * (size_t)channels;
    for (int j = 0; j < size; j++) {
        struct tap v = tap_of(j, size, height);
        const float *upper = in + (size_t)v.low * stride, *lower = in + (size_t)v.high * stride;
        for (int i = 0; i < size; i++) {
            struct tap h = tap_of(i, size, width);
            for (int c = 0; c < channels; c++) {
                int low = h.low * channels + c, high = h.high * channels + c;
                double top = (1.0 - h.weight) * (double)upper[low] + h.weight * (double)upper[high];
                double bottom = (1.0 - h.weight) * (double)lower[low] + h.weight * (double)lower[high];
                *out++ = (float)((1.0 - v.weight) * top + v.weight * bottom);
            }
        }
    }
}
