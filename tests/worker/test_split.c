#include "samples/render.h"
#include "samples/split.h"

#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/selected.h"
#include "support/with.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const int pair_number[] = {1, 8, 10, 14, 15, 27};
static const int pair_count[] = {94, 44, 45, 42, 23, 7}; /* of the report */

static const char *const all_strategies[] = {"none",       "reweight", "undersample",
                                             "oversample", "augment",  "augment+reweight"};
enum { N_STRATEGIES = 6 };

static struct dataset *pairs(void)
{
    return hand_dataset(6, pair_number, pair_count, 2);
}

static struct job_samples select_text(const struct dataset *data, const char *clusters, const char *strategy,
                                      const char *protocol)
{
    struct config config = hand_config(clusters, strategy, protocol);
    return selected(&config, data, "key");
}

/* Numbers of validation images read off the published curves, all with an 80/20 split. */
static void published_validation_sizes(void **state)
{
    static const struct {
        const char *clusters, *strategy;
        int n_test;
    } published[] = {
        {"8-10", "none", 18},         {"14-15", "none", 13},      {"1-27", "none", 21},
        {"14-15", "undersample", 10}, {"1-27", "undersample", 3},
    };
    struct dataset *data = pairs();
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        for (int tail = 0; tail < 2; tail++) {
            struct job_samples s =
                select_text(data, published[i].clusters, published[i].strategy, tail ? "tail" : "report");
            assert_int_equal(s.test.n, published[i].n_test);
            job_samples_free(&s);
        }
    hand_dataset_free(data);
}

static int n_train_of(int n, double validation)
{
    struct config config = hand_config("1-2", "none", "tail");
    struct sample sample[1000] = {{0}};
    struct samples list = {.sample = sample, .n = n};
    struct split_task task = {.config = &config, .samples = &list, .n_classes = 2};
    struct rng rng = split_stream(&config);
    int order[1000];
    config.validation = validation;
    return split_rule(PROTOCOL_TAIL)->arrange(&task, &rng, order);
}

static void rounding_does_not_stumble_over_floating_point(void **state)
{
    (void)state;
    for (int n = 5; n < 1000; n += 5)
        assert_int_equal(n_train_of(n, 0.2), n / 5 * 4);
    for (int n = 10; n < 1000; n += 10)
        for (int tenths = 1; tenths < 10; tenths++)
            assert_int_equal(n_train_of(n, tenths / 10.0), n / 10 * (10 - tenths));
    assert_int_equal(n_train_of(101, 0.2), 80);
    assert_int_equal(n_train_of(2, 0.99), 1);
    assert_int_equal(n_train_of(2, 0.01), 1);
}

/* 44 + 45 images, the last 18 judged: all of cluster 10, in order. */
static void tail_is_the_unshuffled_end(void **state)
{
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "8-10", "none", "tail");
    (void)state;
    for (int i = 0; i < s.train.n; i++)
        assert_int_equal(s.train.sample[i].image, 94 + i);
    for (int i = 0; i < s.test.n; i++) {
        assert_int_equal(s.test.sample[i].image, 94 + 71 + i);
        assert_int_equal(s.test.sample[i].label, 1);
    }
    assert_int_equal(s.leak, 0);
    job_samples_free(&s);
    hand_dataset_free(data);
}

static void order_of_clusters_is_the_order_of_classes(void **state)
{
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "10-8", "none", "tail");
    (void)state;
    assert_int_equal(data->image[s.train.sample[0].image].cluster, 10);
    assert_int_equal(s.train.sample[0].label, 0);
    for (int i = 0; i < s.test.n; i++)
        assert_int_equal(data->image[s.test.sample[i].image].cluster, 8);
    for (int i = 0; i < s.all.n; i++) {
        assert_int_equal(s.all.sample[i].image, 94 + i);
        assert_int_equal(s.all.sample[i].label, i < 44 ? 1 : 0);
    }
    job_samples_free(&s);
    hand_dataset_free(data);
}

static void report_shuffles_and_loses_nothing(void **state)
{
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "8-10", "none", "report");
    int seen[89] = {0}, ascending = 0, n_test[2];
    (void)state;
    for (int i = 0; i < s.train.n; i++)
        seen[s.train.sample[i].image - 94]++;
    for (int i = 0; i < s.test.n; i++)
        seen[s.test.sample[i].image - 94]++;
    for (int i = 0; i < 89; i++)
        assert_int_equal(seen[i], 1);
    for (int i = 1; i < s.train.n; i++)
        ascending += s.train.sample[i].image > s.train.sample[i - 1].image;
    assert_true(ascending > 20 && ascending < 50);
    samples_count(&s.test, 2, n_test);
    assert_true(n_test[0] > 0 && n_test[1] > 0);
    job_samples_free(&s);
    hand_dataset_free(data);
}

/* 87 duplicates of 7 images: no test image of the minority can be new. */
static void report_leaks_duplicates(void **state)
{
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "1-27", "oversample", "report");
    int n_test[2];
    (void)state;
    samples_count(&s.test, 2, n_test);
    assert_int_equal(s.train.n + s.test.n, 188);
    assert_int_equal(s.all.n, 101);
    assert_int_equal(s.leak, n_test[1]);
    assert_true(s.leak > 10);
    job_samples_free(&s);
    hand_dataset_free(data);
}

static void holdout_is_stratified(void **state)
{
    static const int expected[6] = {19, 9, 9, 8, 5, 1}; /* round(0.2 n) */
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "1-8-10-14-15-27", "none", "holdout");
    int train[6], test[6];
    (void)state;
    samples_count(&s.train, 6, train);
    samples_count(&s.test, 6, test);
    for (int c = 0; c < 6; c++) {
        assert_int_equal(test[c], expected[c]);
        assert_int_equal(train[c], pair_count[c] - expected[c]);
    }
    job_samples_free(&s);
    hand_dataset_free(data);
}

static void holdout_keeps_one_on_each_side(void **state)
{
    const int number[] = {3, 4}, count[] = {2, 2};
    struct dataset *data = hand_dataset(2, number, count, 2);
    (void)state;
    for (int high = 0; high < 2; high++) {
        struct config config = hand_config("3-4", "none", "holdout");
        config.validation = high ? 0.99 : 0.01;
        struct job_samples s = selected(&config, data, "key");
        assert_int_equal(s.train.n, 2);
        assert_int_equal(s.test.n, 2);
        assert_int_not_equal(s.test.sample[0].label, s.test.sample[1].label);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

static void spread(const int *n, int folds, int *low, int *high)
{
    *low = *high = n[0];
    for (int f = 1; f < folds; f++) {
        *low = n[f] < *low ? n[f] : *low;
        *high = n[f] > *high ? n[f] : *high;
    }
}

/* All folds of one repeat: times[i] counts how often image i was judged. Checks the sizes. */
static void judge_all_folds(struct config *config, const struct dataset *data, int *times)
{
    int folds = config->protocol.folds, n_classes = config->clusters.n, low, high;
    int size[16], class_size[CONFIG_MAX_CLUSTERS][16];
    for (int f = 0; f < folds; f++) {
        int count[CONFIG_MAX_CLUSTERS];
        config->fold = f;
        struct job_samples s = selected(config, data, "key");
        for (int i = 0; i < s.test.n; i++)
            times[s.test.sample[i].image]++;
        samples_count(&s.test, n_classes, count);
        size[f] = s.test.n;
        for (int c = 0; c < n_classes; c++)
            class_size[c][f] = count[c];
        job_samples_free(&s);
    }
    spread(size, folds, &low, &high);
    assert_true(high - low <= 1);
    for (int c = 0; c < n_classes; c++) {
        spread(class_size[c], folds, &low, &high);
        assert_true(high - low <= 1 && low >= 1);
    }
}

static void kfold_judges_every_original_once_a_repeat(void **state)
{
    static const char *const protocols[] = {"kfold:5x2", "kfold:2x2", "kfold:7x3"};
    struct dataset *data = pairs();
    (void)state;
    for (int p = 0; p < 3; p++) {
        struct config config = hand_config("1-8-10-14-15-27", "oversample", protocols[p]);
        for (int r = 0; r < config.protocol.repeats; r++) {
            int times[255] = {0};
            config.repeat = r;
            judge_all_folds(&config, data, times);
            for (int i = 0; i < 255; i++)
                assert_int_equal(times[i], 1);
        }
    }
    hand_dataset_free(data);
}

static int same_images(const struct samples *a, const struct samples *b)
{
    if (a->n != b->n)
        return 0;
    for (int i = 0; i < a->n; i++)
        if (a->sample[i].image != b->sample[i].image || a->sample[i].label != b->sample[i].label)
            return 0;
    return 1;
}

static void strategies_share_the_split(void **state)
{
    static const char *const protocols[] = {"holdout", "kfold:5x1"};
    struct dataset *data = pairs();
    (void)state;
    for (int p = 0; p < 2; p++) {
        struct job_samples first = select_text(data, "1-27", "none", protocols[p]);
        for (int k = 1; k < N_STRATEGIES; k++) {
            struct config config = hand_config("1-27", all_strategies[k], protocols[p]);
            struct job_samples other = selected(&config, data, "another job");
            assert_true(same_images(&first.test, &other.test));
            job_samples_free(&other);
        }
        job_samples_free(&first);
    }
    hand_dataset_free(data);
}

/* What must, and what must not, give another split. */
static void the_split_is_named_by_clusters_protocol_seed_repeat(void **state)
{
    struct config base = hand_config("8-10", "none", "kfold:5x2"), changed[6];
    uint64_t key = split_stream(&base).key;
    (void)state;
    for (int i = 0; i < 6; i++)
        changed[i] = base;
    changed[0].seed++;
    changed[1].repeat++;
    changed[2].protocol.folds++;
    changed[3] = hand_config("8-14", "none", "kfold:5x2");
    changed[4].protocol.kind = PROTOCOL_HOLDOUT;
    changed[5] = hand_config("10-8", "none", "kfold:5x2");
    for (int i = 0; i < 6; i++)
        assert_true(split_stream(&changed[i]).key != key);
    base.fold = 3;
    with(&base, "train.learning_rate", 0.5);
    base.protocol.repeats = 9;
    assert_true(split_stream(&base).key == key);
}

static void seeds_and_repeats_split_differently(void **state)
{
    struct dataset *data = pairs();
    struct config config = hand_config("8-10", "none", "kfold:5x2");
    struct job_samples a = selected(&config, data, "key");
    (void)state;
    config.repeat = 1;
    struct job_samples b = selected(&config, data, "key");
    config.seed = 2;
    struct job_samples c = selected(&config, data, "key");
    assert_false(same_images(&a.test, &b.test));
    assert_false(same_images(&b.test, &c.test));
    job_samples_free(&a);
    job_samples_free(&b);
    job_samples_free(&c);
    hand_dataset_free(data);
}

static void assert_refused(const struct config *config, const struct dataset *data, const char *expected)
{
    struct job_samples s;
    struct err err = {0};
    assert_int_equal(job_samples_select(config, data, "key", NULL, &s, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not say '%s'", err.text, expected);
    assert_null(s.all.sample);
}

static void errors_name_cluster_count_and_remedy(void **state)
{
    const int number[] = {2, 5, 9}, count[] = {20, 1, 4};
    struct dataset *data = hand_dataset(3, number, count, 2);
    struct config config = hand_config("2-5", "none", "holdout");
    (void)state;
    assert_refused(&config, data, "cluster 5 has 1 image; protocol holdout needs at least 2 a class: leave");
    config = hand_config("2-9", "none", "kfold:5x1");
    assert_refused(&config, data,
                   "cluster 9 has 4 images; protocol kfold with 5 folds needs at least 5 a class: use");
    config = hand_config("2-7", "none", "report");
    assert_refused(&config, data, "cluster 7 is not in the dataset; it has 2, 5, 9");
    config = hand_config("2-9", "none", "kfold:4x1");
    config.fold = 4;
    assert_refused(&config, data, "fold 4 does not exist");
    config.clusters.number[1] = 2;
    config.fold = 0;
    assert_refused(&config, data, "cluster 2 is named twice");
    config.clusters.n = 1;
    assert_refused(&config, data, "at least two clusters");
    config = hand_config("2-9", "none", "holdout");
    snprintf(config.strategy, sizeof config.strategy, "augmnt");
    assert_refused(&config, data, "'augmnt' is not known; did you mean 'augment'?");
    hand_dataset_free(data);
}

static void a_long_list_of_clusters_is_cut(void **state)
{
    int number[200], count[200];
    (void)state;
    for (int c = 0; c < 200; c++) {
        number[c] = 10000 + c;
        count[c] = 2;
    }
    struct dataset *data = hand_dataset(200, number, count, 1);
    struct config config = hand_config("10000-7", "none", "report");
    assert_refused(&config, data, "10001, ");
    assert_refused(&config, data, ", ...");
    hand_dataset_free(data);
}

/* Leak found without looking at indices: every image is of a gray of its own, which no warp changes. */
static int leak_by_content(const struct job_samples *s)
{
    int leak = 0;
    for (int i = 0; i < s->test.n; i++)
        for (int k = 0; k < s->train.n; k++)
            if (hand_image_of(s->test.sample[i].pixels) == hand_image_of(s->train.sample[k].pixels)) {
                leak++;
                break;
            }
    return leak;
}

/* A random dataset of 2 to 5 clusters with 5 to 30 images, and a random job on it. */
static struct dataset *random_job(struct rng *rng, struct config *config)
{
    static const char *const protocols[] = {"report", "tail", "holdout", "kfold:5x2", "kfold:3x1"};
    int number[5], count[5], n = 2 + (int)rng_below(rng, 4);
    char clusters[64] = "";
    for (int c = 0; c < n; c++) {
        number[c] = 3 * c + (int)rng_below(rng, 3);
        count[c] = 5 + (int)rng_below(rng, 26);
        snprintf(clusters + strlen(clusters), sizeof clusters - strlen(clusters), c ? "-%d" : "%d",
                 number[c]);
    }
    *config =
        hand_config(clusters, all_strategies[rng_below(rng, N_STRATEGIES)], protocols[rng_below(rng, 5)]);
    config->seed = (int64_t)rng_below(rng, 1000);
    with(config, "undersample.replacement", (int)rng_below(rng, 2));
    config->validation = 0.1 + 0.5 * rng_uniform(rng);
    config->fold = config->protocol.kind == PROTOCOL_KFOLD ? (int64_t)rng_below(rng, 3) : 0;
    if (rng_below(rng, 4) == 0)
        with(config, "balance.threshold", 25);
    with(config, "balance.cap", 25);
    return hand_dataset(n, number, count, 5);
}

static void assert_judged_on_untouched_originals(const struct samples *test)
{
    for (int i = 0; i < test->n; i++) {
        assert_int_equal(test->sample[i].copy, 0);
        assert_int_equal(test->sample[i].variant, -1);
    }
}

static void leak_is_exact_and_honest_protocols_have_none(void **state)
{
    struct rng rng = rng_start(rng_key("test", "leak", 4), 0);
    int honest = 0, leaking = 0;
    (void)state;
    for (int trial = 0; trial < 300; trial++) {
        struct config config;
        struct err err = {0};
        struct dataset *data = random_job(&rng, &config);
        struct job_samples s = selected(&config, data, "key");
        assert_int_equal(job_samples_render(&config, data, "key", &s, &err), 0);
        assert_int_equal(s.leak, leak_by_content(&s));
        if (!split_rule(config.protocol.kind)->balances_first) {
            assert_int_equal(s.leak, 0);
            assert_judged_on_untouched_originals(&s.test);
            honest++;
        }
        leaking += s.leak > 0;
        job_samples_free(&s);
        hand_dataset_free(data);
    }
    assert_true(honest > 100 && leaking > 30);
}

static void leak_sees_images_far_apart(void **state)
{
    struct sample train[] = {{.image = 3}, {.image = 70000}, {.image = 200000}};
    struct sample test[] = {
        {.image = 70000}, {.image = 70000, .copy = 2}, {.image = 4464}, {.image = 200000}};
    const struct samples a = {.sample = train, .n = 3}, b = {.sample = test, .n = 4}, none = {0};
    const struct dataset data = {.n_images = 200001};
    (void)state;
    assert_int_equal(samples_leak(&data, &a, &b, NULL), 3);
    assert_int_equal(samples_leak(&data, &a, &none, NULL), 0);
    assert_int_equal(samples_leak(&data, &none, &b, NULL), 0);
}

/* Results must not change silently from one version to the next: these are the images judged by version 1. */
static void the_split_is_pinned(void **state)
{
    static const int holdout[] = {112, 113, 115, 117, 119, 124, 127, 128, 133,
                                  141, 143, 152, 153, 165, 169, 176, 180, 181};
    struct dataset *data = pairs();
    struct job_samples s = select_text(data, "8-10", "none", "holdout");
    (void)state;
    assert_int_equal(s.test.n, sizeof holdout / sizeof *holdout);
    for (int i = 0; i < s.test.n; i++)
        assert_int_equal(s.test.sample[i].image, holdout[i]);
    job_samples_free(&s);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_validation_sizes),
        cmocka_unit_test(rounding_does_not_stumble_over_floating_point),
        cmocka_unit_test(tail_is_the_unshuffled_end),
        cmocka_unit_test(order_of_clusters_is_the_order_of_classes),
        cmocka_unit_test(report_shuffles_and_loses_nothing),
        cmocka_unit_test(report_leaks_duplicates),
        cmocka_unit_test(holdout_is_stratified),
        cmocka_unit_test(holdout_keeps_one_on_each_side),
        cmocka_unit_test(kfold_judges_every_original_once_a_repeat),
        cmocka_unit_test(strategies_share_the_split),
        cmocka_unit_test(the_split_is_named_by_clusters_protocol_seed_repeat),
        cmocka_unit_test(seeds_and_repeats_split_differently),
        cmocka_unit_test(errors_name_cluster_count_and_remedy),
        cmocka_unit_test(a_long_list_of_clusters_is_cut),
        cmocka_unit_test(leak_is_exact_and_honest_protocols_have_none),
        cmocka_unit_test(leak_sees_images_far_apart),
        cmocka_unit_test(the_split_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
