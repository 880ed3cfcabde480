"""When a cost has grown: by more than 5 %, in whole numbers, so that exactly 5 % never is."""

from cnnlint.report.report import Amount


def grown(then: Amount | None, now: Amount | None) -> bool:
    """Tell whether a finding costs more than the baseline allows.

    What was known and isn't any more, or is counted in another unit, counts as grown: nobody can
    tell that it is not. What was never known has nothing that it could have grown from.
    """
    if then is None:
        return False
    if now is None or now.unit != then.unit:
        return True
    return 20 * now.value > 21 * then.value


def near(then: Amount | None, now: Amount | None) -> bool:
    """Tell whether two costs are the same within 5 % of the first, up and down."""
    if then is None or now is None:
        return then is now
    shrunk = 20 * now.value < 19 * then.value
    return not grown(then, now) and not shrunk
