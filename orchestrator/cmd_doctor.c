#include "command.h"

#include "checkpoint.h"
#include "job.h"
#include "kernels/kernels.h"
#include "version.h"

#include <argp.h>
#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char doc[] = "Tell what this machine has, and whether `run` will do well here.\v"
                          "Alone or under mpirun: ranks, cores each may use, BLAS threads, versions, and "
                          "whether the file system of DIR (default: "
                          "the working directory) can rename, sync and be written by all ranks at once "
                          "through MPI-IO, which is what `run` needs. "
                          "A line that starts with ! wants attention.\n\n"
                          "Examples:\n"
                          "  cellsweep doctor\n"
                          "  mpirun -n 4 cellsweep doctor /scratch/me\n\n"
                          "Exit status: 0 all fits; 3 the folder cannot take a results file.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **folder = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num > 0)
        argp_error(state, "one folder, please; '%s' is a second", arg);
    *folder = arg;
    return 0;
}

static int cores_in_mask(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

static void print_versions(void)
{
    unsigned major, minor, release;
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    H5get_libversion(&major, &minor, &release);
    MPI_Get_library_version(mpi, &length);
    mpi[strcspn(mpi, ",\n")] = '\0';
    printf("  program    cellsweep %s (%s), kernels %s\n", CELLSWEEP_VERSION, CELLSWEEP_COMMIT,
           kernels_selected()->name);
    printf("  libraries  %s; HDF5 %u.%u.%u; %s\n", mpi, major, minor, release, openblas_get_config());
}

/* Ranks and cores of the whole job; BLAS threads. */
static void print_cores(int size, int min_cores, int max_cores)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    printf("  ranks      %d; cores in the mask of a rank: %d", size, min_cores);
    if (max_cores != min_cores)
        printf(" to %d", max_cores);
    printf("; cores of this node: %ld\n", online);
    printf("%s BLAS       %d thread%s a rank\n", openblas_get_num_threads() == 1 ? " " : "!",
           openblas_get_num_threads(), openblas_get_num_threads() == 1 ? "" : "s");
    if (size == 1 && online > 1)
        printf("  one rank uses one core; `mpirun -n %ld cellsweep run ...` uses them all (with "
               "--enable-recovery it goes "
               "on without a rank that dies, and RESULTS.h5.status has the exit status)\n",
               online);
    if (size > 1 && min_cores == 1 && online < size)
        printf("! more ranks than cores share one node: mpirun --oversubscribe runs, but not faster\n");
}

static void print_space(const char *folder)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) == 0)
        printf("  space      %.1f GB free in %s\n", (double)fs.f_bavail * (double)fs.f_frsize * 1e-9, folder);
}

/* Create, sync, rename: what the birth of a results file takes. */
static int probe_rename(const char *folder, const char *path, struct err *err)
{
    char temp[4200];
    snprintf(temp, sizeof temp, "%s.tmp", path);
    int fd = open(temp, O_CREAT | O_EXCL | O_RDWR, 0644);
    if (fd < 0)
        return err_set(err, E_IO, "%s: cannot create a file: %s; choose another folder", folder,
                       strerror(errno));
    int bad = write(fd, "probe", 5) != 5 || fsync(fd) != 0;
    bad |= close(fd) != 0;
    bad |= rename(temp, path) != 0;
    unlink(temp);
    return bad ? err_set(err, E_IO, "%s: write, fsync or rename failed: %s; choose another folder", folder,
                         strerror(errno))
               : 0;
}

/* All ranks write their own bytes at once and read a neighbour's. */
static int probe_mpi_io(const char *path, int rank, int size, struct err *err)
{
    MPI_File file;
    int value = rank + 1, seen = 0, bad, any_bad;
    bad = MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR, MPI_INFO_NULL, &file) != MPI_SUCCESS;
    if (bad)
        return err_set(err, E_IO, "%s: MPI-IO cannot open it; choose another folder", path);
    bad |= MPI_File_write_at(file, (MPI_Offset)rank * 4096, &value, 1, MPI_INT, MPI_STATUS_IGNORE) !=
           MPI_SUCCESS;
    MPI_File_sync(file);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_sync(file);
    int other = (rank + 1) % size;
    bad |=
        MPI_File_read_at(file, (MPI_Offset)other * 4096, &seen, 1, MPI_INT, MPI_STATUS_IGNORE) != MPI_SUCCESS;
    bad |= seen != other + 1;
    MPI_File_close(&file);
    MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return any_bad ? err_set(err, E_IO,
                             "%s: ranks do not see each other's MPI-IO writes; choose another folder", path)
                   : 0;
}

/* The checkpoint of a job with the default network, three times: the median of what `run` would pay for it. */
static void print_checkpoint(const char *folder, const char *path)
{
    struct config config = config_defaults();
    const struct checkpoint_identity identity = {"probe", "probe", "probe", "probe"};
    float numbers[N_METRICS] = {0};
    double ms[3] = {0};
    struct err err = {0};
    config.clusters.n = 2;
    size_t n = job_n_weights(&config);
    float *net = err_calloc(3 * n, sizeof *net, "a checkpoint", &err);
    struct checkpoint state = {
        .epoch = 1, .n_members = 1, .n_params = n, .train = numbers, .val = numbers, .params = {net}};
    state.moments[0] = net ? net + n : NULL;
    int rc = net ? 0 : E_IO;
    for (int i = 0; i < 3 && rc == 0; i++) {
        double start = MPI_Wtime();
        rc = checkpoint_write(path, &identity, &state, &err);
        ms[i] = 1e3 * (MPI_Wtime() - start);
    }
    double median = fmax(fmin(ms[0], ms[1]), fmin(fmax(ms[0], ms[1]), ms[2]));
    if (rc < 0)
        printf("! checkpoint %s\n", err.text);
    else
        printf("%s checkpoint %.1f MB of the default network in %s: %.1f ms, %.3f %% of the time at one a "
               "minute\n",
               median > 600 ? "!" : " ", 1e-6 * (double)checkpoint_bytes(&state), folder, median,
               median / 600);
    free(net);
}

static int probe_folder(const char *folder, int rank, int size, struct err *err)
{
    char path[4096];
    int pid = (int)getpid();
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    snprintf(path, sizeof path, "%.4000s/.cellsweep-probe-%d", folder, pid);
    int rc = rank == 0 ? probe_rename(folder, path, err) : 0;
    MPI_Bcast(&rc, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rc == 0)
        rc = probe_mpi_io(path, rank, size, err);
    if (rank == 0 && rc == 0)
        print_checkpoint(folder, path);
    if (rank == 0)
        unlink(path);
    return rc;
}

int cmd_doctor(int argc, char **argv, struct err *err)
{
    static const struct argp argp = {NULL, parse, "[DIR]", doc, NULL, NULL, NULL};
    const char *folder = ".";
    int rank, size, cores = cores_in_mask(), min_cores, max_cores;
    argp_parse(&argp, argc, argv, 0, NULL, &folder);
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Reduce(&cores, &min_cores, 1, MPI_INT, MPI_MIN, 0, MPI_COMM_WORLD);
    MPI_Reduce(&cores, &max_cores, 1, MPI_INT, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        print_versions();
        print_cores(size, min_cores, max_cores);
        print_space(folder);
    }
    int rc = probe_folder(folder, rank, size, err);
    if (rank == 0 && rc == 0)
        printf("  folder     %s: create, fsync, rename, shared MPI-IO writes: ok\n", folder);
    MPI_Finalize();
    if (rank != 0)
        err->text[0] = '\0';
    return rc;
}
