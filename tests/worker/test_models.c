/* Every row of the table of models, none of them by name: what its flags promise and its functions keep. */
#include "models/model.h"

#include "job.h"
#include "plan.h"
#include "store/store.h"
#include "strategies/balance.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 12, CLASSES = 3, EPOCHS = 3 };
static const int counts[CLASSES] = {24, 10, 7};

static struct config config_for(const struct model_kind *kind, const struct dataset *data,
                                const char *strategy)
{
    struct config config = noise_config(data, strategy, "holdout");
    struct err err = {0};
    assert_int_equal(model_check(kind->name, &err), 0);
    assert_int_equal(config_set(&config, "model", kind->name, &err), 0);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    with(&config, "vgg-small.width", 2);
    with(&config, "resnet-8.width", 2);
    with(&config, "resnet-14.width", 2);
    with(&config, "vit.width", 8);
    with(&config, "vit.blocks", 2);
    config.epochs = EPOCHS;
    config.batch = 12;
    with(&config, "easy-ensemble.members", 3);
    with(&config, "fake.milliseconds", 0.1);
    return config;
}

/* ---- the rows ---- */

static void a_row_is_whole(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct model_kind *k;
    int i;
    (void)state;
    for (i = 0; (k = model_kind(i)); i++) {
        struct config config = config_for(k, data, "none");
        char identity[MODEL_IDENTITY_SIZE];
        assert_ptr_equal(model_find(k->name), k);
        assert_ptr_equal(model_of(&config), k);
        k->identity(&config, identity);
        assert_int_equal(strncmp(identity, k->name, strlen(k->name)), 0);
        assert_true(*k->help && strlen(k->name) < sizeof((struct store_job *)0)->model);
        assert_int_equal((k->teach != NULL) + (k->fit != NULL) + (k->epoch != NULL), 1);
        assert_true(k->epoch || !k->teach == !(k->can & MODEL_BATCHES));
        assert_true(k->fit || k->can & MODEL_EPOCHS);
        assert_true(!k->epoch == !(k->can & MODEL_MADE_UP));
        assert_true(k->teach || k->seconds > 0);
        assert_true(!k->room == !k->arrays && !k->room == !k->restore);
        assert_true(!k->embed == !k->n_features);
        assert_true(k->epoch || !k->logit_bias == !(k->can & MODEL_SHIFT));
        assert_true(k->epoch || !k->last_layer == !(k->can & MODEL_LAST));
        assert_true(!k->last_layer == !k->renew_last);
        assert_true(k->work(&config, 100, 10) > 0);
    }
    assert_true(i > 1);
    assert_null(model_find("no such model"));
    hand_dataset_free(data);
}

static void an_unknown_name_is_told_the_others(void **state)
{
    struct err err = {0};
    (void)state;
    assert_int_equal(model_check("no such model", &err), E_USAGE);
    for (int i = 0; model_kind(i); i++)
        assert_non_null(strstr(err.text, model_kind(i)->name));
}

static void *open_model(const struct model_kind *k, const struct config *config, uint64_t start)
{
    const struct model_spec spec = {.config = config, .start = start};
    void *model = NULL;
    assert_int_equal(k->open(&spec, &model, NULL), 0);
    return model;
}

static struct arrays arrays_of(const struct model_kind *k, void *model, enum model_part part)
{
    struct arrays arrays = {0};
    if (k->arrays)
        k->arrays(model, part, &arrays);
    assert_int_equal(arrays_check(&arrays, NULL), 0);
    return arrays;
}

/* Its arrays, with names of their own, are as large as it said; those to go on with are among others. */
static void arrays_make_the_whole(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct model_kind *k;
    (void)state;
    for (int i = 0; (k = model_kind(i)); i++) {
        struct config config = config_for(k, data, "none");
        void *model = open_model(k, &config, 1);
        struct arrays kept = arrays_of(k, model, MODEL_KEPT), all = arrays_of(k, model, MODEL_STATE);
        for (int a = 0; a < kept.n; a++) {
            assert_ptr_equal(arrays_find(&kept, kept.item[a].name), &kept.item[a]);
            assert_non_null(arrays_find(&all, kept.item[a].name));
        }
        assert_true(!k->room == (kept.n == 0));
        if (k->room && !(k->can & MODEL_GROWS))
            assert_int_equal(arrays_bytes(&kept), k->room(&config, 1));
        arrays_free(&kept);
        arrays_free(&all);
        k->close(model);
    }
    hand_dataset_free(data);
}

/* As if it had learnt: fitted, labels turned by `turn`, or with other numbers in its arrays. */
static void teach_something(const struct model_kind *k, void *model, const struct dataset *data, int turn)
{
    const float *image[24];
    float weight[24];
    int label[24];
    const struct model_set set = {24, image, label, weight};
    struct arrays arrays = arrays_of(k, model, MODEL_KEPT);
    for (int i = 0; i < 24; i++) {
        image[i] = dataset_pixels(data, i);
        label[i] = (i / 3 + turn) % 2;
        weight[i] = 1;
    }
    if (k->can & MODEL_GROWS)
        assert_int_equal(k->fit(model, &set, NULL, NULL), 0);
    for (int a = 0; a < arrays.n && !(k->can & MODEL_GROWS); a++)
        if (arrays.item[a].type == ARRAY_F32)
            *(float *)arrays.item[a].data += 0.25f * (float)turn;
    arrays_free(&arrays);
}

/* A model that takes over the arrays of another predicts what that does; those of another shape change
 * nothing. */
static void arrays_make_a_model_another(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct model_kind *k;
    const float *image[] = {data->pixels};
    (void)state;
    for (int i = 0; (k = model_kind(i)); i++) {
        struct config config = config_for(k, data, "none"), fewer = config;
        float probs[4][CLASSES];
        if (!k->arrays || k->can & MODEL_ELSEWHERE)
            continue;
        fewer.clusters.n--;
        void *one = open_model(k, &config, 1), *two = open_model(k, &config, UINT64_MAX),
             *other = open_model(k, &fewer, 3);
        teach_something(k, one, data, 1);
        teach_something(k, two, data, 0);
        teach_something(k, other, data, 0);
        struct arrays of_one = arrays_of(k, one, MODEL_KEPT), of_other = arrays_of(k, other, MODEL_KEPT);
        struct err err = {0};
        k->judge(one, image, 1, probs[0]);
        k->judge(two, image, 1, probs[1]);
        assert_memory_not_equal(probs[0], probs[1], sizeof probs[0]);
        assert_int_equal(k->restore(two, MODEL_KEPT, &of_other, &err), E_USAGE);
        k->judge(two, image, 1, probs[2]);
        assert_memory_equal(probs[1], probs[2], sizeof probs[1]);
        assert_int_equal(k->restore(two, MODEL_KEPT, &of_one, &err), 0);
        k->judge(two, image, 1, probs[3]);
        assert_memory_equal(probs[0], probs[3], sizeof probs[0]);
        arrays_free(&of_one);
        arrays_free(&of_other);
        k->close(one);
        k->close(two);
        k->close(other);
    }
    hand_dataset_free(data);
}

/* ---- whole jobs ---- */

struct record {
    int n, n_states;
    float train[EPOCHS][N_ALL_METRICS], test[EPOCHS][N_ALL_METRICS];
};

static int on_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct record *record = self;
    (void)err;
    assert_int_equal(epoch, record->n++);
    memcpy(record->train[epoch], numbers[SET_TRAIN], sizeof record->train[epoch]);
    memcpy(record->test[epoch], numbers[SET_TEST], sizeof record->test[epoch]);
    return 0;
}

static int on_state(void *self, const struct state_file *between, struct err *err)
{
    struct record *record = self;
    (void)between, (void)err;
    record->n_states++;
    return 0;
}

static struct job_result run(const struct config *config, const struct dataset *data, struct record *record)
{
    const struct job_hooks hooks = {.self = record, .epoch = on_epoch, .between = on_state};
    struct job_result result;
    struct err err = {0};
    memset(record, 0, sizeof *record);
    if (job_run(config, data, "key", &hooks, &result, &err) < 0)
        fail_msg("%s, %s: %s", config->model, config->strategy, err.text);
    return result;
}

static void assert_sound(const struct config *config, const struct job_result *r, const struct record *record)
{
    int states = model_of(config)->can & MODEL_EPOCHS ? EPOCHS - 1 : 0;
    assert_true(r->epochs_done == EPOCHS && record->n == EPOCHS && record->n_states == states);
    if (model_of(config)->can & MODEL_GROWS)
        assert_in_range(r->n_weights, 1, job_n_weights(config, r->n_train));
    else
        assert_int_equal(r->n_weights, job_n_weights(config, r->n_train));
    for (int e = 0; e < EPOCHS; e++)
        for (int m = 0; m < N_ALL_METRICS; m++)
            assert_true(isfinite(record->test[e][m]) && isfinite(record->train[e][m]) == (m < N_METRICS));
    for (int i = 0; i < r->set[SET_ALL].n; i++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += (double)r->set[SET_ALL].probs[i * CLASSES + c];
        assert_true(fabs(sum - 1) < 1e-5);
    }
}

static void assert_same(const struct job_result *a, const struct record *x, const struct job_result *b,
                        const struct record *y)
{
    assert_memory_equal(x, y, sizeof *x);
    if (a->n_weights)
        assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
    assert_memory_equal(a->set[SET_ALL].probs, b->set[SET_ALL].probs,
                        (size_t)(a->set[SET_ALL].n * CLASSES) * sizeof(float));
    assert_memory_equal(a->set[SET_TEST].probs, b->set[SET_TEST].probs,
                        (size_t)(a->set[SET_TEST].n * CLASSES) * sizeof(float));
}

/* What it keeps predicts what the job predicted, whatever its strategy did. */
static void assert_kept_predicts(const struct config *config, const struct dataset *data,
                                 const struct job_result *r)
{
    const float *image[64];
    float probs[64 * CLASSES];
    struct err err = {0};
    for (int i = 0; i < r->set[SET_ALL].n; i++)
        image[i] = data->pixels + r->set[SET_ALL].image[i] * SIZE * SIZE;
    int rc = job_predict(config, r->weights, r->n_weights, image, r->set[SET_ALL].n, probs, &err);
    assert_int_equal(rc, r->n_weights ? 0 : E_USAGE);
    if (rc == 0)
        assert_memory_equal(probs, r->set[SET_ALL].probs,
                            (size_t)(r->set[SET_ALL].n * CLASSES) * sizeof *probs);
    else
        assert_non_null(strstr(err.text, config->model));
}

/* Every strategy that a model heeds runs, twice with the same bits; those it does not are refused in the
 * plan. */
static void every_model_under_every_strategy(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    const struct model_kind *k;
    (void)state;
    for (int i = 0; (k = model_kind(i)); i++)
        for (int s = 0; balance_strategy(s) && !(k->can & MODEL_ELSEWHERE); s++) {
            struct config config = config_for(k, data, balance_strategy(s)->name);
            struct job_plan plan;
            struct record x, y;
            int heeds = (balance_strategy(s)->needs & ~k->can) == 0;
            assert_int_equal(job_plan(&config, data, "key", &plan, NULL), heeds ? 0 : E_USAGE);
            if (!heeds)
                continue;
            assert_true(plan.cost > 0);
            struct job_result a = run(&config, data, &x), b = run(&config, data, &y);
            assert_sound(&config, &a, &x);
            assert_same(&a, &x, &b, &y);
            assert_kept_predicts(&config, data, &a);
            job_result_free(&a);
            job_result_free(&b);
        }
    hand_dataset_free(data);
}

static int stop_now(void *self)
{
    ++*(int *)self;
    return 1;
}

static void every_model_lets_itself_be_stopped(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    (void)state;
    for (int i = 0; model_kind(i); i++) {
        if (model_kind(i)->can & MODEL_ELSEWHERE)
            continue;
        struct config config = config_for(model_kind(i), data, "none");
        struct job_result result;
        struct err err = {0};
        int calls = 0;
        const struct job_hooks hooks = {.self = &calls, .pause = stop_now};
        assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_STOPPED);
        assert_int_equal(calls, 1);
    }
    hand_dataset_free(data);
}

/* Judged by its best epoch where it has epochs to choose from: nothing before that depends on it. */
static void every_model_keeps_its_best(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    (void)state;
    for (int i = 0; model_kind(i); i++) {
        if (model_kind(i)->can & MODEL_ELSEWHERE)
            continue;
        struct config config = config_for(model_kind(i), data, "none");
        struct record x, y;
        assert_int_equal(config_set(&config, "inner", "share:0.3", NULL), 0);
        struct job_result last = run(&config, data, &x);
        assert_int_equal(config_set(&config, "judge", "best", NULL), 0);
        struct job_result best = run(&config, data, &y);
        int can_choose = model_kind(i)->can & MODEL_EPOCHS;
        assert_true(can_choose ? best.judged_epoch >= 1 && best.judged_epoch <= EPOCHS
                               : best.judged_epoch == EPOCHS);
        assert_true(!best.weights == !last.weights && best.set[SET_VAL].n > 0);
        assert_memory_equal(x.test, y.test, sizeof x.test);
        job_result_free(&last);
        job_result_free(&best);
    }
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_whole),
        cmocka_unit_test(an_unknown_name_is_told_the_others),
        cmocka_unit_test(arrays_make_the_whole),
        cmocka_unit_test(arrays_make_a_model_another),
        cmocka_unit_test(every_model_under_every_strategy),
        cmocka_unit_test(every_model_lets_itself_be_stopped),
        cmocka_unit_test(every_model_keeps_its_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
