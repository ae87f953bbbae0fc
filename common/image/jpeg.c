#include "image/jpeg.h"

#include <setjmp.h>
#include <stdio.h> /* before jpeglib.h, which needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { MAX_SCANS = 64, MAX_MEMORY = 1 << 29 };

/* Lives in the caller's frame, so that longjmp into decode() finds it as it was left. */
struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf end;
    const struct image_file *file;
    struct image *image;
    struct err *err;
    JSAMPLE *row;
};

static void fail(struct decoder *d, const char *reason)
{
    err_set(d->err, E_IO, "%s: damaged: %s", d->file->name, reason);
    longjmp(d->end, 1);
}

static void on_error(j_common_ptr jpeg)
{
    char reason[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, reason);
    fail(jpeg->client_data, reason);
}

/* A warning is what libjpeg says of damage that it would paint over in gray. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0)
        on_error(jpeg);
}

/* Each scan of a few bytes goes over all of the image. */
static void on_progress(j_common_ptr jpeg)
{
    struct decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number > MAX_SCANS)
        fail(d, "more scans than any writer makes");
}

static int read_header(struct decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return err_set(d->err, E_IO, "%s: a JPEG of %d colours (CMYK?); convert it to RGB or gray",
                       d->file->name, jpeg->num_components);
    jpeg->out_color_space = jpeg->num_components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    *d->image = (struct image){.width = (int)jpeg->image_width,
                               .height = (int)jpeg->image_height,
                               .channels = jpeg->num_components,
                               .is_rgb = jpeg->num_components == 3,
                               .depth = 8};
    return image_allocate(d->file, d->image, 0, d->err);
}

static void read_rows(struct decoder *d)
{
    float *out = d->image->pixels;
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        jpeg_read_scanlines(&d->jpeg, &d->row, 1);
        for (int i = 0; i < d->image->width * d->image->channels; i++)
            *out++ = (float)(d->row[i] / 255.0);
    }
}

static int decode(struct decoder *d)
{
    if (setjmp(d->end))
        return E_IO;
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.progress = &d->progress;
    d->jpeg.mem->max_memory_to_use = MAX_MEMORY;
    jpeg_mem_src(&d->jpeg, d->file->bytes, d->file->n);
    int rc = read_header(d);
    if (rc < 0)
        return rc;
    d->row = malloc((size_t)d->image->width * (size_t)d->image->channels);
    if (!d->row)
        return err_set(d->err, E_IO, "%s: out of memory for a row of it", d->file->name);
    jpeg_start_decompress(&d->jpeg);
    read_rows(d);
    jpeg_finish_decompress(&d->jpeg);
    return 0;
}

int image_is_jpeg(const struct image_file *file)
{
    return file->n >= 3 && memcmp(file->bytes, "\xff\xd8\xff", 3) == 0;
}

int image_decode_jpeg(const struct image_file *file, struct image *image, struct err *err)
{
    struct decoder d = {.file = file, .image = image, .err = err};
    *image = (struct image){0};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.progress.progress_monitor = on_progress;
    int rc = decode(&d);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.row);
    return rc;
}
