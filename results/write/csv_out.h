/* csv_out.h - the rows of a table, as CSV in a file or as cells in memory: one function fills both.
 *
 *     struct csv_out csv = {.file = file};
 *     csv_out_text(&csv, "a"); csv_out_real(&csv, 0.5); csv_out_end(&csv);
 *
 * CSV: fields quoted as in RFC 4180, lines ending in LF, numbers with 9 significant digits (a float32 is
 * recovered exactly), an empty field for what is missing or not a number. Errors are kept by stdio. A
 * spreadsheet takes a text that begins with = + - @ for a formula, and runs it: such a text begins with '
 * here, unless it is a number. It takes 4-5 for a date: sets of clusters and sizes are joined by + instead,
 * which --filter understands, too.
 *
 *     struct csv_out csv = {.rows = json_array()};
 *     csv_out_text(&csv, "a"); csv_out_real(&csv, NAN); csv_out_end(&csv);     [["a", null]]
 *
 * Cells: JSON numbers and strings, null for what is missing. Without memory rows are missing
 * and `failed` is 1. */
#ifndef CELLSWEEP_CSV_OUT_H
#define CELLSWEEP_CSV_OUT_H

#include <stdio.h>

struct json_t;

struct csv_out {
    FILE *file;          /* or NULL, and then: */
    struct json_t *rows; /* array of rows, the caller's; the header is the first */
    struct json_t *row;  /* the row under way */
    int failed;
    int n; /* fields of this line so far */
};

void csv_out_text(struct csv_out *csv, const char *text);

/* "4-5", a set of clusters or sizes, as 4+5; in cells, and any other text, as csv_out_text(). */
void csv_out_set(struct csv_out *csv, const char *text);

void csv_out_int(struct csv_out *csv, long long value);

/* A class as it is shown (class_title()); CLASS_NONE: an empty field. And a column that every class has:
 * "probability_8", "recall_Folded". */
void csv_out_class(struct csv_out *csv, int class);
void csv_out_class_column(struct csv_out *csv, const char *what, int class);

/* Counts and indices are never negative: a negative one is the results file's "not yet", an empty field. */
void csv_out_count(struct csv_out *csv, int value);

/* NaN: an empty field. */
void csv_out_real(struct csv_out *csv, double value);

/* A metric that was stored in single precision: what is 1 within 2^-23 is 1. The published balanced accuracy
 * of a perfect prediction is 0.99999994, since its formula adds 1e-7 to what it divides by. */
void csv_out_metric(struct csv_out *csv, double value);
void csv_out_end(struct csv_out *csv);

#endif
