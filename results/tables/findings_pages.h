/* findings_pages.h - the tables behind findings.h, one row of a table each: how it is called,
 * what it says, who fills it. Adding a table to the report is a few functions and a row in
 * findings_pages.c; to the page, a piece of it in page_later.c and page_pieces.c. Internal to findings. */
#ifndef CELLSWEEP_FINDINGS_PAGES_H
#define CELLSWEEP_FINDINGS_PAGES_H

#include "write/csv_out.h"
#include "tables/findings.h"
#include "write/texttable.h"

enum {
    FINDINGS_SCORES,
    FINDINGS_COMPARISONS,
    FINDINGS_FACTORS,
    FINDINGS_RANKINGS,
    FINDINGS_LEAK,
    FINDINGS_SELECTION,
    FINDINGS_CALIBRATION,
    FINDINGS_RELIABILITY,
    FINDINGS_COST,
    FINDINGS_SWEEPS,
    FINDINGS_MODELS,
    FINDINGS_MODELS_BY_CLUSTERS,
    FINDINGS_TRAINING_SIZE,
    FINDINGS_TRAINING_COST,
    FINDINGS_CLAIMS,
    FINDINGS_LITERATURE,
    FINDINGS_TUNING, /* this and those behind it: only of a sweep that tunes */
    FINDINGS_TUNING_CURVE,
    N_FINDINGS_PAGES
};

struct findings_page {
    const char *name, *title, *note;      /* of its files, above and below the table */
    int of_file;                          /* 1: numbers are of all jobs, whatever is shown */
    int (*rows)(const struct findings *); /* 0: nothing to write */
    void (*csv)(struct csv_out *, const struct findings *); /* full precision, header first */
    void (*table)(struct texttable *, const struct findings *);
};

extern const struct findings_page findings_pages[N_FINDINGS_PAGES];

/* What the filter left of the file, when there is one, and the note; whole lines. */
void findings_print_note(FILE *file, const struct findings *findings, const struct findings_page *page);

/* A comment of LaTeX that says what the filter left, when there is one. */
void findings_latex_filter(FILE *file, const struct summary *summary);

/* Columns of a contrast, n, difference and its interval, method and p values; and cells of a table for
 * people: a number (format "", "+" with its sign, "p"), "-" for none, and the interval of a difference. */
void findings_csv_contrast_names(struct csv_out *csv);
void findings_csv_contrast(struct csv_out *csv, const struct contrast *contrast);
void findings_add_number(struct texttable *table, const char *format, double x);
void findings_add_interval(struct texttable *table, const struct contrast *contrast);

/* Names of columns, n of them. */
void findings_csv_names(struct csv_out *csv, const char *const *name, size_t n);

/* Factors that vary over what is shown, but some: names of their columns, and their values in a job's
 * cell. */
void findings_add_factor_names(struct texttable *table, const struct findings *findings, unsigned but);
void findings_add_factors(struct texttable *table, const struct findings *findings,
                          const struct store_job *cell, unsigned but);

/* Factors of which a table has no column: those that it compares, ranks or makes claims of. */
unsigned findings_but_strategy(const struct findings *findings);
unsigned findings_but_ranked(const struct findings *findings);

/* Rows of a comparison that are shown. */
int findings_count_rows(const struct findings *findings, const struct compare *compare);

/* x without the sign of what three decimals show as 0. */
double findings_tidy(double x);

#endif
