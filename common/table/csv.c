#include "table/csv.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BUFFER_SIZE = 1 << 16, END = -1, BROKEN = -2 };

struct csv {
    char *path;
    gzFile file; /* NULL: the buffer holds everything */
    unsigned char *buffer;
    int used, filled;
    int separator;       /* ',', ';' or a tab */
    long line, row_line; /* line being read; first line of the row last read */
    char *text;          /* the row's fields, each ended by NUL */
    size_t length, capacity;
    size_t *start; /* (n_fields) where each field begins in text */
    int n_fields, fields_capacity;
    int n_header; /* fields of the header */
    char **name;  /* (n_header) */
    int n_columns;
    int column[CSV_MAX_COLUMNS]; /* wanted column -> field */
};

/* Next byte without taking it; END or BROKEN. */
static int peek_byte(struct csv *csv)
{
    if (csv->used == csv->filled) {
        if (!csv->file)
            return END;
        csv->used = 0;
        csv->filled = gzread(csv->file, csv->buffer, BUFFER_SIZE);
        if (csv->filled < 0) {
            csv->filled = 0;
            return BROKEN;
        }
        if (csv->filled == 0) {
            int code = Z_OK;
            gzerror(csv->file, &code);
            return code == Z_OK || code == Z_STREAM_END ? END : BROKEN;
        }
    }
    return csv->buffer[csv->used];
}

static int take_byte(struct csv *csv)
{
    int c = peek_byte(csv);
    if (c >= 0)
        csv->used++;
    if (c == '\n')
        csv->line++;
    return c;
}

static int put(struct csv *csv, int c, struct err *err)
{
    if (csv->length >= CSV_MAX_ROW)
        return err_set(err, E_IO, "%s:%ld: the row is longer than %d bytes; is a closing quote missing?",
                       csv->path, csv->row_line, CSV_MAX_ROW);
    if (csv->length == csv->capacity) {
        size_t capacity = csv->capacity ? 2 * csv->capacity : 256;
        char *text = realloc(csv->text, capacity);
        if (!text)
            return err_set(err, E_IO, "%s:%ld: out of memory", csv->path, csv->row_line);
        csv->text = text;
        csv->capacity = capacity;
    }
    csv->text[csv->length++] = (char)c;
    return 0;
}

static int begin_field(struct csv *csv, struct err *err)
{
    if (csv->n_fields == csv->fields_capacity) {
        int capacity = csv->fields_capacity ? 2 * csv->fields_capacity : 16;
        size_t *start = realloc(csv->start, (size_t)capacity * sizeof *start);
        if (!start)
            return err_set(err, E_IO, "%s:%ld: out of memory", csv->path, csv->row_line);
        csv->start = start;
        csv->fields_capacity = capacity;
    }
    csv->start[csv->n_fields++] = csv->length;
    return 0;
}

static int broken(const struct csv *csv, struct err *err)
{
    return err_set(err, E_IO, "%s:%ld: cannot read on: the file is truncated or damaged", csv->path,
                   csv->line);
}

/* The rest of a quoted field, after its opening quote. */
static int read_quoted(struct csv *csv, struct err *err)
{
    for (;;) {
        int c = take_byte(csv);
        if (c == BROKEN)
            return broken(csv, err);
        if (c == END)
            return err_set(err, E_IO, "%s:%ld: a quote opened in this row is never closed", csv->path,
                           csv->row_line);
        if (c == '"') {
            if (peek_byte(csv) != '"')
                return 0;
            take_byte(csv);
        }
        int rc = put(csv, c, err);
        if (rc < 0)
            return rc;
    }
}

static int is_field_end(const struct csv *csv, int c)
{
    return c < 0 || c == csv->separator || c == '\n' || c == '\r';
}

static int is_blank(const struct csv *csv, int c)
{
    return c == ' ' || (c == '\t' && csv->separator != '\t');
}

static void skip_blanks(struct csv *csv)
{
    while (is_blank(csv, peek_byte(csv)))
        take_byte(csv);
}

/* After a field that ended with byte c: 1 when another follows, 0 at the end of the row.
 * Blanks at its end do not count, unless they stood in quotes, up to `quoted`. */
static int end_field(struct csv *csv, int c, size_t quoted, struct err *err)
{
    if (c == BROKEN)
        return broken(csv, err);
    while (csv->length > quoted && is_blank(csv, csv->text[csv->length - 1]))
        csv->length--;
    int rc = put(csv, '\0', err);
    if (rc < 0)
        return rc;
    if (c == '\r' && peek_byte(csv) == '\n')
        take_byte(csv);
    return c == csv->separator;
}

static int after_quotes(struct csv *csv, struct err *err)
{
    skip_blanks(csv);
    if (is_field_end(csv, peek_byte(csv)))
        return 0;
    return err_set(err, E_IO, "%s:%ld: text after a closing quote; write \"\" for a quote inside quotes",
                   csv->path, csv->line);
}

/* One field; 1 when another follows in this row, 0 at its end. */
static int read_field(struct csv *csv, struct err *err)
{
    int rc = begin_field(csv, err);
    if (rc < 0)
        return rc;
    skip_blanks(csv);
    if (peek_byte(csv) == '"') {
        take_byte(csv);
        if ((rc = read_quoted(csv, err)) < 0 || (rc = after_quotes(csv, err)) < 0)
            return rc;
    }
    for (size_t quoted = csv->length;;) {
        int c = take_byte(csv);
        if (is_field_end(csv, c))
            return end_field(csv, c, quoted, err);
        if (c == '\0')
            return err_set(err, E_IO, "%s:%ld: a zero byte: not a CSV file", csv->path, csv->line);
        if ((rc = put(csv, c, err)) < 0)
            return rc;
    }
}

/* Skip blank lines, read a row. 1, 0 at the end of the file, or a negative code. */
static int read_row(struct csv *csv, struct err *err)
{
    int c, rc;
    while ((c = peek_byte(csv)) == '\n' || c == '\r')
        take_byte(csv);
    if (c == BROKEN)
        return broken(csv, err);
    if (c == END)
        return 0;
    csv->row_line = csv->line;
    csv->length = 0;
    csv->n_fields = 0;
    do
        rc = read_field(csv, err);
    while (rc > 0);
    return rc < 0 ? rc : 1;
}

/* Tables that are no CSV, by their first bytes. */
static int refuse_others(struct csv *csv, struct err *err)
{
    static const struct {
        size_t n;
        const char *bytes, *what;
    } kinds[] = {{2, "\xff\xfe", "UTF-16 text; save it as CSV in UTF-8"},
                 {2, "\xfe\xff", "UTF-16 text; save it as CSV in UTF-8"},
                 {4, "PK\3\4", "an Excel workbook or another zip file; save the table as CSV"},
                 {4, "\xd0\xcf\x11\xe0", "an old Excel workbook; save the table as CSV"},
                 {4, "PAR1", "a Parquet file; save the table as CSV"}};
    peek_byte(csv);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if ((size_t)csv->filled >= kinds[k].n && memcmp(csv->buffer, kinds[k].bytes, kinds[k].n) == 0)
            return err_set(err, E_IO, "%s: %s", csv->path, kinds[k].what);
    return 0;
}

static void skip_byte_order_mark(struct csv *csv)
{
    if (peek_byte(csv) == 0xef && csv->filled >= 3 && csv->buffer[1] == 0xbb && csv->buffer[2] == 0xbf)
        csv->used = 3;
}

static int is_line_end(int byte)
{
    return byte == '\r' || byte == '\n';
}

/* How often `separator` stands outside quotes in the first line. */
static int count_separators(const struct csv *csv, int separator)
{
    int n = 0, inside = 0;
    for (int i = csv->used; i < csv->filled && (inside || !is_line_end(csv->buffer[i])); i++) {
        inside ^= csv->buffer[i] == '"';
        n += !inside && csv->buffer[i] == separator;
    }
    return n;
}

static int is_separator(int byte)
{
    return byte == ',' || byte == ';' || byte == '\t';
}

/* The separator is what a first line "sep=;" says, as spreadsheets write it, or stands most often in the
 * header; a comma otherwise. */
static void find_separator(struct csv *csv)
{
    const unsigned char *at = csv->buffer + csv->used;
    csv->separator = ',';
    if (peek_byte(csv) < 0)
        return;
    if (csv->filled - csv->used > 5 && memcmp(at, "sep=", 4) == 0 && is_separator(at[4]) &&
        is_line_end(at[5])) {
        csv->separator = at[4];
        csv->used += 5;
        return;
    }
    if (count_separators(csv, ';') > count_separators(csv, csv->separator))
        csv->separator = ';';
    if (count_separators(csv, '\t') > count_separators(csv, csv->separator))
        csv->separator = '\t';
}

int csv_no_column(const struct csv *csv, const char *name, struct err *err)
{
    char found[400] = "";
    size_t n = 0;
    for (int i = 0; i < csv->n_header && n < sizeof found; i++)
        n += (size_t)snprintf(found + n, sizeof found - n, "%s\"%s\"", i ? ", " : "", csv->name[i]);
    return err_set(err, E_IO, "%s:%ld: no column \"%s\", found: %s", csv->path, csv->row_line, name, found);
}

/* The header's names, kept: the next row takes the place of its text. */
static int keep_names(struct csv *csv, struct err *err)
{
    csv->name = err_calloc((size_t)csv->n_fields, sizeof *csv->name, "the columns of a table", err);
    if (!csv->name)
        return E_IO;
    for (csv->n_header = 0; csv->n_header < csv->n_fields; csv->n_header++) {
        csv->name[csv->n_header] = strdup(csv->text + csv->start[csv->n_header]);
        if (!csv->name[csv->n_header])
            return err_set(err, E_IO, "%s: out of memory", csv->path);
    }
    return 0;
}

static int read_header(struct csv *csv, const char *const *columns, int n, struct err *err)
{
    int rc = read_row(csv, err);
    if (rc == 0)
        return n ? err_set(err, E_IO, "%s: empty; a header with column %s is expected", csv->path, columns[0])
                 : err_set(err, E_IO, "%s: empty; a header with the columns' names is expected", csv->path);
    if (rc > 0)
        rc = keep_names(csv, err);
    csv->n_columns = n;
    for (int k = 0; rc == 0 && k < n; k++) {
        csv->column[k] = csv_find(csv, columns[k]);
        if (csv->column[k] < 0)
            rc = csv_no_column(csv, columns[k], err);
    }
    return rc;
}

static struct csv *new_csv(const char *name, size_t buffer, struct err *err)
{
    struct csv *csv = err_calloc(1, sizeof *csv, "a CSV reader", err);
    if (!csv)
        return NULL;
    csv->line = csv->row_line = 1;
    csv->path = strdup(name);
    csv->buffer = err_calloc(buffer, 1, name, err);
    if (csv->path && csv->buffer)
        return csv;
    err_set(err, E_IO, "%s: out of memory", name);
    csv_close(csv);
    return NULL;
}

/* Read the header; the reader is the caller's, or gone. */
static int start(struct csv *csv, const char *const *columns, int n, struct csv **out, struct err *err)
{
    int rc = refuse_others(csv, err);
    skip_byte_order_mark(csv);
    find_separator(csv);
    if (rc == 0)
        rc = read_header(csv, columns, n, err);
    if (rc < 0)
        csv_close(csv);
    else
        *out = csv;
    return rc;
}

int csv_open(const char *path, const char *const *columns, int n, struct csv **out, struct err *err)
{
    struct csv *csv = new_csv(path, BUFFER_SIZE, err);
    *out = NULL;
    if (!csv)
        return E_IO;
    csv->file = gzopen(path, "rb");
    if (csv->file)
        return start(csv, columns, n, out, err);
    int rc = err_set(err, E_IO, "%s: cannot open: %s", path, strerror(errno));
    csv_close(csv);
    return rc;
}

int csv_open_text(const char *text, const char *name, const char *const *columns, int n, struct csv **out,
                  struct err *err)
{
    size_t length = strlen(text);
    *out = NULL;
    if (length >= INT_MAX)
        return err_set(err, E_IO, "%s: a table of %zu bytes is too long; at most 2 GiB", name, length);
    struct csv *csv = new_csv(name, length + 1, err);
    if (!csv)
        return E_IO;
    memcpy(csv->buffer, text, length);
    csv->filled = (int)length;
    return start(csv, columns, n, out, err);
}

int csv_next(struct csv *csv, const char **field, struct err *err)
{
    int rc = read_row(csv, err);
    if (rc <= 0)
        return rc;
    if (csv->n_fields != csv->n_header)
        return err_set(err, E_IO, "%s:%ld: the row has %d field%s, the header has %d", csv->path,
                       csv->row_line, csv->n_fields, csv->n_fields == 1 ? "" : "s", csv->n_header);
    for (int k = 0; k < csv->n_columns; k++)
        field[k] = csv->text + csv->start[csv->column[k]];
    return 1;
}

const char *csv_name(const struct csv *csv, int k)
{
    return k >= 0 && k < csv->n_header ? csv->name[k] : NULL;
}

int csv_find(const struct csv *csv, const char *name)
{
    for (int k = 0; k < csv->n_header; k++)
        if (strcmp(csv->name[k], name) == 0)
            return k;
    return -1;
}

void csv_select(struct csv *csv, const int *column, int n)
{
    csv->n_columns = n;
    memcpy(csv->column, column, (size_t)n * sizeof *column);
}

long csv_line(const struct csv *csv)
{
    return csv->row_line;
}

/* "4,25" to "4.25"; 0 for what has another form. */
static int mend_decimal(const char *text, char *out, size_t size)
{
    size_t n = strlen(text), comma = strcspn(text, ",");
    if (comma == n || n >= size || strpbrk(text, ".") || strchr(text + comma + 1, ','))
        return 0;
    memcpy(out, text, n + 1);
    out[comma] = '.';
    return 1;
}

int csv_number(const struct csv *csv, const char *column, const char *text, double *out, struct err *err)
{
    char *end = NULL, mended[64];
    const char *number = csv->separator != ',' && mend_decimal(text, mended, sizeof mended) ? mended : text;
    *out = strtod(number, &end);
    if (end == number || *end || !isfinite(*out))
        return err_set(err, E_IO, "%s:%ld: %s is \"%.40s\", not a finite number", csv->path, csv->row_line,
                       column, text);
    return 0;
}

void csv_close(struct csv *csv)
{
    if (!csv)
        return;
    if (csv->file)
        gzclose(csv->file);
    for (int k = 0; k < csv->n_header; k++)
        free(csv->name[k]);
    free(csv->name);
    free(csv->start);
    free(csv->text);
    free(csv->buffer);
    free(csv->path);
    free(csv);
}
