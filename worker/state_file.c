#include "state_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { FORMAT = 3, N_TEXTS = 4, HEAD = 56 + N_TEXTS * STATE_FILE_TEXT, SEAL = 16, ROOM = 1 << 18 };
enum { ENTRY = ARRAY_NAME_SIZE + 8 + 8 * ARRAY_MAX_RANK };

static const char magic[8] = {'C', 'S', 'W', 'E', 'E', 'P', 'C', 'K'};

/* What differs, in the order of struct state_file_identity. */
static const char *const text_name[N_TEXTS] = {"job", "dataset", "kernels", "program"};

static void list_texts(const struct state_file_identity *identity, const char *text[N_TEXTS])
{
    text[0] = identity->key;
    text[1] = identity->data;
    text[2] = identity->kernels;
    text[3] = identity->program;
}

/* What an array takes of the file. */
static uint64_t room_of(const struct array *array)
{
    return ((uint64_t)array_bytes(array) + 7) / 8 * 8;
}

/* The arrays of a file: those of a state behind its metrics. */
static struct array array_at(const struct state_file *state, int i)
{
    if (i >= N_CURVE_SETS)
        return state->arrays.item[i - N_CURVE_SETS];
    const float *values = state->metrics[curve_sets[i]];
    struct array array = {.type = ARRAY_F32, .rank = 2, .dim = {(size_t)state->epoch, N_ALL_METRICS}};
    memcpy(&array.data, &values, sizeof array.data); /* it is only read */
    snprintf(array.name, sizeof array.name, "metrics.%s", image_set_names[curve_sets[i]]);
    return array;
}

uint64_t state_file_bytes(const struct state_file *state)
{
    int n = state->arrays.n + N_CURVE_SETS;
    uint64_t bytes = HEAD + (uint64_t)n * ENTRY + SEAL;
    for (int i = 0; i < n; i++) {
        struct array array = array_at(state, i);
        bytes += room_of(&array);
    }
    return bytes;
}

/* ---- writing ---- */

/* Values of `width` bytes from the order of this machine to that of the file, and back. */
static void little_endian(unsigned char *bytes, size_t n, size_t width)
{
    const uint16_t one = 1;
    if (*(const unsigned char *)&one == 1)
        return;
    for (size_t i = 0; i < n; i++, bytes += width)
        for (size_t b = 0; b < width / 2; b++) {
            unsigned char swapped = bytes[b];
            bytes[b] = bytes[width - 1 - b];
            bytes[width - 1 - b] = swapped;
        }
}

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

/* n values of `width` bytes, a block at a time. */
static void put_values(struct sink *s, const unsigned char *value, size_t n, size_t width)
{
    unsigned char block[1024];
    size_t most = sizeof block / width;
    for (size_t first = 0; first < n; first += most) {
        size_t some = n - first < most ? n - first : most;
        memcpy(block, value + first * width, some * width);
        little_endian(block, some, width);
        put(s, block, some * width);
    }
}

static void put_array(struct sink *s, const struct array *array)
{
    static const char nothing[8] = "";
    size_t bytes = array_bytes(array), width = array_item_bytes(array->type);
    put_values(s, array->data, bytes / width, width);
    put(s, nothing, (size_t)room_of(array) - bytes);
}

static void put_entry(struct sink *s, const struct array *array)
{
    put(s, array->name, sizeof array->name);
    put_u32(s, (uint32_t)array->type);
    put_u32(s, (uint32_t)array->rank);
    for (int d = 0; d < ARRAY_MAX_RANK; d++)
        put_u64(s, array->dim[d]);
}

static void put_text(struct sink *s, const char *text)
{
    char field[STATE_FILE_TEXT] = {0};
    snprintf(field, sizeof field, "%s", text);
    put(s, field, sizeof field);
}

static void put_head(struct sink *s, const struct state_file_identity *identity,
                     const struct state_file *state)
{
    const char *text[N_TEXTS];
    list_texts(identity, text);
    put(s, magic, sizeof magic);
    put_u32(s, FORMAT);
    put_u32(s, (uint32_t)(state->arrays.n + N_CURVE_SETS));
    put_u64(s, state_file_bytes(state));
    put_u32(s, (uint32_t)state->epoch);
    put_u32(s, N_ALL_METRICS);
    put_u32(s, (uint32_t)state->choice.best_epoch);
    put_float(s, state->choice.best_value);
    put_u32(s, (uint32_t)state->choice.progress_epoch);
    put_float(s, state->choice.progress_value);
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

static void put_state(struct sink *s, const struct state_file_identity *identity,
                      const struct state_file *state)
{
    int n = state->arrays.n + N_CURVE_SETS;
    put_head(s, identity, state);
    for (int i = 0; i < n; i++) {
        struct array array = array_at(state, i);
        put_entry(s, &array);
    }
    for (int i = 0; i < n; i++) {
        struct array array = array_at(state, i);
        put_array(s, &array);
    }
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
static int write_file(int fd, const struct state_file_identity *identity, const struct state_file *state)
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

int state_file_write(const char *path, const struct state_file_identity *identity,
                     const struct state_file *state, struct err *err)
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

static int check_texts(struct source *s, const char *name, const struct state_file_identity *want,
                       struct err *err)
{
    const char *text[N_TEXTS];
    list_texts(want, text);
    for (int i = 0; i < N_TEXTS; i++) {
        char expected[STATE_FILE_TEXT] = {0};
        snprintf(expected, sizeof expected, "%s", text[i]);
        if (memcmp(s->at, expected, sizeof expected) != 0)
            return err_set(err, E_IO, "%s: is a checkpoint of another %s (not %s)", name, text_name[i],
                           expected);
        s->at += sizeof expected;
    }
    return 0;
}

/* A state's numbers from its head, each within its limit; *n_arrays, and *total: bytes of the file. */
static int parse_head(struct source *s, const char *name, const struct state_file_identity *want,
                      struct state_file *out, uint32_t *n_arrays, uint64_t *total, struct err *err)
{
    if (memcmp(s->at, magic, sizeof magic) != 0)
        return err_set(err, E_IO, "%s: is no checkpoint", name);
    s->at += sizeof magic;
    uint32_t format = get_u32(s);
    if (format != FORMAT)
        return err_set(err, E_IO, "%s: is a checkpoint of format %u, this program knows %d", name, format,
                       FORMAT);
    *n_arrays = get_u32(s);
    *total = get_u64(s);
    uint32_t epoch = get_u32(s), n_metrics = get_u32(s), best = get_u32(s);
    out->choice.best_value = get_float(s);
    uint32_t progress = get_u32(s);
    out->choice.progress_value = get_float(s);
    out->steps = (int64_t)get_u64(s);
    if (*n_arrays < N_CURVE_SETS || *n_arrays > STATE_FILE_MAX_ARRAYS || epoch < 1 ||
        epoch > STATE_FILE_MAX_EPOCHS || n_metrics != N_ALL_METRICS || best > epoch || progress > best ||
        (best && !progress) || out->steps < 0)
        return err_set(err, E_IO, "%s: the head of the checkpoint is damaged", name);
    out->epoch = (int)epoch;
    out->choice.best_epoch = (int)best;
    out->choice.progress_epoch = (int)progress;
    return check_texts(s, name, want, err);
}

/* Dimensions of an entry, and whether they are any; no product is above `most` bytes. */
static int parse_dims(struct source *s, struct array *array, uint64_t most)
{
    uint64_t bytes = array_item_bytes(array->type);
    int good = 1;
    for (int d = 0; d < ARRAY_MAX_RANK; d++) {
        uint64_t dim = get_u64(s);
        good = good && (d < array->rank ? dim > 0 && dim <= most / bytes : dim == 0);
        bytes *= good && dim > 0 ? dim : 1;
        array->dim[d] = (size_t)dim;
    }
    return good;
}

/* One row of the table. Returns whether it can be one of a file of `most` bytes. */
static int parse_entry(struct source *s, struct array *array, uint64_t most)
{
    memset(array, 0, sizeof *array);
    memcpy(array->name, s->at, sizeof array->name);
    s->at += sizeof array->name;
    uint32_t type = get_u32(s), rank = get_u32(s);
    int good = array->name[0] && !array->name[sizeof array->name - 1] && type < N_ARRAY_TYPES && rank >= 1 &&
               rank <= ARRAY_MAX_RANK;
    array->type = good ? (enum array_type)type : ARRAY_U8;
    array->rank = good ? (int)rank : 1;
    return parse_dims(s, array, most) && good;
}

static int is_metrics(const struct array *array, enum image_set set, int epoch)
{
    static const char before[] = "metrics.";
    size_t n = sizeof before - 1;
    return strncmp(array->name, before, n) == 0 && strcmp(array->name + n, image_set_names[set]) == 0 &&
           array->type == ARRAY_F32 && array->rank == 2 && array->dim[0] == (size_t)epoch &&
           array->dim[1] == N_ALL_METRICS;
}

/* The table into `out`, of n entries that are there; the arrays behind it are as long as it says. */
static int parse_table(struct source *s, int n, uint64_t size, const char *name, struct state_file *out,
                       struct err *err)
{
    uint64_t bytes = HEAD + (uint64_t)n * ENTRY + SEAL;
    int good = 1;
    for (int i = 0; i < n && good; i++) {
        struct array array;
        good = parse_entry(s, &array, size);
        if (!good)
            break;
        bytes += room_of(&array);
        good = bytes <= size;
        arrays_add(&out->arrays, array.name, array.type,
                   (size_t[]){array.dim[0], array.dim[1], array.dim[2], array.dim[3], 0}, NULL);
    }
    if (arrays_check(&out->arrays, err) < 0)
        return E_IO;
    for (int i = 0; good && i < N_CURVE_SETS; i++)
        good = is_metrics(&out->arrays.item[i], curve_sets[i], out->epoch);
    if (!good || bytes != size)
        return err_set(err, E_IO, "%s: the table of the checkpoint is damaged", name);
    return 0;
}

/* The values of all arrays; the first ones become the metrics. */
static int parse_values(struct source *s, struct state_file *out, struct err *err)
{
    struct arrays *arrays = &out->arrays;
    size_t n = 0;
    for (int i = 0; i < arrays->n; i++)
        n += (size_t)room_of(&arrays->item[i]);
    unsigned char *at = out->owned = err_calloc(n, 1, "a checkpoint", err);
    if (!at)
        return E_IO;
    memcpy(at, s->at, n);
    for (int i = 0; i < arrays->n; i++) {
        struct array *array = &arrays->item[i];
        size_t width = array_item_bytes(array->type);
        little_endian(at, array_bytes(array) / width, width);
        array->data = at;
        at += room_of(array);
    }
    for (int i = 0; i < N_CURVE_SETS; i++)
        out->metrics[curve_sets[i]] = arrays->item[i].data;
    arrays->n -= N_CURVE_SETS;
    memmove(arrays->item, arrays->item + N_CURVE_SETS, (size_t)arrays->n * sizeof *arrays->item);
    return 0;
}

void state_file_seal(void *bytes, size_t n)
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
                      const struct state_file_identity *want, struct state_file *out, uint32_t *n_arrays,
                      struct err *err)
{
    uint64_t total = 0;
    memset(out, 0, sizeof *out);
    if (size < HEAD + SEAL)
        return err_set(err, E_IO, "%s: is no checkpoint, or was cut", name);
    int rc = parse_head(s, name, want, out, n_arrays, &total, err);
    if (rc == 0 && (total != size || HEAD + (uint64_t)*n_arrays * ENTRY + SEAL > size))
        rc = err_set(err, E_IO, "%s: the checkpoint has %llu bytes instead of %llu", name,
                     (unsigned long long)size, (unsigned long long)total);
    return rc;
}

int state_file_parse(const void *bytes, size_t n, const char *name, const struct state_file_identity *want,
                     struct state_file *out, struct err *err)
{
    struct source s = {bytes};
    uint32_t n_arrays = 0;
    int rc = check_head(&s, n, name, want, out, &n_arrays, err);
    if (rc == 0 && !seal_holds(bytes, n))
        rc = err_set(err, E_IO, "%s: the checkpoint is damaged: its checksum differs", name);
    if (rc == 0)
        rc = parse_table(&s, (int)n_arrays, n, name, out, err);
    if (rc == 0)
        rc = parse_values(&s, out, err);
    if (rc < 0)
        state_file_free(out);
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
static int read_head(int fd, const char *path, const struct state_file_identity *want, struct state_file *out,
                     size_t *size, struct err *err)
{
    struct stat info;
    unsigned char head[HEAD] = {0};
    struct source s = {head};
    uint32_t n_arrays;
    if (fstat(fd, &info) != 0 || read_some(fd, head, HEAD) < 0)
        return err_set(err, E_IO, "%s: cannot read the checkpoint: %s", path, strerror(errno));
    *size = (size_t)info.st_size;
    return check_head(&s, *size, path, want, out, &n_arrays, err);
}

/* The whole of an open file, once its head has told that its length is right: a wrong one costs no memory. */
static int read_body(int fd, const char *path, const struct state_file_identity *want, size_t n,
                     struct state_file *out, struct err *err)
{
    unsigned char *bytes = err_calloc(n, 1, "a checkpoint", err);
    if (!bytes)
        return E_IO;
    ssize_t got = read_some(fd, bytes, n);
    int rc = got < 0 ? err_set(err, E_IO, "%s: cannot read the checkpoint: %s", path, strerror(errno))
                     : state_file_parse(bytes, (size_t)got, path, want, out, err);
    free(bytes);
    return rc;
}

/* Read a file's head only, or all of it. */
static int read_file(const char *path, const struct state_file_identity *want, int head_only,
                     struct state_file *out, struct err *err)
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

int state_file_read(const char *path, const struct state_file_identity *want, struct state_file *out,
                    struct err *err)
{
    return read_file(path, want, 0, out, err);
}

int state_file_peek(const char *path, const struct state_file_identity *want, int *epoch, struct err *err)
{
    struct state_file head;
    int rc = read_file(path, want, 1, &head, err);
    *epoch = head.epoch;
    return rc;
}

void state_file_free(struct state_file *state)
{
    arrays_free(&state->arrays);
    free(state->owned);
    memset(state, 0, sizeof *state);
}
