#include "sweep/job_name.h"

#include "sections.h"
#include "store/repeat.h"

#include <stdio.h>
#include <string.h>

static int is_fixed_field(const struct setting *key)
{
    static const char *const fixed[] = {"clusters", "strategy", "protocol", "seed", "model"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(key->name, fixed[i]) == 0)
            return 1;
    return 0;
}

int sweep_axis_names(const struct sweep *sweep, const char **name, int *is_number)
{
    int n = 0;
    for (int a = 0; a < sweep->file->n_axes; a++) {
        const struct setting *key = sweep->file->axis[a].key;
        if (is_fixed_field(key))
            continue;
        name[n] = key->name;
        is_number[n++] = key->type == SETTING_INT || key->type == SETTING_REAL;
    }
    return n;
}

static void make_row(const struct sweep *sweep, int job, int titles, struct store_job *out)
{
    struct config made, *config = &made;
    char text[SETTING_TEXT_SIZE];
    memset(out, 0, sizeof *out);
    sweep_config(sweep, job, config);
    sweep_key(sweep, job, out->key);
    class_list(config->clusters.number, config->clusters.n, titles, text, sizeof text);
    int is_all = config->clusters.n > 2 &&
                 memcmp(&config->clusters, &sweep->data_clusters, sizeof config->clusters) == 0;
    store_clusters_text(out->clusters, sizeof out->clusters, is_all ? "all" : text);
    store_field_text(out->strategy, sizeof out->strategy, config->strategy);
    config_get(config, config_find(worker_schema(), "protocol"), text, sizeof text);
    text[strcspn(text, "x")] = '\0'; /* "kfold:5": repeats are rows */
    store_field_text(out->protocol, sizeof out->protocol, text);
    out->seed = config->seed;
    out->fold = (int)config->fold;
    out->repeat = (int)config->repeat;
    store_field_text(out->model, sizeof out->model, config->model);
    for (int a = 0, n = 0; a < sweep->file->n_axes; a++)
        if (!is_fixed_field(sweep->file->axis[a].key)) {
            if (config_reads(config, sweep->file->axis[a].key)) {
                config_get(config, sweep->file->axis[a].key, text, sizeof text);
                store_field_text(out->axis[n], sizeof out->axis[0], text);
            }
            n++;
        }
    out->n_train = out->n_val = out->n_test = out->leak = out->leak_val = out->judged_epoch = -1;
}

void sweep_row(const struct sweep *sweep, int job, struct store_job *out)
{
    make_row(sweep, job, 0, out);
}

void sweep_shown_row(const struct sweep *sweep, int job, struct store_job *out)
{
    make_row(sweep, job, 1, out);
}

int sweep_model_varies(const struct sweep *sweep)
{
    const struct sweep_axis *axis = sweep_file_axis(sweep->file, "model");
    return axis && axis->n > 1;
}

void sweep_job_name(const struct sweep *sweep, int job, char *out, size_t size)
{
    struct store_job row;
    sweep_shown_row(sweep, job, &row);
    const char *name[SWEEP_MAX_AXES];
    int is_number[SWEEP_MAX_AXES], n = sweep_axis_names(sweep, name, is_number);
    int used = snprintf(out, size, "%s %s %s seed %lld", row.clusters, row.strategy, row.protocol,
                        (long long)row.seed);
    if (protocol_is_kfold(row.protocol) && used < (int)size)
        used += snprintf(out + used, size - (size_t)used, " fold %d repeat %d", row.fold, row.repeat);
    if (sweep_model_varies(sweep) && used < (int)size)
        used += snprintf(out + used, size - (size_t)used, " model %s", row.model);
    for (int a = 0; a < n && used < (int)size; a++)
        if (*row.axis[a])
            used += snprintf(out + used, size - (size_t)used, " %s %s", name[a], row.axis[a]);
}

static int row_of_sweep(const void *of, int j, struct store_job *out, struct err *err)
{
    (void)err;
    sweep_shown_row(of, j, out);
    return 0;
}

static int setting_of_sweep(const void *of, int j, const struct setting *key, char *out, struct err *err)
{
    struct config config;
    char text[SETTING_TEXT_SIZE] = "";
    (void)err;
    sweep_config(of, j, &config);
    if (config_reads(&config, key))
        config_get(&config, key, text, sizeof text);
    store_field_text(out, CONFIG_WORD_SIZE, text);
    return 0;
}

struct store_rows sweep_rows(const struct sweep *sweep, const char **axis_name)
{
    int is_number[SWEEP_MAX_AXES];
    return (struct store_rows){.n = sweep->n_jobs,
                               .n_axes = sweep_axis_names(sweep, axis_name, is_number),
                               .axis_name = axis_name,
                               .row = row_of_sweep,
                               .setting = setting_of_sweep,
                               .of = sweep};
}

int sweep_select(const struct sweep *sweep, const char *filter, const char *option, struct selection *out,
                 struct err *err)
{
    const char *name[SWEEP_MAX_AXES];
    const struct store_rows rows = sweep_rows(sweep, name);
    return select_rows(&rows, filter, option, sweep->file->name, out, err);
}
