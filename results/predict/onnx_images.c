/* Operations of a convolutional network (net/nodes.h) as those of ONNX, operator set 13: channels
 * stand before pixels there. */
#include "predict/onnx_graph.h"

void onnx_channels_first(float *out, const float *in, int rows, int pixels, int channels)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < pixels; p++)
                *out++ = in[((size_t)r * (size_t)pixels + (size_t)p) * (size_t)channels + (size_t)c];
}

/* Its weights, channels first. */
static char *weights(struct onnx_graph *g, const struct node *node, const float *params)
{
    const int dims[4] = {node->units, node->in.c, node->side, node->side};
    float *values;
    char *tensor = onnx_part(g, node, "weight", dims, &values);
    onnx_channels_first(values, params + node->param, node->units, node->side * node->side, node->in.c);
    return tensor;
}

char *onnx_conv(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int pads[] = {node->pad, node->pad, node->pad, node->pad}, dims[4] = {node->units};
    Onnx__NodeProto *conv = onnx_apply(g, node, "Conv", NULL, input, weights(g, node, params));
    onnx_both(g, conv, "kernel_shape", node->side);
    onnx_ints(g, conv, "pads", 4, pads);
    onnx_both(g, conv, "strides", node->stride);
    if (!node->unbiased)
        onnx_input(conv, onnx_parameters(g, node, "bias", dims,
                                         params + node->param + node->n_params - (size_t)node->units));
    return conv->name;
}

static char *pool(struct onnx_graph *g, const struct node *node, const char *type, char *input)
{
    Onnx__NodeProto *out = onnx_apply(g, node, type, NULL, input, NULL);
    onnx_both(g, out, "kernel_shape", 2);
    onnx_both(g, out, "strides", 2);
    return out->name;
}

char *onnx_max_pool(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    return pool(g, node, "MaxPool", input);
}

char *onnx_average_pool(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    return pool(g, node, "AveragePool", input);
}

char *onnx_global_pool(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    char *means = onnx_apply(g, node, "GlobalAveragePool", "means", input, NULL)->name;
    Onnx__NodeProto *flat = onnx_apply(g, node, "Flatten", NULL, means, NULL);
    onnx_int(g, flat, "axis", 1);
    return flat->name;
}

/* By running statistics. */
char *onnx_batch_norm(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int c = node->in.c, dims[4] = {c};
    const float *weight = params + node->param, *mean = params + nodes_n_params(g->nodes) + node->buffer;
    Onnx__NodeProto *out = onnx_apply(g, node, "BatchNormalization", NULL, input,
                                      onnx_parameters(g, node, "weight", dims, weight));
    onnx_float(g, out, "epsilon", CHANNEL_NORM_EPSILON);
    onnx_input(out, onnx_parameters(g, node, "bias", dims, weight + c));
    onnx_input(out, onnx_parameters(g, node, "mean", dims, mean));
    onnx_input(out, onnx_parameters(g, node, "variance", dims, mean + c));
    return out->name;
}

static char *repeated(struct onnx_graph *g, const struct node *node, const char *what, int n, float value)
{
    const int dims[4] = {n};
    float *values;
    char *tensor = onnx_part(g, node, what, dims, &values);
    for (int i = 0; i < n; i++)
        values[i] = value;
    return tensor;
}

/* Each group as one channel is normalised by itself. */
char *onnx_group_norm(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int n = node_n_groups(node), c = node->in.c, dims[4] = {c, 1, 1};
    const int as_groups[] = {0, n, -1}, as_channels[] = {0, c, node->in.h, node->in.w};
    const float *weight = params + node->param;
    char *grouped = onnx_reshape(g, node, "grouped", "groups", input, 3, as_groups);
    Onnx__NodeProto *normal =
        onnx_apply(g, node, "InstanceNormalization", "normal", grouped, repeated(g, node, "ones", n, 1));
    onnx_input(normal, repeated(g, node, "zeros", n, 0));
    onnx_float(g, normal, "epsilon", CHANNEL_NORM_EPSILON);
    char *back = onnx_reshape(g, node, "channels", "shape", normal->name, 4, as_channels);
    char *scaled =
        onnx_apply(g, node, "Mul", "scaled", back, onnx_parameters(g, node, "weight", dims, weight))->name;
    return onnx_apply(g, node, "Add", NULL, scaled, onnx_parameters(g, node, "bias", dims, weight + c))->name;
}
