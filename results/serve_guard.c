#include "serve_core.h"

#include <ctype.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

double serve_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- who may ask ---- */

static void digest_of(const char *text, size_t n, unsigned char out[SHA256_DIGEST_SIZE])
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, n, (const uint8_t *)text);
    sha256_digest(&hash, SHA256_DIGEST_SIZE, out);
}

/* Digests of one length are compared, so that the time tells nothing about the token, its length neither. */
static int is_token(const struct serve_guard *guard, const char *text, size_t n)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    digest_of(text, n, digest);
    return memeql_sec(digest, guard->token_digest, sizeof digest);
}

static const char *header(const struct serve_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static int has_token(const struct serve_request *request)
{
    const struct serve_guard *guard = &request->serve->guard;
    const char *bearer = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    const char *cookie = MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, guard->cookie);
    if (bearer && strncasecmp(bearer, "Bearer ", 7) == 0)
        return is_token(guard, bearer + 7, strlen(bearer + 7));
    return cookie && is_token(guard, cookie, strlen(cookie));
}

/* A name that DNS gave to this machine's loopback address is not in the list: that is how a foreign page would ask us. */
static int names_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host && i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) != 0)
            continue;
        const char *port = host + n;
        if (*port == '\0' || (*port == ':' && port[1] && strspn(port + 1, "0123456789") == strlen(port + 1)))
            return 1;
    }
    return 0;
}

/* Whether another site's page sends this: it may make a browser send, though it could not read the answer. */
static int is_foreign(const struct serve_request *request)
{
    const char *origin = header(request, MHD_HTTP_HEADER_ORIGIN), *site = header(request, "Sec-Fetch-Site"),
               *host = header(request, MHD_HTTP_HEADER_HOST);
    if (request->is_post && origin &&
        (strncmp(origin, "http", 4) != 0 || !strstr(origin, "://") || !host ||
         strcasecmp(strstr(origin, "://") + 3, host) != 0))
        return 1;
    return site && request->route != ROUTE_PAGE && strcmp(site, "same-origin") != 0 &&
           strcmp(site, "none") != 0;
}

/* GET /?token=T: the cookie takes the token out of the address bar, the history and the logs. */
static enum MHD_Result send_cookie(struct serve_request *request, const char *token)
{
    char cookie[SERVE_TOKEN_SIZE + 128];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict", request->serve->guard.cookie,
             token);
    MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    return serve_send(request, MHD_HTTP_SEE_OTHER, response);
}

static enum MHD_Result ask_token(struct serve_request *request)
{
    return serve_send_error(request, MHD_HTTP_UNAUTHORIZED,
                            "a token is needed: open the address that `cellsweep serve` printed, or send "
                            "'Authorization: Bearer TOKEN'");
}

int serve_guard_admits(struct serve_request *request, const char *path, enum MHD_Result *result)
{
    const struct serve_guard *guard = &request->serve->guard;
    const char *token = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "token");
    if (guard->loopback && !names_loopback(header(request, MHD_HTTP_HEADER_HOST)))
        *result = serve_send_error(request, MHD_HTTP_MISDIRECTED_REQUEST,
                                   "this server listens on this machine only: ask it as localhost");
    else if (is_foreign(request))
        *result = serve_send_error(request, MHD_HTTP_FORBIDDEN, "requests of other sites are refused");
    else if (guard->with_token && token && strcmp(path, "/") == 0 && is_token(guard, token, strlen(token)))
        *result = send_cookie(request, token);
    else if (guard->with_token && !has_token(request))
        *result = ask_token(request);
    else
        return 1;
    return 0;
}

/* ---- how long a connection may take ---- */

static struct serve_slot *slot_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void serve_guard_deadline(struct serve_guard *guard, struct MHD_Connection *connection, double seconds)
{
    struct serve_slot *slot = slot_of(connection);
    pthread_mutex_lock(&guard->lock);
    if (slot)
        slot->deadline = seconds > 0 ? serve_now() + seconds : 0;
    pthread_mutex_unlock(&guard->lock);
}

static struct serve_slot *take_slot(struct serve_guard *guard, int socket)
{
    for (int i = 0; i < SERVE_MAX_CONNECTIONS; i++)
        if (guard->slot[i].socket < 0) {
            guard->slot[i] = (struct serve_slot){socket, serve_now() + SERVE_IDLE_SECONDS};
            return &guard->slot[i];
        }
    return NULL;
}

/* A slot is given back before its socket is closed, so the reaper never touches a socket that is somebody else's by then. */
void serve_guard_connection(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct serve *serve = cls;
    struct serve_guard *guard = &serve->guard;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_mutex_lock(&guard->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = info ? take_slot(guard, info->connect_fd) : NULL;
        atomic_fetch_add(&serve->counts.connections, 1);
    } else {
        if (*context)
            *(struct serve_slot *)*context = (struct serve_slot){-1, 0};
        *context = NULL;
        atomic_fetch_sub(&serve->counts.connections, 1);
    }
    pthread_mutex_unlock(&guard->lock);
}

static void cut_late(struct serve *serve)
{
    double now = serve_now();
    for (int i = 0; i < SERVE_MAX_CONNECTIONS; i++) {
        struct serve_slot *slot = &serve->guard.slot[i];
        if (slot->socket < 0 || slot->deadline <= 0 || slot->deadline > now)
            continue;
        shutdown(slot->socket, SHUT_RDWR); /* its thread sees the end and closes it */
        slot->deadline = 0;
        atomic_fetch_add(&serve->counts.timed_out, 1);
    }
}

static void *reap(void *cls)
{
    struct serve *serve = cls;
    struct serve_guard *guard = &serve->guard;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        pthread_cond_timedwait(&guard->wake, &guard->lock, &until);
        cut_late(serve);
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

int serve_guard_start(struct serve *serve, const char *token, int loopback, int port, struct err *err)
{
    struct serve_guard *guard = &serve->guard;
    pthread_condattr_t monotonic;
    guard->loopback = loopback;
    guard->with_token = token != NULL;
    if (token)
        digest_of(token, strlen(token), guard->token_digest);
    snprintf(guard->cookie, sizeof guard->cookie, "cellsweep-%d", port);
    for (int i = 0; i < SERVE_MAX_CONNECTIONS; i++)
        guard->slot[i].socket = -1;
    pthread_mutex_init(&guard->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&guard->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    guard->has_reaper = pthread_create(&guard->reaper, NULL, reap, serve) == 0;
    return guard->has_reaper ? 0 : err_set(err, E_IO, "serve: cannot start a thread; raise `ulimit -u`");
}

void serve_guard_stop(struct serve_guard *guard)
{
    if (!guard->has_reaper)
        return;
    pthread_mutex_lock(&guard->lock);
    guard->stopping = 1;
    pthread_cond_signal(&guard->wake);
    pthread_mutex_unlock(&guard->lock);
    pthread_join(guard->reaper, NULL);
    pthread_cond_destroy(&guard->wake);
    pthread_mutex_destroy(&guard->lock);
    guard->has_reaper = 0;
}
