#include "write/output.h"

#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

int output_open(struct output *out, const char *dir, const char *name, struct err *err)
{
    *out = (struct output){0};
    int n = snprintf(out->path, sizeof out->path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof out->path)
        return err_set(err, E_IO, "%s/%s: the path is too long", dir, name);
    int fd = target_temporary(out->path, out->temporary, sizeof out->temporary, err);
    if (fd < 0)
        return fd;
    out->file = fdopen(fd, "w");
    if (out->file)
        return 0;
    close(fd);
    unlink(out->temporary);
    return err_set(err, E_IO, "%s: cannot create the file: %s", out->path, strerror(errno));
}

static int open_in_place(struct output *out, struct err *err)
{
    int fd = open(out->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (out->file)
        return 0;
    if (fd >= 0)
        close(fd);
    return err_set(err, E_IO, "%s: cannot open it for writing: %s", out->path, strerror(errno));
}

/* 1 when a file begins as HDF5 files do: images or results, which no table may replace. */
static int holds_hdf5(const char *path)
{
    static const char signature[] = "\211HDF\r\n\032\n";
    char begins[sizeof signature - 1];
    FILE *file = fopen(path, "rb");
    int same =
        file && fread(begins, sizeof begins, 1, file) == 1 && memcmp(begins, signature, sizeof begins) == 0;
    if (file)
        fclose(file);
    return same;
}

int output_open_file(struct output *out, const char *path, struct err *err)
{
    char final[OUTPUT_PATH_SIZE], folder[OUTPUT_PATH_SIZE];
    *out = (struct output){0};
    if (!path || strcmp(path, "-") == 0) {
        out->file = stdout;
        snprintf(out->path, sizeof out->path, "standard output");
        return 0;
    }
    int special = target_find(path, final, sizeof final, err);
    if (special < 0)
        return special;
    memcpy(out->path, final, sizeof final);
    if (special)
        return open_in_place(out, err);
    if (holds_hdf5(final))
        return err_set(err, E_USAGE,
                       "%s: holds images or results (HDF5), which no table replaces; name another file",
                       path);
    memcpy(folder, final, sizeof folder);
    return output_open(out, dirname(folder), basename(final), err);
}

int output_close(struct output *out, struct err *err)
{
    errno = 0; /* an earlier failure left its mark on the stream, but not its reason */
    int failed = fflush(out->file) != 0 || ferror(out->file), code = errno;
    if (out->file != stdout && fclose(out->file) != 0) {
        failed = 1;
        code = code ? code : errno;
    }
    out->file = NULL;
    if (!failed && (!*out->temporary || rename(out->temporary, out->path) == 0))
        return 0;
    if (!failed)
        code = errno;
    err_set(err, E_IO, "%s: cannot write the file: %s", out->path,
            code ? strerror(code) : "writing failed; is the disk full?");
    if (*out->temporary)
        unlink(out->temporary);
    return E_IO;
}

void output_abandon(struct output *out)
{
    if (out->file && out->file != stdout)
        fclose(out->file);
    if (out->file && *out->temporary)
        unlink(out->temporary);
    out->file = NULL;
}
