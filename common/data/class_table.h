/* class_table.h - the labels met while a source is read, texts or numbers, and the clusters they become.
 *
 *     int place = class_table_add(&table, "CD8+ T cell", "clusters.csv", 12, &err);
 *     int cluster[table.n], named = class_table_finish(&table, cluster, &err);
 *     class_table_release(&table);
 *
 * A whole number is the same label however it is written: 3, 03, 3.0. No MPI. */
#ifndef CELLSWEEP_CLASS_TABLE_H
#define CELLSWEEP_CLASS_TABLE_H

#include "table/idmap.h"
#include "err.h"

struct class_label {
    char *text;    /* fewer than DATASET_CLASS_SIZE bytes */
    char *where;   /* "file:line" it was met at first, or its folder */
    double number; /* its value when it is a number */
    int is_number; /* 1: a finite number ... */
    int is_whole;  /* 1: ... and one that a cluster may have, 0 to DATASET_MAX_CLUSTER */
};

struct class_table {
    int n, capacity;
    struct class_label *label; /* (n) in the order they were met */
    struct idmap *by_text;
};

/* Place of a label, which is added when it is new. file, line: where it stands (line 0: a folder's name).
 * E_IO for a text that is no name: too long, control characters, not UTF-8; for more than
 * DATASET_MAX_CLASSES; without memory. A table begins zeroed. */
int class_table_add(struct class_table *table, const char *text, const char *file, long line,
                    struct err *err);

/* What the labels become, cluster (n). 0 when all of them are whole numbers, which they then stay. 1 when
 * they are names: cluster is the place in their order, numbers as numbers before texts by bytes. E_IO for
 * numbers of which one is no cluster. */
int class_table_finish(const struct class_table *table, int *cluster, struct err *err);

void class_table_release(struct class_table *table);

#endif
