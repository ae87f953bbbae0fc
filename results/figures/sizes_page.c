#include "figures/sizes_page.h"

#include "figures/curves.h"
#include "figures/figtext.h"
#include "settings/config.h"
#include "store/classes.h"
#include "utf8.h"
#include "write/output.h"

#include <stdlib.h>

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

static int have_names(const struct cluster_size *size, int n)
{
    int named = 0;
    for (int i = 0; i < n; i++)
        named |= class_any_named(&size[i].cluster, 1);
    return named;
}

/* Names stand behind the numbers, where a quote in one ends no other column. */
static int write_data(const struct cluster_size *size, int n, const char *dir, struct err *err)
{
    struct output out;
    char room[CLASS_NAME_SIZE];
    int rc = output_open(&out, dir, SIZES_PAGE ".tsv", err), named = have_names(size, n);
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

/* Pixels. */
enum { WIDTH = 960, PLOT = 360, LEFT = 80, RIGHT = 20, AXIS = 56, EDGE = 14 };

/* Pixels that a cluster needs for its numbers: side by side, or turned. */
enum { NUMBER = 22, TURNED = 13 };

/* Letters of a name below a bar, and pixels of one. */
enum { LETTERS = 24, LETTER = 7 };

static int widest_name(const struct cluster_size *size, int n)
{
    char name[CLASS_NAME_SIZE];
    int most = 0;
    for (int i = 0; i < n; i++) {
        int width = LETTER * utf8_width(class_short(size[i].cluster, LETTERS, name));
        most = width > most ? width : most;
    }
    return most;
}

/* Names lie side by side where there is room for the longest, and are turned elsewhere. */
static int names_turned(int width, const struct cluster_size *size, int n)
{
    return widest_name(size, n) + LETTER > (width - LEFT - RIGHT) / (n + 1);
}

/* Pixels below the plot. */
static int axis_height(int width, const struct cluster_size *size, int n)
{
    int named = have_names(size, n);
    return AXIS + (named && names_turned(width, size, n) ? widest_name(size, n) - 14 : 0);
}

static void write_name_tics(FILE *file, int width, const struct cluster_size *size, int n, int step)
{
    fprintf(file, "set xtics scale 0.3 %s(", names_turned(width, size, n) ? "rotate by 90 right " : "");
    for (int i = 0; i < n; i += step) {
        fputs(i ? ", " : "", file);
        gnuplot_quote_class(file, size[i].cluster, LETTERS);
        fprintf(file, " %d", i);
    }
    fputs(")\n", file);
}

/* Numbers on the axis and above bars for every cluster, turned where they have no room side by side; for some
 * of them where there are too many. Names stand side by side at places 0, 1, ... */
static void write_plot(FILE *file, const struct figtext_sheet *sheet, const struct cluster_size *size, int n)
{
    double w = sheet->width, h = sheet->height, plot = w - LEFT - RIGHT;
    int top = figtext_sheet_top(sheet);
    int named = have_names(size, n);
    int first = named ? 0 : size[0].cluster, last = named ? n - 1 : size[n - 1].cluster;
    int range = last - first + 2, turned = NUMBER * range >= plot;
    int step = turned ? (int)(TURNED * range / plot) + 1 : 1;
    const char *x = named ? "place" : "cluster";
    fprintf(
        file,
        "set lmargin at screen %.5f; set rmargin at screen %.5f; set tmargin at screen %.5f; set bmargin at "
        "screen %.5f\n"
        "set xlabel '%s' offset 0,0.4; set ylabel 'Number of images'\n"
        "set xrange [%d:%d]; set yrange [0:%.1f]\n",
        LEFT / w, 1 - RIGHT / w, 1 - top / h, 1 - (top + PLOT) / h, named ? "" : "Cluster", first - 1,
        last + 1, 1.1 * largest(size, n));
    if (named)
        write_name_tics(file, sheet->width, size, n, step);
    else if (range <= 42)
        fprintf(file, "set xtics %s%d,%d,%d\n", turned ? "rotate " : "", first, step, last);
    fprintf(file,
            "unset grid; set grid ytics lt 1 lc rgb '" PALETTE_GRID "'; set boxwidth 0.72\n"
            "plot '" SIZES_PAGE
            ".tsv' using '%s':'images' with boxes fill solid 1 noborder lc rgb '" PALETTE_BLUE "'",
            x);
    if (step == 1)
        fprintf(file,
                ", \\\n     '' using '%s':'images':'images' with labels %soffset 0,%s font plain(9) "
                "textcolor rgb '" PALETTE_DARK "'",
                x, turned ? "rotate left " : "", turned ? "0.3" : "0.6");
    fputc('\n', file);
}

static int write_script(const struct summary *summary, const struct cluster_size *size, int n,
                        const struct figstyle *style, const char *dir, struct err *err)
{
    int named = have_names(size, n);
    struct figtext_notes notes = {0};
    char footer[CURVES_FOOTER_SIZE], title[256];
    curves_footer(footer, sizeof footer, summary, NULL, summary->n_state[JOB_DONE], summary->n_jobs);
    figtext_note(&notes, "%s", footer);
    snprintf(title, sizeof title, "Images per %s (%d images, %d %s)", named ? "class" : "cluster",
             store_n_images(summary->store), n, named ? "classes" : "clusters");
    struct figtext_sheet sheet = {.width = figstyle_width(style, WIDTH),
                                  .edge = EDGE,
                                  .title = title,
                                  .subtitle = "",
                                  .notes = &notes,
                                  .synthetic = store_synthetic(summary->store)};
    sheet.height = figtext_sheet_height(&sheet, PLOT + axis_height(sheet.width, size, n));
    struct output out;
    int rc = figtext_sheet_open(&out, dir, SIZES_PAGE, &sheet, style, err);
    if (rc < 0)
        return rc;
    write_plot(out.file, &sheet, size, n);
    return output_close(&out, err);
}

int sizes_page_write(const struct summary *summary, const struct figstyle *style, const char *dir,
                     struct err *err)
{
    int rc = 0, n;
    struct cluster_size *size =
        err_calloc((size_t)store_n_images(summary->store), sizeof *size, "cluster sizes", err);
    if (!size)
        return E_IO;
    n = count_clusters(summary->store, size);
    if (n > 0)
        rc = write_data(size, n, dir, err);
    if (rc == 0 && n > 0)
        rc = write_script(summary, size, n, style, dir, err);
    free(size);
    return rc < 0 ? rc : n > 0;
}
