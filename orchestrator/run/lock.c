#include "run/lock.h"

#include "beside/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct lock {
    const char *results_path; /* the caller's, while taking */
    char path[LOCK_FILE_PATH];
    struct lock_mark mark;
};

static int cannot(const char *path, struct err *err)
{
    int full = errno == ENOSPC || errno == EDQUOT;
    return err_set(err, E_IO, "%s: cannot create the lock of the results file there: %s%s", path,
                   strerror(errno), full ? "; make room" : "");
}

/* A new file `path` that holds this process' line; -1 with errno, EEXIST too. Nothing is left on failure. */
static int write_new(const char *path, unsigned long long *inode)
{
    struct stat info;
    struct lock_holder self;
    char text[LOCK_FILE_TEXT];
    lock_file_self(&self);
    lock_file_format(&self, text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    int bad = write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fstat(fd, &info) != 0;
    bad |= close(fd) != 0;
    *inode = bad ? 0 : (unsigned long long)info.st_ino;
    if (bad)
        unlink(path);
    return bad ? -1 : 0;
}

static int same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* Whether the open lock is the one that was found dead: another run may have replaced it since. */
static int holds(int fd, const struct lock_holder *dead)
{
    char text[LOCK_FILE_TEXT] = "";
    struct lock_holder now;
    if (pread(fd, text, sizeof text - 1, 0) < 0)
        return 0;
    lock_file_parse(text, &now);
    return now.pid == dead->pid && now.process_start == dead->process_start &&
           strcmp(now.host, dead->host) == 0 && fabs(now.since - dead->since) < 1e-3;
}

/* Put our own file in the place of the open dead one. 1: done; 0: somebody else was faster, look again. */
static int replace_open(const char *path, int fd, const struct lock_holder *dead, unsigned long long *inode,
                        struct err *err)
{
    struct stat old;
    char temp[LOCK_FILE_PATH + 32];
    snprintf(temp, sizeof temp, "%s.%ld", path, (long)getpid());
    /* without flock on this file system, comparing the inode must do */
    if ((flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) || fstat(fd, &old) < 0 ||
        !same_file(&old, path) || !holds(fd, dead))
        return 0;
    unlink(temp);
    if (write_new(temp, inode) < 0)
        return cannot(path, err);
    if (rename(temp, path) < 0) {
        int rc = cannot(path, err);
        unlink(temp);
        return rc;
    }
    return 1;
}

/* Over NFS flock() is for files that are open for writing. */
static int take_over(const char *path, const struct lock_holder *dead, unsigned long long *inode,
                     struct err *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : cannot(path, err);
    int rc = replace_open(path, fd, dead, inode, err);
    close(fd);
    return rc;
}

static int refuse(const struct lock *lock, enum lock_state alive, const struct lock_holder *holder,
                  struct err *err)
{
    char name[512];
    lock_file_name(holder, name, sizeof name);
    if (alive == LOCK_RUNNING)
        return err_set(err, E_IO,
                       "%s: another run writes it: %s; wait for its end (cellsweep status shows it), or give "
                       "another -o",
                       lock->results_path, name);
    return err_set(err, E_IO,
                   "%s: locked by %s, and from here nobody can tell whether that run is alive; if it is not, "
                   "add --force-unlock",
                   lock->results_path, name);
}

/* A FIFO, a device, or a link, which could lead to somebody's file: none is taken over. */
static int is_no_file(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* One try. 1: the lock is ours; 0: it changed meanwhile, try again. */
static int try_take(struct lock *lock, int force, struct err *err)
{
    struct lock_holder holder;
    char name[512];
    if (write_new(lock->path, &lock->mark.inode) == 0)
        return 1;
    if (errno != EEXIST)
        return cannot(lock->path, err);
    if (is_no_file(lock->path))
        return err_set(err, E_IO, "%s: is no regular file, so no run made this lock; remove it", lock->path);
    enum lock_state alive = lock_file_look(lock->results_path, &holder);
    if (alive == LOCK_NONE)
        return 0;
    if (alive == LOCK_RUNNING || (alive == LOCK_UNKNOWN && !force))
        return refuse(lock, alive, &holder, err);
    int rc = take_over(lock->path, &holder, &lock->mark.inode, err);
    if (rc == 1 && lock_was_taken(&lock->mark))
        return 0; /* where flock() does nothing: somebody else was later, and has it */
    if (rc == 1)
        fprintf(stderr, "%s: took over from a run that %s: %s\n", lock->results_path,
                alive == LOCK_DEAD ? "died" : "was declared dead (--force-unlock)",
                lock_file_name(&holder, name, sizeof name));
    return rc;
}

int lock_take(const char *results_path, int force, struct lock **out, struct err *err)
{
    enum { TRIES = 20 };
    struct lock *lock = err_calloc(1, sizeof *lock, "the lock", err);
    const struct timespec moment = {.tv_nsec = 50000000};
    *out = NULL;
    if (!lock)
        return E_IO;
    lock->results_path = results_path;
    int rc = lock_file_path(results_path, lock->path, err);
    snprintf(lock->mark.path, sizeof lock->mark.path, "%s", lock->path);
    for (int i = 0; rc == 0 && i < TRIES; i++) {
        /* a lock just made may still be empty: what cannot be read is looked at again, for a second */
        struct lock_holder holder;
        if (lock_file_look(results_path, &holder) == LOCK_UNKNOWN && !holder.host[0] && i < TRIES - 1)
            nanosleep(&moment, NULL);
        else if ((rc = try_take(lock, force, err)) == 0)
            nanosleep(&moment, NULL);
    }
    if (rc == 0)
        rc = err_set(err, E_IO, "%s: other runs take the lock and leave it, over and over; try again",
                     results_path);
    if (rc < 0)
        free(lock);
    else
        *out = lock;
    return rc < 0 ? rc : 0;
}

void lock_mark(const struct lock *lock, struct lock_mark *mark)
{
    *mark = lock->mark;
}

int lock_was_taken(const struct lock_mark *mark)
{
    struct stat info;
    return stat(mark->path, &info) == 0 && (unsigned long long)info.st_ino != mark->inode;
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    if (!lock_was_taken(&lock->mark))
        unlink(lock->path);
    free(lock);
}
