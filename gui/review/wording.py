"""Moments, values and speeds as they are written."""

from __future__ import annotations

from gui.texts import tr


def clock(seconds: float, digits: int = 3) -> str:
    """Write seconds from the start as 0:01:23.456."""
    sign = "−" if seconds < 0 else ""
    units = round(abs(seconds) * 10**digits)
    whole, part = divmod(units, 10**digits)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    after = f".{part:0{digits}}" if digits else ""
    return f"{sign}{hours}:{minutes:02}:{rest:02}{after}"


def lane_title(name: str) -> str:
    """Call a lane of the session's in the window's language; a pane's are in it already."""
    titles = {
        "markers": tr("markers"),
        "trials": tr("trials"),
        "gaps": tr("gaps"),
        "alarms": tr("alarms"),
    }
    return titles.get(name, name)


def value_text(value: float) -> str:
    """Write a value with as many digits as there is room for: −12.34."""
    plain = not value or 0.1 <= abs(value) < 1e4
    return (f"{value:.4g}" if plain else f"{value:.3g}").replace("-", "−")


def signed_ms(away: float) -> str:
    """Write a distance in time: −12.4 ms."""
    return f"{away:+.1f} ms".replace("-", "−")


def speed_text(speed: float) -> str:
    """Write a speed: −¼×."""
    parts = {0.125: "⅛", 0.25: "¼", 0.5: "½"}
    return f"{'−' if speed < 0 else ''}{parts.get(abs(speed), f'{abs(speed):g}')}×"
