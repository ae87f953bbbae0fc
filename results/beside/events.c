#include "beside/events.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4200, TAIL_BYTES = 65536, CHUNK_BYTES = 1 << 18, LINE_BYTES = 1 << 14 };

struct events {
    int fd, broken;
    char path[PATH_SIZE];
};

static int log_path(const char *results_path, char *out)
{
    int n = snprintf(out, PATH_SIZE, "%s.events.jsonl", results_path);
    return n > 0 && n < PATH_SIZE ? 0 : -1;
}

/* A line that a killed host or a full disk left half is ended, so that it spoils no other. */
static void end_half_line(int fd)
{
    struct stat info;
    char last = '\n';
    if (fstat(fd, &info) == 0 && info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) == 1 &&
        last != '\n' && write(fd, "\n", 1) != 1)
        return;
}

/* A link would let somebody else choose what is written to, a FIFO would keep us waiting. */
static int open_log(struct events *events, struct err *err)
{
    struct stat info;
    events->fd = open(events->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (events->fd >= 0 && fstat(events->fd, &info) == 0 && S_ISREG(info.st_mode))
        return 0;
    int is_other = events->fd >= 0 || errno == ELOOP;
    err_set(err, E_IO, "%s: cannot open the event log: %s", events->path,
            is_other ? "it is no regular file (a link, perhaps); remove it" : strerror(errno));
    if (events->fd >= 0)
        close(events->fd);
    return E_IO;
}

struct events *events_open(const char *results_path, struct err *err)
{
    struct events *events = err_calloc(1, sizeof *events, "the event log", err);
    if (!events)
        return NULL;
    if (log_path(results_path, events->path) < 0) {
        err_set(err, E_IO, "%.200s...: the path is too long", results_path);
        free(events);
        return NULL;
    }
    if (open_log(events, err) < 0) {
        free(events);
        return NULL;
    }
    end_half_line(events->fd);
    return events;
}

static void time_text(char out[32])
{
    struct timespec now;
    struct tm t;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &t);
    snprintf(out, 32, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}

static void append(struct events *events, const char *line)
{
    size_t n = strlen(line);
    if (events->broken)
        end_half_line(events->fd);
    ssize_t written = write(events->fd, line, n);
    if (written == (ssize_t)n || events->broken)
        return;
    events->broken = 1;
    fprintf(stderr, "%s: cannot append to the event log: %s; the sweep goes on\n", events->path,
            written < 0 ? strerror(errno) : "the disk is full");
}

void events_add(struct events *events, const char *event, const char *format, ...)
{
    va_list args;
    char time[32];
    if (!events)
        return;
    time_text(time);
    va_start(args, format);
    json_t *more = json_vpack_ex(NULL, 0, format, args);
    va_end(args);
    json_t *root = json_pack("{s:s, s:s}", "time", time, "event", event);
    if (root && more)
        json_object_update(root, more);
    char *text = root ? json_dumps(root, JSON_REAL_PRECISION(9)) : NULL, *line = NULL;
    if (text && asprintf(&line, "%s\n", text) > 0)
        append(events, line);
    free(line);
    free(text);
    json_decref(more);
    json_decref(root);
}

void events_close(struct events *events)
{
    if (!events)
        return;
    close(events->fd);
    free(events);
}

json_t *events_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* The last TAIL_BYTES of the log, ended by a NUL, from the beginning of a line; NULL when there is none. */
static char *read_tail(const char *results_path)
{
    char path[PATH_SIZE];
    struct stat info;
    int fd = log_path(results_path, path) < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = calloc(TAIL_BYTES + 1, 1);
    off_t first = fstat(fd, &info) == 0 && info.st_size > TAIL_BYTES ? info.st_size - TAIL_BYTES : 0;
    ssize_t n = text ? pread(fd, text, TAIL_BYTES, first) : -1;
    close(fd);
    if (n < 0) {
        free(text);
        return NULL;
    }
    char *start = first > 0 ? strchr(text, '\n') : text;
    if (start && start != text)
        memmove(text, start + 1, strlen(start + 1) + 1);
    return text;
}

int events_tail(const char *results_path, json_t **out, int n)
{
    char *text = read_tail(results_path);
    int count = 0;
    if (!text)
        return 0;
    for (char *end = text + strlen(text); end > text && count < n;) {
        char *line = end;
        while (line > text && line[-1] != '\n')
            line--;
        json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);
        if (json_is_object(event))
            out[count++] = event;
        else
            json_decref(event);
        end = line > text ? line - 1 : text;
    }
    free(text);
    for (int i = 0; i < count / 2; i++) {
        json_t *swap = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = swap;
    }
    return count;
}

/* ---- the lines of a job ---- */

struct search {
    int job;
    char word[32]; /* what a line about the job has in it, but for what follows the number */
    const char *since;
    json_t *out;
    int is_cut, failed;
};

static int is_about(const struct search *search, const char *line, size_t n)
{
    const char *at = memmem(line, n, search->word, strlen(search->word));
    const char *next = at ? at + strlen(search->word) : NULL;
    return next && next < line + n && !(*next >= '0' && *next <= '9');
}

static void take_line(struct search *search, const char *line, size_t n)
{
    if (n > LINE_BYTES || !is_about(search, line, n))
        return;
    json_t *event = json_loadb(line, n, 0, NULL);
    const char *time = json_string_value(json_object_get(event, "time"));
    const json_t *job = json_object_get(event, "job");
    if (!time || !json_is_string(json_object_get(event, "event")) || !json_is_integer(job) ||
        json_integer_value(job) != search->job ||
        strncmp(time, search->since, strlen("2026-01-01T00:00:00")) < 0) {
        json_decref(event);
        return;
    }
    search->failed |= json_array_append_new(search->out, event) < 0;
    if (json_array_size(search->out) > EVENTS_MOST_OF_JOB) {
        search->failed |= json_array_remove(search->out, 0) < 0;
        search->is_cut = 1;
    }
}

/* Whole lines of a text; returns how many bytes they are. */
static size_t take_lines(struct search *search, const char *text, size_t n)
{
    const char *line = text, *end;
    while ((end = memchr(line, '\n', n - (size_t)(line - text))) != NULL) {
        take_line(search, line, (size_t)(end - line));
        line = end + 1;
    }
    return (size_t)(line - text);
}

/* From an offset to the end, some at a time; the rest of a line that is longer than all of it is passed
 * over. */
static void search_from(struct search *search, int fd, off_t at, char *chunk)
{
    size_t kept = 0;
    ssize_t n;
    while ((n = pread(fd, chunk + kept, CHUNK_BYTES - kept, at)) > 0) {
        size_t all = kept + (size_t)n, used = take_lines(search, chunk, all);
        at += n;
        kept = used == 0 && all == CHUNK_BYTES ? 0 : all - used;
        memmove(chunk, chunk + used, kept);
    }
}

int events_of_job(const char *results_path, int job, const char *since, json_t *out)
{
    char path[PATH_SIZE];
    struct stat info;
    struct search search = {.job = job, .since = since, .out = out};
    int fd = log_path(results_path, path) < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    char *chunk = malloc(CHUNK_BYTES);
    snprintf(search.word, sizeof search.word, "\"job\": %d", job);
    if (chunk && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        search.is_cut = info.st_size > EVENTS_MOST_BYTES;
        search_from(&search, fd, search.is_cut ? info.st_size - EVENTS_MOST_BYTES : 0, chunk);
    }
    search.failed |= chunk == NULL;
    free(chunk);
    close(fd);
    return search.failed ? -1 : search.is_cut;
}
