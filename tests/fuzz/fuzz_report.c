/* A results file whose content somebody changed (edits.h), drawn: every text of it that `report` puts into a
 * script of gnuplot. gnuplot is not run: a script is read as gnuplot would read it, and nothing of a text may
 * stand outside of its quotes. */
#include "edits.h"
#include "fuzz.h"

#include "figures/figures.h"
#include "tables/findings.h"
#include "write/output.h"
#include "store/store_layout.h"
#include "stats/summary.h"

#include "support/made.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const attribute[] = {"name",   "yaml_resolved", "data",     "version",
                                        "commit", "host",          "synthetic"};

/* A line of a script. Single-quoted texts end within it; in double-quoted ones, and outside, there
 * are no backquotes, which would be run by a shell, nor anything but what the program writes; no line
 * is a command of the shell. */
static void check_line(const char *line)
{
    char quote = 0;
    if (*line == '#')
        return;
    for (const char *c = line; *c; c++) {
        unsigned char u = (unsigned char)*c;
        if (!quote && *c == '#') /* the program's own words, to the end of the line */
            break;
        int bad = u < ' ' || u == 0x7f || (quote != '\'' && (u >= 0x80 || u == '`'));
        if (bad || (!quote && (strncmp(c, "system", 6) == 0 || *c == '!'))) {
            if (!bad && strncmp(c, "!exists", 7) == 0)
                continue;
            fprintf(stderr, "a script says: %s\n", line);
            abort();
        }
        if (quote ? *c == quote : *c == '\'' || *c == '"')
            quote = quote ? 0 : *c;
        else if (quote == '"' && *c == '\\' && c[1])
            c++;
    }
    if (quote) {
        fprintf(stderr, "a text is not ended: %s\n", line);
        abort();
    }
}

static void check_script(const char *folder, const char *name)
{
    static char line[1 << 16];
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        check_line(line);
    }
    if (!file || fclose(file) != 0)
        abort();
}

/* Every file that was written is one of ours by its name, and every script is read; the
 * folder is empty afterwards. */
static void check_folder(const char *folder)
{
    char path[600];
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *dot = strrchr(e->d_name, '.');
        if (e->d_name[0] == '.')
            continue;
        if (!dot || (strcmp(dot, ".gp") != 0 && strcmp(dot, ".tsv") != 0) ||
            strspn(e->d_name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=-") !=
                strlen(e->d_name))
            abort();
        if (strcmp(dot, ".gp") == 0)
            check_script(folder, e->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    closedir(dir);
}

static int draw(struct store *store, const char *folder)
{
    struct err err = {0};
    struct summary *summary = NULL;
    struct figures figures;
    const struct figures_options options = {.metric = METRIC_BALANCED_ACCURACY, .all_heatmaps = 1};
    int rc = fuzz_check(summary_new(store, NULL, &summary, &err), &err);
    if (rc == 0)
        rc = fuzz_check(figures_write(summary, NULL, &options, folder, &figures, &err), &err);
    if (rc == 0)
        figures_release(&figures);
    check_folder(folder);
    summary_free(summary);
    return rc == 0;
}

static struct edits_names names(void)
{
    static const char *object[N_STORE_DATASETS];
    for (int d = 0; d < N_STORE_DATASETS; d++)
        object[d] = store_table[d].path;
    return (struct edits_names){object, N_STORE_DATASETS, attribute, sizeof attribute / sizeof *attribute};
}

int fuzz_one(const uint8_t *bytes, size_t n)
{
    static uint8_t *good;
    static size_t n_good;
    static char folder[300];
    struct edits_names all = names();
    struct store *store = NULL;
    struct err err = {0};
    if (!good) {
        const char *made = fuzz_file(0, bytes, 0);
        made_results(made, 4, 0);
        good = fuzz_bytes(made, &n_good);
        snprintf(folder, sizeof folder, "%s/figures", fuzz_folder());
        made_check(output_directory(folder, &err), &err);
    }
    const char *path = fuzz_file(1, good, n_good);
    edits_apply(path, &all, bytes, n);
    if (fuzz_check(store_open(path, &store, &err), &err) < 0)
        return 0;
    int drawn = draw(store, folder);
    if (store_close(store, &err) < 0)
        abort();
    return drawn;
}
