/* The Vision Transformer against PyTorch (tests/golden/vit.h5, made by make_vit.py beside it), with every
 * kernel table this CPU runs; that an image has the same bits in any company; what its shape refuses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <hdf5.h>

#include "support/golden_file.h"
#include "models/net/vit.h"
#include "kernels/kernels.h"
#include "rng.h"

static const char GOLDEN[] = "tests/golden/vit.h5";
static const double TOLERANCE = 1e-4;
static const struct adam_settings ADAM = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};

enum { N_TABLES = sizeof TABLES / sizeof *TABLES, MAX_BATCH = 8, MAX_CLASSES = 3, MAX_VALUES = 8192 };

/* One group of the golden file. */
struct golden {
    struct vit_shape shape;
    struct nodes nodes;
    struct batch batch;
    double value;
    int64_t stride;
    size_t n; /* elements that gradient and trained hold */
    float logits[MAX_BATCH * MAX_CLASSES], gradient[MAX_VALUES], trained[MAX_VALUES];
    float *images, target[MAX_BATCH * MAX_CLASSES], weight[MAX_BATCH];
    const float *image[MAX_BATCH];
};

static size_t floats_of(const struct vit_shape *s)
{
    return (size_t)(s->size * s->size * s->channels);
}

/* make_vit.py's begin(). */
static void begin(const struct nodes *nodes, float *params)
{
    struct param param;
    size_t at, n;
    for (int p = 0; (n = nodes_param(nodes, p, NULL, &param, &at)) > 0; p++)
        for (size_t i = 0; i < n; i++) {
            double fans = param.fan_in + param.fan_out;
            float u = 2 * golden_hashed(16 + (uint64_t)p, i) - 1;
            params[at + i] = fans > 0 ? u * (float)sqrt(6 / fans) : (float)param.start + u * 0.1F;
        }
}

static void make_batch(struct golden *g)
{
    size_t pixels = floats_of(&g->shape), n = (size_t)g->batch.n, classes = (size_t)g->shape.n_classes;
    g->images = calloc(n * pixels, sizeof *g->images);
    assert_non_null(g->images);
    for (size_t i = 0; i < n * pixels; i++)
        g->images[i] = golden_hashed(1, i);
    for (size_t i = 0; i < n; i++) {
        g->image[i] = g->images + i * pixels;
        g->target[i * classes + i % classes] = g->weight[i] = 1;
    }
    g->batch.image = g->image;
    g->batch.target = g->target;
    g->batch.weight = g->weight;
}

static void read_shape(hid_t group, struct golden *g)
{
    const struct {
        const char *name;
        int *value;
    } numbers[] = {{"size", &g->shape.size},   {"channels", &g->shape.channels},   {"patch", &g->shape.patch},
                   {"width", &g->shape.width}, {"blocks", &g->shape.n_blocks},     {"heads", &g->shape.heads},
                   {"mlp", &g->shape.mlp},     {"n_classes", &g->shape.n_classes}, {"batch", &g->batch.n}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        golden_attribute(group, numbers[i].name, H5T_NATIVE_INT, numbers[i].value);
    golden_attribute(group, "dropout", H5T_NATIVE_DOUBLE, &g->shape.dropout);
    golden_attribute(group, "loss", H5T_NATIVE_DOUBLE, &g->value);
    golden_attribute(group, "dropout_key", H5T_NATIVE_UINT64, &g->batch.dropout_key);
    golden_attribute(group, "dropout_step", H5T_NATIVE_UINT64, &g->batch.dropout_step);
    golden_attribute(group, "stride", H5T_NATIVE_INT64, &g->stride);
}

static void read_golden(const char *name, struct golden *g)
{
    hid_t file = H5Fopen(GOLDEN, H5F_ACC_RDONLY, H5P_DEFAULT), group = H5Gopen2(file, name, H5P_DEFAULT);
    assert_true(group >= 0);
    memset(g, 0, sizeof *g);
    read_shape(group, g);
    assert_int_equal(vit_nodes(&g->shape, &g->nodes, NULL), 0);
    golden_floats(group, "logits", g->logits, sizeof g->logits / sizeof *g->logits);
    g->n = golden_floats(group, "gradient", g->gradient, MAX_VALUES);
    assert_true(g->n > 0);
    assert_int_equal(golden_floats(group, "trained", g->trained, MAX_VALUES), g->n);
    assert_int_equal(g->n, (nodes_n_params(&g->nodes) - 1) / (size_t)g->stride + 1);
    H5Gclose(group);
    H5Fclose(file);
    make_batch(g);
}

/* As it runs, taught by Adam, with the golden parameters. */
static struct net *network(const struct golden *g)
{
    struct nodes fused = g->nodes;
    struct net *net = NULL;
    nodes_fuse(&fused, 1);
    assert_int_equal(net_new(&fused, g->batch.n, &optimiser_adam, &net, NULL), 0);
    begin(&fused, net_params(net));
    return net;
}

/* Largest difference of every stride-th element of a from b, over the largest of b. */
static double difference(const float *a, size_t stride, const float *b, size_t n)
{
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i * stride] - (double)b[i]);
        error = e <= error ? error : isnan(e) ? HUGE_VAL : e;
        scale = fmax(scale, fabs((double)b[i]));
    }
    assert_true(scale > 0);
    return error / scale;
}

/* Logits, loss and gradient. */
static double compare_gradient(const struct golden *g)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    struct net *net = network(g);
    float logits[MAX_BATCH * MAX_CLASSES], *gradient = calloc(nodes_n_params(&g->nodes), sizeof *gradient);
    assert_non_null(gradient);
    double value = net_gradient(net, &g->batch, &loss, logits, gradient);
    double worst = fabs(value - g->value) / g->value;
    worst = fmax(worst, difference(logits, 1, g->logits, (size_t)(g->batch.n * g->shape.n_classes)));
    worst = fmax(worst, difference(gradient, (size_t)g->stride, g->gradient, g->n));
    free(gradient);
    net_free(net);
    return worst;
}

/* The parameters after three steps. */
static double compare_steps(const struct golden *g)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    struct net *net = network(g);
    struct batch batch = g->batch;
    float probs[MAX_BATCH * MAX_CLASSES];
    for (int t = 1; t <= 3; t++, batch.dropout_step++) {
        struct update update = optimiser_adam_update(&ADAM, t, 1e-3);
        net_train(net, &batch, &loss, &update, probs);
    }
    double worst = difference(net_params(net), (size_t)g->stride, g->trained, g->n);
    net_free(net);
    return worst;
}

static void as_pytorch(void **state)
{
    static const char *const names[] = {"plain", "margin", "dropout", "default"};
    static struct golden g;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        read_golden(names[i], &g);
        for (int t = 0; t < N_TABLES; t++) {
            if (kernels_select(TABLES[t], NULL) < 0)
                continue;
            double gradient = compare_gradient(&g), steps = compare_steps(&g);
            print_message("%-8s %-10s worst relative error %.1e, after three steps %.1e\n", names[i],
                          kernels_selected()->name, gradient, steps);
            assert_true(gradient < TOLERANCE && steps < TOLERANCE);
        }
        free(g.images);
    }
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

static void an_image_has_the_same_bits_in_any_company(void **state)
{
    static struct golden g;
    (void)state;
    read_golden("default", &g);
    for (int t = 0; t < N_TABLES; t++) {
        float all[MAX_BATCH * MAX_CLASSES], few[MAX_BATCH * MAX_CLASSES];
        int classes = g.shape.n_classes;
        if (kernels_select(TABLES[t], NULL) < 0)
            continue;
        struct net *net = network(&g);
        net_predict(net, g.image, MAX_BATCH, all);
        for (int first = 0; first < MAX_BATCH; first++)
            for (int n = 1; first + n <= MAX_BATCH; n += 2) {
                net_predict(net, g.image + first, n, few);
                if (memcmp(few, all + first * classes, (size_t)(n * classes) * sizeof *few) != 0)
                    fail_msg("%s: images %d to %d of %d", kernels_selected()->name, first, first + n - 1,
                             MAX_BATCH);
            }
        net_free(net);
    }
    free(g.images);
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
    const struct vit_shape good = {.size = 50,
                                   .channels = 1,
                                   .patch = 5,
                                   .width = 64,
                                   .n_blocks = VIT_MAX_BLOCKS,
                                   .heads = 4,
                                   .mlp = 2,
                                   .n_classes = 2};
    struct vit_shape shape = good;
    struct err err = {0};
    (void)state;
    assert_int_equal(vit_check(&shape, 32, &err), 0);
    shape.heads = 6;
    assert_int_equal(vit_check(&shape, 32, &err), E_USAGE);
    assert_non_null(strstr(err.text, "make vit.width 66, or vit.heads 4"));
    shape = good;
    shape.patch = 51;
    assert_int_equal(vit_check(&shape, 32, &err), E_USAGE);
    assert_non_null(strstr(err.text, "make it 50 or smaller"));
    shape.size = 100;
    shape.patch = 2;
    assert_int_equal(vit_check(&shape, 32, &err), E_USAGE);
    assert_non_null(strstr(err.text, "make it 4 or larger")); /* 33 x 33 patches of 3 pixels */
    shape = good;
    shape.width = 1024;
    assert_int_equal(vit_check(&shape, 4096, &err), E_USAGE);
    assert_non_null(strstr(err.text, "is too large"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pytorch),
        cmocka_unit_test(an_image_has_the_same_bits_in_any_company),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
