/* classes.h - which clusters the classes of a group of jobs are, and what its configuration was.
 *
 *     int cluster[CONFIG_MAX_CLUSTERS], n = classes_of(store, group->cell, cluster);
 *     if (strcmp(classes_config(store, cell, "balance.cap", text, sizeof text), "45") == 0) ...
 *
 * No MPI. */
#ifndef CELLSWEEP_CLASSES_H
#define CELLSWEEP_CLASSES_H

#include "store/store.h"

/* Classes (class_name.h) of a row of store_jobs() or a copy of one, cluster[class index] (room for
 * CONFIG_MAX_CLUSTERS), and how many. */
int classes_of(const struct store *store, const struct store_job *job, int *cluster);

/* Value of a dotted key of a job's configuration, from its axis or else the sweep file, in out, whole where
 * the row had to cut it; "" for what is no key, or a column of /jobs. Returns out. */
const char *classes_config(const struct store *store, const struct store_job *job, const char *key, char *out,
                           size_t size);

/* Letters of a name in titles; longer ones are cut (class_short()). */
enum { CLASSES_SHORT = 40 };

/* "Clusters 8 and 10", "All 28 clusters", "Clusters 1-2-3"; of names "Folded and Polylobed", "All 28
 * classes", "A, B, C", in out. */
void classes_title(const struct store *store, const struct store_job *job, char *out, size_t size);

/* 1 for jobs on all of 28 clusters with duplicates up to 45 in all: the report's all-cluster model. */
int classes_is_published_all(const struct store *store, const struct store_job *job);

#endif
