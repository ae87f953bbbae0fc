/* data_list.h - `data pack --list`: a CSV row for every image that was met, packed or not. */
#ifndef CELLSWEEP_DATA_LIST_H
#define CELLSWEEP_DATA_LIST_H

#include "data/dataset.h"
#include "data/pack.h"
#include "err.h"

/* Columns id, class, set, the column of groups and the others that are kept, source, width, height, reason;
 * the last is empty for images that are packed. First those, in their order, then those that are rejected,
 * then those left out. data: NULL when nothing could be packed. path "-": standard output. */
int data_list_write(const char *path, const struct dataset *data, const struct pack_report *report,
                    struct err *err);

#endif
