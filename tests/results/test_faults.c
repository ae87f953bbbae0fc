/* Every allocation and every write, sync and rename of the results file, the packed dataset and the
 * checkpoints fails once, in turn: each ends in a clean error, the file is absent or opens, and what
 * was finished is intact. */
#include "support/faults.h"
#include "support/state_file_fixture.h"
#include "support/store_fixture.h"

#include "run/checkpoint_folder.h"
#include "data/dataset.h"
#include "support/folder_fixture.h"
#include "h5.h"
#include "run/saver.h"
#include "sections.h"

#include <dirent.h>
#include <errno.h>
#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

enum { N_JOBS = 3, N_EPOCHS = 1, MOST_CALLS = 5000 };

struct trouble {
    const char *name;
    enum fault kind;
    int error, stays;
};

static const struct trouble troubles[] = {
    {"memory", FAULT_MEMORY, ENOMEM, 0},       {"a full disk", FAULT_WRITE, ENOSPC, 1},
    {"one broken write", FAULT_WRITE, EIO, 0}, {"fsync", FAULT_SYNC, EIO, 0},
    {"rename", FAULT_RENAME, EACCES, 0},
};
/* These are no errors, the write is to go on. */
static const struct trouble nuisances[] = {
    {"an interrupted write", FAULT_WRITE, EINTR, 0},
    {"an interrupted sync", FAULT_SYNC, EINTR, 0},
    {"short writes", FAULT_WRITE, FAULT_SHORT, 1},
};
enum { N_TROUBLES = sizeof troubles / sizeof *troubles, N_NUISANCES = sizeof nuisances / sizeof *nuisances };

static struct fixture *f, *grown;
static char path[4096];

/* Files of the folder, hidden ones too. */
static int n_files(void)
{
    DIR *folder = opendir(in_folder(""));
    int n = -2; /* . and .. */
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void explain(const char *what, const struct trouble *t, long n, const struct err *err)
{
    fprintf(stderr, "%s, %s, call %ld: '%s'\n", what, t->name, n, err->text);
}

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            explain(what, t, n, &err);                                                                       \
            assert_true(condition);                                                                          \
        }                                                                                                    \
    } while (0)

/* What an attempt left, for the parent of the process that made it. */
struct outcome {
    int rc, hit;
    long handles;
    struct err err;
};

static void attempt_here(const struct trouble *t, long n, int (*attempt)(struct err *), struct outcome *o)
{
    struct h5_handles mark;
    memset(o, 0, sizeof *o);
    h5_handles_mark(&mark);
    faults_arm(t->kind, n, t->error, t->stays);
    o->rc = attempt(&o->err);
    o->hit = faults_disarm();
    o->handles = h5_handles_since(&mark);
}

/* Where the disk fails HDF5 1.10 cannot close a file, and may take another for it later: in a process of its
 * own, as a failed command ends too. Memory fails here, where leaks are looked for. */
static void attempt_apart(const struct trouble *t, long n, int (*attempt)(struct err *), struct outcome *o)
{
    static struct outcome *shared;
    int status = 0;
    if (!shared)
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        attempt_here(t, n, attempt, shared);
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
    *o = *shared;
}

/* Do it with the n-th call failing, for n = 1, 2, ... until it is not reached. */
static void exhaust(const char *what, const struct trouble *t, int must_work, void (*before)(void),
                    int (*attempt)(struct err *), void (*after)(int rc))
{
    struct outcome o = {.hit = 1};
    long n = 0;
    while (o.hit) {
        before();
        n += must_work ? 1 + n / 4 : 1;
        (t->kind == FAULT_MEMORY ? attempt_here : attempt_apart)(t, n, attempt, &o);
        struct err err = o.err;
        CHECK(o.rc <= 0 && (o.rc < 0) == (err.text[0] != '\0'));
        CHECK(o.rc == 0 || (o.hit && !must_work));
        CHECK(o.handles == 0 || (o.rc < 0 && t->kind == FAULT_WRITE));
        CHECK(o.rc == 0 || (strlen(err.text) > 10 && !strchr(err.text, '\n')));
        CHECK(n < MOST_CALLS);
        after(o.rc);
    }
}

static void exhaust_all(const char *what, void (*before)(void), int (*attempt)(struct err *),
                        void (*after)(int rc))
{
    for (int i = 0; i < N_TROUBLES; i++)
        exhaust(what, &troubles[i], 0, before, attempt, after);
    for (int i = 0; i < N_NUISANCES; i++)
        exhaust(what, &nuisances[i], 1, before, attempt, after);
}

/* ---- creation ---- */

static void remove_file(void)
{
    unlink(path);
    assert_int_equal(n_files(), 0);
}

static int create(struct err *err)
{
    return store_create(path, &f->plan, err);
}

static void absent_or_whole(int rc)
{
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(n_files(), rc == 0);
    if (rc < 0)
        return;
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(store_n_jobs(store), N_JOBS);
    assert_int_equal(store_close(store, &err), 0);
}

static void test_creation(void **state)
{
    (void)state;
    exhaust_all("creation", remove_file, create, absent_or_whole);
}

/* ---- rows ---- */

static enum store_io io;

/* A file whose job 0 is finished. Made once: creation syncs, and takes its time. */
static void make_begun(void)
{
    static char *bytes;
    static size_t n;
    struct store *store = NULL;
    struct err err = {0};
    unlink(path);
    if (!bytes) {
        assert_int_equal(store_create(path, &f->plan, &err), 0);
        assert_int_equal(store_open_shared(path, MPI_COMM_NULL, &store, &err), 0);
        assert_int_equal(fixture_run(store, 0, N_EPOCHS, JOB_DONE, &err), 0);
        assert_int_equal(store_close(store, &err), 0);
        bytes = get_bytes(path, &n);
    }
    put_bytes(path, bytes, n);
}

static int write_job(struct err *err)
{
    struct store *store = NULL;
    int rc = store_open_io(path, MPI_COMM_NULL, io, &store, err);
    if (rc == 0)
        rc = store_clear_metrics(store, 1, err);
    if (rc == 0)
        rc = fixture_run(store, 1, N_EPOCHS, JOB_DONE, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

/* The first job is as it was; the second is whole when it says done, as it must when nothing failed. */
static void rows_are_sound(int rc)
{
    struct store *store = NULL;
    struct store_mark mark[N_JOBS];
    struct err err = {0};
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(store_read_marks(store, mark, &err), 0);
    assert_true(fixture_check(store, 0, N_EPOCHS, JOB_DONE));
    assert_true(rc < 0 || mark[1].state == JOB_DONE);
    if (mark[1].state == JOB_DONE)
        assert_true(fixture_check(store, 1, N_EPOCHS, JOB_DONE));
    assert_int_equal(store_close(store, &err), 0);
    assert_int_equal(n_files(), 1);
}

static void test_rows(void **state)
{
    (void)state;
    for (io = STORE_MPIO; io <= STORE_PWRITE; io++)
        exhaust_all(store_io_names[io], make_begun, write_job, rows_are_sound);
}

/* ---- growing ---- */

static int grow(struct err *err)
{
    int kept;
    return store_grow(path, &grown->plan, &kept, err);
}

static void old_or_grown(int rc)
{
    struct store *store = NULL;
    struct err err = {0};
    assert_int_equal(n_files(), 1);
    assert_int_equal(store_open(path, &store, &err), 0);
    assert_int_equal(store_n_jobs(store), rc == 0 ? N_JOBS + 1 : N_JOBS);
    assert_true(fixture_check(store, 0, N_EPOCHS, JOB_DONE));
    assert_int_equal(store_close(store, &err), 0);
}

static void test_growing(void **state)
{
    (void)state;
    exhaust_all("growing", make_begun, grow, old_or_grown);
}

/* ---- reading ---- */

static int read_all(struct err *err)
{
    struct store *store = NULL;
    struct store_mark mark[N_JOBS];
    int rc = store_open(path, &store, err);
    if (rc == 0)
        rc = store_read_marks(store, mark, err);
    int closed = store_close(store, rc == 0 ? err : NULL);
    return rc < 0 ? rc : closed;
}

static void still_there(int rc)
{
    (void)rc;
    assert_int_equal(n_files(), 1);
}

static void test_reading(void **state)
{
    (void)state;
    exhaust("reading", &troubles[0], 0, make_begun, read_all, still_there);
}

/* ---- the packed dataset ---- */

static int write_cells(struct err *err)
{
    return dataset_write(f->data, path, err);
}

static void absent_or_cells(int rc)
{
    struct dataset *data = NULL;
    struct err err = {0};
    assert_int_equal(n_files(), rc == 0);
    if (rc < 0)
        return;
    int read = dataset_read(path, &data, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(read, 0);
    assert_int_equal(data->n_images, f->data->n_images);
    dataset_free(data);
}

static int read_cells(struct err *err)
{
    struct dataset *data = NULL;
    int rc = dataset_read(path, &data, err);
    dataset_free(data);
    return rc;
}

static void as_it_is(void)
{
}

static void test_cells(void **state)
{
    struct err err = {0};
    (void)state;
    assert_int_equal(dataset_finish(f->data, &err), 0); /* its checksum is read back */
    exhaust_all("packed dataset", remove_file, write_cells, absent_or_cells);
    assert_int_equal(dataset_write(f->data, path, &err), 0);
    exhaust("reading cells", &troubles[0], 0, as_it_is, read_cells, still_there);
}

/* ---- checkpoints ---- */

static struct state_file_fixture old_state, new_state;

/* Whose networks go through the buffer more than once. */
static float many[3 * 60001];

static void put_old_checkpoint(void)
{
    struct err err = {0};
    if (state_file_write(path, &identity, &old_state.state, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(n_files(), 1);
}

static int write_checkpoint(struct err *err)
{
    return state_file_write(path, &identity, &new_state.state, err);
}

static void old_or_new(int rc)
{
    struct state_file back;
    assert_int_equal(n_files(), 1);
    assert_int_equal(state_file_read(path, &identity, &back, NULL), 0);
    assert_equal_states(rc == 0 ? &new_state.state : &old_state.state, &back);
    state_file_free(&back);
}

static int read_checkpoint(struct err *err)
{
    struct state_file back;
    int rc = state_file_read(path, &identity, &back, err);
    assert_true(rc == 0 || (!back.owned && !back.arrays.item));
    state_file_free(&back);
    return rc;
}

static void test_checkpoint(void **state)
{
    (void)state;
    state_file_make(&old_state, 0);
    state_file_make(&new_state, 1);
    arrays_add(&new_state.state.arrays, "many", ARRAY_F32, (const size_t[]){3, 60001, 0}, many);
    exhaust_all("checkpoint", put_old_checkpoint, write_checkpoint, old_or_new);
    put_old_checkpoint();
    exhaust("reading a checkpoint", &troubles[0], 0, as_it_is, read_checkpoint, still_there);
    state_file_free(&old_state.state);
    state_file_free(&new_state.state);
    unlink(path);
}

/* A job that goes on from its checkpoint at epoch 1 and writes the next at epoch 2; what goes wrong is no
 * failure of the job. */
static struct {
    struct config config;
    char key[JOB_KEY_SIZE];
} job;
static char job_file[CHECKPOINT_PATH_SIZE];
static const float numbers[N_SETS][N_ALL_METRICS] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {1, 2, 3, 4}};

static int save_epoch(struct saver *saver, int epoch, struct err *err)
{
    const struct state_file state = {.epoch = epoch, .steps = epoch};
    saver_epoch(saver, epoch - 1, numbers);
    return saver_between(saver, &state, 1, err);
}

static void job_at_epoch_1(void)
{
    struct err err = {0};
    unlink(job_file);
    struct saver *saver = saver_new(path, 1000, "data", "avx2", &err);
    assert_null(saver_begin(saver, &job.config, job.key, &err));
    if (save_epoch(saver, 1, &err) < 0)
        fail_msg("%s", err.text);
    saver_free(saver);
}

static int go_on(struct err *err)
{
    struct err note = {0};
    struct saver *saver = saver_new(path, 1000, "data", "avx2", err);
    if (!saver)
        return E_IO;
    const struct state_file *from = saver_begin(saver, &job.config, job.key, &note);
    assert_true(from ? from->epoch == 1 : note.code != 0);
    int rc = from ? save_epoch(saver, 2, err) : err_set(err, note.code, "%s", note.text);
    saver_free(saver);
    return rc;
}

static void goes_on_from_one_of_them(int rc)
{
    struct err note;
    struct saver *saver = saver_new(path, 1000, "data", "avx2", NULL);
    const struct state_file *from = saver_begin(saver, &job.config, job.key, &note);
    assert_non_null(from);
    assert_int_equal(from->epoch, rc == 0 ? 2 : 1);
    saver_free(saver);
}

static void test_saver(void **state)
{
    (void)state;
    job.config = config_defaults(worker_schema());
    snprintf(job.config.model, sizeof job.config.model, "fake");
    snprintf(job.key, sizeof job.key, "0123456789abcdef0123456789abcdef");
    checkpoint_path(path, job.key, job_file);
    exhaust_all("a job's checkpoints", job_at_epoch_1, go_on, goes_on_from_one_of_them);
    unlink(job_file);
    *strrchr(job_file, '/') = '\0';
    assert_int_equal(rmdir(job_file), 0); /* nothing half-written in it */
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", in_folder("r.h5"));
    f = fixture_new(N_JOBS, N_EPOCHS, 5);
    grown = fixture_new(N_JOBS + 1, N_EPOCHS, 5);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    fixture_free(f);
    fixture_free(grown);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_creation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_growing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_saver, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
