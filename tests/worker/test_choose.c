/* Choosing an epoch: which is best, when enough is enough, who may choose; and that no choice sees the test
 * set: with its labels permuted nothing that is chosen changes by a bit. */
#include "choose.h"

#include "base/ranking.h"
#include "job.h"
#include "plan.h"
#include "sections.h"
#include "select.h"
#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 12, CLASSES = 3, EPOCHS = 10 };
static const int counts[CLASSES] = {40, 20, 14};

static struct config stop_config(const char *on, double patience, double from, double min_delta)
{
    struct config config = config_defaults(worker_schema());
    with_text(&config, "train.stop.on", on);
    with(&config, "train.stop.patience", patience);
    with(&config, "train.stop.from", from);
    with(&config, "train.stop.min_delta", min_delta);
    with_text(&config, "judge", "best");
    return config;
}

/* The epoch that judges after epochs of these values of the metric that is looked at, and the last one. */
struct course {
    int best, last;
};

static struct course follow(const struct config *config, const double *value, int n)
{
    struct choice choice = {.config = config};
    struct course course = {0, n};
    int by_loss = strcmp(config_of(config, &choose_on_section), "loss") == 0;
    for (int e = 1; e <= n && course.last == n; e++) {
        float numbers[N_ALL_METRICS] = {by_loss ? (float)value[e - 1] : 1};
        numbers[METRIC_BALANCED_ACCURACY] = (float)value[e - 1];
        if (choose_epoch(&choice, e, numbers))
            course.best = e;
        assert_int_equal(course.best, choice.state.best_epoch);
        course.last = choose_stops(&choice, e) ? e : n;
    }
    return course;
}

static void the_first_of_the_best_is_best(void **state)
{
    const double rising[] = {0.5, 0.7, 0.6, 0.7, 0.9, 0.9, 0.8},
                 none[] = {(double)NAN, (double)NAN, (double)NAN};
    const double late[] = {(double)NAN, 0.25, (double)INFINITY, 0.5},
                 loss[] = {1, 0.25, 0.5, 0.25, (double)NAN, 0.75};
    struct config config = stop_config("balanced_accuracy", 0, 0, 0), by_loss = stop_config("loss", 0, 0, 0);
    (void)state;
    struct course c = follow(&config, rising, 7);
    assert_true(c.best == 5 && c.last == 7);
    assert_int_equal(follow(&config, none, 3).best, 0);
    assert_int_equal(follow(&config, late, 4).best, 4);
    assert_int_equal(follow(&by_loss, loss, 6).best, 2);
}

/* Three epochs without a better one; from a later epoch; without one that is better by 0.1. */
static void a_job_stops_when_it_gets_no_better(void **state)
{
    const double value[] = {0.5, 0.7, 0.6, 0.7, 0.65, 0.72, 0.71, 0.7, 0.69, 0.9, 0.1, 0.1};
    static const struct {
        double patience, from, min_delta;
        struct course course;
    } cases[] = {{3, 0, 0, {2, 5}},   {4, 0, 0, {10, 12}}, {1, 0, 0, {2, 3}}, {3, 3, 0, {6, 9}},
                 {3, 8, 0, {10, 12}}, {4, 0, 0.1, {6, 6}}, {2, 7, 0, {6, 9}}, {12, 0, 0, {10, 12}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config =
            stop_config("balanced_accuracy", cases[i].patience, cases[i].from, cases[i].min_delta);
        struct course c = follow(&config, value, 12);
        if (c.last != cases[i].course.last || (c.last < 12 && c.best > c.last))
            fail_msg("case %zu: best %d, last %d", i, c.best, c.last);
    }
}

/* Epochs of the first stage of a strategy that has two are no candidates, nor do they count as patience. */
static void a_first_stage_is_not_chosen(void **state)
{
    const double falling[] = {0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.45, 0.3, 0.2, 0.1};
    static const struct {
        const char *strategy, *key;
        double share, patience, from;
        struct course course;
    } cases[] = {{"none", NULL, 0, 2, 0, {1, 3}},           {"crt", "crt.share", 0.5, 2, 0, {7, 9}},
                 {"ldam", "ldam.share", 0.5, 2, 0, {7, 9}}, {"ldam", "ldam.share", 1, 2, 0, {1, 3}},
                 {"crt", "crt.share", 0.5, 1, 0, {7, 8}},   {"smote+crt", "crt.share", 0.5, 1, 8, {7, 9}},
                 {"crt", "crt.share", 0.9, 0, 0, {10, 10}}, {"ldam", "ldam.share", 0, 0, 0, {1, 10}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = stop_config("balanced_accuracy", cases[i].patience, cases[i].from, 0);
        with_text(&config, "strategy", cases[i].strategy);
        config.epochs = 10;
        if (cases[i].key)
            with(&config, cases[i].key, cases[i].share);
        struct course c = follow(&config, falling, 10);
        if (c.best != cases[i].course.best || c.last != cases[i].course.last)
            fail_msg("case %zu: best %d, last %d", i, c.best, c.last);
    }
}

/* Of three epochs: the last one; with judge: best that whose networks would judge, which is not the best in
 * the metric that decides. */
static void a_trial_is_worth_the_epoch_that_would_judge_it(void **state)
{
    static const struct {
        const char *choose, *judge, *on;
        double score;
    } cases[] = {{"auroc", "final", "loss", 0.75}, {"auroc", "best", "loss", 0.5},
                 {"auroc", "best", "auroc", 1},    {"loss", "best", "loss", -0.25},
                 {"loss", "best", "auroc", -4},    {"loss", "final", "loss", -2}};
    const float numbers[3][N_ALL_METRICS] = {{[METRIC_LOSS] = 0.25f, [METRIC_AUROC] = 0.5f},
                                             {[METRIC_LOSS] = 4, [METRIC_AUROC] = 1},
                                             {2, 0, 0, 0, 0.75f}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = stop_config(cases[i].on, 0, 0, 0);
        struct tune tune = {.n_keys = 0};
        struct trial_curves curves;
        snprintf(tune.choose, sizeof tune.choose, "%s", cases[i].choose);
        with_text(&config, "judge", cases[i].judge);
        assert_int_equal(choose_curves_new(3, &curves, NULL), 0);
        for (int e = 0; e < 3; e++)
            choose_curves_note(&tune, &config, e, numbers[e], &curves);
        assert_float_equal(choose_trial_score(&tune, &config, &curves, 3), cases[i].score, 0);
        assert_true(isinf(choose_trial_score(&tune, &config, &curves, 0)));
        choose_curves_free(&curves);
    }
}

/* Beside counting all pairs, ties and all; a set of one class has none. */
static void auroc_is_that_of_all_pairs(void **state)
{
    enum { N = 12 };
    static const float probs[N * 3] = {.5F, .3F, .2F, .5F, .2F, .3F, .1F, .8F, .1F, .3F, .4F, .3F,
                                       .6F, .2F, .2F, .2F, .6F, .2F, .5F, .5F, 0,   .3F, .3F, .4F,
                                       .1F, .1F, .8F, .4F, .2F, .4F, .2F, .2F, .6F, .3F, .3F, .4F};
    int label[N] = {0, 0, 1, 1, 0, 1, 1, 2, 2, 0, 2, 1};
    struct ranked room[N];
    double sum = 0;
    (void)state;
    for (int c = 0; c < 3; c++) {
        double above = 0, pairs = 0;
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (label[i] == c && label[j] != c) {
                    float a = probs[3 * i + c], b = probs[3 * j + c];
                    above += a > b ? 1 : a < b ? 0 : 0.5;
                    pairs++;
                }
        sum += above / pairs / 3;
    }
    assert_float_equal(ranking_macro_auroc(probs, label, N, 3, room), sum, 1e-12);
    for (int i = 0; i < N; i++)
        label[i] = 1;
    assert_true(isnan(ranking_macro_auroc(probs, label, N, 3, room)));
}

/* Jobs that choose nothing, and models with no epochs to choose from, do not read what is asked of others. */
static void settings_are_those_of_jobs_that_choose(void **state)
{
    static const struct {
        const char *model, *judge;
        int patience, chooses, best,
            reads[5]; /* judge, stop.on, stop.from, allow; with an inner set: allow */
    } cases[] = {{"cnn", "auto", 0, 0, 0, {1, 0, 0, 0, 0}},
                 {"cnn", "final", 3, 1, 0, {1, 1, 1, 1, 0}},
                 {"cnn", "best", 0, 1, 1, {1, 1, 0, 1, 0}},
                 {"cnn", "auto", 3, 1, 1, {1, 1, 1, 1, 0}},
                 {"majority", "best", 3, 0, 0, {0, 0, 0, 0, 0}}};
    static const char *const keys[] = {"judge", "train.stop.on", "train.stop.from", "allow_choice_on_test"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config = config_defaults(worker_schema());
        with_text(&config, "model", cases[i].model);
        with_text(&config, "judge", cases[i].judge);
        with(&config, "train.stop.patience", cases[i].patience);
        assert_int_equal(choose_any(&config), cases[i].chooses);
        assert_int_equal(choose_best(&config), cases[i].best);
        for (int k = 0; k < 4; k++)
            assert_int_equal(config_reads(&config, config_find(config.schema, keys[k])), cases[i].reads[k]);
        with_text(&config, "inner", "folds:4");
        assert_int_equal(config_reads(&config, config_find(config.schema, keys[3])), cases[i].reads[4]);
    }
}

static struct config small_config(const struct dataset *data, const char *strategy, const char *protocol)
{
    struct config config = noise_config(data, strategy, protocol);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    with(&config, "easy-ensemble.members", 2);
    with(&config, "train.learning_rate", 0.003);
    config.epochs = EPOCHS;
    config.batch = 12;
    return config;
}

static void assert_refused(const struct config *config, const struct dataset *data, const char *expected)
{
    struct job_result result;
    struct job_plan plan;
    struct err err = {0};
    const struct job_hooks hooks = {0};
    assert_int_equal(job_plan(config, data, "key", &plan, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not say '%s'", err.text, expected);
    assert_int_equal(job_run(config, data, "key", &hooks, &result, &err), E_USAGE);
}

static void a_choice_needs_a_set_of_its_own(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "none", "holdout");
    struct job_plan plan;
    (void)state;
    with_text(&config, "judge", "best");
    assert_refused(&config, data, "judge: best chooses an epoch, and there is no set to choose on");
    assert_refused(&config, data, "add `inner: {share: 0.2}`");
    with_text(&config, "judge", "final");
    with(&config, "train.stop.patience", 2);
    assert_refused(&config, data, "train.stop.patience chooses an epoch");
    with_text(&config, "allow_choice_on_test", "true");
    assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
    with_text(&config, "allow_choice_on_test", "false");
    with_text(&config, "inner", "share:0.2");
    assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
    with(&config, "train.stop.from", EPOCHS - 2);
    assert_refused(&config, data,
                   "with patience 2, counted from epoch 8 on, a job of 10 epochs never ends early");
    with(&config, "train.stop.from", EPOCHS - 3);
    assert_int_equal(job_plan(&config, data, "key", &plan, NULL), 0);
    for (int i = 0; i < data->n_images; i++) /* set val without a class */
        data->image[i].given = i % 3 == 0 ? GIVEN_TEST : i < 40 && i % 3 == 1 ? GIVEN_VAL : GIVEN_TRAIN;
    assert_int_equal(dataset_finish(data, NULL), 0);
    with_text(&config, "protocol", "given");
    assert_refused(&config, data, "set val of the images has none of some cluster");
    hand_dataset_free(data);
}

/* ---- the guarantee ---- */

static void swap_images(struct dataset *data, int a, int b)
{
    size_t n = (size_t)data->size * (size_t)data->size;
    for (size_t k = 0; k < n; k++) {
        float *x = data->pixels + (size_t)a * n + k, *y = data->pixels + (size_t)b * n + k, kept = *x;
        *x = *y;
        *y = kept;
    }
}

/* Permute the labels of the test set of a job: its images change places, whose labels stay. */
static void permute_test_labels(const struct config *config, struct dataset *data)
{
    struct job_samples samples;
    assert_int_equal(job_samples_select(config, data, "key", NULL, &samples, NULL), 0);
    int n = samples.test.n;
    for (int i = 0; i < n / 2; i++)
        swap_images(data, samples.test.sample[i].image, samples.test.sample[n - 1 - i].image);
    job_samples_free(&samples);
}

static struct job_result run(const struct config *config, const struct dataset *data)
{
    const struct job_hooks hooks = {0};
    struct job_result result;
    struct err err = {0};
    if (job_run(config, data, "key", &hooks, &result, &err) < 0)
        fail_msg("%s: %s", config->strategy, err.text);
    return result;
}

static int same_choices(const struct job_result *a, const struct job_result *b)
{
    return a->judged_epoch == b->judged_epoch && a->epochs_done == b->epochs_done &&
           memcmp(a->weights, b->weights, a->n_weights * sizeof *a->weights) == 0;
}

static void assert_same_val(const struct job_result *a, const struct job_result *b)
{
    const struct job_predictions *x = &a->set[SET_VAL], *y = &b->set[SET_VAL];
    assert_true(x->n > 0 && x->n == y->n);
    assert_memory_equal(x->image, y->image, (size_t)x->n * sizeof *x->image);
    assert_memory_equal(x->probs, y->probs, (size_t)(x->n * CLASSES) * sizeof *x->probs);
    assert_memory_equal(a->numbers[SET_VAL], b->numbers[SET_VAL], sizeof a->numbers[SET_VAL]);
}

/* Results of a job before and after its test labels are permuted; the labels go back. 1 when its numbers on
 * the test set are others then: not of a network that predicts the same of every image. */
static int run_both(const struct config *config, struct dataset *data, struct job_result *plain,
                    struct job_result *permuted)
{
    *plain = run(config, data);
    permute_test_labels(config, data);
    *permuted = run(config, data);
    permute_test_labels(config, data);
    return memcmp(plain->numbers[SET_TEST], permuted->numbers[SET_TEST], sizeof plain->numbers[0]) != 0;
}

static void give_sets(struct dataset *data)
{
    static const int set[] = {GIVEN_TRAIN, GIVEN_VAL, GIVEN_TEST, GIVEN_TRAIN};
    for (int i = 0; i < data->n_images; i++)
        data->image[i].given = set[i % 4];
    assert_int_equal(dataset_finish(data, NULL), 0);
}

/* Weights, judged epoch, last epoch and predictions of val: every strategy of the table, protocols that cut
 * before they rebalance, every number that choices look at. */
static void no_choice_sees_the_test_set(void **state)
{
    static const char *const protocols[] = {"holdout", "kfold:3x1", "given"};
    static const char *const on[] = {"balanced_accuracy", "loss", "auroc"};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct balance_strategy *strategy;
    int n = 0, n_other = 0;
    (void)state;
    give_sets(data);
    for (int i = 0; (strategy = balance_strategy(i)); i++)
        for (int k = 0; k < 3; k++) {
            struct config config = small_config(data, strategy->name, protocols[(i + k) % 3]);
            struct job_result a, b;
            if (config.protocol.kind != PROTOCOL_GIVEN)
                with_text(&config, "inner", k ? "share:0.25" : "folds:4");
            with_text(&config, "train.stop.on", on[k]);
            with(&config, "train.stop.patience", 3);
            with(&config, "crt.share", 0.5);
            with(&config, "ldam.share", 0.5);
            n_other += run_both(&config, data, &a, &b);
            n++;
            assert_true(same_choices(&a, &b));
            assert_true(a.judged_epoch >= balance_choose_from(&config));
            assert_same_val(&a, &b);
            job_result_free(&a);
            job_result_free(&b);
        }
    assert_true(n_other > n * 3 / 4);
    hand_dataset_free(data);
}

/* Fed the test set on purpose, choices change with its labels: the test before would see it. */
static void a_choice_on_the_test_set_is_seen(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    int n_other = 0;
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        struct config config = small_config(data, "none", "holdout");
        struct job_result a, b;
        config.seed = seed;
        with(&config, "train.stop.patience", 3);
        with_text(&config, "train.stop.on", "loss");
        with_text(&config, "allow_choice_on_test", "true");
        run_both(&config, data, &a, &b);
        assert_int_equal(a.set[SET_VAL].n, 0);
        n_other += !same_choices(&a, &b);
        job_result_free(&a);
        job_result_free(&b);
    }
    assert_true(n_other > 0);
    hand_dataset_free(data);
}

/* A job that stops early is the beginning of the one that does not. */
static void what_stops_early_is_a_beginning(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    int n_early = 0;
    (void)state;
    for (int seed = 1; seed <= 4; seed++) {
        struct config config = small_config(data, "oversample", "holdout"), whole;
        config.seed = seed;
        with_text(&config, "inner", "share:0.25");
        whole = config;
        with(&config, "train.stop.patience", 2);
        struct job_result a = run(&config, data);
        n_early += a.epochs_done < EPOCHS;
        assert_true(a.judged_epoch <= a.epochs_done);
        assert_true(a.epochs_done == EPOCHS || a.epochs_done - a.judged_epoch >= 2);
        whole.epochs = a.judged_epoch;
        struct job_result b = run(&whole, data);
        assert_memory_equal(a.weights, b.weights, a.n_weights * sizeof *a.weights);
        job_result_free(&a);
        job_result_free(&b);
    }
    assert_true(n_early > 0);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_the_best_is_best),
        cmocka_unit_test(a_job_stops_when_it_gets_no_better),
        cmocka_unit_test(a_first_stage_is_not_chosen),
        cmocka_unit_test(a_trial_is_worth_the_epoch_that_would_judge_it),
        cmocka_unit_test(auroc_is_that_of_all_pairs),
        cmocka_unit_test(settings_are_those_of_jobs_that_choose),
        cmocka_unit_test(a_choice_needs_a_set_of_its_own),
        cmocka_unit_test(no_choice_sees_the_test_set),
        cmocka_unit_test(a_choice_on_the_test_set_is_seen),
        cmocka_unit_test(what_stops_early_is_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
