/* Keys, ranges, canonical texts. */
#include "settings/config.h"
#include "sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void assert_set_fails(const char *key, const char *text, const char *expected)
{
    struct config config = config_defaults(worker_schema()), before = config;
    struct err err = {0};
    assert_int_equal(config_set(&config, key, text, &err), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
    assert_memory_equal(&config, &before, sizeof config);
}

static void assert_text(const struct config *config, const char *key, const char *expected)
{
    char text[SETTING_TEXT_SIZE];
    config_get(config, config_find(config->schema, key), text, sizeof text);
    assert_string_equal(text, expected);
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    struct config config = config_defaults(worker_schema());
    assert_int_equal(config.epochs, 100);
    assert_int_equal(config.batch, 32);
    assert_text(&config, "cnn.blocks", "32-64");
    assert_text(&config, "cnn.dropout", "0.25-0.5-0.5");
    assert_text(&config, "train.epsilon", "1e-07");
    assert_text(&config, "augment.variants", "16");
    assert_string_equal(config.strategy, "none");
}

static void every_value_reads_back(void **state)
{
    (void)state;
    struct config config = config_defaults(worker_schema()), copy = config_defaults(worker_schema());
    assert_int_equal(config_set(&config, "clusters", "8-10", NULL), 0);
    assert_int_equal(config_set(&config, "protocol", "kfold:5x3", NULL), 0);
    assert_int_equal(config_set(&config, "train.learning_rate", "0.1", NULL), 0);
    assert_int_equal(config_set(&config, "class_sizes", "900-90", NULL), 0);
    assert_int_equal(config_set(&config, "undersample.replacement", "true", NULL), 0);
    assert_int_equal(config_set(&config, "inner", "share:0.20", NULL), 0);
    assert_text(&config, "inner", "share:0.2");
    for (const struct setting *key = worker_schema()->key; key->name; key++) {
        char text[2000];
        config_get(&config, key, text, sizeof text);
        assert_int_equal(config_set(&copy, key->name, text, NULL), 0);
    }
    assert_memory_equal(&config, &copy, sizeof config);
}

static void lists_of_numbers_read_back(void **state)
{
    struct config config = config_defaults(worker_schema());
    (void)state;
    assert_int_equal(config_set(&config, "cnn.blocks", "8", NULL), 0);
    assert_text(&config, "cnn.blocks", "8");
    assert_int_equal(config_set(&config, "cnn.blocks", "16-32-064", NULL), 0);
    assert_text(&config, "cnn.blocks", "16-32-64");
    assert_int_equal(config_set(&config, "cnn.dense", "none", NULL), 0);
    assert_text(&config, "cnn.dense", "none");
    assert_int_equal(config_set(&config, "cnn.dropout", "1e-05-0.50-0", NULL), 0);
    assert_text(&config, "cnn.dropout", "1e-05-0.5-0");
}

static const char *real_text(double value)
{
    static char text[32];
    setting_real_text(value, text, sizeof text);
    return text;
}

static void numbers_are_written_plainly(void **state)
{
    struct config config = config_defaults(worker_schema());
    char text[64];
    (void)state;
    assert_string_equal(real_text(20), "20");
    assert_string_equal(real_text(100), "100");
    assert_string_equal(real_text(-180), "-180");
    assert_string_equal(real_text(0), "0");
    assert_string_equal(real_text(0.1), "0.1");
    assert_string_equal(real_text(1e-4), "0.0001");
    assert_string_equal(real_text(3e-5), "3e-05");
    assert_string_equal(real_text(123456.5), "123456.5");
    assert_string_equal(real_text(9e14), "900000000000000");
    assert_string_equal(real_text(1e15), "1e+15");
    assert_int_equal(config_set(&config, "augment.rotation", "20", NULL), 0);
    config_get(&config, config_find(worker_schema(), "augment.rotation"), text, sizeof text);
    assert_string_equal(text, "20");
}

/* A row of /jobs says "kfold:3": its repeats are rows of their own. */
static void folds_alone_are_a_protocol(void **state)
{
    (void)state;
    struct config config = config_defaults(worker_schema());
    assert_int_equal(config_set(&config, "protocol", "kfold:3", NULL), 0);
    assert_int_equal(config.protocol.kind, PROTOCOL_KFOLD);
    assert_int_equal(config.protocol.folds, 3);
    assert_int_equal(config.protocol.repeats, 1);
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    assert_set_fails("train.epochs", "-5", "out of range, allowed is 1 to");
    assert_set_fails("train.epochs", "ten", "'ten' is not a whole number");
    assert_set_fails("train.epochs", "10.5", "not a whole number");
    assert_set_fails("cnn.blocks", "8-", "'8-' is not a list of whole numbers such as [32, 64]");
    assert_set_fails("cnn.blocks", "8-1.5", "not a list of whole numbers");
    assert_set_fails("cnn.blocks", "8-2000", "out of range, allowed is 1 to 1024");
    assert_set_fails("cnn.blocks", "1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", "more than 16 numbers");
    assert_set_fails("cnn.dropout", "0.5-x", "not a list of numbers such as [0.25, 0.5]");
    assert_set_fails("cnn.filters1", "8", "cnn.filters1 is no key any more; write cnn.blocks, a list");
    assert_set_fails("train.learning_rate", "nan", "is not a number");
    assert_set_fails("train.learning_rate", "0,001", "is not a number: decimals stand behind a point");
    assert_set_fails("train.learning_rate", "0", "out of range");
    assert_set_fails("groups", "`id`", "a word of UTF-8 without control characters and backquotes");
    assert_set_fails("groups", "a\x1b[31m", "a word of UTF-8 without");
    assert_set_fails("groups", "a\xe2\x80\xae", "a word of UTF-8 without");
    assert_set_fails("groups", "\xff", "a word of UTF-8 without");
    assert_int_equal(config_set(&(struct config){.schema = worker_schema()}, "groups",
                                "it's \"sl\xc3\xa4t\"; $(id)", NULL),
                     0);
    assert_set_fails("train.optimizer", "rmsprop", "'rmsprop' is not one of adam|adamw|sgd");
    assert_set_fails("undersample.replacement", "maybe", "not true or false");
    assert_set_fails("clusters", "8", "a job needs two or more");
    assert_set_fails("clusters", "8-8", "cluster 8 stands twice");
    assert_set_fails("clusters", "8,10", "clusters: '8,10' is no list of classes");
    assert_set_fails("clusters", "8--10", "clusters: '-10' is no list of classes");
    assert_set_fails("class_sizes", "900-0", "not all, or the number of images");
    assert_set_fails("class_sizes", "900,90", "not all, or the number of images");
    assert_set_fails("protocol", "kfold:1x1", "2 to 1000 folds");
    assert_set_fails("protocol", "kfold:5x", "is not report, tail, holdout");
    assert_set_fails("protocol", "kfold:x3", "is not report, tail, holdout");
    assert_set_fails("protocol", "loocv", "is not report, tail, holdout");
    assert_set_fails("inner", "share", "is not none, {share: 0.2} or {folds: 5}");
    assert_set_fails("inner", "share:0.2x", "is not none, {share: 0.2} or {folds: 5}");
    assert_set_fails("inner", "share:1", "share takes 0.01 to 0.99, not 1");
    assert_set_fails("inner", "share:nan", "share takes 0.01 to 0.99");
    assert_set_fails("inner", "folds:1", "folds takes 2 to 1000, not 1");
    assert_set_fails("strategy", "", "a word of 1 to 63 characters");
}

static void unknown_keys_get_a_suggestion(void **state)
{
    (void)state;
    assert_set_fails("train.epoch", "5", "did you mean 'train.epochs'?");
    assert_set_fails("learning_rate", "5", "did you mean 'train.learning_rate'?");
    assert_set_fails("strategi", "5", "did you mean 'strategy'?");
    assert_set_fails("train.lr", "5", "did you mean 'train.learning_rate'?");
    assert_set_fails("batch_size", "5", "did you mean 'train.batch'?");
    assert_set_fails("zzzzzzzzzzzzz", "5", "plan --keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones), cmocka_unit_test(every_value_reads_back),
        cmocka_unit_test(numbers_are_written_plainly),      cmocka_unit_test(lists_of_numbers_read_back),
        cmocka_unit_test(folds_alone_are_a_protocol),       cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(unknown_keys_get_a_suggestion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
