/* loss.h - softmax and the losses on top of it, with their exact gradients. Pure functions, no allocation, no
 * MPI. With z = logits + offset, log p = log-softmax(z) and targets t of sample i, which may be soft:
 *     cross-entropy  L = -sum_j t_j log p_j
 *     focal          L = -sum_j t_j (1 - p_j)^gamma log p_j      (Lin et al. 2017)
 * With margins m every true class is told from the others by a margin of its own (Cao et al. 2019):
 *     L = sum_y t_y L_y,  L_y the loss above against y alone, of z = scale (logits - m_y e_y) + offset
 * where e_y is 1 at y and 0 elsewhere.
 * Exponentials and sums are in double. NaN and infinite logits give a NaN loss and NaN gradients. */
#ifndef CELLSWEEP_LOSS_H
#define CELLSWEEP_LOSS_H

enum { LOSS_MAX_CLASSES = 256 };

/* How a sample's logits become its loss. */
enum loss_kind { LOSS_CROSS_ENTROPY, LOSS_FOCAL };

struct loss_rule {
    enum loss_kind kind;
    double gamma; /* focal: loss (1 - p)^gamma * -log p (Lin et al. 2017) */
    /* (classes) added to the logits while training, or NULL: balanced softmax, logit adjustment */
    const float *logit_offset;
    const float *margin; /* (classes) taken from the logit of the true class, or NULL */
    double scale;        /* with margins: what logits are multiplied by */
};

/* probs (n, classes) = softmax of logits (n, classes), row by row; may be the same array. */
void loss_softmax(float *probs, const float *logits, int n, int classes);

/* Mean over the n samples of weight (n) * L against target (n, classes), and its gradient dlogits (n,
 * classes), overwritten. n at least 1; classes at most LOSS_MAX_CLASSES; a class whose offset is -infinity
 * must have target 0. */
double loss_gradient(float *dlogits, const float *logits, const float *target, const float *weight, int n,
                     int classes, const struct loss_rule *rule);

#endif
