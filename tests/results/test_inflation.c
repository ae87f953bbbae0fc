/* Selection inflation (inflation.h) of curves made by hand, and on what epochs were chosen
 * (store_chosen.h). */
#include "stats/inflation.h"
#include "store/store_chosen.h"
#include "support/scratch.h"
#include "support/store_fixture.h"
#include "tables/headline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_JOBS = 7, N_EPOCHS = 3 };

static struct err err;
static char folder[64], path[128];

/* Balanced accuracies of epochs, as all four numbers of each. */
static void spread_out(const float *curve, int n, float out[N_EPOCHS * N_ALL_METRICS])
{
    for (int i = 0; i < n * N_ALL_METRICS; i++)
        out[i] = curve[i / N_ALL_METRICS];
}

static void write_curves(struct store *w, int job, const float *test, const float *val, int n)
{
    float numbers[2][N_EPOCHS * N_ALL_METRICS];
    spread_out(test, n, numbers[0]);
    if (val)
        spread_out(val, n, numbers[1]);
    assert_int_equal(fixture_run(w, job, 0, JOB_DONE, &err), 0);
    assert_int_equal(
        store_write_epochs(
            w, job, 0, n,
            (const float *[N_SETS]){
                [SET_TRAIN] = numbers[0], [SET_VAL] = val ? numbers[1] : NULL, [SET_TEST] = numbers[0]},
            &err),
        0);
}

/* Jobs 0 to 2 of strategy none have an inner set, 3 to 5 of augment none, and the last of these stopped
 * early; job 6 of smote has one epoch only. */
static struct store *open_made(void)
{
    struct fixture *f = fixture_new(N_JOBS, N_EPOCHS, 0);
    struct store *store = NULL;
    f->plan.n_val = 2;
    for (int i = 0; i < N_JOBS; i++) {
        f->job[i] = f->job[0];
        snprintf(f->job[i].key, sizeof f->job[i].key, "%032x", i + 1);
        snprintf(f->job[i].strategy, sizeof f->job[i].strategy, "%s",
                 i < 3   ? "none"
                 : i < 6 ? "augment"
                         : "smote");
        strcpy(f->job[i].protocol, "report");
        f->job[i].seed = i % 3 + 1;
    }
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    for (int i = 0; i < N_JOBS; i++) {
        const float more = 0.03125f * (float)(i % 3), val[] = {0.75f, 0.25f, 0.75f};
        const float test[] = {0.5f, 0.75f + more, i == 5 ? NAN : 0.625f};
        write_curves(store, i, test, i < 3 ? val : NULL, i == 6 ? 1 : i == 5 ? 2 : 3);
    }
    assert_int_equal(store_close(store, &err), 0);
    fixture_free(f);
    assert_int_equal(store_open(path, &store, &err), 0);
    return store;
}

static void against_val_or_the_last_epoch(void **state)
{
    (void)state;
    struct store *store = open_made();
    struct summary *summary = NULL;
    struct inflation *inflation = NULL;
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(inflation_new(store, summary, &inflation, &err), 0);
    assert_int_equal(inflation->n, 2); /* one epoch leaves nothing to choose */
    const struct inflation_row *none = &inflation->row[0], *augment = &inflation->row[1];
    assert_true(none->on_val && !augment->on_val);
    assert_string_equal(inflation_against(none), "epoch chosen on val");
    assert_string_equal(inflation_against(augment), "last epoch");
    assert_int_equal(none->contrast.n, 3);
    assert_float_equal(none->contrast.mean, 0.28125, 1e-9); /* the first of equal epochs on val */
    assert_float_equal(none->contrast.mean_second, 0.5, 1e-9);
    assert_true(none->contrast.low > 0.2 && none->contrast.high < 0.36);
    assert_float_equal(augment->contrast.mean, 0.09375, 1e-9); /* its last is its best */
    assert_true(augment->contrast.low >= 0);
    inflation_free(inflation);
    summary_free(summary);
    store_close(store, NULL);
}

static void the_report_says_it(void **state)
{
    (void)state;
    struct store *store = open_made();
    struct summary *summary = NULL;
    struct inflation *selection = NULL;
    char *text = NULL;
    size_t n;
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(inflation_new(store, summary, &selection, &err), 0);
    const struct findings findings = {.summary = summary, .whole = summary, .selection = selection};
    FILE *file = open_memstream(&text, &n);
    headline_selection(file, &findings);
    fclose(file);
    assert_non_null(strstr(text,
                           "would have feigned 0.188 of balanced accuracy in the mean of 2 combinations, up "
                           "to 0.281 ("));
    assert_non_null(strstr(text, "against the epoch chosen on val, or where there is none the last one."));
    free(text);
    inflation_free(selection);
    summary_free(summary);
    store_close(store, NULL);
}

static void what_settings_choose_on(void **state)
{
    (void)state;
    assert_int_equal(chosen_from("", 0, 0, 0), CHOSEN_NOTHING);
    assert_int_equal(chosen_from("final", 0, 0, 1), CHOSEN_NOTHING);
    assert_int_equal(chosen_from("best", 0, 0, 0), CHOSEN_TEST);
    assert_int_equal(chosen_from("best", 0, 0, 1), CHOSEN_VAL);
    assert_int_equal(chosen_from("final", 5, 0, 0), CHOSEN_TEST); /* when to stop is a choice, too */
    assert_int_equal(chosen_from("", 5, 0, 1), CHOSEN_VAL);
    assert_int_equal(chosen_from("", 0, 1, 1), CHOSEN_VAL); /* and so are tuned values */
    assert_int_equal(chosen_from("", 0, 1, 0), CHOSEN_TEST);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/inflation.h5", scratch_make(folder, sizeof folder) == 0 ? folder : ".");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return remove(path) != 0 || remove(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_val_or_the_last_epoch),
        cmocka_unit_test(the_report_says_it),
        cmocka_unit_test(what_settings_choose_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
