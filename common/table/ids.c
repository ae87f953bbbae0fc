#include "table/ids.h"

#include "table/idmap.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TRIED = 2000, TAIL = 16 };

const char *ids_bare(const char *id)
{
    return strncmp(id, "cell_", 5) == 0 && id[5] ? id + 5 : id;
}

static const char *skip_zeros(const char *id)
{
    const char *rest = id + strspn(id, "0");
    return *rest ? rest : id + strlen(id) - (*id != '\0');
}

const char *ids_key(const struct ids_rule *rule, const char *id, char room[IDS_MAX])
{
    const char *key = ids_bare(id);
    size_t n = rule->prefix ? strlen(rule->prefix) : 0, length;
    if (n && strncmp(key, rule->prefix, n) == 0 && key[n])
        key = ids_bare(key + n);
    n = rule->suffix ? strlen(rule->suffix) : 0;
    length = strlen(key);
    if (n && length > n && length < IDS_MAX && strcmp(key + length - n, rule->suffix) == 0) {
        memcpy(room, key, length - n);
        room[length - n] = '\0';
        key = room;
    }
    return rule->zeros ? skip_zeros(key) : key;
}

/* ---- what differs ---- */

/* `id` is not among `others`; `side` is where it stands, `other_side` where the others do. */
struct attempt {
    const struct idmap *others;
    const char *id, *side, *other_side;
    char *out;
    size_t size;
};

static int by_suffix(const struct attempt *a)
{
    char head[IDS_MAX];
    size_t n = strlen(a->id);
    for (size_t cut = n; n < IDS_MAX && cut-- > 1 && n - cut <= TAIL;) {
        if (!strchr("-_.:", a->id[cut]))
            continue;
        memcpy(head, a->id, cut);
        head[cut] = '\0';
        if (idmap_find(a->others, head) < 0)
            continue;
        snprintf(a->out, a->size, "\"%s\" %s is \"%s\" %s: --strip-suffix=%s leaves the difference out",
                 a->id, a->side, head, a->other_side, a->id + cut);
        return 1;
    }
    return 0;
}

static int by_prefix(const struct attempt *a)
{
    for (const char *p = a->id; *p && p[1]; p++) {
        if (!strchr("-_.:/", *p) || idmap_find(a->others, p + 1) < 0)
            continue;
        snprintf(a->out, a->size, "\"%s\" %s is \"%s\" %s: --strip-prefix=%.*s leaves the difference out",
                 a->id, a->side, p + 1, a->other_side, (int)(p + 1 - a->id), a->id);
        return 1;
    }
    return 0;
}

static int by_zeros(const struct attempt *a)
{
    const char *rest = skip_zeros(a->id);
    if (rest == a->id || idmap_find(a->others, rest) < 0)
        return 0;
    snprintf(a->out, a->size, "\"%s\" %s is \"%s\" %s: --strip-zeros leaves the difference out", a->id,
             a->side, rest, a->other_side);
    return 1;
}

/* 1e+05, 1.2E+07: the digits are gone for good. */
static int is_rounded(const char *id)
{
    size_t n = strspn(id, "0123456789.");
    return n && toupper((unsigned char)id[n]) == 'E' && id[n + 1] == '+' && isdigit((unsigned char)id[n + 2]);
}

static int by_rounding(const struct attempt *a)
{
    if (!is_rounded(a->id))
        return 0;
    snprintf(
        a->out, a->size,
        "\"%s\" %s is a number that R or a spreadsheet has shortened; write the table again with ids as text",
        a->id, a->side);
    return 1;
}

static struct idmap *map_of(const char *const *id, int n)
{
    struct idmap *map = idmap_new(NULL);
    for (int i = 0; map && i < n; i++)
        if (idmap_find(map, id[i]) < 0 && idmap_add(map, id[i], i, NULL) < 0)
            break;
    return map;
}

/* Tell the first of some ids that one of the usual differences explains. */
static int explain(struct attempt a, const char *const *id, int n)
{
    static int (*const ways[])(const struct attempt *) = {by_suffix, by_prefix, by_zeros, by_rounding};
    for (int i = 0; i < n && i < TRIED; i++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            a.id = id[i];
            if (ways[w](&a))
                return 1;
        }
    return 0;
}

void ids_explain(const char *const *here, int n_here, const char *const *there, int n_there, char *out,
                 size_t size)
{
    struct idmap *table = map_of(here, n_here), *images = map_of(there, n_there);
    struct attempt of_table = {images, NULL, "here", "among the images", out, size},
                   of_images = {table, NULL, "among the images", "here", out, size};
    snprintf(out, size, "\"%s\" here, \"%s\" among the images", n_here ? here[0] : "",
             n_there ? there[0] : "");
    if (table && images && !explain(of_table, here, n_here))
        explain(of_images, there, n_there);
    idmap_free(table);
    idmap_free(images);
}
