/* onnx_net.h - a network that another program trained, read from the bytes of an ONNX file and computed.
 *
 *     rc = onnx_net_new(bytes, n, (struct onnx_shape){channels, size, n_classes}, &net, &err);
 *     onnx_net_judge(net, image, probs);
 *     onnx_net_free(net);
 *
 * Operators are the rows of ops.c, in fp32, one image at a time: an image has the same bits in any
 * company. What the model gives are probabilities where they are at least 0 and sum to 1 (within 1e-3) for
 * both of two made images, else logits, of which softmax is taken: decided once, when it is read. No MPI. */
#ifndef CELLSWEEP_ONNX_NET_H
#define CELLSWEEP_ONNX_NET_H

#include "err.h"

#include <stddef.h>

struct onnx_net;

/* What a job asks: images of (size, size, channels), so many classes. */
struct onnx_shape {
    int channels, size, n_classes;
};

/* Read and try a model; nothing of bytes is needed afterwards. E_USAGE: damaged, an operator that is not
 * known, by name, or other shapes than asked for; E_IO without memory. */
int onnx_net_new(const unsigned char *bytes, size_t n, struct onnx_shape shape, struct onnx_net **out,
                 struct err *err);

/* Class probabilities (n_classes) of an image (size, size, channels), 0 to 1. */
void onnx_net_judge(struct onnx_net *net, const float *image, float *probs);

void onnx_net_free(struct onnx_net *net);

#endif
