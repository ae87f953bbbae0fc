/* cnn.h - the small convolutional network of a job: forward, backward, Adam.
 *
 *     input (n, size, size, 1) -> conv 3x3, f1, valid, ReLU -> max-pool 2 -> conv 3x3, f2, valid, ReLU ->
 *     max-pool 2 -> dropout -> flatten (y, x, channel) -> dense d1 ReLU -> dropout -> dense d2 ReLU ->
 *     dropout -> dense C, softmax
 *
 *     struct cnn *net = NULL;
 *     if (cnn_new(&shape, batch, &net, &err) < 0) ...
 *     cnn_init(net, rng_key("weights", ...));
 *     loss = cnn_train(net, &batch, &adam, probs);      one Adam step
 *     cnn_predict(net, images, n, probs);               any n, no dropout
 *     cnn_free(net);
 *
 * Float32, channels-last. NaN and infinity propagate. One network is used by one thread; several may exist.
 * The same call sequence gives the same bits on one instruction set. No MPI. */
#ifndef CELLSWEEP_CNN_H
#define CELLSWEEP_CNN_H

#include "samples/batches.h"
#include "err.h"
#include "base/loss.h"

#include <stddef.h>
#include <stdint.h>

struct cnn_shape {
    int size;          /* width and height of an image, pixels, at least 10 */
    int filters[2];    /* f1, f2 */
    int dense[2];      /* d1, d2 */
    int n_classes;     /* C, 2 to LOSS_MAX_CLASSES */
    double dropout[3]; /* rates, 0 <= r < 1; quantised to 1/65536 */
};

/* The parts of the flat parameter vector, in this order. */
enum cnn_part {
    CNN_CONV1_W,  /* (f1, 3, 3) */
    CNN_CONV1_B,  /* (f1) */
    CNN_CONV2_W,  /* (f2, 3, 3, f1) */
    CNN_CONV2_B,  /* (f2) */
    CNN_DENSE1_W, /* (d1, y * x * f2) */
    CNN_DENSE1_B,
    CNN_DENSE2_W, /* (d2, d1) */
    CNN_DENSE2_B,
    CNN_OUT_W, /* (C, d2) */
    CNN_OUT_B, /* (C) */
    CNN_N_PARTS
};

struct cnn_adam {
    double learning_rate, beta1, beta2, epsilon; /* Keras' 1e-3, 0.9, 0.999, 1e-7 */
};

struct cnn;

/* Number of floats of the parameter vector and, if `offset` is not NULL, where each part begins; the last
 * element is the total. */
size_t cnn_n_params(const struct cnn_shape *shape, size_t offset[CNN_N_PARTS + 1]);

/* Multiply-adds x 2 of one training image if every layer, forward and backward, is done
 * densely (62.2e6 by default). */
double cnn_dense_flop(const struct cnn_shape *shape);

/* 0, or E_USAGE when the image is too small for two pools or a size is out of range. */
int cnn_check(const struct cnn_shape *shape, int max_batch, struct err *err);

/* Bytes of memory of a network for batches of up to max_batch images, with the kernels selected. The shape
 * must be one that cnn_new() takes. */
size_t cnn_bytes(const struct cnn_shape *shape, int max_batch);

/* A network for batches of up to max_batch images, with zero weights. All memory is allocated here.
 * E_USAGE as cnn_check(). *out is owned by the caller. */
int cnn_new(const struct cnn_shape *shape, int max_batch, struct cnn **out, struct err *err);

/* Glorot-uniform weights, limit sqrt(6 / (fan_in + fan_out)) as Keras computes the fans; zero biases; moments
 * zero and step count 0. Part p draws from substream p of `key`. */
void cnn_init(struct cnn *net, uint64_t key);

/* One training step: forward with dropout, loss (mean over the batch of weight * loss), backward, Adam.
 * probs: (n, C) softmax outputs of the forward pass (dropout active, no logit_offset),
 * overwritten. Returns the loss. */
double cnn_train(struct cnn *net, const struct batch *batch, const struct loss_rule *loss,
                 const struct cnn_adam *adam, float *probs);

/* The same forward and backward pass without the update: gradient of the loss in grad (n_params floats,
 * overwritten), logits (n, C) before any logit_offset. For tests. Returns the loss. */
double cnn_gradient(struct cnn *net, const struct batch *batch, const struct loss_rule *loss, float *logits,
                    float *grad);

/* Class probabilities (n, C) of n images given by pointer, dropout off; any n, done in batches of its own. */
void cnn_predict(struct cnn *net, const float *const *image, int n, float *probs);

/* Activations (n, d2) of the last hidden layer for n images, dropout off; batches as cnn_predict(). */
void cnn_features(struct cnn *net, const float *const *image, int n, float *features);

/* The parameter vector, n_params floats, and Adam's moments (2 x n_params, first then second) and step count:
 * to save and restore. Valid until cnn_free; may be written. */
float *cnn_params(struct cnn *net);
float *cnn_moments(struct cnn *net);
long *cnn_steps(struct cnn *net);

void cnn_free(struct cnn *net);

#endif
