/* data_info.h - what a dataset holds, told on standard output: `data info`, and lines of it that
 * `data pack` tells, too. */
#ifndef CELLSWEEP_DATA_INFO_H
#define CELLSWEEP_DATA_INFO_H

#include "data/dataset.h"
#include "err.h"

/* All of it; warnings go to stderr. E_IO without memory. */
int data_info(const struct dataset *data, const char *name, struct err *err);

/* Lines whose first word has `width` columns: images of each given set, where there are such; columns that
 * are kept; channels and how they were prepared, where that does not go without saying. */
void data_print_sets(const struct dataset *data, int width);
void data_print_meta(const struct dataset *data, int width);
void data_print_preprocess(const struct dataset *data, int width);

#endif
