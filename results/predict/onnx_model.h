/* onnx_model.h - the models of a job as an ONNX model, for any other program that predicts.
 *
 *     const struct onnx_source from = {1, image, n_classes, .nodes = &nodes, .weights = weights};
 *     rc = onnx_model_write(file, "8-10_augment_seed1", &from, property, n_property, &err);
 *
 * Input "image" (N, channels, size, size) float32: prepared as predictor_prepare() does, 0 to 1. Output
 * "probabilities" (N, n_classes). Members of an ensemble are branches, their probabilities averaged by Mean.
 * Operator set 13 and IR version 7, which every runtime since 2020 reads.
 *
 * Networks: ONNX has the channel before the pixels, this program after them: filters and the first dense
 * layer's weights are reordered, so that of a CNN needs no Transpose. Conv, Relu, MaxPool, Flatten, Gemm,
 * Softmax, and for a Transformer Slice, Reshape, Transpose, MatMul, Pad, Gather, ReduceMean, Erf and
 * arithmetic, of which GELU and layer norm are made. No dropout: it is for training. Others: Flatten, after a
 * Transpose where there are several channels, then by form (form.h) Sub, Mul, Gemm and Softmax;
 * TreeEnsembleClassifier, or where leaves hold logits TreeEnsembleRegressor and Softmax, of set 1 of
 * ai.onnx.ml; or kernels by Gemm, MatMul and Exp, decisions by Gemm, and votes. No MPI. */
#ifndef CELLSWEEP_ONNX_MODEL_H
#define CELLSWEEP_ONNX_MODEL_H

#include "models/form.h"
#include "models/net/nodes.h"
#include "err.h"

#include <stdio.h>

enum { ONNX_IR_VERSION = 7, ONNX_OPERATOR_SET = 13, ONNX_ML_SET = 1 };

/* An entry of the model's metadata_props. */
struct onnx_property {
    const char *key, *value;
};

/* Models of one kind: networks, or others in plain numbers. */
struct onnx_source {
    int n_members;
    struct tensor_shape image;
    int n_classes;
    const struct nodes *nodes; /* of one network, as its builder left them; else NULL */
    /* n_members vectors of its parameters and then its buffers, one after the other */
    const float *weights;
    const struct model_form *form; /* (n_members), where they are no networks */
};

/* Write the model. Errors of writing are kept by stdio; E_IO without memory, E_USAGE when ONNX does
 * not know a layer. */
int onnx_model_write(FILE *out, const char *name, const struct onnx_source *from,
                     const struct onnx_property *property, int n_properties, struct err *err);

#endif
