#include "launch.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int launch_rank(void)
{
    static const char *const rank[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof rank / sizeof *rank; i++) {
        const char *number = getenv(rank[i]);
        if (number)
            return atoi(number);
    }
    return -1;
}

int launch_hides_status(void)
{
    const char *recovery = getenv("OMPI_MCA_orte_enable_recovery");
    return recovery && atoi(recovery);
}

int launch_agree(int rc, struct err *err)
{
    struct {
        int rc, rank;
    } worst = {.rc = rc};
    MPI_Comm_rank(MPI_COMM_WORLD, &worst.rank);
    MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_2INT, MPI_MINLOC, MPI_COMM_WORLD);
    if (worst.rc < 0)
        MPI_Bcast(err, sizeof *err, MPI_BYTE, worst.rank, MPI_COMM_WORLD);
    return worst.rc;
}

/* Rank 0 has a connection to every other rank; where that is TCP, each is an open file. */
static void allow_connections(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int launch_begin(int rc, struct err *err)
{
    int threads;
    allow_connections();
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &threads);
    return launch_agree(rc, err);
}

void launch_say(int rc, const struct err *err)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 && rc < 0 && err->text[0])
        fprintf(stderr, "cellsweep: %s\n", err->text);
    fflush(NULL);
}

int launch_end(int rc, struct err *err)
{
    launch_say(rc, err);
    MPI_Finalize();
    err->text[0] = '\0';
    return launch_hides_status() ? 0 : rc;
}
