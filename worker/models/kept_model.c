#include "models/kept_model.h"

#include "models/model.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

static kept_model_reader *reader;

void kept_model_read_by(kept_model_reader *read)
{
    reader = read;
}

/* ---- what was read ---- */

/* Which bytes a path leads to. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct known {
    char file[CONFIG_PATH_SIZE], filter[CONFIG_WORD_SIZE]; /* file "": free */
    struct stamp stamp;
    struct kept_model model;
};

/* As many as a sweep has values of the two settings; more are read again and again. */
enum { N_KNOWN = 8 };
static struct known known[N_KNOWN];
static int next_known;

void kept_model_release(struct kept_model *kept)
{
    free(kept->weights);
    free(kept->seen);
    kept->weights = NULL;
    kept->seen = NULL;
}

static int stamp_of(const char *file, struct stamp *out, struct err *err)
{
    struct stat is;
    memset(out, 0, sizeof *out); /* padding too: stamps are compared by bytes */
    if (stat(file, &is) < 0)
        return err_set(err, E_USAGE, "embedding.from: %s: %s", file, strerror(errno));
    out->device = is.st_dev;
    out->inode = is.st_ino;
    out->size = is.st_size;
    out->changed.tv_sec = is.st_mtim.tv_sec;
    out->changed.tv_nsec = is.st_mtim.tv_nsec;
    return 0;
}

static struct known *place_of(const char *file, const char *filter)
{
    for (int i = 0; i < N_KNOWN; i++)
        if (strcmp(known[i].file, file) == 0 && strcmp(known[i].filter, filter) == 0)
            return &known[i];
    return &known[next_known++ % N_KNOWN];
}

static int by_print(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Once its prints are sorted. */
static void checksum(struct kept_model *kept)
{
    char identity[MODEL_IDENTITY_SIZE];
    const int size = kept->data_size;
    XXH3_state_t *state = XXH3_createState();
    kept->checksum[0] = '\0';
    if (!state)
        return;
    model_of(&kept->config)->identity(&kept->config, identity);
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, identity, strlen(identity) + 1);
    XXH3_128bits_update(state, &size, sizeof size);
    XXH3_128bits_update(state, kept->weights, kept->n_weights * sizeof *kept->weights);
    XXH3_128bits_update(state, kept->seen, (size_t)kept->n_seen * sizeof *kept->seen);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(kept->checksum, sizeof kept->checksum, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

static int read_known(const char *file, const char *filter, const struct stamp *stamp, struct known *at,
                      struct err *err)
{
    struct kept_model model = {0};
    struct err why = {0};
    assert(reader);
    int rc = reader(file, filter, &model, &why);
    if (rc < 0)
        return err_set(err, rc, "embedding.from: %.900s", why.text);
    qsort(model.seen, (size_t)model.n_seen, sizeof *model.seen, by_print);
    checksum(&model);
    kept_model_release(&at->model);
    *at = (struct known){.stamp = *stamp, .model = model};
    snprintf(at->file, sizeof at->file, "%s", file);
    snprintf(at->filter, sizeof at->filter, "%s", filter);
    return at->model.checksum[0] ? 0 : err_set(err, E_IO, "out of memory for the checksum of a network");
}

int kept_model_find(const char *file, const char *filter, const struct kept_model **out, struct err *err)
{
    struct stamp stamp;
    int rc = stamp_of(file, &stamp, err);
    if (rc < 0)
        return rc;
    struct known *at = place_of(file, filter);
    if (strcmp(at->file, file) != 0 || strcmp(at->filter, filter) != 0 ||
        memcmp(&at->stamp, &stamp, sizeof stamp) != 0)
        rc = read_known(file, filter, &stamp, at, err);
    *out = &at->model;
    return rc;
}

int kept_model_saw(const struct kept_model *kept, uint64_t print)
{
    return kept->n_seen > 0 &&
           bsearch(&print, kept->seen, (size_t)kept->n_seen, sizeof print, by_print) != NULL;
}

/* ---- does it suit ---- */

/* "cnn.blocks: 8-8, cnn.dense: 16-8": settings of the network that are others than those of config, as a
 * sweep file has them, in out; "" where all are the same. */
static void tell_others(const struct config *kept, const struct config *config, char *out, size_t size)
{
    const struct section *section = model_of(kept)->section;
    size_t used = 0;
    *out = '\0';
    for (int i = 0; section && section->setting[i].name; i++) {
        char theirs[256], ours[256];
        const struct setting *key = config_find(config->schema, section->setting[i].name);
        config_get(kept, key, theirs, sizeof theirs);
        config_get(config, key, ours, sizeof ours);
        if (strcmp(theirs, ours) != 0 && used < size)
            used +=
                (size_t)snprintf(out + used, size - used, "%s%s: %s", used ? ", " : "", key->name, theirs);
    }
}

int kept_model_check(const struct kept_model *kept, const struct config *config, struct err *err)
{
    const struct config *theirs = &kept->config;
    char others[400];
    if (strcmp(theirs->model, config->model) != 0)
        return err_set(err, E_USAGE,
                       "embedding.from: the kept network is of model %s, not %s: say embedding.model: %s",
                       theirs->model, config->model, theirs->model);
    if (theirs->image_size != config->image_size || theirs->channels != config->channels)
        return err_set(
            err, E_USAGE,
            "embedding.from: the kept network takes images of %d pixels and %d channels, those of the job "
            "have %d and %d; give it such images, or take another network",
            (int)theirs->image_size, (int)theirs->channels, (int)config->image_size, (int)config->channels);
    tell_others(theirs, config, others, sizeof others);
    if (*others)
        return err_set(err, E_USAGE,
                       "embedding.from: the kept network has other settings than this job; say %s", others);
    return 0;
}
