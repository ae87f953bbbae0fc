#include "predict/onnx_model.h"

#include "base/recipe.h"
#include "predict/onnx_graph.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

enum { SMALL = 1024 };

/* One network, from the image to its probabilities; returns their name. */
static char *add_member(struct onnx_graph *g, const float *params, char *image)
{
    char *logits = onnx_ops_write(g, params, image);
    Onnx__NodeProto *softmax = onnx_node(g, "Softmax", g->n_members == 1 ? "probabilities" : "softmax", 1);
    onnx_input(softmax, logits);
    onnx_int(g, softmax, "axis", 1);
    return softmax->name;
}

static Onnx__TensorShapeProto__Dimension *dimension(struct onnx_block *block, int value)
{
    Onnx__TensorShapeProto__Dimension *d = onnx_take(block, sizeof *d);
    onnx__tensor_shape_proto__dimension__init(d);
    d->value_case = value ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
                          : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    if (value)
        d->dim_value = value;
    else
        d->dim_param = onnx_text(block, "N");
    return d;
}

/* An input or output of the graph; a dimension of 0 is the number of images. */
static Onnx__ValueInfoProto **value_info(struct onnx_block *block, const char *name, const int *dims,
                                         int n_dims)
{
    Onnx__ValueInfoProto **list = onnx_take(block, sizeof *list),
                         *info = list[0] = onnx_take(block, sizeof *info);
    Onnx__TypeProto *type = onnx_take(block, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = onnx_take(block, sizeof *tensor);
    Onnx__TensorShapeProto *shape = onnx_take(block, sizeof *shape);
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    info->name = onnx_text(block, name);
    info->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    tensor->shape = shape;
    shape->dim = onnx_take(block, (size_t)n_dims * sizeof(Onnx__TensorShapeProto__Dimension *));
    for (int i = 0; i < n_dims; i++)
        shape->dim[shape->n_dim++] = dimension(block, dims[i]);
    return list;
}

static void build_graph(struct onnx_graph *g, const char *name, const float *weights)
{
    Onnx__GraphProto *proto = g->proto = onnx_take(&g->block, sizeof *proto);
    const struct tensor_shape in = g->nodes->input;
    const int image[4] = {0, in.c, in.h, in.w}, probs[2] = {0, g->nodes->node[g->nodes->n - 1].out.c};
    size_t members = (size_t)g->n_members, n_kept = nodes_n_params(g->nodes) + nodes_n_buffers(g->nodes),
           n = (size_t)g->nodes->n;
    char *answer[RECIPE_MAX_MEMBERS] = {0};
    onnx__graph_proto__init(proto);
    proto->name = onnx_text(&g->block, name);
    proto->node = onnx_take(&g->block, (members * (n * ONNX_MAX_NODES + 1) + 1) * sizeof *proto->node);
    proto->initializer = onnx_take(&g->block, members * n * ONNX_MAX_TENSORS * sizeof *proto->initializer);
    proto->input = value_info(&g->block, "image", image, 4);
    proto->output = value_info(&g->block, "probabilities", probs, 2);
    proto->n_input = proto->n_output = 1;
    for (g->member = 0; g->member < g->n_members; g->member++)
        answer[g->member] = add_member(g, weights + (size_t)g->member * n_kept, proto->input[0]->name);
    g->member = -1;
    if (g->n_members == 1)
        return;
    Onnx__NodeProto *mean = onnx_node(g, "Mean", "probabilities", g->n_members);
    for (int m = 0; m < g->n_members; m++)
        onnx_input(mean, answer[m]);
}

static void add_properties(struct onnx_block *block, Onnx__ModelProto *model,
                           const struct onnx_property *property, int n)
{
    model->metadata_props = onnx_take(block, (size_t)n * sizeof *model->metadata_props);
    for (int i = 0; i < n; i++) {
        Onnx__StringStringEntryProto *entry = onnx_take(block, sizeof *entry);
        onnx__string_string_entry_proto__init(entry);
        entry->key = onnx_text(block, property[i].key);
        entry->value = onnx_text(block, property[i].value);
        model->metadata_props[model->n_metadata_props++] = entry;
    }
}

static Onnx__ModelProto *build_model(struct onnx_graph *g, const char *name, const float *weights,
                                     const struct onnx_property *property, int n_properties)
{
    Onnx__ModelProto *model = onnx_take(&g->block, sizeof *model);
    Onnx__OperatorSetIdProto *set = onnx_take(&g->block, sizeof *set);
    onnx__model_proto__init(model);
    onnx__operator_set_id_proto__init(set);
    model->has_ir_version = 1;
    model->ir_version = ONNX_IR_VERSION;
    model->producer_name = onnx_text(&g->block, "cellsweep");
    model->producer_version = onnx_text(&g->block, CELLSWEEP_VERSION);
    model->opset_import = onnx_take(&g->block, sizeof(Onnx__OperatorSetIdProto *));
    model->opset_import[model->n_opset_import++] = set;
    set->domain = onnx_text(&g->block, "");
    set->has_version = 1;
    set->version = ONNX_OPERATOR_SET;
    add_properties(&g->block, model, property, n_properties);
    build_graph(g, name, weights);
    model->graph = g->proto;
    return model;
}

/* More than a model takes: SMALL bytes for every node, tensor and property besides their values. */
static size_t bound(const struct onnx_graph *g, const char *name, const struct onnx_property *property, int n)
{
    size_t members = (size_t)g->n_members,
           of_member = (size_t)(g->nodes->n + 1) * (ONNX_MAX_NODES + ONNX_MAX_TENSORS);
    size_t bytes = (members * of_member + (size_t)n + 16) * SMALL +
                   members * (nodes_n_params(g->nodes) + nodes_n_buffers(g->nodes)) * sizeof(float);
    for (int i = 0; i < n; i++)
        bytes += strlen(property[i].value) + strlen(property[i].key);
    return bytes + strlen(name);
}

int onnx_model_write(FILE *out, const char *name, const struct nodes *nodes, int n_members,
                     const float *weights, const struct onnx_property *property, int n_properties,
                     struct err *err)
{
    struct onnx_graph g = {.nodes = nodes, .n_members = n_members, .member = -1};
    if (onnx_ops_check(nodes, err) < 0)
        return E_USAGE;
    size_t bytes = bound(&g, name, property, n_properties);
    char *memory = err_calloc(bytes, 1, "an ONNX model", err);
    if (!memory)
        return E_IO;
    g.block = (struct onnx_block){memory, memory + bytes};
    Onnx__ModelProto *model = build_model(&g, name, weights, property, n_properties);
    size_t packed_bytes = onnx__model_proto__get_packed_size(model);
    unsigned char *packed = err_calloc(packed_bytes, 1, "an ONNX model", err);
    if (packed)
        fwrite(packed, 1, onnx__model_proto__pack(model, packed), out);
    free(packed);
    free(memory);
    return packed ? 0 : E_IO;
}
