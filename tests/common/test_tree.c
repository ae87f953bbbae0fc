/* YAML to a tree that knows its lines; overrides; what is refused. */
#include "settings/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct tree *parse(const char *text)
{
    struct tree *root = NULL;
    struct err err = {0};
    if (tree_parse(text, "x.yaml", &root, &err) < 0)
        fail_msg("%s", err.text);
    return root;
}

static void assert_refused(const char *text, const char *expected)
{
    struct tree *root = NULL;
    struct err err = {0};
    assert_int_equal(tree_parse(text, "x.yaml", &root, &err), E_USAGE);
    assert_null(root);
    if (!strstr(err.text, expected))
        fail_msg("'%s' does not contain '%s'", err.text, expected);
}

static void nested_values_and_lines(void **state)
{
    (void)state;
    struct tree *root = parse("a: 1\nb:\n  c: [x, 'y', [2, 3]]\n");
    assert_string_equal(tree_get(root, "a")->text, "1");
    const struct tree *list = tree_get(tree_get(root, "b"), "c");
    assert_int_equal(list->line, 3);
    assert_int_equal(tree_count(list), 3);
    assert_int_equal(list->child->quoted, 0);
    assert_int_equal(list->child->next->quoted, 1);
    assert_int_equal(list->child->next->next->kind, TREE_LIST);
    assert_null(tree_get(root, "nope"));
    tree_free(root);
}

static void calls_are_one_text(void **state)
{
    (void)state;
    struct tree *root = parse("a: {b: log(1e-4, 1e-2), c: log(1e-6, 1e-2), d: [1, 2], e: cut (here, f: g}\n");
    const struct tree *a = tree_get(root, "a");
    assert_int_equal(tree_count(a), 5);
    assert_string_equal(tree_get(a, "b")->text, "log(1e-4, 1e-2)");
    assert_string_equal(tree_get(a, "c")->text, "log(1e-6, 1e-2)");
    assert_string_equal(tree_get(a, "e")->text, "cut (here");
    tree_free(root);
    assert_refused("a: {b: log(1e-4, c: 1}\n", "x.yaml:1: a '(' without its ')'");
}

static void overrides_replace_and_add(void **state)
{
    (void)state;
    struct tree *root = parse("train: {epochs: 100}\ngrid: {seed: [1, 2]}\n");
    assert_int_equal(tree_override(root, "train.epochs=20", NULL), 0);
    assert_int_equal(tree_override(root, "train.batch=8", NULL), 0);
    assert_int_equal(tree_override(root, "grid.seed={first: 1, count: 3}", NULL), 0);
    assert_string_equal(tree_get(tree_get(root, "train"), "epochs")->text, "20");
    assert_string_equal(tree_get(tree_get(root, "train"), "batch")->text, "8");
    assert_int_equal(tree_get(tree_get(root, "grid"), "seed")->kind, TREE_MAP);
    tree_free(root);
    root = parse("train: {epochs: 100}\ngrid: {cnn.stem: [4]}\n");
    assert_int_equal(tree_override(root, "grid.cnn.stem=[4, 8]", NULL), 0);
    assert_int_equal(tree_count(tree_get(root, "grid")), 1);
    assert_int_equal(tree_count(tree_get(root, "grid")->child), 2);
    assert_int_equal(tree_get(root, "grid")->child->child->line, 0);
    tree_free(root);
    root = parse("train: {epochs: 100}\ntrain.stop: {patience: 3, on: loss}\n");
    assert_int_equal(tree_override(root, "train.stop.patience=5", NULL), 0);
    assert_int_equal(tree_override(root, "train.stop.from=2", NULL), 0);
    assert_string_equal(tree_get(tree_get(root, "train.stop"), "patience")->text, "5");
    assert_string_equal(tree_get(tree_get(root, "train.stop"), "from")->text, "2");
    assert_int_equal(tree_count(tree_get(root, "train")), 1);
    struct err err = {0};
    assert_int_equal(tree_override(root, "nonsense", &err), E_USAGE);
    assert_non_null(strstr(err.text, "expected key=value"));
    assert_int_equal(tree_override(root, "train.epochs.deeper=1", &err), E_USAGE);
    assert_int_equal(tree_override(root, "train.epochs=[1", &err), E_USAGE);
    tree_free(root);
}

static const char *text_at(const struct tree *root, int block, const char *key)
{
    const struct tree *entry = tree_get(root, "grid")->child;
    for (; block > 1; block--)
        entry = entry->next;
    const struct tree *found = tree_get(entry, key);
    return found ? found->text : "none";
}

static void overrides_go_through_lists(void **state)
{
    struct err err = {0};
    (void)state;
    struct tree *root = parse("grid:\n- {a: 1, b.c: 2}\n- {a: 3}\n- {b: {c: 4}}\n");
    assert_int_equal(tree_override(root, "grid.a=7", &err), 0);
    assert_string_equal(text_at(root, 1, "a"), "7");
    assert_string_equal(text_at(root, 2, "a"), "7");
    assert_string_equal(text_at(root, 3, "a"), "none");
    assert_int_equal(tree_override(root, "grid.b.c=8", &err), 0);
    assert_string_equal(text_at(root, 1, "b.c"), "8");
    assert_string_equal(tree_get(tree_get(root, "grid")->child->next->next, "b")->child->text, "8");
    assert_int_equal(tree_override(root, "grid.3.a=9", &err), 0);
    assert_string_equal(text_at(root, 3, "a"), "9");
    assert_int_equal(tree_override(root, "grid.2=5", &err), 0);
    assert_string_equal(tree_get(root, "grid")->child->next->text, "5");
    assert_int_equal(tree_override(root, "grid.4.a=1", &err), E_USAGE);
    assert_string_equal(err.text, "--set grid.4.a=1: 'grid' has entries 1 to 3");
    assert_int_equal(tree_override(root, "grid.0.a=1", &err), E_USAGE);
    assert_int_equal(tree_override(root, "grid.z=1", &err), E_USAGE);
    assert_string_equal(err.text,
                        "--set grid.z=1: no entry of 'grid' has z; say which of the 3 is to have it: "
                        "--set grid.1.z=...");
    assert_int_equal(tree_override(root, "grid.2.a=1", &err), E_USAGE);
    assert_int_equal(tree_override(root, "grid.1.a=", &err), E_USAGE);
    assert_string_equal(err.text, "--set grid.1.a=: has no value behind the =");
    tree_free(root);
}

static void bad_yaml_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("a: 1\na: 2\n", "x.yaml:2: key 'a' stands twice");
    assert_refused("a: [1, 2\n", "x.yaml:");
    assert_refused("a: &x 1\nb: *x\n", "x.yaml:2: aliases");
    assert_refused("", "is empty");
    assert_refused("- 1\n- 2\n", "expected `key: value` lines");
    assert_refused("a: 1\n---\nb: 2\n", "a second document");
    assert_refused("a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "nested too deeply");
    assert_refused("a: \x01\n", "x.yaml");
}

static void unreadable_files(void **state)
{
    (void)state;
    struct tree *root = NULL;
    struct err err = {0};
    assert_int_equal(tree_read("/nonexistent/x.yaml", &root, &err), E_IO);
    assert_non_null(strstr(err.text, "/nonexistent/x.yaml: cannot read the sweep file"));
    assert_int_equal(tree_read("/", &root, &err), E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_values_and_lines),           cmocka_unit_test(calls_are_one_text),
        cmocka_unit_test(overrides_replace_and_add),         cmocka_unit_test(overrides_go_through_lists),
        cmocka_unit_test(bad_yaml_is_refused_with_its_line), cmocka_unit_test(unreadable_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
