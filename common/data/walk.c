#include "data/walk.h"

#include "image/image.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_folder(const char *path, int follow)
{
    struct stat info;
    return (follow ? stat(path, &info) : lstat(path, &info)) == 0 && S_ISDIR(info.st_mode);
}

static int walk_folder(struct walk *walk, const char *folder, struct err *err);

/* An entry of a folder: in the first pass its images, in the second its folders. */
static int walk_entry(struct walk *walk, const char *folder, const char *name, int folders, struct err *err)
{
    char path[PATH_MAX];
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    if (snprintf(path, sizeof path, "%s%s%s", folder, slash, name) >= (int)sizeof path)
        return err_set(err, E_IO, "%s: the path of %.60s in it is too long", folder, name);
    if (is_folder(path, 0))
        return folders ? walk_folder(walk, path, err) : 0;
    if (folders)
        return 0;
    if (image_kind_of(name) == IMAGE_READ)
        return walk->visit(walk->self, path, err);
    passed_add(&walk->passed, name);
    return 0;
}

static int walk_folder(struct walk *walk, const char *folder, struct err *err)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, is_shown, versionsort), rc = 0;
    if (n < 0)
        return err_set(err, E_IO, "%s: cannot read the folder: %s", folder, strerror(errno));
    if (walk->enter)
        rc = walk->enter(walk->self, folder, err);
    for (int folders = 0; folders <= 1; folders++)
        for (int i = 0; i < n && rc >= 0; i++)
            rc = walk_entry(walk, folder, entry[i]->d_name, folders, err);
    for (int i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
    return rc < 0 ? rc : 0;
}

int walk_name(struct walk *walk, const char *name, struct err *err)
{
    if (is_folder(name, 1))
        return walk_folder(walk, name, err);
    int rc = walk->visit(walk->self, name, err);
    return rc < 0 ? rc : 0;
}

/* The next name of a list without its end, which is '\n' or NUL, or only NUL once *ended_by_nul. 0 at the
 * end. The buffer is the caller's, as for getline(). */
static int next_name(FILE *list, char **name, size_t *room, int *ended_by_nul)
{
    size_t n = 0;
    int c;
    while ((c = getc(list)) != EOF && c != '\0' && (c != '\n' || *ended_by_nul)) {
        if (n + 1 >= *room) {
            char *grown = realloc(*name, 2 * *room);
            if (!grown)
                return -1;
            *name = grown;
            *room *= 2;
        }
        (*name)[n++] = (char)c;
    }
    if (!*ended_by_nul && n && (*name)[n - 1] == '\r')
        n--;
    *ended_by_nul |= c == '\0';
    (*name)[n] = '\0';
    return n > 0 || c != EOF;
}

int walk_list(struct walk *walk, FILE *list, const char *source, struct err *err)
{
    size_t room = PATH_MAX;
    char *name = malloc(room);
    int rc = 0, more = name ? 1 : -1, ended_by_nul = 0;
    while (rc == 0 && more > 0 && (more = next_name(list, &name, &room, &ended_by_nul)) > 0)
        if (*name && passed_is_left(name))
            passed_add(&walk->passed, name);
        else if (*name)
            rc = walk_name(walk, name, err);
    free(name);
    if (rc == 0 && more < 0)
        return err_set(err, E_IO, "%s: out of memory for a name", source);
    return rc == 0 && ferror(list) ? err_set(err, E_IO, "%s: cannot read the list of images", source) : rc;
}
