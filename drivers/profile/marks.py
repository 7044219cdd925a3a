"""YAML with the line of every key, so that whatever is wrong later can be found in the file."""

from typing import Any

import yaml

__all__ = ["Marks", "NotPlain", "read"]

Marks = dict[tuple[str | int, ...], int]


class NotPlain(ValueError):
    """The file is no plain YAML; ``line`` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read(text: str) -> tuple[Any, Marks]:
    """Read one YAML document of mappings with text keys, lists and scalars.

    Parameters
    ----------
    text : str
        The document. Its tags must be YAML's own; aliases are refused, because a short file can grow with them
        without end.

    Returns
    -------
    tuple
        The data, and the line (from 1) of every key and list entry by its path.

    Raises
    ------
    NotPlain
        With the line.
    """
    marks: Marks = {}
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        return (None if root is None else _data(loader, root, (), marks, set())), marks
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotPlain(line, f"not valid YAML: the character {chr(error.character)!r} has no place in it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotPlain(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise NotPlain(1, f"not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise NotPlain(1, "not valid YAML: nested too deeply") from error


def _data(loader: yaml.SafeLoader, node: yaml.Node, at: tuple[str | int, ...], marks: Marks, seen: set[int]) -> Any:
    line = marks.setdefault(at, node.start_mark.line + 1)
    if id(node) in seen:
        raise NotPlain(line, "an alias (*name) has no place in a profile: write it out")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        try:
            return loader.construct_object(node)
        except ValueError as error:  # a date or a number that is none
            raise NotPlain(line, f"not valid YAML: {error}") from error
    if isinstance(node, yaml.SequenceNode):
        return [_data(loader, child, (*at, index), marks, seen) for index, child in enumerate(node.value)]
    assert isinstance(node, yaml.MappingNode)
    result: dict[str, Any] = {}
    for key_node, child in node.value:
        key, key_line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise NotPlain(key_line, "a key must be a plain text")
        if key in result:
            raise NotPlain(key_line, f"key {key!r} is there twice (line {marks[(*at, key)]})")
        marks[(*at, key)] = key_line
        result[key] = _data(loader, child, (*at, key), marks, seen)
    return result
