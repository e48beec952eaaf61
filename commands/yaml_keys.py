"""Reads YAML in which no key occurs twice; PyYAML would keep the last one in silence."""

from __future__ import annotations

from typing import Any

import yaml


class _UniqueKeyLoader(yaml.SafeLoader):
    """Raises an error for a key that its mapping has already."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Reads a mapping, after the keys that are written in it are compared.

        Raises:
            yaml.MarkedYAMLError: A key occurs twice.
        """
        lines: dict[str, int] = {}
        for key, _ in node.value if not getattr(node, "is_compared", False) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            if key.value in lines:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value} is in line {lines[key.value]} too; keep one of them",
                    problem_mark=key.start_mark,
                )
            lines[key.value] = key.start_mark.line + 1
        node.is_compared = True  # PyYAML then writes merged keys beside the node's own
        return super().construct_mapping(node, deep)


def load_unique_keys(content: str) -> Any:
    """Reads a YAML document.

    Raises:
        yaml.YAMLError: It is not valid, or a key occurs twice in a mapping.

    >>> load_unique_keys("{a: 1, b: {a: 2}}")
    {'a': 1, 'b': {'a': 2}}
    """
    return yaml.load(content, _UniqueKeyLoader)  # derived from the safe loader
