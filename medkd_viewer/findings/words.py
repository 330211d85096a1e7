"""What a number means, in plain words for the screen."""

from __future__ import annotations

from medkd_core.bundles.schema import AgreementYardstick, BundleManifest, OperatingPoint
from medkd_core.evaluation.prediction import Prediction


def headline_words(prediction: Prediction, manifest: BundleManifest) -> str:
    """Probability, how often like answers were right, and what the threshold means."""
    probability = f"{prediction.probabilities[prediction.decision]:.2f} calibrated"
    if prediction.interval is not None:
        # The interval is of observed accuracy, so it need not hold the probability itself.
        low, high = prediction.interval
        probability += f" · of answers like it {low:.0%} to {high:.0%} were right"
    point = manifest.operating_points.get(prediction.classes[prediction.decision])
    return probability + (f" · {threshold_words(prediction, point)}" if point else "")


def threshold_words(prediction: Prediction, point: OperatingPoint) -> str:
    """What a call at this threshold meant on validation images."""
    if prediction.probabilities[prediction.decision] < point.threshold:
        return f"below the threshold of {point.threshold:.2f}: not called"
    wrong = 1 - point.positive_predictive_value
    if wrong * max(point.calls, 1) < 0.5:
        return f"at this threshold none of {point.calls} calls was wrong"
    return f"at this threshold 1 call in {max(1, round(1 / wrong))} is wrong"


def yardstick_words(yardstick: AgreementYardstick | None) -> str:
    """What agreement means nothing: maps of different films, and random maps."""
    if yardstick is None:
        return "This model gives no yardstick for agreement."
    return (
        f"Different films, same networks: {signed(yardstick.different_films)}. "
        f"Random maps: {signed(yardstick.random_maps)}"
    )


def signed(value: float) -> str:
    """A figure of two decimals with a true minus sign."""
    return f"{value:.2f}".replace("-", "−")


def time_left_words(seconds: float) -> str:
    """A duration as a person would say it."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    return f"{round(seconds / 60)} min left"
