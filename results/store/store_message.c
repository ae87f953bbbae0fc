#include "store/store_layout.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { NOTHING = -1, NO_ROOM = -2, LOOKS = 1000, LOOKS_A_WRITER = 8 };

static struct store_block row_of(int row)
{
    return (struct store_block){row, 0, 1};
}

/* Those who write texts now: this one's number, and how many there are. */
static hsize_t writers(const struct store *store, hsize_t *self)
{
    int rank = 0, n = 1;
    if (store->shared && store->io != STORE_RANK0) {
        MPI_Comm_rank(store->comm, &rank);
        MPI_Comm_size(store->comm, &n);
    }
    *self = (hsize_t)rank;
    return (hsize_t)n;
}

/* The row of a text, or a free one of this writer's own for it; NO_ROOM. A row that has a text keeps it. */
static int find_row(struct store *store, const char *text, int *row, int *is_free, struct err *err)
{
    char there[STORE_MESSAGE_SIZE];
    hsize_t self, n_writers = writers(store, &self), n = store->n[DIM_TEXT];
    hsize_t first = (hsize_t)XXH3_64bits(text, strlen(text)) % n;
    int rc = 0;
    for (hsize_t i = 0; i < n && i < LOOKS + LOOKS_A_WRITER * n_writers && rc == 0; i++) {
        struct store_block block = row_of((int)((first + i) % n));
        rc = store_read_block(store, STORE_TEXT, &block, there, err);
        *is_free = rc == 0 && !there[0] && (hsize_t)block.job % n_writers == self;
        *row = block.job;
        if (*is_free || (rc == 0 && strncmp(there, text, sizeof there) == 0))
            return 0;
    }
    *row = NO_ROOM;
    *is_free = 0;
    return rc;
}

/* The row of what a cell of /messages/text has, which is put there when it is new. Not of a remote rank.
 * Ranks put texts at the same time, each into rows of its own: rank r of R into those whose number is r
 * modulo R. So a text stands there at most once a rank. */
static int keep_text(struct store *store, const char *cell, int *row, struct err *err)
{
    int is_free = 0;
    *row = NOTHING;
    if (!*cell)
        return 0;
    int rc = find_row(store, cell, row, &is_free, err);
    struct store_block block = row_of(*row);
    return rc < 0 || !is_free ? rc : store_write_block(store, STORE_TEXT, &block, cell, err);
}

int store_write_message(struct store *store, int job, const char *text, struct err *err)
{
    char cell[STORE_MESSAGE_SIZE] = "";
    struct store_block block = row_of(job);
    int row = NOTHING;
    snprintf(cell, sizeof cell, "%.*s", STORE_MESSAGE_SIZE - 1, text);
    if (cell[0] && store_is_remote(store))
        return store_send_block(store, STORE_TEXT, &block, cell, err);
    int rc = keep_text(store, cell, &row, err);
    return rc < 0 ? rc : store_write_block(store, STORE_MESSAGE, &block, &row, err);
}

/* ---- reading ---- */

static char *cell_of(const struct store *store, hsize_t row)
{
    return store->message + row * STORE_MESSAGE_SIZE;
}

static void make_plain(struct store *store, hsize_t row)
{
    cell_of(store, row)[STORE_MESSAGE_SIZE - 1] = '\0';
    utf8_plain(cell_of(store, row));
}

int store_read_texts(struct store *store, int one, struct err *err)
{
    hsize_t n = store->n[DIM_TEXT], first = one < 0 ? 0 : (hsize_t)one, end = one < 0 ? n : first + 1;
    if (first >= n)
        return 0;
    if (!store->message)
        store->message = err_calloc((unsigned long)n, STORE_MESSAGE_SIZE, "the messages of jobs", err);
    if (!store->message)
        return E_IO;
    int rc = h5_rows_read(store->dataset[STORE_TEXT], first, end - first, store->types.message,
                          cell_of(store, first), store_table[STORE_TEXT].path, store->path, err);
    for (hsize_t row = first; row < end && rc == 0; row++)
        make_plain(store, row);
    return rc;
}

const char *store_message(const struct store *store, int row)
{
    if (row == NO_ROOM)
        return "what it was is in the log of the run alone: the results file has no room for more messages";
    return row >= 0 && (hsize_t)row < store->n[DIM_TEXT] && store->message ? cell_of(store, (hsize_t)row)
                                                                           : "";
}
