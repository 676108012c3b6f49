"""Participants and sessions that exist, offered while their labels are typed."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from PySide6.QtCore import QObject, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

from acquire.server.api.session_models import ParticipantInfo
from gui.client.client import EngineClient
from gui.window.top_bar import TopBar


class LabelProposals(QObject):
    """Asks the engine who is in the study, and offers that below the fields."""

    def __init__(self, client: EngineClient, bar: TopBar) -> None:
        super().__init__(bar)
        self._client, self._bar = client, bar
        self.found: dict[str, ParticipantInfo] = {}
        self.participants = _offer(bar.participant)
        self.sessions = _offer(bar.session)
        bar.participant.textChanged.connect(self._offer_sessions)

    def ask(self) -> None:
        """Ask who is there."""
        if self._client.is_connected:
            query = urlencode({"study": self._bar.labels.study})
            self._client.get(f"participants?{query}", self.take, lambda problem: None)

    def take(self, found: object) -> None:
        """Offer what the engine has told."""
        assert isinstance(found, Iterable)
        rows = [ParticipantInfo.model_validate(row) for row in found]
        self.found = {row.participant: row for row in rows}
        _list(self.participants, list(self.found))
        self._offer_sessions()

    def _offer_sessions(self, *_: str) -> None:
        known = self.found.get(self._bar.participant.text())
        labels = [] if known is None else [known.next_session, *reversed(known.sessions)]
        _list(self.sessions, labels)


def _offer(field: QLineEdit) -> QCompleter:
    completer = QCompleter(QStringListModel(field), field)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    field.setCompleter(completer)
    return completer


def _list(completer: QCompleter, labels: list[str]) -> None:
    model = completer.model()
    assert isinstance(model, QStringListModel)
    if model.stringList() != labels:
        model.setStringList(labels)
