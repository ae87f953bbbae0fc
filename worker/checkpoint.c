#include "checkpoint.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { FORMAT = 1, N_TEXTS = 4, HEAD = 56 + N_TEXTS * CHECKPOINT_TEXT, SEAL = 16, ROOM = 1 << 18 };

static const char magic[8] = {'C', 'S', 'W', 'E', 'E', 'P', 'C', 'K'};
static const uint64_t max_params = (uint64_t)1 << 31;

/* What differs, in the order of struct checkpoint_identity. */
static const char *const text_name[N_TEXTS] = {"job", "dataset", "kernels", "program"};

static void list_texts(const struct checkpoint_identity *identity, const char *text[N_TEXTS])
{
    text[0] = identity->key;
    text[1] = identity->data;
    text[2] = identity->kernels;
    text[3] = identity->program;
}

/* Floats behind the head and the step counts. Below 2^40, whatever the head says within its limits. */
static uint64_t n_floats(const struct checkpoint *state, int has_best)
{
    uint64_t nets = (uint64_t)state->n_members * (uint64_t)state->n_params;
    return 2 * (uint64_t)state->epoch * N_METRICS + nets * (has_best ? 4 : 3);
}

static uint64_t total_bytes(const struct checkpoint *state, int has_best)
{
    return HEAD + 8 * (uint64_t)state->n_members + 4 * n_floats(state, has_best) + SEAL;
}

uint64_t checkpoint_bytes(const struct checkpoint *state)
{
    return total_bytes(state, state->best != NULL);
}

/* ---- writing ---- */

/* Bytes on their way to a file: hashed and written a buffer at a time. The first failure stays in `error`. */
struct sink {
    int fd, error;
    XXH3_state_t *hash;
    size_t n;
    unsigned char *room; /* (ROOM) */
};

static void flush(struct sink *s)
{
    for (size_t done = 0; done < s->n && !s->error;) {
        ssize_t n = write(s->fd, s->room + done, s->n - done);
        if (n < 0 && errno != EINTR)
            s->error = errno;
        done += n > 0 ? (size_t)n : 0;
    }
    s->n = 0;
}

static void put(struct sink *s, const void *bytes, size_t n)
{
    if (s->n + n > ROOM) {
        XXH3_128bits_update(s->hash, s->room, s->n);
        flush(s);
    }
    memcpy(s->room + s->n, bytes, n);
    s->n += n;
}

static void put_u32(struct sink *s, uint32_t value)
{
    value = htole32(value);
    put(s, &value, sizeof value);
}

static void put_u64(struct sink *s, uint64_t value)
{
    value = htole64(value);
    put(s, &value, sizeof value);
}

static void put_float(struct sink *s, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(s, bits);
}

static void put_floats(struct sink *s, const float *value, size_t n)
{
    uint32_t block[256];
    for (size_t first = 0; first < n; first += 256) {
        size_t some = n - first < 256 ? n - first : 256;
        memcpy(block, value + first, some * sizeof *block);
        for (size_t i = 0; i < some; i++)
            block[i] = htole32(block[i]);
        put(s, block, some * sizeof *block);
    }
}

static void put_text(struct sink *s, const char *text)
{
    char field[CHECKPOINT_TEXT] = {0};
    snprintf(field, sizeof field, "%s", text);
    put(s, field, sizeof field);
}

static void put_head(struct sink *s, const struct checkpoint_identity *identity,
                     const struct checkpoint *state)
{
    const char *text[N_TEXTS];
    list_texts(identity, text);
    put(s, magic, sizeof magic);
    put_u32(s, FORMAT);
    put_u32(s, (uint32_t)state->n_members);
    put_u64(s, (uint64_t)state->n_params);
    put_u32(s, (uint32_t)state->epoch);
    put_u32(s, N_METRICS);
    put_u32(s, state->best != NULL);
    put_u32(s, state->best ? (uint32_t)state->best_epoch : 0);
    put_float(s, state->best ? state->best_value : 0);
    put_u32(s, (uint32_t)state->tracks_best);
    put_u64(s, (uint64_t)state->steps);
    for (int i = 0; i < N_TEXTS; i++)
        put_text(s, text[i]);
}

static void put_seal(struct sink *s)
{
    XXH128_canonical_t seal;
    XXH3_128bits_update(s->hash, s->room, s->n);
    XXH128_canonicalFromHash(&seal, XXH3_128bits_digest(s->hash));
    flush(s);
    put(s, &seal, sizeof seal);
    flush(s);
}

static void put_state(struct sink *s, const struct checkpoint_identity *identity,
                      const struct checkpoint *state)
{
    size_t numbers = (size_t)state->epoch * N_METRICS;
    put_head(s, identity, state);
    for (int m = 0; m < state->n_members; m++)
        put_u64(s, (uint64_t)state->net_steps[m]);
    put_floats(s, state->train, numbers);
    put_floats(s, state->test, numbers);
    for (int m = 0; m < state->n_members; m++) {
        put_floats(s, state->params[m], state->n_params);
        put_floats(s, state->moments[m], 2 * state->n_params);
    }
    if (state->best)
        put_floats(s, state->best, (size_t)state->n_members * state->n_params);
    put_seal(s);
}

/* A process of another host may have the same number. */
static void temporary_name(const char *path, char *out, size_t size)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    snprintf(out, size, "%s.tmp-%s-%ld", path, host, (long)getpid());
}

static int sync_file(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

/* A rename is on disk when its folder is. Not every file system can tell: then it is there a little later. */
static void sync_folder(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    sync_file(fd);
    close(fd);
}

/* The state into an open file; 0 or errno. */
static int write_file(int fd, const struct checkpoint_identity *identity, const struct checkpoint *state)
{
    struct sink s = {.fd = fd, .hash = XXH3_createState(), .room = malloc(ROOM)};
    if (!s.hash || !s.room) {
        s.error = ENOMEM;
    } else {
        XXH3_128bits_reset(s.hash);
        put_state(&s, identity, state);
    }
    if (!s.error)
        s.error = sync_file(fd);
    free(s.room);
    XXH3_freeState(s.hash);
    return s.error;
}

int checkpoint_write(const char *path, const struct checkpoint_identity *identity,
                     const struct checkpoint *state, struct err *err)
{
    char temp[4096];
    temporary_name(path, temp, sizeof temp);
    unlink(temp); /* of a killed run; whatever somebody else puts there is not followed */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int error = fd < 0 ? errno : write_file(fd, identity, state);
    if (fd >= 0 && close(fd) != 0 && !error)
        error = errno;
    if (!error && rename(temp, path) != 0)
        error = errno;
    if (error && fd >= 0)
        unlink(temp);
    if (!error)
        sync_folder(path);
    return error ? err_set(err, E_IO, "%s: cannot write the checkpoint: %s", path, strerror(error)) : 0;
}

/* ---- reading ---- */

/* Bytes still to be taken; there are enough of them. */
struct source {
    const unsigned char *at;
};

static uint32_t get_u32(struct source *s)
{
    uint32_t value;
    memcpy(&value, s->at, sizeof value);
    s->at += sizeof value;
    return le32toh(value);
}

static uint64_t get_u64(struct source *s)
{
    uint64_t value;
    memcpy(&value, s->at, sizeof value);
    s->at += sizeof value;
    return le64toh(value);
}

static float get_float(struct source *s)
{
    uint32_t bits = get_u32(s);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int check_texts(struct source *s, const char *name, const struct checkpoint_identity *want,
                       struct err *err)
{
    const char *text[N_TEXTS];
    list_texts(want, text);
    for (int i = 0; i < N_TEXTS; i++) {
        char expected[CHECKPOINT_TEXT] = {0};
        snprintf(expected, sizeof expected, "%s", text[i]);
        if (memcmp(s->at, expected, sizeof expected) != 0)
            return err_set(err, E_IO, "%s: is a checkpoint of another %s (not %s)", name, text_name[i],
                           expected);
        s->at += sizeof expected;
    }
    return 0;
}

/* Sizes of a state from its head, each within its limit; *total: bytes that the file must have. */
static int parse_head(struct source *s, const char *name, const struct checkpoint_identity *want,
                      struct checkpoint *out, uint64_t *total, struct err *err)
{
    if (memcmp(s->at, magic, sizeof magic) != 0)
        return err_set(err, E_IO, "%s: is no checkpoint", name);
    s->at += sizeof magic;
    uint32_t format = get_u32(s);
    if (format != FORMAT)
        return err_set(err, E_IO, "%s: is a checkpoint of format %u, this program knows %d", name, format,
                       FORMAT);
    uint32_t n_members = get_u32(s);
    uint64_t n_params = get_u64(s);
    uint32_t epoch = get_u32(s), n_metrics = get_u32(s), has_best = get_u32(s), best_epoch = get_u32(s);
    out->best_value = get_float(s);
    uint32_t tracks_best = get_u32(s);
    out->steps = (int64_t)get_u64(s);
    if (n_members > RECIPE_MAX_MEMBERS || n_params >= max_params || (n_params == 0) != (n_members == 0) ||
        epoch < 1 || epoch > CHECKPOINT_MAX_EPOCHS || n_metrics != N_METRICS || has_best > (n_members > 0) ||
        best_epoch > epoch || (best_epoch > 0) != has_best || tracks_best > 1 || has_best > tracks_best ||
        out->steps < 0)
        return err_set(err, E_IO, "%s: the head of the checkpoint is damaged", name);
    out->n_members = (int)n_members;
    out->n_params = (size_t)n_params;
    out->epoch = (int)epoch;
    out->best_epoch = (int)best_epoch;
    out->tracks_best = (int)tracks_best;
    *total = total_bytes(out, (int)has_best);
    return check_texts(s, name, want, err);
}

/* Hand the pointers of a state their stretches of the floats it owns. */
static void share_out(struct checkpoint *out, int has_best)
{
    const float *at = out->owned;
    out->train = at;
    at += (size_t)out->epoch * N_METRICS;
    out->test = at;
    at += (size_t)out->epoch * N_METRICS;
    for (int m = 0; m < out->n_members; m++) {
        out->params[m] = at;
        out->moments[m] = at + out->n_params;
        at += 3 * out->n_params;
    }
    out->best = has_best ? at : NULL;
}

static int parse_body(struct source *s, struct checkpoint *out, uint64_t total, struct err *err)
{
    int has_best = total > total_bytes(out, 0);
    size_t n = (size_t)n_floats(out, has_best);
    out->owned = err_calloc(n, sizeof *out->owned, "a checkpoint", err);
    if (!out->owned)
        return E_IO;
    for (int m = 0; m < out->n_members; m++)
        out->net_steps[m] = (int64_t)get_u64(s);
    for (size_t i = 0; i < n; i++)
        out->owned[i] = get_float(s);
    share_out(out, has_best);
    return 0;
}

void checkpoint_seal(void *bytes, size_t n)
{
    XXH128_canonical_t seal;
    XXH128_canonicalFromHash(&seal, XXH3_128bits(bytes, n - SEAL));
    memcpy((unsigned char *)bytes + n - SEAL, &seal, SEAL);
}

static int seal_holds(const unsigned char *bytes, size_t n)
{
    XXH128_canonical_t seal;
    XXH128_canonicalFromHash(&seal, XXH3_128bits(bytes, n - SEAL));
    return memcmp(bytes + n - SEAL, &seal, SEAL) == 0;
}

/* The head of a file of `size` bytes, of which the first HEAD are there. */
static int check_head(struct source *s, uint64_t size, const char *name,
                      const struct checkpoint_identity *want, struct checkpoint *out, struct err *err)
{
    uint64_t total = 0;
    memset(out, 0, sizeof *out);
    if (size < HEAD + SEAL)
        return err_set(err, E_IO, "%s: is no checkpoint, or was cut", name);
    int rc = parse_head(s, name, want, out, &total, err);
    if (rc == 0 && total != size)
        rc = err_set(err, E_IO, "%s: the checkpoint has %llu bytes instead of %llu", name,
                     (unsigned long long)size, (unsigned long long)total);
    return rc;
}

int checkpoint_parse(const void *bytes, size_t n, const char *name, const struct checkpoint_identity *want,
                     struct checkpoint *out, struct err *err)
{
    struct source s = {bytes};
    int rc = check_head(&s, n, name, want, out, err);
    if (rc == 0 && !seal_holds(bytes, n))
        rc = err_set(err, E_IO, "%s: the checkpoint is damaged: its checksum differs", name);
    if (rc == 0)
        rc = parse_body(&s, out, n, err);
    if (rc < 0)
        memset(out, 0, sizeof *out);
    return rc;
}

/* The first n bytes of a file, fewer when it ends before; -1 with errno. */
static ssize_t read_some(int fd, unsigned char *out, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t some = pread(fd, out + done, n - done, (off_t)done);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return -1;
        if (some == 0)
            break;
        done += (size_t)some;
    }
    return (ssize_t)done;
}

/* The head of an open file, *size its length. */
static int read_head(int fd, const char *path, const struct checkpoint_identity *want, struct checkpoint *out,
                     size_t *size, struct err *err)
{
    struct stat info;
    unsigned char head[HEAD] = {0};
    struct source s = {head};
    if (fstat(fd, &info) != 0 || read_some(fd, head, HEAD) < 0)
        return err_set(err, E_IO, "%s: cannot read the checkpoint: %s", path, strerror(errno));
    *size = (size_t)info.st_size;
    return check_head(&s, *size, path, want, out, err);
}

/* The whole of an open file, once its head has told that its length is right: a wrong one costs no memory. */
static int read_body(int fd, const char *path, const struct checkpoint_identity *want, size_t n,
                     struct checkpoint *out, struct err *err)
{
    unsigned char *bytes = err_calloc(n, 1, "a checkpoint", err);
    if (!bytes)
        return E_IO;
    ssize_t got = read_some(fd, bytes, n);
    int rc = got < 0 ? err_set(err, E_IO, "%s: cannot read the checkpoint: %s", path, strerror(errno))
                     : checkpoint_parse(bytes, (size_t)got, path, want, out, err);
    free(bytes);
    return rc;
}

/* Read a file's head only, or all of it. */
static int read_file(const char *path, const struct checkpoint_identity *want, int head_only,
                     struct checkpoint *out, struct err *err)
{
    size_t size = 0;
    memset(out, 0, sizeof *out);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO in its place keeps nobody waiting */
    if (fd < 0)
        return err_set(err, E_IO, "%s: cannot open the checkpoint: %s", path, strerror(errno));
    int rc = read_head(fd, path, want, out, &size, err);
    if (rc == 0 && !head_only)
        rc = read_body(fd, path, want, size, out, err);
    if (rc < 0)
        memset(out, 0, sizeof *out);
    close(fd);
    return rc;
}

int checkpoint_read(const char *path, const struct checkpoint_identity *want, struct checkpoint *out,
                    struct err *err)
{
    return read_file(path, want, 0, out, err);
}

int checkpoint_peek(const char *path, const struct checkpoint_identity *want, int *epoch, struct err *err)
{
    struct checkpoint head;
    int rc = read_file(path, want, 1, &head, err);
    *epoch = head.epoch;
    return rc;
}

void checkpoint_free(struct checkpoint *state)
{
    free(state->owned);
    memset(state, 0, sizeof *state);
}
