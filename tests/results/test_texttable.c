/* Tables of texts: alignment by characters, Markdown, LaTeX. */
#include "write/csv_out.h"
#include "write/texttable.h"
#include "utf8.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void fill(struct texttable *table)
{
    texttable_add(table, "pair");
    texttable_add(table, "value");
    texttable_end(table);
    texttable_add(table, "8-10");
    texttable_add(table, "%.1f ± %.1f", 0.5, 0.1);
    texttable_end(table);
    texttable_add(table, "a_b");
    texttable_end(table); /* a cell is missing */
}

static void assert_output(void (*write)(FILE *, const struct texttable *), const char *expected)
{
    struct texttable table = {.numeric_from = 1};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fill(&table);
    write(out, &table);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    texttable_release(&table);
    assert_int_equal(table.rows, 0);
}

static void columns_are_aligned(void **state)
{
    (void)state;
    assert_output(texttable_print, "pair      value\n"
                                   "8-10  0.5 ± 0.1\n"
                                   "a_b            \n");
}

static void markdown_has_a_rule(void **state)
{
    (void)state;
    assert_output(texttable_markdown, "| pair |     value |\n"
                                      "|------|----------:|\n"
                                      "| 8-10 | 0.5 ± 0.1 |\n"
                                      "| a_b  |           |\n");
}

static void markdown_is_escaped(void **state)
{
    (void)state;
    struct texttable table = {.numeric_from = 2};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    texttable_add(&table, "a|b");
    texttable_add(&table, "%s", "<b>*`[x](y)\\");
    texttable_end(&table);
    texttable_add(&table, "[0.2, 0.4]");
    texttable_end(&table);
    texttable_markdown(out, &table);
    fclose(out);
    assert_string_equal(text, "| a\\|b       | \\<b>\\*\\`[x\\](y)\\\\ |\n"
                              "|------------|-------------------|\n"
                              "| [0.2, 0.4] |                   |\n");
    free(text);
    texttable_release(&table);
}

static void latex_is_escaped(void **state)
{
    (void)state;
    assert_output(texttable_latex,
                  "\\begin{tabular}{lr}\n\\toprule\npair & value \\\\\n\\midrule\n"
                  "8-10 & 0.5 $\\pm$ 0.1 \\\\\na\\_b &  \\\\\n\\bottomrule\n\\end{tabular}\n");
}

/* Signs are minus, ranges keep their hyphen. */
static void latex_knows_a_minus(void **state)
{
    (void)state;
    struct texttable table = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    texttable_add(&table, "-0.2 to -0.1, 1-27, <5 %%");
    texttable_end(&table);
    texttable_latex(out, &table);
    fclose(out);
    assert_non_null(strstr(text, "$-$0.2 to $-$0.1, 1-27, $<$5 \\% \\\\"));
    free(text);
    texttable_release(&table);
}

static void tables_grow(void **state)
{
    (void)state;
    struct texttable table = {0};
    for (int row = 0; row < 100; row++) {
        for (int c = 0; c < TEXTTABLE_COLUMNS + 5; c++) /* more than there is room for */
            texttable_add(&table, "%d", row * 1000 + c);
        texttable_end(&table);
    }
    assert_int_equal(table.rows, 100);
    assert_int_equal(table.columns, TEXTTABLE_COLUMNS);
    assert_string_equal(table.cell[99][7], "99007");
    texttable_release(&table);
}

static void add_row(struct texttable *table, const char *const *cell, int n)
{
    for (int c = 0; c < n; c++)
        texttable_add(table, "%s", cell[c]);
    texttable_end(table);
}

static void assert_fits(const struct texttable *table, int width, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    texttable_fit(out, table, width);
    fclose(out);
    assert_string_equal(text, expected);
    for (char *line = strtok(text, "\n"); line && width; line = strtok(NULL, "\n"))
        assert_true(utf8_width(line) <= width);
    free(text);
}

/* A column that says what a row is, a text that can be broken, and numbers that cannot. */
static struct texttable wide_table(void)
{
    static const char *const cell[][4] = {{"pair", "strategy", "all balanced", "n_train"},
                                          {"8-10", "oversample+augment", "0.50 ± 0.10", "150"},
                                          {"1-27", "none", "-", "80"}};
    struct texttable table = {.numeric_from = 2};
    for (int row = 0; row < 3; row++)
        add_row(&table, cell[row], 4);
    return table;
}

static void tables_fit(void **state)
{
    (void)state;
    struct texttable table = wide_table();
    static const char whole[] = "pair  strategy            all balanced  n_train\n"
                                "8-10  oversample+augment   0.50 ± 0.10      150\n"
                                "1-27  none                           -       80\n";
    assert_fits(&table, 0, whole);
    assert_fits(&table, 47, whole);
    assert_fits(&table, 46,
                "pair  strategy           all balanced  n_train\n"
                "8-10  oversample+         0.50 ± 0.10      150\n"
                "      augment\n"
                "1-27  none                          -       80\n");
    assert_fits(&table, 36,
                "pair strategy            all n_train\n"
                "                    balanced\n"
                "8-10 oversample+ 0.50 ± 0.10     150\n"
                "     augment\n"
                "1-27 none                  -      80\n");
    texttable_release(&table);
}

/* What still does not fit stands below, behind the columns that say what a row is. */
static void tables_fit_in_blocks(void **state)
{
    (void)state;
    struct texttable table = wide_table();
    assert_fits(&table, 33,
                "pair  strategy       all balanced\n"
                "8-10  oversample+     0.50 ± 0.10\n"
                "      augment\n"
                "1-27  none                      -\n"
                "\n"
                "pair  strategy            n_train\n"
                "8-10  oversample+augment      150\n"
                "1-27  none                     80\n");
    table.keys = 1;
    assert_fits(&table, 30,
                "pair  strategy             all\n"
                "                      balanced\n"
                "8-10  oversample+  0.50 ± 0.10\n"
                "      augment\n"
                "1-27  none                   -\n"
                "\n"
                "pair  n_train\n"
                "8-10      150\n"
                "1-27       80\n");
    texttable_release(&table);
}

/* Words and even numbers are cut when nothing else helps, between letters. */
static void words_are_cut(void **state)
{
    (void)state;
    static const char *const cell[][2] = {{"path", "n"}, {"ÄÖÜäöüßÄÖÜäöüßÄÖÜäöüß", "123456789012345678901"}};
    struct texttable table = {.numeric_from = 1};
    add_row(&table, cell[0], 2);
    add_row(&table, cell[1], 2);
    assert_fits(&table, 20,
                "path               n\n"
                "ÄÖÜäöüßÄÖ  123456789\n"
                "ÜäöüßÄÖÜä  012345678\n"
                "öüß              901\n");
    texttable_release(&table);
}

static void csv_is_quoted(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct csv_out csv = {.file = out};
    csv_out_text(&csv, "say \"a, b\"");
    csv_out_real(&csv, (double)NAN);
    csv_out_real(&csv, 0.1);
    csv_out_count(&csv, -1);
    csv_out_int(&csv, -1);
    csv_out_end(&csv);
    csv_out_text(&csv, "next");
    csv_out_metric(&csv, (double)0.99999994f);
    csv_out_metric(&csv, (double)NAN);
    csv_out_metric(&csv, 0.9999997);
    csv_out_real(&csv, (double)0.99999994f);
    csv_out_end(&csv);
    fclose(out);
    assert_string_equal(text, "\"say \"\"a, b\"\"\",,0.1,,-1\nnext,1,,0.9999997,0.99999994\n");
    free(text);
}

/* What a spreadsheet would run or take for a date; numbers stay numbers, and cells in memory are as they
 * are. */
static void csv_is_no_formula(void **state)
{
    static const char *const texts[][2] = {{"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
                                           {"@SUM(1,2)", "\"'@SUM(1,2)\""},
                                           {"+a", "'+a"},
                                           {"-x.png", "'-x.png"},
                                           {"\t=1", "'\t=1"},
                                           {"-1", "-1"},
                                           {"+0.5", "+0.5"},
                                           {"-inf", "-inf"},
                                           {"4-5", "4-5"}};
    static const char *const sets[][2] = {{"4-5", "4+5"}, {"1-2-3", "1+2+3"}, {"900", "900"},
                                          {"-5", "-5"},   {"1e-05", "1e-05"}, {"all", "all"},
                                          {"", ""},       {"=a", "'=a"}};
    char *text = NULL, expected[256] = "";
    size_t size, n = 0;
    FILE *out = open_memstream(&text, &size);
    struct csv_out csv = {.file = out}, cells = {.rows = json_array()};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        csv_out_text(&csv, texts[i][0]);
        csv_out_end(&csv);
        n += (size_t)snprintf(expected + n, sizeof expected - n, "%s\n", texts[i][1]);
    }
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        csv_out_set(&csv, sets[i][0]);
        csv_out_end(&csv);
        n += (size_t)snprintf(expected + n, sizeof expected - n, "%s\n", sets[i][1]);
    }
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
    csv_out_set(&cells, "4-5");
    csv_out_text(&cells, "=1");
    csv_out_end(&cells);
    char *json = json_dumps(cells.rows, 0);
    assert_string_equal(json, "[[\"4-5\", \"=1\"]]");
    free(json);
    json_decref(cells.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned), cmocka_unit_test(markdown_has_a_rule),
        cmocka_unit_test(latex_is_escaped),    cmocka_unit_test(latex_knows_a_minus),
        cmocka_unit_test(tables_fit),          cmocka_unit_test(tables_fit_in_blocks),
        cmocka_unit_test(words_are_cut),       cmocka_unit_test(tables_grow),
        cmocka_unit_test(csv_is_quoted),       cmocka_unit_test(markdown_is_escaped),
        cmocka_unit_test(csv_is_no_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
