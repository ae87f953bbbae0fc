/* onnx_model.h - the networks of a job as an ONNX model, for any other program that predicts.
 *
 *     rc = onnx_model_write(file, "8-10_augment_seed1", &nodes, n_members, weights, property, n_properties,
 *                           &err);
 *
 * Input "image" (N, channels, size, size) float32: prepared as predictor_prepare() does, 0 to 1. Output
 * "probabilities" (N, n_classes). ONNX has the channel before the pixels, this program after them: filters
 * and the first dense layer's weights are reordered, so the graph needs no Transpose. Members of an ensemble
 * are branches, their probabilities averaged by Mean. Operators: Conv, Relu, MaxPool, Flatten, Gemm, Softmax,
 * Mean, and for a Transformer Slice, Reshape, Transpose, MatMul, Pad, Gather, ReduceMean, Erf and arithmetic,
 * of which GELU and layer norm are made; all of operator set 13 and IR version 7, which every runtime since
 * 2020 reads. No dropout: it is for training. No MPI. */
#ifndef CELLSWEEP_ONNX_MODEL_H
#define CELLSWEEP_ONNX_MODEL_H

#include "models/net/nodes.h"
#include "err.h"

#include <stdio.h>

enum { ONNX_IR_VERSION = 7, ONNX_OPERATOR_SET = 13 };

/* An entry of the model's metadata_props. */
struct onnx_property {
    const char *key, *value;
};

/* Write the model. nodes: of one network, as its builder left them. weights: n_members vectors of its
 * parameters and then its buffers, one after the other. Errors of writing are kept by stdio; E_IO without
 * memory, E_USAGE when ONNX does not know a layer. */
int onnx_model_write(FILE *out, const char *name, const struct nodes *nodes, int n_members,
                     const float *weights, const struct onnx_property *property, int n_properties,
                     struct err *err);

#endif
