#include "h5.h"
#include "store/store_sizes.h"
#include "version.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- attributes ---- */

static const char *const group_texts[][2] = {
    {"/metrics", "one number an epoch and job, [job, epoch]; NaN: not reached"},
    {"/messages", "why jobs failed or diverged, each text once"},
    {"/classes", "what the classes of each job are"},
    {"/trials", "the last rows of /jobs are trials, which tune the others on val: a row here each"},
    {"/confusion",
     "confusion matrices at the judged epoch: (classes, classes) cells of a job, from its first"},
    {"/predictions",
     "what the networks said of each image at the judged epoch: count images of a job, from its first"},
    {"/models",
     "what is kept of trained networks: bytes of a job, from its first; little-endian float32 parameters"},
};

static void utc_now(char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void cpu_model(char *out, size_t size)
{
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "unknown");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, size, "%s", strchr(line, ':') + 1 + (strchr(line, ':')[1] == ' '));
            break;
        }
    if (f)
        fclose(f);
}

static void library_versions(char *out, size_t size)
{
    unsigned major = 0, minor = 0, patch = 0;
    char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "MPI";
    int length = 0;
    H5get_libversion(&major, &minor, &patch);
    MPI_Get_library_version(mpi, &length); /* allowed before MPI_Init */
    mpi[strcspn(mpi, ",\n")] = '\0';
    snprintf(out, size, "HDF5 %u.%u.%u; %s; %s", major, minor, patch, mpi, openblas_get_config());
}

/* What made the rows: this process, unless they come from elsewhere. */
static int write_origin(hid_t file, const struct store_plan *plan, const char *path, struct err *err)
{
    static const char *const name[N_ORIGIN_TEXTS] = {"version",   "commit", "host",
                                                     "libraries", "cpu",    "merged_from"};
    char host[256] = "unknown", libraries[1024], cpu[512];
    gethostname(host, sizeof host - 1);
    library_versions(libraries, sizeof libraries);
    cpu_model(cpu, sizeof cpu);
    const char *const self[N_ORIGIN_TEXTS] = {CELLSWEEP_VERSION, CELLSWEEP_COMMIT, host, libraries, cpu, ""};
    const char *const *text = plan->origin ? plan->origin : self;
    int rc = 0;
    for (int i = 0; i < N_ORIGIN_TEXTS && rc == 0; i++)
        if (i != ORIGIN_FILES || *text[i])
            rc = h5_write_text_attr(file, name[i], text[i], path, err);
    return rc;
}

static int write_texts(hid_t file, const struct store_plan *plan, const char *path, struct err *err)
{
    char created[32];
    utc_now(created, sizeof created);
    const char *const text[][2] = {
        {"name", plan->name},
        {"yaml", plan->yaml},
        {"yaml_resolved", plan->yaml_resolved},
        {"data", plan->data_origin},
        {"data_file", plan->data_file},
        {"kernels", plan->kernels},
        {"dataset_checksum", plan->data->checksum},
        {"created", created},
    };
    int rc = write_origin(file, plan, path, err);
    if (rc == 0 && plan->grown_from && *plan->grown_from)
        rc = h5_write_text_attr(file, "grown_from", plan->grown_from, path, err);
    for (size_t i = 0; i < sizeof text / sizeof *text && rc == 0; i++)
        rc = h5_write_text_attr(file, text[i][0], text[i][1] ? text[i][1] : "", path, err);
    return rc;
}

static int write_numbers(hid_t file, const struct store_plan *plan, const char *path, struct err *err)
{
    char how[PREPROCESS_TEXT_SIZE];
    int rc = h5_write_int_attr(file, "cellsweep_results", STORE_FORMAT, path, err);
    if (rc == 0)
        rc = h5_write_int_attr(file, "ranks", plan->ranks, path, err);
    if (rc == 0)
        rc = h5_write_int_attr(file, "synthetic", plan->data->synthetic, path, err);
    if (rc == 0)
        rc = h5_write_int_attr(file, "image_size", plan->data->size, path, err);
    if (rc == 0)
        rc = h5_write_real_attr(file, "pixel_size", plan->data->pixel_size, path, err);
    if (rc == 0)
        rc = h5_write_int_attr(file, "channels", plan->data->channels, path, err);
    preprocess_text(&plan->data->preprocess, how, sizeof how);
    if (rc == 0)
        rc = h5_write_text_attr(file, "preprocess", how, path, err);
    return rc < 0 ? rc : h5_write_int_attr(file, "weights_kept", plan->n_weights > 0, path, err);
}

static int describe(hid_t file, const char *object, const char *text, const char *path, struct err *err)
{
    hid_t id = H5Oopen(file, object, H5P_DEFAULT);
    if (id < 0)
        return err_set(err, E_IO, "%s: cannot open %s to describe it", path, object);
    int rc = h5_write_text_attr(id, "description", text, path, err);
    if (H5Oclose(id) < 0 && rc == 0)
        rc = err_set(err, E_IO, "%s: cannot close %s", path, object);
    return rc;
}

/* ---- datasets ---- */

/* One element, in the memory type of the row's cell. */
union fill {
    int integer;
    int64_t integer64;
    float real32;
    double real64;
    char text[STORE_MESSAGE_SIZE];
};

static union fill fill_of(const struct store_table_row *row)
{
    union fill fill;
    memset(&fill, 0, sizeof fill);
    if (row->cell == CELL_FLOAT32)
        fill.real32 = NAN;
    else if (row->cell == CELL_FLOAT64)
        fill.real64 = (double)NAN;
    else if (row->cell == CELL_INT64)
        fill.integer64 = row->fill;
    else if (row->cell != CELL_MESSAGE)
        fill.integer = row->fill;
    return fill;
}

static int create_filled(hid_t file, const struct store_table_row *row, const struct store_types *types,
                         const hsize_t *dims, int rank, const char *path, struct err *err)
{
    union fill fill = fill_of(row);
    signed char small = (signed char)fill.integer; /* h5_create wants the fill in the file's own type */
    const void *value = row->cell == CELL_INT8 || row->cell == CELL_BYTE ? (const void *)&small : &fill;
    hid_t dataset =
        h5_create(file, row->path, store_file_type(types, row->cell), rank, dims, value, path, err);
    if (dataset < 0)
        return (int)dataset;
    return H5Dclose(dataset) < 0 ? err_set(err, E_IO, "%s: cannot close %s", path, row->path) : 0;
}

/* The row of a job, made in *made if need be. */
static const struct store_job *row_of(const struct store_plan *plan, int job, struct store_job *made)
{
    if (!plan->row)
        return &plan->job[job];
    plan->row(plan->of, job, made);
    return made;
}

enum { ROWS_AT_A_TIME = 1024 };

static void pack_rows(const struct store_plan *plan, const struct store_types *types, int first, int n,
                      unsigned char *record)
{
    struct store_job made;
    for (int i = 0; i < n; i++)
        store_pack(types, row_of(plan, first + i, &made), 1, record + (size_t)i * types->record_size);
}

static int create_jobs(hid_t file, const struct store_plan *plan, const struct store_types *types,
                       const char *path, struct err *err)
{
    hsize_t dims[1] = {(hsize_t)plan->n_jobs};
    unsigned char *record = err_calloc(ROWS_AT_A_TIME, types->record_size, "/jobs", err);
    hid_t dataset = record ? h5_create(file, "/jobs", types->job, 1, dims, NULL, path, err) : E_IO;
    int rc = dataset < 0 ? (int)dataset : 0;
    for (int j = 0; j < plan->n_jobs && rc == 0; j += ROWS_AT_A_TIME) {
        int n = plan->n_jobs - j < ROWS_AT_A_TIME ? plan->n_jobs - j : ROWS_AT_A_TIME;
        pack_rows(plan, types, j, n, record);
        rc = h5_rows_write(dataset, (hsize_t)j, (hsize_t)n, types->job, record, "/jobs", path, err);
    }
    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = err_set(err, E_IO, "%s: cannot close /jobs; is the disk full?", path);
    free(record);
    return rc;
}

static int write_class_names(hid_t file, const struct store_sizes *sizes, const struct store_types *types,
                             const char *path, struct err *err)
{
    unsigned long n = (unsigned long)sizes->n[DIM_NAME];
    char(*text)[CLASS_NAME_SIZE] = err_calloc(n, sizeof *text, "/classes/name", err), room[CLASS_NAME_SIZE];
    if (!text)
        return E_IO;
    for (size_t k = 0; k < n; k++)
        snprintf(text[k], sizeof *text, "%s", class_text(sizes->name[k], room));
    int rc = h5_write(file, "/classes/name", types->name, 1, &sizes->n[DIM_NAME], text, path, err);
    free(text);
    return rc;
}

static int write_image_rows(hid_t dataset, const struct dataset_image *image, hsize_t n,
                            const struct store_types *types, const char *path, struct err *err)
{
    return h5_rows_write(dataset, 0, n, types->image, image, "/images", path, err);
}

/* Names of this process become rows of /classes/name. */
static int write_named_rows(hid_t dataset, const struct dataset *data, const struct store_sizes *sizes,
                            const struct store_types *types, const char *path, struct err *err)
{
    size_t n = (size_t)data->n_images;
    struct dataset_image *image = err_calloc(n, sizeof *image, "/images", err);
    if (!image)
        return E_IO;
    memcpy(image, data->image, n * sizeof *image);
    for (size_t i = 0; i < n; i++)
        image[i].cluster = store_sizes_class(sizes, data->image[i].cluster);
    int rc = write_image_rows(dataset, image, n, types, path, err);
    free(image);
    return rc;
}

static int write_images(hid_t file, const struct dataset *data, const struct store_sizes *sizes,
                        const struct store_types *types, const char *path, struct err *err)
{
    hsize_t dims[1] = {(hsize_t)data->n_images};
    hid_t dataset = h5_create(file, "/images", types->image_stored, 1, dims, NULL, path, err);
    if (dataset < 0)
        return (int)dataset;
    int rc = dataset_has_names(data) ? write_named_rows(dataset, data, sizes, types, path, err)
                                     : write_image_rows(dataset, data->image, dims[0], types, path, err);
    if (H5Dclose(dataset) < 0 && rc == 0)
        rc = err_set(err, E_IO, "%s: cannot close /images; is the disk full?", path);
    return rc;
}

static int is_there(const struct store_table_row *row, const struct store_sizes *sizes)
{
    return row->needs == DIM_NONE || sizes->n[row->needs] > 0;
}

static int create_dataset(hid_t file, enum store_dataset which, const struct store_plan *plan,
                          const struct store_sizes *sizes, const struct store_types *types, const char *path,
                          struct err *err)
{
    const struct store_table_row *row = &store_table[which];
    hsize_t dims[STORE_MAX_RANK] = {0};
    int rc, rank = store_row_dims(row, sizes->n, dims);
    if (!is_there(row, sizes))
        return 0;
    if (which == STORE_JOBS)
        rc = create_jobs(file, plan, types, path, err);
    else if (which == STORE_IMAGES)
        rc = write_images(file, plan->data, sizes, types, path, err);
    else if (which == STORE_CLASS_NAMES)
        rc = write_class_names(file, sizes, types, path, err);
    else if (which == STORE_CLASSES)
        rc = h5_write(file, row->path, H5T_NATIVE_SHORT, rank, dims, sizes->class, path, err);
    else if (which >= STORE_TRIALS && which < STORE_FIRST)
        rc = h5_write(file, row->path, H5T_NATIVE_INT, rank, dims,
                      sizes->trial + (size_t)(which - STORE_TRIALS) * (size_t)plan->n_trials, path, err);
    else if (store_is_born_whole(which))
        rc = h5_write(file, row->path, H5T_NATIVE_INT64, rank, dims,
                      sizes->first + (size_t)(which - STORE_FIRST) * (size_t)plan->n_jobs, path, err);
    else
        rc = create_filled(file, row, types, dims, rank, path, err);
    return rc < 0 ? rc : describe(file, row->path, row->description, path, err);
}

static int create_all(hid_t file, const struct store_plan *plan, const struct store_sizes *sizes,
                      const struct store_types *types, const char *path, struct err *err)
{
    int rc = write_numbers(file, plan, path, err);
    if (rc == 0)
        rc = write_texts(file, plan, path, err);
    for (int d = 0; d < N_STORE_DATASETS && rc == 0; d++)
        rc = create_dataset(file, (enum store_dataset)d, plan, sizes, types, path, err);
    for (size_t i = 0; i < sizeof group_texts / sizeof *group_texts && rc == 0; i++)
        if (h5_exists(file, group_texts[i][0]))
            rc = describe(file, group_texts[i][0], group_texts[i][1], path, err);
    if (rc == 0 && H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        rc = err_set(err, E_IO, "%s: cannot write the file; is the disk full?", path);
    return rc;
}

static int check_plan(const char *path, const struct store_plan *plan, struct err *err)
{
    if (plan->n_jobs < 1 || plan->n_epochs < 1 || plan->n_classes < 1 || plan->data->n_images < 1)
        return err_set(err, E_USAGE,
                       "%s: a sweep of %d jobs, %d epochs, %d classes and %d images has no results", path,
                       plan->n_jobs, plan->n_epochs, plan->n_classes, plan->data->n_images);
    if (plan->n_axes > STORE_MAX_AXES)
        return err_set(err, E_USAGE, "%s: the grid has %d axes, at most %d fit", path, plan->n_axes,
                       STORE_MAX_AXES);
    return 0;
}

/* Bytes of the file: all datasets, and room for what describes them. */
static unsigned long long file_bytes(const struct store_plan *plan, const struct store_sizes *sizes,
                                     const struct store_types *types)
{
    unsigned long long total = 2 * 65536 + strlen(plan->yaml ? plan->yaml : "") +
                               strlen(plan->yaml_resolved ? plan->yaml_resolved : "");
    for (int d = 0; d < N_STORE_DATASETS; d++) {
        hsize_t dims[STORE_MAX_RANK] = {0};
        unsigned long long bytes = H5Tget_size(store_file_type(types, store_table[d].cell));
        int rank = store_row_dims(&store_table[d], sizes->n, dims);
        for (int i = 0; i < rank; i++)
            bytes *= dims[i];
        total += is_there(&store_table[d], sizes) ? bytes : 0;
    }
    return total;
}

static void axes_of_plan(const struct store_plan *plan, struct store_axes *axes)
{
    struct store_job made;
    memset(axes, 0, sizeof *axes);
    axes->n = plan->n_axes;
    for (int i = 0; i < plan->n_axes; i++) {
        snprintf(axes->name[i], CONFIG_WORD_SIZE, "%s", plan->axis_name[i]);
        axes->is_number[i] = plan->axis_is_number[i];
    }
    for (int j = 0; j < plan->n_jobs; j++)
        store_axes_widen(axes, row_of(plan, j, &made));
}

/* Sizes and types of a plan; release both in any case. */
static int prepare(const struct store_plan *plan, struct store_sizes *sizes, struct store_types *types,
                   struct err *err)
{
    struct store_axes axes;
    axes_of_plan(plan, &axes);
    *sizes = (struct store_sizes){0};
    int rc = store_types_init(types, &axes, err);
    return rc < 0 ? rc : store_sizes_init(sizes, plan, err);
}

unsigned long long store_plan_bytes(const struct store_plan *plan, struct err *err)
{
    struct store_sizes sizes;
    struct store_types types;
    unsigned long long bytes = prepare(plan, &sizes, &types, err) == 0 ? file_bytes(plan, &sizes, &types) : 0;
    store_sizes_release(&sizes);
    store_types_release(&types);
    return bytes;
}

int store_draft(const char *path, const struct store_plan *plan, struct h5_draft *draft, struct err *err)
{
    struct store_sizes sizes;
    struct store_types types;
    int rc = check_plan(path, plan, err);
    if (rc < 0)
        return rc;
    rc = prepare(plan, &sizes, &types, err);
    if (rc == 0)
        rc = h5_check_space(path, file_bytes(plan, &sizes, &types), err);
    if (rc == 0)
        rc = h5_draft_begin(draft, path, err);
    if (rc == 0 && (rc = create_all(draft->file, plan, &sizes, &types, path, err)) < 0)
        h5_draft_abandon(draft);
    store_sizes_release(&sizes);
    store_types_release(&types);
    return rc;
}

int store_create(const char *path, const struct store_plan *plan, struct err *err)
{
    struct h5_draft draft;
    int rc = store_draft(path, plan, &draft, err);
    return rc < 0 ? rc : h5_draft_commit(&draft, err);
}
