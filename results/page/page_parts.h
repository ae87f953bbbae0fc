/* page_parts.h - a document of the page (page_data.h) under way, and who puts what into it. For page_*.c
 * only. */
#ifndef CELLSWEEP_PAGE_PARTS_H
#define CELLSWEEP_PAGE_PARTS_H

#include "page/page_data.h"
#include "write/json_out.h"

struct document {
    struct store *store;
    const struct page_data_options *options;
    const struct summary *summary;
    const struct findings *findings; /* the callers' */
    struct store_mark *mark;         /* (J of the store) */
    int n;                           /* jobs of the document */
    int *job;                        /* (n) their rows in the store */
    json_t *root;
    int failed; /* 1: something could not be allocated */
};

/* json_out_put() and json_out_add() that remember a failure in the document. */
void document_put(struct document *d, json_t *object, const char *name, json_t *value);
void document_add(struct document *d, json_t *array, json_t *value);

/* Members of the root, of the same names as in web/DOCUMENT.md; jobs.judged is put by curves, after jobs. */
void document_put_head(struct document *d);
void document_put_jobs(struct document *d);
int document_put_curves(struct document *d, struct err *err);
void document_put_curve_means(struct document *d); /* all there are; page_pieces_fit() keeps what it needs */
int document_put_confusion(struct document *d, struct err *err);
int document_put_published(struct document *d, struct err *err);
void document_put_summary(struct document *d);
void document_put_tables(struct document *d);

#endif
