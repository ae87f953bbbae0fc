/* tables.h - the final values of a sweep as tables: one row a group of summary.h.
 * Means and 95 % intervals over finished jobs at their last epoch; leak = test images with a copy or an
 * augmented sibling in training. No MPI. */
#ifndef CELLSWEEP_TABLES_H
#define CELLSWEEP_TABLES_H

#include "write/csv_out.h"
#include "stats/summary.h"

#include <stdio.h>

/* Every number of every group, full precision, one header line; empty where undefined. */
void tables_csv(struct csv_out *csv, const struct summary *summary);
void tables_write_csv(FILE *file, const struct summary *summary);

/* The numbers a paper quotes, as a Markdown table with a note on what they mean. */
void tables_write_markdown(FILE *file, const struct summary *summary);

/* The same as a LaTeX tabular, without the note. */
void tables_write_latex(FILE *file, const struct summary *summary);

/* The same, aligned for a terminal, with one line on what it means; or where to find it, when a
 * screen has no room for it. */
void tables_print(FILE *file, const struct summary *summary);

/* What a reader of the table must know, a line each. */
void tables_print_notes(FILE *file, const struct summary *summary);

#endif
