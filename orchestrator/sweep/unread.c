#include "sweep/unread.h"

#include <string.h>

static int key_number(const struct sweep_file *file, const struct setting *key)
{
    return (int)(key - file->base.schema->key);
}

/* The axes that a combination does not read; *repeats: 1 when it has another value than the first of one. */
static unsigned unread_axes(const struct sweep_file *file, long index, const unsigned char *reads,
                            int *repeats)
{
    unsigned axes = 0;
    *repeats = 0;
    for (int a = file->n_axes - 1; a >= 0; a--) {
        int is_first = index % file->axis[a].n == 0;
        index /= file->axis[a].n;
        if (reads[key_number(file, file->axis[a].key)])
            continue;
        axes |= 1U << a;
        *repeats |= !is_first;
    }
    return axes;
}

int unread_repeats(const struct sweep_file *file, long index, const struct config *combination)
{
    unsigned char reads[CONFIG_MAX_KEYS];
    int repeats;
    config_reads_all(combination, reads);
    unread_axes(file, index, reads, &repeats);
    return repeats;
}

void unread_see(struct unread *unread, const struct sweep_file *file, long index,
                const struct config *combination)
{
    unsigned char reads[CONFIG_MAX_KEYS];
    int repeats;
    config_reads_all(combination, reads);
    for (int k = 0; k < file->base.schema->n_keys; k++)
        unread->is_read[k] |= reads[k];
    unread->axes |= unread_axes(file, index, reads, &repeats);
    unread->n++;
    unread->n_left_out += repeats;
}

/* 1 when the file gives a key as an axis, or a value that is not its default. */
static int is_told(const struct sweep_file *file, int k)
{
    const struct setting *key = &file->base.schema->key[k];
    char value[SETTING_TEXT_SIZE];
    if (file->line[k] == SWEEP_KEY_NOT_GIVEN)
        return 0;
    config_get(&file->base, key, value, sizeof value);
    return sweep_file_axis(file, key->name) || strcmp(value, key->fallback) != 0;
}

int unread_refuse(const struct unread *unread, const struct sweep_file *file, struct err *err)
{
    const struct schema *schema = file->base.schema;
    for (int k = 0; k < schema->n_keys; k++) {
        char where[1200] = "--set";
        if (unread->is_read[k] || !is_told(file, k))
            continue;
        if (file->line[k] != SWEEP_KEY_BY_SET)
            snprintf(where, sizeof where, "%s:%d", file->path, file->line[k]);
        return err_set(err, E_USAGE,
                       "%s: %s: no job of this grid reads it, but %s would; leave it out, or add such jobs",
                       where, schema->key[k].name, config_used_by(schema, &schema->key[k]));
    }
    return 0;
}

void unread_print(FILE *out, const struct unread *unread, const struct sweep_file *file)
{
    const char *glue = ": ";
    if (unread->n_left_out == 0)
        return;
    fprintf(out, "note: %ld of %ld combinations are the same job as an earlier one, and left out",
            unread->n_left_out, unread->n);
    for (int a = 0; a < file->n_axes; a++)
        if (unread->axes >> a & 1 && file->axis[a].n > 1) {
            const struct setting *key = file->axis[a].key;
            fprintf(out, "%s%s is read by %s alone", glue, key->name, config_used_by(file->base.schema, key));
            glue = "; ";
        }
    putc('\n', out);
}
