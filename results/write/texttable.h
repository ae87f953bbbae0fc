/* texttable.h - small tables of texts for people: aligned on a terminal, as Markdown, as LaTeX.
 *
 *     struct texttable table = {.numeric_from = 2};
 *     texttable_add(&table, "clusters"); ... texttable_end(&table);        the header is the first row
 *     texttable_add(&table, "%.3f", x);  ... texttable_end(&table);
 *     texttable_print(stdout, &table);
 *     texttable_release(&table);
 *
 * Texts are UTF-8. A table without memory prints nothing: nothing else depends on it. */
#ifndef CELLSWEEP_TEXTTABLE_H
#define CELLSWEEP_TEXTTABLE_H

#include <stdio.h>

enum { TEXTTABLE_COLUMNS = 40 };

/* Starts zeroed, but for numeric_from and keys. */
struct texttable {
    int numeric_from;                 /* columns from here on are flushed right */
    int keys;                         /* columns that say what a row is; 0: those before numeric_from */
    int rows, columns;                /* whole rows; cells of the header */
    int filled;                       /* cells of the row under way */
    int capacity;                     /* rows */
    char *(*cell)[TEXTTABLE_COLUMNS]; /* NULL is an empty one */
};

/* The next cell of the row under way. */
void texttable_add(struct texttable *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* End the row; missing cells are empty. */
void texttable_end(struct texttable *table);

/* Aligned, in the width of the terminal that file is (screen.h). */
void texttable_print(FILE *file, const struct texttable *table);

/* The same in `width` characters; 0: however wide it is. A table that is too wide loses nothing: texts and
 * headers go on below themselves, and columns that still do not fit stand in further blocks below, each with
 * the first columns again. */
void texttable_fit(FILE *file, const struct texttable *table, int width);

/* Characters of cells that Markdown or HTML would obey are escaped. */
void texttable_markdown(FILE *file, const struct texttable *table);

/* A tabular with the rules of booktabs. */
void texttable_latex(FILE *file, const struct texttable *table);

void texttable_release(struct texttable *table);

#endif
