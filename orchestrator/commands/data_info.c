#include "commands/data_info.h"

#include "data/formats.h"
#include "utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR_WIDTH = 24 };

/* ---- lines ---- */

void data_print_sets(const struct dataset *data, int width)
{
    int n[N_GIVEN_SETS] = {0};
    for (int i = 0; i < data->n_images; i++)
        n[data->image[i].given]++;
    if (n[GIVEN_NONE] < data->n_images)
        printf("  %-*strain %d, val %d, test %d, none %d\n", width, "sets", n[GIVEN_TRAIN], n[GIVEN_VAL],
               n[GIVEN_TEST], n[GIVEN_NONE]);
}

void data_print_meta(const struct dataset *data, int width)
{
    const struct meta *meta = &data->meta;
    if (meta->n_columns)
        printf("  %-*s", width, "columns");
    for (int c = 0; c < meta->n_columns; c++)
        printf("%s%s (%d)", c ? ", " : "", meta->column[c].name, meta->column[c].n_values);
    if (meta->n_columns)
        putchar('\n');
}

/* Channels and their scale, where they are not what goes without saying. */
void data_print_preprocess(const struct dataset *data, int width)
{
    char text[PREPROCESS_TEXT_SIZE];
    preprocess_text(&data->preprocess, text, sizeof text);
    if (strcmp(text, "channels=gray scale=depth") == 0)
        return;
    printf("  %-*s", width, "channels");
    for (int c = 0; c < data->channels; c++)
        printf("%s%s", c ? ", " : "", data->channel_name[c]);
    printf("\n  %-*s%s\n", width, "prepared", text);
}

/* ---- copies ---- */

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Images whose pixels are those of another one, which leak from a training set into a test set, and how
 * many of them lie in another cluster than the first of their kind. */
static int count_copies(const struct dataset *data, int *n_conflicts)
{
    int copies = 0;
    *n_conflicts = 0;
    for (int i = 0; i < data->n_images; i++) {
        int first = dataset_content(data, i);
        copies += first != i;
        *n_conflicts += data->image[first].cluster != data->image[i].cluster;
    }
    return copies;
}

/* What stands before a class: a number needs a word. */
static const char *kind_of_class(const struct dataset *data)
{
    return dataset_shows_names(data) ? "" : "cluster ";
}

static void print_copy(const struct dataset *data, int i)
{
    const struct dataset_image *image = &data->image[i], *first = &data->image[dataset_content(data, i)];
    char room[2][CLASS_NAME_SIZE];
    printf("                %s (%s%s) = %s (%s%s)\n", image->id, kind_of_class(data),
           class_title(image->cluster, room[0]), first->id, kind_of_class(data),
           class_title(first->cluster, room[1]));
}

/* A picture with two labels teaches a network that one of them is wrong. */
static void warn_of_conflicts(int n)
{
    if (n)
        fprintf(
            stderr,
            "warning: %d image%s the same pixels as one of another class, so one of the labels is wrong; %s "
            "named below; look at them, and keep one\n",
            n, n == 1 ? " has" : "s have", n == 1 ? "it is" : "they are");
}

/* A few of them by name, those whose labels disagree before the others. */
static void print_copies(const struct dataset *data)
{
    enum { SHOWN = 8 };
    int n_conflicts = 0, copies = count_copies(data, &n_conflicts), shown = 0;
    if (copies == 0) {
        printf("  copies      none: all images differ\n");
        return;
    }
    printf("  copies      %d image%s the same pixels as another", copies, copies == 1 ? " has" : "s have");
    printf(n_conflicts ? "; %d of them in ANOTHER CLUSTER\n" : ", in the same cluster\n", n_conflicts);
    warn_of_conflicts(n_conflicts);
    for (int agree = 0; agree <= 1; agree++)
        for (int i = 0; i < data->n_images && shown < SHOWN; i++) {
            const struct dataset_image *image = &data->image[i],
                                       *first = &data->image[dataset_content(data, i)];
            if (image == first || (image->cluster == first->cluster) != agree)
                continue;
            print_copy(data, i);
            shown++;
        }
    if (copies > shown)
        printf("                and %d more\n", copies - shown);
}

/* Least, median and greatest of one of the sizes over the images of a cluster (CLASS_NONE: all).
 * `room` has n_images ints. */
struct spread {
    int min, median, max, n_masked;
};

static struct spread spread_of(const struct dataset *data, int cluster, int use_height, int *room)
{
    struct spread s = {0};
    size_t n = 0;
    for (int i = 0; i < data->n_images; i++) {
        const struct dataset_image *image = &data->image[i];
        if (cluster != CLASS_NONE && image->cluster != cluster)
            continue;
        room[n++] = use_height ? image->height : image->width;
        s.n_masked += image->masked;
    }
    if (n == 0)
        return s;
    qsort(room, n, sizeof *room, compare_ints);
    s.min = room[0];
    s.median = room[n / 2];
    s.max = room[n - 1];
    return s;
}

static void print_summary(const struct dataset *data, const char *name, int *room)
{
    struct spread w = spread_of(data, -1, 0, room), h = spread_of(data, -1, 1, room);
    printf("%s%s\n", name, data->synthetic ? "   SYNTHETIC: drawn by this program" : "");
    printf("  source      %s\n", data->origin);
    printf("  images      %d of %d %s, %d x %d pixels, %.1f MB\n", data->n_images, data->n_clusters,
           dataset_shows_names(data) ? "classes" : "clusters", data->size, data->size,
           4e-6 * data->n_images * (double)dataset_floats(data));
    printf("  originals   %d x %d to %d x %d pixels, median %d x %d\n", w.min, h.min, w.max, h.max, w.median,
           h.median);
    data_print_preprocess(data, 12);
    printf("  masked      %d of %d, at %g micrometres a pixel\n", w.n_masked, data->n_images,
           data->pixel_size);
    print_copies(data);
    if (data->group_column[0])
        printf("  groups      %d by %s\n", groupings_find(&data->groupings, data->group_column)->n,
               data->group_column);
    data_print_sets(data, 12);
    data_print_meta(data, 12);
    printf("  checksum    %s\n\n", data->checksum);
}

/* The column of classes is as wide as the longest of them. */
static int class_width(const struct dataset *data)
{
    char room[CLASS_NAME_SIZE];
    int most = 7;
    for (int k = 0; k < data->n_clusters; k++) {
        int width = utf8_width(class_title(data->cluster[k], room));
        most = width > most ? width : most;
    }
    return most;
}

/* A class in a column: numbers to the right, names to the left. */
static void print_class(const struct dataset *data, int cluster, int width)
{
    char room[CLASS_NAME_SIZE];
    const char *text = class_title(cluster, room);
    int blanks = width - utf8_width(text);
    printf("  %*s%s%*s", dataset_shows_names(data) ? 0 : blanks, "", text,
           dataset_shows_names(data) ? blanks : 0, "");
}

static void print_cluster(const struct dataset *data, int k, int largest, int *room)
{
    int n = data->cluster_count[k], bar = (int)((double)BAR_WIDTH * n / largest + 0.5);
    struct spread w = spread_of(data, data->cluster[k], 0, room),
                  h = spread_of(data, data->cluster[k], 1, room);
    char depth[40];
    print_class(data, data->cluster[k], class_width(data));
    printf(" %7d %6.1f%% %7d   %4d x %-4d  ", n, 100.0 * n / data->n_images, w.n_masked, w.median, h.median);
    formats_text(data, data->cluster[k], depth, sizeof depth);
    printf("%-16s %6.4f  ", depth, formats_bright(data, data->cluster[k]));
    for (int i = 0; i < (bar ? bar : 1); i++)
        putchar('#');
    putchar('\n');
}

/* ---- brightness ---- */

enum { N_STEPS = 40 };

/* A step of the histogram, darker where more pixels are: its share of the largest. */
static char shade(double share)
{
    static const char shades[] = " .:-=+*#%@";
    int most = (int)sizeof shades - 2, k = (int)ceil(share * most);
    return shades[k > most ? most : k];
}

static void print_histogram(const struct dataset *data, int cluster, int channel)
{
    double share[N_STEPS], largest = 0;
    char line[N_STEPS + 1] = "";
    formats_histogram(data, cluster, channel, N_STEPS, share);
    for (int k = 0; k < N_STEPS; k++)
        largest = share[k] > largest ? share[k] : largest;
    for (int k = 0; k < N_STEPS; k++)
        line[k] = largest > 0 ? shade(share[k] / largest) : ' ';
    print_class(data, cluster, class_width(data));
    printf("  |%s|", line);
    if (data->channels > 1)
        printf("  %s", data->channel_name[channel]);
    putchar('\n');
}

static void print_histograms(const struct dataset *data)
{
    printf("\n  %-*s   brightness of the pixels that are not 0, from 0 to 1\n", class_width(data),
           dataset_shows_names(data) ? "class" : "cluster");
    for (int k = 0; k < data->n_clusters; k++)
        for (int c = 0; c < data->channels; c++)
            print_histogram(data, data->cluster[k], c);
}

int data_info(const struct dataset *data, const char *name, struct err *err)
{
    int largest = 1;
    int *room = err_calloc((size_t)data->n_images, sizeof *room, "image sizes", err);
    if (!room)
        return E_IO;
    print_summary(data, name, room);
    for (int k = 0; k < data->n_clusters; k++)
        largest = data->cluster_count[k] > largest ? data->cluster_count[k] : largest;
    formats_note(data, stderr);
    printf("  %-*s  images   share  masked   median size  depth            99.9 %%\n", class_width(data),
           dataset_shows_names(data) ? "class" : "cluster");
    for (int k = 0; k < data->n_clusters; k++)
        print_cluster(data, k, largest, room);
    print_histograms(data);
    free(room);
    return 0;
}
