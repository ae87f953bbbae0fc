#include "figures/heatmap.h"

#include "paper/claims.h"
#include "rng.h"
#include "store/classes.h"
#include "figures/figures.h"
#include "write/output.h"
#include "support/scratch.h"
#include "support/small_store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Jobs: three seeds of all 28 clusters under report with the rule of 45; all clusters, k-fold, two repeats of
 * three folds, one fold of which failed; a pair; three clusters. */
enum {
    C = 28,
    FOLDS = 3,
    REPEATS = 2,
    REPORT = 0,
    KFOLD = 3,
    PAIR = KFOLD + FOLDS * REPEATS,
    TRIPLE,
    N_JOBS
};

static char root[64];
static struct store *store;
static struct summary *summary;
static int test[N_JOBS][C * C], all[N_JOBS][C * C];

static void fill(struct small_job *job, int j, const char *clusters, const char *protocol, int n)
{
    struct rng rng = rng_start(rng_key("heatmap", &j, sizeof j), 0);
    strcpy(job->row.clusters, clusters);
    strcpy(job->row.protocol, protocol);
    strcpy(job->row.strategy, "none");
    job->state = JOB_DONE;
    job->n = n;
    job->test = test[j];
    job->all = all[j];
    for (int k = 0; k < n * n; k++) {
        test[j][k] = (int)(rng_uniform(&rng) * 3) + (k % (n + 1) == 0 ? 5 + k % 7 : 0);
        all[j][k] = (int)(rng_uniform(&rng) * 1.1) + (k % (n + 1) == 0 ? 40 - k / n : 0);
    }
}

static int set_up(void **state)
{
    (void)state;
    struct small_job job[N_JOBS] = {0};
    struct err err = {0};
    char path[128];
    for (int j = REPORT; j < KFOLD; j++) {
        fill(&job[j], j, "all", "report", C);
        job[j].row.seed = j + 1;
    }
    for (int j = KFOLD; j < PAIR; j++) {
        fill(&job[j], j, "all", "kfold", C);
        job[j].row.fold = (j - KFOLD) % FOLDS;
        job[j].row.repeat = (j - KFOLD) / FOLDS;
        job[j].row.seed = 1;
    }
    job[PAIR - 1].state = JOB_FAILED;
    fill(&job[PAIR], PAIR, "8-10", "report", 2);
    fill(&job[TRIPLE], TRIPLE, "14-3-15", "report", 3);
    for (int k = 0; k < 3; k++)
        all[TRIPLE][3 + k] = 0; /* no image of cluster 3 */
    assert_int_equal(scratch_make(root, sizeof root), 0);
    snprintf(path, sizeof path, "%s/r.h5", root);
    if (small_store(path, job, N_JOBS, C, NULL, 0, "balance.threshold: 40\nbalance.cap: 45\n", &err) < 0 ||
        store_open(path, &store, &err) < 0 || summary_new(store, NULL, &summary, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    summary_free(summary);
    store_close(store, NULL);
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line) == 0 ? 0 : -1;
}

static struct heatmap *make(int group, enum image_set set)
{
    struct heatmap *heatmap = NULL;
    struct err err = {0};
    if (heatmap_new(summary, &summary->group[group], set, &heatmap, &err) < 0)
        fail_msg("%s", err.text);
    return heatmap;
}

static double recall_mean(const double *m, int n)
{
    double sum = 0;
    int present = 0;
    for (int a = 0; a < n; a++) {
        double row = 0;
        for (int p = 0; p < n; p++)
            row += m[a * n + p];
        sum += row > 0 ? m[a * n + a] / row : 0;
        present += row > 0;
    }
    return sum / present;
}

static double sum_of(int matrices[][C * C], int first, int last, int n, double *out)
{
    memset(out, 0, sizeof(double) * (size_t)(n * n));
    for (int j = first; j <= last; j++)
        for (int k = 0; k < n * n; k++)
            out[k] += matrices[j][k];
    return recall_mean(out, n);
}

/* The data file of a heatmap against expected counts, rows actual. */
static void check_file(const char *name, const int *cluster, const double *expected, int n)
{
    char file[64];
    int rows = 0;
    snprintf(file, sizeof file, "%s.tsv", name);
    char *text = small_text(root, file), *at = strchr(text, '\n') + 1;
    for (; *at; at = strchr(at, '\n') + 1, rows++) {
        int p, a, predicted, actual;
        double count, percent, total = 0;
        assert_int_equal(sscanf(at, "%d %d %d %d %lf %lf", &a, &p, &predicted, &actual, &count, &percent), 6);
        assert_int_equal(a, rows / n);
        assert_int_equal(p, rows % n);
        assert_int_equal(predicted, cluster[p]);
        assert_int_equal(actual, cluster[a]);
        for (int k = 0; k < n; k++)
            total += expected[a * n + k];
        assert_true(fabs(count - expected[a * n + p]) < 1e-7);
        assert_true(total > 0 ? fabs(percent - 100 * expected[a * n + p] / total) < 1e-6 : isnan(percent));
    }
    assert_int_equal(rows, n * n);
    free(text);
}

static void report_counts_are_means_over_seeds(void **state)
{
    (void)state;
    struct err err = {0};
    int cluster[C];
    double expected[C * C], one[C * C], mean = 0;
    for (int s = 0; s < 2; s++) {
        struct heatmap *h = make(0, s ? SET_ALL : SET_TEST);
        sum_of(s ? all : test, REPORT, KFOLD - 1, C, expected);
        for (int k = 0; k < C * C; k++)
            expected[k] /= 3;
        mean = 0;
        for (int j = REPORT; j < KFOLD; j++)
            mean += sum_of(s ? all : test, j, j, C, one) / 3;
        for (int c = 0; c < C; c++)
            cluster[c] = c + 1;
        assert_int_equal(h->n_units, 3);
        assert_true(fabs(h->balanced.mean - mean) < 1e-12);
        assert_true(h->balanced.high > h->balanced.low);
        assert_int_equal(heatmap_write(h, "seeds", 0, NULL, root, &err), 0);
        check_file("seeds", cluster, expected, C);
        heatmap_free(h);
    }
}

/* Every image once a repeat: folds are summed, repeats averaged; a fold that failed is missing and said. */
static void folds_are_summed_and_repeats_averaged(void **state)
{
    (void)state;
    struct err err = {0};
    int cluster[C];
    double expected[C * C], one[C * C], mean = 0, right = 0, total = 0;
    struct heatmap *h = make(1, SET_TEST);
    sum_of(test, KFOLD, PAIR - 2, C, expected);
    for (int k = 0; k < C * C; k++) {
        expected[k] /= 2;
        total += expected[k];
        right += k % (C + 1) == 0 ? expected[k] : 0;
    }
    mean = (sum_of(test, KFOLD, KFOLD + 2, C, one) + sum_of(test, KFOLD + 3, PAIR - 2, C, one)) / 2;
    for (int c = 0; c < C; c++)
        cluster[c] = c + 1;
    assert_int_equal(h->n_units, 2);
    assert_true(fabs(h->balanced.mean - mean) < 1e-12);
    assert_true(fabs(h->accuracy - right / total) < 1e-12);
    assert_int_equal(heatmap_write(h, "folds", 0, NULL, root, &err), 0);
    check_file("folds", cluster, expected, C);
    char *script = small_text(root, "folds.gp");
    assert_non_null(strstr(script, "Out of fold: judged by models that did not see them"));
    assert_non_null(strstr(script, "1 of 6 models are not finished"));
    assert_non_null(strstr(script, "images of the finished folds"));
    assert_null(strstr(script, "every image once"));
    free(script);
    heatmap_free(h);
}

static void originals_of_folds_are_means_over_models(void **state)
{
    (void)state;
    struct heatmap *h = make(1, SET_ALL);
    double expected[C * C];
    sum_of(all, KFOLD, PAIR - 2, C, expected);
    assert_int_equal(h->n_units, 5);
    for (int k = 0; k < C * C; k++)
        assert_true(fabs(h->count[k] - expected[k] / 5) < 1e-12);
    heatmap_free(h);
}

/* The file's matrices are 28 x 28 with -1 beyond the job's classes; classes stand in the
 * order of the job's clusters. */
static void fewer_classes_than_the_file_has(void **state)
{
    (void)state;
    struct err err = {0};
    const int cluster[] = {14, 3, 15};
    double expected[9];
    struct heatmap *h = make(3, SET_ALL);
    for (int k = 0; k < 9; k++)
        expected[k] = all[TRIPLE][k];
    assert_int_equal(h->n, 3);
    assert_true(fabs(h->balanced.mean - recall_mean(expected, 3)) < 1e-12);
    assert_int_equal(heatmap_write(h, "triple", 1, NULL, root, &err), 0);
    check_file("triple", cluster, expected, 3);
    heatmap_free(h);
}

static void what_the_page_says(void **state)
{
    (void)state;
    struct err err = {0};
    char number[64];
    struct heatmap *h = make(0, SET_ALL);
    assert_int_equal(heatmap_write(h, "page", 0, NULL, root, &err), 0);
    char *script = small_text(root, "page.gp");
    snprintf(number, sizeof number, "Balanced accuracy %.3f (95 %% interval %.3f to %.3f, n = 3)",
             h->balanced.mean, h->balanced.low, h->balanced.high);
    assert_non_null(strstr(script, number));
    assert_non_null(strstr(script, "All 28 clusters: Duplicates to 45"));
    assert_non_null(strstr(script, "On all original images, training images included"));
    assert_non_null(strstr(script, "Published: balanced accuracy 0.89"));
    assert_non_null(strstr(script, "synthetic data"));
    free(script);
    heatmap_free(h);
    h = make(1, SET_ALL); /* published under protocol report only */
    assert_int_equal(heatmap_write(h, "page", 1, NULL, root, &err), 0);
    script = small_text(root, "page.gp");
    assert_null(strstr(script, "Published"));
    assert_non_null(strstr(script, "rows add up to 100"));
    assert_non_null(strstr(script, "set cbrange [0:100]"));
    free(script);
    heatmap_free(h);
}

static void texts_and_inks_of_cells(void **state)
{
    (void)state;
    struct err err = {0};
    struct heatmap *h = make(3, SET_TEST);
    const double counts[] = {100, 0, 0.04, 1.25, 20, 44.9, 45.1, 1.0 / 3, 7};
    memcpy(h->count, counts, sizeof counts);
    assert_int_equal(heatmap_write(h, "cells", 0, NULL, root, &err), 0);
    char *text = small_text(root, "cells.tsv");
    assert_non_null(strstr(text, "\t100\t100\t2\n"));
    assert_non_null(strstr(text, "\t0\t0\t0\n"));
    assert_non_null(strstr(text, "\t0.04\t<.1\t1\n"));
    assert_non_null(strstr(text, "\t1.2\t1\n"));
    assert_non_null(strstr(text, "\t44.9\t44.9\t1\n"));
    assert_non_null(strstr(text, "\t45.1\t45.1\t2\n"));
    free(text);
    assert_int_equal(heatmap_write(h, "cells", 1, NULL, root, &err), 0);
    text = small_text(root, "cells.tsv");
    assert_non_null(strstr(text, "\t<1\t1\n")); /* 0.04 of 100.04 */
    free(text);
    heatmap_free(h);
}

static void check_list(const struct figures *figures, const char *name, int expected)
{
    int seen = 0;
    for (int i = 0; i < figures->n; i++)
        seen += strcmp(figures->name[i], name) == 0;
    if (seen != expected)
        fail_msg("%s is there %d times", name, seen);
}

static void pairs_have_heatmaps_on_demand(void **state)
{
    (void)state;
    struct err err = {0};
    for (int pairs = 0; pairs < 2; pairs++) {
        struct figures_options options = {.metric = METRIC_ACCURACY, .all_heatmaps = pairs};
        struct figures figures;
        assert_int_equal(figures_write(summary, NULL, &options, root, &figures, &err), 0);
        check_list(&figures, "heatmap_all_none_report_test", 1);
        check_list(&figures, "heatmap_all_none_kfold_originals", 1);
        check_list(&figures, "heatmap_14-3-15_none_report_originals", 1);
        check_list(&figures, "heatmap_8-10_none_report_test", pairs);
        figures_release(&figures);
    }
}

static void pictures_are_drawn(void **state)
{
    (void)state;
    struct err err = {0};
    char names[1][CURVES_NAME_SIZE] = {"heatmap_all_none_report_originals"}, *name = names[0], path[200];
    struct figures figures = {.n = 1, .name = names};
    if (figures_render(&figures, root, &err) < 0)
        fail_msg("%s", err.text);
    static const char *const formats[] = {"png", "svg", "pdf"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%.99s.%s", root, name, formats[i]);
        assert_int_equal(access(path, R_OK), 0);
    }
    snprintf(path, sizeof path, "%.99s.svg", name);
    char *svg = small_text(root, path);
    assert_non_null(strstr(svg, "Predicted cluster"));
    assert_non_null(strstr(svg, "training images included"));
    free(svg);
}

static void clusters_of_jobs(void **state)
{
    (void)state;
    const struct store_job *row = store_jobs(store);
    struct store_job job = row[0];
    char text[64];
    int cluster[CONFIG_MAX_CLUSTERS];
    assert_int_equal(classes_of(store, &row[0], cluster), C);
    assert_int_equal(cluster[27], 28);
    assert_int_equal(classes_of(store, &row[TRIPLE], cluster), 3);
    assert_int_equal(cluster[0], 14);
    assert_int_equal(cluster[1], 3);
    assert_string_equal(classes_config(store, &job, "balance.cap", text, sizeof text), "45");
    assert_string_equal(classes_config(store, &job, "balance", text, sizeof text), "");
    assert_string_equal(classes_config(store, &job, "grid", text, sizeof text), "");
    assert_int_equal(classes_is_published_all(store, &row[0]), 1);
    strcpy(job.strategy, "oversample");
    assert_int_equal(classes_is_published_all(store, &job), 0);
}

/* In how many settings the claim about duplicates to 45 was tested. */
static int tested_on_all(struct store *on, const struct summary *of)
{
    static const char *const text = "duplicates to 45 give 0.89 on all clusters' originals";
    struct claims *claims = NULL;
    struct err err = {0};
    int n = 0;
    assert_int_equal(claims_new(on, of, &claims, &err), 0);
    for (int i = 0; i < claims->n; i++)
        n += strcmp(claims->row[i].claim->text, text) == 0;
    claims_free(claims);
    return n;
}

/* Claims about all clusters are tested on the duplicates-to-45 model, not on just any job of all clusters. */
static void claims_on_all_clusters_need_their_rule(void **state)
{
    (void)state;
    struct small_job job = {0};
    struct store *other = NULL;
    struct summary *plain = NULL;
    struct err err = {0};
    char path[128];
    assert_int_equal(tested_on_all(store, summary), 2); /* report and k-fold */
    fill(&job, REPORT, "all", "report", C);
    snprintf(path, sizeof path, "%s/plain.h5", root);
    assert_int_equal(small_store(path, &job, 1, C, NULL, 0, "balance.threshold: 0\nbalance.cap: 0\n", &err),
                     0);
    assert_int_equal(store_open(path, &other, &err), 0);
    assert_int_equal(summary_new(other, NULL, &plain, &err), 0);
    assert_int_equal(tested_on_all(other, plain), 0);
    summary_free(plain);
    assert_int_equal(store_close(other, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(report_counts_are_means_over_seeds),
                                       cmocka_unit_test(folds_are_summed_and_repeats_averaged),
                                       cmocka_unit_test(originals_of_folds_are_means_over_models),
                                       cmocka_unit_test(fewer_classes_than_the_file_has),
                                       cmocka_unit_test(what_the_page_says),
                                       cmocka_unit_test(texts_and_inks_of_cells),
                                       cmocka_unit_test(pairs_have_heatmaps_on_demand),
                                       cmocka_unit_test(pictures_are_drawn),
                                       cmocka_unit_test(clusters_of_jobs),
                                       cmocka_unit_test(claims_on_all_clusters_need_their_rule)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
