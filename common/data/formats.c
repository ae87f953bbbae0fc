#include "data/formats.h"

#include <string.h>

enum { LEVELS = 65536, MAX_DEPTHS = 65 };

int formats_count(const struct dataset *data, int cluster, int depth)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++)
        n += (cluster == CLASS_NONE || data->image[i].cluster == cluster) &&
             (depth < 0 || data->image[i].depth == depth);
    return n;
}

/* The depths there are, ascending, of known ones; how many. */
static int depths_of(const struct dataset *data, int cluster, int depth[MAX_DEPTHS])
{
    int n = 0;
    for (int d = 1; d < MAX_DEPTHS; d++)
        if (formats_count(data, cluster, d))
            depth[n++] = d;
    return n;
}

/* "8: 12, 16: 30" */
static void list_depths(const struct dataset *data, int cluster, char *out, size_t size)
{
    int depth[MAX_DEPTHS], n = depths_of(data, cluster, depth);
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < n && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%d: %d", k ? ", " : "", depth[k],
                                 formats_count(data, cluster, depth[k]));
}

void formats_text(const struct dataset *data, int cluster, char *out, size_t size)
{
    int depth[MAX_DEPTHS], n = depths_of(data, cluster, depth);
    if (n > 1)
        list_depths(data, cluster, out, size);
    else if (n == 1)
        snprintf(out, size, "%d bit", depth[0]);
    else
        snprintf(out, size, "-");
}

/* Level of 0 to LEVELS - 1 that share of the pixels of images of a cluster and depth (-1:
 * any) stay at or below. */
static int level_of(const struct dataset *data, int cluster, int depth, double share)
{
    static size_t count[LEVELS];
    size_t area = dataset_floats(data), n = 0, below = 0;
    int level = 0;
    memset(count, 0, sizeof count);
    for (int i = 0; i < data->n_images; i++) {
        const struct dataset_image *image = &data->image[i];
        if ((cluster != CLASS_NONE && image->cluster != cluster) || (depth >= 0 && image->depth != depth))
            continue;
        for (size_t k = 0; k < area; k++, n++)
            count[(int)((double)data->pixels[(size_t)i * area + k] * (LEVELS - 1) + 0.5) & (LEVELS - 1)]++;
    }
    while (level < LEVELS - 1 && (double)(below += count[level]) < share * (double)n)
        level++;
    return level;
}

double formats_bright(const struct dataset *data, int cluster)
{
    return level_of(data, cluster, -1, 0.999) / (LEVELS - 1.0);
}

void formats_histogram(const struct dataset *data, int cluster, int channel, int n, double *share)
{
    size_t floats = dataset_floats(data), total = 0;
    for (int k = 0; k < n; k++)
        share[k] = 0;
    for (int i = 0; i < data->n_images; i++) {
        const float *pixels = dataset_pixels(data, i);
        if (data->image[i].cluster != cluster)
            continue;
        for (size_t p = (size_t)channel; p < floats; p += (size_t)data->channels)
            if (pixels[p] > 0.0f) {
                int step = (int)(pixels[p] * (float)n);
                share[step < n ? step : n - 1]++;
                total++;
            }
    }
    for (int k = 0; k < n && total; k++)
        share[k] /= (double)total;
}

static void note(FILE *to, int n, const char *one, const char *many)
{
    if (n)
        fprintf(to, "note: %d %s\n", n, n == 1 ? one : many);
}

/* Whether the share of files of some depth differs by more than half between two clusters. */
static int depth_goes_with_cluster(const struct dataset *data, const int *depth, int n)
{
    for (int i = 0; i < n; i++) {
        double low = 1, high = 0;
        for (int k = 0; k < data->n_clusters; k++) {
            double share = (double)formats_count(data, data->cluster[k], depth[i]) / data->cluster_count[k];
            low = share < low ? share : low;
            high = share > high ? share : high;
        }
        if (high - low > 0.5)
            return 1;
    }
    return 0;
}

static void note_mixture(const struct dataset *data, const int *depth, int n, FILE *to)
{
    char list[200];
    list_depths(data, -1, list, sizeof list);
    if (depth_goes_with_cluster(data, depth, n))
        fprintf(
            to,
            "WARNING: THE DEPTH OF THE FILES GOES WITH THE CLASS (`cellsweep data info` shows how; bits: "
            "files, "
            "%s); a network can learn the format instead of the cell; write all images the same way, or let "
            "--scale image level them\n",
            list);
    else
        fprintf(
            to,
            "warning: the files have different depths (bits: files, %s); each is divided by its own range, "
            "so 12 "
            "bits stored in 16 are 1/16 as bright as 8 bits; write all images the same way\n",
            list);
}

/* Whether files of 16 bits use only the lowest of them. */
static void note_unused_bits(const struct dataset *data, FILE *to)
{
    int n16 = formats_count(data, -1, 16), bits = 0;
    for (int top = n16 ? level_of(data, -1, 16, 1.0) : LEVELS; top > 0 && top < LEVELS; top /= 2)
        bits++;
    if (bits && bits <= 12)
        fprintf(to,
                "warning: the %d image%s of 16 bits %s only the lowest %d: 1/%d of the brightness there is; "
                "multiply the values by %d, or pack with --scale dataset\n",
                n16, n16 == 1 ? "" : "s", n16 == 1 ? "uses" : "use", bits, 1 << (16 - bits),
                1 << (16 - bits));
}

void formats_note(const struct dataset *data, FILE *to)
{
    int coloured = 0, transparent = 0, depth[MAX_DEPTHS], n = depths_of(data, -1, depth);
    for (int i = 0; i < data->n_images; i++) {
        coloured += data->image[i].coloured;
        transparent += data->image[i].transparent;
    }
    if (data->preprocess.channels == CHANNELS_GRAY)
        note(to, coloured, "image is coloured; only its brightness is used; --channels rgb keeps colours",
             "images are coloured; only their brightness is used; --channels rgb keeps colours");
    if (!data->preprocess.alpha_masks)
        note(
            to, transparent,
            "image is transparent in places; transparency is not used, what it hides is seen; --alpha mask "
            "uses it",
            "images are transparent in places; transparency is not used, what it hides is seen; --alpha mask "
            "uses it");
    if (data->preprocess.scale != SCALE_IMAGE && n > 1)
        note_mixture(data, depth, n, to);
    if (data->preprocess.scale == SCALE_DEPTH)
        note_unused_bits(data, to);
}
