/* What strategies make of logits: loss and gradient of a mini-batch, from the class sizes on, against PyTorch
 * (tests/golden/losses.py). */
#include "samples/batches.h"
#include "sections.h"
#include "strategies/balance.h"

#include "support/golden_cases.h"
#include "support/hand_dataset.h"
#include "support/strategy_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 64, MOST_CLASSES = 4, SIZE = 2, FIELDS = MOST_CLASSES + 3 };

struct golden {
    int n_classes, n, epoch;
    struct dataset *data;
    struct config config;
    float logits[MOST][MOST_CLASSES];
    double loss, gradient[MOST][MOST_CLASSES];
};

/* Fields of a line, cut in place. Returns how many. */
static int fields(char *line, char *out[FIELDS])
{
    int n = 0;
    for (char *p = strtok(line, ",\n"); p && n < FIELDS; p = strtok(NULL, ",\n"))
        out[n++] = p;
    return n;
}

static void begin_case(struct golden *g, char **field, int n)
{
    int count[MOST_CLASSES];
    g->n_classes = n - 3;
    g->epoch = atoi(field[2]);
    for (int c = 0; c < g->n_classes; c++)
        count[c] = atoi(field[c + 3]);
    g->data = noise_dataset(g->n_classes, count, SIZE, 1);
    g->config = noise_config(g->data, field[1], "holdout");
    g->n = g->data->n_images;
    g->config.batch = g->n;
    g->config.epochs = 10;
}

static void take_line(void *to, char *line)
{
    struct golden *g = to;
    char *field[FIELDS] = {0};
    int n = fields(line, field);
    if (strcmp(field[0], "case") == 0)
        begin_case(g, field, n);
    else if (strcmp(field[0], "set") == 0)
        assert_int_equal(config_set(&g->config, field[1], field[2], NULL), 0);
    else if (strcmp(field[0], "loss") == 0)
        g->loss = strtod(field[1], NULL);
    for (int c = 2; strcmp(field[0], "logits") == 0 && c < n; c++)
        g->logits[atoi(field[1])][c - 2] = strtof(field[c], NULL);
    for (int c = 2; strcmp(field[0], "gradient") == 0 && c < n; c++)
        g->gradient[atoi(field[1])][c - 2] = strtod(field[c], NULL);
}

/* All originals, rebalanced. */
static struct job_samples samples_of(const struct golden *g)
{
    struct job_samples s = {.recipe = recipe_plain()};
    for (int i = 0; i < g->n; i++) {
        const struct sample sample = {.image = i, .label = g->data->image[i].cluster - 1, .variant = -1};
        assert_int_equal(samples_add(&s.train, sample, NULL), 0);
    }
    struct balance balance = {.config = &g->config,
                              .data = g->data,
                              .job_key = "key",
                              .n_classes = g->n_classes,
                              .rng = balance_stream("key"),
                              .samples = &s.train,
                              .recipe = &s.recipe};
    assert_int_equal(balance_apply(g->config.strategy, &balance, NULL), 0);
    for (int i = 0; i < g->n; i++)
        s.train.sample[i].pixels = dataset_pixels(g->data, i);
    return s;
}

static int image_of(const struct golden *g, const float *pixels)
{
    return (int)((pixels - g->data->pixels) / (SIZE * SIZE));
}

/* Largest difference of the loss and the gradients of the batch of all images, relative to the loss or the
 * largest gradient. */
static double worst_error(const struct golden *g)
{
    struct job_samples s = samples_of(g);
    const struct loss_rule rule = recipe_loss(&s.recipe);
    struct batches batches;
    struct batch batch;
    float logits[MOST * MOST_CLASSES], gradient[MOST * MOST_CLASSES];
    size_t row = (size_t)g->n_classes;
    assert_int_equal(batches_new(&g->config, g->data, &s, "key", &batches, NULL), 0);
    batches_start(&batches, 0, g->epoch);
    assert_int_equal(batches_next(&batches, 0, &batch), g->n);
    for (size_t i = 0; i < (size_t)g->n; i++)
        memcpy(logits + i * row, g->logits[image_of(g, batch.image[i])], row * sizeof *logits);
    double loss = loss_gradient(gradient, logits, batch.target, batch.weight, g->n, g->n_classes, &rule);
    double worst = fabs(loss / g->loss - 1), error = 0, most = 0;
    for (size_t i = 0; i < (size_t)g->n; i++)
        for (size_t c = 0; c < row; c++) {
            double expected = g->gradient[image_of(g, batch.image[i])][c];
            error = fmax(error, fabs((double)gradient[i * row + c] - expected));
            most = fmax(most, fabs(expected));
        }
    batches_free(&batches);
    job_samples_free(&s);
    return fmax(worst, error / most);
}

static void losses_and_gradients_are_those_of_pytorch(void **state)
{
    static struct golden g;
    char line[GOLDEN_LINE] = "";
    double worst = 0;
    int n = 0;
    FILE *file = fopen("tests/golden/losses.csv", "r");
    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; golden_case(file, line, take_line, memset(&g, 0, sizeof g)); n++) {
        worst = fmax(worst, worst_error(&g));
        hand_dataset_free(g.data);
    }
    fclose(file);
    print_message("%d cases, worst relative error %.2g\n", n, worst);
    assert_int_equal(n, 7);
    assert_true(worst < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(losses_and_gradients_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
