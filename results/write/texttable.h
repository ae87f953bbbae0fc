/* texttable.h - small tables of texts for people: aligned on a terminal, as Markdown, as LaTeX.
 *
 *     struct texttable table = {.numeric_from = 2};
 *     texttable_add(&table, "clusters"); ... texttable_end(&table);        the header is the first row
 *     texttable_add(&table, "%.3f", x);  ... texttable_end(&table);
 *     texttable_print(stdout, &table);
 *     texttable_release(&table);
 *
 * Texts are UTF-8, cut at TEXTTABLE_CELL - 1 bytes. A table without memory prints nothing: nothing else depends on it. */
#ifndef CELLSWEEP_TEXTTABLE_H
#define CELLSWEEP_TEXTTABLE_H

#include <stdio.h>

enum { TEXTTABLE_CELL = 128, TEXTTABLE_COLUMNS = 40 };

/* Starts zeroed, but for numeric_from. */
struct texttable {
    int numeric_from;  /* columns from here on are flushed right */
    int rows, columns; /* whole rows; cells of the header */
    int filled;        /* cells of the row under way */
    int capacity;      /* rows */
    char (*cell)[TEXTTABLE_COLUMNS][TEXTTABLE_CELL];
};

/* The next cell of the row under way. */
void texttable_add(struct texttable *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* End the row; missing cells are empty. */
void texttable_end(struct texttable *table);

void texttable_print(FILE *file, const struct texttable *table);

/* Characters of cells that Markdown or HTML would obey are escaped. */
void texttable_markdown(FILE *file, const struct texttable *table);

/* A tabular with the rules of booktabs. */
void texttable_latex(FILE *file, const struct texttable *table);

void texttable_release(struct texttable *table);

#endif
