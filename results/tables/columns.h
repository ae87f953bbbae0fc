/* columns.h - the columns of a table that say which combination of the grid a row is of.
 *
 *     unsigned factors = combination_shown(summary->varying) & ~FACTOR(FACTOR_STRATEGY);
 *     columns_add_names(table, store, factors);                     clusters, protocol, model ...
 *     columns_add(table, store, group->cell, factors, 0);            8-10, holdout, cnn ...
 *
 * Tables for people show what combination_shown() says; CSV files have a column for every factor of the file.
 * `factors`: a set of them (combination.h). No MPI. */
#ifndef CELLSWEEP_COLUMNS_H
#define CELLSWEEP_COLUMNS_H

#include "store/combination.h"
#include "write/csv_out.h"
#include "write/json_out.h"
#include "write/texttable.h"

/* Add the names of a set of factors, or a cell's values of them, to the row that is being filled; nothing for
 * those of `compared`, which have several values in the row. */
void columns_add_names(struct texttable *table, const struct store *store, unsigned factors);
void columns_add(struct texttable *table, const struct store *store, const struct store_job *cell,
                 unsigned factors, unsigned compared);
void columns_csv_names(struct csv_out *csv, const struct store *store, unsigned factors);
void columns_csv(struct csv_out *csv, const struct store *store, const struct store_job *cell,
                 unsigned factors);

/* Add the share of the test images that were seen in training, "8 %". A small leak is not told as none:
 * "0.4 %", "<0.1 %". */
void columns_add_leak(struct texttable *table, double share);

/* Put a cell into a JSON object: "clusters", "strategy", "protocol" and "model", those of a set, and "axis",
 * the values of all axes of the file. *failed as of json_out.h. */
void columns_put(json_t *object, const struct store *store, const struct store_job *cell, unsigned factors,
                 int *failed);

#endif
