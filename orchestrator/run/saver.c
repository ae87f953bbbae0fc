#include "run/saver.h"

#include "run/checkpoint_folder.h"
#include "clock.h"
#include "job_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct saver {
    const char *results_path, *data, *kernels;
    double interval;
    double stopping_since; /* 0: not stopping */
    struct saver_cost cost;
    /* the running job */
    const struct config *config;
    char key[JOB_KEY_SIZE];
    char path[CHECKPOINT_PATH_SIZE];
    struct state_file from; /* what it went on from; empty: nothing */
    int has_file;           /* 1: there is a file at path */
    int epochs;             /* done in that file, 0: none that can be used */
    float *metrics[N_SETS]; /* (job's epochs, N_ALL_METRICS) so far, of each of curve_sets */
    int has_room;           /* 1: they are there */
    double last;            /* when it began or was written last */
    double epoch_start;
    double epoch_seconds; /* of the last epoch, 0: none ended yet */
};

struct saver *saver_new(const char *results_path, double interval, const char *data, const char *kernels,
                        struct err *err)
{
    struct saver *s = err_calloc(1, sizeof *s, "checkpoints", err);
    if (s) {
        s->results_path = results_path;
        s->interval = interval;
        s->data = data;
        s->kernels = kernels;
    }
    return s;
}

static struct state_file_identity identity_of(const struct saver *s)
{
    return checkpoint_identity(s->key, s->data, s->kernels);
}

/* Read the checkpoint that is there; without one, or with one that is of no use, s->from stays empty. */
static void load(struct saver *s, struct err *note)
{
    struct state_file_identity want = identity_of(s);
    s->has_file = access(s->path, F_OK) == 0;
    if (!s->has_file || state_file_read(s->path, &want, &s->from, note) < 0)
        return;
    if (job_state_fits(s->config, &s->from, note) < 0)
        state_file_free(&s->from);
    s->epochs = s->from.epoch;
}

/* Room for the numbers of every epoch. Without it nothing is written, which save() says. */
static void remember(struct saver *s)
{
    size_t floats = (size_t)s->config->epochs * N_ALL_METRICS, known = (size_t)s->epochs * N_ALL_METRICS;
    s->has_room = 1;
    for (int i = 0; i < N_CURVE_SETS; i++) {
        enum image_set set = curve_sets[i];
        float *metrics = s->metrics[set] = err_calloc(floats, sizeof *metrics, "metrics", NULL);
        s->has_room &= metrics != NULL;
        if (metrics && known)
            memcpy(metrics, s->from.metrics[set], known * sizeof *metrics);
    }
}

const struct state_file *saver_begin(struct saver *s, const struct config *config, const char *key,
                                     struct err *note)
{
    err_set(note, E_OK, "%s", "");
    s->config = config;
    snprintf(s->key, sizeof s->key, "%s", key);
    s->epochs = 0;
    s->epoch_seconds = 0;
    checkpoint_path(s->results_path, s->key, s->path);
    load(s, note);
    remember(s);
    s->last = s->epoch_start = clock_now();
    return s->epochs ? &s->from : NULL;
}

int saver_patient(struct saver *s, double grace)
{
    double now = clock_now();
    if (s->stopping_since <= 0)
        s->stopping_since = now;
    double limit = s->stopping_since + grace;
    return s->interval > 0 && now < limit && s->epoch_start + s->epoch_seconds < limit;
}

void saver_epoch(struct saver *s, int epoch, const float (*numbers)[N_ALL_METRICS])
{
    double now = clock_now();
    s->epoch_seconds = now - s->epoch_start;
    s->epoch_start = now;
    for (int i = 0; s->has_room && i < N_CURVE_SETS; i++) {
        enum image_set set = curve_sets[i];
        memcpy(s->metrics[set] + (size_t)epoch * N_ALL_METRICS, numbers[set], sizeof numbers[set]);
    }
}

static int save(struct saver *s, const struct state_file *bare, struct err *err)
{
    struct state_file_identity identity = identity_of(s);
    struct state_file state = *bare;
    if (!s->has_room)
        return err_set(err, E_IO, "%s: out of memory for the checkpoint", s->path);
    for (int set = 0; set < N_SETS; set++)
        state.metrics[set] = s->metrics[set];
    int rc = checkpoint_folder_make(s->results_path, err);
    if (rc == 0)
        rc = state_file_write(s->path, &identity, &state, err);
    if (rc < 0)
        return rc;
    s->has_file = 1;
    s->epochs = state.epoch;
    s->cost.n++;
    return 0;
}

int saver_keep(struct saver *s, const struct state_file *state, struct err *err)
{
    double start = clock_now();
    if (s->interval < 0)
        return 0;
    int rc = save(s, state, err);
    s->last = start;
    s->epoch_start = clock_now();
    s->cost.seconds += s->epoch_start - start;
    return rc;
}

int saver_between(struct saver *s, const struct state_file *state, int stopping, struct err *err)
{
    if (s->interval <= 0 || (!stopping && clock_now() - s->last < s->interval))
        return 0;
    return saver_keep(s, state, err);
}

int saver_epochs(const struct saver *s)
{
    return s->epochs;
}

void saver_end(struct saver *s, int over)
{
    if (over && s->has_file)
        unlink(s->path);
    state_file_free(&s->from);
    for (int set = 0; set < N_SETS; set++) {
        free(s->metrics[set]);
        s->metrics[set] = NULL;
    }
}

struct saver_cost saver_cost(const struct saver *s)
{
    return s->cost;
}

void saver_free(struct saver *s)
{
    if (!s)
        return;
    saver_end(s, 0);
    free(s);
}
