/* tuning_pages.h - the tables of what tuning did (tuned.h), as pages of findings_pages.h: tuning, a row a
 * finished job; tuning_curve, a row a combination and number of trials; and one sentence. Nothing of a sweep
 * that does not tune. */
#ifndef CELLSWEEP_TUNING_PAGES_H
#define CELLSWEEP_TUNING_PAGES_H

#include "tables/findings.h"
#include "write/csv_out.h"
#include "write/texttable.h"

extern const char tuning_note[], tuning_curve_note[];

/* The columns of a job behind those that name it: n_trials, chosen, a column for every tuned setting, choose,
 * score, score_default, difference, epochs, epochs_full; empty until it is chosen. */
void tuning_csv_names(struct csv_out *csv, const struct tuned *tuned);
void tuning_csv_job(struct csv_out *csv, const struct tuned *tuned, int job);

int tuning_rows(const struct findings *findings);
void tuning_csv(struct csv_out *csv, const struct findings *findings);
void tuning_table(struct texttable *table, const struct findings *findings);

/* The table for people has 1, 2, 4, 8 ... and all trials, the CSV file every number of them. */
int tuning_curve_rows(const struct findings *findings);
void tuning_curve_csv(struct csv_out *csv, const struct findings *findings);
void tuning_curve_table(struct texttable *table, const struct findings *findings);

/* How many finished jobs took another trial than the default, and what that gained on val, a line; nothing
 * where nothing is tuned. */
void tuning_sentence(FILE *file, const struct findings *findings);

#endif
