#include "fuzz.h"

#include "class_name.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static char reason[sizeof((struct err *)0)->text];

static void fail(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    abort();
}

static char folder[256];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_folder(void)
{
    const char *parent = getenv("TMPDIR");
    if (folder[0])
        return folder;
    snprintf(folder, sizeof folder, "%s/cellsweep-fuzz.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder) || atexit(remove_folder) != 0)
        fail(folder, "cannot be made");
    return folder;
}

const char *fuzz_file(int slot, const uint8_t *bytes, size_t n)
{
    static int file[FUZZ_FILES];
    static char path[FUZZ_FILES][300];
    if (!path[slot][0]) {
        snprintf(path[slot], sizeof path[slot], "%s/input%d", fuzz_folder(), slot);
        file[slot] = open(path[slot], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    }
    if (ftruncate(file[slot], 0) < 0 || pwrite(file[slot], bytes, n, 0) != (ssize_t)n)
        fail(path[slot], "cannot be written");
    return path[slot];
}

uint8_t *fuzz_bytes(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    uint8_t *bytes = size >= 0 ? malloc((size_t)size + !size) : NULL;
    *n = (size_t)size;
    if (!bytes || fseek(file, 0, SEEK_SET) != 0 || fread(bytes, 1, *n, file) != *n)
        fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

int fuzz_check(int rc, const struct err *err)
{
    if (rc >= 0)
        return rc;
    if (err->code != rc || err_exit_status(rc) < 1 || err_exit_status(rc) > 75)
        fail("a failure without its code", err->text);
    if (!err->text[0])
        fail("a failure", "without a line");
    for (const char *p = err->text; *p; p++)
        if ((unsigned char)*p < ' ')
            fail("an error line with control characters", err->text);
    memcpy(reason, err->text, sizeof reason);
    return rc;
}

const char *fuzz_reason(void)
{
    return reason;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_one(bytes, n);
    class_forget_titles();
    return 0;
}
