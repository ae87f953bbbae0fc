/* The one reader of sweep files and of their resolved texts: what comes back, who checks, on what two
 * differ. */
#include "settings/sweep_file.h"

#include "sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sweep_file *parse(const char *text)
{
    struct sweep_file *file = NULL;
    struct err err = {0};
    if (sweep_file_parse(text, "a text", worker_schema(), NULL, &file, &err) < 0)
        fail_msg("%s", err.text);
    return file;
}

static void a_resolved_text_reads_back(void **state)
{
    (void)state;
    struct sweep_file *a =
        parse("name: \"two: \\\"words\\\"\"\ndata: /nowhere/cells.h5\nkeep_weights: true\npixel_size: 0.5\n"
              "train: {epochs: 7}\ncnn: {dense: [], dropout: [0.5]}\n"
              "grid: {cnn.blocks: [[16, 32], [8]], seed: {first: 3, count: 4}, clusters: [[8, 10], all]}\n");
    struct sweep_file *b = parse(a->resolved);
    assert_string_equal(a->resolved, b->resolved);
    assert_string_equal(b->name, "two: \"words\"");
    assert_string_equal(b->data, "/nowhere/cells.h5");
    assert_int_equal(b->keep_weights, 1);
    assert_true(b->pixel_size > 0.49 && b->pixel_size < 0.51);
    assert_int_equal(b->base.epochs, 7);
    assert_int_equal(b->n_axes, 3);
    assert_string_equal(sweep_file_axis(b, "cnn.blocks")->value[0], "16-32");
    assert_string_equal(sweep_file_axis(b, "cnn.blocks")->value[1], "8");
    assert_non_null(strstr(b->resolved, "\ncnn.dense: none\ncnn.dropout: 0.5\n"));
    assert_string_equal(sweep_file_axis(b, "clusters")->value[0], "8-10");
    assert_int_equal(sweep_file_axis(b, "seed")->n, 4);
    assert_null(sweep_file_axis(b, "strategy"));
    assert_null(b->text);
    sweep_file_free(a);
    sweep_file_free(b);
}

static void a_range_of_seeds_takes_no_room(void **state)
{
    char text[SWEEP_NUMBER_SIZE];
    (void)state;
    struct sweep_file *file = parse("data: builtin\ngrid:\n  seed: {first: 1000000000000, count: 1000000}\n");
    const struct sweep_axis *seed = sweep_file_axis(file, "seed");
    assert_null(seed->value);
    assert_int_equal(seed->n, 1000000);
    assert_string_equal(sweep_axis_value(seed, 0, text), "1000000000000");
    assert_string_equal(sweep_axis_value(seed, 999999, text), "1000000999999");
    assert_int_equal(sweep_axis_line(seed, 999999), SWEEP_KEY_NOT_GIVEN); /* of a resolved text */
    assert_non_null(strstr(file->resolved, "seed: {first: 1000000000000, count: 1000000}\n"));
    sweep_file_free(file);
    file = parse("data: builtin\ngrid: {seed: {first: 7, count: 2}}\n");
    assert_non_null(strstr(file->resolved, "seed: [\"7\", \"8\"]\n"));
    sweep_file_free(file);
}

static int refuse_knn(const char *key, const char *text, struct err *err)
{
    return strcmp(key, "model") == 0 && strcmp(text, "knn") == 0 ? err_set(err, E_USAGE, "no knn here") : 0;
}

/* What two spellings say of one key: by two lines of a file it is refused. */
static void a_key_has_one_value(void **state)
{
    char path[] = "/tmp/two_spellings_XXXXXX";
    struct sweep_file *file = NULL;
    struct err err = {0};
    char set[] = "train={stop: {patience: 5}}", *sets[] = {set};
    (void)state;
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    dprintf(handle,
            "data: builtin\ntrain.stop: {patience: 3}\ntrain: {stop: {patience: 4}}\ngrid: {seed: [1]}\n");
    close(handle);
    assert_int_equal(sweep_file_read(path, 0, NULL, worker_schema(), NULL, &file, &err), E_USAGE);
    assert_non_null(strstr(err.text, ":3: train.stop.patience has a value in line 2, too"));
    assert_int_equal(sweep_file_read(path, 1, sets, worker_schema(), NULL, &file, &err), 0);
    assert_non_null(strstr(file->resolved, "train.stop.patience: 5\n"));
    sweep_file_free(file);
    unlink(path);
}

static void others_check_every_value(void **state)
{
    static const char alone[] = "data: builtin\nmodel: knn\ngrid: {seed: [1]}\n";
    static const char varied[] = "data: builtin\ngrid:\n  model: [cnn, knn]\n";
    struct sweep_file *file = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(sweep_file_parse(alone, "a text", worker_schema(), refuse_knn, &file, &err), E_USAGE);
    assert_string_equal(err.text, "a text:2: no knn here");
    assert_null(file);
    assert_int_equal(sweep_file_parse(varied, "a text", worker_schema(), refuse_knn, &file, &err), E_USAGE);
    assert_string_equal(err.text, "a text:3: no knn here");
    assert_null(file);
    sweep_file_free(parse(varied));
}

static void assert_difference(const char *there, const char *here, const char *expected)
{
    struct sweep_file *a = parse(there), *b = parse(here);
    char text[300];
    sweep_file_difference(a, b, text, sizeof text);
    assert_string_equal(text, expected);
    sweep_file_free(a);
    sweep_file_free(b);
}

static void the_first_difference_is_named(void **state)
{
    (void)state;
    assert_difference("data: builtin\ngrid: {seed: [1]}\n",
                      "name: other\ndata: builtin\nkeep_weights: true\ntrain: {epochs: 4}\nvalidation: "
                      "0.3\ngrid: {seed: [1]}\n",
                      "train.epochs is 100 there and 4 here");
    assert_difference("data: builtin\ngrid: {train.epochs: [3, 4]}\n",
                      "data: builtin\ntrain: {epochs: 4}\ngrid: {seed: [1]}\n",
                      "seed is 1 there and [\"1\"] here");
    assert_difference("data: builtin\ngrid: {seed: [1, 2, 3]}\n", "data: builtin\ngrid: {seed: [1, 3]}\n",
                      "seed is {first: 1, count: 3} there and [\"1\", \"3\"] here");
    assert_difference("data: builtin\ngrid: {seed: [1, 2], train.epochs: [3, 4]}\n",
                      "data: builtin\ngrid: {train.epochs: [3, 4], seed: [1, 2]}\n", "the grids differ");
}

/* Every key of the table is one that is read: misspelt it is missed, and what is said of its default is
 * so. */
static void keys_of_the_sweep_are_those_of_the_table(void **state)
{
    static const char plain[] = "data: builtin\ngrid: {seed: [1]}\n";
    char text[256], expected[128];
    struct sweep_file *unused = NULL, *without = parse(plain);
    struct err err = {0};
    (void)state;
    for (const struct sweep_file_key *key = sweep_file_keys; key->name; key++) {
        snprintf(text, sizeof text, "%s%sx: 1\n", plain, key->name);
        snprintf(expected, sizeof expected, "a text:3: unknown key '%sx'; did you mean '%s'?", key->name,
                 key->name);
        assert_int_equal(sweep_file_parse(text, "a text", worker_schema(), NULL, &unused, &err), E_USAGE);
        assert_string_equal(err.text, expected);
        if (strcmp(key->fallback, "-") == 0) {
            assert_non_null(strstr(plain, key->name));
            continue;
        }
        snprintf(text, sizeof text, "%s%s: %s\n", plain, key->name, key->fallback);
        struct sweep_file *with = parse(text);
        assert_string_equal(with->resolved, without->resolved);
        sweep_file_free(with);
    }
    sweep_file_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resolved_text_reads_back),
        cmocka_unit_test(a_range_of_seeds_takes_no_room),
        cmocka_unit_test(a_key_has_one_value),
        cmocka_unit_test(others_check_every_value),
        cmocka_unit_test(the_first_difference_is_named),
        cmocka_unit_test(keys_of_the_sweep_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
