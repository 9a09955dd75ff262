"""A person who acts on a repository: in a browser or with git, at any moment, without asking the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.hub.hub import Hub
from tests.hub.model import GITHUB, ZERO, Account, Comment, Issue, Pull, Refused, Repo, stamp
from tests.hub.refs import Move, close, merged, move_refs, notice, reopen
from tests.hub.store import Entry, Who

ACTIONS = (
    "amend",
    "archive",
    "close",
    "comment",
    "delete_branch",
    "edit",
    "git_pushed",
    "label",
    "merge",
    "push",
    "queue",
    "rename_branch",
    "rename_repo",
    "reopen",
    "restore_branch",
    "revert",
    "set_draft",
    "unlabel",
)


class Person:
    """One person in one repository, with the right to write unless `role` says less; empty for an outsider.

    What the role does not allow is refused, as the buttons are missing on GitHub's pages.
    """

    def __init__(self, hub: Hub, login: str, repository: str, role: str = "write") -> None:
        self.hub, self.full_name = hub, repository
        self.account: Account = hub.account(login)
        if role:
            self.repo.collaborators.setdefault(login, role)

    def _demand(self, role: str, number: int | None = None) -> None:
        """Refuse what takes that role; the author of a pull request may do it too, where one is named."""
        owns = number is not None and self.repo.issue(number).author == self.account
        if not owns and not self.repo.may(self.account.login, role):
            raise Refused(403, f"Must have the role {role}.")

    @property
    def repo(self) -> Repo:
        return self.hub.repo(self.full_name)

    def _who(self) -> Who:
        return self.account.name, self.account.email, int(self.hub.clock.now())

    def _commit(self, tree: str, parents: list[str], message: str) -> str:
        return self.repo.store.write_commit(tree, parents, message, self._who(), self._who(), signed=False)

    def _move(self, branch: str, sha: str, *, force: bool = False) -> str:
        self._demand("write")
        ref = f"refs/heads/{branch}"
        move_refs(self.hub, self.repo, self.account, [Move(ref, sha, force=force)])
        if sha != ZERO:
            self.repo.pushes.append((self.account.login, ref, sha))
        return sha

    def _tip(self, branch: str) -> str:
        found = self.repo.refs.get(f"refs/heads/{branch}")
        if found is None:
            raise Refused(422, f"There is no branch {branch}.")
        return found

    def _changed(self, tree: str, files: Mapping[str, str | None]) -> str:
        store = self.repo.store
        changes: dict[str, Entry | None] = {}
        for path, text in files.items():
            there = store.at(tree, path)
            if text is not None:
                changes[path] = (there[0] if there else 0o100644, store.blob(text.encode()))
            elif there is not None:
                changes[path] = None
        return store.with_changes(tree, changes)

    def push(
        self,
        branch: str,
        files: Mapping[str, str | None],
        message: str = "Work",
        *,
        start: str | None = None,
        force: bool = False,
    ) -> str:
        """Commit files (None deletes) on a branch and push it. `start` names another commit to begin from."""
        with self.hub.lock:
            ref = f"refs/heads/{branch}"
            tip = start or self.repo.refs.get(ref) or self._tip(self.repo.default_branch)
            tree = self._changed(self.repo.store.tree_of(tip), files)
            return self._move(branch, self._commit(tree, [tip], message), force=force)

    def push_commit(self, branch: str, sha: str) -> str:
        """Push a commit that git itself has made and brought here."""
        with self.hub.lock:
            return self._move(branch, sha, force=True)

    def amend(self, branch: str, files: Mapping[str, str | None], message: str | None = None) -> str:
        """Put something else in place of the last commit, and force-push. The author stays."""
        with self.hub.lock:
            store, tip = self.repo.store, self._tip(branch)
            old = store.commit(tip)
            name, _, email = old.author.decode().rpartition(" <")
            author = (name, email.rstrip(">"), old.author_time)
            tree = self._changed(store.tree_of(tip), files)
            text = old.message.decode() if message is None else message
            made = store.write_commit(tree, store.parents(tip), text, author, self._who(), signed=False)
            return self._move(branch, made, force=True)

    def close(self, number: int) -> None:
        with self.hub.lock:
            self._demand("triage", number)
            if self.repo.issue(number).open:
                close(self.hub, self.repo, self.account, number)

    def reopen(self, number: int) -> None:
        with self.hub.lock:
            self._demand("triage", number)
            if not self.repo.issue(number).open:
                reopen(self.hub, self.repo, self.account, number)

    def merge(self, number: int, how: str = "merge", *, delete: bool = False) -> str:
        """Merge a pull request by `merge`, `squash` or `rebase`; the new head of its base."""
        with self.hub.lock:
            self._demand("write")
            repo, issue = self.repo, self.repo.issue(number)
            pull, store = issue.the_pull, self.repo.store
            base = self._tip(pull.base_ref)
            tree = store.merge(base, pull.head_sha)
            if not issue.open or tree is None or pull.draft:
                raise Refused(405, "Pull Request is not mergeable")
            made = self._merge_commit(issue, pull, base, tree, how)
            ref = f"refs/heads/{pull.base_ref}"
            repo.refs[ref] = made
            store.set_ref(ref, made)
            repo.pushed = self.hub.clock.now()
            merged(self.hub, repo, self.account, number, made)
            if delete and pull.head_repo is None:
                self.delete_branch(pull.head_ref)
            self._base_moved(pull.base_ref, made)
            return made

    def _merge_commit(self, issue: Issue, pull: Pull, base: str, tree: str, how: str) -> str:
        store, web = self.repo.store, (*GITHUB, int(self.hub.clock.now()))
        if how == "merge":
            whence = f"{self.repo.owner.login}/{pull.head_ref}"
            text = f"Merge pull request #{issue.number} from {whence}\n\n{issue.title}"
            return store.write_commit(tree, [base, pull.head_sha], text, self._who(), web, signed=True)
        if how == "squash":
            return store.write_commit(
                tree, [base], f"{issue.title} (#{issue.number})", self._who(), web, signed=True
            )
        tip = base
        for sha in store.between(base, pull.head_sha):
            old = store.commit(sha)
            name, _, email = old.author.decode().rpartition(" <")
            # Only the last tree has to be right: it is the merged one.
            last = tree if sha == pull.head_sha else store.tree_of(sha)
            author = (name, email.rstrip(">"), old.author_time)
            tip = store.write_commit(last, [tip], old.message.decode(), author, self._who(), signed=False)
        return tip

    def _base_moved(self, base: str, new: str) -> None:
        for other in self.repo.pull_requests():
            pull = other.the_pull
            if other.open and pull.base_ref == base and self.repo.store.is_ancestor(pull.head_sha, new):
                merged(self.hub, self.repo, self.account, other.number, new)

    def revert(self, commit: str, branch: str | None = None) -> str:
        """Undo what a commit did against its first parent, by a commit on top."""
        with self.hub.lock:
            store, name = self.repo.store, branch or self.repo.default_branch
            tip = self._tip(name)
            before = store.tree_of(store.parents(commit)[0])
            back = {change.path: change.before for change in store.diff(before, store.tree_of(commit))}
            tree = store.with_changes(store.tree_of(tip), back)
            return self._move(name, self._commit(tree, [tip], f"Revert {commit[:7]}"))

    def delete_branch(self, branch: str) -> None:
        with self.hub.lock:
            self._move(branch, ZERO)

    def restore_branch(self, number: int) -> None:
        """The button "Restore branch" of a closed pull request."""
        with self.hub.lock:
            pull = self.repo.issue(number).the_pull
            self._move(pull.head_ref, pull.head_sha)
            self.hub.event(self.repo, number, self.account, "head_ref_restored")

    def rename_branch(self, old: str, new: str) -> None:
        """Rename a branch; pull requests into it follow, those from it are closed, as on GitHub."""
        with self.hub.lock:
            repo = self.repo
            sha = self._tip(old)
            if f"refs/heads/{new}" in repo.refs:
                raise Refused(422, f"Branch {new} already exists.")
            del repo.refs[f"refs/heads/{old}"]
            repo.refs[f"refs/heads/{new}"] = sha
            repo.store.set_ref(f"refs/heads/{new}", sha)
            repo.store.set_ref(f"refs/heads/{old}", None)
            repo.renamed_branches[old] = new
            if repo.default_branch == old:
                repo.default_branch = new
                repo.store.set_head(new)
            for issue in repo.pull_requests():
                if issue.open and issue.the_pull.base_ref == old:
                    repo.issues[issue.number] = replace(issue, pull=replace(issue.the_pull, base_ref=new))
                elif issue.open and issue.the_pull.head_ref == old and issue.the_pull.head_repo is None:
                    close(self.hub, repo, self.account, issue.number)

    def rename_repo(self, name: str) -> str:
        """Give the repository another name; the old one leads to it."""
        with self.hub.lock:
            repo, old = self.repo, self.repo.full_name.lower()
            del self.hub.repos[old]
            repo.name = name
            new = repo.full_name.lower()
            self.hub.repos[new] = repo
            self.hub.renamed_repos = {
                **{key: new if to == old else to for key, to in self.hub.renamed_repos.items()},
                old: new,
            }
            self.hub.renamed_repos.pop(new, None)
            for text, token in list(self.hub.tokens.items()):
                if token.repos is not None and old in token.repos:
                    self.hub.tokens[text] = replace(token, repos=token.repos - {old} | {new})
            self.full_name = repo.full_name
            return repo.full_name

    def edit(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        with self.hub.lock:
            self._demand("write", number)
            issue = self.repo.issue(number)
            if title is not None and title != issue.title:
                rename = {"from": issue.title, "to": title}
                self.hub.event(self.repo, number, self.account, "renamed", rename=rename)
            self.repo.issues[number] = replace(
                issue,
                title=issue.title if title is None else title,
                body=issue.body if body is None else body,
                updated=self.hub.clock.now(),
                editor=issue.editor if body in {None, issue.body} else self.account,
            )

    def open_issue(self, title: str, body: str) -> int:
        """Open an issue: whoever sees the repository may."""
        with self.hub.lock:
            number, now = max(self.repo.issues, default=0) + 1, self.hub.clock.now()
            made = Issue(number, self.hub.next_id(), self.account, title, body, now, now)
            self.repo.issues[number] = made
            return number

    def comment(self, number: int, body: str) -> int:
        with self.hub.lock:
            now = self.hub.clock.now()
            made = Comment(self.hub.next_id(), number, self.account, body, now, now)
            self.repo.comments[made.id] = made
            self.repo.issues[number] = replace(self.repo.issue(number), updated=now)
            return made.id

    def _relabel(self, number: int, names: tuple[str, ...], event: str, name: str) -> None:
        shown = {"name": name, "color": self.repo.labels.setdefault(name, "ededed")}
        self.hub.event(self.repo, number, self.account, event, label=shown)
        self.repo.issues[number] = replace(
            self.repo.issue(number), labels=names, updated=self.hub.clock.now()
        )

    def label(self, number: int, name: str) -> None:
        with self.hub.lock:
            self._demand("triage")
            if name not in (there := self.repo.issue(number).labels):
                self._relabel(number, (*there, name), "labeled", name)

    def unlabel(self, number: int, name: str) -> None:
        with self.hub.lock:
            self._demand("triage")
            if name in (there := self.repo.issue(number).labels):
                self._relabel(number, tuple(each for each in there if each != name), "unlabeled", name)

    def set_draft(self, number: int, *, draft: bool) -> None:
        with self.hub.lock:
            issue = self.repo.issue(number)
            self.repo.issues[number] = replace(issue, pull=replace(issue.the_pull, draft=draft))
            self.hub.event(
                self.repo, number, self.account, "convert_to_draft" if draft else "ready_for_review"
            )

    def queue(self, number: int, *, queued: bool = True) -> None:
        """Put a pull request into the merge queue, or take it out."""
        with self.hub.lock:
            issue = self.repo.issue(number)
            self.repo.issues[number] = replace(issue, pull=replace(issue.the_pull, queued=queued))
            self.hub.event(
                self.repo,
                number,
                self.account,
                "added_to_merge_queue" if queued else "removed_from_merge_queue",
            )

    def archive(self, *, archived: bool = True) -> None:
        with self.hub.lock:
            self.repo.archived = archived

    def git_pushed(self) -> None:
        """Take note of a push with git into the bare repository; its commits are this person's."""
        with self.hub.lock:
            before = dict(self.repo.refs)
            notice(self.hub, self.repo, self.account)
            for ref, sha in self.repo.refs.items():
                if ref.startswith("refs/heads/") and before.get(ref) != sha:
                    self.repo.pushes.append((self.account.login, ref, sha))

    def review(self, number: int, state: str = "APPROVED", body: str = "") -> None:
        with self.hub.lock:
            issue = self.repo.issue(number)
            made = {
                "id": self.hub.next_id(),
                "number": number,
                "login": self.account.login,
                "state": state,
                "body": body,
                "commit": issue.the_pull.head_sha,
                "at": stamp(self.hub.clock.now()),
            }
            self.repo.reviews[number] = (*self.repo.reviews.get(number, ()), made)

    def fork_pull(self, branch: str, files: Mapping[str, str | None], title: str, body: str = "") -> int:
        """Open a pull request from this person's fork, whose branch may be called like one of ours."""
        with self.hub.lock:
            repo, now = self.repo, self.hub.clock.now()
            base = self._tip(repo.default_branch)
            head = self._commit(self._changed(repo.store.tree_of(base), files), [base], title)
            number = max(repo.issues, default=0) + 1
            pull = Pull(
                branch,
                head,
                repo.default_branch,
                base,
                head_owner=self.account.login,
                head_repo=f"{self.account.login}/{repo.name}",
            )
            repo.issues[number] = Issue(
                number, self.hub.next_id(), self.account, title, body, now, now, pull=pull
            )
            repo.refs[f"refs/pull/{number}/head"] = head
            repo.store.set_ref(f"refs/pull/{number}/head", head)
            return number

    def open_pull(self, branch: str, title: str, body: str = "", *, draft: bool = False) -> int:
        """Open a pull request by hand from a branch that is there: who may push, or belongs to the team.

        Source: "About pull requests" and "Creating a pull request", docs.github.com.
        """
        with self.hub.lock:
            if not self.repo.may(self.account.login, "write"):
                self._demand("read" if self.account.login in self.repo.collaborators else "write")
            repo, now = self.repo, self.hub.clock.now()
            head, base = self._tip(branch), self._tip(repo.default_branch)
            number = max(repo.issues, default=0) + 1
            pull = Pull(branch, head, repo.default_branch, base, draft)
            repo.issues[number] = Issue(
                number, self.hub.next_id(), self.account, title, body, now, now, pull=pull
            )
            repo.refs[f"refs/pull/{number}/head"] = head
            repo.store.set_ref(f"refs/pull/{number}/head", head)
            return number
