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

/* Rows as models of plain numbers are given them: pixel by pixel, the channels of one side by side. */
static char *write_rows(struct onnx_graph *g, int channels, char *image)
{
    static const int order[] = {0, 2, 3, 1};
    Onnx__NodeProto *flat;
    if (channels > 1) {
        Onnx__NodeProto *turned = onnx_node(g, "Transpose", "turned_image", 1);
        onnx_input(turned, image);
        onnx_ints(g, turned, "perm", 4, order);
        image = turned->name;
    }
    flat = onnx_node(g, "Flatten", "row", 1);
    onnx_input(flat, image);
    onnx_int(g, flat, "axis", 1);
    return flat->name;
}

/* Floats of a network. */
static size_t n_kept(const struct onnx_source *from)
{
    return nodes_n_params(from->nodes) + nodes_n_buffers(from->nodes);
}

/* The members, each a branch from the image, and their mean. */
static void add_members(struct onnx_graph *g, const struct onnx_source *from, char *image)
{
    char *answer[RECIPE_MAX_MEMBERS] = {0};
    char *row = from->form ? write_rows(g, from->image.c, image) : NULL;
    for (g->member = 0; g->member < g->n_members; g->member++)
        answer[g->member] = from->form
                                ? onnx_form_write(g, &from->form[g->member], row)
                                : add_member(g, from->weights + (size_t)g->member * n_kept(from), image);
    g->member = -1;
    if (g->n_members == 1)
        return;
    Onnx__NodeProto *mean = onnx_node(g, "Mean", "probabilities", g->n_members);
    for (int m = 0; m < g->n_members; m++)
        onnx_input(mean, answer[m]);
}

/* Nodes, and tensors, of a member at most. */
static size_t parts_of(const struct onnx_source *from)
{
    return from->form ? ONNX_FORM_NODES : (size_t)(from->nodes->n + 1) * ONNX_MAX_NODES;
}

/* Types of what no checker infers: what regressors give. */
static void declare_logits(struct onnx_graph *g, int n_classes)
{
    const int logits[2] = {0, n_classes};
    Onnx__GraphProto *proto = g->proto;
    proto->value_info = onnx_take(&g->block, proto->n_node * sizeof *proto->value_info);
    for (size_t i = 0; i < proto->n_node; i++)
        if (strcmp(proto->node[i]->op_type, "TreeEnsembleRegressor") == 0)
            proto->value_info[proto->n_value_info++] =
                *value_info(&g->block, proto->node[i]->output[0], logits, 2);
}

static void build_graph(struct onnx_graph *g, const char *name, const struct onnx_source *from)
{
    Onnx__GraphProto *proto = g->proto = onnx_take(&g->block, sizeof *proto);
    const int image[4] = {0, from->image.c, from->image.h, from->image.w}, probs[2] = {0, from->n_classes};
    size_t parts = (size_t)g->n_members * parts_of(from) + 3;
    onnx__graph_proto__init(proto);
    proto->name = onnx_text(&g->block, name);
    proto->node = onnx_take(&g->block, parts * sizeof *proto->node);
    proto->initializer = onnx_take(&g->block, parts * sizeof *proto->initializer);
    proto->input = value_info(&g->block, "image", image, 4);
    proto->output = value_info(&g->block, "probabilities", probs, 2);
    proto->n_input = proto->n_output = 1;
    add_members(g, from, proto->input[0]->name);
    declare_logits(g, from->n_classes);
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

static void add_operators(struct onnx_block *block, Onnx__ModelProto *model, const char *domain, int version)
{
    Onnx__OperatorSetIdProto *set = onnx_take(block, sizeof *set);
    onnx__operator_set_id_proto__init(set);
    set->domain = onnx_text(block, domain);
    set->has_version = 1;
    set->version = version;
    model->opset_import[model->n_opset_import++] = set;
}

static Onnx__ModelProto *build_model(struct onnx_graph *g, const char *name, const struct onnx_source *from,
                                     const struct onnx_property *property, int n_properties)
{
    Onnx__ModelProto *model = onnx_take(&g->block, sizeof *model);
    onnx__model_proto__init(model);
    model->has_ir_version = 1;
    model->ir_version = ONNX_IR_VERSION;
    model->producer_name = onnx_text(&g->block, "cellsweep");
    model->producer_version = onnx_text(&g->block, CELLSWEEP_VERSION);
    model->opset_import = onnx_take(&g->block, 2 * sizeof(Onnx__OperatorSetIdProto *));
    add_operators(&g->block, model, "", ONNX_OPERATOR_SET);
    if (from->form && from->form->kind == FORM_TREES)
        add_operators(&g->block, model, ONNX_ML, ONNX_ML_SET);
    add_properties(&g->block, model, property, n_properties);
    build_graph(g, name, from);
    model->graph = g->proto;
    return model;
}

/* More than a model takes: SMALL bytes for every node, tensor and property besides their values. */
static size_t bound(const struct onnx_source *from, const char *name, const struct onnx_property *property,
                    int n)
{
    size_t members = (size_t)from->n_members, bytes = 0;
    for (size_t m = 0; m < members; m++)
        bytes += from->form ? onnx_form_bytes(&from->form[m]) : n_kept(from) * sizeof(float);
    bytes += (members * 2 * parts_of(from) + members + (size_t)n + 16) * SMALL;
    for (int i = 0; i < n; i++)
        bytes += strlen(property[i].value) + strlen(property[i].key);
    return bytes + strlen(name);
}

int onnx_model_write(FILE *out, const char *name, const struct onnx_source *from,
                     const struct onnx_property *property, int n_properties, struct err *err)
{
    struct onnx_graph g = {.nodes = from->nodes, .n_members = from->n_members, .member = -1};
    if (!from->form && onnx_ops_check(from->nodes, err) < 0)
        return E_USAGE;
    size_t bytes = bound(from, name, property, n_properties);
    char *memory = err_calloc(bytes, 1, "an ONNX model", err);
    if (!memory)
        return E_IO;
    g.block = (struct onnx_block){memory, memory + bytes};
    Onnx__ModelProto *model = build_model(&g, name, from, property, n_properties);
    size_t packed_bytes = onnx__model_proto__get_packed_size(model);
    unsigned char *packed = err_calloc(packed_bytes, 1, "an ONNX model", err);
    if (packed)
        fwrite(packed, 1, onnx__model_proto__pack(model, packed), out);
    free(packed);
    free(memory);
    return packed ? 0 : E_IO;
}
