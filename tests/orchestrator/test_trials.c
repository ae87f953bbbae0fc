/* Trials of a sweep that tunes: which there are and what they are called; what the book of them opens and
 * prunes, and when the tuned job begins. */
#include "run/trials.h"
#include "sweep/expand.h"

#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[128];
static char path[200];

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

/* Two clusters of 20 images, 12 x 12. */
static struct dataset *two_clusters(void)
{
    struct dataset *data = dataset_new(40, 12, 1, NULL);
    assert_non_null(data);
    for (int i = 0; i < 40; i++) {
        snprintf(data->image[i].id, sizeof data->image[i].id, "%d", i);
        data->image[i].cluster = 1 + i / 20;
        data->pixels[i * 144] = (float)i / 40;
    }
    assert_int_equal(dataset_finish(data, NULL), 0);
    return data;
}

static int read_sweep(const char *tune, const char *rest, struct sweep **sweep, struct err *err)
{
    struct dataset *data = two_clusters();
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "data: builtin\nimage: {size: 12}\n%s\n%s\n%s\n",
            strstr(rest, "model: ") ? "" : "model: fake", tune, rest);
    fclose(file);
    int rc = sweep_read(path, 0, NULL, sweep, err);
    if (rc == 0)
        rc = sweep_expand(*sweep, data, err);
    dataset_free(data);
    return rc;
}

static const char grid[] = "inner: {share: 0.2}\ntrain: {epochs: 9}\n"
                           "grid: {strategy: [none], protocol: [{kfold: {folds: 2}}]}";

static struct sweep *expand(const char *tune)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    if (read_sweep(tune, grid, &sweep, &err) < 0)
        fail_msg("%s", err.text);
    return sweep;
}

static void assert_refused(const char *tune, const char *rest, const char *expected)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    assert_int_equal(read_sweep(tune, rest, &sweep, &err), E_USAGE);
    sweep_free(sweep);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
}

static const char four[] =
    "tune: {over: {train.batch: int(2, 64)}, trials: 4, seeds: 2, rungs: [3], keep: 1/2}";

static void trials_stand_behind_the_jobs(void **state)
{
    (void)state;
    struct sweep *sweep = expand(four);
    struct config config, tuned;
    assert_int_equal(sweep->n_jobs, 2 + 2 * 4 * 2);
    assert_int_equal(sweep->n_trials, 16);
    assert_int_equal(sweep->job[0].of, -1);
    assert_int_equal(sweep->job[2].of, 0);
    assert_int_equal(sweep->job[5].trial, 1);
    assert_int_equal(sweep->job[5].trial_seed, 1);
    assert_int_equal(sweep->job[10].of, 1);
    sweep_config(sweep, 0, &tuned);
    sweep_config(sweep, 3, &config);
    assert_int_equal(config.batch, tuned.batch); /* trial 0: the job's own values */
    assert_int_equal(config.trial_seed, 1);
    sweep_config(sweep, 4, &config);
    assert_true(config.batch != tuned.batch);
    assert_int_equal(config.seed, tuned.seed);
    sweep->job[0].trial = 1;
    sweep_config(sweep, 0, &tuned);
    assert_int_equal(config.batch, tuned.batch);
    sweep_free(sweep);
}

/* More trials keep the first ones, but what is chosen among them is another job. */
static void keys_of_trials_hang_on_their_values(void **state)
{
    (void)state;
    struct sweep *few = expand(four);
    struct sweep *many =
        expand("tune: {over: {train.batch: int(2, 64)}, trials: 8, seeds: 2, rungs: [2], keep: 1/2}");
    for (int i = 0; i < 8; i++)
        assert_memory_equal(few->job[2 + i].key, many->job[2 + i].key, JOB_KEY_BYTES);
    assert_memory_not_equal(few->job[0].key, many->job[0].key, JOB_KEY_BYTES);
    few->job[0].trial = 2;
    struct dataset *data = two_clusters();
    assert_int_equal(sweep_key_holds(few, 0, data), 1); /* whatever is chosen */
    dataset_free(data);
    sweep_free(few);
    sweep_free(many);
}

/* Of a list of two there are two trials, or three with the job's own value. */
static void equal_trials_are_one(void **state)
{
    (void)state;
    struct sweep *sweep = expand("tune: {over: {train.batch: [8, 16]}, trials: 9, seeds: 3}");
    assert_int_equal(sweep->n_trials, 2 * 3 * 3);
    sweep_free(sweep);
}

static void last_rung_may_be_the_end(void **state)
{
    (void)state;
    sweep_free(expand("tune: {over: {train.batch: [8, 16]}, rungs: [3, 9]}"));
}

static void what_cannot_be_tuned_is_refused(void **state)
{
    (void)state;
    assert_refused(
        four, "grid: {strategy: [none]}",
        "tune chooses values, and there is no set to choose on but the reported one; add `inner: {");
    assert_refused("tune: {over: {train.batch: [8, 9]}, rungs: [3, 10]}", grid,
                   "rungs: 10 is beyond train.epochs, at most 9 in this grid; leave it out");
    assert_refused("tune: {over: {knn.k: [3, 5]}, rungs: [3]}",
                   "inner: {share: 0.2}\ngrid: {model: [knn], strategy: [none]}",
                   "rungs: no job of this grid learns epoch by epoch");
    assert_refused("tune: {over: {train.batch: [8, 9]}, keep: 1/2}", grid, "keep: there are no rungs");
    assert_refused("tune: {over: {smote.k: [3, 5]}}", grid, "no job of this grid reads smote.k");
    assert_refused("tune: {over: {train.batch: [8, 9]}}",
                   "inner: {share: 0.2}\ngrid: {train.batch: [8, 9], strategy: [none]}",
                   "train.batch is an axis of the grid, too");
    assert_refused("tune: {over: {smote.k: [3, 5]}}", "inner: {share: 0.2}\ngrid: {strategy: [none, smote]}",
                   "reads none of the tuned settings");
}

/* All steps there are now, as text: "o2 o3 p5": opened, pruned. */
static const char *steps(struct trials *trials, int of, char out[200])
{
    struct trials_step step;
    *out = '\0';
    while (trials_next(trials, of, &step))
        snprintf(out + strlen(out), 200 - strlen(out), "%s%c%d", *out ? " " : "",
                 step.what == TRIALS_OPEN ? 'o' : 'p', step.row);
    return out;
}

static struct trials *open_book(struct sweep *sweep)
{
    struct trials *trials = NULL;
    assert_int_equal(trials_new(sweep, &trials, NULL), 0);
    for (int row = 0; row < sweep->n_jobs; row++)
        trials_include(trials, row);
    return trials;
}

static void a_job_begins_when_its_trials_are_decided(void **state)
{
    (void)state;
    struct sweep *sweep = expand(four);
    struct trials *trials = open_book(sweep);
    long long full, taken;
    char text[200];
    assert_string_equal(steps(trials, 0, text), "o2 o3 o4 o5 o6 o7 o8 o9");
    assert_string_equal(steps(trials, 0, text), "");
    assert_int_equal(trials_until(trials, 2), 3);
    for (int row = 2; row < 10; row++)
        trials_score(trials, row, row >= 6 ? row : 0, 0);
    assert_string_equal(steps(trials, 0, text), "o2 o3 p4 p5 o6 o7 o8 o9");
    assert_int_equal(trials_until(trials, 2), 0);
    assert_float_equal(trials_share(trials, 2), 2. / 3, 1e-12);
    for (int row = 2; row < 10; row++)
        if (row != 4 && row != 5)
            trials_score(trials, row, row == 6 || row == 7, 1);
    assert_string_equal(steps(trials, 0, text), "o0");
    assert_int_equal(sweep->job[0].trial, 2);
    assert_int_equal(sweep->job[1].trial, -1);
    trials_epochs(trials, &full, &taken);
    assert_int_equal(full, 16 * 9);
    assert_int_equal(taken, 6 * 9 + 2 * 3 + 8 * 3);
    trials_free(trials);
    sweep_free(sweep);
}

/* A book in which trial row has n[row - 2] epochs with the score row / 10 in a results file. */
static struct trials *known_book(struct sweep *sweep, const int n[8], const enum trial_end end[8])
{
    struct trials *trials = open_book(sweep);
    for (int row = 2; row < 10; row++) {
        float curve[9];
        for (int e = 0; e < 9; e++)
            curve[e] = e < n[row - 2] ? (float)row / 10 : (float)NAN;
        trials_know(trials, row, end[row - 2], &(struct trial_curves){curve, curve}, n[row - 2]);
    }
    return trials;
}

/* From the curves in a results file a run decides as the one before it did. */
static void curves_say_what_scores_said(void **state)
{
    (void)state;
    struct sweep *sweep = expand(four);
    /* row 5 was killed in epoch 3, 8 has ended, the others are paused */
    static const int n[8] = {3, 3, 3, 2, 3, 3, 9, 3};
    static const enum trial_end end[8] = {TRIAL_PAUSED, TRIAL_PAUSED, TRIAL_PAUSED, TRIAL_CUT,
                                          TRIAL_PAUSED, TRIAL_PAUSED, TRIAL_OVER,   TRIAL_PAUSED};
    struct trials *trials = known_book(sweep, n, end);
    char text[200];
    assert_string_equal(steps(trials, 0, text), "o5");
    trials_score(trials, 5, 0.5, 0);
    assert_string_equal(steps(trials, 0, text), "o2 o3 p4 p5 o6 o7 o9");
    trials_free(trials);
    sweep_free(sweep);
}

/* Killed between its last curves and its mark, a trial is opened again to finish its row: at a rung in the
 * middle, and at the last, whatever its curves say. */
static void a_cut_trial_is_finished(void **state)
{
    (void)state;
    struct sweep *sweep = expand(four);
    static const int n[8] = {9, 9, 3, 3, 3, 3, 9, 9};
    enum trial_end end[8] = {TRIAL_OVER,   TRIAL_OVER,   TRIAL_PAUSED, TRIAL_PAUSED,
                             TRIAL_PAUSED, TRIAL_PAUSED, TRIAL_OVER,   TRIAL_CUT};
    char text[200];
    struct trials *trials = known_book(sweep, n, end);
    assert_string_equal(steps(trials, 0, text), "p4 p5 o6 o7 o9");
    trials_free(trials);
    end[7] = TRIAL_PAUSED; /* stopped in its last epoch */
    trials = known_book(sweep, n, end);
    assert_string_equal(steps(trials, 0, text), "p4 p5 o6 o7 o9");
    trials_free(trials);
    end[3] = TRIAL_CUT;
    trials = known_book(sweep, n, end);
    assert_string_equal(steps(trials, 0, text), "o5");
    trials_free(trials);
    sweep_free(sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_stand_behind_the_jobs),
        cmocka_unit_test(keys_of_trials_hang_on_their_values),
        cmocka_unit_test(equal_trials_are_one),
        cmocka_unit_test(last_rung_may_be_the_end),
        cmocka_unit_test(what_cannot_be_tuned_is_refused),
        cmocka_unit_test(a_job_begins_when_its_trials_are_decided),
        cmocka_unit_test(curves_say_what_scores_said),
        cmocka_unit_test(a_cut_trial_is_finished),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
