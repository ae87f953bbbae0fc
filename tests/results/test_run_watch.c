/* Whether a run is over: one that ended in order, one that was killed, and one on a host of which nothing can
 * be told, that fell silent. */
#include "beside/run_watch.h"

#include "clock.h"
#include "support/scratch.h"

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

static char folder[128], path[256], lock_path[300], status_path[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    snprintf(status_path, sizeof status_path, "%s.status", path);
    return setenv("PATH", folder, 1); /* no squeue */
}

static int clean(void **state)
{
    (void)state;
    unlink(lock_path);
    unlink(status_path);
    return 0;
}

static int remove_folder(void **state)
{
    clean(state);
    return rmdir(folder);
}

static void write_lock(const struct lock_holder *holder)
{
    char text[LOCK_FILE_TEXT];
    lock_file_format(holder, text);
    FILE *f = fopen(lock_path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void write_status(int exit_status, double silence)
{
    const struct status_file file = {
        .exit_status = exit_status, .silence = silence, .deadline = (double)INFINITY};
    assert_int_equal(status_file_write(path, &file, NULL), 0);
}

static enum run_watch_end look_once(void)
{
    struct run_watch watch = {0};
    return run_watch_look(&watch, path, 1);
}

static void one_that_ended(void **state)
{
    (void)state;
    assert_int_equal(look_once(), RUN_WATCH_NONE);
    write_status(75, 0);
    assert_int_equal(look_once(), RUN_WATCH_ENDED);
    write_status(-1, 0); /* its lock was removed by hand */
    assert_int_equal(look_once(), RUN_WATCH_KILLED);
}

static void one_that_runs_and_one_that_was_killed(void **state)
{
    (void)state;
    struct lock_holder holder;
    lock_file_self(&holder);
    write_lock(&holder);
    write_status(-1, 10);
    assert_int_equal(look_once(), RUN_WATCH_GOES_ON);
    holder.process_start += 1; /* another process had this number */
    write_lock(&holder);
    assert_int_equal(look_once(), RUN_WATCH_KILLED);
    holder.since -= 5; /* killed between its last words and the end of its lock */
    write_lock(&holder);
    write_status(1, 10);
    assert_int_equal(look_once(), RUN_WATCH_ENDED);
    holder.since = clock_wall() + 5; /* killed before its first words: those there are of another run */
    write_lock(&holder);
    assert_int_equal(look_once(), RUN_WATCH_KILLED);
}

static void one_that_fell_silent(void **state)
{
    (void)state;
    struct lock_holder holder;
    struct run_watch watch = {0};
    lock_file_self(&holder);
    snprintf(holder.host, sizeof holder.host, "elsewhere");
    holder.slurm_job[0] = '\0';
    holder.since -= 5;
    write_lock(&holder);
    write_status(-1, 10);
    assert_int_equal(run_watch_look(&watch, path, 100), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&watch, path, 109), RUN_WATCH_GOES_ON);
    usleep(2000);
    write_status(-1, 10);
    assert_int_equal(run_watch_look(&watch, path, 110), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&watch, path, 119), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&watch, path, 121), RUN_WATCH_SILENT);
}

/* While it prepares its images there are no words of its own; a single rank promises none. */
static void one_that_promised_nothing(void **state)
{
    (void)state;
    struct lock_holder holder;
    struct run_watch early = {0}, single = {0};
    lock_file_self(&holder);
    snprintf(holder.host, sizeof holder.host, "elsewhere");
    holder.slurm_job[0] = '\0';
    holder.since += 5;
    write_lock(&holder);
    write_status(75, 10);
    assert_int_equal(run_watch_look(&early, path, 100), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&early, path, 3600), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&early, path, 3701), RUN_WATCH_SILENT);
    holder.since -= 10;
    write_lock(&holder);
    write_status(-1, 0);
    assert_int_equal(run_watch_look(&single, path, 100), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&single, path, 3600), RUN_WATCH_GOES_ON);
    assert_int_equal(run_watch_look(&single, path, 3701), RUN_WATCH_SILENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_that_ended, clean),
        cmocka_unit_test_setup(one_that_runs_and_one_that_was_killed, clean),
        cmocka_unit_test_setup(one_that_fell_silent, clean),
        cmocka_unit_test_setup(one_that_promised_nothing, clean),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
