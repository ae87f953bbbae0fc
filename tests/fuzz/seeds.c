/* seeds.c - valid inputs of every fuzz target, made by the program's own writers: seeds FOLDER makes
 * FOLDER/<target>/<name>. Small on purpose: a mutation of a short file hits something that matters. */

#include "state_file.h"
#include "support/jp2_fixture.h"
#include "support/tiles_fixture.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <zip.h>
#include <zlib.h>

#include <jpeglib.h>

static const char *root;

static void fail(const char *what)
{
    fprintf(stderr, "seeds: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* Path of a seed, its target's folder made; valid until the next call. */
static const char *seed(const char *target, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", root, target);
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        fail(path);
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    return path;
}

static void text(const char *target, const char *name, const char *content)
{
    const char *path = seed(target, name);
    FILE *file = fopen(path, "wb");
    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        fail(path);
}

/* ---- PNG of every kind ---- */

static void set_palette(png_structp png, png_infop info)
{
    png_color palette[4] = {{0, 0, 0}, {80, 80, 80}, {160, 10, 99}, {255, 255, 255}};
    png_set_PLTE(png, info, palette, 4);
}

static void write_png(const char *name, int colour, int bits, int interlace)
{
    enum { SIDE = 11 };
    png_byte row[SIDE * 8] = {0};
    const char *path = seed("png", name);
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (!file || !info || setjmp(png_jmpbuf(png)))
        fail(path);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, bits, colour, interlace, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    if (colour == PNG_COLOR_TYPE_PALETTE)
        set_palette(png, info);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int y = 0; y < SIDE * passes; y++) {
        for (size_t i = 0; i < sizeof row; i++)
            row[i] = (png_byte)(colour == PNG_COLOR_TYPE_PALETTE ? (y + (int)i) % 4 : y * 17 + (int)i * 3);
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    if (fclose(file) != 0)
        fail(path);
}

static void pngs(void)
{
    write_png("gray1.png", PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE);
    write_png("gray4.png", PNG_COLOR_TYPE_GRAY, 4, PNG_INTERLACE_ADAM7);
    write_png("gray8.png", PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE);
    write_png("gray16.png", PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_ADAM7);
    write_png("gray-alpha8.png", PNG_COLOR_TYPE_GRAY_ALPHA, 8, PNG_INTERLACE_NONE);
    write_png("rgb8.png", PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE);
    write_png("rgba16.png", PNG_COLOR_TYPE_RGB_ALPHA, 16, PNG_INTERLACE_ADAM7);
    write_png("palette8.png", PNG_COLOR_TYPE_PALETTE, 8, PNG_INTERLACE_NONE);
}

/* ---- TIFF, JPEG ---- */

static void write_tiff(const char *name, int bits, int samples, int photometric, int compression, int tiled)
{
    enum { SIDE = 16 };
    unsigned char row[SIDE * 8 * SIDE];
    const char *path = seed("tiff", name);
    TIFF *tiff = TIFFOpen(path, strstr(name, "big") ? "w8" : "w");
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    if (!tiff)
        fail(path);
    for (size_t i = 0; i < sizeof row; i++)
        row[i] = bits == 32 ? (const unsigned char[]){0, 0, 128, 62}[i % 4] : (unsigned char)(i * 7 / 3);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, bits == 32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    if (samples == 2)
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (compression == COMPRESSION_JPEG)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (tiled) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, SIDE);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, SIDE);
    } else
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, SIDE);
    tmsize_t size = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
    if ((tiled ? TIFFWriteEncodedTile(tiff, 0, row, size) : TIFFWriteEncodedStrip(tiff, 0, row, size)) !=
        size)
        fail(path);
    TIFFClose(tiff);
}

static void tiffs(void)
{
    write_tiff("gray8.tif", 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, 0);
    write_tiff("white1.tif", 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, 0);
    write_tiff("gray12.tif", 12, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_PACKBITS, 0);
    write_tiff("big16.tif", 16, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, 1);
    write_tiff("alpha8.tif", 8, 2, PHOTOMETRIC_MINISBLACK, COMPRESSION_ADOBE_DEFLATE, 0);
    write_tiff("float.tif", 32, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_ADOBE_DEFLATE, 1);
    write_tiff("rgb8.tif", 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, 0);
    write_tiff("ycbcr.tif", 8, 3, PHOTOMETRIC_YCBCR, COMPRESSION_JPEG, 1);
}

static void write_jpeg(const char *name, int channels, int progressive)
{
    enum { SIDE = 11 };
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    JSAMPLE row[SIDE * 3], *rows[1] = {row};
    const char *path = seed("jpeg", name);
    FILE *file = fopen(path, "wb");
    if (!file)
        fail(path);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = jpeg.image_height = SIDE;
    jpeg.input_components = channels;
    jpeg.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < SIDE; y++) {
        for (int i = 0; i < SIDE * channels; i++)
            row[i] = (JSAMPLE)(y * 17 + i * 3);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (fclose(file) != 0)
        fail(path);
}

static void jpegs(void)
{
    write_jpeg("gray.jpg", 1, 0);
    write_jpeg("rgb.jpg", 3, 0);
    write_jpeg("progressive.jpg", 3, 1);
}

/* ---- NumPy arrays ---- */

static void write_npy(const char *name, const char *type, const char *order, const char *shape, size_t n)
{
    const char *path = seed("npy", name);
    FILE *file = fopen(path, "wb");
    char header[120];
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
                          type, order, shape);
    if (!file)
        fail(path);
    fwrite("\x93NUMPY\1", 1, 8, file);
    putc(length, file);
    putc(0, file);
    fputs(header, file);
    for (size_t i = 0; i < n; i++)
        putc((int)(i * 37 % 64), file);
    if (fclose(file) != 0)
        fail(path);
}

static void arrays(void)
{
    write_npy("gray.npy", "|u1", "False", "(5, 7)", 35);
    write_npy("rgb.npy", "<u2", "False", "(3, 4, 3)", 72);
    write_npy("fortran.npy", ">f4", "True", "(2, 3, 4)", 96);
    write_npy("signed.npy", "<i8", "False", "(2, 2)", 32);
    write_npy("half.npy", "<f2", "False", "(3, 2)", 12);
}

static void put_array(zip_t *zip, const char *name, const char *shape, const char *elements, size_t n,
                      int compressed)
{
    char *bytes = malloc(256 + n);
    if (!bytes)
        fail(name);
    int length =
        snprintf(bytes + 10, 200, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n", shape);
    memcpy(bytes, "\x93NUMPY\1\0", 8);
    bytes[8] = (char)length;
    bytes[9] = 0;
    memcpy(bytes + 10 + length, elements, n);
    zip_int64_t i =
        zip_file_add(zip, name, zip_source_buffer(zip, bytes, 10 + (size_t)length + n, 1), ZIP_FL_OVERWRITE);
    if (i < 0 ||
        zip_set_file_compression(zip, (zip_uint64_t)i, compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) < 0)
        fail(name);
}

static void archive(const char *name, int compressed)
{
    zip_t *zip = zip_open(seed("npz", name), ZIP_CREATE | ZIP_TRUNCATE, NULL);
    if (!zip)
        fail(name);
    put_array(zip, "train_images.npy", "(2, 3, 4)", "abcdefghijklmnopqrstuvwx", 24, compressed);
    put_array(zip, "train_labels.npy", "(2, 1)", "\0\1", 2, 0);
    put_array(zip, "test_images.npy", "(1, 3, 4)", "abcdefghijkl", 12, 0);
    put_array(zip, "test_labels.npy", "(1,)", "\1", 1, compressed);
    if (zip_close(zip) < 0)
        fail(name);
}

/* ---- tables ---- */

static void zipped(const char *name, const char *content)
{
    const char *path = seed("csv", name);
    gzFile file = gzopen(path, "wb");
    if (!file || gzputs(file, content) < 0 || gzclose(file) != Z_OK)
        fail(path);
}

static void tables(void)
{
    text("csv", "plain.csv", "id,note\n1,2.5\n2,-1e3\n");
    text("csv", "quoted.csv",
         "\xef\xbb\xbfx,\"note\",id\r\n\"a,b\",\"say \"\"no\"\"\",1\r\n,\"two\nlines\",2\r\n");
    zipped("zipped.csv.gz", "id,note\n1,2\n3,4\n5,nan\n");
    text("folder", "plain",
         "Barcode,Cluster\n1,8\n2,10\ncell_abc,8\nx-1,10\n"
         "=\ncell_id,vertex_x,vertex_y\n1,0,0\n1,1.7,0\n1,1.7,1.2\n1,0,1.2\n1,0,0\n2,5,5\n2,6.5,5.25\n2,5,"
         "6\n");
    text("folder", "groups",
         "slide,Barcode,Cluster\ns1,1,8\n\"s,2\",2,10\n,abc,8\ns1,x-1,10\n"
         "=\nvertex_x,cell_id,vertex_y\n1e1,1,-2\n12.5,1,-2\n11,1,-1\n3,nobody,4\n0.5,x-1,0\n2,x-1,0\n2,x-1,"
         "1\n");
}

/* ---- sweep files ---- */

static void sweeps(void)
{
    text("sweep", "small.yaml",
         "name: fig4\ndata: builtin\nmodel: cnn\ntrain: {epochs: 100, batch: 32, learning_rate: 0.001}\n"
         "protocol: report\nimage: {size: 10}\ngrid:\n  clusters: [[8, 10], [14, 15], [1, 27]]\n  strategy: "
         "[none, reweight]\n"
         "  seed: {first: 1, count: 10}\nkeep_weights: false\n");
    text("sweep", "axes.yaml",
         "data: builtin\nimage.size: 10\naugment: {rotation: 20, zoom_min: 0.9}\npixel_size: 0.5\ngrid:\n"
         "  clusters: [all, [8, 10]]\n  class_sizes: [all]\n  train.learning_rate: [0.001, 3e-4]\n"
         "  strategy: [[augment, reweight], \"smote\"]\n  protocol: [holdout, {kfold: {folds: 2, repeats: "
         "2}}]\n");
    text("sweep", "block.yaml",
         "# a comment\nimage: {size: 10}\nname: \"quo\\\"ted\"\ndata: builtin\nkeep_weights: "
         "true\nundersample:\n  replacement: true\nstrategy: undersample\n"
         "grid:\n  clusters:\n    - [14, 15]\n    - - 1\n      - 27\n  train:\n    batch: [8, 16]\n  seed: "
         "3\n");
    text("sweep", "blocks.yaml",
         "data: builtin\nimage.size: 10\nsmote.k: 3\ngrid:\n"
         "  - clusters: [[8, 10], [1, 27]]\n    strategy: [none, smote]\n    seed: {first: 1, count: 3}\n"
         "    exclude: ['strategy=s*,clusters!=8-10', seed>=3]\n"
         "  - zip:\n      - {class_sizes: [[6, 5], [6, 3]], train.epochs: [5, 9]}\n"
         "      - {clusters: [[8, 10], [14, 15]], seed: [2, 1]}\n    smote: {k: [3, 5]}\n"
         "    strategy: smote\n");
    text("sweep", "set-block", "--set grid=[{clusters: [[1, 27]]}, {clusters: [8-10], exclude: seed<1}]");
    text("sweep", "set-epochs", "--set train.epochs=20");
    text("sweep", "set-grid", "--set grid.strategy=[none, [augment, reweight]]");
    text("sweep", "set-new",
         "--set grid={clusters: [[1, 27]], strategy: smote+augment, smote: {k: 3}, augment.shear: [0, 10]}");
}

/* ---- what a run leaves ---- */

static void state_file(const char *name, size_t n_params, int best)
{
    static float zero[64];
    static int64_t steps = 7;
    const struct state_file_identity identity = {"key", "data", "kernels", "program"};
    struct state_file state = {
        .epoch = 2, .steps = 7, .metrics = {zero, zero, zero}, .choice = {best, 0, best, 0}};
    struct err err = {0};
    if (n_params) {
        arrays_add(&state.arrays, "weight", ARRAY_F32, (const size_t[]){n_params, 2, 0}, zero);
        arrays_add(&state.arrays, "steps", ARRAY_I64, (const size_t[]){1, 0}, &steps);
        arrays_add(&state.arrays, "booster", ARRAY_U8, (const size_t[]){3, 0}, zero);
    }
    if (best)
        arrays_add(&state.arrays, "best.weight", ARRAY_F32, (const size_t[]){n_params, 2, 0}, zero);
    if (state_file_write(seed("state_file", name), &identity, &state, &err) < 0)
        fail(err.text);
    state_file_free(&state);
}

static void beside(void)
{
    text("beside", "lock",
         "{\"host\": \"node7\", \"pid\": 4711, \"process_start\": 883211, \"boot\": \"b\", \"pids\": "
         "\"pid:[4026531836]\", \"slurm_job\": \"\", \"slurm_restart\": \"0\", \"since\": 1763861000.25}\n");
    text("beside", "status",
         "{\"state\": \"finished\", \"exit_status\": 0, \"done\": 150, \"diverged\": 0, \"failed\": 0, "
         "\"left\": 0, \"ranks\": 8, \"lost_ranks\": 1, \"filter\": \"seed=1\", \"deadline\": null, "
         "\"silence\": 60, \"time\": 1763861000.25, \"message\": \"\"}\n");
    text("beside", "grow", "{\"yaml\": \"seed: 1\\n\", \"resolved\": \"seed: 1\\n\"}\n");
    text("beside", "events",
         "{\"time\": \"2026-11-23T01:02:03.004Z\", \"event\": \"job_started\", \"job\": 3, \"rank\": 0}\n"
         "{\"time\": \"2026-11-23T01:02:04.004Z\", \"event\": \"draining\", \"why\": \"\\u0007\"}\n");
}

/* ---- requests ---- */

#define PART(name, file)                                                                                     \
    "--cut\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" file "\"\r\n\r\n"

/* A form with an image and an outline. */
static void upload(void)
{
    static const char first[] = PART("image", "cell_1.png"), second[] = "\r\n" PART("boundaries", "b.csv");
    static const char table[] = "cell_id,vertex_x,vertex_y\n1,0,0\n1,2,0\n1,2,2\n", end[] = "\r\n--cut--\r\n";
    char image[400];
    FILE *file = fopen(seed("png", "gray8.png"), "rb");
    size_t n = file ? fread(image, 1, sizeof image, file) : 0;
    if (!n || fclose(file) != 0)
        fail("gray8.png");
    const char *path = seed("serve", "upload");
    file = fopen(path, "wb");
    if (!file)
        fail(path);
    fprintf(file,
            "POST /api/predict?model=0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
            "boundary=cut\r\nContent-Length: %zu\r\n\r\n%s",
            sizeof first + n + sizeof second + sizeof table + sizeof end - 4, first);
    fwrite(image, 1, n, file);
    fprintf(file, "%s%s%s", second, table, end);
    if (fclose(file) != 0)
        fail(path);
}

static void requests(void)
{
    text("serve", "page", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n");
    text("serve", "two",
         "GET /api/progress HTTP/1.1\r\nHost: localhost\r\n\r\nGET /metrics HTTP/1.0\r\n\r\n");
    text("serve", "curves", "GET /api/curves?jobs=0,1-3&filter=seed%3d1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    text("serve", "sweep",
         "GET /api/sweep HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"a\", W/\"b\"\r\n\r\n");
    text("serve", "models",
         "GET /api/models?token=abc HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
    text("serve", "chunked",
         "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: "
         "multipart/form-data; boundary=\"c\"\r\n\r\n5\r\n--c--\r\n0\r\n\r\n");
    text("serve", "elsewhere",
         "OPTIONS * HTTP/1.1\r\nHost: example.org\r\nOrigin: http://example.org\r\n\r\n");
    upload();
}

/* ---- a Xenium bundle's image ---- */

static void tiles(void)
{
    uint16_t sample[16 * 16];
    struct jp2_bytes bytes = {0};
    TIFFSetWarningHandler(NULL);
    tiles_write(seed("tiles", "j2k.tif"), 20, 18, 16, 34712);
    tiles_write(seed("tiles", "jp2.tif"), 16, 16, 16, 33005);
    tiles_write(seed("tiles", "deflate.tif"), 20, 18, 16, COMPRESSION_ADOBE_DEFLATE);
    for (int i = 0; i < 16 * 16; i++)
        sample[i] = tiles_value(i % 16, i / 16);
    for (int is_box = 0; is_box <= 1; is_box++) {
        jp2_encode(sample, 16, 16, is_box, &bytes);
        const char *path = seed("jp2", is_box ? "box.jp2" : "stream.j2k");
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(bytes.at, 1, bytes.n, file) != bytes.n || fclose(file) != 0)
            fail(path);
    }
    free(bytes.at);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds FOLDER\n");
        return 2;
    }
    root = argv[1];
    pngs();
    tiffs();
    jpegs();
    tiles();
    arrays();
    archive("stored.npz", 0);
    archive("deflated.npz", 1);
    tables();
    sweeps();
    state_file("fake", 0, 0);
    state_file("one", 5, 0);
    state_file("best", 5, 1);
    beside();
    requests();
    text("dataset", "untouched", "");
    text("dataset", "colours", "\x07");
    text("dataset", "width", "\x07\x04..\x03");
    text("h5ad", "new", "");
    text("h5ad", "old", "\x01");
    text("h5ad", "text", "\x01\x07\x03..\x06");
    text("report", "untouched", "");
    text("report", "name", "\x03\x00..\x08\x60id\x60'\"\n@");
    text("results", "untouched", "");
    text("results", "metric", "\x07\x0a..\x03");
    text("results", "text", "\x03\x05..\x04\x61vx2");
    return 0;
}
