#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child sends back. Zeroed before: it is compared and copied whole. */
struct verdict {
    int rc;
    struct err err;
};

/* Without a core file, and whoever catches crashes is not asked. */
static void die_of_crashes(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], SIG_DFL);
}

/* No core file, no endless loop, no words of the C library about its heap. */
static void limit_child(void)
{
    struct rlimit seconds = {CHILD_SECONDS, CHILD_SECONDS};
    int null = open("/dev/null", O_WRONLY);
    die_of_crashes();
    setrlimit(RLIMIT_CPU, &seconds);
    if (null >= 0)
        dup2(null, STDERR_FILENO);
}

static void run_child(int (*task)(const char *path, struct err *err), const char *path, int out)
{
    struct verdict verdict;
    memset(&verdict, 0, sizeof verdict);
    limit_child();
    verdict.rc = task(path, &verdict.err);
    ssize_t n = write(out, &verdict, sizeof verdict); /* less than PIPE_BUF: whole or not at all */
    _exit(n != (ssize_t)sizeof verdict);
}

static ssize_t read_verdict(int in, struct verdict *verdict)
{
    ssize_t n;
    do
        n = read(in, verdict, sizeof *verdict);
    while (n < 0 && errno == EINTR);
    return n;
}

static int wait_for(pid_t child)
{
    int status = -1;
    pid_t found;
    do
        found = waitpid(child, &status, 0);
    while (found < 0 && errno == EINTR);
    return found == child ? status : -1;
}

static int judge(const char *path, ssize_t n, const struct verdict *verdict, int status, struct err *err)
{
    if (n == (ssize_t)sizeof *verdict)
        return verdict->rc < 0 ? err_set(err, verdict->rc, "%s", verdict->err.text) : 0;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL))
        return err_set(err, E_IO, "%s: damaged: opening it does not come to an end; restore a copy", path);
    return err_set(err, E_IO, "%s: damaged: it crashes the HDF5 library; restore a copy", path);
}

int child_run(int (*task)(const char *path, struct err *err), const char *path, struct err *err)
{
    int end[2];
    struct verdict verdict;
    if (pipe2(end, O_CLOEXEC) < 0)
        return err_set(err, E_IO, "%s: cannot try to open it: %s", path, strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_child(task, path, end[1]);
    close(end[1]);
    ssize_t n = child > 0 ? read_verdict(end[0], &verdict) : -1;
    int error = errno, status = child > 0 ? wait_for(child) : -1;
    close(end[0]);
    if (child < 0)
        return err_set(err, E_IO, "%s: cannot try to open it: %s", path, strerror(error));
    return judge(path, n, &verdict, status, err);
}

/* ---- the work itself ---- */

enum { PLACE_SIZE = 1024 };
static char *place; /* shared with the child; NULL: nobody guards */

void child_at(const char *path)
{
    if (place)
        snprintf(place, PLACE_SIZE, "%s", path);
}

static void do_work(int (*task)(void *self, struct err *err), void *self, int out)
{
    struct verdict verdict;
    memset(&verdict, 0, sizeof verdict);
    die_of_crashes();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    verdict.rc = task(self, &verdict.err);
    int failed = fflush(NULL) != 0;
    failed |= write(out, &verdict, sizeof verdict) != (ssize_t)sizeof verdict;
    exit(failed);
}

static int judge_work(ssize_t n, const struct verdict *verdict, int status, struct err *err)
{
    const char *at = place && *place ? place : "the data";
    int told = WIFEXITED(status) && n == (ssize_t)sizeof *verdict;
    if (told && (verdict->rc < 0 || WEXITSTATUS(status) == 0)) /* what it could not write, its line tells */
        return verdict->rc < 0 ? err_set(err, verdict->rc, "%s", verdict->err.text) : 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
        raise(SIGPIPE); /* whoever read the output has enough: ends here, unless the signal is held off */
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM))
        return err_set(err, E_IO, "%s: reading it was ended by a signal (%s); was memory short?", at,
                       strsignal(WTERMSIG(status)));
    return err_set(err, E_IO,
                   "%s: damaged: it crashes the library that reads it (%s); restore a copy, or leave it out",
                   at, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ends");
}

int child_guard(int (*task)(void *self, struct err *err), void *self, struct err *err)
{
    int end[2];
    struct verdict verdict;
    if (pipe2(end, O_CLOEXEC) < 0)
        return err_set(err, E_IO, "cannot start a process: %s", strerror(errno));
    char *shared = mmap(NULL, PLACE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    place = shared == MAP_FAILED ? NULL : shared;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        do_work(task, self, end[1]);
    int error = errno;
    close(end[1]);
    ssize_t n = child > 0 ? read_verdict(end[0], &verdict) : -1;
    int status = child > 0 ? wait_for(child) : -1;
    close(end[0]);
    int rc = child < 0 ? err_set(err, E_IO, "cannot start a process: %s", strerror(error))
                       : judge_work(n, &verdict, status, err);
    if (place)
        munmap(place, PLACE_SIZE);
    place = NULL;
    return rc;
}
