/* kept_model.h - a network that a job of another sweep kept, taken over as it is (embedding.from).
 *
 *     kept_model_read_by(stored_network_read);                      once, by who knows results files
 *     rc = kept_model_find("kept.h5", "seed=1", &kept, &err);
 *     rc = kept_model_check(kept, &config_of_the_network, &err);
 *
 * Results files are read on a floor above: whoever starts the program hands their reader down. What was read
 * is remembered until its file changes. One thread. No MPI. */
#ifndef CELLSWEEP_KEPT_MODEL_H
#define CELLSWEEP_KEPT_MODEL_H

#include "err.h"
#include "settings/config.h"

#include <stddef.h>
#include <stdint.h>

enum { KEPT_CHECKSUM_SIZE = 33 };

struct kept_model {
    struct config config; /* of the job that left it */
    float *weights;       /* (n_weights), owned: its arrays of MODEL_KEPT one after the other */
    size_t n_weights;
    uint64_t
        *seen; /* (n_seen), owned: prints (dataset.h) of the images that it was trained on or chosen by */
    int n_seen;
    int data_size;                     /* pixels that these images were packed at */
    char checksum[KEPT_CHECKSUM_SIZE]; /* XXH3-128, in hexadecimal, of all above; made here */
};

/* Read the network of the one finished job of a results file that matches a filter ("none": any). E_USAGE
 * when it is not one, or has no such network; E_IO. On failure *out holds nothing. */
typedef int kept_model_reader(const char *file, const char *filter, struct kept_model *out, struct err *err);
void kept_model_read_by(kept_model_reader *read);

/* What a file holds now; *out is valid until the next call. Errors of the reader, and of a file that is not
 * there. */
int kept_model_find(const char *file, const char *filter, const struct kept_model **out, struct err *err);

/* 0 when it is a network as a job of this config would train it, but for its classes; E_USAGE with the lines
 * of a sweep file that make it so. */
int kept_model_check(const struct kept_model *kept, const struct config *config, struct err *err);

/* 1 when an image of that print is among `seen`. */
int kept_model_saw(const struct kept_model *kept, uint64_t print);

void kept_model_release(struct kept_model *kept);

#endif
