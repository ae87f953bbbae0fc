#include "sweep/unread.h"

#include <string.h>

static int key_number(const struct sweep_file *file, const struct setting *key)
{
    return (int)(key - file->base.schema->key);
}

/* Whether two places of the dimension of axes a to end - 1 are the same in all axes that are read. */
static int is_same_place(const struct sweep_file *file, const struct sweep_block *block, int a, int end,
                         const unsigned char *reads, int i, int j)
{
    char text[2][SWEEP_NUMBER_SIZE];
    for (; a < end; a++)
        if (reads[key_number(file, block->axis[a].key)] &&
            strcmp(sweep_axis_value(&block->axis[a], i, text[0]),
                   sweep_axis_value(&block->axis[a], j, text[1])) != 0)
            return 0;
    return 1;
}

int unread_repeats(const struct sweep_file *file, long combination, const struct config *config)
{
    unsigned char reads[CONFIG_MAX_KEYS];
    int place[SWEEP_MAX_AXES];
    const struct sweep_block *block = &file->block[sweep_file_place(file, combination, place)];
    config_reads_all(config, reads);
    for (int a = 0, end; a < block->n_axes; a = end) {
        for (end = a + 1; end < block->n_axes && block->axis[end].dim == block->axis[a].dim;)
            end++;
        if (end == a + 1 && reads[key_number(file, block->axis[a].key)])
            continue; /* no value stands twice */
        for (int i = 0; i < place[a]; i++)
            if (is_same_place(file, block, a, end, reads, i, place[a]))
                return 1;
    }
    return 0;
}

void unread_count(struct unread *unread, int block, int repeats)
{
    unread->block[block].n++;
    unread->block[block].n_left_out += repeats;
}

void unread_see(struct unread *unread, const struct sweep_file *file, long combination,
                const struct config *config)
{
    unsigned char reads[CONFIG_MAX_KEYS];
    int place[SWEEP_MAX_AXES], b = sweep_file_place(file, combination, place);
    const struct sweep_block *block = &file->block[b];
    config_reads_all(config, reads);
    for (int a = 0; a < block->n_axes; a++) {
        int k = key_number(file, block->axis[a].key);
        *(reads[k] ? &unread->block[b].read : &unread->block[b].skipped) |= 1U << a;
        reads[k] = 0;
    }
    for (int k = 0; k < file->base.schema->n_keys; k++)
        unread->is_read[k] |= reads[k];
}

/* 1 when the file gives a key a value beside the grid that is not its default and that jobs could have. */
static int is_told(const struct sweep_file *file, int k)
{
    const struct setting *key = &file->base.schema->key[k];
    const struct sweep_axis *axis = sweep_file_axis(file, key->name);
    char value[SETTING_TEXT_SIZE];
    if (file->line[k] == SWEEP_KEY_NOT_GIVEN || (axis && axis->n_blocks == file->n_blocks))
        return 0;
    config_get(&file->base, key, value, sizeof value);
    return strcmp(value, key->fallback) != 0;
}

static int refuse(const struct sweep_file *file, int line, const char *whose, const struct setting *key,
                  struct err *err)
{
    char where[1200] = "--set";
    if (line != SWEEP_KEY_BY_SET)
        snprintf(where, sizeof where, "%s:%d", file->path, line);
    return err_set(err, E_USAGE,
                   "%s: %s: no job of this %s reads it, but %s would; leave it out, or add such jobs", where,
                   key->name, whose, config_used_by(file->base.schema, key));
}

int unread_refuse(const struct unread *unread, const struct sweep_file *file, struct err *err)
{
    for (int b = 0; b < file->n_blocks; b++)
        for (int a = 0; a < file->block[b].n_axes; a++) {
            const struct sweep_axis *axis = &file->block[b].axis[a];
            int is_seen = (unread->block[b].read | unread->block[b].skipped) >> a & 1;
            if (is_seen && !(unread->block[b].read >> a & 1) && axis->where != SWEEP_KEY_NOT_GIVEN)
                return refuse(file, axis->where, file->n_blocks > 1 ? "block" : "grid", axis->key, err);
        }
    for (int k = 0; k < file->base.schema->n_keys; k++)
        if (!unread->is_read[k] && is_told(file, k))
            return refuse(file, file->line[k], "grid", &file->base.schema->key[k], err);
    return 0;
}

static void print_block(FILE *out, const struct unread_block *seen, const struct sweep_file *file, int b)
{
    const struct sweep_block *block = &file->block[b];
    const char *glue = ": ";
    if (seen->n_left_out == 0)
        return;
    fputs("note: ", out);
    if (file->n_blocks > 1)
        fprintf(out, "block %d: ", b + 1);
    fprintf(out, "%ld of %ld combinations are the same job as an earlier one, and left out", seen->n_left_out,
            seen->n);
    for (int a = 0; a < block->n_axes; a++)
        if (seen->skipped >> a & 1 && block->axis[a].n > 1) {
            const struct setting *key = block->axis[a].key;
            fprintf(out, "%s%s is read by %s alone", glue, key->name, config_used_by(file->base.schema, key));
            glue = "; ";
        }
    putc('\n', out);
}

void unread_print(FILE *out, const struct unread *unread, const struct sweep_file *file)
{
    for (int b = 0; b < file->n_blocks; b++)
        print_block(out, &unread->block[b], file, b);
}
