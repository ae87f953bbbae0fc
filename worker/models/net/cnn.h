/* cnn.h - the small convolutional network of a job, as nodes.
 *
 *     input (size, size, channels) -> blocks of [conv 3x3, valid, ReLU -> max-pool 2] -> dropout
 *     -> flatten (y, x, channel) -> [dense, ReLU -> dropout] for each dense layer -> dense C, softmax
 *
 *     rc = cnn_check(&shape, batch, &err);
 *     cnn_nodes(&shape, &nodes, NULL);             to look at: its parameters, its layers (nodes.h)
 *     nodes_fuse(&nodes, 1), net_new(...)          to run (net.h)
 *
 * The network of the report has two blocks and two dense layers. */
#ifndef CELLSWEEP_CNN_H
#define CELLSWEEP_CNN_H

#include "models/net/net.h"

enum { CNN_MAX_BLOCKS = 8, CNN_MAX_DENSE = 3 };

struct cnn_shape {
    int size;     /* width and height of an image, pixels; blocks need some */
    int channels; /* of an image, 1 to IMAGE_MAX_CHANNELS */
    int n_blocks, n_dense;
    int filters[CNN_MAX_BLOCKS];
    int dense[CNN_MAX_DENSE];
    int n_classes;                     /* C, 2 to LOSS_MAX_CLASSES */
    double dropout[CNN_MAX_DENSE + 1]; /* rates, 0 <= r < 1: after the blocks, after each dense layer */
};

/* 0, or E_USAGE when the image is too small for the blocks, a size is out of range, or a batch too large to
 * be indexed. */
int cnn_check(const struct cnn_shape *shape, int max_batch, struct err *err);

/* The network, finished, one node a layer: nodes_fuse() makes it fast. E_USAGE as cnn_check(), but for the
 * batch. */
int cnn_nodes(const struct cnn_shape *shape, struct nodes *out, struct err *err);

#endif
