/* plan_keys.h - `cellsweep plan --keys`: the keys of a sweep file, from the tables of those who read them. */
#ifndef CELLSWEEP_PLAN_KEYS_H
#define CELLSWEEP_PLAN_KEYS_H

#include "err.h"

#include <stdio.h>

/* A table of every key: section, key, default, range, which jobs use it, meaning. chosen: settings of a job,
 * "model=cnn,strategy=smote": only what such a job reads; NULL: all. E_USAGE for a setting that is none. */
int plan_keys_print(FILE *file, const char *chosen, struct err *err);

#endif
