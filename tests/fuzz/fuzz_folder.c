/* The tables beside a folder of images: clusters.csv, then a line "=" and cell_boundaries.csv; masks
 * of what they say. */
#include "fuzz.h"

#include "data/catalog.h"
#include "data/outlines.h"
#include "data/pack.h"
#include "image/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[300];

static void put(const char *name, const char *target)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = target ? NULL : fopen(path, "wb");
    if (target ? symlink(target, path) < 0 : !file || fclose(file) != 0)
        abort();
}

/* A flat folder of four images, which nobody opens, whose tables are links to the temporary files. */
static void make_folder(const char *clusters, const char *boundaries)
{
    static const char *const image[] = {"1.png", "2.png", "cell_abc.png", "x-1.png"};
    snprintf(folder, sizeof folder, "%s/images", fuzz_folder());
    if (mkdir(folder, 0700) < 0)
        abort();
    for (int i = 0; i < 4; i++)
        put(image[i], NULL);
    put("clusters.csv", clusters);
    put("cell_boundaries.csv", boundaries);
}

static void mask(struct outlines *outlines, int i)
{
    const struct outline_way way = {0.2125, CROP_CENTRED, 0, 0};
    struct image image = {.width = 9, .height = 7, .channels = 1, .pixels = malloc(63 * sizeof(float))};
    struct err err = {0};
    float out[64];
    int n;
    struct point *outline = outlines_of(outlines, i, &n);
    for (int p = 0; image.pixels && p < 63; p++)
        image.pixels[p] = (float)p / 63;
    if (image.pixels && n < 1000)
        fuzz_check(pack_image(out, 8, &way, &image, outline, n, &err), &err);
    free(image.pixels);
}

static const uint8_t *find_cut(const uint8_t *bytes, size_t n)
{
    const uint8_t *cut = n ? memmem(bytes, n, "\n=\n", 3) : NULL;
    return cut ? cut + 1 : bytes + n;
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    const uint8_t *cut = find_cut(bytes, n);
    size_t n_clusters = (size_t)(cut - bytes), n_rest = n - n_clusters, skip = n_rest < 2 ? n_rest : 2;
    const char *clusters = fuzz_file(0, bytes, n_clusters);
    const char *boundaries = fuzz_file(1, cut + skip, n_rest - skip);
    struct catalog catalog;
    struct outlines outlines = {0};
    struct rejects rejects = {0};
    struct err err = {0};
    if (!folder[0])
        make_folder(clusters, boundaries);
    struct dataset_options options = {DATASET_DEFAULTS, .groups = n % 2 ? "slide" : NULL,
                                      .allow_missing = n % 3 == 0};
    int rc = fuzz_check(catalog_read(folder, &options, &catalog, &rejects, &err), &err);
    if (rc == 0)
        rc = fuzz_check(outlines_read(catalog.boundaries, &catalog, &outlines, &err), &err);
    for (int i = 0; rc == 0 && i < outlines.n_cells; i++)
        mask(&outlines, i);
    outlines_release(&outlines);
    catalog_release(&catalog);
    rejects_release(&rejects);
    return rc == 0;
}
