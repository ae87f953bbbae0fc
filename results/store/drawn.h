/* drawn.h - how many originals of each class the jobs of a group draw: by class_sizes, or all
 * that the data has.
 *
 *     long size[CONFIG_MAX_CLUSTERS];
 *     int n = drawn_sizes(store, group->cell, size);         8-10 with class_sizes 40-10: 2, {40, 10}
 *
 * Pure functions of what the results file says. No MPI. */
#ifndef CELLSWEEP_DRAWN_H
#define CELLSWEEP_DRAWN_H

#include "store/store.h"

/* Read "900-90", two numbers above 0 or more, into size (CONFIG_MAX_CLUSTERS). Returns how many; 0 when the
 * text is not of that kind, and then size is undefined. */
int drawn_parse(const char *text, long *size);

/* Originals that a job draws of each of its classes, by class index, and how many classes it has. */
int drawn_sizes(const struct store *store, const struct store_job *job, long *size);

/* 1 when class_sizes decides, 0 when a job has all images of its clusters. */
int drawn_by_sizes(const struct store *store, const struct store_job *job);

#endif
