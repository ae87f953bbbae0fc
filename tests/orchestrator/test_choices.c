/* No choice of a sweep that tunes sees the test set: with the labels of its images permuted, every trial's
 * score, who is pruned, which values are chosen, and weights, epochs and val predictions of the tuned jobs
 * keep their bits. Fed the test set on purpose they do not, so this would see it. */
#include "choose.h"
#include "job.h"
#include "run/trials.h"
#include "select.h"
#include "support/hand_dataset.h"
#include "support/scratch.h"
#include "support/strategy_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { SIZE = 12, CLASSES = 3, EPOCHS = 6 };
static const int counts[CLASSES] = {40, 24, 16};

static char folder[128], path[200];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/s.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct sweep *expand(const char *choose, const char *inner, const char *protocol,
                            const struct dataset *data)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "data: builtin\nimage: {size: %d}\ncnn: {blocks: [4, 4], dense: [8, 8]}\n"
            "train: {epochs: %d, batch: 12, stop: {patience: 3}}\ncrt: {share: 0.3}\n%s\n"
            "tune: {over: {train.learning_rate: log(1e-3, 1e-1), train.batch: [6, 12]}, trials: 5, seeds: 2, "
            "choose: %s, rungs: [2, 4], keep: 1/2}\n"
            "grid: {strategy: [oversample, crt], protocol: [%s]}\n",
            SIZE, EPOCHS, inner, choose, protocol);
    fclose(file);
    if (sweep_read(path, 0, NULL, &sweep, &err) < 0 || sweep_expand(sweep, data, &err) < 0)
        fail_msg("%s", err.text);
    return sweep;
}

/* A row that is running. */
struct running {
    const struct tune *tune;
    struct config config;
    struct trial_curves curves;
    enum image_set set; /* that it chooses on */
    int until, n;       /* epochs: to pause after, done */
};

static int on_epoch(void *self, int epoch, const float (*numbers)[N_ALL_METRICS], struct err *err)
{
    struct running *r = self;
    (void)err;
    choose_curves_note(r->tune, &r->config, epoch, numbers[r->set], &r->curves);
    r->n = epoch + 1;
    return 0;
}

static int on_between(void *self, const struct state_file *state, struct err *err)
{
    const struct running *r = self;
    return r->until > 0 && state->epoch >= r->until ? err_set(err, E_STOPPED, "paused") : 0;
}

/* What was chosen, in choices; what is reported, in reports. */
struct log {
    FILE *choices, *reports;
};

static void tell_job(struct log *log, int trial, const struct job_result *r)
{
    const struct job_predictions *val = &r->set[SET_VAL];
    fprintf(log->choices, "trial %d, epochs %d, judged %d, weights %llx, val %llx\n", trial, r->epochs_done,
            r->judged_epoch, (unsigned long long)XXH3_64bits(r->weights, r->n_weights * sizeof *r->weights),
            (unsigned long long)XXH3_64bits(val->probs, (size_t)(val->n * CLASSES) * sizeof *val->probs));
    fprintf(log->reports, "%a %a\n", (double)r->numbers[SET_TEST][METRIC_LOSS],
            (double)r->numbers[SET_TEST][METRIC_BALANCED_ACCURACY]);
}

/* From its beginning: what a checkpoint would save is made anew. */
static void run_row(struct sweep *sweep, struct trials *trials, int row, const struct dataset *data,
                    struct log *log)
{
    const struct job *job = &sweep->job[row];
    struct running r = {.tune = &sweep->file->tune, .until = trials_until(trials, row)};
    const struct job_hooks hooks = {
        .self = &r, .epoch = on_epoch, .between = on_between, .is_trial = job->of >= 0};
    struct job_result result;
    struct err err = {0};
    char key[JOB_KEY_SIZE];
    r.set = job->plan.n_val > 0 ? SET_VAL : SET_TEST;
    sweep_config(sweep, row, &r.config);
    sweep_key(sweep, row, key);
    assert_int_equal(choose_curves_new(EPOCHS, &r.curves, NULL), 0);
    int rc = job_run(&r.config, data, key, &hooks, &result, &err);
    if (rc < 0 && rc != E_STOPPED)
        fail_msg("%s", err.text);
    double score = choose_trial_score(r.tune, &r.config, &r.curves, r.n);
    if (job->of < 0)
        tell_job(log, job->trial, &result);
    else
        fprintf(log->choices, "row %d: %d epochs, %a\n", row, r.n, score);
    trials_score(trials, row, score, rc == 0);
    if (rc == 0)
        job_result_free(&result);
    choose_curves_free(&r.curves);
}

/* The whole sweep. */
static void run_sweep(struct sweep *sweep, const struct dataset *data, struct log *log)
{
    struct trials *trials = NULL;
    struct trials_step step;
    assert_int_equal(trials_new(sweep, &trials, NULL), 0);
    for (int row = 0; row < sweep->n_jobs; row++)
        trials_include(trials, row);
    for (int of = 0; of < sweep->n_jobs - sweep->n_trials; of++)
        while (trials_next(trials, of, &step))
            if (step.what == TRIALS_OPEN)
                run_row(sweep, trials, step.row, data, log);
            else
                fprintf(log->choices, "row %d is out\n", step.row);
    trials_free(trials);
}

static void swap_images(struct dataset *data, int a, int b)
{
    size_t n = (size_t)data->size * (size_t)data->size;
    for (size_t k = 0; k < n; k++) {
        float *x = data->pixels + (size_t)a * n + k, *y = data->pixels + (size_t)b * n + k, kept = *x;
        *x = *y;
        *y = kept;
    }
}

/* Permute the labels of the test set, which all jobs share: its images change places, whose labels stay. */
static void permute_test_labels(const struct sweep *sweep, struct dataset *data)
{
    struct job_samples samples;
    struct config config;
    sweep_config(sweep, 0, &config);
    assert_int_equal(job_samples_select(&config, data, "key", NULL, &samples, NULL), 0);
    for (int i = 0, n = samples.test.n; i < n / 2; i++)
        swap_images(data, samples.test.sample[i].image, samples.test.sample[n - 1 - i].image);
    job_samples_free(&samples);
}

/* Runs a sweep before and after the labels of its test set are permuted. 1 when all choices are the same;
 * what is reported of the test set never is. */
static int same_choices(const char *choose, const char *inner, const char *protocol)
{
    static const int given[] = {GIVEN_TRAIN, GIVEN_VAL, GIVEN_TEST, GIVEN_TRAIN};
    struct dataset *data = noise_dataset(CLASSES, counts, SIZE, 7);
    char *text[2][2] = {{NULL}};
    size_t n[2][2];
    for (int i = 0; i < data->n_images; i++)
        data->image[i].given = given[i % 4];
    assert_int_equal(dataset_finish(data, NULL), 0);
    for (int k = 0; k < 2; k++) {
        struct sweep *sweep = expand(choose, inner, protocol, data);
        struct log log = {open_memstream(&text[k][0], &n[k][0]), open_memstream(&text[k][1], &n[k][1])};
        if (k == 1)
            permute_test_labels(sweep, data);
        run_sweep(sweep, data, &log);
        fclose(log.choices);
        fclose(log.reports);
        sweep_free(sweep);
    }
    assert_non_null(strstr(text[0][0], "is out"));
    assert_string_not_equal(text[0][1], text[1][1]);
    int same = strcmp(text[0][0], text[1][0]) == 0;
    for (int k = 0; k < 4; k++)
        free(text[k / 2][k % 2]);
    hand_dataset_free(data);
    return same;
}

static void no_choice_of_tuning_sees_the_test_set(void **state)
{
    (void)state;
    assert_true(same_choices("balanced_accuracy", "inner: {share: 0.25}", "holdout"));
    assert_true(same_choices("auroc", "inner: {folds: 3}", "holdout"));
    assert_true(same_choices("loss", "judge: final", "given"));
}

static void tuning_on_the_test_set_is_seen(void **state)
{
    (void)state;
    assert_false(same_choices("balanced_accuracy", "allow_choice_on_test: true", "holdout"));
    assert_false(same_choices("auroc", "allow_choice_on_test: true", "holdout"));
    assert_false(same_choices("loss", "allow_choice_on_test: true", "holdout"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_choice_of_tuning_sees_the_test_set),
        cmocka_unit_test(tuning_on_the_test_set_is_seen),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
