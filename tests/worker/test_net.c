/* Networks as lists of operations: what follows from the list, and that neither fusing nor fused updates
 * change what is computed. */
#include "models/net/cnn.h"

#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIDE = 30, IMAGES = 6, CLASSES = 3 };
static const struct adam_settings ADAM = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};

static const struct cnn_shape three_blocks = {.size = SIDE,
                                              .channels = 1,
                                              .n_blocks = 3,
                                              .filters = {8, 16, 32},
                                              .n_dense = 2,
                                              .dense = {16, 8},
                                              .n_classes = CLASSES,
                                              .dropout = {0.2, 0.3, 0.4}};

static struct nodes nodes_of(const struct cnn_shape *shape, int fused)
{
    struct nodes nodes;
    struct err err = {0};
    if (cnn_nodes(shape, &nodes, &err) < 0)
        fail_msg("%s", err.text);
    if (fused)
        nodes_fuse(&nodes, 1);
    return nodes;
}

/* A batch of noise. */
struct problem {
    float pixels[IMAGES][SIDE * SIDE], target[IMAGES][CLASSES], weight[IMAGES];
    const float *image[IMAGES];
    struct batch batch;
};

static void make_problem(struct problem *p)
{
    struct rng rng = rng_start(3, 0);
    memset(p, 0, sizeof *p);
    for (int i = 0; i < IMAGES; i++) {
        for (int j = 0; j < SIDE * SIDE; j++)
            p->pixels[i][j] = (float)rng_uniform(&rng);
        p->image[i] = p->pixels[i];
        p->target[i][i % CLASSES] = p->weight[i] = 1;
    }
    p->batch = (struct batch){
        .n = IMAGES, .image = p->image, .target = p->target[0], .weight = p->weight, .dropout_key = 3};
}

static struct net *network(const struct nodes *nodes)
{
    struct net *net = NULL;
    assert_int_equal(net_new(nodes, IMAGES, &optimiser_adam, &net, NULL), 0);
    net_init(net, 11);
    return net;
}

static float *gradient_of(const struct nodes *nodes, const struct problem *p)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    float logits[IMAGES * CLASSES], *gradient = calloc(nodes_n_params(nodes), sizeof *gradient);
    struct net *net = network(nodes);
    assert_non_null(gradient);
    net_gradient(net, &p->batch, &loss, logits, gradient);
    net_free(net);
    return gradient;
}

/* Largest difference of two vectors over the largest element of the second. */
static double difference(const float *a, const float *b, size_t n)
{
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - (double)b[i]);
        error = e <= error ? error : isnan(e) ? HUGE_VAL : e;
        scale = fmax(scale, fabs((double)b[i]));
    }
    assert_true(scale > 0);
    return error / scale;
}

static void fused_gradients_are_the_same_but_for_rounding(void **state)
{
    static struct problem p;
    struct nodes one = nodes_of(&three_blocks, 0), fused = nodes_of(&three_blocks, 1);
    (void)state;
    make_problem(&p);
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++) {
        if (kernels_select(TABLES[t], NULL) < 0)
            continue;
        float *a = gradient_of(&one, &p), *b = gradient_of(&fused, &p);
        double worst = difference(a, b, nodes_n_params(&one));
        print_message("%-10s largest difference %.1e\n", kernels_selected()->name, worst);
        assert_true(worst < 1e-4);
        free(a);
        free(b);
    }
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

static void adam_step(struct net *net, const struct batch *batch, const struct loss_rule *loss, float *probs)
{
    const struct update update = optimiser_adam_update(&ADAM, *net_steps(net) + 1, 1e-3);
    net_train(net, batch, loss, &update, probs);
}

/* Whatever layers apply their updates themselves: in the reference, which adds in one order, the same bits.
 * */
static void who_updates_changes_nothing(void **state)
{
    static struct problem p;
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    float probs[IMAGES * CLASSES];
    struct net *net[4];
    size_t n = 0;
    (void)state;
    make_problem(&p);
    assert_int_equal(kernels_select(KERNELS_REFERENCE, NULL), 0);
    for (unsigned variant = 0; variant < 4; variant++) {
        struct nodes nodes = nodes_of(&three_blocks, 1);
        unsigned dense = 0;
        for (int i = 0; i < nodes.n; i++)
            if (nodes.node[i].fused_update)
                nodes.node[i].fused_update = variant != 0 && dense++ != variant - 1;
        n = nodes_n_params(&nodes);
        net[variant] = network(&nodes);
        for (p.batch.dropout_step = 0; p.batch.dropout_step < 3; p.batch.dropout_step++)
            adam_step(net[variant], &p.batch, &loss, probs);
    }
    for (int i = 1; i < 4; i++) {
        assert_memory_equal(net_params(net[0]), net_params(net[i]), n * sizeof(float));
        assert_memory_equal(net_moments(net[0]), net_moments(net[i]), 2 * n * sizeof(float));
    }
    for (int i = 0; i < 4; i++)
        net_free(net[i]);
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

static void parameters_stay_in_their_places(void **state)
{
    static const char *const names[] = {"conv1", "conv2", "conv3", "dense1", "dense2", "logits"};
    struct nodes one = nodes_of(&three_blocks, 0), fused = nodes_of(&three_blocks, 1);
    size_t total = 0, n;
    int i = 0;
    (void)state;
    assert_int_equal(one.n, 3 * 3 + 2 + 2 * 3 + 1);
    assert_int_equal(fused.n, 3 + 2 + 2 * 2 + 1);
    for (const struct node *a, *b; (n = nodes_param(&one, i, &a, NULL, NULL)) > 0; i++) {
        struct param x, y;
        size_t at, fused_at;
        nodes_param(&one, i, NULL, &x, &at);
        assert_int_equal(nodes_param(&fused, i, &b, &y, &fused_at), n);
        assert_true(at == total && fused_at == at);
        assert_string_equal(a->name, names[i / 2]);
        assert_string_equal(b->name, a->name);
        assert_string_equal(x.role, i % 2 ? "bias" : "weight");
        assert_memory_equal(x.dim, y.dim, sizeof x.dim);
        total += n;
    }
    assert_int_equal(i, 12);
    assert_int_equal(total, nodes_n_params(&one));
}

/* Every dropout has its own number, in order. */
static void dropouts_are_numbered(void **state)
{
    (void)state;
    for (int fused = 0; fused < 2; fused++) {
        struct nodes nodes = nodes_of(&three_blocks, fused);
        int n = 0;
        for (int i = 0; i < nodes.n; i++)
            if (nodes.node[i].op->draws)
                assert_int_equal(nodes.node[i].dropout, n++);
        assert_int_equal(n, 3);
        assert_int_equal(nodes.n_dropouts, 3);
    }
}

static void what_does_not_fit_is_named(void **state)
{
    struct cnn_shape shape = three_blocks;
    struct nodes nodes;
    struct err err = {0};
    (void)state;
    shape.size = 21;
    assert_int_equal(cnn_nodes(&shape, &nodes, &err), E_USAGE);
    assert_non_null(strstr(err.text, "pool3 gets 1 x 1 pixels"));
    shape.size = 22;
    assert_int_equal(cnn_nodes(&shape, &nodes, &err), 0);
    shape.filters[1] = 65536;
    assert_int_equal(cnn_check(&shape, 4096, &err), E_USAGE);
    assert_non_null(strstr(err.text, "conv2"));
    assert_non_null(strstr(err.text, "is too large"));
    nodes_start(&nodes, (struct tensor_shape){8, 8, 1});
    nodes_add(&nodes, &op_dense, "first")->units = 2;
    assert_int_equal(nodes_finish(&nodes, &err), E_USAGE);
    assert_non_null(strstr(err.text, "first gets an image"));
}

/* The last node alone: its gradient is the same, nothing below it moves, and it moves as a network
 * would that has just begun. */
static void the_last_node_learns_alone(void **state)
{
    const struct loss_rule loss = {.kind = LOSS_CROSS_ENTROPY};
    const struct update update = optimiser_adam_update(&ADAM, 1, 1e-3);
    static struct problem p;
    (void)state;
    make_problem(&p);
    for (int fused = 0; fused < 2; fused++) {
        struct nodes nodes = nodes_of(&three_blocks, fused);
        const struct node *last = &nodes.node[nodes.n - 1];
        size_t n = nodes_n_params(&nodes), bytes = n * sizeof(float);
        float *before = malloc(bytes), *after, probs[IMAGES * CLASSES];
        float *whole = gradient_of(&nodes, &p);
        p.batch.last_only = 1;
        float *part = gradient_of(&nodes, &p);
        struct net *net = network(&nodes);
        assert_memory_equal(whole + last->param, part + last->param, last->n_params * sizeof *part);
        p.batch.last_only = 0;
        net_train(net, &p.batch, &loss, &update, probs);
        memcpy(before, net_params(net), bytes);
        net_renew_last(net, 12);
        assert_memory_equal(before, net_params(net), last->param * sizeof(float));
        assert_memory_not_equal(before + last->param, net_params(net) + last->param, CLASSES * sizeof(float));
        memcpy(before, net_params(net), bytes);
        p.batch.last_only = 1;
        net_train(net, &p.batch, &loss, &update, probs);
        p.batch.last_only = 0;
        after = net_params(net);
        assert_memory_equal(before, after, last->param * sizeof(float));
        for (size_t i = last->param; i < n; i++) /* the first step of Adam is a learning rate long */
            assert_true(fabs(fabs((double)after[i] - (double)before[i]) - 0.001) < 1e-4 ||
                        fabs((double)after[i] - (double)before[i]) < 1e-9);
        assert_int_equal(*net_steps(net), 1);
        net_free(net);
        free(before);
        free(whole);
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_gradients_are_the_same_but_for_rounding),
        cmocka_unit_test(who_updates_changes_nothing),
        cmocka_unit_test(parameters_stay_in_their_places),
        cmocka_unit_test(dropouts_are_numbered),
        cmocka_unit_test(the_last_node_learns_alone),
        cmocka_unit_test(what_does_not_fit_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
