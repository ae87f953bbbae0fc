#ifndef CELLSWEEP_SETTINGS_NEAREST_H
#define CELLSWEEP_SETTINGS_NEAREST_H

/* Of the names that name(0), name(1), ... give, until NULL, the one that a misspelt `text` likely means; NULL
 * where none is near. Case never counts. The best of these, of equals the first: the same; one begins with
 * the other (resnet: resnet-8); one contains the other (xgboost: boost), three letters at least; at most 3
 * changes of a letter (setting_distance), fewer than half of the longer one,
 * so that `ros` is not `none`. */
const char *nearest_name(const char *text, const char *(*name)(int i));

#endif
