/* status --json: the keys that scripts rely on, the counts of a filter, null for what is not known. */
#include "commands/status_json.h"
#include "commands/status_wait.h"

#include "support/scratch.h"
#include "support/small_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[128], path[256], status_path[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(status_path, sizeof status_path, "%s.status", path);
    return setenv("PATH", folder, 1); /* no squeue */
}

static int clean(void **state)
{
    (void)state;
    unlink(path);
    unlink(status_path);
    return 0;
}

static int remove_folder(void **state)
{
    clean(state);
    return rmdir(folder);
}

/* Seeds 1 and 2 done, 3 failed, 4 waiting. */
static void write_store(void)
{
    static const enum job_state states[] = {JOB_DONE, JOB_DONE, JOB_FAILED, JOB_WAITING};
    struct small_job job[4];
    struct err err = {0};
    memset(job, 0, sizeof job);
    for (int i = 0; i < 4; i++) {
        struct store_job *row = &job[i].row;
        snprintf(row->key, sizeof row->key, "%032d", i);
        snprintf(row->clusters, sizeof row->clusters, "8-10");
        snprintf(row->strategy, sizeof row->strategy, "none");
        snprintf(row->protocol, sizeof row->protocol, "holdout");
        snprintf(row->model, sizeof row->model, "cnn");
        row->seed = i + 1;
        job[i].state = states[i];
        job[i].balanced = 0.5;
        job[i].n = 2;
        job[i].seconds = 4;
    }
    assert_int_equal(small_store(path, job, 4, 2, NULL, 0, "", &err), 0);
}

static void write_status(int exit_status, const char *filter)
{
    struct status_file file = {.exit_status = exit_status, .ranks = 3, .deadline = (double)INFINITY};
    snprintf(file.filter, sizeof file.filter, "%s", filter);
    snprintf(file.message, sizeof file.message, "why");
    assert_int_equal(status_file_write(path, &file, NULL), 0);
}

static json_t *take(const char *filter)
{
    struct status_view view;
    struct err err = {0}, trouble = {0};
    assert_int_equal(status_view_take(path, filter, &view, &err), 0);
    view.trouble = &trouble;
    json_t *root = status_json(&view, &err);
    assert_non_null(root);
    assert_int_equal(trouble.code, 0);
    status_view_release(&view);
    return root;
}

static int count(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(json_object_get(root, "jobs"), name);
    assert_true(json_is_integer(value));
    return (int)json_integer_value(value);
}

static void all_keys_are_there(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "results",     "name",         "state",       "message", "jobs",       "rates",
        "eta_seconds", "exit_status",  "filter",      "ranks",   "lost_ranks", "deadline",
        "run",         "running_jobs", "failed_jobs", "now",     "changed",    "growth_waits"};
    write_store();
    json_t *root = take(NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(root, keys[i]));
    assert_int_equal(json_object_size(root), sizeof keys / sizeof *keys);
    assert_true(json_is_null(json_object_get(root, "ranks"))); /* nothing was left that tells */
    assert_true(json_is_null(json_object_get(root, "eta_seconds")));
    assert_true(json_is_false(json_object_get(root, "growth_waits")));
    assert_string_equal(json_string_value(json_object_get(root, "state")), "stopped");
    assert_true(count(root, "total") == 4 && count(root, "done") == 2 && count(root, "failed") == 1);
    assert_true(count(root, "waiting") == 1 && count(root, "not_asked_for") == 0);
    const json_t *failed = json_object_get(root, "failed_jobs");
    assert_int_equal(json_array_size(failed), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(failed, 0), "job")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(failed, 0), "seed")), 3);
    json_decref(root);
}

static void a_filter_is_what_is_counted(void **state)
{
    (void)state;
    write_store();
    write_status(0, "seed=1..2");
    json_t *root = take(NULL);
    assert_true(count(root, "total") == 2 && count(root, "done") == 2 && count(root, "not_asked_for") == 2);
    assert_string_equal(json_string_value(json_object_get(root, "state")), "finished");
    assert_string_equal(json_string_value(json_object_get(root, "filter")), "seed=1..2");
    assert_int_equal(json_integer_value(json_object_get(root, "exit_status")), 0);
    assert_int_equal(json_integer_value(json_object_get(root, "ranks")), 3);
    json_decref(root);
    root = take("");
    assert_int_equal(count(root, "total"), 4);
    assert_true(json_is_null(json_object_get(root, "filter")));
    json_decref(root);
    write_status(0, "strategy=gone"); /* of a file that was other then */
    root = take(NULL);
    assert_int_equal(count(root, "total"), 4);
    json_decref(root);
    struct status_view view;
    struct err err = {0};
    assert_int_equal(status_view_take(path, "strategy=gone", &view, &err), E_USAGE);
    status_view_release(&view);
}

static void waiting_gives_the_status_of_the_sweep(void **state)
{
    (void)state;
    struct err err = {0};
    write_store();
    assert_int_equal(status_wait(path, 0.1), RUN_WATCH_NONE);
    assert_int_equal(status_wait_code(path, RUN_WATCH_NONE, &err), E_STOPPED);
    write_status(75, "");
    assert_int_equal(status_wait(path, 0.1), RUN_WATCH_ENDED);
    assert_int_equal(status_wait_code(path, RUN_WATCH_ENDED, &err), E_STOPPED);
    assert_non_null(strstr(err.text, "exit status 75: why"));
    write_status(1, "");
    assert_int_equal(status_wait_code(path, RUN_WATCH_ENDED, &err), E_JOB);
    write_status(0, "");
    assert_int_equal(status_wait_code(path, RUN_WATCH_ENDED, &err), 0);
    write_status(-1, "seed=1..2"); /* killed when all it was asked for was there */
    assert_int_equal(status_wait_code(path, RUN_WATCH_KILLED, &err), 0);
    write_status(-1, "seed=1..3");
    assert_int_equal(status_wait_code(path, RUN_WATCH_KILLED, &err), E_JOB);
    write_status(-1, "");
    assert_int_equal(status_wait_code(path, RUN_WATCH_SILENT, &err), E_STOPPED);
    assert_non_null(strstr(err.text, "1 job left"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_keys_are_there, clean),
        cmocka_unit_test_setup(a_filter_is_what_is_counted, clean),
        cmocka_unit_test_setup(waiting_gives_the_status_of_the_sweep, clean),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
