/* What training takes: Pareto fronts by hand, accuracy against images and seconds, and against training size,
 * on files of a few jobs each. */
#include "stats/pareto.h"

#include "figures/figures.h"
#include "stats/originals.h"
#include "support/said.h"
#include "support/scratch.h"
#include "support/small_store.h"
#include "tables/findings_pages.h"
#include "tables/training_pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_JOBS = 200, TEXT = 16384, SEEDS = 12 };

static struct small_job job[MAX_JOBS];
static int n_jobs;
static char root[64], path[96];
static struct err err;
static struct store *store;
static struct summary *summary;
static struct findings *findings;

static struct small_job *add(const char *strategy, int seed, double balanced)
{
    struct small_job *j = &job[n_jobs++];
    assert_true(n_jobs <= MAX_JOBS);
    memset(j, 0, sizeof *j);
    strcpy(j->row.clusters, "1-2");
    strcpy(j->row.strategy, strategy);
    strcpy(j->row.protocol, "holdout");
    j->row.seed = seed;
    j->state = JOB_DONE;
    j->n = 2;
    j->balanced = balanced;
    j->seconds = 1;
    return j;
}

/* Jobs of a strategy: as many seeds, trained on n images, for so many seconds. */
static struct small_job *add_all(const char *strategy, int n_seeds, double balanced, int n_train,
                                 double seconds)
{
    struct small_job *first = &job[n_jobs];
    for (int seed = 1; seed <= n_seeds; seed++) {
        struct small_job *j = add(strategy, seed, balanced);
        j->n_train = n_train;
        j->seconds = seconds;
    }
    return first;
}

/* Three strategies: the cheapest in images is the worst, and the slowest. */
static void add_three(int n_seeds)
{
    add_all("none", n_seeds, 0.75, 10, 1);
    add_all("oversample", n_seeds, 0.875, 20, 2);
    add_all("undersample", n_seeds, 0.625, 6, 3);
}

static void find(const char *const *axis, int n_axes, const char *settings)
{
    if (small_store(path, job, n_jobs, 2, axis, n_axes, settings, &err) < 0 ||
        store_open(path, &store, &err) < 0 || summary_read(store, NULL, &summary, &err) < 0 ||
        findings_new(store, summary, &findings, &err) < 0)
        fail_msg("%s", err.text);
}

static int begin(void **state)
{
    (void)state;
    n_jobs = 0;
    if (scratch_make(root, sizeof root) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/s.h5", root);
    return 0;
}

static int end(void **state)
{
    char line[128];
    (void)state;
    findings_free(findings);
    summary_free(summary);
    store_close(store, NULL);
    findings = NULL;
    summary = NULL;
    store = NULL;
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line) == 0 ? 0 : -1;
}

static const char *words(char text[TEXT])
{
    FILE *file = fmemopen(text, TEXT, "w");
    training_cost_words(file, findings->whole, findings->cost, 0);
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

/* ---- fronts ---- */

/* By hand: c is as dear as h and worse, e as cheap as a and worse; b and d are equal; i has the gain of b and
 * costs more. f has no cost, g no gain. */
static void a_front_holds_what_nothing_dominates(void **state)
{
    (void)state;
    enum { N = 9 };
    /*                      a     b    c    d    e    f    g    h     i */
    const double cost[N] = {1, 2, 3, 2, 1, (double)NAN, 4, 3, 2.5};
    const double gain[N] = {0.5, 0.7, 0.6, 0.7, 0.4, 0.99, (double)NAN, 0.8, 0.7};
    static const int expected[N] = {1, 1, 0, 1, 0, -1, -1, 1, 0};
    int front[N];
    pareto_front(cost, gain, N, front);
    for (int i = 0; i < N; i++)
        assert_int_equal(front[i], expected[i]);
}

static void one_point_is_its_own_front(void **state)
{
    (void)state;
    const double cost = 3, gain = 0.5, none = (double)NAN;
    const signed char better = 0;
    int found = -2;
    pareto_front(&cost, &gain, 1, &found);
    assert_int_equal(found, 1);
    pareto_front(&none, &gain, 1, &found);
    assert_int_equal(found, -1);
    pareto_beaten(&cost, &better, 1, &found);
    assert_int_equal(found, 0);
}

/* 0 and 1 are better than 2 by a test; 0 costs more than it, 1 as much. 3 beats all, and has no cost. */
static void only_what_costs_no_more_beats(void **state)
{
    (void)state;
    enum { N = 4 };
    const double cost[N] = {3, 2, 2, (double)NAN};
    static const signed char better[N * N] = {0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0};
    static const int expected[N] = {0, 0, 1, 0};
    int beaten[N];
    pareto_beaten(cost, better, N, beaten);
    for (int i = 0; i < N; i++)
        assert_int_equal(beaten[i], expected[i]);
}

/* ---- cost ---- */

/* none 30 images and 1 s, oversample 60 and 2, undersample 18 and 3. */
static void a_place_has_its_fronts_and_tests(void **state)
{
    (void)state;
    static const double images[] = {30, 60, 18};
    static const int front[][3] = {{1, 1, 1}, {1, 1, 0}}, beaten[][3] = {{0, 0, 0}, {0, 0, 2}};
    char text[TEXT];
    add_three(SEEDS);
    find(NULL, 0, "");
    assert_int_equal(findings->cost->n_places, 1);
    const struct training_cost_place *place = findings->cost->place;
    assert_int_equal(place->n, 3);
    assert_int_equal(place->n_models, 1);
    assert_int_equal(place->tested, 3);
    assert_near(place->chance, 0.5);
    for (int i = 0; i < 3; i++) {
        assert_near(place->point[i].cost[COST_IMAGES], images[i]);
        assert_near(place->point[i].cost[COST_SECONDS], i + 1);
        assert_near(place->point[i].epochs, SMALL_EPOCHS);
        for (int c = 0; c < N_TRAINING_COSTS; c++) {
            assert_int_equal(place->point[i].front[c], front[c][i]);
            assert_int_equal(place->point[i].beaten[c], beaten[c][i]);
        }
    }
    assert_says(words(text),
                "oversample has the highest mean balanced accuracy, 0.875, at 60 images a job and 2 s.");
    assert_says(text,
                "against images: undersample; none; oversample. Pareto front of means against seconds: none; "
                "oversample.");
    assert_says(text, "significantly better: against seconds undersample.");
    assert_says(csv(text, FINDINGS_TRAINING_COST),
                "undersample,holdout,cnn,12,0.625,0.625,0.625,6,3,18,1,0,3,0,2,12,2,0,0.5,none");
}

/* Jobs that went on after a kill have no seconds; images are known all the same. */
static void what_was_not_timed_has_no_place_among_seconds(void **state)
{
    (void)state;
    char text[TEXT];
    add_three(2);
    job[0].again = job[1].again = 1;
    find(NULL, 0, "");
    const struct training_cost_point *none = &findings->cost->place->point[0];
    assert_int_equal(none->timed, 0);
    assert_int_equal(none->front[COST_SECONDS], -1);
    assert_int_equal(none->front[COST_IMAGES], 1);
    assert_int_equal(findings->cost->place->point[2].front[COST_SECONDS],
                     0); /* oversample is faster, and better */
    assert_says(csv(text, FINDINGS_TRAINING_COST), "none,holdout,cnn,2,0.75,0.75,0.75,10,3,30,1,0,,,,0,");
}

/* The best of all leaks: nobody is behind it, nor shown to be beaten by it. */
static void what_leaks_is_on_no_front(void **state)
{
    (void)state;
    char text[TEXT];
    add_three(SEEDS);
    for (int i = 0; i < n_jobs; i++)
        if (strcmp(job[i].row.strategy, "oversample") == 0) {
            job[i].leak = 1;
            job[i].seconds = 0.5;
            job[i].n_train = 1;
        }
    find(NULL, 0, "");
    const struct training_cost_place *place = findings->cost->place;
    for (int c = 0; c < N_TRAINING_COSTS; c++) {
        assert_int_equal(place->point[1].front[c], -1);
        assert_int_equal(place->point[0].front[c], 1);
        assert_int_equal(place->point[0].beaten[c], 0);
    }
    assert_int_equal(place->pairs, 1);
    assert_int_equal(place->point[1].tested, 0);
    assert_says(words(text), "none has the highest mean balanced accuracy, 0.750");
    assert_says(text, "On no front, since their test images were seen in training: oversample.");
    assert_says(csv(text, FINDINGS_TRAINING_COST),
                "oversample,holdout,cnn,12,0.875,0.875,0.875,1,3,3,,,0.5,,,12,0,1,");
}

static void where_all_leak_there_is_no_front(void **state)
{
    (void)state;
    char text[TEXT];
    add_three(2);
    for (int i = 0; i < n_jobs; i++)
        job[i].leak = 1;
    find(NULL, 0, "");
    assert_says(words(text), "there is no estimate, and no front.");
    assert_silent(text, "Pareto");
    assert_int_equal(findings->cost->place->pairs, 0);
}

static void one_strategy_has_nothing_beside_it(void **state)
{
    (void)state;
    add_all("none", 3, 0.75, 10, 1);
    add("oversample", 1, 0.875)->state = JOB_FAILED;
    find(NULL, 0, "");
    assert_int_equal(findings->cost->n_places, 0);
    assert_int_equal(training_cost_rows(findings), 0);
    assert_int_equal(training_size_rows(findings), 0);
}

static void of_one_run_each_the_front_is_said_to_be_of_means(void **state)
{
    (void)state;
    char text[TEXT];
    add_three(1);
    find(NULL, 0, "");
    assert_int_equal(findings->cost->place->tested, 0);
    assert_says(words(text), "No pair is tested here");
    assert_says(text, "the fronts are of means, and a place on them may be chance.");
    assert_says(csv(text, FINDINGS_TRAINING_COST),
                "none,holdout,cnn,1,0.75,,,10,3,30,1,,1,1,,1,0,0,0.5,none");
}

/* The third has one run: no test is about it, and it is drawn by the front of means. */
static void why_a_pair_is_not_tested_is_said(void **state)
{
    (void)state;
    char text[TEXT];
    add_all("none", SEEDS, 0.75, 10, 1);
    add_all("oversample", SEEDS, 0.875, 20, 2);
    add_all("undersample", 1, 0.625, 12, 3);
    find(NULL, 0, "");
    const struct training_cost_place *place = findings->cost->place;
    assert_int_equal(place->n_models, 1);
    assert_int_equal(place->tested, 1);
    assert_int_equal(place->pairs, 3);
    assert_int_equal(place->point[2].tested, 0);
    assert_silent(words(text), "differ in strategy and model");
    assert_says(text, "1 of 3 pairs are tested: the others are of one run, one split");
    struct figures_options options = {.whole = findings->whole, .cost = findings->cost};
    struct figures figures;
    assert_int_equal(figures_write(summary, NULL, &options, root, &figures, &err), 0);
    figures_release(&figures);
    char *script = small_text(root, "training_cost_1-2.gp");
    assert_says(script, "tested against nothing is hollow behind");
    free(script);
}

/* 0.4 % and 0.03 % are not told as 0 %. */
static void a_small_leak_is_not_told_as_none(void **state)
{
    (void)state;
    static const double share[] = {0.004, 0.0003, 0};
    struct texttable table = {0};
    char *text = NULL;
    size_t n;
    add_three(2);
    find(NULL, 0, "");
    for (int g = 0; g < summary->n_groups; g++)
        summary->group[g].leak_share.mean = share[g];
    training_cost_table(&table, findings);
    FILE *file = open_memstream(&text, &n);
    texttable_markdown(file, &table);
    fclose(file);
    texttable_release(&table);
    assert_says(text, " 0.4 % |");
    assert_says(text, "0.1 %");
    assert_says(text, "  0 % |");
    free(text);
}

/* A damaged file may count no image, and end jobs at no time. */
static void costs_without_a_logarithm_are_on_no_axis(void **state)
{
    (void)state;
    add_all("none", 2, 0.75, -1, 1);
    add_all("oversample", 2, 0.875, 20, HUGE_VAL);
    find(NULL, 0, "");
    struct figures_options options = {.whole = findings->whole, .cost = findings->cost};
    struct figures figures;
    assert_int_equal(figures_write(summary, NULL, &options, root, &figures, &err), 0);
    figures_release(&figures);
    const struct training_cost_place *place = findings->cost->place;
    assert_true(isnan(place->point[0].cost[COST_IMAGES]));
    assert_near(place->point[1].cost[COST_IMAGES], 60);
    assert_true(isnan(place->point[1].cost[COST_SECONDS]));
}

/* knn learns at once: each image is seen once, whatever the epochs say. */
static void models_stand_beside_each_other(void **state)
{
    (void)state;
    char text[TEXT];
    for (int model = 0; model < 2; model++)
        for (int strategy = 0; strategy < 2; strategy++) {
            struct small_job *first = add_all(strategy ? "oversample" : "none", 3,
                                              0.5 + 0.125 * model + 0.0625 * strategy, 10 + 10 * strategy, 1);
            for (int i = 0; i < 3; i++)
                strcpy(first[i].row.model, model ? "cnn" : "knn");
        }
    find(NULL, 0, "");
    assert_int_equal(findings->cost->n_places, 1);
    const struct training_cost_place *place = findings->cost->place;
    assert_int_equal(place->n, 4);
    assert_int_equal(place->n_models, 2);
    assert_int_equal(place->tested, 4);
    assert_int_equal(place->pairs, 6);
    assert_near(place->point[0].cost[COST_IMAGES], 10);
    assert_near(place->point[2].cost[COST_IMAGES], 30);
    assert_says(words(text), "oversample, cnn has the highest");
    assert_says(text, "4 of 6 pairs are tested: those that differ in strategy and model are not.");
}

/* ---- size ---- */

static const char *const sizes_axis[] = {"class_sizes"};

static void add_sizes(const char *protocol)
{
    static const char *const sizes[] = {"40-10", "80-20", "30-30"};
    for (int s = 0; s < 3; s++)
        for (int strategy = 0; strategy < 2; strategy++) {
            struct small_job *first =
                add_all(strategy ? "oversample" : "none", 2, 0.5 + 0.125 * s, strategy ? 64 : 40, 1);
            for (int i = 0; i < 2; i++) {
                strcpy(first[i].row.axis[0], sizes[s]);
                strcpy(first[i].row.protocol, protocol);
            }
        }
}

/* 40-10 and 80-20 are more of the same; 30-30 has nothing beside it. One image of each split judges. */
static void sizes_of_the_same_proportions_are_a_curve(void **state)
{
    (void)state;
    char text[TEXT];
    add_sizes("holdout");
    find(sizes_axis, 1, "");
    assert_int_equal(training_size_rows(findings), 4);
    for (int g = 0; g < summary->n_groups; g++) {
        int lone = strcmp(summary->group[g].cell->axis[0], "30-30") == 0;
        assert_int_equal(findings->size->stands[g], !lone);
    }
    assert_says(csv(text, FINDINGS_TRAINING_SIZE), "none,holdout,cnn,40+10,4:1,49,40,2,0.5,");
    assert_says(text, "oversample,holdout,cnn,80+20,4:1,99,64,2,0.625,"); /* copies are no originals */
    assert_silent(text, "30+30");
}

static void what_splits_a_rebalanced_list_has_its_share_of_originals(void **state)
{
    (void)state;
    char text[TEXT];
    add_sizes("report");
    find(sizes_axis, 1, "validation: 0.2\n");
    assert_says(csv(text, FINDINGS_TRAINING_SIZE), "oversample,report,cnn,40+10,4:1,40,64,2,");
    assert_says(text, "none,report,cnn,80+20,4:1,80,40,2,");
}

/* 100 and 101 images are what uneven folds make of one size. */
static void sizes_within_two_percent_are_one(void **state)
{
    (void)state;
    assert_true(training_size_differs(100, 103));
    assert_false(training_size_differs(100, 101));
    assert_false(training_size_differs(100, (double)NAN));
    assert_false(training_size_differs((double)NAN, (double)NAN));
}

static int has(const struct figures *figures, const char *name)
{
    for (int i = 0; i < figures->n; i++)
        if (strcmp(figures->name[i], name) == 0)
            return 1;
    return 0;
}

/* Column `name` of the row of a data file that begins with `row`. */
static double column(const char *data, const char *row, const char *name)
{
    char line[1024];
    const char *at = strstr(data, row);
    int i = 0;
    size_t n = strcspn(data, "\n");
    assert_non_null(at);
    assert_true(n < sizeof line);
    memcpy(line, data, n);
    line[n] = '\0';
    for (char *field = strtok(line, "\t"); strcmp(field, name) != 0; field = strtok(NULL, "\t"), i++)
        assert_non_null(field);
    for (; i > 0; i--)
        at = strchr(at, '\t') + 1;
    return strtod(at, NULL);
}

static void figures_show_the_tables(void **state)
{
    (void)state;
    add_sizes("holdout");
    job[2].leak = job[3].leak = 1; /* 40-10, oversample */
    find(sizes_axis, 1, "");
    struct figures_options options = {.whole = findings->whole, .cost = findings->cost};
    struct figures figures;
    assert_int_equal(figures_write(summary, NULL, &options, root, &figures, &err), 0);
    assert_true(has(&figures, "training_size_1-2_classes=4-1"));
    assert_false(has(&figures, "training_size_1-2_classes=1-1"));
    assert_true(has(&figures, "training_cost_1-2_class_sizes=30-30"));
    char *data = small_text(root, "training_size_1-2_classes=4-1.tsv");
    assert_near(column(data, "1\toversample\t49", "balanced_accuracy"), 0.5);
    assert_near(column(data, "1\toversample\t49", "leak_share"), 1);
    assert_near(column(data, "1\toversample\t99", "leak_share"), 0);
    free(data);
    data = small_text(root, "training_size_1-2_classes=4-1.gp");
    assert_says(data, "originals, before any is dropped or copied");
    assert_says(data, "LEAK: up to 100 % of test seen");
    assert_says(data, "column('leak_share') > 0");
    free(data);
    data = small_text(root, "training_cost_1-2_class_sizes=40-10.gp");
    assert_says(data, "Crosses, on red");
    free(data);
    data = small_text(root, "training_cost_1-2_class_sizes=80-20.tsv");
    assert_near(column(data, "1\t2\t0.625", "images"), 192);
    assert_near(column(data, "1\t2\t0.625", "front_images"), 0);  /* none is as good and cheaper, */
    assert_near(column(data, "1\t2\t0.625", "filled_images"), 1); /* but is not shown to be better */
    free(data);
    data = small_text(root, "training_cost_1-2_class_sizes=80-20.gp");
    assert_silent(data, "Crosses, on red");
    free(data);
    figures_release(&figures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_front_holds_what_nothing_dominates),
        cmocka_unit_test(one_point_is_its_own_front),
        cmocka_unit_test(only_what_costs_no_more_beats),
        cmocka_unit_test(sizes_within_two_percent_are_one),
        cmocka_unit_test_setup_teardown(a_place_has_its_fronts_and_tests, begin, end),
        cmocka_unit_test_setup_teardown(what_was_not_timed_has_no_place_among_seconds, begin, end),
        cmocka_unit_test_setup_teardown(what_leaks_is_on_no_front, begin, end),
        cmocka_unit_test_setup_teardown(where_all_leak_there_is_no_front, begin, end),
        cmocka_unit_test_setup_teardown(one_strategy_has_nothing_beside_it, begin, end),
        cmocka_unit_test_setup_teardown(of_one_run_each_the_front_is_said_to_be_of_means, begin, end),
        cmocka_unit_test_setup_teardown(why_a_pair_is_not_tested_is_said, begin, end),
        cmocka_unit_test_setup_teardown(a_small_leak_is_not_told_as_none, begin, end),
        cmocka_unit_test_setup_teardown(costs_without_a_logarithm_are_on_no_axis, begin, end),
        cmocka_unit_test_setup_teardown(models_stand_beside_each_other, begin, end),
        cmocka_unit_test_setup_teardown(sizes_of_the_same_proportions_are_a_curve, begin, end),
        cmocka_unit_test_setup_teardown(what_splits_a_rebalanced_list_has_its_share_of_originals, begin, end),
        cmocka_unit_test_setup_teardown(figures_show_the_tables, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
