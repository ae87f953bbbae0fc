#include "data/listing.h"

#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

int listing_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int is_left_behind(const char *name)
{
    return name[0] == '.' || strcasecmp(name, "Thumbs.db") == 0 || strcasecmp(name, "desktop.ini") == 0;
}

static int add(struct names *names, const char *name, const char *folder, struct err *err)
{
    if (names->n == names->capacity) {
        int capacity = names->capacity ? 2 * names->capacity : 64;
        char **grown = realloc(names->name, (size_t)capacity * sizeof *grown);
        if (!grown)
            return err_set(err, E_IO, "%s: out of memory for its files", folder);
        names->name = grown;
        names->capacity = capacity;
    }
    names->name[names->n] = strdup(name);
    if (!names->name[names->n])
        return err_set(err, E_IO, "%s: out of memory for its files", folder);
    names->n++;
    return 0;
}

static int is_folder_in(const char *folder, const struct dirent *entry)
{
    char path[2 * PATH_MAX];
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
        return entry->d_type == DT_DIR;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    return listing_is_folder(path);
}

static int add_entry(struct listing *listing, const char *folder, const struct dirent *entry, struct err *err)
{
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (is_left_behind(name))
        return add(&listing->hidden, name, folder, err);
    if (is_folder_in(folder, entry))
        return add(&listing->folders, name, folder, err);
    return add(image_kind_of(name) == IMAGE_READ ? &listing->images : &listing->others, name, folder, err);
}

static int compare(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* By name, numbers as numbers: the same order on every file system. */
static void sort(struct names *names)
{
    if (names->n > 1)
        qsort(names->name, (size_t)names->n, sizeof *names->name, compare);
}

int listing_read(const char *folder, struct listing *listing, struct err *err)
{
    struct dirent *entry;
    DIR *dir = opendir(folder);
    int rc = 0;
    *listing = (struct listing){0};
    if (!dir)
        return err_set(err, E_IO, "%s: cannot open the folder: %s", folder, strerror(errno));
    while (rc == 0 && (entry = readdir(dir)))
        rc = add_entry(listing, folder, entry, err);
    closedir(dir);
    sort(&listing->images);
    sort(&listing->folders);
    sort(&listing->others);
    if (rc < 0)
        listing_release(listing);
    return rc;
}

static void release(struct names *names)
{
    for (int i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
}

void listing_release(struct listing *listing)
{
    release(&listing->images);
    release(&listing->folders);
    release(&listing->others);
    release(&listing->hidden);
    *listing = (struct listing){0};
}
