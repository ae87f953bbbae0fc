#include "predict/onnx_graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 64, PART_NAME = NODE_NAME_SIZE + 16, MAX_INPUTS = 5 };

void *onnx_take(struct onnx_block *block, size_t n)
{
    char *p = block->at;
    block->at += (n + 15) / 16 * 16;
    assert(block->at <= block->end);
    return p;
}

char *onnx_text(struct onnx_block *block, const char *value)
{
    size_t n = strlen(value) + 1;
    return memcpy(onnx_take(block, n), value, n);
}

/* A name of this member's: "dense1.weight", or "member2.dense1.weight" among several. */
static char *name_of(struct onnx_graph *g, const char *what)
{
    char full[NAME];
    if (g->member < 0 || g->n_members == 1)
        snprintf(full, sizeof full, "%s", what);
    else
        snprintf(full, sizeof full, "member%d.%s", g->member, what);
    return onnx_text(&g->block, full);
}

Onnx__NodeProto *onnx_node(struct onnx_graph *g, const char *type, const char *output, int n_inputs)
{
    Onnx__NodeProto *node = onnx_take(&g->block, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = onnx_text(&g->block, type);
    node->name = name_of(g, output);
    node->input = onnx_take(&g->block, (size_t)n_inputs * sizeof *node->input);
    node->output = onnx_take(&g->block, sizeof *node->output);
    node->output[0] = node->name;
    node->n_output = 1;
    node->attribute = onnx_take(&g->block, 4 * sizeof *node->attribute);
    g->proto->node[g->proto->n_node++] = node;
    return node;
}

void onnx_input(Onnx__NodeProto *node, char *name)
{
    node->input[node->n_input++] = name;
}

static Onnx__AttributeProto *add_attribute(struct onnx_graph *g, Onnx__NodeProto *node, const char *name)
{
    Onnx__AttributeProto *attribute = onnx_take(&g->block, sizeof *attribute);
    onnx__attribute_proto__init(attribute);
    attribute->name = onnx_text(&g->block, name);
    attribute->has_type = 1;
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

void onnx_float(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, double value)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    attribute->has_f = 1;
    attribute->f = (float)value;
}

void onnx_int(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int value)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    attribute->has_i = 1;
    attribute->i = value;
}

void onnx_ints(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int n, const int *values)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    attribute->n_ints = (size_t)n;
    attribute->ints = onnx_take(&g->block, (size_t)n * sizeof *attribute->ints);
    for (int i = 0; i < n; i++)
        attribute->ints[i] = values[i];
}

void onnx_both(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, int value)
{
    const int values[] = {value, value};
    onnx_ints(g, node, name, 2, values);
}

/* A tensor of n elements of `size` bytes, rank and values still to be given. */
static Onnx__TensorProto *add_tensor(struct onnx_graph *g, const char *what, int type, size_t n, size_t size)
{
    Onnx__TensorProto *tensor = onnx_take(&g->block, sizeof *tensor);
    onnx__tensor_proto__init(tensor);
    tensor->name = name_of(g, what);
    tensor->dims = onnx_take(&g->block, 4 * sizeof *tensor->dims);
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->has_raw_data = 1;
    tensor->raw_data.len = n * size;
    tensor->raw_data.data = onnx_take(&g->block, tensor->raw_data.len);
    g->proto->initializer[g->proto->n_initializer++] = tensor;
    return tensor;
}

char *onnx_whole_numbers(struct onnx_graph *g, const char *what, int n, const int *values)
{
    Onnx__TensorProto *tensor =
        add_tensor(g, what, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, n ? (size_t)n : 1, sizeof(int64_t));
    int64_t *to = (void *)tensor->raw_data.data;
    for (int i = 0; i < (n ? n : 1); i++)
        to[i] = values[i];
    tensor->n_dims = n > 0;
    tensor->dims[0] = n;
    return tensor->name;
}

void onnx_more(struct onnx_graph *g, Onnx__NodeProto *node, int more)
{
    Onnx__AttributeProto **room = onnx_take(&g->block, (size_t)(4 + more) * sizeof *room);
    memcpy(room, node->attribute, node->n_attribute * sizeof *room);
    node->attribute = room;
}

void onnx_longs(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const int64_t *value, size_t n)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    attribute->n_ints = n;
    attribute->ints = onnx_take(&g->block, n * sizeof *attribute->ints);
    memcpy(attribute->ints, value, n * sizeof *value);
}

void onnx_floats(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const float *value, size_t n)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    attribute->n_floats = n;
    attribute->floats = onnx_take(&g->block, n * sizeof *attribute->floats);
    memcpy(attribute->floats, value, n * sizeof *value);
}

static ProtobufCBinaryData word_of(struct onnx_graph *g, const char *value)
{
    return (ProtobufCBinaryData){strlen(value), (uint8_t *)onnx_text(&g->block, value)};
}

void onnx_words(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const char *const *value,
                size_t n)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
    attribute->strings = onnx_take(&g->block, n * sizeof *attribute->strings);
    for (; attribute->n_strings < n; attribute->n_strings++)
        attribute->strings[attribute->n_strings] = word_of(g, value[attribute->n_strings]);
}

void onnx_word(struct onnx_graph *g, Onnx__NodeProto *node, const char *name, const char *value)
{
    Onnx__AttributeProto *attribute = add_attribute(g, node, name);
    attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    attribute->has_s = 1;
    attribute->s = word_of(g, value);
}

char *onnx_tensor(struct onnx_graph *g, const char *what, const int dims[4], float **values)
{
    size_t n = 1, rank = 0;
    for (; rank < 4 && dims[rank]; rank++)
        n *= (size_t)dims[rank];
    Onnx__TensorProto *tensor = add_tensor(g, what, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, n, sizeof **values);
    for (; tensor->n_dims < rank; tensor->n_dims++)
        tensor->dims[tensor->n_dims] = dims[tensor->n_dims];
    *values = (void *)tensor->raw_data.data;
    return tensor->name;
}

/* "block1.norm1.mean": a part of a node; with what NULL, its output. */
static const char *part(const struct node *node, const char *what, char name[PART_NAME])
{
    snprintf(name, PART_NAME, what ? "%s.%s" : "%s", node->name, what);
    return name;
}

Onnx__NodeProto *onnx_apply(struct onnx_graph *g, const struct node *node, const char *type, const char *what,
                            char *a, char *b)
{
    char name[PART_NAME];
    Onnx__NodeProto *out = onnx_node(g, type, part(node, what, name), MAX_INPUTS);
    onnx_input(out, a);
    if (b)
        onnx_input(out, b);
    return out;
}

char *onnx_part(struct onnx_graph *g, const struct node *node, const char *what, const int dims[4],
                float **values)
{
    char name[PART_NAME];
    return onnx_tensor(g, part(node, what, name), dims, values);
}

char *onnx_numbers(struct onnx_graph *g, const struct node *node, const char *what, int n, const int *values)
{
    char name[PART_NAME];
    return onnx_whole_numbers(g, part(node, what, name), n, values);
}

char *onnx_constant(struct onnx_graph *g, const struct node *node, const char *what, double value)
{
    const int dims[4] = {1};
    float *values, *to;
    char *tensor = onnx_part(g, node, what, dims, &values);
    to = values;
    *to = (float)value;
    return tensor;
}

char *onnx_parameters(struct onnx_graph *g, const struct node *node, const char *what, const int dims[4],
                      const float *from)
{
    float *values;
    char *tensor = onnx_part(g, node, what, dims, &values);
    size_t n = (size_t)dims[0] * (size_t)(dims[1] ? dims[1] : 1);
    memcpy(values, from, n * sizeof *values);
    return tensor;
}

char *onnx_reshape(struct onnx_graph *g, const struct node *node, const char *what, const char *shape_name,
                   char *input, int rank, const int *shape)
{
    return onnx_apply(g, node, "Reshape", what, input, onnx_numbers(g, node, shape_name, rank, shape))->name;
}

char *onnx_read(const struct onnx_graph *g, const struct node *node, int input)
{
    return node->from[input] == NODE_IMAGE ? g->image : g->output[node->from[input]];
}
