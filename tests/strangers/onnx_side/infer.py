import numpy as np
import onnxruntime
from numpy import *

LABELS = open('labels.txt').read().split()
sess = None


def load(path='model.onnx'):
    global sess
    print('providers:', onnxruntime.get_available_providers())
    sess = onnxruntime.InferenceSession(path, providers=['CUDAExecutionProvider', 'CPUExecutionProvider'])


def classify(img):
    if sess is None:
        load()
    h, w = img.shape
    ys, xs = linspace(0, h - 1, 64).astype(int), linspace(0, w - 1, 64).astype(int)
    x = img[ys][:, xs][None, None].astype(float32) / 255.
    prob = sess.run(None, {sess.get_inputs()[0].name: x})[0][0]
    print(dict(zip(LABELS, prob)))
    return prob
