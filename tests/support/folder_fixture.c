#include "support/folder_fixture.h"

#include "image/png.h"
#include "support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char fixture_folder[64];

const char *in_folder(const char *name)
{
    static char path[128][512];
    static unsigned next;
    char *out = path[next++ % 128];
    snprintf(out, sizeof path[0], "%s/%s", fixture_folder, name);
    return out;
}

int fixture_setup(void **state)
{
    (void)state;
    return scratch_make(fixture_folder, sizeof fixture_folder);
}

static int fixture_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void remove_folder(const char *path)
{
    nftw(path, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

int fixture_teardown(void **state)
{
    (void)state;
    remove_folder(fixture_folder);
    return 0;
}

void put_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

void put_text(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

char *get_bytes(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        abort();
    long size = ftell(f);
    rewind(f);
    char *bytes = malloc((size_t)size + 1);
    if (!bytes || fread(bytes, 1, (size_t)size, f) != (size_t)size)
        abort();
    bytes[size] = '\0';
    *n = (size_t)size;
    fclose(f);
    return bytes;
}

void put_png(const char *path, int width, int height, int first)
{
    unsigned char *gray = malloc((size_t)width * (size_t)height);
    struct err err;
    if (!gray)
        abort();
    for (int i = 0; i < width * height; i++)
        gray[i] = (unsigned char)(first + i);
    if (image_write_png8(path, gray, width, height, 1, &err) < 0)
        abort();
    free(gray);
}
