#include "xenium/jp2.h"

#include <openjpeg.h>
#include <stdio.h>
#include <string.h>

static const unsigned char codestream[] = {0xff, 0x4f, 0xff, 0x51};
static const unsigned char box[] = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10};

static int begins(const unsigned char *bytes, size_t n, const unsigned char *with, size_t m)
{
    return n >= m && memcmp(bytes, with, m) == 0;
}

int jp2_is(const unsigned char *bytes, size_t n)
{
    return begins(bytes, n, codestream, sizeof codestream) || begins(bytes, n, box, sizeof box);
}

/* ---- OpenJPEG's view of the bytes ---- */

struct reading {
    const unsigned char *bytes;
    size_t n, at;
    int is_decoding;  /* 1: what it warns of then is damage, which it would fill with something */
    char reason[200]; /* its first complaint */
};

static OPJ_SIZE_T on_read(void *out, OPJ_SIZE_T n, void *self)
{
    struct reading *r = self;
    size_t left = r->n - r->at;
    if (left == 0)
        return (OPJ_SIZE_T)-1;
    n = n < left ? n : left;
    memcpy(out, r->bytes + r->at, n);
    r->at += n;
    return n;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *self)
{
    struct reading *r = self;
    if (n < 0 || (size_t)n > r->n - r->at)
        return -1;
    r->at += (size_t)n;
    return n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T to, void *self)
{
    struct reading *r = self;
    if (to < 0 || (size_t)to > r->n)
        return OPJ_FALSE;
    r->at = (size_t)to;
    return OPJ_TRUE;
}

static void on_error(const char *message, void *self)
{
    struct reading *r = self;
    if (!r->reason[0])
        snprintf(r->reason, sizeof r->reason, "%.*s", (int)strcspn(message, "\n"), message);
}

static void on_warning(const char *message, void *self)
{
    struct reading *r = self;
    if (r->is_decoding)
        on_error(message, self);
}

static void on_message(const char *message, void *self)
{
    (void)message;
    (void)self;
}

static opj_stream_t *open_stream(struct reading *r)
{
    opj_stream_t *stream = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE);
    if (!stream)
        return NULL;
    opj_stream_set_read_function(stream, on_read);
    opj_stream_set_skip_function(stream, on_skip);
    opj_stream_set_seek_function(stream, on_seek);
    opj_stream_set_user_data(stream, r, NULL);
    opj_stream_set_user_data_length(stream, r->n);
    return stream;
}

static opj_codec_t *open_codec(struct reading *r)
{
    opj_dparameters_t parameters;
    int is_box = begins(r->bytes, r->n, box, sizeof box);
    opj_codec_t *codec = opj_create_decompress(is_box ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    if (!codec)
        return NULL;
    opj_set_default_decoder_parameters(&parameters);
    opj_set_error_handler(codec, on_error, r);
    opj_set_warning_handler(codec, on_warning, r);
    opj_set_info_handler(codec, on_message, r);
    if (opj_setup_decoder(codec, &parameters))
        return codec;
    opj_destroy_codec(codec);
    return NULL;
}

/* ---- the image ---- */

static int check_header(const opj_image_t *image, const struct jp2_tile *tile, struct err *err)
{
    if (image->numcomps != 1)
        return err_set(err, E_IO, "JPEG 2000 of %u components, one is read", image->numcomps);
    const opj_image_comp_t *c = &image->comps[0];
    if (c->sgnd || c->prec < 1 || c->prec > (unsigned)tile->bits)
        return err_set(err, E_IO, "JPEG 2000 of %s%u bits a sample in a TIFF of %d", c->sgnd ? "signed " : "",
                       c->prec, tile->bits);
    int64_t width = (int64_t)image->x1 - (int64_t)image->x0, height = (int64_t)image->y1 - (int64_t)image->y0;
    if (c->dx != 1 || c->dy != 1 || width < tile->least_width || width > tile->width ||
        height < tile->least_height || height > tile->height)
        return err_set(err, E_IO, "JPEG 2000 of %lld x %lld pixels in a tile of %d x %d", (long long)width,
                       (long long)height, tile->width, tile->height);
    return 0;
}

static int damaged(const struct reading *r, struct err *err)
{
    return err_set(err, E_IO, "damaged JPEG 2000: %s", r->reason[0] ? r->reason : "it ends too early");
}

static int take_samples(const opj_image_t *image, const struct jp2_tile *tile, uint16_t *out, struct err *err)
{
    const opj_image_comp_t *c = &image->comps[0];
    size_t width = (size_t)tile->width;
    if (!c->data || c->w > (unsigned)tile->width || c->h > (unsigned)tile->height ||
        c->w < (unsigned)tile->least_width || c->h < (unsigned)tile->least_height)
        return err_set(err, E_IO, "damaged JPEG 2000: no samples");
    memset(out, 0, width * (size_t)tile->height * sizeof *out);
    for (size_t y = 0; y < c->h; y++)
        for (size_t x = 0; x < c->w; x++) {
            OPJ_INT32 v = c->data[y * c->w + x];
            out[y * width + x] = (uint16_t)(v < 0 ? 0 : v > 65535 ? 65535 : v);
        }
    return 0;
}

int jp2_decode(const unsigned char *bytes, size_t n, const struct jp2_tile *tile, uint16_t *out,
               struct err *err)
{
    struct reading r = {.bytes = bytes, .n = n};
    opj_image_t *image = NULL;
    opj_stream_t *stream = open_stream(&r);
    opj_codec_t *codec = stream ? open_codec(&r) : NULL;
    int rc = codec ? 0 : err_set(err, E_IO, "out of memory for JPEG 2000");
    if (rc == 0 && !opj_read_header(stream, codec, &image))
        rc = damaged(&r, err);
    if (rc == 0)
        rc = check_header(image, tile, err);
    r.is_decoding = 1;
    if (rc == 0 && (!opj_decode(codec, stream, image) || !opj_end_decompress(codec, stream) || r.reason[0]))
        rc = damaged(&r, err);
    if (rc == 0)
        rc = take_samples(image, tile, out, err);
    opj_image_destroy(image);
    if (codec)
        opj_destroy_codec(codec);
    if (stream)
        opj_stream_destroy(stream);
    return rc;
}
