#include "sweep_images.h"

#include "output.h"

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

int sweep_images_open(const struct store *store, struct dataset **data, char why[SWEEP_IMAGES_WHY],
                      struct err *err)
{
    char path[OUTPUT_PATH_SIZE];
    const char *named = store_text(store, "data_file");
    *data = NULL;
    *why = '\0';
    beside(store_path(store), path, sizeof path);
    if (access(path, R_OK) != 0 && (!*named || access(named, R_OK) != 0)) {
        snprintf(why, SWEEP_IMAGES_WHY, "%s: not there (data was '%s')", path, store_text(store, "data"));
        return 0;
    }
    const char *found = access(path, R_OK) == 0 ? path : named;
    int rc = dataset_read(found, data, err);
    if (rc == 0 && strcmp((*data)->checksum, store_text(store, "dataset_checksum")) != 0) {
        snprintf(why, SWEEP_IMAGES_WHY, "%s: not the images of this sweep", found);
        dataset_free(*data);
        *data = NULL;
    }
    return rc;
}
