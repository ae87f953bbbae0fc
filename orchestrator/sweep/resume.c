#include "sweep/resume.h"

#include "job.h"
#include "store/combination.h"
#include "store/store_merge.h"
#include "sweep/job_name.h"
#include "sweep/known_jobs.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static void row_of(const void *of, int job, struct store_job *out)
{
    sweep_row(of, job, out);
}

/* The first trial of a job, or of one behind it. */
static int first_trial(const struct sweep *sweep, int job)
{
    int from = sweep->n_jobs - sweep->n_trials, end = sweep->n_jobs;
    while (from < end) {
        int middle = from + (end - from) / 2;
        if (sweep->job[middle].of < job)
            from = middle + 1;
        else
            end = middle;
    }
    return from;
}

static size_t n_weights_with(const struct sweep *sweep, int job)
{
    struct config config;
    sweep_config(sweep, job, &config);
    return sweep->file->keep_weights ? job_n_weights(&config, sweep->job[job].plan.n_train) : 0;
}

/* What a job keeps at most: the values that are chosen may decide how large its networks are. */
static size_t n_weights_of(const struct sweep *sweep, int job)
{
    size_t most = n_weights_with(sweep, job);
    for (int t = first_trial(sweep, job); t < sweep->n_jobs && sweep->job[t].of == job; t++) {
        size_t n = n_weights_with(sweep, t);
        most = n > most ? n : most;
    }
    return most;
}

static void room_of(const void *of, int job, struct store_room *out)
{
    const struct sweep *sweep = of;
    struct config config;
    sweep_config(sweep, job, &config);
    const struct job *it = &sweep->job[job];
    int is_trial = it->of >= 0;
    out->of = it->of;
    out->trial = it->trial;
    out->trial_seed = it->trial_seed;
    out->n_val = is_trial ? 0 : it->plan.n_val;
    out->n_test = is_trial ? 0 : it->plan.n_test;
    out->n_all = is_trial ? 0 : it->plan.n_all;
    out->n_weights = is_trial ? 0 : n_weights_of(sweep, job);
    out->n_classes = config.clusters.n;
    memcpy(out->cluster, config.clusters.number, sizeof out->cluster);
}

/* The largest sizes over all jobs; every row and its room when asked. */
static void make_plan(const struct sweep *sweep, const struct dataset *data, const char *data_file,
                      enum kernels_isa isa, int ranks, struct store_plan *plan, const char **names,
                      int *numbers)
{
    *plan = (struct store_plan){.name = sweep->file->name,
                                .yaml = sweep->file->text,
                                .yaml_resolved = sweep->file->resolved,
                                .data_origin = sweep->data_text,
                                .data_file = data_file,
                                .kernels = kernels_isa_name(isa),
                                .data = data,
                                .n_jobs = sweep->n_jobs,
                                .n_trials = sweep->n_trials,
                                .row = row_of,
                                .room = room_of,
                                .of = sweep,
                                .axis_name = names,
                                .axis_is_number = numbers,
                                .ranks = ranks};
    plan->n_axes = sweep_axis_names(sweep, names, numbers);
    for (int j = 0; j < sweep->n_jobs; j++) {
        const struct job *job = &sweep->job[j];
        struct config config;
        sweep_config(sweep, j, &config);
        size_t n_weights = job->of < 0 ? n_weights_of(sweep, j) : 0;
        plan->n_epochs = plan->n_epochs > config.epochs ? plan->n_epochs : (int)config.epochs;
        plan->n_classes = plan->n_classes > config.clusters.n ? plan->n_classes : config.clusters.n;
        plan->n_val = plan->n_val > job->plan.n_val ? plan->n_val : job->plan.n_val;
        plan->n_test = plan->n_test > job->plan.n_test ? plan->n_test : job->plan.n_test;
        plan->n_all = plan->n_all > job->plan.n_all ? plan->n_all : job->plan.n_all;
        plan->n_weights = plan->n_weights > n_weights ? plan->n_weights : n_weights;
    }
}

/* The job of the sweep that is what a row says, but for its key: it was made with the same settings, of the
 * same images. -1: there is none. */
static int find_likeness(const struct sweep *sweep, const struct store_job *old)
{
    struct store_job row;
    for (int j = 0; j < sweep->n_jobs; j++) {
        sweep_row(sweep, j, &row);
        if (combination_same(&row, old, 0) && row.seed == old->seed && row.fold == old->fold &&
            row.repeat == old->repeat)
            return strcmp(row.key, old->key) != 0 ? j : -1;
    }
    return -1;
}

/* E_USAGE: a job has another key than the same one of the file. Where no sets and no groups are part of it
 * (make_key() in expand.c), the program that made the file gave other keys. */
static int refuse_key(const char *path, struct store *store, const struct sweep *sweep, int job,
                      const struct store_job *old, struct err *err)
{
    struct config config;
    sweep_config(sweep, job, &config);
    if (config.protocol.kind == PROTOCOL_GIVEN || config_groups(&config))
        return err_set(err, E_USAGE,
                       "%s: the same images were in other sets (train, val, test) or groups when its "
                       "jobs of protocol %s ran; give another -o, or the sets and groups of then",
                       path, old->protocol);
    return err_set(err, E_USAGE,
                   "%s: was written by another version of the program (%s, %s; this is %s, %s), which knew "
                   "its jobs by other keys; go on with that one, or give another -o",
                   path, store_text(store, "version"), store_text(store, "commit"), CELLSWEEP_VERSION,
                   CELLSWEEP_COMMIT);
}

/* E_USAGE: jobs of the file are not in the sweep. */
static int refuse_jobs(const char *path, struct store *store, const struct sweep *sweep, int n_found,
                       struct err *err)
{
    char difference[600];
    struct store_job old;
    sweep_file_difference(store_sweep(store), sweep->file, difference, sizeof difference);
    for (int j = 0; strcmp(difference, sweep_file_same_keys) == 0 && j < store_n_jobs(store); j++) {
        int like = store_row(store, j, &old, NULL) == 0 ? find_likeness(sweep, &old) : -1;
        if (like >= 0)
            return refuse_key(path, store, sweep, like, &old, err);
    }
    return err_set(err, E_USAGE,
                   "%s: belongs to another sweep: %s; %d of its %d jobs are not in this grid; give another "
                   "-o, or undo the change",
                   path, difference, store_n_jobs(store) - n_found, store_n_jobs(store));
}

/* E_USAGE: other data. */
static int refuse_data(const char *path, const struct store *store, const struct store_plan *plan,
                       struct err *err)
{
    int channels = atoi(store_text(store, "channels"));
    if (channels != plan->data->channels)
        return err_set(
            err, E_USAGE,
            "%s: was made from images of %d channel%s, those of the data have %d: its jobs cannot go "
            "on; give another -o",
            path, channels, channels == 1 ? "" : "s", plan->data->channels);
    return err_set(err, E_USAGE,
                   "%s: was made from other data (checksum %.12s, now %.12s: %s); give another -o, or the "
                   "data it was made from",
                   path, store_text(store, "dataset_checksum"), plan->data->checksum, plan->data_origin);
}

/* ---- growth that was asked for ---- */

enum { DIGEST_SIZE = 33, MAX_ANCESTORS = 60 };

static void digest(const char *text, char out[DIGEST_SIZE])
{
    XXH128_hash_t hash = XXH3_128bits(text, strlen(text));
    snprintf(out, DIGEST_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

int resume_descends(const struct store *store, const char *resolved)
{
    char own[DIGEST_SIZE];
    digest(resolved, own);
    return strstr(store_text(store, "grown_from"), own) != NULL;
}

/* The ancestors of a file, and itself where the growth was asked for; the oldest go when they are too
 * many. */
static void list_ancestors(const struct store *store, int asked, char out[MAX_ANCESTORS * DIGEST_SIZE])
{
    char own[DIGEST_SIZE];
    const char *old = store_text(store, "grown_from");
    size_t n = strlen(old), most = (MAX_ANCESTORS - 1) * DIGEST_SIZE;
    digest(store_text(store, "yaml_resolved"), own);
    if (n >= most)
        old += n - most + DIGEST_SIZE;
    snprintf(out, MAX_ANCESTORS * DIGEST_SIZE, "%s%s%s", old, asked && *old ? " " : "", asked ? own : "");
}

/* ---- all ---- */

/* Whether the file can go on as it is or is written anew; E_USAGE when it belongs to another sweep. ancestors
 * (MAX_ANCESTORS * DIGEST_SIZE): of the new one. */
static int compare_with_file(const char *path, const struct sweep *sweep, const struct store_plan *plan,
                             int asked, enum resume_kind *kind, char *ancestors, struct err *err)
{
    struct store *store = NULL;
    int n_found = 0, same = 0;
    int rc = store_open_lean(path, &store, err);
    if (rc == 0 && store_is_apart(store))
        rc = err_set(err, E_USAGE,
                     "%s: keeps several sweeps apart (merge --as-sweep), to look at; give another -o", path);
    if (rc == 0) {
        store_show_trials(store);
        rc = known_jobs_same(store, sweep, &same, err);
    }
    if (rc == 0 && !same)
        rc = known_jobs_count(store, sweep, &n_found, err);
    if (rc < 0) {
        store_close(store, NULL);
        return rc;
    }
    if (strcmp(store_text(store, "dataset_checksum"), plan->data->checksum) != 0)
        rc = refuse_data(path, store, plan, err);
    else if ((store_n_weights(store) > 0) != (plan->n_weights > 0))
        rc = err_set(err, E_USAGE,
                     "%s: keep_weights is %s there and %s here; give another -o, or change it back", path,
                     store_n_weights(store) > 0 ? "true" : "false", plan->n_weights > 0 ? "true" : "false");
    else if (!same && n_found < store_n_jobs(store))
        rc = refuse_jobs(path, store, sweep, n_found, err);
    int same_labels = sweep_file_same_labels(store_text(store, "yaml_resolved"), plan->yaml_resolved);
    list_ancestors(store, asked, ancestors);
    *kind = !same && store_n_jobs(store) == sweep->n_jobs ? RESUME_ORDERED
            : !same                                       ? RESUME_GROWN
            : same_labels                                 ? RESUME_CONTINUED
                                                          : RESUME_NAMED;
    int closed = store_close(store, rc < 0 ? NULL : err);
    return rc < 0 ? rc : closed < 0 ? closed : rc;
}

int resume_prepare(const char *path, const struct sweep *sweep, const struct dataset *data,
                   const char *data_file, enum kernels_isa isa, int ranks, int asked, enum resume_kind *kind,
                   int *kept, struct err *err)
{
    struct store_plan plan;
    char ancestors[MAX_ANCESTORS * DIGEST_SIZE];
    const char *names[STORE_MAX_AXES];
    int numbers[STORE_MAX_AXES];
    *kept = 0;
    int rc = 0;
    make_plan(sweep, data, data_file, isa, ranks, &plan, names, numbers);
    if (access(path, F_OK) != 0) {
        *kind = RESUME_CREATED;
        rc = store_create(path, &plan, err);
    } else {
        rc = compare_with_file(path, sweep, &plan, asked, kind, ancestors, err);
        plan.grown_from = ancestors;
        if (rc == 0 && *kind != RESUME_CONTINUED)
            rc = store_grow(path, &plan, kept, err);
    }
    return rc;
}

int resume_compare(const char *path, const struct sweep *sweep, const struct dataset *data,
                   enum resume_kind *kind, struct err *err)
{
    struct store_plan plan;
    const char *names[STORE_MAX_AXES];
    int numbers[STORE_MAX_AXES];
    char ancestors[MAX_ANCESTORS * DIGEST_SIZE];
    make_plan(sweep, data, "", KERNELS_AUTO, 1, &plan, names, numbers);
    return compare_with_file(path, sweep, &plan, 1, kind, ancestors, err);
}

unsigned long long resume_file_bytes(const struct sweep *sweep, const struct dataset *data, struct err *err)
{
    struct store_plan plan;
    const char *names[STORE_MAX_AXES];
    int numbers[STORE_MAX_AXES];
    make_plan(sweep, data, "", KERNELS_AUTO, 1, &plan, names, numbers);
    return store_plan_bytes(&plan, err);
}

int resume_kernels(const char *path, enum kernels_isa wanted, enum kernels_isa best, enum kernels_isa *isa,
                   struct err *err)
{
    struct store *store = NULL;
    enum kernels_isa begun = KERNELS_AUTO;
    if (access(path, F_OK) == 0) {
        int rc = store_open_lean(path, &store, err);
        if (rc == 0 && *store_text(store, "kernels"))
            rc = kernels_isa_from_name(store_text(store, "kernels"), &begun, err);
        int closed = store_close(store, rc < 0 ? NULL : err);
        if (rc < 0 || closed < 0)
            return rc < 0 ? rc : closed;
    }
    if (begun != KERNELS_AUTO && wanted != KERNELS_AUTO && wanted != begun)
        return err_set(
            err, E_USAGE,
            "%s: was begun with --isa %s; its rows keep to one kind of kernels, give another -o for %s", path,
            kernels_isa_name(begun), kernels_isa_name(wanted));
    *isa = begun != KERNELS_AUTO ? begun : wanted != KERNELS_AUTO ? wanted : best;
    if (*isa > best)
        return err_set(err, E_USAGE, "%s: --isa %s, but a CPU here runs only %s", path,
                       kernels_isa_name(*isa), kernels_isa_name(best));
    return 0;
}
