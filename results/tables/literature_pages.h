/* literature_pages.h - the table `literature`: claims of others, tested (literature.h). A row of
 * findings_pages.h. Internal to findings. */
#ifndef CELLSWEEP_LITERATURE_PAGES_H
#define CELLSWEEP_LITERATURE_PAGES_H

#include "tables/findings_pages.h"

extern const char literature_note[];

int literature_rows(const struct findings *findings);
void literature_csv(struct csv_out *csv, const struct findings *findings);
/* A row a claim and setting; one sentence where no claim can be tested. */
void literature_table(struct texttable *table, const struct findings *findings);

/* That sentence, with each reason and how many rows have it; NULL where a claim can be tested, or without
 * memory. Freed by the caller. */
char *literature_sentence(const struct findings *findings);

/* `export --table literature`: the CSV of the jobs that match a filter (NULL: all), as report writes it; only
 * names of columns where no claim is about these runs. E_USAGE as summary_new(); E_IO. */
int literature_write(struct store *store, const char *filter, FILE *out, struct err *err);

#endif
