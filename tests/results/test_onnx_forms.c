/* Models of plain numbers as ONNX graphs, none of them by name: read back and computed by the operators'
 * definitions, the probabilities of the model's own judge(). */
#include "predict/onnx_model.h"

#include "models/model.h"
#include "sections.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <onnx.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 10, MAX_CLASSES = 4, MAX_CHANNELS = 3, MAX_VALUES = 80 };
static const int counts[MAX_CLASSES] = {30, 17, 14, 9};

/* ---- an interpreter: matrices (rows, columns), images (N, C H W) ---- */

struct matrix {
    const char *name;
    int rows, columns;
    float *x;
};

static struct matrix value[MAX_VALUES];
static int n_values;

static const struct matrix *find(const char *name)
{
    for (int i = 0; i < n_values; i++)
        if (strcmp(value[i].name, name) == 0)
            return &value[i];
    fail_msg("%s is used before it is there", name);
    return NULL;
}

static const struct matrix *input(const Onnx__NodeProto *node, size_t k)
{
    assert_true(k < node->n_input);
    return find(node->input[k]);
}

static float *define(const char *name, int rows, int columns)
{
    assert_true(n_values < MAX_VALUES && rows > 0 && columns > 0);
    value[n_values] = (struct matrix){name, rows, columns, calloc((size_t)(rows * columns), sizeof(float))};
    return value[n_values++].x;
}

static const Onnx__AttributeProto *attribute(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(node->attribute[i]->name, name) == 0)
            return node->attribute[i];
    fail_msg("%s has no %s", node->name, name);
    return NULL;
}

static int is_type(const Onnx__NodeProto *node, const char *type)
{
    return strcmp(node->op_type, type) == 0;
}

/* Element by element, the second input spread over rows and columns. */
static void elementwise(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0), *b = input(node, 1);
    float *out = define(node->output[0], a->rows, a->columns);
    assert_true((b->rows == a->rows || b->rows == 1) && (b->columns == a->columns || b->columns == 1));
    for (int r = 0; r < a->rows; r++)
        for (int c = 0; c < a->columns; c++) {
            float x = a->x[r * a->columns + c], y = b->x[b->rows == 1      ? b->columns == 1 ? 0 : c
                                                         : b->columns == 1 ? r
                                                                           : r * b->columns + c];
            *out++ = is_type(node, "Add")   ? x + y
                     : is_type(node, "Sub") ? x - y
                     : is_type(node, "Mul") ? x * y
                     : is_type(node, "Div") ? x / y
                                            : (float)(x < y);
        }
}

static void unary(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0);
    float *out = define(node->output[0], a->rows, a->columns);
    if (is_type(node, "Cast"))
        assert_int_equal(attribute(node, "to")->i, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    for (int i = 0; i < a->rows * a->columns; i++)
        out[i] = is_type(node, "Exp") ? expf(a->x[i]) : is_type(node, "Abs") ? fabsf(a->x[i]) : a->x[i];
}

static void product(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0), *b = input(node, 1);
    int turned = is_type(node, "Gemm"), n = turned ? b->rows : b->columns;
    assert_int_equal(a->columns, turned ? b->columns : b->rows);
    assert_true(!turned || (attribute(node, "transB")->i == 1 && input(node, 2)->columns == n));
    float *out = define(node->output[0], a->rows, n);
    for (int r = 0; r < a->rows; r++)
        for (int c = 0; c < n; c++) {
            double sum = turned ? (double)input(node, 2)->x[c] : 0;
            for (int k = 0; k < a->columns; k++)
                sum +=
                    (double)a->x[r * a->columns + k] * (double)b->x[turned ? c * a->columns + k : k * n + c];
            *out++ = (float)sum;
        }
}

static void softmax(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0);
    float *out = define(node->output[0], a->rows, a->columns);
    assert_int_equal(attribute(node, "axis")->i, 1);
    for (int r = 0; r < a->rows; r++) {
        double sum = 0;
        for (int c = 0; c < a->columns; c++)
            sum += exp((double)a->x[r * a->columns + c]);
        for (int c = 0; c < a->columns; c++)
            *out++ = (float)(exp((double)a->x[r * a->columns + c]) / sum);
    }
}

static void mean(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0);
    float *out = define(node->output[0], a->rows, a->columns);
    for (size_t k = 0; k < node->n_input; k++)
        for (int i = 0; i < a->rows * a->columns; i++)
            out[i] += input(node, k)->x[i] / (float)node->n_input;
}

/* (N, channels, size, size) to (N, size, size, channels). */
static void transpose(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0);
    const Onnx__AttributeProto *perm = attribute(node, "perm");
    int area = SIZE * SIZE, channels = a->columns / area;
    float *out = define(node->output[0], a->rows, a->columns);
    assert_true(perm->n_ints == 4 && perm->ints[0] == 0 && perm->ints[1] == 2 && perm->ints[2] == 3);
    for (int r = 0; r < a->rows; r++)
        for (int p = 0; p < area; p++)
            for (int c = 0; c < channels; c++)
                *out++ = a->x[r * a->columns + c * area + p];
}

/* ---- trees ---- */

static int64_t int_at(const Onnx__NodeProto *node, const char *name, size_t i)
{
    const Onnx__AttributeProto *a = attribute(node, name);
    assert_int_equal(a->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    assert_true(i < a->n_ints);
    return a->ints[i];
}

static size_t find_node(const Onnx__NodeProto *node, int64_t tree, int64_t id)
{
    for (size_t i = 0; i < attribute(node, "nodes_treeids")->n_ints; i++)
        if (int_at(node, "nodes_treeids", i) == tree && int_at(node, "nodes_nodeids", i) == id)
            return i;
    fail_msg("tree %d has no node %d", (int)tree, (int)id);
    return 0;
}

static int mode_is(const Onnx__NodeProto *node, size_t i, const char *mode)
{
    const ProtobufCBinaryData *s = &attribute(node, "nodes_modes")->strings[i];
    return s->len == strlen(mode) && memcmp(s->data, mode, s->len) == 0;
}

static int64_t leaf_of(const Onnx__NodeProto *node, int64_t tree, const float *row)
{
    size_t i = find_node(node, tree, 0);
    while (!mode_is(node, i, "LEAF")) {
        float x = row[int_at(node, "nodes_featureids", i)], t = attribute(node, "nodes_values")->floats[i];
        assert_true(mode_is(node, i, "BRANCH_LT") || mode_is(node, i, "BRANCH_LEQ"));
        int yes = mode_is(node, i, "BRANCH_LT") ? x < t : x <= t;
        i = find_node(node, tree, int_at(node, yes ? "nodes_truenodeids" : "nodes_falsenodeids", i));
    }
    return int_at(node, "nodes_nodeids", i);
}

static void add_tree(const Onnx__NodeProto *node, const char *what, int64_t tree, int64_t leaf, float *out)
{
    char name[4][24];
    static const char *const parts[] = {"treeids", "nodeids", "ids", "weights"};
    for (int k = 0; k < 4; k++)
        snprintf(name[k], sizeof name[k], "%s_%s", what, parts[k]);
    for (size_t i = 0; i < attribute(node, name[0])->n_ints; i++)
        if (int_at(node, name[0], i) == tree && int_at(node, name[1], i) == leaf)
            out[int_at(node, name[2], i)] += attribute(node, name[3])->floats[i];
}

static void trees(const Onnx__NodeProto *node)
{
    const struct matrix *a = input(node, 0);
    int classifies = is_type(node, "TreeEnsembleClassifier");
    int n = classifies ? (int)attribute(node, "classlabels_int64s")->n_ints
                       : (int)attribute(node, "n_targets")->i;
    size_t nodes = attribute(node, "nodes_treeids")->n_ints;
    int64_t last = int_at(node, "nodes_treeids", nodes - 1);
    float *out = define(node->output[classifies], a->rows, n);
    assert_string_equal(node->domain, "ai.onnx.ml");
    assert_int_equal(node->n_output, classifies ? 2 : 1);
    for (int r = 0; r < a->rows; r++, out += n) {
        for (int c = 0; c < n && !classifies; c++)
            out[c] = attribute(node, "base_values")->floats[c];
        for (int64_t t = 0; t <= last; t++)
            add_tree(node, classifies ? "class" : "target", t, leaf_of(node, t, a->x + r * a->columns), out);
    }
}

static void compute(const Onnx__NodeProto *node)
{
    static const struct {
        const char *type;
        void (*run)(const Onnx__NodeProto *);
    } operators[] = {{"Add", elementwise},
                     {"Sub", elementwise},
                     {"Mul", elementwise},
                     {"Div", elementwise},
                     {"Less", elementwise},
                     {"Exp", unary},
                     {"Abs", unary},
                     {"Cast", unary},
                     {"Flatten", unary},
                     {"Gemm", product},
                     {"MatMul", product},
                     {"Softmax", softmax},
                     {"Mean", mean},
                     {"Transpose", transpose},
                     {"TreeEnsembleClassifier", trees},
                     {"TreeEnsembleRegressor", trees}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].type, node->op_type) == 0) {
            operators[i].run(node);
            return;
        }
    fail_msg("%s is no operator of ours", node->op_type);
}

static void load(const Onnx__TensorProto *t)
{
    int rows = t->n_dims == 2 ? (int)t->dims[0] : 1, columns = (int)t->dims[t->n_dims - 1];
    float *x = define(t->name, rows, columns);
    assert_true(t->n_dims == 1 || t->n_dims == 2);
    assert_int_equal(t->raw_data.len, (size_t)(rows * columns) * sizeof *x);
    memcpy(x, t->raw_data.data, t->raw_data.len);
}

static const struct matrix *run_model(const Onnx__ModelProto *model, const struct dataset *data)
{
    int channels = data->channels, area = SIZE * SIZE;
    n_values = 0;
    float *x = define(model->graph->input[0]->name, data->n_images, channels * area);
    for (int i = 0; i < data->n_images; i++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < area; p++)
                *x++ = dataset_pixels(data, i)[p * channels + c];
    for (size_t i = 0; i < model->graph->n_initializer; i++)
        load(model->graph->initializer[i]);
    for (size_t i = 0; i < model->graph->n_node; i++)
        compute(model->graph->node[i]);
    return find(model->graph->output[0]->name);
}

/* Checkers infer no type of what a regressor gives: the model says it. */
static void declares_regressors(const Onnx__GraphProto *graph)
{
    size_t n = 0;
    for (size_t i = 0; i < graph->n_node; i++)
        if (strcmp(graph->node[i]->op_type, "TreeEnsembleRegressor") == 0) {
            assert_true(n < graph->n_value_info);
            assert_string_equal(graph->value_info[n]->name, graph->node[i]->output[0]);
            assert_int_equal(graph->value_info[n++]->type->tensor_type->elem_type,
                             ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
        }
    assert_int_equal(n, graph->n_value_info);
}

static void free_values(void)
{
    for (int i = 0; i < n_values; i++)
        free(value[i].x);
    n_values = 0;
}

/* ---- models ---- */

/* Fitted to the images but for those of class `lacks`; -1: to all. */
static void *fitted(const struct config *config, const struct dataset *data, int lacks)
{
    const struct model_kind *kind = model_of(config);
    const struct model_spec spec = {.config = config, .start = 5};
    const float *image[128];
    float weight[128];
    int label[128];
    struct model_set set = {0, image, label, weight};
    void *model = NULL;
    struct err err = {0};
    assert_int_equal(kind->open(&spec, &model, &err), 0);
    for (int i = 0; i < data->n_images; i++)
        if (i % 3 && data->image[i].cluster - 1 != lacks) {
            image[set.n] = dataset_pixels(data, i);
            weight[set.n] = 1;
            label[set.n++] = data->image[i].cluster - 1;
        }
    for (int epoch = 0; epoch < (kind->can & MODEL_EPOCHS ? (int)config->epochs : 1); epoch++)
        assert_int_equal(kind->fit(model, &set, NULL, &err), 0);
    return model;
}

static Onnx__ModelProto *written(const struct config *config, const struct model_form *form, int n)
{
    const struct onnx_source from = {.n_members = n,
                                     .image = {.h = SIZE, .w = SIZE, .c = (int)config->channels},
                                     .n_classes = config->clusters.n,
                                     .form = form};
    char *bytes = NULL;
    size_t n_bytes = 0;
    FILE *out = open_memstream(&bytes, &n_bytes);
    struct err err = {0};
    assert_int_equal(onnx_model_write(out, "graph", &from, NULL, 0, &err), 0);
    fclose(out);
    Onnx__ModelProto *proto = onnx__model_proto__unpack(NULL, n_bytes, (const uint8_t *)bytes);
    free(bytes);
    assert_non_null(proto);
    declares_regressors(proto->graph);
    assert_int_equal(proto->n_opset_import, form->kind == FORM_TREES ? 2 : 1);
    return proto;
}

/* The largest difference of a graph of two members from the mean of what they say themselves. */
static double worst_of(const struct config *config, const struct dataset *data, int lacks)
{
    const struct model_kind *kind = model_of(config);
    int n = data->n_images, classes = config->clusters.n;
    void *model[2] = {fitted(config, data, -1), fitted(config, data, lacks)};
    struct model_form form[2];
    float *probs = calloc((size_t)(2 * n * classes), sizeof *probs);
    const float **image = calloc((size_t)n, sizeof *image);
    double worst = 0;
    for (int i = 0; i < n; i++)
        image[i] = dataset_pixels(data, i);
    for (int m = 0; m < 2; m++) {
        assert_int_equal(kind->form(model[m], &form[m], NULL), 0);
        kind->judge(model[m], image, n, probs + m * n * classes);
    }
    Onnx__ModelProto *proto = written(config, form, 2);
    const struct matrix *said = run_model(proto, data);
    assert_true(said->rows == n && said->columns == classes);
    for (int i = 0; i < n * classes; i++)
        worst =
            fmax(worst, fabs((double)said->x[i] - ((double)probs[i] + (double)probs[n * classes + i]) / 2));
    free_values();
    onnx__model_proto__free_unpacked(proto, NULL);
    for (int m = 0; m < 2; m++) {
        model_form_free(&form[m]);
        kind->close(model[m]);
    }
    free(image);
    free(probs);
    return worst;
}

static struct config config_for(const struct dataset *data, const char *model)
{
    struct config config = noise_config(data, "none", "holdout");
    with_text(&config, "model", model);
    with_text(&config, "train.epochs", "4");
    with(&config, "forest.trees", 7);
    config.channels = data->channels;
    return config;
}

static void graphs_say_what_models_say(void **state)
{
    double worst = 0;
    int n_kinds = 0;
    (void)state;
    for (int classes = 2; classes <= MAX_CLASSES; classes++)
        for (int channels = 1; channels <= MAX_CHANNELS; channels += 2) {
            struct dataset *data = noise_dataset(classes, counts, SIZE, 7);
            if (channels > 1)
                hand_channels(data, channels);
            for (int m = 0; model_kind(m); m++) {
                struct config config = config_for(data, model_kind(m)->name);
                if (!model_kind(m)->form)
                    continue;
                double off = worst_of(&config, data, classes > 2 ? 1 : -1);
                if (off > 1e-5)
                    fail_msg("%s, %d classes, %d channels: %g", config.model, classes, channels, off);
                worst = fmax(worst, off);
                with_text(&config, "svm.kernel", "linear");
                worst = fmax(worst, worst_of(&config, data, -1));
                n_kinds += classes == 2 && channels == 1;
            }
            hand_dataset_free(data);
        }
    assert_true(n_kinds >= 3);
    assert_true(worst < 1e-5);
    print_message("worst difference of %d models' probabilities: %.2g\n", n_kinds, worst);
}

/* Who can be kept is a network, or has a form, or says why it is neither. */
static void the_others_say_why_not(void **state)
{
    const struct model_kind *kind;
    (void)state;
    for (int m = 0; (kind = model_kind(m)); m++)
        if (kind->room)
            assert_int_equal(!!kind->network + !!kind->form + !!kind->why_not, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_say_what_models_say),
        cmocka_unit_test(the_others_say_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
