#include "store/store_layout.h"
#include "h5.h"
#include "sections.h"
#include "utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const job_state_names[N_TRIAL_STATES] = {"waiting", "running",  "done",
                                                     "failed",  "diverged", "pruned"};

#define METRIC_ROW(set, needs, metric, text)                                                                 \
    {                                                                                                        \
        "/metrics/" set "/" metric, CELL_FLOAT32, {DIM_JOB, DIM_EPOCH}, 0, needs, text                       \
    }
#define METRIC_ROWS(set, needs, images)                                                                      \
    METRIC_ROW(set, needs, "loss", "mean cross-entropy (nats), " images "; NaN: not reached"),               \
        METRIC_ROW(set, needs, "accuracy", "share predicted right, 0 to 1, " images "; NaN: not reached"),   \
        METRIC_ROW(set, needs, "balanced_accuracy",                                                          \
                   "mean recall over the classes present, 0 to 1, " images),                                 \
        METRIC_ROW(set, needs, "balanced_accuracy_as_published",                                             \
                   "mean over batches of (sensitivity + specificity) / 2 of the flattened one-hot outputs, " \
                   "0 to 1, " images)
#define AUROC "mean over the classes of the area under their ROC curve, each against all others, 0 to 1,"
#define FIRST_ROW(path, dim, text)                                                                           \
    {                                                                                                        \
        path, CELL_INT64, {DIM_JOB}, 0, dim, text                                                            \
    }
#define CONFUSION_ROW(set, needs, images)                                                                    \
    {                                                                                                        \
        "/confusion/" set, CELL_INT32, {DIM_CONFUSION}, -1, needs,                                           \
            images " at the judged epoch, rows true class, columns predicted class; -1: unused"              \
    }
#define TRIAL_ROW(name, text)                                                                                \
    {                                                                                                        \
        "/trials/" name, CELL_INT32, {DIM_TRIAL}, -1, DIM_TRIAL, text                                        \
    }
#define COUNT_ROW(set, dim)                                                                                  \
    {                                                                                                        \
        "/predictions/" set "/count", CELL_INT32, {DIM_JOB}, 0, dim, "images predicted; 0: not yet"          \
    }
#define PREDICTION_ROWS(set, dim)                                                                            \
    {"/predictions/" set "/image", CELL_INT32, {dim}, -1, dim, "row of /images; -1: unused"},                \
        {"/predictions/" set "/copy",                                                                        \
         CELL_INT32,                                                                                         \
         {dim},                                                                                              \
         -1,                                                                                                 \
         dim,                                                                                                \
         "0: the original image, k: its k-th duplicate or augmented variant; -1: unused"},                   \
        {"/predictions/" set "/label",                                                                       \
         CELL_INT32,                                                                                         \
         {dim},                                                                                              \
         -1,                                                                                                 \
         dim,                                                                                                \
         "true class index: position in the job's row of /classes/job, from 0; -1: unused"},                 \
    {                                                                                                        \
        "/predictions/" set "/probability", CELL_FLOAT32, {dim##_PROBABILITY}, 0, dim,                       \
            "probability of each class of the job, 0 to 1, (count, classes) from first_probability; NaN: "   \
            "unused"                                                                                         \
    }

const struct store_table_row store_table[N_STORE_DATASETS] = {
    {"/jobs", CELL_JOB, {DIM_JOB}, 0, DIM_NONE, "one row a job: what it is"},
    {"/images", CELL_IMAGE, {DIM_IMAGE}, 0, DIM_NONE, "the images of the dataset, in its order"},
    {"/classes/name", CELL_NAME, {DIM_NAME}, 0, DIM_NONE, "names of the classes"},
    {"/classes/job",
     CELL_INT16,
     {DIM_JOB, DIM_CLASS},
     -1,
     DIM_NONE,
     "row of /classes/name of each class of a job; -1: the job has no more"},
    TRIAL_ROW("job", "row of /jobs of the job that the trial tunes"),
    TRIAL_ROW("number", "number of the trial: the same values for every job; 0: the job's own"),
    TRIAL_ROW("seed", "tuning seed, from 0"),
    FIRST_ROW("/confusion/first", DIM_NONE, "where the (classes, classes) cells of each job begin"),
    FIRST_ROW("/predictions/val/first", DIM_VAL, "where the images of each job begin"),
    FIRST_ROW("/predictions/val/first_probability", DIM_VAL, "where the probabilities of each job begin"),
    FIRST_ROW("/predictions/test/first", DIM_TEST, "where the images of each job begin"),
    FIRST_ROW("/predictions/test/first_probability", DIM_TEST, "where the probabilities of each job begin"),
    FIRST_ROW("/predictions/all/first", DIM_ALL, "where the images of each job begin"),
    FIRST_ROW("/predictions/all/first_probability", DIM_ALL, "where the probabilities of each job begin"),
    FIRST_ROW("/models/first", DIM_MODEL, "where the bytes of each job begin"),
    {"/state",
     CELL_INT8,
     {DIM_JOB},
     0,
     DIM_NONE,
     "0 waiting, 1 running, 2 done, 3 failed, 4 diverged, 5 pruned (a trial); written last"},
    {"/attempts", CELL_INT32, {DIM_JOB}, 0, DIM_NONE, "how often the job was started"},
    {"/epochs_done", CELL_INT32, {DIM_JOB}, 0, DIM_NONE, "finished epochs"},
    {"/rank", CELL_INT32, {DIM_JOB}, -1, DIM_NONE, "MPI rank that ran the job last; -1: none"},
    {"/started",
     CELL_FLOAT64,
     {DIM_JOB},
     0,
     DIM_NONE,
     "start of the last attempt, seconds since 1970-01-01 UTC; NaN: not yet"},
    {"/finished",
     CELL_FLOAT64,
     {DIM_JOB},
     0,
     DIM_NONE,
     "end of the last attempt, seconds since 1970-01-01 UTC; NaN: not yet"},
    {"/messages/job",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_NONE,
     "row of /messages/text: why a job failed or diverged; -1: nothing to say, -2: the table was full"},
    {"/messages/text",
     CELL_MESSAGE,
     {DIM_TEXT},
     0,
     DIM_NONE,
     "the different messages, anywhere; empty: unused"},
    {"/n_train", CELL_INT32, {DIM_JOB}, -1, DIM_NONE, "images that the job trained on; -1: has not run"},
    {"/n_val",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_VAL,
     "images of its inner set, on which it chose; -1: has not run, or has none"},
    {"/n_test", CELL_INT32, {DIM_JOB}, -1, DIM_NONE, "images that it was judged on; -1: has not run"},
    {"/leak",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_NONE,
     "images that it was judged on and had in training, too; -1: has not run"},
    {"/leak_val",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_VAL,
     "images of its inner set that it had in training, too; -1: has not run, or has none"},
    {"/judged_epoch",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_NONE,
     "epoch, from 1, whose networks judge: the metrics of the job are those of this epoch, and predictions "
     "and confusion matrices are by them; -1: has not run"},
    {"/trials/chosen",
     CELL_INT32,
     {DIM_JOB},
     -1,
     DIM_TRIAL,
     "number of the trial whose values the job has; -1: not chosen yet, or a trial itself"},
    {"/classes/trained",
     CELL_FLOAT32,
     {DIM_JOB, DIM_CLASS},
     0,
     DIM_NONE,
     "share of each class of the job in what it learnt from, as its loss counts; NaN: has not run, or is not "
     "known"},
    METRIC_ROWS("train", DIM_NONE, "training images as seen during the epoch, dropout active"),
    METRIC_ROWS("val", DIM_VAL, "images of the inner set after the epoch"),
    METRIC_ROWS("test", DIM_NONE, "test images after the epoch"),
    METRIC_ROW("val", DIM_VAL, "auroc", AUROC " images of the inner set after the epoch"),
    METRIC_ROW("test", DIM_NONE, "auroc", AUROC " test images after the epoch"),
    CONFUSION_ROW("val", DIM_VAL, "images of the inner set"),
    CONFUSION_ROW("test", DIM_NONE, "test images"),
    CONFUSION_ROW("all", DIM_NONE, "all original images"),
    COUNT_ROW("val", DIM_VAL),
    COUNT_ROW("test", DIM_TEST),
    COUNT_ROW("all", DIM_ALL),
    PREDICTION_ROWS("val", DIM_VAL),
    PREDICTION_ROWS("test", DIM_TEST),
    PREDICTION_ROWS("all", DIM_ALL),
    {"/predictions/all/role",
     CELL_INT32,
     {DIM_ALL},
     -1,
     DIM_ALL,
     "0: the job trained on this original (itself, a copy or a blend), 1: it was only judged on it, 2: "
     "untouched, 3: it is of the inner set; -1: unused"},
    {"/models/data", CELL_BYTE, {DIM_MODEL}, 0, DIM_MODEL, "what is kept of each job's networks"},
    {"/models/bytes", CELL_INT64, {DIM_JOB}, 0, DIM_MODEL, "bytes of them; 0: not yet"},
    {"/models/checksum", CELL_INT64, {DIM_JOB}, 0, DIM_MODEL, "XXH3-64 of these bytes; 0: not yet"},
};

int store_row_dims(const struct store_table_row *row, const hsize_t *n, hsize_t dims[STORE_MAX_RANK])
{
    int rank = 0;
    while (rank < STORE_MAX_RANK && row->dim[rank] != DIM_NONE) {
        dims[rank] = n[row->dim[rank]];
        rank++;
    }
    return rank;
}

enum store_dim store_judged_dim(enum image_set set)
{
    return (enum store_dim)(DIM_VAL + 2 * ((int)set - (int)SET_VAL));
}

int store_is_extent(enum store_dim dim)
{
    return dim >= DIM_CONFUSION;
}

int store_is_born_whole(enum store_dataset which)
{
    return which < STORE_STATE;
}

/* ---- the record of /jobs ---- */

#define FIELD(name, kind)                                                                                    \
    {                                                                                                        \
#name, kind, offsetof(struct store_job, name), sizeof(((struct store_job *)0)->name), 0              \
    }

static const struct store_field fixed_fields[] = {
    FIELD(key, FIELD_TEXT),      FIELD(clusters, FIELD_TEXT), FIELD(strategy, FIELD_TEXT),
    FIELD(protocol, FIELD_TEXT), FIELD(seed, FIELD_INT64),    FIELD(fold, FIELD_INT32),
    FIELD(repeat, FIELD_INT32),  FIELD(model, FIELD_TEXT),
};
enum { N_FIXED = STORE_FIXED_FIELDS };
static_assert(N_FIXED == sizeof fixed_fields / sizeof *fixed_fields, "store_axes has a width for each");

/* -1: none. */
static int find_fixed(const char *name)
{
    for (int i = 0; i < N_FIXED; i++)
        if (strcmp(fixed_fields[i].name, name) == 0)
            return i;
    return -1;
}

int store_is_fixed_column(const char *name)
{
    return find_fixed(name) >= 0;
}

static size_t stored_size(const struct store_field *field)
{
    return field->kind == FIELD_REAL_AXIS ? sizeof(double) : field->size;
}

/* A text is as wide as the file's widest of its column, and never wider than there is memory for. */
static void add_field(struct store_types *types, struct store_field field)
{
    size_t width = types->axes.width[types->n_fields];
    if (field.kind == FIELD_TEXT && width > 0 && width < field.size)
        field.size = width;
    field.at = types->record_size;
    types->record_size += stored_size(&field);
    types->field[types->n_fields++] = field;
}

/* Order of the columns: what every job is, its axes. */
static void list_fields(struct store_types *types)
{
    for (int i = 0; i < N_FIXED; i++)
        add_field(types, fixed_fields[i]);
    for (int i = 0; i < types->axes.n; i++) {
        enum store_field_kind kind = types->axes.is_number[i] ? FIELD_REAL_AXIS : FIELD_TEXT;
        size_t offset = offsetof(struct store_job, axis) + (size_t)i * CONFIG_WORD_SIZE;
        add_field(types, (struct store_field){types->axes.name[i], kind, offset, CONFIG_WORD_SIZE, 0});
    }
}

static void widen(size_t *width, const char *text)
{
    size_t n = strlen(text) + 1;
    *width = n > *width ? n : *width;
}

void store_axes_widen(struct store_axes *axes, const struct store_job *job)
{
    for (int i = 0; i < N_FIXED; i++)
        if (fixed_fields[i].kind == FIELD_TEXT)
            widen(&axes->width[i], (const char *)job + fixed_fields[i].offset);
    for (int i = 0; i < axes->n; i++)
        widen(&axes->width[N_FIXED + i], job->axis[i]);
}

static int insert_text(hid_t compound, const char *name, size_t offset, size_t size)
{
    hid_t text = h5_string_type(size);
    int rc = text >= 0 && H5Tinsert(compound, name, offset, text) >= 0 ? 0 : -1;
    if (text >= 0)
        H5Tclose(text);
    return rc;
}

static int insert_field(hid_t compound, const struct store_field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return insert_text(compound, field->name, field->at, field->size);
    case FIELD_INT64:
        return H5Tinsert(compound, field->name, field->at, H5T_NATIVE_INT64) < 0 ? -1 : 0;
    case FIELD_INT32:
        return H5Tinsert(compound, field->name, field->at, H5T_NATIVE_INT) < 0 ? -1 : 0;
    case FIELD_REAL_AXIS:
        return H5Tinsert(compound, field->name, field->at, H5T_NATIVE_DOUBLE) < 0 ? -1 : 0;
    }
    return -1;
}

static int make_job_type(struct store_types *types)
{
    types->job = H5Tcreate(H5T_COMPOUND, types->record_size);
    if (types->job < 0)
        return -1;
    for (int i = 0; i < types->n_fields; i++)
        if (insert_field(types->job, &types->field[i]) < 0)
            return -1;
    return 0;
}

static int make_image_type(struct store_types *types)
{
    types->image = H5Tcreate(H5T_COMPOUND, sizeof(struct dataset_image));
    if (types->image < 0 ||
        insert_text(types->image, "id", HOFFSET(struct dataset_image, id), DATASET_ID_SIZE) < 0 ||
        H5Tinsert(types->image, "cluster", HOFFSET(struct dataset_image, cluster), H5T_NATIVE_INT) < 0)
        return -1;
    if (insert_text(types->image, "source", HOFFSET(struct dataset_image, source), DATASET_SOURCE_SIZE) < 0 ||
        insert_text(types->image, "group", HOFFSET(struct dataset_image, group), DATASET_GROUP_SIZE) < 0 ||
        H5Tinsert(types->image, "print", HOFFSET(struct dataset_image, print), H5T_NATIVE_UINT64) < 0)
        return -1;
    types->image_stored = H5Tcopy(types->image);
    return types->image_stored >= 0 && H5Tpack(types->image_stored) >= 0 ? 0 : -1;
}

int store_types_init(struct store_types *types, const struct store_axes *axes, struct err *err)
{
    memset(types, 0, sizeof *types);
    types->axes = *axes;
    types->job = types->message = types->name = types->image = types->image_stored = H5I_INVALID_HID;
    for (int i = 0; i < axes->n; i++)
        if (find_fixed(axes->name[i]) >= 0)
            return err_set(err, E_USAGE,
                           "grid key '%s' is a column of its own in the results file: not an axis",
                           axes->name[i]);
    list_fields(types);
    types->message = h5_string_type(STORE_MESSAGE_SIZE);
    types->name = h5_string_type(CLASS_NAME_SIZE);
    if (types->message < 0 || types->name < 0 || make_job_type(types) < 0 || make_image_type(types) < 0)
        return err_set(err, E_IO, "HDF5 cannot make the type of /jobs; does a grid key stand twice?");
    return 0;
}

void store_types_release(struct store_types *types)
{
    hid_t *type[] = {&types->job, &types->message, &types->name, &types->image, &types->image_stored};
    for (size_t i = 0; i < sizeof type / sizeof *type; i++) {
        if (*type[i] >= 0)
            H5Tclose(*type[i]);
        *type[i] = H5I_INVALID_HID;
    }
}

static size_t member_size(hid_t stored, unsigned member)
{
    hid_t type = H5Tget_member_type(stored, member);
    size_t size = type >= 0 ? H5Tget_size(type) : 0;
    if (type >= 0)
        H5Tclose(type);
    return size;
}

static int add_axis(hid_t stored, unsigned member, struct store_axes *axes, const char *path, struct err *err)
{
    char *name = H5Tget_member_name(stored, member);
    int rc = 0;
    if (!name)
        return err_set(err, E_IO, "%s: cannot read the columns of /jobs: damaged; restore a copy", path);
    int fixed = find_fixed(name);
    if (fixed >= 0)
        axes->width[fixed] = member_size(stored, member);
    else {
        if (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
            rc = err_set(err, E_IO,
                         "%s: /jobs has a column '%.60s', which no key of a sweep file is: not written by "
                         "cellsweep, or damaged",
                         path, name);
        else if (axes->n == STORE_MAX_AXES || strlen(name) >= CONFIG_WORD_SIZE)
            rc = err_set(err, E_IO,
                         "%s: /jobs has more columns than this version reads; use a newer cellsweep", path);
        else {
            axes->width[N_FIXED + axes->n] = member_size(stored, member);
            axes->is_number[axes->n] = H5Tget_member_class(stored, member) != H5T_STRING;
            snprintf(axes->name[axes->n++], CONFIG_WORD_SIZE, "%s", name);
        }
    }
    H5free_memory(name);
    return rc;
}

int store_axes_of(hid_t stored, struct store_axes *axes, const char *path, struct err *err)
{
    *axes = (struct store_axes){0};
    int n = H5Tget_class(stored) == H5T_COMPOUND ? H5Tget_nmembers(stored) : 0;
    for (int i = 0; i < n; i++) {
        int rc = add_axis(stored, (unsigned)i, axes, path, err);
        if (rc < 0)
            return rc;
    }
    if (n - axes->n != N_FIXED)
        return err_set(err, E_IO, "%s: /jobs lacks columns: not written by cellsweep, or damaged", path);
    return 0;
}

hid_t store_memory_type(const struct store_types *types, enum store_cell cell)
{
    switch (cell) {
    case CELL_INT8:
    case CELL_INT32:
        return H5T_NATIVE_INT;
    case CELL_INT16:
        return H5T_NATIVE_SHORT;
    case CELL_INT64:
        return H5T_NATIVE_INT64;
    case CELL_BYTE:
        return H5T_NATIVE_UCHAR;
    case CELL_FLOAT32:
        return H5T_NATIVE_FLOAT;
    case CELL_FLOAT64:
        return H5T_NATIVE_DOUBLE;
    case CELL_MESSAGE:
        return types->message;
    case CELL_NAME:
        return types->name;
    case CELL_JOB:
        return types->job;
    case CELL_IMAGE:
        return types->image;
    }
    return H5I_INVALID_HID;
}

size_t store_memory_size(const struct store_types *types, enum store_cell cell)
{
    return H5Tget_size(store_memory_type(types, cell));
}

hid_t store_file_type(const struct store_types *types, enum store_cell cell)
{
    if (cell == CELL_INT8)
        return H5T_STD_I8LE;
    return cell == CELL_IMAGE ? types->image_stored : store_memory_type(types, cell);
}

static void pack_field(const struct store_field *field, const char *job, unsigned char *record)
{
    if (field->kind == FIELD_REAL_AXIS) {
        const char *text = job + field->offset;
        double value = *text ? strtod(text, NULL) : (double)NAN;
        memcpy(record + field->at, &value, sizeof value);
    } else if (field->kind == FIELD_TEXT) {
        /* Nothing after the terminator: equal texts are equal bytes in every file. */
        strncpy((char *)record + field->at, job + field->offset, field->size);
        record[field->at + field->size - 1] = '\0';
    } else {
        memcpy(record + field->at, job + field->offset, field->size);
    }
}

void store_pack(const struct store_types *types, const struct store_job *job, int n, unsigned char *record)
{
    for (int i = 0; i < n; i++)
        for (int f = 0; f < types->n_fields; f++)
            pack_field(&types->field[f], (const char *)&job[i], record + (size_t)i * types->record_size);
}

/* The canonical text of a number is config.c's: what a sweep file would have given. NaN is "": not read. */
static void number_text(struct config *scratch, const char *axis, double value, char out[CONFIG_WORD_SIZE])
{
    const struct setting *key = config_find(worker_schema(), axis);
    char text[CONFIG_WORD_SIZE];
    *out = '\0';
    if (isnan(value))
        return;
    snprintf(text, sizeof text, key && key->type == SETTING_INT ? "%.0f" : "%.17g", value);
    if (key && config_set(scratch, axis, text, NULL) == 0)
        config_get(scratch, key, text, sizeof text);
    snprintf(out, CONFIG_WORD_SIZE, "%s", text);
}

/* Words of jobs go into tables, scripts and names. The sweep file has none with control characters or
 * backquotes (config.c), a file that somebody else made may. */
static void make_harmless(char *word, size_t size)
{
    word[size - 1] = '\0';
    utf8_plain(word);
    for (char *at = word; (at = strchr(at, '`')); at++)
        *at = '\'';
}

static void unpack_field(struct config *scratch, const struct store_field *field, const unsigned char *record,
                         char *job)
{
    if (field->kind == FIELD_REAL_AXIS) {
        double value;
        memcpy(&value, record + field->at, sizeof value);
        number_text(scratch, field->name, value, job + field->offset);
    } else {
        memcpy(job + field->offset, record + field->at, field->size);
        if (field->kind == FIELD_TEXT)
            make_harmless(job + field->offset, field->size);
    }
}

void store_unpack(const struct store_types *types, const unsigned char *record, int n, struct store_job *job)
{
    struct config scratch = config_defaults(worker_schema());
    memset(job, 0, (size_t)n * sizeof *job);
    for (int i = 0; i < n; i++)
        for (int f = 0; f < types->n_fields; f++)
            unpack_field(&scratch, &types->field[f], record + (size_t)i * types->record_size,
                         (char *)&job[i]);
}
