/* json_out.h - values of the page's document as JSON, on top of jansson: what is not a number is null, a text
 * that is not UTF-8 is mended, large arrays are base64 of their little-endian bytes.
 *
 * Every function returns a new reference, NULL without memory; json_out_put() remembers such a failure, so
 * that a document is built without a check a line and judged once:
 *
 *     int failed = 0;
 *     json_out_put(object, "leak", json_out_count(job->leak), &failed);
 *     if (failed) ...
 *
 * No MPI. */
#ifndef CELLSWEEP_JSON_OUT_H
#define CELLSWEEP_JSON_OUT_H

#include <jansson.h>

/* Text; bytes that are not UTF-8 (a message cut within a letter) become '?'. NULL: null. */
json_t *json_out_text(const char *text);

/* A number; NaN and infinities become null. */
json_t *json_out_real(double value);

/* A count or an index; negative is the results file's "not yet": null. */
json_t *json_out_count(int value);

/* A class: its number, or its name where it has one (class_title()). CLASS_NONE: null. */
json_t *json_out_class(int class);

/* Base64 of n float32 or int32, little-endian. */
json_t *json_out_floats(const float *value, size_t n);
json_t *json_out_ints(const int *value, size_t n);

/* Base64 of n bytes after a prefix ("data:image/png;base64," or ""). */
json_t *json_out_bytes(const char *prefix, const void *bytes, size_t n);

/* The lines of a text, without empty ones, as an array of texts. */
json_t *json_out_lines(const char *text);

/* Set a member; append an element. value is taken over; NULL, or no memory, sets *failed. */
void json_out_put(json_t *object, const char *name, json_t *value, int *failed);
void json_out_add(json_t *array, json_t *value, int *failed);

#endif
