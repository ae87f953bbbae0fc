/* folder_fixture.h - a temporary folder for tests that need files; everything in it is removed at the end. */
#ifndef CELLSWEEP_FOLDER_FIXTURE_H
#define CELLSWEEP_FOLDER_FIXTURE_H

#include <stddef.h>

/* Its path, from fixture_setup() on. */
extern char fixture_folder[64];

/* Path of `name` inside the temporary folder, in one of 128 static buffers. */
const char *in_folder(const char *name);

/* cmocka set-up and tear-down: makes the folder, and removes it with all that is in it. 0, or -1. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Remove a folder and all that is in it; what is not there is no error. */
void remove_folder(const char *path);

/* Write a file of n bytes, over the one that is there; aborts when it cannot. */
void put_bytes(const char *path, const void *bytes, size_t n);

/* The same of a text, without its NUL. */
void put_text(const char *path, const char *text);

/* The whole file, NUL-terminated; the caller frees. */
char *get_bytes(const char *path, size_t *n);

/* A gray PNG whose pixel k is (first + k) mod 256. */
void put_png(const char *path, int width, int height, int first);

#endif
