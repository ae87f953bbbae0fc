/* palette.h - the colours of every figure and of the page: Okabe and Ito's, told apart with any colour vision
 * (Okabe and Ito 2008), in the order of the report's blue and orange. Those of strategies stand in their rows
 * (strategies/balance.h): the report's five have these, the others Tol's muted scheme and darker kin, no two
 * alike. */
#ifndef CELLSWEEP_PALETTE_H
#define CELLSWEEP_PALETTE_H

#define PALETTE_BLUE      "#0072B2"
#define PALETTE_VERMILION "#D55E00"
#define PALETTE_GREEN     "#009E73"
#define PALETTE_PURPLE    "#CC79A7"
#define PALETTE_ORANGE    "#E69F00"
#define PALETTE_SKY       "#56B4E9"
#define PALETTE_BLACK     "#000000"
#define PALETTE_WINE      "#882255"
#define PALETTE_INDIGO    "#332288"
#define PALETTE_OLIVE     "#999933"
#define PALETTE_BROWN     "#7A4B20"
#define PALETTE_TEAL      "#44AA99"
#define PALETTE_FOREST    "#117733"
#define PALETTE_DARK      "#404040" /* texts beside data */
#define PALETTE_GREY      "#666666" /* notes, axes */
#define PALETTE_GRID      "#E4E4E4"
#define PALETTE_BAND      "#808080"    /* of an interval, where it has no line */
#define PALETTE_SYNTHETIC PALETTE_WINE /* the words "synthetic data" */
#define PALETTE_TRAIN     PALETTE_BLUE
#define PALETTE_TEST      PALETTE_VERMILION
#define PALETTE_VAL       PALETTE_GREEN /* the inner set */

#endif
