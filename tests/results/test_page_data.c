#include "page/page_data.h"

#include "image/png.h"
#include "support/fake_store.h"
#include "tables/findings_pages.h"
#include "tables/headline.h"
#include "write/json_out.h"
#include "stats/misjudged.h"
#include "page/page.h"
#include "page/page_later.h"
#include "strategies/balance.h"
#include "paper/published.h"
#include "support/scratch.h"
#include "support/judged_job.h"
#include "support/store_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* The document of a fake sweep, made once. */
static char root[64], results[128];
static struct store *store;
static json_t *document;

static json_t *parse(const char *json, size_t n)
{
    json_error_t error;
    json_t *value = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s at %d: %.60s", error.text, error.position, json + error.position);
    return value;
}

static json_t *document_of(struct store *from, const char *filter, const struct page_data_options *options)
{
    struct err err = {0};
    char *json = NULL;
    size_t n = 0;
    if (page_data_new(from, filter, options, &json, &n, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(strlen(json), n);
    json_t *value = parse(json, n);
    free(json);
    return value;
}

/* Member a.b.c of a value; fails when it is not there. */
static json_t *at(json_t *value, const char *path)
{
    char part[64];
    for (const char *p = path; *p; p += strcspn(p, ".")) {
        p += *p == '.';
        snprintf(part, sizeof part, "%.*s", (int)strcspn(p, "."), p);
        value =
            json_is_array(value) ? json_array_get(value, (size_t)atoi(part)) : json_object_get(value, part);
        if (!value)
            fail_msg("%s: no %s", path, part);
    }
    return value;
}

static const char *text_at(json_t *value, const char *path)
{
    return json_string_value(at(value, path));
}

/* A decoder of its own: letters to bits, no table shared with the encoder. */
static unsigned char *unbase64(const char *text, size_t *n)
{
    unsigned char *out = malloc(strlen(text) / 4 * 3 + 3);
    unsigned bits = 0, filled = 0;
    *n = 0;
    for (; *text && *text != '='; text++) {
        int c = *text;
        unsigned v = c == '+'   ? 62u
                     : c == '/' ? 63u
                     : c >= 'a' ? (unsigned)(c - 'a') + 26u
                     : c >= 'A' ? (unsigned)(c - 'A')
                                : (unsigned)(c - '0') + 52u;
        bits = bits << 6 | v;
        filled += 6;
        if (filled >= 8)
            out[(*n)++] = (unsigned char)(bits >> (filled -= 8) & 255);
    }
    return out;
}

static float *floats_at(json_t *value, const char *path, size_t expected)
{
    size_t n;
    void *bytes = unbase64(text_at(value, path), &n);
    assert_int_equal(n, 4 * expected);
    return bytes;
}

static void curves_are_the_stores(void **state)
{
    (void)state;
    static const enum image_set sets[] = {SET_TRAIN, SET_TEST}; /* no job has an inner set */
    char path[64];
    struct err err = {0};
    size_t n = FAKE_JOBS * FAKE_EPOCHS;
    float *stored = calloc(n, sizeof *stored);
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < N_METRICS; m++) {
            snprintf(path, sizeof path, "curves.%s.%s", image_set_names[sets[s]], metric_names[m]);
            float *shown = floats_at(document, path, n);
            assert_int_equal(store_read_metric(store, sets[s], (enum metric)m, stored, &err), 0);
            assert_memory_equal(shown, stored, n * sizeof *stored); /* NaN stay NaN, bit for bit */
            assert_true(shown[0] == fake_metric(0, 0, sets[s], (enum metric)m));
            assert_true(isnan(shown[n - 1])); /* a waiting job */
            free(shown);
        }
    free(stored);
}

static void jobs_are_the_stores(void **state)
{
    (void)state;
    json_t *jobs = at(document, "jobs");
    const int diverged = fake_job(0, 4, 9), oversample = fake_job(1, 3, 2), waiting = fake_job(3, 0, 5);
    char path[64];
    assert_int_equal(json_array_size(at(jobs, "key")), FAKE_JOBS);
    snprintf(path, sizeof path, "state.%d", diverged);
    assert_string_equal(text_at(jobs, path), "diverged");
    snprintf(path, sizeof path, "strategy.%d", oversample);
    assert_string_equal(text_at(jobs, path), "oversample");
    snprintf(path, sizeof path, "clusters.%d", oversample);
    assert_string_equal(text_at(jobs, path), "14-15");
    snprintf(path, sizeof path, "seed.%d", oversample);
    assert_int_equal(json_integer_value(at(jobs, path)), 3);
    snprintf(path, sizeof path, "leak.%d", oversample);
    assert_int_equal(json_integer_value(at(jobs, path)), fake_leak(oversample));
    snprintf(path, sizeof path, "n_test.%d", waiting);
    assert_true(json_is_null(at(jobs, path)));
    snprintf(path, sizeof path, "epochs_done.%d", diverged);
    assert_int_equal(json_integer_value(at(jobs, path)), 7);
    assert_int_equal(json_array_size(at(jobs, "axis")), 0);
}

static void confusion_is_the_stores(void **state)
{
    (void)state;
    int expected[4];
    int *shown = (int *)(void *)floats_at(document, "confusion.all", FAKE_JOBS * 4);
    const int job = fake_job(2, 1, 7), waiting = fake_job(3, 0, 5);
    fake_confusion(job, expected);
    assert_memory_equal(shown + job * 4, expected, sizeof expected);
    assert_int_equal(shown[waiting * 4], -1);
    free(shown);
    shown = (int *)(void *)floats_at(document, "confusion.test", FAKE_JOBS * 4);
    fake_confusion_test(job, expected);
    assert_memory_equal(shown + job * 4, expected, sizeof expected);
    free(shown);
}

static void the_head_says_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(json_integer_value(at(document, "format")), 1);
    assert_string_equal(text_at(document, "name"), "fake 'sweep'");
    assert_true(json_is_true(at(document, "synthetic")));
    assert_true(json_is_false(at(document, "live")));
    assert_true(json_is_false(at(document, "complete")));
    assert_int_equal(json_integer_value(at(document, "data.n_images")), 1000);
    assert_int_equal(json_integer_value(at(document, "data.clusters.27.count")), 9);
    assert_int_equal(json_integer_value(at(document, "classes.14-15.1")), 15);
    assert_string_equal(text_at(document, "titles.oversample"), "Oversampling");
    assert_string_equal(text_at(document, "colors.oversample"), balance_colour("oversample"));
    assert_string_equal(text_at(document, "metrics.3"), "balanced_accuracy_as_published");
    assert_int_equal(json_integer_value(at(document, "n_epochs")), FAKE_EPOCHS);
}

/* What a headline function prints, in text. */
static void print_headline(char text[2048], void (*print)(FILE *, const struct summary *),
                           const struct summary *summary)
{
    FILE *file = fmemopen(text, 2048, "w");
    assert_non_null(file);
    print(file, summary);
    fclose(file);
}

static void print_warnings(char text[2048], const struct findings *findings)
{
    FILE *file = fmemopen(text, 2048, "w");
    assert_non_null(file);
    headline_warnings(file, findings);
    fclose(file);
}

static void assert_made_up_is_said(struct summary *summary, const struct findings *findings)
{
    char text[2048];
    struct store_job made_up = *summary->group[0].cell;
    strcpy(made_up.model, "fake");
    summary->group[0].cell = &made_up;
    print_warnings(text, findings);
    assert_non_null(strstr(text, "1500 of "));
    assert_non_null(strstr(text, "jobs of the file are of model fake"));
}

static void the_headline_counts_plainly(void **state)
{
    (void)state;
    struct err err = {0};
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    char text[2048];
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
    summary->n_jobs = 1500 * summary->n_groups;
    for (int g = 0; g < summary->n_groups; g++)
        summary->group[g].n_jobs = 1500;
    print_headline(text, headline_run, summary);
    assert_non_null(strstr(text, "; 1500 jobs a combination, 100 epochs."));
    summary->group[3].n_jobs = 4; /* of the same number in all, as of k-fold beside holdout */
    summary->group[4].n_jobs = 2996;
    print_headline(text, headline_run, summary);
    assert_non_null(strstr(text, "; 4 to 2996 jobs a combination, 100 epochs."));
    for (int g = 0; g < summary->n_groups; g++)
        summary->group[g].n_state[JOB_DONE] = g == 1 ? 2 : 9;
    print_warnings(text, findings);
    assert_non_null(strstr(text, "Some combinations have 2 finished jobs only"));
    summary->group[0].leak_share.mean = 0.004;
    for (int g = 1; g < summary->n_groups; g++)
        summary->group[g].leak_share.mean = 0;
    print_headline(text, headline_leak, summary);
    assert_non_null(strstr(text, "in the mean of a combination's jobs up to 0.4 % of them"));
    for (int g = 0; g < summary->n_groups; g++)
        summary->group[g].leak.mean = 0;
    print_headline(text, headline_leak, summary);
    assert_non_null(strstr(text, "No test image of the finished jobs has a copy"));
    summary->n_state[JOB_DONE] = summary->n_jobs;
    print_headline(text, headline_leak, summary);
    assert_non_null(strstr(text, "No test image has a copy"));
    assert_null(strstr((print_warnings(text, findings), text), "model fake"));
    assert_made_up_is_said(summary, findings);
    findings_free(findings);
    summary_free(summary);
}

static void published_curves_are_where_they_belong(void **state)
{
    (void)state;
    json_t *list = at(document, "published"), *one;
    double curve[FAKE_EPOCHS];
    size_t i;
    int seen = 0;
    json_array_foreach(list, i, one)
    {
        assert_string_not_equal(text_at(one, "clusters"), "3-9");
        if (strcmp(text_at(one, "clusters"), "1-27") != 0 ||
            strcmp(text_at(one, "strategy"), "augment") != 0 || strcmp(text_at(one, "set"), "test") != 0 ||
            strcmp(text_at(one, "metric"), "loss") != 0)
            continue;
        published_curve("1-27", "augment", SET_TEST, METRIC_LOSS, curve, FAKE_EPOCHS);
        assert_string_equal(text_at(one, "protocol"), "report");
        assert_true(fabs(json_real_value(at(one, "values.99")) - curve[99]) < 1e-9);
        seen++;
    }
    assert_int_equal(seen, 1);
}

/* Column of a table by name. */
static size_t column(json_t *table, const char *name)
{
    json_t *columns = at(table, "columns"), *one;
    size_t i;
    json_array_foreach(columns, i, one) if (strcmp(json_string_value(one), name) == 0) return i;
    fail_msg("no column %s", name);
    return 0;
}

/* One that is in no piece of the page is lost. */
static void no_table_is_forgotten(void **state)
{
    (void)state;
    for (int p = 0; p < FINDINGS_TUNING; p++)
        if (p != FINDINGS_SWEEPS && !json_object_get(at(document, "tables"), findings_pages[p].name))
            fail_msg("the page has no table %s", findings_pages[p].name);
}

static void tables_are_those_of_the_report(void **state)
{
    (void)state;
    json_t *final = at(document, "tables.final"), *row = at(final, "rows.8"); /* 14-15, oversample */
    double sum = 0;
    for (int s = 0; s < FAKE_SEEDS; s++)
        sum += (double)fake_metric(fake_job(1, 3, s), FAKE_EPOCHS - 1, SET_TEST, METRIC_LOSS);
    assert_int_equal(json_array_size(at(final, "rows")), FAKE_PAIRS * FAKE_STRATEGIES);
    assert_string_equal(json_string_value(json_array_get(row, column(final, "strategy"))), "oversample");
    assert_int_equal(json_integer_value(json_array_get(row, column(final, "n"))), FAKE_SEEDS);
    assert_true(fabs(json_real_value(json_array_get(row, column(final, "test_loss_mean"))) - sum / 10) <
                1e-9);
    assert_true(json_is_null(json_array_get(at(final, "rows.18"), column(final, "test_loss_mean"))));
    assert_true(json_array_size(at(document, "tables.comparisons.rows")) >= 30);
    assert_true(json_array_size(at(document, "tables.claims.notes")) >= 1);
    assert_int_equal(json_array_size(at(document, "tables.leak_inflation.rows")), 0);
}

/* Only 1-27 has all of its jobs; the others do not tell which strategy is best, and say who lacks what. */
static void the_outcome_says_how_much(void **state)
{
    (void)state;
    json_t *final = at(document, "tables.final"), *row;
    const char *worst = NULL, *best = NULL, *whole = text_at(document, "summary.sentences.1");
    double low = 2, high = -1;
    char expected[128];
    size_t i;
    json_array_foreach(at(final, "rows"), i, row)
    {
        double mean = json_real_value(json_array_get(row, column(final, "test_balanced_accuracy_mean")));
        const char *strategy = json_string_value(json_array_get(row, column(final, "strategy")));
        if (strcmp(json_string_value(json_array_get(row, column(final, "clusters"))), "1-27") != 0)
            continue;
        worst = mean < low ? strategy : worst;
        best = mean > high ? strategy : best;
        low = fmin(low, mean);
        high = fmax(high, mean);
    }
    snprintf(expected, sizeof expected, "balanced accuracy goes from %.2f (%s) to %.2f (%s); ", low, worst,
             high, best);
    assert_non_null(strstr(whole, expected));
    assert_non_null(strstr(whole, "Not counted: 3 settings that have jobs that are unfinished or lost."));
    assert_non_null(
        strstr(text_at(document, "summary.warnings.2"),
               "clusters 8-10 (protocol report): augment has 9 of 10 jobs finished (1 lost); clusters "
               "14-15 (protocol report): reweight has 9 of 10 jobs finished (1 lost); clusters 3-9 "
               "(protocol report): none has 1 of 10 jobs finished, "));
}

/* What came out is of the whole file whatever is shown, and what is shown is said. */
static void a_filter_is_said_and_changes_no_outcome(void **state)
{
    (void)state;
    static const char filter[] = "clusters=1-27|3-9,strategy=none|augment";
    static const char told[] =
        "Filter clusters=1-27|3-9,strategy=none|augment: 40 of 200 jobs, 2 of 5 strategies";
    static const char whatever[] = "Of all jobs of the file, whatever the filter shows: ";
    json_t *some = document_of(store, filter, &(struct page_data_options){0});
    json_t *whole = at(document, "tables.comparisons"), *part = at(some, "tables.comparisons"), *row, *same;
    const char *outcome = text_at(some, "summary.sentences.1");
    assert_true(json_is_null(at(document, "filter")));
    assert_string_equal(text_at(some, "filter.text"), filter);
    assert_int_equal(json_integer_value(at(some, "filter.of_strategies")), FAKE_STRATEGIES);
    assert_non_null(strstr(text_at(some, "summary.sentences.0"), told));
    assert_non_null(strstr(text_at(some, "tables.final.notes.0"), told));
    assert_non_null(strstr(text_at(some, "tables.comparisons.notes.0"), told));
    assert_true(strncmp(outcome, whatever, strlen(whatever)) == 0);
    assert_string_equal(outcome + strlen(whatever), text_at(document, "summary.sentences.1"));
    assert_int_equal(json_array_size(at(part, "rows")), 2 * 2); /* two pairs of clusters, on test and all */
    size_t i, k, found = 0;
    json_array_foreach(at(part, "rows"), i, row) json_array_foreach(at(whole, "rows"), k, same) found +=
        (size_t)json_equal(row, same);
    assert_int_equal(found, 4);
    json_decref(some);
}

static void a_filter_leaves_its_jobs_only(void **state)
{
    (void)state;
    struct page_data_options options = {.live = 1};
    json_t *some = document_of(store, "clusters=14-15,strategy=augment,seed=3..5", &options);
    float *loss = floats_at(some, "curves.test.loss", 3 * FAKE_EPOCHS);
    assert_int_equal(json_array_size(at(some, "jobs.seed")), 3);
    assert_int_equal(json_integer_value(at(some, "jobs.seed.0")), 3);
    assert_true(loss[2 * FAKE_EPOCHS + 50] == fake_metric(fake_job(1, 4, 4), 50, SET_TEST, METRIC_LOSS));
    assert_true(json_is_true(at(some, "complete")));
    assert_true(json_is_true(at(some, "live")));
    free(loss);
    json_decref(some);
    struct err err = {0};
    char *json = NULL;
    size_t n;
    assert_int_equal(page_data_new(store, "seed=77", &options, &json, &n, &err), E_USAGE);
    assert_null(json);
}

static void pieces_that_are_made_later_are_the_document(struct store *from, const char *filter, int is_begun);

static void a_sweep_without_a_finished_job_has_a_document(void **state)
{
    (void)state;
    struct err err = {0};
    char path[128];
    struct store *waiting = NULL;
    struct page_data_options options = {.live = 1};
    snprintf(path, sizeof path, "%s/waiting.h5", root);
    assert_int_equal(fake_store(path, NULL, FAKE_WAITING | FAKE_AXIS, &err), 0);
    assert_int_equal(store_open(path, &waiting, &err), 0);
    json_t *d = document_of(waiting, NULL, &options);
    float *loss = floats_at(d, "curves.train.loss", FAKE_JOBS * FAKE_EPOCHS);
    assert_true(isnan(loss[0]));
    assert_string_equal(text_at(d, "axes.0.name"), "train.learning_rate");
    assert_true(json_is_true(at(d, "axes.0.is_number")));
    assert_string_equal(text_at(d, "jobs.axis.0.9"), "0.0003");
    assert_string_equal(text_at(d, "jobs.state.0"), "waiting");
    assert_true(json_is_null(at(d, "jobs.started.0")));
    assert_int_equal(json_array_size(at(d, "tables.comparisons.rows")), 0);
    assert_int_equal(json_array_size(at(d, "misclassified")), 0);
    assert_non_null(
        strstr(text_at(d, "summary.sentences.0"), ": clusters 8-10, 14-15, 1-27, 3-9; strategies none, "));
    assert_non_null(strstr(text_at(d, "summary.sentences.1"), "No job is finished"));
    free(loss);
    json_decref(d);
    pieces_that_are_made_later_are_the_document(waiting, NULL, 0);
    store_close(waiting, NULL);
}

/* 1 when a piece has a member with more in it than null, or a table with a row. */
static int says_something(json_t *piece)
{
    const char *name;
    json_t *value, *of = json_object_get(piece, "tables");
    int says = 0;
    json_object_foreach(of ? of : json_object_get(piece, "members"), name, value)
    {
        json_t *rows = json_object_get(value, "rows");
        says |= of ? json_array_size(rows) > 0 : !json_is_null(value);
    }
    return says;
}

/* Of a document that has no room for any piece. */
static void all_that_says_something_is_apart(struct page_data_options *options)
{
    const char *what;
    json_t *value;
    options->most = 1;
    json_decref(document_of(store, NULL, options));
    assert_int_equal(json_array_size(at(document, "tables.leak_inflation.rows")), 0);
    json_object_foreach(options->apart, what, value)
    {
        assert_true(says_something(value));
    }
    assert_true(json_equal(at(options->apart, "scores.tables.scores"), at(document, "tables.scores")));
    assert_true(json_equal(at(options->apart, "cells.members.misclassified"), at(document, "misclassified")));
}

/* What is left out of a document of at most so many bytes is named, and is what comes apart. */
static void a_document_keeps_to_its_size(void **state)
{
    (void)state;
    struct err err = {0};
    char *whole_text = NULL, *text = NULL;
    size_t whole, n;
    struct page_data_options options = {.most = 0, .version = "7"};
    assert_int_equal(page_data_new(store, NULL, &options, &whole_text, &whole, &err), 0);
    options.most = whole / 2;
    options.apart = json_object();
    assert_int_equal(page_data_new(store, NULL, &options, &text, &n, &err), 0);
    assert_true(n <= options.most + 1000); /* names of what is left out */
    json_t *d = parse(text, n), *out = at(d, "left_out"), *name;
    size_t i, of_jobs = 0, later = 0;
    assert_int_equal(json_array_size(at(document, "left_out")), 0);
    assert_true(json_array_size(out) > 0);
    json_array_foreach(out, i, name)
    {
        const char *what = json_string_value(name);
        json_t *piece = json_object_get(options.apart, what);
        later += piece != NULL;
        of_jobs += strcmp(what, "curves") == 0 || strcmp(what, "confusion") == 0;
        assert_true(!piece || strcmp(text_at(piece, "version"), "7") == 0);
        assert_true(!piece || says_something(piece)); /* else who asks for it gets nothing */
    }
    assert_int_equal(later + of_jobs, json_array_size(out));
    assert_int_equal(json_object_size(options.apart), later);
    /* 200 jobs of 100 epochs: curves are most of it. */
    assert_int_equal(json_object_size(at(d, "curves.test")), 0);
    assert_true(json_equal(at(d, "tables.final"), at(document, "tables.final")));
    assert_true(json_equal(at(d, "jobs.judged"), at(document, "jobs.judged")));
    free(text);
    json_object_clear(options.apart);
    all_that_says_something_is_apart(&options);
    json_decref(options.apart);
    json_decref(d);
    free(whole_text);
}

/* What came apart, put where it belongs. */
static void take(json_t *d, json_t *piece)
{
    json_object_update(at(d, "tables"), json_object_get(piece, "tables"));
    json_object_update(at(d, "summary"), json_object_get(piece, "summary"));
    if (json_object_get(piece, "members"))
        json_object_update(d, json_object_get(piece, "members"));
}

static json_t *piece_of(struct page_later *later, const char *name)
{
    struct err err = {0};
    char *json = NULL;
    size_t n = 0;
    if (page_later_piece(later, name, NULL, &json, &n, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    json_t *piece = parse(json, n);
    free(json);
    assert_string_equal(text_at(piece, "version"), "9");
    return piece;
}

static void no_piece_is_of_another_name(struct page_later *later)
{
    static const char *const none[] = {"",          "first",          "final", "curves",
                                       "confusion", "leak_inflation", "tuning"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct err err = {0};
        char *json = NULL;
        size_t n = 0;
        assert_int_equal(page_later_piece(later, none[i], NULL, &json, &n, &err), E_USAGE);
        assert_null(json);
    }
}

/* All but rows of jobs, which are asked for by job. */
static void assert_same_document(json_t *d, json_t *whole)
{
    static const char *const of_jobs[] = {"curves", "confusion", "left_out"};
    for (size_t i = 0; i < 3; i++) {
        json_object_del(d, of_jobs[i]);
        json_object_del(whole, of_jobs[i]);
    }
    const char *name;
    json_t *value;
    json_object_foreach(whole, name, value)
    {
        if (!json_equal(value, json_object_get(d, name)))
            fail_msg("%s differs", name);
    }
    assert_int_equal(json_object_size(d), json_object_size(whole));
}

/* The first part claims nothing of what it lacks, names it, and with it is the whole document; in any order,
 * and whatever part of the file is shown. */
static void pieces_that_are_made_later_are_the_document(struct store *from, const char *filter, int is_begun)
{
    struct err err = {0};
    struct page_later *later = NULL;
    struct page_data_options options = {.live = 1, .version = "9"};
    char *json = NULL;
    size_t n = 0, i;
    json_t *whole = document_of(from, filter, &options), *name;
    if (page_later_new(from, filter, &options, &later, &json, &n, &err) < 0)
        fail_msg("%s", err.text);
    json_t *d = parse(json, n), *out = at(d, "left_out");
    assert_true(is_begun ? json_array_size(out) > 10 : json_array_size(out) == 2); /* rows of jobs */
    assert_true(is_begun == !json_object_get(at(d, "tables"), "scores"));
    assert_true(is_begun == !json_object_get(at(d, "tables"), "comparisons"));
    assert_true(is_begun == !json_object_get(at(d, "summary"), "cost"));
    assert_true(is_begun == !json_object_get(d, "suspects"));
    assert_int_equal(json_object_size(at(d, "curves.test")), 0);
    assert_true(json_equal(at(d, "glance"), at(whole, "glance")));
    no_piece_is_of_another_name(later);
    json_array_foreach(out, i, name)
    {
        const char *what = json_string_value(json_array_get(out, json_array_size(out) - 1 - i));
        json_t *piece =
            strcmp(what, "curves") && strcmp(what, "confusion") ? piece_of(later, what) : json_object();
        take(d, piece);
        json_decref(piece);
    }
    assert_same_document(d, whole);
    page_later_free(later);
    free(json);
    json_decref(d);
    json_decref(whole);
}

static void pieces_of_all_jobs_are_the_document(void **state)
{
    (void)state;
    pieces_that_are_made_later_are_the_document(store, NULL, 1);
}

static void pieces_of_some_jobs_are_the_document(void **state)
{
    (void)state;
    pieces_that_are_made_later_are_the_document(store, "clusters=8-10|14-15,strategy=none|focal", 1);
}

/* One of mean, low and high, as the document has it in so many steps of the largest of its group. */
static void is_step_of(unsigned step, double value, double most)
{
    if (isnan(value))
        assert_int_equal(step, 65535);
    else
        assert_true(step <= 65534 && fabs(step * most / 65534 - value) <= 0.5001 * most / 65534);
}

static void means_are_the_summarys(json_t *d, const struct summary *summary, enum image_set set,
                                   enum metric metric)
{
    char path[96];
    size_t bytes, e = (size_t)summary->n_epochs;
    snprintf(path, sizeof path, "curve_means.%s %s.most", image_set_names[set], metric_names[metric]);
    float *most = floats_at(d, path, (size_t)summary->n_groups);
    snprintf(path, sizeof path, "curve_means.%s %s.values", image_set_names[set], metric_names[metric]);
    uint16_t *step = (void *)unbase64(text_at(d, path), &bytes);
    assert_int_equal(bytes, (size_t)summary->n_groups * 3 * e * sizeof *step);
    for (size_t g = 0; g < (size_t)summary->n_groups; g++)
        for (size_t k = 0; k < e; k++) {
            const struct stats_summary *s = &summary->group[g].curve[set][metric][k];
            is_step_of(step[g * 3 * e + k], s->mean, (double)most[g]);
            is_step_of(step[g * 3 * e + e + k], s->low, (double)most[g]);
            is_step_of(step[g * 3 * e + 2 * e + k], s->high, (double)most[g]);
        }
    free(most);
    free(step);
}

/* Whom nobody can ask for the curves of jobs has the means of groups, before single rows of anything. */
static void a_small_file_keeps_means_of_curves(void **state)
{
    (void)state;
    struct err err = {0};
    struct summary *summary = NULL;
    char *text = NULL;
    size_t n;
    struct page_data_options options = {.most = 0};
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    assert_int_equal(page_data_new(store, NULL, &options, &text, &n, &err), 0);
    options.most = n + 1000;
    free(text);
    json_t *d = document_of(store, NULL, &options);
    assert_int_equal(json_array_size(at(d, "left_out")), 0);
    assert_null(json_object_get(d, "curve_means")); /* the curves are there */
    json_decref(d);
    options.most = n / 2;
    d = document_of(store, NULL, &options);
    assert_int_equal(json_object_size(at(d, "curves.test")), 0);
    for (int m = METRIC_LOSS; m <= METRIC_BALANCED_ACCURACY; m++) {
        means_are_the_summarys(d, summary, SET_TRAIN, (enum metric)m);
        means_are_the_summarys(d, summary, SET_TEST, (enum metric)m);
    }
    json_decref(d);
    options.most = 1;
    d = document_of(store, NULL, &options);
    assert_null(json_object_get(d, "curve_means"));
    json_decref(d);
    summary_free(summary);
}

static void judged_numbers_are_those_of_the_judged_epoch(void **state)
{
    (void)state;
    float *loss = floats_at(document, "jobs.judged.loss", FAKE_JOBS),
          *curve = floats_at(document, "curves.test.loss", FAKE_JOBS * FAKE_EPOCHS);
    json_t *epoch = at(document, "jobs.judged_epoch");
    for (size_t j = 0; j < FAKE_JOBS; j++) {
        json_int_t e = json_integer_value(json_array_get(epoch, j));
        assert_true(e > 0 ? loss[j] == curve[j * FAKE_EPOCHS + (size_t)e - 1] : (int)isnan(loss[j]));
    }
    free(loss);
    free(curve);
}

/* ---- what must not happen to a page ---- */

static json_t *parse_page(const char *page)
{
    static const char open[] = "<script type=\"application/json\" id=\"cellsweep-data\">";
    const char *begin = strstr(page, open), *end;
    assert_non_null(begin);
    begin += strlen(open);
    end = strstr(begin, "</script");
    assert_non_null(end);
    assert_string_equal(end, "</script></body>");
    return parse(begin, (size_t)(end - begin));
}

static void texts_cannot_leave_their_script(void **state)
{
    (void)state;
    static const char evil[] = "</script><script>alert(1)</script><!-- \xe2\x80\xa8 \x01 cut \xc3";
    struct err err = {0};
    struct fixture *f = fixture_new(2, 2, 0);
    struct store *bad = NULL;
    struct store_mark mark = {
        .state = JOB_FAILED, .attempts = 3, .started = 1763860000.25, .finished = nan("")};
    struct page_data_options options = {.data = NULL};
    char path[128], *json = NULL, *page = NULL;
    size_t n, size;
    snprintf(path, sizeof path, "%s/evil.h5", root);
    mark.message = evil;
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &bad, &err), 0);
    assert_int_equal(store_write_mark(bad, 1, &mark, &err), 0);
    store_close(bad, NULL);
    assert_int_equal(store_open(path, &bad, &err), 0);
    assert_int_equal(page_data_new(bad, NULL, &options, &json, &n, &err), 0);
    FILE *file = open_memstream(&page, &size);
    page_fill(file, "<body><!--cellsweep-data--></body>", json, n);
    fclose(file);
    json_t *d = parse_page(page);
    assert_string_equal(text_at(d, "jobs.message.1"), "</script><script>alert(1)</script><!-- ?   cut ?");
    assert_true(json_real_value(at(d, "jobs.started.1")) == 1763860000.25);
    assert_null(strstr(page, "<!--"));
    json_decref(d);
    free(page);
    free(json);
    store_close(bad, NULL);
    fixture_free(f);
}

static void a_served_page_asks_for_its_data(void **state)
{
    (void)state;
    char *page = NULL;
    size_t size;
    FILE *file = open_memstream(&page, &size);
    page_fill(file, "<head><!--cellsweep-data--><p>", NULL, 0);
    fclose(file);
    assert_string_equal(page, "<head><meta name=\"cellsweep-mode\" content=\"serve\"><p>");
    free(page);
}

/* ---- misjudged images: 2 classes, jobs that judge three images each ---- */

/* The first n_done of three jobs have ended. *fixture: what it was made from, its 12 images of 8 x 8 pixels
 * all different; freed by the caller. */
static struct store *judged_store(struct fixture **fixture, int n_done)
{
    struct fixture *f = *fixture = fixture_new(3, 1, 0);
    struct err err = {0};
    struct store *judged = NULL;
    char path[128];
    snprintf(path, sizeof path, "%s/judged.h5", root);
    for (int j = 0; j < 3; j++) {
        f->job[j] = fixture_job(1, 3);
        f->job[j].seed = j;
        snprintf(f->job[j].key, sizeof f->job[j].key, "%032x", (unsigned)j + 1);
    }
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &judged, &err), 0);
    judged_write(judged, 0, 0, 3, (const int[3]){0, 7, 8}, (const float[3]){0.75f, 0.25f, 0.875f});
    judged_write(judged, 1, 0, 3, (const int[3]){0, 8, 8}, (const float[3]){0.5625f, 0.4375f, 0.25f});
    if (n_done > 2)
        judged_write(judged, 2, 0, 3, (const int[3]){1, 2, 11}, (const float[3]){0.25f, 0.125f, NAN});
    store_close(judged, NULL);
    assert_int_equal(store_open(path, &judged, &err), 0);
    for (int p = 0; p < 12 * 64; p++)
        f->data->pixels[p] = (float)((p * 7 + p / 64 * 13) % 256) / 255.0f;
    return judged;
}

static void assert_row(const struct misjudged_image *row, int image, int judged, int wrong, double p_true,
                       int predicted)
{
    assert_int_equal(row->image, image);
    assert_int_equal(row->judged, judged);
    assert_int_equal(row->wrong, wrong);
    assert_int_equal(row->predicted, predicted);
    if (isnan(p_true))
        assert_true(isnan(row->p_true));
    else
        assert_true(fabs(row->p_true - p_true) < 1e-7);
}

static void images_taken_for_another_cluster_are_found(void **state)
{
    (void)state;
    struct err err = {0};
    struct fixture *f;
    struct store *judged = judged_store(&f, 3);
    struct summary *summary = NULL;
    struct misjudged *m = NULL;
    assert_int_equal(summary_new(judged, NULL, &summary, &err), 0);
    assert_int_equal(misjudged_new(judged, summary, 40, 400, &m, &err), 0);
    assert_int_equal(m->n, 4);
    assert_row(&m->row[0], 0, 2, 2, 0.34375, 10);                    /* twice wrong */
    assert_row(&m->row[1], 7, 1, 1, 0.25, 8);                        /* once wrong */
    assert_row(&m->row[2], 11, 1, 1, nan(""), -1);                   /* as often, but without a number */
    assert_row(&m->row[3], 8, 3, 2, (0.875 + 0.4375 + 0.25) / 3, 8); /* two copies of it in one job */
    misjudged_free(m);
    assert_int_equal(misjudged_new(judged, summary, 2, 400, &m, &err), 0);
    assert_int_equal(m->n, 2);
    assert_int_equal(m->row[1].n_wrong, 4); /* what has no row is counted */
    misjudged_free(m);
    assert_int_equal(misjudged_new(judged, summary, 40, 3, &m, &err), 0);
    assert_int_equal(m->n, 3);
    misjudged_free(m);
    summary_free(summary);
    store_close(judged, NULL);
    fixture_free(f);
}

/* The sheet against the images it was made from. */
static void cells_are_the_images(void **state)
{
    (void)state;
    static const char head[] = "data:image/png;base64,";
    static const int shown[] = {0, 7, 8, 11};
    struct err err = {0};
    struct fixture *f;
    struct store *judged = judged_store(&f, 3);
    struct page_data_options options = {.data = f->data};
    json_t *d = document_of(judged, NULL, &options), *cells = at(d, "cells");
    struct image sheet;
    size_t n;
    unsigned char *png = unbase64(text_at(cells, "sprite") + strlen(head), &n);
    assert_int_equal(strncmp(text_at(cells, "sprite"), head, strlen(head)), 0);
    assert_int_equal(image_read_memory(png, n, "sheet", IMAGE_MAX_SIDE, &sheet, &err), 0);
    assert_int_equal(json_integer_value(at(cells, "size")), 8);
    assert_int_equal(json_integer_value(at(cells, "columns")), 32);
    assert_int_equal(sheet.width, 32 * 8);
    assert_int_equal(json_array_size(at(cells, "image")), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(json_integer_value(json_array_get(at(cells, "image"), (size_t)i)), shown[i]);
        for (int p = 0; p < 64; p++)
            assert_true(fabsf(sheet.pixels[p / 8 * sheet.width + 8 * i + p % 8] -
                              f->data->pixels[64 * shown[i] + p]) < 0.001f);
    }
    assert_string_equal(text_at(cells, "id.1"), "cell_7");
    assert_int_equal(json_integer_value(at(cells, "cluster.1")), 10);
    assert_int_equal(json_integer_value(at(d, "misclassified.0.predicted")), 10);
    assert_int_equal(json_integer_value(at(d, "misclassified.0.n_wrong")), 4);
    assert_true(json_is_null(at(document, "cells")));
    image_release(&sheet);
    free(png);
    json_decref(d);
    store_close(judged, NULL);
    fixture_free(f);
}

static int make_document(void **state)
{
    (void)state;
    struct err err = {0};
    struct page_data_options options = {.data = NULL};
    assert_int_equal(scratch_make(root, sizeof root), 0);
    snprintf(results, sizeof results, "%s/fake.h5", root);
    if (fake_store(results, NULL, 0, &err) < 0 || store_open(results, &store, &err) < 0)
        fail_msg("%s", err.text);
    document = document_of(store, NULL, &options);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    char command_line[128];
    json_decref(document);
    store_close(store, NULL);
    snprintf(command_line, sizeof command_line, "rm -rf %s", root);
    return system(command_line) == 0 ? 0 : -1;
}

static struct page_later *begin_later(struct store *from, char **first)
{
    struct err err = {0};
    struct page_later *later = NULL;
    struct page_data_options options = {.live = 1, .version = "9"};
    size_t n;
    if (page_later_new(from, NULL, &options, &later, first, &n, &err) < 0)
        fail_msg("%s", err.text);
    return later;
}

/* All pieces that a first part names, by name. */
static json_t *pieces_of(struct page_later *later, const char *first)
{
    json_t *d = parse(first, strlen(first)), *out = at(d, "left_out"), *name, *all = json_object();
    size_t i;
    json_array_foreach(out, i, name)
    {
        const char *what = json_string_value(name);
        if (strcmp(what, "curves") && strcmp(what, "confusion"))
            json_object_set_new(all, what, piece_of(later, what));
    }
    json_decref(d);
    return all;
}

/* How many pieces are not those of `before`, with all of `same` being them. */
static int count_changed(json_t *before, struct page_later *same, struct page_later *newer)
{
    const char *what;
    json_t *piece;
    int changed = 0;
    json_object_foreach(before, what, piece)
    {
        json_t *late = piece_of(same, what), *new = piece_of(newer, what);
        if (!json_equal(piece, late))
            fail_msg("%s has what ended since", what);
        changed += !json_equal(piece, new);
        json_decref(late);
        json_decref(new);
    }
    return changed;
}

/* What was finished when the first part was made, not what has been since. */
static void pieces_are_of_the_moment_of_the_first_part(void **state)
{
    (void)state;
    struct err err = {0};
    struct fixture *f;
    struct store *judged = judged_store(&f, 2);
    char *first[3] = {NULL}, path[128];
    snprintf(path, sizeof path, "%s", store_path(judged));
    store_close(judged, NULL);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &judged, &err), 0);
    struct page_later *before = begin_later(judged, &first[0]), *after = begin_later(judged, &first[1]);
    assert_string_equal(first[0], first[1]);
    json_t *early = pieces_of(before, first[0]);
    judged_write(judged, 2, 0, 3, (const int[3]){1, 2, 11}, (const float[3]){0.25f, 0.125f, 0.5f});
    assert_int_equal(store_refresh(judged, &err), 0);
    struct page_later *newer = begin_later(judged, &first[2]);
    assert_true(count_changed(early, after, newer) >= 4); /* scores, cells and calibration tell of the job */
    page_later_free(before);
    page_later_free(after);
    page_later_free(newer);
    for (int i = 0; i < 3; i++)
        free(first[i]);
    json_decref(early);
    store_close(judged, NULL);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(curves_are_the_stores),
                                       cmocka_unit_test(jobs_are_the_stores),
                                       cmocka_unit_test(confusion_is_the_stores),
                                       cmocka_unit_test(the_head_says_what_it_is),
                                       cmocka_unit_test(the_headline_counts_plainly),
                                       cmocka_unit_test(published_curves_are_where_they_belong),
                                       cmocka_unit_test(tables_are_those_of_the_report),
                                       cmocka_unit_test(no_table_is_forgotten),
                                       cmocka_unit_test(cells_are_the_images),
                                       cmocka_unit_test(the_outcome_says_how_much),
                                       cmocka_unit_test(a_filter_is_said_and_changes_no_outcome),
                                       cmocka_unit_test(a_filter_leaves_its_jobs_only),
                                       cmocka_unit_test(a_sweep_without_a_finished_job_has_a_document),
                                       cmocka_unit_test(a_document_keeps_to_its_size),
                                       cmocka_unit_test(pieces_of_all_jobs_are_the_document),
                                       cmocka_unit_test(pieces_of_some_jobs_are_the_document),
                                       cmocka_unit_test(a_small_file_keeps_means_of_curves),
                                       cmocka_unit_test(judged_numbers_are_those_of_the_judged_epoch),
                                       cmocka_unit_test(texts_cannot_leave_their_script),
                                       cmocka_unit_test(a_served_page_asks_for_its_data),
                                       cmocka_unit_test(images_taken_for_another_cluster_are_found),
                                       cmocka_unit_test(pieces_are_of_the_moment_of_the_first_part)};
    return cmocka_run_group_tests(tests, make_document, remove_all);
}
