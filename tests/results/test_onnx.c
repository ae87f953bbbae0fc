/* Exported ONNX models, read back and computed by the operators' definitions: the probabilities of the
 * sweep. */
#include "predict/weights_export.h"

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

enum { SIZE = 20, CLASSES = 3, N = 38, MAX_VALUES = 400 };
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

static void conv(struct machine *m, const Onnx__NodeProto *node)
{
    const struct value *in = find(m, node->input[0]), *w = find(m, node->input[1]),
                       *b = find(m, node->input[2]);
    int h = in->dim[2] - 2, width = in->dim[3] - 2, k = 0;
    assert_both(node, "kernel_shape", 3);
    assert_true(w->dim[1] == in->dim[1] && w->dim[2] == 3 && w->dim[3] == 3 && b->dim[0] == w->dim[0]);
    struct value *out = define(m, node->output[0], in->dim[0], w->dim[0], h, width);
    for (int n = 0; n < in->dim[0]; n++)
        for (int f = 0; f < w->dim[0]; f++)
            for (int p = 0; p < h * width; p++) {
                double sum = (double)b->x[f];
                for (int i = 0; i < 9 * in->dim[1]; i++)
                    sum += (double)at(w, f, i / 9, i % 9 / 3, i % 3) *
                           (double)at(in, n, i / 9, p / width + i % 9 / 3, p % width + i % 3);
                out->x[k++] = (float)sum;
            }
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
    } operators[] = {{"Conv", conv}, {"Relu", relu},       {"MaxPool", max_pool}, {"Flatten", flatten},
                     {"Gemm", gemm}, {"Softmax", softmax}, {"Mean", mean}};
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
    assert_int_equal(t->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_int_equal(t->raw_data.len, (size_t)size_of(v) * sizeof(float));
    v->x = malloc(t->raw_data.len);
    memcpy(v->x, t->raw_data.data, t->raw_data.len);
}

/* Probabilities (n, classes) of a model. */
static void run_model(const Onnx__ModelProto *model, float *images, int n, float *probs, int classes)
{
    struct machine m = {.n = 1};
    m.value[0] = (struct value){model->graph->input[0]->name, {n, 1, SIZE, SIZE}, images, 0};
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
        cmocka_unit_test(raw_weights_are_described),
        cmocka_unit_test(nothing_to_export_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
