#include "models/onnx/ops.h"

#include <stdlib.h>
#include <string.h>

static const struct foreign_row rows[] = {{"Abs", foreign_each, 1, 0},
                                          {"Add", foreign_two, 2, 0},
                                          {"AveragePool", foreign_average_pool, 1, 0},
                                          {"BatchNormalization", foreign_batch_norm, 5, 0},
                                          {"Clip", foreign_each, 1, 0},
                                          {"Concat", foreign_concat, 1, 0},
                                          {"Conv", foreign_conv, 2, 0},
                                          {"Div", foreign_two, 2, 0},
                                          {"Dropout", foreign_same, 1, 0},
                                          {"Erf", foreign_each, 1, 0},
                                          {"Exp", foreign_each, 1, 0},
                                          {"Flatten", foreign_flatten, 1, 0},
                                          {"Gather", foreign_gather, 2, 1},
                                          {"Gemm", foreign_gemm, 2, 0},
                                          {"GlobalAveragePool", foreign_global_pool, 1, 0},
                                          {"Identity", foreign_same, 1, 0},
                                          {"InstanceNormalization", foreign_instance_norm, 3, 0},
                                          {"LeakyRelu", foreign_each, 1, 0},
                                          {"MatMul", foreign_matmul, 2, 0},
                                          {"MaxPool", foreign_max_pool, 1, 0},
                                          {"Mean", foreign_mean, 1, 0},
                                          {"Mul", foreign_two, 2, 0},
                                          {"Neg", foreign_each, 1, 0},
                                          {"Pad", foreign_pad, 1, 1},
                                          {"Pow", foreign_two, 2, 0},
                                          {"ReduceMean", foreign_reduce_mean, 1, 1},
                                          {"Relu", foreign_each, 1, 0},
                                          {"Reshape", foreign_reshape, 2, 1},
                                          {"Sigmoid", foreign_each, 1, 0},
                                          {"Slice", foreign_slice, 3, 1},
                                          {"Softmax", foreign_softmax, 1, 0},
                                          {"Sqrt", foreign_each, 1, 0},
                                          {"Squeeze", foreign_squeeze, 1, 1},
                                          {"Sub", foreign_two, 2, 0},
                                          {"Tanh", foreign_each, 1, 0},
                                          {"Transpose", foreign_transpose, 1, 0},
                                          {"Unsqueeze", foreign_unsqueeze, 1, 1}};

enum { N_ROWS = sizeof rows / sizeof *rows };

const struct foreign_row *foreign_row_at(int i)
{
    return i < N_ROWS ? &rows[i] : NULL;
}

const struct foreign_row *foreign_row(const char *type)
{
    for (int i = 0; i < N_ROWS; i++)
        if (strcmp(rows[i].type, type) == 0)
            return &rows[i];
    return NULL;
}

int foreign_refuse(const struct foreign_call *call, const char *what, struct err *err)
{
    const char *name = call->node->name && *call->node->name ? call->node->name : call->out->name;
    return err_set(err, E_USAGE, "%.40s (%.60s): %s", call->node->op_type, name, what);
}

int foreign_shape_out(struct foreign_call *call, int rank, const size_t *dim, struct err *err)
{
    struct foreign_value *out = call->out;
    size_t n = 1;
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 1 || dim[i] > (size_t)1 << 28 || n * dim[i] > (size_t)1 << 28)
            return foreign_refuse(call, "what it gives is empty, or too large", err);
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

float *foreign_scratch(struct foreign_call *call, size_t n, struct err *err)
{
    struct foreign_value *out = call->out;
    if (n > out->scratch_room) {
        free(out->scratch);
        out->scratch = err_calloc(n, sizeof *out->scratch, "an ONNX model", err);
        out->scratch_room = out->scratch ? n : 0;
    }
    return out->scratch;
}

const Onnx__AttributeProto *foreign_attribute(const struct foreign_call *call, const char *name)
{
    for (size_t i = 0; i < call->node->n_attribute; i++)
        if (call->node->attribute[i]->name && strcmp(call->node->attribute[i]->name, name) == 0)
            return call->node->attribute[i];
    return NULL;
}

int64_t foreign_get_int(const struct foreign_call *call, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *a = foreign_attribute(call, name);
    return a ? a->i : fallback;
}

float foreign_get_float(const struct foreign_call *call, const char *name, float fallback)
{
    const Onnx__AttributeProto *a = foreign_attribute(call, name);
    return a ? a->f : fallback;
}

int foreign_list(const struct foreign_call *call, const char *name, int k, int64_t out[ONNX_RANK])
{
    const Onnx__AttributeProto *a = name ? foreign_attribute(call, name) : NULL;
    const struct foreign_value *in = k >= 0 && k < call->n_in ? call->in[k] : NULL;
    size_t n = a ? a->n_ints : in && in->whole ? in->n : (size_t)-1;
    if (n > ONNX_RANK)
        return -1;
    for (size_t i = 0; i < n; i++)
        out[i] = a ? a->ints[i] : in->whole[i];
    return (int)n;
}

int foreign_axis(int64_t axis, int rank)
{
    return axis < -rank || axis >= rank ? -1 : (int)(axis < 0 ? axis + rank : axis);
}

size_t foreign_product(const struct foreign_value *value, int from, int to)
{
    size_t n = 1;
    for (int i = from; i < to; i++)
        n *= value->dim[i];
    return n;
}
