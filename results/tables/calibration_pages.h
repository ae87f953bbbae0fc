/* calibration_pages.h - the tables of how far probabilities can be trusted (calibration.h), as pages of
 * findings_pages.h: calibration, a row a group and recalibration; reliability, a row a bin of its diagram;
 * and what rebalancing gained in balanced accuracy and cost in Brier score. Internal to findings. */
#ifndef CELLSWEEP_CALIBRATION_PAGES_H
#define CELLSWEEP_CALIBRATION_PAGES_H

#include "tables/findings.h"
#include "write/csv_out.h"
#include "write/texttable.h"

extern const char calibration_note[], reliability_note[], calibration_cost_note[];

int calibration_rows(const struct findings *findings);
void calibration_csv(struct csv_out *csv, const struct findings *findings);
void calibration_table(struct texttable *table, const struct findings *findings);

int reliability_rows(const struct findings *findings);
void reliability_csv(struct csv_out *csv, const struct findings *findings);
void reliability_table(struct texttable *table, const struct findings *findings);

int calibration_cost_rows(const struct findings *findings);
void calibration_cost_csv(struct csv_out *csv, const struct findings *findings);
void calibration_cost_table(struct texttable *table, const struct findings *findings);

#endif
