#include "utf8.h"

#include <string.h>

/* The first byte gives the length, and narrows the second where a longer form, a surrogate or a
 * number beyond U+10FFFF would fit. */
struct form {
    unsigned char first, last; /* of the first byte */
    unsigned char second[2];   /* of the second */
    int n;
};

static const struct form forms[] = {
    {0x01, 0x7f, {0x80, 0xbf}, 1}, {0xc2, 0xdf, {0x80, 0xbf}, 2}, {0xe0, 0xe0, {0xa0, 0xbf}, 3},
    {0xe1, 0xec, {0x80, 0xbf}, 3}, {0xed, 0xed, {0x80, 0x9f}, 3}, {0xee, 0xef, {0x80, 0xbf}, 3},
    {0xf0, 0xf0, {0x90, 0xbf}, 4}, {0xf1, 0xf3, {0x80, 0xbf}, 4}, {0xf4, 0xf4, {0x80, 0x8f}, 4},
};

static int fits(const struct form *form, const unsigned char *at)
{
    if (at[0] < form->first || at[0] > form->last)
        return 0;
    if (form->n > 1 && (at[1] < form->second[0] || at[1] > form->second[1]))
        return 0;
    for (int i = 2; i < form->n; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return form->n;
}

/* Bytes of the letter that begins at `at`, 1 to 4; 0: none does, or the text ends there. */
static int letter(const char *at)
{
    int n = 0;
    for (int k = 0; n == 0 && k < (int)(sizeof forms / sizeof *forms); k++)
        n = fits(&forms[k], (const unsigned char *)at);
    return n;
}

void utf8_mend(char *text)
{
    while (*text) {
        int n = letter(text);
        if (n == 0)
            *text = '?';
        text += n ? n : 1;
    }
}

/* Letters that a terminal or a reader obeys rather than shows. */
static const struct {
    unsigned first, last;
} steering[] = {{0x80, 0x9f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff}};

/* The number of the letter of n bytes at `at`. */
static unsigned number(const char *at, int n)
{
    static const unsigned char bits[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned value = (unsigned char)*at & bits[n];
    for (int i = 1; i < n; i++)
        value = value << 6 | ((unsigned char)at[i] & 0x3f);
    return value;
}

static int steers(unsigned letter)
{
    for (int i = 0; i < (int)(sizeof steering / sizeof *steering); i++)
        if (letter >= steering[i].first && letter <= steering[i].last)
            return 1;
    return 0;
}

int utf8_is_harmless(const char *text)
{
    for (int n; *text; text += n) {
        n = letter(text);
        if (n == 0 || steers(number(text, n)) || (n == 1 && (*text < ' ' || *text == 0x7f || *text == '`')))
            return 0;
    }
    return 1;
}

static void make_plain(char *text, int keep_lines)
{
    while (*text >= ' ' && *text < 0x7f) /* nearly every text, to its end */
        text++;
    char *out = text;
    for (int n; *text; text += n ? n : 1) {
        n = letter(text);
        if (n == 0 || (n > 1 && steers(number(text, n)))) {
            *out++ = '?';
        } else if (n == 1) {
            *out++ = (*text < ' ' && !(keep_lines && *text == '\n')) || *text == 0x7f ? ' ' : *text;
        } else {
            memmove(out, text, (size_t)n);
            out += n;
        }
    }
    *out = '\0';
}

void utf8_plain(char *text)
{
    make_plain(text, 0);
}

void utf8_plain_lines(char *text)
{
    make_plain(text, 1);
}

static int begins_letter(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

int utf8_width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += begins_letter(*text);
    return n;
}

const char *utf8_after(const char *text, int n)
{
    while (*text && (!begins_letter(*text) || n-- > 0))
        text++;
    return text;
}
