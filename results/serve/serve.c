#include "serve/serve_core.h"
#include "store/store_select.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a request ---- */

static enum MHD_Result refuse(struct serve_request *request, unsigned status)
{
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        return serve_send_error(request, status, "%s takes %s only", serve_route_path(request->route),
                                request->route == ROUTE_PREDICT ? "POST" : "GET and HEAD");
    return serve_send_error(request, status,
                            "there is no such page; /api/openapi.yaml lists those there are");
}

/* A client that sends its body only when it is told to. */
static int waits_for_leave(const struct serve_request *request)
{
    const char *expect =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT);
    return expect && strcasecmp(expect, "100-continue") == 0;
}

/* A body that will be refused is read past first: a client that still sends would not see the answer. */
static enum MHD_Result begin_body(struct serve_request *request)
{
    struct err err = {0};
    unsigned status;
    if (serve_upload_begin(request, &status, &err) == 0)
        return MHD_YES;
    if (status == MHD_HTTP_LENGTH_REQUIRED || waits_for_leave(request))
        return serve_send_error(request, status, "%s", err.text);
    atomic_fetch_add(&request->serve->counts.rejected, 1);
    request->refused = status;
    request->why = strdup(err.text);
    return request->why ? MHD_YES : MHD_NO;
}

/* How often the headers say how long the body is. */
struct framing {
    int lengths, encodings;
    int is_empty; /* the length is 0 */
};

static enum MHD_Result see_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct framing *framing = cls;
    (void)kind;
    if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        framing->lengths++;
        framing->is_empty = value && strcmp(value, "0") == 0;
    }
    framing->encodings += strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return MHD_YES;
}

/* Who stands between a client and us may see the end of a body elsewhere than we do, and take a part of one
 * request for another: a length that is said twice, or in two ways, is refused, and so is every body whose
 * length is not known beforehand. The status; 0: all is well. */
static unsigned check_framing(struct serve_request *request)
{
    struct framing framing = {0};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, see_header, &framing);
    request->has_body =
        framing.encodings > 0 || framing.lengths > 1 || (framing.lengths && !framing.is_empty);
    if (framing.lengths > 1 || (framing.encodings && !request->is_post))
        return MHD_HTTP_BAD_REQUEST;
    return framing.encodings ? MHD_HTTP_LENGTH_REQUIRED : 0;
}

/* What is wrong with a request whoever sends it, and whatever it asks for; 0: nothing, else *result
 * is of the answer. */
static int is_unfit(struct serve_request *request, enum MHD_Result *result)
{
    unsigned status = check_framing(request);
    if (serve_guard_is_too_many(&request->serve->guard, request->connection))
        *result = serve_send_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                                   "too many requests at once; try again in a moment");
    else if (request->too_long)
        *result = serve_send_error(request, MHD_HTTP_URI_TOO_LONG,
                                   "the address has more than %d bytes or %d arguments after its ?",
                                   SERVE_MAX_QUERY, SERVE_MAX_ARGUMENTS);
    else if (status)
        *result = serve_send_error(
            request, status, "send the length of the body once, as Content-Length, and no Transfer-Encoding");
    else
        return 0;
    return 1;
}

/* The headers are there. */
static enum MHD_Result begin(struct serve_request *request, const char *path, const char *method)
{
    enum MHD_Result result;
    unsigned status;
    struct serve_guard *guard = &request->serve->guard;
    request->begun = 1;
    request->is_post = strcmp(method, "POST") == 0;
    serve_guard_deadline(guard, request->connection, SERVE_REQUEST_SECONDS);
    serve_handler handler = serve_route_find(path, method, &request->route, &status);
    if (is_unfit(request, &result) || !serve_guard_admits(request, path, &result))
        return result;
    if (!handler)
        return refuse(request, status);
    if (request->has_body)
        serve_guard_body(guard, request->connection);
    return request->is_post ? begin_body(request) : MHD_YES;
}

static enum MHD_Result take_body(struct serve_request *request, const char *bytes, size_t *n)
{
    serve_guard_received(&request->serve->guard, request->connection, *n);
    if (!request->refused && request->upload && serve_upload_take(request, bytes, *n) < 0) {
        atomic_fetch_add(&request->serve->counts.rejected, 1);
        request->refused = MHD_HTTP_BAD_REQUEST;
    }
    *n = 0;
    return MHD_YES;
}

static enum MHD_Result answer(struct serve_request *request, const char *path, const char *method)
{
    unsigned status;
    if (request->refused)
        return serve_send_error(request, request->refused, "%s",
                                request->why ? request->why : "the body is not whole multipart/form-data");
    serve_guard_waits(&request->serve->guard, request->connection, 0);
    serve_guard_deadline(&request->serve->guard, request->connection, 0);
    return serve_route_find(path, method, &request->route, &status)(request);
}

/* The line of a request is there, its arguments are not yet parsed: libmicrohttpd has no answer when there
 * are more of them than its memory can hold, so too many are made one, and the request is answered. What this
 * returns is what handle() finds in *context, and completed() frees it. */
static void *see_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct serve_request *request = calloc(1, sizeof *request);
    char *query = strchr(uri, '?');
    int arguments = 1;
    if (!request)
        return NULL;
    request->serve = cls;
    request->connection = connection;
    for (const char *at = query; at && (at = strchr(at, '&')); at++)
        arguments++;
    request->too_long = query && (strlen(query) > SERVE_MAX_QUERY || arguments > SERVE_MAX_ARGUMENTS);
    for (char *at = query; request->too_long && (at = strchr(at, '&'));)
        *at = '_';
    return request;
}

/* A text with an escaped NUL stays as it is: else it would be another, shorter one. */
static size_t unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body, size_t *n_body,
                              void **context)
{
    struct serve_request *request = *context;
    (void)cls;
    (void)version;
    (void)connection;
    if (!request)
        return MHD_NO; /* there was no memory for it */
    if (!request->begun)
        return begin(request, path, method);
    if (*n_body)
        return request->answered ? MHD_NO : take_body(request, body, n_body);
    return request->answered ? MHD_YES : answer(request, path, method);
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct serve *serve = cls;
    struct serve_request *request = *context;
    (void)code;
    if (!request)
        return;
    serve_upload_free(serve, request->upload);
    free(request->why);
    free(request);
    *context = NULL;
    serve_guard_waits(&serve->guard, connection, 1);
    serve_guard_deadline(&serve->guard, connection, SERVE_IDLE_SECONDS);
}

/* Clients that break off are no news. */
static void quiet(void *cls, const char *format, va_list args)
{
    (void)cls;
    (void)format;
    (void)args;
}

/* ---- the address ---- */

static int is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return address->sa_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127));
}

static int listen_on(const struct addrinfo *at, const struct serve_options *o, struct err *err)
{
    int yes = 1, s = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s >= 0)
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (s >= 0 && bind(s, at->ai_addr, at->ai_addrlen) == 0 && listen(s, 128) == 0)
        return s;
    err_set(err, E_IO, "serve: cannot listen on %s port %d: %s%s", o->address, o->port, strerror(errno),
            errno == EADDRINUSE ? "; choose another with --port" : "");
    if (s >= 0)
        close(s);
    return E_IO;
}

static int check_exposure(const struct serve_options *o, int loopback, struct err *err)
{
    if (o->token && strlen(o->token) < SERVE_TOKEN_MIN)
        return err_set(err, E_USAGE, "serve: a token needs at least %d characters; --token auto makes one",
                       SERVE_TOKEN_MIN);
    if (o->token && (strlen(o->token) >= SERVE_TOKEN_SIZE ||
                     strspn(o->token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") !=
                         strlen(o->token)))
        return err_set(err, E_USAGE,
                       "serve: a token is at most %d letters, digits and any of -._~; --token auto makes one",
                       SERVE_TOKEN_SIZE - 1);
    if (!loopback && !o->token)
        return err_set(err, E_USAGE,
                       "serve: others can reach %s: add --token auto (or --token-file), or listen on "
                       "127.0.0.1 and use an ssh tunnel",
                       o->address);
    return 0;
}

/* The listening socket, or a code. */
static int open_socket(const struct serve_options *o, int *loopback, struct err *err)
{
    char port[16];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%d", o->port);
    int bad = getaddrinfo(o->address, port, &hints, &found);
    if (bad)
        return err_set(err, E_USAGE, "serve: --address %.200s: %s", o->address, gai_strerror(bad));
    *loopback = is_loopback(found->ai_addr);
    int rc = check_exposure(o, *loopback, err);
    if (rc == 0)
        rc = listen_on(found, o, err);
    freeaddrinfo(found);
    return rc;
}

/* The port of a listening socket, and its family. */
static int port_of(int listening, int *family)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } bound;
    socklen_t n = sizeof bound;
    memset(&bound, 0, sizeof bound);
    getsockname(listening, &bound.any, &n);
    *family = bound.any.sa_family;
    return ntohs(*family == AF_INET6 ? bound.six.sin6_port : bound.four.sin_port);
}

static void write_url(struct serve *serve, const struct serve_options *o, int port)
{
    const char *open = strchr(o->address, ':') ? "[" : "", *shut = *open ? "]" : "";
    int anywhere = strcmp(o->address, "0.0.0.0") == 0 || strcmp(o->address, "::") == 0;
    char host[256] = "";
    if (anywhere && gethostname(host, sizeof host - 1) == 0)
        open = shut = "";
    snprintf(serve->url, sizeof serve->url, "http://%s%s%s:%d/%s%s", open, *host ? host : o->address, shut,
             port, o->token && o->tell_token ? "?token=" : "", o->token && o->tell_token ? o->token : "");
}

/* ---- starting and stopping ---- */

static int check_filter(struct serve *serve, struct err *err)
{
    struct store *store;
    struct selection chosen = {0};
    if (!shared_store_is_there(serve->shared))
        return 0; /* what it holds will tell; every answer says so until then */
    int rc = shared_store_enter(serve->shared, &store, err);
    if (rc < 0)
        return rc;
    rc = store_select(store, serve->filter, &chosen, err);
    selection_free(&chosen);
    shared_store_leave(serve->shared, 0);
    return rc;
}

/* A thread a connection: a slow client keeps only its own waiting. */
static int start_daemon(struct serve *serve, int listening, int family, struct err *err)
{
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_ERROR_LOG | (family == AF_INET6 ? MHD_USE_IPv6 : 0);
    const struct MHD_OptionItem options[] = {{MHD_OPTION_LISTEN_SOCKET, listening, NULL},
                                             {MHD_OPTION_CONNECTION_LIMIT, serve->guard.n_slots, NULL},
                                             {MHD_OPTION_CONNECTION_MEMORY_LIMIT, SERVE_MAX_HEADERS, NULL},
                                             {MHD_OPTION_CONNECTION_TIMEOUT, SERVE_IDLE_SECONDS, NULL},
                                             {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
                                             {MHD_OPTION_THREAD_STACK_SIZE, 1 << 20, NULL},
                                             {MHD_OPTION_END, 0, NULL}};
    serve->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, serve, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL, MHD_OPTION_ARRAY,
        options, MHD_OPTION_URI_LOG_CALLBACK, see_uri, serve, MHD_OPTION_UNESCAPE_CALLBACK, unescape, serve,
        MHD_OPTION_NOTIFY_COMPLETED, completed, serve, MHD_OPTION_NOTIFY_CONNECTION, serve_guard_connection,
        serve, MHD_OPTION_END);
    if (serve->daemon)
        return 0;
    close(listening);
    return err_set(err, E_IO, "serve: libmicrohttpd cannot start: %s", strerror(errno));
}

/* What answers are made of. */
static int load(struct serve *serve, const struct serve_options *o, struct err *err)
{
    int rc = shared_store_open(o->path, &serve->shared, err);
    if (rc == 0)
        rc = check_filter(serve, err);
    if (rc == 0)
        rc = serve_page_make(&serve->page, err);
    if (rc == 0 && !(serve->models = serve_models_new(err)))
        rc = E_IO;
    return rc;
}

/* Connections that the limit of open files leaves room for: accept() without room would be
 * tried again and again. */
static int count_connections(int *n, struct err *err)
{
    enum { ALL = SERVE_MAX_CONNECTIONS + SERVE_OWN_FILES, LEAST = SERVE_MIN_CONNECTIONS + SERVE_OWN_FILES };
    struct rlimit limit;
    *n = SERVE_MAX_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= ALL)
        return 0;
    limit.rlim_cur = limit.rlim_max < ALL ? limit.rlim_max : ALL;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < LEAST)
        return err_set(err, E_IO,
                       "serve: at most %lu files may be open, needs %d; raise the limit: ulimit -n %d",
                       (unsigned long)limit.rlim_cur, LEAST, ALL);
    *n = limit.rlim_cur < ALL ? (int)limit.rlim_cur - SERVE_OWN_FILES : SERVE_MAX_CONNECTIONS;
    return 0;
}

static int go_online(struct serve *serve, const struct serve_options *o, struct err *err)
{
    int loopback = 0, family = 0, n = 0;
    if (count_connections(&n, err) < 0)
        return E_IO;
    int listening = open_socket(o, &loopback, err);
    if (listening < 0)
        return listening;
    int port = port_of(listening, &family);
    write_url(serve, o, port);
    int rc = serve_guard_start(serve, o->token, loopback, port, n, err);
    if (rc == 0)
        return start_daemon(serve, listening, family, err);
    close(listening);
    return rc;
}

int serve_start(const struct serve_options *options, struct serve **out, struct err *err)
{
    *out = NULL;
    struct serve *serve = err_calloc(1, sizeof *serve, "the server", err);
    if (!serve)
        return E_IO;
    serve_document_init(&serve->document, 0, NULL);
    serve_document_init(&serve->older, 1, NULL);
    serve_document_init(&serve->pieces, 1, &serve->older);
    pthread_mutex_init(&serve->progress.lock, NULL);
    serve->filter = options->filter ? strdup(options->filter) : NULL;
    int rc = load(serve, options, err);
    if (rc == 0)
        rc = go_online(serve, options, err);
    if (rc == 0)
        serve_early_start(serve);
    if (rc < 0)
        serve_stop(serve);
    else
        *out = serve;
    return rc;
}

const char *serve_url(const struct serve *serve)
{
    return serve->url;
}

int serve_new_token(char out[SERVE_TOKEN_SIZE], struct err *err)
{
    unsigned char bits[16];
    if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits)
        return err_set(err, E_IO, "serve: the kernel gives no random numbers: %s", strerror(errno));
    for (int i = 0; i < 16; i++)
        sprintf(out + 2 * i, "%02x", bits[i]);
    return 0;
}

void serve_stop(struct serve *serve)
{
    if (!serve)
        return;
    if (serve->daemon)
        MHD_stop_daemon(serve->daemon);
    serve_early_end(serve);
    serve_guard_stop(&serve->guard);
    serve_models_free(serve->models);
    serve_fixed_release(&serve->page);
    free(serve->progress.text);
    serve_document_free(&serve->document);
    serve_document_free(&serve->pieces);
    serve_document_free(&serve->older);
    pthread_mutex_destroy(&serve->progress.lock);
    shared_store_close(serve->shared);
    free(serve->filter);
    free(serve);
}
