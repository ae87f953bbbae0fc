#include "figures/figures.h"

#include "samples/augment.h"
#include "sections.h"
#include "store/classes.h"
#include "utf8.h"
#include "settings/config.h"
#include "figures/figtext.h"
#include "figures/glance.h"
#include "figures/gnuplot.h"
#include "figures/heatmap.h"
#include "figures/imbalance.h"
#include "figures/models_page.h"
#include "figures/versus_page.h"
#include "figures/reliability.h"
#include "figures/roc_page.h"
#include "figures/size_trend.h"
#include "figures/training_cost_page.h"
#include "stats/training_size.h"
#include "stats/marginal.h"
#include "write/output.h"
#include "figures/pagename.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

static int add(struct figures *figures, const char *name, struct err *err)
{
    if (figures->n == figures->capacity) {
        int capacity = 2 * figures->capacity + 8;
        void *grown = realloc(figures->name, (size_t)capacity * sizeof *figures->name);
        if (!grown)
            return err_set(err, E_IO, "out of memory for %d figures", capacity);
        figures->name = grown;
        figures->capacity = capacity;
    }
    snprintf(figures->name[figures->n++], sizeof *figures->name, "%s", name);
    return 0;
}

void figures_release(struct figures *figures)
{
    free(figures->name);
    memset(figures, 0, sizeof *figures);
}

enum { NARROW = 700, EDGE = 14 }; /* pixels; a narrower page has its texts at the edge */

/* A page with a heading, a picture and notes. */
struct layout {
    int width, height, top, text_left, text_width;
    char title[256], subtitle[256];
    struct figtext_notes notes;
};

/* Returns where the picture may begin. */
static int write_heading(FILE *file, const struct summary *summary, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    return figtext_heading(&text, l->text_left, l->title, l->subtitle, store_synthetic(summary->store));
}

static void write_notes(FILE *file, const struct layout *l)
{
    const struct figtext_page text = {file, l->width, l->height};
    figtext_write_foot(&text, l->text_left, l->text_width, 0, &l->notes);
}

/* Titles and width are there; picture: its height. */
static void lay_out(struct layout *l, const struct summary *summary, int left, int picture)
{
    char footer[CURVES_FOOTER_SIZE];
    l->text_left = l->width < NARROW ? EDGE : left;
    l->text_width = l->width - l->text_left - EDGE;
    curves_footer(footer, sizeof footer, summary, NULL, summary->n_state[JOB_DONE], summary->n_jobs);
    figtext_note(&l->notes, "%s", footer);
    l->top = write_heading(NULL, summary, l); /* only measured */
    l->height = l->top + picture + 14 + figtext_notes_height(&l->notes, l->text_width);
}

/* ---- figure 1 ---- */

struct cluster_size {
    int cluster, images;
};

static int by_cluster(const void *a, const void *b)
{
    return class_compare(((const struct cluster_size *)a)->cluster,
                         ((const struct cluster_size *)b)->cluster);
}

/* Classes of the store's images, in order, into size (room for every image). Returns how many. */
static int count_clusters(const struct store *store, struct cluster_size *size)
{
    const struct dataset_image *image = store_images(store);
    int n = 0, n_images = store_n_images(store);
    for (int i = 0; i < n_images; i++)
        size[i] = (struct cluster_size){image[i].cluster, 1};
    qsort(size, (size_t)n_images, sizeof *size, by_cluster);
    for (int i = 0; i < n_images; i++)
        if (n > 0 && size[n - 1].cluster == size[i].cluster)
            size[n - 1].images++;
        else
            size[n++] = size[i];
    return n;
}

static int sizes_have_names(const struct cluster_size *size, int n)
{
    int named = 0;
    for (int i = 0; i < n; i++)
        named |= class_any_named(&size[i].cluster, 1);
    return named;
}

/* Names stand behind the numbers, where a quote in one ends no other column. */
static int write_sizes_data(const struct cluster_size *size, int n, const char *dir, struct err *err)
{
    struct output out;
    char room[CLASS_NAME_SIZE];
    int rc = output_open(&out, dir, "fig1.tsv", err), named = sizes_have_names(size, n);
    if (rc < 0)
        return rc;
    fputs(named ? "place\timages\tclass\n" : "cluster\timages\n", out.file);
    for (int i = 0; i < n; i++)
        if (named)
            fprintf(out.file, "%d\t%d\t%s\n", i, size[i].images, class_title(size[i].cluster, room));
        else
            fprintf(out.file, "%d\t%d\n", size[i].cluster, size[i].images);
    return output_close(&out, err);
}

static int largest(const struct cluster_size *size, int n)
{
    int most = 0;
    for (int i = 0; i < n; i++)
        most = size[i].images > most ? size[i].images : most;
    return most;
}

enum { SIZES_WIDTH = 960, SIZES_PLOT = 360, SIZES_LEFT = 80, SIZES_RIGHT = 20, SIZES_AXIS = 56 };

/* Pixels that a cluster needs for its numbers: side by side, or turned. */
enum { SIZES_NUMBER = 22, SIZES_TURNED = 13 };

/* Letters of a name below a bar, and pixels of one. */
enum { SIZES_LETTERS = 24, SIZES_LETTER = 7 };

static int widest_name(const struct cluster_size *size, int n)
{
    char name[CLASS_NAME_SIZE];
    int most = 0;
    for (int i = 0; i < n; i++) {
        int width = SIZES_LETTER * utf8_width(class_short(size[i].cluster, SIZES_LETTERS, name));
        most = width > most ? width : most;
    }
    return most;
}

/* Names lie side by side where there is room for the longest, and are turned elsewhere. */
static int names_turned(int width, const struct cluster_size *size, int n)
{
    return widest_name(size, n) + SIZES_LETTER > (width - SIZES_LEFT - SIZES_RIGHT) / (n + 1);
}

/* Pixels below the plot. */
static int sizes_axis(int width, const struct cluster_size *size, int n)
{
    int named = sizes_have_names(size, n);
    return SIZES_AXIS + (named && names_turned(width, size, n) ? widest_name(size, n) - 14 : 0);
}

static void write_name_tics(FILE *file, int width, const struct cluster_size *size, int n, int step)
{
    fprintf(file, "set xtics scale 0.3 %s(", names_turned(width, size, n) ? "rotate by 90 right " : "");
    for (int i = 0; i < n; i += step) {
        fputs(i ? ", " : "", file);
        gnuplot_quote_class(file, size[i].cluster, SIZES_LETTERS);
        fprintf(file, " %d", i);
    }
    fputs(")\n", file);
}

/* Numbers on the axis and above bars for every cluster, turned where they have no room side by side; for some
 * of them where there are too many. Names stand side by side at places 0, 1, ... */
static void write_sizes_plot(FILE *file, const struct layout *l, const struct cluster_size *size, int n)
{
    double w = l->width, h = l->height, plot = l->width - SIZES_LEFT - SIZES_RIGHT;
    int named = sizes_have_names(size, n);
    int first = named ? 0 : size[0].cluster, last = named ? n - 1 : size[n - 1].cluster;
    int range = last - first + 2, turned = SIZES_NUMBER * range >= plot;
    int step = turned ? (int)(SIZES_TURNED * range / plot) + 1 : 1;
    const char *x = named ? "place" : "cluster";
    fprintf(
        file,
        "set lmargin at screen %.5f; set rmargin at screen %.5f; set tmargin at screen %.5f; set bmargin at "
        "screen %.5f\n"
        "set xlabel '%s' offset 0,0.4; set ylabel 'Number of images'\n"
        "set xrange [%d:%d]; set yrange [0:%.1f]\n",
        SIZES_LEFT / w, 1 - SIZES_RIGHT / w, 1 - l->top / h, 1 - (l->top + SIZES_PLOT) / h,
        named ? "" : "Cluster", first - 1, last + 1, 1.1 * largest(size, n));
    if (named)
        write_name_tics(file, l->width, size, n, step);
    else if (range <= 42)
        fprintf(file, "set xtics %s%d,%d,%d\n", turned ? "rotate " : "", first, step, last);
    fprintf(file,
            "unset grid; set grid ytics lt 1 lc rgb '" PALETTE_GRID "'; set boxwidth 0.72\n"
            "plot 'fig1.tsv' using '%s':'images' with boxes fill solid 1 noborder lc rgb '" PALETTE_BLUE "'",
            x);
    if (step == 1)
        fprintf(file,
                ", \\\n     '' using '%s':'images':'images' with labels %soffset 0,%s font plain(9) "
                "textcolor rgb '" PALETTE_DARK "'",
                x, turned ? "rotate left " : "", turned ? "0.3" : "0.6");
    fputc('\n', file);
}

static int write_sizes_script(const struct summary *summary, const struct cluster_size *size, int n,
                              const struct figstyle *style, const char *dir, struct err *err)
{
    struct layout l = {.width = figstyle_width(style, SIZES_WIDTH)};
    struct output out;
    int rc = output_open(&out, dir, "fig1.gp", err);
    if (rc < 0)
        return rc;
    int named = sizes_have_names(size, n);
    snprintf(l.title, sizeof l.title, "Images per %s (%d images, %d %s)", named ? "class" : "cluster",
             store_n_images(summary->store), n, named ? "classes" : "clusters");
    lay_out(&l, summary, EDGE, SIZES_PLOT + sizes_axis(l.width, size, n));
    gnuplot_begin(out.file, "fig1", l.width, l.height, style);
    write_heading(out.file, summary, &l);
    write_notes(out.file, &l);
    write_sizes_plot(out.file, &l, size, n);
    return output_close(&out, err);
}

static int write_sizes(const struct summary *summary, const struct figstyle *style, const char *dir,
                       struct figures *figures, struct err *err)
{
    int rc = 0, n;
    struct cluster_size *size =
        err_calloc((size_t)store_n_images(summary->store), sizeof *size, "cluster sizes", err);
    if (!size)
        return E_IO;
    n = count_clusters(summary->store, size);
    if (n > 0) {
        rc = write_sizes_data(size, n, dir, err);
        if (rc == 0)
            rc = write_sizes_script(summary, size, n, style, dir, err);
        if (rc == 0)
            rc = add(figures, "fig1", err);
    }
    free(size);
    return rc;
}

/* ---- appendix A.i ---- */

enum { APPENDIX_CLUSTER = 27, APPENDIX_VARIANTS = 16 };

/* Row of the first image of cluster 27, or of the smallest cluster when there is no 27. */
static int appendix_image(const struct dataset *data)
{
    int c = dataset_cluster_index(data, APPENDIX_CLUSTER), i = 0;
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

static int write_variants_data(const struct dataset *data, int image, const char *dir, struct err *err)
{
    const struct config config = config_defaults(worker_schema());
    const float *original = dataset_pixels(data, image);
    uint64_t key = rng_key("appendix", data->image[image].id, strlen(data->image[image].id));
    struct output out;
    float *variant = err_calloc(dataset_floats(data), sizeof *variant, "a picture", err);
    if (!variant)
        return E_IO;
    int rc = output_open(&out, dir, "appendix_a1.tsv", err);
    if (rc == 0) {
        fprintf(out.file, "version\tx\ty\t%s\n", data->channels == 1 ? "value" : "red\tgreen\tblue");
        write_pixels(out.file, 0, original, data);
        for (int v = 0; v < APPENDIX_VARIANTS; v++) {
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

/* Pixels of a page VARIANTS_WIDTH wide, from the top left of the picture; a narrower page has
 * all of it smaller. */
enum {
    VARIANTS_WIDTH = 1200,
    ORIGINAL_LEFT = 24,
    ORIGINAL_SIZE = 350,
    ARROW_LEFT = 392,
    ARROW_RIGHT = 452,
    GRID_LEFT = 470,
    CELL = 172,
    CELL_STEP = 178,
    GRID_HEIGHT = 3 * CELL_STEP + CELL
};

static double smaller(const struct layout *l, int pixels)
{
    return pixels * (double)l->width / VARIANTS_WIDTH;
}

static void place(FILE *file, const struct layout *l, int left, int top, int size)
{
    const struct figtext_page text = {file, l->width, l->height};
    double side = smaller(l, size);
    figtext_place(&text, smaller(l, left), l->top + smaller(l, top), side, side);
}

static void write_variants_plots(FILE *file, const struct layout *l, const struct dataset *data)
{
    const char *columns = data->channels == 1 ? "'value'" : "'red':'green':'blue'";
    const char *style = data->channels == 1 ? "image" : "rgbimage";
    int size = data->size;
    double middle = 1 - (l->top + smaller(l, GRID_HEIGHT / 2)) / l->height;
    fprintf(file,
            "pixels = %d\n"
            "set multiplot\n"
            "unset border; unset tics; unset grid; unset colorbox; set palette gray; set cbrange [0:1]\n"
            "set xrange [-0.5:%d.5]; set yrange [%d.5:-0.5]\n"
            "set arrow from screen %.5f,%.5f to screen %.5f,%.5f size screen 0.014,25 filled lw 4 lc rgb "
            "'" PALETTE_BLUE "'\n",
            size * size, size - 1, size - 1, smaller(l, ARROW_LEFT) / l->width, middle,
            smaller(l, ARROW_RIGHT) / l->width, middle);
    place(file, l, ORIGINAL_LEFT, (GRID_HEIGHT - ORIGINAL_SIZE) / 2, ORIGINAL_SIZE);
    fprintf(file,
            "plot 'appendix_a1.tsv' using 'x':'y':%s every ::0::pixels-1 with %s\n"
            "unset label; unset arrow\n",
            columns, style);
    for (int v = 0; v < APPENDIX_VARIANTS; v++) {
        place(file, l, GRID_LEFT + v % 4 * CELL_STEP, v / 4 * CELL_STEP, CELL);
        fprintf(file, "plot 'appendix_a1.tsv' using 'x':'y':%s every ::%d*pixels::%d*pixels-1 with %s\n",
                columns, v + 1, v + 2, style);
    }
    fputs("unset multiplot\nunset output\n", file);
}

static void describe_variants(struct layout *l, const struct dataset *data, int image)
{
    const struct config config = config_defaults(worker_schema());
    const struct augment_settings *ranges = config_of(&config, &augment_ranges_section);
    snprintf(l->title, sizeof l->title, "Image augmentation: one cell and 16 versions of it");
    int class = data->image[image].cluster;
    char name[CLASS_NAME_SIZE];
    snprintf(l->subtitle, sizeof l->subtitle, "First image of %s%s, cell %.180s",
             class_any_named(&class, 1) ? "" : "cluster ", class_short(class, CLASSES_SHORT, name),
             data->image[image].id);
    figtext_note(
        &l->notes,
        "Default ranges: rotation %g degrees, shift %g of the size and shear %g degrees, each to either "
        "side; zoom %g to %g; flip with probability %g. One affine warp, bilinear, nearest fill.",
        ranges->rotation, ranges->shift, ranges->shear, ranges->zoom_min, ranges->zoom_max, ranges->flip);
}

static int write_variants_script(const struct summary *summary, const struct dataset *data, int image,
                                 const struct figstyle *style, const char *dir, struct err *err)
{
    struct layout l = {.width = figstyle_width(style, VARIANTS_WIDTH)};
    struct output out;
    int rc = output_open(&out, dir, "appendix_a1.gp", err);
    if (rc < 0)
        return rc;
    describe_variants(&l, data, image);
    lay_out(&l, summary, ORIGINAL_LEFT, (int)smaller(&l, GRID_HEIGHT) + 14);
    gnuplot_begin(out.file, "appendix_a1", l.width, l.height, style);
    write_heading(out.file, summary, &l);
    write_notes(out.file, &l);
    write_variants_plots(out.file, &l, data);
    return output_close(&out, err);
}

static int write_variants(const struct summary *summary, const struct dataset *data,
                          const struct figstyle *style, const char *dir, struct figures *figures,
                          struct err *err)
{
    int image = appendix_image(data);
    int rc = write_variants_data(data, image, dir, err);
    if (rc == 0)
        rc = write_variants_script(summary, data, image, style, dir, err);
    return rc == 0 ? add(figures, "appendix_a1", err) : rc;
}

/* ---- all ---- */

static int write_curves_pages(const struct summary *summary, const struct figures_options *options,
                              const char *dir, struct figures *figures, struct err *err)
{
    struct curves_page *pages = NULL;
    int n = curves_pages(summary, &pages, err), rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = curves_write(&pages[i], options->metric, &options->style, dir, err);
        if (rc == 0)
            rc = add(figures, pages[i].name, err);
    }
    if (n >= 0)
        curves_free(pages, n);
    return rc;
}

/* Make a name that no figure of the list has, and add it. */
static int add_unique(struct figures *figures, char *name, struct err *err)
{
    size_t n = strlen(name);
    for (int i = 0, copy = 1; i < figures->n; i++)
        if (strcmp(figures->name[i], name) == 0) {
            snprintf(name + n, PAGENAME_SIZE - n, "_%d", ++copy);
            i = -1;
        }
    return add(figures, name, err);
}

/* Factors with a figure of their own: all that vary but those that every figure tells apart, and settings in
 * which sweeps that are kept apart differ as such. */
static int has_figure(const struct summary *summary, int factor)
{
    int bound = factor >= FACTOR_AXES && store_bound_axes(summary->store) >> (factor - FACTOR_AXES) & 1;
    return factor >= FACTOR_MODEL && summary_varies(summary, factor) && !bound;
}

static struct trend_axis axis_of(const struct summary *summary, int factor)
{
    return imbalance_is_axis(summary, factor) ? imbalance_axis(factor) : trend_axis_of(summary, factor);
}

static int write_axis_pages(const struct summary *summary, const struct trend_axis *axis,
                            const struct figstyle *style, const char *dir, struct figures *figures,
                            struct err *err)
{
    struct trend *pages = NULL;
    int n = trend_pages(summary, axis, &pages, err), rc = n < 0 ? n : trend_read_jobs(pages, n, err);
    for (int i = 0; i < n && rc == 0; i++) {
        char name[PAGENAME_SIZE];
        trend_name(&pages[i], name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = trend_write(&pages[i], name, style, dir, err);
    }
    if (n >= 0)
        trend_free(pages, n);
    return rc;
}

/* Accuracy against how much there is to learn from, where an axis sets that. */
static int write_size(const struct summary *summary, int factor, const struct figstyle *style,
                      const char *dir, struct figures *figures, struct err *err)
{
    struct trend_axis axis = size_trend_axis(summary, factor);
    return training_size_is_axis(summary, factor) ? write_axis_pages(summary, &axis, style, dir, figures, err)
                                                  : 0;
}

static int write_axes(const struct summary *summary, const struct figstyle *style, const char *dir,
                      struct figures *figures, struct err *err)
{
    int rc = 0;
    for (int f = 0; f < combination_n_factors(summary->store) && rc == 0; f++)
        if (has_figure(summary, f)) {
            struct trend_axis axis = axis_of(summary, f);
            rc = write_axis_pages(summary, &axis, style, dir, figures, err);
            if (rc == 0)
                rc = write_size(summary, f, style, dir, figures, err);
        }
    return rc;
}

/* A factor as the mean over all axes. */
static int write_marginal(const struct summary *summary, int factor, const struct figstyle *style,
                          const char *dir, struct figures *figures, struct err *err)
{
    struct trend_axis drawn = axis_of(summary, factor);
    struct marginal *marginal;
    int rc = marginal_new(summary, factor, &marginal, err);
    if (rc < 0)
        return rc;
    drawn.marginal = 1;
    drawn.n_left_out = marginal->n_left_out;
    rc = write_axis_pages(&marginal->summary, &drawn, style, dir, figures, err);
    marginal_free(marginal);
    return rc;
}

static int write_marginals(const struct summary *summary, const struct figstyle *style, const char *dir,
                           struct figures *figures, struct err *err)
{
    int rc = 0;
    for (int f = 0; f < combination_n_factors(summary->store) && rc == 0; f++)
        if (has_figure(summary, f))
            rc = write_marginal(summary, f, style, dir, figures, err);
    return rc;
}

static int write_reliability(const struct summary *summary, const struct figures_options *options,
                             const char *dir, struct figures *figures, struct err *err)
{
    struct reliability_page *pages = NULL;
    int n = options->calibration ? reliability_pages(summary, options->calibration, &pages, err) : 0;
    int rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        char name[PAGENAME_SIZE];
        reliability_name(&pages[i], name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = reliability_write(&pages[i], name, &options->style, dir, err);
    }
    free(pages);
    return rc;
}

static int write_roc(const struct summary *summary, const struct figures_options *options, const char *dir,
                     struct figures *figures, struct err *err)
{
    struct roc_page *pages = NULL;
    int n = options->roc ? roc_pages(summary, options->roc, &pages, err) : 0, rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        char name[PAGENAME_SIZE];
        roc_page_name(&pages[i], name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = roc_page_write(&pages[i], name, &options->style, dir, err);
    }
    free(pages);
    return rc;
}

static int write_costs(const struct summary *summary, const struct figures_options *options, const char *dir,
                       struct figures *figures, struct err *err)
{
    struct costs_page *pages = NULL;
    int n = costs_pages(summary, options->costs, options->n_costs, &pages, err), rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        char name[PAGENAME_SIZE];
        costs_page_name(&pages[i], name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = costs_page_write(&pages[i], name, &options->style, dir, err);
    }
    free(pages);
    return rc;
}

static int write_models(const struct summary *summary, const struct figures_options *options, const char *dir,
                        struct figures *figures, struct err *err)
{
    int rc = 0;
    for (int p = 0; options->which && p < options->which->n_places && rc == 0; p++) {
        char name[PAGENAME_SIZE];
        if (!models_page_drawn(summary, options->which, p))
            continue;
        models_page_name(summary, options->which, p, name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = models_page_write(summary, options->which, p, name, &options->style, dir, err);
    }
    return rc;
}

static int write_training_costs(const struct summary *summary, const struct figures_options *options,
                                const char *dir, struct figures *figures, struct err *err)
{
    int rc = 0;
    for (int p = 0; options->cost && p < options->cost->n_places && rc == 0; p++) {
        char name[PAGENAME_SIZE];
        if (!training_cost_page_drawn(summary, options->cost, p))
            continue;
        training_cost_page_name(summary, options->cost, p, name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = training_cost_page_write(options->whole, options->cost, p, name, &options->style, dir, err);
    }
    return rc;
}

static int count_training_costs(const struct summary *summary, const struct figures_options *options)
{
    int n = 0;
    for (int p = 0; options->cost && p < options->cost->n_places; p++)
        n += training_cost_page_drawn(summary, options->cost, p);
    return n;
}

static int write_sweeps(const struct summary *summary, const struct figures_options *options, const char *dir,
                        struct figures *figures, struct err *err)
{
    int rc = 0;
    for (int p = 0; options->versus && p < options->versus->n_pairs && rc == 0; p++) {
        char name[PAGENAME_SIZE];
        if (!versus_page_drawn(options->versus, p))
            continue;
        versus_page_name(options->versus, p, name);
        rc = add_unique(figures, name, err);
        if (rc == 0)
            rc = versus_page_write(summary, options->versus, p, name, &options->style, dir, err);
    }
    return rc;
}

static int count_sweeps(const struct figures_options *options)
{
    int n = 0;
    for (int p = 0; options->versus && p < options->versus->n_pairs; p++)
        n += versus_page_drawn(options->versus, p);
    return n;
}

static int count_models(const struct summary *summary, const struct figures_options *options)
{
    int n = 0;
    for (int p = 0; options->which && p < options->which->n_places; p++)
        n += models_page_drawn(summary, options->which, p);
    return n;
}

static int write_heatmap(const struct summary *summary, const struct summary_group *group, enum image_set set,
                         const struct figures_options *options, const char *dir, struct figures *figures,
                         struct err *err)
{
    char name[PAGENAME_SIZE] = "heatmap_";
    struct heatmap *heatmap = NULL;
    int rc = heatmap_new(summary, group, set, &heatmap, err);
    pagename_append_classes(name, group->cell->clusters);
    pagename_append(name, "_");
    pagename_append_strategy(name, summary, group);
    pagename_append_cell(name, summary, group, 0);
    pagename_append(name, set == SET_TEST ? "_test" : "_originals");
    if (rc == 0)
        rc = add_unique(figures, name, err);
    if (rc == 0)
        rc = heatmap_write(heatmap, name, !options->counts, &options->style, dir, err);
    heatmap_free(heatmap);
    return rc;
}

static int write_heatmaps(const struct summary *summary, const struct figures_options *options,
                          const char *dir, struct figures *figures, struct err *err)
{
    int cluster[CONFIG_MAX_CLUSTERS], rc = 0;
    for (int g = 0; g < summary->n_groups && rc == 0; g++) {
        const struct summary_group *group = &summary->group[g];
        int wanted = options->all_heatmaps || classes_of(summary->store, group->cell, cluster) > 2;
        if (!wanted || group->n_state[JOB_DONE] == 0)
            continue;
        rc = write_heatmap(summary, group, SET_TEST, options, dir, figures, err);
        if (rc == 0)
            rc = write_heatmap(summary, group, SET_ALL, options, dir, figures, err);
    }
    return rc;
}

/* ---- at a glance ---- */

static int write_glances(const struct summary *summary, const struct figures_options *options,
                         const char *dir, struct figures *figures, struct err *err)
{
    struct glance_page *page = NULL;
    struct overall *overall = NULL;
    int rc = options->strategies ? overall_new(options->whole, options->strategies, &overall, err) : 0;
    int n = rc == 0 ? glance_pages(summary, overall, &page, err) : rc;
    rc = n < 0 ? n : 0;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = add_unique(figures, page[i].name, err);
        if (rc == 0)
            rc = glance_write(&page[i], &options->style, dir, err);
    }
    glance_free(page, n > 0 ? n : 0);
    overall_free(overall);
    return rc;
}

static int count_glances(const struct summary *summary, struct err *err)
{
    struct glance_page *page = NULL;
    int n = glance_pages(summary, NULL, &page, err);
    glance_free(page, n > 0 ? n : 0);
    return n;
}

static int count_pages(const struct summary *summary, struct trend_axis axis, struct err *err)
{
    struct trend *pages = NULL;
    int n = trend_pages(summary, &axis, &pages, err);
    if (n >= 0)
        trend_free(pages, n);
    return n;
}

static int count_axis_pages(const struct summary *summary, int factor, struct err *err)
{
    return count_pages(summary, axis_of(summary, factor), err);
}

/* Those of how much there is to learn from, too. */
static int count_trend_pages(const struct summary *summary, int factor, struct err *err)
{
    int n = count_axis_pages(summary, factor, err);
    int sizes = n >= 0 && training_size_is_axis(summary, factor)
                    ? count_pages(summary, size_trend_axis(summary, factor), err)
                    : 0;
    return n < 0 || sizes < 0 ? E_IO : n + sizes;
}

static int count_marginal_pages(const struct summary *summary, int factor, struct err *err)
{
    struct marginal *marginal;
    int rc = marginal_new(summary, factor, &marginal, err);
    if (rc == 0)
        rc = count_axis_pages(&marginal->summary, factor, err);
    marginal_free(marginal);
    return rc;
}

static int count_axes(const struct summary *summary, int (*count)(const struct summary *, int, struct err *),
                      struct err *err)
{
    int n = 0;
    for (int f = 0; f < combination_n_factors(summary->store); f++) {
        int more = has_figure(summary, f) ? count(summary, f, err) : 0;
        if (more < 0)
            return more;
        n += more;
    }
    return n;
}

static int count_heatmaps(const struct summary *summary, const struct figures_options *options)
{
    int cluster[CONFIG_MAX_CLUSTERS], n = 0;
    for (int g = 0; g < summary->n_groups; g++) {
        const struct summary_group *group = &summary->group[g];
        int wanted = options->all_heatmaps || classes_of(summary->store, group->cell, cluster) > 2;
        n += wanted && group->n_state[JOB_DONE] > 0 ? 2 : 0;
    }
    return n;
}

static int count_diagrams(const struct summary *summary, const struct figures_options *options,
                          struct err *err)
{
    struct reliability_page *pages = NULL;
    int n = options->calibration ? reliability_pages(summary, options->calibration, &pages, err) : 0;
    free(pages);
    return n;
}

static int count_roc(const struct summary *summary, const struct figures_options *options, struct err *err)
{
    struct roc_page *pages = NULL;
    int n = options->roc ? roc_pages(summary, options->roc, &pages, err) : 0;
    free(pages);
    return n;
}

static int count_costs(const struct summary *summary, const struct figures_options *options, struct err *err)
{
    struct costs_page *pages = NULL;
    int n = costs_pages(summary, options->costs, options->n_costs, &pages, err);
    free(pages);
    return n;
}

/* How many figures of single models there are: curves, diagrams, heatmaps. E_IO without memory. */
static int count_of_models(const struct summary *summary, const struct figures_options *options,
                           struct err *err)
{
    struct curves_page *curves = NULL;
    int n = curves_pages(summary, &curves, err);
    if (n < 0)
        return n;
    curves_free(curves, n);
    int diagrams = count_diagrams(summary, options, err), roc = count_roc(summary, options, err),
        costs = count_costs(summary, options, err);
    return diagrams < 0 || roc < 0 || costs < 0
               ? E_IO
               : n + diagrams + roc + costs + count_heatmaps(summary, options);
}

/* How many models are shown, their own axes told apart. E_IO without memory. */
static int count_shown_models(const struct summary *summary, struct err *err)
{
    const struct store_job **cell = summary_cells(summary, err);
    struct partition *values = NULL;
    int rc = cell ? partition_new(cell, summary->n_groups, combination_own(summary->store, FACTOR_MODEL),
                                  &values, err)
                  : E_IO;
    int n = rc < 0 ? rc : values->n_parts;
    partition_free(values);
    free(cell);
    return n;
}

/* Figures of single models, if there are too many models for them; 0: they are drawn. E_IO. */
static int count_left_out(const struct summary *summary, const struct figures_options *options,
                          struct err *err)
{
    int n = options->all_figures ? 0 : count_shown_models(summary, err);
    return n > FIGURES_MOST_MODELS ? count_of_models(summary, options, err) : n < 0 ? n : 0;
}

/* How many figures there are without marginal ones and those left out, the appendix left out, too; E_IO
 * without memory. */
static int count_all(const struct summary *summary, const struct figures_options *options, int n_left_out,
                     struct err *err)
{
    int n = count_of_models(summary, options, err), axes = count_axes(summary, count_trend_pages, err);
    int glances = count_glances(summary, err);
    if (n < 0 || axes < 0 || glances < 0)
        return E_IO;
    return 1 + n - n_left_out + axes + glances + count_models(summary, options) +
           count_training_costs(summary, options) + count_sweeps(options);
}

/* Whether an axis has one figure, because there are too many combinations: *n_single figures. E_USAGE when
 * that is too many, too. */
static int is_flood(const struct summary *summary, const struct figures_options *options, int n_left_out,
                    int *n_single, struct err *err)
{
    *n_single = 0;
    int n = options->all_figures ? 0 : count_all(summary, options, n_left_out, err);
    if (n <= FIGURES_MAX)
        return n < 0 ? n : 0;
    int marginal = count_axes(summary, count_marginal_pages, err);
    if (marginal < 0)
        return E_IO;
    marginal += 1 + count_models(summary, options) + count_sweeps(options);
    *n_single = n;
    if (marginal <= FIGURES_MAX && marginal > 1)
        return 1;
    return err_set(
        err, E_USAGE,
        "%s: the report would have %d figures, or %d with one an axis; choose jobs by --filter (clusters, "
        "protocols or values of axes that are of interest), or draw them all with --all-figures",
        store_path(summary->store), n, marginal);
}

/* One figure an axis, below the answer at a glance unless that has many pages, too. */
static int write_few(const struct summary *summary, const struct figures_options *options, const char *dir,
                     struct figures *out, struct err *err)
{
    int glances = count_glances(summary, err), rc = glances < 0 ? glances : 0;
    if (rc == 0 && glances <= FIGURES_MOST_GLANCES) {
        out->n_single -= glances;
        rc = write_glances(summary, options, dir, out, err);
    }
    return rc == 0 ? write_marginals(summary, &options->style, dir, out, err) : rc;
}

static int write_all(const struct summary *summary, const struct figures_options *options, const char *dir,
                     struct figures *out, struct err *err)
{
    int single = out->n_of_models == 0, rc = write_glances(summary, options, dir, out, err);
    if (rc == 0 && single)
        rc = write_curves_pages(summary, options, dir, out, err);
    if (rc == 0)
        rc = write_axes(summary, &options->style, dir, out, err);
    if (rc == 0)
        rc = write_training_costs(summary, options, dir, out, err);
    if (rc == 0 && single)
        rc = write_reliability(summary, options, dir, out, err);
    if (rc == 0 && single)
        rc = write_roc(summary, options, dir, out, err);
    if (rc == 0 && single)
        rc = write_costs(summary, options, dir, out, err);
    return rc == 0 && single ? write_heatmaps(summary, options, dir, out, err) : rc;
}

int figures_write(const struct summary *summary, const struct dataset *data,
                  const struct figures_options *options, const char *dir, struct figures *out,
                  struct err *err)
{
    memset(out, 0, sizeof *out);
    int n = count_left_out(summary, options, err);
    int flood = n < 0 ? n : is_flood(summary, options, n, &out->n_single, err), rc = flood < 0 ? flood : 0;
    out->n_of_models = n > 0 && !flood ? n : 0;
    if (rc == 0)
        rc = write_sizes(summary, &options->style, dir, out, err);
    if (rc == 0)
        rc = flood ? write_few(summary, options, dir, out, err) : write_all(summary, options, dir, out, err);
    if (rc == 0)
        rc = write_models(summary, options, dir, out, err);
    if (rc == 0)
        rc = write_sweeps(summary, options, dir, out, err);
    if (rc == 0 && data && data->n_images > 0)
        rc = write_variants(summary, data, &options->style, dir, out, err);
    return rc;
}

int figures_render(const struct figures *figures, const char *dir, struct err *err)
{
    int rc = 0;
    for (int i = 0; i < figures->n && rc == 0; i++)
        rc = gnuplot_render(dir, figures->name[i], err);
    return rc;
}
