/* /api/sweep: the page's document, made anew when a job has ended. */
#include "serve/serve_core.h"

#include "page/page_data.h"
#include "beside/sweep_images.h"

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

static int make_document(struct serve *serve, struct store *store, struct serve_fixed *fixed, struct err *err)
{
    char *json = NULL, why[SWEEP_IMAGES_WHY];
    size_t n = 0;
    struct dataset *data = NULL;
    int rc = sweep_images_open(store, &data, why, err);
    const struct page_data_options options = {.live = 1, .data = data};
    if (rc == 0)
        rc = page_data_new(store, serve->filter, &options, &json, &n, err);
    dataset_free(data);
    return rc < 0 ? rc : serve_fixed_make(fixed, "application/json", NULL, json, n, err);
}

/* A sweep of short jobs would keep a core busy with documents: none is made sooner after the last
 * than that took four times. */
static int is_recent(const struct serve_document *document)
{
    return document->fixed.plain && clock_now() - document->made < fmin(60, fmax(0.5, 4 * document->took));
}

/* The file as it is now: *fresh is made when the last document is of another state, and not of a moment
 * ago. */
static int look_inside(struct serve *serve, struct store *store, uint64_t stamp[2], struct serve_fixed *fresh,
                       struct err *err)
{
    const struct serve_document *document = &serve->document;
    int rc = take_stamp(serve, store, stamp, err);
    if (rc < 0 || (document->fixed.plain && memcmp(stamp, document->stamp, sizeof document->stamp) == 0) ||
        is_recent(document))
        return rc;
    return make_document(serve, store, fresh, err);
}

/* A file that cannot be read is told of, as by every other answer, even if there is a document of a moment
 * ago; one that is only busy is not waited for then. */
static int refresh(struct serve *serve, struct err *err)
{
    struct serve_document *document = &serve->document;
    struct serve_fixed fresh = {0};
    struct store *store;
    uint64_t stamp[2];
    double start = clock_now();
    int rc = is_recent(document) ? shared_store_enter_within(serve->shared, 0.3, &store, err)
                                 : shared_store_enter(serve->shared, &store, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = look_inside(serve, store, stamp, &fresh, err);
    shared_store_leave(serve->shared, rc == E_USAGE ? 0 : rc);
    if (rc < 0 || !fresh.plain) {
        serve_fixed_release(&fresh);
        return rc;
    }
    serve_fixed_release(&document->fixed);
    document->fixed = fresh;
    memcpy(document->stamp, stamp, sizeof stamp);
    document->made = clock_now();
    document->took = document->made - start;
    return 0;
}

enum MHD_Result serve_answer_sweep(struct serve_request *request)
{
    struct serve_document *document = &request->serve->document;
    struct err err = {0};
    pthread_mutex_lock(&document->lock);
    int rc = refresh(request->serve, &err);
    enum MHD_Result result =
        rc < 0 ? serve_send_err(request, &err) : serve_fixed_send(request, &document->fixed);
    pthread_mutex_unlock(&document->lock);
    return result;
}
