/* comparison_pages.h - the tables `comparisons`, `factors` and `rankings`: strategies, models and
 * values of axes against each other (compare.h). Rows of findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_COMPARISON_PAGES_H
#define CELLSWEEP_COMPARISON_PAGES_H

#include "tables/findings_pages.h"

extern const char comparisons_note[];
int comparisons_rows(const struct findings *findings);
void comparisons_csv(struct csv_out *csv, const struct findings *findings);
void comparisons_table(struct texttable *table, const struct findings *findings);

extern const char factors_note[];
int factors_rows(const struct findings *findings);
void factors_csv(struct csv_out *csv, const struct findings *findings);
void factors_table(struct texttable *table, const struct findings *findings);

extern const char rankings_note[];
int rankings_rows(const struct findings *findings);
void rankings_csv(struct csv_out *csv, const struct findings *findings);
void rankings_table(struct texttable *table, const struct findings *findings);

#endif
