#include "support/jp2_fixture.h"

#include <openjpeg.h>
#include <stdlib.h>
#include <string.h>

static OPJ_SIZE_T jp2_put(void *from, OPJ_SIZE_T n, void *self)
{
    struct jp2_bytes *b = self;
    while (b->place + n > b->room) {
        b->room = 2 * b->room + 65536;
        if (!(b->at = realloc(b->at, b->room)))
            abort();
    }
    if (b->place > b->n)
        memset(b->at + b->n, 0, b->place - b->n);
    memcpy(b->at + b->place, from, n);
    b->place += n;
    b->n = b->place > b->n ? b->place : b->n;
    return n;
}

static OPJ_BOOL jp2_seek(OPJ_OFF_T to, void *self)
{
    ((struct jp2_bytes *)self)->place = (size_t)to;
    return OPJ_TRUE;
}

static OPJ_OFF_T jp2_skip(OPJ_OFF_T n, void *self)
{
    ((struct jp2_bytes *)self)->place += (size_t)n;
    return n;
}

/* A square of samples in some components that are all the same. */
static opj_image_t *jp2_image(const uint16_t *sample, int side, int bits, unsigned components)
{
    opj_image_cmptparm_t kind[3];
    memset(kind, 0, sizeof kind);
    for (unsigned c = 0; c < components; c++)
        kind[c] = (opj_image_cmptparm_t){
            .dx = 1, .dy = 1, .w = (OPJ_UINT32)side, .h = (OPJ_UINT32)side, .prec = (OPJ_UINT32)bits};
    opj_image_t *image =
        opj_image_create(components, kind, components == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB);
    if (!image)
        abort();
    image->x1 = image->y1 = (OPJ_UINT32)side;
    for (unsigned c = 0; c < components; c++)
        for (int i = 0; i < side * side; i++)
            image->comps[c].data[i] = sample[i];
    return image;
}

void jp2_encode_components(const uint16_t *sample, int side, int bits, unsigned components, int is_box,
                           struct jp2_bytes *out)
{
    opj_cparameters_t parameters;
    opj_image_t *image = jp2_image(sample, side, bits, components);
    opj_codec_t *codec = opj_create_compress(is_box ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_create(65536, OPJ_FALSE);
    out->n = out->place = 0;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1;
    parameters.numresolution = side >= 64 ? 4 : 1;
    opj_stream_set_write_function(stream, jp2_put);
    opj_stream_set_seek_function(stream, jp2_seek);
    opj_stream_set_skip_function(stream, jp2_skip);
    opj_stream_set_user_data(stream, out, NULL);
    if (!opj_setup_encoder(codec, &parameters, image) || !opj_start_compress(codec, image, stream) ||
        !opj_encode(codec, stream) || !opj_end_compress(codec, stream))
        abort();
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
}

void jp2_encode(const uint16_t *sample, int side, int bits, int is_box, struct jp2_bytes *out)
{
    jp2_encode_components(sample, side, bits, 1, is_box, out);
}
