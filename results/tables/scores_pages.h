/* scores_pages.h - the table `scores`: what is computed from stored probabilities (scores.h). A row of
 * findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_SCORES_PAGES_H
#define CELLSWEEP_SCORES_PAGES_H

#include "tables/findings_pages.h"

extern const char scores_note[];
int scores_rows(const struct findings *findings);
void scores_csv(struct csv_out *csv, const struct findings *findings);
void scores_table(struct texttable *table, const struct findings *findings);

#endif
