/* Trees against a plain search of all splits, and what a forest does with weights, seeds and bad arrays. */
#include "models/trees.h"

#include "sections.h"
#include "support/hand_dataset.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 60, FLOATS = 16, SIZE = 4, CLASSES = 3 };

static float pixel[N][FLOATS], ones[N];
static const float *image[N];
static int label[N];
static double weight[N];
static const struct model_set set = {N, image, label, ones};

/* Values from few to many, the last feature the same everywhere. */
static void make_rows(void)
{
    for (int i = 0; i < N; i++) {
        image[i] = pixel[i];
        label[i] = i % 5 == 0 ? 2 : i % 5 < 3 ? 0 : 1;
        ones[i] = 1;
        weight[i] = i % 4 ? i % 4 : 0;
        for (int f = 0; f < FLOATS; f++)
            pixel[i][f] = f == FLOATS - 1 ? 1 : (float)((i * 37 + f * 101 + i * f) % (3 + 4 * f)) - 2;
    }
}

static double impurity_left(int feature, double threshold, int side, double *all)
{
    double sum[CLASSES] = {0}, square = 0;
    *all = 0;
    for (int i = 0; i < N; i++)
        if (((double)pixel[i][feature] > threshold) == side) {
            sum[label[i]] += weight[i];
            *all += weight[i];
        }
    for (int c = 0; c < CLASSES; c++)
        square += *all > 0 ? sum[c] * sum[c] / *all : 0;
    return square;
}

/* The largest gain of any split at half of a whole number; all weights above 0 or not. */
static double best_gain(void)
{
    double best = 0, left, right;
    for (int f = 0; f < FLOATS; f++)
        for (double t = -2.5; t < 80; t++) {
            double gain = impurity_left(f, t, 0, &left) + impurity_left(f, t, 1, &right);
            if (left > 0 && right > 0)
                best = fmax(best, gain);
        }
    return best;
}

static struct trees grow_one(struct tree_rule rule)
{
    struct trees trees = {.n_classes = CLASSES, .floats = FLOATS};
    struct tree_rows rows;
    struct rng rng = rng_start(1, 0);
    assert_int_equal(tree_rows_new(&set, FLOATS, CLASSES, &rows, NULL, NULL), 0);
    assert_int_equal(trees_grow(&trees, &rows, weight, rule, &rng, NULL, NULL), 0);
    assert_int_equal(trees_check(&trees, NULL), 0);
    tree_rows_free(&rows);
    return trees;
}

static void the_first_split_is_the_best(void **state)
{
    double left, right;
    (void)state;
    make_rows();
    struct trees trees = grow_one((struct tree_rule){FLOATS, 1, 1});
    assert_int_equal(trees.n_nodes, 3);
    int feature = (int)trees.node[0];
    double gain = impurity_left(feature, (double)trees.threshold[0], 0, &left) +
                  impurity_left(feature, (double)trees.threshold[0], 1, &right);
    assert_true(left > 0 && right > 0 && fabs(gain - best_gain()) < 1e-9);
    trees_free(&trees);
}

/* Rows of equal pixels there are none, so that every row that counts has a leaf of its class. */
static void leaves_are_pure_unless_they_must_not(void **state)
{
    (void)state;
    make_rows();
    struct trees trees = grow_one((struct tree_rule){4, 0, 1});
    for (int i = 0; i < N; i++)
        if (weight[i] > 0)
            assert_true(trees_leaf(&trees, 0, image[i])[label[i]] == 1);
    trees_free(&trees);
    trees = grow_one((struct tree_rule){4, 0, 7});
    int *n = calloc(trees.n_leaves, sizeof *n);
    for (int i = 0; i < N; i++)
        if (weight[i] > 0)
            n[(size_t)(trees_leaf(&trees, 0, image[i]) - trees.share) / CLASSES]++;
    assert_true(trees.n_leaves > 1);
    for (size_t k = 0; k < trees.n_leaves; k++)
        assert_true(n[k] >= 7);
    free(n);
    trees_free(&trees);
}

/* One leaf, with the shares of weights. */
static void what_cannot_be_split_is_a_leaf(void **state)
{
    double sum[CLASSES] = {0}, all = 0;
    (void)state;
    make_rows();
    for (int i = 0; i < N; i++) {
        memcpy(pixel[i], pixel[0], sizeof pixel[i]);
        sum[label[i]] += weight[i];
        all += weight[i];
    }
    struct trees trees = grow_one((struct tree_rule){4, 0, 1});
    assert_true(trees.n_nodes == 1 && trees.n_leaves == 1);
    for (int c = 0; c < CLASSES; c++)
        assert_true(fabs((double)trees.share[c] - sum[c] / all) < 1e-6);
    trees_free(&trees);
}

static void arrays_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    make_rows();
    struct trees trees = grow_one((struct tree_rule){4, 0, 1});
    int64_t *bad[] = {&trees.root[0], &trees.node[0], &trees.node[1], &trees.node[2 * trees.n_nodes - 1]};
    const int64_t values[] = {-1, INT64_MIN, INT64_MAX, (int64_t)trees.n_nodes, FLOATS};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            int64_t good = *bad[b];
            int leaf = bad[b] == &trees.node[0] && values[v] < 0; /* a leaf is one whatever below 0 it says */
            *bad[b] = values[v];
            int rc = trees_check(&trees, NULL);
            if (!leaf && (uint64_t)values[v] >= trees.n_nodes)
                assert_int_equal(rc, E_USAGE);
            *bad[b] = good;
        }
    assert_int_equal(trees_check(&trees, NULL), 0);
    trees_free(&trees);
}

/* ---- the forest ---- */

static void *fit_forest(uint64_t key)
{
    struct config config = hand_config("1-2-3", "none", "holdout");
    struct err err = {0};
    const struct model_spec spec = {.config = &config, .start = key};
    void *model = NULL;
    assert_int_equal(config_set(&config, "model", "forest", &err), 0);
    config.image_size = SIZE;
    with(&config, "forest.trees", 40);
    assert_int_equal(model_forest.open(&spec, &model, NULL), 0);
    assert_int_equal(model_forest.fit(model, &set, NULL, NULL), 0);
    return model;
}

/* Classes told apart by a pixel are told apart out of the bag, too; a class that weighs next to nothing and
 * looks like others is not. */
static void a_forest_scores_out_of_its_bag(void **state)
{
    float probs[2][N * CLASSES];
    (void)state;
    make_rows();
    for (int i = 0; i < N; i++)
        pixel[i][2] = (float)label[i] + 0.01f * (float)(i % 7);
    for (int turn = 0; turn < 2; turn++) {
        struct arrays arrays = {0};
        void *model = fit_forest(5);
        model_forest.arrays(model, MODEL_KEPT, &arrays);
        const float *score = arrays_find(&arrays, "out_of_bag")->data;
        assert_true(turn ? score[1] < 0.9f : score[0] > 0.9f && score[1] > 0.9f);
        model_forest.judge(model, image, N, probs[turn]);
        arrays_free(&arrays);
        model_forest.close(model);
        for (int i = 0; i < N; i++) {
            ones[i] = label[i] == 2 ? 1e-4f : 1;
            pixel[i][2] = 0;
        }
    }
    assert_true(label[0] == 2 && probs[0][2] > 0.6f);
}

static void other_streams_are_other_forests(void **state)
{
    float probs[3][N * CLASSES];
    (void)state;
    make_rows();
    for (int k = 0; k < 3; k++) {
        void *model = fit_forest(k == 1 ? 2 : 1);
        model_forest.judge(model, image, N, probs[k]);
        model_forest.close(model);
    }
    assert_memory_not_equal(probs[0], probs[1], sizeof probs[0]);
    assert_memory_equal(probs[0], probs[2], sizeof probs[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_split_is_the_best),
        cmocka_unit_test(leaves_are_pure_unless_they_must_not),
        cmocka_unit_test(what_cannot_be_split_is_a_leaf),
        cmocka_unit_test(arrays_that_lead_nowhere_are_refused),
        cmocka_unit_test(a_forest_scores_out_of_its_bag),
        cmocka_unit_test(other_streams_are_other_forests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
