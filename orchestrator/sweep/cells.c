#include "sweep/cells.h"

#include "data/npz.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_packed_file(const char *data)
{
    struct stat info;
    int is_folder = stat(data, &info) == 0 && S_ISDIR(info.st_mode);
    return strcmp(data, "builtin") != 0 && !is_folder && !npz_is(data);
}

static int check_pixel_size(const struct sweep *sweep, const struct dataset *data, struct err *err)
{
    if (!sweep->file->pixel_size_given || fabs(data->pixel_size - sweep->file->pixel_size) < 1e-9)
        return 0;
    return err_set(err, E_USAGE,
                   "%s: was packed at %g micrometres a pixel, pixel_size here is %g; pack it again, or leave "
                   "pixel_size out",
                   sweep->file->data, data->pixel_size, sweep->file->pixel_size);
}

int cells_path(const char *results_path, char *out, struct err *err)
{
    const char *dot = strrchr(results_path, '.');
    int stem = dot && strcmp(dot, ".h5") == 0 ? (int)(dot - results_path) : (int)strlen(results_path);
    if (snprintf(out, CELLS_PATH_SIZE, "%.*s.cells.h5", stem, results_path) >= CELLS_PATH_SIZE)
        return err_set(err, E_USAGE, "-o: the path is too long");
    return 0;
}

int cells_try(const char *results_path, struct err *err)
{
    char path[CELLS_PATH_SIZE];
    int rc = store_try(results_path, err);
    if (rc == 0)
        rc = cells_path(results_path, path, err);
    return rc == 0 ? dataset_try(path, err) : rc;
}

static int try_results(const char *path, struct err *err)
{
    return strcmp(path, "none") == 0 ? 0 : store_try(path, err);
}

int cells_try_named(const struct sweep *sweep, struct err *err)
{
    static const char key[] = "embedding.from";
    char path[CONFIG_PATH_SIZE];
    const struct config *base = &sweep->file->base;
    const struct sweep_axis *axis = sweep_file_axis(sweep->file, key);
    config_get(base, config_find(base->schema, key), path, sizeof path);
    int rc = dataset_try(sweep->file->data, err);
    if (rc == 0)
        rc = try_results(path, err);
    for (int i = 0; rc == 0 && axis && i < axis->n; i++)
        rc = try_results(axis->value[i], err);
    return rc;
}

int cells_open(const struct sweep *sweep, const char *results_path, struct cells *cells, struct err *err)
{
    struct dataset_options options = {.size = sweep_file_image_size(sweep->file),
                                      .pixel_size = sweep->file->pixel_size,
                                      .groups = sweep_file_groups(sweep->file)};
    int rc = cells_path(results_path, cells->path, err);
    cells->data = NULL;
    cells->is_packed = is_packed_file(sweep->file->data);
    if (cells->is_packed)
        snprintf(cells->path, sizeof cells->path, "%s", sweep->file->data);
    if (rc == 0)
        rc = dataset_open(sweep->file->data, &options, &cells->data, err);
    return rc == 0 && cells->is_packed ? check_pixel_size(sweep, cells->data, err) : rc;
}

int cells_keep(const struct cells *cells, int replace, struct err *err)
{
    struct dataset *there = NULL;
    if (cells->is_packed)
        return 0;
    if (access(cells->path, F_OK) != 0)
        return dataset_write(cells->data, cells->path, err);
    int same =
        dataset_read(cells->path, &there, NULL) == 0 && strcmp(there->checksum, cells->data->checksum) == 0;
    int whole = same && strcmp(there->sets, cells->data->sets) == 0 &&
                strcmp(there->group_column, cells->data->group_column) == 0 &&
                there->meta.n_columns == cells->data->meta.n_columns;
    dataset_free(there);
    if (whole)
        return 0;
    if (!same && !replace)
        return err_set(
            err, E_USAGE,
            "%s: is in the way, with other images than this sweep's; remove it, or give another -o",
            cells->path);
    return dataset_write(cells->data, cells->path, err);
}
