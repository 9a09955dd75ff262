"""AWS on this machine: a server that hands each request to moto, and answers itself what moto doesn't know.

Every call of the program is kept as it came, so that a test can say what was asked, and how. What a test
puts into `before` is asked first: it may answer in moto's place (a throttled call, a refusal), or do what
somebody else does in between.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.models import botocore_stubber

from tests.aws_models import Answerer, answer_modelled, build_request, find_routed, read_model

ACCOUNT = "123456789012"
REGION = "eu-west-1"
Answer = tuple[int, Mapping[str, str], str | bytes]
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([\w-]+)/([\w-]+)/")


@dataclass(frozen=True)
class AwsCall:
    """One request: `action` as IAM has it (`secretsmanager:CreateSecret`), and its whole body."""

    action: str
    region: str
    body: str
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The same as moto's parsers take it."""

    @property
    def data(self) -> dict[str, Any]:
        """The parameters of a call in JSON, or as a form with a single value each."""
        if self.body.startswith("{"):
            found: dict[str, Any] = json.loads(self.body)
            return found
        return {key: values[0] for key, values in parse_qs(self.body).items()}


Before = Callable[[AwsCall], Answer | None]


def refuse(code: str, status: int = 400, message: str = "no") -> Answer:
    """An error as services with JSON answer it."""
    data = json.dumps({"__type": code, "message": message})
    return status, {"content-type": "application/x-amz-json-1.1"}, data


def refuse_query(code: str, status: int = 403) -> Answer:
    """An error as IAM and STS answer it."""
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    return status, {"content-type": "text/xml"}, text


@dataclass
class AwsEndpoint:
    """The server, and what it was asked."""

    port: int
    calls: list[AwsCall] = field(default_factory=list)
    before: list[Before] = field(default_factory=list)
    answers: dict[str, Answerer] = field(default_factory=dict)
    """What answers in moto's place, by action: held against botocore's models."""
    troubles: list[str] = field(default_factory=list)
    """Requests and answers that are not as the models have them."""
    raw: list[bytes] = field(default_factory=list)
    """Every request, first line and headers and body."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def actions(self) -> list[str]:
        return [call.action for call in self.calls]

    @property
    def variables(self) -> dict[str, str]:
        """What a user sets to talk to it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """Somebody else's client, for what a test prepares and looks at."""
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.address,
            aws_access_key_id="other", aws_secret_access_key="other",
        )  # fmt: skip

    def answer_call(self, call: AwsCall, request: AWSPreparedRequest, *, asked: bool) -> Answer:
        for before in list(self.before) if asked else ():
            if (answer := before(call)) is not None:
                return answer
        if call.action in self.answers:
            service, _, name = call.action.partition(":")
            operation = read_model(service).operation_model(name)
            try:
                return answer_modelled(operation, call.request, self.answers[call.action])
            except AssertionError as trouble:
                self.troubles.append(str(trouble))
                raise
        if call.action == "iam:SimulatePrincipalPolicy":
            return self._simulate_policy(call.data)
        found: Answer | None = botocore_stubber.process_request(request)
        return found or (404, {}, "")

    def _simulate_policy(self, asked: Mapping[str, str]) -> Answer:
        """Whether an Allow of the role's own inline policies matches; moto has no simulation."""
        role = asked["PolicySourceArn"].rpartition("/")[2]
        action, resource = asked["ActionNames.member.1"], asked["ResourceArns.member.1"]
        client = self.client("iam")
        if role not in {each["RoleName"] for each in client.list_roles()["Roles"]}:
            return refuse_query("NoSuchEntity", 404)
        documents = [
            client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in client.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        allowed = any(
            fnmatchcase(action, statement["Action"]) and fnmatchcase(resource, statement["Resource"])
            for document in documents
            for statement in document["Statement"]
        )
        decision = "allowed" if allowed else "implicitDeny"
        return 200, {"content-type": "text/xml"}, (
            '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
            f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member>"
            f"<EvalActionName>{escape(action)}</EvalActionName><EvalDecision>{decision}</EvalDecision>"
            "</member></EvaluationResults></SimulatePrincipalPolicyResult>"
            "</SimulatePrincipalPolicyResponse>"
        )  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    endpoint: AwsEndpoint


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        others = "Credential=other/" in self.headers.get("authorization", "")
        region, service = _SCOPE.search(self.headers.get("authorization", "")).groups()  # type: ignore[union-attr]
        target = self.headers.get("x-amz-target", "").rpartition(".")[2]
        text = body.decode()
        path, _, query = self.path.partition("?")
        named: dict[str, str] = {}
        name = target or parse_qs(text).get("Action", [""])[0]
        if not name and (routed := find_routed(service, self.command, path)) is not None:
            name, named = routed[0], dict(routed[1])
        told = build_request(self.command, path, query, dict(self.headers.items()), text, named)
        call = AwsCall(f"{service}:{name}", region, text, told)
        if not others:
            self.server.endpoint.raw.append(f"{self.requestline}\n{self.headers}".encode() + body)
            self.server.endpoint.calls.append(call)
        headers = HTTPHeaders()
        for key, value in self.headers.items():
            headers[key] = value
        host = "iam.amazonaws.com" if service == "iam" else f"{service}.{region}.amazonaws.com"
        where = f"https://{host}{self.path}"
        request = AWSPreparedRequest(self.command, where, headers, body, stream_output=False)
        status, more, answer = self.server.endpoint.answer_call(call, request, asked=not others)
        data = answer.encode() if isinstance(answer, str) else answer
        self.send_response(status)
        for key, value in more.items():
            if key.lower() not in {"content-length", "server", "date"}:
                self.send_header(key, str(value))
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve_aws() -> Iterator[AwsEndpoint]:
    """An account without anything in it."""
    with mock_aws():
        pass  # forgets what was there
    server = _Server(("127.0.0.1", 0), _Handler)
    server.endpoint = AwsEndpoint(server.server_address[1])
    server.socket.settimeout(5)  # a caller that is killed in this instant must not leave accept waiting
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
