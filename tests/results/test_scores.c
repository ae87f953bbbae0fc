/* Scores against scikit-learn on 200 sets of predictions, and what is undefined. */
#include "stats/scores.h"

#include "h5.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CASES = 200, MAX_CLASSES = 6, MAX_SCORES = 32 };

static const char path[] = "tests/golden/scores.h5";
static struct err err;

struct golden {
    int n_names, n_of_class;
    char *names, *of_class, *name[MAX_SCORES], *class_name[MAX_SCORES];
    int n[CASES], classes[CASES], positive[CASES], *label;
    float *probs;
    double *expected, *expected_of_class;
};

static int cut(char *text, char **name)
{
    int n = 0;
    for (char *at = strtok(text, ","); at; at = strtok(NULL, ","))
        name[n++] = at;
    return n;
}

static void read_all(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dims, void *out)
{
    if (h5_read(file, name, type, rank, dims, out, path, &err) < 0)
        fail_msg("%s", err.text);
}

static int load(void **state)
{
    struct golden *g = calloc(1, sizeof *g);
    hid_t file;
    hsize_t cases = CASES, rows = 0;
    if (h5_open_read(path, &file, &err) < 0 || h5_read_text_attr(file, "names", &g->names, path, &err) < 0 ||
        h5_read_text_attr(file, "of_class", &g->of_class, path, &err) < 0)
        fail_msg("%s", err.text);
    g->n_names = cut(g->names, g->name);
    g->n_of_class = cut(g->of_class, g->class_name);
    read_all(file, "n", H5T_NATIVE_INT, 1, &cases, g->n);
    read_all(file, "classes", H5T_NATIVE_INT, 1, &cases, g->classes);
    read_all(file, "positive", H5T_NATIVE_INT, 1, &cases, g->positive);
    for (int i = 0; i < CASES; i++)
        rows += (hsize_t)g->n[i];
    g->label = calloc(rows, sizeof *g->label);
    g->probs = calloc(rows * MAX_CLASSES, sizeof *g->probs);
    g->expected = calloc((size_t)CASES * (size_t)g->n_names, sizeof(double));
    g->expected_of_class = calloc((size_t)CASES * MAX_CLASSES * (size_t)g->n_of_class, sizeof(double));
    read_all(file, "label", H5T_NATIVE_INT, 1, &rows, g->label);
    read_all(file, "probs", H5T_NATIVE_FLOAT, 2, (hsize_t[]){rows, MAX_CLASSES}, g->probs);
    read_all(file, "expected", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){CASES, (hsize_t)g->n_names}, g->expected);
    read_all(file, "expected_of_class", H5T_NATIVE_DOUBLE, 3,
             (hsize_t[]){CASES, MAX_CLASSES, (hsize_t)g->n_of_class}, g->expected_of_class);
    H5Fclose(file);
    *state = g;
    return 0;
}

static int unload(void **state)
{
    struct golden *g = *state;
    void *all[] = {g->names, g->of_class, g->label, g->probs, g->expected, g->expected_of_class, g};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return 0;
}

/* How far ours is from theirs; infinite when only one of them is undefined. */
static double difference(double ours, double theirs)
{
    if (isnan(ours) || isnan(theirs))
        return isnan(ours) && isnan(theirs) ? 0 : (double)INFINITY;
    return fabs(ours - theirs);
}

static void check(double ours, double theirs, const char *name, int number, double *worst)
{
    double d = difference(ours, theirs);
    if (!(d <= 1e-12))
        fail_msg("case %d: %s is %.15g, scikit-learn says %.15g", number, name, ours, theirs);
    *worst = fmax(*worst, d);
}

static void check_case(const struct golden *g, int number, int first, double *worst)
{
    struct scores_input in = {g->n[number],     g->classes[number],
                              MAX_CLASSES,      g->probs + (size_t)first * MAX_CLASSES,
                              g->label + first, g->positive[number]};
    struct judged *judged = NULL;
    assert_int_equal(judged_new(&in, &judged, &err), 0);
    for (int s = 0; s < g->n_names; s++)
        check(score_find(g->name[s])->value(judged), g->expected[number * g->n_names + s], g->name[s], number,
              worst);
    for (int c = 0; c < in.n_classes; c++)
        for (int s = 0; s < g->n_of_class; s++)
            check(score_find(g->class_name[s])->of_class(judged, c),
                  g->expected_of_class[(number * MAX_CLASSES + c) * g->n_of_class + s], g->class_name[s],
                  number, worst);
    judged_free(judged);
}

static void scores_are_those_of_scikit_learn(void **state)
{
    const struct golden *g = *state;
    double worst = 0;
    int first = 0;
    assert_int_equal(g->n_names, n_scores); /* a score without an oracle */
    for (int i = 0; i < CASES; i++) {
        check_case(g, i, first, &worst);
        first += g->n[i];
    }
    printf("worst difference of %d scores in %d cases from scikit-learn: %.2g\n", g->n_names, CASES, worst);
}

/* The golden cases must hold what the header promises, or the test above shows little. */
static void cases_are_as_hard_as_they_should_be(void **state)
{
    const struct golden *g = *state;
    int undefined = 0, one_class = 0, broken = 0, first = 0;
    for (int i = 0; i < CASES; i++) {
        int same = 1, nan_here = 0;
        for (int k = 0; k < g->n[i]; k++) {
            same &= g->label[first + k] == g->label[first];
            nan_here |= isnan(g->probs[(size_t)(first + k) * MAX_CLASSES]);
        }
        one_class += same;
        broken += nan_here;
        for (int s = 0; s < g->n_names; s++)
            undefined += isnan(g->expected[i * g->n_names + s]);
        first += g->n[i];
    }
    assert_true(one_class >= 10 && broken >= 10 && undefined >= 100);
}

static double value(const char *name, int n, int n_classes, const float *probs, const int *label,
                    int positive)
{
    struct scores_input in = {n, n_classes, n_classes, probs, label, positive};
    struct judged *judged = NULL;
    assert_int_equal(judged_new(&in, &judged, &err), 0);
    double x = score_find(name)->value(judged);
    judged_free(judged);
    return x;
}

static void nothing_has_no_score(void **state)
{
    (void)state;
    for (int s = 0; s < n_scores; s++)
        assert_true(isnan(value(scores[s].name, 0, 2, NULL, NULL, 0)));
}

/* 94 images of the majority, all right; 7 of the minority, none found. */
static void a_minority_nobody_finds_shows(void **state)
{
    (void)state;
    static float probs[202];
    static int label[101];
    for (int i = 0; i < 101; i++) {
        label[i] = i >= 94;
        probs[2 * i] = 1;
        probs[2 * i + 1] = 0;
    }
    assert_int_equal(scores_minority(label, 101, 2), 1);
    assert_true(value("accuracy", 101, 2, probs, label, 1) > 0.93);
    assert_true(value("balanced_accuracy", 101, 2, probs, label, 1) == 0.5);
    assert_true(value("sensitivity", 101, 2, probs, label, 1) == 0);
    assert_true(value("specificity", 101, 2, probs, label, 1) == 1);
    assert_true(isnan(value("precision", 101, 2, probs, label, 1)));
    assert_true(isnan(value("mcc", 101, 2, probs, label, 1)));
    assert_true(value("kappa", 101, 2, probs, label, 1) == 0);
    assert_true(value("auroc", 101, 2, probs, label, 1) == 0.5);
    assert_true(fabs(value("auprc", 101, 2, probs, label, 1) - 7.0 / 101) < 1e-15);
}

static void the_rarer_class_is_positive(void **state)
{
    (void)state;
    const int first[] = {1, 0, 1, 1}, tie[] = {0, 1, 0, 1}, three[] = {0, 1, 2, 2, 0};
    assert_int_equal(scores_minority(first, 4, 2), 0);
    assert_int_equal(scores_minority(tie, 4, 2), 1);
    assert_int_equal(scores_minority(three, 5, 3), 1);
    assert_int_equal(scores_minority(NULL, 0, 0), -1);
    assert_null(score_find("nonsense"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scores_are_those_of_scikit_learn, load, unload),
        cmocka_unit_test_setup_teardown(cases_are_as_hard_as_they_should_be, load, unload),
        cmocka_unit_test(nothing_has_no_score),
        cmocka_unit_test(a_minority_nobody_finds_shows),
        cmocka_unit_test(the_rarer_class_is_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
