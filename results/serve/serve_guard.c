#include "serve/serve_core.h"

#include <netdb.h>
#include <netinet/in.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

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

/* A name that DNS gave to this machine's loopback address is not in the list: that is how a foreign
 * page would ask us. */
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

/* The address of a client as text. */
static void name_client(struct MHD_Connection *connection, char *out, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *from = info ? info->client_addr : NULL;
    socklen_t n =
        from && from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (!from || getnameinfo(from, n, out, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, size, "?");
}

/* Guessing is slow, and does not go unnoticed: a line at the first wrong token, and not more
 * than one a minute. */
static void note_wrong_token(struct serve_request *request)
{
    const struct timespec moment = {.tv_nsec = 250000000};
    struct serve_guard *guard = &request->serve->guard;
    char name[64];
    name_client(request->connection, name, sizeof name);
    pthread_mutex_lock(&guard->lock);
    long n = ++guard->wrong_tokens;
    int tell = guard->told_tokens <= 0 || clock_now() - guard->told_tokens > 60;
    if (tell)
        guard->told_tokens = clock_now();
    pthread_mutex_unlock(&guard->lock);
    if (tell)
        fprintf(stderr, "serve: a wrong token from %s, %ld since the start\n", name, n);
    nanosleep(&moment, NULL);
}

static enum MHD_Result ask_token(struct serve_request *request, const char *token)
{
    if (token || header(request, MHD_HTTP_HEADER_AUTHORIZATION) ||
        MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, request->serve->guard.cookie))
        note_wrong_token(request);
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
        *result = ask_token(request, token);
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
    if (slot && !slot->is_cut)
        slot->deadline = seconds > 0 ? clock_now() + seconds : 0;
    pthread_mutex_unlock(&guard->lock);
}

void serve_guard_waits(struct serve_guard *guard, struct MHD_Connection *connection, int waits)
{
    struct serve_slot *slot = slot_of(connection);
    pthread_mutex_lock(&guard->lock);
    if (slot) {
        slot->since = waits ? clock_now() : 0;
        slot->has_body = slot->is_too_many = 0;
    }
    pthread_mutex_unlock(&guard->lock);
}

void serve_guard_body(struct serve_guard *guard, struct MHD_Connection *connection)
{
    struct serve_slot *slot = slot_of(connection);
    pthread_mutex_lock(&guard->lock);
    if (slot) {
        slot->since = clock_now();
        slot->has_body = 1;
        slot->received = 0;
    }
    pthread_mutex_unlock(&guard->lock);
}

void serve_guard_received(struct serve_guard *guard, struct MHD_Connection *connection, size_t n)
{
    struct serve_slot *slot = slot_of(connection);
    pthread_mutex_lock(&guard->lock);
    if (slot)
        slot->received += (long)n;
    pthread_mutex_unlock(&guard->lock);
}

int serve_guard_is_too_many(struct serve_guard *guard, struct MHD_Connection *connection)
{
    struct serve_slot *slot = slot_of(connection);
    pthread_mutex_lock(&guard->lock);
    int is = slot && slot->is_too_many;
    pthread_mutex_unlock(&guard->lock);
    return is;
}

static void cut(struct serve *serve, struct serve_slot *slot)
{
    shutdown(slot->socket, SHUT_RDWR); /* its thread sees the end and closes it */
    slot->deadline = slot->since = 0;
    slot->is_cut = 1;
    atomic_fetch_add(&serve->counts.timed_out, 1);
}

/* ---- too many at once ---- */

static void take_address(struct serve_slot *slot, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *from = info ? info->client_addr : NULL;
    if (from && from->sa_family == AF_INET6)
        memcpy(slot->address, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               sizeof slot->address);
    else if (from)
        memcpy(slot->address, &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               sizeof(struct in_addr));
}

static int count_of_address(const struct serve_guard *guard, const struct serve_slot *slot)
{
    int n = 0;
    for (int i = 0; i < guard->n_slots; i++)
        n += guard->slot[i].socket >= 0 && !guard->slot[i].is_cut &&
             memcmp(guard->slot[i].address, slot->address, sizeof slot->address) == 0;
    return n;
}

/* How well a connection bears being cut; -1: not at all, since its request is there whole. Without headers
 * rather than with a body, then of an address with many rather than few, then the oldest, or the one with
 * fewest bytes a second. */
static double weakness(const struct serve_guard *guard, const struct serve_slot *slot, double now)
{
    if (slot->socket < 0 || slot->is_cut || slot->since <= 0)
        return -1;
    double age = now - slot->since, n = count_of_address(guard, slot);
    double slowness = slot->has_body ? 1 / (1 + (double)slot->received / (1 + age)) : age / (1 + age);
    return (slot->has_body ? 0 : 2.0 * SERVE_MAX_CONNECTIONS) + n + slowness;
}

static struct serve_slot *weakest(struct serve_guard *guard, const struct serve_slot *but)
{
    struct serve_slot *found = NULL;
    double most = -1, now = clock_now();
    for (int i = 0; i < guard->n_slots; i++) {
        double w = &guard->slot[i] == but ? -1 : weakness(guard, &guard->slot[i], now);
        if (w > most) {
            most = w;
            found = &guard->slot[i];
        }
    }
    return found;
}

static void make_room(struct serve *serve, struct serve_slot *fresh)
{
    struct serve_guard *guard = &serve->guard;
    int n = 0;
    for (int i = 0; i < guard->n_slots; i++)
        n += guard->slot[i].socket >= 0 && !guard->slot[i].is_cut;
    if (n <= guard->n_slots - guard->n_slots / 4)
        return;
    struct serve_slot *slot = weakest(guard, fresh);
    if (slot)
        cut(serve, slot);
    else
        fresh->is_too_many = 1;
    if (guard->told_crowd <= 0 || clock_now() - guard->told_crowd > 60) {
        fprintf(stderr, "serve: %d connections at once: %s\n", n,
                slot ? "the slowest to ask are cut" : "all are busy, others are told to come back");
        guard->told_crowd = clock_now();
    }
}

static struct serve_slot *take_slot(struct serve *serve, struct MHD_Connection *connection, int socket)
{
    struct serve_guard *guard = &serve->guard;
    for (int i = 0; i < guard->n_slots; i++)
        if (guard->slot[i].socket < 0) {
            double now = clock_now();
            guard->slot[i] =
                (struct serve_slot){.socket = socket, .deadline = now + SERVE_IDLE_SECONDS, .since = now};
            take_address(&guard->slot[i], connection);
            make_room(serve, &guard->slot[i]);
            return &guard->slot[i];
        }
    return NULL;
}

/* A slot is given back before its socket is closed, so the reaper never touches a socket that is
 * somebody else's by then. */
void serve_guard_connection(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct serve *serve = cls;
    struct serve_guard *guard = &serve->guard;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_mutex_lock(&guard->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = info ? take_slot(serve, connection, info->connect_fd) : NULL;
        atomic_fetch_add(&serve->counts.connections, 1);
    } else {
        if (*context)
            *(struct serve_slot *)*context = (struct serve_slot){.socket = -1};
        *context = NULL;
        atomic_fetch_sub(&serve->counts.connections, 1);
    }
    pthread_mutex_unlock(&guard->lock);
}

/* A body that trickles keeps its place, and its part of the memory for uploads, from others. */
static int is_late(const struct serve_slot *slot, double now)
{
    double age = slot->since > 0 ? now - slot->since : 0;
    if (slot->deadline > 0 && slot->deadline <= now)
        return 1;
    return slot->has_body && age > SERVE_IDLE_SECONDS &&
           (double)slot->received < (age - SERVE_IDLE_SECONDS) * SERVE_MIN_RATE;
}

static void cut_late(struct serve *serve)
{
    double now = clock_now();
    for (int i = 0; i < serve->guard.n_slots; i++) {
        struct serve_slot *slot = &serve->guard.slot[i];
        if (slot->socket >= 0 && !slot->is_cut && is_late(slot, now))
            cut(serve, slot);
    }
}

static void *reap(void *cls)
{
    struct serve *serve = cls;
    struct serve_guard *guard = &serve->guard;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        struct timespec until = clock_after(CLOCK_MONOTONIC, 1);
        pthread_cond_timedwait(&guard->wake, &guard->lock, &until);
        cut_late(serve);
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

int serve_guard_start(struct serve *serve, const char *token, int loopback, int port, int n, struct err *err)
{
    struct serve_guard *guard = &serve->guard;
    pthread_condattr_t monotonic;
    guard->loopback = loopback;
    guard->with_token = token != NULL;
    if (token)
        digest_of(token, strlen(token), guard->token_digest);
    snprintf(guard->cookie, sizeof guard->cookie, "cellsweep-%d", port);
    guard->n_slots = n;
    for (int i = 0; i < n; i++)
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
