#include "store/combination.h"

#include "support/scratch.h"
#include "support/small_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { N = 4 };

static char root[64];
static struct store *store;

/* Seeds of one combination, another model, and another batch: protocol and smote.k are the same in all. */
static int set_up(void **state)
{
    static const struct {
        const char *model, *batch;
        int seed;
    } of[N] = {{"cnn", "16", 1}, {"cnn", "16", 2}, {"majority", "16", 1}, {"cnn", "32", 1}};
    static const char *const axis[] = {"train.batch", "smote.k"};
    struct small_job job[N] = {0};
    struct err err = {0};
    char path[128];
    (void)state;
    for (int j = 0; j < N; j++) {
        job[j] = (struct small_job){.row = {.clusters = "8-10", .strategy = "none", .protocol = "holdout"},
                                    .state = JOB_DONE,
                                    .n = 2};
        job[j].row.seed = of[j].seed;
        strcpy(job[j].row.model, of[j].model);
        strcpy(job[j].row.axis[0], of[j].batch);
        strcpy(job[j].row.axis[1], "5");
    }
    if (scratch_make(root, sizeof root) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", root);
    if (small_store(path, job, N, 2, axis, 2, "", &err) < 0 || store_open(path, &store, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    store_close(store, NULL);
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line) == 0 ? 0 : -1;
}

/* Every factor has a name, a value and is found by its name; axes come last. */
static void factors_have_names_and_values(void **state)
{
    static const char *const name[] = {"clusters", "strategy", "protocol", "model", "train.batch", "smote.k"};
    static const char *const value[] = {"8-10", "none", "holdout", "majority", "16", "5"};
    (void)state;
    assert_int_equal(combination_n_factors(store), 6);
    for (int f = 0; f < 6; f++) {
        assert_string_equal(combination_name(store, f), name[f]);
        assert_string_equal(combination_value(&store_jobs(store)[2], f), value[f]);
        assert_int_equal(combination_find(store, name[f]), f);
    }
    assert_int_equal(combination_find(store, "seed"), -1);
    assert_string_equal(combination_noun(store, FACTOR_STRATEGY, 2), "strategies");
    assert_string_equal(combination_noun(store, FACTOR_STRATEGY, 1), "strategy");
    assert_string_equal(combination_noun(store, FACTOR_AXES, 2), "train.batch");
}

static void seeds_are_the_same_combination(void **state)
{
    const struct store_job *row = store_jobs(store);
    (void)state;
    assert_true(combination_same(&row[0], &row[1], 0));
    assert_false(combination_same(&row[0], &row[2], 0));
    assert_true(combination_same(&row[0], &row[2], FACTOR(FACTOR_MODEL)));
    assert_false(combination_same(&row[0], &row[3], FACTOR(FACTOR_MODEL)));
    assert_true(combination_same(&row[2], &row[3], FACTOR(FACTOR_MODEL) | FACTOR(FACTOR_AXES)));
}

static void only_what_differs_varies(void **state)
{
    const struct store_job *row = store_jobs(store), *two[] = {&row[0], &row[1]},
                           *other[] = {&row[1], &row[3]};
    (void)state;
    assert_int_equal(combination_varying_in(store), FACTOR(FACTOR_MODEL) | FACTOR(FACTOR_AXES));
    assert_int_equal(combination_varying(store, two, 2), 0);
    assert_int_equal(combination_varying(store, other, 2), FACTOR(FACTOR_AXES));
    assert_int_equal(combination_varying(store, two, 0), 0);
}

static void a_filter_names_a_set_of_factors(void **state)
{
    char text[64], cut[8];
    const struct store_job *row = &store_jobs(store)[2];
    (void)state;
    int n = combination_filter(store, row, combination_shown(FACTOR(FACTOR_MODEL)), text, sizeof text);
    assert_string_equal(text, "clusters=8-10,strategy=none,protocol=holdout,model=majority");
    assert_int_equal(n, (int)strlen(text));
    assert_int_equal(
        combination_filter(store, row, FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_AXES), cut, sizeof cut),
        (int)strlen("clusters=8-10,train.batch=16"));
    assert_string_equal(cut, "cluster");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_have_names_and_values),
        cmocka_unit_test(seeds_are_the_same_combination),
        cmocka_unit_test(only_what_differs_varies),
        cmocka_unit_test(a_filter_names_a_set_of_factors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
