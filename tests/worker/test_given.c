/* Protocol given: the sets that images came with, what is refused, and how far they leak. */
#include "samples/given.h"

#include "rng.h"
#include "support/hand_dataset.h"
#include "support/selected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { SIZE = 8 };

/* Clusters 1, 2 and 3 of 30, 20 and 10 images; of every ten in turn six are for training, one val, two test,
 * one in no set. */
static struct dataset *with_sets(void)
{
    static const int number[] = {1, 2, 3}, count[] = {30, 20, 10};
    static const int set[] = {1, 1, 3, 1, 2, 1, 3, 1, 1, 0};
    struct dataset *data = hand_dataset(3, number, count, SIZE);
    for (int i = 0; i < data->n_images; i++)
        data->image[i].given = set[i % 10];
    assert_int_equal(dataset_finish(data, NULL), 0);
    return data;
}

static struct config given_config(const char *clusters, const char *strategy)
{
    return hand_config(clusters, strategy, "given");
}

/* With sets that were changed. */
static void assert_refused(const struct config *config, struct dataset *data, const char *expected)
{
    assert_int_equal(dataset_finish(data, NULL), 0);
    selected_refuses(config, data, expected);
}

/* Whatever the strategy and the seed: trained on train, judged on test, chosen on val. */
static void sets_are_taken_as_they_are(void **state)
{
    static const char *const strategies[] = {"none", "oversample", "undersample", "augment", "smote"};
    static const char *const clusters[] = {"1-2", "3-1", "1-2-3"};
    struct dataset *data = with_sets();
    (void)state;
    for (int k = 0; k < 15; k++) {
        struct config config = given_config(clusters[k % 3], strategies[k / 3]);
        int judged[60] = {0}, role[60], expected = 0;
        config.seed = k;
        struct job_samples s = selected(&config, data, "key");
        for (int i = 0; i < s.test.n; i++) {
            judged[s.test.sample[i].image]++;
            assert_int_equal(s.test.sample[i].copy, 0);
        }
        for (int i = 0; i < s.train.n; i++) {
            assert_int_equal(data->image[s.train.sample[i].image].given, GIVEN_TRAIN);
            assert_int_equal(data->image[s.train.sample[i].partner].given, GIVEN_TRAIN);
        }
        assert_int_equal(samples_roles(data, &s, role, NULL), 0);
        for (int i = 0; i < s.all.n; i++) {
            const struct dataset_image *image = &data->image[s.all.sample[i].image];
            assert_int_equal(judged[s.all.sample[i].image], image->given == GIVEN_TEST);
            expected += image->given == GIVEN_TEST;
            if (image->given != GIVEN_TRAIN)
                assert_int_equal(role[i], image->given == GIVEN_TEST                 ? 1
                                          : image->given == GIVEN_VAL && s.val.n > 0 ? 3
                                                                                     : 2);
        }
        assert_int_equal(s.test.n, expected);
        assert_int_equal(s.leak, 0);
        job_samples_free(&s);
    }
    hand_dataset_free(data);
}

static void seeds_do_not_change_it(void **state)
{
    struct dataset *data = with_sets();
    struct config config = given_config("1-2-3", "none");
    struct job_samples a = selected(&config, data, "key");
    (void)state;
    config.seed = 99;
    struct job_samples b = selected(&config, data, "key");
    assert_int_equal(a.train.n, 36);
    assert_int_equal(a.train.n, b.train.n);
    assert_memory_equal(a.train.sample, b.train.sample, (size_t)a.train.n * sizeof *a.train.sample);
    assert_memory_equal(a.test.sample, b.test.sample, (size_t)a.test.n * sizeof *a.test.sample);
    job_samples_free(&a);
    job_samples_free(&b);
    hand_dataset_free(data);
}

static void move_set(struct dataset *data, int cluster, int from, int to)
{
    for (int i = 0; i < data->n_images; i++)
        if ((cluster < 0 || data->image[i].cluster == cluster) && (from < 0 || data->image[i].given == from))
            data->image[i].given = to;
}

static void what_cannot_be_is_refused(void **state)
{
    struct dataset *data = with_sets();
    struct config config = given_config("1-2-3", "none");
    (void)state;
    snprintf(config.groups, sizeof config.groups, "slide");
    assert_refused(&config, data, "protocol given cannot keep groups (slide) apart");
    config = given_config("1-2-3", "none");
    assert_int_equal(config_set(&config, "class_sizes", "9-9-9", NULL), 0);
    assert_refused(&config, data, "class_sizes: protocol given takes its sets as they are");
    config = given_config("1-2-3", "none");
    move_set(data, 3, GIVEN_TEST, GIVEN_VAL);
    assert_refused(&config, data,
                   "cluster 3 has no image in set test (6 train, 3 val, 0 test); leave the cluster out");
    move_set(data, 2, GIVEN_TRAIN, GIVEN_NONE);
    assert_refused(&config, data, "cluster 2 has no image in set train (0 train, 2 val, 4 test)");
    move_set(data, -1, GIVEN_TEST, GIVEN_VAL);
    assert_refused(&config, data, "protocol given: no image is in set test (24 train, 18 val, 0 test)");
    move_set(data, -1, -1, GIVEN_NONE);
    assert_refused(&config, data, "protocol given: the images came without sets");
    hand_dataset_free(data);
}

/* ---- leak ---- */

static float *pixels_of(struct dataset *data, int i)
{
    return data->pixels + (size_t)i * SIZE * SIZE;
}

/* Noise in every image, so that none is like another. */
static void fill(struct dataset *data)
{
    struct rng rng = rng_start(rng_key("test", "given", 5), 0);
    for (int i = 0; i < data->n_images * SIZE * SIZE; i++)
        data->pixels[i] = (float)rng_uniform(&rng);
}

/* A copy of an image, changed by `noise` times its own contrast (0.29 of uniform numbers). */
static void make_like(struct dataset *data, int to, int from, double noise)
{
    for (int k = 0; k < SIZE * SIZE; k++)
        pixels_of(data, to)[k] = pixels_of(data, from)[k] + (float)((k % 2 ? 0.29 : -0.29) * noise);
}

static int first_of(const struct dataset *data, int set, int k)
{
    int i = 0;
    for (; data->image[i].given != set || k-- > 0; i++)
        ;
    return i;
}

static void leak_is_counted(void **state)
{
    struct dataset *data = with_sets();
    struct given_leak leak;
    (void)state;
    fill(data);
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_int_equal(given_measure(data, &leak, NULL), 0);
    for (int p = 0; p < N_GIVEN_PAIRS; p++)
        assert_int_equal(leak.equal[p] + leak.near[p], 0);
    int train = first_of(data, GIVEN_TRAIN, 0), val = first_of(data, GIVEN_VAL, 0);
    make_like(data, first_of(data, GIVEN_TEST, 0), train, 0);
    make_like(data, first_of(data, GIVEN_TEST, 1), train, 0.6 * given_nearness);
    make_like(data, first_of(data, GIVEN_TEST, 2), train, 2 * given_nearness);
    make_like(data, val, first_of(data, GIVEN_TRAIN, 1), 0);
    make_like(data, first_of(data, GIVEN_TEST, 3), val, 0.5 * given_nearness);
    make_like(data, first_of(data, GIVEN_TRAIN, 2), first_of(data, GIVEN_TRAIN, 3), 0);
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_int_equal(given_measure(data, &leak, NULL), 0);
    static const int equal[] = {1, 1, 0}, near[] = {0, 2, 1}, n[] = {6, 36, 6, 12};
    assert_memory_equal(leak.equal, equal, sizeof equal);
    assert_memory_equal(leak.near, near, sizeof near);
    assert_memory_equal(leak.n, n, sizeof n);
    hand_dataset_free(data);
}

/* Slides 0 to 4, in turn; image i is in set (i % 10): slide s has images s and s + 5 of every ten. */
static void values_in_both_sets_are_counted(void **state)
{
    struct dataset *data = with_sets();
    char name[60][8];
    const char *word[60];
    struct given_shared shared;
    (void)state;
    for (int i = 0; i < data->n_images; i++) {
        snprintf(name[i], sizeof name[i], "%d", i % 5);
        word[i] = name[i];
    }
    assert_int_equal(meta_add(&data->meta, "slide", word, data->n_images, NULL), 0);
    /* slide 1: train and test; slide 2: test and train; slide 4: val and none */
    assert_int_equal(given_shared(data, &data->meta.column[0], given_pairs[1], &shared, NULL), 0);
    assert_int_equal(shared.n_values, 2);
    assert_int_equal(shared.n_images, 12);
    assert_int_equal(given_shared(data, &data->meta.column[0], given_pairs[0], &shared, NULL), 0);
    assert_int_equal(shared.n_values + shared.n_images, 0);
    meta_release(&data->meta);
    hand_dataset_free(data);
}

static void sets_are_no_part_of_the_images(void **state)
{
    struct dataset *data = with_sets();
    char images[DATASET_CHECKSUM_SIZE], sets[DATASET_CHECKSUM_SIZE];
    (void)state;
    memcpy(images, data->checksum, sizeof images);
    memcpy(sets, data->sets, sizeof sets);
    data->image[7].given = GIVEN_TEST;
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_string_equal(data->checksum, images);
    assert_string_not_equal(data->sets, sets);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_taken_as_they_are),      cmocka_unit_test(seeds_do_not_change_it),
        cmocka_unit_test(what_cannot_be_is_refused),       cmocka_unit_test(leak_is_counted),
        cmocka_unit_test(values_in_both_sets_are_counted), cmocka_unit_test(sets_are_no_part_of_the_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
