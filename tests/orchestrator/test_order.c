/* The order in which jobs of a grid are wanted: text of the grid -> the wave of each job. */
#include "sweep/job_name.h"
#include "sweep/order.h"

#include "support/folder_fixture.h"
#include "support/hand_dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "data: builtin\nimage.size: 12\nmodel: fake\n"

static const struct {
    const char *text;
    enum order order;
    const char *first;    /* a filter, or NULL */
    const char *expected; /* waves of the jobs; after a | those of trials */
    int n_first;
} cases[] = {
    {"grid: {clusters: [1-2, 3-4], seed: [1, 2, 3]}\n", ORDER_SEED, NULL, "0 1 2 0 1 2", 0},
    {"grid: {seed: [1, 2, 3], clusters: [1-2, 3-4]}\n", ORDER_SEED, NULL, "0 0 1 1 2 2", 0},
    {"grid: {clusters: [1-2, 3-4], seed: [1, 2, 3]}\n", ORDER_LONGEST, NULL, "0 0 0 0 0 0", 0},
    {"grid: {clusters: [1-2], seed: [9, 7, 8]}\n", ORDER_SEED, NULL, "0 1 2", 0},
    {"protocol: {kfold: {folds: 2, repeats: 2}}\ngrid: {clusters: [1-2], seed: [1, 2]}\n", ORDER_SEED, NULL,
     "0 1 2 3 4 5 6 7", 0},
    {"grid: {clusters: [1-2], protocol: [holdout, {kfold: {folds: 2}}], seed: [1, 2]}\n", ORDER_SEED, NULL,
     "0 2 0 1 2 3", 0},
    /* blocks with other seeds, and with more of the same combination */
    {"grid:\n  - {clusters: [1-2], seed: [1, 2]}\n  - {clusters: [3-4], seed: [11, 12]}\n"
     "  - {clusters: [1-2], seed: [2, 3]}\n",
     ORDER_SEED, NULL, "0 1 0 1 2", 0},
    {"grid: {zip: {clusters: [1-2, 3-4], seed: [1, 2]}}\n", ORDER_SEED, NULL, "0 0", 0},
    /* those that go first have waves of their own */
    {"grid: {clusters: [1-2, 3-4], seed: [1, 2, 3]}\n", ORDER_SEED, "clusters=3-4,seed>1", "2 3 4 2 0 1", 2},
    {"grid: {clusters: [1-2, 3-4], seed: [1, 2, 3]}\n", ORDER_LONGEST, "clusters=3-4,seed>1", "1 1 1 1 0 0",
     1},
    {"grid: {clusters: [1-2], seed: [1, 2]}\n", ORDER_LONGEST, "seed>0", "0 0", 1},
    /* trials go with their job */
    {"inner: {share: 0.2}\ntune: {over: {fake.milliseconds: [1, 2]}, trials: 2, seeds: 1}\n"
     "grid: {clusters: [1-2], seed: [1, 2]}\n",
     ORDER_SEED, NULL, "0 1 | 0 0 1 1", 0},
};

static struct sweep *expand(const char *text, const struct dataset *data)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    FILE *file = fopen(in_folder("s.yaml"), "w");
    assert_non_null(file);
    fprintf(file, "%s%s", HEAD, text);
    fclose(file);
    if (sweep_read(in_folder("s.yaml"), 0, NULL, &sweep, &err) < 0 || sweep_expand(sweep, data, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return sweep;
}

/* 1 for the jobs of a filter. */
static char *mark(const struct sweep *sweep, const char *filter)
{
    struct selection chosen;
    char *wanted = calloc((size_t)sweep->n_jobs, 1);
    assert_non_null(wanted);
    assert_int_equal(sweep_select(sweep, filter, "--first", &chosen, NULL), 0);
    for (int i = 0; i < chosen.n; i++)
        wanted[chosen.job[i]] = 1;
    selection_free(&chosen);
    return wanted;
}

static void grids_have_waves(void **state)
{
    static const int number[] = {1, 2, 3, 4}, count[] = {12, 10, 9, 8};
    struct dataset *data = hand_dataset(4, number, count, 12);
    (void)state;
    assert_int_equal(dataset_finish(data, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sweep *sweep = expand(cases[i].text, data);
        char *first = cases[i].first ? mark(sweep, cases[i].first) : NULL, got[200] = "";
        int wave[32], n_first;
        assert_true(sweep->n_jobs <= 32);
        assert_int_equal(order_waves(sweep, cases[i].order, first, wave, &n_first, NULL), 0);
        for (int j = 0; j < sweep->n_jobs; j++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s%d", j ? " " : "",
                     j == sweep->n_jobs - sweep->n_trials ? "| " : "", wave[j]);
        if (strcmp(got, cases[i].expected) != 0 || n_first != cases[i].n_first)
            fail_msg("%s: %s, %d first, not %s, %d", cases[i].text, got, n_first, cases[i].expected,
                     cases[i].n_first);
        free(first);
        sweep_free(sweep);
    }
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_have_waves),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
