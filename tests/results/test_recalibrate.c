/* Recalibration and scores of calibration against scikit-learn and scipy on 120 pairs of sets; what has no
 * answer; and that what is fitted sees the val set alone. */
#include "stats/calibrated.h"

#include "h5.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CASES = 120, MAX_CLASSES = 5, SETS = 2 };

static const char path[] = "tests/golden/calibration.h5";
static struct err err;

struct golden {
    int classes[CASES], positive[CASES];
    int n[SETS][CASES], *label[SETS]; /* val, test */
    float *probs[SETS];
    double trained[CASES][MAX_CLASSES], temperature[CASES], cut[CASES][N_RECALIBRATIONS];
    double expected[CASES][N_RECALIBRATIONS][N_THRESHOLDS][N_CALIBRATION];
};

static void read_all(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, void *out)
{
    if (h5_read(file, name, type, rank, dims, out, path, &err) < 0)
        fail_msg("%s", err.text);
}

static void read_set(hid_t file, struct golden *g, int set)
{
    static const char *const names[SETS][3] = {{"n_val", "label_val", "probs_val"},
                                               {"n_test", "label_test", "probs_test"}};
    hsize_t cases = CASES, rows = 0;
    read_all(file, names[set][0], H5T_NATIVE_INT, 1, &cases, g->n[set]);
    for (int i = 0; i < CASES; i++)
        rows += (hsize_t)g->n[set][i];
    g->label[set] = calloc(rows, sizeof *g->label[set]);
    g->probs[set] = calloc(rows * MAX_CLASSES, sizeof *g->probs[set]);
    read_all(file, names[set][1], H5T_NATIVE_INT, 1, &rows, g->label[set]);
    read_all(file, names[set][2], H5T_NATIVE_FLOAT, 2, (hsize_t[]){rows, MAX_CLASSES}, g->probs[set]);
}

static int load(void **state)
{
    struct golden *g = calloc(1, sizeof *g);
    hid_t file;
    char *names = NULL;
    hsize_t cases = CASES;
    if (h5_open_read(path, &file, &err) < 0 || h5_read_text_attr(file, "names", &names, path, &err) < 0)
        fail_msg("%s", err.text);
    char *at = names;
    for (int k = 0; k < N_CALIBRATION; k++) /* the golden file has them in our order */
        assert_string_equal(strsep(&at, ","), calibration_scores[k].name);
    read_all(file, "classes", H5T_NATIVE_INT, 1, &cases, g->classes);
    read_all(file, "positive", H5T_NATIVE_INT, 1, &cases, g->positive);
    read_all(file, "trained", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){CASES, MAX_CLASSES}, g->trained);
    read_all(file, "temperature", H5T_NATIVE_DOUBLE, 1, &cases, g->temperature);
    read_all(file, "cut", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){CASES, N_RECALIBRATIONS}, g->cut);
    read_all(file, "expected", H5T_NATIVE_DOUBLE, 4,
             (hsize_t[]){CASES, N_RECALIBRATIONS, N_THRESHOLDS, N_CALIBRATION}, g->expected);
    for (int set = 0; set < SETS; set++)
        read_set(file, g, set);
    H5Fclose(file);
    free(names);
    *state = g;
    return 0;
}

static int unload(void **state)
{
    struct golden *g = *state;
    for (int set = 0; set < SETS; set++) {
        free(g->label[set]);
        free(g->probs[set]);
    }
    free(g);
    return 0;
}

static struct scores_input input_of(const struct golden *g, int number, int set, int first)
{
    return (struct scores_input){g->n[set][number],     g->classes[number],
                                 MAX_CLASSES,           g->probs[set] + (size_t)first * MAX_CLASSES,
                                 g->label[set] + first, g->positive[number]};
}

/* How far ours is from theirs, relative above 1; infinite when only one of them is undefined. */
static double difference(double ours, double theirs)
{
    if (isnan(ours) || isnan(theirs))
        return isnan(ours) && isnan(theirs) ? 0 : (double)INFINITY;
    return fabs(ours - theirs) / fmax(1, fabs(theirs));
}

static void check(double ours, double theirs, double allowed, const char *name, int number, double *worst)
{
    double d = difference(ours, theirs);
    if (!(d <= allowed))
        fail_msg("case %d: %s is %.15g, the golden file says %.15g", number, name, ours, theirs);
    *worst = fmax(*worst, d);
}

struct worst {
    double score[N_CALIBRATION], temperature, cut;
};

static void check_fit(const struct golden *g, int number, const struct recalibrator *fit, struct worst *worst)
{
    if (fit->how == RECALIBRATE_TEMPERATURE)
        check(fit->temperature, g->temperature[number], 1e-8, "T", number, &worst->temperature);
    if (fit->threshold == THRESHOLD_TUNED && fit->n_classes == 2)
        check(-fit->offset[g->positive[number]], g->cut[number][fit->how], 1e-6, "the cut", number,
              &worst->cut);
}

/* Logarithms of float probabilities and Newton's end differ from scikit-learn's by more than sums do. */
static double allowed(int score)
{
    return score == CALIBRATION_SLOPE || score == CALIBRATION_INTERCEPT ? 1e-6 : 1e-7;
}

static void check_case(const struct golden *g, int number, const int *first, struct worst *worst)
{
    struct scores_input val = input_of(g, number, 0, first[0]), test = input_of(g, number, 1, first[1]);
    for (int k = 0; k < N_RECALIBRATIONS * N_THRESHOLDS; k++) {
        int how = k / N_THRESHOLDS, threshold = k % N_THRESHOLDS;
        struct recalibrator fit;
        struct reliability reliability = {0};
        double value[N_CALIBRATION];
        if (threshold == THRESHOLD_TUNED && g->classes[number] > 2)
            continue;
        assert_int_equal(recalibrate_fit((enum recalibration)how, (enum threshold)threshold, &val,
                                         g->trained[number], &fit, &err),
                         0);
        assert_null(fit.why);
        check_fit(g, number, &fit, worst);
        assert_int_equal(calibrated_scores(&fit, &test, value, &reliability, &err), 0);
        for (int s = 0; s < N_CALIBRATION; s++)
            check(value[s], g->expected[number][how][threshold][s], allowed(s), calibration_scores[s].name,
                  number, &worst->score[s]);
    }
}

static void fits_and_scores_are_those_of_scikit_learn(void **state)
{
    const struct golden *g = *state;
    struct worst worst = {0};
    int first[SETS] = {0};
    for (int i = 0; i < CASES; i++) {
        check_case(g, i, first, &worst);
        for (int set = 0; set < SETS; set++)
            first[set] += g->n[set][i];
    }
    printf("worst differences in %d cases: T %.2g, cut %.2g", CASES, worst.temperature, worst.cut);
    for (int s = 0; s < N_CALIBRATION; s++)
        printf(", %s %.2g", calibration_scores[s].name, worst.score[s]);
    printf("\n");
}

/* For each case and way: called with its val set and what was fitted to it. */
static void each_fit(const struct golden *g,
                     void (*look)(const struct golden *, int number, const int *first,
                                  const struct scores_input *val, const struct recalibrator *fit))
{
    int first[SETS] = {0};
    for (int i = 0; i < CASES; i++) {
        struct scores_input val = input_of(g, i, 0, first[0]);
        for (int k = 0; k < N_RECALIBRATIONS * N_THRESHOLDS; k++) {
            struct recalibrator fit;
            assert_int_equal(recalibrate_fit((enum recalibration)(k / N_THRESHOLDS),
                                             (enum threshold)(k % N_THRESHOLDS), &val, g->trained[i], &fit,
                                             &err),
                             0);
            look(g, i, first, &val, &fit);
        }
        for (int set = 0; set < SETS; set++)
            first[set] += g->n[set][i];
    }
}

static void parts_add_up(const struct golden *g, int number, const int *first, const struct scores_input *val,
                         const struct recalibrator *fit)
{
    struct scores_input test = input_of(g, number, 1, first[1]);
    struct reliability r = {0};
    double v[N_CALIBRATION];
    long n = 0;
    (void)val;
    assert_int_equal(calibrated_scores(fit, &test, v, &r, &err), 0);
    double sum = v[CALIBRATION_RELIABILITY] - v[CALIBRATION_RESOLUTION] + v[CALIBRATION_UNCERTAINTY] +
                 v[CALIBRATION_WITHIN_BINS];
    assert_true(fabs(sum - v[CALIBRATION_BRIER]) < 1e-12);
    for (int b = 0; b < RELIABILITY_BINS; b++)
        n += r.n[b];
    assert_int_equal(n, test.n);
}

static void the_parts_of_a_brier_score_add_up(void **state)
{
    each_fit(*state, parts_add_up);
}

static void is_no_worse(const struct golden *g, int number, const int *first, const struct scores_input *val,
                        const struct recalibrator *fit)
{
    struct recalibrator plain;
    (void)g;
    (void)number;
    (void)first;
    if (fit->how == RECALIBRATE_NONE && fit->threshold == THRESHOLD_TUNED)
        assert_true(fit->after >= fit->before - 1e-12);
    if (fit->how == RECALIBRATE_TEMPERATURE && fit->threshold == THRESHOLD_ARGMAX && !fit->is_bound) {
        double nll[2], value[N_CALIBRATION];
        struct reliability r = {0};
        assert_int_equal(recalibrate_fit(RECALIBRATE_NONE, THRESHOLD_ARGMAX, val, NULL, &plain, &err), 0);
        calibrated_scores(&plain, val, value, &r, &err);
        nll[0] = value[CALIBRATION_NLL];
        calibrated_scores(fit, val, value, &r, &err);
        nll[1] = value[CALIBRATION_NLL];
        assert_true(nll[1] <= nll[0] + 1e-6); /* stored probabilities add up to 1 in single precision only */
        assert_true(fit->after == fit->before);
    }
}

static void the_val_set_is_never_served_worse(void **state)
{
    each_fit(*state, is_no_worse);
}

/* The labels of the val set decide, else this test could not tell. */
static void differs_with_the_labels(const struct scores_input *val, const struct recalibrator *fit)
{
    static int turned[1000];
    struct scores_input other = *val;
    struct recalibrator again;
    for (int i = 0; i < val->n; i++)
        turned[i] = val->label[val->n - 1 - i];
    other.label = turned;
    assert_int_equal(recalibrate_fit(RECALIBRATE_TEMPERATURE, THRESHOLD_TUNED, &other, NULL, &again, &err),
                     0);
    assert_memory_not_equal(&again.temperature, &fit->temperature, sizeof fit->temperature);
}

/* There is no way to hand a test set to a fit; what it is fitted to is only read, and the same each time. */
static void a_fit_is_a_function_of_the_val_set(void **state)
{
    struct golden *g = *state;
    struct scores_input val = input_of(g, 2, 0, g->n[0][0] + g->n[0][1]);
    struct recalibrator fit, again;
    assert_int_equal(recalibrate_fit(RECALIBRATE_TEMPERATURE, THRESHOLD_TUNED, &val, NULL, &fit, &err), 0);
    for (int i = 0; i < g->n[1][0] + g->n[1][1] + g->n[1][2]; i++) /* test labels, all of them others */
        g->label[1][i] = !g->label[1][i];
    assert_int_equal(recalibrate_fit(RECALIBRATE_TEMPERATURE, THRESHOLD_TUNED, &val, NULL, &again, &err), 0);
    assert_memory_equal(&fit.temperature, &again.temperature, sizeof fit.temperature);
    assert_memory_equal(fit.offset, again.offset, sizeof fit.offset);
    differs_with_the_labels(&val, &fit);
}

static struct recalibrator fit_two(enum recalibration how, enum threshold threshold, int n, const float *p,
                                   const int *label)
{
    struct scores_input val = {n, 2, 2, p, label, 1};
    struct recalibrator fit;
    assert_int_equal(recalibrate_fit(how, threshold, &val, (const double[]){0.5, 0.5}, &fit, &err), 0);
    return fit;
}

/* 4 images, none wrong: T stays 1. All wrong: T is the hottest. */
static void a_val_set_without_mistakes_leaves_t_alone(void **state)
{
    static const float p[] = {0.9f, 0.1f, 0.6f, 0.4f, 0.3f, 0.7f, 0.2f, 0.8f};
    (void)state;
    struct recalibrator fit = fit_two(RECALIBRATE_TEMPERATURE, THRESHOLD_ARGMAX, 4, p, (int[]){0, 0, 1, 1});
    assert_true(fit.temperature == 1 && fit.is_bound && fit.after == 1);
    fit = fit_two(RECALIBRATE_TEMPERATURE, THRESHOLD_ARGMAX, 4, p, (int[]){1, 1, 0, 0});
    assert_true(fit.temperature == recalibrate_hottest && fit.is_bound);
    fit = fit_two(RECALIBRATE_TEMPERATURE, THRESHOLD_ARGMAX, 4, p, (int[]){0, 1, 1, 1});
    assert_true(fit.temperature > 0.05 && fit.temperature < 20 && !fit.is_bound);
}

/* Trained on as many of each, three in four are of class 0: odds are three times as much for it. */
static void prior_multiplies_the_odds(void **state)
{
    static const float p[] = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.2f, 0.8f};
    double q[2];
    (void)state;
    struct recalibrator fit = fit_two(RECALIBRATE_PRIOR, THRESHOLD_ARGMAX, 4, p, (int[]){0, 0, 1, 0});
    assert_int_equal(recalibrate(&fit, p + 6, q), 1);
    assert_true(fabs(q[0] - 0.2 * 3 / (0.2 * 3 + 0.8)) < 1e-8);
    assert_int_equal(recalibrate(&fit, (const float[]){0.3f, 0.7f}, q), 0);
    struct scores_input val = {4, 2, 2, p, (const int[]){0, 0, 1, 0}, 1};
    assert_int_equal(recalibrate_fit(RECALIBRATE_PRIOR, THRESHOLD_ARGMAX, &val, NULL, &fit, &err), 0);
    assert_non_null(fit.why);
}

/* Two cuts, below 0.3 and above 0.5, have balanced accuracy 0.75: the lower is taken. */
static void of_equal_cuts_the_lowest_is_taken(void **state)
{
    static const float p[] = {0.8f, 0.2f, 0.7f, 0.3f, 0.5f, 0.5f, 0.4f, 0.6f};
    static const int label[] = {0, 1, 0, 1};
    (void)state;
    struct recalibrator fit = fit_two(RECALIBRATE_NONE, THRESHOLD_TUNED, 4, p, label);
    double middle = (log(0.2 / 0.8) + log(0.3 / 0.7)) / 2;
    assert_true(fabs(-fit.offset[1] - middle) < 1e-6 && fit.after == 0.75 && fit.offset[0] == 0);
    fit = fit_two(RECALIBRATE_NONE, THRESHOLD_TUNED, 2, (const float[]){0.4f, 0.6f, 0.4f, 0.6f},
                  (const int[]){0, 1}); /* nothing to cut between */
    assert_true(fit.offset[1] == 0);
}

/* Of stored probabilities, whatever is made of them before they are cut. */
static void a_cut_is_of_what_is_stored(void **state)
{
    static const float p[] = {0.99f, 0.01f, 0.98f, 0.02f, 0.7f, 0.3f, 0.97f, 0.03f, 0.9f, 0.1f, 0.8f, 0.2f};
    static const int label[] = {0, 0, 1, 0, 1, 0};
    double q[2];
    (void)state;
    for (int how = 0; how < N_RECALIBRATIONS; how++) {
        struct recalibrator fit = fit_two((enum recalibration)how, THRESHOLD_TUNED, 6, p, label);
        double cut = recalibrate_cut(&fit, 1);
        assert_null(fit.why);
        assert_true(how != RECALIBRATE_TEMPERATURE || fabs(fit.temperature - 1) > 0.1);
        for (int k = 1; k < 100; k++) {
            float positive = (float)(k + 0.5) / 100;
            assert_int_equal(recalibrate(&fit, (const float[]){1 - positive, positive}, q),
                             (double)positive > cut);
        }
        fit.threshold = THRESHOLD_ARGMAX;
        assert_true(isnan(recalibrate_cut(&fit, 1)));
    }
}

static void what_a_val_set_cannot_tell_is_said(void **state)
{
    static const float p[] = {0.8f, 0.2f, (float)NAN, 0.3f};
    struct reliability r = {0};
    double value[N_CALIBRATION];
    (void)state;
    struct recalibrator fit = fit_two(RECALIBRATE_TEMPERATURE, THRESHOLD_ARGMAX, 1, p, (int[]){0});
    assert_non_null(strstr(fit.why, "no image of a class"));
    struct scores_input test = {1, 2, 2, p, (const int[]){0}, 1};
    assert_int_equal(calibrated_scores(&fit, &test, value, &r, &err), 0);
    assert_true(isnan(value[CALIBRATION_BRIER]) && r.n[1] == 0);
    fit = fit_two(RECALIBRATE_NONE, THRESHOLD_TUNED, 2, p, (int[]){0, 1});
    assert_non_null(strstr(fit.why, "no number"));
    fit = fit_two(RECALIBRATE_NONE, THRESHOLD_ARGMAX, 0, NULL, NULL); /* it needs none */
    assert_null(fit.why);
    test.n = 2;
    test.label = (const int[]){0, 1};
    assert_int_equal(calibrated_scores(&fit, &test, value, &r, &err), 0);
    assert_true(isnan(value[CALIBRATION_NLL]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fits_and_scores_are_those_of_scikit_learn, load, unload),
        cmocka_unit_test_setup_teardown(the_parts_of_a_brier_score_add_up, load, unload),
        cmocka_unit_test_setup_teardown(the_val_set_is_never_served_worse, load, unload),
        cmocka_unit_test_setup_teardown(a_fit_is_a_function_of_the_val_set, load, unload),
        cmocka_unit_test(a_val_set_without_mistakes_leaves_t_alone),
        cmocka_unit_test(prior_multiplies_the_odds),
        cmocka_unit_test(of_equal_cuts_the_lowest_is_taken),
        cmocka_unit_test(a_cut_is_of_what_is_stored),
        cmocka_unit_test(what_a_val_set_cannot_tell_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
