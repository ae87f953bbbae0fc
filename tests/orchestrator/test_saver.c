/* When a rank writes the state of its job, what it finds again, and how long it waits when the sweep
 * stops. */
#include "run/saver.h"

#include "run/checkpoint_folder.h"
#include "support/folder_fixture.h"
#include "sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static const float numbers[N_SETS][N_ALL_METRICS] = {{1, 2, 3, 4}, {9, 8, 7, 6}, {5, 4, 3, 2}};

struct fake_job {
    struct config config;
    char key[JOB_KEY_SIZE];
};

static struct fake_job fake_job(const char *key)
{
    struct fake_job job = {.config = config_defaults(worker_schema())};
    snprintf(job.config.model, sizeof job.config.model, "fake");
    snprintf(job.key, sizeof job.key, "%s", key);
    job.config.epochs = 10;
    return job;
}

static const char key_a[] = "0123456789abcdef0123456789abcdef", key_b[] = "1123456789abcdef0123456789abcdef";

static struct saver *new_saver(double interval)
{
    struct saver *saver = saver_new(in_folder("r.h5"), interval, "data", "avx2", NULL);
    assert_non_null(saver);
    return saver;
}

static int exists(const char *key)
{
    char path[CHECKPOINT_PATH_SIZE];
    checkpoint_path(in_folder("r.h5"), key, path);
    return access(path, F_OK) == 0;
}

/* The saver's clock goes when it is told to. */
static double clock_seconds = 1000;

int clock_gettime(clockid_t clock, struct timespec *t)
{
    (void)clock;
    t->tv_sec = (time_t)clock_seconds;
    t->tv_nsec = (long)(1e9 * (clock_seconds - (double)t->tv_sec));
    return 0;
}

static void pass(double seconds)
{
    clock_seconds += seconds;
}

/* One epoch of the running job; returns whether its state was written. */
static int run_epoch(struct saver *saver, int epoch, int stopping)
{
    const struct state_file state = {.epoch = epoch, .steps = epoch};
    int n = saver_cost(saver).n;
    struct err err = {0};
    saver_epoch(saver, epoch - 1, numbers);
    if (saver_between(saver, &state, stopping, &err) < 0)
        fail_msg("%s", err.text);
    return saver_cost(saver).n - n;
}

static void written_every_interval_and_when_stopping(void **state)
{
    struct saver *saver = new_saver(1);
    struct fake_job job = fake_job(key_a);
    struct err note;
    (void)state;
    assert_null(saver_begin(saver, &job.config, job.key, &note));
    assert_int_equal(note.code, 0);
    pass(0.99);
    assert_int_equal(run_epoch(saver, 1, 0), 0);
    assert_false(exists(key_a));
    pass(0.02);
    assert_int_equal(run_epoch(saver, 2, 0), 1);
    pass(0.99);
    assert_int_equal(run_epoch(saver, 3, 0), 0);
    assert_int_equal(saver_epochs(saver), 2);
    assert_int_equal(run_epoch(saver, 4, 1), 1);
    assert_int_equal(saver_epochs(saver), 4);
    saver_end(saver, 0);
    assert_true(exists(key_a));
    saver_free(saver);
}

/* After the test before: another saver, as of another rank or run, goes on at epoch 4; a job that is
 * over leaves no file. */
static void found_again_and_removed(void **state)
{
    struct saver *saver = new_saver(1000);
    struct fake_job job = fake_job(key_a), other = fake_job(key_b);
    struct err note;
    (void)state;
    const struct state_file *from = saver_begin(saver, &job.config, job.key, &note);
    assert_true(from && from->epoch == 4 && saver_epochs(saver) == 4);
    assert_memory_equal(from->metrics[SET_TEST] + 3 * N_ALL_METRICS, numbers[SET_TEST],
                        sizeof numbers[SET_TEST]);
    saver_end(saver, 0);
    assert_null(saver_begin(saver, &other.config, other.key, &note));
    saver_end(saver, 1);
    job.config.epochs = 4; /* none is left: of no use, and said */
    assert_null(saver_begin(saver, &job.config, job.key, &note));
    assert_true(note.code < 0);
    saver_end(saver, 1);
    assert_false(exists(key_a));
    saver_free(saver);
}

static void off_means_off(void **state)
{
    struct saver *saver = new_saver(0);
    struct fake_job job = fake_job(key_b);
    struct err note;
    (void)state;
    assert_null(saver_begin(saver, &job.config, job.key, &note));
    assert_int_equal(run_epoch(saver, 1, 0), 0);
    assert_int_equal(run_epoch(saver, 2, 1), 0);
    assert_false(saver_patient(saver, 100));
    saver_free(saver);
}

static void patience_ends_with_the_grace(void **state)
{
    struct saver *saver = new_saver(1000);
    struct fake_job job = fake_job(key_b);
    struct err note;
    (void)state;
    saver_begin(saver, &job.config, job.key, &note);
    assert_true(saver_patient(saver, 0.2)); /* how long an epoch takes is not known yet */
    pass(0.19);
    assert_true(saver_patient(saver, 0.2));
    pass(0.02);
    assert_false(saver_patient(saver, 0.2)); /* counted from the first call */
    saver_free(saver);
    saver = new_saver(1000);
    saver_begin(saver, &job.config, job.key, &note);
    pass(0.3);
    run_epoch(saver, 1, 0);
    assert_false(saver_patient(saver, 0.2)); /* the epoch would take 0.3 s */
    assert_true(saver_patient(saver, 60));
    saver_free(saver);
}

static void only_our_stale_files_are_removed(void **state)
{
    static const char *const names[] = {"notes.txt", "0123456789abcdef0123456789abcdef.ckpt.bak",
                                        "0123456789abcdef0123456789abcdef.ckpt.tmp-host-1",
                                        "2123456789abcdef0123456789abcdef.ckpt"};
    const int stays[] = {1, 1, 0, 0};
    struct saver *saver = new_saver(0.001);
    struct fake_job job = fake_job(key_b);
    struct checkpoint_list list;
    struct err note;
    char path[128];
    (void)state;
    saver_begin(saver, &job.config, job.key, &note);
    assert_int_equal(run_epoch(saver, 1, 1), 1);
    saver_free(saver);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "r.h5.checkpoints/%s", names[i]);
        put_text(in_folder(path), "text");
    }
    assert_int_equal(checkpoint_list(in_folder("r.h5"), &list, NULL), 0);
    assert_int_equal(list.n, 2);
    assert_true(checkpoint_want(&list, key_b));
    assert_false(checkpoint_want(&list, key_a));
    checkpoint_folder_tidy(in_folder("r.h5"), &list);
    assert_true(exists(key_b));
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "r.h5.checkpoints/%s", names[i]);
        assert_int_equal(access(in_folder(path), F_OK) == 0, stays[i]);
        unlink(in_folder(path));
    }
    list.entry[0].wanted = list.entry[1].wanted = 0;
    checkpoint_folder_tidy(in_folder("r.h5"), &list);
    assert_int_equal(access(in_folder("r.h5.checkpoints"), F_OK), -1);
    checkpoint_list_free(&list);
    checkpoint_folder_tidy(in_folder("r.h5"), &list); /* no folder */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_every_interval_and_when_stopping),
        cmocka_unit_test(found_again_and_removed),
        cmocka_unit_test(off_means_off),
        cmocka_unit_test(patience_ends_with_the_grace),
        cmocka_unit_test(only_our_stale_files_are_removed),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
