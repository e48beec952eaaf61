"""Versions of installed packages and of source code: parts of the keys of cached results that they shape."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path


def get_versions(packages: Iterable[str]) -> dict[str, str]:
    """Returns the installed version of each package, in alphabetical order; empty for one that is not installed."""
    versions = {}
    for name in sorted(set(packages)):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    return versions


@lru_cache(maxsize=256)
def hash_source_code(module: str, package: str) -> str:
    """Computes a hash of the source code of a module, and of the modules of a package that it imports.

    So a change of a built-in word list, or of the code that uses it, is noticed.

    Args:
        module: Dotted name.
        package: Imports below this dotted name are followed.
    """
    imports = re.compile(rf"^\s*(?:from|import)\s+({re.escape(package)}\.[\w.]+)", re.MULTILINE)
    pending, seen = [module], set[str]()
    digest = hashlib.blake2b(digest_size=10)
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None and Path(spec.origin).suffix == ".py":
            code = Path(spec.origin).read_bytes()
            digest.update(code)
            pending += sorted(imports.findall(code.decode("utf-8", "replace")))
    return digest.hexdigest()
