"""Appointments in messages, as their readers see them: what, when, where, and with whom."""

import re

_LINES = {"SUMMARY": "", "DTSTART": "Start: ", "DTEND": "End: ", "LOCATION": "Place: ", "ORGANIZER": "Organizer: ",
          "ATTENDEE": "With: ", "STATUS": "Status: ", "DESCRIPTION": ""}  # fmt: skip
_PROPERTY = re.compile(
    r"([A-Z-]{1,40})((?:;[A-Za-z-]{1,40}=(?:\"[^\"\n]{0,500}\"|[^;:\n\"]{0,500})){0,20}):([^\n]*)", re.IGNORECASE
)
_PARAMETER = re.compile(r";(CN|TZID)=(?:\"([^\"]{0,500})\"|([^;:]{0,500}))", re.IGNORECASE)
_TIME = re.compile(r"(\d{8})(?:T(\d{4})\d{0,2}(Z?))?$")
_METHODS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation"}
_MOST_EVENTS = 200
_MOST_LINES = 50


def appointments(text: str) -> list[str]:
    """The appointments and tasks of a calendar file, each a paragraph."""
    lines = re.sub(r"\r?\n[ \t]", "", text).replace("\r", "").split("\n")
    found: list[list[str]] = []
    method = ""
    inside: str | None = None
    for line in lines:
        named = _PROPERTY.match(line)
        if not named or len(found) > _MOST_EVENTS:
            continue
        key, value = named[1].upper(), named[3].strip()
        if key == "METHOD":
            method = _METHODS.get(value.upper(), "")
        elif key == "BEGIN" and value.upper() in ("VEVENT", "VTODO", "VJOURNAL"):
            inside = value.upper()
            found.append([f"{method}:" if method else ""])
        elif key == "BEGIN" and inside:
            inside = None  # an alarm within the event
        elif key == "END" and found and value.upper() == "VALARM":
            inside = "VEVENT"
        elif key == "END":
            inside = None if value.upper() == inside else inside
        elif inside and key in _LINES and len(found[-1]) < _MOST_LINES:
            found[-1].append(_LINES[key] + _value(key, named[2], value))
    return ["\n".join(filter(None, event)).strip() for event in found]


def _value(key: str, parameters: str, value: str) -> str:
    given = {each[1].upper(): each[2] or each[3] or "" for each in _PARAMETER.finditer(parameters)}
    if key in ("DTSTART", "DTEND") and (time := _TIME.match(value)):
        day = f"{time[1][:4]}-{time[1][4:6]}-{time[1][6:]}"
        clock = f" {time[2][:2]}:{time[2][2:]}" if time[2] else ""
        return f"{day}{clock} {'UTC' if time[3] else given.get('TZID', '')}".strip()
    if key in ("ORGANIZER", "ATTENDEE"):
        mailbox = re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)
        return f"{given['CN']} <{mailbox}>" if given.get("CN") and given["CN"] != mailbox else mailbox
    return value.replace("\\n", "\n").replace("\\N", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
