#include "data/dataset.h"

#include "data/formats.h"
#include "data/npz.h"
#include "data/pack.h"
#include "data/synth.h"
#include "h5.h"
#include "child.h"
#include "utf8.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { FORMAT_VERSION = 1 };

const char *const given_set_names[N_GIVEN_SETS] = {"", "train", "val", "test"};

struct dataset_options dataset_defaults(void)
{
    return (struct dataset_options){DATASET_DEFAULTS};
}

struct dataset *dataset_new(int n_images, int size, int channels, struct err *err)
{
    struct dataset *data = err_calloc(1, sizeof *data, "a dataset", err);
    if (!data)
        return NULL;
    data->n_images = n_images;
    data->size = size;
    data->channels = channels;
    snprintf(data->channel_name[0], sizeof data->channel_name[0], "gray");
    data->image = err_calloc((size_t)n_images, sizeof *data->image, "the list of images", err);
    data->pixels = err_calloc((size_t)n_images, dataset_floats(data) * sizeof *data->pixels, "images", err);
    if (data->image && data->pixels)
        return data;
    dataset_free(data);
    return NULL;
}

void dataset_free(struct dataset *data)
{
    if (!data)
        return;
    meta_release(&data->meta);
    free(data->cluster_count);
    free(data->cluster);
    free(data->content);
    groupings_release(&data->groupings);
    free(data->image);
    free(data->pixels);
    free(data);
}

/* ---- clusters and checksum ---- */

static int count_clusters(struct dataset *data, struct err *err)
{
    size_t n = (size_t)data->n_images;
    free(data->cluster);
    free(data->cluster_count);
    data->cluster = err_calloc(n, sizeof *data->cluster, "cluster numbers", err);
    data->cluster_count = err_calloc(n, sizeof *data->cluster_count, "cluster sizes", err);
    data->n_clusters = 0;
    if (!data->cluster || !data->cluster_count)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        data->cluster[i] = data->image[i].cluster;
    qsort(data->cluster, n, sizeof *data->cluster, class_compare_ints);
    for (size_t i = 0; i < n; i++) {
        int k = data->n_clusters;
        if (k == 0 || data->cluster[k - 1] != data->cluster[i])
            data->cluster[data->n_clusters++] = data->cluster[i];
        data->cluster_count[data->n_clusters - 1]++;
    }
    return 0;
}

/* Words of a column, or for NULL those of the images' own groups, as a grouping. */
static int group_words(struct dataset *data, const struct meta_column *column, struct err *err)
{
    const char **word = err_calloc((size_t)data->n_images, sizeof *word, "groups of images", err);
    if (!word)
        return E_IO;
    for (int i = 0; i < data->n_images; i++)
        word[i] = column ? meta_word(column, i) : data->image[i].group;
    const char *name = column ? column->name : data->group_column;
    int rc = groupings_add(&data->groupings, name, word, data->n_images, err);
    free(word);
    return rc;
}

static void add_class(XXH3_state_t *state, int class, int as_text)
{
    char room[CLASS_NAME_SIZE];
    int32_t number = class;
    const char *text = class_text(class, room);
    if (as_text)
        XXH3_128bits_update(state, text, strlen(text) + 1);
    else
        XXH3_128bits_update(state, &number, sizeof number);
}

static int make_checksum(const struct dataset *data, char out[DATASET_CHECKSUM_SIZE], struct err *err)
{
    int has_names = dataset_has_names(data);
    size_t image_bytes = dataset_floats(data) * sizeof *data->pixels;
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return err_set(err, E_IO, "out of memory for a checksum");
    int32_t head[2] = {data->size, data->n_images};
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, head, sizeof head);
    int32_t channels = data->channels;
    if (channels > 1)
        XXH3_128bits_update(state, &channels, sizeof channels);
    for (int i = 0; i < data->n_images; i++) {
        XXH3_128bits_update(state, data->image[i].id, strlen(data->image[i].id) + 1);
        add_class(state, data->image[i].cluster, has_names);
        XXH3_128bits_update(state, (const char *)data->pixels + (size_t)i * image_bytes, image_bytes);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    snprintf(out, DATASET_CHECKSUM_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    return 0;
}

static int has_given_sets(const struct dataset *data)
{
    for (int i = 0; i < data->n_images; i++)
        if (data->image[i].given != GIVEN_NONE)
            return 1;
    return 0;
}

static int sets_checksum(struct dataset *data, struct err *err)
{
    size_t n = (size_t)data->n_images;
    data->sets[0] = '\0';
    if (!has_given_sets(data))
        return 0;
    unsigned char *set = err_calloc(n, sizeof *set, "sets of images", err);
    if (!set)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        set[i] = (unsigned char)data->image[i].given;
    XXH128_hash_t hash = XXH3_128bits(set, n);
    free(set);
    snprintf(data->sets, sizeof data->sets, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    return 0;
}

/* ---- images with the same pixels ---- */

struct fingerprint {
    uint64_t hash; /* of the pixels */
    int image;
};

static int compare_fingerprints(const void *a, const void *b)
{
    const struct fingerprint *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static size_t image_bytes(const struct dataset *data)
{
    return dataset_floats(data) * sizeof *data->pixels;
}

static const char *image_start(const struct dataset *data, int i)
{
    return (const char *)data->pixels + (size_t)i * image_bytes(data);
}

/* Images of one hash are compared byte by byte with the first ones of their kind, so that a
 * collision does no harm. */
static void group_contents(struct dataset *data, const struct fingerprint *print)
{
    for (int i = 0, first = 0; i < data->n_images; i++) {
        int image = print[i].image;
        first = print[i].hash == print[first].hash ? first : i;
        data->content[image] = image;
        for (int j = first; j < i && data->content[image] == image; j++)
            if (memcmp(image_start(data, print[j].image), image_start(data, image), image_bytes(data)) == 0)
                data->content[image] = print[j].image;
    }
}

static int find_equal_images(struct dataset *data, struct err *err)
{
    size_t n = (size_t)data->n_images;
    struct fingerprint *print = err_calloc(n, sizeof *print, "fingerprints of images", err);
    free(data->content);
    data->content = err_calloc(n, sizeof *data->content, "fingerprints of images", err);
    if (!print || !data->content) {
        free(print);
        return E_IO;
    }
    for (int i = 0; i < data->n_images; i++) {
        data->image[i].print = XXH3_64bits(image_start(data, i), image_bytes(data));
        print[i] = (struct fingerprint){data->image[i].print, i};
    }
    qsort(print, n, sizeof *print, compare_fingerprints);
    group_contents(data, print);
    free(print);
    return 0;
}

int dataset_finish(struct dataset *data, struct err *err)
{
    int rc = count_clusters(data, err);
    if (rc == 0)
        rc = find_equal_images(data, err);
    groupings_release(&data->groupings);
    if (rc == 0 && data->group_column[0])
        rc = group_words(data, NULL, err);
    if (rc == 0)
        rc = sets_checksum(data, err);
    return rc < 0 ? rc : make_checksum(data, data->checksum, err);
}

int dataset_has_names(const struct dataset *data)
{
    int found = 0;
    for (int k = 0; k < data->n_clusters; k++)
        found |= class_is_name(data->cluster[k]);
    return found;
}

int dataset_shows_names(const struct dataset *data)
{
    return class_any_named(data->cluster, data->n_clusters);
}

int dataset_cluster_index(const struct dataset *data, int cluster)
{
    const int *found = NULL;
    if (data->n_clusters > 0)
        found =
            bsearch(&cluster, data->cluster, (size_t)data->n_clusters, sizeof cluster, class_compare_ints);
    return found ? (int)(found - data->cluster) : -1;
}

/* ---- the packed file, column by column ---- */

/* Shape of /images/pixels; returns its rank. */
static int shape_of(const struct dataset *data, hsize_t dims[4])
{
    dims[0] = (hsize_t)data->n_images;
    dims[1] = dims[2] = (hsize_t)data->size;
    dims[3] = (hsize_t)data->channels;
    return data->channels > 1 ? 4 : 3;
}

struct column {
    const char *name;
    size_t offset; /* in struct dataset_image */
    size_t size;   /* of a text, NUL included; 0: an int */
};

static const struct column columns[] = {
    {"/images/id", offsetof(struct dataset_image, id), DATASET_ID_SIZE},
    {"/images/source", offsetof(struct dataset_image, source), DATASET_SOURCE_SIZE},
    {"/images/width", offsetof(struct dataset_image, width), 0},
    {"/images/height", offsetof(struct dataset_image, height), 0},
    {"/images/masked", offsetof(struct dataset_image, masked), 0},
    {"/images/depth", offsetof(struct dataset_image, depth), 0},
    {"/images/coloured", offsetof(struct dataset_image, coloured), 0},
    {"/images/transparent", offsetof(struct dataset_image, transparent), 0},
};
enum {
    N_COLUMNS = sizeof columns / sizeof *columns,
    FIRST_LATER_COLUMN = 5
}; /* files of before have no later ones */

static const struct column cluster_column = {"/images/cluster", offsetof(struct dataset_image, cluster), 0};
static const struct column given_column = {"/images/set", offsetof(struct dataset_image, given), 0};
static const struct column group_column = {"/images/group", offsetof(struct dataset_image, group),
                                           DATASET_GROUP_SIZE};

static size_t column_bytes(const struct column *column)
{
    return column->size ? column->size : sizeof(int);
}

static hid_t column_type(const struct column *column, size_t bytes)
{
    return column->size ? h5_string_type(bytes) : H5Tcopy(H5T_NATIVE_INT);
}

/* Bytes that the longest text of n takes, its NUL included; they begin `step` bytes apart. */
static size_t longest(const char *first, size_t step, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(first + i * step);
        most = length > most ? length : most;
    }
    return most + 1;
}

static int write_column(hid_t file, const struct dataset *data, const struct column *column, const char *path,
                        struct err *err)
{
    size_t n = (size_t)data->n_images;
    const char *first = (const char *)data->image + column->offset;
    size_t bytes = column->size ? longest(first, sizeof *data->image, n) : column_bytes(column);
    hsize_t dims[1] = {n};
    char *packed = err_calloc(n, bytes, column->name, err);
    if (!packed)
        return E_IO;
    for (size_t i = 0; i < n; i++)
        memcpy(packed + i * bytes, first + i * sizeof *data->image, bytes);
    hid_t type = column_type(column, bytes);
    int rc = h5_write(file, column->name, type, 1, dims, packed, path, err);
    H5Tclose(type);
    free(packed);
    return rc;
}

static int read_column(hid_t file, struct dataset *data, const struct column *column, const char *path,
                       struct err *err)
{
    size_t n = (size_t)data->n_images, bytes = column_bytes(column);
    hsize_t dims[1] = {n};
    char *packed = err_calloc(n, bytes, column->name, err);
    if (!packed)
        return E_IO;
    hid_t type = column_type(column, bytes);
    int rc = h5_read(file, column->name, type, 1, dims, packed, path, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        memcpy((char *)&data->image[i] + column->offset, packed + i * bytes, bytes);
    H5Tclose(type);
    free(packed);
    return rc;
}

static int write_attributes(hid_t file, const struct dataset *data, const char *path, struct err *err)
{
    char how[PREPROCESS_TEXT_SIZE];
    int rc = h5_write_int_attr(file, "cellsweep_dataset", FORMAT_VERSION, path, err);
    if (rc == 0)
        rc = h5_write_text_attr(file, "checksum", data->checksum, path, err);
    if (rc == 0)
        rc = h5_write_int_attr(file, "synthetic", data->synthetic, path, err);
    if (rc == 0)
        rc = h5_write_text_attr(file, "source", data->origin, path, err);
    if (rc == 0)
        rc = h5_write_real_attr(file, "pixel_size", data->pixel_size, path, err);
    preprocess_text(&data->preprocess, how, sizeof how);
    if (rc == 0)
        rc = h5_write_text_attr(file, "preprocess", how, path, err);
    if (rc == 0 && data->group_column[0])
        rc = h5_write_text_attr(file, "groups", data->group_column, path, err);
    return rc;
}

static int write_channels(hid_t file, const struct dataset *data, const char *path, struct err *err)
{
    hsize_t dims[1] = {(hsize_t)data->channels};
    hid_t type = h5_string_type(DATASET_CHANNEL_SIZE);
    int rc = h5_write_int_attr(file, "channels", data->channels, path, err);
    if (rc == 0)
        rc = h5_write(file, "/channels/name", type, 1, dims, data->channel_name, path, err);
    H5Tclose(type);
    return rc;
}

/* The texts of all classes, in order: n_clusters x *bytes, owned by the caller; NULL without memory. */
static char *pack_names(const struct dataset *data, size_t *bytes, struct err *err)
{
    char room[CLASS_NAME_SIZE];
    *bytes = 1;
    for (int k = 0; k < data->n_clusters; k++) {
        size_t needs = strlen(class_text(data->cluster[k], room)) + 1;
        *bytes = needs > *bytes ? needs : *bytes;
    }
    char *packed = err_calloc((size_t)data->n_clusters, *bytes, "class names", err);
    for (int k = 0; packed && k < data->n_clusters; k++)
        snprintf(packed + (size_t)k * *bytes, *bytes, "%s", class_text(data->cluster[k], room));
    return packed;
}

/* Names of this process become places in /classes/name. */
static int write_names(hid_t file, const struct dataset *data, const char *path, struct err *err)
{
    size_t n = (size_t)data->n_images, bytes;
    hsize_t dims[1] = {(hsize_t)data->n_clusters}, n_images[1] = {n};
    char *packed = pack_names(data, &bytes, err);
    int *place = err_calloc(n, sizeof *place, "class names", err), rc = packed && place ? 0 : E_IO;
    hid_t type = h5_string_type(bytes);
    for (size_t i = 0; rc == 0 && i < n; i++)
        place[i] = dataset_cluster_index(data, data->image[i].cluster);
    if (rc == 0)
        rc = h5_write(file, "/classes/name", type, 1, dims, packed, path, err);
    if (rc == 0)
        rc = h5_write(file, cluster_column.name, H5T_NATIVE_INT, 1, n_images, place, path, err);
    H5Tclose(type);
    free(place);
    free(packed);
    return rc;
}

/* /images/cluster, and what it counts where classes have names. */
static int write_classes(hid_t file, const struct dataset *data, const char *path, struct err *err)
{
    return dataset_has_names(data) ? write_names(file, data, path, err)
                                   : write_column(file, data, &cluster_column, path, err);
}

/* What only some datasets have. */
static int write_extras(hid_t file, const struct dataset *data, const char *path, struct err *err)
{
    int rc = data->group_column[0] ? write_column(file, data, &group_column, path, err) : 0;
    if (rc == 0 && data->sets[0])
        rc = write_column(file, data, &given_column, path, err);
    if (rc == 0)
        rc = meta_write(file, &data->meta, data->n_images, path, err);
    return rc == 0 ? write_classes(file, data, path, err) : rc;
}

int dataset_write(const struct dataset *data, const char *path, struct err *err)
{
    struct h5_draft draft = {.file = H5I_INVALID_HID};
    hsize_t dims[4];
    int rank = shape_of(data, dims);
    unsigned long long a_cell = sizeof(float) * dataset_floats(data) + sizeof(struct dataset_image);
    int rc = h5_check_space(path, (unsigned long long)data->n_images * a_cell, err);
    if (rc == 0)
        rc = h5_draft_begin(&draft, path, err);
    if (rc < 0)
        return rc;
    rc = write_attributes(draft.file, data, path, err);
    if (rc == 0)
        rc = h5_write(draft.file, "/images/pixels", H5T_NATIVE_FLOAT, rank, dims, data->pixels, path, err);
    if (rc == 0 && data->channels > 1)
        rc = write_channels(draft.file, data, path, err);
    for (int k = 0; rc == 0 && k < N_COLUMNS; k++)
        rc = write_column(draft.file, data, &columns[k], path, err);
    if (rc == 0)
        rc = write_extras(draft.file, data, path, err);
    if (rc == 0)
        return h5_draft_commit(&draft, err);
    h5_draft_abandon(&draft);
    return rc;
}

static int check_kind(hid_t file, const char *path, struct err *err)
{
    int version = 0;
    if (h5_has_attr(file, "cellsweep_results"))
        return err_set(err, E_IO, "%s: the results of a sweep, not a packed dataset", path);
    if (!h5_has_attr(file, "cellsweep_dataset"))
        return err_set(err, E_IO, "%s: an HDF5 file, but not a dataset packed by `cellsweep data pack`",
                       path);
    int rc = h5_read_int_attr(file, "cellsweep_dataset", &version, path, err);
    if (rc == 0 && version != FORMAT_VERSION)
        rc = err_set(err, E_IO, "%s: format version %d, this program reads %d; pack it again", path, version,
                     FORMAT_VERSION);
    return rc;
}

static int read_text(hid_t file, const char *name, char *out, size_t size, const char *path, struct err *err)
{
    char *text = NULL;
    int rc = h5_read_text_attr(file, name, &text, path, err);
    if (rc == 0)
        snprintf(out, size, "%s", text);
    free(text);
    utf8_plain(out);
    return rc;
}

/* Files of before do not say how they were made: gray, by depth. */
static int read_preprocess(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    char text[PREPROCESS_TEXT_SIZE];
    struct err why = {0};
    if (!h5_has_attr(file, "preprocess"))
        return 0;
    int rc = read_text(file, "preprocess", text, sizeof text, path, err);
    if (rc == 0 && preprocess_parse(text, &data->preprocess, &why) < 0)
        rc = err_set(err, E_IO, "%s: preprocess: %s; pack it again", path, why.text);
    return rc;
}

static int read_attributes(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    int rc = h5_read_int_attr(file, "synthetic", &data->synthetic, path, err);
    if (rc == 0)
        rc = h5_read_real_attr(file, "pixel_size", &data->pixel_size, path, err);
    if (rc == 0)
        rc = read_text(file, "source", data->origin, sizeof data->origin, path, err);
    if (rc == 0)
        rc = read_preprocess(file, data, path, err);
    if (rc == 0 && h5_has_attr(file, "groups"))
        rc = read_text(file, "groups", data->group_column, sizeof data->group_column, path, err);
    return rc;
}

static int read_channels(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    hsize_t dims[1] = {(hsize_t)data->channels};
    hid_t type = h5_string_type(DATASET_CHANNEL_SIZE);
    int rc = h5_read(file, "/channels/name", type, 1, dims, data->channel_name, path, err);
    H5Tclose(type);
    for (int c = 0; c < data->channels; c++)
        utf8_plain(data->channel_name[c]);
    return rc;
}

static int name_images(struct dataset *data, const int *class, int n_classes, const char *path,
                       struct err *err)
{
    for (int i = 0; i < data->n_images; i++) {
        int place = data->image[i].cluster;
        if (place < 0 || place >= n_classes)
            return err_set(err, E_IO,
                           "%s: /images/cluster is %d for image %d, /classes/name has %d; pack it again",
                           path, place, i, n_classes);
        data->image[i].cluster = class[place];
    }
    return 0;
}

/* Places in /classes/name become names. */
static int read_names(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    struct err why = {0};
    hsize_t dims[1] = {0};
    int rc = h5_dims(file, "/classes/name", 1, dims, path, err);
    if (rc == 0 && (dims[0] < 1 || dims[0] > DATASET_MAX_CLASSES))
        rc = err_set(err, E_IO, "%s: /classes/name has an impossible shape; pack it again", path);
    if (rc < 0)
        return rc;
    char(*name)[CLASS_NAME_SIZE] = err_calloc((unsigned long)dims[0], sizeof *name, "class names", err);
    int *class = err_calloc((unsigned long)dims[0], sizeof *class, "class names", err);
    hid_t type = h5_string_type(sizeof *name);
    rc = name && class ? h5_read(file, "/classes/name", type, 1, dims, name, path, err) : E_IO;
    for (hsize_t k = 0; rc == 0 && k < dims[0]; k++) {
        name[k][CLASS_NAME_SIZE - 1] = '\0';
        if ((class[k] = class_number(name[k], &why)) == CLASS_NONE)
            rc = err_set(err, E_IO, "%s: /classes/name: %s", path, why.text);
    }
    if (rc == 0)
        rc = name_images(data, class, (int)dims[0], path, err);
    H5Tclose(type);
    free(class);
    free(name);
    return rc;
}

static int read_classes(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    int rc = read_column(file, data, &cluster_column, path, err);
    if (rc < 0 || h5_exists(file, "/classes/name"))
        return rc < 0 ? rc : read_names(file, data, path, err);
    for (int i = 0; i < data->n_images && rc == 0; i++)
        if (data->image[i].cluster < 0 || data->image[i].cluster > CLASS_MOST)
            rc = err_set(err, E_IO, "%s: /images/cluster is %d for image %d, not 0 to %d; pack it again",
                         path, data->image[i].cluster, i, CLASS_MOST);
    return rc;
}

static int read_extras(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    int rc = data->group_column[0] ? read_column(file, data, &group_column, path, err) : 0;
    if (rc == 0 && data->channels > 1)
        rc = read_channels(file, data, path, err);
    if (rc == 0 && h5_exists(file, given_column.name))
        rc = read_column(file, data, &given_column, path, err);
    if (rc == 0)
        rc = meta_read(file, &data->meta, data->n_images, path, err);
    if (rc == 0)
        rc = read_classes(file, data, path, err);
    for (int i = 0; rc == 0 && i < data->n_images; i++)
        if (data->image[i].given < 0 || data->image[i].given >= N_GIVEN_SETS)
            rc = err_set(err, E_IO, "%s: /images/set is %d for image %d; pack it again", path,
                         data->image[i].given, i);
    return rc;
}

static int read_images(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    hsize_t dims[4];
    int rank = shape_of(data, dims);
    int rc = h5_read(file, "/images/pixels", H5T_NATIVE_FLOAT, rank, dims, data->pixels, path, err);
    for (int k = 0; rc == 0 && k < N_COLUMNS; k++)
        if (k < FIRST_LATER_COLUMN || H5Lexists(file, columns[k].name, H5P_DEFAULT) > 0)
            rc = read_column(file, data, &columns[k], path, err);
    return rc == 0 ? read_extras(file, data, path, err) : rc;
}

static int verify_checksum(hid_t file, struct dataset *data, const char *path, struct err *err)
{
    char stored[DATASET_CHECKSUM_SIZE];
    int rc = read_text(file, "checksum", stored, sizeof stored, path, err);
    if (rc == 0)
        rc = dataset_finish(data, err);
    if (rc == 0 && strcmp(stored, data->checksum) != 0)
        rc = err_set(err, E_IO,
                     "%s: checksum is %s, the file says %s: it was changed or damaged; pack it again", path,
                     data->checksum, stored);
    return rc;
}

static int read_open_file(hid_t file, const char *path, struct dataset **out, struct err *err)
{
    hsize_t dims[4] = {0};
    int channels = 1, rc = check_kind(file, path, err);
    if (rc == 0 && h5_has_attr(file, "channels"))
        rc = h5_read_int_attr(file, "channels", &channels, path, err);
    if (rc == 0)
        rc = h5_dims(file, "/images/pixels", channels == 1 ? 3 : 4, dims, path, err);
    if (rc < 0)
        return rc;
    if (channels < 1 || channels > IMAGE_MAX_CHANNELS || (channels > 1 && dims[3] != (hsize_t)channels) ||
        dims[0] < 1 || dims[0] > INT_MAX || dims[1] != dims[2] || dims[1] < DATASET_MIN_SIZE ||
        dims[1] > DATASET_MAX_SIZE)
        return err_set(err, E_IO, "%s: /images/pixels has an impossible shape; pack it again", path);
    struct dataset *data = dataset_new((int)dims[0], (int)dims[1], channels, err);
    if (!data)
        return E_IO;
    rc = read_attributes(file, data, path, err);
    if (rc == 0)
        rc = read_images(file, data, path, err);
    if (rc == 0)
        rc = verify_checksum(file, data, path, err);
    if (rc == 0)
        *out = data;
    else
        dataset_free(data);
    return rc;
}

int dataset_read(const char *path, struct dataset **out, struct err *err)
{
    hid_t file;
    *out = NULL;
    int rc = h5_open_read(path, &file, err);
    if (rc < 0)
        return rc;
    rc = read_open_file(file, path, out, err);
    H5Fclose(file);
    return rc;
}

static int try_read(const char *path, struct err *err)
{
    struct dataset *data = NULL;
    int rc = dataset_read(path, &data, err);
    dataset_free(data);
    return rc;
}

/* ---- whatever a sweep file names ---- */

int dataset_try(const char *name, struct err *err)
{
    struct stat status;
    int is_file =
        strcmp(name, "builtin") != 0 && stat(name, &status) == 0 && S_ISREG(status.st_mode) && !npz_is(name);
    return is_file ? child_run(try_read, name, err) : 0;
}

/* The groups that are asked for, "slide\nanimal", from the columns of the images. One of several is not the
 * group of an image: then that is all of them, for people. */
static int group_by(const char *name, const char *groups, struct dataset *data, struct err *err)
{
    char list[DATASET_GROUPS_SIZE], *rest = list;
    int rc = 0, several = strchr(groups, '\n') != NULL;
    snprintf(list, sizeof list, "%s", groups);
    for (int i = 0; several && i < data->n_images; i++)
        data->image[i].group[0] = '\0';
    for (char *one; rc == 0 && (one = strsep(&rest, "\n"));) {
        const struct meta_column *column = meta_find(&data->meta, one);
        if (!column && !groupings_find(&data->groupings, one))
            return err_set(
                err, E_USAGE, "%s: it was packed %s%s, groups %s are asked for; pack it with --meta %s", name,
                data->group_column[0] ? "with --groups " : "without groups", data->group_column, one, one);
        if (column)
            rc = group_words(data, column, err);
        for (int i = 0; column && i < data->n_images; i++) {
            size_t used = several ? strlen(data->image[i].group) : 0;
            snprintf(data->image[i].group + used, sizeof data->image[i].group - used, "%s%s",
                     used ? " / " : "", meta_word(column, i));
            utf8_plain(data->image[i].group);
        }
    }
    snprintf(data->group_column, sizeof data->group_column, "%s", several ? "" : groups);
    return rc;
}

/* Several columns of groups are packed as other columns of the table. */
static int open_folder(const char *name, const struct dataset_options *options, struct dataset **out,
                       struct err *err)
{
    struct pack_report report = {0};
    struct dataset_options asked = *options;
    char names[DATASET_GROUPS_SIZE] = "";
    int several = asked.groups && strchr(asked.groups, '\n');
    if (several) {
        snprintf(names, sizeof names, "%s", asked.groups);
        for (char *end; (end = strchr(names, '\n'));)
            *end = ',';
        asked.meta = names;
        asked.groups = NULL;
    }
    int rc = (npz_is(name) ? npz_pack : pack_folder)(name, &asked, out, &report, err);
    if (rc == 0)
        pack_report_print(&report, stderr);
    if (rc == 0)
        formats_note(*out, stderr);
    pack_report_release(&report);
    if (rc == 0 && several)
        rc = group_by(name, options->groups, *out, err);
    if (rc < 0) {
        dataset_free(*out);
        *out = NULL;
    }
    return rc;
}

/* Whether a packed file is what was asked for; its groups are made so when it has their columns. */
static int fit_packed(const char *name, const struct dataset_options *options, struct dataset *data,
                      struct err *err)
{
    if (options->size != data->size)
        return err_set(err, E_USAGE,
                       "%s: its images are %d x %d pixels, %d x %d are asked for; write `image: {size: %d}` "
                       "in the sweep file, or pack it with --size %d",
                       name, data->size, data->size, options->size, options->size, data->size, options->size);
    return options->groups ? group_by(name, options->groups, data, err) : 0;
}

static int open_packed(const char *name, const struct dataset_options *options, struct dataset **out,
                       struct err *err)
{
    int rc = dataset_read(name, out, err);
    if (rc == 0 && *out && options)
        rc = fit_packed(name, options, *out, err);
    if (rc < 0) {
        dataset_free(*out);
        *out = NULL;
    }
    return rc;
}

int dataset_open(const char *name, const struct dataset_options *options, struct dataset **out,
                 struct err *err)
{
    struct dataset_options fallback = dataset_defaults();
    struct stat status;
    *out = NULL;
    if (strcmp(name, "builtin") == 0 && options && options->groups)
        return err_set(err, E_USAGE, "builtin: the built-in images have no groups; leave out groups: %s",
                       options->groups);
    if (strcmp(name, "builtin") == 0)
        return synth_open(options ? options : &fallback, out, err);
    if (stat(name, &status) < 0)
        return err_set(err, E_IO, "%s: %s; data is \"builtin\", a packed file, a folder of images or an .npz",
                       name, strerror(errno));
    if (S_ISDIR(status.st_mode) || npz_is(name))
        return open_folder(name, options ? options : &fallback, out, err);
    return open_packed(name, options, out, err);
}
