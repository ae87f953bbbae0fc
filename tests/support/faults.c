#include "support/faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
    enum fault kind;
    long n, calls; /* the n-th call fails */
    int error, stays;
} faults;

void faults_arm(enum fault kind, long n, int error, int stays)
{
    faults.kind = kind;
    faults.n = n;
    faults.calls = 0;
    faults.error = error;
    faults.stays = stays;
}

int faults_disarm(void)
{
    int hit = faults.calls >= faults.n;
    faults.kind = FAULT_NONE;
    return hit;
}

static int faults_now(enum fault kind)
{
    if (faults.kind != kind)
        return 0;
    faults.calls++;
    if (faults.calls != faults.n && (!faults.stays || faults.calls < faults.n))
        return 0;
    errno = faults.error;
    return 1;
}

/* ---- memory ---- */

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_calloc(size_t n, size_t size)
{
    return faults_now(FAULT_MEMORY) ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
    return faults_now(FAULT_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return faults_now(FAULT_MEMORY) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return faults_now(FAULT_MEMORY) ? NULL : __real_strdup(text);
}

/* ---- files ---- */

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    if (faults_now(FAULT_WRITE)) {
        if (faults.error != FAULT_SHORT)
            return -1;
        n = n > 1 ? n / 2 : n;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, data, n, offset);
}

ssize_t write(int fd, const void *data, size_t n)
{
    if (faults_now(FAULT_WRITE)) {
        if (faults.error != FAULT_SHORT)
            return -1;
        n = n > 1 ? n / 2 : n;
    }
    return (ssize_t)syscall(SYS_write, fd, data, n);
}

int ftruncate(int fd, off_t length)
{
    return faults_now(FAULT_WRITE) && faults.error != FAULT_SHORT ? -1
                                                                  : (int)syscall(SYS_ftruncate, fd, length);
}

int fsync(int fd)
{
    return faults_now(FAULT_SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return faults_now(FAULT_RENAME) ? -1 : (int)syscall(SYS_rename, from, to);
}
