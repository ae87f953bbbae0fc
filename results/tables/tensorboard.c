#include "tables/tensorboard.h"

#include "event.pb-c.h"
#include "figures/pagename.h"
#include "store/combination.h"
#include "store/repeat.h"
#include "store/store_select.h"
#include "write/output.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { JOBS_AT_A_TIME = 256, MOST_SETTINGS = FACTORS_MOST + 3 };

struct board {
    struct store *store;
    const char *dir;
    unsigned named; /* factors that a combination's name tells, beside clusters and strategy */
    int n_epochs, n_sets;
    enum image_set set[N_CURVE_SETS];
    float *metric[N_CURVE_SETS][N_METRICS]; /* (JOBS_AT_A_TIME, E) of n jobs from first on */
    int first, n;
    struct store_mark *mark; /* (J) */
    uint8_t *packed;         /* of an event; grows */
    size_t size;
};

/* ---- records ---- */

static uint32_t crc_table[256];

/* Reflected polynomial 0x82f63b78, a byte at a time. */
static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
        crc_table[i] = crc;
    }
}

uint32_t tensorboard_crc(const void *data, size_t n)
{
    const uint8_t *byte = data;
    uint32_t crc = 0xffffffffu;
    if (!crc_table[1])
        make_crc_table();
    for (size_t i = 0; i < n; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ byte[i]) & 255];
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_little_endian(uint8_t *out, uint64_t value, int n)
{
    for (int i = 0; i < n; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

/* What stdio cannot write, output_close() tells. */
static int put_event(struct board *b, const Tensorboard__Event *event, FILE *out, struct err *err)
{
    uint8_t head[12], tail[4];
    size_t n = tensorboard__event__get_packed_size(event);
    if (n > b->size) {
        uint8_t *larger = realloc(b->packed, n);
        if (!larger)
            return err_set(err, E_IO, "out of memory for an event of %zu bytes", n);
        b->packed = larger;
        b->size = n;
    }
    tensorboard__event__pack(event, b->packed);
    put_little_endian(head, n, 8);
    put_little_endian(head + 8, tensorboard_crc(head, 8), 4);
    put_little_endian(tail, tensorboard_crc(b->packed, n), 4);
    fwrite(head, 1, sizeof head, out);
    fwrite(b->packed, 1, n, out);
    fwrite(tail, 1, sizeof tail, out);
    return 0;
}

/* ---- what a job is ---- */

/* The settings of a job as HPARAMS has them. */
struct settings {
    size_t n;
    Tensorboard__HParam entry[MOST_SETTINGS], *pointer[MOST_SETTINGS];
    Tensorboard__Setting value[MOST_SETTINGS];
};

static Tensorboard__Setting *add_setting(struct settings *s, const char *key)
{
    Tensorboard__Setting *value = &s->value[s->n];
    *value = (Tensorboard__Setting)TENSORBOARD__SETTING__INIT;
    s->entry[s->n] = (Tensorboard__HParam)TENSORBOARD__HPARAM__INIT;
    s->entry[s->n].key = (char *)(uintptr_t)key;
    s->entry[s->n].value = value;
    s->pointer[s->n] = &s->entry[s->n];
    s->n++;
    return value;
}

static void add_number(struct settings *s, const char *key, double number)
{
    Tensorboard__Setting *value = add_setting(s, key);
    value->kind_case = TENSORBOARD__SETTING__KIND_NUMBER_VALUE;
    value->number_value = number;
}

static void add_text(struct settings *s, const char *key, const char *text)
{
    Tensorboard__Setting *value = add_setting(s, key);
    value->kind_case = TENSORBOARD__SETTING__KIND_STRING_VALUE;
    value->string_value = (char *)(uintptr_t)text;
}

static void collect_settings(const struct board *b, const struct store_job *row, struct settings *s)
{
    s->n = 0;
    for (int f = 0; f < combination_n_factors(b->store); f++) {
        const char *text = combination_value(row, f);
        if (f >= FACTOR_AXES && store_axis_is_number(b->store, f - FACTOR_AXES) && *text)
            add_number(s, combination_name(b->store, f), strtod(text, NULL));
        else if (*text)
            add_text(s, combination_name(b->store, f), text);
    }
    add_number(s, "seed", (double)row->seed);
    if (protocol_is_kfold(row->protocol)) {
        add_number(s, "fold", row->fold);
        add_number(s, "repeat", row->repeat);
    }
}

static void name_combination(const struct board *b, const struct store_job *row, char name[PAGENAME_SIZE])
{
    *name = '\0';
    pagename_append_classes(name, row->clusters);
    pagename_append(name, "_");
    pagename_append(name, row->strategy);
    for (int f = 0; f < combination_n_factors(b->store); f++) {
        const char *value = combination_value(row, f);
        if (!(b->named & FACTOR(f)) || !*value)
            continue;
        pagename_append(name, "_");
        if (f >= FACTOR_AXES) {
            pagename_append(name, combination_name(b->store, f));
            pagename_append(name, "=");
        }
        pagename_append(name, value);
    }
}

static void name_run(const struct store_job *row, char name[PAGENAME_SIZE])
{
    int n = snprintf(name, PAGENAME_SIZE, "seed%lld", (long long)row->seed);
    if (protocol_is_kfold(row->protocol))
        snprintf(name + n, (size_t)(PAGENAME_SIZE - n), "_fold%d_repeat%d", row->fold, row->repeat);
}

/* ---- a run ---- */

static int put_settings(struct board *b, const struct store_job *row, char *group, double begun, FILE *out,
                        struct err *err)
{
    struct settings s;
    collect_settings(b, row, &s);
    Tensorboard__SessionStartInfo start = TENSORBOARD__SESSION_START_INFO__INIT;
    start.n_hparams = s.n;
    start.hparams = s.pointer;
    start.group_name = group;
    start.has_start_time_secs = 1;
    start.start_time_secs = begun;
    Tensorboard__HParamsPluginData data = TENSORBOARD__HPARAMS_PLUGIN_DATA__INIT;
    data.session_start_info = &start;
    size_t n = tensorboard__hparams_plugin_data__get_packed_size(&data);
    uint8_t *content = err_calloc(n, 1, "the settings of a run", err);
    if (!content)
        return E_IO;
    tensorboard__hparams_plugin_data__pack(&data, content);
    Tensorboard__SummaryMetadata__PluginData plugin = TENSORBOARD__SUMMARY_METADATA__PLUGIN_DATA__INIT;
    plugin.plugin_name = (char[]){"hparams"};
    plugin.has_content = 1;
    plugin.content = (ProtobufCBinaryData){n, content};
    Tensorboard__SummaryMetadata metadata = TENSORBOARD__SUMMARY_METADATA__INIT;
    metadata.plugin_data = &plugin;
    Tensorboard__Summary__Value value = TENSORBOARD__SUMMARY__VALUE__INIT, *values = &value;
    value.tag = (char[]){"_hparams_/session_start_info"};
    value.metadata = &metadata;
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    summary.n_value = 1;
    summary.value = &values;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    event.has_wall_time = 1;
    event.wall_time = begun;
    event.summary = &summary;
    int rc = put_event(b, &event, out, err);
    free(content);
    return rc;
}

/* The numbers of one epoch, from 0, of a row of the block at hand; nothing where there are none. */
static int put_epoch(struct board *b, int row, int epoch, double when, FILE *out, struct err *err)
{
    char tag[N_CURVE_SETS * N_METRICS][64];
    Tensorboard__Summary__Value value[N_CURVE_SETS * N_METRICS], *values[N_CURVE_SETS * N_METRICS];
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    for (int s = 0; s < b->n_sets; s++)
        for (int m = 0; m < N_METRICS; m++) {
            float number = b->metric[s][m][(size_t)row * (size_t)b->n_epochs + (size_t)epoch];
            size_t n = summary.n_value;
            if (!isfinite(number))
                continue;
            snprintf(tag[n], sizeof *tag, "%s/%s", image_set_names[b->set[s]], metric_names[m]);
            value[n] = (Tensorboard__Summary__Value)TENSORBOARD__SUMMARY__VALUE__INIT;
            value[n].tag = tag[n];
            value[n].has_simple_value = 1;
            value[n].simple_value = number;
            values[n] = &value[n];
            summary.n_value++;
        }
    summary.value = values;
    event.summary = &summary;
    event.has_step = 1;
    event.step = epoch + 1;
    event.has_wall_time = 1;
    event.wall_time = when;
    return summary.n_value ? put_event(b, &event, out, err) : 0;
}

static int put_run(struct board *b, const struct store_job *row, char *group, int job, FILE *out,
                   struct err *err)
{
    const struct store_mark *mark = &b->mark[job];
    Tensorboard__Event version = TENSORBOARD__EVENT__INIT;
    double begun = isfinite(mark->started) ? mark->started : 0;
    double seconds = mark->finished > begun ? mark->finished - begun : 0;
    version.has_wall_time = 1;
    version.wall_time = begun;
    version.file_version = (char[]){"brain.Event:2"};
    int rc = put_event(b, &version, out, err);
    if (rc == 0)
        rc = put_settings(b, row, group, begun, out, err);
    for (int e = 0; rc == 0 && e < mark->epochs_done && e < b->n_epochs; e++)
        rc = put_epoch(b, job - b->first, e, begun + seconds * (e + 1) / mark->epochs_done, out, err);
    return rc;
}

/* The folder of a run, made: another one where its name is taken. */
static int make_folder(const struct board *b, const struct store_job *row, const char *group,
                       char path[OUTPUT_PATH_SIZE], struct err *err)
{
    char run[PAGENAME_SIZE];
    name_run(row, run);
    int n = snprintf(path, OUTPUT_PATH_SIZE, "%s/%s", b->dir, group);
    int rc = n < OUTPUT_PATH_SIZE - PAGENAME_SIZE - 16 ? output_directory(path, err)
                                                       : err_set(err, E_IO, "%s: too long a path", b->dir);
    if (rc < 0)
        return rc;
    snprintf(path + n, (size_t)(OUTPUT_PATH_SIZE - n), "/%s", run);
    int made = mkdir(path, 0777);
    if (made < 0 && errno == EEXIST) {
        snprintf(path + n, (size_t)(OUTPUT_PATH_SIZE - n), "/%s_%.8s", run, row->key);
        made = mkdir(path, 0777);
    }
    return made < 0 ? err_set(err, E_IO, "%.3000s: cannot make it: %s", path, strerror(errno)) : 0;
}

static int write_run(struct board *b, int job, struct err *err)
{
    struct store_job row;
    struct output out = {0};
    char group[PAGENAME_SIZE], path[OUTPUT_PATH_SIZE], name[64];
    int rc = store_row(b->store, job, &row, err);
    if (rc < 0)
        return rc;
    name_combination(b, &row, group);
    rc = make_folder(b, &row, group, path, err);
    snprintf(name, sizeof name, "events.out.tfevents.%.0f.cellsweep",
             isfinite(b->mark[job].started) ? b->mark[job].started : 0.0);
    if (rc == 0)
        rc = output_open(&out, path, name, err);
    if (rc < 0)
        return rc;
    rc = put_run(b, &row, group, job, out.file, err);
    if (rc == 0)
        return output_close(&out, err);
    output_abandon(&out);
    return rc;
}

/* ---- all of them ---- */

/* The curves of a block of jobs that begins with one. */
static int read_curves(struct board *b, int job, struct err *err)
{
    int n = store_n_jobs(b->store) - job, rc = 0;
    n = n < JOBS_AT_A_TIME ? n : JOBS_AT_A_TIME;
    for (int s = 0; s < b->n_sets; s++)
        for (int m = 0; m < N_METRICS && rc == 0; m++)
            rc = store_read_metric_of(b->store, b->set[s], (enum metric)m, job, n, b->metric[s][m], err);
    b->first = job;
    b->n = rc == 0 ? n : 0;
    return rc;
}

static int write_runs(struct board *b, const struct selection *chosen, int *n, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < chosen->n && rc == 0; i++) {
        int job = chosen->job[i];
        if (b->mark[job].epochs_done <= 0)
            continue;
        if (job >= b->first + b->n)
            rc = read_curves(b, job, err);
        if (rc == 0)
            rc = write_run(b, job, err);
        *n += rc == 0;
    }
    return rc;
}

static int check_empty(const char *dir, struct err *err)
{
    DIR *open = opendir(dir);
    int found = 0;
    if (!open && errno == ENOENT)
        return 0;
    if (!open)
        return err_set(err, E_USAGE, "%s: cannot be used as a folder: %s", dir, strerror(errno));
    for (struct dirent *entry; !found && (entry = readdir(open));)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(open);
    return found ? err_set(err, E_USAGE,
                           "%s: is there and not empty; TensorBoard would show what is in it beside these "
                           "runs: name a new folder, or remove it",
                           dir)
                 : 0;
}

static int board_begin(struct board *b, struct err *err)
{
    size_t room = (size_t)JOBS_AT_A_TIME * (size_t)b->n_epochs;
    for (int s = 0; s < b->n_sets; s++)
        for (int m = 0; m < N_METRICS; m++)
            if (!(b->metric[s][m] = err_calloc(room, sizeof(float), "learning curves", err)))
                return E_IO;
    b->mark = err_calloc((size_t)store_n_jobs(b->store) + 1, sizeof *b->mark, "the states of jobs", err);
    if (!b->mark)
        return E_IO;
    int rc = store_read_marks(b->store, b->mark, err);
    return rc < 0 ? rc : combination_varying_in(b->store, &b->named, err);
}

static void board_end(struct board *b)
{
    for (int s = 0; s < N_CURVE_SETS; s++)
        for (int m = 0; m < N_METRICS; m++)
            free(b->metric[s][m]);
    free(b->mark);
    free(b->packed);
}

static int any_epoch(const struct board *b, const struct selection *chosen)
{
    for (int i = 0; i < chosen->n; i++)
        if (b->mark[chosen->job[i]].epochs_done > 0)
            return 1;
    return 0;
}

int tensorboard_write(struct store *store, const char *filter, const char *dir, int *n, struct err *err)
{
    struct board b = {.store = store, .dir = dir, .n_epochs = store_n_epochs(store)};
    struct selection chosen = {0};
    *n = 0;
    int rc = check_empty(dir, err);
    if (rc == 0)
        rc = store_select(store, filter, &chosen, err);
    if (rc < 0)
        return rc;
    b.n_sets = store_curve_sets(store, b.set);
    rc = board_begin(&b, err);
    b.named &= ~(FACTOR(FACTOR_CLASSES) | FACTOR(FACTOR_STRATEGY));
    if (rc == 0 && !any_epoch(&b, &chosen))
        rc = err_set(err, E_USAGE, "%s: none of the %d chosen jobs has finished an epoch", store_path(store),
                     chosen.n);
    if (rc == 0)
        rc = output_directory(dir, err);
    if (rc == 0)
        rc = write_runs(&b, &chosen, n, err);
    board_end(&b);
    selection_free(&chosen);
    return rc;
}
