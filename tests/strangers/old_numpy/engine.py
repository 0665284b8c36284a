from classify import score


def predict(frame):
    p = score(frame.mean(axis=2))
    found = p > 0.5
    return {"verdict": {"label": "disc" if found else "no disc", "level": "good" if found else "poor", "score": p}}
