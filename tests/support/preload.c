/* preload.c - bad luck for one rank of a whole sweep, as a library for LD_PRELOAD: what cannot be hit
 * from outside by timing.
 *
 *     PRELOAD_RANK=1            the rank it is for; the others are left alone
 *     PRELOAD_CLOCK=3600        the wall clock is so many seconds ahead of the kernel's, as if it was set
 *                               back after every look at it
 *     PRELOAD_TICK=1000         the monotonic clock goes so many times too fast
 *     PRELOAD_KILL_UNLINK=1     it kills itself when it removes a checkpoint
 *     PRELOAD_KILL_PWRITE=90    it kills itself before its ninetieth pwrite
 *     PRELOAD_STOP_PWRITE=16    it stops itself at its first pwrite of so many bytes
 *     PRELOAD_WRITE=0.001       every pwrite takes so many seconds longer
 *     PRELOAD_BUSY=FILE         in its first pwrite, MPI held, it computes until there is such a FILE;
 *                               FILE.begun says that it does
 *     PRELOAD_COUNT=FILE        at its end it writes there how many pwrites and stats there were
 *     PRELOAD_FSYNC=4           its first fsync takes so many seconds
 *     PRELOAD_READ=1            every read through MPI-IO does, once jobs are handed out
 *     PRELOAD_LATER=FILE        MPI's clock and the wall clock of every rank are as many seconds ahead as
 *                               FILE says
 *     PRELOAD_HURRY=200         MPI's clock goes so many times too fast, as if the whole job was suspended
 *                               now and then
 *     PRELOAD_CRASH=1           it crashes when it begins to read a PNG
 * Two threads inside of MPI at once are told on stderr, but for the one of orchestrator/run/lifesign.h. */
#include <dlfcn.h>
#include <fcntl.h>
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int is_for_us(void)
{
    const char *wanted = getenv("PRELOAD_RANK"), *rank = getenv("OMPI_COMM_WORLD_RANK");
    return wanted && strcmp(rank ? rank : "0", wanted) == 0;
}

/* The value of a setting for this rank; 0: not for it. */
static double setting(const char *name)
{
    const char *value = getenv(name);
    return value && is_for_us() ? atof(value) : 0;
}

static void rest(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&t, NULL);
}

/* The number in the file that PRELOAD_LATER names; 0 without one. */
static long seconds_later(void)
{
    const char *path = getenv("PRELOAD_LATER");
    long seconds = 0;
    FILE *f = path ? fopen(path, "r") : NULL;
    if (f) {
        if (fscanf(f, "%ld", &seconds) != 1)
            seconds = 0;
        fclose(f);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, t);
    if (clock == CLOCK_REALTIME)
        t->tv_sec += (time_t)setting("PRELOAD_CLOCK") + seconds_later();
    double times = clock == CLOCK_MONOTONIC ? setting("PRELOAD_TICK") : 0;
    if (times > 0) {
        double seconds = times * ((double)t->tv_sec + 1e-9 * (double)t->tv_nsec);
        t->tv_sec = (time_t)seconds;
        t->tv_nsec = (long)(1e9 * (seconds - (double)t->tv_sec));
    }
    return rc;
}

static atomic_int n_pwrites, n_stats, inside, serving;

__attribute__((destructor)) static void tell_counts(void)
{
    const char *path = getenv("PRELOAD_COUNT");
    FILE *f = path && atomic_load(&n_pwrites) > 0 ? fopen(path, "w") : NULL; /* not of Open MPI's daemon */
    if (f) {
        fprintf(f, "%d %d\n", atomic_load(&n_pwrites), atomic_load(&n_stats));
        fclose(f);
    }
}

int stat(const char *path, struct stat *info)
{
    atomic_fetch_add(&n_stats, 1);
    return fstatat(AT_FDCWD, path, info, 0);
}

int unlink(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".ckpt") == 0 && setting("PRELOAD_KILL_UNLINK") > 0)
        raise(SIGKILL);
    return (int)syscall(SYS_unlink, path);
}

/* Once. */
static void compute(void)
{
    static int begun;
    char sign[4096];
    if (!is_for_us() || !getenv("PRELOAD_BUSY") || begun++)
        return;
    const char *until = getenv("PRELOAD_BUSY");
    snprintf(sign, sizeof sign, "%s.begun", until ? until : "");
    int fd = open(sign, O_WRONLY | O_CREAT, 0644);
    if (fd >= 0)
        close(fd);
    while (until && access(until, F_OK) != 0)
        for (volatile int i = 0; i < 1000000;)
            i = i + 1;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    static int stopped;
    if (!stopped && setting("PRELOAD_STOP_PWRITE") > 0 && n == (size_t)setting("PRELOAD_STOP_PWRITE")) {
        stopped = 1;
        raise(SIGSTOP);
    }
    if (atomic_fetch_add(&n_pwrites, 1) + 1 == (int)setting("PRELOAD_KILL_PWRITE"))
        raise(SIGKILL);
    if (atomic_load(&serving))
        compute();
    if (setting("PRELOAD_WRITE") > 0)
        rest(setting("PRELOAD_WRITE"));
    return (ssize_t)syscall(SYS_pwrite64, fd, data, n, offset);
}

int fsync(int fd)
{
    static int waited;
    if (!waited++)
        rest(setting("PRELOAD_FSYNC"));
    return (int)syscall(SYS_fsync, fd);
}

/* ---- one thread at a time ---- */

static _Thread_local int depth, is_apart;

/* The thread that is meant to be in MPI beside another. */
static void look_at(MPI_Comm comm)
{
    char name[MPI_MAX_OBJECT_NAME] = "";
    int n;
    if (!is_apart && PMPI_Comm_get_name(comm, name, &n) == MPI_SUCCESS)
        is_apart = strcmp(name, "signs of life") == 0;
}

static void enter(const char *what)
{
    if (!is_apart && depth++ == 0 && atomic_fetch_add(&inside, 1) > 0)
        fprintf(stderr, "two threads in MPI: %s\n", what);
}

static void leave(void)
{
    if (!is_apart && --depth == 0)
        atomic_fetch_sub(&inside, 1);
}

double MPI_Wtime(void)
{
    double times = setting("PRELOAD_HURRY");
    return PMPI_Wtime() * (times > 0 ? times : 1) + (double)seconds_later();
}

int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    look_at(comm);
    enter("MPI_Iprobe");
    atomic_store(&serving, 1);
    int rc = PMPI_Iprobe(source, tag, comm, flag, status);
    leave();
    return rc;
}

int MPI_Recv(void *out, int n, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    enter("MPI_Recv");
    int rc = PMPI_Recv(out, n, type, source, tag, comm, status);
    leave();
    return rc;
}

int MPI_Isend(const void *bytes, int n, MPI_Datatype type, int rank, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    look_at(comm);
    enter("MPI_Isend");
    int rc = PMPI_Isend(bytes, n, type, rank, tag, comm, request);
    leave();
    return rc;
}

int MPI_Irecv(void *out, int n, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Request *request)
{
    enter("MPI_Irecv");
    int rc = PMPI_Irecv(out, n, type, source, tag, comm, request);
    leave();
    return rc;
}

int MPI_Test(MPI_Request *request, int *done, MPI_Status *status)
{
    enter("MPI_Test");
    int rc = PMPI_Test(request, done, status);
    leave();
    return rc;
}

int MPI_File_read_at(MPI_File file, MPI_Offset offset, void *out, int n, MPI_Datatype type,
                     MPI_Status *status)
{
    enter("MPI_File_read_at");
    if (atomic_load(&serving))
        rest(setting("PRELOAD_READ"));
    int rc = PMPI_File_read_at(file, offset, out, n, type, status);
    leave();
    return rc;
}

int MPI_File_write_at(MPI_File file, MPI_Offset offset, const void *from, int n, MPI_Datatype type,
                      MPI_Status *status)
{
    enter("MPI_File_write_at");
    int rc = PMPI_File_write_at(file, offset, from, n, type, status);
    leave();
    return rc;
}

/* ---- a library that crashes ---- */

typedef void *(*png_begin)(const char *version, void *self, void *on_error, void *on_warning);
void *png_create_read_struct(const char *version, void *self, void *on_error, void *on_warning);

void *png_create_read_struct(const char *version, void *self, void *on_error, void *on_warning)
{
    void *next = dlsym(RTLD_NEXT, "png_create_read_struct");
    png_begin begin;
    if (getenv("PRELOAD_CRASH"))
        raise(SIGSEGV);
    memcpy(&begin, &next, sizeof begin);
    return begin(version, self, on_error, on_warning);
}
