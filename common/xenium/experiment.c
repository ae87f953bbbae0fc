#include "xenium/experiment.h"

#include "data/listing.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* folder/inside in out. E_IO when that is too long. */
static int join(const char *folder, const char *inside, char *out, size_t size, struct err *err)
{
    int n = snprintf(out, size, "%s/%s", folder, inside);
    return n >= 0 && (size_t)n < size ? 0 : err_set(err, E_IO, "%.200s...: the path is too long", folder);
}

static int has(const char *folder, const char *inside)
{
    char path[EXPERIMENT_PATH_SIZE];
    return join(folder, inside, path, sizeof path, NULL) == 0 && is_there(path);
}

int experiment_is(const char *folder)
{
    return has(folder, "experiment.xenium") || has(folder, "morphology_focus.ome.tif") ||
           has(folder, "morphology_focus");
}

/* ---- the focus image ---- */

/* Number of a channel by the name of its file, and the stain that it names ("" when it names none); -1: it is
 * none. */
static int channel_of(const char *file, char *stain, size_t size)
{
    static const char *const begins[] = {"morphology_focus_", "ch"}, end[] = ".ome.tif";
    const char *tail = strstr(file, end), *digits = NULL;
    for (int k = 0; k < 2 && !digits; k++)
        if (strncmp(file, begins[k], strlen(begins[k])) == 0)
            digits = file + strlen(begins[k]);
    int n = digits ? (int)strspn(digits, "0123456789") : 0;
    stain[0] = '\0';
    if (n < 1 || n > 6 || !tail || tail[strlen(end)] || tail < digits + n)
        return -1;
    if (tail > digits + n && digits[n] != '_')
        return -1;
    if (tail > digits + n)
        snprintf(stain, size, "%.*s", (int)(tail - digits - n - 1), digits + n + 1);
    return atoi(digits);
}

static int compare_channels(const void *a, const void *b)
{
    const struct experiment_channel *x = a, *y = b;
    char stain[2];
    const char *nx = strrchr(x->path, '/') + 1, *ny = strrchr(y->path, '/') + 1;
    int order = channel_of(nx, stain, sizeof stain) - channel_of(ny, stain, sizeof stain);
    return order ? order : strcmp(nx, ny);
}

static int add_channel(struct experiment *e, const char *folder, const char *file, struct err *err)
{
    char stain[DATASET_CHANNEL_SIZE];
    int number = channel_of(file, stain, sizeof stain);
    if (number < 0 || e->n_channels == IMAGE_MAX_CHANNELS)
        return 0;
    struct experiment_channel *channel = &e->channel[e->n_channels++];
    if (stain[0])
        snprintf(channel->name, sizeof channel->name, "%s", stain);
    else
        snprintf(channel->name, sizeof channel->name, number ? "channel %d" : "dapi", number + 1);
    return join(folder, file, channel->path, sizeof channel->path, err);
}

/* The files of a folder that are channels, in their order. Two of one number are no channels of one image. */
static int add_folder(struct experiment *e, const char *folder, struct err *err)
{
    struct listing listing = {0};
    char stain[2];
    int rc = listing_read(folder, &listing, err);
    for (int i = 0; rc == 0 && i < listing.images.n; i++)
        rc = add_channel(e, folder, listing.images.name[i], err);
    listing_release(&listing);
    if (rc == 0)
        qsort(e->channel, (size_t)e->n_channels, sizeof *e->channel, compare_channels);
    for (int c = 1; rc == 0 && c < e->n_channels; c++) {
        const char *before = strrchr(e->channel[c - 1].path, '/') + 1;
        const char *now = strrchr(e->channel[c].path, '/') + 1;
        if (channel_of(before, stain, sizeof stain) == channel_of(now, stain, sizeof stain))
            rc = err_set(err, E_IO, "%s: %s and %s are the same channel; keep one", folder, before, now);
    }
    return rc;
}

static int add_single(struct experiment *e, const char *path)
{
    struct experiment_channel *channel = &e->channel[0];
    e->n_channels = 1;
    snprintf(channel->path, sizeof channel->path, "%s", path);
    snprintf(channel->name, sizeof channel->name, "dapi");
    return 0;
}

/* An image that is named: with its sisters when its name is one of several. */
static int add_named(struct experiment *e, const char *path, struct err *err)
{
    char folder[EXPERIMENT_PATH_SIZE], stain[2], *slash;
    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (channel_of(slash + 1, stain, sizeof stain) < 0)
        return add_single(e, path);
    *slash = '\0';
    return add_folder(e, folder, err);
}

static int find_focus(const char *folder, const char *named, struct experiment *e, struct err *err)
{
    static const char *const usual[] = {"morphology_focus.ome.tif", "morphology_focus"};
    char path[EXPERIMENT_PATH_SIZE];
    int rc = named ? join(folder, named, path, sizeof path, err) : 0;
    if (rc == 0 && named && is_there(path))
        return add_named(e, path, err);
    for (int k = 0; rc == 0 && k < 2 && e->n_channels == 0; k++) {
        rc = join(folder, usual[k], path, sizeof path, err);
        if (rc == 0 && is_there(path))
            rc = listing_is_folder(path) ? add_folder(e, path, err) : add_single(e, path);
    }
    if (rc < 0 || e->n_channels)
        return rc;
    return err_set(err, E_IO,
                   "%s: the focus image is missing: looked for %s%s%s, "
                   "morphology_focus/morphology_focus_0000.ome.tif and morphology_focus/ch0000_*.ome.tif",
                   folder, named ? named : "", named ? ", " : "", usual[0]);
}

/* ---- experiment.xenium ---- */

static int take_json(const char *folder, const char *path, const json_t *root, struct experiment *e,
                     struct err *err)
{
    const json_t *size = json_object_get(root, "pixel_size");
    const char *focus =
        json_string_value(json_object_get(json_object_get(root, "images"), "morphology_focus_filepath"));
    e->pixel_size = json_number_value(size);
    if (!(e->pixel_size > 0.0) || !isfinite(e->pixel_size))
        return err_set(err, E_IO, "%s: no pixel_size, the micrometres of a pixel, above 0", path);
    return find_focus(folder, focus && *focus ? focus : NULL, e, err);
}

int experiment_read(const char *folder, struct experiment *e, struct err *err)
{
    char path[EXPERIMENT_PATH_SIZE];
    json_error_t why;
    *e = (struct experiment){0};
    int rc = join(folder, "experiment.xenium", path, sizeof path, err);
    if (rc < 0)
        return rc;
    if (!is_there(path))
        return err_set(err, E_IO,
                       "%s: experiment.xenium is missing: looked for %s; it has the pixel size and lies at "
                       "the top of a bundle",
                       folder, path);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return err_set(err, E_IO, "%s:%d: no JSON: %s", path, why.line, why.text);
    rc = take_json(folder, path, root, e, err);
    json_decref(root);
    return rc;
}

/* ---- tables ---- */

/* 1 when a folder is that of the clustering `name`. */
static int is_clustering(const char *folder, const char *name)
{
    static const char begin[] = "gene_expression_", end[] = "_clusters";
    size_t n = strlen(name);
    if (strcmp(folder, name) == 0)
        return 1;
    if (strncmp(folder, begin, strlen(begin)) != 0 || strncmp(folder + strlen(begin), name, n) != 0)
        return 0;
    const char *rest = folder + strlen(begin) + n;
    return !*rest || strcmp(rest, end) == 0;
}

/* "a, b, c" of the folders that hold a table. */
static void tell_clusterings(const char *root, const struct names *folders, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (int i = 0; i < folders->n && n < size; i++) {
        char path[2 * EXPERIMENT_PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s/clusters.csv", root, folders->name[i]);
        if (is_there(path))
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", folders->name[i]);
    }
}

static int no_analysis(const char *folder, const char *root, struct err *err)
{
    return err_set(
        err, E_IO, "%s: the clusterings are missing: looked for %s/*/clusters.csv; %s", folder, root,
        has(folder, "analysis.tar.gz") ? "`tar -xzf analysis.tar.gz` in the bundle unpacks them"
                                       : "--labels names a table of cells and their labels instead");
}

int experiment_clusters(const char *folder, const char *name, char *path, size_t size, struct err *err)
{
    char root[EXPERIMENT_PATH_SIZE], there[700];
    struct listing listing = {0};
    int rc = join(folder, "analysis/clustering", root, sizeof root, err), found = 0;
    if (rc == 0 && !listing_is_folder(root))
        return no_analysis(folder, root, err);
    if (rc == 0)
        rc = listing_read(root, &listing, err);
    for (int i = 0; rc == 0 && !found && i < listing.folders.n; i++) {
        char inside[2 * EXPERIMENT_PATH_SIZE];
        snprintf(inside, sizeof inside, "%s/clusters.csv", listing.folders.name[i]);
        found = is_clustering(listing.folders.name[i], name);
        rc = found ? join(root, inside, path, size, err) : 0;
        found = found && is_there(path);
    }
    tell_clusterings(root, &listing.folders, there, sizeof there);
    listing_release(&listing);
    if (rc == 0 && !found && !there[0])
        return no_analysis(folder, root, err);
    if (rc == 0 && !found)
        rc = err_set(err, E_IO, "%s: no clustering '%.60s' with a clusters.csv; there are: %s", root, name,
                     there);
    return rc;
}

int experiment_outlines(const char *folder, const char *what, char *path, size_t size, struct err *err)
{
    char inside[80], plain[EXPERIMENT_PATH_SIZE];
    snprintf(inside, sizeof inside, "%.20s_boundaries.csv.gz", what);
    int rc = join(folder, inside, path, size, err);
    if (rc < 0 || is_there(path))
        return rc;
    snprintf(plain, sizeof plain, "%.*s", (int)(strlen(path) - 3), path);
    snprintf(path, size, "%s", plain);
    if (is_there(path))
        return 0;
    snprintf(inside, sizeof inside, "%.20s_boundaries.parquet", what);
    if (!has(folder, inside))
        return err_set(err, E_IO, "%s: the outlines are missing: looked for %s.gz and %s", folder, plain,
                       plain);
    return err_set(err, E_IO,
                   "%s: the outlines are missing: looked for %s.gz and %s; this makes them of the %s beside: "
                   "python3 -c 'import pandas; pandas.read_parquet(\"%s\").to_csv(\"%.20s_boundaries.csv\", "
                   "index=False)'",
                   folder, plain, plain, inside, inside, what);
}
