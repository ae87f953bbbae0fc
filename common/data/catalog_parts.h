/* catalog_parts.h - the two steps of catalog_read(): finding images, and labelling them. For catalog*.c. */
#ifndef CELLSWEEP_CATALOG_PARTS_H
#define CELLSWEEP_CATALOG_PARTS_H

#include "data/catalog.h"
#include "data/labels.h"

enum { CATALOG_NO_LABEL = -1, CATALOG_UNLABELLED = -2 };

/* What is known while a folder becomes a catalog. Until the end cell.cluster is a place in classes. */
struct cataloguing {
    struct catalog *catalog;
    const struct dataset_options *options;
    const struct labels *labels; /* NULL: there is no table */
    struct class_table classes;
    struct rejects *rejects;
    char base[16];    /* "cell_images/" or "": the folder that images are looked for in */
    int of_rows;      /* 1: cells are the rows of the table, not images */
    int by_folder;    /* 1: folders said the labels */
    int are_clusters; /* 1: there are folders cluster_<k>, and only such are classes */
    int may_be_paths; /* 1: files of one name may be different cells, whose ids are then their paths */
};

/* Fill catalog->cell from the folder, unsorted. */
int catalog_scan(struct cataloguing *c, struct err *err);

/* The same from the rows of the table. */
int catalog_scan_rows(struct cataloguing *c, struct err *err);

/* Give every cell its label, group and set from the table. by_id must be there. */
int catalog_label(struct cataloguing *c, struct err *err);

/* Keep the columns that options ask for. by_id must be that of the last order. */
int catalog_keep_meta(const struct cataloguing *c, struct err *err);

/* Id of the image that row i of the table is about; "" when it names none. room: CATALOG_PATH_SIZE bytes. */
const char *catalog_row_id(const struct cataloguing *c, int i, char *room);

#endif
