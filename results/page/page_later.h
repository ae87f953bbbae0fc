/* page_later.h - the page's document (web/DOCUMENT.md) of a large sweep: what the first screen shows is made
 * at once, the rest piece by piece, when somebody asks for it.
 *
 *     struct page_later *later = NULL;
 *     rc = page_later_new(store, filter, &options, &later, &json, &n, &err);      first part, left_out in it
 *     rc = page_later_piece(later, "scores", data, &json, &n, &err);              seconds later, or never
 *     page_later_free(later);
 *
 * First part and pieces together are the document that page_data_new() makes, but for curves and matrices,
 * which are asked for by job. A piece is of the jobs that were finished when the first part was made,
 * whatever the file has got since. No MPI. */
#ifndef CELLSWEEP_PAGE_LATER_H
#define CELLSWEEP_PAGE_LATER_H

#include "page/page_data.h"

struct page_later;

/* *json: the first part as page_data_new() gives it. Of options, live and version count. *out is owned by the
 * caller; it holds means and tests, not the store, which must be the same and open when a piece is made.
 * Errors as page_data_new(), and then *out and *json are NULL. */
int page_later_new(struct store *store, const char *filter, const struct page_data_options *options,
                   struct page_later **out, char **json, size_t *n, struct err *err);

/* Whether a piece has something of the sweep's images, which are not worth reading for others. */
int page_later_shows_images(const char *name);

/* A piece that left_out names, as text like the document: an object with tables, members and summary, each of
 * them there if it has something to put into the document, and the version. data: as in page_data_options, of
 * a piece that shows images. E_USAGE when there is no such piece; E_IO for a file that cannot be read, or
 * without memory: later may be asked again. */
int page_later_piece(struct page_later *later, const char *name, const struct dataset *data, char **json,
                     size_t *n, struct err *err);

/* later may be NULL; the store may be closed. */
void page_later_free(struct page_later *later);

#endif
