#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_directory(const char *path, struct err *err)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return 0;
        return err_set(err, E_IO, "%s: is a file, not a directory; name another one with -o", path);
    }
    return err_set(err, E_IO, "%s: cannot create the directory: %s", path, strerror(errno));
}

int output_directory(const char *path, struct err *err)
{
    char part[OUTPUT_PATH_SIZE];
    size_t n = strlen(path);
    int rc = 0;
    if (n == 0 || n >= sizeof part)
        return err_set(err, E_USAGE, "'%s': not the name of a directory", path);
    for (size_t i = 1; i <= n && rc == 0; i++)
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            rc = make_directory(part, err);
        }
    return rc;
}

int output_temporary(char *out, size_t size, const char *dir, const char *name, struct err *err)
{
    int n = snprintf(out, size, "%s/.%s.%ld.tmp", dir, name, (long)getpid());
    if (n < 0 || (size_t)n >= size)
        return err_set(err, E_IO, "%s/%s: the path is too long", dir, name);
    return 0;
}

int output_open(struct output *out, const char *dir, const char *name, struct err *err)
{
    int n = snprintf(out->path, sizeof out->path, "%s/%s", dir, name);
    out->file = NULL;
    if (n < 0 || (size_t)n >= sizeof out->path)
        return err_set(err, E_IO, "%s/%s: the path is too long", dir, name);
    if (output_temporary(out->temporary, sizeof out->temporary, dir, name, err) < 0)
        return E_IO;
    out->file = fopen(out->temporary, "w");
    if (!out->file)
        return err_set(err, E_IO, "%s: cannot create the file: %s", out->temporary, strerror(errno));
    return 0;
}

int output_close(struct output *out, struct err *err)
{
    errno = 0; /* an earlier failure left its mark on the stream, but not its reason */
    int failed = fflush(out->file) != 0 || ferror(out->file), code = errno;
    if (fclose(out->file) != 0) {
        failed = 1;
        code = code ? code : errno;
    }
    out->file = NULL;
    if (!failed && rename(out->temporary, out->path) == 0)
        return 0;
    if (!failed)
        code = errno;
    err_set(err, E_IO, "%s: cannot write the file: %s", out->path,
            code ? strerror(code) : "writing failed; is the disk full?");
    unlink(out->temporary);
    return E_IO;
}

void output_abandon(struct output *out)
{
    if (!out->file)
        return;
    fclose(out->file);
    unlink(out->temporary);
    out->file = NULL;
}
