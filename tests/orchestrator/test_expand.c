/* Sweep files to jobs: order, keys, and every wrong file with its line. */
#include "sweep/expand.h"
#include "sweep/job_name.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Five clusters 1..5 of 10, 20, 30, 40, 1 images, 12 x 12. */
static struct dataset *five_clusters(void)
{
    struct dataset *data = dataset_new(101, 12, 1, NULL);
    assert_non_null(data);
    int i = 0;
    const int count[] = {10, 20, 30, 40, 1};
    for (int c = 0; c < 5; c++)
        for (int k = 0; k < count[c]; k++, i++) {
            snprintf(data->image[i].id, sizeof data->image[i].id, "%d", i);
            data->image[i].cluster = c + 1;
            data->pixels[i * 144] = (float)i / 101;
        }
    assert_int_equal(dataset_finish(data, NULL), 0);
    return data;
}

static int read_text(const char *text, struct sweep **sweep, struct err *err)
{
    FILE *file = fopen(in_folder("s.yaml"), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return sweep_read(in_folder("s.yaml"), 0, NULL, sweep, err);
}

static struct sweep *expand(const char *text)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    struct dataset *data = five_clusters();
    if (read_text(text, &sweep, &err) < 0 || sweep_expand(sweep, data, &err) < 0)
        fail_msg("%s", err.text);
    dataset_free(data);
    return sweep;
}

static struct config config_of_job(const struct sweep *sweep, int job)
{
    struct config config;
    sweep_config(sweep, job, &config);
    return config;
}

static void assert_refused(const char *text, const char *expected)
{
    struct sweep *sweep = NULL;
    struct err err = {0};
    struct dataset *data = five_clusters();
    int rc = read_text(text, &sweep, &err);
    if (rc == 0)
        rc = sweep_expand(sweep, data, &err);
    assert_int_equal(rc, E_USAGE);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
    sweep_free(sweep);
    dataset_free(data);
}

#define HEAD "data: builtin\nimage: {size: 12}\n"

static void jobs_stand_in_grid_order(void **state)
{
    (void)state;
    struct sweep *s = expand(HEAD "grid:\n  clusters: [[1, 2], [3, 4]]\n  strategy: [none, oversample]\n  "
                                  "seed: {first: 5, count: 2}\n");
    assert_int_equal(s->n_jobs, 8);
    assert_int_equal(config_of_job(s, 0).seed, 5);
    assert_int_equal(config_of_job(s, 1).seed, 6);
    assert_string_equal(config_of_job(s, 2).strategy, "oversample");
    assert_int_equal(config_of_job(s, 4).clusters.number[0], 3);
    char name[256];
    sweep_job_name(s, 7, name, sizeof name);
    assert_string_equal(name, "3-4 oversample holdout seed 6");
    struct selection chosen;
    assert_int_equal(sweep_select(s, "strategy=oversample,clusters=3-4,seed=6..9", "--filter", &chosen, NULL),
                     0);
    assert_int_equal(chosen.n, 1);
    assert_int_equal(chosen.job[0], 7);
    selection_free(&chosen);
    assert_int_equal(sweep_select(s, "colour=red", "--filter", &chosen, NULL), E_USAGE);
    sweep_free(s);
}

static void folds_are_jobs(void **state)
{
    (void)state;
    struct sweep *s =
        expand(HEAD "grid:\n  clusters: [[1, 2]]\n  protocol: [holdout, {kfold: {folds: 5, repeats: 2}}]\n");
    assert_int_equal(s->n_jobs, 11);
    assert_int_equal(config_of_job(s, 10).fold, 4);
    assert_int_equal(config_of_job(s, 10).repeat, 1);
    assert_int_equal(s->job[10].plan.n_test + s->job[10].plan.n_train, 30);
    sweep_free(s);
}

/* Jobs without an inner set keep their keys. */
static void inner_sets_are_values_of_an_axis(void **state)
{
    (void)state;
    struct sweep *plain = expand(HEAD "grid:\n  clusters: [[1, 2]]\n");
    struct sweep *s =
        expand(HEAD "grid:\n  clusters: [[1, 2]]\n  inner: [none, {share: 0.50}, {folds: 3}]\n");
    assert_int_equal(s->n_jobs, 3);
    assert_memory_equal(s->job[0].key, plain->job[0].key, JOB_KEY_BYTES);
    assert_int_equal(s->job[0].plan.n_val, 0);
    for (int j = 1; j < 3; j++) {
        assert_true(s->job[j].plan.n_val > 0 && s->job[j].plan.n_test == s->job[0].plan.n_test);
        assert_int_equal(s->job[j].plan.n_train + s->job[j].plan.n_val, s->job[0].plan.n_train);
        assert_memory_not_equal(s->job[j].key, plain->job[0].key, JOB_KEY_BYTES);
    }
    struct config stops = config_of_job(s, 1), whole = stops;
    assert_int_equal(config_set(&stops, "train.stop.patience", "5", NULL), 0);
    assert_true(sweep_kind(&stops) != sweep_kind(&whole));
    assert_string_equal(s->file->axis[1].value[1], "share:0.5");
    sweep_free(s);
    sweep_free(plain);
    assert_refused(HEAD "inner: {part: 0.2}\ngrid: {clusters: [[1, 2]]}\n",
                   "inner: expected none, {share: 0.2} or {folds: 5}");
    assert_refused(HEAD "inner: {share: 0.2}\nprotocol: {given: split}\ngrid: {clusters: [[1, 2]]}\n",
                   "inner: no job of this grid reads it");
}

/* Rows that differ in what they are differ in what they say. */
static void rows_tell_jobs_apart(void **state)
{
    (void)state;
    struct sweep *s = expand(HEAD "grid:\n  clusters: [[1, 2, 3, 4], [4, 3, 2, 1]]\n  protocol: [{kfold: "
                                  "{folds: 2}}, {kfold: {folds: 3}}]\n");
    struct store_job a, b;
    sweep_row(s, 0, &a);
    sweep_row(s, 2, &b);
    assert_string_equal(a.protocol, "kfold:2");
    assert_string_equal(b.protocol, "kfold:3");
    sweep_row(s, 5, &b);
    assert_string_equal(a.clusters, "1-2-3-4");
    assert_string_equal(b.clusters, "4-3-2-1");
    sweep_free(s);
}

static void a_copy_needs_no_data(void **state)
{
    (void)state;
    struct sweep *a = expand(HEAD "grid: {clusters: [[1, 2]], seed: {first: 5, count: 2000}}\n"), *b = NULL;
    struct dataset *data = five_clusters();
    assert_int_equal(sweep_parse(a->file->resolved, &b, NULL), 0);
    assert_int_equal(sweep_adopt(b, data, a->n_jobs, NULL), 0);
    memcpy(b->job, a->job, 2000 * sizeof *a->job);
    assert_int_equal(b->n_jobs, 2000);
    for (int j = 0; j < 2000; j += 37) {
        struct config here = config_of_job(a, j), there = config_of_job(b, j);
        assert_memory_equal(&here, &there, sizeof here);
        assert_true(sweep_key_holds(b, j, data));
    }
    assert_true(strlen(a->file->resolved) < 4000);
    dataset_free(data);
    sweep_free(a);
    sweep_free(b);
}

/* Other defaults or other data on one rank are other jobs. */
static void a_copy_that_differs_is_seen(void **state)
{
    (void)state;
    struct sweep *s =
        expand(HEAD "grid: {clusters: [all], seed: [1, 2]}\ntrain: {epochs: 3}\nprotocol: tail\n");
    struct dataset *data = five_clusters();
    assert_true(sweep_key_holds(s, 1, data));
    s->file->base.epochs = 4;
    assert_false(sweep_key_holds(s, 1, data));
    s->file->base.epochs = 3;
    data->checksum[0] ^= 1;
    assert_false(sweep_key_holds(s, 1, data));
    dataset_free(data);
    sweep_free(s);
}

static long resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* A job costs its row, its value of the one long axis, and little else. */
static void a_job_is_small(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    enum { JOBS = 100000, MOST = 600 }; /* with what it keeps around every allocation */
#else
    enum { JOBS = 100000, MOST = 150 };
#endif
    (void)state;
    long before = resident_bytes();
    struct sweep *s = expand(HEAD "grid: {clusters: [[1, 2]], seed: {first: 1, count: 100000}}\n");
    long grown = resident_bytes() - before;
    assert_int_equal(s->n_jobs, JOBS);
    if (grown > (long)JOBS * MOST)
        fail_msg("%ld bytes a job, %d are allowed", grown / JOBS, MOST);
    sweep_free(s);
}

static void more_repeats_keep_keys(void **state)
{
    (void)state;
    struct sweep *a =
        expand(HEAD "grid:\n  clusters: [[1, 2]]\n  protocol: [{kfold: {folds: 5, repeats: 1}}]\n");
    struct sweep *b =
        expand(HEAD "grid:\n  clusters: [[1, 2]]\n  protocol: [{kfold: {folds: 5, repeats: 3}}]\n");
    for (int j = 0; j < a->n_jobs; j++)
        assert_memory_equal(a->job[j].key, b->job[j].key, JOB_KEY_BYTES);
    sweep_free(a);
    sweep_free(b);
}

static void keys_differ_exactly_when_results_may(void **state)
{
    (void)state;
    struct sweep *a = expand(HEAD "train: {epochs: 3}\ngrid: {clusters: [[1, 2]], seed: [1, 2]}\n");
    struct sweep *b =
        expand("name: other\n" HEAD "grid: {seed: [2], train.epochs: [3, 4], clusters: [1-2]}\n");
    assert_memory_equal(a->job[1].key, b->job[0].key, JOB_KEY_BYTES);
    assert_memory_not_equal(a->job[0].key, a->job[1].key, JOB_KEY_BYTES);
    assert_memory_not_equal(b->job[0].key, b->job[1].key, JOB_KEY_BYTES);
    sweep_free(a);
    sweep_free(b);
}

/* What the results file stores can be run again, and gives the same jobs. */
static void weights_are_kept_as_asked(void **state)
{
    static const struct {
        const char *text, *resolved;
        int keep;
    } cases[] = {{"false", "\nkeep_weights: false\n", 0}, {"true", "\nkeep_weights: true\n", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct sweep *sweep = NULL, *again = NULL;
        snprintf(text, sizeof text, "%skeep_weights: %s\ngrid: {clusters: [[1, 2]]}\n", HEAD, cases[i].text);
        assert_int_equal(read_text(text, &sweep, NULL), 0);
        assert_int_equal(sweep->file->keep_weights, cases[i].keep);
        assert_non_null(strstr(sweep->file->resolved, cases[i].resolved));
        assert_int_equal(sweep_parse(sweep->file->resolved, &again, NULL), 0);
        assert_int_equal(again->file->keep_weights, cases[i].keep);
        sweep_free(sweep);
        sweep_free(again);
    }
}

static void the_resolved_file_is_the_same_sweep(void **state)
{
    (void)state;
    struct sweep *a =
        expand(HEAD "grid:\n  clusters: [[1, 2], [2, 3, 4]]\n  strategy: [[augment, reweight], none]\n"
                    "  protocol: [report, {kfold: {folds: 2}}]\n  train.learning_rate: [0.1, 3e-4]\n");
    struct sweep *b = expand(a->file->resolved);
    assert_int_equal(a->n_jobs, 2 * 2 * 3 * 2);
    assert_int_equal(b->n_jobs, a->n_jobs);
    for (int j = 0; j < a->n_jobs; j++)
        assert_memory_equal(a->job[j].key, b->job[j].key, JOB_KEY_BYTES);
    assert_string_equal(a->file->resolved, b->file->resolved);
    sweep_free(a);
    sweep_free(b);
}

static int read_with(const char *text, int n_set, char *const *set, struct sweep **sweep, struct err *err)
{
    assert_int_equal(read_text(text, sweep, err), 0);
    sweep_free(*sweep);
    return sweep_read(in_folder("s.yaml"), n_set, set, sweep, err);
}

/* --set of what the grid varies goes to the grid, and of anything else beside it; nothing that was asked for
 * counts for nothing. */
static void an_override_outweighs_the_file(void **state)
{
    static const char text[] =
        HEAD "train.epochs: 3\ngrid: {clusters: [[1, 2]], seed: [1, 2], strategy: [none, oversample]}\n";
    static char epochs[] = "train.epochs=7", strategy[] = "grid.strategy=[[augment, reweight]]";
    static char seed[] = "seed=5", seeds[] = "grid.seed=[6, 7]", first_three[] = "seed={first: 1, count: 3}";
    char *const set[] = {seeds, epochs, strategy};
    char *const one[] = {seed}, *const both[] = {seeds, seed}, *const range[] = {first_three};
    struct sweep *sweep = NULL;
    struct err err = {0};
    (void)state;
    struct dataset *data = five_clusters();
    assert_int_equal(read_with(text, 3, set, &sweep, &err), 0);
    assert_int_equal(sweep_expand(sweep, data, &err), 0);
    assert_int_equal(sweep->n_jobs, 2);
    assert_int_equal(config_of_job(sweep, 1).seed, 7);
    assert_int_equal(config_of_job(sweep, 0).epochs, 7);
    assert_string_equal(config_of_job(sweep, 0).strategy, "augment+reweight");
    sweep_free(sweep);
    dataset_free(data);
    assert_int_equal(read_with(text, 1, one, &sweep, &err), E_USAGE);
    assert_non_null(strstr(err.text, "--set: the grid varies seed ("));
    assert_non_null(strstr(err.text, "s.yaml:4); write --set 'grid.seed=[5]'"));
    assert_int_equal(read_with(text, 2, both, &sweep, &err), E_USAGE);
    assert_non_null(strstr(err.text, "--set: seed is given a value both as seed and as grid.seed"));
    assert_int_equal(read_with(text, 1, range, &sweep, &err), E_USAGE);
    assert_non_null(strstr(err.text, "several values stand under `grid`: --set grid.seed"));
    assert_refused(HEAD "seed: 3\ngrid: {clusters: [[1, 2]], seed: [1, 2]}\n",
                   "s.yaml:4: grid: seed has a value in line 3, too");
    assert_refused(HEAD "train: {epochs: 3}\ngrid: {clusters: [[1, 2]], train.epochs: [1, 2]}\n",
                   "s.yaml:4: grid: train.epochs has a value in line 3, too");
}

static const char *groups_of(const char *text)
{
    static char groups[64];
    struct sweep *sweep = NULL;
    struct err err = {0};
    if (read_text(text, &sweep, &err) < 0)
        fail_msg("%s", err.text);
    snprintf(groups, sizeof groups, "%s",
             sweep_file_groups(sweep->file) ? sweep_file_groups(sweep->file) : "NULL");
    sweep_free(sweep);
    return groups;
}

static void the_column_of_groups_is_found(void **state)
{
    (void)state;
    assert_string_equal(groups_of(HEAD "grid: {clusters: [[1, 2]]}\n"), "NULL");
    assert_string_equal(groups_of(HEAD "groups: slide\ngrid: {clusters: [[1, 2]]}\n"), "slide");
    assert_string_equal(groups_of(HEAD "grid: {clusters: [[1, 2]], groups: [none]}\n"), "NULL");
    assert_string_equal(groups_of(HEAD "grid: {clusters: [[1, 2]], groups: [none, mouse]}\n"), "mouse");
    assert_string_equal(groups_of(HEAD "grid: {clusters: [[1, 2]], groups: [slide, none, mouse]}\n"),
                        "slide\nmouse");
    assert_refused(HEAD "groups: slide\ngrid: {clusters: [[1, 2]]}\n",
                   "groups: the images have no groups, not slide; pack them with --groups slide");
    assert_refused(HEAD "groups: slide\nprotocol: report\ngrid: {clusters: [[1, 2]]}\n",
                   "protocol report cannot keep groups (slide) apart");
}

/* A finished sweep keeps its keys when its images get groups, and when the grid names some; other groups are
 * other jobs. */
static void groups_leave_the_keys_of_other_jobs(void **state)
{
    struct sweep *plain = expand(HEAD "grid: {clusters: [[1, 2]]}\n"), *sweep = NULL;
    struct dataset *data = five_clusters();
    unsigned char key[JOB_KEY_BYTES];
    (void)state;
    snprintf(data->group_column, sizeof data->group_column, "slide");
    for (int i = 0; i < data->n_images; i++)
        snprintf(data->image[i].group, sizeof data->image[i].group, "%d", i % 5);
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_int_equal(read_text(HEAD "grid: {clusters: [[1, 2]], groups: [none, slide]}\n", &sweep, NULL), 0);
    assert_int_equal(sweep_expand(sweep, data, NULL), 0);
    assert_memory_equal(plain->job[0].key, sweep->job[0].key, JOB_KEY_BYTES);
    memcpy(key, sweep->job[1].key, sizeof key);
    data->image[0].group[0] = '1';
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_true(sweep_key_holds(sweep, 0, data));
    assert_false(sweep_key_holds(sweep, 1, data));
    sweep_free(plain);
    sweep_free(sweep);
    dataset_free(data);
}

/* Jobs with and without groups; a column's name that YAML would misread. */
static void groups_are_in_the_key_and_the_resolved_file(void **state)
{
    static const char column[] = "mouse: \"a\\\\b\" #1";
    struct sweep *plain = expand(HEAD "grid: {clusters: [[1, 2]]}\n"), *sweep = NULL, *again = NULL;
    struct dataset *data = five_clusters();
    char name[256];
    (void)state;
    snprintf(data->group_column, sizeof data->group_column, "%s", column);
    assert_int_equal(dataset_finish(data, NULL), 0);
    assert_int_equal(
        read_text(HEAD "grid: {clusters: [[1, 2]], groups: ['mouse: \"a\\\\b\" #1', none]}\n", &sweep, NULL),
        0);
    assert_string_equal(sweep_file_groups(sweep->file), column);
    assert_int_equal(sweep_expand(sweep, data, NULL), 0);
    assert_int_equal(sweep->n_jobs, 2);
    assert_memory_not_equal(sweep->job[0].key, sweep->job[1].key, JOB_KEY_BYTES);
    sweep_job_name(sweep, 1, name, sizeof name);
    assert_string_equal(name, "1-2 none holdout seed 1 groups none");
    assert_int_equal(read_text(sweep->file->resolved, &again, NULL), 0);
    assert_string_equal(sweep->file->resolved, again->file->resolved);
    assert_non_null(strstr(plain->file->resolved, "\ngroups: none\n"));
    sweep_free(again);
    assert_int_equal(
        read_text(HEAD "groups: 'mouse: \"a\\\\b\" #1'\ngrid: {clusters: [[1, 2]]}\n", &again, NULL), 0);
    sweep_free(sweep);
    assert_int_equal(read_text(again->file->resolved, &sweep, NULL), 0);
    assert_string_equal(sweep_file_groups(sweep->file), column);
    sweep_free(sweep);
    sweep_free(again);
    sweep_free(plain);
    dataset_free(data);
}

static void misspelt_names_are_proposed(void **state)
{
    (void)state;
    assert_refused(HEAD "grid: {clusters: [[1, 2]], strategy: [over]}\n", "did you mean 'oversample'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], strategy: [noone]}\n", "did you mean 'none'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], strategy: [SMOTE]}\n", "did you mean 'smote'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], strategy: [ros]}\n", "'ros' is not known; use one of");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], model: [resnet]}\n", "did you mean 'resnet-8'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], model: [xgboost]}\n", "did you mean 'boost'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], model: [forrest]}\n", "did you mean 'forest'?");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], model: [mlp]}\n", "'mlp' is not known; use one of");
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    assert_refused("grid: {clusters: [[1, 2]]}\n", "key `data` is missing");
    assert_refused("data: /nonexistent/cells\ngrid: {clusters: [[1, 2]]}\n",
                   "s.yaml:1: data: /nonexistent/cells: No such file");
    assert_refused("data: builtin\n", "key `grid` is missing or empty");
    assert_refused("data: builtin\ngrid: {}\n", "key `grid` is missing or empty");
    assert_refused(HEAD "grid: {clusters: []}\n", "s.yaml:3: grid: clusters: the list is empty");
    assert_refused(HEAD "grid: {clusters: [8, 10]}\n", "write a list of lists");
    assert_refused(HEAD "grid: {clusters: [[1, 9]]}\n", "clusters: 9 is not in the data");
    assert_refused(HEAD "grid: {clusters: [[1, 5]]}\n", "cluster 5 has 1 image");
    assert_refused(HEAD "trian: {epochs: 3}\ngrid: {clusters: [[1, 2]]}\n",
                   "s.yaml:3: unknown key 'trian.epochs'; did you mean 'train.epochs'?");
    assert_refused(HEAD "train: {epochs: -1}\ngrid: {clusters: [[1, 2]]}\n",
                   "s.yaml:3: train.epochs: -1 is out of range");
    assert_refused(HEAD "train: {epochs: [1, 2]}\ngrid: {clusters: [[1, 2]]}\n",
                   "several values stand under `grid`");
    assert_refused(HEAD "train: 7\ngrid: {clusters: [[1, 2]]}\n", "s.yaml:3: unknown key 'train'");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], strategy: [none, smoot]}\n", "smoot");
    assert_refused(HEAD "Grid: {clusters: [[1, 2]]}\n", "s.yaml:3: unknown key 'Grid'; did you mean 'grid'?");
    assert_refused("date: builtin\ngrid: {clusters: [[1, 2]]}\n", "`data` is missing");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], seed: [1, 1]}\n", "seed: 1 stands twice");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], seed: {first: 1}}\n", "say how many");
    assert_refused(HEAD "grid: {clusters: [[1, 2]], seed: 1..10}\n",
                   "write '1..10' as {first: 1, count: 10}");
    assert_refused(HEAD "grid:\n\tclusters: [[1, 2]]\n", "s.yaml:4: a tab, or one of @ ` %");
    assert_refused(HEAD "grid: {clusters: [[1, 2], all]}\n", "cluster 5 has 1 image");
    assert_refused(HEAD "keep_weights: perhaps\ngrid: {clusters: [[1, 2]]}\n", "expected true or false");
    assert_refused(HEAD "keep_weights: best\ngrid: {clusters: [[1, 2]]}\n",
                   "keep_weights: best is said by `judge: best` now; write keep_weights: true");
    assert_refused("data: builtin\ngrid: {clusters: [[1, 2]]}\n",
                   "image.size is 50, the dataset's images are 12");
    assert_refused(HEAD
                   "strategy: augment\naugment: {zoom_min: 2, zoom_max: 1}\ngrid: {clusters: [[1, 2]]}\n",
                   "augment.zoom_min 2 is larger");
    assert_refused(HEAD
                   "grid: {clusters: [[1, 2]], seed: {first: 1, count: 1000000}, train.epochs: [1, 2]}\n",
                   "split the sweep");
}

static int count_jobs(const char *text)
{
    struct sweep *sweep = expand(text);
    int n = sweep->n_jobs;
    sweep_free(sweep);
    return n;
}

#define PAIR "name: s\ndata: builtin\nimage.size: 12\ntrain.epochs: 1\n"

/* Combinations that differ in settings alone that they do not read are one job, the first. */
static void what_is_not_read_makes_no_jobs(void **state)
{
    (void)state;
    assert_int_equal(
        count_jobs(PAIR "grid: {clusters: [[1, 2]], strategy: [none, smote], smote.k: [3, 5]}\n"), 3);
    assert_int_equal(
        count_jobs(PAIR "grid: {clusters: [[1, 2]], smote.k: [3, 5], strategy: [none, smote]}\n"), 3);
    assert_int_equal(count_jobs(PAIR
                                "grid: {clusters: [[1, 2]], model: [cnn, majority], cnn.stem: [8, 9, 10],"
                                " train.learning_rate: [0.1, 0.2], train.batch: [4, 8]}\n"),
                     13);
    assert_int_equal(count_jobs(PAIR "grid: {clusters: [[1, 2]], validation: [0.1, 0.3],"
                                     " protocol: [tail, {kfold: {folds: 2, repeats: 3}}]}\n"),
                     2 + 6);
    assert_int_equal(count_jobs(PAIR "grid: {clusters: [[1, 2]], balance.threshold: [300, 0],"
                                     " balance.cap: [40, 45]}\n"),
                     3);
}

/* So a job has the key that it has in a grid without them. */
static void what_is_not_read_is_in_no_key(void **state)
{
    struct sweep *all = expand(PAIR "grid: {clusters: [[1, 2]], strategy: [smote, none], smote.k: [3, 7]}\n");
    struct sweep *one = expand(PAIR "grid: {clusters: [[1, 2]]}\n");
    (void)state;
    assert_int_equal(all->n_jobs, 3);
    assert_memory_equal(all->job[2].key, one->job[0].key, JOB_KEY_BYTES);
    assert_string_equal(config_of_job(all, 2).strategy, "none");
    sweep_free(all);
    sweep_free(one);
}

/* A job that is spelled twice is another matter. */
static void two_spellings_are_refused(void **state)
{
    (void)state;
    assert_refused(PAIR "grid: {clusters: [[1, 2]], strategy: [none, smote], smote.k: [3, 3]}\n",
                   "smote.k: 3 stands twice");
    assert_refused(
        PAIR "grid: {clusters: [[1, 2]], protocol: [{kfold: {folds: 2}}, {kfold: {folds: 2, repeats: 2}}]}\n",
        "stands in the grid twice");
}

/* What a job is refused for says where the sweep file asks for it. */
static void refusals_of_jobs_name_their_line(void **state)
{
    (void)state;
    assert_refused(HEAD "judge: best\ngrid: {clusters: [[1, 2]]}\n",
                   "s.yaml:3: judge: best chooses an epoch");
    assert_refused(HEAD "train.stop.patience: 2\ngrid: {clusters: [[1, 2]]}\n",
                   "s.yaml:3: train.stop.patience chooses an epoch");
    assert_refused(HEAD "grid: {clusters: [[1, 2]]}\ntune: {over: {train.batch: [8, 16]}, trials: 2}\n",
                   "s.yaml:4: tune chooses values");
    assert_refused(HEAD "grid:\n  clusters: [[1, 2]]\n  model: [knn]\n  strategy: [none, focal]\n",
                   "s.yaml:6: strategy focal needs");
}

/* What no job reads is a mistake, unless it says what is so anyway. */
static void what_nobody_reads_is_refused(void **state)
{
    (void)state;
    assert_refused(
        PAIR "smote.k: 3\ngrid: {clusters: [[1, 2]]}\n",
        "s.yaml:5: smote.k: no job of this grid reads it, but strategy smote would; leave it out, or add");
    assert_refused(PAIR "grid:\n  clusters: [[1, 2]]\n  cnn:\n    stem: [8]\n  model: [majority]\n",
                   "s.yaml:8: cnn.stem: no job of this grid reads it, but model cnn would");
    assert_refused(PAIR "balance.cap: 3\ngrid: {clusters: [[1, 2]]}\n",
                   "but jobs with balance.threshold above 0 would");
    assert_int_equal(count_jobs(PAIR "smote.k: 5\ngrid: {clusters: [[1, 2]]}\n"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misspelt_names_are_proposed),
        cmocka_unit_test(jobs_stand_in_grid_order),
        cmocka_unit_test(folds_are_jobs),
        cmocka_unit_test(inner_sets_are_values_of_an_axis),
        cmocka_unit_test(rows_tell_jobs_apart),
        cmocka_unit_test(a_copy_needs_no_data),
        cmocka_unit_test(a_copy_that_differs_is_seen),
        cmocka_unit_test(a_job_is_small),
        cmocka_unit_test(more_repeats_keep_keys),
        cmocka_unit_test(the_column_of_groups_is_found),
        cmocka_unit_test(groups_are_in_the_key_and_the_resolved_file),
        cmocka_unit_test(groups_leave_the_keys_of_other_jobs),
        cmocka_unit_test(keys_differ_exactly_when_results_may),
        cmocka_unit_test(weights_are_kept_as_asked),
        cmocka_unit_test(an_override_outweighs_the_file),
        cmocka_unit_test(the_resolved_file_is_the_same_sweep),
        cmocka_unit_test(wrong_files_are_refused),
        cmocka_unit_test(what_is_not_read_makes_no_jobs),
        cmocka_unit_test(what_is_not_read_is_in_no_key),
        cmocka_unit_test(two_spellings_are_refused),
        cmocka_unit_test(refusals_of_jobs_name_their_line),
        cmocka_unit_test(what_nobody_reads_is_refused),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
