/* svm_train.c - a training set and its kernel matrix for libsvm, and what that makes of them. */
#include "models/svm_machine.h"

#include <libsvm/svm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int svm_library(void)
{
    return libsvm_version;
}

size_t svm_matrix_bytes(size_t n)
{
    return n * (n + 1) * sizeof(struct svm_node);
}

/* scikit-learn's "scale". */
static double scale(const struct svm *svm, const struct model_set *train)
{
    double sum = 0, squares = 0, n = (double)train->n * (double)svm->floats;
    for (int i = 0; i < train->n; i++)
        for (size_t j = 0; j < svm->floats; j++)
            sum += (double)train->image[i][j];
    for (int i = 0; i < train->n; i++)
        for (size_t j = 0; j < svm->floats; j++) {
            double d = (double)train->image[i][j] - sum / n;
            squares += d * d;
        }
    return squares > 0 ? n / squares / (double)svm->floats : 1;
}

/* The training set as libsvm takes it: class after class, its rows those of a matrix between all
 * images that differ. */
struct problem {
    const struct model_set *train;
    size_t n, n_images;
    int *row;                 /* (n) of the training set */
    const float **image;      /* (n_images) ascending by address */
    struct svm_node *node;    /* (n_images, n_images + 1) */
    struct svm_node **of_row; /* (n) */
    double *label;            /* (n) */
    struct svm_problem libsvm;
};

static void problem_free(struct problem *p)
{
    free(p->row);
    free(p->image);
    free(p->node);
    free(p->of_row);
    free(p->label);
}

static int compare_addresses(const void *a, const void *b)
{
    const float *x, *y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static size_t find_image(const struct problem *p, const float *image)
{
    const float **found = bsearch(&image, p->image, p->n_images, sizeof *p->image, compare_addresses);
    return (size_t)(found - p->image);
}

static void list_images(struct problem *p)
{
    for (size_t i = 0; i < p->n; i++)
        p->image[i] = p->train->image[i];
    qsort(p->image, p->n, sizeof *p->image, compare_addresses);
    for (size_t i = 0; i < p->n; i++)
        if (p->n_images == 0 || p->image[i] != p->image[p->n_images - 1])
            p->image[p->n_images++] = p->image[i];
}

static void list_rows(struct problem *p, size_t n_classes)
{
    size_t n = 0;
    for (size_t c = 0; c < n_classes; c++)
        for (size_t i = 0; i < p->n; i++)
            if (p->train->label[i] == (int)c) {
                p->row[n] = (int)i;
                p->of_row[n] = p->node + find_image(p, p->train->image[i]) * (p->n_images + 1);
                p->label[n++] = (double)c;
            }
}

/* Both halves of the matrix from one. */
static int fill(const struct svm *svm, struct problem *p, struct pause *pause, struct err *err)
{
    size_t n = p->n_images, stride = n + 1;
    int rc = 0;
    for (size_t a = 0; a < n && rc == 0; a += SVM_BLOCK)
        for (size_t b = 0; b <= a && rc == 0; b += SVM_BLOCK) {
            size_t n_a = n - a < SVM_BLOCK ? n - a : SVM_BLOCK, n_b = n - b < SVM_BLOCK ? n - b : SVM_BLOCK;
            svm_block(svm, p->image + a, n_a, p->image + b, n_b);
            for (size_t i = 0; i < n_a; i++)
                for (size_t j = 0; j < n_b; j++) {
                    p->node[(a + i) * stride + b + j + 1].value = svm->product[i * n_b + j];
                    p->node[(b + j) * stride + a + i + 1].value = svm->product[i * n_b + j];
                }
            rc = pause_after(pause, (double)(n_a * n_b * svm->floats) * PAUSE_BLAS, err);
        }
    for (size_t i = 0; i < n; i++)
        p->node[i * stride].value = (double)(i + 1);
    return rc;
}

static int problem_new(const struct svm *svm, const struct model_set *train, struct problem *p,
                       struct pause *pause, struct err *err)
{
    size_t n = (size_t)train->n;
    *p = (struct problem){.train = train, .n = n};
    p->row = err_calloc(n, sizeof *p->row, "a kernel matrix", err);
    p->image = err_calloc(n, sizeof *p->image, "a kernel matrix", err);
    p->of_row = err_calloc(n, sizeof *p->of_row, "a kernel matrix", err);
    p->label = err_calloc(n, sizeof *p->label, "a kernel matrix", err);
    if (!p->row || !p->image || !p->of_row || !p->label)
        return E_IO;
    list_images(p);
    p->node = err_calloc(p->n_images, (p->n_images + 1) * sizeof *p->node, "a kernel matrix", err);
    if (!p->node)
        return E_IO;
    list_rows(p, svm->n_classes);
    p->libsvm = (struct svm_problem){train->n, p->label, p->of_row};
    return fill(svm, p, pause, err);
}

/* libsvm says something every thousand steps, to whom it has no word to pass on: others are served then. It
 * cannot be stopped; what it has found is thrown away. */
static _Thread_local struct pause *served;
static _Thread_local int told_to_stop;

static void serve(const char *text)
{
    (void)text;
    if (served && served->ask && !told_to_stop)
        told_to_stop = served->ask(served->self) != 0;
}

/* Mean weight of the rows of each class that there is. Returns how many are. */
static int class_weights(const struct svm *svm, const struct model_set *train, int *label, double *weight)
{
    double sum[CONFIG_MAX_CLUSTERS] = {0};
    int n = 0;
    for (int i = 0; i < train->n; i++)
        sum[train->label[i]] += (double)train->weight[i];
    for (size_t c = 0; c < svm->n_classes; c++)
        if (svm->rows[c]) {
            label[n] = (int)c;
            weight[n++] = sum[c] / (double)svm->rows[c];
        }
    return n;
}

static int take_model(struct svm *svm, const struct problem *p, const struct svm_model *found,
                      struct err *err)
{
    size_t n = (size_t)found->l, n_there = (size_t)found->nr_class;
    int rc = svm_resize(svm, n ? n : 1, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        memcpy(svm->vector + i * svm->floats, p->train->image[p->row[found->sv_indices[i] - 1]],
               svm->floats * sizeof *svm->vector);
    for (size_t k = 0; k + 1 < n_there; k++)
        memcpy(svm->coef + k * svm->n, found->sv_coef[k], n * sizeof *svm->coef);
    memcpy(svm->rho, found->rho, svm_pairs(n_there) * sizeof *svm->rho);
    for (size_t k = 0; k < n_there && n > 0; k++)
        svm->support[found->label[k]] = found->nSV[k];
    return 0;
}

static int train_on(struct svm *svm, const struct problem *p, struct pause *pause, struct err *err)
{
    int label[CONFIG_MAX_CLUSTERS];
    double weight[CONFIG_MAX_CLUSTERS];
    const struct svm_parameter how = {.svm_type = C_SVC,
                                      .kernel_type = PRECOMPUTED,
                                      .cache_size = 100,
                                      .eps = 1e-3,
                                      .C = svm->c,
                                      .nr_weight = class_weights(svm, p->train, label, weight),
                                      .weight_label = label,
                                      .weight = weight,
                                      .shrinking = 1};
    svm_set_print_string_function(serve);
    served = pause;
    told_to_stop = 0;
    struct svm_model *found = svm_train(&p->libsvm, &how);
    served = NULL;
    int rc = told_to_stop ? err_set(err, E_STOPPED, "stopped while support vectors were looked for")
                          : take_model(svm, p, found, err);
    svm_free_and_destroy_model(&found);
    return rc;
}

int svm_find(struct svm *svm, const struct model_set *train, struct pause *pause, struct err *err)
{
    struct problem problem;
    memset(svm->support, 0, 2 * svm->n_classes * sizeof *svm->support);
    for (int i = 0; i < train->n; i++)
        svm->rows[train->label[i]]++;
    svm->gamma = svm->asked_gamma > 0 ? svm->asked_gamma : scale(svm, train);
    int rc = problem_new(svm, train, &problem, pause, err);
    if (rc == 0)
        rc = train_on(svm, &problem, pause, err);
    problem_free(&problem);
    return rc;
}
