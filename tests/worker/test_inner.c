/* The inner set: drawn from what trains, before anything is rebalanced; what leaves
 * training with it; streams. */
#include "samples/inner.h"

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
#include <stdio.h>
#include <string.h>

enum { SIZE = 12, N_IMAGES = 96, N_CLASSES = 3 };
static const int number[] = {1, 2, 3}, count[] = {50, 30, 16};
static const char *const protocols[] = {"report", "tail", "holdout", "kfold:4x1"};
static const char *const inners[] = {"share:0.25", "folds:3"};

static struct config inner_config(const char *strategy, const char *protocol, const char *inner)
{
    struct config config = hand_config("1-2-3", strategy, protocol);
    struct err err = {0};
    config.image_size = SIZE;
    if (config_set(&config, "inner", inner, &err) < 0)
        fail_msg("%s", err.text);
    return config;
}

static void mark(const struct samples *samples, unsigned char *used)
{
    memset(used, 0, N_IMAGES);
    for (int i = 0; i < samples->n; i++) {
        used[samples->sample[i].image] = 1;
        if (samples->sample[i].blend > 0)
            used[samples->sample[i].partner] = 1;
    }
}

static int same_list(const struct samples *a, const struct samples *b)
{
    int same = a->n == b->n;
    for (int i = 0; same && i < a->n; i++)
        same = a->sample[i].image == b->sample[i].image && a->sample[i].copy == b->sample[i].copy;
    return same;
}

/* Originals of every class, each once, of which training has neither a copy nor a blend. */
static void assert_apart(const struct job_samples *s)
{
    unsigned char trained[N_IMAGES], val[N_IMAGES];
    int n_of[N_CLASSES];
    mark(&s->train, trained);
    memset(val, 0, sizeof val);
    for (int i = 0; i < s->val.n; i++) {
        const struct sample *sample = &s->val.sample[i];
        assert_true(sample->copy == 0 && sample->variant < 0 && sample->blend <= 0);
        assert_false(val[sample->image] || trained[sample->image]);
        val[sample->image] = 1;
    }
    samples_count(&s->val, N_CLASSES, n_of);
    assert_true(n_of[0] > 0 && n_of[1] > 0 && s->leak_val == 0);
}

/* Test samples with an origin in training or in val. */
static int n_seen(const struct job_samples *s)
{
    unsigned char val[N_IMAGES], trained[N_IMAGES];
    int n = 0;
    mark(&s->val, val);
    mark(&s->train, trained);
    for (int i = 0; i < s->test.n; i++) {
        const struct sample *sample = &s->test.sample[i];
        n += val[sample->image] || trained[sample->image] ||
             (sample->blend > 0 && (val[sample->partner] || trained[sample->partner]));
    }
    return n;
}

/* Every row of the table of strategies under every protocol: the test set is that of the job without an inner
 * set, val is none of what trains, and the plan has room for it. */
static void val_is_apart_from_training_whatever_the_strategy(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    const struct balance_strategy *strategy;
    struct job_plan plan;
    (void)state;
    for (int i = 0; (strategy = balance_strategy(i)); i++)
        for (int p = 0; p < 8; p++) {
            struct config config = inner_config(strategy->name, protocols[p % 4], inners[p / 4]);
            struct config none = inner_config(strategy->name, protocols[p % 4], "none");
            struct job_samples s = selected(&config, data, "key"), without = selected(&none, data, "key");
            assert_apart(&s);
            assert_int_equal(without.val.n, 0);
            assert_true(same_list(&s.test, &without.test));
            assert_true(s.leak >= n_seen(&s)); /* what is chosen on is seen */
            assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
            assert_true(plan.n_val >= s.val.n && s.val.n > 0);
            assert_true(p % 4 < 2 || plan.n_val == s.val.n);
            job_samples_free(&s);
            job_samples_free(&without);
        }
    hand_dataset_free(data);
}

/* holdout: a quarter of what is left of every class; kfold: a third of the training folds. */
static void shares_are_of_every_class(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    int n_of[N_CLASSES];
    struct config config = inner_config("oversample", "holdout", "share:0.25");
    struct job_samples s = selected(&config, data, "key");
    (void)state;
    samples_count(&s.val, N_CLASSES, n_of);
    assert_true(n_of[0] == 10 && n_of[1] == 6 && n_of[2] == 3);
    assert_int_equal(s.train.n, 3 * 30);
    job_samples_free(&s);
    config = inner_config("none", "kfold:4x1", "folds:3");
    s = selected(&config, data, "key");
    samples_count(&s.val, N_CLASSES, n_of);
    for (int c = 0; c < N_CLASSES; c++)
        assert_true(fabs(n_of[c] - count[c] * 0.25) <= 1);
    assert_int_equal(s.train.n + s.val.n + s.test.n, N_IMAGES);
    job_samples_free(&s);
    hand_dataset_free(data);
}

static struct samples val_of(const struct dataset *data, const char *key, const char *value,
                             struct config config)
{
    assert_int_equal(config_set(&config, key, value, NULL), 0);
    struct job_samples s = selected(&config, data, "key");
    struct samples val = s.val;
    s.val = (struct samples){0};
    job_samples_free(&s);
    return val;
}

/* The set is the strategies' in common; a seed has its own, and draws of class_sizes, too. */
static void stream_is_of_the_division_alone(void **state)
{
    static const struct {
        const char *key, *value;
        int same;
    } change[] = {{"strategy", "augment", 1}, {"strategy", "smote", 1},     {"model", "majority", 1},
                  {"train.epochs", "7", 1},   {"cnn.blocks", "8", 1},       {"seed", "2", 0},
                  {"validation", "0.3", 0},   {"class_sizes", "40-20-9", 0}};
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    struct config config = inner_config("none", "holdout", "share:0.25");
    struct samples base = val_of(data, "seed", "1", config);
    (void)state;
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        struct samples val = val_of(data, change[i].key, change[i].value, config);
        if (same_list(&base, &val) != change[i].same)
            fail_msg("%s", change[i].key);
        samples_free(&val);
    }
    samples_free(&base);
    hand_dataset_free(data);
}

static void a_smaller_share_is_part_of_a_larger_one(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    struct config config = inner_config("none", "holdout", "share:0.2");
    struct samples small = val_of(data, "inner", "share:0.2", config),
                   large = val_of(data, "inner", "share:0.4", config);
    unsigned char in_large[N_IMAGES];
    (void)state;
    mark(&large, in_large);
    for (int i = 0; i < small.n; i++)
        assert_true(in_large[small.sample[i].image]);
    assert_true(small.n < large.n);
    samples_free(&small);
    samples_free(&large);
    hand_dataset_free(data);
}

/* So that the mean over F tuning seeds is over all of them: val of trial seed t is fold t modulo F, and every
 * training original is once in val of F seeds in a row. */
static void trial_seeds_take_turns_in_folds(void **state)
{
    enum { FOLDS = 3 };
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    (void)state;
    for (size_t p = 0; p < sizeof protocols / sizeof *protocols; p++) {
        struct config config = inner_config("none", protocols[p], "folds:3");
        int times[N_IMAGES] = {0}, n_once = 0;
        struct job_samples s[FOLDS + 1];
        for (int t = 0; t <= FOLDS; t++) {
            config.trial_seed = t;
            s[t] = selected(&config, data, "key");
            assert_true(same_list(&s[t].test, &s[0].test));
            for (int i = 0; t < FOLDS && i < s[t].val.n; i++)
                times[s[t].val.sample[i].image]++;
        }
        assert_true(same_list(&s[FOLDS].val, &s[0].val) && !same_list(&s[1].val, &s[0].val));
        for (int i = 0; i < N_IMAGES; i++) {
            assert_in_range(times[i], 0, 1);
            n_once += times[i];
        }
        assert_true(n_once == s[0].train.n + s[0].val.n);
        for (int t = 0; t <= FOLDS; t++)
            job_samples_free(&s[t]);
    }
    hand_dataset_free(data);
}

/* Ten slides; no one of them is on two sides. */
static const char *slide_of(int image, void *self)
{
    static const char *const slides[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "k"};
    (void)self;
    return slides[image % 10];
}

static void groups_stay_together(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    (void)state;
    hand_groups(data, slide_of, NULL);
    for (int p = 2; p < 4; p++)
        for (int k = 0; k < 2; k++) {
            struct config config = inner_config("oversample", protocols[p], inners[k]);
            int side[10] = {0};
            assert_int_equal(config_set(&config, "groups", "slide", NULL), 0);
            struct job_samples s = selected(&config, data, "key");
            const struct samples *list[] = {&s.train, &s.val, &s.test};
            for (int l = 0; l < 3; l++)
                for (int i = 0; i < list[l]->n; i++)
                    side[list[l]->sample[i].image % 10] |= 1 << l;
            for (int g = 0; g < 10; g++)
                assert_true(side[g] == 1 || side[g] == 2 || side[g] == 4);
            job_samples_free(&s);
        }
    hand_dataset_free(data);
}

static void assert_refused(const struct config *config, const struct dataset *data, const char *expected)
{
    struct job_samples s;
    struct err err = {0};
    assert_int_equal(job_samples_select(config, data, "key", NULL, &s, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not say '%s'", err.text, expected);
}

static const char *two_slides(int image, void *self)
{
    (void)self;
    return image < 50 || image % 2 ? "a" : "b";
}

static void too_small_a_class_is_told(void **state)
{
    static const int few[] = {20, 2, 9};
    struct dataset *data = hand_dataset(3, number, few, SIZE);
    struct config config = inner_config("none", "holdout", "share:0.2");
    (void)state;
    assert_refused(&config, data, "inner: cluster 2 has 1 training image, at least 2 are needed");
    assert_int_equal(config_set(&config, "clusters", "1-3", NULL), 0);
    assert_int_equal(config_set(&config, "inner", "folds:8", NULL), 0);
    assert_refused(&config, data, "inner: cluster 3 has 7 training images, at least 8 are needed");
    hand_dataset_free(data);
    data = hand_dataset(3, number, count, SIZE);
    hand_groups(data, two_slides, NULL);
    config = inner_config("none", "holdout", "share:0.2");
    assert_int_equal(config_set(&config, "clusters", "2-3", NULL), 0);
    assert_int_equal(config_set(&config, "groups", "slide", NULL), 0);
    assert_refused(&config, data, "inner: cluster 2 has training images of 1 group (slide), at least 2");
    hand_dataset_free(data);
}

/* Set val of the images where it has all classes of a job, whatever `inner`, which the job does not read. */
static void given_sets_have_their_own(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    (void)state;
    for (int i = 0; i < N_IMAGES; i++) {
        static const int set[] = {GIVEN_TRAIN, GIVEN_TRAIN, GIVEN_VAL, GIVEN_TEST};
        data->image[i].given = i >= 80 && set[i % 4] == GIVEN_VAL ? GIVEN_TRAIN : set[i % 4];
    }
    data->image[2].given = GIVEN_TRAIN;
    memcpy(data->pixels + 2 * SIZE * SIZE, dataset_pixels(data, 6), SIZE * SIZE * sizeof *data->pixels);
    assert_int_equal(dataset_finish(data, NULL), 0);
    struct config config = inner_config("oversample", "given", "share:0.2");
    assert_int_equal(config_set(&config, "clusters", "1-2", NULL), 0);
    struct job_samples s = selected(&config, data, "key");
    assert_int_equal(s.val.n, 19);
    assert_int_equal(s.leak_val, 1);
    for (int i = 0; i < s.val.n; i++)
        assert_int_equal(data->image[s.val.sample[i].image].given, GIVEN_VAL);
    job_samples_free(&s);
    assert_int_equal(config_set(&config, "clusters", "1-3", NULL), 0);
    s = selected(&config, data, "key");
    assert_true(s.val.n == 0 && s.leak_val == 0);
    job_samples_free(&s);
    hand_dataset_free(data);
}

/* What the job did with an image of val is a role of its own. */
static void roles_tell_val(void **state)
{
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    struct config config = inner_config("augment", "report", "share:0.2");
    struct job_samples s = selected(&config, data, "key");
    int role[N_IMAGES], n = 0;
    (void)state;
    assert_int_equal(samples_roles(data, &s, role, NULL), 0);
    for (int i = 0; i < N_IMAGES; i++)
        n += role[i] == 3;
    assert_int_equal(n, s.val.n);
    job_samples_free(&s);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(val_is_apart_from_training_whatever_the_strategy),
        cmocka_unit_test(shares_are_of_every_class),
        cmocka_unit_test(stream_is_of_the_division_alone),
        cmocka_unit_test(a_smaller_share_is_part_of_a_larger_one),
        cmocka_unit_test(trial_seeds_take_turns_in_folds),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(too_small_a_class_is_told),
        cmocka_unit_test(given_sets_have_their_own),
        cmocka_unit_test(roles_tell_val),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
