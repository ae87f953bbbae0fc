/* Every operator of ONNX models, on numbers small enough to be done by hand, or by onnx's reference (numpy);
 * what each refuses; and whole models: other images than asked for, and no memory at any place. */
#include "models/onnx/onnx_net.h"
#include "models/onnx/ops.h"

#include "support/faults.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 128, ATTRIBUTES = 6, MOST_CALLS = 2000 };

/* ---- operators in words ---- */

/* Tensors are "2x3: 1 2 3 4 5 6", of whole numbers "w2: 0 1", a scalar ": 5", one left out "-". Attributes
 * are "axis=i1 alpha=f0.5 pads=l1,1,0,0 mode=sedge". */
struct word {
    const char *type, *attributes;
    int set;
    const char *in[5];
    const char *said; /* the tensor that it gives, or of a refusal a part of the line */
};

static void parse_tensor(const char *text, struct foreign_value *out)
{
    const char *at = text + (*text == 'w');
    char *end;
    *out = (struct foreign_value){.name = "in", .n = 1, .is_set = 1};
    for (; *at != ':'; at = *end == 'x' ? end + 1 : end) {
        out->dim[out->rank] = strtoul(at, &end, 10);
        out->n *= out->dim[out->rank++];
    }
    assert_true(out->n <= MOST && out->rank <= ONNX_RANK);
    if (*text == 'w')
        out->whole = calloc(out->n, sizeof *out->whole);
    else
        out->x = calloc(out->n, sizeof *out->x);
    if (!out->x && !out->whole)
        abort();
    at++;
    for (size_t i = 0; i < out->n; i++, at = end) {
        if (out->whole)
            out->whole[i] = strtoll(at, &end, 10);
        else
            out->x[i] = strtof(at, &end);
        if (end == at)
            fail_msg("%s: too few numbers", text);
    }
    assert_int_equal(*at, '\0');
}

static void release(struct foreign_value *value)
{
    free(value->x);
    free(value->whole);
    free(value->scratch);
}

/* Attributes of a node; texts and lists point into what is static here. */
struct node {
    Onnx__NodeProto proto;
    Onnx__AttributeProto attribute[ATTRIBUTES], *list[ATTRIBUTES];
    int64_t ints[ATTRIBUTES][8];
    char text[256];
};

static void parse_value(char *value, Onnx__AttributeProto *a, int64_t ints[8])
{
    if (*value == 'i')
        a->i = strtoll(value + 1, NULL, 10);
    else if (*value == 'f')
        a->f = strtof(value + 1, NULL);
    else if (*value == 's')
        a->s = (ProtobufCBinaryData){strlen(value + 1), (uint8_t *)value + 1};
    else {
        char *rest = value + 1, *one;
        a->ints = ints;
        while ((one = strtok_r(rest, ",", &rest)))
            ints[a->n_ints++] = strtoll(one, NULL, 10);
    }
}

static void parse_node(const struct word *word, struct node *out)
{
    static char name[] = "it";
    char *rest = out->text, *one;
    memset(out, 0, sizeof *out);
    onnx__node_proto__init(&out->proto);
    snprintf(out->text, sizeof out->text, "%s", word->attributes);
    out->proto.op_type = (char *)(uintptr_t)word->type;
    out->proto.name = name;
    out->proto.attribute = out->list;
    while ((one = strtok_r(rest, " ", &rest))) {
        size_t n = out->proto.n_attribute++;
        char *equals = strchr(one, '=');
        assert_true(n < ATTRIBUTES && equals);
        out->list[n] = &out->attribute[n];
        onnx__attribute_proto__init(out->list[n]);
        *equals = '\0';
        out->attribute[n].name = one;
        parse_value(equals + 1, &out->attribute[n], out->ints[n]);
    }
}

/* What an operator gives, in *out, which the caller releases. */
static int run(const struct word *word, struct foreign_value *out, struct err *err)
{
    const struct foreign_row *row = foreign_row(word->type);
    struct foreign_value in[5] = {{0}};
    struct node node;
    struct foreign_call call = {.set = word->set, .out = out};
    parse_node(word, &node);
    call.node = &node.proto;
    *out = (struct foreign_value){.name = "out"};
    while (call.n_in < 5 && word->in[call.n_in]) {
        int k = call.n_in++;
        if (strcmp(word->in[k], "-") == 0)
            continue;
        parse_tensor(word->in[k], &in[k]);
        call.in[k] = &in[k];
    }
    int rc = -1;
    if (row && call.n_in >= row->n_least)
        rc = row->run(&call, err);
    else
        fail_msg("%s is no operator, or has too few inputs", word->type);
    for (int k = 0; k < call.n_in; k++)
        release(&in[k]);
    return rc;
}

static void assert_gives(const struct word *word)
{
    struct foreign_value is = {0}, be = {0};
    struct err err = {0};
    if (run(word, &is, &err) != 0)
        fail_msg("%s %s: %s", word->type, word->attributes, err.text);
    parse_tensor(word->said, &be);
    if (is.rank != be.rank || memcmp(is.dim, be.dim, (size_t)be.rank * sizeof *be.dim) != 0)
        fail_msg("%s %s: another shape than %s", word->type, word->attributes, word->said);
    for (size_t i = 0; i < be.n; i++)
        if (!(fabsf(is.x[i] - be.x[i]) <= 2e-6F * fmaxf(1, fabsf(be.x[i]))))
            fail_msg("%s %s: number %zu is %.8g, not %.8g", word->type, word->attributes, i, (double)is.x[i],
                     (double)be.x[i]);
    release(&is);
    release(&be);
}

#define NINE "1x1x3x3: 1 2 3 4 5 6 7 8 9"

static const struct word words[] = {
    {"Abs", "", 13, {"3: -1 0 2.5"}, "3: 1 0 2.5"},
    {"Clip", "", 13, {"4: -2 0.5 3 9", ": 0", ": 3"}, "4: 0 0.5 3 3"},
    {"Clip", "", 13, {"3: -2 0.5 9", "-", ": 3"}, "3: -2 0.5 3"},
    {"Clip", "min=f-1 max=f1", 6, {"3: -2 0.5 9"}, "3: -1 0.5 1"},
    {"Erf", "", 13, {"3: 0 0.5 -2"}, "3: 0 0.520499878 -0.995322265"},
    {"Exp", "", 13, {"3: 0 1 -1"}, "3: 1 2.71828183 0.367879441"},
    {"LeakyRelu", "", 13, {"2: -2 3"}, "2: -0.02 3"},
    {"LeakyRelu", "alpha=f0.5", 13, {"2: -2 3"}, "2: -1 3"},
    {"Neg", "", 13, {"2: -2 3"}, "2: 2 -3"},
    {"Relu", "", 13, {"3: -2 0 3"}, "3: 0 0 3"},
    {"Sigmoid", "", 13, {"3: 0 1 -2"}, "3: 0.5 0.731058579 0.119202922"},
    {"Sqrt", "", 13, {"3: 0 2 9"}, "3: 0 1.41421356 3"},
    {"Tanh", "", 13, {"3: 0 1 -0.5"}, "3: 0 0.761594156 -0.462117157"},
    {"Identity", "", 13, {"1x2: 3 4"}, "1x2: 3 4"},
    {"Dropout", "", 13, {"1x2: 3 4", ": 0.5"}, "1x2: 3 4"},
    {"Add", "", 13, {"2x3: 1 2 3 4 5 6", "3: 10 20 30"}, "2x3: 11 22 33 14 25 36"},
    {"Add", "", 13, {"2x1: 1 2", "1x3: 10 20 30"}, "2x3: 11 21 31 12 22 32"},
    {"Sub", "", 13, {"2: 5 7", ": 2"}, "2: 3 5"},
    {"Mul", "", 13, {"2x2: 1 2 3 4", "2x1: 10 100"}, "2x2: 10 20 300 400"},
    {"Div", "", 13, {"2: 5 7", "2: 2 4"}, "2: 2.5 1.75"},
    {"Pow", "", 13, {"3: 2 9 3", ": 2"}, "3: 4 81 9"},
    {"Pow", "", 13, {"3: 4 9 2", "3: 0.5 1 3"}, "3: 2 9 8"},
    {"Mean", "", 13, {"2: 1 2", "2: 3 8", "2: 5 2"}, "2: 3 4"},
    {"Gemm", "", 13, {"1x2: 1 2", "2x3: 1 2 3 4 5 6", "3: 10 20 30"}, "1x3: 19 32 45"},
    {"Gemm",
     "transB=i1 alpha=f2 beta=f0.5",
     13,
     {"1x2: 1 2", "3x2: 1 2 3 4 5 6", "3: 10 20 30"},
     "1x3: 15 32 49"},
    {"Gemm", "", 13, {"1x2: 1 2", "2x1: 3 4", ": 5"}, "1x1: 16"},
    {"MatMul", "", 13, {"1x2x2: 1 2 3 4", "2x2: 1 0 1 1"}, "1x2x2: 3 2 7 4"},
    {"MatMul", "", 13, {"2x1x2: 1 2 3 4", "2x2x1: 5 6 7 8"}, "2x1x1: 17 53"},
    {"Softmax", "", 13, {"1x3: 0 1 2"}, "1x3: 0.0900305732 0.244728471 0.665240956"},
    {"Softmax", "axis=i0", 13, {"2x2: 0 1 0 3"}, "2x2: 0.5 0.119202922 0.5 0.880797078"},
    {"Softmax", "", 11, {"1x2x2: 0 0 0 0"}, "1x2x2: 0.25 0.25 0.25 0.25"},
    {"ReduceMean", "axes=l2,3", 13, {"1x2x1x2: 1 3 5 9"}, "1x2x1x1: 2 7"},
    {"ReduceMean", "axes=l-1 keepdims=i0", 13, {"2x2: 1 3 5 9"}, "2: 2 7"},
    {"ReduceMean", "", 18, {"2x2: 1 3 5 9", "w1: 0"}, "1x2: 3 6"},
    {"Flatten", "", 13, {"2x1x2: 1 2 3 4"}, "2x2: 1 2 3 4"},
    {"Flatten", "axis=i0", 13, {"2x2: 1 2 3 4"}, "1x4: 1 2 3 4"},
    {"Reshape", "", 13, {"2x3: 1 2 3 4 5 6", "w2: 3 -1"}, "3x2: 1 2 3 4 5 6"},
    {"Reshape", "", 13, {"2x3: 1 2 3 4 5 6", "w3: 0 1 3"}, "2x1x3: 1 2 3 4 5 6"},
    {"Transpose", "", 13, {"2x3: 1 2 3 4 5 6"}, "3x2: 1 4 2 5 3 6"},
    {"Transpose", "perm=l0,2,1", 13, {"1x2x3: 1 2 3 4 5 6"}, "1x3x2: 1 4 2 5 3 6"},
    {"Gather", "axis=i1", 13, {"2x3: 1 2 3 4 5 6", "w2: 2 0"}, "2x2: 3 1 6 4"},
    {"Gather", "axis=i1", 13, {"1x2x3: 1 2 3 4 5 6", "w: -1"}, "1x3: 4 5 6"},
    {"Slice", "", 13, {"2x4: 1 2 3 4 5 6 7 8", "w1: 1", "w1: 9", "w1: 1", "w1: 2"}, "2x2: 2 4 6 8"},
    {"Slice", "", 13, {"2x4: 1 2 3 4 5 6 7 8", "w2: 0 -2", "w2: 1 4"}, "1x2: 3 4"},
    {"Pad", "", 13, {"1x2: 1 2", "w4: 1 0 0 2", ": 9"}, "2x4: 9 9 9 9 1 2 9 9"},
    {"Pad", "mode=sconstant pads=l0,1,0,0 value=f3", 2, {"1x2: 1 2"}, "1x3: 3 1 2"},
    {"Concat", "axis=i1", 13, {"2x1: 1 2", "2x2: 3 4 5 6"}, "2x3: 1 3 4 2 5 6"},
    {"Concat", "axis=i0", 13, {"1x2: 1 2", "1x2: 3 4"}, "2x2: 1 2 3 4"},
    {"Squeeze", "", 13, {"1x2x1: 1 2", "w1: 2"}, "1x2: 1 2"},
    {"Squeeze", "axes=l0,2", 11, {"1x2x1: 1 2"}, "2: 1 2"},
    {"Unsqueeze", "", 13, {"2: 1 2", "w2: 0 2"}, "1x2x1: 1 2"},
    {"Unsqueeze", "axes=l-1", 11, {"2: 1 2"}, "2x1: 1 2"},
    {"Conv", "", 13, {NINE, "1x1x2x2: 1 0 0 -1"}, "1x1x2x2: -4 -4 -4 -4"},
    {"Conv",
     "pads=l1,1,1,1 strides=l2,2",
     13,
     {NINE, "2x1x3x3: 0 0 0 0 1 0 0 0 0 1 1 1 1 1 1 1 1 1", "2: 0 100"},
     "1x2x2x2: 1 3 7 9 112 116 124 128"},
    {"Conv", "dilations=l2,2", 13, {NINE, "1x1x2x2: 1 10 100 1000"}, "1x1x1x1: 9731"},
    {"Conv", "group=i2", 13, {"1x2x1x2: 1 2 3 4", "2x1x1x1: 10 100"}, "1x2x1x2: 10 20 300 400"},
    {"MaxPool", "kernel_shape=l2,2", 13, {NINE}, "1x1x2x2: 5 6 8 9"},
    {"MaxPool", "kernel_shape=l2,2 strides=l2,2 pads=l1,1,0,0", 13, {NINE}, "1x1x2x2: 1 3 7 9"},
    {"AveragePool", "kernel_shape=l2,2", 13, {NINE}, "1x1x2x2: 3 4 6 7"},
    {"AveragePool", "kernel_shape=l2,2 strides=l2,2 pads=l1,1,0,0", 13, {NINE}, "1x1x2x2: 1 2.5 5.5 7"},
    {"AveragePool",
     "kernel_shape=l2,2 strides=l2,2 pads=l1,1,0,0 count_include_pad=i1",
     13,
     {NINE},
     "1x1x2x2: 0.25 1.25 2.75 7"},
    {"GlobalAveragePool", "", 13, {"1x2x1x2: 1 3 5 9"}, "1x2x1x1: 2 7"},
    {"BatchNormalization",
     "epsilon=f0",
     13,
     {"1x2x1x2: 1 3 5 9", "2: 2 1", "2: 0 1", "2: 1 5", "2: 4 16"},
     "1x2x1x2: 0 2 1 2"},
    {"InstanceNormalization",
     "epsilon=f0",
     13,
     {"1x2x1x2: 1 3 5 9", "2: 1 10", "2: 0 1"},
     "1x2x1x2: -1 1 -9 11"},
};

static void every_operator_computes(void **state)
{
    const struct foreign_row *row;
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_gives(&words[i]);
    for (int r = 0; (row = foreign_row_at(r)); r++) {
        int n = 0;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            n += strcmp(words[i].type, row->type) == 0;
        if (n == 0)
            fail_msg("%s is not tried", row->type);
    }
}

static const struct word refused[] = {
    {"Add", "", 13, {"2: 1 2", "3: 1 2 3"}, "do not go together"},
    {"Mean", "", 13, {"2: 1 2", "3: 1 2 3"}, "different shapes"},
    {"Gemm", "", 13, {"1x2: 1 2", "3x1: 1 2 3"}, "do not go with"},
    {"Gemm", "transA=i1", 13, {"2x1: 1 2", "2x1: 1 2"}, "do not go with"},
    {"MatMul", "", 13, {"1x2: 1 2", "3x1: 1 2 3"}, "do not go together"},
    {"Softmax", "axis=i2", 13, {"1x2: 1 2"}, "axis is none"},
    {"ReduceMean", "axes=l5", 13, {"1x2: 1 2"}, "axis is none"},
    {"ReduceMean", "axes=l0,2", 13, {"1x2x1: 1 2"}, "one after the other"},
    {"Flatten", "axis=i4", 13, {"1x2: 1 2"}, "axis is none"},
    {"Reshape", "", 13, {"1x2: 1 2", "w2: 3 1"}, "another size"},
    {"Reshape", "", 13, {"1x2: 1 2", "w2: -1 -1"}, "not understood"},
    {"Reshape", "", 13, {"1x2: 1 2", "2: 1 2"}, "not a constant"},
    {"Transpose", "perm=l0,0", 13, {"1x2: 1 2"}, "order of axes"},
    {"Gather", "axis=i1", 13, {"1x2: 1 2", "w1: 2"}, "beyond its axis"},
    {"Gather", "axis=i1", 13, {"1x2: 1 2", "1: 0"}, "constant whole numbers"},
    {"Slice", "", 13, {"1x2: 1 2", "w1: 0", "w1: 2", "w1: 1", "w1: -1"}, "steps of 1"},
    {"Slice", "", 13, {"1x2: 1 2", "w1: 1", "w1: 1", "w1: 1"}, "empty"},
    {"Pad", "mode=sreflect", 13, {"1x2: 1 2", "w4: 0 1 0 1"}, "by a constant"},
    {"Pad", "", 13, {"1x2: 1 2", "w4: 0 -1 0 0"}, "less than nothing"},
    {"Concat", "axis=i0", 13, {"1x2: 1 2", "1x3: 1 2 3"}, "different shapes"},
    {"Concat", "axis=i3", 13, {"1x2: 1 2"}, "axis is none"},
    {"Squeeze", "axes=l1", 11, {"1x2: 1 2"}, "another size"},
    {"Unsqueeze", "axes=l0,0", 11, {"2: 1 2"}, "axes are none"},
    {"Conv", "", 13, {NINE, "1x2x1x1: 1 2"}, "do not go with the channels"},
    {"Conv", "", 13, {NINE, "1x1x5x5: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"}, "smaller than"},
    {"Conv", "auto_pad=sSAME_UPPER", 13, {NINE, "1x1x1x1: 1"}, "auto_pad"},
    {"Conv", "strides=l0,1", 13, {NINE, "1x1x1x1: 1"}, "not understood"},
    {"MaxPool", "kernel_shape=l2", 13, {NINE}, "not understood"},
    {"MaxPool", "kernel_shape=l2,2 ceil_mode=i1", 13, {NINE}, "ceil_mode"},
    {"AveragePool", "kernel_shape=l2,2", 13, {"1x2: 1 2"}, "two-dimensional"},
    {"GlobalAveragePool", "", 13, {"1x2: 1 2"}, "two-dimensional"},
    {"BatchNormalization", "", 13, {"1x2: 1 2", "1: 1", "2: 0 0", "2: 0 0", "2: 1 1"}, "do not go with"},
    {"InstanceNormalization", "", 13, {"1x2x1: 1 2", "2: 1 1", "1: 0"}, "do not go with"},
};

static void what_does_not_go_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct foreign_value out = {0};
        struct err err = {0};
        if (run(&refused[i], &out, &err) != E_USAGE || !strstr(err.text, refused[i].said) ||
            !strstr(err.text, refused[i].type))
            fail_msg("%s %s: '%s', not '%s'", refused[i].type, refused[i].attributes, err.text,
                     refused[i].said);
        release(&out);
    }
}

/* ---- whole models ---- */

/* A model of one convolution, whose weight is a constant, a pool, a shape from node Constant and a product,
 * as bytes, owned: images of 2 channels and 3 x 3 pixels to 3 classes. */
static unsigned char *make_model(size_t *n)
{
    static char names[][16] = {"image", "w",    "a",       "b",    "c",        "shape", "m",
                               "out",   "Conv", "Reshape", "Gemm", "Constant", "value"};
    static float w[4] = {1, 0, 0, 1}, m[6] = {1, 2, 3, -1, -2, -3};
    static int64_t wd[4] = {2, 2, 1, 1}, md[2] = {2, 3}, sd[1] = {2}, shape[2] = {1, 2};
    static char pool[] = "GlobalAveragePool";
    Onnx__TensorProto weight = ONNX__TENSOR_PROTO__INIT, matrix = weight, asked = weight;
    weight.name = names[1], weight.dims = wd, weight.n_dims = 4, weight.has_data_type = 1,
    weight.data_type = 1, weight.float_data = w, weight.n_float_data = 4;
    matrix.name = names[6], matrix.dims = md, matrix.n_dims = 2, matrix.has_data_type = 1,
    matrix.data_type = 1, matrix.float_data = m, matrix.n_float_data = 6;
    asked.dims = sd, asked.n_dims = 1, asked.has_data_type = 1, asked.data_type = 7, asked.int64_data = shape,
    asked.n_int64_data = 2;
    Onnx__AttributeProto value = ONNX__ATTRIBUTE_PROTO__INIT, *values[] = {&value};
    value.name = names[12], value.t = &asked;
    char *in[][2] = {{names[0], names[1]}, {names[2]}, {NULL}, {names[3], names[5]}, {names[4], names[6]}},
         *out[] = {names[2], names[3], names[5], names[4], names[7]},
         *type[] = {names[8], pool, names[11], names[9], names[10]};
    const size_t n_in[] = {2, 1, 0, 2, 2};
    Onnx__NodeProto node[5], *nodes[5];
    for (int i = 0; i < 5; i++) {
        onnx__node_proto__init(nodes[i] = &node[i]);
        node[i].op_type = type[i], node[i].input = in[i], node[i].n_input = n_in[i];
        node[i].output = &out[i], node[i].n_output = 1;
    }
    node[2].attribute = values, node[2].n_attribute = 1;
    Onnx__ValueInfoProto image = ONNX__VALUE_INFO_PROTO__INIT, classes = image, *inputs[] = {&image},
                         *outputs[] = {&classes};
    image.name = names[0], classes.name = names[7];
    Onnx__TensorProto *tensors[] = {&weight, &matrix};
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    graph.node = nodes, graph.n_node = 5, graph.initializer = tensors, graph.n_initializer = 2;
    graph.input = inputs, graph.n_input = 1, graph.output = outputs, graph.n_output = 1;
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    model.graph = &graph;
    unsigned char *bytes = malloc(onnx__model_proto__get_packed_size(&model));
    *n = onnx__model_proto__pack(&model, bytes);
    return bytes;
}

static void a_model_judges(void **state)
{
    const float image[18] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}; /* channels last */
    const double logit[3] = {1 - 2, 2 - 4, 3 - 6}, sum = exp(-1) + exp(-2) + exp(-3);
    struct onnx_net *net = NULL;
    struct err err = {0};
    float probs[3];
    size_t n;
    unsigned char *bytes = make_model(&n);
    (void)state;
    if (onnx_net_new(bytes, n, (struct onnx_shape){2, 3, 3}, &net, &err) < 0)
        fail_msg("%s", err.text);
    onnx_net_judge(net, image, probs);
    for (int c = 0; c < 3; c++)
        assert_true(fabs((double)probs[c] - exp(logit[c]) / sum) < 1e-6);
    onnx_net_free(net);
    free(bytes);
}

/* Its file does not say what images it takes: its first filters do. */
static void other_images_are_refused(void **state)
{
    static const struct {
        struct onnx_shape shape;
        const char *said;
    } cases[] = {{{1, 3, 3}, "do not go with the channels"},
                 {{3, 3, 3}, "do not go with the channels"},
                 {{2, 3, 2}, "it tells 3 classes apart, the job has 2"}};
    size_t n;
    unsigned char *bytes = make_model(&n);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_net *net = NULL;
        struct err err = {0};
        assert_int_equal(onnx_net_new(bytes, n, cases[i].shape, &net, &err), E_USAGE);
        assert_null(net);
        if (!strstr(err.text, cases[i].said))
            fail_msg("'%s', not '%s'", err.text, cases[i].said);
    }
    free(bytes);
}

static void without_memory_it_says_so(void **state)
{
    size_t n;
    unsigned char *bytes = make_model(&n);
    int call = 1;
    (void)state;
    for (int hit = 1; hit; call++) {
        struct onnx_net *net = NULL;
        struct err err = {0};
        faults_arm(FAULT_MEMORY, call, ENOMEM, 0);
        int rc = onnx_net_new(bytes, n, (struct onnx_shape){2, 3, 3}, &net, &err);
        hit = faults_disarm();
        if (rc != (hit ? E_IO : 0) || (hit && net))
            fail_msg("allocation %d: %d %s", call, rc, err.text);
        onnx_net_free(net);
        assert_true(call < MOST_CALLS);
    }
    assert_true(call > 40);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_computes),
        cmocka_unit_test(what_does_not_go_is_refused),
        cmocka_unit_test(a_model_judges),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
