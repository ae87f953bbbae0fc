/* passed.h - files that were passed over, counted by kind: their extension, or what leaves them behind. */
#ifndef CELLSWEEP_PASSED_H
#define CELLSWEEP_PASSED_H

#include <stdio.h>

enum { PASSED_KINDS = 24, PASSED_KIND_SIZE = 16 };

/* Zeroed before. Kinds beyond the last are counted together as "others". */
struct passed {
    int n, n_kinds;
    struct {
        char name[PASSED_KIND_SIZE];
        int n, is_image; /* 1: of a format that is not read */
    } kind[PASSED_KINDS];
};

/* 1 for a file that systems leave beside others: ._name, .DS_Store, Thumbs.db, desktop.ini. */
int passed_is_left(const char *name);

void passed_add(struct passed *passed, const char *name);

/* A line, "note: 3 files were passed over: 2 .txt, 1 .bmp (.bmp is not read; convert such images to PNG or
 * TIFF)"; nothing when there are none. */
void passed_note(const struct passed *passed, FILE *to);

#endif
