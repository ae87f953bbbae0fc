/* vit.h - the Vision Transformer of a job (Dosovitskiy et al. 2021), small, as nodes.
 *
 *     input (size, size, channels) -> patches without overlap -> linear -> class token, learned positions
 *     -> dropout -> blocks -> class token -> layer norm -> dense C, softmax
 *
 *     block: x += dropout(linear(attention(linear(layer norm(x)))))
 *            x += dropout(linear(GELU(linear(layer norm(x)))))
 *
 *     rc = vit_check(&shape, batch, &err);
 *     vit_nodes(&shape, &nodes, NULL);
 *
 * Where patches do not fill an image they stand in its middle, and a margin is not looked at. Nothing reads
 * the other tokens behind the last attention, so that and what is behind it work on the class token alone:
 * the same network for less. Weights and positions begin as all weights do (net_init), the class token at
 * zero. */
#ifndef CELLSWEEP_VIT_H
#define CELLSWEEP_VIT_H

#include "models/net/net.h"

enum { VIT_MAX_BLOCKS = 16, VIT_MAX_TOKENS = 1024 };

struct vit_shape {
    int size;     /* width and height of an image, pixels */
    int channels; /* of an image, 1 to IMAGE_MAX_CHANNELS */
    int patch;    /* width and height of a patch, pixels; at most VIT_MAX_TOKENS fit an image */
    int width;    /* numbers of a token, a multiple of heads */
    int n_blocks; /* 1 to VIT_MAX_BLOCKS */
    int heads;
    int mlp; /* the hidden layer of a block is as many times the width */
    int n_classes;
    double dropout; /* 0 <= rate < 1 */
};

/* 0, or E_USAGE with what would do. */
int vit_check(const struct vit_shape *shape, int max_batch, struct err *err);

/* The network, finished. E_USAGE as vit_check(), but for the batch. */
int vit_nodes(const struct vit_shape *shape, struct nodes *out, struct err *err);

#endif
