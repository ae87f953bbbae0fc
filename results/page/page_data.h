/* page_data.h - the document that the page shows: a whole sweep as one JSON text, as
 * web/DOCUMENT.md describes it.
 *
 *     struct page_data_options options = {.data = data};
 *     char *json = NULL;
 *     size_t n;
 *     if (page_data_new(store, "protocol=holdout", &options, &json, &n, &err) < 0) ...
 *     page_write(file, json, n);
 *     free(json);
 *
 * Works on a running sweep, too, with nothing finished yet. No MPI. */
#ifndef CELLSWEEP_PAGE_DATA_H
#define CELLSWEEP_PAGE_DATA_H

#include "data/dataset.h"
#include "tables/findings.h"

#include <jansson.h>
#include <stddef.h>

struct page_data_options {
    int live; /* 1: shown by a server that reads the file again and again */
    const struct dataset
        *data;   /* the sweep's images (sweep_images.h), for the thumbnails; NULL: none are shown */
    size_t most; /* bytes that the document may have, 0: any; what does not fit is left out (page_pieces.h) */
    const char *version; /* tells documents of one sweep apart, also in their pieces; NULL: nothing does */
    json_t *apart;       /* an object that gets what is left out; NULL: nobody wants it */
};

/* The document of the jobs that match filter (NULL: all) as UTF-8 text of *n bytes and a closing 0, owned by
 * the caller (free). E_USAGE when no job matches; E_IO for a file that cannot be read, or without memory. */
int page_data_new(struct store *store, const char *filter, const struct page_data_options *options,
                  char **json, size_t *n, struct err *err);

/* The same of what was found already: findings of summary, of a store that is still open; what they lack is
 * made. */
int page_data_of(const struct summary *summary, struct findings *findings,
                 const struct page_data_options *options, char **json, size_t *n, struct err *err);

#endif
