"""The gateway: every call to AWS goes through here, and is tried again here only.

Tried again: throttled calls, answers of services in trouble (5xx) and no answer at all, five times with about
ten seconds of waiting between them; a place that gave no answer to the end is asked once from then on. Every
call that writes is one that AWS takes twice without harm: it has a token of its own, or never overwrites.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionToAws,
)
from tenacity import Retrying, retry_if_exception, wait_random_exponential

from fixbot.aws.aws_failures import (
    REJECTED,
    THROTTLED,
    AwsCallFailed,
    CredentialsRejected,
    NoCredentials,
)
from fixbot.model.errors import FixbotError
from fixbot.network.addresses import is_loopback, split_address
from fixbot.text.command import REGION

TRIES: Final = 6
_SECONDS: Final = {"connect_timeout": 5, "read_timeout": 20}
_LOGGERS: Final = ("botocore", "boto3", "urllib3")

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AwsChoice:
    """Whose credentials, and which Region, as the user says; empty: as boto3 finds them."""

    profile: str = ""
    region: str = ""


@dataclass(slots=True)
class AwsGateway:
    """Calls with one set of credentials. `region` is where what names none is looked for."""

    session: boto3.session.Session
    region: str
    sleep: Callable[[float], None] = time.sleep
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _silent: set[tuple[str, str]] = field(default_factory=set)
    """Services and Regions that gave no answer to the end."""
    _account: str = ""

    def find_account(self) -> str:
        """The account of the credentials. Raises FixbotError where they are none."""
        if not self._account:
            found = self.call_service("sts", "get_caller_identity", {})
            self._account = str(found.get("Account", ""))
        return self._account

    def require_account(self) -> str:
        """The same for what can do nothing without it. Raises FixbotError where it isn't known."""
        try:
            return self.find_account()
        except AwsCallFailed as failed:
            raise CredentialsRejected(f"AWS: whose the credentials are is not known: {failed}") from None

    def call_service(
        self, service: str, operation: str, parameters: Parameters, region: str = ""
    ) -> dict[str, Any]:
        """One call. Raises AwsCallFailed for this one, FixbotError where none can succeed."""
        place = service, region or self.region
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, AwsCallFailed) and _may_pass(error)),
            stop=lambda state: place in self._silent or state.attempt_number >= TRIES,
            wait=wait_random_exponential(multiplier=0.5, max=5),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            answer: dict[str, Any] = retrying(self._send_once, *place, operation, parameters)
        except AwsCallFailed as failed:
            if failed.code == "Unreachable":
                self._silent.add(place)
            raise
        self._silent.discard(place)
        return answer

    def _send_once(self, service: str, region: str, operation: str, parameters: Parameters) -> dict[str, Any]:
        """One try. What boto3 raises ends here, with all that it may say of what was sent."""
        failure: Exception
        action = name_action(service, operation)
        try:
            method = getattr(self._client_for(service, region), operation)
            answer = method(**parameters)
        except FixbotError as why:
            failure = why
        except ClientError as error:
            failure = _classify_answer(error, action, region)
        except Exception as error:  # noqa: BLE001 - whatever it is may repeat what was sent
            failure = _classify_error(error, action, region)
        else:
            return dict(answer)
        raise failure  # outside of the handler, so that nothing of boto3's hangs on it

    def _client_for(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            client = self.session.client(
                service,
                region_name=region,
                config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **_SECONDS),
            )
            check_endpoint(client.meta.endpoint_url)
            self._clients[service, region] = client
        return self._clients[service, region]


def name_action(service: str, operation: str) -> str:
    """What IAM calls a call of boto3's: `access-analyzer:ValidatePolicy`."""
    prefix = {"accessanalyzer": "access-analyzer"}.get(service, service)
    return f"{prefix}:{''.join(map(str.capitalize, operation.split('_')))}"


def open_gateway(choice: AwsChoice) -> AwsGateway:
    """A gateway for these credentials. Raises NoCredentials, CredentialsRejected."""
    for name in _LOGGERS:  # they log whole requests where somebody turns them on
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    failure: FixbotError
    try:
        session = boto3.session.Session(
            profile_name=choice.profile or None, region_name=choice.region or None
        )
        credentials = session.get_credentials()
        region = session.region_name
    except ProfileNotFound:
        failure = NoCredentials(f"AWS: there is no profile {choice.profile or 'of that name (AWS_PROFILE)'}")
    except (BotoCoreError, ValueError, OSError) as error:
        failure = _explain_credentials(error)
    else:
        if credentials is None:
            raise NoCredentials(
                "AWS: no credentials; name a profile (--aws-profile, AWS_PROFILE), or set AWS_ACCESS_KEY_ID "
                "and AWS_SECRET_ACCESS_KEY"
            )
        if region is None or not REGION.is_fitting(region):
            said = f"{region!r} is no Region" if region else "no Region"
            raise NoCredentials(f"AWS: {said}; name one (--aws-region, AWS_REGION)")
        return AwsGateway(session, region)
    raise failure


def check_endpoint(address: str) -> None:
    """Refuse an endpoint that would carry secrets in clear. Raises FixbotError."""
    parts = split_address(address)
    host = (parts.hostname or "") if parts is not None else ""
    near = is_loopback(host) or host.endswith(".localhost")
    if parts is None or not (parts.scheme == "https" or near):
        raise FixbotError(
            "AWS: the endpoint (AWS_ENDPOINT_URL, or endpoint_url of the profile) is no https address; "
            "plain http is for this very machine alone"
        )


def _may_pass(failed: AwsCallFailed) -> bool:
    return failed.code in THROTTLED or failed.status == 429 or failed.is_unclear


def _classify_answer(error: ClientError, action: str, region: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    asked = str(error.operation_name)
    if asked != action.partition(":")[2] and asked.startswith(("AssumeRole", "GetRoleCredentials")):
        return CredentialsRejected(f"AWS: no credentials, for {asked} was refused")
    if code in REJECTED:
        return CredentialsRejected(f"AWS doesn't take these credentials, or no longer ({code})")
    return AwsCallFailed(action, region, code, status=status)


def _classify_error(error: Exception, action: str, region: str) -> Exception:
    if isinstance(error, SSLError):
        return FixbotError("AWS: the endpoint's certificate is not one that this machine trusts")
    if isinstance(error, ProxyConnectionError):
        return FixbotError("AWS: the proxy (HTTPS_PROXY) can't be reached")
    if isinstance(error, HTTPClientError | NoConnectionToAws):
        return AwsCallFailed(action, region, "Unreachable")
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | SSOError):
        return _explain_credentials(error)
    if isinstance(error, TokenRetrievalError):
        return _explain_credentials(error)
    return AwsCallFailed(action, region, "Unsendable")


def _explain_credentials(error: Exception) -> FixbotError:
    """One line for what boto3 could not load; its own words may hold what a file of credentials says."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return NoCredentials("AWS: no credentials, or only a part of them")
    if isinstance(error, SSOError | TokenRetrievalError):
        return CredentialsRejected("AWS: the login has ended; `aws sso login` begins a new one")
    if isinstance(error, CredentialRetrievalError):
        return CredentialsRejected("AWS: what should give the credentials failed")
    return NoCredentials(f"AWS: the profile can't be used ({type(error).__name__})")
