/* weights_export.h - the networks that a sweep kept, a file a job, for other programs.
 *
 *     rc = weights_export(store, WEIGHTS_ONNX, "strategy=augment", "models", &n, &err);
 *
 * ONNX: DIR/<job>.onnx, see onnx_model.h. Raw: DIR/<job>.raw, the arrays of the job's model or
 * models, little-endian, each at a multiple of 4 bytes, and DIR/<job>.json, which says what they are:
 * "parts", in order, each with name ("member1.conv1.weight" among several), type ("float32", "int64",
 * "uint8"), shape; and the same properties as the ONNX model: job, clusters (class order), strategy,
 * protocol, model, seed, fold, repeat, other axes, judged_epoch, dataset_checksum, image_size, channels,
 * pixel_size, synthetic, version of the program that trained. <job> is clusters, strategy and seed, and the
 * head of the job's key. Every file appears when it is whole. No MPI. */
#ifndef CELLSWEEP_WEIGHTS_EXPORT_H
#define CELLSWEEP_WEIGHTS_EXPORT_H

#include "err.h"
#include "store/store.h"

enum weights_format { WEIGHTS_ONNX, WEIGHTS_RAW, N_WEIGHTS_FORMATS };

/* "onnx", "raw". */
extern const char *const weights_format_names[N_WEIGHTS_FORMATS];

/* Write the weights of every finished job that matches filter (NULL: all) into dir, which is made. *n: how
 * many jobs. E_USAGE when the file holds no weights or no finished job matches. */
int weights_export(struct store *store, enum weights_format format, const char *filter, const char *dir,
                   int *n, struct err *err);

#endif
