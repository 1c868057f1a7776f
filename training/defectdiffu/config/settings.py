"""Settings as pydantic dataclasses, whose errors name the setting, its bound and its value.

A class decorated with `settings` is checked whenever it is built, also by `dataclasses.replace`: wrong types, values
out of bounds and unknown keys raise `SettingsError`. `read_settings` builds one from a TOML table or a JSON object.
"""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic.fields import FieldInfo

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]  # an int does for a float
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict()]
Positive = Annotated[Number, Gt(0)]
NonNegative = Annotated[Number, Ge(0)]
Share = Annotated[Number, Ge(0), Le(1)]
Count = Annotated[Whole, Ge(1)]
NonNegativeCount = Annotated[Whole, Ge(0)]

TYPE_ERRORS = {"int_type": "int", "float_type": "float", "bool_type": "bool", "string_type": "str"}
BOUND_ERRORS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number"}
CHOICE_ERRORS = {"bool_type", "literal_error"}
KEY_ERRORS = {"unexpected_keyword_argument", "extra_forbidden"}

T = TypeVar("T")


class SettingsError(ValueError):
    """`problems`: one sentence each, which begins with the setting that it is about."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass_transform(frozen_default=True)
def settings(cls: type[T]) -> type[T]:
    """Makes the class a frozen pydantic dataclass that raises SettingsError when it is built with bad values."""
    made = pydantic_dataclass(cls, frozen=True, config=ConfigDict(extra="forbid"))
    validated_init = made.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            validated_init(self, *args, **kwargs)
        except ValidationError as error:
            raise SettingsError(_problems(made, error)) from None

    init.__signature__ = made.__signature__  # type: ignore[attr-defined]
    made.__init__ = init  # type: ignore[method-assign]
    return made  # type: ignore[return-value]


def read_settings(cls: type[T], document: Any, where: str = "") -> T:
    """Builds settings from a table. `where` names the file and the table in the error message.

    Raises SettingsError for an unknown key, a wrong type or a value out of bounds.
    """
    prefix = f"{where}: " if where else ""
    if not isinstance(document, dict):
        raise SettingsError([f"{where or 'the settings'} is {document!r}, must be a table"])
    try:
        return TypeAdapter(cls).validate_python(document)
    except ValidationError as error:
        problems = _problems(cls, error)
        raise SettingsError([prefix + problems[0], *problems[1:]]) from None


def _problems(cls: type, error: ValidationError) -> list[str]:
    found: dict[str, None] = {}  # as an ordered set: each item of a bad list would repeat the list's problem
    for each in error.errors():
        path = [str(part) for part in each["loc"] if isinstance(part, str)]
        for problem in _describe(cls, path, dict(each)):
            found[problem] = None
    return list(found)


def _describe(cls: type, path: list[str], error: dict[str, Any]) -> list[str]:
    kind, value, name = error["type"], error["input"], ".".join(path)
    if kind in KEY_ERRORS:
        owner = _field(cls, path[:-1])
        known = sorted(_fields(_settings_class(owner.annotation) if owner else cls))
        return [f"unknown key(s) {[name]}; known: {known}"]
    if kind == "missing":
        return [f"{name} is missing"]
    if kind == "value_error":
        reason = error["ctx"]["error"]
        prefix = "".join(f"{part}." for part in path)
        return [prefix + problem for problem in getattr(reason, "problems", [str(reason)])]
    if kind in CHOICE_ERRORS and (choices := _choices(_field(cls, path[:-1]))):  # one error per member of the union
        return [f"{'.'.join(path[:-1])} is {value!r}, must be {choices}"]
    if kind in TYPE_ERRORS and len(error["loc"]) == len(path):
        return [f"{name} is {value!r}, must be of type {TYPE_ERRORS[kind]}"]
    if kind in BOUND_ERRORS:
        return [f"{name} is {value!r}, must be {_bounds(_field(cls, path))}"]
    if kind == "literal_error":
        return [f"{name} is {value!r}, must be {error['ctx']['expected'].replace(chr(39), '')}"]
    if kind == "dataclass_type":
        return [f"{name} is {value!r}, must be a table"]
    field = _field(cls, path)
    if get_origin(field.annotation if field else None) is tuple:
        return [f"{name} is {value!r}, must be a list of strings"]
    return [f"{name} is {value!r}: {error['msg']}"]


def _fields(cls: Any) -> dict[str, FieldInfo]:
    return cls.__pydantic_fields__


def _settings_class(annotation: Any) -> Any:
    return annotation if is_dataclass(annotation) else None


def _field(cls: Any, path: list[str]) -> FieldInfo | None:
    field = None
    for name in path:
        field = _fields(cls).get(name)
        if field is None:
            return None
        cls = _settings_class(field.annotation)
    return field


def _choices(field: FieldInfo | None) -> str:
    """In words, of a flag that may also be one of some names: "true, false, left-right or up-down"; else nothing."""
    members = get_args(field.annotation) if field else ()
    names = [name for member in members if get_origin(member) is Literal for name in get_args(member)]
    return f"true, false, {', '.join(names[:-1])} or {names[-1]}" if Flag in members and names else ""


def _rules(field: FieldInfo | None) -> list[Any]:
    """The bounds of a field; those of an optional one stand in its annotation, as in `Count | None`."""
    if field is None:
        return []
    optional = [part for part in get_args(field.annotation) if get_origin(part) is Annotated]
    return [*field.metadata, *(rule for part in optional for rule in get_args(part)[1:])]


def _bounds(field: FieldInfo | None) -> str:
    """In words: "at least 1", "from 0 to 1", "above 0 and finite"."""
    rules: dict[type, Any] = {type(rule): rule for rule in _rules(field)}
    least, above = rules.get(Ge), rules.get(Gt)
    most, below = rules.get(Le), rules.get(Lt)
    if least and most:
        return f"from {least.ge} to {most.le}"
    words = [f"at least {least.ge}"] if least else []
    words += [f"above {above.gt}"] if above else []
    words += [f"at most {most.le}"] if most else []
    words += [f"below {below.lt}"] if below else []
    words += ["finite"] if not most and not below and _is_number(field) else []
    return " and ".join(words)


def _is_number(field: FieldInfo | None) -> bool:
    """Whether the field is a float, or an optional one."""
    annotation = field.annotation if field else None
    return annotation is float or any(get_args(part)[:1] == (float,) for part in get_args(annotation))
