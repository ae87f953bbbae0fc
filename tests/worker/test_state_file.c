/* The checkpoint file: what is written is read; whatever is wrong with it is told, and never
 * taken for a state. */
#include "rng.h"
#include "support/state_file_fixture.h"
#include "support/folder_fixture.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>

/* A checkpoint in a folder, and its bytes. */
static unsigned char *write_and_load(const char *path, const struct state_file_fixture *f, size_t *n)
{
    struct err err = {0};
    if (state_file_write(path, &identity, &f->state, &err) < 0)
        fail_msg("%s", err.text);
    unsigned char *bytes = (unsigned char *)get_bytes(path, n);
    assert_int_equal(*n, state_file_bytes(&f->state));
    return bytes;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (int with_best = 0; with_best < 2; with_best++) {
        struct state_file_fixture f;
        struct state_file back;
        struct err err = {0};
        size_t n;
        const char *path = in_folder("a.ckpt");
        state_file_make(&f, with_best);
        unsigned char *bytes = write_and_load(path, &f, &n);
        if (state_file_read(path, &identity, &back, &err) < 0)
            fail_msg("%s", err.text);
        assert_equal_states(&f.state, &back);
        state_file_free(&back);
        state_file_free(&f.state);
        free(bytes);
    }
}

/* Model fake: no arrays. */
static void a_state_without_arrays(void **state)
{
    (void)state;
    struct state_file_fixture f;
    struct state_file back;
    size_t n;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 0);
    state_file_free(&f.state);
    state_file_make(&f, 0);
    arrays_clear(&f.state.arrays);
    unsigned char *bytes = write_and_load(path, &f, &n);
    assert_int_equal(state_file_read(path, &identity, &back, NULL), 0);
    assert_equal_states(&f.state, &back);
    state_file_free(&back);
    state_file_free(&f.state);
    free(bytes);
}

/* More than the buffer holds. */
static void a_large_state(void **state)
{
    (void)state;
    static float params[3 * 100003];
    struct state_file_fixture f;
    struct state_file back;
    size_t n;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 0);
    for (size_t i = 0; i < 3 * 100003; i++)
        params[i] = (float)i;
    arrays_add(&f.state.arrays, "large", ARRAY_F32, (const size_t[]){100003, 3, 0}, params);
    unsigned char *bytes = write_and_load(path, &f, &n);
    assert_int_equal(state_file_read(path, &identity, &back, NULL), 0);
    assert_equal_states(&f.state, &back);
    state_file_free(&back);
    state_file_free(&f.state);
    free(bytes);
}

static void assert_refused(const void *bytes, size_t n, const struct state_file_identity *want,
                           const char *why)
{
    struct state_file out;
    struct err err = {0};
    /* an allocation of exactly n bytes: a sanitizer sees every byte read beyond */
    unsigned char *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    assert_int_equal(state_file_parse(copy, n, "a.ckpt", want, &out, &err), E_IO);
    assert_true(!out.owned && !out.arrays.item);
    if (strncmp(err.text, "a.ckpt: ", 8) != 0 || !strstr(err.text, why))
        fail_msg("'%s' instead of '%s'", err.text, why);
    free(copy);
}

static void every_flipped_bit_is_seen(void **state)
{
    (void)state;
    struct state_file_fixture f;
    size_t n;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 1);
    unsigned char *bytes = write_and_load(path, &f, &n);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_refused(bytes, n, &identity, "");
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    state_file_free(&f.state);
    free(bytes);
}

static void every_other_length_is_seen(void **state)
{
    (void)state;
    struct state_file_fixture f;
    size_t n;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 1);
    unsigned char *bytes = realloc(write_and_load(path, &f, &n), 4096 * 4);
    memset(bytes + n, 0, 4096 * 4 - n);
    for (size_t length = 0; length < n + 100; length++)
        if (length != n)
            assert_refused(bytes, length, &identity, "checkpoint");
    state_file_free(&f.state);
    free(bytes);
}

static void what_belongs_elsewhere_is_refused(void **state)
{
    (void)state;
    struct state_file_identity other[4] = {identity, identity, identity, identity};
    static const char *const why[4] = {"another job", "another dataset", "another kernels",
                                       "another program"};
    struct state_file_fixture f;
    size_t n;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 0);
    unsigned char *bytes = write_and_load(path, &f, &n);
    other[0].key = "1123456789abcdef0123456789abcdef";
    other[1].data = "gedcba9876543210fedcba9876543210";
    other[2].kernels = "avx512";
    other[3].program = "0.1.0 abcdef-dirty";
    for (int i = 0; i < 4; i++)
        assert_refused(bytes, n, &other[i], why[i]);
    bytes[8] = 1;
    state_file_seal(bytes, n);
    assert_refused(bytes, n, &identity, "format 1");
    bytes[0] = 'c';
    state_file_seal(bytes, n);
    assert_refused(bytes, n, &identity, "is no checkpoint");
    state_file_free(&f.state);
    free(bytes);
}

/* Heads and tables that lie, with a checksum that agrees: refused by their numbers alone, or a state whose
 * every byte is there. */
static void lies_do_no_harm(void **state)
{
    (void)state;
    enum { HEAD = 568, ENTRIES = 6 * 104 };
    struct rng rng = rng_start(rng_key("test", "lies", 4), 0);
    struct state_file_fixture f;
    size_t n;
    int accepted = 0;
    const char *path = in_folder("a.ckpt");
    state_file_make(&f, 1);
    unsigned char *bytes = write_and_load(path, &f, &n), *lie = malloc(n);
    for (int trial = 0; trial < 20000; trial++) {
        struct state_file out;
        memcpy(lie, bytes, n);
        for (int k = (int)rng_below(&rng, 3); k >= 0; k--) {
            size_t at = trial % 2 ? 12 + rng_below(&rng, 44) : HEAD + rng_below(&rng, ENTRIES);
            lie[at] = rng_below(&rng, 2) ? 255 : (unsigned char)rng_below(&rng, 5);
        }
        state_file_seal(lie, n);
        if (state_file_parse(lie, n, "a.ckpt", &identity, &out, NULL) < 0)
            continue;
        unsigned sum = 0;
        for (int a = 0; a < out.arrays.n; a++)
            for (size_t i = 0; i < array_bytes(&out.arrays.item[a]); i++)
                sum += ((const unsigned char *)out.arrays.item[a].data)[i];
        assert_true(out.arrays.n == 4 && out.epoch == EPOCHS && sum > 0);
        accepted++;
        state_file_free(&out);
    }
    assert_true(accepted > 100 && accepted < 19000);
    state_file_free(&f.state);
    free(lie);
    free(bytes);
}

static void a_missing_file_is_told(void **state)
{
    (void)state;
    struct state_file out;
    struct err err = {0};
    assert_int_equal(state_file_read(in_folder("none.ckpt"), &identity, &out, &err), E_IO);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(state_file_read(fixture_folder, &identity, &out, &err), E_IO);
}

/* A file may not grow beyond 1000 bytes, as on a full disk: the checkpoint that was there
 * stays, and nothing else. */
static void a_full_disk_leaves_the_old_one(void **state)
{
    (void)state;
    struct rlimit was, tight;
    struct state_file_fixture f, old;
    struct state_file back;
    struct err err = {0};
    const char *path = in_folder("a.ckpt");
    size_t n;
    state_file_make(&old, 0);
    unsigned char *bytes = write_and_load(path, &old, &n);
    state_file_make(&f, 1);
    f.state.epoch = 2;
    getrlimit(RLIMIT_FSIZE, &was);
    tight = was;
    tight.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    int rc = state_file_write(path, &identity, &f.state, &err);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(rc, E_IO);
    assert_non_null(strstr(err.text, "cannot write the checkpoint"));
    assert_int_equal(state_file_read(path, &identity, &back, NULL), 0);
    assert_equal_states(&old.state, &back);
    state_file_free(&back);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(fixture_folder), 0); /* nothing else was in it */
    assert_int_equal(mkdir(fixture_folder, 0777), 0);
    state_file_free(&f.state);
    state_file_free(&old.state);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_state_without_arrays),
        cmocka_unit_test(a_large_state),
        cmocka_unit_test(every_flipped_bit_is_seen),
        cmocka_unit_test(every_other_length_is_seen),
        cmocka_unit_test(what_belongs_elsewhere_is_refused),
        cmocka_unit_test(lies_do_no_harm),
        cmocka_unit_test(a_missing_file_is_told),
        cmocka_unit_test(a_full_disk_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
