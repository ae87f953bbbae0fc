#include "complete.h"

#include "kernels/kernels.h"
#include "models/model.h"
#include "settings/readout.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void complete_offer(const struct typed *typed, const char *candidate, const char *meaning)
{
    if (strncmp(candidate, typed->part, strlen(typed->part)) != 0)
        return;
    fprintf(typed->out, "%s%s%s", typed->before, candidate, meaning ? "\t" : "");
    for (const char *c = meaning; c && *c; c++)
        fputc(*c == '\n' || *c == '\t' ? ' ' : *c, typed->out);
    fputc('\n', typed->out);
}

void complete_offer_key(const struct typed *typed, const char *key, const char *meaning)
{
    char text[CONFIG_WORD_SIZE + 1];
    snprintf(text, sizeof text, "%s=", key);
    complete_offer(typed, text, meaning);
}

void complete_advance(struct typed *typed, const char *end)
{
    size_t n = strlen(typed->before);
    snprintf(typed->before + n, sizeof typed->before - n, "%.*s", (int)(end - typed->part), typed->part);
    typed->part = end;
}

/* ---- values ---- */

/* The sweep files that came with an installed program, where their whole path is typed, or nothing yet. */
static void offer_experiments(const struct typed *typed)
{
    char program[1024], path[sizeof program + 64], *end;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n < 0 ? 0 : n] = '\0';
    for (int up = 0; up < 2; up++)
        if ((end = strrchr(program, '/')))
            *end = '\0';
    snprintf(path, sizeof path, "%s/share/cellsweep/experiments/", program);
    DIR *dir = n > 0 ? opendir(path) : NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char file[sizeof path + sizeof entry->d_name];
        const char *dot = strrchr(entry->d_name, '.');
        snprintf(file, sizeof file, "%s%s", path, entry->d_name);
        if (dot && strcmp(dot, ".yaml") == 0)
            complete_offer(typed, file, "an experiment that came with cellsweep");
    }
    if (dir)
        closedir(dir);
}

/* Files by what help calls the value; what is none of them is a number or a text. */
static void offer_files(const struct typed *typed, const char *value)
{
    static const char *const kinds[][2] = {{"RESULTS.h5", ":files h5"},
                                           {"SWEEP.yaml", ":files yaml yml"},
                                           {"DIR", ":folders"},
                                           {"FILE", ":files"},
                                           {"FILE.csv", ":files csv"},
                                           {"FILE.png", ":files png"},
                                           {"CSV", ":files csv csv.gz"},
                                           {"TABLE", ":files"},
                                           {"IMAGE", ":files"},
                                           {"SRC", ":files"},
                                           {"DATA", ":files"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(value, kinds[i][0]) == 0)
            fprintf(typed->out, "%s\n", kinds[i][1]);
    if (strcmp(value, "SWEEP.yaml") == 0)
        offer_experiments(typed);
}

/* What take() understands has its names elsewhere. */
static void offer_taken(struct typed *typed, const struct argument *row)
{
    if (row->take == arguments_take_isa)
        for (int i = KERNELS_AUTO; i <= KERNELS_AVX512; i++)
            complete_offer(typed, kernels_isa_name((enum kernels_isa)i), NULL);
    const char *comma = strrchr(typed->part, ',');
    if (row->take == arguments_take_recalibrate && comma)
        complete_advance(typed, comma + 1);
    for (int i = 0; row->take == arguments_take_recalibrate && i < N_RECALIBRATIONS; i++)
        complete_offer(typed, recalibration_names[i], NULL);
    for (int i = 0; row->take == arguments_take_threshold && i < N_THRESHOLDS; i++)
        complete_offer(typed, threshold_names[i], NULL);
}

void complete_value(struct typed *typed, const struct argument *row, const char *file)
{
    const struct model_kind *kind;
    if (row->type == ARGUMENT_CHOICE)
        for (int c = (int)row->min; c <= (int)row->max; c++)
            complete_offer(typed, row->choice[c], NULL);
    else if (row->value && strcmp(row->value, "KEY=VALUE") == 0)
        complete_setting(typed);
    else if (row->value && strcmp(row->value, "FILTER") == 0)
        complete_filter(typed, file);
    else if (row->name && strcmp(row->name, "model") == 0)
        for (int i = 0; (kind = model_kind(i)); i++)
            complete_offer(typed, kind->name, kind->help);
    else if (row->value)
        offer_files(typed, row->value);
    if (row->type == ARGUMENT_CALL)
        offer_taken(typed, row);
}

/* ---- words ---- */

/* The row of "--name", "--name=value" or "-n": of any option where n characters are its name. */
static const struct argument *find_option(const struct argument *row, const char *word)
{
    size_t n = strcspn(word, "=");
    for (; row->type; row++) {
        if (word[1] != '-' && row->letter && row->letter == word[1])
            return row;
        if (word[1] == '-' && row->name && n > 2 && strncmp(row->name, word + 2, n - 2) == 0 &&
            row->name[n - 2] == '\0')
            return row;
    }
    return NULL;
}

static void offer_options(const struct typed *typed, const struct argument *row)
{
    char text[CONFIG_WORD_SIZE];
    for (; row->type; row++) {
        if (!row->name || !row->help)
            continue;
        snprintf(text, sizeof text, "--%s", row->name);
        complete_offer(typed, text, row->help);
    }
}

static void offer_verbs(const struct typed *typed, const struct command *command)
{
    for (const struct command *const *verb = command->verbs; *verb; verb++) {
        const char *space = strrchr((*verb)->name, ' ');
        complete_offer(typed, space ? space + 1 : (*verb)->name, (*verb)->summary);
    }
    if (!*command->name)
        complete_offer(typed, "help", "what a command does, with its options");
    if (*typed->part == '-')
        offer_options(typed, arguments_common);
}

static const struct command *find_verb(const struct command *command, const char *word)
{
    for (const struct command *const *verb = command->verbs; *verb; verb++) {
        const char *space = strrchr((*verb)->name, ' ');
        if (strcmp(space ? space + 1 : (*verb)->name, word) == 0)
            return *verb;
    }
    return NULL;
}

/* The n-th word that is no option, from 0, or the one that takes all that are left. */
static const struct argument *find_word(const struct argument *row, int n)
{
    for (; row->type; row++)
        if (row->type == ARGUMENT_REST || (!row->name && n-- == 0))
            return row;
    return NULL;
}

/* An option whose value is the next word. */
static const struct argument *wants_next(const struct argument *rows, const char *word)
{
    const struct argument *row = *word == '-' && word[1] ? find_option(rows, word) : NULL;
    if (!row || !row->value || row->fallback || (word[1] == '-' ? strchr(word, '=') != NULL : word[2] != 0))
        return NULL;
    return row;
}

static void complete_leaf(struct typed *typed, const struct argument *rows, int n, char **word)
{
    const struct argument *pending = NULL, *row = NULL;
    const char *file = NULL, *equals = strchr(typed->part, '=');
    int n_plain = 0;
    for (int i = 0; i < n; i++) {
        if (pending) {
            pending = NULL;
            continue;
        }
        pending = wants_next(rows, word[i]);
        if (*word[i] != '-' && n_plain++ == 0)
            file = word[i];
    }
    if (pending)
        complete_value(typed, pending, file);
    else if (strncmp(typed->part, "--", 2) == 0 && equals) {
        row = find_option(rows, typed->part);
        complete_advance(typed, equals + 1);
        if (row)
            complete_value(typed, row, file);
    } else if (*typed->part == '-') {
        offer_options(typed, rows);
        offer_options(typed, arguments_common);
    } else if ((row = find_word(rows, n_plain)))
        complete_value(typed, row, file);
}

void complete_words(FILE *out, const struct command *program, int n, char **word)
{
    struct typed typed = {.out = out, .part = word[n - 1]};
    const struct command *command = program;
    int i = n > 1 && strcmp(word[0], "help") == 0;
    for (; i < n - 1 && command && command->verbs; i++)
        command = find_verb(command, word[i]);
    if (command && command->verbs)
        offer_verbs(&typed, command);
    else if (command)
        complete_leaf(&typed, command->rows, n - 1 - i, word + i);
}
