#include "page/thumbnails.h"

#include "image/png.h"
#include "data/resize.h"

#include <stdlib.h>

int thumbnails_size(const struct dataset *data)
{
    return data->size < THUMBNAILS_MAX_SIZE ? data->size : THUMBNAILS_MAX_SIZE;
}

static unsigned char gray8(float v)
{
    return (unsigned char)(v <= 0.0f ? 0.0f : v >= 1.0f ? 255.0f : 255.0f * v + 0.5f);
}

/* Picture k of a sheet `width` pixels wide. */
static void draw(unsigned char *sheet, int width, int k, const float *pixels, int size)
{
    int left = k % THUMBNAILS_COLUMNS * size, top = k / THUMBNAILS_COLUMNS * size;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            sheet[(size_t)(top + y) * (size_t)width + (size_t)(left + x)] = gray8(pixels[y * size + x]);
}

int thumbnails_new(const struct dataset *data, const int *image, int n, void **png, size_t *n_png,
                   struct err *err)
{
    int size = thumbnails_size(data), width = size * THUMBNAILS_COLUMNS;
    int height = size * ((n + THUMBNAILS_COLUMNS - 1) / THUMBNAILS_COLUMNS), rc = E_IO;
    unsigned char *sheet = err_calloc((size_t)width * (size_t)height, 1, "pictures of cells", err);
    float *small = err_calloc(image_floats(size), sizeof *small, "a picture of a cell", err);
    *png = NULL;
    if (sheet && small) {
        for (int i = 0; i < n; i++) {
            const float *pixels = dataset_pixels(data, image[i]);
            resize_bilinear(small, size, pixels, data->size, data->size);
            draw(sheet, width, i, small, size);
        }
        rc = image_encode_png8(sheet, width, height, 1, png, n_png, err);
    }
    free(sheet);
    free(small);
    return rc;
}
