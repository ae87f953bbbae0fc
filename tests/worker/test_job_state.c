/* A job gone on with from any of its epochs has the bits of the job that was left alone:
 * every strategy, every protocol. */
#include "job_state.h"

#include "strategies/balance.h"
#include "support/folder_fixture.h"
#include "job.h"
#include "kernels/kernels.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"
#include "support/with.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { SIZE = 12, CLASSES = 3, EPOCHS = 4 };
static const int counts[CLASSES] = {24, 10, 7};
static const struct state_file_identity identity = {"key", "data", "kernels", "program"};

static struct config small_config(const struct dataset *data, const char *strategy, const char *protocol)
{
    struct config config = noise_config(data, strategy, protocol);
    with_text(&config, "cnn.blocks", "4-4");
    with_text(&config, "cnn.dense", "8-8");
    config.epochs = EPOCHS;
    config.batch = 12;
    with(&config, "easy-ensemble.members", 3);
    with(&config, "crt.share", 0.5);
    with(&config, "ldam.share", 0.5);
    return config;
}

/* Metrics of every epoch, and a checkpoint of each, as the caller of job_run() keeps them. */
struct record {
    float train[EPOCHS][N_ALL_METRICS], val[EPOCHS][N_ALL_METRICS], test[EPOCHS][N_ALL_METRICS];
    int first, n_states; /* the epoch it began with; states seen */
    int stop_at;         /* stop after so many epochs; 0: never */
};

static int on_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct record *record = self;
    (void)err;
    memcpy(record->train[epoch], numbers[SET_TRAIN], sizeof record->train[epoch]);
    memcpy(record->val[epoch], numbers[SET_VAL], sizeof record->val[epoch]);
    memcpy(record->test[epoch], numbers[SET_TEST], sizeof record->test[epoch]);
    return 0;
}

static const char *path_of(int epoch)
{
    char name[32];
    snprintf(name, sizeof name, "%d.ckpt", epoch);
    return in_folder(name);
}

static int write_state(void *self, const struct state_file *bare, struct err *err)
{
    struct record *record = self;
    struct state_file state = *bare;
    state.metrics[SET_TRAIN] = record->train[0];
    state.metrics[SET_VAL] = record->val[0];
    state.metrics[SET_TEST] = record->test[0];
    assert_int_equal(state.epoch, record->first + record->n_states + 1);
    record->n_states++;
    if (state_file_write(path_of(state.epoch), &identity, &state, err) < 0)
        fail_msg("%s", err->text);
    return state.epoch == record->stop_at ? err_set(err, E_STOPPED, "stopped") : 0;
}

/* Whether the state of an epoch is the one on disk: networks, steps and metrics. */
static int compare_state(void *self, const struct state_file *bare, struct err *err)
{
    struct record *record = self;
    struct state_file there;
    if (state_file_read(path_of(bare->epoch), &identity, &there, err) < 0)
        fail_msg("%s", err->text);
    assert_true(there.steps == bare->steps);
    assert_memory_equal(&there.choice, &bare->choice, sizeof there.choice);
    assert_int_equal(there.arrays.n, bare->arrays.n);
    for (int a = 0; a < there.arrays.n; a++) {
        const struct array *x = &there.arrays.item[a], *y = &bare->arrays.item[a];
        assert_string_equal(x->name, y->name);
        assert_int_equal(array_bytes(x), array_bytes(y));
        assert_memory_equal(x->data, y->data, array_bytes(x));
    }
    assert_memory_equal(there.metrics[SET_TRAIN], record->train,
                        (size_t)there.epoch * sizeof record->train[0]);
    assert_memory_equal(there.metrics[SET_TEST], record->test, (size_t)there.epoch * sizeof record->test[0]);
    state_file_free(&there);
    record->n_states++;
    return 0;
}

static void assert_same_predictions(const struct job_predictions *a, const struct job_predictions *b)
{
    size_t n = (size_t)a->n;
    assert_int_equal(a->n, b->n);
    if (n == 0)
        return;
    assert_memory_equal(a->image, b->image, n * sizeof *a->image);
    assert_memory_equal(a->copy, b->copy, n * sizeof *a->copy);
    assert_memory_equal(a->label, b->label, n * sizeof *a->label);
    assert_memory_equal(a->probs, b->probs, n * CLASSES * sizeof *a->probs);
    assert_memory_equal(a->confusion, b->confusion, CLASSES * CLASSES * sizeof *a->confusion);
}

static void assert_same_results(const struct job_result *a, const struct job_result *b)
{
    assert_true(a->epochs_done == b->epochs_done && a->diverged == b->diverged &&
                a->leak_test == b->leak_test);
    assert_int_equal(a->judged_epoch, b->judged_epoch);
    for (int i = 0; i < N_CURVE_SETS; i++)
        assert_memory_equal(a->numbers[curve_sets[i]], b->numbers[curve_sets[i]], sizeof a->numbers[0]);
    assert_same_predictions(&a->set[SET_VAL], &b->set[SET_VAL]);
    assert_true(a->n_train == b->n_train && a->n_weights == b->n_weights);
    if (a->weights)
        assert_memory_equal(a->weights, b->weights, a->n_weights * sizeof *a->weights);
    assert_memory_equal(a->role, b->role, (size_t)a->set[SET_ALL].n * sizeof *a->role);
    assert_same_predictions(&a->set[SET_TEST], &b->set[SET_TEST]);
    assert_same_predictions(&a->set[SET_ALL], &b->set[SET_ALL]);
}

static struct job_result run(const struct config *config, const struct dataset *data, struct record *record,
                             const struct state_file *from)
{
    struct job_result result;
    struct err err = {0};
    const struct job_hooks hooks = {
        .self = record, .epoch = on_epoch, .between = from ? compare_state : write_state, .from = from};
    record->first = from ? from->epoch : 0;
    if (job_run(config, data, "key", &hooks, &result, &err) < 0)
        fail_msg("%s, %d: %s", config->strategy, config->protocol.kind, err.text);
    return result;
}

/* Go on from the file of every epoch; the metrics before it come from the file alone. */
static void assert_resumes(const struct config *config, const struct dataset *data)
{
    struct record whole = {0};
    struct job_result result = run(config, data, &whole, NULL);
    assert_int_equal(whole.n_states, result.epochs_done - 1);
    for (int epoch = 1; epoch < result.epochs_done; epoch++) {
        struct record rest = {0};
        struct state_file from;
        assert_int_equal(state_file_read(path_of(epoch), &identity, &from, NULL), 0);
        memcpy(rest.train, from.metrics[SET_TRAIN], (size_t)epoch * sizeof rest.train[0]);
        memcpy(rest.val, from.metrics[SET_VAL], (size_t)epoch * sizeof rest.val[0]);
        memcpy(rest.test, from.metrics[SET_TEST], (size_t)epoch * sizeof rest.test[0]);
        struct job_result again = run(config, data, &rest, &from);
        assert_int_equal(rest.n_states, result.epochs_done - 1 - epoch);
        assert_same_results(&result, &again);
        assert_memory_equal(whole.train, rest.train, sizeof whole.train);
        assert_memory_equal(whole.val, rest.val, sizeof whole.val);
        assert_memory_equal(whole.test, rest.test, sizeof whole.test);
        job_result_free(&again);
        state_file_free(&from);
    }
    job_result_free(&result);
}

static void assert_resumes_everywhere(const struct config *config, const struct dataset *data)
{
    struct config choosing = *config;
    assert_resumes(config, data);
    assert_int_equal(config_set(&choosing, "inner", "share:0.3", NULL), 0);
    assert_int_equal(config_set(&choosing, "judge", "best", NULL), 0);
    assert_resumes(&choosing, data);
    assert_int_equal(config_set(&choosing, "train.stop.on", "auroc", NULL), 0);
    with(&choosing, "train.stop.patience", 1);
    assert_resumes(&choosing, data);
}

static const char *const protocols[] = {"report", "tail", "holdout", "kfold:3x1"};

static void every_strategy_under_every_protocol(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    for (int i = 0; balance_strategy(i); i++)
        for (int p = 0; p < 4; p++) {
            struct config config = small_config(data, balance_strategy(i)->name, protocols[p]);
            config.fold = config.protocol.kind == PROTOCOL_KFOLD;
            assert_resumes_everywhere(&config, data);
        }
    hand_dataset_free(data);
}

static void combinations_and_smaller_images(void **state)
{
    (void)state;
    static const char *const texts[] = {"augment+reweight", "balanced-batch+mixup+focal",
                                        "easy-ensemble+mixup+balanced-softmax", "easy-ensemble+crt+ldam"};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE + 3, 7);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config config = small_config(data, texts[i], "holdout");
        config.image_size = SIZE;
        assert_resumes_everywhere(&config, data);
    }
    hand_dataset_free(data);
}

/* Every table of kernels, since a state hidden in one's scratch would be lost. */
static void every_table_of_kernels(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, 20, 7);
    struct config config = small_config(data, "augment", "holdout");
    with_text(&config, "cnn.blocks", "16-16");
    with_text(&config, "cnn.dense", "32-32");
    for (int isa = KERNELS_REFERENCE; isa <= (int)kernels_best(); isa++) {
        assert_int_equal(kernels_select((enum kernels_isa)isa, NULL), 0);
        assert_resumes_everywhere(&config, data);
    }
    assert_int_equal(kernels_select(KERNELS_AUTO, NULL), 0);
    hand_dataset_free(data);
}

/* Models that learn epoch by epoch go on; the others have no state to go on with. */
static void every_model(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    for (int i = 0; model_kind(i); i++) {
        struct config config = small_config(data, "none", "holdout");
        struct state_file from = {.epoch = 1};
        snprintf(config.model, sizeof config.model, "%s", model_kind(i)->name);
        with(&config, "fake.milliseconds", 0.1);
        if (model_kind(i)->can & MODEL_EPOCHS)
            assert_resumes_everywhere(&config, data);
        else
            assert_int_equal(job_state_fits(&config, &from, NULL), E_USAGE);
    }
    hand_dataset_free(data);
}

static int must_not_be_called(void *self, const struct state_file *state, struct err *err)
{
    (void)self;
    (void)state;
    return err_set(err, E_IO, "a state after the job diverged");
}

/* Weights that are no numbers any more: the epoch that begins with them diverges and is the last, and
 * no state follows it. */
static void a_job_that_diverges_has_no_state(void **state)
{
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "none", "holdout");
    struct record record = {0};
    struct job_result result = run(&config, data, &record, NULL);
    struct state_file from;
    (void)state;
    assert_int_equal(state_file_read(path_of(2), &identity, &from, NULL), 0);
    float *weight = arrays_find(&from.arrays, "conv1.weight")->data;
    *weight = NAN;
    const struct job_hooks hooks = {
        .self = &record, .epoch = on_epoch, .between = must_not_be_called, .from = &from};
    job_result_free(&result);
    assert_int_equal(job_run(&config, data, "key", &hooks, &result, NULL), 0);
    assert_true(result.diverged && result.epochs_done == 3);
    job_result_free(&result);
    state_file_free(&from);
    hand_dataset_free(data);
}

static void a_hook_stops_between_epochs(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "none", "holdout");
    struct record record = {.stop_at = 2};
    const struct job_hooks hooks = {.self = &record, .epoch = on_epoch, .between = write_state};
    struct job_result result;
    struct err err = {0};
    assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_STOPPED);
    assert_int_equal(record.n_states, 2);
    hand_dataset_free(data);
}

/* A state of other networks or past the end is refused, whatever its file says. */
static void a_state_that_does_not_fit(void **state)
{
    (void)state;
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    struct config config = small_config(data, "none", "holdout"), other = config;
    struct record record = {0};
    struct job_result result = run(&config, data, &record, NULL);
    struct state_file from;
    struct err err = {0};
    assert_int_equal(state_file_read(path_of(3), &identity, &from, NULL), 0);
    const struct job_hooks hooks = {.from = &from};
    job_result_free(&result);
    assert_int_equal(job_state_fits(&config, &from, &err), 0);
    with_text(&other, "cnn.dense", "9-8");
    assert_int_equal(job_run(&other, data, "key", &hooks, &result, &err), E_USAGE);
    other = small_config(data, "easy-ensemble", "holdout");
    assert_int_equal(job_run(&other, data, "key", &hooks, &result, &err), E_USAGE);
    config.epochs = 3;
    assert_int_equal(job_run(&config, data, "key", &hooks, &result, &err), E_USAGE);
    assert_non_null(strstr(err.text, "epoch 3, the job has 3"));
    state_file_free(&from);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy_under_every_protocol),
        cmocka_unit_test(combinations_and_smaller_images),
        cmocka_unit_test(every_table_of_kernels),
        cmocka_unit_test(every_model),
        cmocka_unit_test(a_job_that_diverges_has_no_state),
        cmocka_unit_test(a_hook_stops_between_epochs),
        cmocka_unit_test(a_state_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
