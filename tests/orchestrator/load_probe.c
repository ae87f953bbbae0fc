/* load_probe.c - what Open MPI itself takes of rank 0 for any number of ranks: CPU nanoseconds of a look for
 * a message of anybody while there is none, and of one for a message of a single rank, which does not look
 * through all of them.
 *
 *     mpirun -n RANKS load_probe */
#include "clock.h"

#include <mpi.h>
#include <stdio.h>
#include <time.h>

enum { LOOKS = 20000 };

/* Without taking a core: there may be many more ranks than cores. */
static void await(MPI_Request *request)
{
    struct timespec t = clock_span(0.02);
    for (int done = 0; MPI_Test(request, &done, MPI_STATUS_IGNORE), !done;)
        nanosleep(&t, NULL);
}

/* Rank 0 hears of every rank, so that it knows all of them. */
static void meet(int rank, int size)
{
    MPI_Request request;
    for (int r = 1, byte; rank == 0 && r < size; r++) {
        MPI_Irecv(&byte, 1, MPI_INT, r, 1, MPI_COMM_WORLD, &request);
        await(&request);
    }
    if (rank != 0) {
        MPI_Isend(&rank, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, &request);
        await(&request);
    }
}

static double look(int source)
{
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0, flag; i < LOOKS; i++)
        MPI_Iprobe(source, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
    return 1e9 * (clock_read(CLOCK_THREAD_CPUTIME_ID) - start) / LOOKS;
}

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    meet(rank, size);
    if (rank == 0) {
        double anybody = look(MPI_ANY_SOURCE), one = look(size - 1);
        printf("%d ranks: %.0f ns a look for a message of anybody, ", size, anybody);
        printf("%.0f ns for one of a single rank: %.2f ns a rank\n", one, (anybody - one) / size);
    }
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    await(&request);
    MPI_Finalize();
    return 0;
}
