/* page.h - the interactive page: one HTML file, built from web/ and embedded in the program,
 * that needs no network.
 *
 *     if (page_available())
 *         rc = page_write(file, json, n);        a file that holds its data
 *         rc = page_write(file, NULL, 0);        what a server sends: the page asks it for its data
 *
 * Thread-safe. No MPI. */
#ifndef CELLSWEEP_PAGE_H
#define CELLSWEEP_PAGE_H

#include <stddef.h>
#include <stdio.h>

/* 0 when the page could not be built with the program: npm was missing, or had no network. */
int page_available(void);

/* Bytes of the page without data. */
size_t page_size(void);

/* How to get the page, a sentence for whoever misses it. */
extern const char page_remedy[];

/* Write the page with a document of n bytes (page_data.h) inside, made harmless for HTML; NULL: with the mark
 * that makes it ask its server. Only when page_available(). Errors are kept by stdio. */
void page_write(FILE *file, const char *json, size_t n);

/* The same into any page, a text with the marker <!--cellsweep-data-->. */
void page_fill(FILE *file, const char *page, const char *json, size_t n);

#endif
