#include "bench/floor.h"

#include "kernels/kernels.h"
#include "bench/stopwatch.h"

#include <cblas.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GEMM_SIZE = 2048, NAME_BYTES = 64 };

struct floor {
    pid_t child;
    FILE *to, *from;
    const struct kernels *registers; /* NULL: none */
    char sgemm_kernels[NAME_BYTES];
};

extern char **environ;

/* This environment without what would choose other kernels; pointers into it. The caller frees the array. */
static char **clean_environment(struct err *err)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **clean = err_calloc(n + 1, sizeof *clean, "the environment of the sgemm process", err);
    for (size_t i = 0; clean && i < n; i++)
        if (strncmp(environ[i], "OPENBLAS_CORETYPE=", 18) != 0 &&
            strncmp(environ[i], "OPENBLAS_L2_SIZE=", 17) != 0)
            clean[kept++] = environ[i];
    return clean;
}

/* Spawns the child with its stdin and stdout at the two descriptors. 0 or an errno. */
static int spawn_server(pid_t *child, int in, int out, char **environment)
{
    char *argv[] = {(char[]){"cellsweep"}, (char[]){"bench"}, (char[]){"--" FLOOR_OPTION}, NULL};
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (rc == 0)
        rc = posix_spawn(child, "/proc/self/exe", &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int fail(struct err *err, const char *why)
{
    return err_set(err, E_IO, "bench: the process that measures sgemm %s; try again, or look at `ulimit -u`",
                   why);
}

/* The pipes to the child and its first line. */
static int open_server(struct floor *f, struct err *err)
{
    int down[2] = {-1, -1}, up[2] = {-1, -1}, rc;
    char **environment = clean_environment(err);
    if (!environment)
        return E_IO;
    rc = pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0 ? errno : 0;
    if (rc == 0)
        rc = spawn_server(&f->child, down[0], up[1], environment);
    free(environment);
    f->to = rc == 0 ? fdopen(down[1], "w") : NULL;
    f->from = rc == 0 ? fdopen(up[0], "r") : NULL;
    for (int i = 0; i < 2; i++) {
        if (down[i] >= 0 && (i == 0 || !f->to))
            close(down[i]);
        if (up[i] >= 0 && (i == 1 || !f->from))
            close(up[i]);
    }
    if (!f->to || !f->from || !fgets(f->sgemm_kernels, NAME_BYTES, f->from))
        return fail(err, "cannot be started");
    f->sgemm_kernels[strcspn(f->sgemm_kernels, "\n")] = 0;
    return 0;
}

/* The table with the widest vectors this CPU runs, whatever --isa says. */
static const struct kernels *register_kernels(void)
{
    const struct kernels *best = kernels_get(kernels_best(), NULL);
    return best && best->peak ? best : NULL;
}

int floor_start(struct floor **out, struct err *err)
{
    struct floor *f = err_calloc(1, sizeof *f, "the floor of a benchmark", err);
    if (!f)
        return E_IO;
    f->child = -1;
    f->registers = register_kernels();
    if (open_server(f, err) < 0) {
        floor_end(f);
        return err->code;
    }
    *out = f;
    return 0;
}

static double register_rate(const struct kernels *k)
{
    const size_t rounds = 1 << 21; /* 30 ms */
    if (!k)
        return 0;
    double start = stopwatch_now(), flop = k->peak(rounds);
    return flop / (stopwatch_now() - start);
}

int floor_sample(struct floor *f, struct floor_rates *rates, struct err *err)
{
    double seconds = 0, flop = 0;
    if (fputc('\n', f->to) == EOF || fflush(f->to) == EOF ||
        fscanf(f->from, "%lf %lf", &seconds, &flop) != 2 || !(seconds > 0))
        return fail(err, "is gone");
    rates->sgemm = flop / seconds;
    rates->registers = register_rate(f->registers);
    return 0;
}

const char *floor_sgemm_kernels(const struct floor *f)
{
    return f->sgemm_kernels;
}

const char *floor_register_kernels(const struct floor *f)
{
    return f->registers ? f->registers->name : "none";
}

double floor_rate(struct floor_rates rates)
{
    double registers = 0.95 * rates.registers;
    return rates.sgemm > registers ? rates.sgemm : registers;
}

void floor_end(struct floor *f)
{
    if (!f)
        return;
    if (f->to)
        fclose(f->to);
    if (f->from)
        fclose(f->from);
    while (f->child > 0 && waitpid(f->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(f);
}

/* Three matrices, filled. */
static float *new_matrices(struct err *err)
{
    const size_t floats = 3 * (size_t)GEMM_SIZE * GEMM_SIZE;
    float *matrix = err_calloc(floats, sizeof *matrix, "the matrices of a benchmark", err);
    for (size_t i = 0; matrix && i < floats; i++)
        matrix[i] = (float)(i % 17) * 0.1F;
    return matrix;
}

static void multiply(float *matrix)
{
    const size_t floats = (size_t)GEMM_SIZE * GEMM_SIZE;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM_SIZE, GEMM_SIZE, GEMM_SIZE, 1.0F, matrix,
                GEMM_SIZE, matrix + floats, GEMM_SIZE, 0.0F, matrix + 2 * floats, GEMM_SIZE);
}

int floor_serve(struct err *err)
{
    float *matrix = new_matrices(err);
    if (!matrix)
        return E_IO;
    openblas_set_num_threads(1);
    multiply(matrix);
    printf("%s\n", openblas_get_corename());
    while (fflush(stdout) != EOF && getchar() != EOF) {
        double start = stopwatch_now();
        multiply(matrix);
        printf("%.9g %.9g\n", stopwatch_now() - start, 2.0 * GEMM_SIZE * GEMM_SIZE * GEMM_SIZE);
    }
    free(matrix);
    return 0;
}
