#include "page/page_data.h"

#include "page/page_glance.h"
#include "page/page_parts.h"
#include "page/page_pieces.h"
#include "store/store_select.h"
#include "tables/findings_pages.h"
#include "write/json_text.h"

#include <stdlib.h>
#include <string.h>

void document_put(struct document *d, json_t *object, const char *name, json_t *value)
{
    json_out_put(object, name, value, &d->failed);
}

void document_add(struct document *d, json_t *array, json_t *value)
{
    json_out_add(array, value, &d->failed);
}

int document_choose_jobs(struct document *d, struct err *err)
{
    struct selection chosen;
    d->mark = err_calloc((size_t)store_n_jobs(d->store), sizeof *d->mark, "commit marks", err);
    int rc = d->mark ? store_select(d->store, d->summary->filter, &chosen, err) : E_IO;
    if (rc < 0)
        return rc;
    d->job = chosen.job;
    d->n = chosen.n;
    return store_read_marks(d->store, d->mark, err);
}

void document_release(struct document *d)
{
    json_decref(d->root);
    free(d->job);
    free(d->mark);
}

int document_put_first(struct document *d, int with_rows, struct err *err)
{
    json_t *glance = NULL;
    int rc;
    document_put_head(d);
    document_put_jobs(d);
    if ((rc = document_put_curves(d, with_rows, err)) < 0 ||
        (rc = document_put_confusion(d, with_rows, err)) < 0 || (rc = document_put_published(d, err)) < 0 ||
        (rc = page_glance(d->store, d->summary, d->findings, &glance, err)) < 0)
        return rc;
    document_put(d, d->root, "glance", glance);
    document_put_sentences(d);
    document_put(d, d->root, "tables", json_object());
    document_put_final(d);
    if (d->findings->versus[0])
        document_put_table(d, FINDINGS_SWEEPS);
    return 0;
}

static int fill(struct document *d, struct err *err)
{
    int rc = document_put_first(d, 1, err);
    if (rc == 0)
        rc = document_put_rest(d, err);
    if (rc < 0)
        return rc;
    if (d->options->most > 0 && !d->options->apart)
        document_put_curve_means(d);
    d->failed |= page_pieces_fit(d->root, d->options->most, d->options->apart) < 0;
    return d->failed ? err_set(err, E_IO, "%s: out of memory for the page's data", store_path(d->store)) : 0;
}

int document_text(const struct document *d, char **json, size_t *n, struct err *err)
{
    *json = d->failed ? NULL : json_text(d->root, n);
    return *json ? 0 : err_set(err, E_IO, "%s: out of memory for the page's data", store_path(d->store));
}

int page_data_of(const struct summary *summary, struct findings *findings,
                 const struct page_data_options *options, char **json, size_t *n, struct err *err)
{
    struct document d = {.store = summary->store,
                         .options = options,
                         .summary = summary,
                         .findings = findings,
                         .root = json_object()};
    int rc = document_choose_jobs(&d, err);
    *json = NULL;
    if (rc == 0)
        rc = fill(&d, err);
    if (rc == 0)
        rc = document_text(&d, json, n, err);
    document_release(&d);
    return rc;
}

int page_data_new(struct store *store, const char *filter, const struct page_data_options *options,
                  char **json, size_t *n, struct err *err)
{
    struct summary *summary = NULL;
    struct findings *findings = NULL;
    int rc = summary_read(store, filter, &summary, err);
    *json = NULL;
    if (rc == 0)
        rc = findings_new(store, summary, &findings, err);
    if (rc == 0)
        rc = page_data_of(summary, findings, options, json, n, err);
    findings_free(findings);
    summary_free(summary);
    return rc;
}
