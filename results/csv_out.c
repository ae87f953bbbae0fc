#include "csv_out.h"

#include <math.h>
#include <string.h>

static void begin_field(struct csv_out *csv)
{
    if (csv->n++)
        putc(',', csv->file);
}

void csv_out_text(struct csv_out *csv, const char *text)
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

void csv_out_int(struct csv_out *csv, long long value)
{
    begin_field(csv);
    fprintf(csv->file, "%lld", value);
}

void csv_out_count(struct csv_out *csv, int value)
{
    begin_field(csv);
    if (value >= 0)
        fprintf(csv->file, "%d", value);
}

void csv_out_real(struct csv_out *csv, double value)
{
    begin_field(csv);
    if (!isnan(value))
        fprintf(csv->file, "%.9g", value);
}

void csv_out_end(struct csv_out *csv)
{
    putc('\n', csv->file);
    csv->n = 0;
}
