/* csv_out.h - CSV as every table of this program has it: fields quoted as in RFC 4180, lines ending in LF, numbers with 9
 * significant digits (a float32 is recovered exactly), an empty field for what is missing or not a number.
 *
 *     struct csv_out csv = {.file = file};
 *     csv_out_text(&csv, "a"); csv_out_real(&csv, 0.5); csv_out_end(&csv);
 *
 * Errors are kept by stdio. */
#ifndef CELLSWEEP_CSV_OUT_H
#define CELLSWEEP_CSV_OUT_H

#include <stdio.h>

struct csv_out {
    FILE *file;
    int n; /* fields of this line so far */
};

void csv_out_text(struct csv_out *csv, const char *text);
void csv_out_int(struct csv_out *csv, long long value);

/* Counts and indices are never negative: a negative one is the results file's "not yet", an empty field. */
void csv_out_count(struct csv_out *csv, int value);

/* NaN: an empty field. */
void csv_out_real(struct csv_out *csv, double value);
void csv_out_end(struct csv_out *csv);

#endif
