#include "commands/data_list.h"

#include "write/csv_out.h"
#include "write/output.h"

/* What stands in every row alike. */
static void put_cell(struct csv_out *csv, const char *id, int class, int given)
{
    char room[CLASS_NAME_SIZE];
    csv_out_text(csv, id);
    csv_out_text(csv, class_title(class, room));
    csv_out_text(csv, given_set_names[given]);
}

static void put_header(struct csv_out *csv, const struct dataset *data)
{
    static const char *const first[] = {"id", "class", "set"}, *const last[] = {"source", "width", "height",
                                                                                "reason"};
    for (int k = 0; k < 3; k++)
        csv_out_text(csv, first[k]);
    if (data && data->group_column[0])
        csv_out_text(csv, data->group_column);
    for (int c = 0; data && c < data->meta.n_columns; c++)
        csv_out_text(csv, data->meta.column[c].name);
    for (int k = 0; k < 4; k++)
        csv_out_text(csv, last[k]);
    csv_out_end(csv);
}

static void put_packed(struct csv_out *csv, const struct dataset *data, int i)
{
    const struct dataset_image *image = &data->image[i];
    put_cell(csv, image->id, image->cluster, image->given);
    if (data->group_column[0])
        csv_out_text(csv, image->group);
    for (int c = 0; c < data->meta.n_columns; c++)
        csv_out_text(csv, meta_word(&data->meta.column[c], i));
    csv_out_text(csv, image->source);
    csv_out_int(csv, image->width);
    csv_out_int(csv, image->height);
    csv_out_text(csv, "");
    csv_out_end(csv);
}

static void put_rejected(struct csv_out *csv, const struct dataset *data, const struct reject *reject)
{
    const struct reject_cell *cell = reject->cell;
    put_cell(csv, cell ? cell->id : "", cell ? cell->class : CLASS_NONE, cell ? cell->given : GIVEN_NONE);
    if (data && data->group_column[0])
        csv_out_text(csv, cell ? cell->group : "");
    for (int c = 0; data && c < data->meta.n_columns; c++)
        csv_out_text(csv, cell && c < cell->n_words ? cell->word[c] : "");
    csv_out_text(csv, reject->source);
    csv_out_text(csv, "");
    csv_out_text(csv, "");
    csv_out_text(csv, reject->reason);
    csv_out_end(csv);
}

int data_list_write(const char *path, const struct dataset *data, const struct pack_report *report,
                    struct err *err)
{
    struct output out;
    int rc = output_open_file(&out, path, err);
    if (rc < 0)
        return rc;
    struct csv_out csv = {.file = out.file};
    put_header(&csv, data);
    for (int i = 0; data && i < data->n_images; i++)
        put_packed(&csv, data, i);
    for (int i = 0; i < report->rejects.n; i++)
        put_rejected(&csv, data, &report->rejects.item[i]);
    for (int i = 0; i < report->left.n; i++)
        put_rejected(&csv, data, &report->left.item[i]);
    return output_close(&out, err);
}
