/* walk.h - the images that a few names stand for: files, folders with everything below them, lists of names.
 *
 *     struct walk walk = {.visit = classify, .self = &state};
 *     rc = walk_name(&walk, "cells", &err);
 *     rc = walk_list(&walk, stdin, "standard input", &err);
 *
 * Files of a folder come before its folders, both by name, numbers as numbers: the same order on every file
 * system. Hidden entries, files that are no images and links to folders are passed over inside a folder; a
 * name that is given is visited as it is. Memory: the names of the folders on the way. No MPI. */
#ifndef CELLSWEEP_WALK_H
#define CELLSWEEP_WALK_H

#include "data/passed.h"
#include "err.h"

#include <stdio.h>

struct walk {
    /* Called for every image; negative ends the walk with that code. */
    int (*visit)(void *self, const char *path, struct err *err);
    /* Called for every folder before what is in it; may be NULL. */
    int (*enter)(void *self, const char *folder, struct err *err);
    void *self;
    struct passed passed; /* files that are no images by their names (image.h) */
};

/* A file, or a folder and all below it. A name that is not there is visited: who reads it says why it cannot.
 * E_IO for a folder that cannot be read. */
int walk_name(struct walk *walk, const char *name, struct err *err);

/* One name a line, up to the end of `list`; blank lines and CRs at line ends are passed over. Names
 * that end in NUL (find -print0) are read as well: from the first NUL on a line end is part of a
 * name. Files that systems leave beside others (passed.h) are passed over. source: for messages. */
int walk_list(struct walk *walk, FILE *list, const char *source, struct err *err);

#endif
