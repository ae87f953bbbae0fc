/* kinds.h - what the synthetic cells of each cluster are like.
 *
 * Counts and areas are those of the 28 graph clusters of the 10x Genomics dataset
 * Xenium_V1_FF_Mouse_Brain_Coronal_Subset_CTX_HP (cells.csv.gz, graph-based clusters) and of the report's
 * 1000 images of it. The looks are made up. */
#ifndef CELLSWEEP_KINDS_H
#define CELLSWEEP_KINDS_H

/* Ways in which nuclei differ; the mean of a cluster, around which its cells scatter. */
enum look {
    LOOK_BRIGHTNESS, /* of the nucleus, 0 to 1 */
    LOOK_GRAIN,      /* relative amplitude of its texture */
    LOOK_SPOTS,      /* number of chromocentres */
    LOOK_CONTRAST,   /* of a chromocentre, relative to the nucleus */
    LOOK_LENGTH,     /* long axis over short axis */
    LOOK_GLOW,       /* cytoplasm over nucleus */
    N_LOOKS
};

struct kind {
    int cluster;
    int n_images;
    double cell_area[3];    /* 10, 50 and 90 % quantiles, square micrometres */
    double nucleus_area[3]; /* the same */
    double look[N_LOOKS];
};

enum { N_KINDS = 28 };

extern const struct kind kinds[N_KINDS];

#endif
