#include "write/json_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct out {
    char *text; /* (room) */
    size_t n, room;
    int failed; /* 1: no memory, the rest is not written */
};

static void grow(struct out *out, size_t n)
{
    size_t room = 2 * out->room + n + 4096;
    char *text = realloc(out->text, room);
    if (!text) {
        out->failed = 1;
        return;
    }
    out->text = text;
    out->room = room;
}

/* Where n bytes more may be written; NULL without memory. */
static char *reserve(struct out *out, size_t n)
{
    if (out->room - out->n < n && !out->failed)
        grow(out, n);
    return out->failed ? NULL : out->text + out->n;
}

static void put(struct out *out, const char *text, size_t n)
{
    char *at = reserve(out, n);
    if (at) {
        memcpy(at, text, n);
        out->n += n;
    }
}

/* ---- numbers ---- */

enum { DIGITS = 12 };

/* As jansson does it: a real has a dot or an exponent, which has no + and no 0 before it. */
size_t json_text_real(char out[NUMBER_TEXT_SIZE], double x)
{
    size_t n = number_text(out, x, DIGITS);
    char *e = memchr(out, 'e', n);
    if (!e)
        return memchr(out, '.', n) ? n : n + (size_t)(stpcpy(out + n, ".0") - (out + n));
    char *to = e + 1, *from = to + 1;
    to += *to == '-';
    while (*from == '0')
        from++;
    memmove(to, from, strlen(from) + 1);
    return strlen(out);
}

static void put_real(struct out *out, double x)
{
    char *at = reserve(out, NUMBER_TEXT_SIZE);
    if (at)
        out->n += json_text_real(at, x);
}

static void put_integer(struct out *out, json_int_t value)
{
    char text[24], *at = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        *--at = '-';
    put(out, at, (size_t)(text + sizeof text - at));
}

/* ---- texts ---- */

static int is_plain(unsigned char c)
{
    return c >= ' ' && c != '"' && c != '\\';
}

static void put_escape(struct out *out, unsigned char c)
{
    static const char letter[] = "\"\\\b\f\n\r\t", shown[] = "\"\\bfnrt";
    const char *at = c ? strchr(letter, c) : NULL;
    char text[8] = {'\\'};
    if (at)
        text[1] = shown[at - letter];
    else
        snprintf(text + 1, sizeof text - 1, "u%04X", c);
    put(out, text, strlen(text));
}

static void put_text(struct out *out, const char *text, size_t n)
{
    put(out, "\"", 1);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && is_plain((unsigned char)text[end]);)
            end++;
        put(out, text + i, end - i);
        if (end < n)
            put_escape(out, (unsigned char)text[end++]);
    }
    put(out, "\"", 1);
}

/* ---- values ---- */

static void put_value(struct out *out, const json_t *value);

static void put_array(struct out *out, const json_t *array)
{
    size_t n = json_array_size(array);
    put(out, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            put(out, ",", 1);
        put_value(out, json_array_get(array, i));
    }
    put(out, "]", 1);
}

static void put_object(struct out *out, const json_t *object)
{
    json_t *own = (json_t *)(uintptr_t)object; /* an iterator could change it */
    const char *name;
    json_t *value;
    int n = 0;
    put(out, "{", 1);
    json_object_foreach(own, name, value)
    {
        if (n++ > 0)
            put(out, ",", 1);
        put_text(out, name, strlen(name));
        put(out, ":", 1);
        put_value(out, value);
    }
    put(out, "}", 1);
}

static void put_value(struct out *out, const json_t *value)
{
    if (json_is_object(value))
        put_object(out, value);
    else if (json_is_array(value))
        put_array(out, value);
    else if (json_is_string(value))
        put_text(out, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        put_integer(out, json_integer_value(value));
    else if (json_is_real(value))
        put_real(out, json_real_value(value));
    else if (json_is_null(value))
        put(out, "null", 4);
    else
        put(out, json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5);
}

char *json_text(const json_t *value, size_t *n)
{
    struct out out = {0};
    put_value(&out, value);
    put(&out, "", 1);
    *n = out.failed ? 0 : out.n - 1;
    if (!out.failed)
        return out.text;
    free(out.text);
    return NULL;
}
