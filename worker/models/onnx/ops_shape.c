/* Operators that only move numbers. */
#include "models/onnx/ops.h"

#include <string.h>

static int copy_as(struct foreign_call *call, int rank, const size_t *dim, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    size_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    if (n != in->n)
        return foreign_refuse(call, "the shape it asks for is of another size", err);
    int rc = foreign_shape_out(call, rank, dim, err);
    if (rc == 0)
        memcpy(call->out->x, in->x, in->n * sizeof *in->x);
    return rc;
}

int foreign_same(struct foreign_call *call, struct err *err)
{
    return copy_as(call, call->in[0]->rank, call->in[0]->dim, err);
}

int foreign_flatten(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t axis = foreign_get_int(call, "axis", 1);
    int from = axis == in->rank ? in->rank : foreign_axis(axis, in->rank);
    if (from < 0)
        return foreign_refuse(call, "its axis is none of its input", err);
    const size_t dim[] = {foreign_product(in, 0, from), foreign_product(in, from, in->rank)};
    return copy_as(call, 2, dim, err);
}

/* 0: as before; -1: the rest. */
int foreign_reshape(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t list[ONNX_RANK];
    size_t dim[ONNX_RANK] = {0}, known = 1;
    int n = foreign_list(call, NULL, 1, list), rest = -1;
    for (int i = 0; i < n; i++) {
        int is_rest = list[i] == -1;
        if (list[i] < -1 || (size_t)list[i] + 1 > (size_t)1 << 28 || (is_rest && rest >= 0) ||
            (list[i] == 0 && i >= in->rank))
            return foreign_refuse(call, "the shape it asks for is not understood", err);
        dim[i] = is_rest ? 1 : list[i] ? (size_t)list[i] : in->dim[i];
        rest = is_rest ? i : rest;
        known *= dim[i];
        if (known > in->n)
            return foreign_refuse(call, "the shape it asks for is of another size", err);
    }
    if (n < 0)
        return foreign_refuse(call, "its shape is not a constant; export it with constants folded", err);
    if (rest >= 0)
        dim[rest] = in->n / known;
    return copy_as(call, n, dim, err);
}

/* out[i] = in[at of i's coordinates by strides]. */
static void gather_by(const struct foreign_value *in, struct foreign_value *out, const size_t *stride,
                      size_t from)
{
    for (size_t i = 0; i < out->n; i++) {
        size_t at = from, rest = i;
        for (int d = out->rank - 1; d >= 0; d--) {
            at += rest % out->dim[d] * stride[d];
            rest /= out->dim[d];
        }
        out->x[i] = in->x[at];
    }
}

int foreign_transpose(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t order[ONNX_RANK];
    size_t dim[ONNX_RANK] = {0}, stride[ONNX_RANK] = {0};
    unsigned seen = 0;
    int n = foreign_list(call, "perm", -1, order);
    for (int d = 0; d < in->rank; d++) {
        int from = n < 0 ? in->rank - 1 - d : n == in->rank ? foreign_axis(order[d], in->rank) : -1;
        if (from < 0 || seen >> from & 1)
            return foreign_refuse(call, "its order of axes is not one", err);
        seen |= 1U << from;
        dim[d] = in->dim[from];
        stride[d] = foreign_product(in, from + 1, in->rank);
    }
    int rc = foreign_shape_out(call, in->rank, dim, err);
    if (rc == 0)
        gather_by(in, call->out, stride, 0);
    return rc;
}

/* Of one index, or a list of them, constants. */
int foreign_gather(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0], *index = call->in[1];
    int axis = foreign_axis(foreign_get_int(call, "axis", 0), in->rank), rank = 0;
    if (axis < 0 || !index->whole || index->rank > 1)
        return foreign_refuse(call, "only takes constant whole numbers along an axis", err);
    size_t dim[ONNX_RANK], inner = foreign_product(in, axis + 1, in->rank), width = in->dim[axis];
    for (int d = 0; d < in->rank; d++)
        if (d != axis || index->rank == 1)
            dim[rank++] = d == axis ? index->n : in->dim[d];
    int rc = foreign_shape_out(call, rank, dim, err);
    for (size_t i = 0; rc == 0 && i < call->out->n / inner; i++) {
        int at = foreign_axis(index->whole[i % index->n], (int)width);
        if (at < 0)
            return foreign_refuse(call, "an index is beyond its axis", err);
        memcpy(call->out->x + i * inner, in->x + (i / index->n * width + (size_t)at) * inner,
               inner * sizeof *in->x);
    }
    return rc;
}

static size_t bounded(int64_t at, size_t width)
{
    int64_t n = (int64_t)width;
    at = at < 0 ? (at < -n ? 0 : at + n) : at;
    return (size_t)(at > n ? n : at);
}

/* By inputs, with steps of 1 or above. */
int foreign_slice(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t from[ONNX_RANK], to[ONNX_RANK], axes[ONNX_RANK], steps[ONNX_RANK];
    size_t dim[ONNX_RANK] = {0}, stride[ONNX_RANK] = {0}, first = 0;
    int n = foreign_list(call, NULL, 1, from), has_axes = foreign_list(call, NULL, 3, axes) == n,
        has_steps = foreign_list(call, NULL, 4, steps) == n;
    if (n < 0 || foreign_list(call, NULL, 2, to) != n)
        return foreign_refuse(call, "only takes constant whole numbers", err);
    for (int d = 0; d < in->rank; d++) {
        dim[d] = in->dim[d];
        stride[d] = foreign_product(in, d + 1, in->rank);
    }
    for (int i = 0; i < n; i++) {
        int d = foreign_axis(has_axes ? axes[i] : i, in->rank);
        int64_t step = has_steps ? steps[i] : 1;
        if (d < 0 || step < 1 || step > (int64_t)1 << 28)
            return foreign_refuse(call, "only takes steps of 1 or above along its axes", err);
        size_t begin = bounded(from[i], in->dim[d]), end = bounded(to[i], in->dim[d]);
        dim[d] = end > begin ? (end - begin + (size_t)step - 1) / (size_t)step : 0;
        first += begin * stride[d];
        stride[d] *= (size_t)step;
    }
    int rc = foreign_shape_out(call, in->rank, dim, err);
    if (rc == 0)
        gather_by(in, call->out, stride, first);
    return rc;
}

/* Constant, 0 or a value. */
int foreign_pad(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0], *value = call->n_in > 2 ? call->in[2] : NULL;
    int64_t list[2 * ONNX_RANK] = {0};
    size_t dim[ONNX_RANK] = {0};
    const Onnx__AttributeProto *mode = foreign_attribute(call, "mode"),
                               *pads = foreign_attribute(call, "pads");
    const struct foreign_value *given = call->n_in > 1 && call->in[1] ? call->in[1] : NULL;
    size_t n = pads ? pads->n_ints : given && given->whole ? given->n : 0;
    const int64_t *whole = pads ? pads->ints : given ? given->whole : NULL;
    if (!whole || n != 2 * (size_t)in->rank || (mode && mode->s.len > 0 && mode->s.data[0] != 'c'))
        return foreign_refuse(call, "only pads by a constant, by whole numbers that are constants", err);
    for (int d = 0; d < in->rank; d++) {
        list[d] = whole[d];
        list[in->rank + d] = whole[in->rank + d];
        if (list[d] < 0 || list[in->rank + d] < 0 || list[d] > 1 << 20 || list[in->rank + d] > 1 << 20)
            return foreign_refuse(call, "pads by less than nothing, or by too much", err);
        dim[d] = in->dim[d] + (size_t)(list[d] + list[in->rank + d]);
    }
    int rc = foreign_shape_out(call, in->rank, dim, err);
    float fill = value && value->x ? value->x[0] : foreign_get_float(call, "value", 0);
    for (size_t i = 0; rc == 0 && i < call->out->n; i++)
        call->out->x[i] = fill;
    for (size_t i = 0; rc == 0 && i < in->n; i++) {
        size_t at = 0, rest = i, step = 1;
        for (int d = in->rank - 1; d >= 0; d--) {
            at += (rest % in->dim[d] + (size_t)list[d]) * step;
            rest /= in->dim[d];
            step *= dim[d];
        }
        call->out->x[at] = in->x[i];
    }
    return rc;
}

int foreign_concat(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int axis = foreign_axis(foreign_get_int(call, "axis", 0), in->rank);
    size_t dim[ONNX_RANK], width = 0, at = 0;
    for (int k = 0; axis >= 0 && k < call->n_in; k++) {
        const struct foreign_value *other = call->in[k];
        if (!other || !other->x || other->rank != in->rank)
            return foreign_refuse(call, "its inputs have different shapes", err);
        for (int d = 0; d < in->rank; d++)
            if (d != axis && other->dim[d] != in->dim[d])
                return foreign_refuse(call, "its inputs have different shapes", err);
        width += other->dim[axis];
    }
    if (axis < 0)
        return foreign_refuse(call, "its axis is none of its input", err);
    memcpy(dim, in->dim, sizeof dim);
    dim[axis] = width;
    int rc = foreign_shape_out(call, in->rank, dim, err);
    size_t inner = foreign_product(in, axis + 1, in->rank), outer = foreign_product(in, 0, axis);
    for (int k = 0; rc == 0 && k < call->n_in; k++) {
        size_t n = call->in[k]->dim[axis] * inner;
        for (size_t o = 0; o < outer; o++)
            memcpy(call->out->x + o * width * inner + at, call->in[k]->x + o * n, n * sizeof *in->x);
        at += n;
    }
    return rc;
}

/* Axes of one as a set of bits; -1: one is none, or not given. */
static int axes_of(const struct foreign_call *call, int rank)
{
    int64_t list[ONNX_RANK];
    int n = foreign_list(call, "axes", 1, list), set = 0;
    for (int i = 0; i < n; i++) {
        int axis = foreign_axis(list[i], rank);
        if (axis < 0)
            return -1;
        set |= 1 << axis;
    }
    return n < 0 ? -1 : set;
}

int foreign_squeeze(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int set = axes_of(call, in->rank), rank = 0;
    size_t dim[ONNX_RANK];
    if (set < 0)
        return foreign_refuse(call, "its axes are none of its input", err);
    for (int d = 0; d < in->rank; d++)
        if (!(set >> d & 1))
            dim[rank++] = in->dim[d];
    return copy_as(call, rank, dim, err);
}

int foreign_unsqueeze(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    int64_t list[ONNX_RANK];
    int more = foreign_list(call, "axes", 1, list), rank = in->rank + more, from = 0;
    int set = more > 0 && rank <= ONNX_RANK ? axes_of(call, rank) : -1;
    size_t dim[ONNX_RANK];
    if (set < 0 || __builtin_popcount((unsigned)set) != more)
        return foreign_refuse(call, "its axes are none of its output", err);
    for (int d = 0; d < rank; d++)
        dim[d] = set >> d & 1 ? 1 : in->dim[from++];
    return copy_as(call, rank, dim, err);
}
