/* models_pages.h - "which model" (which_model.h) as pages of findings_pages.h: models, a row a model of a
 * place, over its sets of clusters; models_by_clusters, a row a model and set of clusters. Nothing where no
 * two models stand beside each other. */
#ifndef CELLSWEEP_MODELS_PAGES_H
#define CELLSWEEP_MODELS_PAGES_H

#include "tables/findings.h"
#include "write/csv_out.h"
#include "write/texttable.h"

extern const char models_note[], models_by_clusters_note[];

/* Of what is shown: a model of a place when a job of it is. */
int models_rows(const struct findings *findings);
void models_csv(struct csv_out *csv, const struct findings *findings);
void models_table(struct texttable *table, const struct findings *findings);

int models_by_clusters_rows(const struct findings *findings);
void models_by_clusters_csv(struct csv_out *csv, const struct findings *findings);
void models_by_clusters_table(struct texttable *table, const struct findings *findings);

#endif
