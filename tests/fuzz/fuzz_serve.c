/* The bytes of a connection, sent to a server of this process. Whatever they are, each reply
 * begins as HTTP does and the server answers the next one; a request for the page's progress,
 * now and then, must always work. */
#include "fuzz.h"

#include "support/made.h"
#include "serve/serve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_EVERY = 64 };

static int port;

static void start(const uint8_t *bytes)
{
    static const struct serve_options defaults = {.address = "127.0.0.1"};
    struct serve_options options = defaults;
    struct serve *serve;
    struct err err = {0};
    options.path = fuzz_file(0, bytes, 0);
    made_results(options.path, 4, 6);
    made_check(serve_start(&options, &serve, &err), &err);
    if (sscanf(serve_url(serve), "http://127.0.0.1:%d/", &port) != 1)
        abort();
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 30};
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s < 0 || connect(s, (const struct sockaddr *)&to, sizeof to) < 0)
        abort();
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    /* closed with a reset: a million ports in the state TIME_WAIT are too many */
    struct linger linger = {.l_onoff = 1};
    setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    return s;
}

/* The first bytes of what comes back once all is said, NUL-terminated; the rest is read and dropped. */
static void ask(const void *bytes, size_t n, char head[16])
{
    char rest[4096];
    int s = dial();
    size_t have = 0;
    ssize_t got = send(s, bytes, n, MSG_NOSIGNAL);
    shutdown(s, SHUT_WR);
    while ((got = recv(s, have < 15 ? head + have : rest, have < 15 ? 15 - have : sizeof rest, 0)) > 0)
        have += have < 15 ? (size_t)got : 0;
    head[have] = '\0';
    close(s);
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static const char good[] = "GET /api/progress HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static unsigned n_asked;
    char head[16];
    if (!port)
        start(bytes);
    ask(bytes, n, head);
    int status = strncmp(head, "HTTP/1.", 7) == 0 ? atoi(head + 9) : 0;
    if (head[0] && (status < 100 || status > 599))
        abort();
    if (n_asked++ % ASK_EVERY == 0) {
        ask(good, sizeof good - 1, head);
        if (strcmp(head, "HTTP/1.1 200 OK") != 0)
            abort();
    }
    return status > 0;
}
