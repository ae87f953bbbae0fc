/* Verdicts of compare.h and the sentences of headline.h that are made from them, on files of a few jobs
 * each. */
#include "stats/compare.h"

#include "tables/cost.h"
#include "tables/findings_pages.h"
#include "tables/headline.h"
#include "paper/published.h"
#include "support/compared.h"
#include "support/small_store.h"

/* How often tables ask whether something published belongs beside a cell. */
static int n_asked;
#define published_compares(store, job) (n_asked++, published_compares(store, job))
#include "tables/tables.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

enum { MAX_JOBS = 2000, TEXT = 4096 };

static struct small_job *job;
static int n_jobs;
static char path[64];
static const char *resolved = "";
static struct err err;
static struct store *store;
static struct summary *summary;
static struct findings *findings;

/* ---- a file from jobs ---- */

static struct small_job *add(const char *clusters, const char *strategy, const char *protocol, int seed,
                             double balanced)
{
    struct small_job *j = &job[n_jobs++];
    assert_true(n_jobs <= MAX_JOBS);
    memset(j, 0, sizeof *j);
    strcpy(j->row.clusters, clusters);
    strcpy(j->row.strategy, strategy);
    strcpy(j->row.protocol, protocol);
    j->row.seed = seed;
    j->state = JOB_DONE;
    j->n = 2;
    j->balanced = balanced;
    return j;
}

/* Seeds 1 to n of a strategy: base, and a sixteenth more for every bit that pattern has for the seed. */
static void add_seeds(const char *clusters, const char *strategy, const char *protocol, int n, double base,
                      unsigned pattern)
{
    for (int s = 0; s < n; s++)
        add(clusters, strategy, protocol, s + 1, base + (pattern >> s & 1) / 16.0);
}

/* Write what was added and find what can be found of what the filter shows. */
static void find(const char *const *axis, int n_axes, const char *filter)
{
    assert_int_equal(small_store(path, job, n_jobs, 2, axis, n_axes, resolved, &err), 0);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_read(store, filter, &summary, &err), 0);
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_compare.XXXXXX");
    int file = mkstemp(path);
    job = calloc(MAX_JOBS, sizeof *job);
    n_jobs = 0;
    resolved = "";
    return file < 0 || close(file) < 0 || !job ? -1 : 0;
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
    free(job);
    return unlink(path);
}

static const struct compare_row *row_of(enum replicates_set on, const char *a, const char *b)
{
    const struct compare *c = findings->compared[FACTOR_STRATEGY][on];
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->row[i].a->cell->strategy, a) == 0 && strcmp(c->row[i].b->cell->strategy, b) == 0)
            return &c->row[i];
    fail_msg("%s and %s were not compared", a, b);
    return NULL;
}

static const char *outcome(char text[TEXT])
{
    FILE *file = fmemopen(text, TEXT, "w");
    headline_outcome(file, findings);
    fclose(file);
    return text;
}

static const char *cost(char text[TEXT])
{
    FILE *file = fmemopen(text, TEXT, "w");
    cost_sentence(file, findings);
    fclose(file);
    return text;
}

static const char *warnings(char text[TEXT])
{
    FILE *file = fmemopen(text, TEXT, "w");
    headline_warnings(file, findings);
    fclose(file);
    return text;
}

static const char *page(char text[TEXT], int which)
{
    FILE *file = fmemopen(text, TEXT, "w");
    struct csv_out csv = {.file = file};
    findings_pages[which].csv(&csv, findings);
    fclose(file);
    return text;
}

static void assert_says(const char *text, const char *expected)
{
    if (!strstr(text, expected))
        fail_msg("'%s' does not say '%s'", text, expected);
}

static void assert_silent(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("'%s' says '%s'", text, unwanted);
}

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", x, expected);
}

/* ---- differences that do not vary ---- */

static int original[4] = {54, 0, 0, 6}; /* 60 originals; n_test is 1 */

static void add_holdout(const char *strategy, double base, unsigned pattern)
{
    int from = n_jobs;
    add_seeds("1-2", strategy, "holdout", 10, base, pattern);
    for (int j = from; j < n_jobs; j++)
        job[j].all = original;
}

static void the_largest_effect_is_significant(void **state)
{
    (void)state;
    char text[TEXT];
    add_holdout("none", 0.5, 0);
    add_holdout("oversample", 1, 0);
    add_holdout("reweight", 0.75, 0x155);
    find(NULL, 0, NULL);
    const struct compare_row *row = row_of(REPLICATES_TEST, "oversample", "none");
    assert_near(row->contrast.mean, 0.5); /* what gains on none is above 0 */
    assert_near(row->contrast.p, 2.0 / 1024);
    assert_near(row->contrast.smallest_p, 2.0 / 1024);
    assert_near(row->contrast.low, 0.5);
    assert_string_equal(row->contrast.method, "sign flip, no spread");
    assert_int_equal(row->family, 3);
    assert_int_equal(row->verdict, VERDICT_BETTER);
    assert_string_equal(row_of(REPLICATES_TEST, "reweight", "none")->contrast.method,
                        "corrected resampled t");
    assert_says(outcome(text), "in 1 of 1 setting one strategy is significantly better than every other: "
                               "oversample for clusters 1-2 (protocol holdout), 10 pairs of runs");
}

/* 0.7 - 0.2 and 0.8 - 0.3 differ by what single precision does: no t of a million. */
static void rounding_is_no_spread(void **state)
{
    (void)state;
    struct replicate a[6], b[6];
    struct replicates_group first = {6, a, 0.25, 0x1p-24}, second = {6, b, 0.25, 0x1p-24};
    struct contrast c;
    for (int s = 0; s < 6; s++) {
        a[s] = (struct replicate){s, 0, 0, (double)(0.2f + 0.1f * (float)s), 0};
        b[s] = (struct replicate){s, 0, 0, (double)(float)(0.7 + 0.1 * s), 0};
    }
    assert_int_equal(contrast_paired(&first, &second, &c, &err), 0);
    assert_near(c.p, 2.0 / 64);
    for (int s = 0; s < 6; s++)
        b[s].value = a[s].value + 1e-8 * (s + 1);
    assert_int_equal(contrast_paired(&first, &second, &c, &err), 0);
    assert_near(c.p, 1);
}

/* Two repeats of 0.5 against three of 1: one of the 10 ways to deal them; two against two: two of 6. */
static void sides_without_spread_are_dealt(void **state)
{
    (void)state;
    struct replicate a[2] = {{1, 0, 0, 0.5, 0}, {1, 1, 0, 0.5, 0}},
                     b[3] = {{7, 0, 0, 1, 0}, {7, 1, 0, 1, 0}, {7, 2, 0, 1, 0}};
    struct replicates_group first = {2, a, (double)NAN, 0}, second = {3, b, (double)NAN, 0};
    struct contrast c;
    assert_int_equal(contrast_by_seed(&first, &second, &c, &err), 0);
    assert_near(c.p, 0.1);
    assert_near(c.mean_second, 1);
    second.n = 2;
    assert_int_equal(contrast_by_seed(&first, &second, &c, &err), 0);
    assert_near(c.p, 2.0 / 6);
}

/* Six seeds that drew three splits, twice each: three differences, 0.1, 0.3 and 0.5; also against a side
 * that drew six. */
static void runs_of_one_split_are_one_pair(void **state)
{
    (void)state;
    struct replicate a[6], b[6];
    struct replicates_group first = {6, a, (double)NAN, 0}, second = {6, b, (double)NAN, 0};
    struct contrast c, d;
    for (int s = 0; s < 6; s++) {
        uint64_t split = (uint64_t)(s % 3 + 1);
        a[s] = (struct replicate){s, 0, 0, 0.5 + 0.2 * (s % 3) + 0.1 * (s / 3), split};
        b[s] = (struct replicate){s, 0, 0, 0.4 + 0.1 * (s / 3), split};
    }
    assert_int_equal(contrast_paired(&first, &second, &c, &err), 0);
    assert_int_equal(c.n, 3);
    assert_near(c.mean, 0.3);
    assert_near(c.mean_first, 0.75);
    assert_near(c.p_sign_flip, 0.25);
    for (int s = 0; s < 6; s++)
        b[s].split = 0;
    assert_int_equal(contrast_by_seed(&first, &second, &d, &err), 0);
    assert_int_equal(d.n, 3);
    assert_near(d.mean, 0.3);
    for (int s = 0; s < 6; s++)
        a[s].split = 0;
    assert_int_equal(contrast_paired(&first, &second, &c, &err), 0);
    assert_int_equal(c.n, 6);
    assert_near(c.p_sign_flip, 2.0 / 64);
}

/* ---- values that are equal ---- */

/* Differences of recalls in ninths, in 18ths -1 0 3 1 -2 1: in single precision 48, not 52, of 64 sign
 * patterns are as far from 0. Wilcoxon's ranks are 2 5 2 4 2, 9 of them of one sign: 9 or more in 13 of 32.
 * */
static int ninths[2][6][4] = {
    {{9, 0, 9, 0}, {9, 0, 6, 3}, {7, 2, 4, 5}, {9, 0, 8, 1}, {8, 1, 5, 4}, {1, 8, 0, 9}},
    {{9, 0, 8, 1}, {9, 0, 6, 3}, {8, 1, 8, 1}, {9, 0, 9, 0}, {7, 2, 2, 7}, {9, 0, 9, 0}}};

static void add_ninths(void)
{
    for (int j = 0; j < 12; j++)
        add("8-10", j < 6 ? "none" : "smote", "holdout", j % 6 + 1, 0)->test = ninths[j / 6][j % 6];
}

static void assert_ninths(const struct contrast *c)
{
    assert_int_equal(c->n, 6);
    assert_near(c->p_sign_flip, 0.8125);
    assert_near(c->p_wilcoxon, 26.0 / 32);
}

static void equal_values_of_the_test_set_tie(void **state)
{
    (void)state;
    struct compare *accuracy = NULL;
    add_ninths();
    find(NULL, 0, NULL);
    assert_ninths(&row_of(REPLICATES_TEST, "smote", "none")->contrast);
    assert_int_equal(
        compared_by(store, summary, FACTOR_STRATEGY, "accuracy", REPLICATES_TEST, &accuracy, &err), 0);
    assert_ninths(&accuracy->row[0].contrast);
    compare_free(accuracy);
}

/* The same where nothing but single precision is stored. */
static void stored_metrics_tie_up_to_their_rounding(void **state)
{
    (void)state;
    struct replicates *loss = NULL, *share = NULL;
    struct replicate a[6], b[6];
    struct contrast c;
    add_ninths();
    find(NULL, 0, NULL);
    assert_int_equal(replicates_new(store, summary, "loss", REPLICATES_TEST, &loss, &err), 0);
    assert_int_equal(replicates_new(store, summary, "balanced_accuracy", REPLICATES_TEST, &share, &err), 0);
    assert_true(share->group[0].rounding == 0);
    struct replicates_group first = {6, a, (double)NAN, loss->group[0].rounding}, second = first;
    second.replicate = b;
    for (int s = 0; s < 6; s++) {
        a[s] = (struct replicate){s, 0, 0, (double)(float)share->group[0].replicate[s].value, 0};
        b[s] = (struct replicate){s, 0, 0, (double)(float)share->group[1].replicate[s].value, 0};
    }
    assert_int_equal(contrast_paired(&first, &second, &c, &err), 0);
    assert_ninths(&c);
    replicates_free(loss);
    replicates_free(share);
}

/* Means of the same folds, added in another order, are equal: a difference that Wilcoxon drops. */
static void means_tie_whatever_the_order_of_folds(void **state)
{
    (void)state;
    struct replicate a[9], b[9];
    struct replicates_group first = {9, a, (double)NAN, 0}, second = {9, b, (double)NAN, 0};
    struct contrast c;
    for (int i = 0; i < 9; i++) {
        a[i] = (struct replicate){i / 3, 0, i % 3, 0.1 * (i % 3 + 1), 0};
        b[i] = (struct replicate){i / 3, 0, i % 3, 0.1 * (3 - i % 3) - 0.1 * (i / 3), 0};
    }
    assert_true((0.1 + 0.2) + 0.3 != (0.3 + 0.2) + 0.1);
    assert_int_equal(contrast_by_seed(&first, &second, &c, &err), 0);
    assert_near(c.p_wilcoxon, 0.5); /* two differences are left */
}

/* 0.51 is within 0.05 of 0.56, though not in double precision. */
static void a_claim_holds_on_the_edge_of_its_margin(void **state)
{
    (void)state;
    static int edge[4] = {51, 49, 49, 51};
    add_seeds("1-27", "reweight", "report", 10, 0.5, 0x155);
    for (int j = 0; j < n_jobs; j++)
        job[j].all = edge;
    find(NULL, 0, NULL);
    assert_true(0.51 - 0.56 < -claims_margin);
    for (int i = 0; i < findings->claims->n; i++)
        if (strcmp(findings->claims->row[i].claim->text, "reweighting of 1-27 has 0.56 on the originals") ==
            0) {
            assert_int_equal(findings->claims->row[i].outcome, CLAIM_HOLDS);
            return;
        }
    fail_msg("the claim was not tested");
}

/* ---- families ---- */

/* Lost jobs leave 8, 8 and 6 pairs: Bonferroni's limit of 6 pairs is above 0.05, Holm's last step is not. */
static void holm_reaches_what_bonferroni_does_not(void **state)
{
    (void)state;
    char text[96];
    add_seeds("1-2", "a", "report", 10, 0.5, 0x0f3);
    add_seeds("1-2", "b", "report", 10, 0.75, 0x2a5);
    add_seeds("1-2", "c", "report", 10, 0.25, 0x31c);
    job[8].state = job[9].state = job[10].state = job[11].state = JOB_DIVERGED;
    find(NULL, 0, NULL);
    const struct compare_row *row = row_of(REPLICATES_TEST, "a", "b");
    assert_int_equal(row->contrast.n, 6);
    assert_near(row->p_holm, 2.0 / 64);
    assert_int_equal(row->verdict, VERDICT_WORSE);
    compare_verdict_text(text, sizeof text, row, "better", "worse");
    assert_string_equal(text, "worse (jobs were lost)");
}

/* Five pairs reach 2 / 2^5 alone: no data could be evidence. */
static void few_pairs_of_a_kind_cannot(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 5, 0.5, 3);
    add_seeds("1-2", "b", "report", 5, 0.75, 9);
    find(NULL, 0, NULL);
    assert_int_equal(row_of(REPLICATES_TEST, "a", "b")->verdict, VERDICT_IMPOSSIBLE);
    assert_says(outcome(text), ", and with so few runs none could be.");
}

/* a beats b, but c is as good. Showing a and b alone makes no winner, and hides no comparison that counts. */
static void a_filter_makes_no_winner(void **state)
{
    (void)state;
    char all[TEXT], some[TEXT];
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 10, 0.5, 0x0f3);
    add_seeds("1-2", "c", "report", 10, 0.75, 0x12d);
    find(NULL, 0, NULL);
    outcome(all);
    double p_holm = row_of(REPLICATES_TEST, "a", "b")->p_holm;
    findings_free(findings);
    summary_free(summary);
    assert_int_equal(summary_read(store, "strategy=a|b", &summary, &err), 0);
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
    assert_near(row_of(REPLICATES_TEST, "a", "b")->p_holm, p_holm);
    assert_int_equal(row_of(REPLICATES_TEST, "a", "b")->family, 3);
    assert_says(outcome(some), "in none of 1 setting is one strategy better than every other");
    assert_says(some, all);
    assert_says(page(some, FINDINGS_COMPARISONS), "test,balanced_accuracy,1+2,report,cnn,a,b,");
    assert_silent(some, ",b,c,");
    assert_says(page(some, FINDINGS_RANKINGS), ",b,");
    assert_silent(some, ",c,");
}

/* 40 settings of equals, one of which is "significant" by itself: not in a sentence about all of them. */
static void a_sentence_is_adjusted_for_its_settings(void **state)
{
    (void)state;
    char text[TEXT], clusters[16];
    for (int k = 0; k < 40; k++) {
        snprintf(clusters, sizeof clusters, "%d-%d", k + 1, k + 2);
        add_seeds(clusters, "a", "report", 8, 0.5, k == 7 ? 0xff : 0x55);
        add_seeds(clusters, "b", "report", 8, k == 7 ? 0.25 : 0.5, 0x33);
    }
    find(NULL, 0, NULL);
    assert_says(outcome(text),
                "no difference between strategies is significant (40 comparisons in all settings "
                "together, Holm-adjusted p < 0.05)");
    assert_says(text,
                " Taken setting by setting, 1 of 40 settings has a significant difference; up to 2 of 40 may "
                "have one by chance.");
}

/* The same of what rebalancing gains: the setting that differs by itself is said to, and no more. */
static void a_gain_is_adjusted_for_its_settings(void **state)
{
    (void)state;
    char text[TEXT], clusters[16];
    for (int k = 0; k < 40; k++) {
        snprintf(clusters, sizeof clusters, "%d-%d", k + 1, k + 2);
        add_seeds(clusters, "none", "report", 8, k == 7 ? 0.25 : 0.5, 0x33);
        add_seeds(clusters, "b", "report", 8, 0.5, k == 7 ? 0xff : 0x55);
    }
    find(NULL, 0, NULL);
    assert_int_equal(cost_n_settings(findings), 40);
    assert_says(
        cost(text),
        "No strategy is shown to gain balanced accuracy over none, or to cost Brier score (40 "
        "comparisons a score, in all settings together, Holm-adjusted p < 0.05), and with so few "
        "runs none could be. Taken setting by setting, balanced accuracy differs from that of none in "
        "1 and the Brier score in 0 of 40; "
        "up to 2 of each may by chance.\n");
}

static void a_gain_in_every_setting_is_no_chance(void **state)
{
    (void)state;
    char text[TEXT], clusters[16];
    for (int k = 0; k < 3; k++) {
        snprintf(clusters, sizeof clusters, "%d-%d", k + 1, k + 2);
        add_seeds(clusters, "none", "report", 10, 0.25, 0x133);
        add_seeds(clusters, "b", "report", 10, 0.5, 0x133);
    }
    find(NULL, 0, NULL);
    assert_says(cost(text),
                "Against none, over 3 settings: b gained balanced accuracy in 3 (mean of all +0.250) (3 "
                "comparisons a score, in all settings together, Holm-adjusted p < 0.05).\n");
}

static void leak_families_are_those_of_the_same_data(void **state)
{
    (void)state;
    static const char *const axis[] = {"train.batch"}, *const value[] = {"16", "32"};
    for (int k = 0; k < 8; k++)
        for (int s = 0; s < 10; s++) {
            const char *protocol = k % 4 == 0   ? "report"
                                   : k % 4 == 1 ? "kfold:5"
                                   : k % 4 == 2 ? "kfold:9"
                                                : "holdout";
            struct small_job *j = add("1-2", "a", protocol, s + 1, 0.5 + (k * 7 + s * 3) % 5 / 16.0);
            strcpy(j->row.axis[0], value[k / 4]);
        }
    find(axis, 1, NULL);
    assert_int_equal(findings->leak->n,
                     4); /* against each kfold, not holdout, within each value of the axis */
    for (int i = 0; i < 4; i++) {
        const struct compare_row *row = &findings->leak->row[i];
        assert_int_equal(row->family, 2);
        assert_string_equal(row->a->cell->axis[0], row->b->cell->axis[0]);
        assert_string_equal(row->b->cell->protocol, i % 2 ? "kfold:9" : "kfold:5");
    }
}

/* A split that ignores slides, or animals, against those that keep them together: by seeds, whatever the
 * protocol, in the family of all rows of these data. */
static void what_shared_groups_feign_is_a_row(void **state)
{
    (void)state;
    static const char *const axis[] = {"groups"}, *const value[] = {"none", "slide", "animal"};
    char text[TEXT];
    for (int k = 0; k < 6; k++)
        for (int s = 0; s < 10; s++) {
            double score = (k % 3 == 0 ? 0.75 : 0.5) + (k * 7 + s * 3) % 3 / 16.0;
            struct small_job *j = add("1-2", "a", k / 3 ? "kfold:5" : "holdout", s + 1, score);
            strcpy(j->row.axis[0], value[k % 3]);
            j->image = s;
        }
    find(axis, 1, NULL);
    assert_int_equal(findings->leak->n, 4);
    for (int i = 0; i < 4; i++) {
        const struct compare_row *row = &findings->leak->row[i];
        assert_int_equal(row->by_groups, 1);
        assert_int_equal(row->family, 4);
        assert_string_equal(row->a->cell->protocol, row->b->cell->protocol);
        assert_string_equal(row->a->cell->axis[0], "none");
        assert_string_equal(row->b->cell->axis[0], value[i % 2 + 1]);
        assert_int_equal(row->contrast.n, 10);
        assert_true(row->contrast.mean > 0.1);
    }
    assert_says(page(text, FINDINGS_LEAK), "\"holdout, groups slide\"");
    assert_says(text, ",inflated\n");
    const struct compare *factors = findings->compared[FACTOR_AXES][REPLICATES_TEST];
    assert_int_equal(factors->row[0].contrast.n, 10);
    assert_non_null(strstr(factors->row[0].contrast.method, "sign flip"));
}

/* What is on one side of a limit is printed there: as many decimals as that takes. */
static void rounding_moves_nothing_over_a_limit(void **state)
{
    (void)state;
    struct texttable table = {0};
    char *text = NULL;
    size_t size = 0;
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 10, 0.5, 0x0f3);
    find(NULL, 0, NULL);
    struct compare_row *row = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST]->row;
    row->contrast.low = -0.036;
    row->contrast.high = -0.00004;
    row->contrast.p = 0.04999;
    row->p_holm = 0.05001;
    findings_pages[FINDINGS_COMPARISONS].table(&table, findings);
    FILE *file = open_memstream(&text, &size);
    texttable_markdown(file, &table);
    fclose(file);
    assert_says(text, "| -0.036 to -0.00004 | 0.04999 |  0.05001 |");
    texttable_release(&table);
    free(text);
}

/* ---- what a setting cannot tell ---- */

static void who_has_not_run_is_not_beaten(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 10, 0.5, 0x0f3);
    add_seeds("1-2", "c", "report", 10, 0, 0);
    for (int j = 20; j < 30; j++)
        job[j].state = JOB_WAITING;
    find(NULL, 0, NULL);
    assert_string_equal(outcome(text),
                        "No setting tells which of its strategies is better. Not counted: 1 setting that "
                        "has jobs that are unfinished or lost.");
    assert_says(warnings(text),
                "Settings that do not tell which strategy is best, for want of jobs: clusters 1-2 "
                "(protocol report): c has 0 of 10 jobs finished.\n");
}

static void survivors_are_not_beaten(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 10, 0.5, 0x0f3);
    for (int j = 13; j < 20; j++)
        job[j].state = JOB_DIVERGED;
    find(NULL, 0, NULL);
    assert_silent(outcome(text), "better than every other");
    assert_says(warnings(text), "(protocol report): b has 3 of 10 jobs finished (7 lost).\n");
    assert_int_equal(findings->compared[FACTOR_STRATEGY][REPLICATES_TEST]->n_rankings, 0);
}

/* A sweep under way: what is better so far is called so. */
static void an_unfinished_side_is_said(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 12, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 12, 0.25, 0x0f3);
    job[11].state = JOB_RUNNING;
    job[23].state = JOB_WAITING;
    find(NULL, 0, NULL);
    assert_says(page(text, FINDINGS_COMPARISONS), ",0,better (jobs are unfinished)\n");
}

/* The means beside a difference are of its pairs. */
static void means_are_those_of_the_pairs(void **state)
{
    (void)state;
    add_seeds("1-2", "a", "report", 10, 0.5, 3); /* seeds 1 and 2 are better */
    add_seeds("1-2", "b", "report", 2, 0.25, 1);
    find(NULL, 0, NULL);
    const struct compare_row *row = row_of(REPLICATES_TEST, "a", "b");
    assert_int_equal(row->contrast.n, 2);
    assert_near(row->contrast.mean_first, 0.5625);
    assert_near(row->contrast.mean_second, 0.28125);
    assert_near(row->contrast.mean, row->contrast.mean_first - row->contrast.mean_second);
}

static void a_class_without_images_leaves_no_verdict(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "report", 10, 0.25, 0x0f3);
    add_seeds("1-2", "a", "holdout", 10, 0.25, 0x12d);
    job[3].lacking = job[5].lacking = 1;
    find(NULL, 0, NULL);
    assert_int_equal(summary->group[0].n_lacking, 2);
    assert_int_equal(summary->group[1].n_lacking, 0);
    assert_true(row_of(REPLICATES_TEST, "a", "b")->p_holm < 0.05);
    assert_int_equal(row_of(REPLICATES_TEST, "a", "b")->verdict, VERDICT_LACKING);
    assert_says(page(text, FINDINGS_COMPARISONS), ",2,no verdict: 2 jobs lack a class\n");
    assert_says(page(text, FINDINGS_LEAK), ",2,no verdict: 2 jobs lack a class\n");
    assert_says(outcome(text), "Not counted: 1 setting that has jobs judged without a class.");
    assert_says(warnings(text), "clusters 1-2 (protocol report): a 2 of 10.\n");
}

/* Ten seeds of a whole group that is the only one to judge on: ten runs of one split. */
static void runs_of_one_split_have_no_verdict(void **state)
{
    (void)state;
    char text[TEXT];
    resolved = "groups: slide\n";
    for (int c = 0; c < 2; c++) {
        const char *clusters = c ? "3-4" : "1-2";
        add_seeds(clusters, "a", "holdout", 10, 0.75, 0x155);
        add_seeds(clusters, "b", "holdout", 10, 0.25, 0x0f3);
    }
    for (int j = 20; j < n_jobs; j++)
        job[j].image = (int)job[j].row.seed < 6; /* two splits */
    find(NULL, 0, NULL);
    const struct compare *test = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    assert_int_equal(test->n, 2);
    assert_true(test->row[0].p_holm < 0.05);
    assert_int_equal(test->row[0].verdict, VERDICT_REPEATED);
    assert_int_equal(test->row[1].contrast.n, 2); /* what else would be 10 pairs, and significant */
    assert_int_equal(test->row[1].verdict, VERDICT_IMPOSSIBLE);
    assert_int_equal(summary->group[0].draws.distinct, 1);
    assert_int_equal(summary->group[0].n_values, 10);
    assert_int_equal(summary->group[2].draws.distinct, 2);
    assert_int_equal(summary->group[2].n_values, 2);
    assert_int_equal(summary->group[2].final[SET_TEST][METRIC_BALANCED_ACCURACY].n, 2);
    assert_says(page(text, FINDINGS_COMPARISONS), ",no verdict: 10 runs of one split\n");
    assert_says(outcome(text), "Not counted: 1 setting that has runs of one split only.");
    assert_says(warnings(text), "clusters 1-2 (protocol holdout): 1 of 10 different (overlap 1.00); "
                                "clusters 3-4 (protocol holdout): 2 of 10 different (overlap 0.44).\n");
    FILE *file = fmemopen(text, TEXT, "w");
    tables_write_markdown(file, summary);
    fclose(file);
    assert_says(text, "1 of 10");
    assert_says(text, "2 (10 jobs)");
    assert_says(text, "splits: how many of the splits");
}

static void what_is_one_number_has_no_range(void **state)
{
    static const char *const clusters[] = {"1-2", "3-4", "5-6", "7-8"};
    (void)state;
    char text[TEXT];
    resolved = "groups: slide\n";
    for (int c = 0; c < 4; c++) {
        add_seeds(clusters[c], "a", "holdout", 10, 0.5, 0);
        add_seeds(clusters[c], "b", "holdout", 10, 0.5, 0);
    }
    for (int j = 40; j < n_jobs; j++) /* the other two have one split each */
        job[j].image = (int)job[j].row.seed;
    find(NULL, 0, NULL);
    assert_says(outcome(text),
                "Mean test balanced accuracy is 0.50 for every strategy in all 2 settings; no ");
    assert_says(text, "Not counted: 2 settings that have runs of one split each.");
}

/* Thousands of cells are written in the time of so many, not of their squares. */
static void a_table_asks_once_for_every_cell(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    for (int i = 0; i < 100; i++) {
        char clusters[16];
        snprintf(clusters, sizeof clusters, "%d-%d", i, i + 1);
        add(clusters, "a", "holdout", 1, 0.5);
    }
    find(NULL, 0, NULL);
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    n_asked = 0;
    tables_write_csv(file, summary);
    fclose(file);
    free(text);
    assert_int_equal(summary->n_groups, 100);
    assert_int_equal(n_asked, 100);
}

/* Without groups other seeds are other splits, whatever they judge on. */
static void runs_without_groups_have_a_verdict(void **state)
{
    (void)state;
    char text[TEXT];
    resolved = "groups: none\n";
    add_seeds("1-2", "a", "holdout", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "holdout", 10, 0.25, 0x0f3);
    find(NULL, 0, NULL);
    assert_int_equal(row_of(REPLICATES_TEST, "a", "b")->verdict, VERDICT_BETTER);
    if (strstr(warnings(text), "drew"))
        fail_msg("%s", text);
}

/* Without a leak nothing is inflated. */
static void inflation_needs_a_leak(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "report", 10, 0.75, 0x155);
    add_seeds("1-2", "a", "holdout", 10, 0.25, 0x12d);
    find(NULL, 0, NULL);
    assert_int_equal(findings->leak->row[0].verdict, VERDICT_BETTER);
    assert_says(page(text, FINDINGS_LEAK), ",\"higher, without a leak\"\n");
}

static void images_that_were_trained_on_are_not_tested(void **state)
{
    (void)state;
    char text[TEXT];
    add_holdout("none", 0.5, 0x155);
    add_holdout("oversample", 0.75, 0x0f3);
    find(NULL, 0, NULL);
    const struct compare_row *row = row_of(REPLICATES_ALL, "oversample", "none");
    assert_int_equal(row->verdict, VERDICT_SEEN);
    assert_int_equal(row->contrast.n, 10);
    assert_near(row->contrast.mean, 0);
    assert_true(isnan(row->contrast.p) && isnan(row->p_holm) && isnan(row->contrast.low));
    assert_says(page(text, FINDINGS_COMPARISONS), ",no verdict: trained on\n");
}

/* What was left out is called by its own name. */
static void a_tail_is_not_a_copy(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "tail", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "tail", 10, 0.5, 0x0f3);
    for (int j = 0; j < n_jobs; j++)
        job[j].image = j; /* as after resampling: a tail of its own */
    add_seeds("1-2", "a", "holdout", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "holdout", 10, 0.5, 0x0f3);
    find(NULL, 0, NULL);
    assert_says(outcome(text), " Not counted: 1 setting that was judged on an unshuffled tail.");
    assert_silent(text, "copies");
}

/* Ten seeds of one unshuffled tail are ten runs of one split, as those of a group are. */
static void a_tail_is_one_split(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "tail", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "tail", 10, 0.5, 0x0f3);
    add_seeds("1-2", "a", "holdout", 10, 0.75, 0x155);
    add_seeds("1-2", "b", "holdout", 10, 0.5, 0x0f3);
    find(NULL, 0, NULL);
    const struct compare *test = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    assert_int_equal(test->n, 2);
    for (int i = 0; i < test->n; i++) {
        int tail = strcmp(test->row[i].a->cell->protocol, "tail") == 0;
        assert_int_equal(test->row[i].verdict, tail ? VERDICT_REPEATED : VERDICT_BETTER);
    }
    assert_says(page(text, FINDINGS_COMPARISONS), ",no verdict: 10 runs of one split\n");
    assert_says(warnings(text), "or a tail is not shuffled");
}

/* A file that somebody changed still opens: what cannot be is told. */
static void numbers_that_no_run_writes_are_told(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "holdout", 4, 0.75, 0x155);
    add_seeds("1-2", "b", "holdout", 4, 0.5, 0x0f3);
    job[2].balanced = 1.5;
    job[5].balanced = 1.5;
    job[5].state = JOB_FAILED;
    find(NULL, 0, NULL);
    assert_says(warnings(text), "Damaged: 1 of the finished jobs that are shown ");
}

static void numbers_of_a_run_are_not(void **state)
{
    (void)state;
    char text[TEXT];
    add_seeds("1-2", "a", "holdout", 4, 0.75, 0x155);
    add_seeds("1-2", "b", "holdout", 4, 1, 0);
    find(NULL, 0, NULL);
    assert_silent(warnings(text), "Damaged");
}

/* ---- the correction for splits of the same images ---- */

/* 11 of 60 originals are drawn, 1 judges: what the other 49 are does not matter. Uneven folds
 * count each for itself. */
static void the_ratio_is_that_of_what_was_drawn(void **state)
{
    (void)state;
    static const char *const axis[] = {"class_sizes"};
    struct replicates *replicates = NULL;
    add_holdout("a", 0.5, 0x155);
    add_holdout("b", 0.5, 0x155);
    for (int j = 0; j < n_jobs; j++)
        strcpy(job[j].row.axis[0], j < 10 ? "9-2" : "all");
    find(axis, 1, NULL);
    assert_int_equal(replicates_new(store, summary, "balanced_accuracy", REPLICATES_TEST, &replicates, &err),
                     0);
    assert_near(replicates->group[0].test_ratio, 1.0 / 10);
    assert_near(replicates->group[1].test_ratio, 1.0 / 59);
    replicates_free(replicates);
}

/* ---- other factors ---- */

/* Two models under two strategies: majority is compared with cnn under the same strategy
 * only, paired by seed. */
static void models_are_compared_where_all_else_is_the_same(void **state)
{
    char text[TEXT];
    (void)state;
    for (int model = 0; model < 2; model++) {
        int first = n_jobs;
        add_holdout("a", model ? 0.5 : 0.75, model ? 0 : 0x155);
        add_holdout("b", model ? 0.5 : 0.8125, model ? 0 : 0x0ff);
        for (int j = first; j < n_jobs; j++)
            strcpy(job[j].row.model, model ? "majority" : "cnn");
    }
    find(NULL, 0, NULL);
    const struct compare *c = findings->compared[FACTOR_MODEL][REPLICATES_TEST];
    assert_true(findings_compares(findings, FACTOR_MODEL) && !findings_compares(findings, FACTOR_PROTOCOL));
    assert_null(findings->compared[FACTOR_MODEL][REPLICATES_ALL]);
    assert_int_equal(c->n, 2);
    assert_int_equal(c->n_rankings, 2);
    for (int i = 0; i < c->n; i++) {
        assert_string_equal(c->row[i].a->cell->model, "cnn");
        assert_string_equal(c->row[i].b->cell->model, "majority");
        assert_string_equal(c->row[i].a->cell->strategy, i ? "b" : "a");
        assert_string_equal(c->row[i].b->cell->strategy, i ? "b" : "a");
        assert_int_equal(c->row[i].contrast.n, 10);
        assert_near(c->row[i].contrast.mean_second, 0.5);
        assert_int_equal(c->row[i].family, 1);
        assert_int_equal(c->row[i].verdict, VERDICT_BETTER);
    }
    outcome(text);
    assert_says(
        text,
        " Models: in 2 of 2 settings one model is significantly better than every other: cnn for clusters "
        "1-2 (protocol holdout, strategy a), 10 pairs of runs; cnn for");
    assert_says(text, "one strategy is significantly better");
}

/* A ranking over six sets of clusters of two values, the first of which is better on all of them. */
static void assert_ranked(const struct compare_ranking *r)
{
    assert_int_equal(r->n_datasets, 6);
    assert_int_equal(r->n_values, 2);
    assert_true(r->tested);
    assert_near(r->average_rank[0], 1);
    assert_near(r->average_rank[1], 2);
    assert_near(r->test.chi2, 6); /* 12 * 6 / (2 * 3) * (1 + 4) - 3 * 6 * 3 */
    assert_true(fabs(r->test.critical - 1.959964 / sqrt(6)) < 1e-6); /* Nemenyi, two values */
}

/* Strategies are ranked for each model, and models for each strategy; text of the table. */
static void models_are_ranked_for_each_strategy(void **state)
{
    char clusters[16], text[TEXT] = "";
    struct texttable table = {0};
    (void)state;
    for (int i = 0; i < 6 * 2 * 2; i++) {
        snprintf(clusters, sizeof clusters, "%d-%d", i / 4 + 1, i / 4 + 2);
        int majority = i % 2, b = i / 2 % 2;
        struct small_job *j = add(clusters, b ? "b" : "a", "holdout", 1, 0.875 - 0.25 * majority - 0.125 * b);
        strcpy(j->row.model, majority ? "majority" : "cnn");
    }
    find(NULL, 0, NULL);
    const struct compare *strategies = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST],
                         *models = findings->compared[FACTOR_MODEL][REPLICATES_TEST];
    assert_int_equal(strategies->n_rankings, 2);
    assert_int_equal(models->n_rankings, 2);
    for (int i = 0; i < 2; i++) {
        assert_ranked(&strategies->ranking[i]);
        assert_string_equal(strategies->ranking[i].cell->model, i ? "majority" : "cnn");
        assert_string_equal(strategies->ranking[i].value[1]->strategy, "b");
        assert_ranked(&models->ranking[i]);
        assert_string_equal(models->ranking[i].cell->strategy, i ? "b" : "a");
        assert_string_equal(models->ranking[i].value[1]->model, "majority");
    }
    findings_pages[FINDINGS_RANKINGS].table(&table, findings);
    FILE *file = fmemopen(text, TEXT, "w");
    texttable_markdown(file, &table);
    fclose(file);
    texttable_release(&table);
    assert_says(text, "| ranked   | strategy | protocol | model    | set  | value    |");
    assert_says(
        text,
        "| strategy |          | holdout  | majority | test | b        |         2.00 |            6 |");
    assert_says(
        text,
        "| model    | b        | holdout  |          | test | cnn      |         1.00 |            6 |");
}

/* Three runs of a strategy and a model with their own axes, all of the same test accuracy. */
static void add_own(const char *strategy, const char *k, const char *model, const char *filters, double value)
{
    for (int seed = 1; seed <= 3; seed++) {
        struct small_job *j = add("1-2", strategy, "holdout", seed, value);
        strcpy(j->row.model, model);
        strcpy(j->row.axis[0], k);
        strcpy(j->row.axis[1], filters);
    }
}

/* The row of two labels in a setting of `other`, the label of what is not compared. */
static const struct compare_row *labelled(int factor, const char *a, const char *b, const char *other)
{
    const struct compare *c = findings->compared[factor][REPLICATES_TEST];
    char x[COMBINATION_LABEL_SIZE], y[COMBINATION_LABEL_SIZE], z[COMBINATION_LABEL_SIZE];
    int beside = factor == FACTOR_MODEL ? FACTOR_STRATEGY : FACTOR_MODEL;
    for (int i = 0; i < c->n; i++) {
        const struct store_job *p = c->row[i].a->cell, *q = c->row[i].b->cell;
        if (strcmp(combination_label(store, p, factor, summary->varying, x), a) == 0 &&
            strcmp(combination_label(store, q, factor, summary->varying, y), b) == 0 &&
            strcmp(combination_label(store, p, beside, summary->varying, z), other) == 0)
            return &c->row[i];
    }
    fail_msg("%s and %s of %s were not compared", a, b, other);
    return NULL;
}

static void assert_differs(const struct compare_row *row, double by)
{
    assert_int_equal(row->contrast.n, 3);
    assert_int_equal(row->family, 3);
    assert_near(row->contrast.mean, by);
}

/* none has no smote.k, and majority no filters: each value of them has its partner there all the same. */
static void own_axes_are_part_of_what_is_compared(void **state)
{
    static const char *const axis[] = {"smote.k", "cnn.stem"};
    static const struct {
        const char *model, *filters;
        double none, k3, k5;
    } of[] = {
        {"cnn", "4", 0.5, 0.625, 0.75}, {"cnn", "8", 0.5625, 0.625, 0.875}, {"majority", "", 0.5, 0.5, 0.5}};
    char text[TEXT];
    (void)state;
    for (int i = 0; i < 3; i++) {
        add_own("none", "", of[i].model, of[i].filters, of[i].none);
        add_own("smote", "3", of[i].model, of[i].filters, of[i].k3);
        add_own("smote", "5", of[i].model, of[i].filters, of[i].k5);
    }
    find(axis, 2, NULL);
    assert_int_equal(findings->compared[FACTOR_STRATEGY][REPLICATES_TEST]->n, 3 * 3);
    assert_int_equal(findings->compared[FACTOR_STRATEGY][REPLICATES_TEST]->n_families, 3);
    assert_int_equal(findings->compared[FACTOR_MODEL][REPLICATES_TEST]->n, 3 * 3);
    assert_int_equal(findings->compared[FACTOR_MODEL][REPLICATES_TEST]->n_families, 3);
    assert_false(findings_compares(findings, FACTOR_AXES) || findings_compares(findings, FACTOR_AXES + 1));
    assert_int_equal(summary->same[SUMMARY_STRATEGY]->n_parts, 3);
    assert_int_equal(summary->n_strategies_file, 3);
    assert_differs(labelled(FACTOR_STRATEGY, "smote (k 3)", "none", "cnn (stem 4)"), 0.125);
    assert_differs(labelled(FACTOR_STRATEGY, "smote (k 5)", "none", "cnn (stem 4)"), 0.25);
    assert_differs(labelled(FACTOR_STRATEGY, "smote (k 3)", "smote (k 5)", "cnn (stem 8)"), -0.25);
    assert_differs(labelled(FACTOR_STRATEGY, "smote (k 5)", "none", "majority"), 0);
    assert_differs(labelled(FACTOR_MODEL, "cnn (stem 4)", "cnn (stem 8)", "smote (k 5)"), -0.125);
    assert_differs(labelled(FACTOR_MODEL, "cnn (stem 8)", "majority", "none"), 0.0625);
    FILE *file = fmemopen(text, TEXT, "w");
    headline_run(file, summary);
    fclose(file);
    assert_says(text, "; strategies none, smote (k 3), smote (k 5); protocol holdout; models cnn (stem 4), "
                      "cnn (stem 8), majority; 3 jobs a combination");
}

/* An axis that every strategy reads is a factor of its own, and the same on both sides of a pair. */
static void an_axis_that_all_read_is_no_strategys_own(void **state)
{
    static const char *const axis[] = {"smote.k"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        add_own("smote", k ? "5" : "3", "cnn", "", 0.5);
        add_own("smote+tomek", k ? "5" : "3", "cnn", "", k ? 0.75 : 0.625);
    }
    find(axis, 1, NULL);
    const struct compare *c = findings->compared[FACTOR_STRATEGY][REPLICATES_TEST];
    assert_int_equal(c->n, 2);
    assert_near(c->row[0].contrast.mean, -0.125);
    assert_near(c->row[1].contrast.mean, -0.25);
    assert_true(findings_compares(findings, FACTOR_AXES));
    assert_int_equal(findings->compared[FACTOR_AXES][REPLICATES_TEST]->n, 2);
    assert_near(findings->compared[FACTOR_AXES][REPLICATES_TEST]->row[1].contrast.mean, -0.125);
}

static void begin_again(void)
{
    findings_free(findings);
    summary_free(summary);
    store_close(store, NULL);
}

/* Twelve values of an axis are compared pair by pair, thirteen are left to the figure. */
static void an_axis_of_many_values_is_left_to_its_figure(void **state)
{
    static const char *const axis[] = {"train.batch"};
    char text[TEXT];
    (void)state;
    for (int value = 0; value <= FINDINGS_MOST_VALUES; value++) {
        struct small_job *j = add("1-2", "a", "holdout", 1, 0.5);
        snprintf(j->row.axis[0], sizeof j->row.axis[0], "%d", value + 1);
    }
    find(axis, 1, NULL);
    assert_false(findings_compares(findings, FACTOR_AXES));
    assert_non_null(
        strstr(warnings(text), "train.batch has 13 values, more than 12: table factors does not"));
    begin_again();
    n_jobs--;
    find(axis, 1, NULL);
    assert_true(findings_compares(findings, FACTOR_AXES));
    assert_null(strstr(warnings(text), "more than 12"));
    assert_int_equal(findings->compared[FACTOR_AXES][REPLICATES_TEST]->n,
                     FINDINGS_MOST_VALUES * (FINDINGS_MOST_VALUES - 1) / 2);
}

/* Models are compared up to 64, however many values an axis may have; more are told of. */
static void as_many_models_are_compared_as_can_be_ranked(void **state)
{
    char text[TEXT];
    (void)state;
    for (int model = 0; model <= FINDINGS_MOST_MODELS; model++)
        snprintf(add("1-2", "a", "holdout", 1, 0.5)->row.model, sizeof job->row.model, "m%d", model);
    find(NULL, 0, NULL);
    assert_false(findings_compares(findings, FACTOR_MODEL));
    assert_null(findings->which);
    assert_non_null(strstr(warnings(text), "There are 65 models, more than 64: they are not compared"));
    begin_again();
    n_jobs--;
    find(NULL, 0, NULL);
    assert_int_equal(findings->compared[FACTOR_MODEL][REPLICATES_TEST]->n,
                     FINDINGS_MOST_MODELS * (FINDINGS_MOST_MODELS - 1) / 2);
    assert_int_equal(findings->which->place[0].ranking->n_values, FINDINGS_MOST_MODELS);
    assert_null(strstr(warnings(text), "models"));
}

/* All strategies are compared, and the first 64 ranked. */
static void more_strategies_than_are_ranked_are_told_of(void **state)
{
    char name[16], text[TEXT];
    (void)state;
    for (int strategy = 0; strategy <= RANKS_MAX_STRATEGIES; strategy++) {
        snprintf(name, sizeof name, "s%d", strategy);
        add("1-2", name, "holdout", 1, 0.5);
    }
    find(NULL, 0, NULL);
    assert_int_equal(findings->compared[FACTOR_STRATEGY][REPLICATES_TEST]->n, 65 * 64 / 2);
    assert_non_null(strstr(warnings(text), "There are 65 strategies: all are compared, rankings are of 64"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(the_largest_effect_is_significant),
    TEST(models_are_compared_where_all_else_is_the_same),
    TEST(models_are_ranked_for_each_strategy),
    TEST(own_axes_are_part_of_what_is_compared),
    TEST(an_axis_that_all_read_is_no_strategys_own),
    TEST(an_axis_of_many_values_is_left_to_its_figure),
    TEST(as_many_models_are_compared_as_can_be_ranked),
    TEST(more_strategies_than_are_ranked_are_told_of),
    cmocka_unit_test(rounding_is_no_spread),
    cmocka_unit_test(runs_of_one_split_are_one_pair),
    cmocka_unit_test(sides_without_spread_are_dealt),
    TEST(equal_values_of_the_test_set_tie),
    TEST(stored_metrics_tie_up_to_their_rounding),
    cmocka_unit_test(means_tie_whatever_the_order_of_folds),
    TEST(a_claim_holds_on_the_edge_of_its_margin),
    TEST(holm_reaches_what_bonferroni_does_not),
    TEST(few_pairs_of_a_kind_cannot),
    TEST(a_filter_makes_no_winner),
    TEST(a_sentence_is_adjusted_for_its_settings),
    TEST(a_gain_is_adjusted_for_its_settings),
    TEST(a_gain_in_every_setting_is_no_chance),
    TEST(leak_families_are_those_of_the_same_data),
    TEST(what_shared_groups_feign_is_a_row),
    TEST(rounding_moves_nothing_over_a_limit),
    TEST(who_has_not_run_is_not_beaten),
    TEST(survivors_are_not_beaten),
    TEST(an_unfinished_side_is_said),
    TEST(means_are_those_of_the_pairs),
    TEST(a_class_without_images_leaves_no_verdict),
    TEST(runs_of_one_split_have_no_verdict),
    TEST(what_is_one_number_has_no_range),
    TEST(a_table_asks_once_for_every_cell),
    TEST(runs_without_groups_have_a_verdict),
    TEST(inflation_needs_a_leak),
    TEST(images_that_were_trained_on_are_not_tested),
    TEST(a_tail_is_not_a_copy),
    TEST(a_tail_is_one_split),
    TEST(numbers_that_no_run_writes_are_told),
    TEST(numbers_of_a_run_are_not),
    TEST(the_ratio_is_that_of_what_was_drawn),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
