#include "xenium/gather.h"

#include "xenium/bundle_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int gather_measures(struct bundle *b, MPI_Comm comm, struct err *err)
{
    struct preprocess_measure *m = b->measure;
    int rc = MPI_Allreduce(MPI_IN_PLACE, m->low, m->channels, MPI_FLOAT, MPI_MIN, comm);
    if (rc == MPI_SUCCESS)
        rc = MPI_Allreduce(MPI_IN_PLACE, m->high, m->channels, MPI_FLOAT, MPI_MAX, comm);
    if (rc == MPI_SUCCESS)
        rc = MPI_Allreduce(MPI_IN_PLACE, m->n, m->channels, MPI_UINT64_T, MPI_SUM, comm);
    if (rc == MPI_SUCCESS)
        rc =
            MPI_Allreduce(MPI_IN_PLACE, m->count, m->channels * PREPROCESS_BINS, MPI_UINT64_T, MPI_SUM, comm);
    return rc == MPI_SUCCESS ? 0 : err_set(err, E_IO, "MPI: what ranks measured could not be added up");
}

/* ---- cells of several ranks ---- */

/* Floats of the largest cell of several ranks; 0: there is none. */
static size_t most_floats(const struct bundle *b)
{
    size_t most = 0;
    for (int i = 0; i < b->n; i++) {
        size_t floats = (size_t)b->box[i].width * (size_t)b->box[i].height * (size_t)b->n_channels;
        if (floats > most && cut_rank(b->cut, i, 1) >= 0)
            most = floats;
    }
    return most;
}

/* Parts of a cell are of different pixels, and 0 elsewhere: their sum is the cell. */
static void add_parts(const struct bundle *b, int i, float *pixels, float *room, MPI_Comm comm)
{
    int n = b->box[i].width * b->box[i].height * b->n_channels;
    for (int k = 1, from; (from = cut_rank(b->cut, i, k)) >= 0; k++) {
        MPI_Recv(room, n, MPI_FLOAT, from, i % 32768, comm, MPI_STATUS_IGNORE);
        for (int p = 0; p < n; p++)
            pixels[p] += room[p];
    }
}

static int has_part(const struct bundle *b, int i)
{
    for (int k = 1, rank; (rank = cut_rank(b->cut, i, k)) >= 0; k++)
        if (rank == b->rank)
            return 1;
    return 0;
}

/* In the order of the cells on every rank, so that none waits for one that waits for it. A rank that runs out
 * of memory goes on, as others wait for it. */
static int gather_parts(struct bundle *b, float *room, MPI_Comm comm, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < b->n; i++) {
        if (cut_rank(b->cut, i, 1) < 0)
            continue;
        int owner = cut_owner(b->cut, i);
        if (owner == b->rank) {
            float *pixels = cut_take(b->cut, i);
            add_parts(b, i, pixels, room, comm);
            int done = bundle_take(b, i, pixels, err);
            rc = rc == 0 ? done : rc;
        } else if (has_part(b, i)) {
            float *pixels = cut_take(b->cut, i);
            MPI_Send(pixels, b->box[i].width * b->box[i].height * b->n_channels, MPI_FLOAT, owner, i % 32768,
                     comm);
            free(pixels);
        }
    }
    return rc;
}

/* ---- all cells to rank 0 ---- */

struct message {
    int is_faded, is_rejected;
    char reason[BUNDLE_REASON_SIZE];
};

static void send_cell(const struct bundle *b, int i, MPI_Comm comm)
{
    const struct bundle_cell *cell = &b->cell[i];
    struct message m = {.is_faded = cell->is_faded, .is_rejected = cell->reason != NULL};
    snprintf(m.reason, sizeof m.reason, "%s", cell->reason ? cell->reason : "");
    MPI_Send(&m, sizeof m, MPI_BYTE, 0, i % 32768, comm);
    if (!m.is_rejected)
        MPI_Send(cell->pixels, (int)b->floats, MPI_FLOAT, 0, i % 32768, comm);
}

static int receive_cell(struct bundle *b, int i, MPI_Comm comm, struct err *err)
{
    struct bundle_cell *cell = &b->cell[i];
    struct message m;
    int from = cut_owner(b->cut, i);
    MPI_Recv(&m, sizeof m, MPI_BYTE, from, i % 32768, comm, MPI_STATUS_IGNORE);
    cell->is_faded = m.is_faded;
    cell->pixels = bundle_room(b, i, err);
    if (!m.is_rejected)
        MPI_Recv(cell->pixels, (int)b->floats, MPI_FLOAT, from, i % 32768, comm, MPI_STATUS_IGNORE);
    else if (!(cell->reason = strdup(m.reason)))
        return err_set(err, E_IO, "out of memory for a cell's image");
    return 0;
}

static int bring_cells(struct bundle *b, MPI_Comm comm, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < b->n; i++) {
        int owner = cut_owner(b->cut, i);
        if (owner == 0 || (b->rank && owner != b->rank))
            continue;
        if (b->rank)
            send_cell(b, i, comm);
        else {
            int got = receive_cell(b, i, comm, err);
            rc = rc == 0 ? got : rc;
        }
    }
    return rc;
}

/* 1 when no rank is without what it needs. */
static int all_are_well(int rc, MPI_Comm comm)
{
    int worst = rc;
    MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_INT, MPI_MIN, comm);
    return worst == 0;
}

int gather_cells(struct bundle *b, MPI_Comm comm, struct err *err)
{
    float *room = err_calloc(most_floats(b), sizeof *room, "a cell's image", err);
    int rc = room ? 0 : E_IO;
    if (all_are_well(rc, comm)) {
        rc = gather_parts(b, room, comm, err);
        if (all_are_well(rc, comm))
            rc = bring_cells(b, comm, err);
    }
    free(room);
    return rc;
}
