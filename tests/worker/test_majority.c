/* The baseline: shares of the training set, balanced accuracy 1/C to the bit, nothing of an image. */
#include "job.h"
#include "plan.h"

#include "models/model.h"
#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 12, CLASSES = 3, EPOCHS = 4 };
static const int counts[CLASSES] = {24, 10, 6};

struct record {
    int n;
    float train[EPOCHS][N_ALL_METRICS], test[EPOCHS][N_ALL_METRICS];
};

static int on_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct record *record = self;
    (void)err;
    assert_int_equal(epoch, record->n++);
    memcpy(record->train[epoch], numbers[SET_TRAIN], sizeof record->train[epoch]);
    memcpy(record->test[epoch], numbers[SET_TEST], sizeof record->test[epoch]);
    return 0;
}

static struct config majority_config(const struct dataset *data, const char *strategy, const char *protocol)
{
    struct config config = noise_config(data, strategy, protocol);
    struct err err = {0};
    assert_int_equal(config_set(&config, "model", "majority", &err), 0);
    config.epochs = EPOCHS;
    config.batch = 7;
    with(&config, "easy-ensemble.members", 3);
    return config;
}

static struct job_result run(const struct config *config, const struct dataset *data, struct record *record)
{
    const struct job_hooks hooks = {.self = record, .epoch = on_epoch};
    struct job_result result;
    struct err err = {0};
    record->n = 0;
    if (job_run(config, data, "key", &hooks, &result, &err) < 0)
        fail_msg("%s: %s", config->strategy, err.text);
    return result;
}

/* 24, 10 and 6 images of which a holdout trains on 19, 8 and 5: 32. */
static void it_predicts_the_shares_of_its_training_set(void **state)
{
    const float share[CLASSES] = {19.0f / 32, 8.0f / 32, 5.0f / 32};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = majority_config(data, "none", "holdout");
    struct record record;
    struct job_result r = run(&config, data, &record);
    (void)state;
    assert_int_equal(r.n_weights, CLASSES);
    assert_int_equal(job_n_weights(&config, 1), CLASSES);
    assert_memory_equal(r.weights, share, sizeof share);
    for (int i = 0; i < r.set[SET_ALL].n; i++)
        assert_memory_equal(r.set[SET_ALL].probs + i * CLASSES, share, sizeof share);
    for (int c = 0; c < CLASSES; c++)
        assert_int_equal(r.set[SET_ALL].confusion[c * CLASSES], counts[c]);
    assert_true(record.train[0][METRIC_ACCURACY] == 19.0f / 32);
    job_result_free(&r);
    hand_dataset_free(data);
}

static void its_curves_are_flat(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = majority_config(data, "none", "holdout");
    struct record record;
    struct job_result r = run(&config, data, &record);
    (void)state;
    assert_true(record.n == EPOCHS && r.epochs_done == EPOCHS && !r.diverged);
    for (int e = 1; e < EPOCHS; e++) {
        assert_memory_equal(record.train[e], record.train[0], sizeof record.train[0]);
        assert_memory_equal(record.test[e], record.test[0], sizeof record.test[0]);
    }
    job_result_free(&r);
    hand_dataset_free(data);
}

/* To the bit, for two classes and for three, whatever the strategy does to the training set. */
static void balanced_accuracy_is_one_of_the_classes(void **state)
{
    static const char *const protocols[] = {"holdout", "kfold:3x1"};
    static const float expected[] = {0.5f, (float)(1.0 / 3)};
    (void)state;
    for (int classes = 2; classes <= CLASSES; classes++) {
        struct dataset *data = noise_dataset(classes, counts, SIZE, 7);
        int n = 0;
        for (int i = 0; balance_strategy(i); i++)
            for (int p = 0; p < 2; p++) {
                struct config config = majority_config(data, balance_strategy(i)->name, protocols[p]);
                struct record record;
                if (balance_strategy(i)->needs)
                    continue;
                struct job_result r = run(&config, data, &record);
                assert_true(record.test[0][METRIC_BALANCED_ACCURACY] == expected[classes - 2]);
                assert_true(record.train[0][METRIC_BALANCED_ACCURACY] == expected[classes - 2]);
                job_result_free(&r);
                n++;
            }
        assert_true(n >= 2 * 8);
        hand_dataset_free(data);
    }
}

static void of_equal_shares_the_first_class_is_predicted(void **state)
{
    static const char *const equal[] = {"undersample", "oversample", "augment", "smote", "easy-ensemble"};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    (void)state;
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++) {
        struct config config = majority_config(data, equal[i], "holdout");
        struct record record;
        struct job_result r = run(&config, data, &record);
        for (int c = 0; c < CLASSES; c++) {
            assert_int_equal(r.set[SET_ALL].confusion[c * CLASSES], counts[c]);
            assert_true(r.set[SET_ALL].probs[c] == (float)(1.0 / CLASSES));
        }
        job_result_free(&r);
    }
    hand_dataset_free(data);
}

/* Resampling goes; what would change a loss, weights or logits that there are not is refused when it is
 * planned. */
static void what_it_cannot_heed_is_refused(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    int n_refused = 0;
    (void)state;
    for (int i = 0; balance_strategy(i); i++) {
        const struct balance_strategy *s = balance_strategy(i);
        struct config config = majority_config(data, s->name, "holdout");
        char both[CONFIG_WORD_SIZE], named[128];
        struct job_plan plan;
        struct err err = {0};
        assert_int_equal(job_plan(&config, data, "key", &plan, &err), s->needs ? E_USAGE : 0);
        n_refused += s->needs != 0;
        if (!s->needs)
            continue;
        snprintf(named, sizeof named, "strategy %s needs ", s->name);
        assert_non_null(strstr(err.text, named));
        assert_non_null(strstr(err.text, "with model majority use one of none, undersample, oversample"));
        snprintf(named, sizeof named, "strategy %s goes with model cnn", s->name);
        assert_non_null(strstr(err.text, named));
        snprintf(both, sizeof both, "undersample+%s", s->name);
        config = majority_config(data, both, "holdout");
        assert_int_equal(job_plan(&config, data, "key", &plan, &err), E_USAGE);
        assert_int_equal(config_set(&config, "model", "cnn", &err), 0);
        assert_int_equal(job_plan(&config, data, "key", &plan, &err), 0);
    }
    assert_true(n_refused >= 8);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_predicts_the_shares_of_its_training_set),
        cmocka_unit_test(its_curves_are_flat),
        cmocka_unit_test(balanced_accuracy_is_one_of_the_classes),
        cmocka_unit_test(of_equal_shares_the_first_class_is_predicted),
        cmocka_unit_test(what_it_cannot_heed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
