/* Model "onnx": a network that another program trained, from a file; it trains nothing here and judges the
 * same images on the same folds as the models beside it.
 *
 * Setting onnx.file names it; in a job's key stands the checksum of its bytes, so that a file that was moved
 * is the same job and one that was changed is another. Every rank reads it; what a job keeps are its bytes,
 * and predicting needs no file. What it learnt from is not known: that it has not seen the images it is
 * judged on is the user's word (MODEL_ELSEWHERE). */
#include "models/model.h"

#include "models/onnx/onnx_net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { MAX_BYTES = 1 << 29, ACTIVATIONS = 1 << 24 };

struct settings {
    char file[CONFIG_PATH_SIZE];
};

static const struct setting settings[] = {
    {"onnx.file", SETTING_PATH, offsetof(struct settings, file), 0, 0, "none", NULL,
     "the model of model onnx; looked for as `data` is"},
    {0},
};

struct bytes {
    unsigned char *at;
    size_t n;
};

struct foreign {
    struct onnx_shape shape;
    struct bytes bytes;   /* one alone: nothing was read yet */
    struct onnx_net *net; /* NULL then */
};

static int failed(const char *path, FILE *file, struct bytes *out, struct err *err)
{
    int rc =
        err_set(err, E_USAGE, "onnx.file: %s: %s", path, errno ? strerror(errno) : "empty, or above 512 MB");
    if (file)
        fclose(file);
    free(out->at);
    *out = (struct bytes){0};
    return rc;
}

static int read_file(const char *path, struct bytes *out, struct err *err)
{
    struct stat is;
    *out = (struct bytes){0};
    errno = 0;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &is) < 0)
        return failed(path, file, out, err);
    if (is.st_size < 1 || is.st_size > MAX_BYTES)
        return failed(path, file, out, err);
    out->n = (size_t)is.st_size;
    out->at = malloc(out->n);
    if (!out->at || fread(out->at, 1, out->n, file) != out->n)
        return failed(path, file, out, err);
    fclose(file);
    return 0;
}

/* The checksum of a file in place of its path: what it is called does not matter. */
static void unify(void *values)
{
    struct settings *s = values;
    struct bytes bytes;
    struct err ignored = {0};
    if (strcmp(s->file, "none") == 0 || read_file(s->file, &bytes, &ignored) < 0)
        return;
    XXH128_hash_t hash = XXH3_128bits(bytes.at, bytes.n);
    memset(s->file, 0, sizeof s->file);
    snprintf(s->file, sizeof s->file, "xxh3:%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    free(bytes.at);
}

static const struct section section = {.setting = settings, .size = sizeof(struct settings), .unify = unify};

static const char *file_of(const struct config *config)
{
    return ((const struct settings *)config_of(config, &section))->file;
}

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const char *file = file_of(config);
    snprintf(out, MODEL_IDENTITY_SIZE, "onnx %016llx %d %d %d",
             (unsigned long long)XXH3_64bits(file, strlen(file)), (int)config->image_size,
             (int)config->channels, config->clusters.n);
}

/* Bytes of the file; 0 where it is no more. */
static size_t file_bytes(const struct config *config)
{
    struct stat is;
    return stat(file_of(config), &is) == 0 && is.st_size > 0 ? (size_t)is.st_size : 0;
}

/* A weight is used at about a tenth of the pixels. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    double pixels = (double)(config->image_size * config->image_size);
    return 1e6 + (n_seen + n_judged) * (double)file_bytes(config) * (1 + pixels / 10);
}

/* And its head. */
static size_t room(const struct config *config, int n_train)
{
    (void)n_train;
    return file_bytes(config) + sizeof(float) + MODEL_HEAD;
}

/* The bytes, their message, its tensors, and what is computed. */
static size_t memory(const struct config *config, int n_train)
{
    (void)n_train;
    return 3 * file_bytes(config) + ACTIVATIONS;
}

static void close_foreign(void *model)
{
    struct foreign *foreign = model;
    if (!foreign)
        return;
    onnx_net_free(foreign->net);
    free(foreign->bytes.at);
    free(foreign);
}

static int read_foreign(struct foreign *foreign, const char *path, struct err *err)
{
    struct err why = {0};
    int rc = read_file(path, &foreign->bytes, err);
    if (rc == 0 &&
        (rc = onnx_net_new(foreign->bytes.at, foreign->bytes.n, foreign->shape, &foreign->net, &why)) < 0)
        err_set(err, rc, "onnx.file: %s: %s", path, why.text);
    return rc;
}

static int room_for(struct foreign *foreign, size_t n, struct err *err)
{
    foreign->bytes = (struct bytes){err_calloc(n, 1, "a model", err), n};
    return foreign->bytes.at ? 0 : E_IO;
}

/* Only to predict, it waits for the bytes that were kept. */
static int open_foreign(const struct model_spec *spec, void **out, struct err *err)
{
    const struct config *config = spec->config;
    struct foreign *foreign = *out = err_calloc(1, sizeof *foreign, "a model", err);
    if (!foreign)
        return E_IO;
    foreign->shape = (struct onnx_shape){(int)config->channels, (int)config->image_size, config->clusters.n};
    int rc = spec->job_key ? read_foreign(foreign, file_of(config), err) : room_for(foreign, 1, err);
    if (rc < 0) {
        close_foreign(foreign);
        *out = NULL;
    }
    return rc;
}

static int check(const struct config *config, struct err *err)
{
    const struct model_spec spec = {config, "", 0};
    void *model;
    if (strcmp(file_of(config), "none") == 0)
        return err_set(err, E_USAGE,
                       "model onnx judges with a model of yours: say which, onnx.file: net.onnx");
    int rc = open_foreign(&spec, &model, err);
    close_foreign(model);
    return rc;
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    (void)model, (void)train, (void)pause, (void)err;
    return 0;
}

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct foreign *foreign = model;
    size_t n_classes = (size_t)foreign->shape.n_classes;
    for (size_t i = 0; foreign->net && i < (size_t)n; i++)
        onnx_net_judge(foreign->net, image[i], probs + i * n_classes);
    for (size_t i = 0; !foreign->net && i < (size_t)n * n_classes; i++)
        probs[i] = 1 / (float)n_classes;
}

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct foreign *foreign = model;
    (void)part;
    arrays_add(out, "model", ARRAY_U8, (const size_t[]){foreign->bytes.n, 0}, foreign->bytes.at);
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    struct foreign *foreign = model, new = {.shape = foreign->shape};
    const struct array *written = model_array(from, "model", ARRAY_U8, 1);
    (void)part;
    if (!written)
        return err_set(err, E_USAGE, "there are no bytes of model onnx");
    if (room_for(&new, written->dim[0], err) < 0)
        return E_IO;
    memcpy(new.bytes.at, written->data, new.bytes.n);
    int rc = new.bytes.n > 1 ? onnx_net_new(new.bytes.at, new.bytes.n, new.shape, &new.net, err) : 0;
    struct foreign old = rc == 0 ? *foreign : new;
    if (rc == 0)
        *foreign = new;
    onnx_net_free(old.net);
    free(old.bytes.at);
    return rc;
}

const struct model_kind model_onnx = {
    .name = "onnx",
    .help = "a model of yours from a file (onnx.file): trained elsewhere, it is only judged",
    .section = &section,
    .can = MODEL_GROWS | MODEL_ELSEWHERE,
    .seconds = 1e-10,
    .identity = identity,
    .check = check,
    .work = work,
    .room = room,
    .bytes = memory,
    .open = open_foreign,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .why_not = "it is an ONNX file already: use that",
    .close = close_foreign,
};
