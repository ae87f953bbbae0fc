/* Operations of a Transformer (net/nodes.h) as those of ONNX, operator set 13. */
#include "predict/onnx_graph.h"

#include <math.h>
#include <string.h>

static char *transpose(struct onnx_graph *g, const struct node *node, const char *what, char *input, int rank,
                       const int *order)
{
    Onnx__NodeProto *out = onnx_apply(g, node, "Transpose", what, input, NULL);
    onnx_ints(g, out, "perm", rank, order);
    return out->name;
}

/* Element `index` along an axis, which goes. */
static char *gather(struct onnx_graph *g, const struct node *node, const char *what, const char *index_name,
                    char *input, int axis, int index)
{
    Onnx__NodeProto *out =
        onnx_apply(g, node, "Gather", what, input, onnx_numbers(g, node, index_name, 0, &index));
    onnx_int(g, out, "axis", axis);
    return out->name;
}

/* Rows and columns that patches fill. */
static char *crop(struct onnx_graph *g, const struct node *node, char *input)
{
    static const int axes[] = {2, 3};
    int side = node->units, top = node->in.h % side / 2, left = node->in.w % side / 2;
    const int from[] = {top, left}, to[] = {top + node->in.h / side * side, left + node->in.w / side * side};
    Onnx__NodeProto *out =
        onnx_apply(g, node, "Slice", "middle", input, onnx_numbers(g, node, "from", 2, from));
    onnx_input(out, onnx_numbers(g, node, "to", 2, to));
    onnx_input(out, onnx_numbers(g, node, "axes", 2, axes));
    return out->name;
}

/* From (N, channels, rows, columns). */
char *onnx_patches(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    static const int order[] = {0, 2, 4, 3, 5, 1};
    int side = node->units, down = node->in.h / side, across = node->in.w / side;
    const int squares[] = {0, node->in.c, down, side, across, side}, tokens[] = {0, node->out.h, node->out.c};
    (void)params;
    if (node->in.h % side || node->in.w % side)
        input = crop(g, node, input);
    input = onnx_reshape(g, node, "squares", "squares.shape", input, 6, squares);
    input = transpose(g, node, "channels_last", input, 6, order);
    return onnx_reshape(g, node, NULL, "shape", input, 3, tokens);
}

/* Zeros stand where the class token goes, and it is added with the positions. */
char *onnx_class_token(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    static const int pads[] = {0, 1, 0, 0, 0, 0};
    const int dims[4] = {node->out.h, node->out.c};
    const float *token = params + node->param;
    float *values;
    char *pad = onnx_apply(g, node, "Pad", "room", input, onnx_numbers(g, node, "pads", 6, pads))->name;
    char *tensor = onnx_part(g, node, "positions", dims, &values);
    memcpy(values, token + node->out.c, tensor_floats(node->out) * sizeof *values);
    for (int i = 0; i < node->out.c; i++)
        values[i] += token[i];
    return onnx_apply(g, node, "Add", NULL, pad, tensor)->name;
}

/* MatMul takes weights (in, out). */
char *onnx_linear(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int dims[4] = {node->in.c, node->units}, bias[4] = {node->units};
    const float *weight = params + node->param;
    float *values;
    char *tensor = onnx_part(g, node, "weight", dims, &values);
    for (int i = 0; i < node->in.c; i++)
        for (int o = 0; o < node->units; o++)
            *values++ = weight[(size_t)o * (size_t)node->in.c + (size_t)i];
    char *product = onnx_apply(g, node, "MatMul", "product", input, tensor)->name;
    weight += (size_t)node->in.c * (size_t)node->units;
    return onnx_apply(g, node, "Add", NULL, product, onnx_parameters(g, node, "bias", bias, weight))->name;
}

/* softmax(q k' / sqrt(columns of a head)) v of (N, heads, tokens, columns). */
static char *attend(struct onnx_graph *g, const struct node *node, char *q, char *k, char *v)
{
    static const int turned[] = {0, 1, 3, 2};
    double columns = (double)node->out.c / node->units;
    char *product =
        onnx_apply(g, node, "MatMul", "product", q, transpose(g, node, "keys.turned", k, 4, turned))->name;
    char *scaled =
        onnx_apply(g, node, "Mul", "scaled", product, onnx_constant(g, node, "scale", 1 / sqrt(columns)))
            ->name;
    Onnx__NodeProto *shares = onnx_apply(g, node, "Softmax", "shares", scaled, NULL);
    onnx_int(g, shares, "axis", -1);
    return onnx_apply(g, node, "MatMul", "heads", shares->name, v)->name;
}

char *onnx_attention(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    static const int three_first[] = {2, 0, 3, 1, 4}, tokens_first[] = {0, 2, 1, 3};
    const int apart[] = {0, node->in.h, 3, node->units, node->out.c / node->units},
              together[] = {0, node->in.h, node->out.c}, alone[] = {0, node->out.c};
    (void)params;
    input = onnx_reshape(g, node, "apart", "apart.shape", input, 5, apart);
    input = transpose(g, node, "three", input, 5, three_first);
    char *heads =
        attend(g, node, gather(g, node, "queries", "zero", input, 0, 0),
               gather(g, node, "keys", "one", input, 0, 1), gather(g, node, "values", "two", input, 0, 2));
    if (node->op == &op_class_attention)
        return onnx_reshape(g, node, NULL, "shape", gather(g, node, "class", "first", heads, 2, 0), 2, alone);
    return onnx_reshape(g, node, NULL, "shape", transpose(g, node, "tokens", heads, 4, tokens_first), 3,
                        together);
}

char *onnx_first_token(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    return gather(g, node, NULL, "index", input, 1, 0);
}

static char *mean(struct onnx_graph *g, const struct node *node, const char *what, char *input)
{
    static const int last[] = {-1};
    Onnx__NodeProto *out = onnx_apply(g, node, "ReduceMean", what, input, NULL);
    onnx_ints(g, out, "axes", 1, last);
    return out->name;
}

/* Of parts, so that runtimes without operator set 17 read it. */
char *onnx_layer_norm(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    const int dims[4] = {node->in.c};
    const float *weight = params + node->param;
    char *centred = onnx_apply(g, node, "Sub", "centred", input, mean(g, node, "mean", input))->name;
    char *square = onnx_apply(g, node, "Mul", "square", centred, centred)->name;
    char *moved = onnx_apply(g, node, "Add", "moved", mean(g, node, "variance", square),
                             onnx_constant(g, node, "epsilon", LAYER_NORM_EPSILON))
                      ->name;
    char *deviation = onnx_apply(g, node, "Sqrt", "deviation", moved, NULL)->name;
    char *normal = onnx_apply(g, node, "Div", "normal", centred, deviation)->name;
    char *scaled =
        onnx_apply(g, node, "Mul", "scaled", normal, onnx_parameters(g, node, "weight", dims, weight))->name;
    return onnx_apply(g, node, "Add", NULL, scaled,
                      onnx_parameters(g, node, "bias", dims, weight + node->in.c))
        ->name;
}

/* x (1 + erf(x / sqrt(2))) / 2 */
char *onnx_gelu(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    char *scaled =
        onnx_apply(g, node, "Mul", "scaled", input, onnx_constant(g, node, "scale", sqrt(0.5)))->name;
    char *erf = onnx_apply(g, node, "Erf", "erf", scaled, NULL)->name;
    char *twice = onnx_apply(g, node, "Add", "twice", erf, onnx_constant(g, node, "one", 1))->name;
    char *share = onnx_apply(g, node, "Mul", "share", twice, onnx_constant(g, node, "half", 0.5))->name;
    return onnx_apply(g, node, "Mul", NULL, input, share)->name;
}

char *onnx_add(struct onnx_graph *g, const struct node *node, const float *params, char *input)
{
    (void)params;
    return onnx_apply(g, node, "Add", NULL, input, onnx_read(g, node, 1))->name;
}
