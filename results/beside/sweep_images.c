#include "beside/sweep_images.h"

#include "write/output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void beside(const char *results, char *out, size_t size)
{
    size_t n = strlen(results);
    if (n > 3 && strcmp(results + n - 3, ".h5") == 0)
        n -= 3;
    snprintf(out, size, "%.*s.cells.h5", (int)n, results);
}

/* A file of that name in the folder of the results: both may have moved, and `run` may have begun
 * elsewhere. */
static void in_folder_of(const char *results, const char *named, char *out, size_t size)
{
    const char *slash = strrchr(results, '/'), *name = strrchr(named, '/');
    snprintf(out, size, "%.*s%s", slash ? (int)(slash - results + 1) : 0, results, name ? name + 1 : named);
}

/* Where the packed dataset is, in path; 0 when it is nowhere, and path is where `run` would have left it. */
static int find_images(const struct store *store, char *path, size_t size)
{
    const char *named = store_text(store, "data_file");
    char moved[OUTPUT_PATH_SIZE];
    beside(store_path(store), path, size);
    if (access(path, R_OK) == 0)
        return 1;
    in_folder_of(store_path(store), named, moved, sizeof moved);
    const char *found = access(named, R_OK) == 0 ? named : moved;
    if (!*named || access(found, R_OK) != 0)
        return 0;
    snprintf(path, size, "%s", found);
    return 1;
}

int sweep_images_open(const struct store *store, struct dataset **data, char why[SWEEP_IMAGES_WHY],
                      struct err *err)
{
    char path[OUTPUT_PATH_SIZE];
    *data = NULL;
    *why = '\0';
    if (!find_images(store, path, sizeof path)) {
        snprintf(why, SWEEP_IMAGES_WHY, "%s: not there (data was '%s')", path, store_text(store, "data"));
        return 0;
    }
    int rc = dataset_read(path, data, err);
    if (rc == 0 && strcmp((*data)->checksum, store_text(store, "dataset_checksum")) != 0) {
        snprintf(why, SWEEP_IMAGES_WHY, "%s: not the images of this sweep", path);
        dataset_free(*data);
        *data = NULL;
    }
    return rc;
}
