/* served_store.h - a small trained sweep with its images, and a server of it on a free port: for
 * tests of the server. */
#ifndef CELLSWEEP_SERVED_STORE_H
#define CELLSWEEP_SERVED_STORE_H

#include "serve/serve.h"
#include "support/trained_store.h"

enum { SERVED_SIZE = 20, SERVED_JOBS = 5, SERVED_WAITING = 1 };

/* The jobs of the sweep; the last SERVED_WAITING of them wait. */
extern const struct trained_job served_job[SERVED_JOBS];

struct served {
    char folder[64], path[128], cells[128];
    struct dataset *data;
    struct serve *serve;
    int port;
};

/* The sweep's files, in a new folder. */
int served_make(struct served *s, struct err *err);

/* A server of the jobs that the filter chooses (NULL: all), with a token or NULL; s->port is where. */
int served_start(struct served *s, const char *filter, const char *token, struct err *err);

/* Stop the server, remove the files and their folder, and free the dataset. */
void served_end(struct served *s);

/* Image i as an 8 bit PNG in memory, owned by the caller. */
void *served_png(const struct served *s, int i, size_t *n);

#endif
