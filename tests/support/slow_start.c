/* slow_start.c - MPI that starts SLOW_START seconds late, as where the host name does not resolve: a library
 * for LD_PRELOAD, which tests/all.sh loads into every program of its tests when that variable is set. */
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

static void be_late(void)
{
    const char *seconds = getenv("SLOW_START");
    struct timespec t = {seconds ? atoi(seconds) : 0, 0};
    nanosleep(&t, NULL);
}

int MPI_Init(int *argc, char ***argv)
{
    be_late();
    return PMPI_Init(argc, argv);
}

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *given)
{
    be_late();
    return PMPI_Init_thread(argc, argv, wanted, given);
}
