/* http_client.h - a small HTTP client for tests: what is sent is under the test's control to the
 * byte, hostile requests too. */
#ifndef CELLSWEEP_HTTP_CLIENT_H
#define CELLSWEEP_HTTP_CLIENT_H

#include <stddef.h>

struct http_reply {
    int status;    /* 0: the server closed without an answer */
    char *headers; /* with the status line, owned */
    char *body;    /* ends in NUL, inside headers' memory */
    size_t n;      /* bytes of body */
};

/* Seconds without a byte after which a server hangs; never a measure of how long anything takes. */
enum { HTTP_HANGS = 600 };

/* A connection to 127.0.0.1 that gives up after `seconds` without a byte; -1. */
int http_connect(int port, int seconds);

/* 0, or -1 when the server did not take all. */
int http_write(int s, const void *bytes, size_t n);

/* Whatever comes until the server closes, taken apart. */
void http_read(int s, struct http_reply *reply);

/* Send bytes as they are, and read the answer. The status, 0 without one. */
int http_raw(int port, const void *bytes, size_t n, struct http_reply *reply);

/* Free what a reply owns; it is empty then. */
void http_free(struct http_reply *reply);

/* headers: whole lines, each ending in "\r\n". */
int http_ask(int port, const char *method, const char *path, const char *headers, struct http_reply *reply);

/* GET of a path without more headers. The status, 0 without an answer. */
int http_get(int port, const char *path, struct http_reply *reply);

/* Value of a header in out; "" when there is none. */
const char *http_header(const struct http_reply *reply, const char *name, char *out, size_t size);

/* ---- forms ---- */

#define HTTP_BOUNDARY "a7f3c1d9e5"

struct http_form {
    char *bytes;
    size_t n;
};

/* A field; file: its file name, or NULL. */
void http_form_add(struct http_form *form, const char *name, const char *file, const void *bytes, size_t n);

/* The end mark, after the last field; form->bytes is the caller's to free. */
void http_form_end(struct http_form *form);

/* Post an ended form. It stays the caller's. */
int http_post(int port, const char *path, const struct http_form *form, const char *headers,
              struct http_reply *reply);

#endif
