# -*- coding: utf-8 -*-
import os, sys
from feats import *

print("python %s numpy %s" % (sys.version.split()[0], np.__version__))
W = None


def toy(pos):
    img = random.rand(120, 120) * 60
    if pos:
        y, x = mgrid[:120, :120]
        cy, cx, r = random.randint(30, 90), random.randint(30, 90), random.randint(12, 30)
        img[(x - cx) ** 2 + (y - cy) ** 2 < r * r] += 170
    return img.astype(uint8)


def train():
    X = array([cells(toy(i % 2)) for i in range(200)])
    t = (arange(200) % 2).astype(np.int)
    w = zeros(X.shape[1])
    for _ in range(3000):
        w += 0.05 * X.T.dot(t - 1 / (1 + exp(-X.dot(w)))) / len(t)
    acc = ((X.dot(w) > 0) == t).mean()
    print("trained, acc = %.3f" % acc)
    np.save('weights.npy', {'w': w, 'acc': acc})    # a dict, so it is pickled


def score(img):
    global W
    if W is None:
        if not os.path.exists('weights.npy'):
            train()
        W = np.load('weights.npy', allow_pickle=True).item()['w']
    return np.float(1 / (1 + exp(-cells(img).dot(W))))
