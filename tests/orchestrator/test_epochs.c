/* Epochs that are collected reach the file in one piece: when, which, and the same bytes as one by one. */
#include "run/epochs.h"

#include "support/folder_fixture.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { N_JOBS = 3, N_EPOCHS = 8 };

static struct store *open_new(const char *name)
{
    struct fixture *f = fixture_new(N_JOBS, N_EPOCHS, 0);
    struct store *store = NULL;
    struct err err = {0};
    f->plan.n_val = 2;
    assert_int_equal(store_create(in_folder(name), &f->plan, &err), 0);
    assert_int_equal(store_open_shared(in_folder(name), MPI_COMM_NULL, &store, &err), 0);
    fixture_free(f);
    return store;
}

static void numbers_of(int epoch, float numbers[N_SETS][N_ALL_METRICS])
{
    for (int s = 0; s < N_CURVE_SETS; s++)
        for (int m = 0; m < N_ALL_METRICS; m++)
            numbers[curve_sets[s]][m] = fixture_metric(1, epoch, curve_sets[s], m);
}

static void add(struct epochs *epochs, int epoch)
{
    float numbers[N_SETS][N_ALL_METRICS] = {{0}};
    numbers_of(epoch, numbers);
    epochs_add(epochs, (const float(*)[N_ALL_METRICS])numbers);
}

/* Whether job 1 has exactly the epochs from..to - 1, and says that `to` are done. */
static void has(struct store *store, int from, int to)
{
    struct store_mark mark;
    float curve[N_EPOCHS];
    assert_int_equal(store_read_mark(store, 1, &mark, NULL), 0);
    assert_int_equal(mark.epochs_done, to);
    for (int m = 0; m < N_CURVE_SETS * N_ALL_METRICS; m++) {
        enum image_set set = curve_sets[m / N_ALL_METRICS];
        int metric = m % N_ALL_METRICS;
        if (set == SET_TRAIN && metric == METRIC_AUROC)
            continue; /* there is none */
        assert_int_equal(store_read_curve(store, 1, set, (enum metric)metric, curve, NULL), 0);
        for (int e = 0; e < N_EPOCHS; e++) {
            if (e >= from && e < to)
                assert_float_equal(curve[e], fixture_metric(1, e, set, metric), 0);
            else
                assert_true(curve[e] != curve[e]);
        }
    }
}

static void nothing_is_written_before_it_is_due(void **state)
{
    (void)state;
    struct store *store = open_new("wait.h5");
    struct epochs *epochs = epochs_new(N_EPOCHS, 1e9, NULL);
    epochs_begin(epochs, 0);
    assert_false(epochs_due(epochs));
    for (int e = 0; e < 5; e++)
        add(epochs, e);
    assert_false(epochs_due(epochs));
    has(store, 0, 0);
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0); /* asked for: a checkpoint, or the end */
    has(store, 0, 5);
    add(epochs, 5);
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0);
    has(store, 0, 6);
    epochs_free(epochs);
    store_close(store, NULL);
}

static void due_when_the_interval_is_over(void **state)
{
    (void)state;
    struct store *store = open_new("due.h5");
    struct epochs *epochs = epochs_new(N_EPOCHS, 0, NULL);
    epochs_begin(epochs, 2);          /* gone on with from a checkpoint after two epochs */
    assert_false(epochs_due(epochs)); /* there is nothing */
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0);
    has(store, 0, 0);
    add(epochs, 2);
    assert_true(epochs_due(epochs));
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0);
    assert_false(epochs_due(epochs));
    has(store, 2, 3);
    epochs_free(epochs);
    store_close(store, NULL);
}

static void an_earlier_job_is_forgotten(void **state)
{
    (void)state;
    struct store *store = open_new("forget.h5");
    struct epochs *epochs = epochs_new(N_EPOCHS, 0, NULL);
    epochs_begin(epochs, 0);
    for (int e = 0; e < N_EPOCHS; e++)
        add(epochs, e);
    epochs_begin(epochs, 0); /* it failed */
    assert_false(epochs_due(epochs));
    for (int e = 0; e < N_EPOCHS; e++)
        add(epochs, e);
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0);
    has(store, 0, N_EPOCHS);
    epochs_free(epochs);
    store_close(store, NULL);
}

static void what_cannot_be_written_is_kept(void **state)
{
    (void)state;
    struct store *store = open_new("kept.h5");
    struct epochs *epochs = epochs_new(N_EPOCHS, 0, NULL);
    struct err err = {0};
    epochs_begin(epochs, 0);
    add(epochs, 0);
    assert_int_equal(epochs_write(epochs, store, N_JOBS, &err), E_IO); /* no such row */
    assert_true(epochs_due(epochs));
    assert_int_equal(epochs_write(epochs, store, 1, NULL), 0);
    has(store, 0, 1);
    epochs_free(epochs);
    store_close(store, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_written_before_it_is_due),
        cmocka_unit_test(due_when_the_interval_is_over),
        cmocka_unit_test(an_earlier_job_is_forgotten),
        cmocka_unit_test(what_cannot_be_written_is_kept),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
