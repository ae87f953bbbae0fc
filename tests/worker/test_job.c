#include "job.h"
#include "plan.h"

#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 12, CLASSES = 3 };
static const int counts[CLASSES] = {24, 10, 6};

/* A small network on small images. */
static struct config small_config(const struct dataset *data, const char *strategy, const char *protocol)
{
    struct config config = noise_config(data, strategy, protocol);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    config.epochs = 2;
    config.batch = 16;
    with(&config, "easy-ensemble.members", 3);
    return config;
}

/* What the epoch hook saw. */
struct record {
    int n;
    float train[8][N_ALL_METRICS], val[8][N_ALL_METRICS], test[8][N_ALL_METRICS];
};

static int record_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct record *record = self;
    (void)err;
    assert_int_equal(epoch, record->n);
    memcpy(record->train[epoch], numbers[SET_TRAIN], sizeof record->train[epoch]);
    memcpy(record->val[epoch], numbers[SET_VAL], sizeof record->val[epoch]);
    memcpy(record->test[epoch], numbers[SET_TEST], sizeof record->test[epoch]);
    record->n++;
    return 0;
}

static struct job_result run(const struct config *config, const struct dataset *data, const char *key,
                             struct record *record)
{
    struct job_result result;
    struct err err = {0};
    const struct job_hooks hooks = {.self = record, .epoch = record_epoch};
    record->n = 0;
    if (job_run(config, data, key, &hooks, &result, &err) < 0)
        fail_msg("%s: %s", config->strategy, err.text);
    return result;
}

static void assert_sound(const struct job_result *r, const struct record *record)
{
    assert_true(record->n == 2 && r->epochs_done == 2 && !r->diverged);
    for (int e = 0; e < record->n; e++)
        for (int m = 0; m < N_ALL_METRICS; m++)
            assert_true(isfinite(record->test[e][m]) && isfinite(record->train[e][m]) == (m < N_METRICS));
    for (int i = 0; i < r->set[SET_ALL].n; i++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += (double)r->set[SET_ALL].probs[i * CLASSES + c];
        assert_true(fabs(sum - 1) < 1e-5);
    }
}

static void assert_same(const struct job_result *a, const struct record *x, const struct job_result *b,
                        const struct record *y)
{
    assert_memory_equal(x->train, y->train, 2 * sizeof x->train[0]);
    assert_memory_equal(x->test, y->test, 2 * sizeof x->test[0]);
    assert_int_equal(a->n_weights, b->n_weights);
    assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
    assert_memory_equal(a->set[SET_ALL].probs, b->set[SET_ALL].probs,
                        (size_t)(a->set[SET_ALL].n * CLASSES) * sizeof(float));
}

/* Stored weights alone predict what the job predicted, whatever its strategy did to logits or
 * to the number of networks. */
static void assert_weights_predict(const struct config *config, const struct dataset *data,
                                   const struct job_result *r)
{
    const float *image[64];
    float probs[64 * CLASSES];
    for (int i = 0; i < r->set[SET_ALL].n; i++)
        image[i] = dataset_pixels(data, r->set[SET_ALL].image[i]);
    assert_int_equal(r->n_weights, job_n_weights(config, r->n_train));
    assert_int_equal(job_predict(config, r->weights, r->n_weights, image, r->set[SET_ALL].n, probs, NULL), 0);
    assert_memory_equal(probs, r->set[SET_ALL].probs, (size_t)(r->set[SET_ALL].n * CLASSES) * sizeof *probs);
}

/* The same number of images in `channels` channels of noise. */
static struct dataset *coloured_noise(int channels)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct rng rng = rng_start(rng_key("colour", NULL, 0), 0);
    data->channels = channels;
    size_t n = (size_t)data->n_images * dataset_floats(data);
    float *pixels = realloc(data->pixels, n * sizeof *pixels);
    assert_non_null(pixels);
    data->pixels = pixels;
    for (size_t i = 0; i < n; i++)
        pixels[i] = (float)rng_uniform(&rng);
    assert_int_equal(dataset_finish(data, NULL), 0);
    return data;
}

static void every_strategy_trains(struct dataset *data)
{
    static const char *const protocols[] = {"report", "holdout"};
    for (int i = 0; balance_strategy(i); i++) {
        struct config config = small_config(data, balance_strategy(i)->name, protocols[i % 2]);
        config.channels = data->channels;
        struct record x, y;
        struct job_result a = run(&config, data, "key", &x), b = run(&config, data, "key", &y);
        struct job_plan plan;
        assert_sound(&a, &x);
        assert_same(&a, &x, &b, &y);
        assert_weights_predict(&config, data, &a);
        assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
        assert_true(plan.n_test >= a.set[SET_TEST].n && plan.n_all == a.set[SET_ALL].n && plan.cost > 0);
        job_result_free(&a);
        job_result_free(&b);
    }
    hand_dataset_free(data);
}

static void every_strategy_trains_in_gray(void **state)
{
    (void)state;
    every_strategy_trains(noise_dataset(CLASSES, counts, SIZE, 7));
}

static void every_strategy_trains_in_colour(void **state)
{
    (void)state;
    every_strategy_trains(coloured_noise(3));
}

static void a_job_of_other_channels_is_refused(void **state)
{
    struct dataset *data = coloured_noise(3);
    struct config config = small_config(data, "none", "holdout");
    const struct job_hooks hooks = {0};
    struct job_result result;
    struct err err = {0};
    (void)state;
    config.channels = 2;
    assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_USAGE);
    assert_string_equal(err.text, "the job is of images with 2 channels, those of the data have 3");
    hand_dataset_free(data);
}

static void combinations_train(void **state)
{
    static const char *const texts[] = {"augment+reweight", "smote+tomek+focal", "balanced-batch+mixup+focal",
                                        "easy-ensemble+mixup+balanced-softmax",
                                        "borderline-smote+class-balanced"};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config config = small_config(data, texts[i], "holdout");
        struct record record;
        struct job_result r = run(&config, data, "key", &record);
        assert_sound(&r, &record);
        assert_weights_predict(&config, data, &r);
        job_result_free(&r);
    }
    hand_dataset_free(data);
}

/* Probabilities of the ensemble are the mean over its networks, and cost grows with them. */
static void an_ensemble_is_the_mean_of_its_networks(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "easy-ensemble", "holdout"),
                  one = small_config(data, "undersample", "holdout");
    struct record record;
    struct job_result r = run(&config, data, "key", &record);
    const size_t n = job_n_weights(&one, r.n_train);
    struct job_plan plan, plan_one;
    (void)state;
    assert_int_equal(r.n_weights, 3 * n);
    for (int i = 0; i < r.set[SET_ALL].n; i++) {
        const float *image = data->pixels + r.set[SET_ALL].image[i] * SIZE * SIZE;
        float probs[3][CLASSES];
        for (int m = 0; m < 3; m++)
            assert_int_equal(job_predict(&one, r.weights + (size_t)m * n, n, &image, 1, probs[m], NULL), 0);
        assert_memory_not_equal(probs[0], probs[1], sizeof probs[0]);
        for (int c = 0; c < CLASSES; c++) {
            double mean = ((double)probs[0][c] + (double)probs[1][c] + (double)probs[2][c]) / 3;
            assert_true(fabs((double)r.set[SET_ALL].probs[i * CLASSES + c] - mean) < 1e-6);
        }
    }
    assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
    assert_int_equal(job_plan(&one, data, "key", &plan_one, NULL), 0);
    assert_true(fabs(plan.cost - 3 * plan_one.cost) < 1e-6 * plan.cost);
    job_result_free(&r);
    hand_dataset_free(data);
}

/* The same network, its probabilities divided by the class shares of its training part: 19, 8 and 5 of 32. */
static void post_hoc_adjustment_divides_by_the_prior(void **state)
{
    const double share[CLASSES] = {19 / 32.0, 8 / 32.0, 5 / 32.0};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config plain = small_config(data, "none", "holdout"),
                  adjusted = small_config(data, "logit-adjust", "holdout");
    struct record x, y;
    assert_int_equal(config_set(&adjusted, "logit-adjust.form", "post-hoc", NULL), 0);
    struct job_result a = run(&plain, data, "key", &x), b = run(&adjusted, data, "key", &y);
    (void)state;
    assert_memory_equal(x.train, y.train, 2 * sizeof x.train[0]);
    for (int i = 0; i < a.set[SET_ALL].n; i++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += (double)a.set[SET_ALL].probs[i * CLASSES + c] / share[c];
        for (int c = 0; c < CLASSES; c++)
            assert_true(fabs((double)a.set[SET_ALL].probs[i * CLASSES + c] / share[c] / sum -
                             (double)b.set[SET_ALL].probs[i * CLASSES + c]) < 1e-5);
    }
    job_result_free(&a);
    job_result_free(&b);
    hand_dataset_free(data);
}

/* With tau 1 the adjusted loss is the balanced softmax: the same job but for its name, on the same key. */
static void logit_adjust_is_balanced_softmax_at_tau_one(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config a = small_config(data, "balanced-softmax", "holdout"),
                  b = small_config(data, "logit-adjust", "holdout"), c = b;
    struct record x, y, z;
    (void)state;
    with(&c, "logit-adjust.tau", 2);
    struct job_result r = run(&a, data, "key", &x), s = run(&b, data, "key", &y),
                      t = run(&c, data, "key", &z);
    assert_same(&r, &x, &s, &y);
    assert_memory_not_equal(x.train, z.train, 2 * sizeof x.train[0]);
    job_result_free(&r);
    job_result_free(&s);
    job_result_free(&t);
    hand_dataset_free(data);
}

enum { LONG = 8 };

static void assert_same_judgement(const struct job_result *a, const struct job_result *b)
{
    static const enum image_set sets[] = {SET_VAL, SET_TEST, SET_ALL};
    for (int k = 0; k < 3; k++) {
        const struct job_predictions *x = &a->set[sets[k]], *y = &b->set[sets[k]];
        assert_true(x->n > 0 && x->n == y->n);
        assert_memory_equal(x->probs, y->probs, (size_t)(x->n * CLASSES) * sizeof *x->probs);
        assert_memory_equal(x->confusion, y->confusion, CLASSES * CLASSES * sizeof *x->confusion);
    }
    assert_memory_equal(a->numbers[SET_VAL], b->numbers[SET_VAL], sizeof a->numbers[SET_VAL]);
    assert_memory_equal(a->numbers[SET_TEST], b->numbers[SET_TEST], sizeof a->numbers[SET_TEST]);
    assert_int_equal(a->judged_epoch, b->judged_epoch);
}

static struct job_result run_long(const struct config *config, const struct dataset *data,
                                  struct record *record)
{
    struct job_result result;
    const struct job_hooks hooks = {.self = record, .epoch = record_epoch};
    record->n = 0;
    assert_int_equal(job_run(config, data, "key", &hooks, &result, NULL), 0);
    return result;
}

/* A job that is judged by its best epoch is in all but its curves the job that ends with it. */
static void the_best_epoch_judges(void **state)
{
    static const char *const strategies[] = {"none", "easy-ensemble", "threshold"};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    int inside = 0;
    (void)state;
    for (int k = 0; k < 12; k++) {
        struct config config = small_config(data, strategies[k % 3], "holdout");
        struct record x, y, z;
        config.epochs = LONG;
        with_text(&config, "inner", "share:0.3");
        with(&config, "train.learning_rate", 0.002);
        config.seed = k;
        struct job_result last = run_long(&config, data, &x);
        with_text(&config, "judge", "best");
        struct job_result best = run_long(&config, data, &y);
        with_text(&config, "judge", "final");
        int epoch = 0;
        for (int e = 1; e < LONG; e++)
            if (x.val[e][METRIC_BALANCED_ACCURACY] > x.val[epoch][METRIC_BALANCED_ACCURACY])
                epoch = e;
        assert_int_equal(last.judged_epoch, LONG);
        assert_int_equal(best.judged_epoch, epoch + 1);
        assert_memory_equal(x.test, y.test, sizeof x.test);
        assert_memory_equal(x.val, y.val, sizeof x.val);
        config.epochs = epoch + 1;
        struct job_result ended = run_long(&config, data, &z);
        assert_memory_equal(ended.weights, best.weights, ended.n_weights * sizeof(float));
        assert_same_judgement(&ended, &best);
        inside += epoch > 0 && epoch < LONG - 1;
        job_result_free(&last);
        job_result_free(&best);
        job_result_free(&ended);
    }
    assert_true(inside > 0);
    hand_dataset_free(data);
}

/* Not when it runs, three times over, but before anything is made. */
static void a_network_that_is_too_large_is_refused_in_the_plan(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, 64, 7);
    struct config config = small_config(data, "none", "holdout");
    struct job_plan plan;
    struct err err = {0};
    (void)state;
    assert_int_equal(job_plan(&config, data, "key", &plan, &err), 0);
    with_text(&config, "cnn.blocks", "1024-4");
    config.batch = 4096;
    assert_int_equal(job_plan(&config, data, "key", &plan, &err), E_USAGE);
    assert_non_null(strstr(err.text, "is too large"));
    hand_dataset_free(data);
}

static int stop_at_once(void *self)
{
    return ++*(int *)self == 3;
}

static void a_pause_hook_stops_the_job(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "easy-ensemble", "holdout");
    struct job_result result;
    struct err err = {0};
    int calls = 0;
    const struct job_hooks hooks = {.self = &calls, .pause = stop_at_once};
    (void)state;
    assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_STOPPED);
    assert_int_equal(calls, 3);
    assert_null(result.weights);
    hand_dataset_free(data);
}

static int stop_now(void *self)
{
    ++*(int *)self;
    return 1;
}

static int no_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    (void)self, (void)epoch, (void)numbers, (void)err;
    fail_msg("an epoch of a job that was to be stopped before");
    return 0;
}

/* Comparing images takes longer than many an epoch: nobody has to wait for its end. */
static void a_pause_hook_stops_a_job_that_compares_images(void **state)
{
    static const char *const strategies[] = {"smote", "borderline-smote", "tomek", "nearmiss"};
    const int many[] = {2000, 1500};
    struct dataset *data = noise_dataset(2, many, 24, 7);
    (void)state;
    for (int s = 0; s < 4; s++) {
        struct config config = noise_config(data, strategies[s], "holdout");
        struct job_result result;
        struct err err = {0};
        int calls = 0;
        const struct job_hooks hooks = {.self = &calls, .pause = stop_now, .epoch = no_epoch};
        assert_int_equal(config_set(&config, "model", "fake", &err), 0);
        with(&config, "fake.milliseconds", 0);
        assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_STOPPED);
        assert_int_equal(calls, 1);
        assert_non_null(strstr(err.text, "compared"));
    }
    hand_dataset_free(data);
}

static int record_sets(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    float(*sets)[N_SETS][N_ALL_METRICS] = self;
    (void)err;
    memcpy(sets[epoch], numbers, sizeof sets[epoch]);
    return 0;
}

/* A trial of tuning learns and is measured on val as a job is, to the bit, and nothing else is there. */
static void trials_have_nothing_of_the_test_set(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "none", "holdout");
    float sets[2][2][N_SETS][N_ALL_METRICS];
    with_text(&config, "inner", "share:0.3");
    for (int is_trial = 0; is_trial < 2; is_trial++) {
        const struct job_hooks hooks = {.self = sets[is_trial], .epoch = record_sets, .is_trial = is_trial};
        struct job_result result;
        assert_int_equal(job_run(&config, data, "key", &hooks, &result, NULL), 0);
        for (int set = 0; set < N_SETS; set++)
            assert_int_equal(result.set[set].n > 0, set != SET_TRAIN && !is_trial);
        assert_int_equal(result.weights != NULL, !is_trial);
        job_result_free(&result);
    }
    for (int e = 0; e < 2; e++) {
        assert_memory_equal(sets[0][e][SET_TRAIN], sets[1][e][SET_TRAIN], sizeof sets[0][e][SET_TRAIN]);
        assert_memory_equal(sets[0][e][SET_VAL], sets[1][e][SET_VAL], sizeof sets[0][e][SET_VAL]);
        for (int m = 0; m < N_ALL_METRICS; m++)
            assert_true(isfinite(sets[0][e][SET_TEST][m]) && isnan(sets[1][e][SET_TEST][m]));
    }
    dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_have_nothing_of_the_test_set),
        cmocka_unit_test(every_strategy_trains_in_gray),
        cmocka_unit_test(every_strategy_trains_in_colour),
        cmocka_unit_test(a_job_of_other_channels_is_refused),
        cmocka_unit_test(combinations_train),
        cmocka_unit_test(an_ensemble_is_the_mean_of_its_networks),
        cmocka_unit_test(post_hoc_adjustment_divides_by_the_prior),
        cmocka_unit_test(logit_adjust_is_balanced_softmax_at_tau_one),
        cmocka_unit_test(the_best_epoch_judges),
        cmocka_unit_test(a_network_that_is_too_large_is_refused_in_the_plan),
        cmocka_unit_test(a_pause_hook_stops_the_job),
        cmocka_unit_test(a_pause_hook_stops_a_job_that_compares_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
