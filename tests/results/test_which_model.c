/* Which model: means, seconds, ranks and words, on files of a few jobs each. */
#include "stats/which_model.h"

#include "support/said.h"
#include "support/small_store.h"
#include "tables/findings_pages.h"
#include "tables/models_pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { MAX_JOBS = 200, TEXT = 8192, N_MODELS = 3, N_PAIRS = 5, MOST_CLASSES = 4 };

static struct small_job job[MAX_JOBS];
static int n_jobs;
static char path[64];
static struct err err;
static struct store *store;
static struct summary *summary;
static struct findings *findings;

static const char *const models[N_MODELS] = {"cnn", "forest", "knn"};

/* Of each set of clusters and model; seconds are 1 of the fastest to 100 of the network. */
static const double accuracy[N_PAIRS][N_MODELS] = {{0.75, 0.6875, 0.5},
                                                   {0.875, 0.75, 0.5625},
                                                   {0.625, 0.6875, 0.5},
                                                   {0.75, 0.5625, 0.5},
                                                   {0.9375, 0.8125, 0.5}};

static struct small_job *add(int set, int model, int seed, double balanced)
{
    struct small_job *j = &job[n_jobs++];
    assert_true(n_jobs <= MAX_JOBS);
    memset(j, 0, sizeof *j);
    snprintf(j->row.clusters, sizeof j->row.clusters, "%d-%d", 2 * set + 1, 2 * set + 2);
    strcpy(j->row.strategy, "none");
    strcpy(j->row.protocol, "holdout");
    strcpy(j->row.model, models[model]);
    j->row.seed = seed;
    j->state = JOB_DONE;
    j->n = 2;
    j->balanced = balanced;
    j->seconds = model == 0 ? 100 : model == 1 ? 10 : 1;
    return j;
}

/* Every model on n sets, seeds 1 to n_seeds, each of the same accuracy. */
static void add_all(int n_sets, int n_seeds)
{
    for (int i = 0; i < n_sets * N_MODELS * n_seeds; i++) {
        int set = i / n_seeds / N_MODELS, model = i / n_seeds % N_MODELS;
        add(set, model, i % n_seeds + 1, accuracy[set][model]);
    }
}

static void find(const char *filter)
{
    assert_int_equal(small_store(path, job, n_jobs, MOST_CLASSES, NULL, 0, "", &err), 0);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_read(store, filter, &summary, &err), 0);
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_which.XXXXXX");
    int file = mkstemp(path);
    n_jobs = 0;
    return file < 0 || close(file) < 0 ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    findings_free(findings);
    summary_free(summary);
    store_close(store, NULL);
    findings = NULL;
    summary = NULL;
    store = NULL;
    return unlink(path);
}

static const char *words(char text[TEXT])
{
    FILE *file = fmemopen(text, TEXT, "w");
    which_model_words(file, findings->whole, findings->which, 0);
    fclose(file);
    return text;
}

static const char *csv(char text[TEXT], int page)
{
    FILE *file = fmemopen(text, TEXT, "w");
    struct csv_out out = {.file = file};
    findings_pages[page].csv(&out, findings);
    fclose(file);
    return text;
}

/* By scipy 1.10: friedmanchisquare, f.sf of Iman and Davenport's, and studentized_range.ppf. */
static void ranks_are_those_of_demsar(void **state)
{
    (void)state;
    static const double mean[N_MODELS] = {0.7875, 0.7, 0.5125}, rank[N_MODELS] = {1.2, 1.8, 3.0};
    add_all(N_PAIRS, 2);
    find(NULL);
    assert_int_equal(findings->which->n_places, 1);
    const struct which_place *place = findings->which->place;
    assert_int_equal(place->ranking->n_datasets, N_PAIRS);
    for (int v = 0; v < N_MODELS; v++) {
        assert_string_equal(place->value[v].cell->model, models[v]);
        assert_near(place->value[v].balanced, mean[v]);
        assert_near(place->value[v].rank, rank[v]);
        assert_int_equal(place->value[v].runs, 2);
        assert_int_equal(place->value[v].compared, 2 * N_PAIRS);
    }
    assert_near(place->value[0].low, 0.625);
    assert_near(place->value[0].high, 0.9375);
    assert_near(place->ranking->test.p_f, 0.000655360);
    assert_near(place->ranking->test.critical, 1.48228640);
    assert_true(which_model_differs(place, 1.2, 3.0));
    assert_false(which_model_differs(place, 1.2, 1.8));
}

/* They stand beside each other in a report; of its protocol, too, whose tests allow for no shared images. */
static void intervals_are_those_of_the_table_of_results(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 4; seed++)
        for (int model = 0; model < N_MODELS; model++)
            strcpy(add(0, model, seed, 0.5 + 0.0625 * ((seed + model) % 4))->row.protocol, "report");
    find(NULL);
    assert_int_equal(findings->which->n_places, 1);
    for (int i = 0; i < N_MODELS; i++) {
        const struct which_point *point = &findings->which->place[0].point[i];
        const struct stats_summary *final = &point->group->final[SET_TEST][METRIC_BALANCED_ACCURACY];
        assert_near(point->balanced.mean, final->mean);
        assert_near(point->balanced.low, final->low);
        assert_near(point->balanced.high, final->high);
        assert_near(point->group->test_ratio, 0.1); /* 1 of 10 */
        assert_true(final->low > 0.4 && final->low < final->mean && final->high < 1);
    }
}

/* The same number and so the same looks in every place, though one lacks the first model. */
static void a_model_has_one_number_in_all_places(void **state)
{
    (void)state;
    add_all(1, 1);
    for (int model = 1; model < N_MODELS; model++)
        strcpy(add(0, model, 1, 0.5)->row.strategy, "oversample");
    find(NULL);
    assert_int_equal(findings->which->n_places, 2);
    for (int v = 0; v < N_MODELS; v++)
        assert_int_equal(findings->which->place[0].value[v].number, v);
    for (int v = 0; v < N_MODELS - 1; v++)
        assert_int_equal(findings->which->place[1].value[v].number, v + 1);
}

/* Of sets with as many classes there is one chance, of others none. */
static void chance_is_one_over_the_number_of_classes(void **state)
{
    (void)state;
    add_all(2, 1);
    find(NULL);
    assert_near(findings->which->place[0].chance, 0.5);
    findings_free(findings);
    summary_free(summary);
    store_close(store, NULL);
    for (int i = 0; i < n_jobs; i++)
        if (strcmp(job[i].row.clusters, "1-2") == 0) {
            strcpy(job[i].row.clusters, "1-2-3-4");
            job[i].n = 4;
        }
    find(NULL);
    const struct which_place *place = findings->which->place;
    assert_true(isnan(place->chance));
    assert_near(place->point[0].chance, 0.25);
    assert_near(place->point[N_MODELS].chance, 0.5);
}

static void seconds_are_medians_of_jobs_that_ran_in_one_go(void **state)
{
    (void)state;
    add_all(1, 4);
    for (int i = 0; i < 4; i++)
        job[i].seconds = i == 0 ? 7 : i == 1 ? 300 : i == 2 ? 9 : 20;
    job[1].again = 1; /* went on after a kill: its start is that of the last attempt */
    find(NULL);
    const struct which_value *cnn = &findings->which->place[0].value[0];
    assert_int_equal(cnn->timed, 3);
    assert_near(cnn->seconds, 9);
    assert_near(cnn->fastest, 7);
    assert_near(cnn->slowest, 20);
    assert_near(findings->which->place[0].point[0].seconds, 9);
}

static void a_model_that_lacks_a_set_is_compared_on_the_others(void **state)
{
    (void)state;
    add_all(N_PAIRS, 1);
    job[n_jobs - 1].state = JOB_FAILED;
    find(NULL);
    const struct which_place *place = findings->which->place;
    assert_int_equal(place->ranking->n_datasets, N_PAIRS - 1);
    assert_near(place->value[0].balanced, 0.75);
    assert_false(which_model_differs(place, 1, 3));
}

static void what_is_found_is_said(void **state)
{
    (void)state;
    char text[TEXT];
    add_all(N_PAIRS, 2);
    find(NULL);
    assert_says(words(text), "cnn has the highest mean balanced accuracy, 0.787 over 5 sets of clusters, at "
                             "100 s a job; knn is the fastest with 1 s, and has 0.512.");
    assert_says(text, "by more than Nemenyi's critical difference of 1.48: cnn and knn.");
    assert_says(csv(text, FINDINGS_MODELS), "none,holdout,knn,5,2,0.5125,0.5,0.5625,1,1,1,10,3,");
    assert_says(csv(text, FINDINGS_MODELS_BY_CLUSTERS), "\n9+10,none,holdout,forest,2,0.8125,");
}

static void what_cannot_be_said_is_not(void **state)
{
    (void)state;
    char text[TEXT];
    add_all(1, 1);
    find(NULL);
    assert_says(words(text),
                "One set of clusters says nothing about others, and ranks over sets are not to be had.");
    assert_says(text, "One run of each only: no interval, and no paired test.");
    assert_silent(text, "ignificant");
    assert_says(csv(text, FINDINGS_MODELS), "none,holdout,knn,1,1,0.5,,,1,1,1,1,,,,2,0,0,");
}

static void few_sets_are_not_tested(void **state)
{
    (void)state;
    char text[TEXT];
    add_all(3, 1);
    find(NULL);
    assert_says(words(text), "3 sets of clusters are too few for a test of ranks, which takes 5.");
    assert_silent(text, "critical");
}

/* Guessing takes no time, and is no advice. */
static void who_merely_guesses_is_not_the_fastest(void **state)
{
    (void)state;
    char text[TEXT];
    for (int i = 0; i < 2 * N_MODELS; i++)
        add(i / N_MODELS, i % N_MODELS, 1, i % N_MODELS == 2 ? 0.5 : 0.75 - i % N_MODELS / 8.0);
    find(NULL);
    assert_says(words(text), "; forest is the fastest with 10 s, and has 0.625.");
}

/* Of one model there is no choice, whatever else varies. */
static void one_model_has_no_table(void **state)
{
    (void)state;
    for (int set = 0; set < N_PAIRS; set++)
        add(set, 0, 1, 0.5);
    find(NULL);
    assert_null(findings->which);
    assert_int_equal(findings_pages[FINDINGS_MODELS].rows(findings), 0);
}

static void a_filter_hides_models_and_changes_no_number(void **state)
{
    (void)state;
    char text[TEXT];
    add_all(N_PAIRS, 2);
    find("model=knn");
    assert_says(csv(text, FINDINGS_MODELS), "none,holdout,knn,5,2,0.5125,0.5,0.5625,1,1,1,10,3,");
    assert_silent(text, "cnn");
    assert_int_equal(findings_pages[FINDINGS_MODELS].rows(findings), 1);
    assert_int_equal(findings_pages[FINDINGS_MODELS_BY_CLUSTERS].rows(findings), N_PAIRS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ranks_are_those_of_demsar),
        TEST(intervals_are_those_of_the_table_of_results),
        TEST(a_model_has_one_number_in_all_places),
        TEST(chance_is_one_over_the_number_of_classes),
        TEST(seconds_are_medians_of_jobs_that_ran_in_one_go),
        TEST(a_model_that_lacks_a_set_is_compared_on_the_others),
        TEST(what_is_found_is_said),
        TEST(what_cannot_be_said_is_not),
        TEST(few_sets_are_not_tested),
        TEST(who_merely_guesses_is_not_the_fastest),
        TEST(one_model_has_no_table),
        TEST(a_filter_hides_models_and_changes_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
