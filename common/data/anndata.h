/* anndata.h - the table of cells of an AnnData file (.h5ad, as scanpy writes it): its index
 * and a column of it.
 *
 * A table is named FILE.h5ad:obs/COLUMN; without the column, by options->label_column. Columns are categories
 * (as anndata writes them since 0.7 as a group of codes and categories, and before that as codes with an
 * attribute), texts, whole numbers, reals or truth values. The file is read in a child process first
 * (child.h). */
#ifndef CELLSWEEP_ANNDATA_H
#define CELLSWEEP_ANNDATA_H

#include "data/labels.h"
#include "err.h"

/* 1 when the name of a table means one of an AnnData file. */
int anndata_is(const char *name);

/* The table as labels_read() gives one; its lines are rows of obs, from 1. */
int anndata_read(const char *name, const struct labels_options *options, struct labels *labels,
                 struct err *err);

/* The same without a child. */
int anndata_read_here(const char *name, const struct labels_options *options, struct labels *labels,
                      struct err *err);

#endif
