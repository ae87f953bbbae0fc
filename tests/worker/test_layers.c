/* Every gradient by finite differences. The engine's own sources are compiled here once more with double for
 * float, so that differences are exact to many digits: a formula is right or it is not. */
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

#include "err.h"
#include "rng.h"

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
#define float double
#define sqrtf sqrt
#define expf  exp
#define erff  erf
#include "kernels/reference.c"
#include "models/net/nodes.c"
#include "models/net/ops_conv.c"
#include "models/net/ops_dense.c"
#include "models/net/ops_norm.c"
#include "models/net/ops_pool.c"
#include "models/net/ops_rows.c"
#include "models/net/ops_tokens.c"
#include "models/net/ops_attention.c"
#include "models/net/fuse.c"
#include "base/loss.c"
enum { PART_FLOATS = 200, PART_PIXELS = 1 }; /* one or a few images of a batch at a time */
#define PART_FLOATS PART_FLOATS
#include "models/net/parts.c"
#include "models/net/net.c"
#include "models/net/cnn.c"
#include "models/net/vit.c"
#undef float

static const double STEP = 1e-5, TOLERANCE = 1e-7;

const struct kernels *kernels_selected(void)
{
    return &kernels_reference;
}

/* A scalar function of the arrays in *context; *signature says on which smooth piece it was evaluated. */
typedef double (*objective_fn)(void *context, uint64_t *signature);

static void fill(double *x, size_t n, uint64_t key)
{
    struct rng rng = rng_start(key, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_between(&rng, -1, 1);
}

static double max_abs(const double *x, size_t n)
{
    double top = 0;
    for (size_t i = 0; i < n; i++)
        top = fabs(x[i]) > top ? fabs(x[i]) : top;
    return top;
}

/* Central difference along every element of x (n) against gradient (n). Elements where a maximum or a ReLU
 * switches within the step are left out; they must be few. */
static void check_gradient(const char *what, double *x, size_t n, const double *gradient, objective_fn f,
                           void *context)
{
    double scale = max_abs(gradient, n);
    size_t skipped = 0;
    assert_true(scale > 1e-6);
    for (size_t i = 0; i < n; i++) {
        uint64_t above, below;
        double old = x[i];
        x[i] = old + STEP;
        double high = f(context, &above);
        x[i] = old - STEP;
        double low = f(context, &below);
        x[i] = old;
        double difference = (high - low) / (2 * STEP);
        if (above != below)
            skipped++;
        else if (!(fabs(difference - gradient[i]) <= TOLERANCE * scale))
            fail_msg("%s, element %zu: gradient %.12g, finite difference %.12g", what, i, gradient[i],
                     difference);
    }
    if (20 * skipped > n)
        fail_msg("%s: %zu of %zu elements are at a kink", what, skipped, n);
}

struct conv_case {
    struct conv_shape shape;
    int pooled; /* 1: with ReLU and pool */
    double *in, *weight, *bias, *out, *mix;
    uint8_t *winner;
    size_t n_out;
};

/* sum of mix * out: its gradient with respect to out is mix. */
static double conv_objective(void *context, uint64_t *signature)
{
    struct conv_case *c = context;
    double sum = 0;
    if (c->pooled)
        kernels_reference.conv_pool_forward(c->out, c->winner, c->in, c->weight, c->bias, c->shape, NULL);
    else
        kernels_reference.conv_forward(c->out, c->in, c->weight, c->bias, c->shape, 0, NULL);
    *signature = rng_key("winner", c->winner, c->n_out);
    for (size_t i = 0; i < c->n_out; i++)
        sum += c->mix[i] * c->out[i];
    return sum;
}

static double *array(size_t n, uint64_t key)
{
    double *x = calloc(n, sizeof *x);
    assert_non_null(x);
    fill(x, n, key);
    return x;
}

static void check_conv(struct conv_shape s, int pooled)
{
    size_t n_in = (size_t)(s.n * s.h * s.w * s.c), n_w = (size_t)(s.side * s.side * s.c * s.k);
    size_t k = (size_t)s.k, half = pooled ? 2 : 1;
    size_t n_out = (size_t)s.n * ((size_t)conv_size(s.h, s) / half) * ((size_t)conv_size(s.w, s) / half) * k;
    struct conv_case c = {.shape = s,
                          .pooled = pooled,
                          .in = array(n_in, 1),
                          .weight = array(n_w, 2),
                          .bias = array(k, 3),
                          .out = array(n_out, 4),
                          .mix = array(n_out, 5),
                          .winner = calloc(n_out, 1),
                          .n_out = n_out};
    double *dw = array(n_w, 6), *db = array(k, 7), *din = array(n_in, 8);
    uint64_t signature;
    conv_objective(&c, &signature);
    if (pooled)
        kernels_reference.conv_pool_backward(dw, db, din, c.mix, c.winner, c.in, c.weight, s, NULL);
    else {
        memset(dw, 0, n_w * sizeof *dw);
        memset(db, 0, k * sizeof *db);
        kernels_reference.conv_backward(dw, db, din, c.mix, c.in, c.weight, s, NULL);
    }
    check_gradient("conv weight", c.weight, n_w, dw, conv_objective, &c);
    check_gradient("conv bias", c.bias, k, db, conv_objective, &c);
    check_gradient("conv input", c.in, n_in, din, conv_objective, &c);
    double *const all[] = {c.in, c.weight, c.bias, c.out, c.mix, dw, db, din};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(c.winner);
}

static void test_conv_pool_gradients(void **state)
{
    (void)state;
    check_conv((struct conv_shape){.n = 1, .h = 6, .w = 6, .c = 1, .k = 1, .side = 3, .stride = 1}, 1);
    check_conv((struct conv_shape){.n = 2, .h = 7, .w = 10, .c = 3, .k = 5, .side = 3, .stride = 1}, 1);
    check_conv((struct conv_shape){.n = 3, .h = 9, .w = 7, .c = 2, .k = 4, .side = 3, .stride = 1}, 1);
}

static void test_conv_gradients(void **state)
{
    (void)state;
    check_conv((struct conv_shape){1, 6, 6, 1, 1, .side = 3, .pad = 0, .stride = 1}, 0);
    check_conv((struct conv_shape){2, 5, 6, 3, 4, .side = 3, .pad = 1, .stride = 1}, 0);
    check_conv((struct conv_shape){2, 7, 6, 2, 3, .side = 3, .pad = 1, .stride = 2}, 0);
    check_conv((struct conv_shape){2, 5, 4, 3, 4, .side = 1, .pad = 0, .stride = 1}, 0);
    check_conv((struct conv_shape){2, 5, 6, 3, 2, .side = 1, .pad = 0, .stride = 2}, 0);
    check_conv((struct conv_shape){1, 6, 7, 2, 3, .side = 5, .pad = 2, .stride = 1}, 0);
    check_conv((struct conv_shape){1, 9, 8, 2, 2, .side = 7, .pad = 3, .stride = 3}, 0);
    check_conv((struct conv_shape){1, 2, 3, 2, 2, .side = 5, .pad = 4, .stride = 2}, 0);
}

/* The reference on one row of pixels 1 2 3, by hand. */
static void check_row(struct conv_shape s, const double *expected, int relu)
{
    double weight[9] = {0, 0, 0, 1, 10, 100, 0, 0, 0}, bias[1] = {-200}, in[3] = {1, 2, 3}, out[3];
    kernels_reference.conv_forward(out, in, weight, bias, s, relu, NULL);
    for (int i = 0; i < conv_size(s.w, s); i++)
        assert_true(out[i] == expected[i]);
}

static void test_plain_conv_by_hand(void **state)
{
    (void)state;
    struct conv_shape s = {1, 1, 3, 1, 1, .side = 3, .pad = 1, .stride = 1};
    check_row(s, (double[]){10, 121, -168}, 0);
    check_row(s, (double[]){10, 121, 0}, 1);
    s.stride = 2;
    check_row(s, (double[]){10, -168}, 0);
}

/* One pixel by hand: a 3x3 filter that picks the centre, on a 4x4 image, so that the window
 * is the four centre pixels. */
static void test_conv_by_hand(void **state)
{
    struct conv_shape s = {.n = 1, .h = 4, .w = 4, .c = 1, .k = 1, .side = 3, .stride = 1};
    double weight[9] = {0, 0, 0, 0, 1, 0, 0, 0, 0}, bias[1] = {0.5}, in[16] = {0}, out[1];
    uint8_t winner[1];
    (void)state;
    in[9] = 2; /* row 2, column 1: bottom left of the window */
    kernels_reference.conv_pool_forward(out, winner, in, weight, bias, s, NULL);
    assert_true(out[0] == 2.5 && winner[0] == 2);
    in[5] = 2; /* an equal one that comes first */
    kernels_reference.conv_pool_forward(out, winner, in, weight, bias, s, NULL);
    assert_true(out[0] == 2.5 && winner[0] == 0);
    in[10] = nan("");
    kernels_reference.conv_pool_forward(out, winner, in, weight, bias, s, NULL);
    assert_true(isnan(out[0]) && winner[0] <= 3);
    memset(in, 0, sizeof in);
    bias[0] = -1;
    kernels_reference.conv_pool_forward(out, winner, in, weight, bias, s, NULL);
    assert_true(out[0] == 0 && winner[0] == WINNER_NONE);
}

struct dense_case {
    struct dense_shape shape;
    double in[6 * 11], weight[7 * 11], bias[7], out[6 * 7], mix[6 * 7];
};

static double dense_objective(void *context, uint64_t *signature)
{
    struct dense_case *c = context;
    double sum = 0;
    *signature = 0;
    kernels_reference.dense_forward(c->out, c->in, c->weight, c->bias, c->shape, 0, NULL);
    for (size_t i = 0; i < sizeof c->out / sizeof *c->out; i++)
        sum += c->mix[i] * c->out[i];
    return sum;
}

static void test_dense_gradients(void **state)
{
    struct dense_case c = {.shape = {.n = 6, .in = 11, .out = 7}};
    double din[6 * 11], dw[7 * 11], db[7];
    (void)state;
    fill(c.in, 6 * 11, 1);
    fill(c.weight, 7 * 11, 2);
    fill(c.bias, 7, 3);
    fill(c.mix, 6 * 7, 4);
    kernels_reference.dense_backward_input(din, c.mix, c.weight, c.shape, NULL);
    kernels_reference.dense_backward_weight(dw, db, c.mix, c.in, c.shape, NULL);
    check_gradient("dense weight", c.weight, 7 * 11, dw, dense_objective, &c);
    check_gradient("dense bias", c.bias, 7, db, dense_objective, &c);
    check_gradient("dense input", c.in, 6 * 11, din, dense_objective, &c);
}

/* dense_update is dense_backward_weight and then Adam. */
static void test_dense_update(void **state)
{
    enum { N = 4, IN = 5, OUT = 3, W = IN * OUT };
    struct dense_shape s = {.n = N, .in = IN, .out = OUT};
    struct adam_step a = {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-7, .rate = 0.01};
    double in[N * IN], dout[N * OUT], w[2][W + OUT], m[2][W + OUT], v[2][W + OUT], g[W + OUT];
    (void)state;
    fill(in, N * IN, 1);
    fill(dout, N * OUT, 2);
    for (int i = 0; i < 2; i++) {
        fill(w[i], W + OUT, 3);
        fill(m[i], W + OUT, 4);
        fill(v[i], W + OUT, 5);
        for (int j = 0; j < W + OUT; j++)
            v[i][j] = fabs(v[i][j]);
    }
    kernels_reference.dense_backward_weight(g, g + W, dout, in, s, NULL);
    kernels_reference.adam(w[0], m[0], v[0], g, W + OUT, a);
    kernels_reference.dense_update(w[1], m[1], v[1], w[1] + W, m[1] + W, v[1] + W, dout, in, s, a, NULL);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(m[0], m[1], sizeof m[0]);
    assert_memory_equal(v[0], v[1], sizeof v[0]);
}

enum { SAMPLES = 5, CLASSES = 4 };

struct loss_case {
    struct loss_rule loss;
    double logits[SAMPLES * CLASSES], target[SAMPLES * CLASSES], weight[SAMPLES], scratch[SAMPLES * CLASSES];
};

static double loss_objective(void *context, uint64_t *signature)
{
    struct loss_case *c = context;
    *signature = 0;
    return loss_gradient(c->scratch, c->logits, c->target, c->weight, SAMPLES, CLASSES, &c->loss);
}

/* Rows of soft targets that sum to 1; the last one is hard. */
static void soft_targets(double *target, int n, int classes)
{
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < classes; j++)
            sum += target[i * classes + j] = fabs(target[i * classes + j]) + 0.01;
        for (int j = 0; j < classes; j++)
            target[i * classes + j] = i == n - 1 ? j == 1 : target[i * classes + j] / sum;
    }
}

static struct loss_case loss_case(enum loss_kind kind, double gamma, const double *offset)
{
    struct loss_case c = {.loss = {.kind = kind, .gamma = gamma, .logit_offset = offset}};
    fill(c.logits, SAMPLES * CLASSES, 1);
    fill(c.target, SAMPLES * CLASSES, 2);
    fill(c.weight, SAMPLES, 3);
    for (int i = 0; i < SAMPLES * CLASSES; i++)
        c.logits[i] *= 3;
    soft_targets(c.target, SAMPLES, CLASSES);
    return c;
}

static void test_loss_gradients(void **state)
{
    static const double offset[CLASSES] = {-2, 0.5, 0, 1}, margin[CLASSES] = {0.4, 1, 0, 3},
                        gammas[] = {0, 0.5, 1, 2, 5};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t g = 0; g < sizeof gammas / sizeof *gammas; g++) {
            struct loss_case c =
                loss_case(g ? LOSS_FOCAL : LOSS_CROSS_ENTROPY, gammas[g], i % 2 ? offset : NULL);
            double gradient[SAMPLES * CLASSES];
            c.loss.margin = i < 2 ? NULL : margin;
            c.loss.scale = 2;
            loss_gradient(gradient, c.logits, c.target, c.weight, SAMPLES, CLASSES, &c.loss);
            check_gradient("logits", c.logits, SAMPLES * CLASSES, gradient, loss_objective, &c);
        }
}

static void test_loss_values(void **state)
{
    struct loss_case ce = loss_case(LOSS_CROSS_ENTROPY, 0, NULL), focal0 = loss_case(LOSS_FOCAL, 0, NULL);
    double z[2] = {0, log(3)}, t[2] = {1, 0}, w = 2, d[2], p[2];
    struct loss_rule plain = {.kind = LOSS_CROSS_ENTROPY}, squared = {.kind = LOSS_FOCAL, .gamma = 2};
    uint64_t ignored;
    (void)state;
    assert_true(fabs(loss_objective(&ce, &ignored) - loss_objective(&focal0, &ignored)) < 1e-14);
    for (int i = 0; i < SAMPLES * CLASSES; i++)
        assert_true(fabs(ce.scratch[i] - focal0.scratch[i]) < 1e-14);
    assert_true(fabs(loss_gradient(d, z, t, &w, 1, 2, &plain) - 2 * log(4)) < 1e-14); /* p = 1/4 */
    assert_true(fabs(d[0] + 1.5) < 1e-14 && fabs(d[1] - 1.5) < 1e-14);
    assert_true(fabs(loss_gradient(d, z, t, &w, 1, 2, &squared) - 2 * 0.5625 * log(4)) < 1e-14);
    loss_softmax(p, z, 1, 2);
    assert_true(fabs(p[0] - 0.25) < 1e-15 && fabs(p[1] - 0.75) < 1e-15);
}

/* Certain predictions stay finite, absent classes get no probability, NaN is not hidden. */
static void test_loss_extremes(void **state)
{
    double z[2] = {1000, -1000}, t[2] = {1, 0}, w = 1, d[2], absent[2] = {0, -HUGE_VAL};
    struct loss_rule loss[3] = {{.kind = LOSS_CROSS_ENTROPY},
                                {.kind = LOSS_FOCAL, .gamma = 0.5},
                                {.kind = LOSS_CROSS_ENTROPY, .logit_offset = absent}};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(loss_gradient(d, z, t, &w, 1, 2, &loss[i]) == 0);
        assert_true(d[0] == 0 && d[1] == 0);
    }
    t[0] = 0;
    t[1] = 1;
    for (int i = 0; i < 2; i++)
        assert_true(fabs(loss_gradient(d, z, t, &w, 1, 2, &loss[i]) - 2000) < 1e-9);
    z[0] = nan("");
    for (int i = 0; i < 3; i++) {
        assert_true(isnan(loss_gradient(d, z, t, &w, 1, 2, &loss[i])));
        assert_true(isnan(d[0]) && isnan(d[1]));
    }
}

enum { IMAGES = 4, N_CLASSES = 3, MAX_PIXELS = 30 * 30 };

/* A network and a batch of random images with soft targets. */
struct network_case {
    struct net *net;
    size_t n_params;
    struct batch batch;
    struct loss_rule loss;
    double logits[IMAGES * N_CLASSES], *gradient; /* (n_params) */
    double pixels[IMAGES * MAX_PIXELS], target[IMAGES * N_CLASSES], weight[IMAGES];
    const double *image[IMAGES];
};

static void set_up_network(struct network_case *c, const struct nodes *nodes)
{
    size_t floats = tensor_floats(nodes->input);
    assert_true(floats <= MAX_PIXELS);
    memset(c, 0, sizeof *c);
    assert_int_equal(net_new(nodes, IMAGES, &optimiser_adam, &c->net, NULL), 0);
    net_init(c->net, 7);
    fill(c->pixels, IMAGES * floats, 8);
    fill(c->target, IMAGES * N_CLASSES, 9);
    soft_targets(c->target, IMAGES, N_CLASSES);
    for (size_t i = 0; i < IMAGES; i++) {
        c->image[i] = c->pixels + i * floats;
        c->weight[i] = 0.5 + (double)i / 2;
    }
    c->batch = (struct batch){.n = IMAGES,
                              .image = c->image,
                              .target = c->target,
                              .weight = c->weight,
                              .dropout_key = 5,
                              .dropout_step = 3};
    c->n_params = nodes_n_params(nodes);
    c->gradient = array(c->n_params, 0);
}

static void tear_down_network(struct network_case *c)
{
    free(c->gradient);
    net_free(c->net);
}

static int chooses(const struct node *node)
{
    return node->op == &op_max_pool || node->op == &op_conv_pool;
}

/* Signs of all values, and what pools chose: the piece on which the network was evaluated. */
static uint64_t signature_of(const struct net *net)
{
    static uint8_t on[1 << 18];
    size_t used = 0;
    for (int i = 0; i < net->nodes.n; i++) {
        const struct node *node = &net->nodes.node[i];
        size_t kept = chooses(node) ? IMAGES * node->op->kept(node) : 0,
               n = IMAGES * tensor_floats(node->out);
        assert_true(used + kept + n < sizeof on);
        if (kept)
            memcpy(on + used, net->of[i].kept, kept);
        used += kept;
        for (size_t j = 0; j < n; j++)
            on[used++] = net->of[i].out[j] > 0;
    }
    return rng_key("kinks", on, used);
}

static double network_objective(void *context, uint64_t *signature)
{
    struct network_case *c = context;
    double value = net_gradient(c->net, &c->batch, &c->loss, c->logits, c->gradient);
    *signature = signature_of(c->net);
    return value;
}

static void check_network(const char *what, const struct nodes *nodes, struct loss_rule loss)
{
    static struct network_case c;
    uint64_t signature;
    set_up_network(&c, nodes);
    c.loss = loss;
    double *gradient = array(c.n_params, 0);
    network_objective(&c, &signature);
    memcpy(gradient, c.gradient, c.n_params * sizeof *gradient);
    check_gradient(what, net_params(c.net), c.n_params, gradient, network_objective, &c);
    free(gradient);
    tear_down_network(&c);
}

static struct nodes report_like(double rate)
{
    const struct cnn_shape shape = {.size = 15,
                                    .channels = 1,
                                    .n_blocks = 2,
                                    .filters = {3, 4},
                                    .n_dense = 2,
                                    .dense = {7, 6},
                                    .n_classes = N_CLASSES,
                                    .dropout = {rate, rate, rate / 2}};
    struct nodes nodes;
    assert_int_equal(cnn_nodes(&shape, &nodes, NULL), 0);
    return nodes;
}

/* Three blocks, one of them with an odd map, and one dense layer. */
static struct nodes three_blocks(void)
{
    const struct cnn_shape shape = {.size = 30,
                                    .channels = 1,
                                    .n_blocks = 3,
                                    .filters = {2, 3, 4},
                                    .n_dense = 1,
                                    .dense = {6},
                                    .n_classes = N_CLASSES,
                                    .dropout = {0.2, 0.3}};
    struct nodes nodes;
    assert_int_equal(cnn_nodes(&shape, &nodes, NULL), 0);
    return nodes;
}

/* Two blocks, patches that leave a margin, three heads. */
static struct nodes transformer(double rate)
{
    const struct vit_shape shape = {.size = 13,
                                    .channels = 1,
                                    .patch = 4,
                                    .width = 6,
                                    .n_blocks = 2,
                                    .heads = 3,
                                    .mlp = 2,
                                    .n_classes = N_CLASSES,
                                    .dropout = rate};
    struct nodes nodes;
    assert_int_equal(vit_nodes(&shape, &nodes, NULL), 0);
    return nodes;
}

static void test_network_gradient(void **state)
{
    static const double offset[N_CLASSES] = {0.5, -1, 0};
    const struct loss_rule plain = {.kind = LOSS_CROSS_ENTROPY},
                           focal = {.kind = LOSS_FOCAL, .gamma = 2, .logit_offset = offset};
    struct nodes still = transformer(0), dropping = transformer(0.3);
    (void)state;
    check_network("transformer", &still, plain);
    check_network("transformer with dropout", &dropping, plain);
    for (int fused = 0; fused < 2; fused++) {
        struct nodes nodes[3] = {report_like(0), report_like(0.4), three_blocks()};
        for (int i = 0; fused && i < 3; i++)
            nodes_fuse(&nodes[i], 1);
        check_network("network", &nodes[0], plain);
        check_network("network with dropout", &nodes[1], plain);
        check_network("network with focal loss", &nodes[1], focal);
        check_network("network of three blocks", &nodes[2], focal);
    }
}

/* A ResNet: a stem, a block with and one without a shortcut of its own, batch norms. */
static const struct cnn_shape residual = {.size = 8,
                                          .channels = 2,
                                          .stem = 3,
                                          .n_blocks = 2,
                                          .filters = {3, 4},
                                          .convs = 2,
                                          .same = 1,
                                          .norm = CNN_BATCH_NORM,
                                          .pool = CNN_STRIDE,
                                          .residual = 1,
                                          .global = 1,
                                          .n_classes = N_CLASSES};

/* Two convolutions a block of 5x5 pixels, group norms, GELU, average pools. */
static const struct cnn_shape grouped = {.size = 9,
                                         .channels = 1,
                                         .n_blocks = 2,
                                         .filters = {4, 6},
                                         .convs = 2,
                                         .kernel = 5,
                                         .same = 1,
                                         .norm = CNN_GROUP_NORM,
                                         .gelu = 1,
                                         .pool = CNN_AVERAGE_POOL,
                                         .n_dense = 1,
                                         .dense = {5},
                                         .n_classes = N_CLASSES,
                                         .dropout = {0.2, 0.3}};

static void test_family_gradients(void **state)
{
    (void)state;
    for (int fused = 0; fused < 2; fused++) {
        struct nodes nodes[2];
        assert_int_equal(cnn_nodes(&residual, &nodes[0], NULL), 0);
        assert_int_equal(cnn_nodes(&grouped, &nodes[1], NULL), 0);
        for (int i = 0; fused && i < 2; i++)
            nodes_fuse(&nodes[i], 1);
        check_network("residual network", &nodes[0], (struct loss_rule){.kind = LOSS_CROSS_ENTROPY});
        check_network("grouped network", &nodes[1], (struct loss_rule){.kind = LOSS_CROSS_ENTROPY});
    }
}

/* A network that judges by running statistics does so by its convolutions alone. */
static void test_folded_is_the_same(void **state)
{
    static struct network_case one, fused;
    struct nodes nodes[2];
    double probs[2][IMAGES * N_CLASSES];
    int folds = 0;
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cnn_nodes(&residual, &nodes[i], NULL), 0);
    nodes_fuse(&nodes[1], 1);
    for (int i = 0; i < nodes[1].n; i++)
        folds += nodes[1].node[i].folds > 0;
    assert_int_equal(folds, 6); /* the stem, two in each block, a shortcut */
    set_up_network(&one, &nodes[0]);
    set_up_network(&fused, &nodes[1]);
    for (int i = 0; i < 5; i++) {
        net_gradient(one.net, &one.batch, &one.loss, one.logits, one.gradient);
        net_gradient(fused.net, &fused.batch, &fused.loss, fused.logits, fused.gradient);
    }
    net_predict(one.net, one.image, IMAGES, probs[0]);
    net_predict(fused.net, fused.image, IMAGES, probs[1]);
    loss_softmax(one.logits, one.logits, IMAGES, N_CLASSES);
    double moved = 0;
    for (int i = 0; i < IMAGES * N_CLASSES; i++) {
        assert_true(fabs(probs[0][i] - probs[1][i]) < 1e-12);
        moved = fmax(moved, fabs(probs[0][i] - one.logits[i]));
    }
    assert_true(moved > 1e-3); /* the batch's statistics are others */
    tear_down_network(&one);
    tear_down_network(&fused);
}

/* Two convolutions of what the last node gives: it gets two gradients. Returns the first of them. */
static int fork_in_two(struct nodes *nodes)
{
    int read = nodes->n - 1;
    nodes_add(nodes, &op_conv, "one")->units = 3;
    struct node *two = nodes_add(nodes, &op_conv, "two");
    two->units = 3;
    two->from[0] = read;
    return read + 1;
}

/* An operation between others: what stands before takes the gradient of its input, what stands behind gives
 * it one. It gets an image, or, if it takes none, a vector, or tokens. */
static void around(const struct op *op, struct nodes *nodes)
{
    enum { IMAGE, VECTOR, TOKENS, N_INPUTS };
    for (int gets = IMAGE; gets < N_INPUTS; gets++) {
        nodes_start(nodes, (struct tensor_shape){9, 11, 2});
        nodes_add(nodes, &op_conv, "before")->units = 3;
        if (gets == VECTOR)
            nodes_add(nodes, &op_flatten, "vector");
        if (gets == TOKENS) {
            nodes_add(nodes, &op_patches, "patches")->units = 2;
            nodes_add(nodes, &op_linear, "linear")->units = 15;
        }
        int other = op->n_inputs == 2 && gets == IMAGE ? fork_in_two(nodes) : NODE_NONE;
        struct node *node = nodes_add(nodes, op, "op");
        node->units = 5;
        node->rate = 0.3;
        node->from[1] = other;
        nodes_add(nodes, &op_flatten, "flat");
        nodes_add(nodes, &op_dense, "logits")->units = N_CLASSES;
        if (nodes_finish(nodes, NULL) == 0)
            return;
    }
    fail_msg("%s takes neither an image nor a vector nor tokens", op->name);
}

static void test_every_operation(void **state)
{
    int i = 0;
    (void)state;
    for (const struct op *op; (op = op_row(i)); i++) {
        struct nodes nodes;
        around(op, &nodes);
        check_network(op->name, &nodes, (struct loss_rule){.kind = LOSS_CROSS_ENTROPY});
    }
    assert_true(i > 5);
}

/* The same numbers, but for rounding, one operation at a time and several at once. */
static void test_fused_is_the_same(void **state)
{
    static struct network_case one, fused;
    struct nodes nodes[2] = {three_blocks(), three_blocks()};
    (void)state;
    nodes_fuse(&nodes[1], 1);
    assert_true(nodes[1].n < nodes[0].n && nodes_n_params(&nodes[0]) == nodes_n_params(&nodes[1]));
    set_up_network(&one, &nodes[0]);
    set_up_network(&fused, &nodes[1]);
    assert_memory_equal(net_params(one.net), net_params(fused.net), one.n_params * sizeof(double));
    double a = net_gradient(one.net, &one.batch, &one.loss, one.logits, one.gradient);
    double b = net_gradient(fused.net, &fused.batch, &fused.loss, fused.logits, fused.gradient);
    assert_true(fabs(a - b) < 1e-14);
    for (size_t i = 0; i < one.n_params; i++)
        assert_true(fabs(one.gradient[i] - fused.gradient[i]) < 1e-14);
    assert_true(max_abs(one.gradient, one.n_params) > 0.01);
    tear_down_network(&one);
    tear_down_network(&fused);
}

struct norm_case {
    struct row_shape shape;
    int relu;
    double in[40], mix[40], out[40], scale[4], shift[4], mean[4], variance[4], inverse[4];
};

static double norm_objective(void *context, uint64_t *signature)
{
    struct norm_case *c = context;
    struct norm_channels channels = {c->mean, c->inverse, c->scale, c->shift};
    double sum = 0;
    unsigned char passes[40];
    kernels_reference.moments(c->mean, c->variance, c->in, c->shape);
    for (int j = 0; j < 4; j++)
        c->inverse[j] = 1 / sqrt(c->variance[j] + 1e-5);
    kernels_reference.normalise(c->out, c->in, &channels, c->shape, c->relu);
    for (int i = 0; i < 40; i++) {
        passes[i] = c->out[i] > 0;
        sum += c->mix[i] * c->out[i];
    }
    *signature = rng_key("passes", passes, sizeof passes);
    return sum;
}

static void test_norm_gradients(void **state)
{
    (void)state;
    for (int relu = 0; relu < 2; relu++) {
        struct norm_case c = {.shape = {10, 4, 4}, .relu = relu};
        struct norm_channels channels = {c.mean, c.inverse, c.scale, c.shift};
        double din[40], dscale[4] = {0}, dshift[4] = {0};
        uint64_t signature;
        fill(c.in, 40, 1);
        fill(c.mix, 40, 2);
        fill(c.scale, 4, 3);
        fill(c.shift, 4, 4);
        norm_objective(&c, &signature);
        kernels_reference.normalise_sums(dscale, dshift, c.mix, c.in, &channels, c.shape, relu);
        kernels_reference.normalise_backward(din, c.mix, c.in, &channels, dscale, dshift, 10, c.shape, relu);
        check_gradient("norm input", c.in, 40, din, norm_objective, &c);
        check_gradient("norm scale", c.scale, 4, dscale, norm_objective, &c);
        check_gradient("norm shift", c.shift, 4, dshift, norm_objective, &c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_pool_gradients), cmocka_unit_test(test_conv_gradients),
        cmocka_unit_test(test_plain_conv_by_hand),  cmocka_unit_test(test_conv_by_hand),
        cmocka_unit_test(test_norm_gradients),      cmocka_unit_test(test_dense_gradients),
        cmocka_unit_test(test_dense_update),        cmocka_unit_test(test_loss_gradients),
        cmocka_unit_test(test_loss_values),         cmocka_unit_test(test_loss_extremes),
        cmocka_unit_test(test_network_gradient),    cmocka_unit_test(test_family_gradients),
        cmocka_unit_test(test_folded_is_the_same),  cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_fused_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
