/* serve.h - a results file as a web page: the report live beside a running sweep, and a
 * classifier of uploaded images.
 *
 *     struct serve *serve;
 *     if (serve_start(&(struct serve_options){.path = "sweep.h5", .address = "127.0.0.1", .port = 8050},
 *     &serve, &err) < 0) ... puts(serve_url(serve)); ... wait for a signal ... serve_stop(serve);
 *
 * results/web/openapi.yaml describes every path. libmicrohttpd answers each connection in a thread of
 * its own; their number, what they may send and how long they may take is bounded (serve_core.h).
 * Whatever calls HDF5 goes through shared_store.h. The file is only read. No path of a request names
 * a file. Not reentrant as to signals: block those the caller waits for before serve_start(), so that
 * no thread of the server gets them. No MPI. */
#ifndef CELLSWEEP_SERVE_H
#define CELLSWEEP_SERVE_H

#include "err.h"

enum { SERVE_TOKEN_MIN = 16, SERVE_TOKEN_SIZE = 129 };

struct serve_options {
    const char *path;    /* results file */
    const char *filter;  /* only these jobs in the page and its models; NULL: all */
    const char *address; /* name or number of the interface to listen on */
    int port;            /* 0: any free one */
    const char *token;   /* what a client must present; NULL: nothing, on loopback addresses only */
    int tell_token;      /* 1: serve_url() has it */
};

struct serve;

/* Listen and answer, in threads of its own. E_USAGE for a wrong filter or token, or an address that others
 * can reach without a token; E_IO for a file that cannot be read (one that is not there yet is waited for, if
 * its folder is), an address or port that cannot be had. Options are copied. *out is the caller's. */
int serve_start(const struct serve_options *options, struct serve **out, struct err *err);

/* "http://127.0.0.1:8050/"; valid until serve_stop(). */
const char *serve_url(const struct serve *serve);

/* A new token of 128 random bits, hexadecimal, in out. */
int serve_new_token(char out[SERVE_TOKEN_SIZE], struct err *err);

/* Answer what is being computed, close every connection, free everything. serve may be NULL. */
void serve_stop(struct serve *serve);

#endif
