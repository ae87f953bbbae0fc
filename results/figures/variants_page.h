/* variants_page.h - an image and what augmentation makes of it, the report's appendix A.i: a data file and a
 * gnuplot script.
 *
 *     variants_page_write(summary, data, style, dir, &err);     appendix_a1.tsv and appendix_a1.gp
 *
 * The image is the first one of cluster 27, or of the smallest class where there is no 27; its versions are
 * drawn with the default ranges (samples/augment.h) and a key of the image's own. No MPI. */
#ifndef CELLSWEEP_VARIANTS_PAGE_H
#define CELLSWEEP_VARIANTS_PAGE_H

#include "data/dataset.h"
#include "figures/figstyle.h"
#include "stats/summary.h"

#define VARIANTS_PAGE "appendix_a1"

/* data: at least one image. */
int variants_page_write(const struct summary *summary, const struct dataset *data,
                        const struct figstyle *style, const char *dir, struct err *err);

#endif
