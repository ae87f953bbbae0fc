/* csv.h - rows of a table in text, plain or gzip, a few columns at a time.
 *
 *     static const char *const columns[] = {"cell_id", "vertex_x", "vertex_y"};
 *     const char *field[3];
 *     if (csv_open(path, columns, 3, &csv, &err) < 0) ...
 *     while ((rc = csv_next(csv, field, &err)) > 0)
 *         use(field[0], field[1], field[2]);
 *     csv_close(csv);
 *
 * RFC 4180: quotes, doubled quotes, line breaks inside quotes, LF or CRLF, last newline optional; a UTF-8
 * byte order mark and blank lines are skipped. Fields are separated by commas, semicolons or tabs: by what a
 * first line "sep=;" says, else by what stands most often in the header. Blanks around a field do not count,
 * unless they stand in quotes. Column names are case-sensitive, in any order, others are ignored. UTF-16,
 * Excel and Parquet files are refused by name. Memory: one row. Errors are E_IO and name file and line. */
#ifndef CELLSWEEP_CSV_H
#define CELLSWEEP_CSV_H

#include "err.h"

enum { CSV_MAX_COLUMNS = 24, CSV_MAX_ROW = 1 << 20 };

struct csv;

/* Open and read the header. columns: n (0 to CSV_MAX_COLUMNS) names that must be there; with none, which are
 * wanted is said by csv_select(). *out is closed by csv_close. */
int csv_open(const char *path, const char *const *columns, int n, struct csv **out, struct err *err);

/* The same from a text in memory, which is copied; name stands for the path in messages. */
int csv_open_text(const char *text, const char *name, const char *const *columns, int n, struct csv **out,
                  struct err *err);

/* Name of column k of the header, from 0; NULL when there are no more. Valid until csv_close. */
const char *csv_name(const struct csv *csv, int k);

/* Number of the column of this name, or -1. */
int csv_find(const struct csv *csv, const char *name);

/* The columns that csv_next() gives from now on: n (1 to CSV_MAX_COLUMNS) numbers of the header. */
void csv_select(struct csv *csv, const int *column, int n);

/* E_IO: there is no such column, with those that there are, in quotes, so that one without a name is seen. */
int csv_no_column(const struct csv *csv, const char *name, struct err *err);

/* Next row: field[k] is the text of wanted column k, valid until the next call. 1, 0 at the end,
 * or a negative code. */
int csv_next(struct csv *csv, const char **field, struct err *err);

/* Line of the file at which the row last read begins, from 1. */
long csv_line(const struct csv *csv);

/* Text to a finite number; E_IO naming file, line and `column` when it is not one. A decimal comma is read
 * where commas do not separate fields. */
int csv_number(const struct csv *csv, const char *column, const char *text, double *out, struct err *err);

/* csv may be NULL. */
void csv_close(struct csv *csv);

#endif
