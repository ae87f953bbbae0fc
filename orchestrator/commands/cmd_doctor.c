#include "command.h"

#include "state_file.h"
#include "job.h"
#include "job_state.h"
#include "clock.h"
#include "kernels/kernels.h"
#include "launch.h"
#include "run/play.h"
#include "run/probe.h"
#include "sections.h"
#include "version.h"

#include <cblas.h>
#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct options {
    const char *folder;
};

static const struct argument rows[] = {ARGUMENT_WORD("DIR", folder, 0), {0}};

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
    printf("  program     cellsweep %s (%s), kernels %s\n", CELLSWEEP_VERSION, CELLSWEEP_COMMIT,
           kernels_selected()->name);
    printf("  libraries   %s; HDF5 %u.%u.%u; %s\n", mpi, major, minor, release, openblas_get_config());
}

/* Ranks and cores of the whole job; BLAS threads. */
static void print_cores(int size, int min_cores, int max_cores)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    printf("  ranks       %d; cores in the mask of a rank: %d", size, min_cores);
    if (max_cores != min_cores)
        printf(" to %d", max_cores);
    printf("; cores of this node: %ld\n", online);
    printf("%s BLAS        %d thread%s a rank\n", openblas_get_num_threads() == 1 ? " " : "!",
           openblas_get_num_threads(), openblas_get_num_threads() == 1 ? "" : "s");
    if (size == 1 && online > 1)
        printf("              one rank uses one core; `mpirun -n %ld cellsweep run ...` uses them all (with "
               "--enable-recovery it goes on without a rank that dies, and RESULTS.h5.status has the exit "
               "status)\n",
               online);
    if (size > 1 && min_cores == 1 && online < size)
        printf("! more ranks than cores share one node: mpirun --oversubscribe runs, but not faster\n");
}

/* Seconds that MPI takes for a message to rank 0 and its answer, as far as one process can tell. */
static double message_seconds(void)
{
    enum { MESSAGES = 2000 };
    char bytes[512] = {0}, back[sizeof bytes];
    double start = clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 2 * MESSAGES; i++) {
        MPI_Request request;
        int there = 0;
        MPI_Isend(bytes, sizeof bytes, MPI_BYTE, 0, 1, MPI_COMM_SELF, &request);
        while (!there)
            MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &there, MPI_STATUS_IGNORE);
        MPI_Recv(back, sizeof back, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    return (clock_read(CLOCK_THREAD_CPUTIME_ID) - start) / MESSAGES;
}

/* A number > 0, rounded to two digits. */
static double two_digits(double number)
{
    double unit = pow(10, floor(log10(number)) - 1);
    return round(number / unit) * unit;
}

/* How many ranks rank 0 would serve with half a core: a sweep is played, its log goes to the folder. */
static void print_carried(const char *folder)
{
    enum { NODE = 128 };
    static const double seconds[] = {1, 10, 60};
    char log[4200], file[4300];
    struct play_cost cost;
    struct err err = {0};
    snprintf(log, sizeof log, "%.4000s/.cellsweep-probe-%d", folder, (int)getpid());
    const struct play_load load = {
        .ranks = 1024, .node = NODE, .jobs = 16384, .kinds = 16, .seconds = 10, .log = log};
    if (play(&load, &cost, &err) < 0) {
        printf("! rank 0      %s\n", err.text);
    } else {
        double more = message_seconds(), n[3];
        for (int i = 0; i < 3; i++)
            n[i] = two_digits(play_ranks(&cost, more, NODE, seconds[i], 0.5));
        printf("  rank 0      %.1f us a message: half of its core serves ",
               1e6 * (more + (cost.word_seconds + cost.look_seconds) / (double)cost.words));
        printf("%.0f ranks with jobs of 1 s, %.0f of 10 s, %.0f of 60 s (run --dedicated)\n", n[0], n[1],
               n[2]);
    }
    snprintf(file, sizeof file, "%s.events.jsonl", log);
    unlink(file);
}

static void print_connections(int size)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max == RLIM_INFINITY)
        return;
    printf("%s connections %llu files a process (ulimit -Hn); over TCP rank 0 needs one a rank\n",
           files.rlim_max < (rlim_t)size + 256 ? "!" : " ", (unsigned long long)files.rlim_max);
}

static const char *const lock_words[] = {"works", "is ignored", "is refused"};

static void print_probe(const char *folder, const struct probe *p)
{
    const char *why;
    enum store_io io = probe_advice(p, &why);
    printf("  folder      %s: %s", folder, p->name);
    if (p->free_bytes >= 0)
        printf(", %.4g GB free", p->free_bytes * 1e-9);
    printf("; create, fsync, rename: ok; flock %s\n", lock_words[p->lock]);
    if (!p->visible)
        printf("! writes      not every rank can open there what rank 0 made\n");
    else {
        printf("%s pwrite      %d processes at once: %s\n", p->pwrite_good ? " " : "!", p->n_writers,
               p->pwrite_good ? "ok" : "bytes were lost");
        printf("%s MPI-IO      the ranks at once: %s\n", p->mpio_good ? " " : "!",
               p->mpio_good ? "ok" : "does not open, or bytes were lost");
    }
    printf("%s advice      run --io %s: %s\n", io == STORE_MPIO ? " " : "!", store_io_names[io], why);
}

/* The checkpoint of a job with the default network, three times: the median of what `run` would pay for
 * it. */
static void print_checkpoint(const char *folder)
{
    char path[4200];
    struct config config = config_defaults(worker_schema());
    const struct state_file_identity identity = {"probe", "probe", "probe", "probe"};
    float numbers[N_ALL_METRICS] = {0};
    double ms[3] = {0};
    struct err err = {0};
    config.clusters.n = 2;
    struct state_file state = {0};
    struct ensemble *nets = NULL;
    snprintf(path, sizeof path, "%.4000s/.cellsweep-probe-%d.checkpoint", folder, (int)getpid());
    int rc = job_networks(&config, NULL, 0, &nets, &err);
    if (rc == 0)
        rc = job_state_take(nets, 1, 1, NULL, 0, &state, &err);
    for (int i = 0; i < N_CURVE_SETS; i++)
        state.metrics[curve_sets[i]] = numbers;
    for (int i = 0; i < 3 && rc == 0; i++) {
        double start = MPI_Wtime();
        rc = state_file_write(path, &identity, &state, &err);
        ms[i] = 1e3 * (MPI_Wtime() - start);
    }
    double median = fmax(fmin(ms[0], ms[1]), fmin(fmax(ms[0], ms[1]), ms[2]));
    if (rc < 0)
        printf("! checkpoint  %s\n", err.text);
    else
        printf("%s checkpoint  %.1f MB of the default network in %s: %.1f ms, %.3f %% of the time at one a "
               "minute\n",
               median > 600 ? "!" : " ", 1e-6 * (double)state_file_bytes(&state), folder, median,
               median / 600);
    unlink(path);
    state_file_free(&state);
    ensemble_free(nets);
}

static int run(const void *options, struct err *err)
{
    const char *folder = ((const struct options *)options)->folder;
    int rank, size, cores = cores_in_mask(), min_cores, max_cores, rc = launch_begin(0, err);
    if (rc < 0)
        return launch_end(rc, err);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Reduce(&cores, &min_cores, 1, MPI_INT, MPI_MIN, 0, MPI_COMM_WORLD);
    MPI_Reduce(&cores, &max_cores, 1, MPI_INT, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        print_versions();
        print_cores(size, min_cores, max_cores);
    }
    struct probe probe;
    rc = probe_folder(folder, &probe, err);
    if (rank == 0 && rc == 0) {
        print_checkpoint(folder);
        print_carried(folder);
        print_connections(size);
        print_probe(folder, &probe);
    }
    return launch_end(rc, err);
}

static const struct options defaults = {"."};

COMMAND(doctor, "what this machine has, and whether it fits", &defaults, 1, 1);
