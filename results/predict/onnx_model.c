#include "predict/onnx_model.h"

#include "models/net/layers.h"
#include "version.h"

#include <assert.h>
#include <onnx.pb-c.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Everything of a message lives in one block: its size is bounded beforehand, and one free() ends it. */
struct block {
    char *at, *end;
};

enum { NODES = 13, TENSORS = 10, SMALL = 1024, NAME = 64 };

/* n zeroed bytes, aligned for anything. */
static void *take(struct block *block, size_t n)
{
    char *p = block->at;
    block->at += (n + 15) / 16 * 16;
    assert(block->at <= block->end);
    return p;
}

static char *text(struct block *block, const char *value)
{
    size_t n = strlen(value) + 1;
    return memcpy(take(block, n), value, n);
}

/* A graph that is being built; member: the branch that its next parts belong to, -1: none. */
struct graph {
    struct block block;
    Onnx__GraphProto *proto;
    const struct cnn_shape *shape;
    size_t offset[CNN_N_PARTS + 1];
    int member, n_members;
};

/* A name of this member's: "dense1.weight", or "member2.dense1.weight" among several. */
static char *name_of(struct graph *g, const char *what)
{
    char full[NAME];
    if (g->member < 0 || g->n_members == 1)
        snprintf(full, sizeof full, "%s", what);
    else
        snprintf(full, sizeof full, "member%d.%s", g->member, what);
    return text(&g->block, full);
}

static Onnx__NodeProto *add_node(struct graph *g, const char *type, const char *output, int n_inputs)
{
    Onnx__NodeProto *node = take(&g->block, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = text(&g->block, type);
    node->name = name_of(g, output);
    node->input = take(&g->block, (size_t)n_inputs * sizeof *node->input);
    node->output = take(&g->block, sizeof *node->output);
    node->output[0] = node->name;
    node->n_output = 1;
    node->attribute = take(&g->block, 4 * sizeof *node->attribute);
    g->proto->node[g->proto->n_node++] = node;
    return node;
}

static void add_input(Onnx__NodeProto *node, char *name)
{
    node->input[node->n_input++] = name;
}

static Onnx__AttributeProto *add_attribute(struct graph *g, Onnx__NodeProto *node, const char *name)
{
    Onnx__AttributeProto *attribute = take(&g->block, sizeof *attribute);
    onnx__attribute_proto__init(attribute);
    attribute->name = text(&g->block, name);
    attribute->has_type = 1;
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

static void set_int(struct graph *g, Onnx__NodeProto *node, const char *name, int value)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    attribute->has_i = 1;
    attribute->i = value;
}

/* Two equal numbers: of rows and of columns. */
static void set_both(struct graph *g, Onnx__NodeProto *node, const char *name, int value)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    attribute->n_ints = 2;
    attribute->ints = take(&g->block, 2 * sizeof *attribute->ints);
    attribute->ints[0] = attribute->ints[1] = value;
}

/* A tensor of the model, its values for the caller to fill in. dims ends at 0. Returns its name. */
static char *add_tensor(struct graph *g, const char *what, const int dims[4], float **values)
{
    Onnx__TensorProto *tensor = take(&g->block, sizeof *tensor);
    size_t n = 1;
    onnx__tensor_proto__init(tensor);
    tensor->name = name_of(g, what);
    tensor->dims = take(&g->block, 4 * sizeof *tensor->dims);
    for (; tensor->n_dims < 4 && dims[tensor->n_dims]; tensor->n_dims++) {
        tensor->dims[tensor->n_dims] = dims[tensor->n_dims];
        n *= (size_t)dims[tensor->n_dims];
    }
    tensor->has_data_type = 1;
    tensor->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->has_raw_data = 1;
    tensor->raw_data.len = n * sizeof **values;
    tensor->raw_data.data = take(&g->block, tensor->raw_data.len);
    *values = (void *)tensor->raw_data.data;
    g->proto->initializer[g->proto->n_initializer++] = tensor;
    return tensor->name;
}

/* in (rows, pixels, channels) to out (rows, channels, pixels). */
static void channels_first(float *out, const float *in, int rows, int pixels, int channels)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < pixels; p++)
                *out++ = in[((size_t)r * (size_t)pixels + (size_t)p) * (size_t)channels + (size_t)c];
}

/* conv 3x3, ReLU, max-pool 2; returns the name of what comes out. */
static char *add_conv(struct graph *g, int layer, char *input, const float *params)
{
    struct conv_shape s = layers_conv(g->shape, layer, 1);
    const int weight_dims[4] = {s.k, s.c, 3, 3}, bias_dims[4] = {s.k};
    char name[NAME];
    float *values;
    snprintf(name, sizeof name, "conv%d", layer + 1);
    Onnx__NodeProto *conv = add_node(g, "Conv", name, 3);
    add_input(conv, input);
    set_both(g, conv, "kernel_shape", 3);
    snprintf(name, sizeof name, "conv%d.weight", layer + 1);
    add_input(conv, add_tensor(g, name, weight_dims, &values));
    channels_first(values, params + g->offset[CNN_CONV1_W + 2 * layer], s.k, 9, s.c);
    snprintf(name, sizeof name, "conv%d.bias", layer + 1);
    add_input(conv, add_tensor(g, name, bias_dims, &values));
    memcpy(values, params + g->offset[CNN_CONV1_B + 2 * layer], (size_t)s.k * sizeof *values);
    snprintf(name, sizeof name, "relu%d", layer + 1);
    Onnx__NodeProto *relu = add_node(g, "Relu", name, 1);
    add_input(relu, conv->name);
    snprintf(name, sizeof name, "pool%d", layer + 1);
    Onnx__NodeProto *pool = add_node(g, "MaxPool", name, 1);
    add_input(pool, relu->name);
    set_both(g, pool, "kernel_shape", 2);
    set_both(g, pool, "strides", 2);
    return pool->name;
}

/* The first dense layer reads a flattened image, whose pixels stand before the channels here and
 * after them in ONNX. */
static void fill_dense(const struct graph *g, int layer, struct dense_shape s, const float *weight,
                       float *out)
{
    struct conv_shape conv = layers_conv(g->shape, 1, 1);
    if (layer == 0)
        channels_first(out, weight, s.out, s.in / conv.k, conv.k);
    else
        memcpy(out, weight, (size_t)s.out * (size_t)s.in * sizeof *out);
}

static char *add_dense(struct graph *g, int layer, char *input, const float *params)
{
    static const char *const layer_names[LAYERS_DENSE] = {"dense1", "dense2", "logits"};
    struct dense_shape s = layers_dense(g->shape, layer, 1);
    const int weight_dims[4] = {s.out, s.in}, bias_dims[4] = {s.out};
    char name[NAME];
    float *values;
    Onnx__NodeProto *dense = add_node(g, "Gemm", layer_names[layer], 3);
    add_input(dense, input);
    set_int(g, dense, "transB", 1);
    snprintf(name, sizeof name, "%s.weight", layer_names[layer]);
    add_input(dense, add_tensor(g, name, weight_dims, &values));
    fill_dense(g, layer, s, params + g->offset[CNN_DENSE1_W + 2 * layer], values);
    snprintf(name, sizeof name, "%s.bias", layer_names[layer]);
    add_input(dense, add_tensor(g, name, bias_dims, &values));
    memcpy(values, params + g->offset[CNN_DENSE1_B + 2 * layer], (size_t)s.out * sizeof *values);
    if (layer == LAYERS_DENSE - 1)
        return dense->name;
    snprintf(name, sizeof name, "%s.relu", layer_names[layer]);
    Onnx__NodeProto *relu = add_node(g, "Relu", name, 1);
    add_input(relu, dense->name);
    return relu->name;
}

/* One network, from the image to its probabilities; returns their name. */
static char *add_member(struct graph *g, char *image, const float *params)
{
    char *x = add_conv(g, 1, add_conv(g, 0, image, params), params);
    Onnx__NodeProto *flat = add_node(g, "Flatten", "flat", 1);
    add_input(flat, x);
    set_int(g, flat, "axis", 1);
    x = flat->name;
    for (int layer = 0; layer < LAYERS_DENSE; layer++)
        x = add_dense(g, layer, x, params);
    Onnx__NodeProto *softmax = add_node(g, "Softmax", g->n_members == 1 ? "probabilities" : "softmax", 1);
    add_input(softmax, x);
    set_int(g, softmax, "axis", 1);
    return softmax->name;
}

static Onnx__TensorShapeProto__Dimension *dimension(struct block *block, int value)
{
    Onnx__TensorShapeProto__Dimension *d = take(block, sizeof *d);
    onnx__tensor_shape_proto__dimension__init(d);
    d->value_case = value ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                          : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    if (value)
        d->dim_value = value;
    else
        d->dim_param = text(block, "N");
    return d;
}

/* An input or output of the graph; a dimension of 0 is the number of images. */
static Onnx__ValueInfoProto **value_info(struct block *block, const char *name, const int *dims, int n_dims)
{
    Onnx__ValueInfoProto **list = take(block, sizeof *list), *info = list[0] = take(block, sizeof *info);
    Onnx__TypeProto *type = take(block, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = take(block, sizeof *tensor);
    Onnx__TensorShapeProto *shape = take(block, sizeof *shape);
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    info->name = text(block, name);
    info->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->dim = take(block, (size_t)n_dims * sizeof(Onnx__TensorShapeProto__Dimension *));
    for (int i = 0; i < n_dims; i++)
        shape->dim[shape->n_dim++] = dimension(block, dims[i]);
    return list;
}

static void build_graph(struct graph *g, const char *name, const float *weights)
{
    Onnx__GraphProto *proto = g->proto = take(&g->block, sizeof *proto);
    const int image[4] = {0, 1, g->shape->size, g->shape->size}, probs[2] = {0, g->shape->n_classes};
    size_t members = (size_t)g->n_members;
    char *answer[LOSS_MAX_CLASSES];
    onnx__graph_proto__init(proto);
    proto->name = text(&g->block, name);
    proto->node = take(&g->block, (members * NODES + 1) * sizeof *proto->node);
    proto->initializer = take(&g->block, members * TENSORS * sizeof *proto->initializer);
    proto->input = value_info(&g->block, "image", image, 4);
    proto->output = value_info(&g->block, "probabilities", probs, 2);
    proto->n_input = proto->n_output = 1;
    for (g->member = 0; g->member < g->n_members; g->member++)
        answer[g->member] =
            add_member(g, proto->input[0]->name, weights + (size_t)g->member * g->offset[CNN_N_PARTS]);
    g->member = -1;
    if (g->n_members == 1)
        return;
    Onnx__NodeProto *mean = add_node(g, "Mean", "probabilities", g->n_members);
    for (int m = 0; m < g->n_members; m++)
        add_input(mean, answer[m]);
}

static void add_properties(struct block *block, Onnx__ModelProto *model, const struct onnx_property *property,
                           int n)
{
    model->metadata_props = take(block, (size_t)n * sizeof *model->metadata_props);
    for (int i = 0; i < n; i++) {
        Onnx__StringStringEntryProto *entry = take(block, sizeof *entry);
        onnx__string_string_entry_proto__init(entry);
        entry->key = text(block, property[i].key);
        entry->value = text(block, property[i].value);
        model->metadata_props[model->n_metadata_props++] = entry;
    }
}

static Onnx__ModelProto *build_model(struct graph *g, const char *name, const float *weights,
                                     const struct onnx_property *property, int n_properties)
{
    Onnx__ModelProto *model = take(&g->block, sizeof *model);
    Onnx__OperatorSetIdProto *set = take(&g->block, sizeof *set);
    onnx__model_proto__init(model);
    onnx__operator_set_id_proto__init(set);
    model->has_ir_version = 1;
    model->ir_version = ONNX_IR_VERSION;
    model->producer_name = text(&g->block, "cellsweep");
    model->producer_version = text(&g->block, CELLSWEEP_VERSION);
    model->opset_import = take(&g->block, sizeof(Onnx__OperatorSetIdProto *));
    model->opset_import[model->n_opset_import++] = set;
    set->domain = text(&g->block, "");
    set->has_version = 1;
    set->version = ONNX_OPERATOR_SET;
    add_properties(&g->block, model, property, n_properties);
    build_graph(g, name, weights);
    model->graph = g->proto;
    return model;
}

/* More than a model takes: SMALL bytes for every node, tensor and property besides their values. */
static size_t bound(const struct graph *g, const char *name, const struct onnx_property *property, int n)
{
    size_t parts = (size_t)g->n_members * (NODES + TENSORS) + (size_t)n + 16;
    size_t bytes = parts * SMALL + (size_t)g->n_members * (g->offset[CNN_N_PARTS] * sizeof(float) + SMALL);
    for (int i = 0; i < n; i++)
        bytes += strlen(property[i].value) + strlen(property[i].key);
    return bytes + strlen(name);
}

int onnx_model_write(FILE *out, const char *name, const struct cnn_shape *shape, int n_members,
                     const float *weights, const struct onnx_property *property, int n_properties,
                     struct err *err)
{
    struct graph g = {.shape = shape, .n_members = n_members, .member = -1};
    cnn_n_params(shape, g.offset);
    size_t bytes = bound(&g, name, property, n_properties);
    char *memory = err_calloc(bytes, 1, "an ONNX model", err);
    if (!memory)
        return E_IO;
    g.block = (struct block){memory, memory + bytes};
    Onnx__ModelProto *model = build_model(&g, name, weights, property, n_properties);
    size_t packed_bytes = onnx__model_proto__get_packed_size(model);
    unsigned char *packed = err_calloc(packed_bytes, 1, "an ONNX model", err);
    if (packed)
        fwrite(packed, 1, onnx__model_proto__pack(model, packed), out);
    free(packed);
    free(memory);
    return packed ? 0 : E_IO;
}
