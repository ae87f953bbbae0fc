#define ZLIB_CONST /* zlib does not write to its input */
#include "serve/serve_core.h"

#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

const unsigned serve_statuses[SERVE_HTTP_STATUSES] = {200, 303, 304, 400, 401, 403, 404, 405,
                                                      411, 413, 414, 415, 421, 500, 503, 0};

/* Answers that are not the page load nothing at all. */
static const char CLOSED_POLICY[] = "default-src 'none'; frame-ancestors 'none'";

static void add_headers(struct MHD_Response *response, const char *type, const char *policy)
{
    if (type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, private");
}

static void count(struct serve_request *request, unsigned status)
{
    for (int i = 0; serve_statuses[i]; i++)
        if (serve_statuses[i] == status)
            atomic_fetch_add(&request->serve->counts.reply[request->route][i], 1);
}

static enum MHD_Result queue(struct serve_request *request, unsigned status, struct MHD_Response *response)
{
    request->answered = 1;
    serve_guard_waits(&request->serve->guard, request->connection, 0);
    serve_guard_deadline(&request->serve->guard, request->connection, SERVE_REQUEST_SECONDS);
    count(request, status);
    return MHD_queue_response(request->connection, status, response);
}

enum MHD_Result serve_send(struct serve_request *request, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result result = queue(request, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result serve_send_text(struct serve_request *request, unsigned status, const char *type, char *body,
                                size_t n)
{
    struct MHD_Response *response =
        body ? MHD_create_response_from_buffer(n, body, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!response) {
        free(body);
        return MHD_NO;
    }
    add_headers(response, type, CLOSED_POLICY);
    if (request->has_body && status >= 400) /* what is left of the body is not taken for a request */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"cellsweep\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                request->route == ROUTE_PREDICT ? "POST" : "GET, HEAD");
    return serve_send(request, status, response);
}

enum MHD_Result serve_send_json(struct serve_request *request, json_t *root, int failed)
{
    char *text = root && !failed ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return serve_send_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                                "out of memory: this answer is too large for the machine; ask for less");
    return serve_send_text(request, MHD_HTTP_OK, "application/json", text, strlen(text));
}

enum MHD_Result serve_send_error(struct serve_request *request, unsigned status, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    json_t *text = json_stringn(line, strlen(line)); /* NULL when a client's bytes in it are not UTF-8 */
    json_t *root = json_pack("{s:o}", "error", text ? text : json_string("the request is not UTF-8"));
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return serve_send_text(request, status, "application/json", body, body ? strlen(body) : 0);
}

enum MHD_Result serve_send_err(struct serve_request *request, const struct err *err)
{
    return serve_send_error(
        request, err->code == E_USAGE ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE, "%s", err->text);
}

/* ---- fixed replies ---- */

/* What is this large would wait for its packing longer than for its way. */
enum { PACK_LARGE = 1 << 19, PACK_FAST = 1, PACK_WELL = 6 };

/* gzip of body (n), or NULL: then it goes out as it is. */
static char *pack(const char *body, size_t n, int level, size_t *n_packed)
{
    z_stream z = {0};
    if (n > UINT32_MAX / 2 || deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    uLong room = deflateBound(&z, (uLong)n);
    char *out = malloc(room);
    z.next_in = (z_const Bytef *)body;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    int whole = out && deflate(&z, Z_FINISH) == Z_STREAM_END;
    *n_packed = z.total_out;
    deflateEnd(&z);
    if (whole && *n_packed < n)
        return out;
    free(out);
    return NULL;
}

static void make_etag(char out[40], const char *body, size_t n)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, n, (const uint8_t *)body);
    sha256_digest(&hash, sizeof digest, digest);
    out[0] = '"';
    for (int i = 0; i < 16; i++)
        snprintf(out + 1 + 2 * i, 3, "%02x", digest[i]);
    snprintf(out + 33, 2, "\"");
}

static struct MHD_Response *fixed_response(const struct serve_fixed *fixed, const char *type,
                                           const char *policy, char *body, size_t n)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(n, body, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) {
        free(body);
        return NULL;
    }
    add_headers(response, type, policy);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, fixed->etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    return response;
}

int serve_fixed_make(struct serve_fixed *fixed, const char *type, const char *policy, char *body, size_t n,
                     struct err *err)
{
    size_t n_packed = 0;
    *fixed = (struct serve_fixed){0};
    make_etag(fixed->etag, body, n);
    int is_page = policy != NULL; /* packed once, and sent to everybody */
    char *packed = pack(body, n, is_page || n < PACK_LARGE ? PACK_WELL : PACK_FAST, &n_packed);
    policy = policy ? policy : CLOSED_POLICY;
    fixed->unchanged = fixed_response(fixed, NULL, policy, NULL, 0);
    fixed->plain = fixed_response(fixed, type, policy, body, n);
    if (packed)
        fixed->packed = fixed_response(fixed, type, policy, packed, n_packed);
    if (fixed->packed)
        MHD_add_response_header(fixed->packed, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return fixed->plain && fixed->unchanged
               ? 0
               : err_set(err, E_IO, "out of memory: the page cannot be kept; free some memory");
}

/* q-values are not looked at: a client that names gzip can read it. */
static int takes_gzip(struct MHD_Connection *connection)
{
    const char *accepted =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    return accepted && strstr(accepted, "gzip") && !strstr(accepted, "gzip;q=0");
}

enum MHD_Result serve_fixed_send(struct serve_request *request, const struct serve_fixed *fixed)
{
    const char *known =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (known && strstr(known, fixed->etag))
        return queue(request, MHD_HTTP_NOT_MODIFIED, fixed->unchanged);
    return queue(request, MHD_HTTP_OK,
                 fixed->packed && takes_gzip(request->connection) ? fixed->packed : fixed->plain);
}

void serve_fixed_release(struct serve_fixed *fixed)
{
    struct MHD_Response *all[] = {fixed->plain, fixed->packed, fixed->unchanged};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            MHD_destroy_response(all[i]);
    *fixed = (struct serve_fixed){0};
}
