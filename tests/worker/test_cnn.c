/* The network against PyTorch (tests/golden/cnn.h5, made by make_golden.py beside it), with every kernel
 * table this CPU runs; and what a network must do that no golden value tells. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#include <cmocka.h>
#include <hdf5.h>

#include "support/golden_file.h"
#include "image/image.h"
#include "models/net/cnn.h"
#include "kernels/kernels.h"
#include "rng.h"

static const char GOLDEN[] = "tests/golden/cnn.h5";
static const double TOLERANCE = 1e-4;
static const struct adam_settings ADAM = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};

/* The arrays of parameters of a network of two blocks and two dense layers. */
enum { DENSE1_W = 4, DENSE1_B = 5, N_PARTS = 10 };
enum { N_TABLES = 4, MAX_BATCH = 8 };

/* Where each array of parameters begins; the last element is their number. */
static size_t find_parts(const struct cnn_shape *shape, size_t offset[N_PARTS + 1])
{
    struct nodes nodes;
    size_t at;
    assert_int_equal(cnn_nodes(shape, &nodes, NULL), 0);
    for (int i = 0; i < N_PARTS; i++)
        assert_true(nodes_param(&nodes, i, NULL, NULL, &offset[i]) > 0);
    assert_true(nodes_param(&nodes, N_PARTS, NULL, NULL, &at) == 0);
    return offset[N_PARTS] = nodes_n_params(&nodes);
}

static size_t count_params(const struct cnn_shape *shape)
{
    size_t offset[N_PARTS + 1];
    return find_parts(shape, offset);
}

/* A fused network that Adam teaches. */
static struct net *network(const struct cnn_shape *shape, int batch)
{
    struct nodes nodes;
    struct net *net = NULL;
    assert_int_equal(cnn_nodes(shape, &nodes, NULL), 0);
    nodes_fuse(&nodes, 1);
    assert_int_equal(net_new(&nodes, batch, &optimiser_adam, &net, NULL), 0);
    return net;
}

static struct update next_update(struct net *net, double rate)
{
    return optimiser_adam_update(&ADAM, *net_steps(net) + 1, rate);
}

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n, size);
    assert_non_null(p);
    return p;
}

/* A dataset as a new array; NULL when there is none. */
static void *read_dataset(hid_t group, const char *name, hid_t type, size_t *n)
{
    if (H5Lexists(group, name, H5P_DEFAULT) <= 0)
        return NULL;
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    *n = (size_t)H5Sget_simple_extent_npoints(space);
    void *value = allocate(*n, H5Tget_size(type));
    assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
    return value;
}

/* One group of the golden file. Arrays that it does not have are NULL. */
struct golden {
    const char *name;
    struct cnn_shape shape;
    struct batch batch;
    struct loss_rule loss;
    size_t n_params, offset[N_PARTS + 1], n_index;
    float *images, *params, *target, *weight, *logit_offset, *logits, *gradient, *trained, *gradient_norm,
        *trained_norm;
    int64_t *index; /* (n_index) elements that gradient and trained hold, or NULL: all */
    const float *image[MAX_BATCH];
    double value;
};

/* Of an image. */
static size_t floats_of(const struct cnn_shape *shape)
{
    return (size_t)(shape->size * shape->size * shape->channels);
}

static void hash_inputs(struct golden *g)
{
    size_t pixels = (size_t)g->batch.n * floats_of(&g->shape);
    const int rows[] = {g->shape.filters[0], g->shape.filters[1], g->shape.dense[0], g->shape.dense[1],
                        g->shape.n_classes};
    g->images = allocate(pixels, sizeof(float));
    g->params = allocate(g->n_params, sizeof(float));
    for (size_t i = 0; i < pixels; i++)
        g->images[i] = golden_hashed(1, i);
    for (size_t p = 0; p < N_PARTS; p++) {
        size_t n = g->offset[p + 1] - g->offset[p], columns = n / (size_t)rows[p / 2];
        float limit = p % 2 ? 0.1F : (float)sqrt(6.0 / (double)((size_t)rows[p / 2] + columns));
        for (size_t i = 0; i < n; i++)
            g->params[g->offset[p] + i] = (2 * golden_hashed(16 + p, i) - 1) * limit;
    }
}

static void read_shape(hid_t group, struct golden *g)
{
    int64_t key, step, kind;
    g->shape.n_blocks = g->shape.n_dense = 2;
    golden_attribute(group, "size", H5T_NATIVE_INT, &g->shape.size);
    golden_attribute(group, "channels", H5T_NATIVE_INT, &g->shape.channels);
    golden_attribute(group, "filters", H5T_NATIVE_INT, g->shape.filters);
    golden_attribute(group, "dense", H5T_NATIVE_INT, g->shape.dense);
    golden_attribute(group, "n_classes", H5T_NATIVE_INT, &g->shape.n_classes);
    golden_attribute(group, "dropout", H5T_NATIVE_DOUBLE, g->shape.dropout);
    golden_attribute(group, "batch", H5T_NATIVE_INT, &g->batch.n);
    golden_attribute(group, "gamma", H5T_NATIVE_DOUBLE, &g->loss.gamma);
    golden_attribute(group, "loss", H5T_NATIVE_DOUBLE, &g->value);
    golden_attribute(group, "focal", H5T_NATIVE_INT64, &kind);
    golden_attribute(group, "dropout_key", H5T_NATIVE_INT64, &key);
    golden_attribute(group, "dropout_step", H5T_NATIVE_INT64, &step);
    g->loss.kind = kind ? LOSS_FOCAL : LOSS_CROSS_ENTROPY;
    g->batch.dropout_key = (uint64_t)key;
    g->batch.dropout_step = (uint64_t)step;
}

static void read_golden(const char *name, struct golden *g)
{
    hid_t file = H5Fopen(GOLDEN, H5F_ACC_RDONLY, H5P_DEFAULT), group = H5Gopen2(file, name, H5P_DEFAULT);
    size_t n;
    assert_true(group >= 0);
    *g = (struct golden){.name = name};
    read_shape(group, g);
    g->n_params = find_parts(&g->shape, g->offset);
    float **const arrays[] = {&g->images, &g->params,   &g->target,  &g->weight,        &g->logit_offset,
                              &g->logits, &g->gradient, &g->trained, &g->gradient_norm, &g->trained_norm};
    static const char *const names[] = {"images", "params",   "target",  "weight",        "logit_offset",
                                        "logits", "gradient", "trained", "gradient_norm", "trained_norm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        *arrays[i] = read_dataset(group, names[i], H5T_NATIVE_FLOAT, &n);
    g->index = read_dataset(group, "index", H5T_NATIVE_INT64, &g->n_index);
    H5Gclose(group);
    H5Fclose(file);
    if (!g->images)
        hash_inputs(g);
    for (int i = 0; i < g->batch.n; i++)
        g->image[i] = g->images + (size_t)i * floats_of(&g->shape);
    g->batch.image = g->image;
    g->batch.target = g->target;
    g->batch.weight = g->weight;
    g->loss.logit_offset = g->logit_offset;
}

static void free_golden(struct golden *g)
{
    float *const arrays[] = {g->images, g->params,   g->target,  g->weight,        g->logit_offset,
                             g->logits, g->gradient, g->trained, g->gradient_norm, g->trained_norm};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(g->index);
}

/* max |a - b| / max |b|, infinite when a NaN is about. */
struct difference {
    double error, scale;
};

static void compare(struct difference *d, double a, double b)
{
    double error = fabs(a - b);
    d->error = error <= d->error ? d->error : isnan(error) ? HUGE_VAL : error;
    d->scale = fmax(d->scale, fabs(b));
}

static double relative(struct difference d)
{
    return d.error / fmax(d.scale, 1e-30);
}

static size_t part_of(const struct golden *g, size_t i)
{
    size_t p = 0;
    while (i >= g->offset[p + 1])
        p++;
    return p;
}

/* Worst relative error, part by part, of a parameter-like vector against the golden one and its norms. */
static double worst_part(const struct golden *g, const float *vector, const float *expected,
                         const float *norm)
{
    struct difference part[N_PARTS] = {{0, 0}};
    double worst = 0, sum[N_PARTS] = {0};
    for (size_t i = 0; i < (g->index ? g->n_index : g->n_params); i++) {
        size_t at = g->index ? (size_t)g->index[i] : i;
        compare(&part[part_of(g, at)], (double)vector[at], (double)expected[i]);
    }
    for (size_t i = 0; norm && i < g->n_params; i++)
        sum[part_of(g, i)] += (double)vector[i] * (double)vector[i];
    for (size_t p = 0; p < N_PARTS; p++) {
        worst = fmax(worst, relative(part[p]));
        if (norm)
            worst = fmax(worst, fabs(sqrt(sum[p]) / (double)norm[p] - 1));
    }
    return worst;
}

static double worst_logit(const struct golden *g, const float *logits)
{
    struct difference d = {0, 0};
    for (int i = 0; i < g->batch.n * g->shape.n_classes; i++)
        compare(&d, (double)logits[i], (double)g->logits[i]);
    return relative(d);
}

static void set_params(struct net *net, const struct golden *g)
{
    memcpy(net_params(net), g->params, g->n_params * sizeof(float));
}

/* One golden case with the selected kernels: prints the worst errors and fails above the tolerance. */
static void check_golden(const struct golden *g)
{
    struct net *net = network(&g->shape, MAX_BATCH);
    float logits[MAX_BATCH * 8], probs[MAX_BATCH * 8], *gradient = allocate(g->n_params, sizeof(float));
    struct batch batch = g->batch;
    set_params(net, g);
    double value = net_gradient(net, &batch, &g->loss, logits, gradient);
    double error[4] = {fabs(value / g->value - 1), worst_logit(g, logits),
                       worst_part(g, gradient, g->gradient, g->gradient_norm)};
    assert_memory_equal(net_params(net), g->params, g->n_params * sizeof(float));
    for (int step = 0; step < 3; step++, batch.dropout_step++) {
        const struct update update = next_update(net, 1e-3);
        double trained = net_train(net, &batch, &g->loss, &update, probs);
        assert_true(step > 0 || trained == value);
    }
    assert_int_equal(*net_steps(net), 3);
    error[3] = worst_part(g, net_params(net), g->trained, g->trained_norm);
    print_message("%-10s %-8s loss %.1e  logits %.1e  gradients %.1e  weights after 3 steps %.1e\n",
                  kernels_selected()->name, g->name, error[0], error[1], error[2], error[3]);
    for (int i = 0; i < 4; i++)
        assert_true(error[i] < TOLERANCE);
    free(gradient);
    net_free(net);
}

static void test_golden(void **state)
{
    static const char *const names[] = {"plain", "dropout", "focal", "default", "rgb", "five", "colour"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct golden g;
        read_golden(names[i], &g);
        for (int t = 0; t < N_TABLES; t++) {
            struct err err = {0};
            if (kernels_select(TABLES[t], &err) < 0)
                print_message("skipped: %s\n", err.text);
            else
                check_golden(&g);
        }
        free_golden(&g);
    }
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

enum { SIDE = 12, SAMPLES = 48, BATCH = 16 };

/* A problem that a small network must learn: noise, with a bright left or right half. */
struct problem {
    float pixels[SAMPLES][SIDE * SIDE], target[SAMPLES][2], weight[SAMPLES];
    const float *image[SAMPLES];
};

static struct cnn_shape small_shape(void)
{
    return (struct cnn_shape){.size = SIDE,
                              .channels = 1,
                              .n_blocks = 2,
                              .filters = {4, 8},
                              .n_dense = 2,
                              .dense = {16, 8},
                              .n_classes = 2,
                              .dropout = {0.1, 0.1, 0.1}};
}

static void make_problem(struct problem *p)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < SIDE * SIDE; j++)
            p->pixels[i][j] = 0.3F * golden_hashed(i, j) + ((j % SIDE < SIDE / 2) == (i % 2) ? 0.7F : 0.0F);
        p->target[i][i % 2] = 1;
        p->target[i][1 - i % 2] = 0;
        p->weight[i] = 1;
        p->image[i] = p->pixels[i];
    }
}

/* Train for some epochs; the loss of the last step. */
static double train(struct net *net, const struct problem *p, int epochs, double rate)
{
    struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    float probs[BATCH * 2];
    double value = 0;
    for (int step = 0; step < epochs * SAMPLES / BATCH; step++) {
        int first = step * BATCH % SAMPLES;
        struct batch batch = {.n = BATCH,
                              .image = p->image + first,
                              .target = p->target[first],
                              .weight = p->weight + first,
                              .dropout_key = 3,
                              .dropout_step = (uint64_t)*net_steps(net)};
        const struct update update = next_update(net, rate);
        value = net_train(net, &batch, &loss, &update, probs);
    }
    return value;
}

static struct net *new_network(void)
{
    struct cnn_shape shape = small_shape();
    struct net *net = network(&shape, BATCH);
    net_init(net, 11);
    return net;
}

static int n_right(struct net *net, const struct problem *p)
{
    float probs[SAMPLES][2];
    int right = 0;
    net_predict(net, p->image, SAMPLES, probs[0]); /* three batches of its own */
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_true(fabsf(probs[i][0] + probs[i][1] - 1) < 1e-6F);
        right += probs[i][i % 2] > 0.5F;
    }
    return right;
}

static void test_learns(void **state)
{
    static struct problem p;
    struct net *net = new_network();
    (void)state;
    make_problem(&p);
    assert_in_range(n_right(net, &p), 0, SAMPLES - 1);
    train(net, &p, 40, 3e-3);
    assert_int_equal(n_right(net, &p), SAMPLES);
    net_free(net);
}

static void test_divergence_shows(void **state)
{
    static struct problem p;
    struct net *net = new_network();
    (void)state;
    make_problem(&p);
    assert_true(isnan(train(net, &p, 4, 1e30)));
    net_init(net, 11);
    assert_true(isfinite(train(net, &p, 1, 1e-3)));
    p.pixels[SAMPLES - 1][77] = nanf("");
    assert_true(isnan(train(net, &p, 1, 1e-3)));
    net_free(net);
}

/* Equal calls give equal bits; a network restored from parameters, moments and step count goes on
 * like the one saved. */
static void test_reproducible(void **state)
{
    static struct problem p;
    struct cnn_shape shape = small_shape();
    size_t n = count_params(&shape);
    struct net *net[3] = {new_network(), new_network(), new_network()};
    (void)state;
    make_problem(&p);
    train(net[0], &p, 4, 1e-3);
    train(net[1], &p, 2, 1e-3);
    memcpy(net_params(net[2]), net_params(net[1]), n * sizeof(float));
    memcpy(net_moments(net[2]), net_moments(net[1]), 2 * n * sizeof(float));
    *net_steps(net[2]) = *net_steps(net[1]);
    train(net[1], &p, 2, 1e-3);
    train(net[2], &p, 2, 1e-3);
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(net_params(net[i]), net_params(net[0]), n * sizeof(float));
        assert_memory_equal(net_moments(net[i]), net_moments(net[0]), 2 * n * sizeof(float));
    }
    for (int i = 0; i < 3; i++)
        net_free(net[i]);
}

/* The caller's treatment of denormals survives a step, and inside one they are zero. */
static void test_denormal_mode(void **state)
{
#if defined(__SSE2__)
    static struct problem p;
    struct net *net = new_network();
    struct cnn_shape shape = small_shape();
    size_t n = count_params(&shape), n_denormal = 0;
    make_problem(&p);
    unsigned before = _mm_getcsr() & 0x8040;
    for (size_t i = 0; i < 2 * n; i++)
        net_moments(net)[i] = 2e-38F;
    train(net, &p, 2, 1e-3);
    assert_int_equal(_mm_getcsr() & 0x8040, before);
    for (size_t i = 0; i < 2 * n; i++)
        n_denormal += fpclassify(net_moments(net)[i]) == FP_SUBNORMAL;
    assert_int_equal(n_denormal, 0);
    net_free(net);
#endif
    (void)state;
}

#define REPORT_SHAPE                                                                                         \
    {                                                                                                        \
        .size = 50, .channels = 1, .n_blocks = 2, .filters = {32, 64}, .n_dense = 2, .dense = {128, 64},     \
        .n_classes = 2                                                                                       \
    }

static void test_sizes(void **state)
{
    struct cnn_shape shape = REPORT_SHAPE;
    struct nodes nodes;
    size_t offset[N_PARTS + 1];
    (void)state;
    assert_int_equal(find_parts(&shape, offset), 1018562);
    assert_int_equal(offset[DENSE1_W], 18816);
    cnn_nodes(&shape, &nodes, NULL);
    assert_true(fabs(nodes_dense_flop(&nodes) - 62178048) < 0.5);
    nodes_fuse(&nodes, 1);
    assert_true(fabs(nodes_dense_flop(&nodes) - 62178048) < 0.5);
}

/* Glorot-uniform: bounded by the limit, filling the range, mean near zero; biases zero; every key its own. */
static void test_init(void **state)
{
    struct cnn_shape shape = REPORT_SHAPE;
    const double limit = sqrt(6.0 / (7744 + 128));
    struct net *net = network(&shape, 1);
    size_t offset[N_PARTS + 1];
    double sum = 0, top = 0;
    (void)state;
    find_parts(&shape, offset);
    net_init(net, 1);
    float first = net_params(net)[0];
    for (size_t i = offset[DENSE1_W]; i < offset[DENSE1_B]; i++) {
        sum += (double)net_params(net)[i];
        top = fmax(top, fabs((double)net_params(net)[i]));
    }
    assert_true(top <= limit * 1.000001 && top > 0.999 * limit);
    assert_true(fabs(sum / (double)(offset[DENSE1_B] - offset[DENSE1_W])) < 0.005 * limit);
    for (int part = 1; part < N_PARTS; part += 2)
        for (size_t i = offset[part]; i < offset[part + 1]; i++)
            assert_true(net_params(net)[i] == 0);
    net_init(net, 2);
    assert_true(net_params(net)[0] != first);
    net_init(net, 1);
    assert_true(net_params(net)[0] == first);
    net_free(net);
}

static void test_wrong_shapes(void **state)
{
    enum { N_WRONG = 11 };
    struct cnn_shape shape[N_WRONG];
    (void)state;
    for (int i = 0; i < N_WRONG; i++)
        shape[i] = small_shape();
    shape[0].size = 9;
    shape[1].n_classes = 1;
    shape[2].n_classes = LOSS_MAX_CLASSES + 1;
    shape[3].dropout[1] = 1;
    shape[4].filters[1] = 0;
    shape[5].dropout[0] = nan("");
    shape[6].n_blocks = 0;
    shape[7].n_blocks = CNN_MAX_BLOCKS + 1;
    shape[8].n_dense = -1;
    shape[9].channels = 0;
    shape[10].channels = IMAGE_MAX_CHANNELS + 1;
    for (int i = 0; i < N_WRONG; i++) {
        struct err err = {0};
        assert_int_equal(cnn_check(&shape[i], 4, &err), E_USAGE);
        assert_true(err.code == E_USAGE && strlen(err.text) > 20);
    }
    shape[0] = small_shape();
    assert_int_equal(cnn_check(&shape[0], 0, NULL), E_USAGE);
    shape[0].size = 10; /* the smallest */
    assert_int_equal(cnn_check(&shape[0], 1, NULL), 0);
    net_free(network(&shape[0], 1));
    net_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_divergence_shows),
        cmocka_unit_test(test_reproducible),
        cmocka_unit_test(test_denormal_mode),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_wrong_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
