/* Controlled class sizes, what a job did with every original, and jobs at a smaller image
 * size than the data's. */
#include "job.h"
#include "plan.h"
#include "samples/sample.h"
#include "support/hand_dataset.h"
#include "support/selected.h"
#include "support/strategy_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static const char key[] = "0123456789abcdef0123456789abcdef";

/* Which originals a job uses on either side: used (n_images) 0 or 1. */
static void mark_used(const struct job_samples *s, unsigned char *used)
{
    for (int i = 0; i < s->train.n; i++)
        used[s->train.sample[i].image] = 1;
    for (int i = 0; i < s->test.n; i++)
        used[s->test.sample[i].image] = 1;
}

static void class_sizes_are_drawn_and_nested(void **state)
{
    (void)state;
    const int count[] = {40, 30};
    struct dataset *data = hand_dataset(2, (const int[]){1, 2}, count, 4);
    struct config config = hand_config("1-2", "none", "holdout");
    unsigned char small[70] = {0}, large[70] = {0};
    assert_int_equal(config_set(&config, "class_sizes", "20-5", NULL), 0);
    struct job_samples s = selected(&config, data, key);
    assert_int_equal(s.train.n + s.test.n, 25);
    assert_int_equal(s.all.n, 70);
    mark_used(&s, small);
    job_samples_free(&s);
    config_set(&config, "class_sizes", "20-10", NULL);
    s = selected(&config, data, key);
    mark_used(&s, large);
    job_samples_free(&s);
    int n_small[2] = {0}, n_large[2] = {0};
    for (int i = 0; i < 70; i++) {
        assert_true(small[i] <= large[i]);
        n_small[i >= 40] += small[i];
        n_large[i >= 40] += large[i];
    }
    assert_int_equal(n_small[0], 20);
    assert_int_equal(n_small[1], 5);
    assert_int_equal(n_large[0], 20);
    assert_int_equal(n_large[1], 10);
    hand_dataset_free(data);
}

static void seeds_and_repeats_draw_differently(void **state)
{
    (void)state;
    struct dataset *data = hand_dataset(2, (const int[]){1, 2}, (const int[]){40, 30}, 4);
    struct config config = hand_config("1-2", "none", "report");
    unsigned char used[4][70] = {{0}};
    config_set(&config, "class_sizes", "10-10", NULL);
    for (int i = 0; i < 4; i++) {
        config.seed = i == 1 ? 2 : 1;
        config.repeat = i == 3;
        struct job_samples s = selected(&config, data, key);
        mark_used(&s, used[i]);
        job_samples_free(&s);
    }
    assert_memory_not_equal(used[0], used[1], 70);
    assert_memory_equal(used[0], used[2], 70);
    assert_memory_not_equal(used[0], used[3], 70);
    hand_dataset_free(data);
}

static void assert_refused(const char *clusters, const char *sizes, const char *expected)
{
    struct dataset *data = hand_dataset(2, (const int[]){1, 2}, (const int[]){40, 30}, 4);
    struct config config = hand_config(clusters, "none", "holdout");
    config_set(&config, "class_sizes", sizes, NULL);
    selected_refuses(&config, data, expected);
    hand_dataset_free(data);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    assert_refused("1-2", "20-31", "cluster 2 has 30 images, 31 are asked for");
    assert_refused("1-2", "20", "1 sizes for 2 clusters");
    assert_refused("1-2", "20-1", "cluster 2 has 1 image; protocol holdout needs at least 2");
}

/* Every role against the lists themselves. */
static void roles_say_what_was_done(void **state)
{
    (void)state;
    const char *const strategies[] = {"none", "undersample", "oversample", "smote"};
    const int count[] = {40, 30};
    struct dataset *data = noise_dataset(2, count, 6, 1);
    for (int k = 0; k < 4; k++) {
        struct config config = noise_config(data, strategies[k], "holdout");
        int role[70], n[3] = {0};
        config_set(&config, "class_sizes", "20-10", NULL);
        struct job_samples s = selected(&config, data, key);
        assert_int_equal(samples_roles(data, &s, role, NULL), 0);
        for (int i = 0; i < 70; i++) {
            int trained = 0, judged = 0;
            for (int t = 0; t < s.train.n; t++)
                trained |=
                    s.train.sample[t].image == s.all.sample[i].image ||
                    (s.train.sample[t].blend > 0 && s.train.sample[t].partner == s.all.sample[i].image);
            for (int v = 0; v < s.test.n; v++)
                judged |= s.test.sample[v].image == s.all.sample[i].image;
            assert_int_equal(role[i], trained ? 0 : judged ? 1 : 2);
            n[role[i]]++;
        }
        assert_int_equal(n[1], 6);
        assert_int_equal(n[2], strcmp(strategies[k], "undersample") == 0 ? 48 : 40);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

static struct job_result run_at(const struct dataset *data, int size)
{
    struct job_result result;
    struct err err = {0};
    const struct job_hooks hooks = {0};
    struct config config = noise_config(data, "augment", "holdout");
    config.image_size = size;
    config.epochs = 2;
    if (job_run(&config, data, key, &hooks, &result, &err) < 0)
        fail_msg("%s", err.text);
    return result;
}

static void a_smaller_image_size_resizes(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(2, (const int[]){10, 6}, 20, 2);
    struct job_result small = run_at(data, 12), large = run_at(data, 20), again = run_at(data, 12);
    assert_true(small.n_weights < large.n_weights);
    assert_int_equal(small.set[SET_ALL].n, 16);
    for (int i = 0; i < 2 * small.set[SET_ALL].n; i++)
        assert_true(isfinite(small.set[SET_ALL].probs[i]));
    assert_memory_equal(small.set[SET_ALL].probs, again.set[SET_ALL].probs, 2 * 16 * sizeof(float));
    job_result_free(&small);
    job_result_free(&large);
    job_result_free(&again);
    struct job_plan plan;
    struct err err = {0};
    struct config config = noise_config(data, "none", "holdout");
    config.image_size = 24;
    assert_int_equal(job_plan(&config, data, key, &plan, &err), E_USAGE);
    assert_non_null(strstr(err.text, "pack it again with --size 24"));
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_sizes_are_drawn_and_nested),
        cmocka_unit_test(seeds_and_repeats_draw_differently),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(roles_say_what_was_done),
        cmocka_unit_test(a_smaller_image_size_resizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
