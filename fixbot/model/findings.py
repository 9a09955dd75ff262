"""The words that the parts of fixbot share: what was found, what is offered, what was left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Literal

from fixbot.edit.edited_text import EditedFile
from fixbot.model.foreign_findings import SourceRow
from fixbot.model.inventory_item import InventoryItem
from fixbot.model.layer import Layer
from fixbot.model.moved_secrets import StorePlace
from fixbot.model.proposal_facts import FixWords, ProposalFacts
from fixbot.model.run_stats import Stats
from fixbot.text.characters import MASK

if TYPE_CHECKING:
    from fixbot.edit.change import Change
    from fixbot.edit.tree import Node, TextEdit, Value


Cause = Literal["damaged", "unserved"]
"""Why something was not read: it can't be (no text, no syntax, a link …), or fixbot only names such files."""


class Severity(IntEnum):
    """How bad a finding is; ordered."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word used in reports and on the command line."""
        return self.name.lower()


class Safety(Enum):
    """Whether a fix can change how the workload behaves; MANUAL has no fix by a machine."""

    SAFE = "safe"
    REVIEW = "review"
    MANUAL = "manual"


class Status(Enum):
    """What became of a finding."""

    FIXED = "fixed"
    REFUSED = "refused"
    MANUAL = "manual"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a fix brings along: one object, `data`, beside a file that the fix changes.

    Its text is made by the writer of its syntax when it is proven. Refused where the path exists.
    """

    path: str
    data: dict[str, Value]
    merged: bool = False
    """Whether several fixes may each put their part there, as into a patch."""


@dataclass(frozen=True, slots=True)
class Fix(FixWords):
    """Everything that one finding needs, in one or several files, and what its reader must know."""

    changes: tuple[Change, ...]
    files: tuple[NewFile, ...] = ()
    safety: Safety = Safety.REVIEW
    alike: str = ""
    """Fixes of a rule with the same non-empty word are offered as one or not at all."""
    stores: tuple[StorePlace, ...] = ()
    """Where the value of the finding's node goes, which it takes out of the file."""
    edits: tuple[FileEdits, ...] = ()
    """What is written into templates, which are no data: places in their texts."""
    waits: Refusal | None = None
    """What would void it today, and ends with the fix of another rule: it is offered with that one only."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fix exists in principle. What is there, why it isn't safe here, what a person can do.

    `until` names the rule whose fix, at the same container or in the same pod, ends the reason, or the rules
    of which one's does; `in_task` says that its fix at any container of the task does.
    """

    reason: str
    until: str | tuple[str, ...] = ""
    in_task: bool = False


@dataclass(frozen=True, slots=True)
class Manual:
    """No machine should fix this. `reason` says what to do."""

    reason: str


Outcome = Fix | Refusal | Manual
Outlook = Outcome | Callable[[], Outcome]
"""A way out, or what finds it: a proof asks only whether something is wrong, and so never for that."""


def resolve_outlook(outlook: Outlook) -> Outcome:
    """The way out itself."""
    return outlook() if callable(outlook) else outlook


@dataclass(frozen=True, slots=True)
class Found:
    """What a fixer says: this is wrong, here, and this is the way out.

    `resource` is the reader's name for it ("task web, container app"); `address` is the same for
    machines and must survive moved lines and new neighbours; `wrong` is what is wrong, in a word or
    two, for the finding's identity: it changes when the thing itself changes, and holds no secret.
    """

    node: Node
    resource: str
    address: str
    wrong: str
    message: str
    outcome: Outlook
    policy: str = ""
    """The address of the policy that the fix may only narrow, if it is about one."""
    subject: str = ""
    """What a title names: the service, workload or policy."""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the report; the fields are those of the contract."""

    id: str
    rule: str
    severity: Severity
    safety: Safety
    path: str
    line: int
    column: int
    resource: str
    message: str
    controls: tuple[str, ...]
    status: Status
    reason: str | None = None
    lapse: str | None = None
    """That somebody asked to leave it alone, and why that doesn't count any more."""
    topic: str = ""
    known: bool = False
    """Whether a baseline has it: then no gate fails for it."""
    source: str | None = None
    """The finding from outside that it was looked for by, by its id."""
    layer: Layer | None = None
    """Where it is edited, if the object that it is about was rendered."""

    @property
    def is_new(self) -> bool:
        """Whether nobody asked to ignore it, and no baseline has it."""
        return self.status is not Status.SUPPRESSED and not self.known


@dataclass(frozen=True, slots=True)
class Patch:
    """One file as all offered fixes together leave it. `before` is None for a new file."""

    path: str
    before: str | None
    after: str
    diff: str
    """A unified diff with secrets masked."""
    fixed: tuple[str, ...]
    introduced: tuple[str, ...] = ()
    edits: tuple[TextEdit, ...] = field(repr=False, default=())
    """What makes `after` of `before`."""

    @property
    def file(self) -> EditedFile:
        """The file with what is changed in it."""
        return EditedFile(self.path, self.before, self.after, self.edits)


@dataclass(frozen=True, slots=True)
class FileEdits:
    """What is changed in one file, by places in what it is now; of a new file all of it is one edit."""

    path: str
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class ProposedCommit:
    """One commit of a proposal: the findings of these rules, that can be dropped without the others.

    `contents` are the files that it changes, as they are after it and all commits before it.
    """

    rules: tuple[str, ...]
    findings: tuple[str, ...]
    contents: dict[str, str] = field(repr=False, default_factory=dict)
    order: tuple[bool, int] = (True, 0)
    """Where it stands among the others: whether it is bold, and how bad its rules' findings are, negated."""


@dataclass(frozen=True, slots=True)
class KnownFact:
    """Something that was looked up for a proposal: a kind, a sentence, and the same as data for machines."""

    kind: Literal["access-check", "image", "secret", "tag-coverage", "used-actions"]
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one pull request would hold. `contents` are the files as this proposal alone leaves them.

    `key` comes from the topic, or the rule, and the findings; `rule` is None where it holds several.
    `fixbot.proposal.pull_request_text` makes title, text and commit messages of the `story`.
    """

    key: str
    rule: str | None
    branch: str
    paths: tuple[str, ...]
    findings: tuple[str, ...]
    story: ProposalFacts
    contents: dict[str, str] = field(repr=False, default_factory=dict)
    diff: str = field(repr=False, default="")
    """A unified diff of this proposal alone, with secrets masked."""
    severity: Severity = Severity.MEDIUM
    safety: Safety = Safety.REVIEW
    topic: str = ""
    commits: tuple[ProposedCommit, ...] = ()
    """In their order, each prefix of which is proven."""
    shares: str = ""
    """Proposals of other files with the same non-empty word become one with this."""
    edits: tuple[FileEdits, ...] = field(repr=False, default=())
    """What it writes and where; nothing where that would show a secret."""
    facts: tuple[KnownFact, ...] = ()
    risk: int = 0  # 0 to 100: severity, use to an outsider, how sure the fix is, whether it runs
    example: bool = False  # nobody deploys any of its files
    discloses: bool = False  # it is of use to an attacker who reads of it

    @property
    def touches_secret(self) -> bool:
        """Whether a line that it replaces or writes holds what is hidden: it is repeated nowhere."""
        return any(MASK in line for line in self.diff.split("\n") if line.startswith(("+", "-")))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules whose findings it repairs, by name."""
        return tuple(concern.rule for concern in self.story.concerns)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a place in one, that could matter and was not read. It does not count as clean.

    Where nobody says that fixbot merely doesn't serve such files, it counts as damaged: gates fail for that.
    """

    path: str
    line: int | None
    reason: str
    cause: Cause = "damaged"


@dataclass(frozen=True, slots=True)
class Failure:
    """Files that could not be examined for a bug of ours. `reason` holds nothing of the files.

    `trace` is for people who ask for it: Python's own words may repeat values.
    """

    paths: tuple[str, ...]
    reason: str
    trace: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class PullRequestRow:
    """One branch on GitHub after a run with `--pr`.

    `deed` is what was to be done (open, update, close …), `outcome` how it ended: `done`, `left`, `branch`
    (no pull request could be opened), `failed`, `waits`, `would` (only shown). `why` says why, in a sentence.
    """

    deed: str
    outcome: str
    why: str
    branch: str
    title: str
    key: str = ""
    number: int | None = None
    url: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class LeftOutBySettings:
    """What settings left out of a run: rules, globs, the files of those globs, findings of little weight."""

    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    files: int = 0
    severity: Severity = Severity.LOW
    hidden: int = 0
    never_patch: tuple[str, ...] = ()
    ephemeral: tuple[str, ...] = ()

    @property
    def glob_settings(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The settings that leave files out, each with its patterns."""
        return (("exclude", self.exclude), ("include", self.include))


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run has to say."""

    stats: Stats
    findings: tuple[Finding, ...]
    patches: tuple[Patch, ...]
    proposals: tuple[Proposal, ...]
    unread: tuple[Unread, ...]
    failures: tuple[Failure, ...] = ()
    """Parts that failed; their files are in `unread` as well."""
    pulls: tuple[PullRequestRow, ...] | None = None
    """What became of pull requests; None where nobody asked for any."""
    left_out: LeftOutBySettings = field(default_factory=LeftOutBySettings)
    remarks: tuple[str, ...] = ()
    """A line for each call to AWS that was refused."""
    sources: tuple[SourceRow, ...] | None = None
    """What became of findings from outside; None where nobody brought any."""
    items: tuple[InventoryItem, ...] = ()
    asked: frozenset[str] | None = None
    """The findings that a run is about, by id; None where it is about all."""
