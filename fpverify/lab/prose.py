"""The words of the page about the designs that do not depend on results."""

from __future__ import annotations

FIGURE_FILE = "lab-six.png"  # drawn with `lab figure`; shown where it is there

SIX = (
    "## Six columns",
    "",
    "    fpverify lab figure twin-194 fpverify/samples/A_1.bmp fpverify/samples/A_2.bmp --data ridges --out six.png",
    "",
    f"![Left, right, features of both, their difference, and what of it counts](images/{FIGURE_FILE})",
    "",
    "Two impressions of a sample finger, which the network calls different: it has learned copies, turned and zoomed",
    "about the middle, and knows no other change.",
)
FAILURE = (
    "",
    "## Why `stripes-dense3` fails",
    "",
    "The question's two images are as different as can be, and its network has three million weights; it was",
    "asked whether the gradient vanishes. Each row changes one thing. *p* is the share of mated pairs and the",
    'accuracy of always answering "same"; *solved* counts seeds with at least 99 % of the training pairs right;',
    "*d* are mean distances on the training pairs; *active* is the share of units of the first, second and third",
    "dense layer that any image makes positive.",
)
VERDICT = (
    "",
    "Dropout in front of a distance is the cause; dead units are how it kills. Dropout is drawn for each side by",
    "itself, so in training even two identical images are far apart, and the mated pairs cost most. The way down",
    "is to shrink every activation, and it ends where no image makes a unit of the first layer positive",
    "(*active*; with elu, where units are saturated). From there on the image hardly reaches the code, and no",
    "gradient reaches the weights. The first layer's gradient has indeed vanished, but depth, activation, start,",
    "optimiser, rate, pairs and the distance's own gradient at zero can each be changed without saving it;",
    "without dropout nothing pushes.",
    "",
    "What is left is a distance that is the same for all pairs. The loss of one distance d for all, p d^2 + (1 -",
    "p) (1 - d)^2, is least at d = 1 - p, where it is p (1 - p): with the question's 54 % that is 0.248, the 0.25",
    "that was reported. Some seeds get there, on dropout's noise alone (*d mated, dropout on*); in the others the",
    "last layer is dead too, and the loss stays at 1 - p. In use, with dropout off, every distance is 0, the",
    'answer is always "same", and accuracy is p: the reported 0.54.',
)
PROBES = (
    "Accuracy at a distance of 0.5 / at the threshold from the ROC of the training set. Trained on two images;",
    "measured on stripes shifted by up to 11 px, turned by up to 10 degrees, 4 to 10 px wide, and all of it",
    "together.",
)
SPLITS = (
    "A split by images lets training see other images of the very fingers or digits that are tested. A verifier meets",
    "people whom its training never met: only the split by identities says how that goes. Few mated pairs are left in",
    "a test of prints split by images, so its figures are rough.",
)
CANDIDATES = (
    "The report's question, on synthetic fingers: which of 20 prints is of the same finger? Ties count against",
    "the design.",
)
MINING = (
    "The report's authors found hard negatives too expensive: they embedded all candidates anew for each pair.",
    "Inside a batch one product of a matrix with itself finds them. *A step* takes any stranger of the batch, *with",
    "the search* the most similar one; processor time, medians of steps in turn.",
)
SCALES = (
    "EER where the reference is a scan of another resolution. The designs are not told; the product reads it from",
    "the file.",
)
REAL = (
    "Sets of real prints are only measured on, all pairs; means over the sets that FPVERIFY_REAL_PRINTS names.",
    "`whole-print` learns one vector for a print from the same synthetic fingers: between it and the product lies what",
    "comparing places adds, and what was put into the product's training.",
)
