/* Pixels as pictures that a page can show. */
#include "serve/serve_core.h"

#include "image/png.h"
#include "write/json_out.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_SHOWN = 512 }; /* pixels a side */

struct shown {
    const float *pixels; /* (height, width, channels) */
    int width, height, channels;
};

/* Mean of channel c over the block of `step` pixels a side that picture pixel (x, y) stands for. */
static double shade(const struct shown *s, int step, int x, int y, int c)
{
    double sum = 0;
    int width = s->width, height = s->height;
    int bottom = (y + 1) * step < height ? (y + 1) * step : height,
        right = (x + 1) * step < width ? (x + 1) * step : width;
    for (int i = y * step; i < bottom; i++)
        for (int j = x * step; j < right; j++)
            sum +=
                (double)s->pixels[((size_t)i * (size_t)width + (size_t)j) * (size_t)s->channels + (size_t)c];
    return sum / ((double)(bottom - y * step) * (right - x * step));
}

/* That pixel, 8 bits a sample: gray of one channel, else red, green and blue (image_rgb8()). */
static void draw(const struct shown *s, int step, int x, int y, unsigned char *out)
{
    float mean[IMAGE_MAX_CHANNELS];
    if (s->channels == 1) {
        *out = (unsigned char)lround(255 * fmin(1, fmax(0, shade(s, step, x, y, 0))));
        return;
    }
    for (int c = 0; c < s->channels; c++)
        mean[c] = (float)shade(s, step, x, y, c);
    image_rgb8(mean, 1, s->channels, out);
}

json_t *serve_picture(const float *pixels, int width, int height, int channels)
{
    const struct shown shown = {pixels, width, height, channels};
    int larger = width > height ? width : height, step = 1 + (larger - 1) / MAX_SHOWN;
    int w = (width + step - 1) / step, h = (height + step - 1) / step, samples = channels > 1 ? 3 : 1;
    unsigned char *drawn =
        err_calloc((unsigned long)w * (unsigned long)h, (unsigned long)samples, "a picture", NULL);
    void *png = NULL;
    size_t n = 0;
    json_t *uri = NULL;
    for (int y = 0; drawn && y < h; y++)
        for (int x = 0; x < w; x++)
            draw(&shown, step, x, y, drawn + ((size_t)y * (size_t)w + (size_t)x) * (size_t)samples);
    if (drawn && image_encode_png8(drawn, w, h, samples, &png, &n, NULL) == 0)
        uri = json_out_bytes("data:image/png;base64,", png, n);
    free(png);
    free(drawn);
    return uri;
}
