"""Checks raw answers against the service's own model.

botocore parses leniently: fields that a model does not know are dropped and
fields that are missing are left out. The check here is strict: it looks at the
bytes. A client that is given to `watch` raises AssertionError from the call whose
answer is not as the model says.
"""

import base64
import json
import re
import xml.etree.ElementTree as xml

# Codes that any operation may answer with; models list only their own.
COMMON_ERRORS = {
    "kms": {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationException",
    },
    "sts": {"AccessDenied", "ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "ValidationError"},
    "iam": {"AccessDenied", "ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "ValidationError"},
}

# Where AWS itself answers what its model does not allow, with the source.
EXCEPTIONS = (
    # "Name": "" of a grant without one: KMS Developer Guide, "Viewing grants" (K0313).
    (r"List(Retirable)?Grants\.Grants\[\d+\]\.Name", ""),
    # Newer specs too: AWS Security Blog, "How to create post-quantum signatures
    # using AWS KMS and ML-DSA", the answer to create-key (K0015).
    (r".*\.CustomerMasterKeySpec", "ML_.*|ECC_NIST_EDWARDS25519"),
    # "This data type can only have a value of Policy": IAM API Reference,
    # AttachedPermissionsBoundary.
    (r".*\.PermissionsBoundaryType", "Policy"),
)

# Operations that were answered with success, by service.
answered = {"kms": set(), "sts": set(), "iam": set()}


def watch(client):
    """Has every answer to the client checked, and returns the client."""
    client.meta.events.register("before-parse", check)
    return client


def check(operation_model, response_dict, **_):
    model = operation_model.service_model
    service = model.signing_name
    assert any(name.lower() == "x-amzn-requestid" for name in response_dict["headers"]), "no request id"
    body, failed = response_dict["body"], response_dict["status_code"] >= 300
    if model.metadata["protocol"] == "query":
        problems = query_error(body) if failed else query_result(operation_model, body)
        code = error_code(body) if failed else None
    else:
        problems = json_error(body) if failed else json_result(operation_model, body)
        code = json.loads(body)["__type"] if failed else None
    if failed and code not in known_errors(operation_model):
        problems.append(f"the operation has no error {code}")
    if not failed:
        answered[service].add(operation_model.name)
    assert not problems, f"answer to {operation_model.name}: {problems}: {body!r}"


def known_errors(operation_model):
    own = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation_model.error_shapes}
    return own | {shape.name for shape in operation_model.error_shapes} | COMMON_ERRORS[operation_model.service_model.signing_name]


def json_error(body):
    unknown = set(json.loads(body)) - {"__type", "message", "Message"}
    return [f"unknown fields {unknown}"] if unknown else []


def json_result(operation_model, body):
    shape = operation_model.output_shape
    if shape is None:
        return [] if body == b"" else ["a body, where the model has none"]
    problems = []
    Walk(problems).json(shape, json.loads(body), operation_model.name)
    return problems


def plain(element):
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def error_code(body):
    return next(e.text for e in xml.fromstring(body).iter() if plain(e) == "Code")


def query_error(body):
    root = xml.fromstring(body)
    found = sorted(plain(e) for e in root.iter())
    if found != ["Code", "Error", "ErrorResponse", "Message", "RequestId", "Type"]:
        return [f"an error of {found}"]
    return []


def query_result(operation_model, body):
    root, shape, problems = xml.fromstring(body), operation_model.output_shape, []
    parts = {plain(e): e for e in root}
    if plain(root) != operation_model.name + "Response":
        problems.append(f"the root is {plain(root)}")
    if "ResponseMetadata" not in parts:
        problems.append("no ResponseMetadata")
    wrapper = shape.serialization["resultWrapper"] if shape else None
    unknown = set(parts) - {"ResponseMetadata", wrapper}
    if unknown:
        problems.append(f"unknown elements {unknown}")
    if wrapper in parts:
        Walk(problems).xml(shape, parts[wrapper], operation_model.name)
    elif shape and shape.required_members:
        problems.append(f"no {wrapper}")
    return problems


class Walk:
    """Goes through a value along its shape and notes what does not fit."""

    def __init__(self, problems):
        self.problems = problems

    def note(self, path, problem):
        self.problems.append(f"{path}: {problem}")

    def members(self, shape, present, path):
        for name in sorted(set(present) - set(shape.members)):
            self.note(path, f"unknown field {name}")
        for name in sorted(set(shape.required_members) - set(present)):
            self.note(path, f"required field {name} is missing")

    def json(self, shape, value, path):
        kinds = {
            "structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool,
            "integer": int, "long": int, "timestamp": (int, float), "double": (int, float), "float": (int, float),
        }  # fmt: skip
        kind = shape.type_name
        if not isinstance(value, kinds[kind]) or (kind != "boolean" and isinstance(value, bool)):
            self.note(path, f"{value!r} is no {kind}")
        elif kind == "structure":
            self.members(shape, value, path)
            for name, member in value.items():
                if name in shape.members:
                    self.json(shape.members[name], member, f"{path}.{name}")
        elif kind == "map":
            for name, member in value.items():
                self.scalar(shape.key, name, f"{path} key")
                self.json(shape.value, member, f"{path}[{name}]")
        elif kind == "list":
            for i, member in enumerate(value):
                self.json(shape.member, member, f"{path}[{i}]")
        elif kind == "blob":
            self.limits(shape, len(base64.b64decode(value, validate=True)), path)
        else:
            self.scalar(shape, value, path)

    def xml(self, shape, element, path):
        kind = shape.type_name
        if kind == "structure":
            names = {m.serialization.get("name", name): name for name, m in shape.members.items()}
            present = [plain(e) for e in element]
            self.members(shape, [names.get(name, name) for name in present], path)
            for e in element:
                if plain(e) in names:
                    self.xml(shape.members[names[plain(e)]], e, f"{path}.{plain(e)}")
            if len(set(present)) != len(present):
                self.note(path, f"repeated elements {present}")
        elif kind == "list":
            item = shape.member.serialization.get("name", "member")
            for i, e in enumerate(element):
                if plain(e) != item:
                    self.note(path, f"{plain(e)} in place of {item}")
                self.xml(shape.member, e, f"{path}[{i}]")
        elif kind == "map":
            for e in element:
                parts = {plain(part): part for part in e}
                self.xml(shape.key, parts["key"], f"{path} key")
                self.xml(shape.value, parts["value"], f"{path}[{parts['key'].text}]")
        else:
            if len(element):
                self.note(path, f"elements in a {kind}")
            self.text(shape, element.text or "", path)

    def text(self, shape, text, path):
        kind = shape.type_name
        forms = {
            "boolean": "true|false", "integer": r"-?\d+", "long": r"-?\d+",
            "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
        }  # fmt: skip
        if not re.fullmatch(forms.get(kind, "(?s:.*)"), text):
            self.note(path, f"{text!r} is no {kind}")
        elif kind in ("integer", "long"):
            self.scalar(shape, int(text), path)
        elif kind == "string":
            self.scalar(shape, text, path)

    def scalar(self, shape, value, path):
        if any(re.fullmatch(where, path) and re.fullmatch(what, str(value)) for where, what in EXCEPTIONS):
            return
        if shape.type_name == "string":
            self.limits(shape, len(value), path)
            if shape.enum and value not in shape.enum:
                self.note(path, f"{value!r} is none of {shape.enum}")
            if not matches(shape.metadata.get("pattern", ".*"), value):
                self.note(path, f"{value!r} does not match {shape.metadata['pattern']}")
        elif shape.type_name in ("integer", "long"):
            self.limits(shape, value, path)

    def limits(self, shape, size, path):
        if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
            self.note(path, f"size or value {size} is outside of {shape.metadata}")


def matches(pattern, value):
    # Models write patterns for Java, whose classes of Unicode Python lacks.
    try:
        return re.search(r"\A(?:" + pattern + r")\Z", value, re.DOTALL) is not None
    except re.error:
        return True
