/* Event files, read back record by record: with a checksum of another make, unpacked by protobuf-c. */
#include "support/scratch.h"
#include "support/store_fixture.h"

#include "event.pb-c.h"
#include "tables/tensorboard.h"

#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { JOBS = 4, EPOCHS = 3 };

static char folder[64], path[128], runs[128];
static struct err err;
static struct fixture *fixture;
static struct store *store;

/* Bit by bit, from the other end than the table: CRC32C of its own definition, reflected. */
static uint32_t crc_by_bits(const unsigned char *data, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint32_t carry = (crc ^ (uint32_t)(data[i] >> bit)) & 1;
            crc = (crc >> 1) ^ (carry ? 0x82f63b78u : 0);
        }
    return ~crc;
}

static uint32_t masked(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static uint64_t little_endian(const unsigned char *byte, int n)
{
    uint64_t value = 0;
    for (int i = n - 1; i >= 0; i--)
        value = value << 8 | byte[i];
    return value;
}

/* The next event of a file, or NULL at its end; freed by the caller. */
static Tensorboard__Event *next_event(FILE *file)
{
    unsigned char head[12], tail[4], *data;
    size_t got = fread(head, 1, sizeof head, file);
    if (got == 0)
        return NULL;
    assert_int_equal(got, sizeof head);
    assert_int_equal(little_endian(head + 8, 4), masked(crc_by_bits(head, 8)));
    size_t n = little_endian(head, 8);
    assert_true(n < 100000);
    data = malloc(n);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, n, file), n);
    assert_int_equal(fread(tail, 1, 4, file), 4);
    assert_int_equal(little_endian(tail, 4), masked(crc_by_bits(data, n)));
    Tensorboard__Event *event = tensorboard__event__unpack(NULL, n, data);
    free(data);
    assert_non_null(event);
    return event;
}

/* The only file that matches a pattern below the runs. */
static FILE *open_run(const char *run)
{
    char pattern[256];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/%s/events.out.tfevents.*", runs, run);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    FILE *file = fopen(found.gl_pathv[0], "rb");
    globfree(&found);
    assert_non_null(file);
    return file;
}

static int set_up(void **state)
{
    struct store *w = NULL;
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(runs, sizeof runs, "%s/runs", folder);
    fixture = fixture_new(JOBS, EPOCHS, 0);
    if (!fixture || store_create(path, &fixture->plan, &err) < 0 ||
        store_open_shared(path, MPI_COMM_NULL, &w, &err) < 0)
        return -1;
    if (fixture_run(w, 0, EPOCHS, JOB_DONE, &err) < 0 || fixture_run(w, 1, 2, JOB_FAILED, &err) < 0)
        return -1;
    return store_close(w, &err) < 0 ? -1 : store_open(path, &store, &err);
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store, NULL);
    fixture_free(fixture);
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void test_crc(void **state)
{
    (void)state;
    assert_int_equal(crc_by_bits((const unsigned char *)"123456789", 9), 0xe3069283u); /* RFC 3720 */
    assert_int_equal(tensorboard_crc("123456789", 9), masked(0xe3069283u));
    assert_int_equal(tensorboard_crc("", 0), masked(0));
}

static double metric_of(const char *tag, int job, int epoch)
{
    char name[128];
    for (int s = 0; s < N_SETS; s++)
        for (int m = 0; m < N_METRICS; m++) {
            snprintf(name, sizeof name, "%s/%s", image_set_names[s], metric_names[m]);
            if (strcmp(name, tag) == 0)
                return (double)fixture_metric(job, epoch, (enum image_set)s, m);
        }
    fail_msg("no metric is called %s", tag);
    return (double)NAN;
}

static void check_settings(const Tensorboard__Event *event, int job)
{
    const Tensorboard__Summary__Value *value = event->summary->value[0];
    assert_string_equal(value->tag, "_hparams_/session_start_info");
    assert_string_equal(value->metadata->plugin_data->plugin_name, "hparams");
    ProtobufCBinaryData content = value->metadata->plugin_data->content;
    Tensorboard__HParamsPluginData *data =
        tensorboard__hparams_plugin_data__unpack(NULL, content.len, content.data);
    assert_non_null(data);
    const Tensorboard__SessionStartInfo *start = data->session_start_info;
    int found = 0;
    for (size_t i = 0; i < start->n_hparams; i++) {
        const Tensorboard__HParam *setting = start->hparams[i];
        if (strcmp(setting->key, "strategy") == 0) {
            found |= 1;
            assert_string_equal(setting->value->string_value, fixture->job[job].strategy);
        } else if (strcmp(setting->key, "seed") == 0) {
            found |= 2;
            assert_true(setting->value->number_value == (double)fixture->job[job].seed);
        }
    }
    assert_int_equal(found, 3);
    tensorboard__hparams_plugin_data__free_unpacked(data, NULL);
}

/* Version, settings, then every metric of every epoch. */
static void check_run(const char *run, int job, int n_epochs)
{
    FILE *file = open_run(run);
    Tensorboard__Event *event = next_event(file);
    assert_string_equal(event->file_version, "brain.Event:2");
    tensorboard__event__free_unpacked(event, NULL);
    event = next_event(file);
    check_settings(event, job);
    tensorboard__event__free_unpacked(event, NULL);
    for (int e = 0; e < n_epochs; e++) {
        event = next_event(file);
        assert_non_null(event);
        assert_int_equal(event->step, e + 1);
        assert_int_equal(event->summary->n_value, 2 * N_METRICS);
        for (size_t i = 0; i < event->summary->n_value; i++) {
            const Tensorboard__Summary__Value *value = event->summary->value[i];
            assert_true(value->has_simple_value);
            assert_true((double)value->simple_value == metric_of(value->tag, job, e));
        }
        tensorboard__event__free_unpacked(event, NULL);
    }
    assert_null(next_event(file));
    fclose(file);
}

static void test_runs(void **state)
{
    (void)state;
    int n = 0;
    char run[256];
    assert_int_equal(tensorboard_write(store, NULL, runs, &n, &err), 0);
    assert_int_equal(n, 2);
    snprintf(run, sizeof run, "*/seed%d*", (int)fixture->job[0].seed);
    check_run(run, 0, EPOCHS);
    snprintf(run, sizeof run, "*/seed%d*", (int)fixture->job[1].seed);
    check_run(run, 1, 2);
}

static void test_refused(void **state)
{
    (void)state;
    int n = -1;
    assert_int_equal(tensorboard_write(store, NULL, runs, &n, &err), E_USAGE);
    assert_non_null(strstr(err.text, "not empty"));
    char none[160];
    snprintf(none, sizeof none, "%s-none", runs);
    char filter[64];
    snprintf(filter, sizeof filter, "seed=%d", (int)fixture->job[3].seed);
    assert_int_equal(tensorboard_write(store, filter, none, &n, &err), E_USAGE);
    assert_non_null(strstr(err.text, "finished an epoch"));
    assert_int_equal(n, 0);
    assert_int_equal(tensorboard_write(store, NULL, path, &n, &err), E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crc), cmocka_unit_test(test_runs),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
