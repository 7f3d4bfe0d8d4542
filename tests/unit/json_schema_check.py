"""A judge of JSON Schema for the tests: as much of draft 2020-12 as our schemas use, and an error for the rest."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any

_ANNOTATIONS = frozenset({"$schema", "$defs", "title", "description", "examples", "default", "format", "writeOnly"})
_TYPES: Mapping[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
_LIMITS: Mapping[str, Callable[[Json, Json], bool]] = {
    "type": lambda value, names: any(_TYPES[each](value) for each in ([names] if isinstance(names, str) else names)),
    "enum": lambda value, allowed: value in allowed,
    "const": lambda value, only: value == only,
    "pattern": lambda value, pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "minimum": lambda value, least: not isinstance(value, int | float) or value >= least,
    "maximum": lambda value, most: not isinstance(value, int | float) or value <= most,
    "minItems": lambda value, least: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda value, most: not isinstance(value, list) or len(value) <= most,
    "required": lambda value, keys: not isinstance(value, dict) or set(keys) <= set(value),
}


@dataclass(frozen=True)
class Judge:
    """Judges values by one whole schema."""

    root: Json

    def violations(self, value: Json) -> list[str]:
        """Return where a value breaks the schema.

        Raises:
            NotImplementedError: The schema uses a keyword that this judge does not know.
        """
        return list(self._node(self.root, value, "$"))

    def _node(self, schema: Json, value: Json, path: str) -> Iterator[str]:
        for keyword, rule in schema.items():
            if keyword in _LIMITS:
                if not _LIMITS[keyword](value, rule):
                    yield f"{path} breaks {keyword} {rule!r}"
            elif keyword == "$ref":
                yield from self._node(self.root["$defs"][rule.removeprefix("#/$defs/")], value, path)
            elif keyword == "anyOf":
                if all(any(self._node(each, value, path)) for each in rule):
                    yield f"{path} breaks anyOf"
            elif keyword == "items":
                for index, each in enumerate(value if isinstance(value, list) else ()):
                    yield from self._node(rule, each, f"{path}[{index}]")
            elif keyword not in _ANNOTATIONS:
                yield from self._keys(keyword, schema, value if isinstance(value, dict) else {}, path)

    def _keys(self, keyword: str, schema: Json, value: dict[str, Json], path: str) -> Iterator[str]:
        rule = schema[keyword]
        for key, each in value.items():
            here = f"{path}.{key}"
            if keyword == "properties":
                yield from self._node(rule.get(key, {}), each, here)
            elif keyword == "propertyNames":
                yield from self._node(rule, key, here)
            elif keyword == "patternProperties":
                for pattern in (pattern for pattern in rule if re.search(pattern, key)):
                    yield from self._node(rule[pattern], each, here)
            elif keyword == "additionalProperties":
                if key not in schema.get("properties", {}):
                    yield from [f"{here} is unknown"] if rule is False else self._node(rule, each, here)
            else:
                raise NotImplementedError(keyword)
