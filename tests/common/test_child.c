#include "child.h"

#include "support/folder_fixture.h"
#include "support/hand_dataset.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int succeed(const char *path, struct err *err)
{
    (void)err;
    return path[0] == 'f' ? 0 : -1;
}

static int refuse(const char *path, struct err *err)
{
    return err_set(err, E_USAGE, "%s: no", path);
}

static int crash(const char *path, struct err *err)
{
    (void)path;
    (void)err;
    abort();
}

static int leave(const char *path, struct err *err)
{
    (void)path;
    (void)err;
    _exit(0);
}

static int be_killed(const char *path, struct err *err)
{
    (void)path;
    (void)err;
    return raise(SIGXCPU);
}

static void expect(int (*trial)(const char *, struct err *), int code, const char *line)
{
    struct err err = {0};
    assert_int_equal(child_run(trial, "f.h5", &err), code);
    assert_string_equal(err.text, line);
}

/* ---- child_guard ---- */

static int work(void *self, struct err *err)
{
    int what = *(int *)self;
    child_at("a.png");
    child_at("b.png");
    if (what == SIGSEGV || what == SIGABRT || what == SIGTERM)
        raise(what);
    if (what == 1)
        exit(0);
    *(int *)self = 7;
    return what ? err_set(err, E_JOB, "one was rejected") : 0;
}

static void guards(int what, int code, const char *line)
{
    struct err err = {0};
    int self = what;
    assert_int_equal(child_guard(work, &self, &err), code);
    assert_string_equal(err.text, line);
    assert_int_equal(self, what);
}

static void test_guard(void **state)
{
    (void)state;
    guards(0, 0, "");
    guards(2, E_JOB, "one was rejected");
    guards(SIGSEGV, E_IO,
           "b.png: damaged: it crashes the library that reads it (Segmentation fault); restore a copy, "
           "or leave it out");
    guards(SIGABRT, E_IO,
           "b.png: damaged: it crashes the library that reads it (Aborted); restore a copy, or leave "
           "it out");
    guards(SIGTERM, E_IO, "b.png: reading it was ended by a signal (Terminated); was memory short?");
    guards(1, E_IO,
           "b.png: damaged: it crashes the library that reads it (it ends); restore a copy, or leave it out");
}

static void test_verdicts(void **state)
{
    (void)state;
    expect(succeed, 0, "");
    expect(refuse, E_USAGE, "f.h5: no");
    expect(crash, E_IO, "f.h5: damaged: it crashes the HDF5 library; restore a copy");
    expect(leave, E_IO, "f.h5: damaged: it crashes the HDF5 library; restore a copy");
    expect(be_killed, E_IO, "f.h5: damaged: opening it does not come to an end; restore a copy");
}

/* Files that a look in a child process found bad, and of these the ones that would have crashed this
 * process. */
struct tally {
    int refused, crashed, survived;
};

static void look(const char *path, int (*try)(const char *, struct err *), struct tally *tally)
{
    struct err err = {0};
    int rc = try(path, &err);
    assert_true(rc == 0 || (rc < 0 && err.text[0] && !strchr(err.text, '\n')));
    tally->refused += rc < 0;
    tally->survived += rc == 0;
    tally->crashed += strstr(err.text, "crashes the HDF5") || strstr(err.text, "does not come to an end");
}

/* One byte of the file set to 0xff, then to 0; every `step`th byte. */
static struct tally flip(const char *path, size_t step, int (*try)(const char *, struct err *))
{
    size_t n;
    unsigned char *bytes = (unsigned char *)get_bytes(path, &n);
    struct tally tally = {0};
    for (size_t i = 8; i < n; i += step)
        for (int k = 0; k < 2; k++) {
            unsigned char kept = bytes[i];
            bytes[i] = k ? 0 : 0xff;
            put_bytes(path, bytes, n);
            look(path, try, &tally);
            bytes[i] = kept;
        }
    put_bytes(path, bytes, n);
    free(bytes);
    return tally;
}

/* CELLSWEEP_FLIP_STEP=1 tries every byte: minutes. */
static size_t step(size_t usual)
{
    const char *text = getenv("CELLSWEEP_FLIP_STEP");
    return text ? (size_t)atoi(text) : usual;
}

static void report(const char *what, struct tally tally)
{
    printf("worst of %s: %d refused, %d of them by a crash in the child, %d opened\n", what, tally.refused,
           tally.crashed, tally.survived);
    assert_true(tally.refused > 0 && tally.survived > 0);
}

static void test_results_with_a_bad_byte(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(4, 2, 0);
    struct err err = {0};
    const char *path = in_folder("r.h5");
    assert_int_equal(store_create(path, &f->plan, &err), 0);
    assert_int_equal(store_try(path, &err), 0);
    report("a results file", flip(path, step(307), store_try));
    assert_int_equal(store_try(path, &err), 0);
    fixture_free(f);
}

static void test_images_with_a_bad_byte(void **state)
{
    (void)state;
    static const int number[] = {8, 10}, count[] = {3, 2};
    struct dataset *data = hand_dataset(2, number, count, 8);
    struct err err = {0};
    const char *path = in_folder("cells.h5");
    assert_int_equal(dataset_finish(data, &err), 0);
    assert_int_equal(dataset_write(data, path, &err), 0);
    assert_int_equal(dataset_try(path, &err), 0);
    report("a packed dataset", flip(path, step(97), dataset_try));
    assert_int_equal(dataset_try("builtin", &err), 0);
    assert_int_equal(dataset_try(in_folder("none"), &err), 0);
    hand_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_results_with_a_bad_byte),
        cmocka_unit_test(test_images_with_a_bad_byte),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
