/* Model "svm": support vector machines on pixels, one for each pair of classes, by libsvm.
 *
 * Cortes and Vapnik (1995); Chang and Lin (2011). Kernels are computed here, in blocks of a matrix product in
 * double, and given to libsvm as a matrix: its own take pixels one by one. Images that are in the training
 * set several times have one row of it. Loss weights are weights of classes, as they come. What is kept are
 * the support vectors and their coefficients. The product is BLAS's: on other CPUs the last bits differ.
 *
 * Its decision values d are not probabilities, and libsvm's way of making some calls rand(): here two
 * classes get 1 / (1 + exp(-d)), more the softmax of scikit-learn's one-vs-rest values, votes of the pairs
 * plus s / (3 (|s| + 1)) of their sum s. They order images as decisions do, but are not calibrated. */
#include "models/model.h"

#include "features/feature.h"
#include "models/svm_machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    double c, gamma;
    char kernel[CONFIG_WORD_SIZE];
};

#define FIELD(f) offsetof(struct settings, f)

static const struct setting settings[] = {
    {"svm.kernel", SETTING_WORD, FIELD(kernel), 0, 0, "rbf", "rbf|linear", "kernel"},
    {"svm.c", SETTING_REAL, FIELD(c), 1e-9, 1e9, "1", NULL, "cost of an image on the wrong side"},
    {"svm.gamma", SETTING_REAL, FIELD(gamma), 0, 1e9, "0", NULL,
     "rbf: exp(-gamma d^2); 0: 1 / (pixels x variance of all), as scikit-learn"},
    {0},
};

static const struct section section = {.setting = settings, .size = sizeof(struct settings)};

static void identity(const struct config *config, char out[MODEL_IDENTITY_SIZE])
{
    const struct settings *s = config_of(config, &section);
    snprintf(out, MODEL_IDENTITY_SIZE, "svm %d %s %.9g %.9g %d channels %d libsvm %d",
             (int)config->image_size, s->kernel, s->c, s->gamma, config->clusters.n, (int)config->channels,
             svm_library());
}

/* Of the kernel matrix, half of it, and of products with as many support vectors as half of the images. */
static double work(const struct config *config, double n_seen, double n_judged)
{
    return 1e6 + (double)feature_floats(config) * n_seen * (2 * n_seen + 2 * n_judged);
}

static size_t room(const struct config *config, int n_train)
{
    size_t n = (size_t)n_train, n_classes = (size_t)config->clusters.n;
    return n * (feature_floats(config) * sizeof(float) + (n_classes - 1) * sizeof(double)) +
           (svm_pairs(n_classes) + 2 * n_classes + 1) * sizeof(double) + 6 * MODEL_HEAD;
}

/* The kernel matrix is libsvm's nodes. */
static size_t bytes(const struct config *config, int n_train)
{
    size_t n = (size_t)n_train, block = 2 * SVM_BLOCK * feature_floats(config) * sizeof(double);
    return room(config, n_train) + svm_matrix_bytes(n) + block;
}

static void release(struct svm *svm)
{
    free(svm->vector);
    free(svm->coef);
    free(svm->rho);
    free(svm->support);
    free(svm->left);
}

static void close_svm(void *model)
{
    release(model);
    free(model);
}

static int allocate(struct svm *svm, size_t n, struct err *err)
{
    svm->rho = err_calloc(svm_pairs(svm->n_classes), sizeof *svm->rho, "support vectors", err);
    svm->support = err_calloc(2 * svm->n_classes, sizeof *svm->support, "support vectors", err);
    svm->left =
        err_calloc(SVM_BLOCK, (2 * svm->floats + SVM_BLOCK) * sizeof *svm->left, "support vectors", err);
    if (!svm->rho || !svm->support || !svm->left)
        return E_IO;
    svm->rows = svm->support + svm->n_classes;
    svm->right = svm->left + SVM_BLOCK * svm->floats;
    svm->product = svm->right + SVM_BLOCK * svm->floats;
    return svm_resize(svm, n, err);
}

/* Until it is fitted it has one vector that counts for nothing, and all classes are as likely. */
static int open_svm(const struct model_spec *spec, void **out, struct err *err)
{
    const struct settings *s = config_of(spec->config, &section);
    struct svm *svm = err_calloc(1, sizeof *svm, "a model", err);
    *out = NULL;
    if (!svm)
        return E_IO;
    *svm = (struct svm){.n_classes = (size_t)spec->config->clusters.n,
                        .floats = feature_floats(spec->config),
                        .c = s->c,
                        .asked_gamma = s->gamma,
                        .is_rbf = strcmp(s->kernel, "rbf") == 0};
    if (allocate(svm, 1, err) < 0) {
        close_svm(svm);
        return E_IO;
    }
    *out = svm;
    return 0;
}

static int fit(void *model, const struct model_set *train, struct pause *pause, struct err *err)
{
    return svm_find(model, train, pause, err);
}

/* ---- decisions ---- */

/* Classes that there were, in their order. */
static size_t list_classes(const struct svm *svm, size_t *class)
{
    size_t n = 0;
    for (size_t c = 0; c < svm->n_classes; c++)
        if (svm->rows[c])
            class[n++] = c;
    return n;
}

/* What support vectors [first, first + n) of a class add to the decision of every pair that it is in, from
 * their kernels. `at`: its place among n_there classes. */
static void add_class(const struct svm *svm, size_t at, size_t n_there, size_t first, size_t n,
                      const double *kernel, double *decision)
{
    size_t pair = 0;
    for (size_t i = 0; i < n_there; i++)
        for (size_t j = i + 1; j < n_there; j++, pair++) {
            if (i != at && j != at)
                continue;
            const double *coef = svm->coef + (i == at ? j - 1 : i) * svm->n + first;
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += coef[k] * kernel[k];
            decision[pair] += sum;
        }
}

/* The decisions (n, pairs) of n images, SVM_BLOCK at most. */
static void decide(const struct svm *svm, const float *const *image, size_t n, double *decision,
                   const size_t *class, size_t n_there)
{
    size_t pairs = svm_pairs(n_there), first = 0;
    const float *vector[SVM_BLOCK];
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < pairs; p++)
            decision[i * pairs + p] = -svm->rho[p];
    for (size_t at = 0; at < n_there; at++)
        for (size_t left = (size_t)svm->support[class[at]], some; left > 0; left -= some, first += some) {
            some = left < SVM_BLOCK ? left : SVM_BLOCK;
            for (size_t k = 0; k < some; k++)
                vector[k] = svm->vector + (first + k) * svm->floats;
            svm_block(svm, image, n, vector, some);
            for (size_t i = 0; i < n; i++)
                add_class(svm, at, n_there, first, some, svm->product + i * some, decision + i * pairs);
        }
}

/* scikit-learn's one-vs-rest values of n classes. */
static void against_the_rest(const double *decision, size_t n, double *score)
{
    double sum[CONFIG_MAX_CLUSTERS] = {0};
    for (size_t c = 0; c < n; c++)
        score[c] = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++, decision++) {
            sum[i] += *decision;
            sum[j] -= *decision;
            score[*decision < 0 ? j : i]++;
        }
    for (size_t c = 0; c < n; c++)
        score[c] += sum[c] / (3 * (fabs(sum[c]) + 1));
}

static void make_probabilities(const double *decision, const size_t *class, size_t n, float *probs)
{
    double score[CONFIG_MAX_CLUSTERS] = {0}, sum = 0, most = 0;
    if (n == 2)
        score[0] = decision[0]; /* against 0 of the other */
    else
        against_the_rest(decision, n, score);
    for (size_t k = 0; k < n; k++)
        most = fmax(most, score[k]);
    for (size_t k = 0; k < n; k++)
        sum += score[k] = exp(score[k] - most);
    for (size_t k = 0; k < n; k++)
        probs[class[k]] = (float)(score[k] / sum);
}

/* Decisions of so many images at a time that those of all pairs fit. */
enum { N_DECISIONS = 1 << 15 };

static void judge(void *model, const float *const *image, int n, float *probs)
{
    const struct svm *svm = model;
    size_t class[CONFIG_MAX_CLUSTERS] = {0}, n_there = list_classes(svm, class), pairs = svm_pairs(n_there);
    double decision[N_DECISIONS] = {0};
    size_t most = pairs * SVM_BLOCK <= N_DECISIONS ? SVM_BLOCK : N_DECISIONS / pairs;
    for (size_t i = 0; i < (size_t)n * svm->n_classes; i++)
        probs[i] = n_there ? 0 : (float)(1.0 / (double)svm->n_classes);
    for (size_t i = 0, some; i < (size_t)n && n_there > 0; i += some) {
        some = (size_t)n - i < most ? (size_t)n - i : most;
        decide(svm, image + i, some, decision, class, n_there);
        for (size_t k = 0; k < some; k++)
            make_probabilities(decision + k * pairs, class, n_there, probs + (i + k) * svm->n_classes);
    }
}

/* ---- arrays ---- */

static void arrays(void *model, enum model_part part, struct arrays *out)
{
    struct svm *svm = model;
    const size_t classes[] = {svm->n_classes, 0}, one[] = {1, 0};
    (void)part;
    arrays_add(out, "vector", ARRAY_F32, (const size_t[]){svm->n, svm->floats, 0}, svm->vector);
    arrays_add(out, "coef", ARRAY_F64, (const size_t[]){svm->n_classes - 1, svm->n, 0}, svm->coef);
    arrays_add(out, "rho", ARRAY_F64, (const size_t[]){svm_pairs(svm->n_classes), 0}, svm->rho);
    arrays_add(out, "support", ARRAY_I64, classes, svm->support);
    arrays_add(out, "rows", ARRAY_I64, classes, svm->rows);
    arrays_add(out, "gamma", ARRAY_F64, one, &svm->gamma);
}

/* Whether the classes have as many support vectors as there are, and none without rows has any. */
static int check(const struct svm *svm, struct err *err)
{
    int64_t left = (int64_t)svm->n, bad = 0;
    for (size_t c = 0; c < svm->n_classes; c++) {
        bad |= svm->support[c] < 0 || svm->support[c] > left || svm->rows[c] < 0;
        left -= bad ? 0 : svm->support[c];
    }
    return bad ? err_set(err, E_USAGE, "the support vectors of a model are not those of its classes") : 0;
}

static int restore(void *model, enum model_part part, const struct arrays *from, struct err *err)
{
    struct svm *svm = model, new = *svm;
    const struct array *vector = model_array(from, "vector", ARRAY_F32, 2);
    if (!vector)
        return err_set(err, E_USAGE, "there are no support vectors of model svm");
    new.vector = NULL;
    new.coef = new.rho = new.left = NULL;
    new.support = NULL;
    int rc = allocate(&new, vector->dim[0], err);
    if (rc == 0)
        rc = model_restore_in_place(&model_svm, &new, part, from, err);
    if (rc == 0)
        rc = check(&new, err);
    struct svm old = rc == 0 ? *svm : new;
    if (rc == 0)
        *svm = new;
    release(&old);
    return rc;
}

/* ---- plain numbers ---- */

/* What a vector of the class at a place adds to the decision of classes i and j, which may be none of its. */
static double coef_of(const struct svm *svm, size_t at, size_t i, size_t j, size_t vector)
{
    return at == i ? svm->coef[(j - 1) * svm->n + vector] : at == j ? svm->coef[i * svm->n + vector] : 0;
}

static void put_coefs(const struct svm *svm, const size_t *class, struct form_kernel *k)
{
    size_t pair = 0;
    for (size_t i = 0; i < k->n_there; i++)
        for (size_t j = i + 1; j < k->n_there; j++, pair++) {
            size_t vector = 0;
            k->rho[pair] = (float)svm->rho[pair];
            for (size_t at = 0; at < k->n_there; at++)
                for (int64_t left = svm->support[class[at]]; left > 0; left--, vector++)
                    k->coef[pair * svm->n + vector] = (float)coef_of(svm, at, i, j, vector);
        }
}

static int form(void *model, struct model_form *out, struct err *err)
{
    const struct svm *svm = model;
    size_t class[CONFIG_MAX_CLUSTERS] = {0}, n_there = list_classes(svm, class);
    *out = (struct model_form){.kind = FORM_KERNEL, .n_classes = svm->n_classes, .floats = svm->floats};
    struct form_kernel *k = &out->kernel;
    if (n_there < 2)
        return err_set(err, E_USAGE, "it has learnt of one class alone");
    *k = (struct form_kernel){.n = svm->n,
                              .pairs = svm_pairs(n_there),
                              .n_there = n_there,
                              .is_rbf = svm->is_rbf,
                              .gamma = svm->gamma,
                              .vector = svm->vector};
    k->coef = model_form_room(out, k->pairs * k->n, sizeof *k->coef, err);
    k->rho = model_form_room(out, k->pairs, sizeof *k->rho, err);
    k->class = model_form_room(out, n_there, sizeof *k->class, err);
    if (!k->coef || !k->rho || !k->class) {
        model_form_free(out);
        return E_IO;
    }
    for (size_t i = 0; i < n_there; i++)
        k->class[i] = (int64_t) class[i];
    put_coefs(svm, class, k);
    return 0;
}

const struct model_kind model_svm = {
    .name = "svm",
    .help = "support vector machines on pixels (libsvm); not calibrated; last bits depend on the CPU",
    .section = &section,
    .can = MODEL_WEIGHTS | MODEL_GROWS | MODEL_VECTORS,
    .seconds = 3e-11,
    .identity = identity,
    .work = work,
    .room = room,
    .bytes = bytes,
    .open = open_svm,
    .fit = fit,
    .judge = judge,
    .arrays = arrays,
    .restore = restore,
    .form = form,
    .close = close_svm,
};
