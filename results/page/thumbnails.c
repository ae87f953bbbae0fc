#include "page/thumbnails.h"

#include "image/png.h"
#include "image/resize.h"

#include <stdlib.h>
#include <string.h>

int thumbnails_size(const struct dataset *data)
{
    return data->size < THUMBNAILS_MAX_SIZE ? data->size : THUMBNAILS_MAX_SIZE;
}

/* Picture k of a sheet `width` pixels wide, of 1 or 3 samples a pixel. */
static void draw(unsigned char *sheet, int width, int samples, int k, const float *pixels, int size,
                 int channels)
{
    int left = k % THUMBNAILS_COLUMNS * size, top = k / THUMBNAILS_COLUMNS * size;
    unsigned char rgb[3];
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++, pixels += channels) {
            size_t at = (size_t)(top + y) * (size_t)width + (size_t)(left + x);
            image_rgb8(pixels, 1, channels, rgb);
            memcpy(sheet + at * (size_t)samples, rgb, (size_t)samples);
        }
}

int thumbnails_new(const struct dataset *data, const int *image, int n, void **png, size_t *n_png,
                   struct err *err)
{
    int samples = data->channels > 1 ? 3 : 1, size = thumbnails_size(data), width = size * THUMBNAILS_COLUMNS;
    int height = size * ((n + THUMBNAILS_COLUMNS - 1) / THUMBNAILS_COLUMNS), rc = E_IO;
    unsigned char *sheet =
        err_calloc((size_t)width * (size_t)height, (size_t)samples, "pictures of cells", err);
    float *small =
        err_calloc(image_floats(size) * (size_t)data->channels, sizeof *small, "a picture of a cell", err);
    *png = NULL;
    if (sheet && small) {
        for (int i = 0; i < n; i++) {
            const float *pixels = dataset_pixels(data, image[i]);
            resize_bilinear(small, size, pixels, data->size, data->size, data->channels);
            draw(sheet, width, samples, i, small, size, data->channels);
        }
        rc = image_encode_png8(sheet, width, height, samples, png, n_png, err);
    }
    free(sheet);
    free(small);
    return rc;
}
