"""Face alone, physiology alone, both: a reference experiment on a simulated study.

unisono simulate study --participants 40 --to data
python docs/examples/fusion/experiment.py data/simulated

Is there an expression in a window of two seconds? Logistic regression, participants never on both
sides. What moves a simulated face moves its muscles by construction: the table shows that the parts
fit together, and says nothing about people.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from recordings import load_study

FACE = {"face": "gray16"}
PHYSIOLOGY = {"ecg": 100, "emg": 100, "eda": 10, "rsp": 10}
GROUPS = {
    "face": tuple(FACE),
    "physiology": tuple(PHYSIOLOGY),
    "both": (*FACE, *PHYSIOLOGY),
}


@dataclass(frozen=True)
class Row:
    """How well one group of signals tells, over the folds."""

    signals: str
    accuracy: float  # balanced, mean of the folds
    spread: float  # standard deviation over the folds
    chance: float  # of who guesses by the shares of the classes alone


def tables(study: Any) -> dict[str, np.ndarray]:
    """Return a table a signal, a row a window: how much each channel or picture element varies.

    Windows are read one after the other: pictures of a whole study would not fit into memory.
    """
    rows: dict[str, list[np.ndarray]] = {name: [] for name in study.signals}
    for window in study:
        for name, of_name in rows.items():
            values = window[name].reshape(len(window[name]), -1).astype(np.float32)
            known = np.isfinite(values).any(axis=0)
            spread = np.zeros(values.shape[1], np.float32)
            spread[known] = np.log1p(np.nanstd(values[:, known], axis=0))
            of_name.append(spread)
    return {name: np.vstack(of_name) for name, of_name in rows.items()}


def compare(study: Any, folds: int) -> list[Row]:
    """Train and test each group of signals on the same folds."""
    parts, labels = tables(study), np.array(study.labels)
    rows = []
    for group, names in GROUPS.items():
        x = np.hstack([parts[name] for name in names])
        scores, chance = [], []
        for train, test in study.splits("kfold", folds=folds):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
            guess = DummyClassifier(strategy="stratified", random_state=0)
            for found, of in ((scores, model), (chance, guess)):
                predicted = of.fit(x[train], labels[train]).predict(x[test])
                found.append(balanced_accuracy_score(labels[test], predicted))
        rows.append(Row(group, np.mean(scores), np.std(scores), np.mean(chance)))
    return rows


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description="Face, physiology, both: who tells more?")
    arguments.add_argument("study", help="the folder of a simulated study")
    arguments.add_argument("--folds", type=int, default=5)
    given = arguments.parse_args()
    study = load_study(
        given.study,
        windows="sliding",
        length_s=2.0,
        signals={**FACE, **PHYSIOLOGY},
        labels="simulated-expression",
    )
    print(f"{len(study)} windows of {len(set(study.participants))} simulated participants")
    print(f"{'signals':<12}{'balanced accuracy':>20}{'chance':>10}")
    for row in compare(study, given.folds):
        print(f"{row.signals:<12}{row.accuracy:>13.3f} ± {row.spread:.3f}{row.chance:>11.3f}")


if __name__ == "__main__":
    main()
