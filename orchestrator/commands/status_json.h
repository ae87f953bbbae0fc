/* status_json.h - `status --json`: a look at a sweep as one JSON object. help/status.txt lists its keys,
 * which stay: what is not known is null. Times are seconds since 1970. No MPI. */
#ifndef CELLSWEEP_STATUS_JSON_H
#define CELLSWEEP_STATUS_JSON_H

#include "status_view.h"

#include <jansson.h>

/* The object; owned by the caller. NULL with *err set when there is no memory. */
json_t *status_json(const struct status_view *view, struct err *err);

/* The same to stdout. */
int status_json_print(const struct status_view *view, struct err *err);

#endif
