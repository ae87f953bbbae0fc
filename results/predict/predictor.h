/* predictor.h - new cell images classified by the weights a sweep left.
 *
 *     struct predictor *p = NULL;
 *     rc = predictor_new(store, "clusters=4-7,strategy=augment", &p, &err);
 *     rc = predictor_prepare(p, png, n_bytes, "cell_7.png", NULL, pixels, &info, &err);
 *     rc = predictor_classify(p, &pixels, 1, probs, &err);
 *     predictor_free(p);
 *
 * The weights are those the sweep kept: of the final epoch, or of the best on the test set
 * (keep_weights of store.h). The networks of all chosen jobs vote: their probabilities are averaged. One
 * predictor is used by one thread at a time. No MPI. */
#ifndef CELLSWEEP_PREDICTOR_H
#define CELLSWEEP_PREDICTOR_H

#include "data/dataset.h"
#include "image/image.h"
#include "data/outlines.h"
#include "err.h"
#include "store/store.h"

#include <stddef.h>

struct predictor;

/* What became of an image on its way to the network. */
struct predictor_image {
    int width, height;         /* as given, pixels */
    int masked;                /* 1 when an outline masked it, or its alpha */
    int misfit;                /* 1 when that outline spans another size than the image: pack_misfits() */
    int coloured, transparent; /* 1: what the file says beyond brightness, which is not used: image.h */
    int flat; /* 1: every pixel that the network sees is the same, so there is no cell in it */
};

/* A predictor of the finished jobs that match filter (NULL: all). They must have one list of clusters,
 * one image size, one model and one kind of features, and hold weights; E_USAGE otherwise, naming the choices
 * and the remedy. The store may be closed afterwards. *out is owned by the caller. */
int predictor_new(struct store *store, const char *filter, struct predictor **out, struct err *err);

int predictor_n_jobs(const struct predictor *p);
int predictor_n_networks(const struct predictor *p); /* of all jobs; an ensemble counts each of its members */
int predictor_n_classes(const struct predictor *p);
int predictor_cluster(const struct predictor *p, int c); /* cluster number of class c */
int predictor_size(const struct predictor *p);      /* width and height of what the network sees, pixels */
int predictor_channels(const struct predictor *p);  /* of it, and of a crop once it is prepared */
size_t predictor_floats(const struct predictor *p); /* size x size x channels */
double predictor_pixel_size(const struct predictor *p); /* micrometres a pixel of the crops */

/* 1 when this CPU runs the kernels that the weights were trained with, so that predictions have the bits of
 * the sweep's own; 0 when they agree to rounding only. */
int predictor_is_exact(const struct predictor *p);

/* Jobs of those that vote whose epoch, or what they were tuned over, was chosen on the images that they are
 * reported of (store_chosen.h): the sweep's numbers of them are too high. */
int predictor_n_chosen_on_test(const struct predictor *p);

/* The same of those that were trained elsewhere. */
int predictor_n_elsewhere(const struct predictor *p);

/* "10 networks of 10 jobs (clusters 8-10, strategy augment)" in out: who votes. */
void predictor_describe(const struct predictor *p, char *out, size_t size);

/* A cell's id by the name of its image: the file's name without folder, "cell_" and extension; in out (size
 * bytes; PREDICTOR_ID_SIZE hold the longest name a file can have). */
enum { PREDICTOR_ID_SIZE = 256 };
void predictor_id(const char *name, char *out, size_t size);

/* An image file's bytes (n) as the network sees it: the channels of the sweep's dataset (of colours the
 * brightness, where that is what the dataset has), scaled as it was, masked by an outline when there is
 * one, resized to the size of the sweep's dataset and from there, where that is another, to the network's.
 * outline: text of a CSV of vertices in micrometres (as cell_boundaries.csv; cell_id may be left out when
 * there is one cell), or NULL. name: for messages, and to find the cell's outline among several; the only
 * outline of a table fits any name. A cell without one is not masked. pixels (size, size, channels), 0 to
 * 1, overwritten. An image with other channels than the networks is refused. Limits of the readers hold (no
 * image bombs), and outlines of more vertices than a cell has are refused. E_IO, one line. */
int predictor_prepare(const struct predictor *p, const void *png, size_t n, const char *name,
                      const char *outline, float *pixels, struct predictor_image *info, struct err *err);

/* The same with the outline looked up by the image's id in tables read before; NULL:
 * no mask. For many images. */
int predictor_prepare_from(const struct predictor *p, const void *png, size_t n, const char *name,
                           const struct outlines *outlines, float *pixels, struct predictor_image *info,
                           struct err *err);

/* The same of an image that was decoded elsewhere, which is changed; it stays the caller's. */
int predictor_prepare_image(const struct predictor *p, struct image *image, const char *name,
                            const struct outlines *outlines, float *pixels, struct predictor_image *info,
                            struct err *err);

/* All that who shows an image needs. Owned; release it. */
struct predictor_view {
    struct predictor_image info;
    float *crop;   /* (info.height, info.width, channels) as given */
    float *masked; /* the same after masking; NULL: not masked */
    float *seen;   /* (size, size, channels) as the network sees it */
};

/* An image in all its shapes. outlines: read before, or NULL: no mask. alone: 1 when it is the only image
 * they are for; then the only outline of a table fits any name. On failure *view is empty. */
int predictor_view(const struct predictor *p, const struct image_file *file, const struct outlines *outlines,
                   int alone, struct predictor_view *view, struct err *err);
void predictor_view_release(struct predictor_view *view);

/* Mean class probabilities (n, n_classes) of n prepared images given by pointer. Of one job, and when
 * predictor_is_exact() and final weights were kept: the same bits as the job's own for the same images in the
 * same order; the vector kernels give an image the same bits in any company. */
int predictor_classify(struct predictor *p, const float *const *pixels, int n, float *probs, struct err *err);

/* The same, and how far the jobs that vote agree: votes (n, n_classes), jobs whose likeliest class it is (the
 * first of equals), spread (n, n_classes), standard deviation of the class's probability over the jobs (n - 1
 * in the denominator; NaN of one job). */
int predictor_classify_votes(struct predictor *p, const float *const *pixels, int n, float *probs, int *votes,
                             float *spread, struct err *err);

/* Where the network looked: map (size, size), how much the probability of class c falls when a square of the
 * image around that pixel is hidden (occlusion sensitivity; Zeiler and Fergus 2014): the mean over all
 * squares that cover it; negative where it rises. Squares are a fifth of the image wide and take the median
 * of its border, which is 0 in a masked image, channel by channel. The more networks, the fewer squares. */
int predictor_occlusion(struct predictor *p, const float *pixels, int c, float *map, struct err *err);

/* The k images of data (of the predictor's clusters) that look most alike to the network: cosine
 * similarity of the activations of the last hidden layer of the first job's first network, or of its features
 * where its model is given some (features.h), scaled. image (k) dataset rows, similarity (k), descending;
 * returns how many there are, 0 where its model has no such layer and is given pixels, or a code. The first
 * call looks at all of data and remembers it by its checksum. data must be the sweep's dataset or have its
 * image size and channels. */
int predictor_similar(struct predictor *p, const struct dataset *data, const float *pixels, int k, int *image,
                      float *similarity, struct err *err);

/* What the sweep's images say of an image. Distances are root mean squared differences of brightness (0 to
 * 1) between images of at most 16 pixels a side, to at most 5000 of the cells; NaN where there are no two. An
 * image whose distance is above the usual one is unlike all cells that the networks were made for; one of
 * a hundred of these cells is, too. */
struct predictor_known {
    int copy; /* dataset row, of any cluster, that equals it in every pixel as the network sees it; -1 */
    float distance; /* to the nearest cell of the predictor's clusters */
    float usual;    /* 99 % quantile of what these cells have to the nearest other one (of 200 of them) */
};

/* A prepared image against data, as of predictor_similar(). The first call looks at all of data and remembers
 * it by its checksum. */
int predictor_know(struct predictor *p, const struct dataset *data, const float *pixels,
                   struct predictor_known *out, struct err *err);

void predictor_free(struct predictor *p);

#endif
