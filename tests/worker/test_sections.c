/* The settings of a job by section: who reads which, and what a job that reads none of them is worth. */
#include "sections.h"

#include "models/model.h"
#include "strategies/balance.h"
#include "support/with.h"

#include <string.h>

static struct config config_with(const char *strategy, const char *model, const char *protocol)
{
    struct config config = config_defaults(worker_schema());
    with_text(&config, "strategy", strategy);
    with_text(&config, "model", model);
    with_text(&config, "protocol", protocol);
    return config;
}

static int reads(const struct config *config, const char *key)
{
    return config_reads(config, config_find(config->schema, key));
}

static void sections_lie_apart(void **state)
{
    const struct schema *schema = worker_schema();
    struct config config = config_defaults(schema);
    (void)state;
    for (int i = 0; i < schema->n_keys; i++) {
        struct config changed = config;
        char before[SETTING_TEXT_SIZE], after[SETTING_TEXT_SIZE];
        if (schema->key[i].type != SETTING_INT)
            continue;
        with(&changed, schema->key[i].name, schema->key[i].min + 17);
        for (int k = 0; k < schema->n_keys; k++) {
            config_get(&config, &schema->key[k], before, sizeof before);
            config_get(&changed, &schema->key[k], after, sizeof after);
            assert_true((k == i) == (strcmp(before, after) != 0));
        }
    }
}

/* A strategy's settings have its name in front, so that a sweep file says whose they are. */
static void settings_of_strategies_have_their_names(void **state)
{
    const struct balance_strategy *s;
    (void)state;
    for (int i = 0; (s = balance_strategy(i)); i++)
        for (const struct setting *key = s->section ? s->section->setting : NULL; key && key->name; key++) {
            size_t n = strlen(s->name);
            assert_true(strncmp(key->name, s->name, n) == 0 && key->name[n] == '.');
        }
}

static void strategies_read_their_own_keys(void **state)
{
    struct config smote = config_with("smote", "cnn", "holdout"),
                  chain = config_with("augment+smote", "cnn", "report");
    struct config none = config_with("none", "cnn", "holdout"),
                  other = config_with("borderline-smote", "cnn", "tail");
    (void)state;
    assert_true(reads(&smote, "smote.k") && reads(&chain, "smote.k") && reads(&chain, "augment.flip"));
    assert_false(reads(&none, "smote.k") || reads(&other, "smote.k") || reads(&smote, "augment.flip"));
    assert_true(reads(&none, "train.batch") && reads(&none, "seed"));
    assert_string_equal(config_used_by(worker_schema(), config_find(worker_schema(), "smote.k")),
                        "strategy smote");
    assert_string_equal(config_used_by(worker_schema(), config_find(worker_schema(), "seed")), "");
}

static void models_read_their_own_keys(void **state)
{
    struct config cnn = config_with("none", "cnn", "holdout"),
                  majority = config_with("none", "majority", "holdout");
    struct config fake = config_with("none", "fake", "holdout");
    (void)state;
    assert_true(reads(&cnn, "cnn.dense1") && reads(&cnn, "train.learning_rate"));
    assert_false(reads(&cnn, "fake.milliseconds"));
    assert_false(reads(&majority, "cnn.dense1") || reads(&majority, "train.learning_rate"));
    assert_true(reads(&majority, "train.epochs") && reads(&majority, "train.batch"));
    assert_true(reads(&fake, "cnn.dense1") && reads(&fake, "train.beta1") &&
                reads(&fake, "fake.milliseconds"));
}

static void folds_have_no_share(void **state)
{
    struct config folds = config_with("none", "cnn", "kfold:5x2"), share = config_with("none", "cnn", "tail");
    (void)state;
    assert_false(reads(&folds, "validation"));
    assert_true(reads(&share, "validation"));
}

static void a_cap_needs_a_threshold(void **state)
{
    struct config config = config_with("none", "cnn", "tail");
    (void)state;
    struct err err = {0};
    assert_false(reads(&config, "balance.cap"));
    with(&config, "balance.threshold", 30);
    assert_true(reads(&config, "balance.cap"));
    assert_int_equal(config_check(&config, &err), E_USAGE);
    assert_non_null(strstr(err.text, "give it, or leave both out"));
    with(&config, "balance.cap", 40);
    assert_int_equal(config_check(&config, &err), 0);
}

static void what_is_not_read_is_put_back(void **state)
{
    struct config config = config_with("smote", "majority", "kfold:3x1"), expected = config;
    (void)state;
    with(&config, "smote.k", 7);
    with(&expected, "smote.k", 7);
    with(&config, "focal.gamma", 3);
    with(&config, "cnn.dense1", 8);
    with(&config, "train.learning_rate", 0.5);
    with(&config, "validation", 0.4);
    with(&config, "balance.cap", 9);
    const struct config defaults = config_defaults(worker_schema());
    config_normalise(&config, &defaults);
    assert_memory_equal(&config, &expected, sizeof config);
}

/* Which settings a job reads hangs on those alone that all jobs read: so of a grid's axes that a combination
 * does not read, one value will do (expand.c). */
static void who_reads_what_hangs_on_common_keys(void **state)
{
    struct config config = config_with("smote+augment", "cnn", "holdout");
    (void)state;
    with(&config, "balance.threshold", 5);
    for (const struct setting *key = config.schema->key; key->name; key++) {
        struct config changed = config;
        if (!*config_used_by(config.schema, key) || (key->type != SETTING_INT && key->type != SETTING_REAL))
            continue;
        for (int end = 0; end < 2; end++) {
            with(&changed, key->name, end ? key->max : key->min);
            for (const struct setting *other = config.schema->key; other->name; other++)
                assert_int_equal(config_reads(&changed, other), config_reads(&config, other));
        }
    }
}

/* Only what is read is checked. */
static void ranges_must_not_be_empty(void **state)
{
    struct config config = config_with("augment", "cnn", "holdout");
    struct err err = {0};
    (void)state;
    assert_int_equal(config_check(&config, &err), 0);
    with(&config, "augment.zoom_min", 2);
    assert_int_equal(config_check(&config, &err), E_USAGE);
    assert_non_null(strstr(err.text, "augment.zoom_min 2 is larger than augment.zoom_max 1.2"));
    with_text(&config, "strategy", "smote");
    assert_int_equal(config_check(&config, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_lie_apart),
        cmocka_unit_test(settings_of_strategies_have_their_names),
        cmocka_unit_test(strategies_read_their_own_keys),
        cmocka_unit_test(models_read_their_own_keys),
        cmocka_unit_test(folds_have_no_share),
        cmocka_unit_test(a_cap_needs_a_threshold),
        cmocka_unit_test(what_is_not_read_is_put_back),
        cmocka_unit_test(who_reads_what_hangs_on_common_keys),
        cmocka_unit_test(ranges_must_not_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
