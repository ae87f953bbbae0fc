/* confident.h - confident learning: which labels are likely wrong, from probabilities of models that have not
 * seen the images they judge (Northcutt, Jiang and Chuang, JAIR 70, 2021).
 *
 *     struct confident confident = {.n = n, .n_classes = c, .probs = probs, .label = label};
 *     confident_count(&confident, threshold, joint, counted);
 *     counted[i] >= 0 && counted[i] != label[i]        image i is a suspect
 *
 * The threshold of a class is the mean probability of that class over the images that have its label. An
 * image counts as class j when its probability of j reaches the threshold of j, the most probable of those
 * that it reaches; where it reaches none it counts as nothing. So a class that models are unsure of, as a
 * rare one, asks for less, and no image is suspected for being hard. No MPI. */
#ifndef CELLSWEEP_CONFIDENT_H
#define CELLSWEEP_CONFIDENT_H

struct confident {
    int n, n_classes;
    const double *probs; /* (n, n_classes), no NaN */
    const int *label;    /* (n) given, 0 .. n_classes-1 */
};

/* threshold (n_classes): NaN of a class without images, as which none counts. joint (n_classes, n_classes):
 * images of each given label that count as each class. counted (n): class, -1 none. All overwritten. */
void confident_count(const struct confident *confident, double *threshold, int *joint, int *counted);

/* The share of images labelled `given` that are estimated to be of class `other`: their row of the joint, as
 * a share of it. 0 where nothing of the row counts. */
double confident_share(const int *joint, int n_classes, int given, int other);

#endif
