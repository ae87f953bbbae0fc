/* Exported ONNX models, read back and computed by the operators' definitions: the probabilities of the
 * sweep. */
#include "predict/weights_export.h"

#include "models/net/cnn.h"
#include "predict/onnx_model.h"
#include "rng.h"

#include "support/folder_fixture.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/trained_store.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <onnx.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIZE = 20, CLASSES = 3, N = 38, MAX_VALUES = 1000 };
static const int counts[CLASSES] = {20, 11, 7};
static const struct trained_job jobs[] = {{"1-2-3", "none", 1},
                                          {"1-2-3", "easy-ensemble", 1},
                                          {"1-2-3", "threshold", 1},
                                          {"1-3", "none", 1},
                                          {"2-3", "none", 1}};
enum { N_JOBS = sizeof jobs / sizeof *jobs };

static struct dataset *data;
static struct store *store;
static struct err err;
static char path[128];

static int set_up(void **state)
{
    if (fixture_setup(state) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", fixture_folder);
    data = noise_dataset(CLASSES, counts, SIZE, 5);
    data->pixel_size = 0.2125;
    snprintf(data->checksum, sizeof data->checksum, "0123456789abcdef0123456789abcdef");
    struct config base = trained_config(data);
    if (trained_store(path, data, &base, jobs, N_JOBS, 1, &err) < 0 || store_open(path, &store, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    store_close(store, NULL);
    hand_dataset_free(data);
    return fixture_teardown(state);
}

/* ---- a plain interpreter of the operators a model uses, NCHW, one batch ---- */

struct value {
    const char *name;
    int dim[4];
    float *x;
    int owned;
};

struct machine {
    int n;
    struct value value[MAX_VALUES];
};

static struct value *find(struct machine *m, const char *name)
{
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->value[i].name, name) == 0)
            return &m->value[i];
    fail_msg("%s is used before it is there", name);
    return NULL;
}

static struct value *define(struct machine *m, const char *name, int a, int b, int c, int d)
{
    struct value *v = &m->value[m->n++];
    assert_true(m->n <= MAX_VALUES);
    *v = (struct value){.name = name, .dim = {a, b, c, d}, .owned = 1};
    v->x = calloc((size_t)(a * b * c * d), sizeof *v->x);
    return v;
}

static int size_of(const struct value *v)
{
    return v->dim[0] * v->dim[1] * v->dim[2] * v->dim[3];
}

static const Onnx__AttributeProto *attribute(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(node->attribute[i]->name, name) == 0)
            return node->attribute[i];
    fail_msg("%s has no %s", node->name, name);
    return NULL;
}

static void assert_both(const Onnx__NodeProto *node, const char *name, int value)
{
    const Onnx__AttributeProto *a = attribute(node, name);
    assert_int_equal(a->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    assert_int_equal(a->n_ints, 2);
    assert_true(a->ints[0] == value && a->ints[1] == value);
}

static float at(const struct value *v, int n, int c, int y, int x)
{
    return v->x[((n * v->dim[1] + c) * v->dim[2] + y) * v->dim[3] + x];
}

/* 0 outside. */
static double padded(const struct value *v, int n, int c, int y, int x)
{
    return y < 0 || x < 0 || y >= v->dim[2] || x >= v->dim[3] ? 0 : (double)at(v, n, c, y, x);
}

/* Pixel (y, x) of filter f over image n, the window beginning there. */
static double window(const struct value *in, const struct value *w, int n, int f, int y, int x)
{
    int side = w->dim[2];
    double sum = 0;
    for (int i = 0; i < side * side * in->dim[1]; i++) {
        int c = i / (side * side), row = i / side % side, column = i % side;
        sum += (double)at(w, f, c, row, column) * padded(in, n, c, y + row, x + column);
    }
    return sum;
}

static void conv(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]), *w = find(m, node->input[1]);
    const struct value *b = node->n_input > 2 ? find(m, node->input[2]) : NULL;
    int side = w->dim[2], pad = (int)attribute(node, "pads")->ints[3],
        stride = (int)attribute(node, "strides")->ints[1];
    int h = (in->dim[2] + 2 * pad - side) / stride + 1, width = (in->dim[3] + 2 * pad - side) / stride + 1;
    int k = 0;
    assert_both(node, "kernel_shape", side);
    assert_true(w->dim[1] == in->dim[1] && w->dim[3] == side && (!b || b->dim[0] == w->dim[0]));
    struct value *out = define(m, node->output[0], in->dim[0], w->dim[0], h, width);
    for (int n = 0; n < in->dim[0]; n++)
        for (int f = 0; f < w->dim[0]; f++)
            for (int q = 0; q < h * width; q++)
                out->x[k++] =
                    (float)(window(in, w, n, f, q / width * stride - pad, q % width * stride - pad) +
                            (b ? (double)b->x[f] : 0));
}

static void relu(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], in->dim[2], in->dim[3]);
    for (int i = 0; i < size_of(in); i++)
        out->x[i] = in->x[i] > 0 ? in->x[i] : 0;
}

static void max_pool(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    int h = in->dim[2] / 2, w = in->dim[3] / 2, k = 0;
    assert_both(node, "kernel_shape", 2);
    assert_both(node, "strides", 2);
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], h, w);
    for (int n = 0; n < in->dim[0]; n++)
        for (int c = 0; c < in->dim[1]; c++)
            for (int p = 0; p < h * w; p++, k++) {
                int y = 2 * (p / w), x = 2 * (p % w);
                out->x[k] = fmaxf(fmaxf(at(in, n, c, y, x), at(in, n, c, y, x + 1)),
                                  fmaxf(at(in, n, c, y + 1, x), at(in, n, c, y + 1, x + 1)));
            }
}

static void average_pool(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    int h = in->dim[2] / 2, w = in->dim[3] / 2, k = 0;
    assert_both(node, "kernel_shape", 2);
    assert_both(node, "strides", 2);
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], h, w);
    for (int n = 0; n < in->dim[0]; n++)
        for (int c = 0; c < in->dim[1]; c++)
            for (int p = 0; p < h * w; p++, k++)
                for (int q = 0; q < 4; q++)
                    out->x[k] += at(in, n, c, 2 * (p / w) + q / 2, 2 * (p % w) + q % 2) / 4;
}

static void global_average_pool(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    int pixels = in->dim[2] * in->dim[3];
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], 1, 1);
    for (int i = 0; i < size_of(in); i++)
        out->x[i / pixels] += in->x[i] / (float)pixels;
}

static void batch_normalization(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *v[5];
    for (int i = 0; i < 5; i++)
        v[i] = find(m, node->input[i]);
    const struct value *in = v[0];
    int pixels = in->dim[2] * in->dim[3];
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], in->dim[2], in->dim[3]);
    for (int i = 0; i < size_of(in); i++) {
        int c = i / pixels % in->dim[1];
        double deviation = sqrt((double)v[4]->x[c] + (double)attribute(node, "epsilon")->f);
        out->x[i] =
            (float)((double)(in->x[i] - v[3]->x[c]) / deviation * (double)v[1]->x[c] + (double)v[2]->x[c]);
    }
}

/* Of (n, channels, numbers). */
static void instance_normalization(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]), *scale = find(m, node->input[1]),
                       *bias = find(m, node->input[2]);
    int c = in->dim[1], l = in->dim[2] * in->dim[3];
    struct value *out = define(m, node->output[0], in->dim[0], c, in->dim[2], in->dim[3]);
    for (int g = 0; g < in->dim[0] * c; g++) {
        const float *x = in->x + g * l;
        double sum = 0, square = 0;
        for (int i = 0; i < l; i++)
            sum += (double)x[i];
        for (int i = 0; i < l; i++)
            square += ((double)x[i] - sum / l) * ((double)x[i] - sum / l);
        double deviation = sqrt(square / l + (double)attribute(node, "epsilon")->f);
        for (int i = 0; i < l; i++)
            out->x[g * l + i] = (float)(((double)x[i] - sum / l) / deviation * (double)scale->x[g % c] +
                                        (double)bias->x[g % c]);
    }
}

/* 0: as before; -1: the rest. */
static void reshape(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]), *shape = find(m, node->input[1]);
    int dim[4] = {1, 1, 1, 1}, rest = -1, known = 1;
    for (int i = 0; i < shape->dim[0]; i++) {
        dim[i] = shape->x[i] > 0 ? (int)shape->x[i] : in->dim[i];
        if (shape->x[i] < 0)
            rest = i;
        else
            known *= dim[i];
    }
    if (rest >= 0)
        dim[rest] = size_of(in) / known;
    struct value *out = define(m, node->output[0], dim[0], dim[1], dim[2], dim[3]);
    assert_int_equal(size_of(out), size_of(in));
    memcpy(out->x, in->x, (size_t)size_of(in) * sizeof *in->x);
}

/* The one that goes with element i of `in`: of as many, of one for each channel, or of one alone. */
static float beside(const struct value *in, const struct value *other, int i)
{
    int pixels = in->dim[2] * in->dim[3];
    if (size_of(other) == size_of(in))
        return other->x[i];
    assert_true(size_of(other) == 1 || other->dim[0] == in->dim[1]);
    return size_of(other) == 1 ? other->x[0] : other->x[i / pixels % in->dim[1]];
}

static void two(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *a = find(m, node->input[0]), *b = find(m, node->input[1]);
    int adds = strcmp(node->op_type, "Add") == 0;
    struct value *out = define(m, node->output[0], a->dim[0], a->dim[1], a->dim[2], a->dim[3]);
    for (int i = 0; i < size_of(a); i++)
        out->x[i] = adds ? a->x[i] + beside(a, b, i) : a->x[i] * beside(a, b, i);
}

static void error_function(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    struct value *out = define(m, node->output[0], in->dim[0], in->dim[1], in->dim[2], in->dim[3]);
    for (int i = 0; i < size_of(in); i++)
        out->x[i] = (float)erf((double)in->x[i]);
}

static void flatten(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    assert_int_equal(attribute(node, "axis")->i, 1);
    struct value *out = define(m, node->output[0], in->dim[0], size_of(in) / in->dim[0], 1, 1);
    memcpy(out->x, in->x, (size_t)size_of(in) * sizeof *in->x);
}

static void gemm(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]), *w = find(m, node->input[1]),
                       *b = find(m, node->input[2]);
    assert_int_equal(attribute(node, "transB")->i, 1);
    assert_true(w->dim[1] == in->dim[1] && b->dim[0] == w->dim[0]);
    struct value *out = define(m, node->output[0], in->dim[0], w->dim[0], 1, 1);
    for (int n = 0; n < in->dim[0]; n++)
        for (int o = 0; o < w->dim[0]; o++) {
            double sum = (double)b->x[o];
            for (int i = 0; i < in->dim[1]; i++)
                sum += (double)in->x[n * in->dim[1] + i] * (double)w->x[o * in->dim[1] + i];
            out->x[n * w->dim[0] + o] = (float)sum;
        }
}

static void softmax(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]);
    int classes = in->dim[1];
    assert_int_equal(attribute(node, "axis")->i, 1);
    struct value *out = define(m, node->output[0], in->dim[0], classes, 1, 1);
    for (int n = 0; n < in->dim[0]; n++) {
        double sum = 0;
        for (int c = 0; c < classes; c++)
            sum += exp((double)in->x[n * classes + c]);
        for (int c = 0; c < classes; c++)
            out->x[n * classes + c] = (float)(exp((double)in->x[n * classes + c]) / sum);
    }
}

static void mean(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *first = find(m, node->input[0]);
    struct value *out = define(m, node->output[0], first->dim[0], first->dim[1], 1, 1);
    for (size_t k = 0; k < node->n_input; k++)
        for (int i = 0; i < size_of(out); i++)
            out->x[i] += find(m, node->input[k])->x[i] / (float)node->n_input;
}

static void compute(struct machine *m, const Onnx__NodeProto *node)
{
    static const struct {
        const char *type;
        void (*run)(struct machine *, const Onnx__NodeProto *);
    } operators[] = {{"Conv", conv},
                     {"Relu", relu},
                     {"MaxPool", max_pool},
                     {"AveragePool", average_pool},
                     {"GlobalAveragePool", global_average_pool},
                     {"BatchNormalization", batch_normalization},
                     {"InstanceNormalization", instance_normalization},
                     {"Reshape", reshape},
                     {"Add", two},
                     {"Mul", two},
                     {"Erf", error_function},
                     {"Flatten", flatten},
                     {"Gemm", gemm},
                     {"Softmax", softmax},
                     {"Mean", mean}};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].type, node->op_type) == 0) {
            operators[i].run(m, node);
            return;
        }
    fail_msg("%s is no operator of ours", node->op_type);
}

static void load(struct machine *m, const Onnx__TensorProto *t)
{
    struct value *v = &m->value[m->n++];
    *v = (struct value){.name = t->name, .dim = {1, 1, 1, 1}, .owned = 1};
    for (size_t d = 0; d < t->n_dims; d++)
        v->dim[d] = (int)t->dims[d];
    int whole = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    assert_true(whole || t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_int_equal(t->raw_data.len, (size_t)size_of(v) * (whole ? sizeof(int64_t) : sizeof(float)));
    v->x = calloc((size_t)size_of(v), sizeof *v->x);
    if (!whole)
        memcpy(v->x, t->raw_data.data, t->raw_data.len);
    for (int i = 0; whole && i < size_of(v); i++) {
        int64_t value;
        memcpy(&value, t->raw_data.data + (size_t)i * sizeof value, sizeof value);
        v->x[i] = (float)value;
    }
}

/* Probabilities (n, classes) of a model of images (n, channels, SIZE, SIZE). */
static void run_model(const Onnx__ModelProto *model, float *images, int n, float *probs, int classes)
{
    static struct machine m;
    int channels = (int)model->graph->input[0]->type->tensor_type->shape->dim[1]->dim_value;
    m.n = 1;
    m.value[0] = (struct value){model->graph->input[0]->name, {n, channels, SIZE, SIZE}, images, 0};
    for (size_t i = 0; i < model->graph->n_initializer; i++)
        load(&m, model->graph->initializer[i]);
    for (size_t i = 0; i < model->graph->n_node; i++)
        compute(&m, model->graph->node[i]);
    const struct value *out = find(&m, model->graph->output[0]->name);
    assert_true(out->dim[0] == n && out->dim[1] == classes);
    memcpy(probs, out->x, (size_t)(n * classes) * sizeof *probs);
    for (int i = 0; i < m.n; i++)
        if (m.value[i].owned)
            free(m.value[i].x);
}

/* ---- files ---- */

/* The file of job j, as weights_export names it; freed by the caller. */
static char *job_file(const char *folder, int j, const char *extension, size_t *n)
{
    char name[180];
    snprintf(name, sizeof name, "%s/%s_%s_seed%d_%.8s.%s", folder, jobs[j].clusters, jobs[j].strategy,
             jobs[j].seed, store_jobs(store)[j].key, extension);
    return get_bytes(in_folder(name), n);
}

static const char *property(const Onnx__ModelProto *model, const char *key)
{
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (strcmp(model->metadata_props[i]->key, key) == 0)
            return model->metadata_props[i]->value;
    fail_msg("no property %s", key);
    return NULL;
}

static void assert_dimensions(const Onnx__ValueInfoProto *info, const char *name, int n, const int *dims)
{
    const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    assert_string_equal(info->name, name);
    assert_int_equal(info->type->value_case, ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE);
    assert_int_equal(info->type->tensor_type->elem_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_int_equal(shape->n_dim, n);
    assert_string_equal(shape->dim[0]->dim_param, "N");
    for (int i = 1; i < n; i++)
        assert_int_equal(shape->dim[i]->dim_value, dims[i]);
}

static void assert_described(const Onnx__ModelProto *model, int j, int classes)
{
    const int image[] = {0, 1, SIZE, SIZE}, probs[] = {0, classes};
    assert_int_equal(model->ir_version, 7);
    assert_int_equal(model->n_opset_import, 1);
    assert_int_equal(model->opset_import[0]->version, 13);
    assert_string_equal(model->producer_name, "cellsweep");
    assert_dimensions(model->graph->input[0], "image", 4, image);
    assert_dimensions(model->graph->output[0], "probabilities", 2, probs);
    assert_string_equal(property(model, "clusters"), jobs[j].clusters);
    assert_string_equal(property(model, "strategy"), jobs[j].strategy);
    assert_string_equal(property(model, "job"), store_jobs(store)[j].key);
    assert_string_equal(property(model, "dataset_checksum"), data->checksum);
    assert_string_equal(property(model, "seed"), "1");
    assert_string_equal(property(model, "judged_epoch"), "2");
    assert_string_equal(property(model, "pixel_size"), "0.2125");
}

/* The largest difference of a model's probabilities from what the job stored of all originals. */
static double worst_difference(const Onnx__ModelProto *model, int j, int classes)
{
    static int image[N], copy[N], label[N];
    static float stored[N * CLASSES], probs[N * CLASSES], pixels[N * SIZE * SIZE];
    double worst = 0;
    int n = 0;
    assert_int_equal(store_read_predictions(store, j, SET_ALL, image, copy, label, stored, &err), 0);
    for (; n < N && image[n] >= 0; n++)
        memcpy(pixels + n * SIZE * SIZE, data->pixels + image[n] * SIZE * SIZE, SIZE * SIZE * sizeof *pixels);
    assert_int_equal(n, classes == 3 ? N : 27);
    run_model(model, pixels, n, probs, classes);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < classes; c++)
            worst = fmax(worst, fabs((double)probs[i * classes + c] - (double)stored[i * CLASSES + c]));
    return worst;
}

static int count_files(const char *folder)
{
    DIR *dir = opendir(in_folder(folder));
    int n = 0;
    for (const struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void models_compute_what_the_jobs_did(void **state)
{
    int n = 0;
    double worst = 0;
    (void)state;
    assert_int_equal(weights_export(store, WEIGHTS_ONNX, NULL, in_folder("onnx"), &n, &err), 0);
    assert_int_equal(n, N_JOBS - 1);
    assert_int_equal(count_files("onnx"), N_JOBS - 1);
    for (int j = 0; j < N_JOBS - 1; j++) {
        size_t bytes;
        int classes = j == 3 ? 2 : 3;
        char *file = job_file("onnx", j, "onnx", &bytes);
        Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, bytes, (const uint8_t *)file);
        assert_non_null(model);
        assert_described(model, j, classes);
        assert_int_equal(model->graph->n_node, j == 1 ? 3 * 13 + 1 : 13);
        double difference = worst_difference(model, j, classes);
        worst = fmax(worst, difference);
        assert_true(difference < 1e-5);
        onnx__model_proto__free_unpacked(model, NULL);
        free(file);
    }
    printf("worst difference of the models' probabilities: %.2g\n", worst);
}

/* ---- networks that no job here has ---- */

enum { CHANNELS = 2, IMAGES = 3 };

static const struct cnn_shape shapes[] = {
    {.n_blocks = 3,
     .filters = {3, 4, 6},
     .stem = 3,
     .convs = 2,
     .same = 1,
     .norm = CNN_BATCH_NORM,
     .pool = CNN_STRIDE,
     .residual = 1,
     .global = 1},
    {.n_blocks = 2,
     .filters = {2, 12},
     .kernel = 5,
     .same = 1,
     .norm = CNN_GROUP_NORM,
     .gelu = 1,
     .pool = CNN_AVERAGE_POOL,
     .residual = 1,
     .n_dense = 1,
     .dense = {5}},
    {.n_blocks = 2, .filters = {3, 4}, .kernel = 5, .gelu = 1},
};

/* Everything that a network judges by, near what it begins with. */
static void shake(float *values, size_t n, uint64_t key, double low, double high)
{
    struct rng rng = rng_start(key, 0);
    for (size_t i = 0; i < n; i++)
        values[i] += (float)rng_between(&rng, low, high);
}

static Onnx__ModelProto *written(const struct nodes *nodes, const float *weights)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const struct onnx_source from = {1, nodes->input, nodes->node[nodes->n - 1].out.c, nodes, weights, NULL};
    assert_non_null(out);
    if (onnx_model_write(out, "made", &from, NULL, 0, &err) < 0)
        fail_msg("%s", err.text);
    fclose(out);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, (const uint8_t *)text);
    assert_non_null(model);
    free(text);
    return model;
}

/* Its probabilities here and by its ONNX model. */
static double written_difference(const struct nodes *nodes)
{
    static float pixels[IMAGES][SIZE * SIZE * CHANNELS], planes[IMAGES * SIZE * SIZE * CHANNELS];
    float here[IMAGES * CLASSES], there[IMAGES * CLASSES], *weights;
    const float *image[IMAGES];
    size_t params = nodes_n_params(nodes), buffers = nodes_n_buffers(nodes);
    struct net *net = NULL;
    double worst = 0;
    assert_int_equal(net_new(nodes, IMAGES, &optimiser_adam, &net, &err), 0);
    net_init(net, 4);
    shake(net_params(net), params, 5, -0.1, 0.1);
    shake(net_buffers(net), buffers, 6, 0, 0.2);
    memset(pixels, 0, sizeof pixels);
    shake(pixels[0], sizeof pixels / sizeof **pixels, 7, -3, 3);
    for (int n = 0; n < IMAGES; n++) {
        image[n] = pixels[n];
        for (int i = 0; i < SIZE * SIZE * CHANNELS; i++)
            planes[(n * CHANNELS + i % CHANNELS) * SIZE * SIZE + i / CHANNELS] = pixels[n][i];
    }
    net_predict(net, image, IMAGES, here);
    weights = calloc(params + buffers, sizeof *weights);
    memcpy(weights, net_params(net), params * sizeof *weights);
    memcpy(weights + params, net_buffers(net), buffers * sizeof *weights);
    Onnx__ModelProto *model = written(nodes, weights);
    run_model(model, planes, IMAGES, there, CLASSES);
    for (int i = 0; i < IMAGES * CLASSES; i++) {
        assert_true(there[i] > 0.001F && there[i] < 0.999F);
        worst = fmax(worst, fabs((double)here[i] - (double)there[i]));
    }
    assert_true(fabs((double)here[0] - (double)here[CLASSES]) > 1e-3); /* of two images */
    onnx__model_proto__free_unpacked(model, NULL);
    net_free(net);
    free(weights);
    return worst;
}

static void every_layer_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct cnn_shape shape = shapes[i];
        struct nodes nodes;
        shape.size = SIZE;
        shape.channels = CHANNELS;
        shape.n_classes = CLASSES;
        assert_int_equal(cnn_nodes(&shape, &nodes, &err), 0);
        double difference = written_difference(&nodes);
        printf("network %zu: worst difference %.2g\n", i, difference);
        assert_true(difference < 1e-5);
    }
}

static void raw_weights_are_described(void **state)
{
    int n = 0;
    (void)state;
    assert_int_equal(weights_export(store, WEIGHTS_RAW, "clusters=1-2-3", in_folder("raw"), &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(count_files("raw"), 6);
    for (int j = 0; j < 3; j++) {
        size_t bytes, text_bytes, floats = 0;
        char *file = job_file("raw", j, "raw", &bytes), *text = job_file("raw", j, "json", &text_bytes);
        float *weights = calloc(store_n_weights(store), sizeof *weights);
        json_t *all = json_loads(text, 0, NULL);
        assert_non_null(all);
        assert_string_equal(json_string_value(json_object_get(all, "strategy")), jobs[j].strategy);
        const json_t *parts = json_object_get(all, "parts");
        assert_int_equal(json_array_size(parts), j == 1 ? 30 : 10);
        for (size_t i = 0; i < json_array_size(parts); i++) {
            const json_t *shape = json_object_get(json_array_get(parts, i), "shape");
            size_t part = 1;
            for (size_t d = 0; d < json_array_size(shape); d++)
                part *= (size_t)json_integer_value(json_array_get(shape, d));
            floats += part;
        }
        assert_int_equal(bytes, floats * sizeof(float));
        assert_int_equal(store_read_weights(store, j, weights, &err), 0);
        assert_memory_equal(file, weights, bytes);
        json_decref(all);
        free(weights);
        free(file);
        free(text);
    }
}

static void nothing_to_export_is_told(void **state)
{
    int n = 0;
    (void)state;
    assert_int_equal(weights_export(store, WEIGHTS_ONNX, "clusters=2-3", in_folder("none"), &n, &err),
                     E_USAGE);
    assert_non_null(strstr(err.text, "finished yet"));
    assert_int_equal(access(in_folder("none"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_compute_what_the_jobs_did),
        cmocka_unit_test(every_layer_is_written),
        cmocka_unit_test(raw_weights_are_described),
        cmocka_unit_test(nothing_to_export_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
