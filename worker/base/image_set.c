#include "base/image_set.h"

const char *const image_set_names[N_SETS] = {"train", "val", "test", "all"};

const enum image_set curve_sets[N_CURVE_SETS] = {SET_TRAIN, SET_VAL, SET_TEST};
const enum image_set judged_sets[N_JUDGED_SETS] = {SET_VAL, SET_TEST, SET_ALL};
