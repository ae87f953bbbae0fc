/* page_cuts.h - the member `cuts` of the page's document (web/DOCUMENT.md): what thresholds give, of the
 * groups of table `final` that have two classes, 4 decimals a rate. No MPI. */
#ifndef CELLSWEEP_PAGE_CUTS_H
#define CELLSWEEP_PAGE_CUTS_H

#include "stats/calibration.h"
#include "stats/summary.h"

#include <jansson.h>

/* Of more groups the document has none, which would be most of it: 3 kB a group. */
enum { PAGE_CUTS_MOST = 300 };

/* *out: a new reference; null of more than PAGE_CUTS_MOST groups, or where none has two classes.
 * calibration: of summary, for the thresholds that its jobs tuned. E_IO without memory, or for a file that
 * cannot be read. */
int page_cuts(struct store *store, const struct summary *summary, const struct calibration *calibration,
              json_t **out, struct err *err);

#endif
