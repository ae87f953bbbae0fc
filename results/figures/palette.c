#include "figures/palette.h"

#include <string.h>

/* After the report's five and Okabe and Ito's last: Tol's muted scheme and darker kin of the
 * first, no two alike. */
static const struct {
    const char *strategy, *color;
} colors[] = {
    {"none", PALETTE_BLACK},
    {"undersample", PALETTE_BLUE},
    {"reweight", PALETTE_GREEN},
    {"oversample", PALETTE_VERMILION},
    {"augment", PALETTE_PURPLE},
    {"smote", PALETTE_ORANGE},
    {"borderline-smote", "#8C5A00"},
    {"tomek", PALETTE_SKY},
    {"nearmiss", "#332288"},
    {"class-balanced", "#117733"},
    {"focal", "#882255"},
    {"balanced-softmax", "#44AA99"},
    {"logit-adjust", "#999933"},
    {"threshold", "#7A7A7A"},
    {"balanced-batch", "#AA4499"},
    {"mixup", "#DDCC77"},
    {"easy-ensemble", "#CC6677"},
};
enum { N_COLORS = sizeof colors / sizeof *colors, FIRST_OTHER = 5 };

const char *palette_strategy(const char *strategy)
{
    unsigned sum = 0;
    for (int i = 0; i < N_COLORS; i++)
        if (strcmp(colors[i].strategy, strategy) == 0)
            return colors[i].color;
    for (const char *c = strategy; *c; c++)
        sum = 31 * sum + (unsigned char)*c;
    return colors[FIRST_OTHER + (int)(sum % (N_COLORS - FIRST_OTHER))].color;
}
