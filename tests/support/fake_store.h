/* fake_store.h - a results file with curves made by formula, for tests of what is drawn from one.
 * Pairs 8-10, 14-15, 1-27 and 3-9, five strategies, FAKE_SEEDS seeds, protocol report; every number
 * is a function of (pair, strategy, seed, epoch), so a test can compute what a report must say. Not
 * every job is finished. */
#ifndef CELLSWEEP_FAKE_STORE_H
#define CELLSWEEP_FAKE_STORE_H

#include "data/dataset.h"
#include "store/store.h"

enum {
    FAKE_PAIRS = 4,
    FAKE_STRATEGIES = 5,
    FAKE_SEEDS = 10,
    FAKE_EPOCHS = 100,
    FAKE_JOBS = FAKE_PAIRS * FAKE_STRATEGIES * FAKE_SEEDS,
    FAKE_TEST = 18,
    FAKE_ALL = 89
};

/* Job number of a cell and seed, both from 0. */
int fake_job(int pair, int strategy, int seed);

/* Metrics of one epoch (from 0): training closes in on 1, test on a level of its own; a seed shifts and
 * shakes it. In test classes are of one size and recall, so that accuracy is balanced. */
float fake_metric(int job, int epoch, enum image_set set, enum metric metric);

/* Test images that are also in training: 12 and 13 in turn when oversampled or augmented, else none. */
int fake_leak(int job);

/* Confusion matrix on all originals: recalls (40 - seed) / 44 and 1 / 3. */
void fake_confusion(int job, int cell[4]);

/* Confusion matrix of the test set, of a million images a class. */
void fake_confusion_test(int job, int cell[4]);

/* 28 clusters of the report's sizes; every image a bright spot on a dim polygon, 50 x
 * 50. Freed by dataset_free. */
struct dataset *fake_dataset(struct err *err);

/* How a fake store may differ: no job is written, all are waiting; a grid axis train.learning_rate. */
enum { FAKE_WAITING = 1, FAKE_AXIS = 2, FAKE_OTHER_DATA = 4 };

/* Write path, and cells (a packed dataset) unless it is NULL. */
int fake_store(const char *path, const char *cells, int flags, struct err *err);

#endif
