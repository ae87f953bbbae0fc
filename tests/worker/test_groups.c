/* Whole groups on either side: what is kept together, how evenly, what is refused. */
#include "samples/groups.h"

#include "draws.h"
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

static struct dataset *two_clusters(void)
{
    static const int number[] = {8, 10}, count[] = {44, 45};
    return hand_dataset(2, number, count, 2);
}

static struct config grouped_config(const char *clusters, const char *protocol)
{
    struct config config = hand_config(clusters, "oversample", protocol);
    snprintf(config.groups, sizeof config.groups, "slide");
    return config;
}

/* How a random dataset is grouped: one of n slides, or with some probability none. */
struct slides {
    struct rng *rng;
    int n;
    double alone;
};

static const char *random_slide(int image, void *self)
{
    static char name[16];
    const struct slides *g = self;
    (void)image;
    snprintf(name, sizeof name, "slide %d", (int)rng_below(g->rng, (uint32_t)g->n));
    return rng_uniform(g->rng) < g->alone ? "" : name;
}

/* 2 to 4 clusters of 4 to 15 images on 2 to 9 slides, and a random honest job on all of them. */
static struct dataset *random_groups(struct rng *rng, struct config *config)
{
    static const char *const clusters[] = {"1-2", "1-2-3", "1-2-3-4"};
    static const char *const protocols[] = {"holdout", "kfold:2x2", "kfold:3x2", "kfold:4x1"};
    static const int number[] = {1, 2, 3, 4};
    struct slides grouping = {rng, 2 + (int)rng_below(rng, 8), rng_below(rng, 3) ? 0 : 0.2};
    int count[4], n = 2 + (int)rng_below(rng, 3);
    for (int c = 0; c < n; c++)
        count[c] = 4 + (int)rng_below(rng, rng_below(rng, 2) ? 1 : 12);
    *config = grouped_config(clusters[n - 2], protocols[rng_below(rng, 4)]);
    config->seed = (int64_t)rng_below(rng, 1000);
    config->validation = 0.1 + 0.4 * rng_uniform(rng);
    struct dataset *data = hand_dataset(n, number, count, 2);
    hand_groups(data, random_slide, &grouping);
    return data;
}

static int same_group(const struct dataset *data, int i, int j)
{
    return i == j || (data->image[i].group[0] && strcmp(data->image[i].group, data->image[j].group) == 0);
}

/* The groups of a dataset as sets of clusters (bit c: cluster c + 1), told apart by names alone. */
static int list_groups(const struct dataset *data, int *clusters)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++) {
        int is_first = 1;
        for (int j = 0; j < i; j++)
            is_first = is_first && !same_group(data, i, j);
        if (!is_first)
            continue;
        clusters[n] = 0;
        for (int j = i; j < data->n_images; j++)
            if (same_group(data, i, j))
                clusters[n] |= 1 << (data->image[j].cluster - 1);
        n++;
    }
    return n;
}

static int groups_with(const int *clusters, int n, int c)
{
    int with = 0;
    for (int g = 0; g < n; g++)
        with += clusters[g] >> c & 1;
    return with;
}

/* Whether some way to put the groups on two sides leaves every cluster on both: every way is tried. */
static int is_divisible(const int *clusters, int n, int every_cluster)
{
    for (unsigned way = 0; way < 1u << (n - 1); way++) {
        int side[2] = {0, 0};
        for (int g = 0; g < n; g++)
            side[way >> g & 1] |= clusters[g];
        if (side[0] == every_cluster && side[1] == every_cluster)
            return 1;
    }
    return 0;
}

/* What the job must be refused with, "" when it must not. */
static void expected_refusal(const struct config *config, const struct dataset *data, char *out, size_t size)
{
    int clusters[64], n = list_groups(data, clusters), n_parts = split_min_images(config);
    out[0] = '\0';
    for (int c = 0; c < config->clusters.n; c++) {
        int with = groups_with(clusters, n, c);
        if (with < n_parts) {
            snprintf(out, size, "cluster %d has images of %d group%s (slide); protocol %s ", c + 1, with,
                     with == 1 ? "" : "s", config_protocol_name(config->protocol.kind));
            return;
        }
    }
    /* Three or more groups of every one of four clusters always fit in three folds. */
    if (n_parts == 2 && n <= 16 && !is_divisible(clusters, n, (1 << config->clusters.n) - 1))
        snprintf(out, size, "in no division that was tried");
}

/* No group on both sides, every cluster where it must be, no copy judged. */
static void assert_kept_together(const struct config *config, const struct dataset *data,
                                 const struct job_samples *s)
{
    int train[CONFIG_MAX_CLUSTERS], test[CONFIG_MAX_CLUSTERS];
    samples_count(&s->train, config->clusters.n, train);
    samples_count(&s->test, config->clusters.n, test);
    assert_true(s->test.n > 0);
    for (int c = 0; c < config->clusters.n; c++)
        assert_true(train[c] > 0 && (test[c] > 0 || config->protocol.kind == PROTOCOL_KFOLD));
    for (int i = 0; i < s->test.n; i++) {
        assert_int_equal(s->test.sample[i].copy, 0);
        for (int k = 0; k < s->train.n; k++)
            assert_false(same_group(data, s->test.sample[i].image, s->train.sample[k].image));
    }
}

static void check_folds(struct config *config, const struct dataset *data)
{
    for (int r = 0; r < config->protocol.repeats; r++) {
        int times[64] = {0};
        config->repeat = r;
        for (int f = 0; f < config->protocol.folds; f++) {
            config->fold = f;
            struct job_samples s = selected(config, data, "key");
            assert_kept_together(config, data, &s);
            for (int i = 0; i < s.test.n; i++)
                times[s.test.sample[i].image]++;
            job_samples_free(&s);
        }
        for (int i = 0; i < data->n_images && config->protocol.kind == PROTOCOL_KFOLD; i++)
            assert_int_equal(times[i], 1);
    }
}

static void groups_stay_together_or_are_refused(void **state)
{
    struct rng rng = rng_start(rng_key("test", "groups", 6), 0);
    int n_kept = 0, n_few = 0, n_indivisible = 0;
    (void)state;
    for (int trial = 0; trial < 4000; trial++) {
        struct config config;
        char refusal[200];
        struct dataset *data = random_groups(&rng, &config);
        expected_refusal(&config, data, refusal, sizeof refusal);
        if (refusal[0])
            selected_refuses(&config, data, refusal);
        else
            check_folds(&config, data);
        n_kept += !refusal[0];
        n_few += refusal[0] == 'c';
        n_indivisible += refusal[0] == 'i';
        hand_dataset_free(data);
    }
    assert_true(n_kept > 1000 && n_few > 500 && n_indivisible > 0);
}

static const char *tens(int image, void *self)
{
    static char name[16];
    (void)self;
    snprintf(name, sizeof name, "%d", image % 10);
    return name;
}

static const char *nobody(int image, void *self)
{
    (void)image;
    (void)self;
    return "";
}

/* Ten slides, each with a tenth of both clusters: two of them are a fifth. */
static void equal_groups_are_dealt_evenly(void **state)
{
    static const int number[] = {1, 2}, count[] = {100, 30};
    struct dataset *data = hand_dataset(2, number, count, 2);
    int test[2];
    (void)state;
    hand_groups(data, tens, NULL);
    for (int seed = 0; seed < 20; seed++)
        for (int kfold = 0; kfold < 2; kfold++) {
            struct config config = grouped_config("1-2", kfold ? "kfold:5x1" : "holdout");
            config.seed = seed;
            config.fold = kfold ? seed % 5 : 0;
            struct job_samples s = selected(&config, data, "key");
            samples_count(&s.test, 2, test);
            assert_int_equal(test[0], 20);
            assert_int_equal(test[1], 6);
            job_samples_free(&s);
        }
    hand_dataset_free(data);
}

/* Images alone in their groups: every class as even as without groups. */
static void groups_of_one_are_as_even_as_none(void **state)
{
    static const int number[] = {1, 2, 3}, count[] = {94, 45, 7};
    struct dataset *data = hand_dataset(3, number, count, 2);
    int test[3];
    (void)state;
    hand_groups(data, nobody, NULL);
    struct config config = grouped_config("1-2-3", "holdout");
    struct job_samples s = selected(&config, data, "key");
    samples_count(&s.test, 3, test);
    for (int c = 0; c < 3; c++)
        assert_true(test[c] >= count[c] / 5 && test[c] <= (count[c] + 4) / 5);
    job_samples_free(&s);
    config = grouped_config("1-2-3", "kfold:7x1");
    for (config.fold = 0; config.fold < 7; config.fold++) {
        s = selected(&config, data, "key");
        samples_count(&s.test, 3, test);
        for (int c = 0; c < 3; c++)
            assert_true(test[c] >= count[c] / 7 && test[c] <= (count[c] + 6) / 7);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

/* ---- seeds and repeats draw anew ---- */

enum { N_PLATES = 52, N_IMAGES = 900 };

/* 52 plates of 4 to 12 images of cluster 1 and 3 to 8 of cluster 2: all different. */
struct plates {
    int plate[N_IMAGES], count[2];
};

static struct plates make_plates(void)
{
    struct rng rng = rng_start(rng_key("test", "plates", 6), 0);
    struct plates plates = {.count = {0, 0}};
    int n = 0;
    for (int c = 0; c < 2; c++)
        for (int p = 0; p < N_PLATES; p++)
            for (int k = c ? 3 + (int)rng_below(&rng, 6) : 4 + (int)rng_below(&rng, 9); k > 0; k--) {
                assert_true(n < N_IMAGES);
                plates.plate[n++] = p;
                plates.count[c]++;
            }
    return plates;
}

static const char *plate_of(int image, void *self)
{
    static char name[16];
    const struct plates *plates = self;
    snprintf(name, sizeof name, "%d", plates->plate[image]);
    return name;
}

static struct dataset *plates_data(struct plates *plates)
{
    static const int number[] = {1, 2};
    struct dataset *data = hand_dataset(2, number, plates->count, 2);
    hand_groups(data, plate_of, plates);
    return data;
}

static void add_test_set(struct draws *draws, const struct config *config, const struct dataset *data)
{
    struct job_samples s = selected(config, data, "key");
    int image[N_IMAGES];
    assert_kept_together(config, data, &s);
    for (int i = 0; i < s.test.n; i++)
        image[i] = s.test.sample[i].image;
    assert_int_equal(draws_add(draws, config->seed, config->repeat, image, s.test.n, NULL), 0);
    job_samples_free(&s);
}

static struct draws_summary draw(const struct dataset *data, const char *protocol, int n_seeds)
{
    struct config config = grouped_config("1-2", protocol);
    struct draws draws = {0};
    struct draws_summary summary;
    for (config.seed = 1; config.seed <= n_seeds; config.seed++)
        for (config.repeat = 0; config.repeat < config.protocol.repeats; config.repeat++)
            for (config.fold = 0; config.fold < config.protocol.folds; config.fold++)
                add_test_set(&draws, &config, data);
    assert_int_equal(draws_summarise(&draws, &summary, NULL), 0);
    draws_release(&draws);
    return summary;
}

static void seeds_and_repeats_draw_different_splits(void **state)
{
    struct plates plates = make_plates();
    struct dataset *data = plates_data(&plates);
    (void)state;
    struct draws_summary s = draw(data, "holdout", 20);
    assert_int_equal(s.distinct, 20);
    assert_true(s.overlap < 0.3);
    s = draw(data, "kfold:5x3", 4);
    assert_int_equal(s.drawn, 12);
    assert_int_equal(s.distinct, 12);
    assert_true(s.overlap < 0.4);
    hand_dataset_free(data);
}

/* 15 % to 25 % of every class, give or take an image: a fifth is possible here. */
static void deals_stay_within_tolerance(void **state)
{
    struct plates plates = make_plates();
    struct dataset *data = plates_data(&plates);
    int off = 0;
    (void)state;
    for (int kfold = 0; kfold < 2; kfold++)
        for (int seed = 0; seed < 50; seed++) {
            struct config config = grouped_config("1-2", kfold ? "kfold:5x1" : "holdout");
            int test[2];
            config.seed = seed;
            config.fold = kfold ? seed % 5 : 0;
            struct job_samples s = selected(&config, data, "key");
            samples_count(&s.test, 2, test);
            for (int c = 0; c < 2; c++) {
                double share = test[c] / (double)plates.count[c], slack = 1.5 / plates.count[c];
                assert_true(share > 0.2 * (1 - groups_tolerance) - 0.01 - slack);
                assert_true(share < 0.2 * (1 + groups_tolerance) + 0.01 + slack);
                off += share < 0.19 || share > 0.21;
            }
            job_samples_free(&s);
        }
    assert_true(off > 20); /* they are random, not the most even ones */
    hand_dataset_free(data);
}

static const char *four(int image, void *self)
{
    static char name[16];
    (void)self;
    snprintf(name, sizeof name, "%d", image % 4);
    return name;
}

/* Four slides, alike: one of them judges, so that there are four splits whatever the number of seeds. */
static void few_groups_leave_few_splits(void **state)
{
    static const int number[] = {1, 2}, count[] = {40, 20};
    struct dataset *data = hand_dataset(2, number, count, 2);
    (void)state;
    hand_groups(data, four, NULL);
    struct draws_summary s = draw(data, "holdout", 60);
    assert_int_equal(s.distinct, 4);
    assert_true(s.overlap > 0.2 && s.overlap < 0.3);
    s = draw(data, "kfold:2x1", 60);
    assert_int_equal(s.distinct, 3);
    s = draw(data, "kfold:4x1", 10);
    assert_int_equal(s.distinct, 1);
    hand_dataset_free(data);
}

/* The stream of a column is its own: not that of another, nor that of images without groups. */
static void columns_have_streams_of_their_own(void **state)
{
    struct config plain = hand_config("1-2", "none", "holdout"), slide = grouped_config("1-2", "holdout"),
                  animal = slide;
    (void)state;
    snprintf(animal.groups, sizeof animal.groups, "animal");
    struct rng a = split_stream(&plain), b = split_stream(&slide), c = split_stream(&animal);
    uint32_t x = rng_below(&a, 1u << 30), y = rng_below(&b, 1u << 30), z = rng_below(&c, 1u << 30);
    assert_true(x != y && y != z && x != z);
    struct rng again = split_stream(&slide);
    assert_int_equal(rng_below(&again, 1u << 30), y);
}

/* ---- as even as scikit-learn's, within tolerance ---- */

/* A case of groups.csv as samples: label by label in a group, every image a sample. */
struct golden {
    int folds, n, n_groups, group[1000], fold_of[1000];
    struct sample sample[1000];
};

static void golden_add(struct golden *golden, int group, int fold, const int *count)
{
    golden->n_groups = group + 1;
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < count[c]; k++) {
            int i = golden->n++;
            assert_in_range(i, 0, 999);
            golden->sample[i] = (struct sample){.image = i, .label = c, .variant = -1};
            golden->group[i] = group;
            golden->fold_of[i] = fold;
        }
}

/* The fold of every image. */
static void deal_folds(struct golden *golden, int seed, int *fold_of)
{
    struct config config = grouped_config("1-2-3", "kfold");
    const struct samples list = {.sample = golden->sample, .n = golden->n};
    struct split_task task = {.config = &config, .samples = &list, .n_classes = 3, .group = golden->group};
    config.seed = seed;
    config.protocol.folds = golden->folds;
    for (config.fold = 0; config.fold < golden->folds; config.fold++) {
        unsigned char held[1000] = {0};
        struct rng rng = split_stream(&config);
        assert_int_equal(groups_hold(&task, &rng, held, NULL), 0);
        for (int i = 0; i < golden->n; i++)
            if (held[i])
                fold_of[i] = (int)config.fold;
    }
}

/* The greatest departure of a fold from its share of a class or of all images, but for one image, over that
 * share. */
static double departure(const struct golden *golden, const int *fold_of)
{
    int count[16][4] = {{0}}, total[4] = {0};
    double worst = 0;
    for (int i = 0; i < golden->n; i++) {
        int label = golden->sample[i].label;
        count[fold_of[i]][label]++;
        count[fold_of[i]][3]++;
        total[label]++;
        total[3]++;
    }
    for (int f = 0; f < golden->folds; f++)
        for (int c = 0; c < 4; c++) {
            double share = total[c] / (double)golden->folds;
            worst = fmax(worst, (fabs(count[f][c] - share) - 1) / share);
        }
    return worst;
}

static void golden_check(struct golden *golden)
{
    double limit = departure(golden, golden->fold_of) + groups_tolerance;
    for (int seed = 0; seed < 5; seed++) {
        int fold_of[1000];
        deal_folds(golden, seed, fold_of);
        assert_true(departure(golden, fold_of) <= limit + 1e-9);
    }
}

/* tests/golden/groups.py made the folds. */
static void folds_are_nearly_as_even_as_those_of_scikit_learn(void **state)
{
    static struct golden golden;
    int at, folds, group, fold, count[3], last = -1, n_cases = 0;
    FILE *file = fopen("tests/golden/groups.csv", "r");
    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*[^\n]"), 0);
    while (fscanf(file, "%d,%d,%d,%d,%d,%d,%d", &at, &folds, &group, &fold, &count[0], &count[1],
                  &count[2]) == 7) {
        if (at != last && last >= 0)
            golden_check(&golden);
        if (at != last)
            memset(&golden, 0, sizeof golden);
        n_cases += at != last;
        last = at;
        golden.folds = folds;
        golden_add(&golden, group, fold, count);
    }
    golden_check(&golden);
    fclose(file);
    assert_int_equal(n_cases, 30);
}

static void groups_need_data_and_protocol_that_keep_them(void **state)
{
    struct dataset *data = two_clusters();
    struct config config = grouped_config("8-10", "holdout");
    (void)state;
    selected_refuses(&config, data, "the images have no groups, not slide; pack them with --groups slide");
    hand_groups(data, tens, NULL);
    snprintf(config.groups, sizeof config.groups, "animal");
    selected_refuses(&config, data,
                     "the images have groups slide, not animal; pack them with --groups animal");
    config = grouped_config("8-10", "report");
    selected_refuses(&config, data, "protocol report cannot keep groups (slide) apart; use holdout or kfold");
    config = grouped_config("8-10", "tail");
    selected_refuses(&config, data, "protocol tail cannot keep groups (slide) apart");
    hand_dataset_free(data);
}

/* Data with groups gives a job that does not ask for them the split it always had. */
static void groups_nobody_asks_for_change_nothing(void **state)
{
    static const char *const protocols[] = {"report", "tail", "holdout", "kfold:3x1"};
    struct dataset *plain = two_clusters(), *grouped = two_clusters();
    (void)state;
    hand_groups(grouped, tens, NULL);
    for (int p = 0; p < 4; p++) {
        struct config config = hand_config("8-10", "augment", protocols[p]);
        struct job_samples a = selected(&config, plain, "key"), b = selected(&config, grouped, "key");
        assert_int_equal(a.train.n, b.train.n);
        assert_int_equal(a.test.n, b.test.n);
        assert_memory_equal(a.train.sample, b.train.sample, (size_t)a.train.n * sizeof *a.train.sample);
        assert_memory_equal(a.test.sample, b.test.sample, (size_t)a.test.n * sizeof *a.test.sample);
        job_samples_free(&a);
        job_samples_free(&b);
    }
    hand_dataset_free(plain);
    hand_dataset_free(grouped);
}

static void the_split_of_groups_is_pinned(void **state)
{
    static const int judged[] = {3, 4, 13, 14, 23, 24, 33, 34, 43, 44, 53, 54, 63, 64, 73, 74, 83, 84};
    struct dataset *data = two_clusters();
    struct config config = grouped_config("8-10", "holdout");
    (void)state;
    hand_groups(data, tens, NULL);
    struct job_samples s = selected(&config, data, "key");
    assert_int_equal(s.test.n, sizeof judged / sizeof *judged);
    for (int i = 0; i < s.test.n; i++)
        assert_int_equal(s.test.sample[i].image, judged[i]);
    job_samples_free(&s);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_stay_together_or_are_refused),
        cmocka_unit_test(equal_groups_are_dealt_evenly),
        cmocka_unit_test(groups_of_one_are_as_even_as_none),
        cmocka_unit_test(seeds_and_repeats_draw_different_splits),
        cmocka_unit_test(deals_stay_within_tolerance),
        cmocka_unit_test(few_groups_leave_few_splits),
        cmocka_unit_test(columns_have_streams_of_their_own),
        cmocka_unit_test(folds_are_nearly_as_even_as_those_of_scikit_learn),
        cmocka_unit_test(groups_need_data_and_protocol_that_keep_them),
        cmocka_unit_test(groups_nobody_asks_for_change_nothing),
        cmocka_unit_test(the_split_of_groups_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
