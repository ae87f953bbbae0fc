#include "figures/variants_page.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "rng.h"
#include "samples/augment.h"
#include "sections.h"
#include "settings/config.h"
#include "store/classes.h"
#include "write/output.h"

#include <stdlib.h>
#include <string.h>

enum { CLUSTER = 27, VARIANTS = 16 };

/* Row of the first image of cluster 27, or of the smallest cluster when there is no 27. */
static int first_image(const struct dataset *data)
{
    int c = dataset_cluster_index(data, CLUSTER), i = 0;
    if (c < 0) {
        c = 0;
        for (int k = 1; k < data->n_clusters; k++)
            if (data->cluster_count[k] < data->cluster_count[c])
                c = k;
    }
    while (i < data->n_images - 1 && data->image[i].cluster != data->cluster[c])
        i++;
    return i;
}

/* Pixels row by row from the top, several channels as colours; version 0 is the original, 1 to 16 the
 * variants. */
static void write_pixels(FILE *file, int version, const float *pixels, const struct dataset *data)
{
    unsigned char rgb[3];
    for (int y = 0; y < data->size; y++)
        for (int x = 0; x < data->size; x++, pixels += data->channels) {
            fprintf(file, "%d\t%d\t%d\t", version, x, y);
            image_rgb8(pixels, 1, data->channels, rgb);
            if (data->channels == 1)
                fprintf(file, "%.4f\n", (double)*pixels);
            else
                fprintf(file, "%d\t%d\t%d\n", rgb[0], rgb[1], rgb[2]);
        }
}

static int write_data(const struct dataset *data, int image, const char *dir, struct err *err)
{
    const struct config config = config_defaults(worker_schema());
    const float *original = dataset_pixels(data, image);
    uint64_t key = rng_key("appendix", data->image[image].id, strlen(data->image[image].id));
    struct output out;
    float *variant = err_calloc(dataset_floats(data), sizeof *variant, "a picture", err);
    if (!variant)
        return E_IO;
    int rc = output_open(&out, dir, VARIANTS_PAGE ".tsv", err);
    if (rc == 0) {
        fprintf(out.file, "version\tx\ty\t%s\n", data->channels == 1 ? "value" : "red\tgreen\tblue");
        write_pixels(out.file, 0, original, data);
        for (int v = 0; v < VARIANTS; v++) {
            struct rng rng = rng_start(key, (uint64_t)v);
            struct augment_warp warp = augment_draw(&config, data->size, &rng);
            augment_apply(variant, original, data->size, data->channels, &warp);
            write_pixels(out.file, v + 1, variant, data);
        }
        rc = output_close(&out, err);
    }
    free(variant);
    return rc;
}

/* Pixels of a page WIDTH wide, from the top left of the picture; a narrower page has
 * all of it smaller. */
enum {
    WIDTH = 1200,
    ORIGINAL_LEFT = 24,
    ORIGINAL_SIZE = 350,
    ARROW_LEFT = 392,
    ARROW_RIGHT = 452,
    GRID_LEFT = 470,
    CELL = 172,
    CELL_STEP = 178,
    GRID_HEIGHT = 3 * CELL_STEP + CELL,
    NARROW = 700, /* a narrower page has its texts at the edge */
    EDGE = 14
};

static double smaller(const struct figtext_sheet *sheet, int pixels)
{
    return pixels * (double)sheet->width / WIDTH;
}

static void place(FILE *file, const struct figtext_sheet *sheet, int left, int top, int size)
{
    const struct figtext_page text = {file, sheet->width, sheet->height};
    double side = smaller(sheet, size);
    figtext_place(&text, smaller(sheet, left), figtext_sheet_top(sheet) + smaller(sheet, top), side, side);
}

static void write_plots(FILE *file, const struct figtext_sheet *sheet, const struct dataset *data)
{
    const char *columns = data->channels == 1 ? "'value'" : "'red':'green':'blue'";
    const char *style = data->channels == 1 ? "image" : "rgbimage";
    int size = data->size;
    double middle = 1 - (figtext_sheet_top(sheet) + smaller(sheet, GRID_HEIGHT / 2)) / sheet->height;
    fprintf(file,
            "pixels = %d\n"
            "set multiplot\n"
            "unset border; unset tics; unset grid; unset colorbox; set palette gray; set cbrange [0:1]\n"
            "set xrange [-0.5:%d.5]; set yrange [%d.5:-0.5]\n"
            "set arrow from screen %.5f,%.5f to screen %.5f,%.5f size screen 0.014,25 filled lw 4 lc rgb "
            "'" PALETTE_BLUE "'\n",
            size * size, size - 1, size - 1, smaller(sheet, ARROW_LEFT) / sheet->width, middle,
            smaller(sheet, ARROW_RIGHT) / sheet->width, middle);
    place(file, sheet, ORIGINAL_LEFT, (GRID_HEIGHT - ORIGINAL_SIZE) / 2, ORIGINAL_SIZE);
    fprintf(file,
            "plot '" VARIANTS_PAGE ".tsv' using 'x':'y':%s every ::0::pixels-1 with %s\n"
            "unset label; unset arrow\n",
            columns, style);
    for (int v = 0; v < VARIANTS; v++) {
        place(file, sheet, GRID_LEFT + v % 4 * CELL_STEP, v / 4 * CELL_STEP, CELL);
        fprintf(file,
                "plot '" VARIANTS_PAGE ".tsv' using 'x':'y':%s every ::%d*pixels::%d*pixels-1 with %s\n",
                columns, v + 1, v + 2, style);
    }
    fputs("unset multiplot\nunset output\n", file);
}

static void describe(const struct summary *summary, const struct dataset *data, int image, char subtitle[256],
                     struct figtext_notes *notes)
{
    const struct config config = config_defaults(worker_schema());
    const struct augment_settings *ranges = config_of(&config, &augment_ranges_section);
    int class = data->image[image].cluster;
    char name[CLASS_NAME_SIZE], footer[CURVES_FOOTER_SIZE];
    snprintf(subtitle, 256, "First image of %s%s, cell %.180s", class_any_named(&class, 1) ? "" : "cluster ",
             class_short(class, CLASSES_SHORT, name), data->image[image].id);
    figtext_note(
        notes,
        "Default ranges: rotation %g degrees, shift %g of the size and shear %g degrees, each to either "
        "side; zoom %g to %g; flip with probability %g. One affine warp, bilinear, nearest fill.",
        ranges->rotation, ranges->shift, ranges->shear, ranges->zoom_min, ranges->zoom_max, ranges->flip);
    curves_footer(footer, sizeof footer, summary, NULL, summary->n_state[JOB_DONE], summary->n_jobs);
    figtext_note(notes, "%s", footer);
}

static int write_script(const struct summary *summary, const struct dataset *data, int image,
                        const struct figstyle *style, const char *dir, struct err *err)
{
    struct figtext_notes notes = {0};
    char subtitle[256];
    int width = figstyle_width(style, WIDTH);
    struct figtext_sheet sheet = {.width = width,
                                  .edge = width < NARROW ? EDGE : ORIGINAL_LEFT,
                                  .title = "Image augmentation: one cell and 16 versions of it",
                                  .subtitle = subtitle,
                                  .notes = &notes,
                                  .synthetic = store_synthetic(summary->store)};
    struct output out;
    describe(summary, data, image, subtitle, &notes);
    sheet.height = figtext_sheet_height(&sheet, (int)smaller(&sheet, GRID_HEIGHT) + EDGE);
    int rc = figtext_sheet_open(&out, dir, VARIANTS_PAGE, &sheet, style, err);
    if (rc < 0)
        return rc;
    write_plots(out.file, &sheet, data);
    return output_close(&out, err);
}

int variants_page_write(const struct summary *summary, const struct dataset *data,
                        const struct figstyle *style, const char *dir, struct err *err)
{
    int image = first_image(data);
    int rc = write_data(data, image, dir, err);
    return rc == 0 ? write_script(summary, data, image, style, dir, err) : rc;
}
