"""Answers for values that stand elsewhere: ``${NAME}`` in the environment, ``file:`` and a path on the disk.

Only sections about connections are looked at, so that a question to people may hold such characters. A value that is
missing or empty is a mistake here and now, not a refused login at night. No finding tells a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.problems import Finding, KeyPath
from config.yaml_source import Node, digest_of, is_text

SECTIONS = ("storage", "platforms", "mail", "public_url")
"""Where references are resolved."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_FILE = "file:"


@dataclass(frozen=True, slots=True)
class Resolver:
    """Replaces references, and notes what is missing.

    Attributes:
        folder: From which paths are counted.
        env: The environment.
        findings: What was wrong so far.
        digests: Which files were read so far, and what they held; empty for one that is not there.
    """

    folder: Path
    env: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    digests: dict[Path, str] = field(default_factory=dict)

    def document(self, content: Node) -> Node:
        """Return a document with the references in its `SECTIONS` replaced."""
        if not isinstance(content, dict):
            return content
        return {key: self._node(value, (key,)) if key in SECTIONS else value for key, value in content.items()}

    def _node(self, node: Node, path: KeyPath) -> Node:
        if isinstance(node, dict):
            return {key: self._node(value, (*path, key)) for key, value in node.items()}
        if isinstance(node, list):
            return [self._node(value, (*path, index)) for index, value in enumerate(node)]
        if node is None:
            return None
        if node.startswith(_FILE):
            return self._from_file(node, path)
        return _REFERENCE.sub(lambda match: self._from_environment(match[1], path), node)

    def _from_environment(self, name: str, path: KeyPath) -> str:
        value = self.env.get(name, "")
        state = "" if is_text(value) else "is not a text"
        if not value:
            state = "is empty" if name in self.env else "is not set"
        if state:
            self.findings.append(Finding(path, f"the environment variable {name} {state}"))
        return "unknown" if state else value

    def _from_file(self, reference: str, path: KeyPath) -> str:
        file = self.folder / reference.removeprefix(_FILE).strip()
        self.digests[file] = ""
        try:
            raw = file.read_bytes()
            self.digests[file] = digest_of(raw)
            value = raw.decode("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not a text"
            self.findings.append(Finding(path, f"the file {file} cannot be read: {reason}"))
            return reference
        if not is_text(value):
            self.findings.append(Finding(path, f"the file {file} is not a text"))
            return reference
        if not value:
            self.findings.append(Finding(path, f"the file {file} is empty"))
        return value or reference
