#include "data/formats.h"

#include <string.h>

enum { LEVELS = 65536 };

int formats_count(const struct dataset *data, int cluster, int depth)
{
    int n = 0;
    for (int i = 0; i < data->n_images; i++)
        n += (cluster < 0 || data->image[i].cluster == cluster) &&
             (depth < 0 || data->image[i].depth == depth);
    return n;
}

void formats_text(const struct dataset *data, int cluster, char *out, size_t size)
{
    int n8 = formats_count(data, cluster, 8), n16 = formats_count(data, cluster, 16);
    if (n8 && n16)
        snprintf(out, size, "8: %d, 16: %d", n8, n16);
    else
        snprintf(out, size, n8 ? "8 bit" : n16 ? "16 bit" : "-");
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
        if ((cluster >= 0 && image->cluster != cluster) || (depth >= 0 && image->depth != depth))
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

static void note(FILE *to, int n, const char *one, const char *many)
{
    if (n)
        fprintf(to, "note: %d %s\n", n, n == 1 ? one : many);
}

/* Whether the share of 16-bit files differs by more than half between two clusters. */
static int depth_goes_with_cluster(const struct dataset *data)
{
    double low = 1, high = 0;
    for (int k = 0; k < data->n_clusters; k++) {
        double share = (double)formats_count(data, data->cluster[k], 16) / data->cluster_count[k];
        low = share < low ? share : low;
        high = share > high ? share : high;
    }
    return high - low > 0.5;
}

static void note_depths(const struct dataset *data, FILE *to)
{
    int n8 = formats_count(data, -1, 8), n16 = formats_count(data, -1, 16), bits = 0;
    if (n8 && n16 && depth_goes_with_cluster(data))
        fprintf(
            to,
            "WARNING: THE DEPTH OF THE FILES GOES WITH THE CLUSTER (`cellsweep data info` shows how): %d are "
            "of 8 bits, %d of 16; a network can learn the format instead of the cell; write all images the "
            "same way\n",
            n8, n16);
    else if (n8 && n16)
        fprintf(to,
                "warning: %d images are of 8 bits and %d of 16; each is divided by its own range, so 12 bits "
                "stored in 16 are 1/16 as bright as 8 bits; write all images the same way\n",
                n8, n16);
    for (int top = n16 ? level_of(data, -1, 16, 1.0) : LEVELS; top > 0 && top < LEVELS; top /= 2)
        bits++;
    if (bits && bits <= 12)
        fprintf(to,
                "warning: the %d image%s of 16 bits %s only the lowest %d: 1/%d of the brightness there is; "
                "multiply the values by %d\n",
                n16, n16 == 1 ? "" : "s", n16 == 1 ? "uses" : "use", bits, 1 << (16 - bits),
                1 << (16 - bits));
}

void formats_note(const struct dataset *data, FILE *to)
{
    int coloured = 0, transparent = 0;
    for (int i = 0; i < data->n_images; i++) {
        coloured += data->image[i].coloured;
        transparent += data->image[i].transparent;
    }
    note(to, coloured, "image is coloured; only its brightness is used",
         "images are coloured; only their brightness is used");
    note(to, transparent, "image is transparent in places; transparency is not used, what it hides is seen",
         "images are transparent in places; transparency is not used, what it hides is seen");
    note_depths(data, to);
}
