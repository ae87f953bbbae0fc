/* The `tune` of a sweep file: its texts and errors, the points of its trials. */
#include "settings/tune.h"
#include "sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int read(const char *text, struct tune *out, struct err *err)
{
    struct config base = config_defaults(worker_schema());
    struct tree *root = NULL;
    assert_int_equal(tree_parse(text, "x.yaml", &root, NULL), 0);
    int rc = tune_read(tree_get(root, "tune"), &base, "x.yaml", out, err);
    tree_free(root);
    return rc;
}

static struct tune parse(const char *text)
{
    struct tune tune;
    struct err err = {0};
    if (read(text, &tune, &err) < 0)
        fail_msg("%s", err.text);
    return tune;
}

static void assert_refused(const char *text, const char *expected)
{
    struct tune tune;
    struct err err = {0};
    assert_int_equal(read(text, &tune, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
}

static void printed(const struct tune *tune, char *out, size_t size)
{
    FILE *file = fmemopen(out, size, "w");
    assert_non_null(file);
    fputs("tune: ", file);
    tune_print(file, tune);
    fclose(file);
}

static const char whole[] = "tune: {over: {train.learning_rate: log(1e-4, 1e-2), train.batch: [16, 32, 64], "
                            "train: {beta1: linear(0.5, 0.9)}}, trials: 6, seeds: 2, choose: loss, "
                            "rungs: [10, 30, 100], keep: 1/4}\n";

static void text_and_back(void **state)
{
    (void)state;
    struct tune tune = parse(whole), again;
    char text[1000] = "", second[1000] = "";
    printed(&tune, text, sizeof text);
    assert_string_equal(text, "tune: {over: {train.batch: [\"16\", \"32\", \"64\"], train.beta1: "
                              "\"linear(0.5, 0.9)\", train.learning_rate: \"log(0.0001, 0.01)\"}, "
                              "trials: 6, seeds: 2, choose: loss, rungs: [10, 30, 100], keep: 1/4}");
    again = parse(text);
    printed(&again, second, sizeof second);
    assert_string_equal(text, second);
}

static void lists_of_numbers_are_choices(void **state)
{
    struct tune tune = parse("tune: {over: {cnn.blocks: [[16, 32], [8], 64], cnn.dense: [[], [8]]}}\n"),
                again;
    char text[1000] = "";
    (void)state;
    printed(&tune, text, sizeof text);
    assert_non_null(strstr(text, "cnn.blocks: [\"16-32\", \"8\", \"64\"], cnn.dense: [\"none\", \"8\"]"));
    again = parse(text);
    assert_memory_equal(&tune, &again, sizeof tune);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_refused("tune: 3\n", "x.yaml:1: tune: say over what");
    assert_refused("tune: {over: {train.learnin_rate: log(1, 2)}}\n", "did you mean 'train.learning_rate'");
    assert_refused("tune: {over: {strategy: [none, smote]}}\n", "strategy is no setting of the training");
    assert_refused("tune: {over: {train.learning_rate: log(1e-2, 1e-4)}}\n", "the lower end comes first");
    assert_refused("tune: {over: {train.learning_rate: log(0, 1)}}\n", "above 0");
    assert_refused("tune: {over: {train.batch: log(1, 8)}}\n", "int(low, high) or a list");
    assert_refused("tune: {over: {train.batch: int(0, 8)}}\n", "train.batch");
    assert_refused("tune: {over: {train.batch: [[8], [9]]}}\n", "expected a list of at most");
    assert_refused("tune: {over: {cnn.blocks: [[8], [[9]]]}}\n", "expected a list of at most");
    assert_refused("tune: {over: {cnn.filters1: [8, 9]}}\n", "write cnn.blocks");
    assert_refused("tune: {over: {train.batch: [8]}}\n", "at least two values");
    assert_refused("tune: {over: {train.batch: [8, 8]}}\n", "stands twice");
    assert_refused("tune: {over: {train.batch: [8, x]}}\n", "train.batch");
    assert_refused("tune: {over: {train.batch: [8, 9]}, trials: 1}\n", "trials: expected a number from 2");
    assert_refused("tune: {over: {train.batch: [8, 9]}, rungs: [3, 3]}\n", "rising");
    assert_refused("tune: {over: {train.batch: [8, 9]}, keep: 3/2}\n", "keep: expected");
    assert_refused("tune: {over: {train.batch: [8, 9]}, choose: best}\n", "choose: expected");
    assert_refused("tune: {over: {train.batch: [8, 9]}, folds: 3}\n", "not 'folds'");
    assert_refused("tune: {over: {train.batch: [8, 9], train: {batch: [3, 4]}}}\n", "stands twice");
}

/* Each setting's first values are spread over its range, whatever the others are; so are those of pairs. */
static void points_fill_the_space(void **state)
{
    (void)state;
    for (int k = 0; k < TUNE_MAX_KEYS; k++) {
        int seen[4] = {0}, pair[4] = {0};
        for (int t = 1; t <= 16; t++) {
            double x = tune_point(k, t), y = tune_point((k + 1) % TUNE_MAX_KEYS, t);
            assert_true(x >= 0 && x < 1);
            seen[(int)(x * 4)]++;
            pair[(int)(x * 2) * 2 + (int)(y * 2)]++;
        }
        for (int i = 0; i < 4; i++)
            assert_true(seen[i] >= 2 && pair[i] >= 2);
    }
    assert_float_equal(tune_point(0, 6), 3. / 8, 1e-15);
    assert_float_equal(tune_point(1, 1), 2. / 3, 1e-15);
}

static void trials_hang_on_number_and_space_alone(void **state)
{
    (void)state;
    struct tune few = parse(whole), many = few;
    many.n_trials = 600;
    char a[CONFIG_WORD_SIZE], b[CONFIG_WORD_SIZE];
    for (int k = 0; k < few.n_keys; k++)
        for (int t = 1; t < few.n_trials; t++) {
            tune_value(&few, k, t, a);
            tune_value(&many, k, t, b);
            assert_string_equal(a, b);
        }
    for (int t = 1; t < many.n_trials; t++) {
        tune_value(&many, 2, t, a);
        assert_true(strtod(a, NULL) >= 1e-4 && strtod(a, NULL) <= 1e-2 && strlen(a) <= 9);
    }
}

static void values_reach_jobs_that_read_them(void **state)
{
    (void)state;
    struct config config = config_defaults(worker_schema()), before;
    struct tune tune = parse("tune: {over: {smote.k: int(3, 9), train.learning_rate: log(1e-4, 1e-2)}}\n");
    char text[200];
    assert_int_equal(config_set(&config, "strategy", "none", NULL), 0);
    before = config;
    tune_apply(&tune, 0, &config);
    assert_memory_equal(&before, &config, sizeof config);
    assert_int_equal(tune_reads(&tune, &config), 1);
    tune_apply(&tune, 1, &config);
    tune_text(&tune, &config, text, sizeof text);
    assert_memory_equal(text, "train.learning_rate 0.00", 24);
    assert_null(strstr(text, "smote"));
    assert_int_equal(config_set(&config, "strategy", "smote", NULL), 0);
    tune_apply(&tune, 2, &config);
    tune_text(&tune, &config, text, sizeof text);
    assert_memory_equal(text, "smote.k ", 8);
}

static void limits_end_with_all_epochs(void **state)
{
    (void)state;
    struct tune tune = parse(whole);
    int limit[TUNE_MAX_RUNGS];
    assert_int_equal(tune_limits(&tune, 100, 1, limit), 3);
    assert_int_equal(limit[0], 10);
    assert_int_equal(limit[2], 100);
    assert_int_equal(tune_limits(&tune, 200, 1, limit), 4);
    assert_int_equal(limit[3], 200);
    assert_int_equal(tune_limits(&tune, 200, 0, limit), 1);
    assert_int_equal(limit[0], 200);
}

/* 9 trials: 3 and the default go on, then 1 and the default. */
static void the_best_take_all_epochs(void **state)
{
    (void)state;
    struct tune tune = parse("tune: {over: {train.batch: [8, 9]}, trials: 9, rungs: [2, 5], keep: 1/3}\n");
    const int expected[9] = {10, 10, 5, 5, 2, 2, 2, 2, 2}, limit[3] = {2, 5, 10};
    for (int place = 0; place < 9; place++)
        assert_int_equal(tune_epochs(&tune, 9, place, limit, 3), expected[place]);
    assert_int_equal(tune_epochs(&tune, 9, 8, limit + 2, 1), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(lists_of_numbers_are_choices),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(points_fill_the_space),
        cmocka_unit_test(trials_hang_on_number_and_space_alone),
        cmocka_unit_test(values_reach_jobs_that_read_them),
        cmocka_unit_test(limits_end_with_all_epochs),
        cmocka_unit_test(the_best_take_all_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
