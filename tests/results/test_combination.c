#include "store/partition.h"

#include "support/scratch.h"
#include "support/small_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 4 };

static unsigned varying_in(struct store *of)
{
    unsigned varying = 0;
    assert_int_equal(combination_varying_in(of, &varying, NULL), 0);
    return varying;
}
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
    assert_int_equal(varying_in(store), FACTOR(FACTOR_MODEL) | FACTOR(FACTOR_AXES));
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

enum { OWN = 5, CNN = 1, MAJORITY = 4 };

/* smote.k is none's not, and cnn.stem not majority's; train.batch is everybody's. */
static struct store *store_of_own_axes(void)
{
    static const char *const of[OWN][4] = {{"none", "cnn", "", "4"},
                                           {"smote", "cnn", "3", "4"},
                                           {"smote", "cnn", "5", "8"},
                                           {"smote+tomek", "cnn", "5", "8"},
                                           {"none", "majority", "", ""}};
    static const char *const axis[] = {"train.batch", "smote.k", "cnn.stem"};
    struct small_job job[OWN] = {0};
    struct store *own = NULL;
    struct err err = {0};
    char path[128];
    for (int j = 0; j < OWN; j++) {
        job[j] = (struct small_job){.row = {.clusters = "8-10", .protocol = "holdout"}, .n = 2};
        strcpy(job[j].row.strategy, of[j][0]);
        strcpy(job[j].row.model, of[j][1]);
        strcpy(job[j].row.axis[0], "16");
        strcpy(job[j].row.axis[1], of[j][2]);
        strcpy(job[j].row.axis[2], of[j][3]);
    }
    snprintf(path, sizeof path, "%s/own.h5", root);
    if (small_store(path, job, OWN, 2, axis, 3, "", &err) < 0 || store_open(path, &own, &err) < 0)
        fail_msg("%s", err.text);
    return own;
}

static void axes_belong_to_who_decides_whether_they_are_read(void **state)
{
    enum { BATCH = FACTOR_AXES, K, FILTERS };
    struct store *own = store_of_own_axes();
    const struct store_job *row = store_jobs(own);
    char text[128];
    (void)state;
    assert_int_equal(combination_own(own, FACTOR_STRATEGY), FACTOR(FACTOR_STRATEGY) | FACTOR(K));
    assert_int_equal(combination_own(own, FACTOR_MODEL), FACTOR(FACTOR_MODEL) | FACTOR(FILTERS));
    assert_int_equal(combination_own(own, BATCH), FACTOR(BATCH));
    assert_int_equal(combination_like(own, FACTOR_MODEL),
                     FACTORS_ALL & ~(FACTOR(FACTOR_MODEL) | FACTOR(FILTERS)));
    assert_int_equal(combination_owned(own), FACTOR(K) | FACTOR(FILTERS));
    assert_int_equal(combination_owner(own, BATCH), -1);
    assert_int_equal(combination_owner(own, K), FACTOR_STRATEGY);
    assert_int_equal(combination_owned(store), 0); /* everybody has the same smote.k there */
    assert_string_equal(combination_shown_value(&row[MAJORITY], K), "-");
    assert_int_equal(varying_in(own), FACTOR(FACTOR_STRATEGY) | FACTOR(FACTOR_MODEL) | FACTOR(K) |
                                          FACTOR(FILTERS)); /* of those that read them */
    combination_filter(own, &row[0], FACTOR(FACTOR_STRATEGY) | FACTOR(K), text, sizeof text);
    assert_string_equal(text, "strategy=none,smote.k=-");
    assert_true(combination_is_plain(own, &row[MAJORITY]));
    assert_false(combination_is_plain(own, &row[CNN])); /* k is 5, and stem 4, where nobody says */
    store_close(own, NULL);
}

static void not_to_read_is_no_value(void **state)
{
    struct store *own = store_of_own_axes();
    const struct store_job *row = store_jobs(own), *two[] = {&row[0], &row[1]};
    (void)state;
    assert_int_equal(combination_varying(own, two, 2), FACTOR(FACTOR_STRATEGY));
    store_close(own, NULL);
}

static void labels_tell_values_of_own_axes(void **state)
{
    static const char *const strategy[OWN] = {"none", "smote (k 3)", "smote (k 5)", "smote+tomek (smote.k 5)",
                                              "none"};
    static const char *const model[OWN] = {"cnn (stem 4)", "cnn (stem 4)", "cnn (stem 8)", "cnn (stem 8)",
                                           "majority"};
    struct store *own = store_of_own_axes();
    char label[COMBINATION_LABEL_SIZE];
    (void)state;
    for (int j = 0; j < OWN; j++) {
        const struct store_job *row = &store_jobs(own)[j];
        assert_string_equal(combination_label(own, row, FACTOR_STRATEGY, FACTORS_ALL, label), strategy[j]);
        assert_string_equal(combination_label(own, row, FACTOR_MODEL, FACTORS_ALL, label), model[j]);
        assert_string_equal(combination_label(own, row, FACTOR_STRATEGY, 0, label), row->strategy);
        assert_string_equal(combination_label(own, row, FACTOR_AXES, FACTORS_ALL, label), "16");
    }
    store_close(own, NULL);
}

/* Where all but the model and its axes is the same, and all but the strategy and its axis. */
static void partitions_leave_own_axes_out(void **state)
{
    struct store *own = store_of_own_axes();
    const struct store_job *item[OWN];
    struct partition *p = NULL;
    struct err err;
    (void)state;
    for (int j = 0; j < OWN; j++)
        item[j] = &store_jobs(own)[j];
    assert_int_equal(partition_new(item, OWN, FACTORS_ALL & ~combination_own(own, FACTOR_STRATEGY), &p, &err),
                     0);
    assert_memory_equal(p->part_of, ((const int[]){0, 0, 1, 1, 2}), OWN * sizeof *p->part_of);
    partition_free(p);
    assert_int_equal(partition_new(item, OWN, FACTORS_ALL & ~combination_own(own, FACTOR_MODEL), &p, &err),
                     0);
    assert_memory_equal(p->part_of, ((const int[]){0, 1, 2, 3, 0}), OWN * sizeof *p->part_of);
    partition_free(p);
    store_close(own, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_have_names_and_values),
        cmocka_unit_test(seeds_are_the_same_combination),
        cmocka_unit_test(only_what_differs_varies),
        cmocka_unit_test(a_filter_names_a_set_of_factors),
        cmocka_unit_test(axes_belong_to_who_decides_whether_they_are_read),
        cmocka_unit_test(not_to_read_is_no_value),
        cmocka_unit_test(labels_tell_values_of_own_axes),
        cmocka_unit_test(partitions_leave_own_axes_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
