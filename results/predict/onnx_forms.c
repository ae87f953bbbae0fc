/* Models of plain numbers (form.h) as operators of ONNX, and of ai.onnx.ml where it has what they are. */
#include "predict/onnx_graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char *copy_tensor(struct onnx_graph *g, const char *name, size_t rows, size_t columns,
                         const float *from)
{
    const int dims[4] = {(int)rows, (int)columns};
    float *values;
    char *tensor = onnx_tensor(g, name, dims, &values);
    memcpy(values, from, rows * (columns ? columns : 1) * sizeof *values);
    return tensor;
}

static char *fill_tensor(struct onnx_graph *g, const char *name, size_t n, float value)
{
    const int dims[4] = {(int)n};
    float *values;
    char *tensor = onnx_tensor(g, name, dims, &values);
    for (size_t i = 0; i < n; i++)
        values[i] = value;
    return tensor;
}

static char *one(struct onnx_graph *g, const char *type, const char *output, char *input)
{
    Onnx__NodeProto *node = onnx_node(g, type, output, 1);
    onnx_input(node, input);
    return node->name;
}

static char *two(struct onnx_graph *g, const char *type, const char *output, char *a, char *b)
{
    Onnx__NodeProto *node = onnx_node(g, type, output, 2);
    onnx_input(node, a);
    onnx_input(node, b);
    return node->name;
}

/* input (N, k) times the transposed weight (n, k), and a bias (n). */
static char *gemm(struct onnx_graph *g, const char *output, char *input, char *weight, char *bias)
{
    Onnx__NodeProto *node = onnx_node(g, "Gemm", output, 3);
    onnx_input(node, input);
    onnx_input(node, weight);
    onnx_input(node, bias);
    onnx_int(g, node, "transB", 1);
    return node->name;
}

static char *softmax(struct onnx_graph *g, const char *output, char *input)
{
    Onnx__NodeProto *node = onnx_node(g, "Softmax", output, 1);
    onnx_input(node, input);
    onnx_int(g, node, "axis", 1);
    return node->name;
}

/* ---- linear ---- */

static char *write_linear(struct onnx_graph *g, const struct model_form *form, char *input)
{
    const struct form_linear *l = &form->linear;
    size_t n = form->floats, classes = form->n_classes;
    char *centred = two(g, "Sub", "centred", input, copy_tensor(g, "mean", n, 0, l->mean));
    char *scaled = two(g, "Mul", "scaled", centred, copy_tensor(g, "scale", n, 0, l->scale));
    char *weight = copy_tensor(g, "weight", classes, n, l->weight);
    return softmax(g, "probabilities",
                   gemm(g, "logits", scaled, weight, copy_tensor(g, "bias", classes, 0, l->bias)));
}

/* ---- trees ---- */

/* What a leaf does not have counts for nothing. */
static void put_nodes(struct onnx_graph *g, Onnx__NodeProto *node, const struct form_trees *t)
{
    const char **mode = onnx_take(&g->block, t->n * sizeof *mode);
    int64_t *feature = onnx_take(&g->block, t->n * sizeof *feature);
    for (size_t i = 0; i < t->n; i++) {
        int is_leaf = t->feature[i] < 0;
        mode[i] = is_leaf ? "LEAF" : t->below ? "BRANCH_LT" : "BRANCH_LEQ";
        feature[i] = is_leaf ? 0 : t->feature[i];
    }
    onnx_longs(g, node, "nodes_treeids", t->tree, t->n);
    onnx_longs(g, node, "nodes_nodeids", t->id, t->n);
    onnx_longs(g, node, "nodes_featureids", feature, t->n);
    onnx_floats(g, node, "nodes_values", t->threshold, t->n);
    onnx_words(g, node, "nodes_modes", mode, t->n);
    onnx_longs(g, node, "nodes_truenodeids", t->yes, t->n);
    onnx_longs(g, node, "nodes_falsenodeids", t->no, t->n);
}

/* Values of leaves, of what operators call classes or targets. */
static void put_values(struct onnx_graph *g, Onnx__NodeProto *node, const struct form_trees *t,
                       const char *const name[4])
{
    int64_t *tree = onnx_take(&g->block, t->n_values * sizeof *tree);
    int64_t *id = onnx_take(&g->block, t->n_values * sizeof *id);
    for (size_t i = 0; i < t->n_values; i++) {
        tree[i] = t->tree[t->at[i]];
        id[i] = t->id[t->at[i]];
    }
    onnx_longs(g, node, name[0], tree, t->n_values);
    onnx_longs(g, node, name[1], id, t->n_values);
    onnx_longs(g, node, name[2], t->class, t->n_values);
    onnx_floats(g, node, name[3], t->value, t->n_values);
}

/* Logits: a regressor with a target for every class, which leaves nothing of two
 * classes to a runtime's rules. */
static char *write_boosted(struct onnx_graph *g, const struct model_form *form, char *input)
{
    static const char *const names[] = {"target_treeids", "target_nodeids", "target_ids", "target_weights"};
    Onnx__NodeProto *node = onnx_node(g, "TreeEnsembleRegressor", "logits", 1);
    onnx_more(g, node, 12);
    node->domain = onnx_text(&g->block, ONNX_ML);
    onnx_input(node, input);
    put_nodes(g, node, &form->trees);
    put_values(g, node, &form->trees, names);
    onnx_int(g, node, "n_targets", (int)form->n_classes);
    onnx_floats(g, node, "base_values", form->trees.base, form->n_classes);
    onnx_word(g, node, "aggregate_function", "SUM");
    onnx_word(g, node, "post_transform", "NONE");
    return softmax(g, "probabilities", node->name);
}

/* Shares of classes: a classifier, whose first output is the predicted one. */
static char *write_forest(struct onnx_graph *g, const struct model_form *form, char *input)
{
    static const char *const names[] = {"class_treeids", "class_nodeids", "class_ids", "class_weights"};
    Onnx__NodeProto *node = onnx_node(g, "TreeEnsembleClassifier", "probabilities", 1);
    int64_t *label = onnx_take(&g->block, form->n_classes * sizeof *label);
    char **output = onnx_take(&g->block, 2 * sizeof *output), *probabilities = node->output[0], name[80];
    for (size_t c = 0; c < form->n_classes; c++)
        label[c] = (int64_t)c;
    onnx_more(g, node, 10);
    node->domain = onnx_text(&g->block, ONNX_ML);
    onnx_input(node, input);
    snprintf(name, sizeof name, "label.%s", probabilities);
    output[0] = onnx_text(&g->block, name);
    output[1] = probabilities;
    node->output = output;
    node->n_output = 2;
    put_nodes(g, node, &form->trees);
    put_values(g, node, &form->trees, names);
    onnx_longs(g, node, "classlabels_int64s", label, form->n_classes);
    onnx_word(g, node, "post_transform", "NONE");
    return probabilities;
}

static char *write_trees(struct onnx_graph *g, const struct model_form *form, char *input)
{
    return form->trees.are_logits ? write_boosted(g, form, input) : write_forest(g, form, input);
}

/* ---- kernel machines ---- */

/* gamma (2 x v - |v|^2 - |x|^2) in one product and a sum. */
static char *write_rbf(struct onnx_graph *g, const struct form_kernel *k, size_t floats, char *input)
{
    const int dims[4] = {(int)k->n, (int)floats}, n[4] = {(int)k->n}, column[4] = {(int)floats, 1};
    float *weight, *bias, *square;
    char *weights = onnx_tensor(g, "vectors", dims, &weight), *biases = onnx_tensor(g, "lengths", n, &bias);
    char *squares = onnx_tensor(g, "gamma", column, &square);
    for (size_t i = 0; i < k->n; i++) {
        double sum = 0;
        for (size_t j = 0; j < floats; j++) {
            double v = (double)k->vector[i * floats + j];
            weight[i * floats + j] = (float)(2 * k->gamma * v);
            sum += v * v;
        }
        bias[i] = (float)(-k->gamma * sum);
    }
    for (size_t j = 0; j < floats; j++)
        square[j] = (float)-k->gamma;
    char *cross = gemm(g, "cross", input, weights, biases);
    char *own = two(g, "MatMul", "own", two(g, "Mul", "squares", input, input), squares);
    return one(g, "Exp", "kernel", two(g, "Add", "exponents", cross, own));
}

/* A matrix (classes, pairs): 1 and -1 for the two of a pair, times `sign`. */
static char *pair_matrix(struct onnx_graph *g, const char *name, size_t n, size_t pairs, float sign)
{
    const int dims[4] = {(int)n, (int)pairs};
    float *values;
    char *tensor = onnx_tensor(g, name, dims, &values);
    size_t pair = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++, pair++) {
            values[i * pairs + pair] = sign;
            values[j * pairs + pair] = -sign;
        }
    return tensor;
}

/* Votes of all pairs, the first of a pair's unless its decision is negative; and by less than half of one,
 * how sure they are. */
static char *write_votes(struct onnx_graph *g, size_t n, size_t pairs, char *decision)
{
    const int dims[4] = {(int)n};
    float *first;
    char *sums =
        gemm(g, "sums", decision, pair_matrix(g, "sides", n, pairs, 1), fill_tensor(g, "zeros", n, 0));
    char *negative = two(g, "Less", "negative", decision, fill_tensor(g, "zero", 1, 0));
    Onnx__NodeProto *cast = onnx_node(g, "Cast", "turned", 1);
    onnx_input(cast, negative);
    onnx_int(g, cast, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    char *firsts = onnx_tensor(g, "firsts", dims, &first);
    for (size_t i = 0; i < n; i++)
        first[i] = (float)(n - 1 - i);
    char *votes = gemm(g, "votes", cast->name, pair_matrix(g, "turns", n, pairs, -1), firsts);
    char *more = two(g, "Add", "sizes1", one(g, "Abs", "sizes", sums), fill_tensor(g, "one", 1, 1));
    char *shares =
        two(g, "Div", "shares", sums, two(g, "Mul", "sizes3", more, fill_tensor(g, "three", 1, 3)));
    return two(g, "Add", "scores", votes, shares);
}

/* Of two classes the decision is the logit of the first. */
static char *write_pair(struct onnx_graph *g, char *decision)
{
    const float weight[2] = {1, 0};
    return gemm(g, "scores", decision, copy_tensor(g, "sides", 2, 1, weight), fill_tensor(g, "zeros", 2, 0));
}

/* Classes that there were none of have no probability. */
static char *spread(struct onnx_graph *g, const struct model_form *form, char *of_there)
{
    const struct form_kernel *k = &form->kernel;
    const int dims[4] = {(int)k->n_there, (int)form->n_classes};
    float *values;
    char *places = onnx_tensor(g, "places", dims, &values);
    for (size_t i = 0; i < k->n_there; i++)
        values[i * form->n_classes + (size_t)k->class[i]] = 1;
    return two(g, "MatMul", "probabilities", of_there, places);
}

static char *write_kernel(struct onnx_graph *g, const struct model_form *form, char *input)
{
    const struct form_kernel *k = &form->kernel;
    const int pairs[4] = {(int)k->pairs};
    float *rho;
    char *kernel = k->is_rbf
                       ? write_rbf(g, k, form->floats, input)
                       : gemm(g, "kernel", input, copy_tensor(g, "vectors", k->n, form->floats, k->vector),
                              fill_tensor(g, "nothing", k->n, 0));
    char *rhos = onnx_tensor(g, "rho", pairs, &rho);
    for (size_t p = 0; p < k->pairs; p++)
        rho[p] = -k->rho[p];
    char *decision = gemm(g, "decisions", kernel, copy_tensor(g, "coef", k->pairs, k->n, k->coef), rhos);
    char *scores = k->n_there == 2 ? write_pair(g, decision) : write_votes(g, k->n_there, k->pairs, decision);
    if (k->n_there == form->n_classes)
        return softmax(g, "probabilities", scores);
    return spread(g, form, softmax(g, "shares_of_there", scores));
}

char *onnx_form_write(struct onnx_graph *g, const struct model_form *form, char *input)
{
    return form->kind == FORM_LINEAR  ? write_linear(g, form, input)
           : form->kind == FORM_TREES ? write_trees(g, form, input)
                                      : write_kernel(g, form, input);
}

/* A node of a tree: numbers, and its mode as a text of its own; a value of a leaf with where it stands. */
size_t onnx_form_bytes(const struct model_form *form)
{
    const struct form_trees *t = &form->trees;
    const struct form_kernel *k = &form->kernel;
    size_t classes = form->n_classes;
    size_t linear = form->kind == FORM_LINEAR ? (classes + 2) * (form->floats + 1) : 0;
    size_t kernel = k->n * (form->floats + k->pairs + 2) + 2 * form->floats +
                    (2 * classes + 3) * (k->pairs + 1) + classes * classes;
    return t->n * 128 + t->n_values * 64 + (linear + kernel + 8 * classes) * sizeof(float);
}
