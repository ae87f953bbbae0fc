/* Lines that are broken to fit. The stream and its window: tests/program/run_screen.sh. */
#include "screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* All lines of a broken text, each in brackets. */
static void assert_broken(const char *text, int width, int cut, const char *expected)
{
    char out[256] = "";
    const char *next;
    do {
        size_t n = screen_break(text, width, cut, &next), at = strlen(out);
        snprintf(out + at, sizeof out - at, "[%.*s]", (int)n, text);
        assert_true(next > text || !*next);
        text = next;
    } while (*text);
    assert_string_equal(out, expected);
}

static void lines_are_broken_at_blanks(void **state)
{
    (void)state;
    assert_broken("", 5, 0, "[]");
    assert_broken("one two", 7, 0, "[one two]");
    assert_broken("one two", 6, 0, "[one][two]");
    assert_broken("one   two  three", 7, 0, "[one][two][three]");
    assert_broken("one two three", 3, 0, "[one][two][three]");
    assert_broken("  one two", 6, 0, "[  one][two]");
    assert_broken("one ", 4, 0, "[one ]"); /* as it is */
    assert_broken("ä ö ü", 3, 0, "[ä ö][ü]");
    assert_broken("± ± ±", 1, 0, "[±][±][±]");
}

static void long_words_stay_whole_unless_they_are_cut(void **state)
{
    (void)state;
    assert_broken("at /a/long/path now", 6, 0, "[at][/a/long/path][now]");
    assert_broken("oversample+augment", 13, 1, "[oversample+][augment]");
    assert_broken("train.learning_rate", 9, 1, "[train.][learning_][rate]");
    assert_broken("0.123456", 4, 1, "[0.12][3456]"); /* a number has no joint */
    assert_broken("ÄÖÜäöü", 4, 1, "[ÄÖÜä][öü]");
    assert_broken("ab cdefg", 3, 1, "[ab][cde][fg]");
    assert_broken("    ab", 3, 1, "[   ][ab]");
}

static void pieces_are_measured(void **state)
{
    (void)state;
    assert_int_equal(screen_piece(""), 0);
    assert_int_equal(screen_piece("one three"), 5);
    assert_int_equal(screen_piece("oversample+augment"), 11);
    assert_int_equal(screen_piece("0.50 ± 0.10"), 4);
    assert_int_equal(screen_piece("äöü"), 3);
}

static void what_is_no_terminal_has_no_width(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size), *file = tmpfile();
    setenv("COLUMNS", "40", 1);
    assert_int_equal(screen_width(memory), 0);
    assert_int_equal(screen_width(file), 0);
    fclose(memory);
    fclose(file);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_broken_at_blanks),
        cmocka_unit_test(long_words_stay_whole_unless_they_are_cut),
        cmocka_unit_test(pieces_are_measured),
        cmocka_unit_test(what_is_no_terminal_has_no_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
