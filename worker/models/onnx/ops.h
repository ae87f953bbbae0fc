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
struct foreign_value {
    const char *name; /* of the model */
    int rank, is_set;
    size_t dim[ONNX_RANK], n;
    size_t room, scratch_room;
    float *x;       /* (n) owned; NULL: whole numbers */
    int64_t *whole; /* (n) owned; of constants alone */
    float *scratch; /* of who computes it */
};

/* A node that is computed. Shapes are checked whenever it is. */
struct foreign_call {
    const Onnx__NodeProto *node;
    int set;  /* of operators */
    int n_in; /* optional ones that are left out are NULL */
    const struct foreign_value *in[ONNX_INPUTS];
    struct foreign_value *out;
};

/* 0; E_USAGE for what it cannot do or shapes that do not go together, E_IO without memory. */
typedef int foreign_op(struct foreign_call *call, struct err *err);

struct foreign_row {
    const char *type;
    foreign_op *run;
    int n_least; /* inputs */
    int lists;   /* inputs but the first may be whole numbers */
};

/* The row of an operator, or NULL. */
const struct foreign_row *foreign_row(const char *type);

/* Row i, from 0, or NULL past the last. */
const struct foreign_row *foreign_row_at(int i);

foreign_op foreign_conv, foreign_max_pool, foreign_average_pool, foreign_global_pool, foreign_batch_norm,
    foreign_instance_norm;
foreign_op foreign_gemm, foreign_matmul, foreign_softmax, foreign_reduce_mean, foreign_mean;
foreign_op foreign_two, foreign_each;
foreign_op foreign_same, foreign_flatten, foreign_reshape, foreign_transpose, foreign_gather, foreign_slice,
    foreign_pad, foreign_concat, foreign_squeeze, foreign_unsqueeze;

/* Give the output a shape and room for it: 0 or E_IO; E_USAGE for one that is empty or beyond reason. */
int foreign_shape_out(struct foreign_call *call, int rank, const size_t *dim, struct err *err);

/* Room of n floats for the output's own use, or NULL. */
float *foreign_scratch(struct foreign_call *call, size_t n, struct err *err);

/* E_USAGE, naming the node. */
int foreign_refuse(const struct foreign_call *call, const char *what, struct err *err);

/* Attributes: their value, or what holds without. */
int64_t foreign_get_int(const struct foreign_call *call, const char *name, int64_t fallback);
float foreign_get_float(const struct foreign_call *call, const char *name, float fallback);
const Onnx__AttributeProto *foreign_attribute(const struct foreign_call *call, const char *name);

/* A list of at most ONNX_RANK whole numbers, by an attribute or by input k (-1: none): their number; -1:
 * neither gives one, or too many. */
int foreign_list(const struct foreign_call *call, const char *name, int k, int64_t out[ONNX_RANK]);

/* An axis from 0, or -1: there is none such. */
int foreign_axis(int64_t axis, int rank);

/* Product of dimensions from..to-1. */
size_t foreign_product(const struct foreign_value *value, int from, int to);

#endif
