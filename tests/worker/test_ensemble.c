#include "models/ensemble.h"
#include "models/net/net.h"

#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 21, CLASSES = 3, SIZE = 12 };

struct fixture {
    struct dataset *data;
    struct config config;
    const float *image[N];
};

static void begin(struct fixture *f)
{
    const int count[CLASSES] = {7, 7, 7};
    f->data = noise_dataset(CLASSES, count, SIZE, 3);
    f->config = noise_config(f->data, "none", "holdout");
    f->config.batch = 8;
    with_text(&f->config, "cnn.blocks", "4-4");
    with_text(&f->config, "cnn.dense", "4-4");
    for (int i = 0; i < N; i++)
        f->image[i] = f->data->pixels + i * SIZE * SIZE;
}

static struct ensemble *make(const struct fixture *f, int n_members, const float *shift)
{
    struct recipe recipe = recipe_plain();
    struct ensemble *ensemble = NULL;
    struct err err = {0};
    recipe.n_members = n_members;
    if (shift)
        memcpy(recipe.logit_shift, shift, CLASSES * sizeof *shift);
    assert_int_equal(ensemble_new(&f->config, &recipe, "key", &ensemble, &err), 0);
    return ensemble;
}

/* The first network starts as the only one of another strategy does, the others each on their own. */
static void members_start_from_weights_of_their_own(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    struct ensemble *one = make(&f, 1, NULL), *three = make(&f, 3, NULL);
    size_t bytes = ensemble_n_weights(one) * sizeof(float);
    assert_int_equal(ensemble_n_weights(three), 3 * ensemble_n_weights(one));
    const float *first = net_params(ensemble_member(three, 0)),
                *second = net_params(ensemble_member(three, 1)),
                *third = net_params(ensemble_member(three, 2));
    assert_memory_equal(first, net_params(ensemble_member(one, 0)), bytes);
    assert_memory_not_equal(first, second, bytes);
    assert_memory_not_equal(second, third, bytes);
    ensemble_free(one);
    ensemble_free(three);
    hand_dataset_free(f.data);
}

/* Repeats of a seed are runs of their own, its folds are parts of one; the first repeat
 * starts as without repeats. */
static void repeats_start_from_weights_of_their_own(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f);
    struct ensemble *plain = make(&f, 2, NULL);
    size_t bytes = ensemble_n_weights(plain) / 2 * sizeof(float);
    f.config.protocol = (struct config_protocol){PROTOCOL_KFOLD, 5, 3};
    f.config.fold = 4;
    struct ensemble *fold = make(&f, 2, NULL);
    f.config.repeat = 1;
    struct ensemble *second = make(&f, 2, NULL);
    f.config.repeat = 2;
    struct ensemble *third = make(&f, 2, NULL);
    for (int m = 0; m < 2; m++) {
        const float *weights = net_params(ensemble_member(second, m));
        assert_memory_equal(net_params(ensemble_member(fold, m)), net_params(ensemble_member(plain, m)),
                            bytes);
        assert_memory_not_equal(weights, net_params(ensemble_member(plain, m)), bytes);
        assert_memory_not_equal(weights, net_params(ensemble_member(third, m)), bytes);
    }
    ensemble_free(plain);
    ensemble_free(fold);
    ensemble_free(second);
    ensemble_free(third);
    hand_dataset_free(f.data);
}

static void probabilities_are_the_mean(void **state)
{
    struct fixture f;
    float mean[N * CLASSES], probs[3][N * CLASSES];
    (void)state;
    begin(&f);
    struct ensemble *three = make(&f, 3, NULL);
    ensemble_predict(three, f.image, N, mean);
    for (int m = 0; m < 3; m++)
        net_predict(ensemble_member(three, m), f.image, N, probs[m]);
    for (int i = 0; i < N * CLASSES; i++)
        assert_true(fabs((double)mean[i] -
                         ((double)probs[0][i] + (double)probs[1][i] + (double)probs[2][i]) / 3) < 1e-6);
    ensemble_free(three);
    hand_dataset_free(f.data);
}

/* exp(shift) times the probability, normalised; training weights untouched, stored ones with
 * the shift in them. */
static void shifts_act_on_predictions_and_stored_weights(void **state)
{
    const float shift[CLASSES] = {0.5f, -1, 2};
    struct fixture f;
    float plain[N * CLASSES], shifted[N * CLASSES], again[N * CLASSES];
    (void)state;
    begin(&f);
    struct ensemble *a = make(&f, 1, NULL), *b = make(&f, 1, shift);
    float *weights = calloc(ensemble_n_weights(b), sizeof *weights);
    ensemble_predict(a, f.image, N, plain);
    ensemble_predict(b, f.image, N, shifted);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += exp((double)shift[c]) * (double)plain[i * CLASSES + c];
        for (int c = 0; c < CLASSES; c++)
            assert_true(fabs(exp((double)shift[c]) * (double)plain[i * CLASSES + c] / sum -
                             (double)shifted[i * CLASSES + c]) < 1e-5);
    }
    assert_memory_equal(net_params(ensemble_member(a, 0)), net_params(ensemble_member(b, 0)),
                        ensemble_n_weights(a) * sizeof(float));
    ensemble_get(b, weights);
    assert_int_equal(ensemble_put(a, weights, ensemble_n_weights(b), NULL), 0);
    assert_int_equal(ensemble_put(a, weights, ensemble_n_weights(b) - 1, NULL), E_USAGE);
    ensemble_predict(a, f.image, N, again);
    assert_memory_equal(again, shifted, sizeof again);
    free(weights);
    ensemble_free(a);
    ensemble_free(b);
    hand_dataset_free(f.data);
}

/* Logits twice as large: squares of the probabilities, normalised; then the shift. Weights that are trained
 * stay as they are, those that are kept predict the same. */
static void scales_act_on_predictions_and_stored_weights(void **state)
{
    struct fixture f;
    struct recipe recipe = recipe_plain();
    float plain[N * CLASSES], scaled[N * CLASSES], again[N * CLASSES];
    struct ensemble *b = NULL;
    (void)state;
    begin(&f);
    recipe.n_members = 2;
    recipe.logit_scale = 2;
    recipe.logit_shift[1] = 0.5f;
    struct ensemble *a = make(&f, 2, NULL);
    assert_int_equal(ensemble_new(&f.config, &recipe, "key", &b, NULL), 0);
    size_t bytes = ensemble_n_weights(b) * sizeof(float);
    float *weights = calloc(1, bytes), *before = calloc(1, bytes);
    ensemble_get(a, before);
    ensemble_predict(b, f.image, N, scaled);
    net_predict(ensemble_member(b, 0), f.image, 1, plain);
    net_predict(ensemble_member(b, 1), f.image, 1, plain + CLASSES);
    for (int c = 0; c < CLASSES; c++) {
        double mean = 0;
        for (int m = 0; m < 2; m++) {
            const float *p = plain + m * CLASSES;
            double sum = 0;
            for (int j = 0; j < CLASSES; j++)
                sum += (double)p[j] * (double)p[j] * exp(j == 1 ? 0.5 : 0);
            mean += (double)p[c] * (double)p[c] * exp(c == 1 ? 0.5 : 0) / sum / 2;
        }
        assert_true(fabs(mean - (double)scaled[c]) < 1e-5);
    }
    ensemble_get(b, weights);
    assert_memory_not_equal(weights, before, bytes);
    assert_int_equal(ensemble_put(a, weights, bytes / sizeof *weights, NULL), 0);
    ensemble_predict(a, f.image, N, again);
    assert_memory_equal(again, scaled, sizeof again);
    assert_int_equal(ensemble_put(a, before, bytes / sizeof *before, NULL), 0);
    assert_memory_equal(net_params(ensemble_member(a, 1)), net_params(ensemble_member(b, 1)), bytes / 2);
    free(weights);
    free(before);
    ensemble_free(a);
    ensemble_free(b);
    hand_dataset_free(f.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_start_from_weights_of_their_own),
        cmocka_unit_test(repeats_start_from_weights_of_their_own),
        cmocka_unit_test(probabilities_are_the_mean),
        cmocka_unit_test(shifts_act_on_predictions_and_stored_weights),
        cmocka_unit_test(scales_act_on_predictions_and_stored_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
