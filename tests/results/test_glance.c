/* The answer at a glance: its numbers are those of the summary, a leak is shown as one,
 * brackets are what tests say. */
#include "figures/glance.h"

#include "figures/gnuplot.h"
#include "stats/summary.h"
#include "support/small_store.h"

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

enum { MAX_JOBS = 300, N_SEEDS = 8, TEXT = 65536 };

static struct small_job job[MAX_JOBS];
static int n_jobs, n_pages;
static char dir[64], path[96];
static struct err err;
static struct store *store;
static struct summary *summary;
static struct replicates *replicates;
static struct compare *compare;
static struct overall *overall;
static struct glance_page *page;

/* Seeds of a combination around a mean. */
static void add(const char *clusters, const char *strategy, const char *protocol, const char *model,
                double mean, int leak)
{
    for (int s = 0; s < N_SEEDS; s++) {
        struct small_job *j = &job[n_jobs++];
        assert_true(n_jobs <= MAX_JOBS);
        *j = (struct small_job){.state = JOB_DONE, .n = 2, .leak = leak, .balanced = mean + 0.002 * (s % 3)};
        snprintf(j->row.clusters, sizeof j->row.clusters, "%s", clusters);
        snprintf(j->row.strategy, sizeof j->row.strategy, "%s", strategy);
        snprintf(j->row.protocol, sizeof j->row.protocol, "%s", protocol);
        snprintf(j->row.model, sizeof j->row.model, "%s", model);
        j->row.seed = s + 1;
    }
}

static void look(void)
{
    assert_int_equal(small_store(path, job, n_jobs, 2, NULL, 0, "", &err), 0);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(replicates_new(store, summary, "balanced_accuracy", REPLICATES_TEST, &replicates, &err),
                     0);
    assert_int_equal(compare_factor(summary, replicates, FACTOR_STRATEGY, &compare, &err), 0);
    assert_int_equal(overall_new(summary, compare, &overall, &err), 0);
    n_pages = glance_pages(summary, overall, &page, &err);
}

static int begin(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/test_glance.XXXXXX");
    n_jobs = n_pages = 0;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/s.h5", dir);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    glance_free(page, n_pages > 0 ? n_pages : 0);
    overall_free(overall);
    compare_free(compare);
    replicates_free(replicates);
    summary_free(summary);
    store_close(store, NULL);
    page = NULL;
    overall = NULL;
    compare = NULL;
    replicates = NULL;
    summary = NULL;
    store = NULL;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* The mean and interval of every group, as the summary has them, and as many runs as it has jobs. */
static void numbers_are_those_of_the_summary(void **state)
{
    (void)state;
    add("1-2", "none", "holdout", "cnn", 0.6, 0);
    add("1-2", "oversample", "holdout", "cnn", 0.7, 0);
    add("3-4", "none", "holdout", "cnn", 0.5, 0);
    look();
    assert_int_equal(n_pages, 1);
    assert_string_equal(page->name, "summary");
    assert_int_equal(page->n_rows, 2);
    assert_int_equal(page->n_panels, 2);
    assert_int_equal(page->group[3], -1); /* oversample of 3-4 was not run */
    assert_int_equal(glance_write(page, NULL, dir, &err), 0);
    char *tsv = small_text(dir, "summary.tsv");
    for (int g = 0; g < summary->n_groups; g++) {
        const struct stats_summary *number = &summary->group[g].final[SET_TEST][METRIC_BALANCED_ACCURACY];
        char line[128];
        snprintf(line, sizeof line, "\tmean\t%.9g\t%.9g\t%.9g\t%d\t", number->mean, number->low, number->high,
                 N_SEEDS);
        assert_int_equal(count(tsv, line), 1);
    }
    assert_int_equal(count(tsv, "\trun\t"), 3 * N_SEEDS);
    assert_int_equal(count(tsv, "\tleaky\t"), 0);
    free(tsv);
}

/* A protocol a page; what leaks is hollow, on red, under words. */
static void a_leak_is_shown_as_a_leak(void **state)
{
    (void)state;
    add("1-2", "none", "report", "cnn", 0.6, 0);
    add("1-2", "oversample", "report", "cnn", 0.95, 1);
    add("1-2", "none", "holdout", "cnn", 0.6, 0);
    add("1-2", "oversample", "holdout", "cnn", 0.7, 0);
    look();
    assert_int_equal(n_pages, 2);
    assert_string_equal(page[0].name, "summary_report");
    assert_string_equal(page[1].name, "summary_holdout");
    for (int p = 0; p < 2; p++) {
        assert_int_equal(glance_write(&page[p], NULL, dir, &err), 0);
        assert_int_equal(gnuplot_render(dir, page[p].name, &err), 0);
    }
    char *tsv = small_text(dir, "summary_report.tsv"), *script = small_text(dir, "summary_report.gp"),
         *clean = small_text(dir, "summary_holdout.gp");
    assert_int_equal(count(tsv, "\tleaky\t"), 1);
    assert_int_equal(count(script, "LEAK: up to 100 % of test seen"), 1);
    assert_int_equal(count(script, "behind fs solid"), 1);
    assert_int_equal(count(script, "Hollow on red"), 1);
    assert_int_equal(count(clean, "LEAK"), 0);
    assert_int_equal(count(clean, "behind fs solid"), 0);
    free(tsv);
    free(script);
    free(clean);
}

/* Screen lines in the script: a bracket of one row is three of them. */
static int n_lines(const char *name)
{
    char file[PAGENAME_SIZE + 8];
    snprintf(file, sizeof file, "%s.gp", name);
    char *script = small_text(dir, file);
    int n = count(script, "set arrow from screen");
    free(script);
    return n;
}

/* Each model has its own none; only what a test tells from it has a bracket. */
static void brackets_join_what_differs_from_the_same_models_none(void **state)
{
    (void)state;
    add("1-2", "none", "holdout", "cnn", 0.6, 0);
    add("1-2", "oversample", "holdout", "cnn", 0.9, 0);
    add("1-2", "none", "holdout", "forest", 0.9, 0);
    add("1-2", "oversample", "holdout", "forest", 0.9, 0);
    look();
    assert_int_equal(n_pages, 1);
    assert_int_equal(page->n_rows, 4);
    assert_int_equal(glance_write(page, NULL, dir, &err), 0);
    assert_int_equal(n_lines("summary"), 3);
    page->overall = NULL;
    assert_int_equal(glance_write(page, NULL, dir, &err), 0);
    assert_int_equal(n_lines("summary"), 0);
}

static void one_row_is_no_page_and_many_panels_are_several(void **state)
{
    char clusters[16];
    (void)state;
    add("1-2", "none", "tail", "cnn", 0.6, 0);
    for (int i = 0; i <= GLANCE_MOST_PANELS; i++) {
        snprintf(clusters, sizeof clusters, "%d-%d", 2 * i + 1, 2 * i + 2);
        add(clusters, "none", "holdout", "cnn", 0.6, 0);
        add(clusters, "oversample", "holdout", "cnn", 0.6, 0);
    }
    look();
    assert_int_equal(n_pages, 2);
    assert_int_equal(page[0].n_panels, GLANCE_MOST_PANELS);
    assert_int_equal(page[1].n_panels, 1);
    assert_string_equal(page[1].name, "summary_holdout_more1");
    for (int p = 0; p < 2; p++) {
        assert_int_equal(glance_write(&page[p], NULL, dir, &err), 0);
        assert_int_equal(gnuplot_render(dir, page[p].name, &err), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_are_those_of_the_summary, begin, end),
        cmocka_unit_test_setup_teardown(a_leak_is_shown_as_a_leak, begin, end),
        cmocka_unit_test_setup_teardown(brackets_join_what_differs_from_the_same_models_none, begin, end),
        cmocka_unit_test_setup_teardown(one_row_is_no_page_and_many_panels_are_several, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
