/* load_serve PORT SECONDS CLIENTS IMAGE.png...: many clients at once, good, broken and hostile ones, against
 * a server on 127.0.0.1.
 *
 * Each client takes the next kind of request by a random stream of its own. What is right is known before:
 * answers to the images are asked for one by one first. Prints counts and rates; exits with 1 when a good
 * request got a wrong answer, a bad one was taken for good, or nothing was answered at all. */
#include "clock.h"
#include "support/http_client.h"
#include "rng.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_IMAGES = 32, MAX_CLIENTS = 256 };

struct image {
    char *bytes, *probabilities; /* what the server said when it was alone with it */
    size_t n;
};

enum kind {
    VALID,
    SEVERAL,
    MIXED,
    PROGRESS,
    SWEEP,
    CURVES,
    METRICS,
    TOO_LARGE,
    BROKEN_OFF,
    SLOW,
    GARBAGE,
    FOREIGN,
    HANG_UP,
    N_KINDS
};

static const char *const kind_names[N_KINDS] = {"one image",
                                                "8 images",
                                                "mixed with damaged ones",
                                                "progress",
                                                "document",
                                                "curves",
                                                "metrics",
                                                "8 MiB image, 65 MiB body",
                                                "broken off",
                                                "slow upload",
                                                "garbage",
                                                "foreign host",
                                                "hang up"};

static struct image images[MAX_IMAGES];
static int n_images, port;
static double deadline;
static atomic_long asked[N_KINDS], right[N_KINDS], busy, wrong, checked;
static atomic_long slowest; /* microseconds of a valid request */

static void complain(enum kind kind, const struct http_reply *reply)
{
    const char *error = strstr(reply->body, "\"error\":");
    if (atomic_fetch_add(&wrong, 1) < 5)
        fprintf(stderr, "%s: status %d, %zu bytes, %.200s ... %.200s\n", kind_names[kind], reply->status,
                reply->n, reply->body, error ? error : "");
}

/* ---- good requests ---- */

/* The probabilities of answer i as text, freed by the caller; NULL when there are none. */
static char *probabilities(const char *body, size_t i)
{
    json_t *root = json_loads(body, 0, NULL),
           *probs = json_object_get(json_array_get(json_object_get(root, "images"), i), "probabilities");
    char *text = probs ? json_dumps(probs, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return text;
}

static int same_as(const char *body, size_t i, const struct image *image)
{
    char *text = probabilities(body, i);
    int same = text && strcmp(text, image->probabilities) == 0;
    if (!same)
        fprintf(stderr, "image %zu: %s, alone %s\n", i, text ? text : "no answer", image->probabilities);
    free(text);
    atomic_fetch_add(&checked, 1);
    return same;
}

static void judge(enum kind kind, int good, const struct http_reply *reply)
{
    if (good)
        atomic_fetch_add(&right[kind], 1);
    else if (reply->status == 503)
        atomic_fetch_add(&busy, 1);
    else
        complain(kind, reply);
}

static void send_images(enum kind kind, struct rng *rng, int n)
{
    struct http_form form = {0};
    struct http_reply reply;
    const struct image *sent[8];
    for (int i = 0; i < n; i++) {
        sent[i] = &images[rng_below(rng, (uint32_t)n_images)];
        http_form_add(&form, "image", "x.png", sent[i]->bytes, sent[i]->n);
    }
    http_form_end(&form);
    double start = clock_now();
    int good = http_post(port, "/api/predict", &form, "", &reply) == 200;
    long took = (long)(1e6 * (clock_now() - start));
    for (int i = 0; i < n && good; i++)
        good = same_as(reply.body, (size_t)i, sent[i]);
    for (long before = atomic_load(&slowest); took > before;)
        if (atomic_compare_exchange_weak(&slowest, &before, took))
            break;
    judge(kind, good, &reply);
    http_free(&reply);
    free(form.bytes);
}

static void get(enum kind kind, const char *path)
{
    struct http_reply reply;
    int good = http_get(port, path, &reply) == 200 && reply.n > 10;
    judge(kind, good, &reply);
    http_free(&reply);
}

/* ---- bad ones ---- */

/* A valid image among one cut short, one that claims to be 16384 pixels a side, noise, an empty one,
 * one with a damaged byte. */
static void send_mixed(struct rng *rng)
{
    struct http_form form = {0};
    struct http_reply reply;
    const struct image *image = &images[rng_below(rng, (uint32_t)n_images)];
    char *copy = malloc(image->n), noise[300];
    memcpy(copy, image->bytes, image->n);
    http_form_add(&form, "image", "cut.png", copy, 1 + rng_below(rng, (uint32_t)image->n - 13));
    copy[18] = copy[22] = 0x40;
    http_form_add(&form, "image", "bomb.png", copy, image->n);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)rng_below(rng, 256);
    http_form_add(&form, "image", "../../../etc/passwd", noise, sizeof noise);
    http_form_add(&form, "image", "", "", 0);
    memcpy(copy, image->bytes, image->n);
    copy[33 + rng_below(rng, (uint32_t)image->n - 33)] ^= 0x55;
    http_form_add(&form, "image", "flipped.png", copy, image->n);
    http_form_add(&form, "image", "good.png", image->bytes, image->n);
    http_form_add(&form, "nonsense", NULL, noise, 50);
    http_form_end(&form);
    int good = http_post(port, "/api/predict", &form, "", &reply) == 200 && same_as(reply.body, 5, image) &&
               strstr(reply.body, "truncated") && strstr(reply.body, "2048 a side");
    judge(MIXED, good, &reply);
    http_free(&reply);
    free(form.bytes);
    free(copy);
}

/* An image over the limit in a body within it, or a body over it; whichever, nothing may be classified. */
static void send_too_large(struct rng *rng)
{
    struct http_form form = {0};
    struct http_reply reply;
    size_t n = rng_below(rng, 8) ? (9u << 20) : (65u << 20);
    char *zeros = calloc(1, n);
    http_form_add(&form, "image", "large.png", zeros, n);
    http_form_end(&form);
    int status = http_post(port, "/api/predict", &form, "", &reply);
    judge(TOO_LARGE, status == 413 || (status == 200 && strstr(reply.body, "too large")), &reply);
    http_free(&reply);
    free(form.bytes);
    free(zeros);
}

#define POST_HEAD                                                                                            \
    "POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "                   \
    "boundary=" HTTP_BOUNDARY "\r\nContent-Length: 20000\r\n\r\n--" HTTP_BOUNDARY                            \
    "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.png\"\r\n\r\n"

/* The body stops in the middle: at once, or a second later. Nobody waits for an answer. */
static void break_off(enum kind kind, struct rng *rng)
{
    int s = http_connect(port, 5);
    http_write(s, POST_HEAD, strlen(POST_HEAD) - rng_below(rng, 100));
    if (kind == SLOW)
        usleep(rng_below(rng, 1000000));
    close(s);
    atomic_fetch_add(&right[kind], 1);
}

static void send_garbage(struct rng *rng)
{
    char bytes[2000];
    struct http_reply reply;
    size_t n = 1 + rng_below(rng, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)rng_below(rng, 256);
    int s = http_connect(port, 5);
    http_write(s, bytes, n);
    shutdown(s, SHUT_WR);
    http_read(s, &reply);
    close(s);
    if (reply.status == 200)
        complain(GARBAGE, &reply);
    else
        atomic_fetch_add(&right[GARBAGE], 1);
    http_free(&reply);
}

static void send_foreign(void)
{
    struct http_reply reply;
    http_ask(port, "GET", "/api/sweep", "Host: evil.example\r\n", &reply);
    judge(FOREIGN, reply.status == 421, &reply);
    http_free(&reply);
}

static void hang_up(void)
{
    int s = http_connect(port, 5);
    http_write(s, "GET /api/sweep HTTP/1.1\r\nHost: localhost\r\n\r\n", 45);
    close(s);
    atomic_fetch_add(&right[HANG_UP], 1);
}

/* ---- clients ---- */

static void do_one(enum kind kind, struct rng *rng)
{
    static const char *const path[] = {[PROGRESS] = "/api/progress",
                                       [SWEEP] = "/api/sweep",
                                       [CURVES] = "/api/curves?jobs=0,1",
                                       [METRICS] = "/metrics"};
    atomic_fetch_add(&asked[kind], 1);
    if (kind == VALID || kind == SEVERAL)
        send_images(kind, rng, kind == VALID ? 1 : 8);
    else if (kind == MIXED)
        send_mixed(rng);
    else if (kind <= METRICS)
        get(kind, path[kind]);
    else if (kind == TOO_LARGE)
        send_too_large(rng);
    else if (kind == BROKEN_OFF || kind == SLOW)
        break_off(kind, rng);
    else if (kind == GARBAGE)
        send_garbage(rng);
    else if (kind == FOREIGN)
        send_foreign();
    else
        hang_up();
}

/* Half of all requests are images to classify; one in a hundred is a large one. */
static enum kind choose(struct rng *rng)
{
    uint32_t x = rng_below(rng, 100);
    if (x < 50)
        return x < 40 ? VALID : SEVERAL;
    if (x == 99)
        return TOO_LARGE;
    enum kind kind = (enum kind)(MIXED + (int)rng_below(rng, N_KINDS - MIXED));
    return kind == TOO_LARGE ? GARBAGE : kind;
}

static void *run_client(void *number)
{
    int client = (int)(intptr_t)number;
    struct rng rng = rng_start(rng_key("load", &client, sizeof client), 1);
    while (clock_now() < deadline)
        do_one(choose(&rng), &rng);
    return NULL;
}

/* ---- start and end ---- */

static int read_image(const char *path, struct image *image)
{
    struct http_form form = {0};
    struct http_reply reply;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    image->bytes = malloc(1 << 20);
    image->n = fread(image->bytes, 1, 1 << 20, file);
    fclose(file);
    http_form_add(&form, "image", "x.png", image->bytes, image->n);
    http_form_end(&form);
    http_post(port, "/api/predict", &form, "", &reply);
    image->probabilities = probabilities(reply.body, 0);
    if (!image->probabilities)
        fprintf(stderr, "%s: status %d, %.300s\n", path, reply.status, reply.body);
    http_free(&reply);
    free(form.bytes);
    return image->probabilities ? 0 : -1;
}

static int report(double seconds, int clients)
{
    long all = 0, answered = 0;
    for (int k = 0; k < N_KINDS; k++) {
        printf("  %-26s %7ld asked %7ld as expected\n", kind_names[k], atomic_load(&asked[k]),
               atomic_load(&right[k]));
        all += atomic_load(&asked[k]);
        answered += atomic_load(&right[k]);
    }
    printf("%d clients, %.0f s: %ld requests, %.0f a second; %ld answers of images compared, %ld wrong; %ld "
           "told to come back (503); slowest classification %.2f s\n",
           clients, seconds, all, (double)all / seconds, atomic_load(&checked), atomic_load(&wrong),
           atomic_load(&busy), 1e-6 * (double)atomic_load(&slowest));
    return atomic_load(&wrong) > 0 || atomic_load(&right[VALID]) == 0 || answered == 0;
}

int main(int argc, char **argv)
{
    pthread_t thread[MAX_CLIENTS];
    if (argc < 5)
        return 2;
    port = atoi(argv[1]);
    double seconds = atof(argv[2]), start;
    int clients = atoi(argv[3]) < MAX_CLIENTS ? atoi(argv[3]) : MAX_CLIENTS;
    for (int i = 4; i < argc && n_images < MAX_IMAGES; i++, n_images++)
        if (read_image(argv[i], &images[n_images]) < 0)
            return 3;
    start = clock_now();
    deadline = start + seconds;
    for (int i = 0; i < clients; i++)
        pthread_create(&thread[i], NULL, run_client, (void *)(intptr_t)i);
    for (int i = 0; i < clients; i++)
        pthread_join(thread[i], NULL);
    seconds = clock_now() - start;
    for (int i = 0; i < n_images; i++) {
        free(images[i].bytes);
        free(images[i].probabilities);
    }
    return report(seconds, clients);
}
