/* classifier.h - a stream of image files to a table of predictions.
 *
 *     struct classifier *c = NULL;
 *     rc = classifier_new(&options, &c, &err);
 *     rc = classifier_add(c, "cells/cell_7.png", &err);     any number of times
 *     rc = classifier_finish(c, &err);                      writes what is left
 *     classifier_free(c);
 *
 * Images are classified a batch at a time, rows come in the order of the images. Memory does not grow
 * with their number. A file that cannot be used is named on stderr with its reason, and counted; all
 * others are done. No MPI.
 *
 * CSV: image, id, predicted, probability_<class> for each class in the order of classes (class_name.h),
 * masked (0 or 1), votes (jobs that find the predicted class likeliest), jobs (that voted), spread
 * (standard deviation of its probability over them, empty of one), copy_of (id of the sweep's cell that
 * equals it in every pixel), distance and usual_distance (struct predictor_known); these three are empty
 * where the sweep's images are gone. JSON: one object a line,
 *     {"image": "a/cell_7.png", "id": "7", "predicted": 8, "probability": {"8": 0.98,
 *     "10": 0.02}, "masked": false, "votes": 3, "jobs": 3, "spread": 0.01, "copy_of": null,
 *     "distance": 0.04, "usual_distance": 0.05}
 * Probabilities have 9 significant digits, which give a float32 back exactly. Equal ones: the
 * first class of the jobs is predicted. A class with a name is a text, "predicted": "Folded". */
#ifndef CELLSWEEP_CLASSIFIER_H
#define CELLSWEEP_CLASSIFIER_H

#include "predict/predictor.h"

#include <stdio.h>

enum classifier_format { CLASSIFIER_CSV, CLASSIFIER_JSON, N_CLASSIFIER_FORMATS };

/* "csv", "json". */
extern const char *const classifier_format_names[N_CLASSIFIER_FORMATS];

/* Everything is only used, and must live as long as the classifier. */
struct classifier_options {
    struct predictor *predictor;
    const struct outlines *outlines; /* NULL: no image is masked */
    const struct dataset *data;      /* the sweep's images; NULL: they are gone, or are of another size */
    enum classifier_format format;
    FILE *out;
    const char *out_name; /* what errors call it */
};

struct classifier_counts {
    long classified, masked, bad;
    long misfits, coloured, transparent, flat; /* of those classified: struct predictor_image */
    long copies, unlike; /* of those classified: struct predictor_known, copy, and distance above the usual */
};

struct classifier;

/* Writes the CSV's header. *out is owned by the caller. E_IO without memory. */
int classifier_new(const struct classifier_options *options, struct classifier **out, struct err *err);

/* The next image, or all images of an .npz (npz.h), named "x.npz/train_17". 0 for a bad one too; E_IO when
 * the output cannot be written, or without memory. */
int classifier_add(struct classifier *c, const char *path, struct err *err);

/* Write the last rows and flush. E_IO when the output could not be written. */
int classifier_finish(struct classifier *c, struct err *err);

struct classifier_counts classifier_counts(const struct classifier *c);

void classifier_free(struct classifier *c);

#endif
