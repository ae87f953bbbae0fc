/* Comparisons, leak inflation and claims of a sweep made by formula, against the same worked out by hand. */
#include "tables/findings.h"

#include "data/kinds.h"
#include "tables/export.h"
#include "tables/findings_pages.h"
#include "support/compared.h"
#include "support/hand_dataset.h"
#include "support/store_fixture.h"
#include "stats/resample.h"
#include "support/scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { PAIRS = 3, STRATEGIES = 5, SEEDS = 10, FOLDS = 3, FOLD_SEEDS = 3, N_TEST = 4, ALL = 8 };
enum { PER_PAIR = STRATEGIES * (SEEDS + FOLDS * FOLD_SEEDS), JOBS = PAIRS * PER_PAIR };
enum { NONE, REWEIGHT, UNDERSAMPLE, OVERSAMPLE, AUGMENT };

static const char *const pairs[PAIRS] = {"1-27", "14-15", "8-10"};
static const char *const strategies[STRATEGIES] = {"none", "reweight", "undersample", "oversample",
                                                   "augment"};
static char folder[64], path[128];
static struct err err;
static struct store *store;
static struct summary *summary;

/* Job of a pair, strategy and seed (from 0); fold -1: protocol report. */
static int job_of(int pair, int strategy, int seed, int fold)
{
    int first = pair * PER_PAIR;
    return fold < 0 ? first + strategy * SEEDS + seed
                    : first + STRATEGIES * SEEDS + (strategy * FOLD_SEEDS + seed) * FOLDS + fold;
}

/* Shakes a job without a pattern that two strategies share. */
static double shake(int pair, int strategy, int seed, int fold)
{
    return 0.011 * (((pair + 2) * 31 + (strategy + 3) * 17 + (seed + 1) * 7 + (fold + 2) * 13) % 9 - 4) / 4;
}

/* Test balanced accuracy of a job: oversampling leads in report, trails in kfold. */
static double level(int pair, int strategy, int seed, int fold)
{
    static const double report[] = {0.50, 0.60, 0.30, 0.95, 0.80}, kfold[] = {0.50, 0.62, 0.45, 0.40, 0.625};
    return (fold < 0 ? report : kfold)[strategy] + shake(pair, strategy, seed, fold);
}

static struct store_job row_of(int pair, int strategy, int seed, int fold)
{
    struct store_job row = {
        .seed = seed + 1, .fold = fold < 0 ? 0 : fold, .n_train = -1, .n_test = -1, .leak = -1};
    snprintf(row.key, sizeof row.key, "%032x", (unsigned)job_of(pair, strategy, seed, fold) + 1);
    snprintf(row.clusters, sizeof row.clusters, "%s", pairs[pair]);
    snprintf(row.strategy, sizeof row.strategy, "%s", strategies[strategy]);
    snprintf(row.protocol, sizeof row.protocol, "%s", fold < 0 ? "report" : "kfold");
    snprintf(row.model, sizeof row.model, "cnn");
    return row;
}

/* Seeds 3 to 10 of reweight on 1-27 under report: they never say class 1. */
static int is_silent(int job)
{
    return job >= job_of(0, REWEIGHT, 2, -1) && job < job_of(0, REWEIGHT, SEEDS, -1);
}

/* Probability of class 1 for test image i: right for most, by how much depends on everything. */
static float test_prob(int job, int i)
{
    return (float)((job * 37 + i * 53) % 101) / (is_silent(job) ? 303 : 101);
}

/* Matrices of all originals: balanced accuracy 1 for oversampling, 0.625 for augmentation, 0.5 for the
 * rest. */
static void all_confusion(int strategy, int cell[4])
{
    int second = strategy == OVERSAMPLE ? 4 : strategy == AUGMENT ? 2 : 0;
    int first = strategy == AUGMENT ? 3 : 4;
    cell[0] = first;
    cell[1] = 4 - first;
    cell[2] = 4 - second;
    cell[3] = second;
}

/* Matrix of two classes that both have recall x: levels are whole in 4000ths. */
static void test_confusion(double x, int cell[4])
{
    cell[0] = cell[3] = (int)lround(4000 * x);
    cell[1] = cell[2] = 4000 - cell[0];
}

static int write_job(struct store *w, int pair, int strategy, int seed, int fold)
{
    static const int test_label[N_TEST] = {0, 1, 0, 1}, all_label[ALL] = {0, 0, 0, 0, 1, 1, 1, 1};
    static const int zero[ALL], image[ALL] = {0, 1, 2, 3, 4, 5, 6, 7};
    int job = job_of(pair, strategy, seed, fold), all[4], test[4];
    float probs[N_TEST * 2], probs_all[ALL * 2] = {0};
    double x = level(pair, strategy, seed, fold);
    const float metric[N_METRICS] = {0.7f, (float)x, (float)x, (float)(x - 0.2)};
    struct store_mark mark = {.state = JOB_DONE, .attempts = 1, .epochs_done = 1};
    if (pair == 1 && strategy == NONE && seed == 2 && fold == 1) {
        mark.state = JOB_FAILED; /* this repeat has no out-of-fold score */
        return store_write_mark(w, job, &mark, &err);
    }
    for (int i = 0; i < N_TEST; i++) {
        probs[2 * i + 1] = test_prob(job, i);
        probs[2 * i] = 1 - probs[2 * i + 1];
    }
    all_confusion(strategy, all);
    test_confusion(x, test);
    struct store_outcome o = {.n_classes = 2,
                              .n_train = 8,
                              .judged_epoch = 1,
                              .set = {[SET_TEST] = {N_TEST, image, zero, test_label, probs, test},
                                      [SET_ALL] = {ALL, image, zero, all_label, probs_all, all}},
                              .leak = fold < 0 && strategy >= OVERSAMPLE ? 2 : 0};
    return fixture_epoch(w, job, 0, metric, metric, &err) < 0 || store_write_outcome(w, job, &o, &err) < 0 ||
                   store_write_mark(w, job, &mark, &err) < 0
               ? -1
               : 0;
}

/* Every job of the sweep, in order of their rows. */
static int for_all_jobs(int (*visit)(void *, int pair, int strategy, int seed, int fold), void *with)
{
    int rc = 0;
    for (int p = 0; p < PAIRS && rc == 0; p++) {
        for (int i = 0; i < STRATEGIES * SEEDS && rc == 0; i++)
            rc = visit(with, p, i / SEEDS, i % SEEDS, -1);
        for (int i = 0; i < STRATEGIES * FOLD_SEEDS * FOLDS && rc == 0; i++)
            rc = visit(with, p, i / (FOLD_SEEDS * FOLDS), i / FOLDS % FOLD_SEEDS, i % FOLDS);
    }
    return rc;
}

static int plan_one(void *with, int pair, int strategy, int seed, int fold)
{
    struct store_job *row = with;
    row[job_of(pair, strategy, seed, fold)] = row_of(pair, strategy, seed, fold);
    return 0;
}

static int write_one(void *with, int pair, int strategy, int seed, int fold)
{
    return write_job(with, pair, strategy, seed, fold);
}

/* As many images as the report had: claims are tested on those alone. */
static struct dataset *make_data(void)
{
    int number[N_KINDS], count[N_KINDS];
    for (int k = 0; k < N_KINDS; k++) {
        number[k] = kinds[k].cluster;
        count[k] = kinds[k].n_images;
    }
    struct dataset *data = hand_dataset(N_KINDS, number, count, 1);
    for (int i = ALL / 2, last = data->n_images - count[N_KINDS - 1] - 1; i < ALL; i++) {
        data->image[i].cluster = 27; /* what every job judges: four images of 1, four of 27 */
        data->image[last--].cluster = 1;
    }
    snprintf(data->checksum, sizeof data->checksum, "0123456789abcdef0123456789abcdef");
    return data;
}

static int set_up(void **state)
{
    struct store_job *row = calloc(JOBS, sizeof *row);
    struct dataset *data = make_data();
    struct store *w = NULL;
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    for_all_jobs(plan_one, row);
    struct store_plan plan = {.name = "formula",
                              .yaml = "",
                              .yaml_resolved = "data: builtin\ngrid: {seed: [1]}\n",
                              .data_origin = "hand",
                              .data = data,
                              .n_jobs = JOBS,
                              .n_epochs = 1,
                              .n_classes = 2,
                              .n_test = N_TEST,
                              .n_all = ALL,
                              .job = row,
                              .ranks = 1};
    int rc = store_create(path, &plan, &err);
    if (rc == 0)
        rc = store_open_shared(path, MPI_COMM_NULL, &w, &err);
    if (rc == 0)
        rc = for_all_jobs(write_one, w);
    store_close(w, &err);
    hand_dataset_free(data);
    free(row);
    if (rc == 0)
        rc = store_open(path, &store, &err);
    if (rc == 0)
        rc = summary_new(store, NULL, &summary, &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.text);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    summary_free(summary);
    store_close(store, NULL);
    unlink(path);
    return rmdir(folder);
}

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", x, expected);
}

static const struct compare_row *row_named(const struct compare *compare, const char *clusters,
                                           const char *protocol, const char *a, const char *b)
{
    for (int i = 0; i < compare->n; i++) {
        const struct compare_row *row = &compare->row[i];
        if (strcmp(row->a->cell->clusters, clusters) == 0 && strcmp(row->a->cell->protocol, protocol) == 0 &&
            strcmp(row->a->cell->strategy, a) == 0 && (!b || strcmp(row->b->cell->strategy, b) == 0))
            return row;
    }
    fail_msg("no comparison of %s on %s", a, clusters);
    return NULL;
}

static void seeds_are_compared_by_sign_flips(void **state)
{
    (void)state;
    struct compare *c = NULL;
    double d[SEEDS], sum = 0;
    assert_int_equal(
        compared_by(store, summary, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err), 0);
    assert_int_equal(c->n, PAIRS * 2 * 10);
    const struct compare_row *row = row_named(c, "1-27", "report", "reweight", "augment");
    for (int s = 0; s < SEEDS; s++)
        sum += d[s] = level(0, REWEIGHT, s, -1) - level(0, AUGMENT, s, -1);
    struct stats_summary t = stats_summarise(d, SEEDS, 0.95);
    assert_int_equal(row->contrast.n, SEEDS);
    assert_string_equal(row->contrast.method, "sign flip, t interval");
    assert_near(row->contrast.mean, sum / SEEDS);
    assert_near(row->contrast.p, 2.0 / 1024); /* all differences have one sign */
    assert_near(row->p_holm, 20.0 / 1024);    /* and so have those of all ten pairs */
    assert_near(row->contrast.low, t.low);
    assert_near(row->contrast.high, t.high);
    assert_int_equal(row->verdict, VERDICT_WORSE);
    assert_int_equal(row->family, 10);
    compare_free(c);
}

static void folds_are_compared_by_the_corrected_test(void **state)
{
    (void)state;
    struct compare *c = NULL;
    double d[FOLDS * FOLD_SEEDS];
    assert_int_equal(
        compared_by(store, summary, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err), 0);
    const struct compare_row *row = row_named(c, "1-27", "kfold", "reweight", "augment");
    for (int i = 0; i < FOLDS * FOLD_SEEDS; i++)
        d[i] = level(0, REWEIGHT, i / FOLDS, i % FOLDS) - level(0, AUGMENT, i / FOLDS, i % FOLDS);
    struct stats_test t = stats_corrected_t(d, FOLDS * FOLD_SEEDS, (double)N_TEST / (ALL - N_TEST), 0.95);
    assert_int_equal(row->contrast.n, FOLDS * FOLD_SEEDS);
    assert_near(row->contrast.mean, t.mean);
    assert_near(row->contrast.low, t.low);
    assert_near(row->contrast.p, t.p);
    assert_int_equal(row->verdict, VERDICT_NONE); /* 0.62 against 0.625 */
    assert_int_equal(row_named(c, "1-27", "kfold", "oversample", "none")->verdict, VERDICT_WORSE);
    compare_free(c);
}

/* A failed fold: its pair is left out of the comparison by job. */
static void a_failed_job_takes_its_partner_along(void **state)
{
    (void)state;
    struct compare *c = NULL;
    assert_int_equal(
        compared_by(store, summary, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err), 0);
    assert_int_equal(row_named(c, "14-15", "kfold", "augment", "none")->contrast.n, FOLDS * FOLD_SEEDS - 1);
    compare_free(c);
}

static void few_runs_cannot_be_significant(void **state)
{
    (void)state;
    struct summary *few = NULL;
    struct compare *c = NULL;
    char text[96];
    assert_int_equal(summary_new(store, "seed=1..4,protocol=report", &few, &err), 0);
    assert_int_equal(compared_by(store, few, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err),
                     0);
    const struct compare_row *row = row_named(c, "1-27", "report", "oversample", "none");
    assert_int_equal(row->verdict, VERDICT_IMPOSSIBLE);
    contrast_verdict_text(text, sizeof text, row->verdict, &row->contrast, row->family);
    assert_string_equal(text, "cannot be significant with n = 4");
    compare_free(c);
    summary_free(few);
    assert_int_equal(summary_new(store, "seed=1..8,protocol=report", &few, &err), 0);
    assert_int_equal(compared_by(store, few, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err),
                     0);
    row = row_named(c, "1-27", "report", "oversample", "none");
    contrast_verdict_text(text, sizeof text, row->verdict, &row->contrast, row->family);
    assert_string_equal(text, "cannot be significant with n = 8 in 10 comparisons");
    compare_free(c);
    summary_free(few);
}

/* Of a loss, less is better. */
static void direction_is_that_of_the_metric(void **state)
{
    (void)state;
    struct compare *c = NULL;
    assert_int_equal(compared_by(store, summary, FACTOR_STRATEGY, "brier", REPLICATES_TEST, &c, &err), 0);
    assert_int_equal(c->better, -1);
    compare_free(c);
    assert_int_equal(compared_by(store, summary, FACTOR_STRATEGY, "loss", REPLICATES_ALL, &c, &err), E_USAGE);
    assert_non_null(strstr(err.text, "'loss' on all"));
    struct contrast lower = {.n = 10, .mean = -1, .smallest_p = 0.002};
    assert_int_equal(contrast_verdict(&lower, 0.01, 0.002, -1), VERDICT_BETTER);
    assert_int_equal(contrast_verdict(&lower, 0.01, 0.002, 1), VERDICT_WORSE);
    assert_int_equal(contrast_verdict(&lower, 0.06, 0.002, 1), VERDICT_NONE);
}

/* Accuracy of the pooled folds of a repeat, by counting. */
static double pooled_accuracy(int pair, int strategy, int seed)
{
    int right = 0;
    for (int f = 0; f < FOLDS; f++)
        for (int i = 0; i < N_TEST; i++)
            right += (test_prob(job_of(pair, strategy, seed, f), i) > 0.5f) == (i % 2 == 1);
    return (double)right / (FOLDS * N_TEST);
}

static void folds_of_a_repeat_are_pooled(void **state)
{
    (void)state;
    struct replicates *replicates = NULL;
    int seen = 0;
    assert_int_equal(replicates_new(store, summary, "accuracy", REPLICATES_OOF, &replicates, &err), 0);
    for (int g = 0; g < summary->n_groups; g++) {
        const struct store_job *cell = summary->group[g].cell;
        int pair = 0, strategy = 0;
        while (strcmp(cell->clusters, pairs[pair]) != 0)
            pair++;
        while (strcmp(cell->strategy, strategies[strategy]) != 0)
            strategy++;
        if (strcmp(cell->protocol, "report") == 0)
            assert_int_equal(replicates->group[g].n, 0);
        for (int i = 0; i < replicates->group[g].n; i++, seen++) {
            const struct replicate *replicate = &replicates->group[g].replicate[i];
            assert_near(replicate->value, pooled_accuracy(pair, strategy, (int)replicate->seed - 1));
        }
    }
    assert_int_equal(seen, PAIRS * STRATEGIES * FOLD_SEEDS - 1); /* one fold failed */
    replicates_free(replicates);
}

/* Mean over repeats of what each has pooled. */
static void scores_are_means_over_units(void **state)
{
    (void)state;
    struct stats_summary *oof = NULL;
    int g = 0, s = (int)(score_find("accuracy") - scores);
    double sum = 0;
    assert_int_equal(replicates_scores(store, summary, REPLICATES_OOF, &oof, &err), 0);
    while (strcmp(summary->group[g].cell->protocol, "kfold") != 0)
        g++;
    for (int seed = 0; seed < FOLD_SEEDS; seed++)
        sum += pooled_accuracy(0, NONE, seed);
    assert_int_equal(oof[g * n_scores + s].n, FOLD_SEEDS);
    assert_near(oof[g * n_scores + s].mean, sum / FOLD_SEEDS);
    assert_int_equal(oof[s].n, 0); /* protocol report has no folds */
    free(oof);
}

static int column_of(const struct texttable *table, const char *name)
{
    for (int c = 0; c < table->columns; c++)
        if (strcmp(table->cell[0][c], name) == 0)
            return c;
    fail_msg("no column %s", name);
    return -1;
}

/* Row of scores of a strategy of 1-27 under report, on test. */
static int scores_row(const struct texttable *table, const char *strategy)
{
    const int at[] = {column_of(table, "clusters"), column_of(table, "strategy"),
                      column_of(table, "protocol"), column_of(table, "set")};
    const char *const want[] = {"1-27", strategy, "report", "test"};
    for (int r = 1; r < table->rows; r++) {
        int same = 0;
        for (int i = 0; i < 4; i++)
            same += strcmp(table->cell[r][at[i]], want[i]) == 0;
        if (same == 4)
            return r;
    }
    fail_msg("no scores of %s", strategy);
    return -1;
}

/* Eight of ten jobs have no precision: the mean of the other two says that it is of two. */
static void a_score_of_fewer_values_says_so(void **state)
{
    (void)state;
    struct texttable table = {0};
    struct findings *findings = NULL;
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
    findings_pages[FINDINGS_SCORES].table(&table, findings);
    int few = scores_row(&table, "reweight"), all = scores_row(&table, "none"), n = column_of(&table, "n");
    assert_string_equal(table.cell[few][n], "10");
    for (int c = n + 1; c < table.columns; c++) {
        const char *mark = strstr(table.cell[few][c], " [n ");
        if (strcmp(table.cell[0][c], "precision") == 0)
            assert_true(mark && strcmp(mark, " [n 2]") == 0);
        else if (strcmp(table.cell[0][c], "sensitivity") == 0 || strcmp(table.cell[0][c], "accuracy") == 0)
            assert_null(mark);
        assert_null(strstr(table.cell[all][c], "[n"));
    }
    texttable_release(&table);
    findings_free(findings);
}

static void leak_inflation_is_paired_by_seed(void **state)
{
    (void)state;
    struct compare *c = NULL;
    double sum = 0;
    assert_int_equal(
        compared_by(store, summary, FACTOR_PROTOCOL, "balanced_accuracy", REPLICATES_TEST, &c, &err), 0);
    assert_int_equal(c->n, PAIRS * STRATEGIES);
    const struct compare_row *row = row_named(c, "1-27", "report", "oversample", NULL);
    for (int s = 0; s < FOLD_SEEDS; s++) {
        double folds = 0;
        for (int f = 0; f < FOLDS; f++)
            folds += level(0, OVERSAMPLE, s, f) / FOLDS;
        sum += level(0, OVERSAMPLE, s, -1) - folds;
    }
    assert_string_equal(row->b->cell->protocol, "kfold");
    assert_int_equal(row->contrast.n, FOLD_SEEDS);
    assert_near(row->contrast.mean, sum / FOLD_SEEDS);
    assert_int_equal(row->verdict, VERDICT_IMPOSSIBLE);
    compare_free(c);
}

/* No seed in common: Welch's test of seeds against seeds. */
static void leak_inflation_without_shared_seeds(void **state)
{
    (void)state;
    struct replicate a[] = {{1, 0, 0, 0.9, 0}, {2, 0, 0, 0.8, 0}, {3, 0, 0, 0.95, 0}},
                     b[] = {{7, 0, 0, 0.5, 0}, {7, 0, 1, 0.7, 0}, {8, 0, 0, 0.55, 0}, {8, 0, 1, 0.45, 0}};
    const double x[] = {0.9, 0.8, 0.95}, y[] = {0.6, 0.5};
    struct replicates_group left = {3, a, (double)NAN, 0}, right = {4, b, 1, 0};
    struct contrast contrast;
    assert_int_equal(contrast_by_seed(&left, &right, &contrast, &err), 0);
    struct stats_test t = stats_welch(x, 3, y, 2, 0.95);
    assert_near(contrast.mean, t.mean);
    assert_near(contrast.low, t.low);
    assert_near(contrast.p, t.p);
    assert_string_equal(contrast.method, "Welch t");
}

static void ranks_need_five_pairs(void **state)
{
    (void)state;
    struct compare *c = NULL;
    assert_int_equal(
        compared_by(store, summary, FACTOR_STRATEGY, "balanced_accuracy", REPLICATES_TEST, &c, &err), 0);
    assert_int_equal(c->n_rankings, 2);
    assert_int_equal(c->ranking[0].n_datasets, PAIRS);
    assert_false(c->ranking[0].tested);
    assert_string_equal(c->ranking[0].value[3]->strategy, "oversample");
    assert_near(c->ranking[0].average_rank[OVERSAMPLE], 1);
    assert_near(c->ranking[0].average_rank[UNDERSAMPLE], 5);
    compare_free(c);
}

static const struct claim_row *claim_named(const struct claims *claims, const char *text,
                                           const char *protocol)
{
    for (int i = 0; i < claims->n; i++)
        if (strcmp(claims->row[i].claim->text, text) == 0 &&
            strcmp(claims->row[i].cell->protocol, protocol) == 0)
            return &claims->row[i];
    return NULL;
}

static void claims_hold_where_they_do(void **state)
{
    (void)state;
    static const struct {
        const char *text, *protocol;
        enum claim_outcome outcome;
    } expected[] = {
        {"oversampling beats the others on 14-15", "report", CLAIM_HOLDS},
        {"oversampling beats the others on 14-15", "kfold", CLAIM_OPEN}, /* a fold of none failed */
        {"undersampling is worst on 1-27", "report", CLAIM_HOLDS},
        {"undersampling is worst on 1-27", "kfold", CLAIM_FAILS},
        {"duplicate oversampling wins overall", "report", CLAIM_HOLDS},
        {"unbalanced training stays below chance on 14-15 (0.15)", "report", CLAIM_HOLDS},
        {"oversampling of 1-27 reaches 1.00 in validation", "report", CLAIM_FAILS}, /* 0.75 */
        {"oversampling of 1-27 reaches 1.00 on the originals", "report", CLAIM_HOLDS},
        {"augmentation of 1-27 falls on the originals", "report", CLAIM_HOLDS},
        {"augmentation of 1-27 falls on the originals", "kfold", CLAIM_OPEN},      /* 0.625 in both */
        {"augmentation of 1-27 has 0.59 on the originals", "report", CLAIM_HOLDS}, /* 0.625 */
        {"reweighting of 1-27 has 0.56 on the originals", "report", CLAIM_FAILS},  /* 0.5 */
    };
    struct claims *claims = NULL;
    assert_int_equal(claims_new(store, summary, &claims, &err), 0);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct claim_row *row = claim_named(claims, expected[i].text, expected[i].protocol);
        assert_non_null(row);
        if (row->outcome != expected[i].outcome)
            fail_msg("%s under %s: %s", expected[i].text, expected[i].protocol,
                     claim_outcome_names[row->outcome]);
    }
    assert_null(
        claim_named(claims, "all clusters end at a validation accuracy of 0.09", "report")); /* was not run */
    claims_free(claims);
}

/* The difference shown is the one that is least in favour, and p the largest that is needed. */
static void claims_show_the_weakest_difference(void **state)
{
    (void)state;
    struct claims *claims = NULL;
    double sum = 0;
    assert_int_equal(claims_new(store, summary, &claims, &err), 0);
    const struct claim_row *row = claim_named(claims, "oversampling beats the others on 14-15", "report");
    for (int s = 0; s < SEEDS; s++)
        sum += level(1, OVERSAMPLE, s, -1) - level(1, AUGMENT, s, -1);
    assert_string_equal(row->second, "augment");
    assert_near(row->contrast.mean, sum / SEEDS);
    assert_near(row->p, 2.0 / 1024);
    assert_int_equal(row->n_contrasts, 4);
    claims_free(claims);
}

static void a_missing_strategy_leaves_a_claim_open(void **state)
{
    (void)state;
    struct summary *part = NULL;
    struct claims *claims = NULL;
    assert_int_equal(summary_new(store, "strategy=oversample|none,protocol=report", &part, &err), 0);
    assert_int_equal(claims_new(store, part, &claims, &err), 0);
    const struct claim_row *row = claim_named(claims, "oversampling beats the others on 14-15", "report");
    assert_int_equal(row->outcome, CLAIM_OPEN);
    assert_int_equal(row->n_missing, 3);
    assert_string_equal(row->reason, "runs missing");
    assert_null(claim_named(claims, "reweighting of 1-27 has 0.56 on the originals", "report"));
    claims_free(claims);
    summary_free(part);
}

/* Overall is what the report means by it: its three pairs, and nothing of others. */
static void what_holds_overall_takes_every_pair(void **state)
{
    (void)state;
    struct summary *part = NULL;
    struct claims *claims = NULL;
    assert_int_equal(summary_new(store, "clusters=1-27|14-15", &part, &err), 0);
    assert_int_equal(claims_new(store, part, &claims, &err), 0);
    const struct claim_row *row = claim_named(claims, "duplicate oversampling wins overall", "report");
    assert_int_equal(row->outcome, CLAIM_OPEN);
    assert_string_equal(row->reason, "clusters missing");
    claims_free(claims);
    summary_free(part);
}

/* A pair of the report is known by its numbers, whatever it is called. */
static void pairs_with_names_are_the_reports(void **state)
{
    (void)state;
    struct store *named = NULL;
    struct summary *all = NULL;
    struct claims *plain = NULL, *claims = NULL;
    assert_int_equal(claims_new(store, summary, &plain, &err), 0);
    assert_int_equal(class_call(8, "Polylobed", &err), 0);
    assert_int_equal(class_call(14, "CD8+ T-cell", &err), 0);
    assert_int_equal(store_open(path, &named, &err), 0);
    assert_int_equal(summary_new(named, NULL, &all, &err), 0);
    assert_int_equal(claims_new(named, all, &claims, &err), 0);
    assert_string_equal(store_jobs(named)[job_of(2, NONE, 0, -1)].clusters, "Polylobed-10");
    assert_int_equal(claims->n, plain->n);
    for (int i = 0; i < claims->n; i++) {
        assert_int_equal(claims->row[i].outcome, plain->row[i].outcome);
        assert_true(fabs(claims->row[i].p - plain->row[i].p) < 1e-12);
    }
    const struct claim_row *row = claim_named(claims, "oversampling beats the others on 14-15", "report");
    assert_true(claim_covers(row->claim, named, &store_jobs(named)[job_of(1, NONE, 0, -1)]));
    assert_false(claim_covers(row->claim, named, &store_jobs(named)[job_of(2, NONE, 0, -1)]));
    claims_free(plain);
    claims_free(claims);
    summary_free(all);
    store_close(named, NULL);
    class_forget_titles();
}

/* Not testable, whatever the numbers: protocols that resample before they split, and a fold that failed. */
static void what_is_no_evidence_is_not_tested(void **state)
{
    (void)state;
    struct literature *literature = NULL;
    int n_report = 0, n_failed = 0, n_tested = 0;
    assert_int_equal(literature_new(store, summary, &literature, &err), 0);
    for (int i = 0; i < literature->n; i++) {
        const struct literature_row *row = &literature->row[i];
        int is_report = strcmp(row->cell->protocol, "report") == 0;
        int failed = !is_report && strcmp(row->cell->clusters, "14-15") == 0;
        n_report += is_report;
        n_failed += failed;
        n_tested += row->outcome != LITERATURE_UNTESTABLE;
        if (is_report || failed) {
            assert_int_equal(row->outcome, LITERATURE_UNTESTABLE);
            assert_true(*row->reason && isnan(row->p_for) && isnan(row->adjusted_against));
        }
        assert_string_equal(row->claim->first, row->cell->strategy);
    }
    assert_int_equal(n_report, PAIRS * 7); /* 7 of 10 claims begin with a strategy that was run */
    assert_int_equal(n_failed, 7);
    assert_true(n_tested > 0);
    literature_free(literature);
}

static void scores_are_exported_without_a_rerun(void **state)
{
    (void)state;
    char *text = NULL, expected[64];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(export_write_scores(store, REPLICATES_OOF, "clusters=14-15,strategy=none", out, &err),
                     0);
    fclose(out);
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 1 + FOLD_SEEDS - 1);
    snprintf(expected, sizeof expected, ",oof,%d,15,%.9g,", FOLDS * N_TEST, pooled_accuracy(1, NONE, 0));
    assert_non_null(strstr(text, expected));
    free(text);
}

static void findings_are_written(void **state)
{
    (void)state;
    static const char *const names[] = {"scores",      "comparisons",  "rankings",         "leak_inflation",
                                        "calibration", "reliability",  "calibration_cost", "claims",
                                        "literature",  "training_cost"};
    static const char *const extensions[] = {"csv", "md", "tex"};
    struct findings *findings = NULL;
    char file[256];
    assert_int_equal(findings_new(store, summary, &findings, &err), 0);
    assert_int_equal(findings_write(findings, folder, &err), 0);
    snprintf(file, sizeof file, "%s/claims.md", folder);
    FILE *claims = fopen(file, "r");
    char text[8192] = "";
    assert_non_null(claims);
    assert_true(fread(text, 1, sizeof text - 1, claims) > 0);
    fclose(claims);
    assert_non_null(strstr(text, "does not hold"));
    for (size_t i = 0; i < 3 * sizeof names / sizeof *names; i++) {
        snprintf(file, sizeof file, "%s/%s.%s", folder, names[i / 3], extensions[i % 3]);
        assert_int_equal(unlink(file), 0);
    }
    findings_free(findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_compared_by_sign_flips),
        cmocka_unit_test(folds_are_compared_by_the_corrected_test),
        cmocka_unit_test(a_failed_job_takes_its_partner_along),
        cmocka_unit_test(few_runs_cannot_be_significant),
        cmocka_unit_test(direction_is_that_of_the_metric),
        cmocka_unit_test(folds_of_a_repeat_are_pooled),
        cmocka_unit_test(scores_are_means_over_units),
        cmocka_unit_test(a_score_of_fewer_values_says_so),
        cmocka_unit_test(leak_inflation_is_paired_by_seed),
        cmocka_unit_test(leak_inflation_without_shared_seeds),
        cmocka_unit_test(ranks_need_five_pairs),
        cmocka_unit_test(claims_hold_where_they_do),
        cmocka_unit_test(claims_show_the_weakest_difference),
        cmocka_unit_test(a_missing_strategy_leaves_a_claim_open),
        cmocka_unit_test(what_holds_overall_takes_every_pair),
        cmocka_unit_test(pairs_with_names_are_the_reports),
        cmocka_unit_test(what_is_no_evidence_is_not_tested),
        cmocka_unit_test(scores_are_exported_without_a_rerun),
        cmocka_unit_test(findings_are_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
