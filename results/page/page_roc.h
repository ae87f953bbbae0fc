/* page_roc.h - the member `roc` of the page's document (web/DOCUMENT.md): ROC and precision-recall curves
 * of the groups of table `final`, 4 decimals a number. No MPI. */
#ifndef CELLSWEEP_PAGE_ROC_H
#define CELLSWEEP_PAGE_ROC_H

#include "stats/roc.h"

#include <jansson.h>

/* Of more groups the document has no curves, which would be most of it: 2 kB a group. */
enum { PAGE_ROC_MOST = 600 };

/* A new reference, null of more than PAGE_ROC_MOST groups; NULL without memory. */
json_t *page_roc(const struct roc *roc);

#endif
