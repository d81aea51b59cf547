"""The doctor's page over the window: what works on this machine, what does not, and what to do about it."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.checks.finding import Answer, Doctor, Situation
from app.checks.report import report_text, summary
from app.ui import paint, tokens
from app.ui.bridge import Bridge
from app.ui.button import Button
from app.ui.doctor_rows import GroupCard
from app.ui.labels import Label
from app.ui.shortcuts import action_of

_WIDTH = 800
_TALLEST = 900
_MARGIN = 32
_RADIUS = 12
_PAD = 24
_COPIED_MS = 2000
_BAR = 2


class DoctorPage(QWidget):
    """Made when it is first asked for; `open` shows it and looks.

    Args:
        window: what it covers.
        doctor: whom it asks, on a thread of the bridge.
        situation: what the window knows already: the camera in use, the screen.
    """

    def __init__(self, window: QWidget, bridge: Bridge, doctor: Doctor, situation: Callable[[], Situation]) -> None:
        super().__init__(window)
        self._bridge, self._doctor, self._situation = bridge, doctor, situation
        self._cancel = threading.Event()
        self._answers: dict[str, Answer] = {}
        self.groups = {title: GroupCard(title) for title in doctor.titles}
        self.summary = Label("", muted=True)
        self.copy = Button("Copy report", "copy", "primary", tip="As text, to paste into a message")
        self.again = Button("Run again", "arrows-clockwise")
        self.leave = Button("", "x", "ghost", name="Close the doctor", tip="Close  Esc")
        self.area = QScrollArea()
        self._sheet = QWidget(self)
        self._copied = QTimer(self, singleShot=True, interval=_COPIED_MS)
        self._copied.timeout.connect(self._show_copy)
        self.copy.clicked.connect(self._copy)
        self.again.clicked.connect(self.look)
        self.leave.clicked.connect(self.close_page)
        self.setAccessibleName("Doctor")
        self.hide()
        self._lay_out()
        window.installEventFilter(self)

    @property
    def answers(self) -> list[Answer]:
        """What is known, in the page's order."""
        return [self._answers[title] for title in self._doctor.titles if title in self._answers]

    def open(self) -> None:
        """Cover the window and look."""
        self._cover()
        self.show()
        self.raise_()
        self.area.setFocus(Qt.FocusReason.OtherFocusReason)
        self.look()

    def look(self) -> None:
        """Ask the doctor anew; what an earlier run still says is not listened to."""
        self.stop()
        cancel = self._cancel = threading.Event()
        self._answers = {}
        for group in self.groups.values():
            group.wait()
        self._show_progress(over=False)
        situation = self._situation()

        def said(answer: Answer) -> None:
            self._bridge.post(lambda: self._show_answer(answer, cancel))

        self._bridge.run(
            lambda: self._doctor.examine(situation, said, cancel),
            lambda _none: self._end(cancel),
            lambda _message: self._end(cancel),
        )

    def stop(self) -> None:
        """Wait for nothing more."""
        self._cancel.set()
        self._copied.stop()

    def close_page(self) -> None:
        """Give the window back to the picture."""
        self.stop()
        self.hide()
        self.window().setFocus()

    def _show_answer(self, answer: Answer, run: threading.Event) -> None:
        if run is self._cancel and not run.is_set() and answer.title in self.groups:
            self._answers[answer.title] = answer
            self.groups[answer.title].show_answer(answer)
            self._show_progress(over=False)

    def _end(self, run: threading.Event) -> None:
        if run is self._cancel:
            self._show_progress(over=True)

    def _show_progress(self, *, over: bool) -> None:
        answers = self.answers
        count = f"{len(answers)} of {len(self.groups)}"
        self.summary.setText(summary(answers) if over else f"Looking at this machine… {count}")
        self.copy.setEnabled(over)
        self.again.setEnabled(over)
        self._show_copy()
        self.update()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(report_text(self.answers))
        self.copy.setText("Copied")
        self.copy.set_icon("check")
        self._copied.start()

    def _show_copy(self) -> None:
        self.copy.setText("Copy report")
        self.copy.set_icon("copy")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label("Doctor", tokens.TEXT_XL, QFont.Weight.DemiBold))
        words.addWidget(self.summary)
        head.addLayout(words, 1)
        head.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignTop)
        head.setContentsMargins(_PAD, _PAD - 4, _PAD - 8, tokens.GAP_XL)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(_PAD, tokens.GAP_XL, _PAD - 8, tokens.GAP_XL)
        column.setSpacing(tokens.GAP_XL)
        for group in self.groups.values():
            column.addWidget(group)
        column.addStretch(1)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("Findings")
        self.area.viewport().setAutoFillBackground(False)
        self.area.setWidget(content)
        content.setAutoFillBackground(False)
        foot = QHBoxLayout()
        foot.setContentsMargins(_PAD, tokens.GAP_L, _PAD, tokens.GAP_XL)
        foot.setSpacing(tokens.GAP)
        foot.addWidget(Label("The report names no user, folder or serial number.", tokens.TEXT_S, muted=True), 1)
        foot.addWidget(self.again)
        foot.addWidget(self.copy)
        whole = QVBoxLayout(self._sheet)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.area, 1)
        whole.addLayout(foot)

    def _cover(self) -> None:
        self.setGeometry(self.window().rect())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        width = min(_WIDTH, self.width() - 2 * _MARGIN)
        height = min(_TALLEST, self.height() - 2 * _MARGIN)
        self._sheet.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102, N802
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        action = action_of(event)
        if action in ("escape", "doctor"):
            self.close_page()
        event.setAccepted(action != "quit")

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: D102, N802
        order = [each for each in (self.area, self.again, self.copy, self.leave) if each.isEnabled()]
        present = next((place for place, each in enumerate(order) if each.hasFocus()), -1 if forwards else 0)
        reason = Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
        order[(present + (1 if forwards else -1)) % len(order)].setFocus(reason)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if not self._sheet.geometry().contains(event.position().toPoint()):
            self.close_page()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        sheet = self._sheet.geometry()
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens.faint("#000000", 0.6))
        paint.rounded(painter, sheet, _RADIUS, theme.surface, theme.line)
        area = self.area.geometry().translated(sheet.topLeft())
        painter.fillRect(QRect(sheet.left() + 1, area.top() - 1, sheet.width() - 2, 1), QColor(theme.line))
        painter.fillRect(QRect(sheet.left() + 1, area.bottom() + 1, sheet.width() - 2, 1), QColor(theme.line))
        if not self.again.isEnabled():
            done = round((sheet.width() - 2) * len(self._answers) / max(1, len(self.groups)))
            painter.fillRect(QRect(sheet.left() + 1, area.top() - _BAR, done, _BAR), QColor(theme.accent))
        painter.end()
