/* svm_machine.h - support vector machines of all pairs of classes: what they consist of, and how they are
 * found. For svm.c, which says what they are. No MPI. */
#ifndef CELLSWEEP_SVM_MACHINE_H
#define CELLSWEEP_SVM_MACHINE_H

#include "models/model.h"

enum { SVM_BLOCK = 256 };

struct svm {
    size_t n_classes, floats, n; /* n: support vectors */
    double c, asked_gamma;
    int is_rbf;
    float *vector;    /* (n, floats) those of class 0 first */
    double *coef;     /* (n_classes - 1, n) as libsvm has them, of the classes that there are */
    double *rho;      /* (pairs) the same */
    int64_t *support; /* (n_classes) support vectors of each class */
    int64_t *rows;    /* (n_classes) training images of each class */
    double gamma;
    double *left, *right, *product; /* (SVM_BLOCK, floats), (SVM_BLOCK, floats), (SVM_BLOCK, SVM_BLOCK) */
};

static inline size_t svm_pairs(size_t n_classes)
{
    return n_classes * (n_classes - 1) / 2;
}

/* Arrays for n support vectors, all zero, in place of those there are. 0 or E_IO; then nothing is lost. */
int svm_resize(struct svm *svm, size_t n, struct err *err);

/* The kernel of n_left and n_right images, SVM_BLOCK of them at most, in svm->product: rows of n_right. */
void svm_block(const struct svm *svm, const float *const *left, size_t n_left, const float *const *right,
               size_t n_right);

/* Become the machines of a training set. 0, E_IO or E_STOPPED. */
int svm_find(struct svm *svm, const struct model_set *train, struct pause *pause, struct err *err);

/* What libsvm is used: 324. */
int svm_library(void);

/* Bytes of the kernel matrix of n images that differ, as libsvm takes it. */
size_t svm_matrix_bytes(size_t n);

#endif
