#include "models/svm_machine.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

int svm_resize(struct svm *svm, size_t n, struct err *err)
{
    float *vector = err_calloc(n, svm->floats * sizeof *vector, "support vectors", err);
    double *coef = err_calloc(n, (svm->n_classes - 1) * sizeof *coef, "support vectors", err);
    if (!vector || !coef) {
        free(vector);
        free(coef);
        return E_IO;
    }
    free(svm->vector);
    free(svm->coef);
    svm->vector = vector;
    svm->coef = coef;
    svm->n = n;
    return 0;
}

static void load(const struct svm *svm, const float *const *image, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < svm->floats; j++)
            out[i * svm->floats + j] = (double)image[i][j];
}

static double square(const double *x, size_t n)
{
    double sum[4] = {0};
    for (size_t j = 0; j < n; j++)
        sum[j % 4] += x[j] * x[j];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void svm_block(const struct svm *svm, const float *const *left, size_t n_left, const float *const *right,
               size_t n_right)
{
    double squares[2][SVM_BLOCK];
    load(svm, left, n_left, svm->left);
    load(svm, right, n_right, svm->right);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n_left, (int)n_right, (int)svm->floats, 1,
                svm->left, (int)svm->floats, svm->right, (int)svm->floats, 0, svm->product, (int)n_right);
    if (!svm->is_rbf)
        return;
    for (size_t i = 0; i < n_left; i++)
        squares[0][i] = square(svm->left + i * svm->floats, svm->floats);
    for (size_t i = 0; i < n_right; i++)
        squares[1][i] = square(svm->right + i * svm->floats, svm->floats);
    for (size_t i = 0; i < n_left; i++)
        for (size_t j = 0; j < n_right; j++) {
            double *k = &svm->product[i * n_right + j], d = squares[0][i] + squares[1][j] - 2 * *k;
            *k = exp(-svm->gamma * fmax(d, 0));
        }
}
