#include "models/net/vit.h"

static int patches_in(int size, int patch)
{
    return (size / patch) * (size / patch);
}

static int check_patches(const struct vit_shape *s, struct err *err)
{
    int enough = s->patch;
    if (s->patch > s->size)
        return err_set(err, E_USAGE,
                       "vit.patch: a patch of %d pixels is larger than images of %d; make it %d or smaller",
                       s->patch, s->size, s->size);
    while (patches_in(s->size, enough) > VIT_MAX_TOKENS)
        enough++;
    if (enough == s->patch)
        return 0;
    return err_set(
        err, E_USAGE,
        "vit.patch: images of %d pixels have %d patches of %d pixels, more than %d; make it %d or larger",
        s->size, patches_in(s->size, s->patch), s->patch, VIT_MAX_TOKENS, enough);
}

static int check_heads(const struct vit_shape *s, struct err *err)
{
    int above = (s->width / s->heads + 1) * s->heads, fewer = s->heads;
    while (s->width % fewer != 0)
        fewer--;
    if (fewer == s->heads)
        return 0;
    return err_set(err, E_USAGE,
                   "vit.heads: %d heads cannot share a width of %d; make vit.width %d, or vit.heads %d",
                   s->heads, s->width, above, fewer);
}

/* Appends the way around what comes next: x, of node `from`, is added to it. */
static int add_around(struct nodes *out, int block, int half, int from, double rate)
{
    nodes_add(out, &op_dropout, "block%d.dropout%d", block, half)->rate = rate;
    nodes_add(out, &op_add, "block%d.add%d", block, half)->from[1] = from;
    return out->n - 1;
}

/* A block behind the last node. */
static void append_block(const struct vit_shape *s, int block, struct nodes *out)
{
    int x = out->n - 1, last = block == s->n_blocks;
    nodes_add(out, &op_layer_norm, "block%d.norm1", block);
    nodes_add(out, &op_linear, "block%d.qkv", block)->units = 3 * s->width;
    int qkv = out->n - 1;
    if (last) {
        nodes_add(out, &op_first_token, "class")->from[0] = x;
        x = out->n - 1;
    }
    struct node *attention =
        nodes_add(out, last ? &op_class_attention : &op_attention, "block%d.attention", block);
    attention->units = s->heads;
    attention->from[0] = qkv;
    nodes_add(out, &op_linear, "block%d.project", block)->units = s->width;
    x = add_around(out, block, 1, x, s->dropout);
    nodes_add(out, &op_layer_norm, "block%d.norm2", block);
    nodes_add(out, &op_linear, "block%d.mlp1", block)->units = s->mlp * s->width;
    nodes_add(out, &op_gelu, "block%d.gelu", block);
    nodes_add(out, &op_linear, "block%d.mlp2", block)->units = s->width;
    add_around(out, block, 2, x, s->dropout);
}

int vit_nodes(const struct vit_shape *shape, struct nodes *out, struct err *err)
{
    int rc = check_patches(shape, err);
    if (rc == 0)
        rc = check_heads(shape, err);
    nodes_start(out, (struct tensor_shape){shape->size, shape->size, shape->channels});
    if (rc < 0)
        return rc;
    nodes_add(out, &op_patches, "patches")->units = shape->patch;
    nodes_add(out, &op_linear, "embed")->units = shape->width;
    nodes_add(out, &op_class_token, "tokens");
    nodes_add(out, &op_dropout, "dropout")->rate = shape->dropout;
    for (int block = 1; block <= shape->n_blocks; block++)
        append_block(shape, block, out);
    nodes_add(out, &op_layer_norm, "norm");
    nodes_add(out, &op_linear, "logits")->units = shape->n_classes;
    return nodes_finish(out, err);
}

int vit_check(const struct vit_shape *shape, int max_batch, struct err *err)
{
    struct nodes nodes;
    int rc = vit_nodes(shape, &nodes, err);
    return rc < 0 ? rc : nodes_check_batch(&nodes, max_batch, err);
}
