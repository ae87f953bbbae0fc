#include "err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void test_a_line_stays_one_line(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, E_IO, "%s:%d: cell \"%s\"", "a\nb.csv", 3, "\x1b[31mred\r\n\x7f\xc3\xa9"),
                     E_IO);
    assert_int_equal(err.code, E_IO);
    assert_string_equal(err.text, "a b.csv:3: cell \" [31mred   \xc3\xa9\"");
}

static void test_a_long_line_is_cut(void **state)
{
    (void)state;
    struct err err;
    char text[2 * sizeof err.text];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(err_set(&err, E_USAGE, "%s", text), E_USAGE);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(err_set(NULL, E_USAGE, "%s", text), E_USAGE);
}

static void test_exit_statuses(void **state)
{
    (void)state;
    assert_int_equal(err_exit_status(0), 0);
    assert_int_equal(err_exit_status(E_JOB), 1);
    assert_int_equal(err_exit_status(E_USAGE), 2);
    assert_int_equal(err_exit_status(E_IO), 3);
    assert_int_equal(err_exit_status(E_STOPPED), 75);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_stays_one_line),
        cmocka_unit_test(test_a_long_line_is_cut),
        cmocka_unit_test(test_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
