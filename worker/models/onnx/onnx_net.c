#include "models/onnx/onnx_net.h"

#include "models/onnx/ops.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTS = 100000 };

struct step {
    const struct foreign_row *row;
    struct foreign_call call;
};

struct onnx_net {
    Onnx__ModelProto *model;
    struct onnx_shape shape;
    int n_values, n_steps;
    struct foreign_value *value, *input, *output;
    struct step *step;
    int are_logits;
};

static struct foreign_value *find(struct onnx_net *net, const char *name)
{
    for (int i = 0; name && i < net->n_values; i++)
        if (strcmp(net->value[i].name, name) == 0)
            return &net->value[i];
    return NULL;
}

/* There is room for it. NULL: there is one of that name, or it has none. */
static struct foreign_value *define(struct onnx_net *net, const char *name)
{
    if (!name || !*name || find(net, name))
        return NULL;
    net->value[net->n_values] = (struct foreign_value){.name = name};
    return &net->value[net->n_values++];
}

/* ---- constants ---- */

static int bad_tensor(const struct foreign_value *value, struct err *err)
{
    return err_set(
        err, E_USAGE,
        "tensor %.60s is damaged, or not of 32 bit floats or 64 bit whole numbers that stand in the "
        "file itself",
        value->name);
}

static int fill(struct foreign_value *v, const Onnx__TensorProto *t, struct err *err)
{
    int whole = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    size_t size = whole ? sizeof *v->whole : sizeof *v->x, listed = whole ? t->n_int64_data : t->n_float_data;
    if ((!whole && t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) ||
        (listed != v->n && t->raw_data.len != v->n * size))
        return bad_tensor(v, err);
    void *to = err_calloc(v->n, size, "an ONNX model", err);
    if (!to)
        return E_IO;
    if (whole)
        v->whole = to;
    else
        v->x = to;
    const void *from = listed != v->n ? (const void *)t->raw_data.data
                       : whole        ? (const void *)t->int64_data
                                      : (const void *)t->float_data;
    memcpy(to, from, v->n * size);
    v->is_set = 1;
    return 0;
}

static int add_tensor(struct onnx_net *net, const char *name, const Onnx__TensorProto *t, struct err *err)
{
    struct foreign_value *v = define(net, name);
    if (!v)
        return err_set(err, E_USAGE, "two tensors have the name %.60s, or one has none", name ? name : "");
    v->n = 1;
    v->rank = (int)t->n_dims;
    if (t->n_dims > ONNX_RANK)
        return bad_tensor(v, err);
    for (int d = 0; d < v->rank; d++) {
        if (t->dims[d] < 1 || t->dims[d] > 1 << 28 || v->n * (size_t)t->dims[d] > (size_t)1 << 28)
            return bad_tensor(v, err);
        v->dim[d] = (size_t)t->dims[d];
        v->n *= v->dim[d];
    }
    return fill(v, t, err);
}

/* ---- nodes ---- */

static int unknown(const Onnx__NodeProto *node, struct err *err)
{
    return err_set(err, E_USAGE, "operator %s%s%.60s is not known here", node->domain ? node->domain : "",
                   node->domain && *node->domain ? "." : "", node->op_type ? node->op_type : "");
}

static int add_inputs(struct onnx_net *net, struct step *step, struct err *err)
{
    const Onnx__NodeProto *node = step->call.node;
    step->call.n_in = (int)node->n_input;
    for (int k = 0; k < step->call.n_in; k++) {
        if (!*node->input[k])
            continue;
        const struct foreign_value *in = find(net, node->input[k]);
        if (!in)
            return err_set(err, E_USAGE, "%.40s reads %.60s, which nothing before it gives", node->op_type,
                           node->input[k]);
        step->call.in[k] = in;
    }
    return 0;
}

static int add_step(struct onnx_net *net, const Onnx__NodeProto *node, int set, struct err *err)
{
    int is_plain = !node->domain || !*node->domain || strcmp(node->domain, "ai.onnx") == 0;
    const struct foreign_row *row = is_plain && node->op_type ? foreign_row(node->op_type) : NULL;
    if (!row)
        return unknown(node, err);
    struct step *step = &net->step[net->n_steps++];
    *step = (struct step){row, {.node = node, .set = set}};
    if (node->n_output < 1 || node->n_input > ONNX_INPUTS || node->n_input < (size_t)row->n_least)
        return err_set(err, E_USAGE, "%.40s has too many or too few inputs", node->op_type);
    int rc = add_inputs(net, step, err);
    for (int k = 0; rc == 0 && k < row->n_least; k++)
        if (!step->call.in[k])
            rc = err_set(err, E_USAGE, "%.40s lacks an input", node->op_type);
    for (int k = 0; rc == 0 && k < step->call.n_in; k++)
        if (step->call.in[k] && step->call.in[k]->whole && (k == 0 || !row->lists))
            rc = err_set(err, E_USAGE, "%.40s computes with whole numbers, which is not known here",
                         node->op_type);
    if (rc == 0 && !(step->call.out = define(net, node->output[0])))
        rc = err_set(err, E_USAGE, "two tensors have the name %.60s", node->output[0]);
    return rc;
}

static int add_node(struct onnx_net *net, const Onnx__NodeProto *node, int set, struct err *err)
{
    if (!node->op_type || strcmp(node->op_type, "Constant") != 0)
        return add_step(net, node, set, err);
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->t && node->n_output == 1)
            return add_tensor(net, node->output[0], node->attribute[i]->t, err);
    return unknown(node, err);
}

static int set_of(const Onnx__ModelProto *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++)
        if (!model->opset_import[i]->domain || !*model->opset_import[i]->domain)
            return (int)model->opset_import[i]->version;
    return 13;
}

/* ---- the whole ---- */

static int is_constant(struct onnx_net *net, const char *name)
{
    const struct foreign_value *value = find(net, name);
    return value && value->is_set;
}

/* Old files list their constants among the inputs. */
static int add_image(struct onnx_net *net, struct err *err)
{
    const Onnx__GraphProto *g = net->model->graph;
    const char *name = NULL;
    int n = 0;
    for (size_t i = 0; i < g->n_input; i++)
        if (!is_constant(net, g->input[i]->name)) {
            name = g->input[i]->name;
            n++;
        }
    if (n != 1 || g->n_output != 1)
        return err_set(err, E_USAGE,
                       "it has %d inputs and %zu outputs, not one image and one list of classes", n,
                       g->n_output);
    net->input = define(net, name);
    if (!net->input)
        return err_set(err, E_USAGE, "its input has no name");
    struct foreign_call call = {.out = net->input};
    const struct onnx_shape *s = &net->shape;
    const size_t dim[] = {1, (size_t)s->channels, (size_t)s->size, (size_t)s->size};
    return foreign_shape_out(&call, 4, dim, err);
}

static int check_input(const struct onnx_net *net, struct err *err)
{
    const Onnx__GraphProto *g = net->model->graph;
    const struct foreign_value *in = net->input;
    const Onnx__TensorShapeProto *shape = NULL;
    for (size_t i = 0; i < g->n_input; i++)
        if (g->input[i]->name && strcmp(g->input[i]->name, in->name) == 0 && g->input[i]->type &&
            g->input[i]->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
            shape = g->input[i]->type->tensor_type->shape;
    int bad = shape && shape->n_dim != 4;
    for (int d = 1; shape && !bad && d < 4; d++)
        bad = shape->dim[d]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
              shape->dim[d]->dim_value != (int64_t)in->dim[d];
    if (!bad)
        return 0;
    if (shape->n_dim != 4)
        return err_set(err, E_USAGE, "its input has %zu dimensions, not (N, channels, rows, columns)",
                       shape->n_dim);
    return err_set(err, E_USAGE,
                   "it takes images of %d channels and %d x %d pixels, those of the job have %d and %d x %d",
                   (int)shape->dim[1]->dim_value, (int)shape->dim[2]->dim_value,
                   (int)shape->dim[3]->dim_value, (int)in->dim[1], (int)in->dim[2], (int)in->dim[3]);
}

static int build(struct onnx_net *net, struct err *err)
{
    assert(net->model && net->model->graph);
    const Onnx__GraphProto *g = net->model->graph;
    int rc = 0, set = set_of(net->model);
    for (size_t i = 0; rc == 0 && i < g->n_initializer; i++)
        rc = add_tensor(net, g->initializer[i]->name, g->initializer[i], err);
    if (rc == 0)
        rc = add_image(net, err);
    if (rc == 0)
        rc = check_input(net, err);
    for (size_t i = 0; rc == 0 && i < g->n_node; i++)
        rc = add_node(net, g->node[i], set, err);
    if (rc == 0 && !(net->output = find(net, g->output[0]->name)))
        rc = err_set(err, E_USAGE, "nothing gives its output");
    return rc;
}

static int run(struct onnx_net *net, struct err *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < net->n_steps; i++) {
        struct foreign_call *call = &net->step[i].call;
        rc = net->step[i].row->run(call, err);
    }
    return rc;
}

/* Whether the output may be probabilities; E_USAGE when it is of other classes. */
static int try_image(struct onnx_net *net, float slope, int *are_logits, struct err *err)
{
    double sum = 0;
    for (size_t i = 0; i < net->input->n; i++)
        net->input->x[i] = slope * (float)i / (float)net->input->n;
    int rc = run(net, err);
    if (rc < 0)
        return rc;
    const struct foreign_value *out = net->output;
    if (!out->x || out->n != (size_t)net->shape.n_classes)
        return err_set(err, E_USAGE, "it tells %zu classes apart, the job has %d", out->n,
                       net->shape.n_classes);
    for (size_t c = 0; c < out->n; c++) {
        *are_logits |= out->x[c] < 0;
        sum += (double)out->x[c];
    }
    *are_logits |= fabs(sum - 1) > 1e-3;
    return isfinite(sum) ? 0 : err_set(err, E_USAGE, "what it gives is not finite");
}

static int allocate(struct onnx_net *net, struct err *err)
{
    const Onnx__GraphProto *g = net->model->graph;
    size_t parts = g->n_initializer + g->n_node + 1;
    if (g->n_initializer > MAX_PARTS || g->n_node > MAX_PARTS)
        return err_set(err, E_USAGE, "it has more than %d nodes or tensors", MAX_PARTS);
    net->value = err_calloc(parts, sizeof *net->value, "an ONNX model", err);
    net->step = err_calloc(g->n_node + 1, sizeof *net->step, "an ONNX model", err);
    return net->value && net->step ? 0 : E_IO;
}

/* Memory of the message; *self: 1 when there was none. */
static void *take_memory(void *self, size_t n)
{
    void *memory = malloc(n ? n : 1);
    *(int *)self |= !memory;
    return memory;
}

static void give_memory(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static int unpack(struct onnx_net *net, const unsigned char *bytes, size_t n, struct err *err)
{
    int lacks = 0;
    ProtobufCAllocator allocator = {take_memory, give_memory, &lacks};
    net->model = onnx__model_proto__unpack(&allocator, n, bytes);
    if (lacks)
        return err_set(err, E_IO, "out of memory for an ONNX model");
    if (!net->model || !net->model->graph)
        return err_set(err, E_USAGE, "it is no ONNX model, or damaged: copy or export it again");
    return allocate(net, err);
}

int onnx_net_new(const unsigned char *bytes, size_t n, struct onnx_shape shape, struct onnx_net **out,
                 struct err *err)
{
    struct onnx_net *net = *out = err_calloc(1, sizeof *net, "an ONNX model", err);
    if (!net)
        return E_IO;
    net->shape = shape;
    int rc = unpack(net, bytes, n, err);
    if (rc == 0)
        rc = build(net, err);
    if (rc == 0)
        rc = try_image(net, 0, &net->are_logits, err);
    if (rc == 0)
        rc = try_image(net, 1, &net->are_logits, err);
    if (rc < 0) {
        onnx_net_free(net);
        *out = NULL;
    }
    return rc;
}

static void softmax(float *probs, int n)
{
    double sum = 0, most = (double)probs[0];
    for (int c = 1; c < n; c++)
        most = fmax(most, (double)probs[c]);
    for (int c = 0; c < n; c++)
        sum += exp((double)probs[c] - most);
    for (int c = 0; c < n; c++)
        probs[c] = (float)(exp((double)probs[c] - most) / sum);
}

/* It has all its memory since it was tried. */
void onnx_net_judge(struct onnx_net *net, const float *image, float *probs)
{
    struct err err = {0};
    size_t channels = (size_t)net->shape.channels, pixels = net->input->n / channels;
    for (size_t i = 0; i < net->input->n; i++)
        net->input->x[i] = image[i % pixels * channels + i / pixels];
    run(net, &err);
    memcpy(probs, net->output->x, (size_t)net->shape.n_classes * sizeof *probs);
    if (net->are_logits)
        softmax(probs, net->shape.n_classes);
}

void onnx_net_free(struct onnx_net *net)
{
    if (!net)
        return;
    for (int i = 0; net->value && i < net->n_values; i++) {
        free(net->value[i].x);
        free(net->value[i].whole);
        free(net->value[i].scratch);
    }
    free(net->value);
    free(net->step);
    if (net->model)
        onnx__model_proto__free_unpacked(net->model, NULL);
    free(net);
}
