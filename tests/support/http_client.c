#include "support/http_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int http_connect(int port, int seconds)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {seconds, 0};
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int at_once = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    if (s >= 0 && connect(s, (struct sockaddr *)&to, sizeof to) == 0)
        return s;
    if (s >= 0)
        close(s);
    return -1;
}

int http_write(int s, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        ssize_t sent = send(s, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        p += sent;
        n -= (size_t)sent;
    }
    return 0;
}

void http_read(int s, struct http_reply *reply)
{
    size_t used = 0, room = 1 << 16;
    ssize_t got;
    *reply = (struct http_reply){0};
    reply->headers = malloc(room + 1);
    while ((got = recv(s, reply->headers + used, room - used, 0)) > 0) {
        used += (size_t)got;
        if (used == room)
            reply->headers = realloc(reply->headers, (room *= 2) + 1);
    }
    reply->headers[used] = '\0';
    char *gap = strstr(reply->headers, "\r\n\r\n");
    if (!gap || sscanf(reply->headers, "HTTP/1.1 %d", &reply->status) != 1) {
        reply->body = reply->headers + used;
        return;
    }
    gap[2] = '\0';
    reply->body = gap + 4;
    reply->n = used - (size_t)(reply->body - reply->headers);
}

int http_raw(int port, const void *bytes, size_t n, struct http_reply *reply)
{
    int s = http_connect(port, HTTP_HANGS);
    *reply = (struct http_reply){.headers = calloc(1, 1)};
    reply->body = reply->headers;
    if (s < 0)
        return 0;
    http_write(s, bytes, n);
    free(reply->headers);
    http_read(s, reply);
    close(s);
    return reply->status;
}

void http_free(struct http_reply *reply)
{
    free(reply->headers);
    *reply = (struct http_reply){0};
}

int http_ask(int port, const char *method, const char *path, const char *headers, struct http_reply *reply)
{
    char *text = NULL;
    const char *host = strcasestr(headers, "Host:") ? "" : "Host: localhost\r\n";
    int n = asprintf(&text, "%s %s HTTP/1.1\r\n%sConnection: close\r\n%s\r\n", method, path, host, headers);
    int status = http_raw(port, text, (size_t)n, reply);
    free(text);
    return status;
}

int http_get(int port, const char *path, struct http_reply *reply)
{
    return http_ask(port, "GET", path, "", reply);
}

const char *http_header(const struct http_reply *reply, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    *out = '\0';
    for (const char *line = reply->headers; (line = strstr(line, "\r\n")) && line[2]; line += 2)
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *value = line + 3 + n + strspn(line + 3 + n, " ");
            snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
        }
    return out;
}

static void http_form_append(struct http_form *form, const void *bytes, size_t n)
{
    form->bytes = realloc(form->bytes, form->n + n + 1);
    if (n)
        memcpy(form->bytes + form->n, bytes, n);
    form->n += n;
}

void http_form_add(struct http_form *form, const char *name, const char *file, const void *bytes, size_t n)
{
    char head[512];
    int used = snprintf(head, sizeof head,
                        "--" HTTP_BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"%s%s%s\r\n\r\n",
                        name, file ? "; filename=\"" : "", file ? file : "", file ? "\"" : "");
    http_form_append(form, head, (size_t)used);
    http_form_append(form, bytes, n);
    http_form_append(form, "\r\n", 2);
}

void http_form_end(struct http_form *form)
{
    http_form_append(form, "--" HTTP_BOUNDARY "--\r\n", strlen("--" HTTP_BOUNDARY "--\r\n"));
}

int http_post(int port, const char *path, const struct http_form *form, const char *headers,
              struct http_reply *reply)
{
    struct http_form all = {0};
    char head[1024];
    const char *host = strcasestr(headers, "Host:") ? "" : "Host: localhost\r\n";
    int n = snprintf(head, sizeof head,
                     "POST %s HTTP/1.1\r\n%sConnection: close\r\nContent-Type: multipart/form-data; "
                     "boundary=" HTTP_BOUNDARY "\r\nContent-Length: %zu\r\n%s\r\n",
                     path, host, form->n, headers);
    http_form_append(&all, head, (size_t)n);
    http_form_append(&all, form->bytes, form->n);
    int status = http_raw(port, all.bytes, all.n, reply);
    free(all.bytes);
    return status;
}
