/* cnn.h - convolutional networks, from that of the report to small VGGs and ResNets, as nodes.
 *
 *     input (size, size, channels) -> [stem: conv -> norm -> act] -> blocks -> head
 *     block: [conv -> norm -> act] for each of its convolutions -> pool 2
 *     head:  flatten (y, x, channel), or mean of every channel -> dropout
 *            -> [dense -> act -> dropout] for each dense layer -> dense C, softmax
 *
 *     rc = cnn_check(&shape, batch, &err);
 *     cnn_nodes(&shape, &nodes, NULL);             to look at: its parameters, its layers (nodes.h)
 *     nodes_fuse(&nodes, 1), net_new(...)          to run (net.h)
 *
 * A residual block adds what it got to what its convolutions made of it, before the last act (He et al. 2016,
 * after their figure 3); where it got something of another shape, after a convolution 1x1 and a norm. With
 * CNN_STRIDE nothing is pooled: the first convolution of a block that has other filters than the block before
 * takes every second pixel. Convolutions that a norm follows have no bias.
 *
 * The network of the report has two blocks and two dense layers, ReLU and max-pools and nothing else. */
#ifndef CELLSWEEP_CNN_H
#define CELLSWEEP_CNN_H

#include "models/net/net.h"

enum { CNN_MAX_BLOCKS = 16, CNN_MAX_DENSE = 15, CNN_MAX_CONVS = 4 };

enum cnn_norm { CNN_NO_NORM, CNN_BATCH_NORM, CNN_GROUP_NORM };
enum cnn_pool { CNN_MAX_POOL, CNN_AVERAGE_POOL, CNN_STRIDE };

struct cnn_shape {
    int size;     /* width and height of an image, pixels; blocks need some */
    int channels; /* of an image, 1 to IMAGE_MAX_CHANNELS */
    int n_blocks, n_dense;
    int stem; /* filters of a convolution before all blocks; 0: none */
    int filters[CNN_MAX_BLOCKS];
    int convs;  /* convolutions of a block, 1 to CNN_MAX_CONVS; 0: 1 */
    int kernel; /* side of their filters, 3 or 5; 0: 3 */
    int same;   /* 1: zeros around make their output as large as their input */
    enum cnn_norm norm;
    int gelu; /* 1: act is GELU; 0: ReLU */
    enum cnn_pool pool;
    int residual; /* needs same */
    int global;   /* 1: the head takes the mean of every channel */
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
