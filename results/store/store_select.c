#include "store/store_select.h"

#include "store/classes.h"
#include "store/stored_model.h"

#include <stdio.h>
#include <stdlib.h>

static int choose(const struct store_rows *rows, const struct filter *filter, struct selection *out,
                  struct err *err)
{
    int rc = 0;
    for (int j = 0; j < rows->n && rc >= 0; j++) {
        rc = filter_matches(filter, j, err);
        if (rc > 0)
            out->job[out->n++] = j;
    }
    return rc < 0 ? rc : 0;
}

int select_rows(const struct store_rows *rows, const char *text, const char *option, const char *name,
                struct selection *out, struct err *err)
{
    struct filter *filter = NULL;
    struct err why = {0};
    char hint[512];
    *out = (struct selection){0, err_calloc((unsigned long)rows->n, sizeof(int), "the jobs chosen", err)};
    if (!out->job)
        return E_IO;
    int rc = filter_new(text ? text : "", rows, &filter, &why);
    if (rc < 0)
        rc = err_set(err, rc, "%s: %s", option, why.text);
    else
        rc = choose(rows, filter, out, err);
    if (rc == 0 && out->n == 0) {
        filter_hint(filter, hint, sizeof hint);
        rc = err_set(err, E_USAGE, "%s: %s '%.200s' matches none of the %d jobs%s", name, option,
                     text ? text : "", rows->n, hint);
    }
    filter_free(filter);
    if (rc < 0)
        selection_free(out);
    return rc;
}

struct rows_of_store {
    struct store *store;
};

static int row_of_store(const void *of, int j, struct store_job *out, struct err *err)
{
    return store_row(((const struct rows_of_store *)of)->store, j, out, err);
}

static int setting_of_store(const void *of, int j, const struct setting *key, char *out, struct err *err)
{
    struct store *store = ((const struct rows_of_store *)of)->store;
    struct config config;
    struct store_job row;
    char text[SETTING_TEXT_SIZE] = "";
    int rc = store_row(store, j, &row, err);
    if (rc == 0)
        rc = stored_model_config(store, j, &config, err);
    if (rc == 0 && config_reads(&config, key))
        classes_config(store, &row, key->name, text, sizeof text);
    store_field_text(out, CONFIG_WORD_SIZE, text);
    return rc;
}

int store_select(struct store *store, const char *filter, struct selection *out, struct err *err)
{
    const char *axis[STORE_MAX_AXES];
    const struct rows_of_store of = {store};
    for (int a = 0; a < store_n_axes(store); a++)
        axis[a] = store_axis_name(store, a);
    const struct store_rows rows = {.n = store_n_jobs(store),
                                    .n_axes = store_n_axes(store),
                                    .axis_name = axis,
                                    .row = row_of_store,
                                    .setting = setting_of_store,
                                    .of = &of};
    return select_rows(&rows, filter, "--filter", store_path(store), out, err);
}

void selection_free(struct selection *selection)
{
    free(selection->job);
    *selection = (struct selection){0};
}
