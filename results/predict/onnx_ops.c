/* Operations of a network (nodes.h) as those of ONNX: a row each. */
#include "predict/onnx_graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* in (rows, pixels, channels) to out (rows, channels, pixels). */
static void channels_first(float *out, const float *in, int rows, int pixels, int channels)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < pixels; p++)
                *out++ = in[((size_t)r * (size_t)pixels + (size_t)p) * (size_t)channels + (size_t)c];
}

/* A parameter array of a node as a tensor, values still to be filled in. */
static char *add_param(struct onnx_graph *g, const struct node *node, const char *role, const int dims[4],
                       float **values)
{
    char name[NODE_NAME_SIZE + 12];
    snprintf(name, sizeof name, "%s.%s", node->name, role);
    return onnx_tensor(g, name, dims, values);
}

/* The bias stands behind the weights of a node. */
static char *add_bias(struct onnx_graph *g, const struct node *node, const float *params)
{
    const int dims[4] = {node->units};
    float *values;
    char *name = add_param(g, node, "bias", dims, &values);
    memcpy(values, params + node->param + node->n_params - (size_t)node->units,
           (size_t)node->units * sizeof *values);
    return name;
}

static char *write_conv(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int dims[4] = {node->units, node->in.c, 3, 3};
    float *values;
    Onnx__NodeProto *conv = onnx_node(g, "Conv", node->name, 3);
    onnx_input(conv, input);
    onnx_both(g, conv, "kernel_shape", 3);
    onnx_input(conv, add_param(g, node, "weight", dims, &values));
    channels_first(values, params + node->param, node->units, 9, node->in.c);
    onnx_input(conv, add_bias(g, node, params));
    return conv->name;
}

static char *write_relu(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    Onnx__NodeProto *relu = onnx_node(g, "Relu", node->name, 1);
    onnx_input(relu, input);
    return relu->name;
}

static char *write_max_pool(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    Onnx__NodeProto *pool = onnx_node(g, "MaxPool", node->name, 1);
    onnx_input(pool, input);
    onnx_both(g, pool, "kernel_shape", 2);
    onnx_both(g, pool, "strides", 2);
    return pool->name;
}

static char *write_dropout(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)g, (void)node, (void)params;
    return input;
}

static char *write_flatten(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    Onnx__NodeProto *flat = onnx_node(g, "Flatten", node->name, 1);
    onnx_input(flat, input);
    onnx_int(g, flat, "axis", 1);
    g->flat = node->in;
    return flat->name;
}

/* Of a flattened image the pixels stand before the channels here and after them in ONNX. */
static char *write_dense(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int dims[4] = {node->units, node->in.c};
    float *values;
    Onnx__NodeProto *dense = onnx_node(g, "Gemm", node->name, 3);
    onnx_input(dense, input);
    onnx_int(g, dense, "transB", 1);
    onnx_input(dense, add_param(g, node, "weight", dims, &values));
    if (g->flat.h)
        channels_first(values, params + node->param, node->units, g->flat.h * g->flat.w, g->flat.c);
    else
        memcpy(values, params + node->param, (size_t)node->units * (size_t)node->in.c * sizeof *values);
    g->flat = (struct tensor_shape){0};
    onnx_input(dense, add_bias(g, node, params));
    return dense->name;
}

static const struct {
    const char *op;
    onnx_writer *write;
} rows[] = {{"conv", write_conv},
            {"relu", write_relu},
            {"max_pool", write_max_pool},
            {"dropout", write_dropout},
            {"flatten", write_flatten},
            {"dense", write_dense},
            {"add", onnx_add},
            {"gelu", onnx_gelu},
            {"layer_norm", onnx_layer_norm},
            {"linear", onnx_linear},
            {"patches", onnx_patches},
            {"class_token", onnx_class_token},
            {"attention", onnx_attention},
            {"first_token", onnx_first_token}};

static onnx_writer *writer_of(const struct node *node)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].op, node->op->name) == 0)
            return rows[i].write;
    return NULL;
}

/* What lies channels last here and channels first there is left to those that know. */
static int can_write(const struct node *node)
{
    int of_rows = node->op == &op_linear || node->op == &op_layer_norm;
    return writer_of(node) && !(of_rows && node->in.w > 1);
}

int onnx_ops_check(const struct nodes *nodes, struct err *err)
{
    for (int i = 0; i < nodes->n; i++)
        if (!can_write(&nodes->node[i]))
            return err_set(err, E_USAGE, "%s (%s) cannot be written as ONNX; use --format raw",
                           nodes->node[i].name, nodes->node[i].op->name);
    return 0;
}

char *onnx_ops_write(struct onnx_graph *g, const float *params, char *input)
{
    for (int i = 0; i < g->nodes->n; i++) {
        const struct node *node = &g->nodes->node[i];
        onnx_writer *write = writer_of(node);
        assert(write);
        g->output[i] = write(g, node, params, node->from[0] >= 0 ? g->output[node->from[0]] : input);
    }
    return g->output[g->nodes->n - 1];
}
