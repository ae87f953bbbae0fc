/* The jobs, a column a fact. */
#include "page/page_parts.h"

#include <stddef.h>

enum kind { TEXT, POINTED, COUNT, SEED, TIME, STATE };

/* A member of struct store_job, or of struct store_mark. */
static const struct job_column {
    const char *name;
    enum kind kind;
    int of_mark;
    size_t offset;
} job_columns[] = {
    {"key", TEXT, 0, offsetof(struct store_job, key)},
    {"clusters", TEXT, 0, offsetof(struct store_job, clusters)},
    {"strategy", TEXT, 0, offsetof(struct store_job, strategy)},
    {"protocol", TEXT, 0, offsetof(struct store_job, protocol)},
    {"model", TEXT, 0, offsetof(struct store_job, model)},
    {"seed", SEED, 0, offsetof(struct store_job, seed)},
    {"fold", COUNT, 0, offsetof(struct store_job, fold)},
    {"repeat", COUNT, 0, offsetof(struct store_job, repeat)},
    {"n_train", COUNT, 0, offsetof(struct store_job, n_train)},
    {"n_val", COUNT, 0, offsetof(struct store_job, n_val)},
    {"n_test", COUNT, 0, offsetof(struct store_job, n_test)},
    {"leak", COUNT, 0, offsetof(struct store_job, leak)},
    {"leak_val", COUNT, 0, offsetof(struct store_job, leak_val)},
    {"judged_epoch", COUNT, 0, offsetof(struct store_job, judged_epoch)},
    {"state", STATE, 1, offsetof(struct store_mark, state)},
    {"epochs_done", COUNT, 1, offsetof(struct store_mark, epochs_done)},
    {"attempts", COUNT, 1, offsetof(struct store_mark, attempts)},
    {"rank", COUNT, 1, offsetof(struct store_mark, rank)},
    {"started", TIME, 1, offsetof(struct store_mark, started)},
    {"finished", TIME, 1, offsetof(struct store_mark, finished)},
    {"message", POINTED, 1, offsetof(struct store_mark, message)},
};

static json_t *job_value(const struct document *d, const struct job_column *column, int job)
{
    const void *record = column->of_mark ? (const void *)&d->mark[job] : &store_jobs(d->store)[job];
    const void *value = (const char *)record + column->offset;
    switch (column->kind) {
    case TEXT:
        return json_out_text(value);
    case POINTED:
        return json_out_text(*(const char *const *)value);
    case COUNT:
        return json_out_count(*(const int *)value);
    case SEED:
        return json_integer(*(const int64_t *)value);
    case TIME:
        return json_out_real(*(const double *)value);
    case STATE:
        return json_out_text(job_state_names[*(const enum job_state *)value]);
    }
    return NULL;
}

static json_t *axis_column(struct document *d, int axis)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++)
        document_add(d, column, json_out_text(store_jobs(d->store)[d->job[i]].axis[axis]));
    return column;
}

/* On what each job chose its epoch; the jobs of a group chose alike. */
static json_t *chosen_column(struct document *d)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++) {
        struct err why = {0};
        enum chosen_on chosen = CHOSEN_NOTHING;
        d->failed |= store_chosen_on(d->store, &store_jobs(d->store)[d->job[i]], &chosen, &why) < 0;
        document_add(d, column, json_out_text(chosen_on_names[chosen]));
    }
    return column;
}

/* Of each job that is a run of a split that others of its group are runs of, too (summary.h), the row of the
 * first of these; null of the others. */
static json_t *split_column(struct document *d)
{
    json_t *column = json_array();
    for (int i = 0; i < d->n; i++)
        document_add(d, column, json_null());
    for (int g = 0; g < d->summary->n_groups; g++) {
        const struct summary_group *group = &d->summary->group[g];
        for (int k = 0, i = 0; group->first && k < group->n_state[JOB_DONE]; k++) {
            while (i < d->n && d->job[i] < group->job[k])
                i++;
            if (i < d->n && d->job[i] == group->job[k])
                json_array_set_new(column, (size_t)i, json_integer(group->job[group->first[k]]));
        }
    }
    return column;
}

void document_put_jobs(struct document *d)
{
    json_t *jobs = json_object(), *list = json_array();
    for (size_t c = 0; c < sizeof job_columns / sizeof *job_columns; c++) {
        json_t *column = json_array();
        for (int i = 0; i < d->n; i++)
            document_add(d, column, job_value(d, &job_columns[c], d->job[i]));
        document_put(d, jobs, job_columns[c].name, column);
    }
    for (int a = 0; a < store_n_axes(d->store); a++)
        document_add(d, list, axis_column(d, a));
    document_put(d, jobs, "axis", list);
    document_put(d, jobs, "split", split_column(d));
    document_put(d, jobs, "chosen_on", chosen_column(d));
    document_put(d, d->root, "jobs", jobs);
}
