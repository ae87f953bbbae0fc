/* small_store.h - a results file of any few jobs: each a row and its confusion matrices, or the balanced
 * accuracy that they shall have; for tests of comparisons and of figures about clusters, axes and folds.
 * Images are fake_dataset(): 28 clusters, 1000 images. */
#ifndef CELLSWEEP_SMALL_STORE_H
#define CELLSWEEP_SMALL_STORE_H

#include "store/store.h"

enum { SMALL_EPOCHS = 3, SMALL_IMAGES = 1000000 /* of a class, in matrices made to measure */ };

/* Without test every class has recall `balanced` there; with it `balanced` is not read. */
struct small_job {
    struct store_job row;
    enum job_state state;
    double
        balanced;   /* accuracy, too, of the test set at the last epoch; all else is 0.125, training 0.9375 */
    int n;          /* classes, at most those of the file */
    int lacking;    /* 1: no image of the last class is in the test set */
    int *test;      /* (n, n) or NULL */
    int *all;       /* (n, n) or NULL: zeros */
    int image;      /* the one it is judged on */
    double seconds; /* from its start, at 0, to its end */
    int again;      /* attempts beside the first */
    int leak;       /* of its one test image */
    int n_train;    /* images that it trained on; 0: 10 */
};

/* Write a file of n jobs; n_classes is C. axis: dotted keys, or NULL. settings: lines of the sweep file
 * beside its data and its grid of one seed; lines of the grid may stand at the end. */
int small_store(const char *path, const struct small_job *job, int n, int n_classes, const char *const *axis,
                int n_axes, const char *settings, struct err *err);

/* A file of a folder as text; freed by the caller. NULL when it is not there. */
char *small_text(const char *dir, const char *name);

#endif
