/* versus_pages.h - the table of sweeps that a file keeps apart, each against the first (versus.h): a row a
 * combination that either has. For findings_pages.c. No MPI. */
#ifndef CELLSWEEP_VERSUS_PAGES_H
#define CELLSWEEP_VERSUS_PAGES_H

#include "tables/findings.h"
#include "write/csv_out.h"
#include "write/texttable.h"

extern const char versus_note[];

int versus_rows(const struct findings *findings);
void versus_csv(struct csv_out *csv, const struct findings *findings); /* of every metric */
void versus_table(struct texttable *table, const struct findings *findings);

/* What was compared, a line a pair: versus_words(). Nothing where no sweeps are kept apart. */
void versus_sentences(FILE *file, const struct findings *findings);

#endif
