/* resize.h - bilinear resizing, channel by channel.
 *
 * Half-pixel centres, no antialiasing, edge pixels repeated: tf.image.resize(method="bilinear") and torch's
 * interpolate(mode="bilinear", align_corners=False). Pure function. */
#ifndef CELLSWEEP_RESIZE_H
#define CELLSWEEP_RESIZE_H

/* out (size, size, channels) from in (height, width, channels); all sizes at least 1. out must not alias
 * in. The same size copies. */
void resize_bilinear(float *out, int size, const float *in, int width, int height, int channels);

#endif
