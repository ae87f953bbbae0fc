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
    struct findings *findings; /* the callers' */
    struct store_mark *mark;   /* (J of the store) */
    int n;                     /* jobs of the document */
    int *job;                  /* (n) their rows in the store */
    json_t *root;
    int failed; /* 1: something could not be allocated */
};

/* Members of `summary` that go with a table. */
enum document_words { WORDS_COST, WORDS_MODELS, WORDS_TRAINING };

/* json_out_put() and json_out_add() that remember a failure in the document. */
void document_put(struct document *d, json_t *object, const char *name, json_t *value);
void document_add(struct document *d, json_t *array, json_t *value);

/* Members of the root, of the same names as in web/DOCUMENT.md; jobs.judged is put by curves, after jobs.
 * with 0: the member says which sets there are, and is named in left_out. */
void document_put_head(struct document *d);
void document_put_jobs(struct document *d);
int document_put_curves(struct document *d, int with, struct err *err);
void document_put_curve_means(struct document *d); /* all there are; page_pieces_fit() keeps what it needs */
int document_put_confusion(struct document *d, int with, struct err *err);
int document_put_published(struct document *d, struct err *err);
void document_put_sentences(struct document *d);                        /* summary, without such words */
void document_put_words(struct document *d, enum document_words words); /* into summary */
void document_put_final(struct document *d);                            /* into tables */
void document_put_table(struct document *d, int page);                  /* of findings_pages, into tables */

/* ---- page_data.c ---- */

/* The jobs of the document and their marks, owned by d. */
int document_choose_jobs(struct document *d, struct err *err);
void document_release(struct document *d);

/* The root as text (json_text.h), owned by the caller; E_IO where something could not be allocated. */
int document_text(const struct document *d, char **json, size_t *n, struct err *err);

/* What a reader needs first; with_rows 0: without curves and matrices. Findings need no part. */
int document_put_first(struct document *d, int with_rows, struct err *err);

/* ---- page_later.c ---- */

/* All that is not put first and comes by its name. Findings are made as they are needed. */
int document_put_rest(struct document *d, struct err *err);

#endif
