/* listing.h - what lies in a folder: its images, its folders, and other files; each by name, numbers as
 * numbers, the same on every file system.
 *
 * Images are told by their names (image.h). Hidden entries are not looked at; nor are the files that
 * systems leave beside others: ._name, .DS_Store (hidden), Thumbs.db, desktop.ini. Links to folders
 * are folders. No MPI. */
#ifndef CELLSWEEP_LISTING_H
#define CELLSWEEP_LISTING_H

#include "err.h"

struct names {
    char **name; /* (n) */
    int n, capacity;
};

struct listing {
    struct names images, folders, others, hidden;
};

/* List a folder. E_IO when it cannot be read, or without memory; *listing is then empty. */
int listing_read(const char *folder, struct listing *listing, struct err *err);

/* 1 when a folder of this path is there. */
int listing_is_folder(const char *path);

void listing_release(struct listing *listing);

#endif
