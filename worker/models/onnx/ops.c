#include "models/onnx/ops.h"

#include <stdlib.h>
#include <string.h>

static const struct onnx_row rows[] = {{"Abs", 1, onnx_each},
                                       {"Add", 2, onnx_two},
                                       {"AveragePool", 1, onnx_average_pool},
                                       {"BatchNormalization", 5, onnx_batch_norm},
                                       {"Clip", 1, onnx_each},
                                       {"Concat", 1, onnx_concat},
                                       {"Conv", 2, onnx_conv},
                                       {"Div", 2, onnx_two},
                                       {"Dropout", 1, onnx_same},
                                       {"Erf", 1, onnx_each},
                                       {"Exp", 1, onnx_each},
                                       {"Flatten", 1, onnx_flatten},
                                       {"Gather", 2, onnx_gather, .lists = 1},
                                       {"Gemm", 2, onnx_gemm},
                                       {"GlobalAveragePool", 1, onnx_global_pool},
                                       {"Identity", 1, onnx_same},
                                       {"InstanceNormalization", 3, onnx_instance_norm},
                                       {"LeakyRelu", 1, onnx_each},
                                       {"MatMul", 2, onnx_matmul},
                                       {"MaxPool", 1, onnx_max_pool},
                                       {"Mean", 1, onnx_mean},
                                       {"Mul", 2, onnx_two},
                                       {"Neg", 1, onnx_each},
                                       {"Pad", 1, onnx_pad, .lists = 1},
                                       {"Pow", 2, onnx_two},
                                       {"ReduceMean", 1, onnx_reduce_mean, .lists = 1},
                                       {"Relu", 1, onnx_each},
                                       {"Reshape", 2, onnx_reshape, .lists = 1},
                                       {"Sigmoid", 1, onnx_each},
                                       {"Slice", 3, onnx_slice, .lists = 1},
                                       {"Softmax", 1, onnx_softmax},
                                       {"Sqrt", 1, onnx_each},
                                       {"Squeeze", 1, onnx_squeeze, .lists = 1},
                                       {"Sub", 2, onnx_two},
                                       {"Tanh", 1, onnx_each},
                                       {"Transpose", 1, onnx_transpose},
                                       {"Unsqueeze", 1, onnx_unsqueeze, .lists = 1}};

const struct onnx_row *onnx_row(const char *type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, type) == 0)
            return &rows[i];
    return NULL;
}

int onnx_refuse(const struct onnx_call *call, const char *what, struct err *err)
{
    const char *name = call->node->name && *call->node->name ? call->node->name : call->out->name;
    return err_set(err, E_USAGE, "%.40s (%.60s): %s", call->node->op_type, name, what);
}

int onnx_shape_out(struct onnx_call *call, int rank, const size_t *dim, struct err *err)
{
    struct onnx_value *out = call->out;
    size_t n = 1;
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 1 || dim[i] > (size_t)1 << 28 || n * dim[i] > (size_t)1 << 28)
            return onnx_refuse(call, "what it gives is empty, or too large", err);
        n *= dim[i];
    }
    if (n > out->room) {
        free(out->x);
        out->room = 0;
        if (!(out->x = err_calloc(n, sizeof *out->x, "an ONNX model", err)))
            return E_IO;
        out->room = n;
    }
    out->rank = rank;
    out->n = n;
    if (rank > 0)
        memcpy(out->dim, dim, (size_t)rank * sizeof *dim);
    return 0;
}

float *onnx_scratch(struct onnx_call *call, size_t n, struct err *err)
{
    struct onnx_value *out = call->out;
    if (n > out->scratch_room) {
        free(out->scratch);
        out->scratch = err_calloc(n, sizeof *out->scratch, "an ONNX model", err);
        out->scratch_room = out->scratch ? n : 0;
    }
    return out->scratch;
}

const Onnx__AttributeProto *onnx_attribute(const struct onnx_call *call, const char *name)
{
    for (size_t i = 0; i < call->node->n_attribute; i++)
        if (call->node->attribute[i]->name && strcmp(call->node->attribute[i]->name, name) == 0)
            return call->node->attribute[i];
    return NULL;
}

int64_t onnx_get_int(const struct onnx_call *call, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *a = onnx_attribute(call, name);
    return a ? a->i : fallback;
}

float onnx_get_float(const struct onnx_call *call, const char *name, float fallback)
{
    const Onnx__AttributeProto *a = onnx_attribute(call, name);
    return a ? a->f : fallback;
}

int onnx_list(const struct onnx_call *call, const char *name, int k, int64_t out[ONNX_RANK])
{
    const Onnx__AttributeProto *a = name ? onnx_attribute(call, name) : NULL;
    const struct onnx_value *in = k >= 0 && k < call->n_in ? call->in[k] : NULL;
    size_t n = a ? a->n_ints : in && in->whole ? in->n : (size_t)-1;
    if (n > ONNX_RANK)
        return -1;
    for (size_t i = 0; i < n; i++)
        out[i] = a ? a->ints[i] : in->whole[i];
    return (int)n;
}

int onnx_axis(int64_t axis, int rank)
{
    return axis < -rank || axis >= rank ? -1 : (int)(axis < 0 ? axis + rank : axis);
}

size_t onnx_product(const struct onnx_value *value, int from, int to)
{
    size_t n = 1;
    for (int i = from; i < to; i++)
        n *= value->dim[i];
    return n;
}
