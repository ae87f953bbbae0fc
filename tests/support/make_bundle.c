/* make_bundle DIR [NAME=VALUE...]: a Xenium bundle as Xenium Onboard Analysis writes one, of made-up
 * cells, and beside it DIR/truth.raw, the pixels of all channels, little-endian 16 bits, for those
 * who do not decode it.
 *
 *     side=600 tile=256     of the image and its tiles, pixels
 *     cells=60 classes=3    on a grid, each moved a little and somewhat large
 *     channels=1            files of the focus image
 *     style=file            file: morphology_focus.ome.tif; folder: morphology_focus_000N; ch: ch000N_<stain>
 *     ids=text              text: aaaabinl-1; number: 1, 2, ...
 *     code=j2k              j2k: codestreams, compression 34712; jp2: JP2 files, 33005; none; deflate
 *     damage=               tile: the first tile lacks its end; short: the last tile lies beyond the file's
 *                           end
 *     seed=1
 *
 * The TIFF is a BigTIFF with two smaller levels in SubIFDs and an OME-XML that names sister files which are
 * not there, as those of a single downloaded channel do. */
#include "support/jp2_fixture.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>
#include <zlib.h>

enum { CORNERS = 12 };
static const double pixel_size = 0.2125;

struct wish {
    const char *dir, *style, *ids, *code, *damage;
    int side, tile, cells, classes, channels;
    unsigned seed;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static double random_unit(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / 16777216.0;
}

static const char *inside(const struct wish *w, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return path;
}

/* ---- cells ---- */

struct cell {
    double x[CORNERS], y[CORNERS]; /* pixels */
    double radius, light;
    int class;
};

static const char *id_of(const struct wish *w, int i, char *out)
{
    if (strcmp(w->ids, "number") == 0)
        snprintf(out, 24, "%d", i + 1);
    else {
        for (int k = 7, n = i; k >= 0; k--, n /= 16)
            out[k] = (char)('a' + n % 16);
        memcpy(out + 8, "-1", 3);
    }
    return out;
}

static struct cell *make_cells(const struct wish *w)
{
    struct cell *cell = calloc((size_t)w->cells, sizeof *cell);
    int columns = (int)ceil(sqrt(w->cells));
    double step = (double)w->side / columns;
    unsigned state = w->seed;
    for (int i = 0; cell && i < w->cells; i++) {
        double x = (i % columns + 0.2 + 0.6 * random_unit(&state)) * step, turn = random_unit(&state);
        double y = (i / columns + 0.2 + 0.6 * random_unit(&state)) * step;
        cell[i].radius = step * (0.25 + 0.2 * random_unit(&state));
        cell[i].class = i % w->classes;
        cell[i].light = 4000 + 6000 * cell[i].class + 2000 * random_unit(&state);
        for (int k = 0; k < CORNERS; k++) {
            double angle = 6.283185307 * (k + turn) / CORNERS,
                   r = cell[i].radius * (0.8 + 0.4 * random_unit(&state));
            cell[i].x[k] = fmin(fmax(x + r * cos(angle), 0), w->side - 1);
            cell[i].y[k] = fmin(fmax(y + r * sin(angle), 0), w->side - 1);
        }
    }
    return cell;
}

static void draw_cell(const struct wish *w, const struct cell *c, int channel, uint16_t *pixels)
{
    double x = 0, y = 0;
    for (int k = 0; k < CORNERS; k++) {
        x += c->x[k] / CORNERS;
        y += c->y[k] / CORNERS;
    }
    int reach = (int)c->radius + 1;
    for (int j = (int)y - reach; j <= (int)y + reach; j++)
        for (int i = (int)x - reach; i <= (int)x + reach; i++) {
            double d = hypot(i - x, j - y) / c->radius;
            if (i >= 0 && j >= 0 && i < w->side && j < w->side && d < 1)
                pixels[(size_t)j * (size_t)w->side + (size_t)i] =
                    (uint16_t)(c->light * (1 - d * d) / (1 + channel) + 300);
        }
}

static uint16_t *draw(const struct wish *w, const struct cell *cell, int channel)
{
    size_t n = (size_t)w->side * (size_t)w->side;
    uint16_t *pixels = malloc(n * sizeof *pixels);
    unsigned state = w->seed + 77u * (unsigned)channel;
    if (!pixels)
        die("memory");
    for (size_t i = 0; i < n; i++)
        pixels[i] = 100;
    for (int i = 0; i < w->cells; i++)
        draw_cell(w, &cell[i], channel, pixels);
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint16_t)(pixels[i] + 64 * random_unit(&state));
    return pixels;
}

/* ---- TIFF ---- */

static int compression_of(const char *code)
{
    return strcmp(code, "j2k") == 0       ? 34712
           : strcmp(code, "jp2") == 0     ? 33005
           : strcmp(code, "deflate") == 0 ? COMPRESSION_ADOBE_DEFLATE
                                          : COMPRESSION_NONE;
}

static void write_tile(const struct wish *w, TIFF *tiff, uint32_t index, uint16_t *tile)
{
    static struct jp2_bytes bytes;
    int compression = compression_of(w->code);
    tmsize_t n = (tmsize_t)w->tile * w->tile * 2;
    if (compression != 34712 && compression != 33005) {
        if (TIFFWriteEncodedTile(tiff, index, tile, n) != n)
            die("tile");
        return;
    }
    jp2_encode(tile, w->tile, 16, compression == 33005, &bytes);
    if (index == 0 && strcmp(w->damage, "tile") == 0)
        bytes.n = bytes.n * 2 / 3;
    if (TIFFWriteRawTile(tiff, index, bytes.at, (tmsize_t)bytes.n) != (tmsize_t)bytes.n)
        die("tile");
}

/* One level of the pyramid, every step-th pixel. */
static void write_level(const struct wish *w, TIFF *tiff, const uint16_t *pixels, int step)
{
    int side = (w->side + step - 1) / step, across = (side - 1) / w->tile + 1;
    uint16_t *tile = calloc((size_t)w->tile * (size_t)w->tile, sizeof *tile);
    if (!tile)
        die("memory");
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, side);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, side);
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, w->tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, w->tile);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression_of(w->code));
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, step > 1 ? FILETYPE_REDUCEDIMAGE : 0);
    for (int t = 0; t < across * across; t++) {
        for (int y = 0; y < w->tile; y++)
            for (int x = 0; x < w->tile; x++) {
                int i = t % across * w->tile + x, j = t / across * w->tile + y;
                tile[y * w->tile + x] =
                    i < side && j < side
                        ? pixels[(size_t)j * (size_t)step * (size_t)w->side + (size_t)i * (size_t)step]
                        : 0;
            }
        write_tile(w, tiff, (uint32_t)t, tile);
    }
    free(tile);
}

static const char *stain(const struct wish *w, int channel, char *out)
{
    static const char *const stains[] = {"dapi", "atp1a1_cd45_e-cadherin", "18s", "alphasma_vimentin"};
    if (strcmp(w->style, "file") == 0)
        snprintf(out, 200, "morphology_focus.ome.tif");
    else if (strcmp(w->style, "folder") == 0)
        snprintf(out, 200, "morphology_focus/morphology_focus_%04d.ome.tif", channel);
    else
        snprintf(out, 200, "morphology_focus/ch%04d_%s.ome.tif", channel, stains[channel % 4]);
    return out;
}

static void write_image(const struct wish *w, const uint16_t *pixels, int channel)
{
    char name[200], xml[1200];
    uint64_t levels[2] = {0};
    TIFF *tiff = TIFFOpen(inside(w, stain(w, channel, name)), "w8");
    if (!tiff)
        die(name);
    snprintf(
        xml, sizeof xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><OME><Image ID=\"Image:0\"><Pixels BigEndian=\"false\" "
        "DimensionOrder=\"XYZCT\" SizeX=\"%d\" SizeY=\"%d\" SizeC=\"4\" SizeZ=\"1\" SizeT=\"1\" "
        "Type=\"uint16\"><TiffData FirstC=\"1\" IFD=\"0\"><UUID FileName=\"morphology_focus_0007.ome.tif\">"
        "urn:uuid:00000000-0000-0000-0000-000000000007</UUID></TiffData></Pixels></Image></OME>",
        w->side, w->side);
    TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, xml);
    TIFFSetField(tiff, TIFFTAG_SUBIFD, 2, levels);
    write_level(w, tiff, pixels, 1);
    TIFFWriteDirectory(tiff);
    for (int step = 2; step <= 4; step *= 2) {
        write_level(w, tiff, pixels, step);
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
}

static void cut_short(const struct wish *w)
{
    char name[200];
    struct stat info;
    const char *path = inside(w, stain(w, 0, name));
    /* the directory stands behind the tiles: a tile is moved beyond the end instead */
    FILE *file = fopen(path, "r+b");
    TIFF *tiff = TIFFOpen(path, "r");
    if (!file || !tiff || stat(path, &info) < 0)
        die(path);
    uint64_t *offset = NULL, wanted = (uint64_t)info.st_size - 10, word;
    TIFFGetField(tiff, TIFFTAG_TILEOFFSETS, &offset);
    uint64_t last = offset[TIFFNumberOfTiles(tiff) - 1];
    for (long at = 0; at + 8 <= info.st_size; at++) {
        if (fseek(file, at, SEEK_SET) < 0 || fread(&word, sizeof word, 1, file) != 1)
            break;
        if (word != last)
            continue;
        fseek(file, at, SEEK_SET);
        fwrite(&wanted, sizeof wanted, 1, file);
    }
    TIFFClose(tiff);
    fclose(file);
}

/* ---- tables ---- */

static void write_boundaries(const struct wish *w, const struct cell *cell, const char *name, double shrink)
{
    gzFile file = gzopen(inside(w, name), "wb1");
    char id[24];
    if (!file)
        die(name);
    gzprintf(file, "\"cell_id\",\"vertex_x\",\"vertex_y\",\"label_id\"\n");
    for (int i = 0; i < w->cells; i++)
        for (int k = 0; k <= CORNERS; k++) {
            double x = cell[i].x[k % CORNERS], y = cell[i].y[k % CORNERS], mx = 0, my = 0;
            for (int c = 0; c < CORNERS; c++) {
                mx += cell[i].x[c] / CORNERS;
                my += cell[i].y[c] / CORNERS;
            }
            if (strcmp(w->ids, "number") == 0)
                gzprintf(file, "%s,", id_of(w, i, id));
            else
                gzprintf(file, "\"%s\",", id_of(w, i, id));
            gzprintf(file, "%.5f,%.5f,%d\n", pixel_size * (mx + shrink * (x - mx)),
                     pixel_size * (my + shrink * (y - my)), i + 1);
        }
    if (gzclose(file) != Z_OK)
        die(name);
}

static void write_clusters(const struct wish *w, const struct cell *cell, const char *folder, int classes)
{
    char path[4096], id[24];
    snprintf(path, sizeof path, "analysis/clustering/%s", folder);
    mkdir(inside(w, path), 0777);
    snprintf(path, sizeof path, "analysis/clustering/%s/clusters.csv", folder);
    FILE *file = fopen(inside(w, path), "w");
    if (!file)
        die(path);
    fprintf(file, "Barcode,Cluster\n");
    for (int i = 0; i < w->cells; i++)
        fprintf(file, "%s,%d\n", id_of(w, i, id), cell[i].class % classes + 1);
    fclose(file);
}

static void write_json(const struct wish *w)
{
    char name[200];
    FILE *file = fopen(inside(w, "experiment.xenium"), "w");
    if (!file)
        die("experiment.xenium");
    fprintf(file,
            "{\n  \"major_version\": 5,\n  \"analysis_sw_version\": \"R&D\",\n  \"run_name\": \"made up\",\n"
            "  \"num_cells\": %d,\n  \"pixel_size\": %.4f,\n  \"images\": {\n"
            "    \"morphology_filepath\": \"morphology.ome.tif\",\n"
            "    \"morphology_focus_filepath\": \"%s\"\n  }\n}\n",
            w->cells, pixel_size, stain(w, 0, name));
    fclose(file);
}

static void make(const struct wish *w)
{
    mkdir(w->dir, 0777);
    mkdir(inside(w, "analysis"), 0777);
    mkdir(inside(w, "analysis/clustering"), 0777);
    if (strcmp(w->style, "file") != 0)
        mkdir(inside(w, "morphology_focus"), 0777);
    struct cell *cell = make_cells(w);
    FILE *truth = fopen(inside(w, "truth.raw"), "wb");
    if (!cell || !truth)
        die(w->dir);
    for (int c = 0; c < w->channels; c++) {
        uint16_t *pixels = draw(w, cell, c);
        size_t n = (size_t)w->side * (size_t)w->side;
        if (fwrite(pixels, sizeof *pixels, n, truth) != n)
            die("truth.raw");
        write_image(w, pixels, c);
        free(pixels);
    }
    fclose(truth);
    if (strcmp(w->damage, "short") == 0)
        cut_short(w);
    write_boundaries(w, cell, "cell_boundaries.csv.gz", 1.0);
    write_boundaries(w, cell, "nucleus_boundaries.csv.gz", 0.6);
    write_clusters(w, cell, "gene_expression_graphclust", w->classes);
    write_clusters(w, cell, "gene_expression_kmeans_2_clusters", 2);
    write_json(w);
    free(cell);
}

int main(int argc, char **argv)
{
    struct wish w = {.dir = argc > 1 ? argv[1] : NULL,
                     .style = "file",
                     .ids = "text",
                     .code = "j2k",
                     .damage = "",
                     .side = 600,
                     .tile = 256,
                     .cells = 60,
                     .classes = 3,
                     .channels = 1,
                     .seed = 1};
    struct {
        const char *name;
        int *number;
        const char **text;
    } known[] = {{"side", &w.side, NULL},       {"tile", &w.tile, NULL},         {"cells", &w.cells, NULL},
                 {"classes", &w.classes, NULL}, {"channels", &w.channels, NULL}, {"style", NULL, &w.style},
                 {"ids", NULL, &w.ids},         {"code", NULL, &w.code},         {"damage", NULL, &w.damage}};
    TIFFSetWarningHandler(NULL);
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        size_t k = 0, n = value ? (size_t)(value - argv[i]) : 0;
        while (k < sizeof known / sizeof *known &&
               (strlen(known[k].name) != n || strncmp(known[k].name, argv[i], n) != 0))
            k++;
        if (!value || k == sizeof known / sizeof *known)
            die(argv[i]);
        if (known[k].number)
            *known[k].number = atoi(value + 1);
        else
            *known[k].text = value + 1;
    }
    if (!w.dir)
        die("make_bundle DIR");
    make(&w);
    return 0;
}
