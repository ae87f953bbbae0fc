#include "write/json_out.h"

#include "class_name.h"
#include "utf8.h"

#include <math.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && sizeof(int) == 4, "arrays are stored as 4-byte numbers");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are stored as they lie in memory");

static json_t *mended(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    utf8_mend(copy);
    json_t *value = json_string(copy);
    free(copy);
    return value;
}

json_t *json_out_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    return value ? value : mended(text);
}

json_t *json_out_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_out_count(int value)
{
    return value < 0 ? json_null() : json_integer(value);
}

json_t *json_out_class(int class)
{
    char room[CLASS_NAME_SIZE];
    const char *title = class_title(class, room);
    return title != room ? json_out_text(title) : json_out_count(class);
}

json_t *json_out_bytes(const char *prefix, const void *bytes, size_t n)
{
    size_t head = strlen(prefix), length = head + BASE64_ENCODE_RAW_LENGTH(n);
    char *text = malloc(length + 1);
    if (!text)
        return NULL;
    memcpy(text, prefix, head + 1);
    base64_encode_raw(text + head, n, bytes);
    json_t *value = json_stringn_nocheck(text, length);
    free(text);
    return value;
}

json_t *json_out_floats(const float *value, size_t n)
{
    return json_out_bytes("", value, n * sizeof *value);
}

json_t *json_out_ints(const int *value, size_t n)
{
    return json_out_bytes("", value, n * sizeof *value);
}

json_t *json_out_lines(const char *text)
{
    json_t *lines = json_array();
    int failed = 0;
    char *copy = strdup(text), *rest = NULL;
    for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
        json_out_add(lines, json_out_text(line), &failed);
    failed |= !copy;
    free(copy);
    if (failed)
        json_decref(lines);
    return failed ? NULL : lines;
}

void json_out_put(json_t *object, const char *name, json_t *value, int *failed)
{
    if (json_object_set_new(object, name, value) < 0)
        *failed = 1;
}

void json_out_add(json_t *array, json_t *value, int *failed)
{
    if (json_array_append_new(array, value) < 0)
        *failed = 1;
}
