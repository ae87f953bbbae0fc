/* cellsweep serve: the results file as a live web page. */
#include "command.h"

#include "cells.h"
#include "serve.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DOC[] =
    "Serve the interactive report of a results file, live beside a running sweep, and classify uploaded "
    "images "
    "with the weights the sweep kept (keep_weights: final or best). A file that is not there yet is waited "
    "for.\v"
    "It prints the address to open and answers until it gets SIGINT or SIGTERM. Only this machine can reach "
    "it "
    "unless --address says otherwise, which needs a token. For a sweep on another machine, rather make a "
    "tunnel:\n\n"
    "  ssh -L 8050:127.0.0.1:8050 cluster cellsweep serve sweep.h5\n\n"
    "and open http://127.0.0.1:8050/. Clients send the token as 'Authorization: Bearer TOKEN'; a browser "
    "opens "
    "/?token=TOKEN once. /api/openapi.yaml describes the interface, /metrics is for Prometheus.";

static const struct argp_option OPTIONS[] = {
    {"port", 'p', "PORT", 0, "Listen there (default 8050; 0: any free port)", 0},
    {"address", 'a', "ADDRESS", 0, "Listen on this address (default 127.0.0.1)", 0},
    {"token", 't', "TOKEN", 0,
     "Ask for this token; auto makes one. Other users see it in the list of processes", 0},
    {"token-file", 'T', "FILE", 0, "Ask for the token that is the first line of FILE", 0},
    {"filter", 'f', "FILTER", 0, "Only these jobs, e.g. 'strategy=augment|none,seed=1..5'", 0},
    {0}};

struct options {
    struct serve_options serve;
    char token[SERVE_TOKEN_SIZE + 1];
    struct err *err;
};

static int parse_port(const char *text, int *port, struct err *err)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > 65535)
        return err_set(err, E_USAGE, "serve: --port %.40s is not a number from 0 to 65535", text);
    *port = (int)value;
    return 0;
}

static int take_token(struct options *o, const char *text)
{
    if (o->serve.token)
        return err_set(o->err, E_USAGE, "serve: give one of --token and --token-file, once");
    o->serve.token = o->token;
    if (strcmp(text, "auto") == 0) {
        o->serve.tell_token = 1;
        return serve_new_token(o->token, o->err);
    }
    snprintf(o->token, sizeof o->token, "%s", text);
    return 0;
}

static void note_mode(const char *path, int file)
{
    struct stat info;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077))
        fprintf(stderr, "%s: others can read or write the token (mode %03o); chmod 600 keeps it yours\n",
                path, (unsigned)info.st_mode & 0777);
}

static int read_token(struct options *o, const char *path)
{
    char line[SERVE_TOKEN_SIZE + 2] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        return err_set(o->err, E_IO, "%s: cannot read the token: %s", path, strerror(errno));
    note_mode(path, fileno(file));
    int bad = !fgets(line, sizeof line, file);
    fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (bad || !*line)
        return err_set(o->err, E_USAGE, "%s: its first line is to be the token, and is empty", path);
    return take_token(o, line);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'p':
        return parse_port(arg, &o->serve.port, o->err) < 0 ? EINVAL : 0;
    case 'a':
        o->serve.address = arg;
        return 0;
    case 't':
        return take_token(o, arg) < 0 ? EINVAL : 0;
    case 'T':
        return read_token(o, arg) < 0 ? EINVAL : 0;
    case 'f':
        o->serve.filter = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (o->serve.path)
            return ARGP_ERR_UNKNOWN;
        o->serve.path = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The signals that end it are blocked before any thread is there, so all threads leave them to sigwait(). */
static int serve_until_signal(const struct serve_options *options, struct err *err)
{
    struct serve *serve = NULL;
    sigset_t ends;
    int got;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    int rc = serve_start(options, &serve, err);
    if (rc < 0)
        return rc;
    printf("%s\n", serve_url(serve));
    if (fflush(stdout) != 0)
        rc = err_set(err, E_IO, "serve: cannot write to stdout");
    while (rc == 0 && sigwait(&ends, &got) != 0)
        ;
    serve_stop(serve);
    return rc;
}

int cmd_serve(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {OPTIONS, parse_option, "RESULTS.h5", DOC, NULL, NULL, NULL};
    struct options o = {.serve = {.address = "127.0.0.1", .port = 8050}, .err = err};
    err_set(err, E_OK, "%s", "");
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0)
        return err->code < 0 ? err->code : err_set(err, E_USAGE, "serve: see cellsweep serve --help");
    if (!o.serve.path)
        return err_set(err, E_USAGE, "serve: give a results file, such as cellsweep serve R.h5");
    int is_there = access(o.serve.path, F_OK) == 0, rc = is_there ? cells_try(o.serve.path, err) : 0;
    if (rc == 0 && !is_there && errno == ENOENT)
        fprintf(stderr, "%s: not there yet; the page shows it as soon as a run has made it\n", o.serve.path);
    return rc < 0 ? rc : serve_until_signal(&o.serve, err);
}
