/* make_cells rgb DIR | npz FILE: cells in colour as people have them, made up, each class of its own size and
 * colour: PNG files in folders of their classes, DIR/<class>/NN.png; or an archive of MedMNIST's form, with
 * sets train, val and test. The same bytes each time. */
#include "image/png.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { SIDE = 28, CELL = SIDE * SIDE * 3, CLASSES = 3 };

static const struct class
{
    const char *name;
    int n, radius, colour[3];
} class[CLASSES] = {{"CD8+ T cell", 24, 6, {150, 60, 170}},
                    {"Mono, classical", 36, 11, {90, 70, 200}},
                    {"B cell", 30, 8, {190, 120, 140}}};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

static int random_below(int n)
{
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return (int)((state >> 8) % (unsigned)n);
}

/* A disc, moved a little, on a pale ground; noise everywhere. */
static void draw(const struct class *c, unsigned char pixel[CELL])
{
    int x0 = SIDE / 2 + random_below(5) - 2, y0 = SIDE / 2 + random_below(5) - 2;
    for (int i = 0; i < CELL; i++) {
        int x = i / 3 % SIDE - x0, y = i / 3 / SIDE - y0, inside = x * x + y * y <= c->radius * c->radius;
        pixel[i] = (unsigned char)((inside ? c->colour[i % 3] : 215) + random_below(40));
    }
}

static void write_folders(const char *dir)
{
    unsigned char pixel[CELL];
    char path[4096];
    struct err err;
    if (mkdir(dir, 0777) < 0)
        die(dir);
    for (int k = 0; k < CLASSES; k++) {
        snprintf(path, sizeof path, "%s/%s", dir, class[k].name);
        if (mkdir(path, 0777) < 0)
            die(path);
        for (int i = 0; i < class[k].n; i++) {
            snprintf(path, sizeof path, "%s/%s/%02d.png", dir, class[k].name, i);
            draw(&class[k], pixel);
            if (image_write_png8(path, pixel, SIDE, SIDE, 3, &err) < 0)
                die(err.text);
        }
    }
}

/* An array of bytes as a member of the archive. shape: what stands between the brackets. */
static void add(zip_t *archive, const char *name, const char *shape, const void *elements, size_t n)
{
    enum { HEADER = 128 };
    char *bytes = malloc(HEADER + n);
    if (!bytes)
        die(name);
    memset(bytes, ' ', HEADER);
    memcpy(bytes, "\x93NUMPY\1\0v\0", 10);
    int used =
        snprintf(bytes + 10, HEADER - 10, "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }", shape);
    bytes[10 + used] = ' ';
    bytes[HEADER - 1] = '\n';
    memcpy(bytes + HEADER, elements, n);
    zip_source_t *source = zip_source_buffer(archive, bytes, HEADER + n, 1);
    if (!source || zip_file_add(archive, name, source, ZIP_FL_OVERWRITE) < 0)
        die(name);
}

/* A set of n images, class after class in turn. */
static void add_set(zip_t *archive, const char *set, int n)
{
    char name[64], shape[64];
    unsigned char *pixel = malloc((size_t)n * CELL), *label = malloc((size_t)n);
    if (!pixel || !label)
        die(set);
    for (int i = 0; i < n; i++) {
        label[i] = (unsigned char)(i % CLASSES);
        draw(&class[i % CLASSES], pixel + (size_t)i * CELL);
    }
    snprintf(name, sizeof name, "%s_images.npy", set);
    snprintf(shape, sizeof shape, "%d, %d, %d, 3", n, SIDE, SIDE);
    add(archive, name, shape, pixel, (size_t)n * CELL);
    snprintf(name, sizeof name, "%s_labels.npy", set);
    snprintf(shape, sizeof shape, "%d, 1", n);
    add(archive, name, shape, label, (size_t)n);
    free(pixel);
    free(label);
}

static void write_archive(const char *path)
{
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    if (!archive)
        die(path);
    add_set(archive, "train", 60);
    add_set(archive, "val", 12);
    add_set(archive, "test", 30);
    if (zip_close(archive) < 0)
        die(path);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "rgb") == 0)
        write_folders(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "npz") == 0)
        write_archive(argv[2]);
    else
        return fputs("usage: make_cells rgb DIR | npz FILE\n", stderr), 2;
    return 0;
}
