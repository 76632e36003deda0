"""Telephone numbers as they are entered: with their country, and such that a text can arrive there."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberType

# Whatever may be a mobile phone: in North America nobody can tell one from a landline by its number.
MAY_TEXT = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
        PhoneNumberType.UNKNOWN,
    }
)


def objection_to_text(address: str) -> str | None:
    """Why no text can arrive at this number, or None where one may."""
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return "is a telephone number with its country, such as +1 312 555 0121"
    if not phonenumbers.is_possible_number(number):
        return "is too short or too long for a telephone number of its country"
    if phonenumbers.number_type(number) not in MAY_TEXT:
        return "is a number that no text can arrive at; enter it as voice"
    return None


def objection_to_ring(address: str) -> str | None:
    """Why this number cannot be rung, or None where it can."""
    try:
        number = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return "is a telephone number with its country, such as +1 312 555 0121"
    return None if phonenumbers.is_possible_number(number) else "is too short or too long for a telephone number"


def dialled(address: str) -> str | None:
    """The number as providers take it; None for what is none."""
    try:
        return as_dialled(address)
    except ValueError:
        return None


def as_dialled(address: str) -> str:
    """The number in the form that providers take (ITU-T E.164). Raises `ValueError` for what is none."""
    try:
        return str(phonenumbers.format_number(phonenumbers.parse(address, None), phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a telephone number") from error
