/* Plans of many jobs say what plans of one say. */
#include "plan.h"

#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static const int counts[] = {40, 23, 11};
enum { CLASSES = sizeof counts / sizeof *counts, SIZE = 12 };

static const char *const protocols[] = {"report", "tail", "holdout", "kfold:3x2"};
enum { N_PROTOCOLS = sizeof protocols / sizeof *protocols };

/* Counts are exact; only an ensemble draws other samples with another seed. */
static void check(struct planner *planner, const struct dataset *data, const struct config *config)
{
    struct job_plan one, many;
    struct err err = {0};
    char key[33];
    snprintf(key, sizeof key, "%lld of seed %lld", (long long)config->fold, (long long)config->seed);
    if (job_plan(config, data, key, &one, &err) < 0 || planner_plan(planner, config, key, &many, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(many.n_test, one.n_test);
    assert_int_equal(many.n_all, one.n_all);
    assert_int_equal(many.leak, -1);
    if (balance_n_members(config) == 1) {
        assert_int_equal(many.n_train, one.n_train);
        assert_memory_equal(&many.cost, &one.cost, sizeof one.cost);
    } else {
        assert_true(fabs(many.cost / one.cost - 1) < 0.1);
    }
}

static void plans_of_many_jobs_are_those_of_one(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct planner *planner = NULL;
    (void)state;
    assert_int_equal(planner_new(data, &planner, NULL), 0);
    for (int i = 0; balance_strategy(i); i++)
        for (int k = 0; k < N_PROTOCOLS * 12; k++) {
            struct config config = noise_config(data, balance_strategy(i)->name, protocols[k % N_PROTOCOLS]);
            config.seed = 1 + k / N_PROTOCOLS % 3;
            if (config.protocol.kind == PROTOCOL_KFOLD) {
                config.fold = k / N_PROTOCOLS % 3;
                config.repeat = k / N_PROTOCOLS / 6;
            }
            config.epochs = 2 + k % 5;
            check(planner, data, &config);
        }
    planner_free(planner);
    hand_dataset_free(data);
}

/* What the counts depend on is asked again. */
static void settings_of_sampling_count(void **state)
{
    static const char *const keys[][2] = {
        {"strategy", "oversample"}, {"validation", "0.4"}, {"class_sizes", "20-10-8"}, {"clusters", "1-3"},
        {"class_sizes", "all"},     {"model", "majority"}, {"class_sizes", "9-9"},     {"clusters", "3-2"}};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = noise_config(data, "none", "holdout");
    struct planner *planner = NULL;
    (void)state;
    assert_int_equal(planner_new(data, &planner, NULL), 0);
    check(planner, data, &config);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_int_equal(config_set(&config, keys[i][0], keys[i][1], NULL), 0);
        if (i != 3) /* three sizes of two classes */
            check(planner, data, &config);
    }
    planner_free(planner);
    hand_dataset_free(data);
}

/* Groups that are alike but for their size are dealt in the order of the seed. */
static const char *slide_of(int image, void *self)
{
    static const char *const slides[] = {"a", "a", "a", "b", "c", "c", "d", "d", "d", "d", "d", "d"};
    (void)self;
    return slides[image % 12];
}

/* Another seed judges on more or fewer images. */
static void groups_are_dealt_anew(void **state)
{
    struct dataset *data = noise_dataset(2, (const int[]){12, 12}, SIZE, 7);
    struct planner *planner = NULL;
    int least = data->n_images, most = 0;
    (void)state;
    hand_groups(data, slide_of, NULL);
    assert_int_equal(planner_new(data, &planner, NULL), 0);
    for (int seed = 1; seed <= 20; seed++) {
        struct config config = noise_config(data, "none", "kfold:2x1");
        struct job_plan plan;
        assert_int_equal(config_set(&config, "groups", "slide", NULL), 0);
        config.seed = seed;
        check(planner, data, &config);
        assert_int_equal(planner_plan(planner, &config, "key", &plan, NULL), 0);
        least = plan.n_test < least ? plan.n_test : least;
        most = plan.n_test > most ? plan.n_test : most;
    }
    assert_true(least < most);
    planner_free(planner);
    hand_dataset_free(data);
}

static void what_cannot_run_is_refused(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct planner *planner = NULL;
    struct job_plan plan;
    struct err err = {0};
    (void)state;
    assert_int_equal(planner_new(data, &planner, NULL), 0);
    struct config config = noise_config(data, "none", "kfold:12x1");
    for (int again = 0; again < 2; again++)
        assert_int_equal(planner_plan(planner, &config, "key", &plan, &err), E_USAGE);
    assert_non_null(strstr(err.text, "needs at least 12 a class"));
    config = noise_config(data, "none", "holdout");
    check(planner, data, &config);
    config.image_size = SIZE + 1; /* of known counts all the same */
    assert_int_equal(planner_plan(planner, &config, "key", &plan, &err), E_USAGE);
    planner_free(planner);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_of_many_jobs_are_those_of_one),
        cmocka_unit_test(settings_of_sampling_count),
        cmocka_unit_test(groups_are_dealt_anew),
        cmocka_unit_test(what_cannot_run_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
