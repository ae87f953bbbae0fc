/* catalog.h - which images a folder holds, and their labels.
 *
 * Layout A:  <folder>/cell_images/cluster_<k>/cell_<id>.png      the label is the folder's number;
 *                                                                clusters.csv, when it is there too, must
 *                                                                agree
 * Layout B:  <folder>/<id>.png or cell_<id>.png                  the label comes from clusters.csv
 * Both:      <folder>/clusters.csv[.gz]          Barcode,Cluster, and a column with the group of a cell when
 *                                                groups are asked for
 *            <folder>/cell_boundaries.csv[.gz]   see outlines.h
 *            <folder>/SYNTHETIC                  the mark of images drawn by this program
 * The cluster folders may also lie in <folder> itself. Hidden files, files that are not .png and folders
 * inside a folder of images are passed over; all but hidden ones and the tables above are counted. A cell
 * whose label is empty or says that there is none (NA, nan, null, none, -1, Unassigned, in any case) is left
 * out and counted. Pixels are not looked at. */
#ifndef CELLSWEEP_CATALOG_H
#define CELLSWEEP_CATALOG_H

#include "data/dataset.h"
#include "data/idmap.h"
#include "data/rejects.h"
#include "err.h"

enum { CATALOG_PATH_SIZE = 4096 };

struct catalog {
    int n, capacity;
    struct dataset_image *cell; /* (n) by cluster, then by id; sizes and masked still 0 */
    struct idmap *by_id;        /* id -> position in cell */
    char folder[CATALOG_PATH_SIZE];
    char boundaries[CATALOG_PATH_SIZE]; /* path of the boundary file, "" when there is none */
    int synthetic;                      /* 1 when marked */
    int n_found;      /* images found, those without a usable name or label too; also on failure */
    int n_ignored;    /* files passed over because they are not .png */
    int n_nested;     /* folders inside a folder of images, passed over */
    int n_unlabelled; /* rows of clusters.csv that say that there is no label */
    int n_outside;    /* layout A: images and folders beside the folders cluster_<k> */
    int n_missing;    /* labels without an image */
    int n_unlisted;   /* layout A: images that clusters.csv does not mention */
};

struct catalog_options {
    const char *groups; /* column of clusters.csv, or NULL */
    int allow_missing;  /* 1: labels without images are counted, not refused */
};

/* Scan a folder. options->groups: the column of clusters.csv that cell.group is taken from, or NULL; a cell
 * that it does not mention, or mentions with an empty value, keeps the group "". Images without a usable id
 * or label go to rejects; no images, duplicate ids, labels without images (unless allow_missing), labels that
 * disagree with the folder, no such column are E_IO. On failure *catalog is empty but for n_found. */
int catalog_read(const char *folder, const struct catalog_options *options, struct catalog *catalog,
                 struct rejects *rejects, struct err *err);

/* Position of a cell by the id a table gives it, with or without the prefix "cell_"; -1 when there is
 * none. */
int catalog_find(const struct catalog *catalog, const char *id);

/* An id without the prefix "cell_", inside the text. */
const char *catalog_bare_id(const char *id);

void catalog_release(struct catalog *catalog);

#endif
