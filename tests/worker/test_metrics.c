#include "base/metrics.h"

#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

/* 257 KiB: not for the stack of a test. */
static struct metrics metrics;

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-6))
        fail_msg("%.9g instead of %.9g", value, expected);
}

/* One hand-made batch of three classes:
 *     true    predicted   largest probability
 *     0 0     0 1         0.6  0.5
 *     1       1           0.9
 *     2 2     0 2         0.4  0.7 */
static const float hand_probs[] = {0.6f,  0.3f, 0.1f, 0.2f, 0.5f, 0.3f, 0.05f, 0.9f,
                                   0.05f, 0.4f, 0.3f, 0.3f, 0.1f, 0.2f, 0.7f};
static const int hand_label[] = {0, 0, 1, 2, 2};

static void hand_computed_three_classes(void **state)
{
    float out[N_METRICS];
    const int expected[9] = {1, 1, 0, 0, 1, 0, 1, 0, 1};
    (void)state;
    metrics_start(&metrics, 3);
    metrics_add(&metrics, hand_probs, hand_label, 5, 0.7);
    metrics_finish(&metrics, out);
    assert_memory_equal(metrics.confusion, expected, sizeof expected);
    assert_near((double)out[METRIC_LOSS], 0.7);
    assert_near((double)out[METRIC_ACCURACY], 3 / 5.0);
    assert_near((double)out[METRIC_BALANCED_ACCURACY], (1 / 2.0 + 1 + 1 / 2.0) / 3);
    /* Rounded to one: 0.6, 0.9, 0.7, all of the true class; 0.5 and 0.4 round to zero. */
    assert_near((double)out[METRIC_BALANCED_ACCURACY_AS_PUBLISHED], (3 / 5.0 + 10 / 10.0) / 2);
}

static void published_counts_false_positives(void **state)
{
    const float probs[] = {0.2f, 0.7f, 0.1f, 0.8f, 0.1f, 0.1f};
    const int label[] = {0, 0};
    (void)state;
    assert_near(metrics_published(probs, label, 2, 3), (1 / 2.0 + 3 / 4.0) / 2);
}

static void published_rounds_half_to_even(void **state)
{
    const float half[] = {0.5f, 0.5f};
    const int label[] = {0};
    (void)state;
    assert_near(metrics_published(half, label, 1, 2), (0 + 1) / 2.0);
}

/* probs (n, 2) and labels at random, no probability exactly one half. */
static void random_pairs(struct rng *rng, float *probs, int *label, int n)
{
    for (int i = 0; i < n; i++) {
        double p = rng_uniform(rng);
        probs[2 * i] = (float)(p > 0.499 && p < 0.501 ? 0.4 : p);
        probs[2 * i + 1] = 1 - probs[2 * i];
        label[i] = (int)rng_below(rng, 2);
    }
}

static void published_is_accuracy_for_two_classes(void **state)
{
    struct rng rng = rng_start(rng_key("test", "published", 9), 0);
    (void)state;
    for (int trial = 0; trial < 200; trial++) {
        float probs[64], out[N_METRICS];
        int label[32], n = 1 + (int)rng_below(&rng, 32);
        random_pairs(&rng, probs, label, n);
        metrics_start(&metrics, 2);
        metrics_add(&metrics, probs, label, n, 0);
        metrics_finish(&metrics, out);
        assert_near((double)out[METRIC_BALANCED_ACCURACY_AS_PUBLISHED], (double)out[METRIC_ACCURACY]);
    }
}

/* 32 right ones and a last batch of 4 wrong ones: the small batch counts as much as the large one. */
static void published_batches_count_the_same(void **state)
{
    float probs[64], out[N_METRICS];
    int right[32], wrong[32];
    (void)state;
    for (int i = 0; i < 32; i++) {
        probs[2 * i] = 0.9f;
        probs[2 * i + 1] = 0.1f;
        right[i] = 0;
        wrong[i] = 1;
    }
    metrics_start(&metrics, 2);
    metrics_add(&metrics, probs, right, 32, 1);
    metrics_add(&metrics, probs, wrong, 4, 4);
    metrics_finish(&metrics, out);
    assert_near((double)out[METRIC_BALANCED_ACCURACY_AS_PUBLISHED], 0.5);
    assert_near((double)out[METRIC_ACCURACY], 32 / 36.0);
    assert_near((double)out[METRIC_LOSS], (32 * 1 + 4 * 4) / 36.0);
}

static void absent_class_does_not_count(void **state)
{
    const float probs[] = {0.8f, 0.1f, 0.1f, 0.1f, 0.8f, 0.1f, 0.1f, 0.1f, 0.8f};
    const int label[] = {0, 1, 1};
    float out[N_METRICS];
    (void)state;
    metrics_start(&metrics, 3);
    metrics_add(&metrics, probs, label, 3, 0);
    metrics_finish(&metrics, out);
    assert_near((double)out[METRIC_BALANCED_ACCURACY], (1 + 1 / 2.0) / 2);
}

static void nan_row_is_wrong_and_in_no_column(void **state)
{
    const float probs[] = {0.8f, 0.2f, 0.9f, NAN, 0.3f, 0.7f};
    const int label[] = {0, 0, 1}, expected[4] = {1, 0, 0, 1};
    float out[N_METRICS];
    (void)state;
    metrics_start(&metrics, 2);
    metrics_add(&metrics, probs, label, 3, (double)NAN);
    metrics_finish(&metrics, out);
    assert_int_equal(metrics.n, 3);
    assert_memory_equal(metrics.confusion, expected, sizeof expected);
    assert_near((double)out[METRIC_ACCURACY], 2 / 3.0);
    assert_near((double)out[METRIC_BALANCED_ACCURACY], (1 / 2.0 + 1) / 2);
    assert_true(isnan(out[METRIC_LOSS]) && isnan(out[METRIC_BALANCED_ACCURACY_AS_PUBLISHED]));
}

static void first_of_equal_probabilities_wins(void **state)
{
    const float probs[] = {0.2f, 0.4f, 0.4f};
    const int label[] = {2};
    (void)state;
    metrics_start(&metrics, 3);
    metrics_add(&metrics, probs, label, 1, 0);
    assert_int_equal(metrics.confusion[2 * 3 + 1], 1);
}

static void nothing_added_is_nan(void **state)
{
    float out[N_METRICS];
    (void)state;
    metrics_start(&metrics, 2);
    metrics_add(&metrics, hand_probs, hand_label, 0, 1);
    metrics_finish(&metrics, out);
    for (int m = 0; m < N_METRICS; m++)
        assert_true(isnan(out[m]));
}

static void start_forgets_the_last_pass(void **state)
{
    float out[N_METRICS];
    (void)state;
    metrics_start(&metrics, 3);
    metrics_add(&metrics, hand_probs, hand_label, 5, 2);
    metrics_start(&metrics, 3);
    metrics_add(&metrics, hand_probs, hand_label, 1, 1);
    metrics_finish(&metrics, out);
    assert_near((double)out[METRIC_LOSS], 1);
    assert_near((double)out[METRIC_BALANCED_ACCURACY], 1);
    for (int i = 1; i < 9; i++)
        assert_int_equal(metrics.confusion[i], 0);
}

static void cross_entropy_by_hand(void **state)
{
    const float zero[] = {0, 1};
    const int label[] = {0};
    (void)state;
    assert_near(metrics_cross_entropy(hand_probs, hand_label, 5, 3),
                -(log(0.6) + log(0.2) + log(0.9) + log(0.3) + log(0.7)) / 5);
    assert_near(metrics_cross_entropy(zero, label, 1, 2), -log(1e-7));
}

static void as_many_classes_as_there_may_be(void **state)
{
    enum { C = CONFIG_MAX_CLUSTERS };
    float *probs = calloc((size_t)C * C, sizeof *probs), out[N_METRICS];
    int label[C];
    (void)state;
    for (int c = 0; c < C; c++) {
        label[c] = c;
        probs[c * C + (c < C / 2 ? c : 0)] = 1;
    }
    metrics_start(&metrics, C);
    metrics_add(&metrics, probs, label, C, 0);
    metrics_finish(&metrics, out);
    assert_near((double)out[METRIC_BALANCED_ACCURACY], 0.5);
    assert_int_equal(metrics.confusion[(C - 1) * C], 1);
    free(probs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_computed_three_classes),
        cmocka_unit_test(published_counts_false_positives),
        cmocka_unit_test(published_rounds_half_to_even),
        cmocka_unit_test(published_is_accuracy_for_two_classes),
        cmocka_unit_test(published_batches_count_the_same),
        cmocka_unit_test(absent_class_does_not_count),
        cmocka_unit_test(nan_row_is_wrong_and_in_no_column),
        cmocka_unit_test(first_of_equal_probabilities_wins),
        cmocka_unit_test(nothing_added_is_nan),
        cmocka_unit_test(start_forgets_the_last_pass),
        cmocka_unit_test(cross_entropy_by_hand),
        cmocka_unit_test(as_many_classes_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
