/* features.h - the rows that the models of a job are given, for whoever has images.
 *
 *     struct features *features = NULL;
 *     rc = features_new(&config, &features, &err);
 *     rc = features_learn(features, &lesson, &err);           or features_restore(), with what a job left
 *     rc = features_give(features, &samples, &pause, &rows, &err);
 *     features_make(features, image, n, rows);
 *     features_free(features);
 *
 * What it has learnt are arrays: those of the kind (feature.h), then "features.mean" and "features.scale",
 * where rows are scaled: mean of the training rows and 1 / standard deviation, 0 of a number that never
 * changes among them. Copies count as often as they are trained on. One thread. No MPI. */
#ifndef CELLSWEEP_FEATURES_H
#define CELLSWEEP_FEATURES_H

#include "features/feature.h"

struct features;

/* Of a config whose feature_of()->check() was good. *out is owned by the caller. */
int features_new(const struct config *config, struct features **out, struct err *err);

/* Bytes of the arrays, and how many there are. */
size_t features_room(const struct config *config, int *n_arrays);

/* What its kind has to learn, from the training samples of a job. E_STOPPED when the lesson's pause says
 * so. */
int features_learn(struct features *features, const struct feature_lesson *lesson, struct err *err);

/* Give every sample of a job its row in place of its pixels, each distinct image measured once; the scale is
 * that of the training samples. *rows is owned by the caller, and must outlive the pixels of samples. */
int features_give(struct features *features, struct job_samples *samples, struct pause *pause, float **rows,
                  struct err *err);

/* Rows (n, feature_floats()) of images given by pointer, scaled. Not for pixels. */
void features_make(struct features *features, const float *const *image, int n, float *rows);

/* The same without scaling: numbers in their own units; and the scale alone, of one row in place. */
void features_measure(struct features *features, const float *const *image, int n, float *rows);
void features_scale(const struct features *features, float *row);

/* Add the arrays. Valid as long as features. */
void features_arrays(struct features *features, struct arrays *out);

/* Take over such arrays. E_USAGE when they are of others; nothing has changed then. */
int features_restore(struct features *features, const struct arrays *from, struct err *err);

void features_free(struct features *features);

#endif
