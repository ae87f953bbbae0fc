#include "target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int too_long(const char *path, struct err *err)
{
    return err_set(err, E_IO, "%.200s...: the path is too long", path);
}

/* Bytes of a path before its last part. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

/* One link of out followed, in place. 1: it was one, 0: not, -1: it leads too far. */
static int follow(char *out, size_t size)
{
    char to[PATH_MAX], from[PATH_MAX];
    ssize_t n = readlink(out, to, sizeof to - 1);
    if (n < 0)
        return 0;
    to[n] = '\0';
    snprintf(from, sizeof from, "%s", out);
    int used = snprintf(out, size, "%.*s%s", to[0] == '/' ? 0 : folder_length(from), from, to);
    return used < 0 || (size_t)used >= size ? -1 : 1;
}

int target_find(const char *path, char *out, size_t size, struct err *err)
{
    enum { MAX_LINKS = 40 }; /* the kernel's own bound */
    struct stat info;
    int used = snprintf(out, size, "%s", path), linked = 1;
    if (used < 0 || (size_t)used >= size || used >= PATH_MAX)
        return too_long(path, err);
    for (int i = 0; i <= MAX_LINKS && linked > 0; i++)
        linked = follow(out, size);
    if (linked < 0)
        return too_long(path, err);
    if (linked)
        return err_set(err, E_IO, "%s: links in a circle", path);
    if (lstat(out, &info) < 0 || S_ISREG(info.st_mode))
        return 0;
    return S_ISDIR(info.st_mode) ? err_set(err, E_IO, "%s: is a folder; name a file", path) : 1;
}

int target_temporary(const char *path, char *out, size_t size, struct err *err)
{
    static const char ending[] = ".tmp";
    int folder = folder_length(path);
    int n = snprintf(out, size, "%.*s.%.200s.XXXXXX%s", folder, path, path + folder, ending);
    if (n < 0 || (size_t)n >= size)
        return too_long(path, err);
    int fd = mkstemps(out, sizeof ending - 1);
    mode_t mask = umask(0);
    umask(mask);
    if (fd >= 0 && fchmod(fd, 0666 & ~mask) == 0)
        return fd;
    err_set(err, E_IO, "%s: cannot create a file there: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(out);
    }
    return E_IO;
}

int target_is_regular(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}
