"""Write cnnlint/model/schemas.txt, what each standard operator takes, from the installed onnx.

usage: python tools/update_schemas.py
Run it when onnx knows a new operator set; ``cnnlint.model.schemas`` tells how to read the file.
"""

from pathlib import Path

from onnx import defs

FILE = Path(__file__).parents[1] / "cnnlint" / "model" / "schemas.txt"
_LETTERS = {
    "FLOAT": "f",
    "INT": "i",
    "STRING": "s",
    "FLOATS": "F",
    "INTS": "I",
    "STRINGS": "S",
    "TENSOR": "t",
    "SPARSE_TENSOR": "t",
    "GRAPH": "g",
    "TYPE_PROTO": "p",
}


def main() -> None:
    """Renew the file."""
    FILE.write_text("\n".join(lines()) + "\n", encoding="ascii")


def lines() -> list[str]:
    """Return the newest version of each operator set, then each version of each operator."""
    schemas = defs.get_all_schemas_with_history()
    newest: dict[str, int] = {}
    for schema in schemas:
        newest[schema.domain] = max(newest.get(schema.domain, 0), schema.since_version)
    newest[""] = defs.onnx_opset_version()
    heads = [f"# {domain or '-'} {version}" for domain, version in sorted(newest.items())]
    ordered = sorted(schemas, key=lambda schema: (_called(schema), schema.since_version))
    return [*heads, *map(_line, ordered)]


def _called(schema: defs.OpSchema) -> str:
    return f"{schema.domain}:{schema.name}" if schema.domain else schema.name


def _line(schema: defs.OpSchema) -> str:
    head = f"{_called(schema)} {schema.since_version}"
    if schema.deprecated:
        return head
    attributes = (_attribute(a) for a in sorted(schema.attributes.values(), key=lambda a: a.name))
    sides = (",".join(map(_parameter, side)) for side in (schema.inputs, schema.outputs))
    return " ".join([head, *(part or "-" for part in (*sides, ",".join(attributes)))])


def _parameter(parameter: defs.OpSchema.FormalParameter) -> str:
    options = defs.OpSchema.FormalParameterOption
    if parameter.option == options.Variadic:
        return f"{parameter.name}*{parameter.min_arity}"
    return parameter.name + ("?" if parameter.option == options.Optional else "")


def _attribute(attribute: defs.OpSchema.Attribute) -> str:
    letter = _LETTERS[str(attribute.type).rpartition(".")[2]]
    return f"{attribute.name}:{letter}" + ("!" if attribute.required else "")


if __name__ == "__main__":
    main()
