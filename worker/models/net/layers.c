#include "models/net/layers.h"

struct conv_shape layers_conv(const struct cnn_shape *shape, int layer, int n)
{
    int h = layer == 0 ? shape->size : (shape->size - 2) / 2;
    int c = layer == 0 ? 1 : shape->filters[0];
    return (struct conv_shape){.n = n, .h = h, .w = h, .c = c, .k = shape->filters[layer]};
}

struct dense_shape layers_dense(const struct cnn_shape *shape, int layer, int n)
{
    int in = layer == 0 ? (int)layers_conv_out(layers_conv(shape, 1, 1)) : shape->dense[layer - 1];
    int out = layer < LAYERS_DENSE - 1 ? shape->dense[layer] : shape->n_classes;
    return (struct dense_shape){.n = n, .in = in, .out = out};
}

size_t layers_conv_in(struct conv_shape s)
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w * (size_t)s.c;
}

size_t layers_conv_out(struct conv_shape s)
{
    return (size_t)s.n * (size_t)((s.h - 2) / 2) * (size_t)((s.w - 2) / 2) * (size_t)s.k;
}
