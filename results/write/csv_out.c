#include "write/csv_out.h"

#include "class_name.h"
#include "write/json_out.h"
#include "write/number_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void begin_field(struct csv_out *csv)
{
    if (csv->n++)
        putc(',', csv->file);
}

/* A cell of a row in memory; value is taken over. */
static void add_cell(struct csv_out *csv, json_t *value)
{
    if (!csv->row)
        csv->row = json_array();
    if (json_array_append_new(csv->row, value) < 0)
        csv->failed = 1;
}

static int is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && *end == '\0';
}

/* What a spreadsheet would compute rather than show; -1 and +0.5 are numbers. */
static int is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text) && !is_number(text);
}

static void write_text(struct csv_out *csv, const char *text)
{
    const char *mark = is_formula(text) ? "'" : "";
    begin_field(csv);
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(mark, csv->file);
        fputs(text, csv->file);
        return;
    }
    fprintf(csv->file, "\"%s", mark);
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            putc('"', csv->file);
        putc(*p, csv->file);
    }
    putc('"', csv->file);
}

void csv_out_text(struct csv_out *csv, const char *text)
{
    if (csv->file)
        write_text(csv, text);
    else
        add_cell(csv, json_out_text(text));
}

void csv_out_set(struct csv_out *csv, const char *text)
{
    char joined[256];
    size_t n = strspn(text, "0123456789-");
    if (!csv->file || text[n] || n >= sizeof joined || *text == '-') {
        csv_out_text(csv, text);
        return;
    }
    memcpy(joined, text, n + 1);
    for (char *at = joined; (at = strchr(at, '-')); at++)
        *at = '+';
    write_text(csv, joined);
}

void csv_out_int(struct csv_out *csv, long long value)
{
    if (!csv->file) {
        add_cell(csv, json_integer(value));
        return;
    }
    begin_field(csv);
    fprintf(csv->file, "%lld", value);
}

void csv_out_count(struct csv_out *csv, int value)
{
    if (!csv->file) {
        add_cell(csv, json_out_count(value));
        return;
    }
    begin_field(csv);
    if (value >= 0)
        fprintf(csv->file, "%d", value);
}

void csv_out_real(struct csv_out *csv, double value)
{
    if (!csv->file) {
        add_cell(csv, json_out_real(value));
        return;
    }
    char text[NUMBER_TEXT_SIZE];
    begin_field(csv);
    if (isnan(value))
        return;
    size_t n = number_text(text, value, 9);
    fwrite(text, 1, n, csv->file);
}

void csv_out_metric(struct csv_out *csv, double value)
{
    csv_out_real(csv, fabs(value - 1) <= ldexp(1, -23) ? 1 : value);
}

void csv_out_end(struct csv_out *csv)
{
    if (csv->file)
        putc('\n', csv->file);
    else if (json_array_append_new(csv->rows, csv->row) < 0)
        csv->failed = 1;
    csv->row = NULL;
    csv->n = 0;
}

void csv_out_class(struct csv_out *csv, int class)
{
    char room[CLASS_NAME_SIZE];
    const char *title = class_title(class, room);
    if (class >= 0 && title == room)
        csv_out_int(csv, class);
    else if (class == CLASS_NONE)
        csv_out_count(csv, -1);
    else
        csv_out_text(csv, title);
}

void csv_out_class_column(struct csv_out *csv, const char *what, int class)
{
    char name[CLASS_NAME_SIZE + 64], room[CLASS_NAME_SIZE];
    snprintf(name, sizeof name, "%s_%s", what, class_title(class, room));
    csv_out_text(csv, name);
}
