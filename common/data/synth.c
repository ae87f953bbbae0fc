#include "data/synth.h"

#include "data/drawing.h"
#include "data/kinds.h"
#include "data/pack.h"
#include "image/png.h"
#include "rng.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PATH_SIZE = 4096 };

static const char readme[] =
    "SYNTHETIC cell images, drawn by `cellsweep data synth`; no microscope was involved.\n"
    "\n"
    "cell_images/cluster_<k>/cell_<id>.png  8-bit gray crops, 0.2125 micrometres a pixel\n"
    "cell_boundaries.csv.gz                 cell_id, vertex_x, vertex_y in micrometres\n"
    "clusters.csv                           Barcode, Cluster\n"
    "SYNTHETIC                              the mark by which everything made from this folder says so\n"
    "\n"
    "Numbers of images, cell areas and nucleus areas of the 28 clusters follow the 10x Genomics dataset\n"
    "Xenium_V1_FF_Mouse_Brain_Coronal_Subset_CTX_HP; what the clusters look like is made up.\n"
    "Every run writes the same bytes.\n";

/* The tables being written beside the images. */
struct tables {
    const char *folder;
    FILE *clusters;
    gzFile boundaries;
};

/* ---- folders ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_tree(const char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0777) < 0)
        return err_set(err, E_IO, "%s: cannot make the folder: %s", path, strerror(errno));
    return 0;
}

/* Absent, or a folder with nothing in it? */
static int check_empty(const char *folder, struct err *err)
{
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return err_set(err, E_USAGE, "%s: cannot use it as a folder: %s", folder, strerror(errno));
    int n = 0;
    while (n <= 2 && readdir(dir))
        n++;
    closedir(dir);
    if (n > 2)
        return err_set(err, E_USAGE, "%s: the folder is not empty; name a new one", folder);
    return 0;
}

/* ---- cells ---- */

static int write_image(const struct tables *t, int cluster, int id, const struct drawing *d, struct err *err)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/cell_images/cluster_%d/cell_%d.png", t->folder, cluster, id);
    return image_write_png8(path, d->gray, d->width, d->height, 1, err);
}

/* Xenium closes an outline by repeating its first vertex. */
static int write_outline(const struct tables *t, int id, const struct drawing *d, struct err *err)
{
    for (int i = 0; i <= DRAWING_CORNERS; i++) {
        struct point v = d->outline[i % DRAWING_CORNERS];
        if (gzprintf(t->boundaries, "%d,%.4f,%.4f\n", id, v.x, v.y) <= 0)
            return err_set(err, E_IO, "%s/cell_boundaries.csv.gz: cannot write; is the disk full?",
                           t->folder);
    }
    return 0;
}

static int write_cell(const struct tables *t, const struct kind *kind, int id, struct err *err)
{
    struct drawing drawing = {0};
    int rc = drawing_make(kind, id, &drawing, err);
    if (rc == 0)
        rc = write_image(t, kind->cluster, id, &drawing, err);
    if (rc == 0)
        rc = write_outline(t, id, &drawing, err);
    if (rc == 0 && fprintf(t->clusters, "%d,%d\n", id, kind->cluster) < 0)
        rc = err_set(err, E_IO, "%s/clusters.csv: cannot write; is the disk full?", t->folder);
    drawing_release(&drawing);
    return rc;
}

static int write_kind(const struct tables *t, const struct kind *kind, const int *id, struct err *err)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/cell_images/cluster_%d", t->folder, kind->cluster);
    int rc = make_folder(path, err);
    for (int i = 0; rc == 0 && i < kind->n_images; i++)
        rc = write_cell(t, kind, id[i], err);
    return rc;
}

static int count_images(void)
{
    int n = 0;
    for (int k = 0; k < N_KINDS; k++)
        n += kinds[k].n_images;
    return n;
}

/* Ids are dealt out at random: the number of a cell tells nothing about its cluster. */
static int write_cells(const struct tables *t, struct err *err)
{
    int n = count_images(), rc = 0;
    int *id = err_calloc((size_t)n, sizeof *id, "cell ids", err);
    if (!id)
        return E_IO;
    for (int i = 0; i < n; i++)
        id[i] = i + 1;
    struct rng rng = rng_start(rng_key("synthetic ids", "", 0), 0);
    rng_shuffle(&rng, id, n);
    for (int k = 0, first = 0; rc == 0 && k < N_KINDS; first += kinds[k++].n_images)
        rc = write_kind(t, &kinds[k], id + first, err);
    free(id);
    return rc;
}

/* ---- the folder ---- */

static int write_text(const char *folder, const char *name, const char *text, struct err *err)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    int ok = f && fputs(text, f) >= 0;
    if (f && fclose(f) != 0)
        ok = 0;
    return ok ? 0 : err_set(err, E_IO, "%s: cannot write: %s", path, strerror(errno));
}

static int open_tables(struct tables *t, struct err *err)
{
    char path[PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/clusters.csv", t->folder);
    t->clusters = fopen(path, "w");
    if (!t->clusters)
        return err_set(err, E_IO, "%s: cannot write: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%s/cell_boundaries.csv.gz", t->folder);
    t->boundaries = gzopen(path, "wb");
    if (!t->boundaries)
        return err_set(err, E_IO, "%s: cannot write: %s", path, strerror(errno));
    fputs("Barcode,Cluster\n", t->clusters);
    gzputs(t->boundaries, "cell_id,vertex_x,vertex_y\n");
    return 0;
}

static int close_tables(struct tables *t, int rc, struct err *err)
{
    int bad = t->clusters && (ferror(t->clusters) | fclose(t->clusters)) != 0;
    if (t->boundaries && gzclose(t->boundaries) != Z_OK)
        bad = 1;
    if (bad && rc == 0)
        rc = err_set(err, E_IO, "%s: writing the tables failed; is the disk full?", t->folder);
    return rc;
}

static int fill_folder(const char *folder, struct err *err)
{
    char path[PATH_SIZE + 64];
    struct tables t = {.folder = folder};
    snprintf(path, sizeof path, "%s/cell_images", folder);
    int rc = make_folder(path, err);
    if (rc == 0)
        rc = open_tables(&t, err);
    if (rc == 0)
        rc = write_cells(&t, err);
    rc = close_tables(&t, rc, err);
    if (rc == 0)
        rc = write_text(folder, "README.txt", readme, err);
    return rc == 0 ? write_text(folder, "SYNTHETIC", "drawn by cellsweep\n", err) : rc;
}

/* Give a folder of mkdtemp the permissions mkdir would have given. */
static void open_permissions(const char *folder)
{
    mode_t mask = umask(0);
    umask(mask);
    chmod(folder, 0777 & ~mask);
}

int synth_write(const char *folder, struct err *err)
{
    char final[PATH_SIZE - 64], temp[PATH_SIZE];
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof final)
        return err_set(err, E_USAGE, "%.200s: not a usable name for a folder", folder);
    snprintf(final, sizeof final, "%.*s", (int)n, folder);
    int rc = check_empty(final, err);
    if (rc < 0)
        return rc;
    snprintf(temp, sizeof temp, "%s.XXXXXX", final);
    if (!mkdtemp(temp))
        return err_set(err, E_IO, "%s: cannot make the folder: %s", final, strerror(errno));
    rc = fill_folder(temp, err);
    open_permissions(temp);
    if (rc == 0 && rename(temp, final) < 0)
        rc = err_set(err, E_IO, "%s: cannot rename the finished folder: %s", final, strerror(errno));
    if (rc < 0)
        remove_tree(temp);
    return rc;
}

int synth_open(const struct dataset_options *options, struct dataset **out, struct err *err)
{
    char folder[PATH_SIZE];
    struct pack_report report = {0};
    const char *parent = getenv("TMPDIR");
    *out = NULL;
    int n = snprintf(folder, sizeof folder, "%s/cellsweep.XXXXXX", parent && *parent ? parent : "/tmp");
    if (n < 0 || n >= (int)sizeof folder)
        return err_set(err, E_IO, "TMPDIR: the path is too long");
    if (!mkdtemp(folder))
        return err_set(err, E_IO,
                       "%s: cannot make a temporary folder: %s; set TMPDIR to a folder that can be written",
                       folder, strerror(errno));
    int rc = fill_folder(folder, err);
    if (rc == 0)
        rc = pack_folder(folder, options, out, &report, err);
    if (rc == 0)
        snprintf((*out)->origin, sizeof(*out)->origin, "builtin");
    pack_report_release(&report);
    remove_tree(folder);
    return rc;
}
