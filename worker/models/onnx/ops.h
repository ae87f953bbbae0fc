/* ops.h - operators of ONNX (nodes.h has those of networks that are trained here). Only for onnx_net.c and
 * ops_*.c. No MPI. */
#ifndef CELLSWEEP_ONNX_OPS_H
#define CELLSWEEP_ONNX_OPS_H

#include "err.h"

#include <onnx.pb-c.h>
#include <stddef.h>
#include <stdint.h>

enum { ONNX_RANK = 8, ONNX_INPUTS = 8 };

/* A tensor, its last dimension the fastest. */
struct onnx_value {
    const char *name; /* of the model */
    int rank, is_set;
    size_t dim[ONNX_RANK], n;
    size_t room, scratch_room;
    float *x;       /* (n) owned; NULL: whole numbers */
    int64_t *whole; /* (n) owned; of constants alone */
    float *scratch; /* of who computes it */
};

/* A node that is computed. Shapes are checked whenever it is. */
struct onnx_call {
    const Onnx__NodeProto *node;
    int set;  /* of operators */
    int n_in; /* optional ones that are left out are NULL */
    const struct onnx_value *in[ONNX_INPUTS];
    struct onnx_value *out;
};

/* 0; E_USAGE for what it cannot do or shapes that do not go together, E_IO without memory. */
typedef int onnx_op(struct onnx_call *call, struct err *err);

struct onnx_row {
    const char *type;
    int n_least; /* inputs */
    onnx_op *run;
    int lists; /* inputs but the first may be whole numbers */
};

/* The row of an operator, or NULL. */
const struct onnx_row *onnx_row(const char *type);

onnx_op onnx_conv, onnx_max_pool, onnx_average_pool, onnx_global_pool, onnx_batch_norm, onnx_instance_norm;
onnx_op onnx_gemm, onnx_matmul, onnx_softmax, onnx_reduce_mean, onnx_mean;
onnx_op onnx_two, onnx_each;
onnx_op onnx_same, onnx_flatten, onnx_reshape, onnx_transpose, onnx_gather, onnx_slice, onnx_pad, onnx_concat,
    onnx_squeeze, onnx_unsqueeze;

/* Give the output a shape and room for it: 0 or E_IO; E_USAGE for one that is empty or beyond reason. */
int onnx_shape_out(struct onnx_call *call, int rank, const size_t *dim, struct err *err);

/* Room of n floats for the output's own use, or NULL. */
float *onnx_scratch(struct onnx_call *call, size_t n, struct err *err);

/* E_USAGE, naming the node. */
int onnx_refuse(const struct onnx_call *call, const char *what, struct err *err);

/* Attributes: their value, or what holds without. */
int64_t onnx_get_int(const struct onnx_call *call, const char *name, int64_t fallback);
float onnx_get_float(const struct onnx_call *call, const char *name, float fallback);
const Onnx__AttributeProto *onnx_attribute(const struct onnx_call *call, const char *name);

/* A list of at most ONNX_RANK whole numbers, by an attribute or by input k (-1: none): their number; -1: neither
 * gives one, or too many. */
int onnx_list(const struct onnx_call *call, const char *name, int k, int64_t out[ONNX_RANK]);

/* An axis from 0, or -1: there is none such. */
int onnx_axis(int64_t axis, int rank);

/* Product of dimensions from..to-1. */
size_t onnx_product(const struct onnx_value *value, int from, int to);

#endif
