#include "run/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* Writers take turns every PIECE bytes, which is no divisor of a page: most pages have bytes of several of
 * them, as rows do. */
enum { PIECE = 37, ROUNDS = 400, FORKED = 4, PATH_SIZE = 4200 };

/* ---- the kind of file system ---- */

static const struct {
    unsigned long magic;
    const char *name;
    enum probe_kind kind;
} file_systems[] = {
    {0xEF53, "ext4", PROBE_LOCAL},          {0x58465342, "xfs", PROBE_LOCAL},
    {0x9123683E, "btrfs", PROBE_LOCAL},     {0x2FC12FC1, "zfs", PROBE_LOCAL},
    {0x01021994, "tmpfs", PROBE_LOCAL},     {0x794C7630, "overlay", PROBE_LOCAL},
    {0xF2F52010, "f2fs", PROBE_LOCAL},      {0x0BD00BD0, "lustre", PROBE_COHERENT},
    {0x47504653, "gpfs", PROBE_COHERENT},   {0x00C36400, "ceph", PROBE_COHERENT},
    {0x19830326, "beegfs", PROBE_COHERENT}, {0x01161970, "gfs2", PROBE_COHERENT},
    {0x7461636F, "ocfs2", PROBE_COHERENT},  {0xAAD7AAEA, "panfs", PROBE_COHERENT},
    {0x6969, "nfs", PROBE_CACHED},          {0xFF534D42, "cifs", PROBE_CACHED},
    {0xFE534D42, "smb2", PROBE_CACHED},     {0x5346414F, "afs", PROBE_CACHED},
    {0x01021997, "9p", PROBE_CACHED},       {0x65735546, "fuse", PROBE_UNKNOWN},
};

static void name_file_system(const char *folder, struct probe *probe)
{
    struct statfs fs;
    struct statvfs space;
    snprintf(probe->name, sizeof probe->name, "unknown");
    probe->kind = PROBE_UNKNOWN;
    probe->free_bytes = (double)NAN;
    if (statvfs(folder, &space) == 0)
        probe->free_bytes = (double)space.f_bavail * (double)space.f_frsize;
    if (statfs(folder, &fs) < 0)
        return;
    unsigned long magic = (unsigned long)fs.f_type & 0xFFFFFFFFul;
    snprintf(probe->name, sizeof probe->name, "0x%lx", magic);
    for (size_t i = 0; i < sizeof file_systems / sizeof *file_systems; i++)
        if (file_systems[i].magic == magic) {
            snprintf(probe->name, sizeof probe->name, "%s", file_systems[i].name);
            probe->kind = file_systems[i].kind;
        }
}

/* ---- what one process sees ---- */

/* Create, sync, rename: what the birth of a results file takes. */
static int probe_birth(const char *folder, const char *path, struct err *err)
{
    char temp[PATH_SIZE + 8];
    snprintf(temp, sizeof temp, "%s.tmp", path);
    int fd = open(temp, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(err, E_IO, "%s: cannot create a file: %s; choose another folder", folder,
                       strerror(errno));
    int good = write(fd, "probe", 5) == 5 && fsync(fd) == 0, code = errno;
    if (close(fd) < 0 && good) {
        code = errno;
        good = 0;
    }
    if (good && rename(temp, path) < 0) {
        code = errno;
        good = 0;
    }
    unlink(temp);
    return good ? 0
                : err_set(err, E_IO, "%s: write, fsync or rename failed: %s; choose another folder", folder,
                          strerror(code));
}

/* Two openings in one process are to flock what two processes are. */
static enum probe_lock probe_lock(const char *path)
{
    enum probe_lock lock = PROBE_LOCK_REFUSED;
    int one = open(path, O_RDWR | O_CLOEXEC), two = open(path, O_RDWR | O_CLOEXEC);
    if (one >= 0 && two >= 0 && flock(one, LOCK_EX | LOCK_NB) == 0)
        lock = flock(two, LOCK_EX | LOCK_NB) == 0 ? PROBE_LOCK_IGNORED : PROBE_LOCK_WORKS;
    if (one >= 0)
        close(one);
    if (two >= 0)
        close(two);
    return lock;
}

/* ---- several write neighbouring bytes at once ---- */

static void fill_piece(char piece[PIECE], int writer, int round)
{
    for (int i = 0; i < PIECE; i++)
        piece[i] = (char)(writer * 31 + round * 7 + i);
}

static off_t piece_offset(int writer, int n_writers, int round)
{
    return ((off_t)round * n_writers + writer) * PIECE;
}

static int write_pieces(const char *path, int writer, int n_writers)
{
    char piece[PIECE];
    int fd = open(path, O_WRONLY | O_CLOEXEC), bad = fd < 0;
    for (int round = 0; round < ROUNDS && !bad; round++) {
        fill_piece(piece, writer, round);
        bad = pwrite(fd, piece, PIECE, piece_offset(writer, n_writers, round)) != PIECE;
    }
    bad = bad || fsync(fd) < 0;
    if (fd >= 0)
        bad |= close(fd) < 0;
    return bad ? -1 : 0;
}

/* Whether the pieces of all writers are there. */
static int check_pieces(const char *path, int n_writers)
{
    char piece[PIECE], found[PIECE];
    int fd = open(path, O_RDONLY | O_CLOEXEC), good = fd >= 0;
    for (int round = 0; round < ROUNDS && good; round++)
        for (int writer = 0; writer < n_writers && good; writer++) {
            fill_piece(piece, writer, round);
            good = pread(fd, found, PIECE, piece_offset(writer, n_writers, round)) == PIECE &&
                   memcmp(piece, found, PIECE) == 0;
        }
    if (fd >= 0)
        close(fd);
    return good;
}

/* A single rank writes from processes of its own. */
static int pwrite_forked(const char *path)
{
    pid_t child[FORKED];
    int good = 1;
    for (int w = 0; w < FORKED; w++) {
        child[w] = fork();
        if (child[w] == 0)
            _exit(write_pieces(path, w, FORKED) < 0);
    }
    for (int w = 0; w < FORKED; w++) {
        int status = 1;
        if (child[w] < 0 || waitpid(child[w], &status, 0) < 0 || status != 0)
            good = 0;
    }
    return good && check_pieces(path, FORKED);
}

/* 1 when it is 1 on every rank. */
static int all_say(int yes)
{
    MPI_Allreduce(MPI_IN_PLACE, &yes, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return yes;
}

static int pwrite_ranks(const char *path, int rank, int size)
{
    int good = all_say(write_pieces(path, rank, size) == 0);
    return all_say(good && check_pieces(path, size));
}

static int write_mpio(const char *path, int rank, int size)
{
    MPI_File file;
    char piece[PIECE];
    if (MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR, MPI_INFO_NULL, &file) != MPI_SUCCESS)
        return -1;
    int bad = 0;
    for (int round = 0; round < ROUNDS && !bad; round++) {
        fill_piece(piece, rank, round);
        bad = MPI_File_write_at(file, (MPI_Offset)piece_offset(rank, size, round), piece, PIECE, MPI_BYTE,
                                MPI_STATUS_IGNORE) != MPI_SUCCESS;
    }
    bad |= MPI_File_sync(file) != MPI_SUCCESS;
    bad |= MPI_File_close(&file) != MPI_SUCCESS;
    return bad ? -1 : 0;
}

static int mpio_ranks(const char *path, int rank, int size)
{
    int good = all_say(write_mpio(path, rank, size) == 0);
    return all_say(good && check_pieces(path, size));
}

static int count_nodes(int rank)
{
    MPI_Comm node;
    int of_node, n;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
    MPI_Comm_rank(node, &of_node);
    MPI_Comm_free(&node);
    n = of_node == 0;
    MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    return n;
}

/* The file is emptied before each, so that no way reads what another wrote. */
static void probe_writes(const char *path, int rank, int size, struct probe *probe)
{
    probe->visible = all_say(access(path, R_OK | W_OK) == 0);
    probe->n_writers = size > 1 ? size : FORKED;
    if (!probe->visible)
        return;
    probe->pwrite_good = size > 1 ? pwrite_ranks(path, rank, size) : pwrite_forked(path);
    MPI_Barrier(MPI_COMM_WORLD);
    int emptied = rank != 0 || truncate(path, 0) == 0;
    probe->mpio_good = all_say(emptied) && mpio_ranks(path, rank, size);
}

int probe_folder(const char *folder, struct probe *probe, struct err *err)
{
    char path[PATH_SIZE];
    int rank, size, pid = (int)getpid();
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    memset(probe, 0, sizeof *probe);
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    snprintf(path, sizeof path, "%.4000s/.cellsweep-probe-%d", folder, pid);
    int rc = rank == 0 ? probe_birth(folder, path, err) : 0;
    MPI_Bcast(&rc, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rc < 0)
        return rc;
    probe->n_nodes = count_nodes(rank);
    if (rank == 0) {
        name_file_system(folder, probe);
        probe->lock = probe_lock(path);
    }
    probe_writes(path, rank, size, probe);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        unlink(path);
    struct probe of_root = *probe;
    MPI_Bcast(&of_root, (int)sizeof of_root, MPI_BYTE, 0, MPI_COMM_WORLD);
    *probe = of_root;
    return 0;
}

/* ---- advice ---- */

enum store_io probe_advice(const struct probe *probe, const char **why)
{
    if (!probe->visible) {
        *why = "not every rank sees the folder";
        return STORE_RANK0;
    }
    if (!probe->pwrite_good && !probe->mpio_good) {
        *why = "bytes that several processes wrote at once were lost";
        return STORE_RANK0;
    }
    if (probe->kind == PROBE_CACHED) {
        *why = "nodes keep pages of this file system for themselves, and rows of several share a page";
        return STORE_RANK0;
    }
    if (probe->kind == PROBE_UNKNOWN && probe->n_nodes > 1) {
        *why = "several nodes, and nothing is known of this file system";
        return STORE_RANK0;
    }
    if (!probe->mpio_good) {
        *why = "MPI-IO does not work here, plain writes do";
        return STORE_PWRITE;
    }
    *why = probe->pwrite_good ? "every rank writes for itself, nothing was lost"
                              : "MPI-IO works here, plain writes do not";
    return STORE_MPIO;
}
