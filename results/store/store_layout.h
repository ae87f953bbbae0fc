/* store_layout.h - what the results file consists of: one table row a dataset, and the record type of /jobs.
 *
 * Creation, opening, writing and growing all walk store_table, so a new dataset is one row here. For the
 * store_*.c files only. No MPI. */
#ifndef CELLSWEEP_STORE_LAYOUT_H
#define CELLSWEEP_STORE_LAYOUT_H

#include "h5.h"
#include "store/store.h"

#include <hdf5.h>

enum { STORE_FORMAT = 3, STORE_MAX_RANK = 2 };

/* The sizes that dimensions are made of: J, E, C, K, N, M, T of store.h; and, from DIM_CONFUSION on, of
 * datasets of one dimension that hold the parts of all jobs one after the other, each as long as its
 * job needs: the sum of them. */
enum store_dim {
    DIM_NONE,
    DIM_JOB,
    DIM_EPOCH,
    DIM_CLASS,
    DIM_NAME,
    DIM_IMAGE,
    DIM_TEXT,
    DIM_TRIAL,
    DIM_CONFUSION,
    DIM_VAL,
    DIM_VAL_PROBABILITY,
    DIM_TEST,
    DIM_TEST_PROBABILITY,
    DIM_ALL,
    DIM_ALL_PROBABILITY,
    DIM_MODEL,
    N_DIMS
};
enum { FIRST_EXTENT = DIM_CONFUSION, N_EXTENTS = N_DIMS - FIRST_EXTENT };

enum store_cell {
    CELL_INT8,
    CELL_INT16,
    CELL_INT32,
    CELL_INT64,
    CELL_BYTE,
    CELL_FLOAT32,
    CELL_FLOAT64,
    CELL_MESSAGE,
    CELL_NAME,
    CELL_JOB,
    CELL_IMAGE
};

enum { PART_IMAGE, PART_COPY, PART_LABEL, PART_PROBABILITY, N_PREDICTION_PARTS };

enum store_dataset {
    STORE_JOBS,
    STORE_IMAGES,
    STORE_CLASS_NAMES,
    STORE_CLASSES,
    STORE_TRIALS,                   /* job, number, seed */
    STORE_FIRST = STORE_TRIALS + 3, /* + extent - FIRST_EXTENT: where the part of each job begins */
    STORE_STATE = STORE_FIRST + N_EXTENTS,
    STORE_ATTEMPTS,
    STORE_EPOCHS_DONE,
    STORE_RANK,
    STORE_STARTED,
    STORE_FINISHED,
    STORE_MESSAGE,
    STORE_TEXT,
    STORE_N_TRAIN,
    STORE_N_VAL,
    STORE_N_TEST,
    STORE_LEAK,
    STORE_LEAK_VAL,
    STORE_JUDGED_EPOCH,
    STORE_CHOSEN,
    STORE_TRAINED,
    STORE_METRICS,                                          /* + place in curve_sets * N_METRICS + metric */
    STORE_AUROC = STORE_METRICS + N_CURVE_SETS * N_METRICS, /* of val, of test */
    STORE_CONFUSION = STORE_AUROC + 2,                      /* + place in judged_sets */
    STORE_COUNT = STORE_CONFUSION + N_JUDGED_SETS,          /* + place in judged_sets */
    STORE_PREDICTIONS = STORE_COUNT + N_JUDGED_SETS, /* + place in judged_sets * N_PREDICTION_PARTS + part */
    STORE_ROLE = STORE_PREDICTIONS + N_JUDGED_SETS * N_PREDICTION_PARTS,
    STORE_MODEL,
    STORE_MODEL_BYTES,
    STORE_MODEL_CHECKSUM,
    N_STORE_DATASETS
};

struct store_table_row {
    const char *path;
    enum store_cell cell;
    enum store_dim dim[STORE_MAX_RANK]; /* DIM_NONE after the last */
    int fill;                           /* of integers; floating point is filled with NaN, texts with "" */
    enum store_dim needs;               /* the dataset is left out when this size is 0; DIM_NONE: never */
    const char *description;
};

extern const struct store_table_row store_table[N_STORE_DATASETS];

/* Dimensions of a dataset for sizes n (N_DIMS), into dims; returns its rank. */
int store_row_dims(const struct store_table_row *row, const hsize_t *n, hsize_t dims[STORE_MAX_RANK]);

/* The extent of the images of a set of judged_sets that jobs predict; its probabilities are the next one. */
enum store_dim store_judged_dim(enum image_set set);

/* 1 for what every row of /jobs has, whatever its grid. */
int store_is_fixed_column(const char *name);

/* 1 for a size that is the sum of the parts of all jobs; and for a dataset that is written once, at birth. */
int store_is_extent(enum store_dim dim);
int store_is_born_whole(enum store_dataset which);

enum { STORE_FIXED_FIELDS = 8, STORE_MAX_FIELDS = STORE_FIXED_FIELDS + STORE_MAX_AXES };

/* What the columns of /jobs hang on: the other grid axes of a sweep, and how long its texts are. */
struct store_axes {
    int n;
    char name[STORE_MAX_AXES][CONFIG_WORD_SIZE];
    int is_number[STORE_MAX_AXES]; /* 1: float64 in the file */
    size_t
        width[STORE_MAX_FIELDS]; /* bytes of a text in the file, the NUL included; the fixed fields first */
};

enum store_field_kind { FIELD_TEXT, FIELD_INT64, FIELD_INT32, FIELD_REAL_AXIS };

struct store_field {
    const char *name;
    enum store_field_kind kind;
    size_t offset; /* in struct store_job */
    size_t size; /* bytes there; of the fields of a file those of a text in its records, which are not more */
    size_t at;   /* offset in the record */
};

/* The element types of the file, and the packed record that a row of /jobs is. */
struct store_types {
    struct store_axes axes;
    struct store_field field[STORE_MAX_FIELDS];
    int n_fields;
    size_t record_size;        /* bytes */
    hid_t job, message, name;  /* compound, strings */
    hid_t image, image_stored; /* compound in the layout of struct dataset_image, and packed as in the file */
};

/* Widen axes->width, which starts zeroed, to the texts of a row. */
void store_axes_widen(struct store_axes *axes, const struct store_job *job);

/* Make the types for the given axes; *types must stay where it is. E_USAGE when an axis has the name of a
 * fixed field. Release in any case. */
int store_types_init(struct store_types *types, const struct store_axes *axes, struct err *err);
void store_types_release(struct store_types *types);

/* The axes of an existing /jobs type: the members beyond the fixed ones, in order, and the widths of all.
 * E_IO when a fixed one is missing. */
int store_axes_of(hid_t stored, struct store_axes *axes, const char *path, struct err *err);

/* Memory type and file type of a cell; owned by types or by HDF5. */
hid_t store_memory_type(const struct store_types *types, enum store_cell cell);
hid_t store_file_type(const struct store_types *types, enum store_cell cell);

/* Between struct store_job (n) and packed records (n * record_size bytes). */
void store_pack(const struct store_types *types, const struct store_job *job, int n, unsigned char *record);
void store_unpack(const struct store_types *types, const unsigned char *record, int n, struct store_job *job);

/* A whole, filled file for a plan, still under its temporary name: store_create() without the commit. */
int store_draft(const char *path, const struct store_plan *plan, struct h5_draft *draft, struct err *err);

/* ---- an open file ---- */

/* Where a contiguous dataset lies in the file. */
struct store_place {
    long long offset; /* bytes; -1: the dataset is absent */
    size_t cell;      /* bytes of an element in the file */
};

enum {
    STORE_PARCEL_SIZE = 3840
}; /* below the eager limit of Open MPI's transports (4096 in shared memory) */

/* Rows on their way to rank 0: pieces, each a struct store_piece and its bytes. */
struct store_parcel {
    size_t used;
    _Alignas(8) unsigned char bytes[STORE_PARCEL_SIZE];
};

/* Where the part of a job lies in datasets of one extent, in cells. */
struct store_part {
    hsize_t first, room;
};

enum { STORE_FIRSTS = 1024 };

/* Where the parts of some jobs that follow each other begin. It is written once, at birth, so what was read
 * stays true. */
struct store_firsts {
    int job[N_EXTENTS];                         /* the first of them; -1: none */
    int64_t first[N_EXTENTS][STORE_FIRSTS + 1]; /* and where that of the next one begins */
};

struct store {
    char path[H5_PATH_SIZE];
    hid_t file;
    int shared;               /* 1: opened by several ranks */
    MPI_Comm comm;            /* those ranks */
    void (*idle)(void *self); /* store_send_on() */
    void *idle_self;
    enum store_io io;
    int fd;      /* rows are written to it; -1: by HDF5 */
    int reading; /* rows are read from it where `place` says; HDF5's own, not to be closed; -1: by HDF5 */
    struct store_place place[N_STORE_DATASETS]; /* where fd or reading is, or the ranks but 0 are told */
    struct store_parcel *parcel; /* STORE_RANK0, ranks but 0: not yet sent; rank 0: being read */
    char *broken;                /* (J) STORE_RANK0, rank 0: 1 after a write of that job failed */
    hid_t dataset[N_STORE_DATASETS], space[N_STORE_DATASETS]; /* opened once; invalid for an absent dataset */
    hid_t one;                                                /* memory space of one element */
    hsize_t n[N_DIMS];
    hsize_t largest[N_EXTENTS]; /* cells of the largest part of a job */
    int shows_trials;           /* 1: rows of trials are jobs to who asks */
    int placed;                 /* job that `part` is of; -1: none */
    struct store_part part[N_EXTENTS];
    struct store_firsts *firsts; /* of the job read last and of those around it; NULL: none yet */
    struct store_types types;
    unsigned unread_axes;     /* 1 << a: some job does not read axis a, of the rows that were read */
    unsigned bound_axes;      /* store_bound_axes() */
    int is_lean;              /* 1: opened by store_open_lean() */
    struct store_job *job;    /* (J) rows of /jobs, unpacked; NULL where nobody asked for all */
    struct store_job *window; /* rows from window_first on, those store_row() read last; NULL: none yet */
    int window_first, window_n;
    int16_t *class; /* (J, C) row of /classes/name; NULL for ranks that only write */
    int *number;    /* (K) classes; the same */
    struct dataset_image *image;
    char *message;  /* (M, STORE_MESSAGE_SIZE) of /messages/text, those that were asked for; or NULL */
    char *text[32]; /* of the attributes in store_open.c's table */
    struct sweep_file *sweep; /* of yaml_resolved */
};

/* Cells first .. first + n - 1 of a job's part of a dataset; of /messages/text, job is the row. */
struct store_block {
    int job;
    hsize_t first, n;
};

/* An open file as a store, lean, which closes it. file: H5Freopen() of one that somebody else keeps. */
int store_adopt(hid_t file, const char *path, struct store **out, struct err *err);

/* J: all rows of /jobs, those of trials too. */
int store_n_rows(const struct store *store);

/* Look at all rows for store_bound_axes(); 0 where sweeps are not kept apart. */
int store_find_bound(struct store *store, unsigned *bound, struct err *err);

/* 1 for a store that sends its rows to rank 0. */
int store_is_remote(const struct store *store);

/* 1 for one that knows the file only as rank 0 told it: STORE_PWRITE, ranks but 0. HDF5 does
 * not open it there. */
int store_is_raw(const struct store *store);

/* 1 when the file has the dataset. */
int store_has(const struct store *store, enum store_dataset which);

/* ---- store_io.c: ways to the file ---- */

/* STORE_PWRITE: open for pwrite and, where HDF5 has it open, find every dataset.
 * store_raw_close() syncs and closes. */
int store_raw_open(struct store *store, struct err *err);
int store_raw_close(struct store *store, struct err *err);

/* STORE_RANK0, rank 0, which writes the rows of all: the same if that can be, since it takes a third of the
 * time of HDF5; else HDF5 writes. */
void store_raw_try(struct store *store);

/* Readers: read single rows with pread(2) from where HDF5 has the file open, which takes a tenth of its time:
 * of the datasets that lie in one piece and as this machine would store them. HDF5 reads the others. */
void store_raw_reads(struct store *store);

int store_raw_write(struct store *store, enum store_dataset which, const struct store_block *block,
                    hsize_t at, const void *data, struct err *err);

/* 1 when store_raw_read() can read n cells of a dataset. */
int store_raw_can_read(const struct store *store, enum store_dataset which, hsize_t n);

/* n cells of a dataset from cell `at` on, as store_raw_write() takes them. */
int store_raw_read(struct store *store, enum store_dataset which, hsize_t at, hsize_t n, void *out,
                   struct err *err);

/* STORE_RANK0 and STORE_PWRITE: give the other ranks the tables that rank 0 has read; rc is rank 0's so far.
 * Collective, all return the same. */
int store_share_tables(struct store *store, int rc, struct err *err);

/* Put a block into the parcel, sending it when it is full; and send what is in it. */
int store_send_block(struct store *store, enum store_dataset which, const struct store_block *block,
                     const void *data, struct err *err);
int store_send(struct store *store, struct err *err);

/* Where a block lies: the number of its first cell in the whole dataset, row-major. E_IO when the job's part
 * has no such cells, or the store no such dataset. */
int store_place(struct store *store, enum store_dataset which, const struct store_block *block, hsize_t *at,
                struct err *err);

/* Cells of the part of a job in an extent; E_IO when the file is damaged. */
int store_room(struct store *store, int job, enum store_dim extent, hsize_t *room, struct err *err);

/* Check that the parts of all jobs follow each other, and keep the largest of each extent. */
int store_measure_parts(struct store *store, struct err *err);

/* Bytes of a cell in memory. */
size_t store_memory_size(const struct store_types *types, enum store_cell cell);

/* ---- transfers ---- */

/* Independent transfers of a block, from or to contiguous memory in the cell's memory type. Written blocks
 * are parts of one job's row. */
int store_write_block(struct store *store, enum store_dataset which, const struct store_block *block,
                      const void *data, struct err *err);
int store_read_block(struct store *store, enum store_dataset which, const struct store_block *block,
                     void *data, struct err *err);

/* ---- store_tables.c: what is read of all jobs at once ---- */

/* Tables that every reader has: classes, images and, but for ranks of a sweep, rows of /jobs. */
int store_read_tables(struct store *store, struct err *err);

/* All that there is of jobs (those of trials where they are shown), or of anything else, in the cell's memory
 * type. E_USAGE when the file has no such dataset. */
int store_read_all(struct store *store, enum store_dataset which, void *out, struct err *err);

/* The field of a row that a dataset from STORE_N_TRAIN to STORE_JUDGED_EPOCH is of. */
int *store_count_of(struct store_job *job, enum store_dataset which);

/* ---- datasets of a set of images ---- */

/* The first n cells of a job's part. */
static inline struct store_block store_row_block(int job, size_t n)
{
    return (struct store_block){job, 0, n};
}

static inline int store_judged_place(enum image_set set)
{
    return (int)set - (int)SET_VAL;
}

static inline enum store_dataset store_metric_dataset(enum image_set set, int metric)
{
    return metric == METRIC_AUROC ? (enum store_dataset)(STORE_AUROC + (set == SET_TEST))
                                  : (enum store_dataset)(STORE_METRICS + (int)set * N_METRICS + metric);
}

static inline enum store_dataset store_confusion_dataset(enum image_set set)
{
    return (enum store_dataset)(STORE_CONFUSION + store_judged_place(set));
}

static inline enum store_dataset store_prediction_dataset(enum image_set set, int part)
{
    return (enum store_dataset)(STORE_PREDICTIONS + store_judged_place(set) * N_PREDICTION_PARTS + part);
}

static inline enum store_dataset store_count_dataset(enum image_set set)
{
    return (enum store_dataset)(STORE_COUNT + store_judged_place(set));
}

/* Of a kept model. */
int64_t store_checksum(const void *bytes, size_t n);

/* ---- store_message.c: a table of the different texts ---- */

/* The message of a job, cut to what a row has room for. Independent; a remote rank's text becomes a row where
 * rank 0 takes it. */
int store_write_message(struct store *store, int job, const char *text, struct err *err);

/* The text of a row, plain; valid until store_close. store_read_texts() first: of all rows (one < 0), or of
 * that one. */
const char *store_message(const struct store *store, int row);
int store_read_texts(struct store *store, int one, struct err *err);

#endif
