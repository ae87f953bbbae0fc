/* The language of the grid: text of a sweep file -> its jobs and what is said of them, or the line that
 * refuses it. Each text that is accepted says the same again when its resolved text is read. */
#include "sweep/blocks.h"
#include "sweep/job_name.h"

#include "support/folder_fixture.h"
#include "support/hand_dataset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dataset *cells(void)
{
    static const int number[] = {1, 2, 3, 4}, count[] = {12, 10, 9, 8};
    struct dataset *data = hand_dataset(4, number, count, 12);
    assert_int_equal(dataset_finish(data, NULL), 0);
    return data;
}

#define HEAD "data: builtin\nimage.size: 12\nname: grid\n" /* 3 lines */

static const struct {
    const char *set, *text; /* set: an override, or NULL; text: from line 4 on */
    const char *jobs;       /* clusters strategy seed axis=value, or how the refusal ends */
    const char *said;       /* blocks_print() */
} cases[] = {
    /* one block */
    {NULL, "grid: {clusters: [[1, 2]], strategy: [none, smote]}\n", "1-2 none 1; 1-2 smote 1", ""},
    {NULL, "grid: [{clusters: [[1, 2]], strategy: [none, smote]}]\n", "1-2 none 1; 1-2 smote 1", ""},

    /* blocks */
    {NULL, "grid:\n  - {clusters: [[1, 2]], seed: [1, 2]}\n  - {clusters: [[3, 4]], strategy: smote}\n",
     "1-2 none 1; 1-2 none 2; 3-4 smote 1",
     "grid: block 1 (line 5) gives 2 jobs\ngrid: block 2 (line 6) gives 1 job\n"},
    {NULL,
     "grid:\n  - {clusters: [[1, 2]], seed: [2, 1]}\n  - {seed: {first: 1, count: 3}, clusters: [1-2]}\n",
     "1-2 none 2; 1-2 none 1; 1-2 none 3",
     "grid: block 1 (line 5) gives 2 jobs\n"
     "grid: block 2 (line 6) gives 1 job: 3, less 2 that stand in an earlier block, too\n"},
    {NULL,
     "strategy: smote\ngrid:\n  - {clusters: [[1, 2]]}\n  - {clusters: [[1, 2]], strategy: [none, smote]}\n",
     "1-2 smote 1; 1-2 none 1",
     "grid: block 1 (line 6) gives 1 job\n"
     "grid: block 2 (line 7) gives 1 job: 2, less 1 that stands in an earlier block, too\n"},
    {NULL,
     "grid:\n  - {clusters: [[1, 2]], smote.k: [3, 5], strategy: [none, smote]}\n"
     "  - {clusters: [[1, 2]], strategy: none}\n",
     "1-2 none 1; 1-2 smote 1 smote.k=3; 1-2 smote 1 smote.k=5",
     "grid: block 1 (line 5) gives 3 jobs\n"
     "grid: block 2 (line 6) gives 0 jobs: 1, less 1 that stands in an earlier block, too\n"
     "note: line 6: block 2 gives no job of its own\n"
     "note: block 1: 1 of 4 combinations are the same job as an earlier one, and left "
     "out: smote.k is read by "
     "strategy smote alone\n"},
    {NULL, "grid:\n  - {clusters: [all, 1-2-3-4]}\n",
     "the job all none holdout seed 1 stands in the grid twice", NULL},
    {NULL, "grid:\n  - {clusters: [all]}\n  - {clusters: [1-2-3-4]}\n", "all none 1",
     "grid: block 1 (line 5) gives 1 job\n"
     "grid: block 2 (line 6) gives 0 jobs: 1, less 1 that stands in an earlier block, too\n"
     "note: line 6: block 2 gives no job of its own\n"},
    {NULL, "seed: 4\ngrid:\n  - {clusters: [[1, 2]], seed: [1]}\n  - {clusters: [[3, 4]]}\n",
     "1-2 none 1; 3-4 none 4", "grid: block 1 (line 6) gives 1 job\ngrid: block 2 (line 7) gives 1 job\n"},

    /* zip */
    {NULL, "grid:\n  clusters: [[1, 2]]\n  zip: {class_sizes: [[8, 8], [8, 4]], train.epochs: [5, 9]}\n",
     "1-2 none 1 class_sizes=8-8 train.epochs=5; 1-2 none 1 class_sizes=8-4 train.epochs=9", ""},
    {NULL, "grid:\n  zip: {clusters: [[1, 2], [3, 4]], train: {epochs: [5, 5]}}\n  seed: [1, 2]\n",
     "1-2 none 1 train.epochs=5; 1-2 none 2 train.epochs=5; 3-4 none 1 train.epochs=5; 3-4 none 2 "
     "train.epochs=5",
     ""},
    {NULL, "grid:\n  zip: [{clusters: [[1, 2], [3, 4]], seed: {first: 7, count: 2}}]\n",
     "1-2 none 7; 3-4 none 8", ""},
    {NULL,
     "grid:\n  clusters: [[1, 2]]\n  zip:\n    - {train.epochs: [5, 6], seed: [1, 2]}\n"
     "    - {train.batch: [8, 9], strategy: [none, smote]}\n",
     "1-2 none 1 train.epochs=5 train.batch=8; 1-2 smote 1 train.epochs=5 train.batch=9; 1-2 none 2 "
     "train.epochs=6 train.batch=8; 1-2 smote 2 train.epochs=6 train.batch=9",
     ""},
    {NULL, "grid:\n  clusters: [[1, 2]]\n  zip: {strategy: [none, smote, none], smote.k: [3, 5, 7]}\n",
     "1-2 none 1; 1-2 smote 1 smote.k=5",
     "note: 1 of 3 combinations are the same job as an earlier one, and left out: "
     "smote.k is read by strategy "
     "smote alone\n"},
    {NULL, "grid:\n  clusters: [[1, 2]]\n  zip: {class_sizes: [[8, 8], [8, 4]], train.epochs: [5, 9, 7]}\n",
     "s.yaml:6: grid: zip pairs values one by one, but class_sizes has 2 and train.epochs has 3", NULL},
    {NULL, "grid:\n  seed: [1, 2]\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n",
     "s.yaml:6: grid: seed stands both in zip and as an axis; leave one out", NULL},
    {NULL, "grid:\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n  seed: [1, 2]\n",
     "s.yaml:6: grid: seed stands both in zip and as an axis; leave one out", NULL},
    {NULL,
     "grid:\n  zip:\n  - {clusters: [1-2, 3-4], seed: [1, 2]}\n  - {seed: [1, 2], train.batch: [3, 4]}\n",
     "s.yaml:7: grid: seed stands in two zips; leave one out", NULL},
    {NULL, "grid:\n  clusters: [1-2]\n  zip: {seed: [1, 2]}\n",
     "s.yaml:6: grid: zip has seed alone, and nothing to pair it with; write it as an axis", NULL},
    {NULL, "grid:\n  clusters: [1-2]\n  zip: 5\n",
     "s.yaml:6: grid: zip: expected keys with lists of one length, as in "
     "{class_sizes: [[900, 90], [900, 9]], "
     "train.epochs: [50, 100]}",
     NULL},
    {NULL, "grid:\n  zip: {clusters: [1-2, 3-4], seed: []}\n",
     "s.yaml:5: grid: seed: the list is empty, so there would be no job", NULL},

    /* exclude */
    {NULL,
     "grid:\n  clusters: [[1, 2], [3, 4]]\n  strategy: [none, smote]\n"
     "  exclude: 'strategy=smote,clusters=3-*'\n",
     "1-2 none 1; 1-2 smote 1; 3-4 none 1",
     "grid: 1 job excluded by 'strategy=smote,clusters=3-*' (line 7)\n"},
    {NULL,
     "grid:\n  clusters: [1-2, 3-4]\n  seed: [1, 2, 3, 4]\n  exclude:\n    - clusters!=1-2,seed>2\n"
     "    - 'seed=3'\n    - seed>9\n",
     "1-2 none 1; 1-2 none 2; 1-2 none 4; 3-4 none 1; 3-4 none 2",
     "grid: 2 jobs excluded by 'clusters!=1-2,seed>2' (line 8)\n"
     "grid: 2 jobs excluded by 'seed=3' (line 9)\n"
     "note: line 10: exclude 'seed>9' excludes nothing; seed is one of 1, 2, 3, 4\n"},
    {NULL, "grid:\n  - {clusters: [1-2], seed: [1, 2], exclude: seed=1}\n  - {clusters: [1-2], seed: [1]}\n",
     "1-2 none 2; 1-2 none 1",
     "grid: block 1 (line 5) gives 1 job: 2, less 1 excluded\ngrid: 1 job excluded by 'seed=1' (line 5)\n"
     "grid: block 2 (line 6) gives 1 job\n"},
    {NULL, "grid:\n  - {clusters: [1-2], exclude: seed=1}\n  - {clusters: [3-4]}\n", "3-4 none 1",
     "grid: block 1 (line 5) gives 0 jobs: 1, less 1 excluded\ngrid: 1 job excluded by 'seed=1' (line 5)\n"
     "grid: block 2 (line 6) gives 1 job\n"
     "note: line 5: exclude 'seed=1' excludes all jobs of its block\n"
     "note: line 5: block 1 gives no job of its own\n"},
    {NULL, "protocol: {kfold: {folds: 3}}\ngrid: {clusters: [1-2], exclude: fold>0}\n", "1-2 none 1",
     "grid: 2 jobs excluded by 'fold>0' (line 5)\n"},
    {NULL,
     "grid:\n  clusters: [1-2]\n  model: [cnn, majority]\n  strategy: [none, reweight]\n"
     "  exclude: 'model=majority,strategy=reweight'\n", /* would be refused */
     "1-2 none 1; 1-2 reweight 1; 1-2 none 1",
     "grid: 1 job excluded by 'model=majority,strategy=reweight' (line 8)\n"},
    {NULL, "grid:\n  clusters: [1-2]\n  seed: [1, 2]\n  exclude: train.epochs>=100\n",
     "s.yaml:7: grid: all jobs are excluded, so there would be none", NULL},
    {NULL, "grid:\n  clusters: [1-2]\n  exclude: sede=1\n",
     "s.yaml:6: grid: exclude: 'sede' is no key of jobs; did you mean 'seed'?; they "
     "are key, fold, repeat and "
     "all settings, which `cellsweep plan --keys` lists",
     NULL},
    {NULL, "grid:\n  clusters: [1-2]\n  exclude: strategy>none\n",
     "s.yaml:6: grid: exclude: 'strategy' has texts, which < and > do not compare; name the values: "
     "strategy=a|b, or != for all others",
     NULL},
    {NULL, "grid: {clusters: [1-2], exclude: strategy=none, seed=1}\n",
     "s.yaml:4: grid: 'seed=1' is no key; the text of an exclude stands in quotes", NULL},
    {NULL, "grid: {clusters: [1-2], exclude: {seed: 1}}\n",
     "s.yaml:4: grid: exclude: expected a filter in quotes, as 'strategy=smote,clusters=1-27', or a list of "
     "them",
     NULL},
    {NULL, "grid: {exclude: seed=1}\n", "s.yaml:4: grid: there is an exclude, but no axis", NULL},

    /* keys and blocks that are none */
    {NULL, "grid:\n  - {clusters: [1-2]}\n  - {strtegy: [none]}\n",
     "s.yaml:6: unknown key 'strtegy'; did you mean 'strategy'?", NULL},
    {NULL, "grid:\n  - {clusters: [1-2], zip: {sed: [1], strategy: [none]}}\n",
     "s.yaml:5: unknown key 'sed'; did you mean 'seed'?", NULL},
    {NULL, "grid:\n  - {clusters: [1-2]}\n  - seed\n",
     "s.yaml:6: grid: block 2: expected keys with their values, as in `clusters: [[8, 10]]`", NULL},
    {NULL, "grid: []\n",
     "key `grid` is missing or empty, so there would be no job; write e.g. grid: {strategy: [none, "
     "oversample], seed: {first: 1, count: 10}}",
     NULL},
    {NULL, "grid:\n  - {clusters: [1-2]}\n  - {clusters: [1-2], smote.k: [3, 5]}\n",
     "s.yaml:6: smote.k: no job of this block reads it, but strategy smote would; leave it out, or add such "
     "jobs",
     NULL},
    {NULL, "smote.k: 3\ngrid:\n  - {clusters: [1-2]}\n  - {clusters: [1-2], strategy: smote, smote.k: [5]}\n",
     "s.yaml:4: smote.k: no job of this grid reads it, but strategy smote would; "
     "leave it out, or add such jobs",
     NULL},
    {NULL, "seed: 3\ngrid:\n  - {clusters: [1-2], seed: [1]}\n  - {clusters: [3-4], seed: [2]}\n",
     "s.yaml:6: grid: seed has a value in line 4, too, which would count for nothing; leave one out", NULL},

    /* --set */
    {"grid.seed=[5]", "grid:\n  - {clusters: [1-2], seed: [1, 2]}\n  - {clusters: [3-4]}\n",
     "1-2 none 5; 3-4 none 1", "grid: block 1 (line 5) gives 1 job\ngrid: block 2 (line 6) gives 1 job\n"},
    {"grid.seed=[5, 6]", "grid:\n  - {clusters: [1-2], seed: [1, 2]}\n  - {clusters: [3-4], seed: [9]}\n",
     "1-2 none 5; 1-2 none 6; 3-4 none 5; 3-4 none 6",
     "grid: block 1 (line 5) gives 2 jobs\ngrid: block 2 (line 6) gives 2 jobs\n"},
    {"grid.2.seed=[5]", "grid:\n  - {clusters: [1-2], seed: [1, 2]}\n  - {clusters: [3-4]}\n",
     "1-2 none 1; 1-2 none 2; 3-4 none 5",
     "grid: block 1 (line 5) gives 2 jobs\ngrid: block 2 (line 6) gives 1 job\n"},
    {"grid.zip.seed=[5, 6]", "grid:\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n", "1-2 none 5; 3-4 none 6",
     ""},
    {"grid.exclude=seed>1", "grid: {clusters: [1-2], seed: [1, 2]}\n", "1-2 none 1",
     "grid: 1 job excluded by 'seed>1' (--set)\n"},
    {"grid.strategy=[none, smote]", "seed: 2\ngrid: {clusters: [1-2]}\n", "1-2 none 2; 1-2 smote 2", ""},
    {"seed=5", "grid: {clusters: [1-2], seed: [1, 2]}\n",
     "--set: the grid varies seed (s.yaml:4); write --set 'grid.seed=[5]'", NULL},
    {"seed=5", "grid:\n  - {clusters: [1-2]}\n  - {clusters: [1-2], seed: [1, 2]}\n",
     "--set: the grid varies seed (s.yaml:6); write --set 'grid.seed=[5]' in all "
     "blocks that have it, or --set "
     "'grid.2.seed=...' in this one",
     NULL},
    {"seed=5", "grid:\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n",
     "--set: the grid varies seed (s.yaml:5); write --set 'grid.zip.seed=[5]'", NULL},
    {"train.epochs=5", "seed: 2\ngrid: {clusters: [1-2], seed: [1, 2]}\n",
     "s.yaml:5: grid: seed has a value in line 4, too, which would count for nothing; leave one out", NULL},
    {"grid.seed=[1]", "grid:\n  - {clusters: [1-2]}\n  - {clusters: [3-4]}\n",
     "--set grid.seed=[1]: no entry of 'grid' has seed; say which of the 2 is to have it: --set "
     "grid.1.seed=...",
     NULL},
    {"grid.3.seed=[1]", "grid:\n  - {clusters: [1-2]}\n  - {clusters: [3-4]}\n",
     "--set grid.3.seed=[1]: 'grid' has entries 1 to 2", NULL},
    {"grid.seed=[5, 6]", "grid:\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n",
     "--set: grid: seed stands both in zip and as an axis; leave one out, or write --set grid.zip.seed",
     NULL},
    {"grid.seed=[5, 6]",
     "grid:\n  - {clusters: [1-2], seed: [1, 2]}\n  - zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n",
     "--set grid.seed=[5, 6]: entry 2 of 'grid' has seed in its zip, where this does not reach; write --set "
     "grid.N.seed=... for those that are meant, or grid.2.zip.seed=...",
     NULL},
    {"grid.seed=[5, 6]",
     "grid:\n  - zip: [{clusters: [1-2, 3-4], train.epochs: [1, 2]}, "
     "{strategy: [none, smote], seed: [1, 2]}]\n"
     "  - {clusters: [1-2], seed: [3]}\n",
     "--set grid.seed=[5, 6]: entry 1 of 'grid' has seed in its zip, where this does not reach; write --set "
     "grid.N.seed=... for those that are meant, or grid.1.zip.seed=...",
     NULL},
    {"grid.zip.seed=[5]", "grid:\n  zip: {clusters: [1-2, 3-4], seed: [1, 2]}\n",
     "s.yaml:5: grid: zip pairs values one by one, but clusters has 2 and seed has 1", NULL},
};

enum { ROOM = 4000 };

static void list_jobs(const struct sweep *sweep, char *out)
{
    const char *name[SWEEP_MAX_AXES];
    int is_number[SWEEP_MAX_AXES], n = sweep_axis_names(sweep, name, is_number);
    size_t used = 0;
    *out = '\0';
    for (int j = 0; j < sweep->n_jobs; j++) {
        struct store_job row;
        sweep_row(sweep, j, &row);
        used += (size_t)snprintf(out + used, ROOM - used, "%s%s %s %lld", j ? "; " : "", row.clusters,
                                 row.strategy, (long long)row.seed);
        for (int a = 0; a < n; a++)
            if (*row.axis[a])
                used += (size_t)snprintf(out + used, ROOM - used, " %s=%s", name[a], row.axis[a]);
    }
}

/* Without the folder of the sweep file. */
static void strip_folder(char *text)
{
    char folder[300];
    snprintf(folder, sizeof folder, "%s", in_folder("s.yaml"));
    folder[strlen(folder) - strlen("s.yaml")] = '\0';
    for (char *at; (at = strstr(text, folder));)
        memmove(at, at + strlen(folder), strlen(at + strlen(folder)) + 1);
}

static void tell(const struct sweep *sweep, char *out)
{
    FILE *file = fmemopen(out, ROOM, "w");
    assert_non_null(file);
    blocks_print(file, sweep);
    fputc('\0', file);
    fclose(file);
    strip_folder(out);
}

static int read_text(const char *text, const char *set, struct sweep **sweep, struct err *err)
{
    char assignment[300], *sets[] = {assignment};
    FILE *file = fopen(in_folder("s.yaml"), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    snprintf(assignment, sizeof assignment, "%s", set ? set : "");
    return sweep_read(in_folder("s.yaml"), set != NULL, sets, sweep, err);
}

/* The resolved text gives the same jobs by the same keys, and itself. */
static void check_copy(const struct sweep *sweep, const struct dataset *data)
{
    struct sweep *copy = NULL;
    struct err err = {0};
    if (sweep_parse(sweep->file->resolved, &copy, &err) < 0 || sweep_expand(copy, data, &err) < 0)
        fail_msg("%s of\n%s", err.text, sweep->file->resolved);
    assert_string_equal(copy->file->resolved, sweep->file->resolved);
    assert_int_equal(copy->n_jobs, sweep->n_jobs);
    for (int j = 0; j < sweep->n_jobs; j++) {
        assert_memory_equal(copy->job[j].key, sweep->job[j].key, JOB_KEY_BYTES);
        assert_int_equal(copy->job[j].combination, sweep->job[j].combination);
    }
    sweep_free(copy);
}

static void texts_give_jobs_or_a_line(void **state)
{
    struct dataset *data = cells();
    char text[1200], got[ROOM], said[ROOM];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sweep *sweep = NULL;
        struct err err = {0};
        snprintf(text, sizeof text, "%s%s", HEAD, cases[i].text);
        int rc = read_text(text, cases[i].set, &sweep, &err);
        if (rc == 0)
            rc = sweep_expand(sweep, data, &err);
        if (rc < 0) {
            snprintf(got, sizeof got, "%s", err.text);
            strip_folder(got);
            size_t n = strlen(got), wanted = strlen(cases[i].jobs);
            if (cases[i].said || n < wanted || strcmp(got + n - wanted, cases[i].jobs) != 0)
                fail_msg("%s%s\n  is refused:\n%s\n  not:\n%s", cases[i].text,
                         cases[i].set ? cases[i].set : "", got, cases[i].jobs);
        } else {
            list_jobs(sweep, got);
            tell(sweep, said);
            if (strcmp(got, cases[i].jobs) != 0 || !cases[i].said || strcmp(said, cases[i].said) != 0)
                fail_msg("%s%s\n  gives:\n%s\n%s  not:\n%s\n%s", cases[i].text,
                         cases[i].set ? cases[i].set : "", got, said, cases[i].jobs,
                         cases[i].said ? cases[i].said : "");
            check_copy(sweep, data);
        }
        sweep_free(sweep);
    }
    hand_dataset_free(data);
}

/* A million combinations of several blocks are as many as of one; one more is refused. */
static void blocks_add_up(void **state)
{
    struct dataset *data = cells();
    struct sweep *sweep = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(read_text(HEAD "grid:\n  - {clusters: [1-2], seed: {first: 1, count: 1000000}}\n"
                                    "  - {clusters: [3-4], seed: {first: 2000000, count: 1}}\n",
                               NULL, &sweep, &err),
                     0);
    const struct sweep_axis *seed = sweep_file_axis(sweep->file, "seed");
    assert_int_equal(seed->first, 1);
    assert_null(seed->value);
    assert_int_equal(sweep_expand(sweep, data, &err), E_USAGE);
    assert_non_null(strstr(err.text, "the grid has more than 1000000 combinations"));
    sweep_free(sweep);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_give_jobs_or_a_line),
        cmocka_unit_test(blocks_add_up),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
