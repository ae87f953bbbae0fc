/* page_pieces.h - a document of the page (web/DOCUMENT.md) that is no larger than it may be: what does not
 * fit is left out, and said to be, or comes later in pieces.
 *
 *     rc = page_pieces_fit(root, most, NULL);          a file: what does not fit is gone
 *     rc = page_pieces_fit(root, most, apart);         a server: it keeps that in the object `apart`
 *
 * What a reader needs first is never left out: jobs with their judged numbers, the table `final`, sentences,
 * glance. Of the rest what is worth most is kept while it fits. No MPI. */
#ifndef CELLSWEEP_PAGE_PIECES_H
#define CELLSWEEP_PAGE_PIECES_H

#include <jansson.h>
#include <stddef.h>

/* Make the document root fit `most` bytes (0: any size is right) and set its member left_out: the names of
 * what it lost, and of what that member names already: curves that were not even made. Curves and matrices
 * stay as empty members; they are asked for by job. Where curves are lost and root has means of them
 * (member curve_means), those are kept, the most telling ones before single rows; else they go. A member that
 * is null and a table without rows are no pieces: they stay. `apart` (NULL: nobody wants it) gets the other
 * pieces, each a member by its name whose value has the members to put into the document. -1 without
 * memory. */
int page_pieces_fit(json_t *root, size_t most, json_t *apart);

#endif
