#include "figures/figstyle.h"

#include "figures/figtext.h"
#include "figures/palette.h"
#include "strategies/balance.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void styles_are_read(void **state)
{
    (void)state;
    struct figstyle style;
    struct err err = {0};
    assert_int_equal(figstyle_parse("single", &style, &err), 0);
    assert_true(style.width == 85 && style.font == 7);
    assert_int_equal(figstyle_parse("column=120.5mm,font=9", &style, &err), 0);
    assert_true(style.width == 120.5 && style.font == 9);
    assert_int_equal(figstyle_parse("font=24pt", &style, &err), 0);
    assert_true(style.width == 0 && style.font == 24);
    assert_int_equal(figstyle_parse("column=90", &style, &err), 0);
    assert_true(style.width == 90 && style.font == 0);
}

static void wrong_styles_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           ",",     "huge",     "column=",    "column=8",   "column=85cm",  "font=1",
        "font=8,x=1", "font=", "font=nan", "column=inf", "column=1e9", "single,font=8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct figstyle style;
        struct err err = {0};
        if (figstyle_parse(wrong[i], &style, &err) != E_USAGE || !strstr(err.text, "single"))
            fail_msg("'%s' was taken, or without a remedy: %s", wrong[i], err.text);
    }
}

/* 85 mm are 321 pixels at 96 an inch; letters of 6 points instead of 12 make twice as many fit. */
static void layouts_are_as_wide_as_their_letters_allow(void **state)
{
    (void)state;
    const struct figstyle small = {85, 6}, letters_only = {0, 6}, none = {0};
    assert_int_equal(figstyle_width(&small, 1000), 642);
    assert_int_equal(figstyle_width(&letters_only, 1000), 1000);
    assert_int_equal(figstyle_width(&none, 1000), 1000);
    assert_int_equal(figstyle_width(NULL, 1000), 1000);
    assert_int_equal(figstyle_height(&small), 1814); /* 240 mm */
    assert_int_equal(figstyle_height(&letters_only), INT_MAX);
    assert_int_equal(figstyle_height(NULL), INT_MAX);
    assert_true(figstyle_scale(&small) == 0.5);
    assert_true(figstyle_scale(&none) == 1 && figstyle_scale(NULL) == 1);
}

/* What a paragraph writes: its lines, joined by '|'. */
static char *written(const char *text, double points, int width, int *lines)
{
    char *script = NULL, *joined = calloc(1, strlen(text) + 64);
    size_t size;
    struct figtext_page page = {open_memstream(&script, &size), 1000, 1000};
    *lines = figtext_paragraph(&page, 0, 0, width, points, text);
    fclose(page.file);
    for (char *at = script; (at = strstr(at, "set label '")); at++) {
        at += strlen("set label '");
        if (*joined)
            strcat(joined, "|");
        strncat(joined, at, strcspn(at, "'"));
    }
    free(script);
    return joined;
}

static void texts_are_broken_between_words(void **state)
{
    (void)state;
    static const char text[] = "one two three four five six \xc2\xb1 seven";
    int lines;
    for (int width = 10; width < 600; width += 7) {
        char *joined = written(text, 9, width, &lines);
        int room = (int)(width / (9.0 * 96 / 72 * 0.56));
        assert_int_equal(lines, figtext_lines(text, 9, width));
        for (char *line = joined; line; line = strchr(line, '|') ? strchr(line, '|') + 1 : NULL) {
            size_t n = strcspn(line, "|");
            if (memchr(line, ' ', n) && (int)n > room + 1) /* one for the two bytes of the sign */
                fail_msg("%d pixels: '%.*s' is too long", width, (int)n, line);
        }
        for (char *c = joined; *c; c++)
            *c = *c == '|' ? ' ' : *c;
        assert_string_equal(joined, text);
        free(joined);
    }
    char *whole = written("short", 9, 100, &lines);
    assert_int_equal(lines, 1);
    assert_string_equal(whole, "short");
    free(whole);
    assert_int_equal(figtext_lines("", 9, 100), 0);
}

static void measuring_and_writing_agree(void **state)
{
    (void)state;
    char *script = NULL;
    size_t size;
    struct figtext_page measured = {NULL, 400, 0}, page = {open_memstream(&script, &size), 400, 900};
    static const char
        title[] = "A title that has no room beside it",
        sub[] = "A line about the protocol that is certainly too long for four hundred pixels of layout";
    int top = figtext_heading(&measured, 14, title, sub, 1);
    assert_int_equal(figtext_heading(&page, 14, title, sub, 1), top);
    fclose(page.file);
    assert_non_null(strstr(script, "synthetic data"));
    assert_true(top > figtext_heading(&measured, 14, title, "short", 1));
    free(script);
}

/* The labels in bold letters of a heading: how many, and the longest; *size is that of their letters. */
static int title_lines(int width, const char *title, int *longest, double *points, int *top)
{
    char *script = NULL;
    size_t size;
    int n = 0;
    struct figtext_page page = {open_memstream(&script, &size), width, 900};
    *top = figtext_heading(&page, 14, title, "", 0);
    fclose(page.file);
    *longest = 0;
    for (char *at = script; (at = strstr(at, "set label '")); n++) {
        at += strlen("set label '");
        int letters = (int)strcspn(at, "'");
        *longest = letters > *longest ? letters : *longest;
        assert_int_equal(sscanf(strstr(at, "bold("), "bold(%lf)", points), 1);
    }
    free(script);
    return n;
}

static void long_titles_are_wrapped(void **state)
{
    (void)state;
    static const char title[] =
        "Clusters 8 and 10, rebalanced, train.batch 16, train.learning_rate 0.001, cnn.convs1 "
        "100, cnn.convs2 28, augment.rotation 180, augment.shift 0.2, augment.flip 0.5";
    int longest, top, one_line_top;
    double points;
    assert_int_equal(title_lines(1248, "Clusters 8 and 10", &longest, &points, &one_line_top), 1);
    for (int width = 300; width < 1300; width += 100) {
        int lines = title_lines(width, title, &longest, &points, &top);
        assert_true(points >= 11 && longest * points * 96 / 72 * 0.66 <= width - 14);
        assert_true(lines > 1 && top > one_line_top);
    }
}

static void titles_shrink_to_fit(void **state)
{
    (void)state;
    assert_true(figtext_fit("short", 16, 400) == 16);
    assert_true(figtext_fit("a title of forty letters, more or less..", 16, 300) < 9);
    assert_true(figtext_fit("a title of forty letters, more or less..", 16, 10) == FIGTEXT_LEAST);
}

static void strategies_have_colours_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; balance_strategy(i); i++)
        for (int k = 0; k < i; k++) {
            const struct balance_strategy *a = balance_strategy(i), *b = balance_strategy(k);
            if (strcmp(a->colour, b->colour) == 0)
                fail_msg("%s and %s are both %s", a->name, b->name, a->colour);
        }
    assert_int_equal(strlen(balance_colour("augment+reweight")), 7);
    assert_string_equal(balance_colour("augment+reweight"), balance_colour("augment+reweight"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(styles_are_read),
                                       cmocka_unit_test(wrong_styles_are_refused),
                                       cmocka_unit_test(layouts_are_as_wide_as_their_letters_allow),
                                       cmocka_unit_test(texts_are_broken_between_words),
                                       cmocka_unit_test(measuring_and_writing_agree),
                                       cmocka_unit_test(titles_shrink_to_fit),
                                       cmocka_unit_test(long_titles_are_wrapped),
                                       cmocka_unit_test(strategies_have_colours_of_their_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
