#include "page/page_later.h"

#include "page/page_cells.h"
#include "page/page_cuts.h"
#include "page/page_parts.h"
#include "page/page_pieces.h"
#include "page/page_roc.h"
#include "page/page_trials.h"
#include "store/classes.h"
#include "tables/findings_pages.h"

#include <stdlib.h>
#include <string.h>

/* ---- what pieces have beside tables of findings ---- */

static int put_cost_words(struct document *d, struct err *err)
{
    (void)err;
    document_put_words(d, WORDS_COST);
    return 0;
}

static int put_model_words(struct document *d, struct err *err)
{
    (void)err;
    document_put_words(d, WORDS_MODELS);
    return 0;
}

static int put_training_words(struct document *d, struct err *err)
{
    (void)err;
    document_put_words(d, WORDS_TRAINING);
    return 0;
}

static int put_trials(struct document *d, struct err *err)
{
    json_t *trials = NULL;
    if (!d->findings->tuned)
        return 0;
    int rc = page_trials(d->store, d->findings->tuned, d->job, d->n, &trials, err);
    if (rc == 0)
        document_put(d, json_object_get(d->root, "tables"), "trials", trials);
    else
        json_decref(trials);
    return rc;
}

static int has_roc(const struct document *d)
{
    return d->summary->n_groups <= PAGE_ROC_MOST;
}

static int put_roc(struct document *d, struct err *err)
{
    (void)err;
    document_put(d, d->root, "roc", has_roc(d) ? page_roc(d->findings->roc) : json_null());
    return 0;
}

/* Thresholds are of two classes. */
static int has_cuts(const struct document *d)
{
    int cluster[CONFIG_MAX_CLUSTERS], n_two = 0;
    for (int g = 0; g < d->summary->n_groups && d->summary->n_groups <= PAGE_CUTS_MOST; g++)
        n_two += classes_of(d->store, d->summary->group[g].cell, cluster) == 2;
    return n_two > 0;
}

static int put_cuts(struct document *d, struct err *err)
{
    json_t *cuts = has_cuts(d) ? NULL : json_null();
    int rc = cuts ? 0 : page_cuts(d->store, d->summary, d->findings->calibration, &cuts, err);
    if (rc == 0)
        document_put(d, d->root, "cuts", cuts);
    return rc;
}

static int put_cells(struct document *d, struct err *err)
{
    return page_cells(d->summary, d->options->data, d->root, err);
}

/* ---- which have something, for all that is known at once ---- */

static int has_leak(const struct document *d)
{
    return findings_pages[FINDINGS_LEAK].rows(d->findings) > 0;
}

static int has_selection(const struct document *d)
{
    return findings_pages[FINDINGS_SELECTION].rows(d->findings) > 0;
}

static int has_models(const struct document *d)
{
    return findings_compares(d->findings, FACTOR_MODEL);
}

static int has_factors(const struct document *d)
{
    for (int f = 0; f < FACTORS_MOST; f++)
        if (findings_compares(d->findings, f))
            return 1;
    return 0;
}

static int has_trials(const struct document *d)
{
    return store_n_trials(d->store) > 0;
}

/* ---- the pieces ---- */

enum { NONE = N_FINDINGS_PAGES };

/* As page_pieces.c names them. */
static const struct later {
    const char *name;
    unsigned need; /* parts of findings */
    int page[2];   /* tables, of findings_pages */
    int (*put)(struct document *d, struct err *err);
    int (*has)(const struct document *d); /* NULL: nobody knows before it is made */
} pieces[] = {
    {"comparisons", FOUND(FOUND_SETS), {FINDINGS_COMPARISONS, NONE}, NULL, NULL},
    {"rankings", FOUND(FOUND_SETS), {FINDINGS_RANKINGS, NONE}, NULL, NULL},
    {"leak_inflation", 0, {FINDINGS_LEAK, NONE}, NULL, has_leak},
    {"selection_inflation", 0, {FINDINGS_SELECTION, NONE}, NULL, has_selection},
    {"models",
     FOUND(FOUND_MODELS),
     {FINDINGS_MODELS, FINDINGS_MODELS_BY_CLUSTERS},
     put_model_words,
     has_models},
    {"training",
     FOUND(FOUND_TRAINING),
     {FINDINGS_TRAINING_SIZE, FINDINGS_TRAINING_COST},
     put_training_words,
     NULL},
    {"tuning", FOUND(FOUND_TUNED), {FINDINGS_TUNING, FINDINGS_TUNING_CURVE}, put_trials, has_trials},
    {"calibration",
     FOUND(FOUND_CALIBRATION) | FOUND(FOUND_TRUST),
     {FINDINGS_CALIBRATION, FINDINGS_COST},
     put_cost_words,
     NULL},
    {"reliability", FOUND(FOUND_CALIBRATION), {FINDINGS_RELIABILITY, NONE}, NULL, NULL},
    {"roc", FOUND(FOUND_ROC), {NONE, NONE}, put_roc, has_roc},
    {"cuts", FOUND(FOUND_CALIBRATION), {NONE, NONE}, put_cuts, has_cuts},
    {"cells", 0, {NONE, NONE}, put_cells, NULL},
    {"claims", FOUND(FOUND_CLAIMS), {FINDINGS_CLAIMS, NONE}, NULL, NULL},
    {"literature", FOUND(FOUND_LITERATURE), {FINDINGS_LITERATURE, NONE}, NULL, NULL},
    {"factors", FOUND(FOUND_SETS), {FINDINGS_FACTORS, NONE}, NULL, has_factors},
    {"scores", FOUND(FOUND_SCORES), {FINDINGS_SCORES, NONE}, NULL, NULL},
};

enum { N_PIECES = sizeof pieces / sizeof *pieces, N_PAGES = sizeof pieces->page / sizeof *pieces->page };

/* Put a piece into the document; the tables of tuning only where there are trials. */
static int put(struct document *d, const struct later *piece, struct err *err)
{
    for (int p = 0; p < N_PAGES; p++)
        if (piece->page[p] != NONE && (piece->page[p] < FINDINGS_TUNING || d->findings->tuned))
            document_put_table(d, piece->page[p]);
    return piece->put ? piece->put(d, err) : 0;
}

static int make(struct document *d, const struct later *piece, struct err *err)
{
    int rc = findings_need(d->findings, piece->need, err);
    return rc == 0 ? put(d, piece, err) : rc;
}

int document_put_rest(struct document *d, struct err *err)
{
    int rc = 0;
    for (int p = 0; p < N_PIECES && rc == 0; p++)
        rc = make(d, &pieces[p], err);
    return rc;
}

/* ---- one by one ---- */

struct page_later {
    struct document d; /* root: of the piece that is made */
    struct page_data_options options;
    char *version;
    struct summary *summary;
    struct findings *findings;
};

/* Before a job is finished nothing takes long, and nothing is worth asking for. */
static int is_later(const struct document *d, const struct later *piece)
{
    return d->findings->whole->n_state[JOB_DONE] > 0 && (!piece->has || piece->has(d));
}

/* What comes later is named, the rest is there. */
static int put_left_out(struct document *d, struct err *err)
{
    int rc = 0, is_early = d->findings->whole->n_state[JOB_DONE] == 0;
    for (int p = 0; p < N_PIECES && rc == 0; p++)
        if (is_later(d, &pieces[p]))
            document_add(d, json_object_get(d->root, "left_out"), json_string(pieces[p].name));
        else
            rc = is_early ? make(d, &pieces[p], err) : put(d, &pieces[p], err);
    if (rc == 0)
        d->failed |= page_pieces_fit(d->root, 0, NULL) < 0; /* names in its order */
    return rc;
}

static int begin(struct page_later *later, struct store *store, const char *filter, struct err *err)
{
    struct document *d = &later->d;
    int rc = summary_read_final(store, filter, &later->summary, err);
    if (rc == 0)
        rc = findings_begin(store, later->summary, readout_unsaid(), &later->findings, err);
    if (rc < 0)
        return rc;
    *d = (struct document){.store = store,
                           .options = &later->options,
                           .summary = later->summary,
                           .findings = later->findings,
                           .root = json_object()};
    if ((rc = document_choose_jobs(d, err)) < 0 || (rc = document_put_first(d, 0, err)) < 0)
        return rc;
    return put_left_out(d, err);
}

int page_later_new(struct store *store, const char *filter, const struct page_data_options *options,
                   struct page_later **out, char **json, size_t *n, struct err *err)
{
    struct page_later *later = err_calloc(1, sizeof *later, "the page's data", err);
    *out = NULL;
    *json = NULL;
    if (!later)
        return E_IO;
    later->version = options->version ? strdup(options->version) : NULL;
    later->options = (struct page_data_options){.live = options->live, .version = later->version};
    int rc = options->version && !later->version ? err_set(err, E_IO, "out of memory for the page's data")
                                                 : begin(later, store, filter, err);
    if (rc == 0)
        rc = document_text(&later->d, json, n, err);
    json_decref(later->d.root);
    later->d.root = NULL;
    if (rc < 0)
        page_later_free(later);
    else
        *out = later;
    return rc;
}

/* The root of a piece as an answer has it: what is for tables, for summary, and for the document itself. */
static void wrap(struct document *d)
{
    static const char *const of[] = {"tables", "summary"};
    json_t *answer = json_object();
    for (int i = 0; i < 2; i++) {
        json_t *own = json_object_get(d->root, of[i]);
        if (json_object_size(own) > 0)
            document_put(d, answer, of[i], json_incref(own));
        json_object_del(d->root, of[i]);
    }
    if (json_object_size(d->root) > 0)
        document_put(d, answer, "members", json_incref(d->root));
    document_put(d, answer, "version", d->options->version ? json_string(d->options->version) : json_null());
    json_decref(d->root);
    d->root = answer;
}

/* NULL: there is none. */
static const struct later *find(const char *name)
{
    for (int p = 0; p < N_PIECES; p++)
        if (strcmp(pieces[p].name, name) == 0)
            return &pieces[p];
    return NULL;
}

int page_later_shows_images(const char *name)
{
    const struct later *piece = find(name);
    return piece && piece->put == put_cells;
}

int page_later_piece(struct page_later *later, const char *name, const struct dataset *data, char **json,
                     size_t *n, struct err *err)
{
    const struct later *piece = find(name);
    struct document *d = &later->d;
    *json = NULL;
    if (!piece || !is_later(d, piece))
        return err_set(err, E_USAGE, "there is no part '%.40s'", name);
    d->failed = 0;
    d->root = json_pack("{s:{}, s:{}}", "tables", "summary");
    later->options.data = data;
    int rc = d->root ? make(d, piece, err) : err_set(err, E_IO, "out of memory for the page's data");
    later->options.data = NULL;
    if (rc == 0) {
        wrap(d);
        rc = document_text(d, json, n, err);
    }
    json_decref(d->root);
    d->root = NULL;
    return rc;
}

void page_later_free(struct page_later *later)
{
    if (!later)
        return;
    document_release(&later->d);
    findings_free(later->findings);
    summary_free(later->summary);
    free(later->version);
    free(later);
}
