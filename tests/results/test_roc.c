/* ROC and precision-recall curves: by hand, by the example of Davis and Goadrich, by counting at every
 * threshold of 200 golden sets, against areas that scikit-learn has confirmed, and as means over jobs in
 * table and figure. */
#include "stats/roc.h"

#include "figures/pagename.h"
#include "figures/roc_page.h"
#include "h5.h"
#include "stats/replicates.h"
#include "support/judged_job.h"
#include "support/scratch.h"
#include "support/small_store.h"
#include "support/store_fixture.h"
#include "tables/roc_table.h"

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

enum { CASES = 200, MAX_CLASSES = 6, MOST = 2020, TEXT = 65536 };

static struct err err;

static void assert_near(double x, double expected)
{
    if (!(fabs(x - expected) <= 1e-12))
        fail_msg("%.15g is not %.15g", x, expected);
}

/* ---- by hand ---- */

/* Images of two classes in the order of the probability of class 1, which is positive. */
static void curve_of(const float *p, const int *label, int n, double curve[N_ROC_CURVES][ROC_POINTS])
{
    static float probs[2 * MOST];
    for (int i = 0; i < n; i++) {
        probs[2 * i] = 1 - p[i];
        probs[2 * i + 1] = p[i];
    }
    struct scores_input in = {n, 2, 2, probs, label, 1};
    assert_int_equal(roc_curve(&in, curve, &err), 0);
}

/* Points of the ROC: (0, 1/3), (1/3, 1/3), a tie to (2/3, 2/3), (2/3, 1), (1, 1). */
static void a_small_set_by_hand(void **state)
{
    const float p[] = {0.9f, 0.8f, 0.7f, 0.7f, 0.6f, 0.2f};
    const int label[] = {1, 0, 1, 0, 1, 0};
    double curve[N_ROC_CURVES][ROC_POINTS];
    (void)state;
    curve_of(p, label, 6, curve);
    assert_near(curve[ROC_TPR][0], 1 / 3.0);
    assert_near(curve[ROC_TPR][33], 1 / 3.0);
    assert_near(curve[ROC_TPR][50], 0.5);
    assert_near(curve[ROC_TPR][66], 0.66);
    assert_near(curve[ROC_TPR][67], 1);
    assert_near(curve[ROC_TPR][100], 1);
    assert_near(curve[ROC_PRECISION][0], 1);
    assert_near(curve[ROC_PRECISION][33], 1);
    assert_near(curve[ROC_PRECISION][34], 0.5);
    assert_near(curve[ROC_PRECISION][50], 0.5);
    assert_near(curve[ROC_PRECISION][80], 2.4 / 4.4);
    assert_near(curve[ROC_PRECISION][100], 0.6);
}

static void a_false_start_has_no_precision(void **state)
{
    double curve[N_ROC_CURVES][ROC_POINTS];
    (void)state;
    curve_of((const float[]){0.9f, 0.5f, 0.1f}, (const int[]){0, 1, 0}, 3, curve);
    assert_near(curve[ROC_PRECISION][0], 0);
    assert_near(curve[ROC_PRECISION][50], 1 / 3.0);
    assert_near(curve[ROC_PRECISION][100], 0.5);
    assert_near(curve[ROC_TPR][49], 0);
    assert_near(curve[ROC_TPR][50], 1);
}

/* Their section 4: 20 positives; from TP 5, FP 5 to TP 10, FP 30 lie FP 10, 15, 20, 25, no straight line. */
static void between_points_false_positives_are_in_proportion(void **state)
{
    static float p[MOST];
    static int label[MOST];
    double curve[N_ROC_CURVES][ROC_POINTS];
    (void)state;
    for (int i = 0; i < MOST; i++) {
        p[i] = i < 10 ? 0.9f : i < 40 ? 0.5f : 0.1f;
        label[i] = i < 5 || (i >= 10 && i < 15) || (i >= 40 && i < 50);
    }
    curve_of(p, label, MOST, curve);
    assert_near(curve[ROC_PRECISION][25], 0.5);
    assert_near(curve[ROC_PRECISION][30], 6 / 16.0);
    assert_near(curve[ROC_PRECISION][35], 7 / 22.0);
    assert_near(curve[ROC_PRECISION][40], 8 / 28.0);
    assert_near(curve[ROC_PRECISION][45], 9 / 34.0);
    assert_near(curve[ROC_PRECISION][50], 10 / 40.0);
}

static void what_is_undefined_is_nan(void **state)
{
    double curve[N_ROC_CURVES][ROC_POINTS];
    (void)state;
    curve_of((const float[]){0.9f, 0.5f}, (const int[]){0, 0}, 2, curve);
    assert_true(isnan(curve[ROC_TPR][50]) && isnan(curve[ROC_PRECISION][50]));
    curve_of((const float[]){0.9f, 0.5f}, (const int[]){1, 1}, 2, curve);
    assert_true(isnan(curve[ROC_TPR][50]));
    assert_near(curve[ROC_PRECISION][50], 1);
    curve_of((const float[]){0.9f, (float)NAN}, (const int[]){1, 0}, 2, curve);
    assert_true(isnan(curve[ROC_TPR][50]) && isnan(curve[ROC_PRECISION][50]));
    curve_of(NULL, NULL, 0, curve);
    assert_true(isnan(curve[ROC_TPR][0]) && isnan(curve[ROC_PRECISION][0]));
}

/* ---- golden sets ---- */

struct golden {
    int n[CASES], classes[CASES], positive[CASES], *label;
    float *probs;
};

static void read_all(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, void *out)
{
    if (h5_read(file, name, type, rank, dims, out, "tests/golden/scores.h5", &err) < 0)
        fail_msg("%s", err.text);
}

static void load(struct golden *g)
{
    hid_t file;
    hsize_t cases = CASES, rows = 0;
    assert_int_equal(h5_open_read("tests/golden/scores.h5", &file, &err), 0);
    read_all(file, "n", H5T_NATIVE_INT, 1, &cases, g->n);
    read_all(file, "classes", H5T_NATIVE_INT, 1, &cases, g->classes);
    read_all(file, "positive", H5T_NATIVE_INT, 1, &cases, g->positive);
    for (int i = 0; i < CASES; i++)
        rows += (hsize_t)g->n[i];
    g->label = calloc(rows, sizeof *g->label);
    g->probs = calloc(rows * MAX_CLASSES, sizeof *g->probs);
    read_all(file, "label", H5T_NATIVE_INT, 1, &rows, g->label);
    read_all(file, "probs", H5T_NATIVE_FLOAT, 2, (hsize_t[]){rows, MAX_CLASSES}, g->probs);
    H5Fclose(file);
}

/* Images at or above a threshold, of a class and others. */
static void count(const struct scores_input *in, int c, float threshold, double *tp, double *fp)
{
    *tp = *fp = 0;
    for (int i = 0; i < in->n; i++)
        if (in->probs[i * in->stride + c] >= threshold)
            *(in->label[i] == c ? tp : fp) += 1;
}

/* The largest probability of a class below a limit; negative: there is none. */
static float next_threshold(const struct scores_input *in, int c, float below)
{
    float best = -1;
    for (int i = 0; i < in->n; i++) {
        float p = in->probs[i * in->stride + c];
        best = p < below && p > best ? p : best;
    }
    return best;
}

/* A value of a class, by counting anew at every threshold. */
static double counted(const struct scores_input *in, int c, int kind, int k)
{
    double hits, others, tp0 = 0, fp0 = 0, tp, fp, x = roc_place(k), value = (double)NAN;
    count(in, c, -1, &hits, &others);
    for (float t = next_threshold(in, c, 2); t >= 0; t = next_threshold(in, c, t), tp0 = tp, fp0 = fp) {
        count(in, c, t, &tp, &fp);
        if (kind == ROC_TPR && fp0 <= x * others + 1e-9 && x * others + 1e-9 < fp)
            value = (tp0 + (tp - tp0) * fmax(0, x * others - fp0) / (fp - fp0)) / hits;
        if (kind == ROC_PRECISION && isnan(value) && tp > 0 && tp >= x * hits - 1e-9) {
            double at = fmin(x * hits, tp), slope = (fp - fp0) / (tp - tp0),
                   false_ones = fp0 + slope * (at - tp0);
            value = at > 0 ? at / (at + false_ones) : fp0 > 0 ? 0 : 1 / (1 + slope);
        }
    }
    return kind == ROC_TPR && others > 0 && isnan(value) ? 1 : value;
}

/* The positive class, or the mean over the classes present. */
static double counted_all(const struct scores_input *in, int kind, int k)
{
    double sum = 0, hits, others;
    int present = 0;
    for (int c = 0; c < in->n_classes; c++) {
        count(in, c, -1, &hits, &others);
        if (hits == 0 || (in->n_classes == 2 && c != in->positive))
            continue;
        sum += counted(in, c, kind, k);
        present++;
    }
    return present > 0 ? sum / present : (double)NAN;
}

static double score_of(const struct scores_input *in, const char *name)
{
    struct judged *judged = NULL;
    assert_int_equal(judged_new(in, &judged, &err), 0);
    double value = score_find(name)->value(judged);
    judged_free(judged);
    return value;
}

static double area_below(const double *curve)
{
    double area = 0;
    for (int k = 1; k < ROC_POINTS; k++)
        area += (curve[k - 1] + curve[k]) / 2 / (ROC_POINTS - 1);
    return area;
}

/* A rising curve's area by trapezoids is off by at most half a step. */
static void check_set(const struct scores_input *in, int number, int *defined)
{
    double curve[N_ROC_CURVES][ROC_POINTS], auroc = score_of(in, "auroc"), auprc = score_of(in, "auprc");
    assert_int_equal(roc_curve(in, curve, &err), 0);
    if (isnan(auroc) != isnan(curve[ROC_TPR][0]) || isnan(auprc) != isnan(curve[ROC_PRECISION][0]))
        fail_msg("case %d: only one of curve and area is defined", number);
    if (!isnan(auroc) && fabs(area_below(curve[ROC_TPR]) - auroc) > 0.5 / (ROC_POINTS - 1) + 1e-12)
        fail_msg("case %d: area %g, AUROC %g", number, area_below(curve[ROC_TPR]), auroc);
    *defined += !isnan(auroc);
    for (int i = 0; i < N_ROC_CURVES * ROC_POINTS; i++) {
        int kind = i / ROC_POINTS, k = i % ROC_POINTS;
        double ours = curve[kind][k];
        if (!isnan(ours) && fabs(ours - counted_all(in, kind, k)) > 1e-9)
            fail_msg("case %d: %s at %d is %.12g, counted %.12g", number, roc_kind_names[kind], k, ours,
                     counted_all(in, kind, k));
    }
}

static void golden_sets_are_as_counted(void **state)
{
    struct golden g = {0};
    int first = 0, defined = 0;
    (void)state;
    load(&g);
    for (int i = 0; i < CASES; first += g.n[i++]) {
        struct scores_input in = {g.n[i],          g.classes[i],
                                  MAX_CLASSES,     g.probs + (size_t)first * MAX_CLASSES,
                                  g.label + first, g.positive[i]};
        check_set(&in, i, &defined);
    }
    assert_true(defined > 100);
    free(g.label);
    free(g.probs);
}

/* ---- of stored predictions ---- */

static char folder[64], path[128];
static struct fixture *fixture;
static struct store *store;
static struct summary *summary;
static struct roc *roc;

/* Cluster 10 is positive: images from 7 on. AUROC 1, 3/4 and 1/2. */
static int begin(void **state)
{
    (void)state;
    assert_int_equal(scratch_make(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/r.h5", folder);
    fixture = fixture_new(3, 1, 0);
    for (int j = 0; j < 3; j++) {
        fixture->job[j] = fixture_job(1, 3);
        fixture->job[j].seed = j;
        snprintf(fixture->job[j].key, sizeof fixture->job[j].key, "%032x", (unsigned)j + 1);
    }
    assert_int_equal(store_create(path, &fixture->plan, &err), 0);
    assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
    const int image[] = {0, 1, 7, 8};
    judged_write(store, 0, 0, 4, image, (const float[]){0.25f, 0.125f, 0.75f, 0.5f});
    judged_write(store, 1, 0, 4, image, (const float[]){0.625f, 0.125f, 0.75f, 0.5f});
    judged_write(store, 2, 1, 4, image, (const float[]){0.5f, 0.5f, 0.5f, 0.5f});
    store_close(store, NULL);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(summary_new(store, NULL, &summary, &err), 0);
    return roc_new(store, summary, &roc, &err);
}

static int end(void **state)
{
    (void)state;
    roc_free(roc);
    summary_free(summary);
    store_close(store, NULL);
    fixture_free(fixture);
    roc = NULL;
    summary = NULL;
    store = NULL;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void curves_are_means_over_jobs(void **state)
{
    (void)state;
    assert_int_equal(roc->n_groups, 1);
    const struct roc_group *group = &roc->group[0];
    assert_int_equal(group->positive, 10);
    assert_int_equal(group->curve[ROC_TPR][0].n, 3);
    assert_near(group->curve[ROC_TPR][0].mean, (1 + 0.5 + 0) / 3); /* the third goes straight up */
    assert_near(group->curve[ROC_TPR][25].mean, (1 + 0.5 + 0.25) / 3);
    assert_near(group->curve[ROC_TPR][50].mean, (1 + 1 + 0.5) / 3);
    assert_near(group->curve[ROC_PRECISION][50].mean, (1 + 1 + 0.5) / 3);
    assert_near(group->curve[ROC_PRECISION][100].mean, (1 + 2 / 3.0 + 0.5) / 3);
    assert_near(group->area[ROC_PREVALENCE].mean, 0.5);
    struct stats_summary by_hand = stats_within(
        stats_of_splits((const double[]){1, 0.5, 0}, 3, summary->group[0].test_ratio, summary_level), 0, 1);
    assert_near(group->curve[ROC_TPR][0].low, by_hand.low);
    assert_near(group->curve[ROC_TPR][0].high, by_hand.high);
}

static void areas_are_those_of_the_table_of_scores(void **state)
{
    static const char *const name[N_ROC_AREAS] = {"auroc", "auprc", "prevalence"};
    struct stats_summary *all = NULL;
    (void)state;
    assert_int_equal(replicates_scores(store, summary, REPLICATES_TEST, &all, &err), 0);
    for (int a = 0; a < N_ROC_AREAS; a++) {
        const struct stats_summary *theirs = &all[score_find(name[a]) - scores],
                                   *ours = &roc->group[0].area[a];
        assert_int_equal(ours->n, theirs->n);
        assert_near(ours->mean, theirs->mean);
        assert_true(ours->low == theirs->low && ours->high == theirs->high);
    }
    assert_near(roc->group[0].area[ROC_AUROC].mean, (1 + 0.75 + 0.5) / 3);
    free(all);
}

static void the_table_has_a_row_a_place(void **state)
{
    static char text[TEXT];
    int lines = 0;
    (void)state;
    FILE *file = fmemopen(text, TEXT, "w");
    assert_int_equal(roc_table_write(store, NULL, file, &err), 0);
    fclose(file);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + N_ROC_CURVES * ROC_POINTS);
    assert_non_null(strstr(text, ",positive,curve,x,n,mean,low,high\n"));
    assert_non_null(strstr(text, ",10,roc,0.5,3,0.833333333,"));
    assert_non_null(strstr(text, ",10,pr,1,3,0.722222222,"));
}

static void the_figure_says_areas_and_leaks(void **state)
{
    struct roc_page *pages = NULL;
    char name[PAGENAME_SIZE];
    (void)state;
    assert_int_equal(roc_pages(summary, roc, &pages, &err), 1);
    roc_page_name(&pages[0], name);
    assert_int_equal(strncmp(name, "roc_8-10", 8), 0);
    assert_int_equal(roc_page_write(&pages[0], name, NULL, folder, &err), 0);
    char *data = NULL, *script = NULL;
    strcat(name, ".gp");
    script = small_text(folder, name);
    strcpy(name + strlen(name) - 3, ".tsv");
    data = small_text(folder, name);
    assert_non_null(strstr(script, "(n = 3): AUROC 0.750, AUPRC 0.778'"));
    assert_non_null(strstr(script, "LEAK: up to 8.3 % of test seen"));
    assert_non_null(strstr(script, "Positive: cluster 10."));
    assert_non_null(strstr(data, "\n0\t0.5\t3\t0.833333333\t"));
    free(data);
    free(script);
    free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_set_by_hand),
        cmocka_unit_test(a_false_start_has_no_precision),
        cmocka_unit_test(between_points_false_positives_are_in_proportion),
        cmocka_unit_test(what_is_undefined_is_nan),
        cmocka_unit_test(golden_sets_are_as_counted),
        cmocka_unit_test_setup_teardown(curves_are_means_over_jobs, begin, end),
        cmocka_unit_test_setup_teardown(areas_are_those_of_the_table_of_scores, begin, end),
        cmocka_unit_test_setup_teardown(the_table_has_a_row_a_place, begin, end),
        cmocka_unit_test_setup_teardown(the_figure_says_areas_and_leaks, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
