#define ZLIB_CONST /* zlib does not write to its input */
#include "serve/serve_core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* Room for n bytes and a NUL more, growing by doubling. 0, or -1 without memory. */
static int make_room(struct serve_image *image, size_t n)
{
    size_t room = image->room ? image->room : 4096;
    while (room <= n)
        room *= 2;
    char *bytes = room > image->room ? realloc(image->bytes, room) : image->bytes;
    if (!bytes)
        return -1;
    image->bytes = bytes;
    image->room = room;
    return 0;
}

static void append(struct serve_upload *upload, struct serve_image *image, const char *data, size_t n,
                   size_t limit)
{
    if (image->too_large)
        return;
    if (n > limit - image->n) {
        free(image->bytes);
        image->bytes = NULL;
        image->n = image->room = 0;
        image->too_large = 1;
        return;
    }
    if (make_room(image, image->n + n) < 0) {
        upload->failed = 1;
        return;
    }
    if (n)
        memcpy(image->bytes + image->n, data, n);
    image->n += n;
    image->bytes[image->n] = '\0';
}

/* The last part of a client's path, printable ASCII and UTF-8 kept; it is only ever shown. */
static void take_name(struct serve_image *image, const char *name)
{
    const char *slash = name ? strrchr(name, '/') : NULL;
    const char *back = name ? strrchr(name, '\\') : NULL;
    const char *base = slash > back ? slash + 1 : back ? back + 1 : name;
    snprintf(image->name, sizeof image->name, "%s", base && *base ? base : "image");
    for (char *quote = image->name; (quote = strstr(quote, "%22")); quote++) { /* how a form spells it */
        *quote = '"';
        memmove(quote + 1, quote + 3, strlen(quote + 3) + 1);
    }
    for (char *p = image->name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

/* libmicrohttpd tells of a part at its offset 0, but twice when the network cut the body after the
 * part's header: first with no bytes. Of two files of one name in a row, the first of them empty,
 * only the second is seen. */
static int is_new_part(const struct serve_upload *upload, const char *name, uint64_t offset)
{
    const struct serve_image *last = upload->n_images ? &upload->image[upload->n_images - 1] : NULL;
    struct serve_image next = {0};
    if (offset > 0)
        return 0;
    take_name(&next, name);
    return !last || last->n > 0 || last->too_large || strcmp(last->name, next.name) != 0;
}

static void take_image(struct serve_upload *upload, const char *name, const char *data, size_t n,
                       uint64_t offset)
{
    int is_new = is_new_part(upload, name, offset);
    if (is_new && upload->n_images == SERVE_MAX_IMAGES)
        upload->too_many = 1;
    if (upload->too_many)
        return;
    if (is_new)
        take_name(&upload->image[upload->n_images++], name);
    if (upload->n_images)
        append(upload, &upload->image[upload->n_images - 1], data, n, SERVE_MAX_IMAGE);
}

static void take_word(char *out, size_t size, const char *data, size_t n, uint64_t offset)
{
    for (size_t i = 0; i < n && offset + i + 1 < size; i++) {
        out[offset + i] = data[i];
        out[offset + i + 1] = '\0';
    }
}

static enum MHD_Result take_part(void *cls, enum MHD_ValueKind kind, const char *key, const char *filename,
                                 const char *content_type, const char *encoding, const char *data,
                                 uint64_t offset, size_t n)
{
    struct serve_upload *upload = cls;
    (void)kind;
    (void)content_type;
    (void)encoding;
    if (!key)
        return MHD_YES;
    if (strcmp(key, "image") == 0)
        take_image(upload, filename, data, n, offset);
    else if (strcmp(key, "boundaries") == 0)
        append(upload, &upload->boundaries, data, n, SERVE_MAX_BOUNDARIES);
    else if (strcmp(key, "occlusion") == 0)
        take_word(upload->occlusion, sizeof upload->occlusion, data, n, offset);
    else if (strcmp(key, "similar") == 0)
        take_word(upload->similar, sizeof upload->similar, data, n, offset);
    return upload->failed ? MHD_NO : MHD_YES;
}

/* The length a body says it has; -1: it says none, or nonsense. */
static long long length_of(struct serve_request *request)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    return errno || *end ? -1 : n;
}

/* Memory for all bodies at once is bounded before any of it is taken. */
static int reserve(struct serve *serve, struct serve_upload *upload, long n)
{
    if (atomic_fetch_add(&serve->upload_bytes, n) + n > SERVE_MAX_UPLOADS) {
        atomic_fetch_sub(&serve->upload_bytes, n);
        return -1;
    }
    upload->reserved = n;
    return 0;
}

static int check_length(long long n, unsigned *status, struct err *err)
{
    *status = MHD_HTTP_LENGTH_REQUIRED;
    if (n < 0)
        return err_set(err, E_USAGE, "send the length of the body (Content-Length)");
    *status = MHD_HTTP_CONTENT_TOO_LARGE;
    if (n > SERVE_MAX_REQUEST)
        return err_set(err, E_USAGE,
                       "the request has %lld bytes, more than %d; send fewer or smaller images at once", n,
                       SERVE_MAX_REQUEST);
    return 0;
}

int serve_upload_begin(struct serve_request *request, unsigned *status, struct err *err)
{
    const char *type =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    long long n = length_of(request);
    int rc = check_length(n, status, err);
    if (rc < 0)
        return rc;
    *status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
    if (!type || strncasecmp(type, "multipart/form-data", 19) != 0)
        return err_set(err, E_USAGE, "send the images as multipart/form-data, each in a field named image");
    *status = MHD_HTTP_SERVICE_UNAVAILABLE;
    struct serve_upload *upload = err_calloc(1, sizeof *upload, "an upload", err);
    if (!upload)
        return E_IO;
    request->upload = upload;
    if (reserve(request->serve, upload, (long)n) < 0)
        return err_set(err, E_IO, "too many uploads at once; try again in a moment");
    upload->parser = MHD_create_post_processor(request->connection, 16 << 10, take_part, upload);
    if (!upload->parser) {
        *status = MHD_HTTP_BAD_REQUEST;
        return err_set(
            err, E_USAGE,
            "the Content-Type of the upload has no usable boundary; it needs two characters or more");
    }
    return 0;
}

int serve_upload_take(struct serve_request *request, const char *bytes, size_t n)
{
    struct serve_upload *upload = request->upload;
    upload->received += (long)n;
    if (upload->received > upload->reserved)
        return -1;
    return MHD_post_process(upload->parser, bytes, n) == MHD_YES || upload->failed ? 0 : -1;
}

/* gzip in `packed` to text in `text`, which stops growing at the limit. */
static int unpack(const struct serve_image *packed, struct serve_image *text, struct serve_upload *upload)
{
    char block[32 << 10];
    z_stream z = {.next_in = (const Bytef *)packed->bytes, .avail_in = (uInt)packed->n};
    int rc = inflateInit2(&z, 15 + 16);
    while (rc == Z_OK && !text->too_large && !upload->failed) {
        z.next_out = (Bytef *)block;
        z.avail_out = sizeof block;
        rc = inflate(&z, Z_NO_FLUSH);
        append(upload, text, block, sizeof block - z.avail_out, SERVE_MAX_BOUNDARIES);
    }
    inflateEnd(&z);
    return rc == Z_STREAM_END || text->too_large || upload->failed ? 0 : -1;
}

int serve_upload_end(struct serve_upload *upload, struct err *err)
{
    struct serve_image text = {0}, *boundaries = &upload->boundaries;
    if (boundaries->n < 2 || memcmp(boundaries->bytes, "\x1f\x8b", 2) != 0)
        return 0;
    int bad = unpack(boundaries, &text, upload) < 0;
    free(boundaries->bytes);
    *boundaries = text;
    return bad ? err_set(err, E_USAGE, "boundaries: damaged gzip; send it whole, or as plain CSV") : 0;
}

void serve_upload_free(struct serve *serve, struct serve_upload *upload)
{
    if (!upload)
        return;
    if (upload->parser)
        MHD_destroy_post_processor(upload->parser);
    for (int i = 0; i < upload->n_images; i++)
        free(upload->image[i].bytes);
    free(upload->boundaries.bytes);
    atomic_fetch_sub(&serve->upload_bytes, upload->reserved);
    free(upload);
}
