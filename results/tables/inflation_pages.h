/* inflation_pages.h - the tables `leak_inflation` and `selection_inflation`: what a leak, or the choice of an
 * epoch on the reported images, feigns (compare.h, inflation.h). Rows of
 * findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_INFLATION_PAGES_H
#define CELLSWEEP_INFLATION_PAGES_H

#include "tables/findings_pages.h"

extern const char leak_note[];
int leak_rows(const struct findings *findings);
void leak_csv(struct csv_out *csv, const struct findings *findings);
void leak_table(struct texttable *table, const struct findings *findings);

extern const char selection_note[];
int selection_rows(const struct findings *findings);
void selection_csv(struct csv_out *csv, const struct findings *findings);
void selection_table(struct texttable *table, const struct findings *findings);

#endif
