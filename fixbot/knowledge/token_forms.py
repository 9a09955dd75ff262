"""Forms that alone give a secret away: by whom each is issued, the letters it can't be without, how it looks.

One list for finding, masking and both's first look. Sources: what the issuers document of their prefixes, as
GitHub's secret scanning collects them (docs.github.com, "Supported secret scanning patterns");
postgresql.org/docs/current/libpq-pgpass.html; Docker's `config.json` ("auths").
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from fixbot.knowledge.secret_words import is_hole

PEM: Final = (
    r"-----BEGIN (?:[A-Z0-9 ]{1,30} )?PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]++|-(?!----))*+(?:-----END [A-Z0-9 ]{1,40}-----)?"
)


class TokenForm(NamedTuple):
    """One form. Where a pattern has a group `secret`, the rest only stands around it."""

    what: str
    letters: tuple[str, ...]
    pattern: str
    check: Callable[[re.Match[str]], bool] | None = None


def _holds_login(found: re.Match[str]) -> bool:
    """Whether what Docker keeps of a registry stands for `user:password`."""
    text = found["secret"]
    if '"auths' in found.string or 'auths\\"' in found.string:
        return not is_hole(text)
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


def _is_filled(found: re.Match[str]) -> bool:
    return not is_hole(found["secret"])


def _issued(what: str, body: str, *letters: str) -> TokenForm:
    """A token that begins with one of some letters, in which no dot or backslash stands but as written."""
    return TokenForm(what, letters, rf"(?<![\w-])(?:{'|'.join(map(re.escape, letters))}){body}")


TOKEN_FORMS: Final = (
    TokenForm(
        "an AWS access key",
        ("AKIA", "ASIA"),
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])",
    ),
    _issued("a key of Amazon Bedrock", r"[A-Za-z0-9+/]{100,300}={0,2}", "ABSK"),
    TokenForm("a private key", ("-----BEGIN",), PEM),
    TokenForm(
        "a private key",
        ("LS0tLS1CRUdJTi",),
        r"LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURSBLRVkt|BQUklWQVRFIEtFWS0t|BFQyBQUklWQVRFIEtFWS0t"
        r"|BPUEVOU1NIIFBSSVZBVEUg|BFTkNSWVBURUQgUFJJVkFURSBL)[A-Za-z0-9+/]{16,}+={0,2}",
    ),
    _issued("an age key", r"[A-Z0-9]{20,}+", "AGE-SECRET-KEY-"),
    TokenForm(
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{60,255})",
    ),
    TokenForm(
        "a GitLab token",
        ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glagent-", "glsoat-", "glft-", "gloas-"),
        r"(?<![\w-])gl(?:pat|dt|rt|ptt|cbt|agent|soat|ft|oas)-[\w.-]{20,255}",
    ),
    TokenForm(
        "a Slack token",
        ("xox", "xapp-"),
        r"(?<![\w-])(?:xox[abceoprs](?:\.xox[bp])?|xapp)-[\w-]{10,255}",
    ),
    TokenForm(
        "a Slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services/T\w{1,30}/B\w{1,30}|workflows/\w{1,30}/\w{1,30}/\w{1,30}|triggers/\w{1,30}/\w{1,30})/\w{1,60}",
    ),
    TokenForm(
        "a Discord webhook",
        ("/api/webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/\d{15,22}/[\w-]{50,100}",
    ),
    TokenForm(
        "a Teams webhook",
        (".webhook.office.com/",),
        r"\.webhook\.office\.com/webhookb2/[\w@-]{30,100}/IncomingWebhook/\w{20,60}/[\w-]{20,60}",
    ),
    TokenForm(
        "a Telegram bot's token",
        (":AA",),
        r"(?<![\w-])\d{8,10}:AA[\w-]{30,40}(?![\w-])",
    ),
    _issued("a Stripe live key", r"[A-Za-z0-9]{16,255}", "sk_live_", "rk_live_"),
    _issued("a Stripe webhook's secret", r"[A-Za-z0-9+/]{32,255}={0,2}", "whsec_"),
    TokenForm("a Google API key", ("AIza",), r"(?<![\w-])AIza[\w-]{35}"),
    _issued("a Google client's secret", r"[\w-]{28}", "GOCSPX-"),
    _issued("a Google access token", r"[\w-]{20,1000}", "ya29."),
    TokenForm("a SendGrid key", ("SG.",), r"(?<![\w-])SG\.[\w-]{22}\.[\w-]{43}"),
    TokenForm("a Mailgun key", ("key-",), r"(?<![\w-])key-[0-9a-f]{32}(?![\w-])"),
    _issued("a Brevo key", r"[0-9a-f]{64}-\w{16}", "xkeysib-"),
    TokenForm("an npm token", ("npm_",), r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}"),
    _issued("a PyPI token", r"[\w-]{50,500}", "pypi-"),
    _issued("a RubyGems key", r"[0-9a-f]{48}", "rubygems_"),
    _issued("a Docker Hub token", r"[\w-]{27,40}", "dckr_pat_", "dckr_oat_"),
    TokenForm(
        "a login to a registry",
        ('"auth"', 'auth\\"'),
        r"\"(?:auth|identitytoken)\\{0,3}\"[ \t]{0,9}:[ \t]{0,9}\\{0,3}\""
        r"(?P<secret>[\w+/=.-]{8,4000}+)\\{0,3}\"",
        _holds_login,
    ),
    TokenForm(
        "a login to a registry",
        ("eyJhdXRocy", "eyAiYXV0aHMi", "ewogICJhdXRocyI6", "ewogICAgImF1dGhzIjog", "ewoJImF1dGhzIjo"),
        r"(?:eyJhdXRocy|eyAiYXV0aHMi|ewogICJhdXRocyI6|ewogICAgImF1dGhzIjog|ewoJImF1dGhzIjo)[A-Za-z0-9+/]{16,}+={0,2}",
    ),
    TokenForm(
        "a line of .pgpass",
        (":5432:", ":5433:", ":5439:", ":6432:", ":*:"),
        r"(?:(?<![^\s\"'#])|(?<=\\n))[^\s:#/\"'\\]{1,253}:(?:\d{2,5}|\*):[^\s:/\"'\\]{1,128}:[^\s:/\"'\\]{1,128}:"
        r"(?P<secret>(?:[^\s\"':\\]|\\[:\\])++)(?![:\w])",
        _is_filled,
    ),
    TokenForm(
        "a JSON web token",
        ("eyJ",),
        r"(?<![\w-])eyJ[\w-]{10,4000}\.[\w-]{10,8000}\.[\w-]{10,2000}",
    ),
    TokenForm(
        "an AI provider's key",
        ("sk-", "gsk_", "xai-", "pplx-", "r8_"),
        r"(?<![\w-])(?:sk-(?:ant-[a-z0-9]{2,12}-[\w-]{20,255}|(?:proj|svcacct|admin|or-v1)-[\w-]{20,255}|[A-Za-z0-9]{32,128})"
        r"|gsk_[A-Za-z0-9]{40,64}|xai-[A-Za-z0-9]{60,100}|pplx-[A-Za-z0-9]{40,64}|r8_[A-Za-z0-9]{37})",
    ),
    _issued("a Hugging Face token", r"[A-Za-z]{34}(?![\w-])", "hf_"),
    _issued("a Vault token", r"[\w-]{20,255}", "hvs.", "hvb."),
    TokenForm(
        "an HCP Terraform token",
        (".atlasv1.",),
        r"(?<![\w.])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}",
    ),
    _issued("a DigitalOcean token", r"[0-9a-f]{64}", "dop_v1_", "doo_v1_", "dor_v1_"),
    _issued("a Databricks token", r"[0-9a-f]{32}(?:-\d)?(?![\w-])", "dapi"),
    _issued("a Grafana token", r"[\w+/=-]{32,400}", "glsa_", "glc_"),
    _issued("a Sentry token", r"[\w+/=-]{30,400}", "sntrys_", "sntryu_"),
    _issued("a New Relic key", r"[A-Z0-9]{27}(?![\w-])", "NRAK-"),
    _issued("a Shopify token", r"[0-9a-fA-F]{32}", "shpat_", "shpca_", "shppa_", "shpss_"),
    _issued("an Atlassian token", r"[\w=-]{24,300}", "ATATT3x", "ATCTT3x", "ATBB"),
    _issued("a Notion token", r"[A-Za-z0-9]{40,60}", "ntn_"),
    _issued("a Linear key", r"[A-Za-z0-9]{40}", "lin_api_"),
    _issued("a Doppler token", r"[\w.]{40,60}", "dp.pt.", "dp.st.", "dp.sa.", "dp.ct."),
    _issued("a Pulumi token", r"[0-9a-f]{40}(?![\w-])", "pul-"),
    _issued("a Tailscale key", r"[a-z]{2,10}-\w{6,40}(?:-\w{20,60})?", "tskey-"),
    _issued("a PlanetScale password", r"[\w.-]{32,64}", "pscale_pw_", "pscale_tkn_"),
    _issued("a SonarQube token", r"[0-9a-f]{40}", "squ_", "sqp_", "sqa_"),
    _issued("a Figma token", r"[\w-]{40,60}", "figd_"),
    _issued("a Supabase key", r"(?:[0-9a-f]{40}|secret_[\w-]{20,60})", "sbp_", "sb_"),
    TokenForm(
        "an Entra client's secret",
        ("Q~",),
        r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~-])",
    ),
    TokenForm(
        "an Artifactory token",
        ("AKCp", "cmVmdGtuO"),
        r"(?<![\w-])(?:AKCp[A-Za-z0-9]{69}|cmVmdGtuO[A-Za-z0-9]{50,70})(?![\w-])",
    ),
)  # fmt: skip
TOKEN_LETTERS: Final = tuple(dict.fromkeys(each for form in TOKEN_FORMS for each in form.letters))
"""One of these is in every text that holds one of these forms."""
