/* The convolutional family against PyTorch (tests/golden/family.h5, made by make_family.py beside it), from
 * the settings of a sweep file on, with every kernel table this CPU runs; and that an image has the
 * same bits in any company. */
#include "models/model.h"
#include "models/net/net.h"
#include "models/training.h"
#include "sections.h"
#include "support/golden_file.h"
#include "support/with.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char GOLDEN[] = "tests/golden/family.h5";
static const double TOLERANCE = 1e-4;
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};

enum { N_TABLES = sizeof TABLES / sizeof *TABLES, MAX_BATCH = 8, CLASSES = 3, MAX_VALUES = 8192, STEPS = 3 };

/* One group of the golden file. */
struct golden {
    struct config config;
    struct nodes nodes;
    struct batch batch;
    double value;
    int64_t stride;
    size_t n, n_buffers; /* elements that gradient and trained hold, and buffers */
    float logits[MAX_BATCH * CLASSES], judged[MAX_BATCH * CLASSES];
    float gradient[MAX_VALUES], trained[MAX_VALUES], buffers[MAX_VALUES];
    float *images, target[MAX_BATCH * CLASSES], weight[MAX_BATCH];
    const float *image[MAX_BATCH];
};

/* make_family.py's take(); buffers as they begin. */
static void begin(struct net *net)
{
    const struct nodes *nodes = net_nodes(net);
    struct param param;
    size_t at, n;
    net_init(net, 0);
    for (int p = 0; (n = nodes_param(nodes, p, NULL, &param, &at)) > 0; p++)
        for (size_t i = 0; i < n; i++) {
            double fans = param.fan_in + param.fan_out;
            float u = 2 * golden_hashed(16 + (uint64_t)p, i) - 1;
            net_params(net)[at + i] = fans > 0 ? u * (float)sqrt(6 / fans) : (float)param.start + u * 0.1F;
        }
}

static void read_settings(hid_t group, struct config *config)
{
    char text[512] = "";
    hid_t attribute = H5Aopen(group, "settings", H5P_DEFAULT), type = H5Aget_type(attribute);
    assert_true(H5Tget_size(type) < sizeof text && H5Aread(attribute, type, text) >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
    *config = config_defaults(worker_schema());
    with_text(config, "clusters", "1-2-3");
    golden_attribute(group, "channels", H5T_NATIVE_INT64, &config->channels);
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        char *equals = strchr(line, '=');
        *equals = '\0';
        with_text(config, line, equals + 1);
    }
}

static void make_batch(struct golden *g)
{
    size_t pixels = tensor_floats(g->nodes.input), n = (size_t)g->batch.n;
    g->images = calloc(n * pixels, sizeof *g->images);
    assert_non_null(g->images);
    for (size_t i = 0; i < n * pixels; i++)
        g->images[i] = golden_hashed(1, i);
    for (size_t i = 0; i < n; i++) {
        g->image[i] = g->images + i * pixels;
        g->target[i * CLASSES + i % CLASSES] = g->weight[i] = 1;
    }
    g->batch.image = g->image;
    g->batch.target = g->target;
    g->batch.weight = g->weight;
    g->batch.dropout_key = 77;
    g->batch.per_epoch = 1;
}

static void read_golden(hid_t file, const char *name, struct golden *g)
{
    hid_t group = H5Gopen2(file, name, H5P_DEFAULT);
    struct err err = {0};
    assert_true(group >= 0);
    memset(g, 0, sizeof *g);
    read_settings(group, &g->config);
    const struct model_kind *kind = model_of(&g->config);
    if (config_check(&g->config, &err) < 0 || kind->check(&g->config, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    kind->network(&g->config, &g->nodes);
    golden_attribute(group, "batch", H5T_NATIVE_INT, &g->batch.n);
    golden_attribute(group, "stride", H5T_NATIVE_INT64, &g->stride);
    golden_attribute(group, "loss", H5T_NATIVE_DOUBLE, &g->value);
    golden_floats(group, "logits", g->logits, sizeof g->logits / sizeof *g->logits);
    golden_floats(group, "judged", g->judged, sizeof g->judged / sizeof *g->judged);
    g->n = golden_floats(group, "gradient", g->gradient, MAX_VALUES);
    g->n_buffers = golden_floats(group, "buffers", g->buffers, MAX_VALUES);
    assert_true(g->n > 0);
    assert_int_equal(golden_floats(group, "trained", g->trained, MAX_VALUES), g->n);
    assert_int_equal(g->n, (nodes_n_params(&g->nodes) - 1) / (size_t)g->stride + 1);
    assert_int_equal(g->n_buffers, nodes_n_buffers(&g->nodes));
    H5Gclose(group);
    make_batch(g);
}

static struct net *network(const struct golden *g)
{
    struct net *net = NULL;
    assert_int_equal(training_new(&g->config, &g->nodes, &net, NULL), 0);
    begin(net);
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
    return n ? error / scale : 0;
}

/* Loss, logits and gradient in training. */
static double compare_gradient(const struct golden *g)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    struct net *net = network(g);
    float logits[MAX_BATCH * CLASSES], *gradient = calloc(nodes_n_params(&g->nodes), sizeof *gradient);
    assert_non_null(gradient);
    double value = net_gradient(net, &g->batch, &loss, logits, gradient);
    double worst = fabs(value - g->value) / g->value;
    worst = fmax(worst, difference(logits, 1, g->logits, (size_t)(g->batch.n * CLASSES)));
    worst = fmax(worst, difference(gradient, (size_t)g->stride, g->gradient, g->n));
    free(gradient);
    net_free(net);
    return worst;
}

/* Parameters and buffers after three steps, and how it judges by them. */
static double compare_steps(const struct golden *g)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    struct net *net = network(g);
    struct batch batch = g->batch;
    float probs[MAX_BATCH * CLASSES];
    for (batch.dropout_step = 0; batch.dropout_step < STEPS; batch.dropout_step++)
        training_teach(net, &g->config, &batch, &loss, probs);
    double worst = difference(net_params(net), (size_t)g->stride, g->trained, g->n);
    worst = fmax(worst, difference(net_buffers(net), 1, g->buffers, g->n_buffers));
    net_predict(net, batch.image, batch.n, probs);
    worst = fmax(worst, difference(probs, 1, g->judged, (size_t)(batch.n * CLASSES)));
    net_free(net);
    return worst;
}

/* One by one, and all at once; the dense layers of "blas" are OpenBLAS's, which minds how
 * many rows there are. */
static void company_changes_nothing(const struct golden *g, int exactly)
{
    struct net *net = network(g);
    float together[MAX_BATCH * CLASSES], alone[MAX_BATCH * CLASSES];
    size_t n = (size_t)(g->batch.n * CLASSES);
    net_predict(net, g->image, g->batch.n, together);
    for (int i = 0; i < g->batch.n; i++)
        net_predict(net, &g->image[i], 1, alone + (size_t)i * CLASSES);
    assert_true(difference(alone, 1, together, n) <= (exactly ? 0 : 1e-6));
    net_free(net);
}

/* The last layer alone learns: no statistics move either. */
static void the_rest_stays(const struct golden *g)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    struct net *net = network(g);
    struct batch batch = g->batch;
    size_t last = g->nodes.node[g->nodes.n - 1].param, buffers = nodes_n_buffers(&g->nodes);
    float probs[MAX_BATCH * CLASSES], *before = calloc(last + buffers, sizeof *before);
    assert_non_null(before);
    training_teach(net, &g->config, &batch, &loss, probs);
    memcpy(before, net_params(net), last * sizeof *before);
    memcpy(before + last, net_buffers(net), buffers * sizeof *before);
    float bias = net_params(net)[nodes_n_params(&g->nodes) - 1];
    batch.last_only = 1;
    training_teach(net, &g->config, &batch, &loss, probs);
    assert_memory_equal(before, net_params(net), last * sizeof *before);
    assert_int_equal(buffers ? memcmp(before + last, net_buffers(net), buffers * sizeof *before) : 0, 0);
    assert_true(fabsf(bias - net_params(net)[nodes_n_params(&g->nodes) - 1]) > 0);
    free(before);
    net_free(net);
}

static herr_t visit(hid_t file, const char *name, const H5L_info_t *info, void *n)
{
    static struct golden g;
    (void)info;
    read_golden(file, name, &g);
    for (int t = 0; t < N_TABLES; t++) {
        if (kernels_select(TABLES[t], NULL) < 0)
            continue;
        double gradient = compare_gradient(&g), steps = compare_steps(&g);
        print_message("%-10s %-18s gradient %.1e  after 3 steps %.1e\n", kernels_selected()->name, name,
                      gradient, steps);
        assert_true(gradient < TOLERANCE && steps < TOLERANCE);
        the_rest_stays(&g);
        company_changes_nothing(&g, TABLES[t] != KERNELS_BLAS);
    }
    kernels_select(KERNELS_AUTO, NULL);
    free(g.images);
    ++*(int *)n;
    return 0;
}

static void as_pytorch(void **state)
{
    hid_t file = H5Fopen(GOLDEN, H5F_ACC_RDONLY, H5P_DEFAULT);
    int n = 0;
    (void)state;
    assert_true(H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &n) >= 0);
    H5Fclose(file);
    assert_true(n >= 8);
}

static void assert_refused(const char *key, const char *value, const char *expected)
{
    struct config config = config_defaults(worker_schema());
    struct err err = {0};
    with_text(&config, "clusters", "1-2");
    with_text(&config, key, value);
    if (config_check(&config, &err) == 0 && model_of(&config)->check(&config, &err) == 0)
        fail_msg("%s=%s is good", key, value);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_refused("cnn.dense", "64", "cnn.dropout: 3 rates, where 2 are wanted: one after the blocks");
    assert_refused("cnn.dropout", "0.5", "cnn.dropout: 1 rate, where 3 are wanted");
    assert_refused("cnn.residual", "true", "it needs cnn.padding: same");
    assert_refused("cnn.blocks", "none", "one block at least");
    assert_refused("cnn.blocks", "8-8-8-8-8", "make images larger");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pytorch),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
