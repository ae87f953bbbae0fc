#include "data/passed.h"

#include "image/image.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* Such a file by its whole name, or NULL. */
static const char *left_name(const char *base)
{
    static const char *const left[] = {".DS_Store", "Thumbs.db", "desktop.ini"};
    for (size_t k = 0; k < sizeof left / sizeof *left; k++)
        if (strcasecmp(base, left[k]) == 0)
            return left[k];
    return NULL;
}

int passed_is_left(const char *name)
{
    const char *base = base_of(name);
    return strncmp(base, "._", 2) == 0 || left_name(base) != NULL;
}

static void kind_of(const char *name, char out[PASSED_KIND_SIZE])
{
    const char *base = base_of(name), *dot = strrchr(base, '.'), *left = left_name(base);
    if (left) {
        snprintf(out, PASSED_KIND_SIZE, "%s", left);
        return;
    }
    if (base[0] == '.')
        dot = base[1] == '_' ? "._*" : "hidden";
    snprintf(out, PASSED_KIND_SIZE, "%s", dot && strlen(dot) < PASSED_KIND_SIZE && dot[1] ? dot : "others");
    for (char *p = out; *p; p++)
        *p = (char)(iscntrl((unsigned char)*p) || (unsigned char)*p > 126 ? '?' : tolower((unsigned char)*p));
}

void passed_add(struct passed *passed, const char *name)
{
    char kind[PASSED_KIND_SIZE];
    int k = 0;
    passed->n++;
    kind_of(name, kind);
    while (k < passed->n_kinds && strcmp(passed->kind[k].name, kind) != 0)
        k++;
    if (k == passed->n_kinds && k < PASSED_KINDS) {
        int is_last = k == PASSED_KINDS - 1;
        snprintf(passed->kind[k].name, sizeof passed->kind[k].name, "%s", is_last ? "others" : kind);
        passed->kind[k].is_image = !is_last && image_kind_of(name) == IMAGE_OTHER;
        passed->n_kinds++;
    }
    passed->kind[k < PASSED_KINDS ? k : PASSED_KINDS - 1].n++;
}

void passed_note(const struct passed *passed, FILE *to)
{
    const char *before = " (";
    if (passed->n == 0)
        return;
    fprintf(to, "note: %d %s passed over:", passed->n, passed->n == 1 ? "file was" : "files were");
    for (int k = 0; k < passed->n_kinds; k++)
        fprintf(to, "%s %d %s", k ? "," : "", passed->kind[k].n, passed->kind[k].name);
    for (int k = 0; k < passed->n_kinds; k++)
        if (passed->kind[k].is_image) {
            fprintf(to, "%s%s", before, passed->kind[k].name);
            before = ", ";
        }
    fprintf(to, before[0] == ',' ? " are not read; convert such images to PNG or TIFF)\n" : "\n");
}
