#include "beside/lock_file.h"

#include "clock.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- this process, and others of this host ---- */

/* The first line of a small file, without its newline; "" when there is none. */
static void first_line(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    if (!f || !fgets(out, (int)size, f))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    if (f)
        fclose(f);
}

/* Field 22 of /proc/PID/stat; 0 without one, or when only a zombie is left, which writes no more. The command
 * name before it may hold blanks and brackets: fields are counted after the last ')'. */
static unsigned long long process_start(long pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    first_line(path, line, sizeof line);
    const char *field = strrchr(line, ')');
    if (field && (strncmp(field, ") Z", 3) == 0 || strncmp(field, ") X", 3) == 0))
        return 0;
    for (int i = 2; field && i < 22; i++)
        field = strchr(field + 1, ' ');
    return field ? strtoull(field + 1, NULL, 10) : 0;
}

static void copy_environment(const char *name, char out[LOCK_FILE_WORD])
{
    const char *value = getenv(name);
    snprintf(out, LOCK_FILE_WORD, "%s", value ? value : "");
}

void lock_file_self(struct lock_holder *self)
{
    memset(self, 0, sizeof *self);
    self->since = clock_wall();
    if (gethostname(self->host, sizeof self->host - 1) < 0)
        snprintf(self->host, sizeof self->host, "localhost");
    self->pid = (long)getpid();
    self->process_start = process_start(self->pid);
    first_line("/proc/sys/kernel/random/boot_id", self->boot, sizeof self->boot);
    if (readlink("/proc/self/ns/pid", self->pids, sizeof self->pids - 1) < 0)
        self->pids[0] = '\0';
    copy_environment("SLURM_JOB_ID", self->slurm_job);
    copy_environment("SLURM_RESTART_COUNT", self->slurm_restart);
    copy_environment("SLURM_CLUSTER_NAME", self->slurm_cluster);
}

static enum lock_state check_process(const struct lock_holder *holder)
{
    if (holder->process_start == 0) /* it had no /proc: the number alone must do */
        return kill((pid_t)holder->pid, 0) == 0 || errno == EPERM ? LOCK_RUNNING : LOCK_DEAD;
    unsigned long long start = process_start(holder->pid);
    if (start == 0 && kill((pid_t)holder->pid, 0) < 0 && errno == EPERM)
        return LOCK_UNKNOWN; /* of another user, and /proc shows but one's own (hidepid) */
    return start == holder->process_start ? LOCK_RUNNING : LOCK_DEAD;
}

/* When this host was started, seconds since 1970. */
static double boot_time(void)
{
    return clock_wall() - clock_read(CLOCK_BOOTTIME);
}

/* ---- Slurm ---- */

/* What squeue says of a job: its state in out, "" for a job it no longer knows. -1 when it cannot tell. */
static int ask_squeue(const char *job, char *out, size_t size)
{
    char command[256];
    out[0] = '\0';
    if (strspn(job, "0123456789_") != strlen(job))
        return -1;
    snprintf(command, sizeof command, "squeue -h -j %.100s -o %%T 2>&1", job);
    FILE *f = popen(command, "r");
    if (!f)
        return -1;
    if (!fgets(out, (int)size, f))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    int status = pclose(f);
    if (status != 0 && strstr(out, "Invalid job id")) {
        out[0] = '\0';
        return 0;
    }
    return status == 0 ? 0 : -1;
}

/* A requeued job keeps its number: an earlier start of our own job is over, and a job that
 * waits has no process. */
static enum lock_state check_slurm(const struct lock_holder *holder, const struct lock_holder *self)
{
    char state[256];
    if (!holder->slurm_job[0] || (holder->slurm_cluster[0] && self->slurm_cluster[0] &&
                                  strcmp(holder->slurm_cluster, self->slurm_cluster) != 0))
        return LOCK_UNKNOWN; /* the squeue of another cluster knows nothing of it */
    if (strcmp(holder->slurm_job, self->slurm_job) == 0 &&
        strcmp(holder->slurm_restart, self->slurm_restart) != 0)
        return LOCK_DEAD;
    if (ask_squeue(holder->slurm_job, state, sizeof state) < 0)
        return LOCK_UNKNOWN;
    static const char *const live[] = {"RUNNING", "COMPLETING",  "SUSPENDED",
                                       "STOPPED", "CONFIGURING", "SIGNALING"};
    for (size_t i = 0; i < sizeof live / sizeof *live; i++)
        if (strcmp(state, live[i]) == 0)
            return LOCK_RUNNING;
    return LOCK_DEAD;
}

enum lock_state lock_file_check(const struct lock_holder *holder)
{
    struct lock_holder self;
    lock_file_self(&self);
    if (!holder->host[0])
        return LOCK_UNKNOWN;
    if (strcmp(holder->host, self.host) != 0)
        return check_slurm(holder, &self);
    if (strcmp(holder->boot, self.boot) != 0)
        return holder->since < boot_time() ? LOCK_DEAD /* the host was started anew since */
                                           : check_slurm(holder, &self);
    if (strcmp(holder->pids, self.pids) != 0)
        return check_slurm(holder, &self); /* another container: its process numbers mean nothing here */
    return check_process(holder);
}

/* ---- the file ---- */

int lock_file_path(const char *results_path, char *out, struct err *err)
{
    int n = snprintf(out, LOCK_FILE_PATH, "%s.lock", results_path);
    return n > 0 && n < LOCK_FILE_PATH ? 0
                                       : err_set(err, E_IO, "%.200s...: the path is too long", results_path);
}

void lock_file_format(const struct lock_holder *h, char *out)
{
    json_t *root = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:f}", "host", h->host, "pid",
                             (json_int_t)h->pid, "process_start", (json_int_t)h->process_start, "boot",
                             h->boot, "pids", h->pids, "slurm_job", h->slurm_job, "slurm_restart",
                             h->slurm_restart, "slurm_cluster", h->slurm_cluster, "since", h->since);
    char *text = root ? json_dumps(root, 0) : NULL;
    snprintf(out, LOCK_FILE_TEXT, "%s\n", text ? text : "");
    free(text);
    json_decref(root);
}

static void take_word(const json_t *root, const char *key, char out[LOCK_FILE_WORD])
{
    const char *value = json_string_value(json_object_get(root, key));
    snprintf(out, LOCK_FILE_WORD, "%s", value ? value : "");
    utf8_plain(out);
}

int lock_file_parse(const char *text, struct lock_holder *h)
{
    json_t *root = json_loads(text, 0, NULL);
    memset(h, 0, sizeof *h);
    take_word(root, "host", h->host);
    take_word(root, "boot", h->boot);
    take_word(root, "pids", h->pids);
    take_word(root, "slurm_job", h->slurm_job);
    take_word(root, "slurm_restart", h->slurm_restart);
    take_word(root, "slurm_cluster", h->slurm_cluster);
    h->pid = (long)json_integer_value(json_object_get(root, "pid"));
    h->process_start = (unsigned long long)json_integer_value(json_object_get(root, "process_start"));
    h->since = json_number_value(json_object_get(root, "since"));
    json_decref(root);
    if (h->host[0] && h->pid > 0)
        return 0;
    memset(h, 0, sizeof *h);
    return -1;
}

enum lock_state lock_file_look(const char *results_path, struct lock_holder *holder)
{
    char path[LOCK_FILE_PATH], text[LOCK_FILE_TEXT] = "";
    struct lock_holder found;
    if (!holder)
        holder = &found;
    memset(holder, 0, sizeof *holder);
    if (lock_file_path(results_path, path, NULL) < 0)
        return LOCK_NONE;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO in its place keeps nobody waiting */
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? LOCK_NONE : LOCK_UNKNOWN;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return lock_file_parse(text, holder) < 0 ? LOCK_UNKNOWN : lock_file_check(holder);
}

const char *lock_file_name(const struct lock_holder *h, char *out, size_t size)
{
    char since[64] = "?", job[LOCK_FILE_WORD + 16] = "";
    time_t seconds = (time_t)h->since;
    struct tm t;
    if (h->since > 0 && localtime_r(&seconds, &t))
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &t);
    if (h->slurm_job[0])
        snprintf(job, sizeof job, " (Slurm job %s)", h->slurm_job);
    if (h->host[0])
        snprintf(out, size, "%s, process %ld%s, since %s", h->host, h->pid, job, since);
    else
        snprintf(out, size, "an unreadable lock");
    return out;
}
