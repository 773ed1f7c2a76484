"""schema.py SCHEMA [DOCUMENT]: checks a JSON document (else standard input) by a JSON Schema.

The subset that tests/schema uses: type, properties, required, items, enum, const,
additionalProperties, propertyNames, anyOf, pattern, minimum, exclusiveMinimum, maximum, minItems, and $ref to "#/$defs/NAME". An unknown
keyword is an error, so that a schema cannot promise what is not checked.
"""
import json
import re
import sys

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
NOTES = {"$schema", "$id", "$defs", "title", "description"}


class Checker:
    def __init__(self, root):
        self.root = root
        self.faults = []

    def fault(self, where, text):
        self.faults.append(f"{where or '/'}: {text}")

    def resolve(self, schema):
        while "$ref" in schema:
            prefix, name = schema["$ref"].rsplit("/", 1)
            if prefix != "#/$defs":
                raise SystemExit(f"cannot follow $ref {schema['$ref']}")
            schema = self.root["$defs"][name]
        return schema

    def check(self, value, schema, where=""):
        if schema is True:
            return
        schema = self.resolve(schema)
        for keyword, wanted in schema.items():
            if keyword in NOTES:
                continue
            method = getattr(self, "on_" + keyword, None)
            if method is None:
                raise SystemExit(f"keyword '{keyword}' is not known to this checker")
            method(value, wanted, schema, where)

    def on_type(self, value, wanted, _schema, where):
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(TYPES[name](value) for name in names):
            self.fault(where, f"{json.dumps(value)[:80]} is not of type {' or '.join(names)}")

    def on_properties(self, value, wanted, _schema, where):
        if isinstance(value, dict):
            for key, schema in wanted.items():
                if key in value:
                    self.check(value[key], schema, f"{where}/{key}")

    def on_required(self, value, wanted, _schema, where):
        if isinstance(value, dict):
            for key in wanted:
                if key not in value:
                    self.fault(where, f"'{key}' is missing")

    def on_additionalProperties(self, value, wanted, schema, where):
        if not isinstance(value, dict):
            return
        for key in value.keys() - schema.get("properties", {}).keys():
            if wanted is False:
                self.fault(where, f"'{key}' is not in the schema")
            else:
                self.check(value[key], wanted, f"{where}/{key}")

    def on_propertyNames(self, value, wanted, _schema, where):
        if isinstance(value, dict):
            for key in value:
                self.check(key, wanted, f"{where}/{key}")

    def on_items(self, value, wanted, _schema, where):
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.check(item, wanted, f"{where}/{i}")

    def on_enum(self, value, wanted, _schema, where):
        if value not in wanted:
            self.fault(where, f"{json.dumps(value)} is none of {json.dumps(wanted)}")

    def on_const(self, value, wanted, _schema, where):
        if value != wanted:
            self.fault(where, f"{json.dumps(value)} is not {json.dumps(wanted)}")

    def on_anyOf(self, value, wanted, _schema, where):
        for schema in wanted:
            other = Checker(self.root)
            other.check(value, schema, where)
            if not other.faults:
                return
        self.fault(where, "fits none of the forms that the schema allows")

    def on_pattern(self, value, wanted, _schema, where):
        if isinstance(value, str) and not re.search(wanted, value):
            self.fault(where, f"{json.dumps(value)} does not match {wanted}")

    def on_minimum(self, value, wanted, _schema, where):
        if TYPES["number"](value) and value < wanted:
            self.fault(where, f"{value} is below {wanted}")

    def on_exclusiveMinimum(self, value, wanted, _schema, where):
        if TYPES["number"](value) and value <= wanted:
            self.fault(where, f"{value} is not above {wanted}")

    def on_maximum(self, value, wanted, _schema, where):
        if TYPES["number"](value) and value > wanted:
            self.fault(where, f"{value} is above {wanted}")

    def on_minItems(self, value, wanted, _schema, where):
        if isinstance(value, list) and len(value) < wanted:
            self.fault(where, f"{len(value)} items, {wanted} wanted")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    source = open(sys.argv[2], encoding="utf-8") if len(sys.argv) > 2 else sys.stdin
    try:
        document = json.load(source)
    except ValueError as e:
        raise SystemExit(f"not JSON: {e}")
    checker = Checker(schema)
    checker.check(document, schema)
    if checker.faults:
        raise SystemExit("\n".join(checker.faults[:20]))


main()
