/* serve_core.h - what the parts of the server share: its state, a request, a reply.
 * For results/serve*.c only.
 *
 * A request lives from its headers to its last byte, in the thread of its connection:
 *     serve.c          sockets, threads, the life of a request
 *     serve_guard.c    who may ask: host, token, origin; how long a connection may take
 *     serve_upload.c   the body of a POST, within limits
 *     serve_routes.c   the table of paths
 *     serve_page.c  serve_sweep.c  serve_progress.c  serve_models.c  serve_predict.c  serve_metrics.c
 *                      what is answered
 *     serve_reply.c    replies and their headers */
#ifndef CELLSWEEP_SERVE_CORE_H
#define CELLSWEEP_SERVE_CORE_H

#include "clock.h"
#include "serve/shared_store.h"
#include "predict/predictor.h"
#include "beside/run_view.h"
#include "serve/serve.h"

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* Limits. A cell image is some kilobytes of some hundred pixels a side; these leave room for
 * a hundred times that. */
enum {
    SERVE_MAX_CONNECTIONS = 256, /* fewer where the limit of open files is low */
    SERVE_MIN_CONNECTIONS = 16,
    SERVE_OWN_FILES = 48, /* open files that are no connections, at most */
    SERVE_MAX_HEADERS = 32 << 10,
    SERVE_MAX_QUERY = 8 << 10,      /* bytes after the ? of an address */
    SERVE_MAX_ARGUMENTS = 64,       /* and how many arguments they are */
    SERVE_MAX_IMAGE = 8 << 20,      /* bytes of one upload */
    SERVE_MAX_SIDE = 2048,          /* pixels */
    SERVE_MAX_BOUNDARIES = 8 << 20, /* bytes of outlines, after unpacking */
    SERVE_MAX_IMAGES = 64,          /* a request */
    SERVE_MAX_REQUEST = 64 << 20,   /* bytes of a body */
    SERVE_MAX_UPLOADS = 256 << 20,  /* bytes of all bodies being received or looked at */
    SERVE_MAX_CURVES = 500,         /* jobs a request */
    SERVE_FIRST_BYTES = 3 << 20,    /* of the document's first part: read and shown within a second */
    SERVE_MAX_PIECES = 24,          /* that the rest comes in */
    SERVE_WHOLE_JOBS = 300,         /* of more, pieces are made when they are asked for */
    SERVE_MAX_SIMILAR = 50,
    SERVE_IDLE_SECONDS = 15,     /* without a byte, and for the whole of the headers */
    SERVE_MIN_RATE = 1 << 10,    /* bytes a second of a body, after SERVE_IDLE_SECONDS */
    SERVE_REQUEST_SECONDS = 120, /* for receiving a request, and again for taking its reply */
    SERVE_COMPUTE_SECONDS = 20,  /* for looking at the images of a request */
    SERVE_FILTER_SIZE = 4096,
    SERVE_HTTP_STATUSES = 16
};

/* What is counted for /metrics. */
enum serve_route {
    ROUTE_PAGE,
    ROUTE_SWEEP,
    ROUTE_PROGRESS,
    ROUTE_CURVES,
    ROUTE_LOG,
    ROUTE_MODELS,
    ROUTE_PREDICT,
    ROUTE_METRICS,
    ROUTE_OPENAPI,
    ROUTE_OTHER,
    N_SERVE_ROUTES
};

struct serve_counts {
    atomic_long reply[N_SERVE_ROUTES][SERVE_HTTP_STATUSES]; /* by the places of serve_statuses */
    atomic_long connections;                                /* now */
    atomic_long timed_out;                                  /* closed by a deadline */
    atomic_long images, rejected; /* images classified; images and uploads refused */
};

/* The statuses this server sends; ended by 0. */
extern const unsigned serve_statuses[SERVE_HTTP_STATUSES];

/* A connection and when it is cut. */
struct serve_slot {
    int socket; /* -1: free */
    double deadline;
    double since;    /* when it began to wait for a request; 0: the request is there whole */
    long received;   /* bytes of a body */
    int has_body;    /* 1: headers are there, a body is coming */
    int is_cut;      /* 1: its thread has not closed it yet */
    int is_too_many; /* 1: it came when all others were busy */
    unsigned char address[16];
};

struct serve_guard {
    int loopback; /* 1: Host must name this machine */
    int with_token;
    unsigned char token_digest[32]; /* SHA-256 */
    char cookie[32];                /* its name; ports of one host share cookies */
    pthread_mutex_t lock;           /* over the rest */
    pthread_cond_t wake;
    struct serve_slot slot[SERVE_MAX_CONNECTIONS];
    int n_slots;
    double told_crowd, told_tokens; /* when stderr heard of it last; 0: never */
    long wrong_tokens;
    int stopping;
    pthread_t reaper;
    int has_reaper;
};

/* A reply that does not change, ready to be sent many times. */
struct serve_fixed {
    struct MHD_Response *plain, *packed, *unchanged; /* as is; gzip or NULL; 304 */
    char etag[40];
};

/* A piece of the page's document that comes after its first part. */
struct serve_piece {
    char name[24];
    char *text; /* (n) owned, until it is asked for the first time; NULL then */
    size_t n;
    struct serve_fixed fixed; /* then */
};

struct page_later; /* page/page_later.h */

/* The page's document, whole or in pieces, kept until a job ends. */
struct serve_document {
    pthread_mutex_t lock; /* over the rest; taken before shared_store_enter(), never after */
    int in_pieces;        /* 1: fixed is its first part, piece (n_pieces) the rest */
    struct serve_fixed fixed;
    struct serve_piece piece[SERVE_MAX_PIECES];
    int n_pieces;
    struct page_later *later;     /* makes the others; NULL: there are no others */
    uint64_t stamp[2];            /* of the file and its finished jobs */
    double made, took;            /* when, monotonic; seconds */
    struct serve_document *older; /* the one before, for who still reads that; NULL: it is not kept */
};

/* The last progress, for when the file is busy. */
struct serve_last {
    pthread_mutex_t lock;
    char *text;
    double made;
};

struct serve_models; /* serve_models.c */

struct serve {
    struct MHD_Daemon *daemon;
    struct shared_store *shared;
    char *filter; /* or NULL */
    char url[512];
    struct serve_guard guard;
    struct serve_counts counts;
    struct serve_fixed page;
    struct serve_document document, pieces; /* whole, and as the page asks for it */
    struct serve_document older;            /* of pieces, under its lock */
    pthread_t early;                        /* makes the first part before somebody asks */
    int has_early;
    struct serve_last progress;
    struct serve_models *models;
    atomic_long upload_bytes; /* reserved of SERVE_MAX_UPLOADS */
};

/* An uploaded file. */
struct serve_image {
    char name[128];
    char *bytes;
    size_t n, room;
    int too_large; /* 1: more than SERVE_MAX_IMAGE bytes, not kept */
};

struct serve_upload {
    struct MHD_PostProcessor *parser;
    struct serve_image image[SERVE_MAX_IMAGES];
    int n_images, too_many;
    struct serve_image boundaries; /* text, ends in NUL; bytes NULL: none */
    char occlusion[8], similar[8];
    int failed;              /* out of memory */
    long reserved, received; /* bytes of the body, as its headers said and so far */
};

struct serve_request {
    struct serve *serve;
    struct MHD_Connection *connection;
    enum serve_route route;
    int is_post, answered;
    int begun;                   /* 1: its headers were looked at */
    int too_long;                /* 1: the arguments of its address are not those that were sent */
    int has_body;                /* 1: it says that a body follows */
    unsigned refused;            /* status to answer with when the body has been read past; 0: none */
    char *why;                   /* owned */
    struct serve_upload *upload; /* POST only */
};

typedef enum MHD_Result (*serve_handler)(struct serve_request *request);

/* ---- serve_reply.c: each queues a reply and says whether that worked ---- */

/* A response with the headers that all have; takes `response` over. */
enum MHD_Result serve_send(struct serve_request *request, unsigned status, struct MHD_Response *response);

/* body (n) is taken over and freed. type: of the content. */
enum MHD_Result serve_send_text(struct serve_request *request, unsigned status, const char *type, char *body,
                                size_t n);

/* root is taken over; failed: it is not whole. */
enum MHD_Result serve_send_json(struct serve_request *request, json_t *root, int failed);

/* {"error": line}. */
enum MHD_Result serve_send_error(struct serve_request *request, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An error of the library: E_USAGE is the client's (400), anything else is the file's (503). */
enum MHD_Result serve_send_err(struct serve_request *request, const struct err *err);

/* Make *fixed of body (n, taken over); header values. policy: Content-Security-Policy. Release in any
 * case. */
int serve_fixed_make(struct serve_fixed *fixed, const char *type, const char *policy, char *body, size_t n,
                     struct err *err);
enum MHD_Result serve_fixed_send(struct serve_request *request, const struct serve_fixed *fixed);
void serve_fixed_release(struct serve_fixed *fixed);

/* ---- serve_guard.c ---- */

/* token may be NULL; n: connections at once. Starts the thread that cuts connections whose time is over. */
int serve_guard_start(struct serve *serve, const char *token, int loopback, int port, int n, struct err *err);
void serve_guard_stop(struct serve_guard *guard);

/* 1 to go on; 0: a refusal was queued, *result says whether that worked. */
int serve_guard_admits(struct serve_request *request, const char *path, enum MHD_Result *result);

/* This connection is cut in `seconds`; 0: not while its reply is computed. */
void serve_guard_deadline(struct serve_guard *guard, struct MHD_Connection *connection, double seconds);

/* It waits for a request from now on; 0: its request is there, whole. */
void serve_guard_waits(struct serve_guard *guard, struct MHD_Connection *connection, int waits);

/* Its headers are there, and a body follows; and n bytes of it have come. */
void serve_guard_body(struct serve_guard *guard, struct MHD_Connection *connection);
void serve_guard_received(struct serve_guard *guard, struct MHD_Connection *connection, size_t n);

/* Whether it came when all connections were busy with requests: it is answered with 503. */
int serve_guard_is_too_many(struct serve_guard *guard, struct MHD_Connection *connection);

/* libmicrohttpd's notification. cls: the server. When nearly all places are taken, the slowest of those that
 * have not yet asked is cut, of the address with most of them: who is slow on purpose keeps nobody else
 * out. */
void serve_guard_connection(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code);

/* ---- serve_upload.c ---- */

/* Begin the body of a POST: E_USAGE with *status when it cannot be taken. */
int serve_upload_begin(struct serve_request *request, unsigned *status, struct err *err);

/* n bytes more. -1: not multipart/form-data, or more bytes than the headers said. */
int serve_upload_take(struct serve_request *request, const char *bytes, size_t n);

/* All of it is there: unpack boundaries that came as .csv.gz. E_USAGE when they are damaged or too large. */
int serve_upload_end(struct serve_upload *upload, struct err *err);

/* upload may be NULL. */
void serve_upload_free(struct serve *serve, struct serve_upload *upload);

/* ---- routes ---- */

/* Ready for use, empty; in_pieces and older as in the struct. */
void serve_document_init(struct serve_document *document, int in_pieces, struct serve_document *older);
void serve_document_free(struct serve_document *document);

/* Take a first look, which /api/progress tells while the file is busy. */
void serve_progress_begin(struct serve *serve);

/* Begin to make what the page asks for first; no page, or no thread, and it is made when it is asked for. End
 * waits for it. */
void serve_early_start(struct serve *serve);
void serve_early_end(struct serve *serve);

/* The handler of a path and method; NULL with *status 404 or 405. */
serve_handler serve_route_find(const char *path, const char *method, enum serve_route *route,
                               unsigned *status);
const char *serve_route_path(enum serve_route route);

/* Numbers of jobs "3,5,9", below n_jobs, into job (SERVE_MAX_CURVES); how many there are, or E_USAGE. */
int serve_parse_jobs(const char *text, int n_jobs, int *job, struct err *err);

enum MHD_Result serve_answer_page(struct serve_request *request);
enum MHD_Result serve_answer_openapi(struct serve_request *request);
enum MHD_Result serve_answer_sweep(struct serve_request *request);
enum MHD_Result serve_answer_progress(struct serve_request *request);
enum MHD_Result serve_answer_curves(struct serve_request *request);
enum MHD_Result serve_answer_log(struct serve_request *request);
enum MHD_Result serve_answer_models(struct serve_request *request);
enum MHD_Result serve_answer_predict(struct serve_request *request);
enum MHD_Result serve_answer_metrics(struct serve_request *request);

/* The page of this program with its policy. */
int serve_page_make(struct serve_fixed *page, struct err *err);

/* The text of results/web/openapi.yaml. */
extern const char serve_openapi_text[];

/* ---- serve_models.c ---- */

/* Jobs that vote together: all alike but for seed, fold and repeat. */
struct serve_model {
    char filter[SERVE_FILTER_SIZE]; /* chooses them */
    const struct store_job *job;    /* the first of them; the store's */
    int n_jobs;                     /* finished ones */
};

struct serve_models_list {
    struct serve_model *model; /* (n) owned by the caller: free() */
    int n;
};

/* A predictor for a request's use, the only one at a time. */
struct serve_loan {
    struct predictor *predictor;
    const struct dataset *data; /* or NULL */
    char filter[SERVE_FILTER_SIZE];
};

struct serve_models *serve_models_new(struct err *err);
void serve_models_free(struct serve_models *models);

/* Models with kept weights and a finished job, in the order of these jobs. Between shared_store_enter and
 * shared_store_leave. On failure nothing is left. */
int serve_models_of(struct serve *serve, struct store *store, struct serve_models_list *list,
                    struct err *err);

/* A data URI of pixels (height, width, channels), 0 to 1, as a PNG of at most 512 pixels a side; NULL without
 * memory. Owned by the caller. */
json_t *serve_picture(const float *pixels, int width, int height, int channels);

/* Wait for, and take, the predictor of a model by its place in the list, with the sweep's images (NULL where
 * they are gone; with_data: that is refused, E_USAGE). To be given back with serve_models_return() unless it
 * fails. E_USAGE: there is no such model. */
int serve_models_borrow(struct serve *serve, int index, int with_data, struct serve_loan *loan,
                        struct err *err);
void serve_models_return(struct serve *serve);

#endif
