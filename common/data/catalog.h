/* catalog.h - which images a folder holds, and their labels.
 *
 * Where images are looked for, SRC being <folder>/cell_images when that is there, else <folder>:
 *     SRC/cluster_<k>/NAME.png      the label is the number k
 *     SRC/<class>/NAME.png          the label is the folder's name
 *     SRC/{train,val,test}/<class>/NAME.png    the same, and the set that the image is given to
 *     SRC/NAME.png                  the label comes from a table
 *     where a table has a column path, file, filename, ...: there, from <folder> on
 * Whether folders are classes: when they are called cluster_<k>, or hold as many images as lie beside
 * them and one of them is a label of the table, if that has labels. The table, when it is there too,
 * must agree. Beside them:
 *     <folder>/clusters.csv, labels.csv, .tsv or .gz of them     the table (labels.h), unless another is
 *                                                                named
 *     <folder>/cell_boundaries.csv[.gz]                          see outlines.h
 *     <folder>/SYNTHETIC                                         the mark of images drawn by this program
 * An image's id is its name without "cell_" and ".png"; its path below SRC, where classes or a table of paths
 * have files of the same name. Hidden files, files that are no images and folders inside a folder of images
 * are passed over and counted. A cell whose label says that there is none (labels.h) is left out and counted.
 * Pixels are not looked at. */
#ifndef CELLSWEEP_CATALOG_H
#define CELLSWEEP_CATALOG_H

#include "data/class_table.h"
#include "data/dataset.h"
#include "table/idmap.h"
#include "table/ids.h"
#include "data/passed.h"
#include "data/rejects.h"
#include "err.h"

enum { CATALOG_PATH_SIZE = 4096 };

/* What was met on the way and is told. */
struct catalog_counts {
    int n_found;          /* images found, those without a usable name or label too */
    struct passed passed; /* files that are no images; ._x, .DS_Store, Thumbs.db and the like */
    int n_nested;         /* folders inside a folder of images, passed over */
    int n_outside;        /* images and folders beside the folders of classes, passed over */
    int n_unlabelled;     /* rows of the table that say that there is no label */
    int n_missing;        /* rows with a label but without an image */
    int n_unlisted;       /* labelled by their folder, not mentioned in the table */
    int n_given;          /* images that the source gives to a set */
    int are_paths;        /* 1: ids are paths, since names stand twice */
    char table[80];       /* name of the table, without its folder; "": none */
    char guess[320];      /* which columns were taken, when it is a guess; else "" */
};

struct catalog {
    int n, capacity;
    struct dataset_image *cell; /* (n) by cluster, then by id; sizes and masked still 0 */
    struct meta meta;           /* of the cells, in their order */
    struct ids_rule rule;
    struct idmap *by_id; /* what is compared of an id (ids.h) -> position in cell */
    char **key;          /* (n) those of them that are no part of cell.id, else NULL */
    char folder[CATALOG_PATH_SIZE];
    char boundaries[CATALOG_PATH_SIZE]; /* path of the boundary file, "" when there is none */
    int synthetic;                      /* 1 when marked */
    struct rejects left;                /* images whose label says that they have none */
    struct catalog_counts counts;       /* also on failure */
};

/* Scan a folder with what options say about groups, tables and ids. Images without a usable id or label go to
 * rejects; no images, duplicate ids, labels without images (unless options->allow_missing), labels that
 * disagree with the folder, no such column are E_IO. On failure *catalog is empty but for counts. */
int catalog_read(const char *folder, const struct dataset_options *options, struct catalog *catalog,
                 struct rejects *rejects, struct err *err);

/* The same of a folder that has no images, only a table, options->labels: every row of it is a cell, whose
 * source says where it stands. */
int catalog_read_rows(const char *folder, const struct dataset_options *options, struct catalog *catalog,
                      struct rejects *rejects, struct err *err);

/* Keep n cells: those of keep[i], ascending. */
int catalog_keep(struct catalog *catalog, const int *keep, int n, struct err *err);

/* Position of a cell by the id a table gives it; -1 when there is none. */
int catalog_find(const struct catalog *catalog, const char *id);

/* ids_explain() of the ids of a table, n of them, and those of the images. */
void catalog_explain(const struct catalog *catalog, const char *const *id, int n, char *out, size_t size);

void catalog_release(struct catalog *catalog);

#endif
