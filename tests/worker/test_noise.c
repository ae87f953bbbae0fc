/* Wrong labels on purpose: how many, whose, and that what judges keeps its own. */
#include "samples/noise.h"

#include "plan.h"
#include "select.h"
#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/selected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

enum { SIZE = 12, N_IMAGES = 100, N_CLASSES = 3 };
static const int number[] = {1, 2, 3}, count[] = {50, 30, 20};
static const char *const protocols[] = {"report", "tail", "holdout", "kfold:4x1"};

static struct config noise_config(const char *strategy, const char *protocol, const char *share)
{
    struct config config = hand_config("1-2-3", strategy, protocol);
    struct err err = {0};
    config.image_size = SIZE;
    if (config_set(&config, "label_noise", share, &err) < 0)
        fail_msg("%s", err.text);
    return config;
}

/* The class index of every image: originals stand class after class. */
static int truth(int image)
{
    return image < count[0] ? 0 : image < count[0] + count[1] ? 1 : 2;
}

/* label (N_IMAGES): what training says of each image, -1 of those that it has not; every copy says the
 * same. */
static void labels_of(const struct samples *train, int *label)
{
    for (int i = 0; i < N_IMAGES; i++)
        label[i] = -1;
    for (int i = 0; i < train->n; i++) {
        const struct sample *sample = &train->sample[i];
        assert_true(label[sample->image] < 0 || label[sample->image] == sample->label);
        label[sample->image] = sample->label;
    }
}

static void assert_true_labels(const struct samples *samples)
{
    for (int i = 0; i < samples->n; i++)
        assert_int_equal(samples->sample[i].label, truth(samples->sample[i].image));
}

/* n, wrong (N_CLASSES): images of each true class in training, and those with another label. */
static void count_wrong(const struct samples *train, int *n, int *wrong)
{
    int label[N_IMAGES];
    labels_of(train, label);
    memset(n, 0, N_CLASSES * sizeof *n);
    memset(wrong, 0, N_CLASSES * sizeof *wrong);
    for (int i = 0; i < N_IMAGES; i++) {
        n[truth(i)] += label[i] >= 0;
        wrong[truth(i)] += label[i] >= 0 && label[i] != truth(i);
    }
}

static void the_share_of_every_class_is_wrong_and_nothing_that_judges(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    (void)state;
    for (int p = 0; p < 4; p++) {
        struct config config = noise_config("none", protocols[p], "0.1");
        int n[N_CLASSES], wrong[N_CLASSES];
        struct err err = {0};
        assert_int_equal(config_set(&config, "inner", "share:0.2", &err), 0);
        struct job_samples s = selected(&config, data, "key");
        count_wrong(&s.train, n, wrong);
        for (int c = 0; c < N_CLASSES; c++)
            assert_int_equal(wrong[c], lround(n[c] * 0.1));
        assert_true(wrong[0] > 0);
        assert_true_labels(&s.val);
        assert_true_labels(&s.test);
        assert_true_labels(&s.all);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

/* Every strategy under every protocol: who is drawn for test is as without, copies say what their original
 * says, and the plan knows how many train. */
static void strategies_copy_the_labels_that_they_find(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    const struct balance_strategy *strategy;
    struct job_plan plan;
    int label[N_IMAGES], n[N_CLASSES], wrong[N_CLASSES];
    (void)state;
    for (int i = 0; (strategy = balance_strategy(i)); i++)
        for (int p = 0; p < 4; p++) {
            struct config config = noise_config(strategy->name, protocols[p], "0.2");
            struct config without = noise_config(strategy->name, protocols[p], "0");
            struct job_samples s = selected(&config, data, "key"), clean = selected(&without, data, "key");
            assert_int_equal(s.test.n, clean.test.n);
            for (int k = 0; k < s.test.n; k++)
                assert_int_equal(s.test.sample[k].image, clean.test.sample[k].image);
            labels_of(&s.train, label);
            count_wrong(&s.train, n, wrong);
            assert_true(wrong[0] + wrong[1] + wrong[2] > 0);
            count_wrong(&clean.train, n, wrong);
            assert_int_equal(wrong[0] + wrong[1] + wrong[2], 0);
            assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
            assert_true(plan.n_test >= s.test.n);
            job_samples_free(&s);
            job_samples_free(&clean);
        }
    hand_dataset_free(data);
}

/* holdout: strategies share their training originals, so they share what is wrong with them; what is wrong at
 * a tenth is wrong at a third; another seed has others. */
static void wrong_labels_are_shared_and_nested(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    const char *const share[] = {"0.1", "0.3", "0.3", "0.3"}, *const strategy[] = {"none", "none", "reweight",
                                                                                   "none"};
    int label[4][N_IMAGES], differ = 0;
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct config config = noise_config(strategy[k], "holdout", share[k]);
        config.seed = k == 3 ? 2 : 1;
        struct job_samples s = selected(&config, data, "key");
        labels_of(&s.train, label[k]);
        job_samples_free(&s);
    }
    for (int i = 0; i < N_IMAGES; i++) {
        assert_true(label[0][i] < 0 || label[0][i] == truth(i) || label[1][i] == label[0][i]);
        assert_int_equal(label[1][i], label[2][i]);
        differ += label[1][i] >= 0 && label[3][i] >= 0 && label[1][i] != label[3][i];
    }
    assert_true(differ > 0);
    hand_dataset_free(data);
}

/* How many of each class are left is a matter of sizes, so one plan serves all seeds. */
static void the_plan_of_one_seed_is_that_of_all(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    (void)state;
    for (int seed = 1; seed < 20; seed++) {
        struct config config = noise_config("oversample", "holdout", "0.3");
        config.seed = seed;
        struct job_samples s = selected(&config, data, "key");
        int n[N_CLASSES];
        samples_count(&s.train, N_CLASSES, n);
        assert_int_equal(n[0], 34); /* of 40, 24 and 16: 12, 7 and 5 leave, dealt to the others in turn */
        assert_int_equal(s.train.n, 3 * 34);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_of_every_class_is_wrong_and_nothing_that_judges),
        cmocka_unit_test(strategies_copy_the_labels_that_they_find),
        cmocka_unit_test(wrong_labels_are_shared_and_nested),
        cmocka_unit_test(the_plan_of_one_seed_is_that_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
