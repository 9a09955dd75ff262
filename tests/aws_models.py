"""A stand-in for calls that moto lacks: requests and answers are held against botocore's own models."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.validate import ParamValidator
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from werkzeug.datastructures import Headers, MultiDict

Answerer = Callable[[dict[str, Any]], Mapping[str, Any]]
"""From the parameters of a call to what its answer holds, both as boto3 has them."""
_SERVICES = {"access-analyzer": "accessanalyzer"}
"""Services whose name in requests is another than in boto3."""


@cache
def read_model(service: str) -> ServiceModel:
    name = _SERVICES.get(service, service)
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def find_routed(service: str, method: str, path: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The operation behind a REST path, with what the path itself says."""
    model = read_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        route = re.sub(
            r"\\\{(\w+)\\?\+?\\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"].partition("?")[0])
        )
        found = re.fullmatch(route, path)
        if http["method"] == method and found is not None:
            return name, tuple((key, unquote(text)) for key, text in found.groupdict().items())
    return None


def answer_modelled(
    operation: OperationModel, request: Mapping[str, Any], answer: Answerer
) -> tuple[int, Mapping[str, str], str]:
    """The answer to a call; AssertionError where the call or the answer is not as the model has them."""
    protocol = str(operation.service_model.metadata["protocol"])
    parameters = PROTOCOL_PARSERS[protocol](operation).parse(cast("Any", request))
    _assert_valid(operation, parameters, operation.input_shape)
    result = dict(answer(parameters))
    _assert_valid(operation, result, operation.output_shape)
    told = get_serializer_class(operation.service_model.service_name, protocol)(operation).serialize(result)
    return told["status_code"], dict(told["headers"]), str(told["body"])


def build_request(
    method: str, path: str, query: str, headers: Mapping[str, str], body: str, named: Mapping[str, str]
) -> dict[str, Any]:
    """A request as moto's parsers take it."""
    values = MultiDict([*parse_qsl(query, keep_blank_values=True), *_read_form(headers, body)])
    return {
        "body": body,
        "headers": Headers(list(headers.items())),
        "method": method,
        "url_params": dict(named),
        "url_path": path,
        "values": values,
    }


def _read_form(headers: Mapping[str, str], body: str) -> list[tuple[str, str]]:
    form = "x-www-form-urlencoded" in headers.get("content-type", headers.get("Content-Type", ""))
    return parse_qsl(body, keep_blank_values=True) if form else []


def _assert_valid(operation: OperationModel, value: Mapping[str, Any], shape: Any) -> None:
    if shape is not None:
        report = ParamValidator().validate(value, shape)
        assert not report.has_errors(), f"{operation.name}: {report.generate_report()}"
