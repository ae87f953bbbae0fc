#include "run/checkpoint_folder.h"

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

struct state_file_identity checkpoint_identity(const char *key, const char *data, const char *kernels)
{
    static const char program[] = CELLSWEEP_VERSION " " CELLSWEEP_COMMIT;
    return (struct state_file_identity){key, data, kernels, program};
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
    const struct checkpoint_entry *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static int add_key(struct checkpoint_list *list, int *room, const char *key, struct err *err)
{
    if (list->n == *room) {
        int more = *room ? 2 * *room : 64;
        void *bigger = realloc(list->entry, (size_t)more * sizeof *list->entry);
        if (!bigger)
            return err_set(err, E_IO, "out of memory for the list of checkpoints");
        list->entry = bigger;
        *room = more;
    }
    struct checkpoint_entry *entry = &list->entry[list->n++];
    entry->wanted = 0;
    memcpy(entry->key, key, JOB_KEY_SIZE);
    return 0;
}

int checkpoint_list(const char *results_path, struct checkpoint_list *out, struct err *err)
{
    char folder[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int room = 0, is_half, rc = 0;
    folder_path(results_path, folder);
    memset(out, 0, sizeof *out);
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    for (struct dirent *e; rc == 0 && (e = readdir(dir));)
        if (is_ours(e->d_name, key, &is_half) && !is_half)
            rc = add_key(out, &room, key, err);
    closedir(dir);
    if (rc < 0)
        checkpoint_list_free(out);
    else if (out->n)
        qsort(out->entry, (size_t)out->n, sizeof *out->entry, compare_keys);
    return rc;
}

void checkpoint_list_free(struct checkpoint_list *list)
{
    free(list->entry);
    memset(list, 0, sizeof *list);
}

static struct checkpoint_entry *find(const struct checkpoint_list *list, const char *key)
{
    struct checkpoint_entry wanted = {0};
    snprintf(wanted.key, sizeof wanted.key, "%s", key);
    return list->n ? bsearch(&wanted, list->entry, (size_t)list->n, sizeof wanted, compare_keys) : NULL;
}

int checkpoint_want(struct checkpoint_list *list, const char *key)
{
    struct checkpoint_entry *entry = find(list, key);
    if (entry)
        entry->wanted = 1;
    return entry != NULL;
}

void checkpoint_folder_tidy(const char *results_path, const struct checkpoint_list *list)
{
    char folder[CHECKPOINT_PATH_SIZE], key[JOB_KEY_SIZE];
    int is_half;
    folder_path(results_path, folder);
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!is_ours(e->d_name, key, &is_half))
            continue;
        const struct checkpoint_entry *entry = find(list, key);
        if (is_half || (entry && !entry->wanted))
            unlinkat(dirfd(dir), e->d_name, 0);
    }
    closedir(dir);
    rmdir(folder); /* refuses while something is in it */
}
