"""One door to AWS: what is tried again and how often, and that nothing which was sent comes back in words."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Iterator

import pytest

from fixbot.aws.aws_failures import AwsCallFailed, CredentialsRejected
from fixbot.aws.aws_gateway import TRIES, AwsChoice, AwsGateway, check_endpoint, open_gateway
from fixbot.aws.stored_secrets import add_keys, parse_keys
from fixbot.model.errors import FixbotError
from fixbot.model.moved_secrets import SealedText
from tests.aws_endpoint import Answer, AwsEndpoint, refuse, refuse_query, serve_aws

CANARY = "canary-Xk93-wren-7Qz"
NEW = {"Name": "a", "SecretString": CANARY}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def aws() -> Iterator[AwsEndpoint]:
    with serve_aws() as found:
        yield found


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def gateway(aws: AwsEndpoint, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> AwsGateway:
    for name, value in aws.variables.items():
        monkeypatch.setenv(name, value)
    made = open_gateway(AwsChoice(region="eu-west-1"))
    made.sleep = waits.append
    return made


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (refuse("ThrottlingException"), TRIES),
        (refuse("TooManyRequestsException", 429), TRIES),
        (refuse("InternalServiceError", 500), TRIES),
        (refuse("ResourceNotFoundException"), 1),
        (refuse("AccessDeniedException", 400), 1),
        (refuse("InvalidParameterException"), 1),
        (refuse("LimitExceededException"), 1),
    ],
)
def test_only_what_may_pass_is_tried_again(
    answer: Answer, tries: int, gateway: AwsGateway, aws: AwsEndpoint, waits: list[float]
) -> None:
    aws.before.append(lambda _: answer)
    with pytest.raises(AwsCallFailed):
        gateway.call_service("secretsmanager", "create_secret", NEW)
    assert len(aws.calls) == tries
    assert len(waits) == tries - 1
    assert sum(waits) <= 25


def test_a_place_without_an_answer_is_asked_once_from_then_on(
    gateway: AwsGateway, waits: list[float]
) -> None:
    gateway.session = type(gateway.session)(region_name="eu-west-1")
    for tries in (TRIES, 1):
        waits.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            with pytest.raises(AwsCallFailed, match="secretsmanager:ListSecrets in eu-west-1: no answer"):
                gateway.call_service("secretsmanager", "list_secrets", {})
        assert len(waits) == tries - 1


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_that_aws_does_not_take_end_everything(
    code: str, gateway: AwsGateway, aws: AwsEndpoint
) -> None:
    aws.before.append(lambda _: refuse_query(code))
    with pytest.raises(CredentialsRejected, match=code):
        gateway.find_account()
    assert len(aws.calls) == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"Name": 5, "SecretString": CANARY},  # a check of botocore's says the value of what is wrong …
        {"Name": "a", "SecretString": [CANARY]},
        {"Name": "a", "SecretString": CANARY, "Unknown": CANARY},
        {"Name": "a", "SecretString": f"\ud800{CANARY}"},  # … and Python that of what it can't encode
        {"Name": "a" * 600, "SecretString": CANARY * 5_000},
        {"Name": "a", "SecretBinary": CANARY, "Tags": CANARY},
    ],
)
def test_nothing_that_was_sent_comes_back_in_an_exception(
    parameters: dict[str, object], gateway: AwsGateway, aws: AwsEndpoint
) -> None:
    aws.before.append(lambda call: refuse("ValidationException", 400, f"Value '{CANARY}' at {call.body}"))
    with pytest.raises(AwsCallFailed) as caught:
        gateway.call_service("secretsmanager", "create_secret", parameters)
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told
    assert CANARY not in repr(vars(caught.value))
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


def test_nothing_that_was_sent_is_logged_even_where_somebody_logs_everything(
    gateway: AwsGateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        gateway.call_service("secretsmanager", "create_secret", NEW)
    assert CANARY not in caplog.text
    assert [each.name for each in caplog.records if each.name.startswith(("boto", "urllib3"))] == []


def test_a_sealed_text_does_not_come_out_by_accident() -> None:
    sealed = SealedText(CANARY)
    assert CANARY not in f"{sealed} {sealed!r} {[sealed]}"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy, hash):
        with pytest.raises(TypeError):
            leave(sealed)
    assert sealed == SealedText(CANARY)
    assert sealed != SealedText("another")
    assert sealed.reveal() == CANARY


@pytest.mark.parametrize(
    "address",
    [
        "https://aws.example.com",
        "http://127.0.0.1:4566",
        "http://localhost:1",
        "http://[::1]:2",
        "http://a.localhost",
    ],
)
def test_these_endpoints_are_taken(address: str) -> None:
    check_endpoint(address)


@pytest.mark.parametrize(
    "address",
    ["http://aws.example.com", "http://169.254.169.254", "http://127.0.0.1.example.com", "http://localhost.example",
     "ftp://127.0.0.2.example", "http://10.0.0.1:4566", "http://localhost@example.com"],
)  # fmt: skip
def test_an_endpoint_that_would_carry_secrets_in_clear_is_refused(address: str) -> None:
    with pytest.raises(FixbotError, match="no https address"):
        check_endpoint(address)


@pytest.mark.parametrize("before", ["{}", " { } ", '{"a": 1}', '{"a": {"b": "}"}}\n', '{"a":"1" , "b":[] }'])
def test_a_key_is_added_at_the_end_and_nothing_else_moves(before: str) -> None:
    new = {'quo"te': SealedText('a"\\\n}é')}
    after = add_keys(before, new)
    keys = parse_keys(after)
    assert not isinstance(keys, str)
    assert keys['quo"te'] == new['quo"te']
    end = len(before[: before.rindex("}")].rstrip())
    assert after.startswith(before[:end])
    assert after.endswith(before[end:])
