#include "settings/nearest.h"

#include "settings/setting.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_LETTERS = 3, MOST_CHANGES = 3, BEGINS = 1, CONTAINS = 2, NOT_NEAR = 100 };

static void lower(const char *text, char out[CONFIG_WORD_SIZE])
{
    snprintf(out, CONFIG_WORD_SIZE, "%s", text);
    for (char *p = out; *p; p++)
        *p = (char)tolower((unsigned char)*p);
}

/* How far two names in small letters are from each other: 0, BEGINS, CONTAINS, that and the changes, or
 * NOT_NEAR. */
static int far_from(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    const char *shorter = n < m ? a : b, *longer = n < m ? b : a;
    const char *at = strlen(shorter) < LEAST_LETTERS ? NULL : strstr(longer, shorter);
    if (strcmp(a, b) == 0)
        return 0;
    if (at)
        return at == longer ? BEGINS : CONTAINS;
    int changes = setting_distance(a, b);
    return changes <= MOST_CHANGES && 2 * (size_t)changes < strlen(longer) ? CONTAINS + changes : NOT_NEAR;
}

const char *nearest_name(const char *text, const char *(*name)(int i))
{
    char said[CONFIG_WORD_SIZE], known[CONFIG_WORD_SIZE];
    const char *best = NULL;
    int least = NOT_NEAR;
    lower(text, said);
    for (int i = 0; name(i); i++) {
        lower(name(i), known);
        int far = far_from(said, known);
        if (far < least) {
            least = far;
            best = name(i);
        }
    }
    return best;
}
