/* One run a results file: the lock is refused while its process lives, taken over when it is dead, and never
 * taken from another host without being told to; two that find the same dead lock do not both get it. */
#include "beside/lock_file.h"
#include "support/scratch.h"
#include "run/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[128], path[256], lock_path[300];

static int make_folder(void **state)
{
    (void)state;
    if (scratch_make(folder, sizeof folder) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/r.h5", folder);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    return setenv("PATH", folder, 1); /* a squeue of our own, or none */
}

static int remove_folder(void **state)
{
    (void)state;
    char squeue[300];
    snprintf(squeue, sizeof squeue, "%s/squeue", folder);
    unlink(squeue);
    unlink(lock_path);
    return rmdir(folder);
}

static int no_lock(void **state)
{
    (void)state;
    unlink(lock_path);
    return 0;
}

static void write_lock(const struct lock_holder *holder)
{
    char text[LOCK_FILE_TEXT];
    lock_file_format(holder, text);
    FILE *f = fopen(lock_path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* ---- what this machine has not: a process that is not shown, flock() as over NFS, another run that
 * is as fast ---- */

static pid_t hidden_pid;
static int n_refused, other_renames;

int kill(pid_t pid, int signal)
{
    if (hidden_pid && pid == hidden_pid) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_kill, pid, signal);
}

int flock(int fd, int operation)
{
    int writable = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    n_refused += !writable;
    return (int)syscall(SYS_flock, fd, operation);
}

int rename(const char *from, const char *to)
{
    char aside[320];
    struct lock_holder other;
    if (other_renames) { /* its file exists beside ours, as both have one before they rename */
        snprintf(aside, sizeof aside, "%s.other", lock_path);
        other_renames = 0;
        (void)syscall(SYS_rename, from, to);
        lock_file_self(&other);
        (void)syscall(SYS_rename, to, aside);
        write_lock(&other);
        return unlink(aside);
    }
    return (int)syscall(SYS_rename, from, to);
}

/* A squeue that answers `line` with `status`. */
static void fake_squeue(const char *line, int status)
{
    char squeue[300];
    snprintf(squeue, sizeof squeue, "%s/squeue", folder);
    FILE *f = fopen(squeue, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\necho '%s'\nexit %d\n", line, status);
    fclose(f);
    assert_int_equal(chmod(squeue, 0755), 0);
}

static void taken_and_left(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct lock_holder holder;
    struct err err = {0};
    assert_int_equal(lock_file_look(path, &holder), LOCK_NONE);
    assert_int_equal(lock_take(path, 0, &lock, &err), 0);
    assert_int_equal(lock_file_look(path, &holder), LOCK_RUNNING);
    assert_int_equal(holder.pid, getpid());
    assert_true(holder.since > 1e9);
    lock_release(lock);
    assert_int_equal(lock_file_look(path, NULL), LOCK_NONE);
}

static void refused_while_its_process_lives(void **state)
{
    (void)state;
    struct lock *lock = NULL, *second = NULL;
    char pid[32];
    struct err err = {0};
    snprintf(pid, sizeof pid, "process %ld, since 2", (long)getpid());
    assert_int_equal(lock_take(path, 0, &lock, &err), 0);
    for (int force = 0; force < 2; force++) {
        assert_int_equal(lock_take(path, force, &second, &err), E_IO);
        assert_non_null(strstr(err.text, pid));
        assert_null(second);
    }
    assert_int_equal(lock_file_look(path, NULL), LOCK_RUNNING);
    lock_release(lock);
}

static void taken_over_from_the_dead(void **state)
{
    (void)state;
    struct lock_holder holder;
    struct lock *lock = NULL;
    pid_t child = fork();
    if (child == 0)
        _exit(lock_take(path, 0, &lock, NULL) == 0 ? 0 : 1);
    int status = 1;
    /* not reaped yet: a zombie is dead, too */
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(lock_file_look(path, &holder), LOCK_DEAD);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(lock_file_look(path, &holder), LOCK_DEAD);
    assert_int_equal(holder.pid, child);
    assert_int_equal(lock_take(path, 0, &lock, NULL), 0);
    lock_release(lock);
}

static void a_later_process_of_the_same_number_is_another(void **state)
{
    (void)state;
    struct lock_holder holder;
    lock_file_self(&holder);
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_RUNNING);
    holder.process_start--;
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_DEAD);
    lock_file_self(&holder);
    snprintf(holder.boot, sizeof holder.boot, "before");
    holder.since = 1e9;
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_DEAD);
    lock_file_self(&holder); /* newer than this boot, so of another machine of that name */
    snprintf(holder.boot, sizeof holder.boot, "elsewhere");
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_UNKNOWN);
    lock_file_self(&holder);
    snprintf(holder.pids, sizeof holder.pids, "another container");
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_UNKNOWN);
}

static void a_process_that_proc_hides_may_live(void **state)
{
    (void)state;
    struct lock_holder holder;
    lock_file_self(&holder);
    holder.pid = 1 << 30; /* there is no such process */
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_DEAD);
    hidden_pid = (pid_t)holder.pid;
    assert_int_equal(lock_file_look(path, NULL), LOCK_UNKNOWN);
    hidden_pid = 0;
}

static void another_host_needs_force(void **state)
{
    (void)state;
    struct lock_holder holder;
    struct lock *lock = NULL;
    struct err err = {0};
    lock_file_self(&holder);
    snprintf(holder.host, sizeof holder.host, "elsewhere");
    write_lock(&holder);
    assert_int_equal(lock_take(path, 0, &lock, &err), E_IO);
    assert_non_null(strstr(err.text, "elsewhere"));
    assert_non_null(strstr(err.text, "--force-unlock"));
    assert_int_equal(lock_take(path, 1, &lock, &err), 0);
    lock_release(lock);
}

static void an_unreadable_lock_needs_force(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct err err = {0};
    FILE *f = fopen(lock_path, "w");
    assert_non_null(f);
    fputs("{\"host\": ", f);
    fclose(f);
    assert_int_equal(lock_take(path, 0, &lock, &err), E_IO);
    assert_non_null(strstr(err.text, "--force-unlock"));
    assert_int_equal(lock_take(path, 1, &lock, &err), 0);
    lock_release(lock);
}

static void slurm_knows(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
        enum lock_state want;
    } answer[] = {
        {"RUNNING", 0, LOCK_RUNNING},
        {"COMPLETING", 0, LOCK_RUNNING},
        {"PENDING", 0, LOCK_DEAD},
        {"COMPLETED", 0, LOCK_DEAD},
        {"", 0, LOCK_DEAD},
        {"slurm_load_jobs error: Invalid job id specified", 1, LOCK_DEAD},
        {"slurm_load_jobs error: Unable to contact slurm controller", 1, LOCK_UNKNOWN},
    };
    struct lock_holder holder;
    lock_file_self(&holder);
    snprintf(holder.host, sizeof holder.host, "elsewhere");
    snprintf(holder.slurm_job, sizeof holder.slurm_job, "81");
    write_lock(&holder);
    assert_int_equal(lock_file_look(path, NULL), LOCK_UNKNOWN); /* no squeue here */
    for (size_t i = 0; i < sizeof answer / sizeof *answer; i++) {
        fake_squeue(answer[i].line, answer[i].status);
        assert_int_equal(lock_file_look(path, NULL), answer[i].want);
    }
    setenv("SLURM_CLUSTER_NAME", "atlas", 1);
    lock_file_self(&holder);
    snprintf(holder.host, sizeof holder.host, "elsewhere");
    snprintf(holder.slurm_job, sizeof holder.slurm_job, "81");
    write_lock(&holder);
    fake_squeue("", 0);
    assert_int_equal(lock_file_look(path, NULL), LOCK_DEAD);
    setenv("SLURM_CLUSTER_NAME", "borealis", 1); /* whose squeue never heard of it */
    assert_int_equal(lock_file_look(path, NULL), LOCK_UNKNOWN);
    unsetenv("SLURM_CLUSTER_NAME");
    fake_squeue("RUNNING", 0); /* our own job, started again under its number */
    setenv("SLURM_JOB_ID", "81", 1);
    setenv("SLURM_RESTART_COUNT", "1", 1);
    assert_int_equal(lock_file_look(path, NULL), LOCK_DEAD);
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
}

/* Try to take the lock when `go` closes, tell how it went, and live until `end` does. */
static void contend(int go, int told, int end)
{
    struct lock *lock = NULL;
    char byte;
    if (!freopen("/dev/null", "w", stderr) || read(go, &byte, 1) < 0)
        _exit(2);
    byte = lock_take(path, 0, &lock, NULL) == 0;
    if (write(told, &byte, 1) != 1 || read(end, &byte, 1) < 0)
        _exit(2);
    _exit(0);
}

/* Eight processes meet a dead lock at once, again and again: exactly one has it. */
static void one_of_many_takes_it_over(void **state)
{
    (void)state;
    enum { ROUNDS = 40, N = 8 };
    struct lock_holder dead;
    lock_file_self(&dead);
    dead.process_start--;
    for (int round = 0; round < ROUNDS; round++) {
        int go[2], told[2], end[2], winners = 0;
        write_lock(&dead);
        assert_true(pipe(go) == 0 && pipe(told) == 0 && pipe(end) == 0);
        for (int i = 0; i < N; i++)
            if (fork() == 0) {
                close(go[1]);
                close(end[1]);
                contend(go[0], told[1], end[0]);
            }
        close(go[1]);
        for (int i = 0; i < N; i++) {
            char won = 0;
            assert_int_equal(read(told[0], &won, 1), 1);
            winners += won;
        }
        close(end[1]);
        for (int i = 0; i < N; i++)
            wait(NULL);
        const int rest[] = {go[0], told[0], told[1], end[0]};
        for (int i = 0; i < 4; i++)
            close(rest[i]);
        assert_int_equal(winners, 1);
        unlink(lock_path);
    }
}

/* Over NFS, flock() refuses a file that is not open for writing. */
static void the_dead_lock_is_held_for_writing(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct lock_holder dead;
    lock_file_self(&dead);
    dead.process_start--;
    write_lock(&dead);
    n_refused = 0;
    assert_int_equal(lock_take(path, 0, &lock, NULL), 0);
    assert_int_equal(n_refused, 0);
    lock_release(lock);
}

/* Where flock() does nothing, another run may have replaced the dead lock, too, and a moment later. */
static void the_later_of_two_has_it(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct lock_holder dead;
    struct err err = {0};
    lock_file_self(&dead);
    dead.process_start--;
    write_lock(&dead);
    other_renames = 1;
    assert_int_equal(lock_take(path, 0, &lock, &err), E_IO);
    assert_non_null(strstr(err.text, "another run writes it"));
    assert_int_equal(other_renames, 0);
}

static void a_lock_that_was_taken_over_is_not_removed(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct lock_mark mark;
    struct lock_holder other;
    char aside[320];
    assert_int_equal(lock_take(path, 0, &lock, NULL), 0);
    lock_mark(lock, &mark);
    assert_false(lock_was_taken(&mark));
    snprintf(aside, sizeof aside, "%s.aside", lock_path);
    rename(lock_path, aside);
    assert_false(lock_was_taken(&mark)); /* removed by hand: nobody else's yet */
    lock_file_self(&other);
    write_lock(&other);
    assert_true(lock_was_taken(&mark));
    lock_release(lock);
    assert_int_equal(lock_file_look(path, NULL), LOCK_RUNNING);
    unlink(aside);
}

static void no_folder(void **state)
{
    (void)state;
    struct lock *lock = NULL;
    struct err err = {0};
    assert_int_equal(lock_take("/nowhere/r.h5", 0, &lock, &err), E_IO);
    assert_non_null(strstr(err.text, "No such file or directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(taken_and_left, no_lock),
        cmocka_unit_test_setup(refused_while_its_process_lives, no_lock),
        cmocka_unit_test_setup(taken_over_from_the_dead, no_lock),
        cmocka_unit_test_setup(a_later_process_of_the_same_number_is_another, no_lock),
        cmocka_unit_test_setup(a_process_that_proc_hides_may_live, no_lock),
        cmocka_unit_test_setup(another_host_needs_force, no_lock),
        cmocka_unit_test_setup(an_unreadable_lock_needs_force, no_lock),
        cmocka_unit_test_setup(slurm_knows, no_lock),
        cmocka_unit_test_setup(one_of_many_takes_it_over, no_lock),
        cmocka_unit_test_setup(the_dead_lock_is_held_for_writing, no_lock),
        cmocka_unit_test_setup(the_later_of_two_has_it, no_lock),
        cmocka_unit_test_setup(a_lock_that_was_taken_over_is_not_removed, no_lock),
        cmocka_unit_test_setup(no_folder, no_lock),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
