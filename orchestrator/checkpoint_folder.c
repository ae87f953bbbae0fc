#include "checkpoint_folder.h"

#include "version.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".ckpt";

static void folder_path(const char *results_path, char *out)
{
    snprintf(out, CHECKPOINT_PATH_SIZE, "%.4000s.checkpoints", results_path);
}

void checkpoint_path(const char *results_path, const char *key, char *out)
{
    snprintf(out, CHECKPOINT_PATH_SIZE, "%.4000s.checkpoints/%.*s%s", results_path, JOB_KEY_SIZE - 1, key,
             suffix);
}

int checkpoint_folder_make(const char *results_path, struct err *err)
{
    char folder[CHECKPOINT_PATH_SIZE];
    folder_path(results_path, folder);
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        return 0;
    return err_set(err, E_IO, "%s: cannot make the folder of checkpoints: %s", folder, strerror(errno));
}

struct checkpoint_identity checkpoint_identity(const char *key, const char *data, const char *kernels)
{
    static const char program[] = CELLSWEEP_VERSION " " CELLSWEEP_COMMIT;
    return (struct checkpoint_identity){key, data, kernels, program};
}

/* Whether a file name is that of a checkpoint, or of one half-written (is_half), and the key in it. */
static int is_ours(const char *name, char key[JOB_KEY_SIZE], int *is_half)
{
    size_t digits = strspn(name, "0123456789abcdef"), n = sizeof suffix - 1;
    if (digits != JOB_KEY_SIZE - 1 || strncmp(name + digits, suffix, n) != 0)
        return 0;
    const char *rest = name + digits + n;
    *is_half = strncmp(rest, ".tmp-", 5) == 0;
    snprintf(key, JOB_KEY_SIZE, "%.*s", JOB_KEY_SIZE - 1, name);
    return *rest == '\0' || *is_half;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int add_key(struct checkpoint_list *list, int *room, const char *key, struct err *err)
{
    if (list->n == *room) {
        int more = *room ? 2 * *room : 64;
        void *bigger = realloc(list->key, (size_t)more * sizeof *list->key);
        if (!bigger)
            return err_set(err, E_IO, "out of memory for the list of checkpoints");
        list->key = bigger;
        *room = more;
    }
    memcpy(list->key[list->n++], key, JOB_KEY_SIZE);
    return 0;
}

int checkpoint_list(const char *results_path, struct checkpoint_list *out, struct err *err)
{
    char folder[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int room = 0, is_half, rc = 0;
    folder_path(results_path, folder);
    memset(out, 0, sizeof *out);
    DIR *dir = opendir(folder);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!dir)
        return err_set(err, E_IO, "%s: cannot list the checkpoints: %s", folder, strerror(errno));
    for (struct dirent *e; rc == 0 && (e = readdir(dir));)
        if (is_ours(e->d_name, key, &is_half) && !is_half)
            rc = add_key(out, &room, key, err);
    closedir(dir);
    if (rc < 0)
        checkpoint_list_free(out);
    else if (out->n)
        qsort(out->key, (size_t)out->n, sizeof *out->key, compare_keys);
    return rc;
}

int checkpoint_listed(const struct checkpoint_list *list, const char *key)
{
    return list->n > 0 && bsearch(key, list->key, (size_t)list->n, sizeof *list->key, compare_keys) != NULL;
}

void checkpoint_list_free(struct checkpoint_list *list)
{
    free(list->key);
    memset(list, 0, sizeof *list);
}

void checkpoint_folder_tidy(const char *results_path, const struct checkpoint_list *keep)
{
    char folder[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int is_half;
    folder_path(results_path, folder);
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (is_ours(e->d_name, key, &is_half) && (is_half || !checkpoint_listed(keep, key)))
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    rmdir(folder); /* refuses while something is in it */
}
