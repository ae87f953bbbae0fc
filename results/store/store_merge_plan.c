#include "store/store_merge_parts.h"
#include "store/stored_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the columns of /jobs ---- */

static int own_column(const struct store *store, const char *name)
{
    for (int a = 0; a < store_n_axes(store); a++)
        if (strcmp(store_axis_name(store, a), name) == 0)
            return a;
    return -1;
}

/* The value of a setting that a file has no column for, where the job reads it. */
static int setting_of_job(struct store *store, int row, const struct setting *key, char *out, struct err *err)
{
    char text[SETTING_TEXT_SIZE];
    struct config config;
    int rc = stored_model_config(store, row, &config, err);
    if (rc < 0)
        return rc;
    config.is_tuned = store_sweep(store)->base.is_tuned;
    if (!config_reads(&config, key))
        return 0;
    config_get(&config, key, text, sizeof text);
    store_field_text(out, CONFIG_WORD_SIZE, text);
    return 0;
}

/* 1 when a job of a file without a column for it reads the setting. */
static int is_read(const struct merging *m, int s, const struct setting *key, struct err *err)
{
    struct store *store = m->source[s].store;
    int rc = 0, found = 0;
    for (int row = 0; row < store_n_rows(store) && rc == 0 && !found; row++) {
        char text[CONFIG_WORD_SIZE] = "";
        rc = setting_of_job(store, row, key, text, err);
        found = *text != '\0';
    }
    return rc < 0 ? rc : found;
}

static int add_column(struct merging *m, const struct setting *key, struct err *err)
{
    int wanted = 0;
    for (int s = 0; s < m->asked->n && wanted == 0; s++)
        wanted = own_column(m->source[s].store, key->name) >= 0 ? 1 : is_read(m, s, key, err);
    if (wanted <= 0)
        return wanted;
    if (m->n_columns + (m->asked->name[0] != NULL) >= STORE_MAX_AXES)
        return err_set(err, E_USAGE,
                       "they differ in more settings than a results file has columns for, %d: merge "
                       "fewer of them",
                       STORE_MAX_AXES);
    for (int s = 0; s < m->asked->n; s++)
        m->source[s].column[m->n_columns] = own_column(m->source[s].store, key->name);
    m->column_is_number[m->n_columns] = key->type == SETTING_INT || key->type == SETTING_REAL;
    m->column[m->n_columns++] = key->name;
    return 0;
}

int merge_find_columns(struct merging *m, struct err *err)
{
    int rc = 0;
    for (int a = 0; a < m->sweep->n_axes && rc == 0; a++)
        if (!store_is_fixed_column(m->sweep->axis[a].key->name))
            rc = add_column(m, m->sweep->axis[a].key, err);
    if (rc == 0 && m->asked->name[0])
        m->column[m->n_columns] = store_sweep_axis;
    return rc;
}

/* ---- the plan of the file ---- */

/* As the file has it, not as its class titles show it. */
static void name_classes(const struct store *store, struct store_job *row)
{
    char text[SETTING_TEXT_SIZE];
    int class[CONFIG_MAX_CLUSTERS];
    if (strcmp(row->clusters, "all") == 0)
        return;
    class_list(class, store_classes(store, row->row, class), 0, text, sizeof text);
    store_clusters_text(row->clusters, sizeof row->clusters, text);
}

static int make_row(const struct merging *m, int job, struct store_job *out, struct err *err)
{
    const struct merge_entry *entry = &m->entry[m->leader[job]];
    const struct source *source = &m->source[entry->source];
    struct store_job row;
    int rc = store_row(source->store, entry->row, &row, err);
    if (rc < 0)
        return rc;
    name_classes(source->store, &row);
    *out = row;
    memset(out->axis, 0, sizeof out->axis);
    for (int a = 0; a < m->n_columns && rc == 0; a++)
        if (source->column[a] >= 0)
            memcpy(out->axis[a], row.axis[source->column[a]], sizeof out->axis[a]);
        else
            rc = setting_of_job(source->store, entry->row, config_find(m->sweep->base.schema, m->column[a]),
                                out->axis[a], err);
    if (m->asked->name[0])
        snprintf(out->axis[m->n_columns], sizeof out->axis[0], "%s", m->asked->name[entry->source]);
    return rc;
}

static void row_of(const void *of, int job, struct store_job *out)
{
    struct merging *const *m = of;
    memset(out, 0, sizeof *out);
    if (make_row(*m, job, out, (*m)->why.code ? NULL : &(*m)->why) < 0)
        memset(out, 0, sizeof *out);
}

static int images_of(const struct merge_entry *entry, struct store *store, enum image_set set,
                     struct err *err)
{
    hsize_t room = 0;
    store_room(store, entry->row, store_judged_dim(set), &room, err);
    return (int)room;
}

static void room_of(const void *of, int job, struct store_room *out)
{
    struct merging *const *m = of;
    struct err *err = (*m)->why.code ? NULL : &(*m)->why;
    const struct merge_entry *entry = &(*m)->entry[(*m)->leader[job]];
    const struct source *source = &(*m)->source[entry->source];
    struct store *store = source->store;
    hsize_t weights = 0;
    int at = entry->row - (store_n_rows(store) - store_n_trials(store)), number[3] = {-1, -1, -1};
    store_room(store, entry->row, DIM_MODEL, &weights, err);
    out->n_val = images_of(entry, store, SET_VAL, err);
    out->n_test = images_of(entry, store, SET_TEST, err);
    out->n_all = images_of(entry, store, SET_ALL, err);
    out->n_weights = (size_t)weights / sizeof(float);
    out->n_classes = store_classes(store, entry->row, out->cluster);
    for (int i = 1; i < 3 && at >= 0; i++)
        store_read_block(store, (enum store_dataset)(STORE_TRIALS + i), &(struct store_block){at, 0, 1},
                         &number[i], err);
    out->of = at >= 0 ? (*m)->entry[(*m)->entry[entry->of].leader].job : -1;
    out->trial = number[1];
    out->trial_seed = number[2];
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static void widen_plan(struct store_plan *plan, const struct store *store)
{
    size_t weights = store_n_weights(store);
    plan->n_epochs = larger(plan->n_epochs, store_n_epochs(store));
    plan->n_classes = larger(plan->n_classes, store_n_classes(store));
    plan->n_val = larger(plan->n_val, store_n_predictions(store, SET_VAL));
    plan->n_test = larger(plan->n_test, store_n_predictions(store, SET_TEST));
    plan->n_all = larger(plan->n_all, store_n_predictions(store, SET_ALL));
    plan->n_weights = weights > plan->n_weights ? weights : plan->n_weights;
    plan->ranks = larger(plan->ranks, atoi(store_text(store, "ranks")));
}

/* self: the merging, by its address. */
struct store_plan merge_plan(struct merging *const *self)
{
    const struct merging *m = *self;
    const struct store *first = m->source[0].store;
    int is_one = 1, same_kernels = 1;
    for (int s = 1; s < m->asked->n; s++) {
        const struct store *other = m->source[s].store;
        is_one &= strcmp(store_text(first, "yaml_resolved"), store_text(other, "yaml_resolved")) == 0;
        same_kernels &= strcmp(store_text(first, "kernels"), store_text(other, "kernels")) == 0;
    }
    struct store_plan plan = {.name = is_one ? store_text(first, "name") : m->sweep->name,
                              .yaml = m->yaml,
                              .yaml_resolved =
                                  is_one ? store_text(first, "yaml_resolved") : m->sweep->resolved,
                              .data_origin = store_text(first, "data"),
                              .data_file = store_text(first, "data_file"),
                              .kernels = same_kernels ? store_text(first, "kernels") : "",
                              .data = &m->data,
                              .n_jobs = m->n_jobs,
                              .n_trials = m->n_trials,
                              .row = row_of,
                              .room = room_of,
                              .of = self,
                              .n_axes = m->n_columns + (m->asked->name[0] != NULL),
                              .axis_name = m->column,
                              .axis_is_number = m->column_is_number,
                              .origin = (const char *const *)m->origin};
    for (int s = 0; s < m->asked->n; s++)
        widen_plan(&plan, m->source[s].store);
    return plan;
}
