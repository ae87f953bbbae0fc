#include "beside/status_file.h"

#include "clock.h"
#include "write/json_out.h"
#include "target.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4200 };

const char *status_file_state(int exit_status)
{
    switch (exit_status) {
    case -1:
        return "running";
    case 0:
        return "finished";
    case 1:
        return "failed";
    case 75:
        return "stopped";
    default:
        return "error";
    }
}

static json_t *to_json(const struct status_file *e)
{
    json_t *status = e->exit_status < 0 ? json_null() : json_integer(e->exit_status);
    return json_pack("{s:s, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:f, s:f, s:o}", "state",
                     status_file_state(e->exit_status), "exit_status", status, "done", e->done, "diverged",
                     e->diverged, "failed", e->failed, "left", e->left, "ranks", e->ranks, "lost_ranks",
                     e->lost_ranks, "filter", json_out_text(e->filter), "deadline",
                     json_out_real(e->deadline), "silence", e->silence, "time", clock_wall(), "message",
                     json_out_text(e->message));
}

/* Write text under a temporary name and rename it onto path. */
static int replace(const char *path, const char *text)
{
    char temp[PATH_SIZE + 16];
    snprintf(temp, sizeof temp, "%s.new", path);
    unlink(temp); /* of a killed run; whatever somebody else puts there is not followed */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return -1;
    int bad = fprintf(f, "%s\n", text) < 0;
    bad |= fclose(f) != 0;
    if (!bad && rename(temp, path) == 0)
        return 0;
    unlink(temp);
    return -1;
}

int status_file_write(const char *results_path, const struct status_file *ending, struct err *err)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s.status", results_path);
    json_t *root = to_json(ending);
    char *text = root ? json_dumps(root, 0) : NULL;
    int bad = n < 0 || n >= PATH_SIZE || !text || replace(path, text) < 0;
    free(text);
    json_decref(root);
    return bad ? err_set(err, E_IO, "%.3000s.status: cannot write the state of the run: %s", results_path,
                         strerror(errno))
               : 0;
}

static int number(const json_t *root, const char *key)
{
    return (int)json_integer_value(json_object_get(root, key));
}

static void take_text(const json_t *root, const char *key, char *out, size_t size)
{
    const char *value = json_string_value(json_object_get(root, key));
    snprintf(out, size, "%s", value ? value : "");
    utf8_plain(out);
}

int status_file_read(const char *results_path, struct status_file *e)
{
    char path[PATH_SIZE];
    memset(e, 0, sizeof *e);
    int n = snprintf(path, sizeof path, "%s.status", results_path);
    json_t *root = n > 0 && n < PATH_SIZE && target_is_regular(path) ? json_load_file(path, 0, NULL) : NULL;
    if (!json_is_object(root)) {
        json_decref(root);
        return 0;
    }
    const json_t *status = json_object_get(root, "exit_status");
    e->exit_status = json_is_integer(status) ? (int)json_integer_value(status) : -1;
    e->done = number(root, "done");
    e->diverged = number(root, "diverged");
    e->failed = number(root, "failed");
    e->left = number(root, "left");
    e->ranks = number(root, "ranks");
    e->lost_ranks = number(root, "lost_ranks");
    const json_t *deadline = json_object_get(root, "deadline");
    e->deadline = json_is_number(deadline) ? json_number_value(deadline) : (double)INFINITY;
    e->silence = json_number_value(json_object_get(root, "silence"));
    e->time = json_number_value(json_object_get(root, "time"));
    take_text(root, "state", e->state, sizeof e->state);
    take_text(root, "message", e->message, sizeof e->message);
    take_text(root, "filter", e->filter, sizeof e->filter);
    json_decref(root);
    return e->state[0] != '\0';
}
