#include "class_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct err err;

static int number(const char *text)
{
    return class_number(text, &err);
}

static void test_whole_numbers_are_themselves(void **state)
{
    char room[CLASS_NAME_SIZE];
    (void)state;
    assert_int_equal(number("3"), 3);
    assert_int_equal(number("03"), 3);
    assert_int_equal(number("3.0"), 3);
    assert_int_equal(number("0"), 0);
    assert_int_equal(number("32767"), CLASS_MOST);
    assert_string_equal(class_text(32767, room), "32767");
    static const char *const names[] = {
        "32768", "-3", "3.5", "3.", "1e3", "0x3", "3 a", "+3", "99999999999999999999"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(class_is_name(number(names[i])));
        assert_string_equal(class_text(number(names[i]), room), names[i]);
    }
    assert_string_equal(class_text(CLASS_NONE, room), "");
    assert_string_equal(class_text(-30000, room), "");
    assert_string_equal(class_text(INT32_MIN, room), "");
}

static void test_names_are_equal_when_their_texts_are(void **state)
{
    char name[CLASS_NAME_SIZE + 1];
    (void)state;
    int b_cell = number("B cell"), accent = number("cellule \xc3\xa9");
    assert_true(class_is_name(b_cell) && class_is_name(accent) && b_cell != accent);
    assert_int_equal(number("B cell"), b_cell);
    assert_int_not_equal(number("b cell"), b_cell);
    memset(name, 'n', sizeof name);
    name[CLASS_NAME_SIZE] = '\0';
    assert_int_equal(number(name), CLASS_NONE);
    assert_non_null(strstr(err.text, "is longer than 255 bytes; shorten it"));
    name[CLASS_NAME_SIZE - 1] = '\0';
    assert_true(class_is_name(number(name)));
    assert_int_equal(number(""), CLASS_NONE);
    assert_int_equal(number("a\nb"), CLASS_NONE);
    assert_int_equal(number("a`b"), CLASS_NONE);
    assert_int_equal(number("a\xff"), CLASS_NONE);
    assert_int_equal(err.code, E_USAGE);
}

static void test_numbers_stand_before_texts(void **state)
{
    int class[] = {number("b"),   number("10"), number("-1"), number("a"),
                   number("2.5"), number("9"),  number("B")};
    static const char *const sorted[] = {"-1", "2.5", "9", "10", "B", "a", "b"};
    char room[CLASS_NAME_SIZE];
    (void)state;
    qsort(class, 7, sizeof *class, class_compare_ints);
    for (int i = 0; i < 7; i++)
        assert_string_equal(class_text(class[i], room), sorted[i]);
    assert_int_equal(class_compare(class[3], class[3]), 0);
}

static int list_of(const char *list, int *class)
{
    int n = 0;
    for (const char *rest = list; rest; n++) {
        assert_in_range(n, 0, 7);
        int rc = class_next(rest, &class[n], &rest, &err);
        if (rc < 0)
            return rc;
    }
    return n;
}

/* What is read back from every list is what was written, so that no two lists share a text. */
static void test_lists_come_back(void **state)
{
    static const char *const names[][2] = {
        {"8", "10"},   {"T-cell", "B"},    {"T", "cell-B"},  {"a,b", "c"},     {"a\"b", "\""},
        {" a", "b "},  {"say \"x\"", "-"}, {"x=y", "1|2"},   {"a/b", "c\\d"},  {"%s $1", "_"},
        {"all", "10"}, {"-5", "3.5"},      {"<b>", "&amp;"}, {"\"\"", "\"-\""}};
    char text[64][128];
    int class[8];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int pair[2] = {number(names[i][0]), number(names[i][1])};
        size_t length = class_list(pair, 2, 0, text[i], sizeof text[i]);
        assert_int_equal(length, strlen(text[i]));
        assert_int_equal(list_of(text[i], class), 2);
        assert_memory_equal(class, pair, sizeof pair);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text[i], text[j]);
    }
    assert_string_equal(text[0], "8-10");
    assert_string_equal(text[1], "\"T-cell\"-B");
    assert_string_equal(text[6], "\"say \"\"x\"\"\"-\"-\"");
    assert_string_equal(text[9], "%s $1-_");
}

static void test_lists_may_be_quoted_at_leisure(void **state)
{
    int class[8];
    (void)state;
    assert_int_equal(list_of(" \"8\" - 10 -\"CD8+ T cell\"", class), 3);
    assert_int_equal(class[0], 8);
    assert_int_equal(class[1], 10);
    assert_int_equal(class[2], number("CD8+ T cell"));
    static const char *const bad[] = {"",       "8-",   "-8",  "\"a",  "\"a\"b",  "8--9",
                                      "a-\"\"", "8,10", "a=b", "a\"b", "\"a\"\"", "\"\"\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(list_of(bad[i], class) < 0);
}

static void test_a_list_is_cut_where_there_is_no_room(void **state)
{
    int class[] = {number("a-b"), 10};
    char text[8] = "xxxxxxx";
    (void)state;
    assert_int_equal(class_list(class, 2, 0, NULL, 0), 8);
    assert_int_equal(class_list(class, 2, 0, text, sizeof text), 8);
    assert_string_equal(text, "\"a-b\"-1");
    assert_int_equal(class_list(class, 2, 0, text, 3), 8);
    assert_string_equal(text, "\"a");
}

static void test_titles(void **state)
{
    char room[CLASS_NAME_SIZE], text[32];
    int class[2] = {8, 10}, titled;
    (void)state;
    assert_int_equal(class_call(8, "Polylobed", &err), 0);
    assert_int_equal(class_call(8, "Lobed", &err), 0);
    assert_int_equal(class_call(9, "Polylobed", &err), E_USAGE);
    assert_non_null(strstr(err.text, "two classes are called \"Polylobed\""));
    assert_int_equal(class_call(9, "10", &err), E_USAGE);
    assert_int_equal(class_call(9, "a`b", &err), E_USAGE);
    assert_int_equal(class_call(number("B"), "B cell", &err), E_USAGE);
    assert_string_equal(class_title(8, room), "Polylobed");
    assert_string_equal(class_title(10, room), "10");
    assert_true(class_any_named(class, 2));
    assert_false(class_any_named(class + 1, 1));
    assert_string_equal(class_text(8, room), "8");
    assert_int_equal(class_find("Polylobed", &err), 8);
    assert_true(class_is_name(number("Polylobed")));
    class_list(class, 2, 1, text, sizeof text);
    assert_string_equal(text, "Polylobed-10");
    assert_int_equal(list_of("Polylobed-10", class), 2);
    assert_int_equal(class[0], 8);
    assert_string_equal(class_titled(0, &titled), "Polylobed");
    assert_int_equal(titled, 8);
    assert_null(class_titled(1, &titled));
    class_forget_titles();
    assert_string_equal(class_title(8, room), "8");
}

/* A user's titles go before a file's, and those of the last file before others'. */
static void test_titles_of_files(void **state)
{
    char room[CLASS_NAME_SIZE];
    int class;
    (void)state;
    assert_int_equal(class_call(8, "Polylobed", &err), 0);
    assert_int_equal(class_call_stored(8, "Lobed", &err), 0);
    assert_int_equal(class_call_stored(9, "Polylobed", &err), 0);
    assert_int_equal(class_call_stored(10, "Folded", &err), 0);
    assert_string_equal(class_title(8, room), "Polylobed");
    assert_string_equal(class_title(9, room), "9");
    const char *before = class_title(10, room);
    assert_string_equal(before, "Folded");
    class_forget_stored();
    assert_string_equal(before, "Folded");
    assert_string_equal(class_title(10, room), "10");
    assert_true(class_is_name(class_find("Folded", &err)));
    assert_int_equal(class_call_stored(11, "Folded", &err), 0);
    assert_int_equal(class_find("Folded", &err), 11);
    assert_string_equal(class_titled(1, &class), "Folded");
    assert_int_equal(class, 11);
    assert_null(class_titled(2, &class));
    assert_string_equal(class_title(8, room), "Polylobed");
    class_forget_titles();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_numbers_are_themselves),
        cmocka_unit_test(test_names_are_equal_when_their_texts_are),
        cmocka_unit_test(test_numbers_stand_before_texts),
        cmocka_unit_test(test_lists_come_back),
        cmocka_unit_test(test_lists_may_be_quoted_at_leisure),
        cmocka_unit_test(test_a_list_is_cut_where_there_is_no_room),
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_titles_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
