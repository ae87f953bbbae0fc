/* The results file under MPI, driven by tests/program/run_store.sh:
 *
 *     mpi_store create FILE              serial: a file of 60 jobs, 8 epochs
 *     mpirun mpi_store write FILE        every rank writes its own rows; rank 0 then verifies all of them
 *     mpirun mpi_store fail FILE         every rank says of its jobs why they failed, the same or words of
 *                                        its own; rank 0 then verifies all messages
 *     mpirun mpi_store watch FILE        ranks 1.. write while rank 0 keeps a reader open that must see every
 *                                        row
 *     mpirun mpi_store kill FILE one     rank 1 is killed in the middle of a row; the others go on until
 *                                        mpirun ends them
 *     mpirun mpi_store kill FILE all     every rank is killed in the middle of a row
 *     mpi_store check FILE N             serial: at least N rows are done and whole, no row is done and not
 *                                        whole
 *     mpirun mpi_store time FILE         median time of writing an epoch, a mark, an outcome (microseconds)
 *
 * A last argument mpio (default), pwrite or rank0 is how rows are written. */
#include "support/store_fixture.h"

#include <hdf5.h>
#include <mpi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_JOBS = 60, N_EPOCHS = 8 };

static int rank, size;
static struct err err;
static enum store_io io;

static int failed(const char *what)
{
    fprintf(stderr, "rank %d: %s: %s\n", rank, what, err.text);
    return 1;
}

static int create(const char *path)
{
    struct fixture *f = fixture_new(N_JOBS, N_EPOCHS, 1000);
    f->plan.n_val = 2;
    int rc = store_create(path, &f->plan, &err);
    fixture_free(f);
    return rc < 0 ? failed("create") : 0;
}

static int verify(struct store *store)
{
    int wrong = 0;
    for (int job = 0; job < N_JOBS; job++)
        wrong += !fixture_check(store, job, N_EPOCHS, JOB_DONE);
    return wrong;
}

/* Jobs first, first + step, ... */
static int write_rows(struct store *store, int first, int step)
{
    for (int job = first; job < N_JOBS; job += step)
        if (fixture_run(store, job, N_EPOCHS, JOB_DONE, &err) < 0)
            return failed("write");
    return 0;
}

/* Under rank0, after the last row: rank 0 of comm takes the rows of the others until all said
 * that theirs are sent. */
static int take_rows(struct store *store, MPI_Comm comm)
{
    enum { TAG_ALL_SENT = 1 };
    int me, n, bad = 0;
    MPI_Comm_rank(comm, &me);
    MPI_Comm_size(comm, &n);
    if (me > 0 && io == STORE_RANK0)
        MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_ALL_SENT, comm);
    for (int waiting = me == 0 && io == STORE_RANK0 ? n - 1 : 0; waiting > 0;) {
        MPI_Status status;
        MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &status);
        if (status.MPI_TAG == STORE_TAG) {
            bad += store_take(store, status.MPI_SOURCE, 0, &err) < 0 && failed("take");
        } else {
            MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE, TAG_ALL_SENT, comm, MPI_STATUS_IGNORE);
            waiting--;
        }
    }
    return bad;
}

/* Every rank does what it does with its jobs; then rank 0 looks at the file. */
static int write_all(const char *path, int (*write)(struct store *store, int first, int step),
                     int (*look)(struct store *store))
{
    struct store *store = NULL;
    if (store_open_io(path, MPI_COMM_WORLD, io, &store, &err) < 0)
        return failed("open");
    if (io != STORE_MPIO && rank > 0 && H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE) != 0)
        return failed("only rank 0 opens it with HDF5");
    int bad = write(store, rank, size);
    bad += take_rows(store, MPI_COMM_WORLD);
    if (store_close(store, &err) < 0)
        return failed("close");
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        if (store_open(path, &store, &err) < 0)
            return failed("open for reading");
        bad += look(store);
        store_close(store, NULL);
    }
    return bad;
}

/* Why a job failed the n-th time. */
static const char *reason(int job, int n)
{
    static char text[64];
    snprintf(text, sizeof text, job % 3 ? "job %d has too few images, %d" : "out of memory", job, n);
    return text;
}

enum { N_FAILURES = 4 };

static int fail_rows(struct store *store, int first, int step)
{
    for (int n = 0; n < N_FAILURES; n++)
        for (int job = first; job < N_JOBS; job += step) {
            const struct store_mark mark = {.state = JOB_FAILED, .message = reason(job, n)};
            if (store_write_mark(store, job, &mark, &err) < 0)
                return failed("write");
        }
    return 0;
}

static int verify_reasons(struct store *store)
{
    static struct store_mark mark[N_JOBS];
    int wrong = 0;
    if (store_read_marks(store, mark, &err) < 0)
        return failed("read");
    for (int job = 0; job < N_JOBS; job++)
        wrong += mark[job].state != JOB_FAILED || strcmp(mark[job].message, reason(job, N_FAILURES - 1)) != 0;
    return wrong;
}

static int watch(const char *path)
{
    struct store *store = NULL;
    MPI_Comm writers;
    int bad = 0;
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &writers);
    int rc = rank == 0 ? store_open(path, &store, &err) : store_open_io(path, writers, io, &store, &err);
    if (rc < 0)
        return failed("open");
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) /* fills whatever could be cached with what is not yet written */
        for (int job = 0; job < N_JOBS; job++)
            bad += fixture_check(store, job, N_EPOCHS, JOB_DONE);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank > 0)
        bad += write_rows(store, rank - 1, size - 1) + take_rows(store, writers);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        bad += verify(store);
    MPI_Barrier(MPI_COMM_WORLD);
    if (store_close(store, &err) < 0)
        return failed("close");
    MPI_Comm_free(&writers);
    return bad;
}

static int kill_midway(const char *path, int everybody)
{
    struct store *store = NULL;
    struct store_mark mark = {JOB_RUNNING, 1, 0, rank, 100.0, 0.0, ""};
    float metrics[N_METRICS] = {1, 1, 1, 1};
    if (store_open_io(path, MPI_COMM_WORLD, io, &store, &err) < 0)
        return failed("open");
    for (int job = rank; job < N_JOBS / 2; job += size)
        if (fixture_run(store, job, N_EPOCHS, JOB_DONE, &err) < 0)
            return failed("write");
    take_rows(store, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    int half_done = N_JOBS - 1 - rank;
    if (store_write_mark(store, half_done, &mark, &err) < 0 ||
        fixture_epoch(store, half_done, 0, metrics, metrics, &err) < 0)
        return failed("write");
    if (everybody || rank == 1)
        raise(SIGKILL);
    sleep(30);
    return failed("mpirun did not end the others");
}

static int check(const char *path, int n_wanted)
{
    struct store *store = NULL;
    static struct store_mark mark[N_JOBS];
    int n_done = 0, bad = 0;
    if (store_open(path, &store, &err) < 0 || store_read_marks(store, mark, &err) < 0)
        return failed("open");
    for (int job = 0; job < N_JOBS; job++)
        if (mark[job].state == JOB_DONE) {
            n_done++;
            bad += !fixture_check(store, job, N_EPOCHS, JOB_DONE);
        }
    store_close(store, NULL);
    printf("%d rows done, %d of them not whole, %d wanted\n", n_done, bad, n_wanted);
    return bad > 0 || n_done < n_wanted;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(double *value, int n)
{
    qsort(value, (size_t)n, sizeof *value, compare);
    return value[n / 2];
}

static int measure(const char *path)
{
    enum { ROUNDS = 400 };
    static double epoch[ROUNDS], marks[ROUNDS], run[ROUNDS];
    struct store *store = NULL;
    struct store_mark mark = {JOB_RUNNING, 1, 0, rank, 100.0, 0.0, ""};
    float metrics[N_METRICS] = {1, 1, 1, 1};
    if (store_open_io(path, MPI_COMM_WORLD, io, &store, &err) < 0)
        return failed("open");
    for (int i = 0; i < ROUNDS; i++) {
        double t0 = MPI_Wtime();
        fixture_epoch(store, rank, i % N_EPOCHS, metrics, metrics, &err);
        double t1 = MPI_Wtime();
        store_write_mark(store, rank, &mark, &err);
        double t2 = MPI_Wtime();
        fixture_run(store, rank, 0, JOB_DONE, &err);
        run[i] = 1e6 * (MPI_Wtime() - t2 - 2 * (t2 - t1));
        epoch[i] = 1e6 * (t1 - t0);
        marks[i] = 1e6 * (t2 - t1);
    }
    printf("rank %d, microseconds: epoch (9 cells) %.0f, mark (7 cells) %.0f, outcome (12 rows) %.0f\n", rank,
           median(epoch, ROUNDS), median(marks, ROUNDS), median(run, ROUNDS));
    take_rows(store, MPI_COMM_WORLD);
    return store_close(store, &err) < 0 ? failed("close") : 0;
}

static enum store_io io_of(const char *name)
{
    for (int i = 0; i < N_STORE_IO; i++)
        if (strcmp(name, store_io_names[i]) == 0)
            return (enum store_io)i;
    return STORE_MPIO;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    if (strcmp(argv[1], "create") == 0)
        return create(argv[2]);
    if (strcmp(argv[1], "check") == 0)
        return check(argv[2], argc > 3 ? atoi(argv[3]) : 0);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int bad = 2;
    io = io_of(argv[argc - 1]);
    if (strcmp(argv[1], "write") == 0)
        bad = write_all(argv[2], write_rows, verify);
    else if (strcmp(argv[1], "fail") == 0)
        bad = write_all(argv[2], fail_rows, verify_reasons);
    else if (strcmp(argv[1], "watch") == 0)
        bad = watch(argv[2]);
    else if (strcmp(argv[1], "kill") == 0)
        bad = kill_midway(argv[2], argc > 3 && strcmp(argv[3], "all") == 0);
    else if (strcmp(argv[1], "time") == 0)
        bad = measure(argv[2]);
    if (bad)
        MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Finalize();
    return 0;
}
