/* dataset.h - labelled cell images of one size, in memory, and the packed HDF5 file that keeps them.
 *
 *     struct dataset *data = NULL;
 *     if (dataset_open("cells.h5", NULL, &data, &err) < 0) ...
 *     const float *image = dataset_pixels(data, i);
 *     dataset_free(data);
 *
 * Packed file (HDF5, default library version, read by h5py or R without help):
 *     / attributes   cellsweep_dataset (format version, 1), checksum, synthetic (0 or 1), source, pixel_size,
 *                    groups (only with groups: the name of their column), preprocess (how files became
 *                    pixels: preprocess.h), channels (only when there are several: how many)
 *     /images/pixels          [n, size, size] float32, 0 to 1, masked; [n, size, size, channels] when there
 *                             are several
 *     /images/id              [n] fixed-length string
 *     /images/cluster         [n] int32
 *     /images/source          [n] fixed-length string, path of the image inside the source folder
 *     /images/width, height   [n] int32, original size in pixels
 *     /images/masked          [n] int32, 1 when a boundary masked it
 *     /images/depth           [n] int32, bits a sample of the file: 8 to 64; 0: not known
 *     /images/coloured, transparent   [n] int32, 1 when the file said more than its brightness (image.h)
 *     /images/group           [n] fixed-length string, what must stay together in a split; only with groups
 *     /images/set             [n] int32, 0 none, 1 train, 2 val, 3 test; only when the source says so
 *     /meta/<column>/value, code   other columns of the label table (meta.h); only those that were asked for
 *     /channels/name          [channels] fixed-length string; only when there are several
 *     /classes/name           [c] fixed-length string, what /images/cluster counts, from 0; only when a class
 *                             has a name and no number
 * Strings are as long as the longest of them needs. The order is by class (class_name.h), then by id (numbers
 * as numbers):
 * independent of the file system's order. No MPI. */
#ifndef CELLSWEEP_DATASET_H
#define CELLSWEEP_DATASET_H

#include "data/grouping.h"
#include "data/meta.h"
#include "class_name.h"
#include "image/image.h"
#include "image/preprocess.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    DATASET_ID_SIZE = 256,
    DATASET_SOURCE_SIZE = 384,
    DATASET_GROUP_SIZE = 64,
    DATASET_GROUPS_SIZE = META_MAX_COLUMNS * META_WORD_SIZE, /* names of columns */
    DATASET_CHECKSUM_SIZE = 33
};
enum { DATASET_CHANNEL_SIZE = 32, DATASET_MAX_CLASSES = 4096 };
enum { DATASET_MIN_SIZE = 8, DATASET_MAX_SIZE = 512 };

/* The set that the source itself puts an image in, by a folder train, val or test, or a column. */
enum given_set { GIVEN_NONE, GIVEN_TRAIN, GIVEN_VAL, GIVEN_TEST, N_GIVEN_SETS };
extern const char *const given_set_names[N_GIVEN_SETS]; /* "", "train", "val", "test" */

struct dataset_image {
    char id[DATASET_ID_SIZE];         /* cell id, unique */
    char source[DATASET_SOURCE_SIZE]; /* path inside the source folder */
    int cluster;                      /* its class (class_name.h): a number of the user, or a name */
    int given;                        /* an enum given_set */
    int width, height;                /* original size, pixels */
    int masked;                       /* 1 when a boundary masked it */
    int depth;                        /* of the file, bits a sample; 0: not known */
    int coloured, transparent;        /* 1: what its file said beyond brightness, which is not used */
    char group[DATASET_GROUP_SIZE];   /* e.g. its slide or animal; "": none, so it is a group of its own */
    uint64_t print;                   /* XXH3-64 of its pixels: dataset_finish() */
};

struct dataset {
    int n_images;
    int size;     /* width and height of every image, pixels */
    int channels; /* of every image */
    char channel_name[IMAGE_MAX_CHANNELS][DATASET_CHANNEL_SIZE];
    struct preprocess preprocess;          /* how files became pixels */
    int synthetic;                         /* 1 when drawn by this program */
    double pixel_size;                     /* micrometres a pixel of the original crops */
    float *pixels;                         /* (n_images, size, size, channels), 0 to 1 */
    struct dataset_image *image;           /* (n_images) */
    int *content;                          /* (n_images) first image with the same pixels; NULL: all differ */
    struct meta meta;                      /* of the images: what groups may be made of */
    char group_column[DATASET_GROUP_SIZE]; /* column of clusters.csv the groups are from; "": no groups */
    struct groupings groupings;            /* of group_column, and of the columns that were asked for */
    int n_clusters;                        /* distinct classes */
    int *cluster;                          /* (n_clusters) in order (class_name.h) */
    int *cluster_count;                    /* (n_clusters) images of each */
    char checksum[DATASET_CHECKSUM_SIZE];  /* of all that decides a result: see dataset_finish */
    char sets[DATASET_CHECKSUM_SIZE];      /* of the given sets of all images, in order; "": none has one */
    char origin[256];                      /* "builtin" or the folder it was packed from */
};

/* Floats of an image of this dataset, and those of image i. */
static inline size_t dataset_floats(const struct dataset *data)
{
    return image_floats(data->size) * (size_t)data->channels;
}

static inline const float *dataset_pixels(const struct dataset *data, int i)
{
    return data->pixels + (size_t)i * dataset_floats(data);
}

/* How images become a dataset; part of what decides a result through the pixels it yields. */
struct dataset_options {
    int size;          /* width and height after resizing, pixels, 8 to 512 */
    double pixel_size; /* micrometres a pixel, > 0 */
    /* column of clusters.csv that says what must stay together in a split; NULL: none. To dataset_open() also
     * several, a line each: "slide\nanimal" */
    const char *groups;
    int allow_missing;  /* 1: rows of the label table without an image are passed over, not an error */
    const char *meta;   /* columns of it that are kept: "slide,animal" or "all"; NULL: none */
    const char *labels; /* path of the label table; NULL: clusters.csv and the like in the folder */
    const char *id_column, *label_column; /* of that table; NULL: found by their names (labels.h) */
    /* left out of ids before they are compared (ids.h); NULL: nothing */
    const char *strip_prefix, *strip_suffix;
    int strip_zeros; /* 1: zeros at the beginning of ids, too */
    /* how outlines lie on images (outline_way.h): an enum crop, 0: found; 1: y is turned; 1: x is y */
    int crop, flip_y, swap_xy;
    struct preprocess preprocess; /* zeroed: gray, by depth, alpha not used */
};

/* The defaults: 50 pixels, 0.2125 micrometres, no groups. */
#define DATASET_DEFAULTS .size = 50, .pixel_size = 0.2125
struct dataset_options dataset_defaults(void);

/* Allocate a dataset of n images of size x size pixels of some channels, zeroed, without clusters or
 * checksum. NULL with *err set. */
struct dataset *dataset_new(int n_images, int size, int channels, struct err *err);

/* Fill in print of images, content, cluster, cluster_count, groupings, sets and checksum from images,
 * group_column and pixels.
 * The checksum is XXH3-128 in hexadecimal of the image size, the channels when there are several, and every
 * image's id, class (as text when one of them has a name) and pixels, in order; not of groups, given sets or
 * other columns, which say how images are divided, not what they are. 0 or a code. */
int dataset_finish(struct dataset *data, struct err *err);

/* Open whatever a sweep file may name under `data`: "builtin" (drawn and packed in a temporary
 * folder), a packed file, or a folder that pack understands (what it rejected goes to stderr).
 * options: NULL for the defaults, and then a packed file of any image size; otherwise a packed file
 * of another size, or with the groups asked for neither as its groups nor among its other columns, is an
 * error. Groups of a packed file that nobody
 * asks for do no harm. *out is owned by the caller. */
int dataset_open(const char *name, const struct dataset_options *options, struct dataset **out,
                 struct err *err);

/* Read a packed file; its checksum is computed again and must agree with the stored one. *out is
 * owned by the caller. */
int dataset_read(const char *path, struct dataset **out, struct err *err);

/* Read a packed file in a child process and forget it, so that a file that crashes HDF5 is an error
 * (child.h). 0 for a name that dataset_open() takes for something else. */
int dataset_try(const char *name, struct err *err);

/* Write a packed file under a temporary name, fsync, rename: nothing half-written remains. */
int dataset_write(const struct dataset *data, const char *path, struct err *err);

/* First image with the pixels of image i, which may be i. */
static inline int dataset_content(const struct dataset *data, int i)
{
    return data->content ? data->content[i] : i;
}

/* 1 when a class has a name and no number. */
int dataset_has_names(const struct dataset *data);

/* The same of what people see: titles count, too. */
int dataset_shows_names(const struct dataset *data);

/* Position of a class in data->cluster, or -1. */
int dataset_cluster_index(const struct dataset *data, int cluster);

void dataset_free(struct dataset *data);

#endif
