/* class_table.h - the labels met while a source is read, and the classes they are (class_name.h).
 *
 *     int place = class_table_add(&table, "CD8+ T cell", "clusters.csv", 12, &err);
 *     rc = class_table_check(&table, &err);
 *     use(table.label[place].class);
 *     class_table_release(&table);
 *
 * No MPI. */
#ifndef CELLSWEEP_CLASS_TABLE_H
#define CELLSWEEP_CLASS_TABLE_H

#include "table/idmap.h"
#include "err.h"

struct class_label {
    char *text;  /* as it was met first; the number of a whole number */
    char *where; /* "file:line" it was met at first, or its folder */
    int class;
    int is_number; /* 1: a finite number, perhaps not one that a class can have */
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

/* E_IO when all labels are numbers and one of them is none that a class can have: where a number is meant,
 * 2.5 is a mistake, and beside names it is another name. */
int class_table_check(const struct class_table *table, struct err *err);

void class_table_release(struct class_table *table);

#endif
