/* image_set.h - the sets of a job: what it learns from, what choices are made on (val: only in jobs with an
 * inner set), what judges it, all it has. What a job is measured by is (N_SETS, N_METRICS), by enum
 * image_set: NaN of a set that it lacks, and of SET_ALL. No MPI. */
#ifndef CELLSWEEP_IMAGE_SET_H
#define CELLSWEEP_IMAGE_SET_H

enum image_set { SET_TRAIN, SET_VAL, SET_TEST, SET_ALL, N_SETS };

/* "train", "val", "test", "all": as in paths of the results file, columns and JSON. */
extern const char *const image_set_names[N_SETS];

/* The sets that are measured after every epoch, and those whose images are predicted after the last one; both
 * in the order of enum image_set. */
enum { N_CURVE_SETS = 3, N_JUDGED_SETS = 3 };
extern const enum image_set curve_sets[N_CURVE_SETS], judged_sets[N_JUDGED_SETS];

#endif
