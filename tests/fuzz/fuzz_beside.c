/* What lies beside a results file: the lock, the status line, the event log and a request to grow, each read
 * as all of them. */
#include "fuzz.h"

#include "beside/lock_file.h"
#include "beside/status_file.h"
#include "beside/events.h"
#include "beside/grow_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL = 20 };

static void write_beside(const char *suffix, const uint8_t *bytes, size_t n)
{
    char path[400];
    snprintf(path, sizeof path, "%s/r.h5%s", fuzz_folder(), suffix);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
        abort();
}

/* A run of another host is asked for at squeue, a process that takes long: not here. */
static int asks_slurm(const uint8_t *bytes, size_t n)
{
    struct lock_holder holder;
    char *text = strndup((const char *)bytes, n);
    int asks = text && lock_file_parse(text, &holder) == 0 && holder.slurm_job[0];
    free(text);
    return asks;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    char results[300], text[LOCK_FILE_TEXT], line[600];
    struct lock_holder holder;
    struct status_file ending;
    json_t *event[TAIL];
    snprintf(results, sizeof results, "%s/r.h5", fuzz_folder());
    write_beside(".lock", bytes, n);
    write_beside(".status", bytes, n);
    write_beside(".events.jsonl", bytes, n);
    write_beside(".grow", bytes, n);
    int accepted = 0;
    if (!asks_slurm(bytes, n) && lock_file_look(results, &holder) != LOCK_NONE && holder.host[0]) {
        accepted = 1;
        lock_file_name(&holder, line, sizeof line);
        lock_file_format(&holder, text);
        if (holder.pid <= 0)
            abort();
    }
    accepted |= status_file_read(results, &ending);
    struct grow_request request;
    if (grow_request_read(results, &request)) {
        accepted = 1;
        grow_request_release(&request);
    }
    int n_events = events_tail(results, event, TAIL);
    for (int i = 0; i < n_events; i++)
        json_decref(event[i]);
    return accepted || n_events > 0;
}
