/* The settings of a job by section: who reads which, and what a job that reads none of them is worth. */
#include "sections.h"

#include "choose.h"
#include "models/model.h"
#include "models/net/optimiser.h"
#include "strategies/balance.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

/* A number that is not the default. */
static double another_of(const struct setting *key)
{
    double most = fmin(key->max, key->min + 17), fallback = strtod(key->fallback, NULL);
    return most > fallback || most < fallback ? most : key->min;
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
        with(&changed, schema->key[i].name, another_of(&schema->key[i]));
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
    assert_true(reads(&cnn, "cnn.dense") && reads(&cnn, "train.learning_rate"));
    assert_false(reads(&cnn, "fake.milliseconds"));
    assert_false(reads(&majority, "cnn.dense") || reads(&majority, "train.learning_rate"));
    assert_true(reads(&majority, "train.epochs") && !reads(&majority, "train.batch"));
    assert_true(reads(&fake, "cnn.dense") && reads(&fake, "train.beta1") &&
                reads(&fake, "fake.milliseconds"));
}

/* Who is given the same images again and again, or none, reads neither. */
static void models_read_what_they_learn_by(void **state)
{
    const struct model_kind *model;
    (void)state;
    for (int i = 0; (model = model_kind(i)); i++) {
        struct config config = config_with("smote", model->name, "holdout");
        int learns = !(model->can & MODEL_ELSEWHERE);
        with(&config, "balance.threshold", 5);
        assert_int_equal(reads(&config, "train.batch"), (model->can & MODEL_BATCHES) != 0);
        assert_int_equal(reads(&config, "strategy"), learns);
        assert_int_equal(reads(&config, "smote.k"), learns);
        assert_int_equal(reads(&config, "balance.threshold"), learns);
        assert_int_equal(reads(&config, "balance.cap"), learns);
        if (model->can & MODEL_VECTORS) {
            with_text(&config, "features", "embedding");
            assert_true(reads(&config, "train.batch"));
            with_text(&config, "embedding.from", "kept.h5");
            assert_int_equal(reads(&config, "train.batch"), (model->can & MODEL_BATCHES) != 0);
        }
    }
}

/* Every row of the table can be chosen, and reads its own. */
static void optimisers_read_their_own_keys(void **state)
{
    const struct optimiser *o;
    struct config config = config_with("none", "cnn", "holdout"),
                  majority = config_with("none", "majority", "holdout");
    (void)state;
    with_text(&majority, "train.optimizer", "sgd");
    for (int i = 0; (o = optimiser_row(i)); i++) {
        int is_sgd = o == &optimiser_sgd;
        with_text(&config, "train.optimizer", o->name);
        assert_true(optimiser_find(o->name) == o);
        assert_int_equal(reads(&config, "train.beta1"), !is_sgd);
        assert_int_equal(reads(&config, "train.momentum"), is_sgd);
        assert_int_equal(reads(&config, "train.weight_decay"), o != &optimiser_adam);
    }
    assert_false(reads(&majority, "train.momentum") || reads(&majority, "train.optimizer"));
    assert_string_equal(config_decided_by(worker_schema(), config_find(worker_schema(), "train.momentum")),
                        "train.optimizer");
}

static void schedules_read_their_own_keys(void **state)
{
    struct config config = config_with("none", "cnn", "holdout");
    (void)state;
    assert_true(reads(&config, "train.warmup"));
    assert_false(reads(&config, "train.milestones"));
    with_text(&config, "train.schedule", "step");
    assert_true(reads(&config, "train.warmup") && reads(&config, "train.milestones"));
    with_text(&config, "train.schedule", "one-cycle");
    assert_false(reads(&config, "train.warmup") || reads(&config, "train.milestones"));
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
    with_text(&config, "cnn.dense", "8");
    with(&config, "train.learning_rate", 0.5);
    with(&config, "validation", 0.4);
    with(&config, "balance.cap", 9);
    const struct config defaults = config_defaults(worker_schema());
    config_normalise(&config, &defaults);
    assert_memory_equal(&config, &expected, sizeof config);
}

/* Which settings a job reads hangs on those alone that all jobs read: so of a grid's axes that a combination
 * does not read, one value will do (expand.c). */
/* 1 when the schema says of a key that who reads another one hangs on it. */
static int decides(const struct schema *schema, const struct setting *key)
{
    for (const struct setting *other = schema->key; other->name; other++) {
        const char *by = config_decided_by(schema, other);
        if (by && strcmp(by, key->name) == 0)
            return 1;
    }
    return 0;
}

/* Any other number can be changed without a look at who reads what. */
static void who_reads_what_hangs_on_common_keys(void **state)
{
    struct config config = config_with("smote+augment", "cnn", "holdout");
    (void)state;
    with(&config, "balance.threshold", 5);
    for (const struct setting *key = config.schema->key; key->name; key++) {
        struct config changed = config;
        if (!*config_used_by(config.schema, key) || (key->type != SETTING_INT && key->type != SETTING_REAL) ||
            decides(config.schema, key))
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

static const struct {
    const char *settings, *text;
} golden[] = {
    {"", "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"seed=7", "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=7\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"clusters=8-10",
     "clusters=8-10\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"clusters=8-10;strategy=smote",
     "clusters=8-10\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=smote\nfold=0\nrepeat=0\n"},
    {"strategy=smote;smote.k=3",
     "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nsmote.k=3\nstrategy=smote\nfold=0\nrepeat=0\n"},
    {"strategy=smote;smote.k=5",
     "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=smote\nfold=0\nrepeat=0\n"},
    {"strategy=none;smote.k=3",
     "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"strategy=augment+reweight;augment.rotation=20;augment.flip=0",
     "augment.flip=0\naugment.rotation=20\nclusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\n"
     "strategy=augment+reweight\nfold=0\nrepeat=0\n"},
    {"strategy=logit-adjust;logit-adjust.form=post-hoc;logit-adjust.tau=1.5",
     "clusters=all\nlogit-adjust.form=post-hoc\nlogit-adjust.tau=1.5\nmodel=cnn\n"
     "protocol=holdout\nseed=1\nstrategy=logit-adjust\nfold=0\nrepeat=0\n"},
    {"strategy=borderline-smote;borderline-smote.m=7;smote.k=9",
     "borderline-smote.m=7\nclusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\n"
     "strategy=borderline-smote\nfold=0\nrepeat=0\n"},
    {"strategy=undersample;undersample.replacement=true",
     "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=undersample\n"
     "undersample.replacement=true\nfold=0\nrepeat=0\n"},
    {"strategy=easy-ensemble;easy-ensemble.members=3;cnn.dense=16-64",
     "clusters=all\ncnn.dense=16-64\neasy-ensemble.members=3\nmodel=cnn\nprotocol=holdout\nseed=1\n"
     "strategy=easy-ensemble\nfold=0\nrepeat=0\n"},
    {"protocol=report;validation=0.3",
     "clusters=all\nmodel=cnn\nprotocol=report\nseed=1\nstrategy=none\nvalidation=0.3\nfold=0\n"
     "repeat=0\n"},
    {"protocol=kfold:5x1;validation=0.3",
     "clusters=all\nmodel=cnn\nprotocol=kfold:5x1\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"protocol=tail;class_sizes=900-90",
     "class_sizes=900-90\nclusters=all\nmodel=cnn\nprotocol=tail\nseed=1\nstrategy=none\nfold=0\n"
     "repeat=0\n"},
    {"groups=slide",
     "clusters=all\ngroups=slide\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\n"
     "repeat=0\n"},
    {"model=majority;cnn.dense=16-8;train.learning_rate=0.1",
     "clusters=all\nmodel=majority\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"model=majority;train.epochs=10;train.batch=8",
     "clusters=all\nmodel=majority\nprotocol=holdout\nseed=1\nstrategy=none\n"
     "train.epochs=10\nfold=0\nrepeat=0\n"},
    {"model=cnn;cnn.dropout=0-0.5-0.5;cnn.blocks=32-16;train.learning_rate=3e-05;train.epsilon=1e-08",
     "clusters=all\ncnn.blocks=32-16\ncnn.dropout=0-0.5-0.5\nmodel=cnn\nprotocol=holdout\nseed=1\n"
     "strategy=none\ntrain.epsilon=1e-08\ntrain.learning_rate=3e-05\nfold=0\nrepeat=0\n"},
    {"model=fake;cnn.blocks=16-64;fake.milliseconds=0",
     "clusters=all\ncnn.blocks=16-64\nfake.milliseconds=0\nmodel=fake\nprotocol=holdout\nseed=1\n"
     "strategy=none\nfold=0\nrepeat=0\n"},
    {"balance.cap=40",
     "clusters=all\nmodel=cnn\nprotocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"},
    {"balance.threshold=30;balance.cap=40;image.size=32",
     "balance.cap=40\nbalance.threshold=30\nclusters=all\nimage.size=32\nmodel=cnn\n"
     "protocol=holdout\nseed=1\nstrategy=none\nfold=0\nrepeat=0\n"}};

/* Texts of job keys, as version 0.2 began with them: a job's key is the hash of its text, so a change here
 * makes every results file there is another sweep's. */
static void texts_of_keys_stay(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct config config = config_defaults(worker_schema());
        char settings[256], text[2048], *rest = NULL;
        snprintf(settings, sizeof settings, "%s", golden[i].settings);
        for (char *one = strtok_r(settings, ";", &rest); one; one = strtok_r(NULL, ";", &rest)) {
            char *value = strchr(one, '=');
            *value++ = '\0';
            with_text(&config, one, value);
        }
        size_t n = config_canonical(&config, text, sizeof text);
        assert_string_equal(text, golden[i].text);
        assert_int_equal(n, strlen(text));
        assert_int_equal(config_canonical(&config, NULL, 0), n);
    }
}

/* judge: auto is final or best, as patience says: who asks for that by its name has the same job. */
static void equal_jobs_have_one_key(void **state)
{
    static const struct {
        const char *judge;
        int patience, is_auto;
    } cases[] = {{"final", 0, 1}, {"best", 0, 0}, {"final", 3, 0}, {"best", 3, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config plain = config_with("none", "cnn", "tail"), other;
        char texts[2][2048];
        with(&plain, "train.stop.patience", cases[i].patience);
        other = plain;
        with_text(&other, "judge", cases[i].judge);
        config_canonical(&plain, texts[0], sizeof texts[0]);
        config_canonical(&other, texts[1], sizeof texts[1]);
        assert_int_equal(strcmp(texts[0], texts[1]) == 0, cases[i].is_auto);
        assert_string_equal(config_of(&other, &choose_section), cases[i].judge); /* as it was */
    }
}

/* Every setting that a job reads is in its text once it is off its default; fold and repeat are always. */
static void whatever_a_job_reads_is_in_its_key(void **state)
{
    struct config config = config_with("smote+logit-adjust", "cnn", "tail");
    char base[2048], changed[2048];
    (void)state;
    config_canonical(&config, base, sizeof base);
    for (const struct setting *key = config.schema->key; key->name; key++) {
        struct config other = config;
        if (key->type != SETTING_INT && key->type != SETTING_REAL)
            continue;
        with(&other, key->name, strtod(key->fallback, NULL) > key->min ? key->min : key->max);
        config_canonical(&other, changed, sizeof changed);
        assert_true(config_reads(&config, key) == (strcmp(base, changed) != 0));
    }
    config.fold = 1;
    config_canonical(&config, changed, sizeof changed);
    assert_non_null(strstr(changed, "\nfold=1\nrepeat=0\n"));
}

/* Else a job that names a default would not be the job that leaves it out. */
static void defaults_are_canonical(void **state)
{
    struct config config = config_defaults(worker_schema());
    (void)state;
    for (const struct setting *key = config.schema->key; key->name; key++) {
        char text[SETTING_TEXT_SIZE];
        config_get(&config, key, text, sizeof text);
        assert_string_equal(text, key->fallback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_lie_apart),
        cmocka_unit_test(settings_of_strategies_have_their_names),
        cmocka_unit_test(strategies_read_their_own_keys),
        cmocka_unit_test(models_read_their_own_keys),
        cmocka_unit_test(models_read_what_they_learn_by),
        cmocka_unit_test(optimisers_read_their_own_keys),
        cmocka_unit_test(schedules_read_their_own_keys),
        cmocka_unit_test(folds_have_no_share),
        cmocka_unit_test(a_cap_needs_a_threshold),
        cmocka_unit_test(what_is_not_read_is_put_back),
        cmocka_unit_test(who_reads_what_hangs_on_common_keys),
        cmocka_unit_test(ranges_must_not_be_empty),
        cmocka_unit_test(texts_of_keys_stay),
        cmocka_unit_test(equal_jobs_have_one_key),
        cmocka_unit_test(whatever_a_job_reads_is_in_its_key),
        cmocka_unit_test(defaults_are_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
