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

/* Letters of one to four bytes stay; the forms that RFC 3629 rules out do not, nor a letter cut by
 * the end of the line. */
static void test_a_line_is_utf8(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"\xff", "?"},
        {"a\xc3", "a?"},
        {"\xc3(", "?("},
        {"\xc0\xaf", "??"},
        {"\xe0\x80\xaf", "???"},
        {"\xed\xa0\x80", "???"},
        {"\xf4\x90\x80\x80", "????"},
        {"\xf5\x80\x80\x80", "????"},
        {"\xe2\x82", "??"},
        {"\xf0\x9f\x94", "???"},
        {"\x80\xe2\x82\xac\xbf", "?\xe2\x82\xac?"},
    };
    static const char good[] =
        "a\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf~";
    struct err err;
    err_set(&err, E_IO, "%s", good);
    assert_string_equal(err.text, good);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_set(&err, E_IO, "%s", bad[i][0]);
        assert_string_equal(err.text, bad[i][1]);
    }
    err_set(&err, E_IO, "%*s", (int)sizeof err.text, "\xc3\xa9"); /* the last byte has no room */
    assert_int_equal(err.text[sizeof err.text - 2], '?');
}

/* Control characters of Latin 1 (a terminal may obey CSI as it does ESC [), and what turns the direction of
 * reading or has no width. */
static void test_a_line_steers_nothing(void **state)
{
    (void)state;
    static const char *const steering[] = {"\xc2\x80",     "\xc2\x9b",     "\xc2\x9f",     "\xe2\x80\xae",
                                           "\xe2\x80\xa8", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf"};
    static const char *const shown[] = {"\xc2\xa0", "\xe2\x80\x90", "\xe2\x80\xa7", "\xe2\x80\xaf",
                                        "\xef\xbb\xbc"};
    struct err err;
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++) {
        err_set(&err, E_IO, "a%sb\xc3\xa9", steering[i]);
        assert_string_equal(err.text, "a?b\xc3\xa9");
    }
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        err_set(&err, E_IO, "%s", shown[i]);
        assert_string_equal(err.text, shown[i]);
    }
}

/* A caller may give its callee's line another code, or more words. */
static void test_a_line_in_itself(void **state)
{
    (void)state;
    struct err err;
    err_set(&err, E_IO, "b.csv: no column %s", "vertex_x");
    assert_int_equal(err_set(&err, E_USAGE, "%s", err.text), E_USAGE);
    assert_string_equal(err.text, "b.csv: no column vertex_x");
    err_set(&err, E_IO, "boundaries: %s (%d)", err.text, err.code);
    assert_string_equal(err.text, "boundaries: b.csv: no column vertex_x (-2)");
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
        cmocka_unit_test(test_a_line_stays_one_line), cmocka_unit_test(test_a_long_line_is_cut),
        cmocka_unit_test(test_a_line_is_utf8),        cmocka_unit_test(test_a_line_steers_nothing),
        cmocka_unit_test(test_a_line_in_itself),      cmocka_unit_test(test_exit_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
