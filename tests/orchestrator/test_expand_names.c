/* Sweep files whose classes have names. */
#include "sweep/expand.h"
#include "sweep/job_name.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct err err;

/* Ten images of every name, 12 x 12. */
static struct dataset *named(int n, const char *const *name)
{
    struct dataset *data = dataset_new(10 * n, 12, 1, &err);
    assert_non_null(data);
    for (int i = 0; i < 10 * n; i++) {
        snprintf(data->image[i].id, sizeof data->image[i].id, "%d", i);
        data->image[i].cluster = class_number(name[i / 10], &err);
        data->pixels[i * 144] = (float)i / 1000;
    }
    assert_int_equal(dataset_finish(data, &err), 0);
    return data;
}

static int expand(const char *clusters, const struct dataset *data, struct sweep **sweep)
{
    FILE *file = fopen(in_folder("s.yaml"), "w");
    assert_non_null(file);
    fprintf(file, "data: builtin\nimage: {size: 12}\ngrid:\n  clusters: %s\n", clusters);
    fclose(file);
    int rc = sweep_read(in_folder("s.yaml"), 0, NULL, sweep, &err);
    return rc == 0 ? sweep_expand(*sweep, data, &err) : rc;
}

static const char *const cells[] = {"3", "B, \"b\"", "Folded", "Polylobed", "T-cell"};

static void names_make_jobs(void **state)
{
    struct dataset *data = named(5, cells);
    struct sweep *sweep = NULL, *again = NULL;
    char name[3][256], key[2][JOB_KEY_SIZE];
    (void)state;
    assert_int_equal(
        expand("[[Polylobed, Folded], [T-cell, 'B, \"b\"'], [\"03\", Folded], all]", data, &sweep), 0);
    assert_int_equal(sweep->n_jobs, 4);
    for (int j = 0; j < 3; j++)
        sweep_job_name(sweep, j, name[j], sizeof name[j]);
    assert_string_equal(name[0], "Polylobed-Folded none holdout seed 1");
    assert_string_equal(name[1], "\"T-cell\"-\"B, \"\"b\"\"\" none holdout seed 1");
    assert_string_equal(name[2], "3-Folded none holdout seed 1");
    assert_int_equal(sweep_parse(sweep->file->resolved, &again, &err), 0);
    assert_string_equal(again->file->resolved, sweep->file->resolved);
    assert_int_equal(sweep_expand(again, data, &err), 0);
    for (int j = 0; j < 4; j++) {
        sweep_key(sweep, j, key[0]);
        sweep_key(again, j, key[1]);
        assert_string_equal(key[0], key[1]);
    }
    sweep_free(again);
    sweep_free(sweep);
    dataset_free(data);
}

static void filters_take_names(void **state)
{
    struct dataset *data = named(5, cells);
    struct sweep *sweep = NULL;
    struct selection chosen;
    (void)state;
    assert_int_equal(expand("[[Polylobed, Folded], [T-cell, 'B, \"b\"'], [3, Folded]]", data, &sweep), 0);
    assert_int_equal(
        sweep_select(sweep, "clusters=\"T-cell\"-\"B, \"\"b\"\"\",seed=1", "--filter", &chosen, &err), 0);
    assert_int_equal(chosen.n, 1);
    assert_int_equal(chosen.job[0], 1);
    selection_free(&chosen);
    assert_int_equal(
        sweep_select(sweep, "clusters=\"Polylobed\" - Folded|3-Folded", "--filter", &chosen, &err), 0);
    assert_int_equal(chosen.n, 2);
    selection_free(&chosen);
    assert_int_equal(sweep_select(sweep, "clusters=Folded-Polylobed", "--filter", &chosen, &err), E_USAGE);
    assert_non_null(strstr(err.text, "clusters is one of Polylobed-Folded, \"T-cell\"-"));
    sweep_free(sweep);
    dataset_free(data);
}

/* Two sets of images that differ in nothing but what classes are called, and pairs that read alike. */
static void other_names_are_other_keys(void **state)
{
    static const char *const joined[] = {"a", "a-b", "b", "b-c", "c"}, *const pair[] = {"[[a, b-c]]",
                                                                                        "[[a-b, c]]"};
    struct dataset *data = named(5, joined);
    struct sweep *sweep[2] = {NULL, NULL};
    char key[2][JOB_KEY_SIZE], name[2][256];
    (void)state;
    for (int s = 0; s < 2; s++) {
        assert_int_equal(expand(pair[s], data, &sweep[s]), 0);
        sweep_key(sweep[s], 0, key[s]);
        sweep_job_name(sweep[s], 0, name[s], sizeof name[s]);
    }
    assert_string_not_equal(key[0], key[1]);
    assert_string_not_equal(name[0], name[1]);
    sweep_free(sweep[0]);
    sweep_free(sweep[1]);
    dataset_free(data);
}

/* Rows of the results file cut long lists; filters take them whole. */
static void long_names_stay_two(void **state)
{
    char text[3][CLASS_NAME_SIZE], clusters[1200], filter[700];
    const char *name[3] = {text[0], text[1], text[2]};
    struct sweep *sweep = NULL;
    struct store_job row[2];
    struct selection chosen;
    (void)state;
    for (int k = 0; k < 3; k++) {
        memset(text[k], 'x', sizeof text[k] - 1);
        snprintf(text[k] + CLASS_NAME_SIZE - 5, 5, ", %d!", k);
    }
    struct dataset *data = named(3, name);
    snprintf(clusters, sizeof clusters, "[[\"%s\", \"%s\"], [\"%s\", \"%s\"]]", text[0], text[1], text[0],
             text[2]);
    assert_int_equal(expand(clusters, data, &sweep), 0);
    sweep_row(sweep, 0, &row[0]);
    sweep_row(sweep, 1, &row[1]);
    assert_string_not_equal(row[0].clusters, row[1].clusters);
    assert_null(strpbrk(row[0].clusters, ",|=\""));
    snprintf(filter, sizeof filter, "clusters=\"%s\"-\"%s\",seed=1", text[0], text[2]);
    assert_int_equal(sweep_select(sweep, filter, "--filter", &chosen, &err), 0);
    assert_int_equal(chosen.n, 1);
    assert_int_equal(chosen.job[0], 1);
    selection_free(&chosen);
    sweep_free(sweep);
    dataset_free(data);
}

static void assert_refused(const char *clusters, const struct dataset *data, const char *expected)
{
    struct sweep *sweep = NULL;
    assert_int_equal(expand(clusters, data, &sweep), E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
    sweep_free(sweep);
}

static void what_is_not_there_is_named(void **state)
{
    struct dataset *data = named(5, cells);
    (void)state;
    assert_refused(
        "[[Polylobed, Folded],\n    [Polylobd, Folded]]", data,
        "s.yaml:5: clusters: \"Polylobd\" is not in the data () (did you mean \"Polylobed\"?); it has 5 "
        "classes: 3, \"B, \"b\"\", \"Folded\", \"Polylobed\", \"T-cell\"");
    assert_refused("[[4, Folded]]", data, "s.yaml:4: clusters: 4 is not in the data ()");
    assert_refused("[[Folded, Folded]]", data, "s.yaml:4: clusters: Folded stands twice");
    assert_refused("[[3, '3.0']]", data, "s.yaml:4: clusters: cluster 3 stands twice");
    assert_refused("[[\"a\\nb\", Folded]]", data, "has control characters");
    dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_make_jobs),
        cmocka_unit_test(filters_take_names),
        cmocka_unit_test(other_names_are_other_keys),
        cmocka_unit_test(long_names_stay_two),
        cmocka_unit_test(what_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
