/* Optimisers, schedules, clipping and label smoothing against PyTorch (tests/golden/optimisers.h5, made by
 * make_optimisers.py beside it), with every kernel table this CPU runs; and settings that make no sense. */
#include "models/training.h"

#include "models/model.h"
#include "models/net/cnn.h"
#include "sections.h"
#include "support/with.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char GOLDEN[] = "tests/golden/optimisers.h5";
static const enum kernels_isa TABLES[] = {KERNELS_REFERENCE, KERNELS_BLAS, KERNELS_AVX2, KERNELS_AVX512};

/* As make_optimisers.py has them. */
enum { EPOCHS = 5, STEPS = 10, N_WEIGHTS = 40, N_ALL = 47, SIDE = 18, IMAGES = 5, CLASSES = 3 };

static hid_t golden;

static struct config plain_config(void)
{
    struct config config = config_defaults(worker_schema());
    with(&config, "train.epochs", EPOCHS);
    with(&config, "train.batch", IMAGES);
    with(&config, "image.size", SIDE);
    with_text(&config, "clusters", "1-2-3");
    return config;
}

/* The settings of a group, a line each. */
static struct config config_of_group(hid_t group)
{
    struct config config = plain_config();
    char text[512] = "";
    hid_t attribute = H5Aopen(group, "settings", H5P_DEFAULT), type = H5Aget_type(attribute);
    assert_true(H5Tget_size(type) < sizeof text && H5Aread(attribute, type, text) >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        char *equals = strchr(line, '=');
        if (!equals)
            continue;
        *equals = '\0';
        with_text(&config, line, equals + 1);
    }
    return config;
}

static void read_all(hid_t group, const char *name, hid_t type, size_t n, void *out)
{
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    assert_int_equal(H5Sget_simple_extent_npoints(space), n);
    assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
}

/* Largest difference over the largest expected element. */
static double difference(const float *a, const double *expected, size_t n)
{
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - expected[i]);
        error = e <= error ? error : isnan(e) ? HUGE_VAL : e;
        scale = fmax(scale, fabs(expected[i]));
    }
    return error / scale;
}

/* What a group is compared by: the worst relative error. */
typedef double check_group(hid_t group, const struct config *config);

struct walk {
    check_group *check;
    double worst;
    int n;
    char name[64]; /* of the worst */
};

static herr_t visit(hid_t parent, const char *name, const H5L_info_t *info, void *self)
{
    struct walk *walk = self;
    (void)info;
    hid_t group = H5Gopen2(parent, name, H5P_DEFAULT);
    const struct config config = config_of_group(group);
    double error = walk->check(group, &config);
    H5Gclose(group);
    walk->n++;
    if (!(error <= walk->worst)) {
        walk->worst = error;
        snprintf(walk->name, sizeof walk->name, "%s", name);
    }
    return 0;
}

/* All groups below a path; the worst of them is at most `most`. */
static void check_all(const char *path, const char *what, check_group *check, int least, double most)
{
    struct walk walk = {.check = check};
    hid_t group = H5Gopen2(golden, path, H5P_DEFAULT);
    assert_true(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &walk) >= 0);
    H5Gclose(group);
    print_message("%-10s %-9s %2d cases, worst relative error %.1e (%s)\n", what, path + 1, walk.n,
                  walk.worst, walk.name);
    assert_true(walk.n >= least && walk.worst <= most);
}

static double check_rates(hid_t group, const struct config *config)
{
    double rate[20 * EPOCHS], worst = 0;
    read_all(group, "rate", H5T_NATIVE_DOUBLE, 20 * EPOCHS, rate);
    for (int t = 0; t < 20 * EPOCHS; t++)
        worst = fmax(worst, fabs(rate_at(config, t, 20 * EPOCHS) - rate[t]) / rate[t]);
    return worst;
}

/* PyTorch's cosine goes from step to step, ours is the closed form: they part where the rate is near
 * nothing. */
static void rates_are_pytorchs(void **state)
{
    (void)state;
    check_all("/rate", "", check_rates, 8, 1e-9);
}

static const struct optimiser *optimiser_of(const struct config *config)
{
    const struct training *training = config_of(config, &training_section);
    return optimiser_find(training->optimizer);
}

/* By the kernels selected, weights and biases apart as a network has them. */
static double check_vector(hid_t group, const struct config *config)
{
    static float w[N_ALL], m[2][N_ALL], gradient[STEPS][N_ALL];
    double expected[N_ALL];
    const struct optimiser *o = optimiser_of(config);
    const struct training *training = config_of(config, &training_section);
    memset(m, 0, sizeof m);
    read_all(group, "start", H5T_NATIVE_FLOAT, N_ALL, w);
    read_all(group, "gradient", H5T_NATIVE_FLOAT, STEPS * N_ALL, gradient);
    read_all(group, "end", H5T_NATIVE_DOUBLE, N_ALL, expected);
    for (int t = 0; t < STEPS; t++) {
        const struct update update = o->update(config, t + 1, rate_at(config, t, STEPS));
        double norm = sqrt(kernels_selected()->sum_squares(gradient[t], N_ALL));
        for (int i = 0; training->clip_norm > 0 && norm > training->clip_norm && i < N_ALL; i++)
            gradient[t][i] *= (float)(training->clip_norm / norm);
        o->apply(kernels_selected(), w, (float *const[]){m[0], m[1]}, gradient[t], N_WEIGHTS, 1, &update);
        o->apply(kernels_selected(), w + N_WEIGHTS, (float *const[]){m[0] + N_WEIGHTS, m[1] + N_WEIGHTS},
                 gradient[t] + N_WEIGHTS, N_ALL - N_WEIGHTS, 0, &update);
    }
    return difference(w, expected, N_ALL);
}

/* The batch that all networks of the file learn from. */
struct problem {
    float pixels[IMAGES][SIDE * SIDE], weight[IMAGES], start[4096], target[IMAGES][CLASSES];
    int label[IMAGES];
    const float *image[IMAGES];
    struct batch batch;
};

static void read_problem(struct problem *p, size_t n_params, double smoothing)
{
    hid_t group = H5Gopen2(golden, "/problem", H5P_DEFAULT);
    assert_true(n_params <= 4096);
    read_all(group, "images", H5T_NATIVE_FLOAT, IMAGES * SIDE * SIDE, p->pixels);
    read_all(group, "weight", H5T_NATIVE_FLOAT, IMAGES, p->weight);
    read_all(group, "label", H5T_NATIVE_INT, IMAGES, p->label);
    read_all(group, "start", H5T_NATIVE_FLOAT, n_params, p->start);
    H5Gclose(group);
    for (int i = 0; i < IMAGES; i++) {
        p->image[i] = p->pixels[i];
        for (int c = 0; c < CLASSES; c++)
            p->target[i][c] = (float)((c == p->label[i]) * (1 - smoothing) + smoothing / CLASSES);
    }
    p->batch = (struct batch){
        .n = IMAGES, .per_epoch = 2, .image = p->image, .target = p->target[0], .weight = p->weight};
}

static struct nodes small_nodes(void)
{
    static const struct cnn_shape shape = {.size = SIDE,
                                           .channels = 1,
                                           .n_blocks = 2,
                                           .filters = {4, 6},
                                           .n_dense = 2,
                                           .dense = {10, 8},
                                           .n_classes = CLASSES};
    struct nodes nodes;
    assert_int_equal(cnn_nodes(&shape, &nodes, NULL), 0);
    return nodes;
}

/* The whole way: settings, fused or not, clipped or not. The worse of weights and losses. */
static double check_network(hid_t group, const struct config *config)
{
    static struct problem p;
    static double end[4096], loss[STEPS];
    const struct loss_rule rule = {.kind = LOSS_CROSS_ENTROPY};
    const struct nodes nodes = small_nodes();
    size_t n = nodes_n_params(&nodes);
    float probs[IMAGES * CLASSES];
    struct net *net = NULL;
    read_problem(&p, n, batches_label_smoothing(config));
    read_all(group, "end", H5T_NATIVE_DOUBLE, n, end);
    read_all(group, "loss", H5T_NATIVE_DOUBLE, STEPS, loss);
    assert_int_equal(training_new(config, &nodes, &net, NULL), 0);
    memcpy(net_params(net), p.start, n * sizeof(float));
    double worst = 0;
    for (p.batch.step = 0; p.batch.step < STEPS; p.batch.step++)
        worst =
            fmax(worst, fabs(training_teach(net, config, &p.batch, &rule, probs) / loss[p.batch.step] - 1));
    worst = fmax(worst, difference(net_params(net), end, n));
    net_free(net);
    return worst;
}

static void with_every_table(const char *path, check_group *check, int least, double most)
{
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++)
        if (kernels_select(TABLES[t], NULL) == 0)
            check_all(path, kernels_selected()->name, check, least, most);
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
}

static void steps_of_vectors_are_pytorchs(void **state)
{
    (void)state;
    with_every_table("/vector", check_vector, 13, 2e-6);
}

static void steps_of_networks_are_pytorchs(void **state)
{
    (void)state;
    with_every_table("/network", check_network, 22, 1e-4);
}

static void assert_refused(struct config config, const char *why)
{
    struct err err = {0};
    int rc = config_check(&config, &err);
    if (rc == 0)
        rc = training_check(&config, &err);
    assert_int_equal(rc, E_USAGE);
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct config step = plain_config(), warm = plain_config(), sgd = plain_config();
    (void)state;
    with_text(&step, "train.schedule", "step");
    assert_refused(step, "give them, e.g. [30, 60]");
    with_text(&step, "train.milestones", "2-5");
    assert_refused(step, "epoch 5 is never followed by another");
    with_text(&step, "train.milestones", "2-4");
    assert_int_equal(training_check(&step, NULL), 0);
    with(&warm, "train.warmup", EPOCHS);
    assert_refused(warm, "leaves nothing of train.epochs 5");
    with_text(&warm, "train.schedule", "one-cycle"); /* which does not read it */
    assert_int_equal(training_check(&warm, NULL), 0);
    with_text(&sgd, "train.optimizer", "sgd");
    with_text(&sgd, "train.nesterov", "true");
    assert_int_equal(config_check(&sgd, NULL), 0);
    with(&sgd, "train.momentum", 0);
    assert_refused(sgd, "looks ahead along the momentum");
}

/* A schedule ends where the training does, whatever a network's number of steps. */
static void every_schedule_is_finite_and_positive(void **state)
{
    static const char *const schedules[] = {"constant", "step", "cosine", "one-cycle"};
    (void)state;
    for (size_t s = 0; s < 4; s++)
        for (int64_t per_epoch = 1; per_epoch < 5; per_epoch++) {
            struct config config = plain_config();
            with_text(&config, "train.schedule", schedules[s]);
            with_text(&config, "train.milestones", "2");
            for (int64_t t = 0; t < EPOCHS * per_epoch; t++) {
                double rate = rate_at(&config, t, EPOCHS * per_epoch);
                assert_true(rate > 0 && rate <= 0.001 * (1 + 1e-12));
            }
            with(&config, "train.epochs", 1);
            assert_true(rate_at(&config, 0, 1) > 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_pytorchs),
        cmocka_unit_test(steps_of_vectors_are_pytorchs),
        cmocka_unit_test(steps_of_networks_are_pytorchs),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(every_schedule_is_finite_and_positive),
    };
    golden = H5Fopen(GOLDEN, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (golden < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    H5Fclose(golden);
    return failed;
}
