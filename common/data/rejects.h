/* rejects.h - images that were left out, each with its reason. */
#ifndef CELLSWEEP_REJECTS_H
#define CELLSWEEP_REJECTS_H

#include "err.h"

#include <stdio.h>

struct reject {
    char *source; /* path inside the source folder */
    char *reason;
};

struct rejects {
    int n, capacity;
    struct reject *item; /* (n) */
};

/* Append copies of both texts. 0 or E_IO when out of memory. */
int rejects_add(struct rejects *rejects, const char *source, const char *reason, struct err *err);

/* Order by source, so that a listing does not depend on the file system. */
void rejects_sort(struct rejects *rejects);

/* A line an image, "  source: reason"; a reason that more than REJECTS_SHOWN images share gets one line with
 *                     their number and the first
 * of them. */
enum { REJECTS_SHOWN = 20 };
void rejects_print(const struct rejects *rejects, FILE *to);

void rejects_release(struct rejects *rejects);

#endif
