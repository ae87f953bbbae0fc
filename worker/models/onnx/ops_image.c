/* Operators on images (1, channels, rows, columns). */
#include "models/onnx/ops.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* How a window of (kh, kw) goes over (h, w). */
struct window {
    int64_t h, w, kh, kw, top, left, down, right, stride[2], step[2], out_h, out_w;
};

static int window_of(const struct foreign_call *call, const struct foreign_value *filter, struct window *out,
                     struct err *err)
{
    int64_t kernel[ONNX_RANK], pads[ONNX_RANK] = {0}, strides[ONNX_RANK] = {1, 1}, steps[ONNX_RANK] = {1, 1};
    const struct foreign_value *in = call->in[0];
    const Onnx__AttributeProto *way = foreign_attribute(call, "auto_pad");
    if (in->rank != 4 || (filter && filter->rank != 4))
        return foreign_refuse(call, "is of other than two-dimensional images", err);
    if ((way && way->s.len > 0 && (way->s.len != 6 || memcmp(way->s.data, "NOTSET", 6) != 0)) ||
        foreign_get_int(call, "ceil_mode", 0))
        return foreign_refuse(call, "auto_pad and ceil_mode are not known; export it with plain pads", err);
    int n = filter ? 2 : foreign_list(call, "kernel_shape", -1, kernel);
    for (int i = 0; filter && i < 2; i++)
        kernel[i] = (int64_t)filter->dim[2 + i];
    int bad = n != 2;
    bad |= foreign_attribute(call, "pads") && foreign_list(call, "pads", -1, pads) != 4;
    bad |= foreign_attribute(call, "strides") && foreign_list(call, "strides", -1, strides) != 2;
    bad |= foreign_attribute(call, "dilations") && foreign_list(call, "dilations", -1, steps) != 2;
    for (int i = 0; i < 2 && !bad; i++)
        bad = kernel[i] < 1 || kernel[i] > 1024 || strides[i] < 1 || strides[i] > 1024 || steps[i] < 1 ||
              steps[i] > 1024 || pads[i] < 0 || pads[i + 2] < 0 || pads[i] > 1024 || pads[i + 2] > 1024;
    if (bad)
        return foreign_refuse(call, "its windows are not understood", err);
    *out = (struct window){(int64_t)in->dim[2],
                           (int64_t)in->dim[3],
                           kernel[0],
                           kernel[1],
                           pads[0],
                           pads[1],
                           pads[2],
                           pads[3],
                           {strides[0], strides[1]},
                           {steps[0], steps[1]},
                           0,
                           0};
    int64_t y = out->h + out->top + out->down - steps[0] * (kernel[0] - 1) - 1,
            x = out->w + out->left + out->right - steps[1] * (kernel[1] - 1) - 1;
    if (y < 0 || x < 0)
        return foreign_refuse(call, "the image is smaller than its window", err);
    out->out_h = y / strides[0] + 1;
    out->out_w = x / strides[1] + 1;
    return 0;
}

/* Pixel (y, x) of the window at output (oy, ox) as an index of the plane, -1: outside. */
static int64_t pixel(const struct window *w, int64_t oy, int64_t ox, int64_t y, int64_t x)
{
    int64_t row = oy * w->stride[0] - w->top + y * w->step[0],
            column = ox * w->stride[1] - w->left + x * w->step[1];
    return row < 0 || column < 0 || row >= w->h || column >= w->w ? -1 : row * w->w + column;
}

/* columns (channels kh kw, out_h out_w) of planes. */
static void unfold(const struct window *w, const float *in, size_t channels, float *columns)
{
    for (size_t c = 0; c < channels; c++, in += w->h * w->w)
        for (int64_t k = 0; k < w->kh * w->kw; k++)
            for (int64_t o = 0; o < w->out_h * w->out_w; o++) {
                int64_t at = pixel(w, o / w->out_w, o % w->out_w, k / w->kw, k % w->kw);
                *columns++ = at < 0 ? 0 : in[at];
            }
}

static int conv_shape(struct foreign_call *call, struct window *w, size_t *groups, struct err *err)
{
    const struct foreign_value *in = call->in[0], *filter = call->in[1], *bias = call->in[2];
    int rc = window_of(call, filter, w, err);
    if (rc < 0)
        return rc;
    int64_t group = foreign_get_int(call, "group", 1);
    if (group < 1 || filter->dim[1] * (size_t)group != in->dim[1] || filter->dim[0] % (size_t)group ||
        in->dim[0] != 1 || (bias && bias->n != filter->dim[0]))
        return foreign_refuse(call, "its filters do not go with the channels it is given", err);
    *groups = (size_t)group;
    const size_t dim[] = {1, filter->dim[0], (size_t)w->out_h, (size_t)w->out_w};
    return foreign_shape_out(call, 4, dim, err);
}

int foreign_conv(struct foreign_call *call, struct err *err)
{
    struct window w = {0};
    size_t groups = 1;
    int rc = conv_shape(call, &w, &groups, err);
    if (rc != 0)
        return rc;
    const struct foreign_value *filter = call->in[1], *bias = call->in[2];
    size_t pixels = (size_t)(w.out_h * w.out_w), depth = foreign_product(filter, 1, 4);
    size_t filters = filter->dim[0] / groups;
    float *columns = foreign_scratch(call, depth * pixels, err);
    if (!columns)
        return E_IO;
    for (size_t g = 0; g < groups; g++) {
        unfold(&w, call->in[0]->x + g * filter->dim[1] * (size_t)(w.h * w.w), filter->dim[1], columns);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)filters, (int)pixels, (int)depth, 1,
                    filter->x + g * filters * depth, (int)depth, columns, (int)pixels, 0,
                    call->out->x + g * filters * pixels, (int)pixels);
    }
    for (size_t f = 0; bias && f < filter->dim[0]; f++)
        for (size_t p = 0; p < pixels; p++)
            call->out->x[f * pixels + p] += bias->x[f];
    return 0;
}

/* The largest, or the mean, of the window at (y, x) of a plane. */
static float pooled(const struct window *w, const float *in, int64_t o, int is_max, int counts_pads)
{
    double sum = is_max ? -(double)INFINITY : 0;
    int n = 0;
    for (int64_t k = 0; k < w->kh * w->kw; k++) {
        int64_t at = pixel(w, o / w->out_w, o % w->out_w, k / w->kw, k % w->kw);
        if (at < 0)
            continue;
        sum = is_max ? fmax(sum, (double)in[at]) : sum + (double)in[at];
        n++;
    }
    if (counts_pads)
        n = (int)(w->kh * w->kw);
    return (float)(is_max ? sum : n > 0 ? sum / n : 0);
}

static int pool(struct foreign_call *call, int is_max, struct err *err)
{
    struct window w = {0};
    int rc = window_of(call, NULL, &w, err), counts_pads = foreign_get_int(call, "count_include_pad", 0) != 0;
    if (rc != 0)
        return rc;
    const struct foreign_value *in = call->in[0];
    const size_t dim[] = {in->dim[0], in->dim[1], (size_t)w.out_h, (size_t)w.out_w};
    if ((rc = foreign_shape_out(call, 4, dim, err)) != 0)
        return rc;
    int64_t pixels = w.out_h * w.out_w;
    float *out = call->out->x;
    for (size_t plane = 0; plane < in->dim[0] * in->dim[1]; plane++)
        for (int64_t p = 0; p < pixels; p++)
            *out++ = pooled(&w, in->x + plane * (size_t)(w.h * w.w), p, is_max, counts_pads);
    return 0;
}

int foreign_max_pool(struct foreign_call *call, struct err *err)
{
    return pool(call, 1, err);
}

int foreign_average_pool(struct foreign_call *call, struct err *err)
{
    return pool(call, 0, err);
}

int foreign_global_pool(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    if (in->rank != 4)
        return foreign_refuse(call, "is of other than two-dimensional images", err);
    const size_t dim[] = {in->dim[0], in->dim[1], 1, 1};
    size_t pixels = in->dim[2] * in->dim[3];
    int rc = foreign_shape_out(call, 4, dim, err);
    for (size_t i = 0; rc == 0 && i < call->out->n; i++) {
        double sum = 0;
        for (size_t p = 0; p < pixels; p++)
            sum += (double)in->x[i * pixels + p];
        call->out->x[i] = (float)(sum / (double)pixels);
    }
    return rc;
}

/* 1 when inputs 1 to n are of as many numbers as there are channels. */
static int are_of_channels(const struct foreign_call *call, int n)
{
    for (int i = 1; i <= n; i++)
        if (!call->in[i] || !call->in[i]->x || call->in[i]->n != call->in[0]->dim[1])
            return 0;
    return 1;
}

int foreign_batch_norm(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    if (in->rank < 2 || !are_of_channels(call, 4) || foreign_get_int(call, "training_mode", 0))
        return foreign_refuse(call, "its numbers do not go with the channels it is given", err);
    double epsilon = (double)foreign_get_float(call, "epsilon", 1e-5F);
    size_t pixels = foreign_product(in, 2, in->rank);
    int rc = foreign_shape_out(call, in->rank, in->dim, err);
    for (size_t i = 0; rc == 0 && i < in->n; i++) {
        size_t c = i / pixels % in->dim[1];
        double scale = (double)call->in[1]->x[c] / sqrt((double)call->in[4]->x[c] + epsilon);
        call->out->x[i] =
            (float)(((double)in->x[i] - (double)call->in[3]->x[c]) * scale + (double)call->in[2]->x[c]);
    }
    return rc;
}

static void norm_plane(const float *in, float *out, size_t n, double epsilon, double scale, double bias)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += (double)in[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += ((double)in[i] - mean) * ((double)in[i] - mean) / (double)n;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(((double)in[i] - mean) / sqrt(square + epsilon) * scale + bias);
}

int foreign_instance_norm(struct foreign_call *call, struct err *err)
{
    const struct foreign_value *in = call->in[0];
    if (in->rank < 3 || !are_of_channels(call, 2))
        return foreign_refuse(call, "its numbers do not go with the channels it is given", err);
    size_t pixels = foreign_product(in, 2, in->rank);
    int rc = foreign_shape_out(call, in->rank, in->dim, err);
    for (size_t p = 0; rc == 0 && p < in->n / pixels; p++)
        norm_plane(in->x + p * pixels, call->out->x + p * pixels, pixels,
                   (double)foreign_get_float(call, "epsilon", 1e-5F), (double)call->in[1]->x[p % in->dim[1]],
                   (double)call->in[2]->x[p % in->dim[1]]);
    return rc;
}
