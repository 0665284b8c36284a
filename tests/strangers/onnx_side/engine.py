from infer import LABELS, classify


def predict(frame):
    prob = classify(frame[:, :, 0])
    return {"classes": [{"name": name, "score": p} for name, p in zip(LABELS, prob)]}
