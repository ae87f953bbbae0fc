/* A request to grow: there whole or not at all, and what is none is told apart. */
#include "beside/grow_request.h"

#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128], path[256], request_path[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(request_path, sizeof request_path, "%s.grow", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(request_path);
    return rmdir(folder);
}

static void is_read_as_it_was_written(void **state)
{
    (void)state;
    struct grow_request out;
    struct err err = {0};
    assert_int_equal(grow_request_waits(path), 0);
    assert_int_equal(grow_request_read(path, &out), 0);
    assert_int_equal(grow_request_write(path, "a: 1\n# \"caf\xc3\xa9\"\n", "a: 1\nb: 2\n", &err), 0);
    assert_int_equal(grow_request_write(path, "a: 2\n# \"caf\xc3\xa9\"\n", "a: 2\nb: 2\n", &err), 0);
    assert_int_equal(grow_request_waits(path), 1);
    assert_int_equal(grow_request_read(path, &out), 1);
    assert_string_equal(out.yaml, "a: 2\n# \"caf\xc3\xa9\"\n");
    assert_string_equal(out.resolved, "a: 2\nb: 2\n");
    grow_request_release(&out);
    assert_int_equal(grow_request_drop(path), 1);
    assert_int_equal(grow_request_waits(path), 0);
    assert_int_equal(grow_request_drop(path), 1);
}

static void what_is_none_is_there_but_not_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "[1", "[1]", "{}", "{\"yaml\": \"a\"}", "{\"yaml\": 1, \"resolved\": 2}"};
    struct grow_request out;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *f = fopen(request_path, "w");
        assert_non_null(f);
        fputs(texts[i], f);
        fclose(f);
        assert_int_equal(grow_request_waits(path), 1);
        assert_int_equal(grow_request_read(path, &out), 0);
        assert_null(out.yaml);
    }
    unlink(request_path);
    assert_int_equal(mkfifo(request_path, 0600), 0); /* keeps nobody waiting */
    assert_int_equal(grow_request_read(path, &out), 0);
    assert_int_equal(grow_request_drop(path), 1);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(grow_request_write("/nowhere/r.h5", "a", "a", &err), E_IO);
    assert_non_null(strstr(err.text, "/nowhere/r.h5.grow"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_as_it_was_written),
        cmocka_unit_test(what_is_none_is_there_but_not_read),
        cmocka_unit_test(a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
