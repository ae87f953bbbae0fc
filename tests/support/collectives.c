/* collectives.c - what a run asks of all ranks together, as a library for LD_PRELOAD (tests/scale.sh opens).
 *
 *     COLLECTIVES=FILE      at MPI_Finalize rank R writes to FILE.R one line:
 *                           FILE_CALLS OTHER_CALLS OPENS
 *     COLLECTIVES_OF=R.h5   the file whose opens are counted, by this process in whatever way
 *
 * FILE_CALLS: collective calls of MPI-IO, those of HDF5 too; OTHER_CALLS: all other collective calls. */
#include <fcntl.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int n_file, n_other, n_opens;

static void note_open(const char *path)
{
    const char *of = getenv("COLLECTIVES_OF"), *name = strrchr(path, '/');
    if (of && strcmp(name ? name + 1 : path, of) == 0)
        atomic_fetch_add(&n_opens, 1);
}

/* All ways into a file by name are the same call of the kernel. */
static int open_at(int folder, const char *path, int flags, va_list args)
{
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;
    note_open(path);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        int fd = open_at(AT_FDCWD, path, flags, args);                                                       \
        va_end(args);                                                                                        \
        return fd;                                                                                           \
    }
OPEN(open)
OPEN(open64)

#define COLLECTIVE(counter, name, arguments, values)                                                         \
    int name arguments                                                                                       \
    {                                                                                                        \
        atomic_fetch_add(&counter, 1);                                                                       \
        return P##name values;                                                                               \
    }
COLLECTIVE(n_file, MPI_File_open, (MPI_Comm c, const char *p, int m, MPI_Info i, MPI_File *f),
           (c, p, m, i, f))
COLLECTIVE(n_file, MPI_File_close, (MPI_File * f), (f))
COLLECTIVE(n_file, MPI_File_set_size, (MPI_File f, MPI_Offset n), (f, n))
COLLECTIVE(n_file, MPI_File_preallocate, (MPI_File f, MPI_Offset n), (f, n))
COLLECTIVE(n_file, MPI_File_sync, (MPI_File f), (f))
COLLECTIVE(n_file, MPI_File_set_view,
           (MPI_File f, MPI_Offset d, MPI_Datatype e, MPI_Datatype t, const char *r, MPI_Info i),
           (f, d, e, t, r, i))
COLLECTIVE(n_file, MPI_File_read_at_all,
           (MPI_File f, MPI_Offset o, void *b, int n, MPI_Datatype t, MPI_Status *s), (f, o, b, n, t, s))
COLLECTIVE(n_file, MPI_File_write_at_all,
           (MPI_File f, MPI_Offset o, const void *b, int n, MPI_Datatype t, MPI_Status *s),
           (f, o, b, n, t, s))
COLLECTIVE(n_other, MPI_Barrier, (MPI_Comm c), (c))
COLLECTIVE(n_other, MPI_Ibarrier, (MPI_Comm c, MPI_Request *r), (c, r))
COLLECTIVE(n_other, MPI_Bcast, (void *b, int n, MPI_Datatype t, int root, MPI_Comm c), (b, n, t, root, c))
COLLECTIVE(n_other, MPI_Ibcast, (void *b, int n, MPI_Datatype t, int root, MPI_Comm c, MPI_Request *r),
           (b, n, t, root, c, r))
COLLECTIVE(n_other, MPI_Reduce,
           (const void *a, void *b, int n, MPI_Datatype t, MPI_Op o, int root, MPI_Comm c),
           (a, b, n, t, o, root, c))
COLLECTIVE(n_other, MPI_Allreduce, (const void *a, void *b, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c),
           (a, b, n, t, o, c))
COLLECTIVE(n_other, MPI_Iallreduce,
           (const void *a, void *b, int n, MPI_Datatype t, MPI_Op o, MPI_Comm c, MPI_Request *r),
           (a, b, n, t, o, c, r))
COLLECTIVE(n_other, MPI_Gather,
           (const void *a, int n, MPI_Datatype t, void *b, int m, MPI_Datatype u, int root, MPI_Comm c),
           (a, n, t, b, m, u, root, c))
COLLECTIVE(n_other, MPI_Allgather,
           (const void *a, int n, MPI_Datatype t, void *b, int m, MPI_Datatype u, MPI_Comm c),
           (a, n, t, b, m, u, c))
COLLECTIVE(n_other, MPI_Comm_dup, (MPI_Comm c, MPI_Comm *d), (c, d))
COLLECTIVE(n_other, MPI_Comm_split, (MPI_Comm c, int color, int key, MPI_Comm *d), (c, color, key, d))
COLLECTIVE(n_other, MPI_Comm_split_type, (MPI_Comm c, int type, int key, MPI_Info i, MPI_Comm *d),
           (c, type, key, i, d))
COLLECTIVE(n_other, MPI_Comm_free, (MPI_Comm * c), (c))
COLLECTIVE(n_other, MPI_Win_allocate_shared,
           (MPI_Aint n, int unit, MPI_Info i, MPI_Comm c, void *base, MPI_Win *w), (n, unit, i, c, base, w))
COLLECTIVE(n_other, MPI_Win_fence, (int a, MPI_Win w), (a, w))
COLLECTIVE(n_other, MPI_Win_free, (MPI_Win * w), (w))

int MPI_Finalize(void)
{
    char path[4096];
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (getenv("COLLECTIVES")) {
        snprintf(path, sizeof path, "%s.%d", getenv("COLLECTIVES"), rank);
        FILE *f = fopen(path, "w");
        if (f) {
            fprintf(f, "%d %d %d\n", n_file, n_other, n_opens);
            fclose(f);
        }
    }
    return PMPI_Finalize();
}
