/* What tuning did (tuned.h) and its tables, of trials made by hand. */
#include "stats/tuned.h"
#include "support/scratch.h"
#include "support/store_fixture.h"
#include "tables/export.h"
#include "tables/findings_pages.h"
#include "tables/tuning_pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_JOBS = 2, N_TRIALS = 4, N_SEEDS = 2, N_ROWS = N_JOBS + N_JOBS * N_TRIALS * N_SEEDS, N_EPOCHS = 4 };

static struct err err;
static char folder[64], path[128], *text;
static size_t n_text;

static void room(const void *of, int job, struct store_room *out)
{
    (void)of;
    int at = job - N_JOBS;
    *out = (struct store_room){
        .n_val = 2, .n_test = 4, .n_all = 12, .n_classes = 2, .cluster = {8, 10}, .of = -1};
    if (at < 0)
        return;
    out->of = at / (N_TRIALS * N_SEEDS);
    out->trial = at / N_SEEDS % N_TRIALS;
    out->trial_seed = at % N_SEEDS;
}

/* Of trials 0 to 3, epochs they ran and their last balanced accuracy; the seeds lie 0.125 to both sides.
 * Trial 2 was pruned, trial 3 diverges in its second seed. */
static const int epochs[N_TRIALS] = {4, 4, 2, 4};
static const float last[N_TRIALS] = {0.5f, 0.75f, 0.625f, 0.875f};

static void write_trial(struct store *w, int row)
{
    int trial = (row - N_JOBS) / N_SEEDS % N_TRIALS, seed = (row - N_JOBS) % N_SEEDS;
    float numbers[N_EPOCHS * N_ALL_METRICS];
    enum job_state end = trial == 2 ? JOB_PRUNED : trial == 3 && seed == 1 ? JOB_DIVERGED : JOB_DONE;
    for (int i = 0; i < N_EPOCHS * N_ALL_METRICS;
         i++) /* the best epoch is the first: only the last may count */
        numbers[i] = i / N_ALL_METRICS == 0 ? 1 : last[trial] + (seed ? 0.125f : -0.125f);
    const float *const sets[N_SETS] = {[SET_TRAIN] = numbers, [SET_VAL] = numbers};
    struct store_mark mark = {.state = end, .attempts = 1, .epochs_done = epochs[trial], .message = ""};
    assert_int_equal(store_write_epochs(w, row, 0, epochs[trial], sets, &err), 0);
    assert_int_equal(store_write_mark(w, row, &mark, &err), 0);
}

/* The tuned job: it ends without predictions. */
static void write_job(struct store *w, int row)
{
    float numbers[N_EPOCHS * N_ALL_METRICS];
    for (int i = 0; i < N_EPOCHS * N_ALL_METRICS; i++)
        numbers[i] = 0.5f;
    const float *const sets[N_SETS] = {[SET_TRAIN] = numbers, [SET_VAL] = numbers, [SET_TEST] = numbers};
    const struct store_outcome outcome = {.n_classes = 2, .n_train = 8, .judged_epoch = N_EPOCHS};
    struct store_mark mark = {.state = JOB_DONE, .attempts = 1, .epochs_done = N_EPOCHS, .message = ""};
    assert_int_equal(store_write_epochs(w, row, 0, N_EPOCHS, sets, &err), 0);
    assert_int_equal(store_write_outcome(w, row, &outcome, &err), 0);
    assert_int_equal(store_write_mark(w, row, &mark, &err), 0);
    assert_int_equal(store_write_chosen(w, row, 1, &err), 0);
}

static struct store *open_made(const char *choose)
{
    static char yaml[400];
    struct fixture *f = fixture_new(N_ROWS, N_EPOCHS, 0);
    struct store *store = NULL;
    snprintf(
        yaml, sizeof yaml,
        "name: fixture\ndata: builtin\ninner: {share: 0.3}\ntrain: {epochs: 4}\ntune: {over: {train.batch: "
        "[8, 16, 32]}, trials: 4, seeds: 2, choose: %s, rungs: [2], keep: 1/2}\ngrid: {seed: [1, 2]}\n",
        choose);
    f->plan.yaml_resolved = yaml;
    f->plan.n_val = 2;
    f->plan.n_axes = 0;
    f->plan.n_trials = N_ROWS - N_JOBS;
    f->plan.room = room;
    for (int i = 0; i < N_ROWS; i++) {
        f->job[i] = fixture_job(0, 0);
        snprintf(f->job[i].key, sizeof f->job[i].key, "%032x", i + 1);
        f->job[i].seed = i < N_JOBS ? i + 1 : (i - N_JOBS) / (N_TRIALS * N_SEEDS) + 1;
    }
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    for (int row = N_JOBS; row < N_ROWS; row++)
        write_trial(store, row);
    write_job(store, 0);
    assert_int_equal(store_close(store, &err), 0);
    fixture_free(f);
    if (store_open(path, &store, &err) < 0)
        fail_msg("%s", err.text);
    return store;
}

static void trials_of_a_job(void **state)
{
    (void)state;
    struct store *store = open_made("balanced_accuracy");
    struct tuned *tuned = NULL;
    if (tuned_new(store, &tuned, &err) < 0)
        fail_msg("%s", err.text);
    const struct tuned_job *job = tuned->job;
    assert_int_equal(tuned->n_jobs, N_JOBS);
    assert_int_equal(job->chosen, 1);
    assert_int_equal(job->n, N_TRIALS);
    assert_float_equal(job->best, 0.75, 1e-6);
    assert_float_equal(job->plain, 0.5, 1e-6);
    assert_int_equal(job->epochs, 2 * (4 + 4 + 2 + 4));
    assert_int_equal(job->full, 2 * 4 * 4);
    assert_true(isinf(job->score[0])); /* one seed is enough */
    assert_float_equal(job->score[1], 0.5, 1e-6);
    assert_float_equal(job->score[2], 0.625, 1e-6);
    assert_float_equal(job->score[3], 0.75, 1e-6);
    assert_string_equal(job->value[0], "16"); /* point 1 of base 2 is a half: the second of three */
    assert_int_equal(tuned->job[1].chosen, -1);
    tuned_free(tuned);
    store_close(store, NULL);
}

static void a_loss_is_better_when_it_is_low(void **state)
{
    (void)state;
    struct store *store = open_made("loss");
    struct tuned *tuned = NULL;
    assert_int_equal(tuned_new(store, &tuned, &err), 0);
    assert_float_equal(tuned->job->best, -0.75, 1e-6);
    assert_float_equal(tuned->job->score[1], -0.75, 1e-6);
    assert_float_equal(tuned->job->score[3], -0.5, 1e-6);
    tuned_free(tuned);
    store_close(store, NULL);
}

/* Of 1, 2, 4: of one draw the mean; of two the pairs with the largest are 1, 3, 5 of 9. */
static void the_best_of_so_many(void **state)
{
    (void)state;
    const double three[] = {1, 2, 4}, equal[] = {2, 2}, failed[] = {-(double)INFINITY, 1, 4};
    assert_float_equal((3 * tuned_expected(three, 3, 1)), 7, 1e-6);
    assert_float_equal((9 * tuned_expected(three, 3, 2)), 1 * 1 + 2 * 3 + 4 * 5, 1e-6);
    assert_float_equal((27 * tuned_expected(three, 3, 3)), 1 * 1 + 2 * 7 + 4 * 19, 1e-6);
    assert_float_equal(tuned_expected(three, 3, 1000), 4, 1e-12);
    assert_float_equal(tuned_expected(equal, 2, 2), 2, 1e-12);
    assert_float_equal(tuned_expected(failed, 3, 1), 2, 1e-12); /* as the worst of the others */
    assert_true(isnan(tuned_expected(failed, 1, 1)));
}

static FILE *open_text(void)
{
    free(text);
    return open_memstream(&text, &n_text);
}

static void assert_says(const char *what)
{
    if (!strstr(text, what))
        fail_msg("'%s' is not in: %s", what, text);
}

static void tables_and_sentence(void **state)
{
    (void)state;
    struct store *store = open_made("balanced_accuracy");
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    if (findings_new(store, summary, &findings, &err) < 0)
        fail_msg("%s", err.text);
    struct csv_out csv = {.file = open_text()};
    findings_pages[FINDINGS_TUNING].csv(&csv, findings);
    fclose(csv.file);
    assert_int_equal(findings_pages[FINDINGS_TUNING].rows(findings), 1);
    assert_says(
        ",seed,fold,repeat,chosen_on,n_trials,chosen,train.batch,choose,score,score_default,difference,");
    assert_says(",1,0,0,val,4,1,16,balanced_accuracy,0.75,0.5,0.25,28,32\n");
    csv = (struct csv_out){.file = open_text()};
    findings_pages[FINDINGS_TUNING_CURVE].csv(&csv, findings);
    fclose(csv.file);
    assert_says(",balanced_accuracy,1,1,0.59375\n");   /* of 0.5 twice, 0.625, 0.75 */
    assert_says(",balanced_accuracy,2,1,0.6484375\n"); /* (4 of 0.5, 5 of 0.625, 7 of 0.75) / 16 */
    assert_int_equal(findings_pages[FINDINGS_TUNING_CURVE].rows(findings), 3); /* 1, 2, 4 */
    FILE *file = open_text();
    tuning_sentence(file, findings);
    fclose(file);
    assert_says("for 1 of 1 jobs; on val the chosen gained 0.250 of balanced accuracy over the default");
    findings_free(findings);
    summary_free(summary);
    file = open_text();
    assert_int_equal(export_write(store, EXPORT_TUNING, NULL, file, &err), 0);
    fclose(file);
    assert_says(",cnn,val,4,1,16,balanced_accuracy,0.75,0.5,0.25,28,32\n");
    assert_says(",cnn,val,4,,,balanced_accuracy,,,,,\n"); /* not chosen yet */
    store_close(store, NULL);
}

static void nothing_of_a_sweep_without_trials(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(1, 1, 0);
    struct store *store = NULL;
    struct tuned *tuned = NULL;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    fixture_free(f);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(tuned_new(store, &tuned, &err), 0);
    assert_null(tuned);
    FILE *file = open_text();
    assert_int_equal(export_write(store, EXPORT_TUNING, NULL, file, &err), E_USAGE);
    fclose(file);
    assert_non_null(strstr(err.text, "tunes nothing"));
    store_close(store, NULL);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/tuned.h5", scratch_make(folder, sizeof folder) == 0 ? folder : ".");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(text);
    return remove(path) != 0 || remove(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_of_a_job),
        cmocka_unit_test(a_loss_is_better_when_it_is_low),
        cmocka_unit_test(the_best_of_so_many),
        cmocka_unit_test(tables_and_sentence),
        cmocka_unit_test(nothing_of_a_sweep_without_trials),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
