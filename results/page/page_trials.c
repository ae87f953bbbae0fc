#include "page/page_trials.h"

#include "store/stored_model.h"
#include "write/json_out.h"

#include <math.h>
#include <string.h>

static json_t *columns_of(const struct tune *tune, int *failed)
{
    json_t *columns = json_array();
    json_out_add(columns, json_string("job"), failed);
    json_out_add(columns, json_string("trial"), failed);
    for (int k = 0; k < tune->n_keys; k++)
        json_out_add(columns, json_string(tune->range[k].key->name), failed);
    json_out_add(columns, json_string("score"), failed);
    json_out_add(columns, json_string("state"), failed);
    return columns;
}

/* What a trial makes of the config of its job, as the grid has it. */
static void add_values(json_t *row, const struct tune *tune, const struct config *of_job, int trial,
                       int *failed)
{
    struct config config = *of_job;
    char text[SETTING_TEXT_SIZE];
    tune_apply(tune, trial, &config);
    for (int k = 0; k < tune->n_keys; k++) {
        const struct setting *key = tune->range[k].key;
        if (config_reads(&config, key))
            config_get(&config, key, text, sizeof text);
        json_out_add(row, config_reads(&config, key) ? json_out_text(text) : json_null(), failed);
    }
}

static json_t *row_of(const struct tuned *tuned, const struct tuned_trial *trial, const struct config *config,
                      int place, int *failed)
{
    json_t *row = json_array();
    json_out_add(row, json_integer(place), failed);
    json_out_add(row, json_integer(trial->number), failed);
    add_values(row, tuned->tune, config, trial->number, failed);
    json_out_add(row, json_out_real(trial->score), failed);
    json_out_add(row,
                 json_string(trial->number == tuned->job[trial->job].chosen ? "best"
                             : isnan(trial->score)                          ? "lost"
                             : trial->is_pruned                             ? "pruned"
                                                                            : "scored"),
                 failed);
    return row;
}

int page_trials(struct store *store, const struct tuned *tuned, const int *job, int n, json_t **out,
                struct err *err)
{
    struct config config;
    int failed = 0, rc = 0, place = 0, of = -1;
    json_t *rows = json_array();
    for (int t = 0; t < tuned->n_trials && rc == 0; t++) {
        const struct tuned_trial *trial = &tuned->trial[t];
        for (place = trial->job == of ? place : 0; place < n && job[place] != trial->job;)
            place++;
        if (place == n || tuned->job[trial->job].chosen < 0)
            continue;
        if (trial->job != of)
            rc = stored_model_config(store, of = trial->job, &config, err);
        if (rc == 0)
            json_out_add(rows, row_of(tuned, trial, &config, place, &failed), &failed);
    }
    *out = json_object();
    json_out_put(*out, "columns", columns_of(tuned->tune, &failed), &failed);
    json_out_put(*out, "rows", rows, &failed);
    json_out_put(*out, "notes", json_array(), &failed);
    return rc < 0   ? rc
           : failed ? err_set(err, E_IO, "%s: out of memory for the page's data", store_path(store))
                    : 0;
}
