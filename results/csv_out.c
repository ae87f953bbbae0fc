#include "csv_out.h"

#include "json_out.h"

#include <math.h>
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

static void write_text(struct csv_out *csv, const char *text)
{
    begin_field(csv);
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, csv->file);
        return;
    }
    putc('"', csv->file);
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
    begin_field(csv);
    if (!isnan(value))
        fprintf(csv->file, "%.9g", value);
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
