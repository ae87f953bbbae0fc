/* claims_pages.h - the table `claims`: the findings of the publication, tested (claims.h). A row of
 * findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_CLAIMS_PAGES_H
#define CELLSWEEP_CLAIMS_PAGES_H

#include "tables/findings_pages.h"

extern const char claims_note[];
int claims_rows(const struct findings *findings);
void claims_csv(struct csv_out *csv, const struct findings *findings);
void claims_text(struct texttable *table, const struct findings *findings);

#endif
