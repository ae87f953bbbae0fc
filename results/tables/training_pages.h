/* training_pages.h - what training takes, as pages of findings_pages.h: training_size, accuracy against how
 * much there is to learn from (training_size.h), a row a group that stands on a curve; and training_cost,
 * accuracy against images and seconds (training_cost.h), a row a group that stands beside another. Nothing
 * where no axis sets the training size, or where nothing stands beside another. */
#ifndef CELLSWEEP_TRAINING_PAGES_H
#define CELLSWEEP_TRAINING_PAGES_H

#include "tables/findings.h"
#include "write/csv_out.h"
#include "write/texttable.h"

extern const char training_size_note[], training_cost_note[];

int training_size_rows(const struct findings *findings);
void training_size_csv(struct csv_out *csv, const struct findings *findings);
void training_size_table(struct texttable *table, const struct findings *findings);

int training_cost_rows(const struct findings *findings);
void training_cost_csv(struct csv_out *csv, const struct findings *findings);
void training_cost_table(struct texttable *table, const struct findings *findings);

#endif
