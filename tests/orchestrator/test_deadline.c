/* When a run must end: texts of durations, and what Slurm says of its job. */
#include "run/deadline.h"

#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128], squeue[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(squeue, sizeof squeue, "%s/squeue", folder);
    setenv("PATH", folder, 1);
    return setenv("TZ", "UTC", 1);
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(squeue);
    return rmdir(folder);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90},         {"0.5", 0.5},          {"1:30", 90},
                {"01:00:00", 3600}, {"100:00:01", 360001}, {"1-00:00:00", 86400},
                {"2-0:10", 172810}};
    static const char *const bad[] = {"",    "x",     "0",     "-5",       "1:2:3:4",  "1:60",
                                      "1:2", "1:23x", "12:0a", "-1:00:00", "1-2-3:00", "a-1:00",
                                      "inf", "nan",   "0:00",  ":30",      "1e400"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(fabs(deadline_parse(good[i].text) - good[i].seconds) < 1e-9);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(deadline_parse(bad[i]) < 0);
}

static void say(const char *line)
{
    FILE *f = fopen(squeue, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\necho '%s'\n", line);
    fclose(f);
    assert_int_equal(chmod(squeue, 0755), 0);
}

static void slurm_tells(void **state)
{
    (void)state;
    assert_true(isinf(deadline_find((double)INFINITY)));
    assert_true(fabs(deadline_find(123) - 123) < 1e-9);
    setenv("SLURM_JOB_ID", "81", 1);
    assert_true(isinf(deadline_find((double)INFINITY))); /* no squeue */
    say("2026-11-23T02:00:00");
    assert_true(fabs(deadline_find((double)INFINITY) - 1795399200) < 1);
    assert_true(fabs(deadline_find(1795390000) - 1795390000) < 1); /* the earlier one counts */
    say("NONE");
    assert_true(isinf(deadline_find((double)INFINITY)));
    setenv("SLURM_JOB_END_TIME", "1795399201", 1);
    assert_true(fabs(deadline_find((double)INFINITY) - 1795399201) < 1);
    unsetenv("SLURM_JOB_END_TIME");
    unsetenv("SLURM_JOB_ID");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(slurm_tells),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
