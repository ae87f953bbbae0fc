/* The server from its clients' side: what it answers, what it refuses, and that it goes on after both. */
#include "support/http_client.h"
#include "support/store_fixture.h"
#include "support/served_store.h"

#include "page/page.h"
#include "predict/predictor.h"
#include "serve/serve_core.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct served served;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    if (served_make(&served, &err) == 0 && served_start(&served, NULL, NULL, &err) == 0)
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    served_end(&served);
    return 0;
}

/* HDF5 opens a file once a process: what a sweep would write beside the server is written by
 * this program, run again. */
static void write_beside(const char *what)
{
    char command[512], self[256] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command, "'%s' %s '%s'", self, what, served.path);
    assert_int_equal(system(command), 0);
}

/* Row 3: training metrics 300 and on, 10 more an epoch; test the same, negative. */
static int write_epochs(struct store *store)
{
    int rc = 0;
    for (int e = 0; e < 2 && rc == 0; e++) {
        float train[N_METRICS], test[N_METRICS];
        for (int m = 0; m < N_METRICS; m++) {
            train[m] = (float)(300 + 10 * e + m);
            test[m] = -train[m];
        }
        rc = fixture_epoch(store, 3, e, train, test, &err);
    }
    return rc;
}

static int write_failure(struct store *store)
{
    const struct store_mark mark = {.state = JOB_FAILED, .attempts = 3, .finished = 5, .message = "no"};
    return store_write_mark(store, SERVED_JOBS - 1, &mark, &err);
}

static int write_as_told(const char *what, const char *path)
{
    struct store *store;
    if (store_open_shared(path, MPI_COMM_NULL, &store, &err) < 0)
        return 1;
    int rc = strcmp(what, "epochs") == 0 ? write_epochs(store) : write_failure(store);
    return store_close(store, &err) < 0 || rc < 0;
}

/* The server again with other options, for one test. */
static void restart(const char *filter, const char *token)
{
    serve_stop(served.serve);
    served.serve = NULL;
    if (served_start(&served, filter, token, &err) < 0)
        fail_msg("%s", err.text);
}

static json_t *get_json(const char *path, int status)
{
    struct http_reply reply;
    char type[64];
    http_get(served.port, path, &reply);
    if (reply.status != status)
        fail_msg("%s: %d, expected %d: %s", path, reply.status, status, reply.body);
    assert_string_equal(http_header(&reply, "Content-Type", type, sizeof type), "application/json");
    json_t *root = json_loads(reply.body, 0, NULL);
    assert_non_null(root);
    http_free(&reply);
    return root;
}

/* A file is not looked at anew for every request: ask until the status is the wanted one.
 * PATIENCE is for what hangs. */
enum { PATIENCE = 6000 };

static json_t *await_json(const char *path, int status)
{
    for (int i = 0; i < PATIENCE; i++) {
        struct http_reply reply;
        int now = http_get(served.port, path, &reply);
        http_free(&reply);
        if (now == status)
            break;
        usleep(100000);
    }
    return get_json(path, status);
}

static int status_of(const char *method, const char *path, const char *headers)
{
    struct http_reply reply;
    int status = http_ask(served.port, method, path, headers, &reply);
    http_free(&reply);
    return status;
}

static int post_status(const struct http_form *form, const char *headers)
{
    struct http_reply reply;
    int status = http_post(served.port, "/api/predict", form, headers, &reply);
    http_free(&reply);
    return status;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "(no text)";
}

static long long number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value))
        fail_msg("%s is no whole number", name);
    return json_integer_value(value);
}

/* ---- what it answers ---- */

static void the_page_runs_only_its_own_scripts(void **state)
{
    struct http_reply reply;
    char policy[4096], other[64];
    (void)state;
    assert_int_equal(http_get(served.port, "/", &reply), page_available() ? 200 : 404);
    http_header(&reply, "Content-Security-Policy", policy, sizeof policy);
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_non_null(strstr(policy, "default-src 'none'"));
    const char *scripts = strstr(policy, "script-src");
    if (page_available()) {
        assert_non_null(strstr(reply.body, "name=\"cellsweep-mode\" content=\"serve\""));
        assert_non_null(scripts);
        assert_non_null(strstr(scripts, "'sha256-"));
        assert_null(strstr(scripts, "unsafe"));
    }
    assert_string_equal(http_header(&reply, "X-Content-Type-Options", other, sizeof other), "nosniff");
    assert_string_equal(http_header(&reply, "Referrer-Policy", other, sizeof other), "no-referrer");
    assert_string_equal(http_header(&reply, "Access-Control-Allow-Origin", other, sizeof other), "");
    http_free(&reply);
}

static void progress_counts_the_jobs(void **state)
{
    (void)state;
    json_t *p = get_json("/api/progress", 200);
    assert_int_equal(number_of(p, "n_jobs"), SERVED_JOBS);
    assert_int_equal(number_of(p, "done"), SERVED_JOBS - SERVED_WAITING);
    assert_int_equal(number_of(p, "waiting"), SERVED_WAITING);
    assert_string_equal(text_of(p, "state"), "stopped");
    assert_string_equal(text_of(json_object_get(p, "jobs"), "state"), "ddddw");
    assert_true(json_is_null(json_object_get(p, "images_per_second")));
    json_decref(p);
}

/* Base64 as floats, owned by the caller; *n of them. */
static float *decode(const char *text, size_t *n)
{
    static const char letter[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char *out = calloc(1, strlen(text) + 4);
    size_t used = 0;
    unsigned bits = 0;
    for (size_t i = 0; text[i] && text[i] != '='; i++) {
        bits = bits << 6 | (unsigned)(strchr(letter, text[i]) - letter);
        if (i % 4)
            out[used++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
    }
    *n = used / sizeof(float);
    return (float *)(void *)out;
}

static void curves_are_the_files_own(void **state)
{
    (void)state;
    restart("clusters=1-2-3", NULL); /* job 2 is not shown: number 2 is row 3 */
    write_beside("epochs");
    json_t *curves = get_json("/api/curves?jobs=2,3", 200);
    for (int m = 0; m < N_METRICS; m++) {
        size_t n;
        float *value = decode(text_of(json_object_get(curves, "test"), metric_names[m]), &n);
        assert_int_equal(n, 2 * 2);
        for (int e = 0; e < 2; e++)
            assert_true(value[e] > -(float)(300 + 10 * e + m) - 0.5f &&
                        value[e] < -(float)(300 + 10 * e + m) + 0.5f);
        assert_true(isnan(value[2]) && isnan(value[3])); /* row 4 waits */
        free(value);
    }
    json_decref(curves);
    json_t *p = get_json("/api/progress", 200);
    assert_string_equal(text_of(json_object_get(p, "jobs"), "state"), "dddw");
    json_decref(p);
    restart(NULL, NULL);
}

/* The log counts rows of the file, the server jobs that are shown. */
static void the_log_of_a_job_is_told(void **state)
{
    (void)state;
    restart("clusters=1-2-3", NULL); /* number 2 is row 3 */
    char log[512];
    snprintf(log, sizeof log, "%s.events.jsonl", served.path);
    FILE *file = fopen(log, "w");
    assert_non_null(file);
    for (int row = 2; row <= 3; row++)
        fprintf(file,
                "{\"time\": \"2999-01-01T00:00:00.000Z\", \"event\": \"job_started\", "
                "\"job\": %d, \"rank\": %d}\n",
                row, row + 10);
    fclose(file);
    json_t *answer = get_json("/api/log?jobs=2", 200), *lines = json_object_get(answer, "lines");
    assert_int_equal(json_array_size(lines), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 0), "rank")), 13);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(lines, 0), "job")), 2);
    assert_true(json_is_false(json_object_get(answer, "cut")));
    json_decref(answer);
    unlink(log);
    answer = get_json("/api/log?jobs=2", 200);
    assert_int_equal(json_array_size(json_object_get(answer, "lines")), 0);
    json_decref(answer);
    json_decref(get_json("/api/log", 400));
    json_decref(get_json("/api/log?jobs=1,2", 400));
    json_decref(get_json("/api/log?jobs=99", 400));
    restart(NULL, NULL);
}

/* A small sweep's first part is all of it; matrices come by job. */
static void the_document_comes_in_parts(void **state)
{
    (void)state;
    restart(NULL, NULL);
    json_t *first = get_json("/api/sweep?part=first", 200), *whole = get_json("/api/sweep", 200);
    assert_int_equal(json_array_size(json_object_get(first, "left_out")), 0);
    assert_true(json_equal(json_object_get(first, "tables"), json_object_get(whole, "tables")));
    assert_true(json_equal(json_object_get(first, "curves"), json_object_get(whole, "curves")));
    assert_string_equal(text_of(first, "version"), text_of(whole, "version"));
    json_decref(get_json("/api/sweep?part=curves", 400));
    size_t n, all;
    json_t *rows = get_json("/api/curves?matrices=1&jobs=1,0", 200);
    float *part = decode(text_of(json_object_get(rows, "confusion"), "test"), &n),
          *of_all = decode(text_of(json_object_get(whole, "confusion"), "test"), &all);
    size_t cells = n / 2;
    assert_true(cells > 0 && all >= n);
    assert_memory_equal(part, of_all + cells, cells * sizeof *part);
    assert_memory_equal(part + cells, of_all, cells * sizeof *part);
    json_t *without = get_json("/api/curves?jobs=1", 200);
    assert_null(json_object_get(without, "confusion"));
    free(part);
    free(of_all);
    json_decref(without);
    json_decref(rows);
    json_decref(first);
    json_decref(whole);
}

static void wrong_curves_are_told(void **state)
{
    static const char *const wrong[] = {"",           "?jobs=",    "?jobs=5",   "?jobs=-1",
                                        "?jobs=0,",   "?jobs=0;1", "?jobs=0x1", "?jobs=99999999999999999999",
                                        "?jobs=1,,2", "?jobs=%00"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char path[128];
        snprintf(path, sizeof path, "/api/curves%s", wrong[i]);
        json_decref(get_json(path, 400));
    }
    char many[4096] = "/api/curves?jobs=0";
    for (int i = 1; i < 500; i++)
        strcat(many, ",0");
    json_decref(get_json(many, 200));
    strcat(many, ",0");
    json_decref(get_json(many, 400));
}

static void the_document_is_kept_until_a_job_ends(void **state)
{
    struct http_reply reply;
    char etag[64], head[128];
    (void)state;
    int status = 200;
    for (int i = 0; i < PATIENCE && status == 200; i++) { /* the file was replaced just now: it settles */
        usleep(i > 0 ? 100000 : 0);
        assert_int_equal(http_get(served.port, "/api/sweep", &reply), 200);
        http_header(&reply, "ETag", etag, sizeof etag);
        http_free(&reply);
        snprintf(head, sizeof head, "If-None-Match: %s\r\n", etag);
        status = status_of("GET", "/api/sweep", head);
    }
    assert_int_equal(status, 304);
    write_beside("failure");
    for (int i = 0; i < PATIENCE && status == 304; i++) { /* a document is not made anew at once */
        usleep(100000);
        status = http_ask(served.port, "GET", "/api/sweep", head, &reply);
        if (status == 304)
            http_free(&reply);
    }
    assert_int_equal(status, 200);
    assert_non_null(strstr(reply.body, "\"failed\""));
    http_free(&reply);
}

/* Every sample has its HELP and TYPE before it, and no line is anything else. */
static void metrics_are_prometheus_text(void **state)
{
    struct http_reply reply;
    char name[128] = "", kind[32], line[512];
    int n_samples = 0;
    (void)state;
    assert_int_equal(http_get(served.port, "/metrics", &reply), 200);
    for (const char *at = reply.body; *at; at = strchr(at, '\n') + 1) {
        char sample[128];
        double value;
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        if (strncmp(line, "# HELP ", 7) == 0) {
            char typed[160];
            assert_int_equal(sscanf(line, "# HELP %127s", name), 1);
            const char *next = strchr(at, '\n') + 1;
            snprintf(typed, sizeof typed, "# TYPE %s ", name);
            assert_int_equal(strncmp(next, typed, strlen(typed)), 0);
        } else if (sscanf(line, "# TYPE %*s %31s", kind) == 1) {
            assert_true(strcmp(kind, "gauge") == 0 || strcmp(kind, "counter") == 0);
        } else {
            assert_int_equal(sscanf(line, "%127[a-z_]", sample), 1);
            assert_string_equal(sample, name);
            assert_int_equal(sscanf(strrchr(line, ' '), " %lf", &value), 1);
            n_samples++;
        }
    }
    assert_true(n_samples > 20);
    assert_non_null(strstr(reply.body, "\ncellsweep_jobs{state=\"done\"} 4\n"));
    assert_non_null(strstr(reply.body, "\ncellsweep_run_state{state=\"finished\"} "));
    assert_non_null(strstr(reply.body, "http_requests_total{path=\"/api/curves\",status=\"400\"} "));
    http_free(&reply);
}

/* ---- predictions ---- */

/* What the predictor itself says about image i; probs (3). */
static void expected(int i, float *probs)
{
    struct store *store;
    struct predictor *p;
    struct predictor_image info;
    size_t n;
    float pixels[SERVED_SIZE * SERVED_SIZE];
    const float *list[] = {pixels};
    void *png = served_png(&served, i, &n);
    assert_int_equal(store_open(served.path, &store, &err), 0);
    assert_int_equal(predictor_new(store, "strategy=none", &p, &err), 0);
    assert_int_equal(predictor_prepare(p, png, n, "x.png", NULL, pixels, &info, &err), 0);
    assert_int_equal(predictor_classify(p, list, 1, probs, &err), 0);
    predictor_free(p);
    store_close(store, NULL);
    free(png);
}

static void add_image(struct http_form *form, int i, const char *name)
{
    size_t n;
    void *png = served_png(&served, i, &n);
    http_form_add(form, "image", name, png, n);
    free(png);
}

/* The answer to a form, which is ended and freed. */
static json_t *post(const char *path, struct http_form *form, int status)
{
    struct http_reply reply;
    http_form_end(form);
    http_post(served.port, path, form, "", &reply);
    if (reply.status != status)
        fail_msg("%s: %d, expected %d: %s", path, reply.status, status, reply.body);
    json_t *root = json_loads(reply.body, 0, NULL);
    assert_non_null(root);
    http_free(&reply);
    free(form->bytes);
    *form = (struct http_form){0};
    return root;
}

static void models_are_groups_with_weights(void **state)
{
    (void)state;
    json_t *models = get_json("/api/models", 200);
    assert_int_equal(json_array_size(models), 3);
    assert_string_equal(text_of(json_array_get(models, 0), "filter"),
                        "clusters=1-2-3,strategy=none,protocol=holdout");
    assert_int_equal(number_of(json_array_get(models, 0), "n_jobs"), 2);
    assert_string_equal(text_of(json_array_get(models, 1), "strategy"), "oversample");
    assert_int_equal(json_array_size(json_object_get(json_array_get(models, 1), "classes")), 2);
    json_decref(models);
}

/* The answer's numbers have 9 digits: the float32 itself. */
static void assert_probabilities(const json_t *image, int i)
{
    const json_t *probs = json_object_get(image, "probabilities");
    float wanted[3];
    expected(i, wanted);
    assert_int_equal(json_array_size(probs), 3);
    for (size_t c = 0; c < 3; c++)
        assert_true(fabs(json_number_value(json_array_get(probs, c)) - (double)wanted[c]) < 1e-8);
}

/* Two jobs vote. The image is one of the sweep's, but for the 8 bits it was sent in: no copy, and near. */
static void assert_votes(const json_t *image)
{
    const json_t *votes = json_object_get(image, "votes"), *known = json_object_get(image, "known");
    int n = 0;
    for (size_t c = 0; c < 3; c++)
        n += (int)json_integer_value(json_array_get(votes, c));
    assert_int_equal(n, 2);
    assert_int_equal(json_array_size(json_object_get(image, "spread")), 3);
    assert_true(json_number_value(json_array_get(json_object_get(image, "spread"), 0)) >= 0);
    assert_true(json_is_null(json_object_get(known, "copy")));
    assert_true(json_number_value(json_object_get(known, "distance")) < 0.01);
    assert_true(json_number_value(json_object_get(known, "usual")) > 0.01);
}

static void predictions_are_the_predictors(void **state)
{
    struct http_form form = {0};
    (void)state;
    for (int i = 0; i < 5; i++)
        add_image(&form, 5 * i, "a/b\\cell_1.png");
    json_t *root = post("/api/predict?model=0", &form, 200);
    for (int i = 0; i < 5; i++) {
        const json_t *image = json_array_get(json_object_get(root, "images"), (size_t)i);
        assert_string_equal(text_of(image, "name"), "cell_1.png");
        assert_probabilities(image, 5 * i);
        assert_votes(image);
        assert_int_equal(strncmp(text_of(image, "original"), "data:image/png;base64,iVBOR", 27), 0);
        assert_true(json_is_false(json_object_get(image, "masked")));
        assert_int_equal(json_array_size(json_object_get(image, "notes")), 0);
        assert_true(json_is_array(json_object_get(image, "notes")));
    }
    json_decref(root);
}

static void an_outline_masks_and_explanations_come_along(void **state)
{
    static const char outline[] = "vertex_x,vertex_y\n1,1\n3,1\n3,3\n1,3\n";
    struct http_form form = {0};
    (void)state;
    add_image(&form, 3, "x%22y%22.png"); /* as a browser spells x"y".png */
    http_form_add(&form, "boundaries", "b.csv", outline, strlen(outline));
    http_form_add(&form, "occlusion", NULL, "1", 1);
    http_form_add(&form, "similar", NULL, "4", 1);
    json_t *root = post("/api/predict", &form, 200);
    const json_t *image = json_array_get(json_object_get(root, "images"), 0),
                 *similar = json_object_get(image, "similar");
    size_t n;
    float *map = decode(text_of(json_object_get(image, "occlusion"), "map"), &n);
    assert_true(json_is_true(json_object_get(image, "masked")));
    assert_string_not_equal(text_of(image, "original"), text_of(image, "masked_image"));
    assert_int_equal(json_array_size(json_object_get(image, "notes")), 1);
    assert_non_null(
        strstr(json_string_value(json_array_get(json_object_get(image, "notes"), 0)), "another size"));
    assert_int_equal(n, SERVED_SIZE * SERVED_SIZE);
    assert_int_equal(json_array_size(similar), 4);
    assert_true(json_is_null(json_object_get(json_object_get(image, "known"), "copy")));
    assert_true(json_is_false(json_object_get(image, "flat")));
    assert_string_equal(text_of(image, "name"), "x\"y\".png");
    double last = 1.001;
    for (size_t i = 0; i < 4; i++) {
        double value = json_number_value(json_object_get(json_array_get(similar, i), "similarity"));
        assert_true(value <= last);
        last = value;
    }
    free(map);
    json_decref(root);
}

/* One outline beside several images is of the one it names; the others are not masked by it. */
static void an_outline_masks_its_own_image_only(void **state)
{
    static const char outline[] = "cell_id,vertex_x,vertex_y\n8,1,1\n8,3,1\n8,3,3\n8,1,3\n";
    struct http_form form = {0};
    (void)state;
    add_image(&form, 3, "cell_7.png");
    add_image(&form, 3, "cell_8.png");
    http_form_add(&form, "boundaries", "b.csv", outline, strlen(outline));
    json_t *root = post("/api/predict", &form, 200), *images = json_object_get(root, "images");
    assert_true(json_is_false(json_object_get(json_array_get(images, 0), "masked")));
    assert_probabilities(json_array_get(images, 0), 3);
    assert_true(json_is_true(json_object_get(json_array_get(images, 1), "masked")));
    json_decref(root);
}

/* A PNG header that claims width x height; nothing behind it. */
static size_t bomb(unsigned char out[64], unsigned width, unsigned height)
{
    static const unsigned char head[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                         0,    0,   0,   13,  'I',  'H',  'D',  'R'};
    memset(out, 0, 64);
    memcpy(out, head, sizeof head);
    for (int i = 0; i < 4; i++) {
        out[16 + i] = (unsigned char)(width >> (24 - 8 * i));
        out[20 + i] = (unsigned char)(height >> (24 - 8 * i));
    }
    out[24] = 8;
    return 64;
}

static void bad_images_are_told_beside_good_ones(void **state)
{
    struct http_form form = {0};
    unsigned char giant[64];
    size_t n;
    char *png = served_png(&served, 1, &n), *large = calloc(1, (8 << 20) + 1);
    static const char *const reason[] = {"truncated", "no image that is read", "empty file", "2048 a side",
                                         "8388608 bytes"};
    (void)state;
    http_form_add(&form, "image", "cut.png", png, n / 2);
    http_form_add(&form, "image", "text.png", "hello", 5);
    http_form_add(&form, "image", "none.png", "", 0);
    http_form_add(&form, "image", "bomb.png", giant, bomb(giant, 16384, 4096));
    http_form_add(&form, "image", "large.png", large, (8 << 20) + 1);
    http_form_add(&form, "image", "good.png", png, n);
    json_t *root = post("/api/predict", &form, 200), *images = json_object_get(root, "images");
    assert_int_equal(json_array_size(images), 6);
    for (size_t i = 0; i < 5; i++)
        if (!strstr(text_of(json_array_get(images, i), "error"), reason[i]))
            fail_msg("'%s' does not say '%s'", text_of(json_array_get(images, i), "error"), reason[i]);
    assert_probabilities(json_array_get(images, 5), 1);
    json_decref(root);
    free(png);
    free(large);
}

/* A body may be cut anywhere by the network: after a part's header, too, where the parser
 * tells of no bytes yet. */
static void an_upload_in_pieces_is_the_same(void **state)
{
    static const char head[] =
        "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: multipart/form-data; boundary=" HTTP_BOUNDARY "\r\nContent-Length: ";
    struct http_form form = {0};
    (void)state;
    add_image(&form, 1, "a.png");
    size_t second = form.n;
    add_image(&form, 2, "b.png");
    http_form_end(&form);
    for (size_t cut = second - 20; cut < second + 110; cut++) {
        struct http_reply reply;
        char rest[32];
        int n = snprintf(rest, sizeof rest, "%zu\r\n\r\n", form.n), s = http_connect(served.port, HTTP_HANGS);
        http_write(s, head, strlen(head));
        http_write(s, rest, (size_t)n);
        http_write(s, form.bytes, cut);
        usleep(4000);
        http_write(s, form.bytes + cut, form.n - cut);
        http_read(s, &reply);
        close(s);
        json_t *root = json_loads(reply.body, 0, NULL), *images = json_object_get(root, "images");
        assert_int_equal(json_array_size(images), 2);
        assert_probabilities(json_array_get(images, 0), 1);
        assert_probabilities(json_array_get(images, 1), 2);
        json_decref(root);
        http_free(&reply);
    }
    free(form.bytes);
}

static void wrong_uploads_are_refused(void **state)
{
    struct http_form form = {0};
    (void)state;
    json_decref(post("/api/predict", &form, 400)); /* no image */
    add_image(&form, 0, "x.png");
    json_decref(post("/api/predict?model=3", &form, 400));
    add_image(&form, 0, "x.png");
    json_decref(post("/api/predict?model=-1", &form, 400));
    add_image(&form, 0, "x.png");
    http_form_add(&form, "similar", NULL, "51", 2);
    json_decref(post("/api/predict", &form, 400));
    add_image(&form, 0, "x.png");
    http_form_add(&form, "boundaries", "b.csv", "what is this", 12);
    json_decref(post("/api/predict", &form, 400));
    add_image(&form, 0, "x.png");
    http_form_add(&form, "boundaries", "b.csv.gz", "\x1f\x8b\x08garbage", 10);
    json_decref(post("/api/predict", &form, 400));
    for (int i = 0; i < 65; i++)
        http_form_add(&form, "image", "x.png", "x", 1);
    json_decref(post("/api/predict", &form, 400));
    for (int i = 0; i < 17; i++)
        http_form_add(&form, "image", "x.png", "x", 1);
    http_form_add(&form, "occlusion", NULL, "1", 1);
    json_decref(post("/api/predict", &form, 400));
    for (int i = 0; i < 64; i++)
        http_form_add(&form, "image", "x.png", "x", 1);
    json_decref(post("/api/predict", &form, 200));
}

static int raw_status(const char *text)
{
    struct http_reply reply;
    int status = http_raw(served.port, text, strlen(text), &reply);
    http_free(&reply);
    return status;
}

static void broken_requests_are_refused(void **state)
{
    struct http_reply reply;
    char *headers = malloc(70000);
    struct http_form huge = {.bytes = calloc(1, (64 << 20) + 4096), .n = (64 << 20) + 4096};
    (void)state;
    assert_int_equal(raw_status("POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                "Content-Type: multipart/form-data; boundary=x\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                     411);
    assert_int_equal(raw_status("POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"),
                     415);
    assert_int_equal(raw_status("POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                "Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc"),
                     400);
    assert_int_equal(post_status(&huge, ""), 413);
    snprintf(headers, 70000, "X-Long: %065000d\r\n", 0);
    int status = status_of("GET", "/api/progress", headers);
    assert_true(status == 431 || status == 413 || status == 414 || status == 400 || status == 0);
    int s = http_connect(served.port, HTTP_HANGS);
    http_write(s, "\0\1\2garbage\r\n\r\n", 14);
    shutdown(s, SHUT_WR);
    http_read(s, &reply);
    close(s);
    assert_int_not_equal(reply.status, 200);
    http_free(&reply);
    free(headers);
    free(huge.bytes);
    json_decref(get_json("/api/progress", 200));
}

#define UPLOAD                                                                                               \
    "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=xy\r\n"
#define SMUGGLED "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, word)); at++)
        n++;
    return n;
}

/* A body whose end may be seen elsewhere by others is refused, and what follows it is no request: one
 * answer, and the end. */
static void bodies_of_two_lengths_are_refused(void **state)
{
    static const struct {
        const char *text;
        int status;
    } asked[] = {
        {UPLOAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED, 411},
        {UPLOAD "Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" SMUGGLED, 411},
        {UPLOAD "Content-Length: 0\r\nContent-Length: 50\r\n\r\n" SMUGGLED, 400},
        {UPLOAD "Content-Length: 50\r\nContent-Length: 50\r\n\r\n" SMUGGLED, 400},
        {"GET /api/models HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
         400},
        {"POST /api/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc" SMUGGLED, 405},
    };
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct http_reply reply;
        char connection[32];
        assert_int_equal(http_raw(served.port, asked[i].text, strlen(asked[i].text), &reply),
                         asked[i].status);
        assert_int_equal(count_of(reply.body, "HTTP/1.1"), 0);
        assert_string_equal(http_header(&reply, "Connection", connection, sizeof connection), "close");
        http_free(&reply);
    }
    assert_int_equal(raw_status("GET /api/models HTTP/1.1\r\nConnection: close\r\n\r\n"), 400); /* no Host */
}

/* A client that asks before it sends learns at once that it need not. */
static void a_large_body_is_refused_before_it_is_sent(void **state)
{
    struct http_reply reply;
    (void)state;
    static const char large[] = UPLOAD "Expect: 100-continue\r\nContent-Length: 100000000\r\n\r\n";
    assert_int_equal(http_raw(served.port, large, strlen(large), &reply), 413);
    assert_non_null(strstr(reply.body, "100000000 bytes"));
    http_free(&reply);
    static const char one[] =
        "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
        "multipart/form-data; boundary=x\r\nContent-Length: 7\r\n\r\n--x--\r\n";
    assert_int_equal(http_raw(served.port, one, strlen(one), &reply), 400);
    assert_non_null(strstr(reply.body, "two characters"));
    http_free(&reply);
}

static void long_addresses_have_an_answer(void **state)
{
    enum { LONG = 12 << 10 };
    char *path = malloc(LONG + 64);
    (void)state;
    assert_non_null(path);
    static const char *const part[] = {"&a", "a", "&a=1", "%41"};
    for (size_t k = 0; k < sizeof part / sizeof *part; k++) {
        size_t n = (size_t)sprintf(path, "/api/curves?jobs=0");
        while (n < LONG)
            n += (size_t)sprintf(path + n, "%s", part[k]);
        assert_int_equal(status_of("GET", path, ""), 414);
    }
    free(path);
    assert_int_equal(status_of("GET", "/api/sweep%00", ""), 404);
    assert_int_equal(status_of("GET", "/api/sweep%00/../x", ""), 404);
    assert_int_equal(status_of("GET", "/api/%73weep", ""), 200);
    assert_int_equal(status_of("GET", "/api/curves?jobs=0%00", ""), 400);
}

/* An error of the library is told as it is, though it is the client's here. */
static void unusable_outlines_are_named(void **state)
{
    static const char *const text[][2] = {
        {"id,x,y\n1,0,0\n", "vertex_x"}, {"\n", "boundaries"}, {"PK\3\4\24", "boundaries"}};
    struct http_form form = {0};
    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        add_image(&form, 0, "x.png");
        http_form_add(&form, "boundaries", "b.csv", text[i][0], strlen(text[i][0]));
        json_t *answer = post("/api/predict", &form, 400);
        if (!strstr(text_of(answer, "error"), text[i][1]))
            fail_msg("'%s' does not say '%s'", text_of(answer, "error"), text[i][1]);
        json_decref(answer);
    }
}

/* Many who send nothing, or next to nothing, keep nobody else out. */
static void slow_clients_keep_nobody_out(void **state)
{
    enum { MANY = 400 };
    int s[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        s[i] = http_connect(served.port, HTTP_HANGS);
        if (s[i] >= 0 && i % 3 == 1)
            http_write(s[i], "GET / HTTP/1.1\r\nX:", 19);
        if (s[i] >= 0 && i % 3 == 2)
            http_write(s[i], UPLOAD "Content-Length: 1000000\r\n\r\n--", strlen(UPLOAD) + 29);
    }
    /* what is cut keeps its place until its thread has run: a connection may find none, but not for long */
    for (int i = 0; i < 20; i++) {
        int status = 0;
        for (int again = 0; status != 200 && again < 500; again++) {
            status = status_of("GET", "/api/progress", "");
            if (status != 200)
                usleep(10000);
        }
        assert_int_equal(status, 200);
    }
    for (int i = 0; i < MANY; i++)
        if (s[i] >= 0)
            close(s[i]);
}

/* ---- who may ask ---- */

static void only_known_paths_and_methods(void **state)
{
    struct http_reply reply;
    char allow[64];
    (void)state;
    static const char *const paths[] = {
        "/api",         "/api/",         "/index.html", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd", "/api/sweep/..", "/r.h5"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(status_of("GET", paths[i], ""), 404);
    assert_int_equal(status_of("PUT", "/api/progress", ""), 405);
    assert_int_equal(status_of("DELETE", "/", ""), 405);
    assert_int_equal(status_of("POST", "/api/progress", "Content-Length: 0\r\n"), 405);
    assert_int_equal(http_ask(served.port, "GET", "/api/predict", "", &reply), 405);
    assert_string_equal(http_header(&reply, "Allow", allow, sizeof allow), "POST");
    http_free(&reply);
    assert_int_equal(http_ask(served.port, "HEAD", "/api/progress", "", &reply), 200);
    assert_int_equal(reply.n, 0);
    http_free(&reply);
}

static void foreign_names_and_sites_are_refused(void **state)
{
    struct http_form form = {0};
    (void)state;
    add_image(&form, 0, "x.png");
    http_form_end(&form);
    assert_int_equal(status_of("GET", "/api/progress", "Host: evil.example\r\n"), 421);
    assert_int_equal(status_of("GET", "/", "Host: localhost.evil.example\r\n"), 421);
    assert_int_equal(status_of("GET", "/", "Host: 127.0.0.1.evil.example:80\r\n"), 421);
    assert_int_equal(status_of("GET", "/api/progress", "Host: 127.0.0.1:9999\r\n"), 200);
    assert_int_equal(status_of("GET", "/api/progress", "Host: [::1]\r\n"), 200);
    assert_int_equal(status_of("GET", "/api/progress", "Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_int_equal(status_of("GET", "/api/progress", "Sec-Fetch-Site: same-origin\r\n"), 200);
    assert_int_equal(post_status(&form, "Origin: http://evil.example\r\n"), 403);
    assert_int_equal(post_status(&form, "Origin: null\r\n"), 403);
    assert_int_equal(post_status(&form, "Origin: http://localhost\r\n"), 200);
    free(form.bytes);
}

static void a_token_is_asked_for(void **state)
{
    static const char token[] = "0123456789abcdef-A";
    struct http_reply reply;
    char cookie[256], head[400], location[64];
    (void)state;
    restart(NULL, token);
    assert_null(strstr(serve_url(served.serve), token));
    assert_int_equal(status_of("GET", "/api/progress", ""), 401);
    assert_int_equal(status_of("GET", "/", ""), 401);
    assert_int_equal(status_of("GET", "/metrics", "Authorization: Bearer 0123456789abcdef-B\r\n"), 401);
    assert_int_equal(status_of("GET", "/metrics", "Authorization: Bearer 0123456789abcdef-AA\r\n"), 401);
    assert_int_equal(status_of("GET", "/metrics", "Authorization: Bearer 0123456789abcdef-\r\n"), 401);
    assert_int_equal(status_of("GET", "/metrics", "Authorization: Bearer 0123456789abcdef-A\r\n"), 200);
    assert_int_equal(status_of("GET", "/api/progress?token=0123456789abcdef-A", ""), 401);
    assert_int_equal(status_of("GET", "/?token=0123456789abcdef-B", ""), 401);
    assert_int_equal(http_get(served.port, "/?token=0123456789abcdef-A", &reply), 303);
    http_header(&reply, "Set-Cookie", cookie, sizeof cookie);
    assert_string_equal(http_header(&reply, "Location", location, sizeof location), "/");
    assert_non_null(strstr(cookie, "; HttpOnly"));
    assert_non_null(strstr(cookie, "; SameSite=Strict"));
    http_free(&reply);
    *strchr(cookie, ';') = '\0';
    snprintf(head, sizeof head, "Cookie: %s\r\n", cookie);
    assert_int_equal(status_of("GET", "/api/progress", head), 200);
    cookie[strlen(cookie) - 1] = 'B';
    snprintf(head, sizeof head, "Cookie: %s\r\n", cookie);
    assert_int_equal(status_of("GET", "/api/progress", head), 401);
    restart(NULL, NULL);
}

static void refuses_to_start(const struct serve_options *options, int code, const char *reason)
{
    struct serve *serve;
    struct serve_options o = *options;
    o.path = o.path ? o.path : served.path;
    o.address = o.address ? o.address : "127.0.0.1";
    memset(&err, 0, sizeof err);
    assert_int_equal(serve_start(&o, &serve, &err), code);
    assert_null(serve);
    if (!strstr(err.text, reason))
        fail_msg("'%s' does not say '%s'", err.text, reason);
}

static void it_does_not_start_unsafe_or_wrong(void **state)
{
    char token[SERVE_TOKEN_SIZE], other[SERVE_TOKEN_SIZE];
    (void)state;
    refuses_to_start(&(struct serve_options){.address = "0.0.0.0"}, E_USAGE, "--token auto");
    refuses_to_start(&(struct serve_options){.address = "::"}, E_USAGE, "--token auto");
    refuses_to_start(&(struct serve_options){.address = "no such host"}, E_USAGE, "--address");
    refuses_to_start(&(struct serve_options){.token = "short"}, E_USAGE, "at least 16");
    refuses_to_start(&(struct serve_options){.token = "0123456789abcdef;x"}, E_USAGE, "letters");
    refuses_to_start(&(struct serve_options){.filter = "strategy=what"}, E_USAGE, "matches none");
    refuses_to_start(&(struct serve_options){.filter = "what=1"}, E_USAGE, "'what'");
    refuses_to_start(&(struct serve_options){.path = "/nowhere/none.h5"}, E_IO, "nor its folder");
    refuses_to_start(&(struct serve_options){.path = served.cells}, E_IO, "not a results file");
    refuses_to_start(&(struct serve_options){.port = served.port}, E_IO, "--port");
    assert_int_equal(serve_new_token(token, &err), 0);
    assert_int_equal(serve_new_token(other, &err), 0);
    assert_true(strlen(token) == 32 && strcmp(token, other) != 0);
}

/* ---- a file that changes ---- */

/* While the first part of a large document is made, nobody else can look into the file. */
static void progress_is_told_while_the_first_document_is_made(void **state)
{
    struct store *store;
    (void)state;
    restart(NULL, NULL);
    if (!page_available())
        skip(); /* no document is made before somebody asks */
    json_decref(get_json("/api/sweep?part=first", 200));
    assert_int_equal(shared_store_enter(served.serve->shared, &store, &err), 0);
    json_decref(get_json("/api/progress", 200));
    shared_store_leave(served.serve->shared, 0);
}

/* Copied over in place: as long as its end is missing there is no number to show. */
static void a_file_that_shrinks_is_not_read(void **state)
{
    struct stat info;
    (void)state;
    json_decref(get_json("/api/curves?jobs=0", 200));
    json_decref(get_json("/api/sweep", 200));
    assert_int_equal(stat(served.path, &info), 0);
    char *whole = malloc((size_t)info.st_size);
    FILE *file = fopen(served.path, "r+b");
    assert_non_null(whole);
    assert_non_null(file);
    assert_int_equal(fread(whole, 1, (size_t)info.st_size, file), info.st_size);
    assert_int_equal(truncate(served.path, info.st_size / 2), 0);
    json_decref(get_json("/api/curves?jobs=0", 503));
    json_decref(get_json("/api/sweep", 503)); /* not the document of a moment ago */
    rewind(file);
    assert_int_equal(fwrite(whole, 1, (size_t)info.st_size, file), info.st_size);
    assert_int_equal(fclose(file), 0);
    json_decref(get_json("/api/curves?jobs=0", 200));
    free(whole);
}

static void a_file_replaced_or_gone_is_noticed(void **state)
{
    char aside[160], grown[160];
    struct config base = trained_config(served.data);
    (void)state;
    snprintf(aside, sizeof aside, "%s.aside", served.path);
    snprintf(grown, sizeof grown, "%s.grown", served.path);
    assert_int_equal(rename(served.path, aside), 0);
    json_t *gone = await_json("/api/progress", 503);
    assert_non_null(strstr(text_of(gone, "error"), "is gone"));
    json_decref(gone);
    json_decref(get_json("/api/curves?jobs=0", 503));
    json_decref(get_json("/api/models", 503));
    assert_int_equal(status_of("GET", "/metrics", ""), 200);
    assert_int_equal(rename(aside, served.path), 0);
    json_decref(await_json("/api/progress", 200));
    if (trained_store(grown, served.data, &base, served_job, 2, 2, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(rename(served.path, aside), 0);
    assert_int_equal(rename(grown, served.path), 0);
    json_t *p = get_json("/api/progress", 200);
    for (int i = 0; i < PATIENCE && number_of(p, "n_jobs") != 2; i++) {
        usleep(100000);
        json_decref(p);
        p = get_json("/api/progress", 200);
    }
    assert_int_equal(number_of(p, "n_jobs"), 2);
    json_decref(p);
    assert_int_equal(rename(aside, served.path), 0);
    json_decref(await_json("/api/curves?jobs=4", 200));
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return write_as_told(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_runs_only_its_own_scripts),
        cmocka_unit_test(progress_counts_the_jobs),
        cmocka_unit_test(progress_is_told_while_the_first_document_is_made),
        cmocka_unit_test(curves_are_the_files_own),
        cmocka_unit_test(the_log_of_a_job_is_told),
        cmocka_unit_test(the_document_comes_in_parts),
        cmocka_unit_test(wrong_curves_are_told),
        cmocka_unit_test(models_are_groups_with_weights),
        cmocka_unit_test(predictions_are_the_predictors),
        cmocka_unit_test(an_outline_masks_and_explanations_come_along),
        cmocka_unit_test(an_outline_masks_its_own_image_only),
        cmocka_unit_test(bad_images_are_told_beside_good_ones),
        cmocka_unit_test(an_upload_in_pieces_is_the_same),
        cmocka_unit_test(wrong_uploads_are_refused),
        cmocka_unit_test(broken_requests_are_refused),
        cmocka_unit_test(bodies_of_two_lengths_are_refused),
        cmocka_unit_test(a_large_body_is_refused_before_it_is_sent),
        cmocka_unit_test(long_addresses_have_an_answer),
        cmocka_unit_test(unusable_outlines_are_named),
        cmocka_unit_test(slow_clients_keep_nobody_out),
        cmocka_unit_test(only_known_paths_and_methods),
        cmocka_unit_test(foreign_names_and_sites_are_refused),
        cmocka_unit_test(metrics_are_prometheus_text),
        cmocka_unit_test(a_token_is_asked_for),
        cmocka_unit_test(it_does_not_start_unsafe_or_wrong),
        cmocka_unit_test(a_file_that_shrinks_is_not_read),
        cmocka_unit_test(a_file_replaced_or_gone_is_noticed),
        cmocka_unit_test(the_document_is_kept_until_a_job_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
