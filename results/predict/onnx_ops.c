/* Operations of a network (nodes.h) as those of ONNX: a row each. */
#include "predict/onnx_graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

static char *write_relu(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    Onnx__NodeProto *relu = onnx_node(g, "Relu", node->name, 1);
    onnx_input(relu, input);
    return relu->name;
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
        onnx_channels_first(values, params + node->param, node->units, g->flat.h * g->flat.w, g->flat.c);
    else
        memcpy(values, params + node->param, (size_t)node->units * (size_t)node->in.c * sizeof *values);
    g->flat = (struct tensor_shape){0};
    onnx_input(dense, add_bias(g, node, params));
    return dense->name;
}

static const struct {
    const char *op;
    onnx_writer *write;
} rows[] = {{"conv", onnx_conv},
            {"relu", write_relu},
            {"max_pool", onnx_max_pool},
            {"average_pool", onnx_average_pool},
            {"global_pool", onnx_global_pool},
            {"batch_norm", onnx_batch_norm},
            {"group_norm", onnx_group_norm},
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
            {"class_attention", onnx_attention},
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
    g->image = input;
    for (int i = 0; i < g->nodes->n; i++) {
        const struct node *node = &g->nodes->node[i];
        onnx_writer *write = writer_of(node);
        assert(write);
        g->output[i] = write(g, node, params, onnx_read(g, node, 0));
    }
    return g->output[g->nodes->n - 1];
}
