/* literature_pages.h - the table `literature`: claims of others, tested (literature.h). A row of
 * findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_LITERATURE_PAGES_H
#define CELLSWEEP_LITERATURE_PAGES_H

#include "tables/findings_pages.h"

extern const char literature_note[];

int literature_rows(const struct findings *findings);
void literature_csv(struct csv_out *csv, const struct findings *findings);
void literature_table(struct texttable *table, const struct findings *findings);

#endif
