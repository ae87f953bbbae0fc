/* Arithmetic and products. */
#include "models/onnx/ops.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

static float each(const char *type, float x, const float *more)
{
    switch (type[0]) {
    case 'A':
        return fabsf(x);
    case 'C':
        return fminf(fmaxf(x, more[0]), more[1]);
    case 'E':
        return type[1] == 'r' ? (float)erf((double)x) : (float)exp((double)x);
    case 'L':
        return x < 0 ? more[0] * x : x;
    case 'N':
        return -x;
    case 'R':
        return x > 0 ? x : 0;
    case 'T':
        return (float)tanh((double)x);
    default:
        return type[1] == 'q' ? sqrtf(x) : (float)(1 / (1 + exp(-(double)x)));
    }
}

static float limit(const struct foreign_call *call, const char *name, int k, float fallback)
{
    return k < call->n_in && call->in[k] && call->in[k]->x ? call->in[k]->x[0]
                                                           : foreign_get_float(call, name, fallback);
}

/* Abs, Clip, Erf, Exp, LeakyRelu, Neg, Relu, Sigmoid, Sqrt, Tanh: told apart by their first letters. */
int foreign_each(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    const char *type = call->node->op_type;
    float more[2] = {foreign_get_float(call, "alpha", 0.01F), 0};
    if (type[0] == 'C') {
        more[0] = limit(call, "min", 1, -INFINITY);
        more[1] = limit(call, "max", 2, INFINITY);
    }
    int rc = foreign_shape_out(call, in->rank, in->dim, err);
    for (size_t i = 0; rc == 0 && i < in->n; i++)
        call->out->x[i] = each(type, in->x[i], more);
    return rc;
}

static float two(char type, char second, float a, float b)
{
    switch (type) {
    case 'A':
        return a + b;
    case 'S':
        return a - b;
    case 'M':
        return a * b;
    case 'D':
        return a / b;
    default:
        (void)second;
        return b == 2 ? a * a : (float)pow((double)a, (double)b);
    }
}

/* Both shapes as one of rank dimensions, the strides of a dimension of one being 0; -1: they do not go. */
static int broadcast(const struct foreign_value *a, const struct foreign_value *b, size_t dim[ONNX_RANK],
                     size_t stride[2][ONNX_RANK])
{
    const struct foreign_value *of[] = {a, b};
    int rank = a->rank > b->rank ? a->rank : b->rank;
    for (int d = 0; d < ONNX_RANK; d++)
        dim[d] = 1;
    for (int k = 0; k < 2; k++) {
        size_t step = 1;
        memset(stride[k], 0, ONNX_RANK * sizeof *stride[k]);
        const size_t *given = of[k]->dim;
        for (int d = rank - 1, i = of[k]->rank - 1; d >= 0 && i >= 0; d--, i--) {
            size_t n = given[i];
            if (n != 1 && dim[d] != 1 && n != dim[d])
                return -1;
            dim[d] = n != 1 ? n : dim[d];
            stride[k][d] = n != 1 ? step : 0;
            step *= n;
        }
    }
    return rank;
}

static size_t place(size_t i, int rank, const size_t *dim, const size_t *stride)
{
    size_t at = 0;
    for (int d = rank - 1; d >= 0; d--) {
        at += i % dim[d] * stride[d];
        i /= dim[d];
    }
    return at;
}

/* Add, Div, Mul, Pow, Sub. */
int foreign_two(struct foreign_call *call, struct err *err)
{
    size_t dim[ONNX_RANK], stride[2][ONNX_RANK];
    const struct foreign_value *a = call->in[0], *b = call->in[1];
    const char *type = call->node->op_type;
    int rank = broadcast(a, b, dim, stride);
    if (rank < 0)
        return foreign_refuse(call, "its two inputs have shapes that do not go together", err);
    int rc = foreign_shape_out(call, rank, dim, err);
    for (size_t i = 0; rc == 0 && i < call->out->n; i++)
        call->out->x[i] =
            two(type[0], type[1], a->x[place(i, rank, dim, stride[0])], b->x[place(i, rank, dim, stride[1])]);
    return rc;
}

int foreign_mean(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *first = call->in[0];
    for (int k = 1; k < call->n_in; k++)
        if (!call->in[k] || !call->in[k]->x || call->in[k]->n != first->n)
            return foreign_refuse(call, "its inputs have different shapes", err);
    int rc = foreign_shape_out(call, first->rank, first->dim, err);
    for (size_t i = 0; rc == 0 && i < first->n; i++) {
        double sum = 0;
        for (int k = 0; k < call->n_in; k++)
            sum += (double)call->in[k]->x[i];
        call->out->x[i] = (float)(sum / call->n_in);
    }
    return rc;
}

int foreign_gemm(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *a = call->in[0], *b = call->in[1], *c = call->n_in > 2 ? call->in[2] : NULL;
    int turned = foreign_get_int(call, "transB", 0) != 0;
    if (a->rank != 2 || b->rank != 2 || foreign_get_int(call, "transA", 0) || b->dim[turned] != a->dim[1] ||
        (c && c->n != 1 && c->n != b->dim[!turned]))
        return foreign_refuse(call, "its weights do not go with what it is given", err);
    size_t n = b->dim[!turned];
    const size_t dim[] = {a->dim[0], n};
    int rc = foreign_shape_out(call, 2, dim, err);
    if (rc < 0)
        return rc;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, turned ? CblasTrans : CblasNoTrans, (int)a->dim[0], (int)n,
                (int)a->dim[1], foreign_get_float(call, "alpha", 1), a->x, (int)a->dim[1], b->x,
                (int)b->dim[1], 0, call->out->x, (int)n);
    float beta = foreign_get_float(call, "beta", 1);
    for (size_t i = 0; c && i < call->out->n; i++)
        call->out->x[i] += beta * c->x[c->n == 1 ? 0 : i % n];
    return 0;
}

/* The first of as many matrices of both, or one alone of the second. */
int foreign_matmul(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *a = call->in[0], *b = call->in[1];
    if (a->rank < 2 || b->rank < 2 || a->dim[a->rank - 1] != b->dim[b->rank - 2])
        return foreign_refuse(call, "its two inputs have shapes that do not go together", err);
    size_t m = a->dim[a->rank - 2], k = a->dim[a->rank - 1], n = b->dim[b->rank - 1], dim[ONNX_RANK];
    size_t count = a->n / (m * k), count_b = b->n / (k * n);
    if (count_b != 1 && (count_b != count || a->rank != b->rank))
        return foreign_refuse(call, "its two inputs have shapes that do not go together", err);
    memcpy(dim, a->dim, sizeof dim);
    dim[a->rank - 1] = n;
    int rc = foreign_shape_out(call, a->rank, dim, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1, a->x + i * m * k,
                    (int)k, b->x + (count_b == 1 ? 0 : i * k * n), (int)n, 0, call->out->x + i * m * n,
                    (int)n);
    return rc;
}

/* n numbers, `step` apart. */
static void softmax(const float *in, float *out, size_t n, size_t step)
{
    double sum = 0, most = (double)in[0];
    for (size_t i = 1; i < n; i++)
        most = fmax(most, (double)in[i * step]);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)in[i * step] - most);
    for (size_t i = 0; i < n; i++)
        out[i * step] = (float)(exp((double)in[i * step] - most) / sum);
}

/* Before set 13, over all dimensions from the axis on. */
int foreign_softmax(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int axis = foreign_axis(foreign_get_int(call, "axis", call->set < 13 ? 1 : -1), in->rank);
    if (axis < 0)
        return foreign_refuse(call, "its axis is none of its input", err);
    size_t n = call->set < 13 ? foreign_product(in, axis, in->rank) : in->dim[axis];
    size_t step = call->set < 13 ? 1 : foreign_product(in, axis + 1, in->rank);
    int rc = foreign_shape_out(call, in->rank, in->dim, err);
    for (size_t i = 0; rc == 0 && i < in->n / n; i++) {
        size_t at = i / step * n * step + i % step;
        softmax(in->x + at, call->out->x + at, n, step);
    }
    return rc;
}

/* Only of axes that stand one after the other. */
int foreign_reduce_mean(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t list[ONNX_RANK];
    int n = foreign_list(call, "axes", 1, list), keeps = foreign_get_int(call, "keepdims", 1) != 0, rank = 0;
    size_t dim[ONNX_RANK], count = 1, outer = 1, inner = 1;
    int goes[ONNX_RANK] = {0}, first = in->rank, last = -1;
    for (int i = 0; i < n; i++) {
        int axis = foreign_axis(list[i], in->rank);
        if (axis < 0)
            return foreign_refuse(call, "its axis is none of its input", err);
        goes[axis] = 1;
        first = axis < first ? axis : first;
        last = axis > last ? axis : last;
    }
    for (int d = 0; d < in->rank; d++) {
        if (n < 1 || (d >= first && d <= last && !goes[d]))
            return foreign_refuse(call, "its axes do not stand one after the other", err);
        *(goes[d] ? &count : d < first ? &outer : &inner) *= in->dim[d];
        if (!goes[d] || keeps)
            dim[rank++] = goes[d] ? 1 : in->dim[d];
    }
    int rc = foreign_shape_out(call, rank, dim, err);
    for (size_t i = 0; rc == 0 && i < outer * inner; i++) {
        double sum = 0;
        for (size_t k = 0; k < count; k++)
            sum += (double)in->x[(i / inner * count + k) * inner + i % inner];
        call->out->x[i] = (float)(sum / (double)count);
    }
    return rc;
}
