#include "predict/weights_export.h"

#include "features/feature.h"
#include "job.h"
#include "models/ensemble.h"
#include "predict/onnx_model.h"
#include "write/output.h"
#include "figures/pagename.h"
#include "store/combination.h"
#include "store/stored_model.h"
#include "store/repeat.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const weights_format_names[N_WEIGHTS_FORMATS] = {"onnx", "raw"};

enum { MAX_PROPERTIES = 18 + STORE_MAX_AXES, VALUE_SIZE = SETTING_TEXT_SIZE };

/* What a file says about the job it is of. */
struct properties {
    int n;
    struct onnx_property entry[MAX_PROPERTIES];
    char value[MAX_PROPERTIES][VALUE_SIZE];
};

/* A job on its way into files. */
struct weights_job {
    struct store *store;
    const char *dir;
    int job, models_vary;
    struct stored_model model;
    struct ensemble *models; /* with its weights */
    char name[PAGENAME_SIZE];
    struct properties properties;
};

static void add(struct properties *p, const char *key, const char *value)
{
    snprintf(p->value[p->n], VALUE_SIZE, "%s", value);
    p->entry[p->n] = (struct onnx_property){key, p->value[p->n]};
    p->n++;
}

static void add_number(struct properties *p, const char *key, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", value);
    add(p, key, text);
}

static void describe(struct weights_job *w)
{
    const struct store_job *row = &store_jobs(w->store)[w->job];
    struct properties *p = &w->properties;
    char clusters[VALUE_SIZE];
    class_list(w->model.config.clusters.number, w->model.config.clusters.n, 1, clusters, sizeof clusters);
    p->n = 0;
    add(p, "job", row->key);
    add(p, "clusters", clusters);
    add(p, "strategy", row->strategy);
    add(p, "protocol", row->protocol);
    add(p, "model", row->model);
    add_number(p, "seed", (double)row->seed);
    add_number(p, "fold", row->fold);
    add_number(p, "repeat", row->repeat);
    for (int a = 0; a < store_n_axes(w->store); a++)
        add(p, store_axis_name(w->store, a), row->axis[a]);
    if (row->judged_epoch > 0)
        add_number(p, "judged_epoch", row->judged_epoch);
    add(p, "sweep", store_text(w->store, "name"));
    add(p, "dataset_checksum", store_text(w->store, "dataset_checksum"));
    add(p, "synthetic", store_text(w->store, "synthetic"));
    add(p, "version", store_text(w->store, "version"));
    add_number(p, "image_size", (double)w->model.config.image_size);
    add_number(p, "channels", (double)w->model.config.channels);
    add_number(p, "pixel_size", w->model.pixel_size);
    add(p, "preprocess", store_text(w->store, "preprocess"));
}

/* Clusters, strategy, model where it varies, seed and fold for people; the head of the key for what else
 * tells jobs apart. */
static void name_job(struct weights_job *w)
{
    const struct store_job *row = &store_jobs(w->store)[w->job];
    char text[2 * CONFIG_WORD_SIZE + 160], fold[48] = "";
    const char *model = w->models_vary ? row->model : "";
    if (protocol_is_kfold(row->protocol))
        snprintf(fold, sizeof fold, "_fold%d_repeat%d", row->fold, row->repeat);
    snprintf(text, sizeof text, "_%s%s%s_seed%lld%s_%.8s", row->strategy, *model ? "_" : "", model,
             (long long)row->seed, fold, row->key);
    *w->name = '\0';
    pagename_append_classes(w->name, row->clusters);
    pagename_append(w->name, text);
}

static int open_part(const struct weights_job *w, const char *extension, struct output *out, struct err *err)
{
    char name[PAGENAME_SIZE + 8];
    snprintf(name, sizeof name, "%s.%s", w->name, extension);
    return output_open(out, w->dir, name, err);
}

static struct onnx_source source_of(const struct weights_job *w)
{
    const struct config *config = &w->model.config;
    int size = (int)config->image_size;
    return (struct onnx_source){.n_members = ensemble_n_members(w->models),
                                .image = {.h = size, .w = size, .c = (int)config->channels},
                                .n_classes = config->clusters.n};
}

static int write_network(const struct weights_job *w, FILE *out, struct err *err)
{
    struct onnx_source from = source_of(w);
    struct nodes nodes;
    model_of(&w->model.config)->network(&w->model.config, &nodes);
    from.nodes = &nodes;
    from.weights = w->model.weights;
    return onnx_model_write(out, w->name, &from, w->properties.entry, w->properties.n, err);
}

/* In plain numbers. What cannot be said so is damaged: it was fitted once. */
static int write_form(const struct weights_job *w, FILE *out, struct err *err)
{
    struct onnx_source from = source_of(w);
    struct model_form form[RECIPE_MAX_MEMBERS] = {{0}};
    struct err why = {0};
    int rc = 0;
    for (int m = 0; m < from.n_members && rc == 0; m++)
        rc = model_of(&w->model.config)->form(ensemble_member(w->models, m), &form[m], &why);
    from.form = form;
    if (rc < 0)
        rc = stored_model_blame(w->store, w->job, &why, err);
    else
        rc = onnx_model_write(out, w->name, &from, w->properties.entry, w->properties.n, err);
    for (int m = 0; m < from.n_members; m++)
        model_form_free(&form[m]);
    return rc;
}

static int write_model(const struct weights_job *w, FILE *out, struct err *err)
{
    return model_of(&w->model.config)->network ? write_network(w, out, err) : write_form(w, out, err);
}

static int write_onnx(const struct weights_job *w, struct err *err)
{
    struct output out;
    int rc = open_part(w, "onnx", &out, err);
    if (rc < 0)
        return rc;
    rc = write_model(w, out.file, err);
    if (rc == 0)
        return output_close(&out, err);
    output_abandon(&out);
    return rc;
}

static json_t *describe_array(const struct array *array)
{
    json_t *shape = json_array();
    for (int d = 0; d < array->rank; d++)
        json_array_append_new(shape, json_integer((json_int_t)array->dim[d]));
    return json_pack("{s:s, s:s, s:o}", "name", array->name, "type", array_type_names[array->type], "shape",
                     shape);
}

static int write_description(const struct weights_job *w, const struct arrays *arrays, struct err *err)
{
    struct output out;
    int rc = open_part(w, "json", &out, err);
    if (rc < 0)
        return rc;
    json_t *all = json_object(), *parts = json_array();
    for (int i = 0; i < w->properties.n; i++)
        json_object_set_new(all, w->properties.entry[i].key, json_string(w->properties.entry[i].value));
    for (int i = 0; i < arrays->n; i++)
        json_array_append_new(parts, describe_array(&arrays->item[i]));
    json_object_set_new(all, "parts", parts);
    int bad = json_dumpf(all, out.file, JSON_INDENT(1) | JSON_PRESERVE_ORDER) < 0;
    putc('\n', out.file);
    json_decref(all);
    if (!bad)
        return output_close(&out, err);
    output_abandon(&out);
    return err_set(err, E_IO, "%s/%s.json: cannot write; is the disk full?", w->dir, w->name);
}

/* Each at a multiple of 4 bytes. */
static void write_arrays(const struct arrays *arrays, FILE *out)
{
    static const char nothing[4] = "";
    for (int i = 0; i < arrays->n; i++) {
        size_t bytes = array_bytes(&arrays->item[i]);
        fwrite(arrays->item[i].data, 1, bytes, out);
        fwrite(nothing, 1, (4 - bytes % 4) % 4, out);
    }
}

static int write_raw(const struct weights_job *w, struct err *err)
{
    struct arrays arrays = {0};
    struct output out;
    int rc = open_part(w, "raw", &out, err);
    if (rc < 0)
        return rc;
    ensemble_arrays(w->models, MODEL_KEPT, &arrays);
    rc = arrays_check(&arrays, err);
    if (rc == 0) {
        write_arrays(&arrays, out.file);
        rc = output_close(&out, err);
    } else
        output_abandon(&out);
    if (rc == 0)
        rc = write_description(w, &arrays, err);
    arrays_free(&arrays);
    return rc;
}

static int export_job(struct weights_job *w, enum weights_format format, struct err *err)
{
    struct err why = {0};
    int rc = stored_model_open(w->store, w->job, &w->model, err);
    w->models = NULL;
    if (rc == 0 && job_networks(&w->model.config, w->model.weights, w->model.n_weights, &w->models, &why) < 0)
        rc = stored_model_blame(w->store, w->job, &why, err);
    if (rc == 0) {
        describe(w);
        name_job(w);
        rc = format == WEIGHTS_ONNX ? write_onnx(w, err) : write_raw(w, err);
    }
    ensemble_free(w->models);
    stored_model_close(&w->model);
    return rc;
}

/* Before anything is written: whether all jobs can be written in this format. */
static int check_format(struct store *store, const struct selection *chosen, enum weights_format format,
                        struct err *err)
{
    for (int i = 0; format == WEIGHTS_ONNX && i < chosen->n; i++) {
        struct config config;
        const char *name = store_jobs(store)[chosen->job[i]].model;
        const struct model_kind *kind = model_find(name);
        if (!kind || (!kind->network && !kind->form))
            return err_set(
                err, E_USAGE,
                "%s: jobs of model %s cannot be ONNX models%s%s; choose others by --filter, or use "
                "--format raw",
                store_path(store), name, kind && kind->why_not ? ": " : "",
                kind && kind->why_not ? kind->why_not : "");
        int rc = stored_model_config(store, chosen->job[i], &config, err);
        if (rc == 0 && !feature_is_pixels(&config))
            rc = err_set(
                err, E_USAGE,
                "%s: jobs whose features are %s cannot be ONNX models, which take images; choose others "
                "by --filter, or use --format raw",
                store_path(store), feature_of(&config)->name);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int export_jobs(struct weights_job *w, const struct selection *finished, enum weights_format format,
                       int *n, struct err *err)
{
    int rc = check_format(w->store, finished, format, err);
    if (rc == 0)
        rc = output_directory(w->dir, err);
    for (int i = 0; i < finished->n && rc >= 0; i++) {
        w->job = finished->job[i];
        rc = export_job(w, format, err);
        *n += rc >= 0;
    }
    return rc < 0 ? rc : 0;
}

int weights_export(struct store *store, enum weights_format format, const char *filter, const char *dir,
                   int *n, struct err *err)
{
    struct selection finished = {0};
    unsigned varying = 0;
    *n = 0;
    struct weights_job *w = err_calloc(1, sizeof *w, "the weights of a job", err);
    int rc = w ? stored_models_find(store, filter, &finished, err) : E_IO;
    if (rc == 0)
        rc = combination_varying_in(store, &varying, err);
    if (rc == 0) {
        w->store = store;
        w->models_vary = varying >> FACTOR_MODEL & 1;
        w->dir = dir;
        rc = export_jobs(w, &finished, format, n, err);
    }
    selection_free(&finished);
    free(w);
    return rc;
}
