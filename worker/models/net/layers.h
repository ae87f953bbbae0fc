/* layers.h - the sizes of each layer of the network, as the kernels want them. Pure functions.
 * Convolutions are 0 and 1; dense layers 0, 1 and 2, the last of which makes the logits. Dropout l works on
 * the input of dense layer l. */
#ifndef CELLSWEEP_LAYERS_H
#define CELLSWEEP_LAYERS_H

#include "models/net/cnn.h"
#include "kernels/kernels.h"

enum { LAYERS_CONV = 2, LAYERS_DENSE = 3 };

/* Convolution `layer` on n images. */
struct conv_shape layers_conv(const struct cnn_shape *shape, int layer, int n);

/* Dense layer `layer` on n rows. */
struct dense_shape layers_dense(const struct cnn_shape *shape, int layer, int n);

/* Floats that a convolution reads and, after pooling, leaves for all its s.n images. */
size_t layers_conv_in(struct conv_shape s);
size_t layers_conv_out(struct conv_shape s);

#endif
