#include "sweep/expand.h"

#include "choose.h"
#include "models/model.h"
#include "sections.h"
#include "strategies/balance.h"
#include "sweep/blocks.h"
#include "sweep/job_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Names of strategies and models are the worker's. */
static int check_name(const char *key, const char *text, struct err *err)
{
    if (strcmp(key, "strategy") == 0)
        return balance_check(text, err);
    return strcmp(key, "model") == 0 ? model_check(text, err) : 0;
}

/* The values of axis a of block b as they stand in a config. Those of a range are the numbers themselves. */
static int parse_axis(struct sweep *sweep, int b, int a, struct err *err)
{
    const struct sweep_axis *axis = &sweep->file->block[b].axis[a];
    unsigned char **out = &sweep->value[b * SWEEP_MAX_AXES + a];
    size_t size = setting_size(axis->key->type);
    if (!axis->value)
        return 0;
    *out = err_calloc((size_t)axis->n, size, "the grid", err);
    int rc = *out ? 0 : E_IO;
    for (int i = 0; rc == 0 && i < axis->n; i++)
        rc = setting_parse(axis->key, axis->value[i], *out + (size_t)i * size, err);
    return rc;
}

static int parse_blocks(struct sweep *sweep, struct err *err)
{
    size_t n = (size_t)sweep->file->n_blocks;
    int rc = 0;
    sweep->value = err_calloc(n * SWEEP_MAX_AXES, sizeof *sweep->value, "the grid", err);
    sweep->count = err_calloc(n, sizeof *sweep->count, "the grid", err);
    if (!sweep->value || !sweep->count)
        return E_IO;
    for (int b = 0; b < sweep->file->n_blocks; b++)
        for (int a = 0; rc == 0 && a < sweep->file->block[b].n_axes; a++)
            rc = parse_axis(sweep, b, a, err);
    return rc;
}

/* A sweep without jobs, which takes the file over. rc: of reading it. */
static int sweep_new(int rc, struct sweep_file *file, struct sweep **out, struct err *err)
{
    *out = NULL;
    if (rc < 0)
        return rc;
    struct sweep *sweep = err_calloc(1, sizeof *sweep, "the sweep", err);
    if (!sweep) {
        sweep_file_free(file);
        return E_IO;
    }
    sweep->file = file;
    sweep->defaults = config_defaults(worker_schema());
    rc = parse_blocks(sweep, err);
    if (rc < 0)
        sweep_free(sweep);
    else
        *out = sweep;
    return rc;
}

int sweep_read(const char *path, int n_set, char *const *set, struct sweep **out, struct err *err)
{
    struct sweep_file *file = NULL;
    int rc = sweep_file_read(path, n_set, set, worker_schema(), check_name, &file, err);
    return sweep_new(rc, file, out, err);
}

int sweep_parse(const char *resolved, struct sweep **out, struct err *err)
{
    struct sweep_file *file = NULL;
    int rc = sweep_file_parse(resolved, "the sweep of rank 0", worker_schema(), check_name, &file, err);
    return sweep_new(rc, file, out, err);
}

void sweep_free(struct sweep *sweep)
{
    if (!sweep)
        return;
    for (int a = 0; sweep->value && a < sweep->file->n_blocks * SWEEP_MAX_AXES; a++)
        free(sweep->value[a]);
    for (int b = 0; sweep->count && b < sweep->file->n_blocks; b++) {
        free(sweep->count[b].n_matching);
        free(sweep->count[b].hint);
    }
    free(sweep->value);
    free(sweep->count);
    sweep_file_free(sweep->file);
    free(sweep->job);
    free(sweep);
}

/* How many combinations the blocks have, or E_USAGE. */
static long count_combinations(const struct sweep *sweep, struct err *err)
{
    const struct sweep_block *last = &sweep->file->block[sweep->file->n_blocks - 1];
    if (last->first + last->n > SWEEP_MAX_JOBS)
        return err_set(err, E_USAGE, "the grid has more than %d combinations; split the sweep",
                       SWEEP_MAX_JOBS);
    return last->first + last->n;
}

/* The values of a combination. Clusters may still be all. */
static void combine(const struct sweep *sweep, long combination, struct config *out)
{
    int place[SWEEP_MAX_AXES], b = sweep_file_place(sweep->file, combination, place);
    const struct sweep_block *block = &sweep->file->block[b];
    *out = sweep->file->base;
    for (int a = 0; a < block->n_axes; a++) {
        const struct sweep_axis *axis = &block->axis[a];
        const unsigned char *value = sweep->value[b * SWEEP_MAX_AXES + a];
        size_t size = setting_size(axis->key->type);
        int64_t number = axis->first + place[a];
        memcpy((char *)out + axis->key->offset,
               axis->value ? value + (size_t)place[a] * size : (const void *)&number, size);
    }
}

/* From the values of a combination to what its jobs do: settings that they do not read are as nothing, and
 * all clusters and the channels are those of the data. */
static void complete(const struct sweep *sweep, struct config *config)
{
    config_normalise(config, &sweep->defaults);
    config->channels = sweep->data_channels;
    if (config->clusters.n == 0)
        config->clusters = sweep->data_clusters;
}

/* "file:line", or "--set", that gives the clusters of a combination, in out. */
static void tell_place(const struct sweep_file *file, long combination, char *out, size_t size)
{
    int place[SWEEP_MAX_AXES];
    const struct sweep_block *block = &file->block[sweep_file_place(file, combination, place)];
    const struct setting *clusters = config_find(file->base.schema, "clusters");
    int line = file->line[clusters - file->base.schema->key];
    for (int a = 0; a < block->n_axes; a++)
        if (block->axis[a].key == clusters)
            line = sweep_axis_line(&block->axis[a], place[a]);
    if (line > 0)
        snprintf(out, size, "%.300s:%d", file->path, line);
    else
        snprintf(out, size, "%.300s", line == SWEEP_KEY_BY_SET ? "--set" : file->path);
}

/* Append to what `used` characters of out hold, in quotes where it is a name. Returns the length of all. */
static size_t add_name(int class, const char *glue, char *out, size_t size, size_t used)
{
    char room[CLASS_NAME_SIZE];
    const char *text = class_title(class, room), *quote = class_is_name(class) ? "\"" : "";
    if (used + 80 < size)
        used += (size_t)snprintf(out + used, size - used, "%s%s%.60s%s", glue, quote, text, quote);
    return used;
}

/* The classes whose names are nearest to a name, as "; did you mean ...?" in out, or "". */
static void tell_nearest(const struct dataset *data, int wanted, char *out, size_t size)
{
    enum { FAR = 4 };
    char room[2][CLASS_NAME_SIZE];
    size_t used = 0;
    *out = '\0';
    for (int distance = 0; distance < FAR && class_is_name(wanted); distance++)
        for (int k = 0; k < data->n_clusters; k++)
            if (setting_distance(class_text(wanted, room[0]), class_title(data->cluster[k], room[1])) ==
                distance)
                used = add_name(data->cluster[k], used ? " or " : " (did you mean ", out, size - 2, used);
    if (used)
        snprintf(out + used, size - used, "?)");
}

static int missing_class(const char *place, int wanted, const struct dataset *data, struct err *err)
{
    char near[200], list[480] = "", name[160] = "";
    size_t used = 0;
    tell_nearest(data, wanted, near, sizeof near);
    for (int k = 0; k < data->n_clusters; k++)
        used = add_name(data->cluster[k], k ? ", " : "", list, sizeof list, used);
    if (used + 80 >= sizeof list)
        snprintf(list + used, sizeof list - used, ", ...; `cellsweep data info` lists them");
    add_name(wanted, "", name, sizeof name, 0);
    return err_set(err, E_USAGE, "%s: clusters: %s is not in the data (%.100s)%s; it has %d classes: %s",
                   place, name, data->origin, near, data->n_clusters, list);
}

static int check_clusters(const struct sweep *sweep, long index, const struct config_clusters *clusters,
                          const struct dataset *data, struct err *err)
{
    char place[320];
    for (int i = 0; i < clusters->n; i++)
        if (dataset_cluster_index(data, clusters->number[i]) < 0) {
            tell_place(sweep->file, index, place, sizeof place);
            return missing_class(place, clusters->number[i], data, err);
        }
    return 0;
}

/* The hash of everything that decides a result. Repeats of kfold only say how many jobs there are, so
 * growing them keeps keys. What says how images are divided is no part of their checksum: only jobs that
 * heed it have it in their key. tuning: lines of a trial, or of a job that is tuned; "": neither. */
static void make_key(const struct config *config, const struct dataset *data, const char *tuning,
                     unsigned char out[JOB_KEY_BYTES])
{
    char text[SETTING_TEXT_SIZE + 8192 + TUNE_TEXT_SIZE];
    struct config keyed = *config;
    XXH128_canonical_t key;
    keyed.protocol.repeats = 1;
    int n = snprintf(text, sizeof text, "cellsweep job 2\n%sdata=%s\n", tuning, data->checksum);
    if (config->protocol.kind == PROTOCOL_GIVEN)
        n += snprintf(text + n, sizeof text - (size_t)n, "sets=%s\n", data->sets);
    const char *groups = config_groups(config);
    const struct grouping *grouping = groups ? groupings_find(&data->groupings, groups) : NULL;
    if (grouping)
        n += snprintf(text + n, sizeof text - (size_t)n, "groups_of_images=%s\n", grouping->checksum);
    size_t used = (size_t)n + config_canonical(&keyed, text + n, sizeof text - (size_t)n);
    XXH128_canonicalFromHash(&key, XXH3_128bits(text, used < sizeof text ? used : sizeof text - 1));
    memcpy(out, key.digest, JOB_KEY_BYTES);
}

static int compare_keys(const void *a, const void *b, void *jobs)
{
    const struct job *job = jobs;
    return memcmp(job[*(const int *)a].key, job[*(const int *)b].key, JOB_KEY_BYTES);
}

/* Two spellings of one job (clusters: all, and the same list written out) would write one result twice. */
static int refuse_equal_jobs(const struct sweep *sweep, struct err *err)
{
    int *order = err_calloc((size_t)sweep->n_jobs, sizeof *order, "job keys", err), rc = 0;
    if (!order)
        return E_IO;
    for (int j = 0; j < sweep->n_jobs; j++)
        order[j] = j;
    qsort_r(order, (size_t)sweep->n_jobs, sizeof *order, compare_keys, sweep->job);
    for (int j = 1; rc == 0 && j < sweep->n_jobs; j++)
        if (compare_keys(&order[j - 1], &order[j], sweep->job) == 0) {
            char name[512];
            sweep_job_name(sweep, order[j], name, sizeof name);
            rc = err_set(err, E_USAGE, "grid: the job %s stands in the grid twice", name);
        }
    free(order);
    return rc;
}

static int make_room(struct sweep *sweep, int n, struct err *err)
{
    if (sweep->n_jobs + n > SWEEP_MAX_JOBS)
        return err_set(err, E_USAGE, "the grid has more than %d jobs; split the sweep", SWEEP_MAX_JOBS);
    if (sweep->n_jobs + n <= sweep->capacity)
        return 0;
    int capacity = sweep->n_jobs + n > 2 * sweep->capacity ? sweep->n_jobs + n : 2 * sweep->capacity;
    struct job *grown = realloc(sweep->job, (size_t)capacity * sizeof *grown);
    if (!grown)
        return err_set(err, E_IO, "out of memory for %d jobs", capacity);
    sweep->job = grown;
    sweep->capacity = capacity;
    return 0;
}

/* What the key of a job says of tuning. A trial's hangs on its own values alone, so that other trials beside
 * it leave it as it is; that of the tuned job on all that decides what is chosen, but not on the choice. */
static void tuning_lines(const struct sweep *sweep, const struct job *job, char *out, size_t size)
{
    *out = '\0';
    if (job->of >= 0)
        snprintf(out, size, "trial_seed=%d\n", job->trial_seed);
    else if (sweep->file->tune.n_keys > 0) {
        FILE *text = fmemopen(out, size, "w");
        if (!text)
            return;
        fputs("tune=", text);
        tune_print(text, &sweep->file->tune);
        fputc('\n', text);
        fclose(text);
    }
}

/* The first line of a sweep file that begins with a word. */
static int line_of(const struct sweep_file *file, const char *word)
{
    size_t n = strlen(word);
    int line = 1;
    for (const char *at = file->text; at && *at; line++) {
        const char *end = strchr(at, '\n');
        if (strncmp(at, word, n) == 0)
            return line;
        at = end ? end + 1 : NULL;
    }
    return SWEEP_KEY_NOT_GIVEN;
}

/* The line that gives the setting with which a refusal begins, or SWEEP_KEY_.... */
static int line_of_blamed(const struct sweep_file *file, const char *text)
{
    const struct setting *key = file->base.schema->key;
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    for (int k = 0; key[k].name; k++)
        if (strlen(key[k].name) == n && strncmp(key[k].name, text, n) == 0) {
            const struct sweep_axis *axis = sweep_file_axis(file, key[k].name);
            return axis ? sweep_axis_line(axis, 0) : file->line[k];
        }
    return strncmp(text, "tune ", 5) == 0 ? line_of(file, "tune:") : SWEEP_KEY_NOT_GIVEN;
}

/* Put "sweep.yaml:7: " before what a job is refused for. Returns rc. */
static int blame_file(const struct sweep_file *file, int rc, struct err *err)
{
    int line = err ? line_of_blamed(file, err->text) : SWEEP_KEY_NOT_GIVEN;
    if (!err || rc != E_USAGE || strncmp(err->text, file->path, strlen(file->path)) == 0)
        return rc;
    if (line == SWEEP_KEY_BY_SET)
        return err_set(err, rc, "--set: %.980s", err->text);
    if (line > 0)
        return err_set(err, rc, "%.300s:%d: %.700s", file->path, line, err->text);
    return err_set(err, rc, "%.300s: %.700s", file->path, err->text);
}

static void complete_key(struct sweep *sweep, int job, const struct config *config,
                         const struct dataset *data)
{
    char tuning[TUNE_TEXT_SIZE];
    tuning_lines(sweep, &sweep->job[job], tuning, sizeof tuning);
    make_key(config, data, tuning, sweep->job[job].key);
}

/* The plan of a job that has its key. */
static int complete_plan(struct sweep *sweep, int job, const struct config *config, struct planner *planner,
                         struct err *err)
{
    char key[JOB_KEY_SIZE];
    sweep_key(sweep, job, key);
    return blame_file(sweep->file, planner_plan(planner, config, key, &sweep->job[job].plan, err), err);
}

/* All folds and repeats of one combination, appended to the jobs, without their plans. */
static int add_jobs(struct sweep *sweep, long combination, const struct dataset *data, struct err *err)
{
    struct config config;
    combine(sweep, combination, &config);
    complete(sweep, &config);
    int n = config.protocol.folds * config.protocol.repeats, rc = make_room(sweep, n, err);
    for (int i = 0; rc == 0 && i < n; i++) {
        struct job *job = &sweep->job[sweep->n_jobs++];
        *job = (struct job){.combination = (int)combination,
                            .fold = i % config.protocol.folds,
                            .repeat = i / config.protocol.folds,
                            .of = -1,
                            .trial = -1};
        config.fold = job->fold;
        config.repeat = job->repeat;
        complete_key(sweep, sweep->n_jobs - 1, &config, data);
    }
    return rc;
}

/* 1 when the last job is what an earlier trial of the same job is: a list has few values. */
static int is_tried(const struct sweep *sweep)
{
    const struct job *last = &sweep->job[sweep->n_jobs - 1];
    for (const struct job *job = last - 1; job >= sweep->job && job->of == last->of; job--)
        if (job->trial_seed == last->trial_seed && memcmp(job->key, last->key, JOB_KEY_BYTES) == 0)
            return 1;
    return 0;
}

/* A trial of a job, once for every tuning seed. */
static int add_trial(struct sweep *sweep, int of, int trial, const struct dataset *data,
                     struct planner *planner, struct err *err)
{
    int n = sweep->file->tune.n_seeds, rc = make_room(sweep, n, err);
    for (int s = 0; rc == 0 && s < n; s++) {
        struct job *job = &sweep->job[sweep->n_jobs++];
        *job = sweep->job[of];
        job->of = of;
        job->trial = (short)trial;
        job->trial_seed = (short)s;
        struct config config;
        sweep_config(sweep, sweep->n_jobs - 1, &config);
        complete_key(sweep, sweep->n_jobs - 1, &config, data);
        rc = complete_plan(sweep, sweep->n_jobs - 1, &config, planner, err);
        if (rc == 0 && is_tried(sweep)) {
            sweep->n_jobs--;
            break;
        }
    }
    return rc;
}

/* A job can be tuned that reads a tuned setting. */
static int check_tuned(const struct sweep *sweep, int job, struct err *err)
{
    char name[512];
    struct config config;
    sweep_config(sweep, job, &config);
    if (tune_reads(&sweep->file->tune, &config) > 0)
        return 0;
    sweep_job_name(sweep, job, name, sizeof name);
    return err_set(err, E_USAGE,
                   "%s: tune: the job %s reads none of the tuned settings; tune one that it reads, or make a "
                   "sweep of its own of such jobs",
                   sweep->file->path, name);
}

/* A setting that no job reads would be tuned for nothing. */
static int check_read(const struct sweep *sweep, struct err *err)
{
    for (int k = 0; k < sweep->file->tune.n_keys; k++) {
        const struct setting *key = sweep->file->tune.range[k].key;
        int is_read = 0;
        for (int j = 0; j < sweep->n_jobs && !is_read; j++) {
            struct config config;
            sweep_config(sweep, j, &config);
            is_read = config_reads(&config, key);
        }
        if (!is_read)
            return err_set(err, E_USAGE, "%s: tune: no job of this grid reads %s, but %s would; leave it out",
                           sweep->file->path, key->name, config_used_by(worker_schema(), key));
    }
    return 0;
}

/* Epochs of the longest job that learns by epochs; 0: none does. */
static int most_epochs(const struct sweep *sweep)
{
    int most = 0;
    for (int j = 0; j < sweep->n_jobs; j++) {
        struct config config;
        sweep_config(sweep, j, &config);
        if (model_of(&config)->can & MODEL_EPOCHS && config.epochs > most)
            most = (int)config.epochs;
    }
    return most;
}

/* The last rung may be the end of the jobs; one beyond it would do nothing. */
static int check_rungs(const struct sweep *sweep, struct err *err)
{
    const struct tune *tune = &sweep->file->tune;
    int last = tune->n_rungs ? tune->rung[tune->n_rungs - 1] : 0, most = last ? most_epochs(sweep) : 0;
    if (last <= most)
        return 0;
    if (most == 0)
        return err_set(err, E_USAGE,
                       "%s: tune: rungs: no job of this grid learns epoch by epoch; leave them out",
                       sweep->file->path);
    return err_set(err, E_USAGE,
                   "%s: tune: rungs: %d is beyond train.epochs, at most %d in this grid; leave it out",
                   sweep->file->path, last, most);
}

static int add_trials(struct sweep *sweep, const struct dataset *data, struct planner *planner,
                      struct err *err)
{
    int n = sweep->n_jobs, rc = check_read(sweep, err);
    if (rc == 0)
        rc = check_rungs(sweep, err);
    for (int j = 0; rc == 0 && j < n; j++)
        rc = check_tuned(sweep, j, err);
    for (int j = 0; rc == 0 && j < n; j++)
        for (int t = 0; rc == 0 && t < sweep->file->tune.n_trials; t++)
            rc = add_trial(sweep, j, t, data, planner, err);
    sweep->n_trials = sweep->n_jobs - n;
    return rc;
}

/* `data` as found, and for a packed file what it was packed from. */
static void tell_data(struct sweep *sweep, const struct dataset *data)
{
    int packed = strncmp(sweep->file->data, data->origin, sizeof data->origin - 1) != 0;
    snprintf(sweep->data_text, sizeof sweep->data_text, "%s%s%s", sweep->file->data,
             packed ? ", packed from " : "", packed ? data->origin : "");
}

static int uses_all_clusters(const struct sweep *sweep)
{
    const struct sweep_axis *axis = sweep_file_axis(sweep->file, "clusters");
    for (int i = 0; axis && i < axis->n; i++)
        if (strcmp(axis->value[i], "all") == 0)
            return 1;
    return !axis && sweep->file->base.clusters.n == 0;
}

/* A title that another class of the data has as its name would mean two classes. */
static int check_titles(const struct dataset *data, struct err *err)
{
    const char *text;
    int class;
    for (int i = 0; (text = class_titled(i, &class)); i++)
        if (dataset_cluster_index(data, class_number(text, NULL)) >= 0)
            return err_set(
                err, E_USAGE,
                "labels: %d is called \"%.60s\", which is another class of the data; give it another name",
                class, text);
    return 0;
}

/* What the data decides. */
static int take_data(struct sweep *sweep, const struct dataset *data, struct err *err)
{
    if (check_titles(data, err) < 0)
        return E_USAGE;
    tell_data(sweep, data);
    sweep->data_channels = data->channels;
    memset(&sweep->data_clusters, 0, sizeof sweep->data_clusters);
    if (data->n_clusters > CONFIG_MAX_CLUSTERS && uses_all_clusters(sweep))
        return err_set(err, E_USAGE, "the dataset has %d clusters, at most %d are possible", data->n_clusters,
                       CONFIG_MAX_CLUSTERS);
    for (int i = 0; i < data->n_clusters && i < CONFIG_MAX_CLUSTERS; i++)
        sweep->data_clusters.number[sweep->data_clusters.n++] = data->cluster[i];
    if (!uses_all_clusters(sweep) ||
        class_list(sweep->data_clusters.number, sweep->data_clusters.n, 0, NULL, 0) < SETTING_TEXT_SIZE)
        return 0;
    return err_set(err, E_USAGE,
                   "the names of the dataset's %d classes take more than %d bytes; shorten them",
                   data->n_clusters, SETTING_TEXT_SIZE - 1);
}

/* The jobs of a block, without what it excludes. */
static int add_block(struct sweep *sweep, int b, const struct dataset *data, struct err *err)
{
    const struct sweep_block *block = &sweep->file->block[b];
    int begin = sweep->n_jobs, rc = 0;
    for (long i = block->first; rc == 0 && i < block->first + block->n; i++) {
        struct config config;
        combine(sweep, i, &config);
        int repeats = unread_repeats(sweep->file, i, &config);
        unread_count(&sweep->unread, b, repeats);
        if (!repeats)
            rc = add_jobs(sweep, i, data, err);
    }
    sweep->count[b].n_given = sweep->n_jobs - begin;
    return rc < 0 ? rc : blocks_exclude(sweep, b, begin, err);
}

/* Which settings the combinations of the jobs read, and whether their values go together; E_USAGE when one
 * that is given is read by none. */
static int see_jobs(struct sweep *sweep, struct err *err)
{
    int rc = 0;
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++) {
        struct config config;
        if (j > 0 && sweep->job[j].combination == sweep->job[j - 1].combination)
            continue;
        combine(sweep, sweep->job[j].combination, &config);
        rc = config_check(&config, err);
        if (rc == 0)
            unread_see(&sweep->unread, sweep->file, sweep->job[j].combination, &config);
    }
    return rc < 0 ? rc : unread_refuse(&sweep->unread, sweep->file, err);
}

static int plan_jobs(struct sweep *sweep, const struct dataset *data, struct planner *planner,
                     struct err *err)
{
    int rc = 0;
    for (int j = 0; rc == 0 && j < sweep->n_jobs; j++) {
        struct config config;
        sweep_config(sweep, j, &config);
        rc = check_clusters(sweep, sweep->job[j].combination, &config.clusters, data, err);
        if (rc == 0)
            rc = complete_plan(sweep, j, &config, planner, err);
    }
    return rc;
}

static int add_combinations(struct sweep *sweep, const struct dataset *data, struct planner *planner,
                            struct err *err)
{
    long n = count_combinations(sweep, err);
    int rc = n < 0 ? (int)n : 0;
    memset(&sweep->unread, 0, sizeof sweep->unread);
    for (int b = 0; rc == 0 && b < sweep->file->n_blocks; b++)
        rc = add_block(sweep, b, data, err);
    if (rc == 0 && sweep->n_jobs > 0)
        rc = see_jobs(sweep, err);
    if (rc == 0)
        rc = blocks_join(sweep, err);
    return rc < 0 ? rc : plan_jobs(sweep, data, planner, err);
}

/* Give back the room that no job took. */
static void fit_room(struct sweep *sweep)
{
    struct job *fitting = realloc(sweep->job, (size_t)sweep->n_jobs * sizeof *fitting);
    if (!fitting)
        return;
    sweep->job = fitting;
    sweep->capacity = sweep->n_jobs;
}

/* What is fitted on val sets needs some. */
static int refuse_fits(const struct sweep *sweep, struct err *err)
{
    for (int i = 0; i < sweep->n_jobs; i++)
        if (sweep->job[i].plan.n_val > 0)
            return 0;
    if (!readout_fits(sweep->file->readout))
        return 0;
    return err_set(err, E_USAGE, "%s: recalibrate and threshold: %s", sweep->file->path, readout_remedy);
}

int sweep_expand(struct sweep *sweep, const struct dataset *data, struct err *err)
{
    struct planner *planner = NULL;
    int rc = take_data(sweep, data, err);
    if (rc == 0)
        rc = planner_new(data, &planner, err);
    if (rc == 0)
        rc = add_combinations(sweep, data, planner, err);
    if (rc == 0 && sweep->file->tune.n_keys > 0)
        rc = add_trials(sweep, data, planner, err);
    planner_free(planner);
    if (rc == 0)
        fit_room(sweep);
    if (rc == 0)
        rc = refuse_fits(sweep, err);
    return rc == 0 ? refuse_equal_jobs(sweep, err) : rc;
}

int sweep_adopt(struct sweep *sweep, const struct dataset *data, int n_jobs, struct err *err)
{
    int rc = take_data(sweep, data, err);
    if (rc == 0)
        rc = make_room(sweep, n_jobs, err);
    if (rc == 0)
        sweep->n_jobs = n_jobs;
    return rc;
}

/* With the values of a trial, whichever is chosen. */
static void config_with(const struct sweep *sweep, const struct job *job, int trial, struct config *out)
{
    combine(sweep, job->combination, out);
    tune_apply(&sweep->file->tune, trial, out);
    complete(sweep, out);
    out->fold = job->fold;
    out->repeat = job->repeat;
    out->trial_seed = job->of >= 0 ? job->trial_seed : 0;
}

void sweep_config(const struct sweep *sweep, int job, struct config *out)
{
    config_with(sweep, &sweep->job[job], sweep->job[job].trial, out);
}

void sweep_key(const struct sweep *sweep, int job, char out[JOB_KEY_SIZE])
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 0; i < JOB_KEY_BYTES; i++) {
        out[2 * i] = digit[sweep->job[job].key[i] >> 4];
        out[2 * i + 1] = digit[sweep->job[job].key[i] & 15];
    }
    out[2 * JOB_KEY_BYTES] = '\0';
}

int sweep_key_holds(const struct sweep *sweep, int job, const struct dataset *data)
{
    const struct job *it = &sweep->job[job];
    unsigned char key[JOB_KEY_BYTES];
    char tuning[TUNE_TEXT_SIZE];
    struct config config;
    config_with(sweep, it, it->of >= 0 ? it->trial : -1, &config);
    tuning_lines(sweep, it, tuning, sizeof tuning);
    make_key(&config, data, tuning, key);
    return memcmp(key, sweep->job[job].key, JOB_KEY_BYTES) == 0;
}

unsigned long sweep_kind(const struct config *config)
{
    char identity[MODEL_IDENTITY_SIZE], text[MODEL_IDENTITY_SIZE + 48];
    model_identity(config, identity);
    int n = snprintf(text, sizeof text, "%s %d", identity, (int)config->batch),
        patience = choose_patience(config);
    if (patience > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, " patience %d", patience);
    return (unsigned long)XXH3_64bits(text, (size_t)n);
}
