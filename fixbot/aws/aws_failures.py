"""What went wrong with a call to AWS, in our own words alone.

What botocore and the services say may repeat what was sent: a parameter that fails a check is printed with
its value. So no sentence of theirs is kept, only the code that a service answered with.
"""

from __future__ import annotations

import re
from typing import Final

from fixbot.model.errors import FixbotError

THROTTLED: Final = frozenset((
    "BandwidthLimitExceeded", "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "Throttling",
    "ThrottledException", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
))  # fmt: skip
"""Codes that ask for another try. Source: botocore's `_retry.json` and its standard retry mode."""
REJECTED: Final = frozenset((
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId",
    "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
))  # fmt: skip
"""Codes by which AWS says that it doesn't know these credentials, or no longer."""
DENIED: Final = frozenset((
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation",
    "UnauthorizedException",
))  # fmt: skip
"""Codes by which AWS says that these credentials may not do this."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.:_-]{0,79}")


class NoCredentials(FixbotError):
    """There are none, or no Region, or no such profile: something is missing on this machine."""


class CredentialsRejected(FixbotError):
    """AWS doesn't take them, so nothing that was asked for can be done."""

    exit_code = 1


class AwsCallFailed(Exception):
    """One call failed for good. `code` is the service's, `Unreachable` or `Unsendable`."""

    def __init__(self, action: str, region: str, code: str, *, status: int = 0) -> None:
        self.action, self.region, self.status = action, region, status
        self.code = code if _CODE.fullmatch(code) else "Unknown"
        super().__init__(f"{action} in {region}: {self._explain()}")

    @property
    def is_denied(self) -> bool:
        """Whether a permission is missing."""
        return self.code in DENIED

    @property
    def is_unclear(self) -> bool:
        """Whether a write may have happened all the same."""
        return self.code == "Unreachable" or self.status >= 500

    def _explain(self) -> str:
        if self.is_denied:
            return f"these credentials may not do that ({self.code})"
        if self.code in THROTTLED:
            return f"still throttled after several tries ({self.code}); run again later"
        if self.code == "Unreachable":
            return "no answer"
        if self.code == "Unsendable":
            return "AWS takes no such request"
        return f"AWS answered {self.code}"
