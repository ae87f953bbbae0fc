#include "sections.h"
#include "strategies/balance.h"

#include "samples/augment.h"
#include "support/hand_dataset.h"
#include "samples/render.h"
#include "select.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAJORITY = 94, MINORITY = 7 };

static struct dataset *unequal_pair(int size)
{
    const int number[] = {1, 27}, count[] = {MAJORITY, MINORITY};
    return hand_dataset(2, number, count, size);
}

/* Every image of data as an original of class (position of its cluster). */
static struct samples originals(const struct dataset *data)
{
    struct samples list = {0};
    for (int i = 0, c = 0; i < data->n_images; i++) {
        c += i > 0 && data->image[i].cluster != data->image[i - 1].cluster;
        assert_int_equal(samples_add(&list, (struct sample){.image = i, .label = c, .variant = -1}, NULL), 0);
    }
    return list;
}

/* The originals of data after a strategy, and the recipe it leaves. */
static struct samples balanced_recipe(const struct dataset *data, const struct config *config,
                                      const char *strategy, struct recipe *recipe, const char *key)
{
    struct samples list = originals(data);
    struct err err = {0};
    *recipe = recipe_plain();
    struct balance balance = {.config = config,
                              .data = data,
                              .job_key = key,
                              .n_classes = data->n_clusters,
                              .rng = balance_stream(key),
                              .samples = &list,
                              .recipe = recipe};
    if (balance_apply(strategy, &balance, &err) < 0)
        fail_msg("%s", err.text);
    return list;
}

/* The same; its class weights (n_clusters), unless weight is NULL. */
static struct samples balanced(const struct dataset *data, const struct config *config, const char *strategy,
                               float *weight, const char *key)
{
    struct recipe recipe;
    struct samples list = balanced_recipe(data, config, strategy, &recipe, key);
    if (weight)
        memcpy(weight, recipe.class_weight, (size_t)data->n_clusters * sizeof *weight);
    return list;
}

static void assert_counts(const struct samples *list, int n_classes, const int *expected)
{
    int count[CONFIG_MAX_CLUSTERS];
    samples_count(list, n_classes, count);
    for (int c = 0; c < n_classes; c++)
        assert_int_equal(count[c], expected[c]);
}

/* Originals once, and the copies of an image numbered 1, 2, ... in order. */
static void assert_copies_numbered(const struct samples *list, int n_images)
{
    int *next = calloc((size_t)n_images, sizeof *next);
    for (int i = 0; i < list->n; i++)
        assert_int_equal(list->sample[i].copy, next[list->sample[i].image]++);
    free(next);
}

static void none_leaves_all_as_it_is(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    float weight[2];
    struct samples list = balanced(data, &config, "none", weight, "key");
    (void)state;
    assert_int_equal(list.n, MAJORITY + MINORITY);
    for (int i = 0; i < list.n; i++)
        assert_true(list.sample[i].image == i && list.sample[i].copy == 0 && list.sample[i].variant == -1);
    assert_true(weight[0] == 1.0f && weight[1] == 1.0f);
    samples_free(&list);
    hand_dataset_free(data);
}

static void reweight_is_the_published_formula(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    float weight[2];
    struct samples list = balanced(data, &config, "reweight", weight, "key");
    (void)state;
    assert_true(fabs((double)weight[0] - 101.0 / (2 * 94)) < 1e-6);
    assert_true(fabs((double)weight[1] - 101.0 / (2 * 7)) < 1e-6);
    assert_int_equal(list.n, MAJORITY + MINORITY);
    samples_free(&list);
    hand_dataset_free(data);
}

static void undersample_keeps_distinct_images_in_order(void **state)
{
    const int expected[] = {MINORITY, MINORITY};
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    struct samples list = balanced(data, &config, "undersample", NULL, "key");
    (void)state;
    assert_counts(&list, 2, expected);
    for (int i = 1; i < list.n; i++)
        assert_true(list.sample[i].image > list.sample[i - 1].image);
    for (int i = MINORITY; i < 2 * MINORITY; i++)
        assert_int_equal(list.sample[i].image, MAJORITY + i - MINORITY);
    assert_copies_numbered(&list, data->n_images);
    samples_free(&list);
    hand_dataset_free(data);
}

static int count_duplicates(const struct samples *list)
{
    int n = 0;
    for (int i = 0; i < list->n; i++)
        n += list->sample[i].copy > 0;
    return n;
}

/* 40 of 44 drawn with replacement: repeats are certain for all practical purposes. */
static void undersample_with_replacement_repeats(void **state)
{
    const int number[] = {1, 2}, count[] = {44, 40};
    struct dataset *data = hand_dataset(2, number, count, 1);
    struct config config = config_defaults(worker_schema());
    (void)state;
    struct samples without = balanced(data, &config, "undersample", NULL, "key");
    with(&config, "undersample.replacement", 1);
    struct samples with = balanced(data, &config, "undersample", NULL, "key");
    assert_counts(&with, 2, (const int[]){40, 40});
    assert_int_equal(count_duplicates(&without), 0);
    assert_true(count_duplicates(&with) > 5);
    assert_copies_numbered(&with, data->n_images);
    for (int i = 40; i < 80; i++)
        assert_int_equal(with.sample[i].image, 44 + i - 40);
    samples_free(&without);
    samples_free(&with);
    hand_dataset_free(data);
}

/* Which images undersampling keeps must be uniform: 500 draws of 7 from 94, 37 expected each. */
static void undersample_is_uniform(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    int kept[MAJORITY + MINORITY] = {0};
    double chi_square = 0, expected = 500.0 * MINORITY / MAJORITY;
    (void)state;
    for (int trial = 0; trial < 500; trial++) {
        char key[16];
        snprintf(key, sizeof key, "job %d", trial);
        struct samples list = balanced(data, &config, "undersample", NULL, key);
        for (int i = 0; i < list.n; i++)
            kept[list.sample[i].image]++;
        samples_free(&list);
    }
    for (int i = 0; i < MAJORITY; i++)
        chi_square += (kept[i] - expected) * (kept[i] - expected) / expected;
    assert_true(chi_square < 140); /* 93 degrees of freedom: exceeded once in a thousand */
    hand_dataset_free(data);
}

static void oversample_adds_duplicates_at_the_end(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    struct samples list = balanced(data, &config, "oversample", NULL, "key");
    int drawn[MINORITY] = {0};
    (void)state;
    assert_counts(&list, 2, (const int[]){MAJORITY, MAJORITY});
    assert_copies_numbered(&list, data->n_images);
    for (int i = MAJORITY + MINORITY; i < list.n; i++) {
        assert_true(list.sample[i].label == 1 && list.sample[i].variant == -1 && list.sample[i].copy > 0);
        drawn[list.sample[i].image - MAJORITY]++;
    }
    for (int k = 0; k < MINORITY; k++)
        assert_true(drawn[k] > 3 && drawn[k] < 30);
    samples_free(&list);
    hand_dataset_free(data);
}

/* How often each (image, variant) of the minority was added. */
static void count_variants(const struct samples *list, int n_variants, int *times)
{
    memset(times, 0, (size_t)(MINORITY * n_variants) * sizeof *times);
    for (int i = MAJORITY + MINORITY; i < list->n; i++) {
        const struct sample *s = &list->sample[i];
        assert_true(s->label == 1 && s->variant >= 0 && s->variant < n_variants && s->copy > 0);
        times[(s->image - MAJORITY) * n_variants + s->variant]++;
    }
}

static void augment_draws_variants_without_replacement(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    struct samples list = balanced(data, &config, "augment", NULL, "key");
    int times[MINORITY * 16], used = 0;
    (void)state;
    assert_counts(&list, 2, (const int[]){MAJORITY, MAJORITY});
    assert_copies_numbered(&list, data->n_images);
    count_variants(&list, 16, times);
    for (int k = 0; k < MINORITY * 16; k++) {
        assert_true(times[k] <= 1);
        used += times[k];
    }
    assert_int_equal(used, MAJORITY - MINORITY);
    samples_free(&list);
    hand_dataset_free(data);
}

/* 1 when n samples from position a on and from position b on are the same variants. */
static int same_order(const struct samples *list, int a, int b, int n)
{
    for (int i = 0; i < n; i++)
        if (list->sample[a + i].image != list->sample[b + i].image ||
            list->sample[a + i].variant != list->sample[b + i].variant)
            return 0;
    return 1;
}

/* 87 wanted, 5 variants of 7 images there are: all of them twice, and 17 a third time. */
static void augment_starts_again_when_variants_run_out(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    int times[MINORITY * 5], thrice = 0;
    (void)state;
    with(&config, "augment.variants", 5);
    struct samples list = balanced(data, &config, "augment", NULL, "key");
    assert_counts(&list, 2, (const int[]){MAJORITY, MAJORITY});
    assert_copies_numbered(&list, data->n_images);
    count_variants(&list, 5, times);
    for (int k = 0; k < MINORITY * 5; k++) {
        assert_true(times[k] == 2 || times[k] == 3);
        thrice += times[k] == 3;
    }
    assert_int_equal(thrice, 17);
    assert_false(same_order(&list, MAJORITY + MINORITY, MAJORITY + MINORITY + 35, 35));
    samples_free(&list);
    hand_dataset_free(data);
}

static void more_classes_follow_largest_and_smallest(void **state)
{
    const int number[] = {3, 4, 6}, count[] = {5, 12, 20};
    struct dataset *data = hand_dataset(3, number, count, 1);
    struct config config = config_defaults(worker_schema());
    float weight[3];
    (void)state;
    struct samples over = balanced(data, &config, "oversample", NULL, "key");
    assert_counts(&over, 3, (const int[]){20, 20, 20});
    struct samples augmented = balanced(data, &config, "augment", NULL, "key");
    assert_counts(&augmented, 3, (const int[]){20, 20, 20});
    struct samples under = balanced(data, &config, "undersample", NULL, "key");
    assert_counts(&under, 3, (const int[]){5, 5, 5});
    struct samples as_is = balanced(data, &config, "reweight", weight, "key");
    for (int c = 0; c < 3; c++)
        assert_true(fabs((double)weight[c] - 37.0 / (3 * count[c])) < 1e-6);
    samples_free(&over);
    samples_free(&augmented);
    samples_free(&under);
    samples_free(&as_is);
    hand_dataset_free(data);
}

static void equal_classes_need_nothing(void **state)
{
    const int number[] = {3, 4}, count[] = {6, 6};
    struct dataset *data = hand_dataset(2, number, count, 1);
    struct config config = config_defaults(worker_schema());
    (void)state;
    for (int i = 0; balance_strategy(i); i++) {
        const struct balance_strategy *s = balance_strategy(i);
        float weight[2];
        struct samples list = balanced(data, &config, s->name, weight, "key");
        assert_int_equal(list.n, 12);
        assert_int_equal(count_duplicates(&list), 0);
        assert_true(weight[0] == 1.0f && weight[1] == 1.0f);
        samples_free(&list);
    }
    hand_dataset_free(data);
}

static void parts_apply_from_left_to_right(void **state)
{
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    float before[2], after[2];
    (void)state;
    struct samples a = balanced(data, &config, "reweight+undersample", before, "key");
    struct samples b = balanced(data, &config, "undersample+reweight", after, "key");
    assert_int_equal(a.n, 2 * MINORITY);
    assert_int_equal(b.n, 2 * MINORITY);
    assert_true(before[1] > 7.0f && after[0] == 1.0f && after[1] == 1.0f);
    samples_free(&a);
    samples_free(&b);
    hand_dataset_free(data);
}

static void cap_rule_fills_small_classes(void **state)
{
    const int number[] = {1, 2, 3, 4}, count[] = {94, 40, 39, 7};
    struct dataset *data = hand_dataset(4, number, count, 1);
    struct config config = config_defaults(worker_schema());
    (void)state;
    with(&config, "balance.threshold", 40);
    struct samples off = balanced(data, &config, "none", NULL, "key");
    assert_int_equal(off.n, data->n_images);
    with(&config, "balance.cap", 45);
    struct samples on = balanced(data, &config, "none", NULL, "key");
    assert_counts(&on, 4, (const int[]){94, 40, 45, 45});
    assert_copies_numbered(&on, data->n_images);
    with(&config, "balance.cap", 20);
    struct samples low = balanced(data, &config, "none", NULL, "key");
    assert_counts(&low, 4, (const int[]){94, 40, 39, 20});
    samples_free(&off);
    samples_free(&on);
    samples_free(&low);
    hand_dataset_free(data);
}

static void unknown_strategies_are_refused(void **state)
{
    static const char *const wrong[] = {"augmnt", "",        "augment+",        "+none",
                                        "none+x", "Augment", "augment reweight"};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err.text[0] = '\0';
        assert_int_equal(balance_check(wrong[i], &err), E_USAGE);
        assert_non_null(strstr(err.text, "none, reweight, undersample, oversample, augment"));
    }
    assert_int_equal(balance_check("augment", &err), 0);
    assert_int_equal(balance_check("undersample+reweight+none", &err), 0);
}

static int same_samples(const struct samples *a, const struct samples *b)
{
    if (a->n != b->n)
        return 0;
    for (int i = 0; i < a->n; i++)
        if (a->sample[i].image != b->sample[i].image || a->sample[i].copy != b->sample[i].copy ||
            a->sample[i].variant != b->sample[i].variant)
            return 0;
    return 1;
}

static void the_job_key_decides(void **state)
{
    static const char *const random_ones[] = {"undersample", "oversample", "augment"};
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct samples a = balanced(data, &config, random_ones[k], NULL, "one"),
                       b = balanced(data, &config, random_ones[k], NULL, "one"),
                       c = balanced(data, &config, random_ones[k], NULL, "two");
        assert_true(same_samples(&a, &b));
        assert_false(same_samples(&a, &c));
        samples_free(&a);
        samples_free(&b);
        samples_free(&c);
    }
    hand_dataset_free(data);
}

/* Pictures with a slope, so that warps show. */
static struct dataset *sloped_pair(int size)
{
    struct dataset *data = unequal_pair(size);
    for (int i = 0; i < data->n_images * size * size; i++)
        data->pixels[i] += (float)(i % (size * size)) / 4096.0f;
    return data;
}

static struct job_samples rendered(const struct config *config, const struct dataset *data, const char *key)
{
    struct job_samples s;
    struct err err = {0};
    assert_int_equal(job_samples_select(config, data, key, NULL, &s, &err), 0);
    assert_int_equal(job_samples_render(config, data, key, &s, &err), 0);
    return s;
}

/* The documented stream of a variant, drawn by hand. */
static void assert_variant_pixels(const struct config *config, const struct dataset *data, const char *key,
                                  const struct sample *s)
{
    enum { MOST = 64 };
    float expected[MOST];
    int n = data->size * data->size;
    struct rng rng =
        rng_start(rng_key("augment", key, strlen(key)), (uint64_t)s->image << 32 | (uint32_t)s->variant);
    struct augment_warp warp = augment_draw(config, data->size, &rng);
    augment_apply(expected, data->pixels + s->image * n, data->size, 1, &warp);
    assert_memory_equal(s->pixels, expected, (size_t)n * sizeof *expected);
}

static void assert_pixels(const struct config *config, const struct dataset *data, const char *key,
                          const struct samples *list)
{
    int n = data->size * data->size;
    for (int i = 0; i < list->n; i++)
        if (list->sample[i].variant < 0)
            assert_ptr_equal(list->sample[i].pixels, data->pixels + list->sample[i].image * n);
        else
            assert_variant_pixels(config, data, key, &list->sample[i]);
}

static void every_sample_gets_its_pixels(void **state)
{
    static const char *const protocols[] = {"report", "holdout"};
    struct dataset *data = sloped_pair(8);
    (void)state;
    for (int p = 0; p < 2; p++) {
        struct config config = hand_config("1-27", "augment", protocols[p]);
        struct job_samples s = rendered(&config, data, "key");
        assert_pixels(&config, data, "key", &s.train);
        assert_pixels(&config, data, "key", &s.test);
        assert_pixels(&config, data, "key", &s.all);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

/* Two variants of 7 images for 87 places: 14 pictures are made, on whichever side they stand. */
static void a_variant_is_rendered_once(void **state)
{
    struct dataset *data = sloped_pair(8);
    struct config config = hand_config("1-27", "augment", "report");
    const float *where[MINORITY * 2] = {0};
    struct err err = {0};
    (void)state;
    with(&config, "augment.variants", 2);
    struct job_samples s = rendered(&config, data, "key");
    for (int i = 0; i < s.train.n + s.test.n; i++) {
        const struct sample *sample = i < s.train.n ? &s.train.sample[i] : &s.test.sample[i - s.train.n];
        int k = 2 * (sample->image - MAJORITY) + sample->variant;
        if (sample->variant < 0)
            continue;
        assert_true(!where[k] || where[k] == sample->pixels);
        where[k] = sample->pixels;
    }
    for (int k = 0; k < MINORITY * 2; k++)
        for (int j = 0; j < k; j++)
            assert_true(where[k] && memcmp(where[k], where[j], 64 * sizeof(float)) != 0);
    assert_int_equal(job_samples_render(&config, data, "key", &s, &err), 0);
    job_samples_free(&s);
    hand_dataset_free(data);
}

/* Class sizes are those of the samples that are rebalanced: 75 + 6 of holdout's 80 %, 94 + 7 under report. */
static void honest_protocols_balance_the_training_part(void **state)
{
    struct dataset *data = unequal_pair(2);
    struct config config = hand_config("1-27", "reweight", "holdout");
    (void)state;
    struct job_samples s = rendered(&config, data, "key");
    assert_true(fabs((double)s.recipe.class_weight[1] - 81.0 / (2 * 6)) < 1e-6);
    job_samples_free(&s);
    config = hand_config("1-27", "oversample", "holdout");
    s = rendered(&config, data, "key");
    assert_counts(&s.train, 2, (const int[]){75, 75});
    assert_counts(&s.test, 2, (const int[]){19, 1});
    job_samples_free(&s);
    config = hand_config("1-27", "reweight", "report");
    s = rendered(&config, data, "key");
    assert_true(fabs((double)s.recipe.class_weight[1] - 101.0 / (2 * 7)) < 1e-6);
    job_samples_free(&s);
    hand_dataset_free(data);
}

/* Results must not change silently from one version to the next: these are the images version 1 keeps. */
static void the_draw_is_pinned(void **state)
{
    static const int kept[MINORITY] = {7, 19, 32, 51, 63, 80, 90};
    struct dataset *data = unequal_pair(1);
    struct config config = config_defaults(worker_schema());
    struct samples list = balanced(data, &config, "undersample", NULL, "key");
    (void)state;
    for (int i = 0; i < MINORITY; i++)
        assert_int_equal(list.sample[i].image, kept[i]);
    samples_free(&list);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_leaves_all_as_it_is),
        cmocka_unit_test(reweight_is_the_published_formula),
        cmocka_unit_test(undersample_keeps_distinct_images_in_order),
        cmocka_unit_test(undersample_with_replacement_repeats),
        cmocka_unit_test(undersample_is_uniform),
        cmocka_unit_test(oversample_adds_duplicates_at_the_end),
        cmocka_unit_test(augment_draws_variants_without_replacement),
        cmocka_unit_test(augment_starts_again_when_variants_run_out),
        cmocka_unit_test(more_classes_follow_largest_and_smallest),
        cmocka_unit_test(equal_classes_need_nothing),
        cmocka_unit_test(parts_apply_from_left_to_right),
        cmocka_unit_test(cap_rule_fills_small_classes),
        cmocka_unit_test(unknown_strategies_are_refused),
        cmocka_unit_test(the_job_key_decides),
        cmocka_unit_test(every_sample_gets_its_pixels),
        cmocka_unit_test(a_variant_is_rendered_once),
        cmocka_unit_test(honest_protocols_balance_the_training_part),
        cmocka_unit_test(the_draw_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
