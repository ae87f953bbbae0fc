/* Filters: text -> the jobs that match, or the line that refuses it; and why nothing matches. */
#include "store/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The grid's own axes are smote.k and image.size; train.epochs is a setting that no row has a column of. */
static const struct store_job job[] = {
    {.clusters = "1-27",
     .strategy = "none",
     .protocol = "report",
     .model = "cnn",
     .seed = 1,
     .key = "3f00",
     .axis = {"", "50"}},
    {.clusters = "1-27",
     .strategy = "smote",
     .protocol = "report",
     .model = "cnn",
     .seed = 2,
     .axis = {"3", "50"}},
    {.clusters = "8-10",
     .strategy = "smote+reweight",
     .protocol = "kfold:5",
     .model = "resnet-8",
     .seed = 10,
     .fold = 3,
     .axis = {"5", "100"}},
    {.clusters = "27-1",
     .strategy = "none",
     .protocol = "holdout",
     .model = "resnet-20",
     .seed = 11,
     .axis = {"", "1e2"}},
    {.clusters = "\"T-cell\"-B",
     .strategy = "none",
     .protocol = "tail",
     .model = "knn",
     .seed = 12,
     .axis = {"", "auto"}},
};

enum { N = sizeof job / sizeof *job };

static int row_of(const void *of, int j, struct store_job *out, struct err *err)
{
    (void)of;
    (void)err;
    *out = job[j];
    return 0;
}

/* Jobs 0 to 3 train for 20, 40, 60, 80 epochs; knn does not read it. */
static int setting_of(const void *of, int j, const struct setting *key, char *out, struct err *err)
{
    (void)of;
    (void)err;
    assert_string_equal(key->name, "train.epochs");
    snprintf(out, CONFIG_WORD_SIZE, "%d", 20 * (j + 1));
    *out = j < 4 ? *out : '\0';
    return 0;
}

static const char *const axes[] = {"smote.k", "image.size"};
static const struct store_rows rows = {N, 2, axes, row_of, setting_of, NULL};

/* Digits of the jobs that match, in out; or the line that refuses the filter. */
static void apply(const char *text, char *out, size_t size)
{
    struct filter *filter = NULL;
    struct err err = {0};
    *out = '\0';
    if (filter_new(text, &rows, &filter, &err) < 0) {
        snprintf(out, size, "%s", err.text);
        return;
    }
    for (int j = 0; j < N; j++)
        if (filter_matches(filter, j, &err))
            snprintf(out + strlen(out), size - strlen(out), "%d", j);
    filter_free(filter);
}

static const struct {
    const char *text, *expected; /* of a refusal: how it begins */
} cases[] = {
    {"", "01234"},
    {" , ,", "01234"},
    {"strategy=none", "034"},
    {" strategy = none | smote ", "0134"},
    {"strategy=none,clusters=1-27", "0"},
    {"strategy!=none", "12"},
    {"strategy!=none|smote", "2"},
    {"strategy!=*", ""},
    {"strategy=smote*", "12"},
    {"strategy=*e*t*", "2"},
    {"model=resnet-*", "23"},
    {"model=*-8", "2"},
    {"model!=resnet-*|knn", "01"},
    {"model=*", "01234"},
    {"model=cn", ""},
    {"clusters=1-*", "01"},
    {"clusters=*-1|8-10", "23"},
    {"clusters=\"T-cell\"-*", "4"},
    {"clusters=\"T*\"-B", ""},
    {"clusters=\"T-cell\"-B", "4"},
    {"clusters=1+27", "01"},
    {"protocol=kfold", "2"},
    {"protocol=kfold:*", "2"},
    {"key=3f*", "0"},
    {"fold=3", "2"},
    {"repeat>0", ""},
    {"seed=1", "0"},
    {"seed=1.0", "0"},
    {"seed!=1..10", "34"},
    {"seed=1*", "0234"},
    {"seed<10", "01"},
    {"seed<=10", "012"},
    {"seed>10", "34"},
    {"seed >= 1e1", "234"},
    {"seed>1,seed<11", "12"},
    {"seed>9", "234"}, /* not as texts, where 10 is below 9 */
    {"image.size=100", "23"},
    {"image.size>=100", "23"},
    {"image.size<1000", "0123"},
    {"smote.k=-", "034"},
    {"smote.k!=-", "12"},
    {"smote.k=-|5", "0234"},
    {"smote.k!=3", "0234"},
    {"smote.k<9", "12"},
    {"smote.k=3..5", "12"},
    {"train.epochs=40|80", "13"},
    {"train.epochs>20,model!=resnet-8", "13"},
    {"train.epochs=-", "4"},
    {"colour=red", "'colour' is no key of jobs; they are key, fold"},
    {"sed=1", "'sed' is no key of jobs; did you mean 'seed'?; they are"},
    {"flod=1,strategy=none", "'flod' is no key of jobs; did you mean 'fold'?"},
    {"train.epocs=1", "'train.epocs' is no key of jobs; did you mean 'train.epochs'?"},
    {"=1", "'' is no key of jobs"},
    {"seed", "'seed' is not key=value, such as strategy=augment|none"},
    {"clusters=B, b-C", "'b-C' is not key=value"},
    {"seed!1", "'seed!1' is not key=value"},
    {"strategy<smote", "'strategy' has texts, which < and > do not compare; name the values: strategy=a|b"},
    {"clusters>=8", "'clusters' has texts"},
    {"model>cnn", "'model' has texts"},
    {"seed<ten", "'seed' is compared with 'ten', which is no number"},
    {"seed<1|2", "'seed' is compared with '1|2', which is no number"},
    {"seed>", "'seed' is compared with '', which is no number"},
};

static void filters_match_or_are_refused(void **state)
{
    char got[700];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *expected = cases[i].expected;
        int is_refusal = *expected == '\'';
        apply(cases[i].text, got, sizeof got);
        if (is_refusal ? strncmp(got, expected, strlen(expected)) != 0 : strcmp(got, expected) != 0)
            fail_msg("%s: '%s', not '%s'", cases[i].text, got, expected);
    }
}

static void assert_hint(const char *text, const char *expected)
{
    struct filter *filter = NULL;
    char hint[300];
    assert_int_equal(filter_new(text, &rows, &filter, NULL), 0);
    filter_hint(filter, hint, sizeof hint);
    assert_string_equal(hint, expected);
    filter_free(filter);
}

static void why_nothing_matches(void **state)
{
    (void)state;
    assert_hint("strategy=none,seed>99", "; seed is one of 1, 2, 10, 11, 12");
    assert_hint("smote.k=7", "; smote.k is one of - (not read), 3, 5");
    assert_hint("train.epochs<20", "; train.epochs is one of 20, 40, 60, 80, - (not read)");
    assert_hint("strategy=none,fold=3", "");
}

/* Quotes that end, and many stars: neither may take for ever. */
static void hostile_patterns_end(void **state)
{
    char text[600] = "clusters=", got[32];
    (void)state;
    for (int i = 0; i < 250; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "*1");
    apply(text, got, sizeof got);
    assert_string_equal(got, "");
    apply("clusters=\"1-27,seed=1", got, sizeof got);
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_match_or_are_refused),
        cmocka_unit_test(why_nothing_matches),
        cmocka_unit_test(hostile_patterns_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
