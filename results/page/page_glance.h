/* page_glance.h - the member `glance` of the page's document (web/DOCUMENT.md): what its first picture shows
 * beside the numbers of table `final`. No MPI. */
#ifndef CELLSWEEP_PAGE_GLANCE_H
#define CELLSWEEP_PAGE_GLANCE_H

#include "tables/findings.h"

#include <jansson.h>

/* *out: a new reference. findings: of summary, whose groups are the rows. E_IO without memory, or for a file
 * that cannot be read. */
int page_glance(struct store *store, const struct summary *summary, const struct findings *findings,
                json_t **out, struct err *err);

#endif
