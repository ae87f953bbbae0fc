#include "table/csv.h"

#include "support/folder_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *const columns[] = {"id", "note"};

/* Read a text as CSV into "id=note|id=note|" or the error line without the path; returns the code. */
static int read_all(const char *text, size_t n, char *out, size_t size)
{
    const char *path = in_folder("t.csv"), *field[2];
    struct csv *csv = NULL;
    struct err err = {0};
    size_t used = 0;
    out[0] = '\0';
    put_bytes(path, text, n);
    int rc = csv_open(path, columns, 2, &csv, &err);
    while (rc == 0 && (rc = csv_next(csv, field, &err)) > 0) {
        used += (size_t)snprintf(out + used, size - used, "%s=%s|", field[0], field[1]);
        rc = 0;
    }
    csv_close(csv);
    if (rc < 0)
        snprintf(out, size, "%s", err.text + strlen(path));
    return rc;
}

static void expect(const char *text, const char *rows)
{
    char out[512];
    assert_int_equal(read_all(text, strlen(text), out, sizeof out), 0);
    assert_string_equal(out, rows);
}

static void expect_error(const char *text, const char *line)
{
    char out[2048];
    assert_int_equal(read_all(text, strlen(text), out, sizeof out), E_IO);
    assert_string_equal(out, line);
}

static void test_rows(void **state)
{
    (void)state;
    expect("id,note\n1,a\n2,b\n", "1=a|2=b|");
    expect("id,note\r\n1,a\r\n2,b", "1=a|2=b|");
    expect("note,x,id\na,9,1\nb,,2\n", "1=a|2=b|");
    expect("\xef\xbb\xbfid,note\n1,\n", "1=|");
    expect("\"id\",\"note\"\n\n\r\n1,x\n\n", "1=x|");
    expect("id,note\n", "");
    expect("id,note", "");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("id,note\n1,\"a,b\"\n", "1=a,b|");
    expect("id,note\n1,\"say \"\"no\"\"\"\n", "1=say \"no\"|");
    expect("id,note\n\"1\",\"two\nlines\"\n3,c", "1=two\nlines|3=c|");
    expect("id,note\r\n1,\"\"\r\n", "1=|");
    expect("id,note\n1,5\" wide\n", "1=5\" wide|");
}

static void test_separators(void **state)
{
    (void)state;
    expect("id;note\n1;a,b\n", "1=a,b|");
    expect("\"id\";\"note\";\"x, y\"\r\n1;\"a;b\";2\r\n", "1=a;b|");
    expect("id\tnote\n1\ta b\n2\t\n", "1=a b|2=|");
    expect("\xef\xbb\xbfsep=;\r\nid;note\r\n1;a\r\n", "1=a|");
    expect("sep=,\nid,note\n1,a;b;c\n", "1=a;b;c|");
    expect("id,note,\"a;b;c\"\n1,a,2\n", "1=a|");
    expect_error("id;note\n1;a\n2,b\n", ":3: the row has 1 field, the header has 2");
    expect_error("sep=;", ":1: no column \"id\", found: \"sep=\", \"\"");
}

static void test_blanks_around_fields(void **state)
{
    (void)state;
    expect("id, note\n1, a b \n", "1=a b|");
    expect("id , \"note\" \n 1 ,\" a \" \n", "1= a |");
    expect("id,note\n1,\t\n", "1=|");
}

static void test_columns_by_number(void **state)
{
    (void)state;
    struct csv *csv = NULL;
    struct err err;
    const char *field[2];
    put_text(in_folder("t.csv"), ",a,b\n1,2,3\n");
    assert_int_equal(csv_open(in_folder("t.csv"), NULL, 0, &csv, &err), 0);
    assert_string_equal(csv_name(csv, 0), "");
    assert_string_equal(csv_name(csv, 2), "b");
    assert_null(csv_name(csv, 3));
    assert_int_equal(csv_find(csv, "c"), -1);
    csv_select(csv, (const int[]){csv_find(csv, "b"), 0}, 2);
    assert_int_equal(csv_next(csv, field, &err), 1);
    assert_string_equal(field[0], "3");
    assert_string_equal(field[1], "1");
    assert_string_equal(csv_name(csv, 1), "a");
    csv_close(csv);
    put_text(in_folder("t.csv"), "");
    assert_int_equal(csv_open(in_folder("t.csv"), NULL, 0, &csv, &err), E_IO);
    assert_non_null(strstr(err.text, ": empty; a header with the columns' names is expected"));
}

static void test_errors_name_the_line(void **state)
{
    (void)state;
    expect_error("", ": empty; a header with column id is expected");
    expect_error("Id,note,x\n1,a,2\n", ":1: no column \"id\", found: \"Id\", \"note\", \"x\"");
    expect_error(",note,x\n", ":1: no column \"id\", found: \"\", \"note\", \"x\"");
    expect_error("\xff\xfei", ": UTF-16 text; save it as CSV in UTF-8");
    expect_error("PK\3\4xx", ": an Excel workbook or another zip file; save the table as CSV");
    expect_error("PAR1xx", ": a Parquet file; save the table as CSV");
    expect_error("id,note\n1,a\n2\n", ":3: the row has 1 field, the header has 2");
    expect_error("id,note\n1,a,b\n", ":2: the row has 3 fields, the header has 2");
    expect_error("id,note\n1,\"a\nb\"\n2\n", ":4: the row has 1 field, the header has 2");
    expect_error("id,note\n1,\"a\n2,b\n", ":2: a quote opened in this row is never closed");
    expect_error("id,note\n1,\"a\"b\n",
                 ":2: text after a closing quote; write \"\" for a quote inside quotes");
    char out[256];
    assert_int_equal(read_all("id,note\n1,\0x\n", 13, out, sizeof out), E_IO);
    assert_string_equal(out, ":2: a zero byte: not a CSV file");
}

static void test_a_row_without_end_is_refused(void **state)
{
    (void)state;
    size_t n = CSV_MAX_ROW + 100;
    char *text = malloc(n + 1), out[256];
    memset(text, 'x', n);
    memcpy(text, "id,note\n1,\"", 11);
    assert_int_equal(read_all(text, n, out, sizeof out), E_IO);
    assert_string_equal(out, ":2: the row is longer than 1048576 bytes; is a closing quote missing?");
    free(text);
}

static void test_gzip(void **state)
{
    (void)state;
    const char *path = in_folder("t.csv.gz"), *field[2];
    struct csv *csv = NULL;
    struct err err;
    gzFile gz = gzopen(path, "wb");
    gzputs(gz, "id,note\n");
    for (int i = 0; i < 50000; i++)
        gzprintf(gz, "%d,\"n%d\"\n", i, i * 7);
    gzclose(gz);
    assert_int_equal(csv_open(path, columns, 2, &csv, &err), 0);
    for (int i = 0; i < 50000; i++) {
        assert_int_equal(csv_next(csv, field, &err), 1);
        assert_int_equal(atoi(field[0]), i);
        assert_int_equal(atoi(field[1] + 1), i * 7);
        assert_int_equal(csv_line(csv), i + 2);
    }
    assert_int_equal(csv_next(csv, field, &err), 0);
    csv_close(csv);
    size_t n;
    char *bytes = get_bytes(path, &n);
    put_bytes(path, bytes, n / 2);
    free(bytes);
    assert_int_equal(csv_open(path, columns, 2, &csv, &err), 0);
    int rc;
    while ((rc = csv_next(csv, field, &err)) > 0)
        ;
    assert_int_equal(rc, E_IO);
    assert_non_null(strstr(err.text, ": cannot read on: the file is truncated or damaged"));
    csv_close(csv);
}

static void test_numbers(void **state)
{
    (void)state;
    struct csv *csv = NULL;
    struct err err;
    double v = 0;
    put_text(in_folder("t.csv"), "id,note\n1,a\n");
    assert_int_equal(csv_open(in_folder("t.csv"), columns, 2, &csv, &err), 0);
    assert_int_equal(csv_number(csv, "id", "-1.5e2", &v, &err), 0);
    assert_true(v == -150.0);
    assert_int_equal(csv_number(csv, "id", "12x", &v, &err), E_IO);
    assert_string_equal(err.text + strlen(in_folder("t.csv")), ":1: id is \"12x\", not a finite number");
    assert_int_equal(csv_number(csv, "id", "", &v, &err), E_IO);
    assert_int_equal(csv_number(csv, "id", "nan", &v, &err), E_IO);
    assert_int_equal(csv_number(csv, "id", "4,25", &v, &err), E_IO);
    csv_close(csv);
    put_text(in_folder("t.csv"), "id;note\n4,25;a\n");
    assert_int_equal(csv_open(in_folder("t.csv"), columns, 2, &csv, &err), 0);
    assert_int_equal(csv_number(csv, "id", "-4,25", &v, &err), 0);
    assert_true(v == -4.25);
    assert_int_equal(csv_number(csv, "id", "1,000.5", &v, &err), E_IO);
    assert_int_equal(csv_number(csv, "id", "1,000,5", &v, &err), E_IO);
    csv_close(csv);
    assert_int_equal(csv_open(in_folder("none.csv"), columns, 2, &csv, &err), E_IO);
    assert_null(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_separators),
        cmocka_unit_test(test_blanks_around_fields),
        cmocka_unit_test(test_columns_by_number),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_a_row_without_end_is_refused),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
