"""The look of what Qt itself draws: menus, tooltips, scroll bars, text boxes. Made from the tokens."""

from app.ui.tokens import RADIUS, TEXT, TEXT_S, Palette


def stylesheet(theme: Palette) -> str:
    """The window's style sheet for a theme."""
    return f"""
QMenu {{
    background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line};
    border-radius: {RADIUS}px; padding: 6px; font-size: {TEXT}px;
}}
QMenu::item {{ padding: 7px 24px 7px 10px; border-radius: 6px; }}
QMenu::icon {{ padding-left: 10px; }}
QMenu::item:selected {{ background: {theme.hover}; }}
QMenu::item:disabled {{ color: {theme.muted}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: 6px 4px; }}
QMenu::indicator {{ width: 0px; }}
QMenu::item:checked {{ color: {theme.accent}; }}
QToolTip {{
    background: {theme.control}; color: {theme.text}; border: 1px solid {theme.line};
    padding: 4px 6px; font-size: {TEXT_S}px;
}}
QLineEdit {{
    background: {theme.control}; color: {theme.text}; border: 1px solid transparent; border-radius: 6px;
    padding: 0 6px; selection-background-color: {theme.accent}; selection-color: {theme.on_accent};
}}
QLineEdit:hover {{ background: {theme.hover}; }}
QLineEdit:focus {{ border: 1px solid {theme.accent}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {theme.line}; border-radius: 3px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {theme.edge}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; height: 0; width: 0;
}}
"""
