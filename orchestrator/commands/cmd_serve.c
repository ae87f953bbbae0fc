/* cellsweep serve: the results file as a live web page. */
#include "command.h"

#include "sweep/cells.h"
#include "serve/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *names; /* a table of class names, read already */
    struct serve_options serve;
    const char *token, *token_file;
};

static const struct argument rows[] = {
    ARGUMENT_RESULTS(serve.path),
    {"port", 'p', ARGUMENT_WHOLE, "PORT", AT(serve.port), 0, 65535,
     .help = "Listen there (default 8050; 0: any free port)"},
    {"address", 'a', ARGUMENT_TEXT, "ADDRESS", AT(serve.address),
     .help = "Listen on this address (default 127.0.0.1)"},
    {"token", 't', ARGUMENT_TEXT, "TOKEN", AT(token),
     .help = "Ask for this token; auto makes one. Other users see it in the list of processes"},
    {"token-file", 'T', ARGUMENT_TEXT, "FILE", AT(token_file),
     .help = "Ask for the token that is the first line of FILE"},
    ARGUMENT_FILTER(serve.filter),
    ARGUMENT_NAMES(names),
    {0}};

static void note_mode(const char *path, int file)
{
    struct stat info;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077))
        fprintf(stderr, "%s: others can read or write the token (mode %03o); chmod 600 keeps it yours\n",
                path, (unsigned)info.st_mode & 0777);
}

static int read_token(const char *path, char token[SERVE_TOKEN_SIZE + 2], struct err *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return err_set(err, E_IO, "%s: cannot read the token: %s", path, strerror(errno));
    note_mode(path, fileno(file));
    int bad = !fgets(token, SERVE_TOKEN_SIZE + 2, file);
    fclose(file);
    token[strcspn(token, "\r\n")] = '\0';
    if (bad || !*token)
        return err_set(err, E_USAGE, "%s: its first line is to be the token, and is empty", path);
    return 0;
}

/* The token that was asked for, in `room` if it is not of the command line. */
static int choose_token(const struct options *o, struct serve_options *serve, char room[SERVE_TOKEN_SIZE + 2],
                        struct err *err)
{
    if (o->token && o->token_file)
        return err_set(err, E_USAGE, "serve: give one of --token and --token-file");
    if (o->token_file && read_token(o->token_file, room, err) < 0)
        return err->code;
    serve->token = o->token_file ? room : o->token;
    if (!serve->token || strcmp(serve->token, "auto") != 0)
        return 0;
    serve->tell_token = 1;
    serve->token = room;
    return serve_new_token(room, err);
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

static int run(const void *options, struct err *err)
{
    struct serve_options serve = ((const struct options *)options)->serve;
    char token[SERVE_TOKEN_SIZE + 2];
    int rc = choose_token(options, &serve, token, err);
    if (rc < 0)
        return rc;
    int is_there = access(serve.path, F_OK) == 0;
    if (!is_there && errno == ENOENT)
        fprintf(stderr, "%s: not there yet; the page shows it as soon as a run has made it\n", serve.path);
    rc = is_there ? cells_try(serve.path, err) : 0;
    return rc < 0 ? rc : serve_until_signal(&serve, err);
}

static const struct options defaults = {.serve = {.address = "127.0.0.1", .port = 8050}};

COMMAND(serve, "the report as a live web page; a classifier of uploaded images", &defaults, 0, 0);
