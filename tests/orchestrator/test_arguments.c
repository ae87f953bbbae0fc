/* Rows of options: every type, every way of writing them, and the one line about what is wrong. */
#include "arguments.h"

#include "command.h"
#include "kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *path, *filter, *output;
    int loud, quiet, count, upper;
    double seconds, interval;
    enum { RED, GREEN, BLUE } colour;
    enum kernels_isa isa;
    struct arguments_list set;
    struct arguments_rest rest;
};

static const char *const colours[] = {"red", "green", "blue"};

static int take_upper(const char *text, void *field, struct err *err)
{
    if (text[0] < 'A' || text[0] > 'Z')
        return err_set(err, E_IO, "'%s' begins with no capital", text);
    *(int *)field = text[0];
    return 0;
}

static const struct argument rows[] = {
    ARGUMENT_RESULTS(path),
    {"output", 'o', ARGUMENT_TEXT, "FILE", AT(output), .is_needed = 1, .help = "o"},
    {NULL, 0, ARGUMENT_REST, "IMAGE", AT(rest), .help = NULL},
    ARGUMENT_FILTER(filter),
    ARGUMENT_SET(set),
    ARGUMENT_ISA(isa, "auto"),
    {"loud", 'l', ARGUMENT_FLAG, NULL, AT(loud), .help = "l"},
    {"quiet", 'q', ARGUMENT_FLAG, NULL, AT(quiet), .help = "q"},
    {"count", 'c', ARGUMENT_WHOLE, "N", AT(count), -3, 12, .help = "c"},
    {"seconds", 's', ARGUMENT_REAL, "S", AT(seconds), 0.5, 1e6, .help = "s"},
    {"watch", 'w', ARGUMENT_REAL, "S", AT(interval), 0.1, 9, .fallback = (char[]){"2"}, .help = "w"},
    {"colour", 0, ARGUMENT_CHOICE, "C", AT(colour), GREEN, BLUE, colours, .help = "green or blue"},
    {"upper", 'u', ARGUMENT_CALL, "U", AT(upper), .take = take_upper, .help = "u"},
    {"hidden-server", 0, ARGUMENT_FLAG, NULL, AT(loud), .help = NULL},
    {0}};

/* Parse the words of a line, separated by spaces, after "R.h5 -o X" when it does not begin with a '!'. */
static int parse_with(const struct argument *table, const char *line, struct options *o, struct err *err)
{
    static char copy[4096];
    static char *argv[2048];
    int argc = 1;
    char *rest = NULL;
    argv[0] = copy;
    snprintf(copy, sizeof copy, "%s%s", *line == '!' ? "" : "R.h5 -o X ", line + (*line == '!'));
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    argv[argc] = NULL;
    *o = (struct options){.count = 7};
    *err = (struct err){0};
    return arguments_parse("test", table, argc, argv, o, err);
}

static struct options parse(const char *line)
{
    struct options o;
    struct err err;
    if (parse_with(rows, line, &o, &err) != 0)
        fail_msg("%s: %s", line, err.text);
    assert_string_equal(o.path, "R.h5");
    assert_string_equal(o.output, "X");
    return o;
}

static void refused(const char *line, const char *want)
{
    struct options o;
    struct err err;
    int rc = parse_with(rows, line, &o, &err);
    if (rc != E_USAGE || err.code != E_USAGE || strcmp(err.text, want) != 0)
        fail_msg("'%s' is %d: %s\nwanted: %s", line, rc, err.text, want);
}

static void every_type_has_its_field(void **state)
{
    (void)state;
    struct options o =
        parse("-l --count=-3 --seconds 1e6 --colour blue --isa blas -u Zebra -f seed=1 -w0.25 a b");
    assert_int_equal(o.loud, 1);
    assert_int_equal(o.quiet, 0);
    assert_int_equal(o.count, -3);
    assert_true(o.seconds >= 1e6 && o.seconds <= 1e6);
    assert_int_equal(o.colour, BLUE);
    assert_int_equal(o.isa, KERNELS_BLAS);
    assert_int_equal(o.upper, 'Z');
    assert_string_equal(o.filter, "seed=1");
    assert_true(o.interval >= 0.25 && o.interval <= 0.25);
    assert_int_equal(o.rest.n, 2);
    assert_string_equal(o.rest.text[1], "b");
    o = parse("");
    assert_int_equal(o.count, 7); /* a default stays */
    assert_int_equal(o.rest.n, 0);
    assert_null(o.filter);
}

static void options_are_written_in_many_ways(void **state)
{
    (void)state;
    struct options o = parse("!-qlc4 R.h5 --outp X"); /* grouped letters, their value, and a beginning */
    assert_int_equal(o.quiet + o.loud, 2);
    assert_int_equal(o.count, 4);
    assert_int_equal(parse("-c 5").count, 5);
    assert_int_equal(parse("--count 5").count, 5);
    assert_int_equal(parse("--cou=5").count, 5);
    assert_int_equal(parse("-c 5 -c 6").count, 6);
    assert_string_equal(parse("--filt=a=b=c").filter, "a=b=c");
    assert_string_equal(parse("--filter -q").filter, "-q");
    assert_true(parse("--watch").interval >= 2);
    assert_true(parse("-w3").interval >= 3);
    o = parse("-w 3"); /* an optional value is attached, or it is a word */
    assert_string_equal(o.rest.text[0], "3");
    o = parse("one -q - -- --loud -x");
    assert_int_equal(o.quiet, 1);
    assert_int_equal(o.loud, 0);
    assert_int_equal(o.rest.n, 4);
    assert_string_equal(o.rest.text[1], "-");
    assert_string_equal(o.rest.text[2], "--loud");
    assert_int_equal(parse("--hidden-server").loud, 1);
}

static void a_list_keeps_every_value_in_order(void **state)
{
    char line[4000] = "";
    struct options o = parse("--set a=1 --quiet --set=b=2 --set c=3");
    struct err err;
    (void)state;
    assert_int_equal(o.set.n, 3);
    assert_string_equal(o.set.text[0], "a=1");
    assert_string_equal(o.set.text[2], "c=3");
    for (int i = 0; i < ARGUMENTS_LIST; i++)
        strcat(line, "--set v ");
    assert_int_equal(parse_with(rows, line, &o, &err), 0);
    assert_int_equal(o.set.n, ARGUMENTS_LIST);
    strcat(line, "--set v ");
    refused(line, "test: more than 256 --set");
}

static void values_out_of_range_are_named(void **state)
{
    (void)state;
    static const char *const count[] = {"-4", "13", "x", "4x", "1.5", "", "99999999999999999999"};
    static const char *const seconds[] = {"0.4", "1000001", "nan", "inf", "1s", ""};
    for (size_t i = 0; i < sizeof count / sizeof *count; i++) {
        char line[64], want[128];
        snprintf(line, sizeof line, "--count=%s", count[i]);
        snprintf(want, sizeof want, "test: --count '%s' is not a whole number from -3 to 12", count[i]);
        refused(line, want);
    }
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        char line[64], want[128];
        snprintf(line, sizeof line, "--seconds=%s", seconds[i]);
        snprintf(want, sizeof want, "test: --seconds '%s' is not a number from 0.5 to 1000000", seconds[i]);
        refused(line, want);
    }
    refused("--colour gray", "test: --colour 'gray' is not one of green, blue");
    refused("--colour red", "test: --colour 'red' is not one of green, blue"); /* below min */
    refused("--isa sse9",
            "test: --isa: unknown instruction set 'sse9'; use auto, reference, blas, avx2 or avx512");
    struct options o;
    struct err err;
    assert_int_equal(parse_with(rows, "-u low", &o, &err), E_IO); /* the code of take() */
    assert_string_equal(err.text, "test: --upper: 'low' begins with no capital");
}

static void what_is_no_option_is_named_with_the_remedy(void **state)
{
    (void)state;
    refused("--filtr x", "test: unknown option --filtr; did you mean --filter?");
    refused("--colur=blue", "test: unknown option --colur; did you mean --colour?");
    refused("--filters=x", "test: unknown option --filters; did you mean --filter?");
    refused("--zz", "test: unknown option --zz; `cellsweep test --help` lists them");
    refused("--hidden-sever", "test: unknown option --hidden-sever; `cellsweep test --help` lists them");
    refused("--=3",
            "test: -- may be --output, --filter, --set, --isa, --loud, --quiet, --count, --seconds, "
            "--watch, --colour, --upper, --hidden-server, --help, --usage, --version; write more of it");
    refused("--s x", "test: --s may be --set, --seconds; write more of it");
    refused("-x", "test: unknown option -x; `cellsweep test --help` lists them");
    refused("-qx", "test: unknown option -x; `cellsweep test --help` lists them");
    refused("--quiet=1", "test: --quiet takes no value");
    refused("--cou", "test: --count needs a value: --count=N");
    refused("-qc", "test: --count needs a value: --count=N");
}

static void words_must_be_there_and_no_more(void **state)
{
    struct options o;
    struct err err;
    static const struct argument one[] = {ARGUMENT_RESULTS(path), ARGUMENT_WORD("DIR", output, 0), {0}};
    (void)state;
    refused("!-o X",
            "test: give RESULTS.h5; usage: cellsweep test [OPTION...] RESULTS.h5 -o FILE [IMAGE...]");
    refused("!R.h5", "test: give --output; usage: cellsweep test [OPTION...] RESULTS.h5 -o FILE [IMAGE...]");
    assert_int_equal(parse_with(one, "!R.h5", &o, &err), 0);
    assert_null(o.output);
    assert_int_equal(parse_with(one, "!R.h5 D", &o, &err), 0);
    assert_string_equal(o.output, "D");
    assert_int_equal(parse_with(one, "!R.h5 D E", &o, &err), E_USAGE);
    assert_string_equal(err.text,
                        "test: one argument too many: E; usage: cellsweep test [OPTION...] RESULTS.h5 [DIR]");
}

static void help_is_no_error(void **state)
{
    static const struct {
        const char *line;
        int want;
    } asked[] = {{"!--help", ARGUMENT_HELP},      {"!-h", ARGUMENT_HELP},
                 {"!-?", ARGUMENT_HELP},          {"!-qh", ARGUMENT_HELP},
                 {"!--he --zz", ARGUMENT_HELP},   {"!--usage", ARGUMENT_USAGE},
                 {"!a b c -V", ARGUMENT_VERSION}, {"!--version", ARGUMENT_VERSION}};
    struct options o;
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_int_equal(parse_with(rows, asked[i].line, &o, &err), asked[i].want);
    refused("--zz --help", "test: unknown option --zz; `cellsweep test --help` lists them");
    assert_int_equal(parse("-- --help").rest.n, 1);
}

/* What is easily wrong in a table: a letter or name twice, a choice without names. */
static void check_rows(const struct command *command)
{
    for (const struct argument *row = command->rows; row->type; row++) {
        assert_true(row->offset < command->size);
        assert_true(row->type != ARGUMENT_CHOICE || (row->choice && row->max >= row->min));
        assert_true((row->type == ARGUMENT_CALL) == (row->take != NULL));
        assert_true(row->type == ARGUMENT_REST || (row->type == ARGUMENT_FLAG) == !row->value);
        assert_true((row->type != ARGUMENT_WHOLE && row->type != ARGUMENT_REAL) || row->max > row->min);
        assert_true(row->letter != 'h' && row->letter != 'V');
        for (const struct argument *other = row + 1; other->type && row->name; other++) {
            assert_true(!row->letter || other->letter != row->letter);
            assert_true(!other->name || strcmp(other->name, row->name) != 0);
        }
    }
}

static void the_tables_of_the_commands_are_sound(void **state)
{
    static const struct command *const all[] = {&cmd_plan,   &cmd_run,    &cmd_grow,    &cmd_status,
                                                &cmd_report, &cmd_export, &cmd_predict, &cmd_serve,
                                                &cmd_bench,  &cmd_doctor};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check_rows(all[i]);
    for (const struct command *const *verb = cmd_data.verbs; *verb; verb++)
        check_rows(*verb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_field),
        cmocka_unit_test(options_are_written_in_many_ways),
        cmocka_unit_test(a_list_keeps_every_value_in_order),
        cmocka_unit_test(values_out_of_range_are_named),
        cmocka_unit_test(what_is_no_option_is_named_with_the_remedy),
        cmocka_unit_test(words_must_be_there_and_no_more),
        cmocka_unit_test(help_is_no_error),
        cmocka_unit_test(the_tables_of_the_commands_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
