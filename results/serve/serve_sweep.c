/* /api/sweep: the page's document, made anew when a job has ended. */
#include "serve/serve_core.h"

#include "page/page_data.h"
#include "page/page_later.h"
#include "beside/sweep_images.h"
#include "write/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Ended jobs and the file they are in. Progress within a job is not the document's business: /api/progress
 * and /api/curves have it. */
static int take_stamp(struct serve *serve, struct store *store, uint64_t stamp[2], struct err *err)
{
    struct run_view view;
    int rc = run_view_take(store, &view, err);
    if (rc < 0)
        return rc;
    XXH3_state_t *hash = XXH3_createState();
    if (!hash) {
        run_view_release(&view);
        return err_set(err, E_IO, "out of memory for the state of %d jobs", store_n_jobs(store));
    }
    XXH3_64bits_reset(hash);
    for (int i = 0; i < view.n_jobs; i++) {
        const struct store_mark *mark = &view.mark[i];
        double finished = mark->state == JOB_RUNNING ? 0 : mark->finished;
        int state = (int)mark->state;
        XXH3_64bits_update(hash, &state, sizeof state);
        XXH3_64bits_update(hash, &finished, sizeof finished);
    }
    stamp[0] = XXH3_64bits_digest(hash);
    stamp[1] = (uint64_t)shared_store_generation(serve->shared);
    XXH3_freeState(hash);
    run_view_release(&view);
    return 0;
}

/* Texts of what is apart, each a piece of the document. */
static int make_pieces(struct serve_document *fresh, json_t *apart, struct err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(apart, name, value)
    {
        size_t n = 0;
        char *text = fresh->n_pieces < SERVE_MAX_PIECES ? json_text(value, &n) : NULL;
        if (!text)
            return err_set(err, E_IO, "out of memory: the page's data cannot be kept; free some memory");
        struct serve_piece *piece = &fresh->piece[fresh->n_pieces++];
        snprintf(piece->name, sizeof piece->name, "%s", name);
        piece->text = text;
        piece->n = n;
    }
    return 0;
}

/* A piece is packed when somebody asks for it: most readers never look at most of them. */
static int pack_piece(struct serve_piece *piece, struct err *err)
{
    char *text = piece->text;
    if (!text)
        return 0;
    piece->text = NULL;
    return serve_fixed_make(&piece->fixed, "application/json", NULL, text, piece->n, err);
}

/* Of a large sweep: what the page shows first; its pieces come when they are asked for. */
static int make_first(struct serve *serve, struct store *store, struct serve_document *fresh,
                      const char *version, struct err *err)
{
    const struct page_data_options options = {.live = 1, .version = version};
    char *json = NULL;
    size_t n = 0;
    int rc = page_later_new(store, serve->filter, &options, &fresh->later, &json, &n, err);
    return rc == 0 ? serve_fixed_make(&fresh->fixed, "application/json", NULL, json, n, err) : rc;
}

/* *fresh: of the file as it is, with its stamp. */
static int make_whole(struct serve *serve, struct store *store, struct serve_document *fresh,
                      const char *version, struct err *err)
{
    char *json = NULL, why[SWEEP_IMAGES_WHY];
    size_t n = 0;
    struct dataset *data = NULL;
    json_t *apart = json_object();
    struct page_data_options options = {.live = 1, .version = version};
    if (fresh->in_pieces) {
        options.most = SERVE_FIRST_BYTES;
        options.apart = apart;
    }
    int rc = apart ? sweep_images_open(store, &data, why, err)
                   : err_set(err, E_IO, "out of memory: the page's data cannot be kept; free some memory");
    options.data = data;
    if (rc == 0)
        rc = page_data_new(store, serve->filter, &options, &json, &n, err);
    dataset_free(data);
    if (rc == 0)
        rc = serve_fixed_make(&fresh->fixed, "application/json", NULL, json, n, err);
    if (rc == 0)
        rc = make_pieces(fresh, apart, err);
    json_decref(apart);
    return rc;
}

enum { VERSION_SIZE = 40 };

static const char *version_of(const struct serve_document *document, char out[VERSION_SIZE])
{
    snprintf(out, VERSION_SIZE, "%016" PRIx64 "-%" PRIu64, document->stamp[0], document->stamp[1]);
    return out;
}

static int make_document(struct serve *serve, struct store *store, struct serve_document *fresh,
                         struct err *err)
{
    char room[VERSION_SIZE];
    const char *version = version_of(fresh, room);
    return fresh->in_pieces && store_n_jobs(store) > SERVE_WHOLE_JOBS
               ? make_first(serve, store, fresh, version, err)
               : make_whole(serve, store, fresh, version, err);
}

static void release(struct serve_document *document)
{
    page_later_free(document->later);
    document->later = NULL;
    serve_fixed_release(&document->fixed);
    for (int i = 0; i < document->n_pieces; i++) {
        serve_fixed_release(&document->piece[i].fixed);
        free(document->piece[i].text);
    }
    memset(document->piece, 0, sizeof document->piece);
    document->n_pieces = 0;
}

void serve_document_init(struct serve_document *document, int in_pieces, struct serve_document *older)
{
    pthread_mutex_init(&document->lock, NULL);
    document->in_pieces = in_pieces;
    document->older = older;
}

void serve_document_free(struct serve_document *document)
{
    release(document);
    pthread_mutex_destroy(&document->lock);
}

/* A sweep of short jobs would keep a core busy with documents: none is made sooner after the last
 * than that took four times. */
static int is_recent(const struct serve_document *document)
{
    return document->fixed.plain && clock_now() - document->made < fmin(60, fmax(0.5, 4 * document->took));
}

/* The file as it is now: *fresh is made when the last document is of another file, or of another state and
 * not of a moment ago. */
static int look_inside(struct serve *serve, struct store *store, const struct serve_document *document,
                       struct serve_document *fresh, struct err *err)
{
    int rc = take_stamp(serve, store, fresh->stamp, err);
    if (rc < 0 ||
        (document->fixed.plain && memcmp(fresh->stamp, document->stamp, sizeof document->stamp) == 0) ||
        (fresh->stamp[1] == document->stamp[1] && is_recent(document)))
        return rc;
    return make_document(serve, store, fresh, err);
}

/* What `from` has takes the place of what `to` has. */
static void move(struct serve_document *to, const struct serve_document *from)
{
    release(to);
    to->fixed = from->fixed;
    memcpy(to->piece, from->piece, sizeof from->piece);
    to->n_pieces = from->n_pieces;
    to->later = from->later;
    memcpy(to->stamp, from->stamp, sizeof from->stamp);
}

/* The same of a fresh document; the one that it follows may still be read by another client. */
static void replace(struct serve_document *document, const struct serve_document *fresh, double start)
{
    if (document->older && document->fixed.plain) {
        move(document->older, document);
        document->later = NULL;
        memset(&document->fixed, 0, sizeof document->fixed);
        document->n_pieces = 0;
    }
    move(document, fresh);
    document->made = clock_now();
    document->took = document->made - start;
}

/* A file that cannot be read is told of, as by every other answer, even if there is a document of a moment
 * ago; one that is only busy is not waited for then. */
static int refresh(struct serve *serve, struct serve_document *document, struct err *err)
{
    struct serve_document fresh = {.in_pieces = document->in_pieces};
    struct store *store;
    double start = clock_now();
    int rc = is_recent(document) ? shared_store_enter_within(serve->shared, 0.3, &store, err)
                                 : shared_store_enter(serve->shared, &store, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = look_inside(serve, store, document, &fresh, err);
    shared_store_leave(serve->shared, rc == E_USAGE ? 0 : rc);
    if (rc == 0 && fresh.fixed.plain)
        replace(document, &fresh, start);
    else
        release(&fresh);
    return rc;
}

static struct serve_piece *find_piece(struct serve_document *document, const char *name)
{
    for (int i = 0; i < document->n_pieces; i++)
        if (strcmp(document->piece[i].name, name) == 0)
            return &document->piece[i];
    return NULL;
}

/* A piece of the jobs that the document is of, whatever has ended since; not of another file. */
static int make_piece(struct serve *serve, struct serve_document *document, const char *name, struct err *err)
{
    char why[SWEEP_IMAGES_WHY], *text = NULL;
    struct dataset *data = NULL;
    struct store *store;
    size_t n = 0;
    int rc = shared_store_enter(serve->shared, &store, err);
    if (rc < 0)
        return rc;
    if ((uint64_t)shared_store_generation(serve->shared) != document->stamp[1])
        rc = err_set(err, E_USAGE, "part: the results file is another one now; part=first is of it");
    if (rc == 0 && page_later_shows_images(name))
        rc = sweep_images_open(store, &data, why, err);
    if (rc == 0)
        rc = page_later_piece(document->later, name, data, &text, &n, err);
    dataset_free(data);
    shared_store_leave(serve->shared, rc == E_USAGE ? 0 : rc);
    if (rc < 0)
        return rc;
    struct serve_piece *piece = &document->piece[document->n_pieces++];
    snprintf(piece->name, sizeof piece->name, "%s", name);
    piece->text = text;
    piece->n = n;
    return 0;
}

/* Whether a text can be one. */
static int is_version(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef"),
           digits = text[n] == '-' ? strspn(text + n + 1, "0123456789") : 0;
    return n == 16 && digits > 0 && text[n + 1 + digits] == '\0';
}

/* The document that a client has, by its version, NULL: the last one. NULL when it is not kept any more. */
static struct serve_document *find_version(struct serve_document *document, const char *version)
{
    char text[VERSION_SIZE];
    for (struct serve_document *d = document; version && d; d = d->older)
        if (d->fixed.plain && strcmp(version_of(d, text), version) == 0)
            return d;
    return version ? NULL : document;
}

/* A later piece is of the document that the client has: a newer one is made when it asks for the first
 * part. */
static enum MHD_Result answer_piece(struct serve_request *request, struct serve_document *document,
                                    const char *name)
{
    struct err err = {0};
    if (!document)
        return serve_send_error(request, MHD_HTTP_BAD_REQUEST,
                                "version: that document is not kept any more; part=first has a newer one");
    struct serve_piece *piece = find_piece(document, name);
    int can = document->later && document->n_pieces < SERVE_MAX_PIECES;
    if (!piece && can && make_piece(request->serve, document, name, &err) == 0)
        piece = find_piece(document, name);
    if (piece)
        return pack_piece(piece, &err) < 0 ? serve_send_err(request, &err)
                                           : serve_fixed_send(request, &piece->fixed);
    if (err.code && err.code != E_USAGE)
        return serve_send_err(request, &err);
    return serve_send_error(request, MHD_HTTP_BAD_REQUEST,
                            "part: there is no part '%.40s' now; part=first says in left_out which there are",
                            name);
}

/* ---- before somebody asks ---- */

static void *make_early(void *of)
{
    struct serve *serve = of;
    struct serve_document *document = &serve->pieces;
    struct err err = {0};
    serve_progress_begin(serve);
    pthread_mutex_lock(&document->lock);
    if (!document->fixed.plain)
        refresh(serve, document, &err); /* whoever asks first is told why it failed */
    document->made = -(double)INFINITY; /* a job that ends now is news */
    pthread_mutex_unlock(&document->lock);
    return NULL;
}

void serve_early_start(struct serve *serve)
{
    serve->has_early = serve->page.plain && pthread_create(&serve->early, NULL, make_early, serve) == 0;
}

void serve_early_end(struct serve *serve)
{
    if (serve->has_early)
        pthread_join(serve->early, NULL);
    serve->has_early = 0;
}

enum MHD_Result serve_answer_sweep(struct serve_request *request)
{
    const char *part = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "part"),
               *version = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "version");
    struct serve_document *document = part ? &request->serve->pieces : &request->serve->document;
    int is_later = part && strcmp(part, "first") != 0;
    struct err err = {0};
    enum MHD_Result result;
    if (version && !is_version(version))
        return serve_send_error(request, MHD_HTTP_BAD_REQUEST, "version: '%.40s' is none of a document",
                                version);
    pthread_mutex_lock(&document->lock);
    int rc = is_later && document->fixed.plain ? 0 : refresh(request->serve, document, &err);
    if (rc < 0)
        result = serve_send_err(request, &err);
    else if (is_later)
        result = answer_piece(request, find_version(document, version), part);
    else
        result = serve_fixed_send(request, &document->fixed);
    pthread_mutex_unlock(&document->lock);
    return result;
}
