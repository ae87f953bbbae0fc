/* sheet.h - a contact sheet of a dataset: one row a cluster, its number or name and its size to the left,
 * images as the network sees them. */
#ifndef CELLSWEEP_SHEET_H
#define CELLSWEEP_SHEET_H

#include "data/dataset.h"
#include "err.h"

/* Write a PNG with up to per_cluster (>= 1) images of every cluster, the first in order. A failed
 * write leaves no file. */
int sheet_write(const struct dataset *data, int per_cluster, const char *path, struct err *err);

#endif
