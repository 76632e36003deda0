"""Reading policies from text, and every mistake at its place."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from alerts.policy import DEFAULT_CHECK_IN, DEFAULT_POLICY, DEFAULT_TAIL, Policy, Recipient, Repeat, Step
from alerts.policy_text import Mistake, PolicyMistakes, read_policy, read_policy_document
from alerts.policy_writing import write_policy

MINUTE = 60_000

CONTRACT_EXAMPLE = """\
name: at-once
cancel_window: 0s              # before anybody is told; `immediate: true` skips it
acknowledgement: {lease: 5m}   # then escalation goes on, unless renewed or resolved
steps:
  - after: 0s
    notify: [dispatch, contacts]
    repeat: {every: 2m, times: 5}
  - after: 10m
    notify: ["team:advocates", "contact:2"]
check_in: {grace: 5m, remind: [10m, 0s], extend_at_most: 1h, after_outage: {ask_again: 2m}}
"""

DEFAULT_IN_WORDS = """\
name: default
steps:
  - {after: 0s, notify: [dispatch, contact:1, contact:2], repeat: {every: 2m, times: 3}}
  - {after: 3m, notify: [contacts]}
  - {after: 6m, notify: [last_resort]}
"""


def mistakes_in(text: str, *, name: str | None = None) -> tuple[Mistake, ...]:
    with pytest.raises(PolicyMistakes) as refused:
        read_policy(text, name=name)
    return refused.value.mistakes


def step_with(line: str) -> str:
    """A policy that is right but for one field of its only step, which stands on line 5 from column 5 on."""
    fields = {"after": "after: 0s", "notify": "notify: [dispatch]"}
    fields.pop(line.partition(":")[0].strip(), None)
    return "\n".join(["name: a", "steps:", "  -", *(f"    {field}" for field in [*fields.values(), line])])


class TestWhatIsRead:
    def test_the_example_of_the_contract(self) -> None:
        """The policy that the contract shows is read as it says."""
        assert read_policy(CONTRACT_EXAMPLE) == Policy(
            name="at-once",
            cancel_window_ms=0,
            lease_ms=5 * MINUTE,
            contacts_hold="contacts",
            steps=(
                Step(
                    after_ms=0,
                    notify=(Recipient("dispatch"), Recipient("contacts")),
                    repeat=Repeat(every_ms=2 * MINUTE, times=5),
                ),
                Step(after_ms=10 * MINUTE, notify=(Recipient("team", name="advocates"), Recipient("contact", 2))),
            ),
            check_in=DEFAULT_CHECK_IN,
            tail=DEFAULT_TAIL,
        )

    def test_what_is_left_out_is_taken_from_the_default_policy(self) -> None:
        """A policy of steps alone has the default window, lease, check-in rules and tail."""
        assert read_policy(DEFAULT_IN_WORDS) == DEFAULT_POLICY

    def test_a_mapping_may_be_given_in_part(self) -> None:
        """Fields that are left out within a mapping are taken from the default one by one."""
        policy = read_policy(DEFAULT_IN_WORDS + "tail: {every: 5m}\ncheck_in: {remind: []}\nacknowledgement: {}\n")
        assert (policy.tail.every_ms, policy.tail.notify) == (5 * MINUTE, DEFAULT_TAIL.notify)
        assert (policy.check_in.remind_ms, policy.check_in.grace_ms) == ((), 5 * MINUTE)
        assert policy.lease_ms == DEFAULT_POLICY.lease_ms

    def test_steps_stand_in_the_order_of_their_times(self) -> None:
        """The order in the document does not matter; what is told at the same time stays in its order."""
        text = """\
        name: a
        steps:
          - {after: 5m, notify: [last_resort]}
          - {after: 0s, notify: [contacts]}
          - {after: 0s, notify: [dispatch]}
        """
        told = [str(step.notify[0]) for step in read_policy(dedent(text)).steps]
        assert told == ["contacts", "dispatch", "last_resort"]

    def test_reminders_stand_with_the_earliest_first_and_once(self) -> None:
        """Reminders are kept in the order in which they are given."""
        policy = read_policy(DEFAULT_IN_WORDS + "check_in: {remind: [0s, 10m, 60s, 1m]}")
        assert policy.check_in.remind_ms == (10 * MINUTE, MINUTE, 0)

    def test_json_with_tabs_and_escapes(self) -> None:
        """Any JSON is read, whatever it is indented with and however it writes its characters."""
        document = write_policy(DEFAULT_POLICY) | {"name": "noche \U0001f319"}
        expected = read_policy_document(document)
        assert expected.name == "noche \U0001f319"
        for text in (json.dumps(document), json.dumps(document, indent="\t"), json.dumps(document, ensure_ascii=False)):
            assert read_policy(text) == expected

    def test_words_that_older_yaml_turns_into_something_else(self) -> None:
        """`on`, `no` and `1:30` are the words that were written."""
        for name in ("on", "no", "1:30", "0777_8", "2026-01-01"):
            assert read_policy(f"name: {name}\nsteps: [{{after: 0s, notify: [dispatch]}}]").name == name

    def test_a_byte_order_mark_and_dos_line_ends(self) -> None:
        """A text that an editor on Windows has saved is read alike."""
        assert read_policy("\ufeff" + CONTRACT_EXAMPLE.replace("\n", "\r\n")) == read_policy(CONTRACT_EXAMPLE)

    def test_the_name_may_come_from_the_address(self) -> None:
        """Where the address names the policy, the document need not."""
        assert read_policy("steps: [{after: 0s, notify: [dispatch]}]", name="night").name == "night"
        assert read_policy(CONTRACT_EXAMPLE, name="at-once").name == "at-once"


ONE_FIELD_OF_A_STEP = [
    # the field's line, the column of the mistake in it, its path in the step, a part of its text
    ("after: 5", 12, "after", "write 5s, 5m or 5h"),
    ("after: '5'", 12, "after", "write 5s, 5m or 5h"),
    ("after: 90 seconds", 12, "after", "write 1m30s"),
    ("after: 1 hour, 5 mins", 12, "after", "write 1h5m"),
    ("after: 1.5h", 12, "after", "write 1h30m"),
    ("after: PT5M", 12, "after", "write 5m"),
    ("after: 5 MIN", 12, "after", "write 5m"),
    ("after: 1:30", 12, "after", "write 1h30m or 1m30s"),
    ("after: -5m", 12, "after", "none is less than 0s"),
    ("after: 500ms", 12, "after", "written like 90s, 5m or 1h30m"),
    ("after: 0.5s", 12, "after", "written like 90s, 5m or 1h30m"),
    ("after: on", 12, "after", "written like"),
    ("after: true", 12, "after", "true stands here"),
    ("after:", 11, "after", "nothing stands here"),
    ("after: [5m]", 12, "after", "a list stands here"),
    ("after: {every: 5m}", 12, "after", "a mapping stands here"),
    ("after: 24h1s", 12, "after", "too long: at most 24h"),
    ("after: 999999999h", 12, "after", "too long"),
    ("after: 9999999999h", 12, "after", "written like"),
    ("notify: dispatch", 13, "notify", "write [dispatch]"),
    ("notify: everybody", 13, "notify", "A list is expected here;"),
    ("notify: []", 13, "notify", "At least one recipient"),
    ("notify:", 12, "notify", "nothing stands here"),
    ("notify: [dispach]", 14, "notify[0]", "write dispatch"),
    ("notify: [dispatch, 7]", 24, "notify[1]", "7 stands here"),
    ("notify: [contact: 2]", 14, "notify[0]", 'write "contact:2"'),
    ("notify: [contact:0]", 14, "notify[0]", "contact:1"),
    ("notify: [dispatch, 'dispatch']", 24, "notify[1]", "named twice"),
    ("notify: [" + ", ".join(f"contact:{n}" for n in range(1, 22)) + "]", 245, "notify", "At most 20 recipients"),
    ("repeat: {every: 14s, times: 1}", 21, "repeat.every", "too short: at least 15s"),
    ("repeat: {every: 2h, times: 1}", 21, "repeat.every", "too long: at most 1h"),
    ("repeat: {every: 2m, times: 0}", 32, "repeat.times", "from 1 to 100"),
    ("repeat: {every: 2m, times: 101}", 32, "repeat.times", "from 1 to 100"),
    ("repeat: {every: 2m, times: 1.5}", 32, "repeat.times", "not a plain whole number"),
    ("repeat: {every: 2m, times: 010}", 32, "repeat.times", "not a plain whole number"),
    ("repeat: {every: 2m, times: .inf}", 32, "repeat.times", "not a plain whole number"),
    ("repeat: {every: 2m, times: 1e300}", 32, "repeat.times", "out of range"),
    ("repeat: {every: 2m, times: '5'}", 32, "repeat.times", '"5" stands here'),
    ("repeat: {every: 2m}", 13, "repeat.times", "`times` is missing"),
    ("repeat: 3", 13, "repeat", "A mapping with every, times is expected here; 3 stands here"),
    ("wait: 5m", 5, "wait", "there are after, notify, repeat"),
    ("Repeat: {every: 2m, times: 5}", 5, "Repeat", "did you mean repeat?"),
    ("every: 5m", 5, "every", "it belongs to repeat or tail"),
    ("lease: 5m", 5, "lease", "it belongs to acknowledgement"),
    ("tail: {}", 5, "tail", "it belongs to the top"),
    ("<<: {after: 5m}", 5, '["<<"]', "not known here"),
    ("? [a]\n    : b", 7, "", "A key is one word"),
]


class TestMistakes:
    @pytest.mark.parametrize(("line", "column", "path", "text"), ONE_FIELD_OF_A_STEP)
    def test_in_one_field_of_a_step(self, line: str, column: int, path: str, text: str) -> None:
        """A mistake is told where it stands, with its path and with what to write instead."""
        document = step_with(line)
        (mistake,) = mistakes_in(document)
        expected_line = document.split("\n").index(f"    {line.splitlines()[0]}") + 1
        expected_path = f"steps[0].{path}".removesuffix(".").replace(".[", "[")
        assert (mistake.line, mistake.column, mistake.path) == (expected_line, column, expected_path)
        assert text in mistake.text

    @pytest.mark.parametrize(
        ("line", "column", "path", "text"),
        [
            ("name: 5", 7, "name", 'write it in quotes, "5"'),
            ("name: true", 7, "name", 'write it in quotes, "true"'),
            ("name: ''", 7, "name", "cannot be a name"),
            ("name: a/b", 7, "name", "cannot be a name"),
            ("name: [a]", 7, "name", "A name is expected here; a list stands here"),
            ('name: "a\\uD800"', 7, "name", "cannot be a name"),
            ("name:", 6, "name", "A name is expected here; nothing stands here"),
            ("cancel_window: 2m1s", 16, "cancel_window", "at most 2m"),
            ("acknowledgement: {lease: 59s}", 26, "acknowledgement.lease", "at least 1m"),
            ("acknowledgement: {lease: 1h1s}", 26, "acknowledgement.lease", "at most 1h"),
            ("acknowledgement: {contacts_hold: all}", 19, "acknowledgement.contacts_hold", "belongs to the top"),
            ("contacts_hold: everybody", 16, "contacts_hold", "write contacts or all"),
            ("contacts_hold: true", 16, "contacts_hold", "contacts or all is expected"),
            ("check_in: 5m", 11, "check_in", "A mapping with grace"),
            ("check_in: {remind: 10m}", 20, "check_in.remind", "write [10m]"),
            ("check_in: {remind: [10m, soon]}", 26, "check_in.remind[1]", "written like"),
            ("check_in: {after_outage: {ask_again: 2h}}", 38, "check_in.after_outage.ask_again", "at most 1h"),
            ("tail: {every: 30s}", 15, "tail.every", "at least 1m"),
            ("tail: {notify: []}", 16, "tail.notify", "At least one recipient"),
            ("tail: {contacts_every: 1m}", 24, "tail.contacts_every", "at least 10m"),
            ("cancel-window: 5s", 1, "cancel-window", "did you mean cancel_window?"),
            ("on: 5s", 1, "on", "there are name, cancel_window"),
        ],
    )
    def test_at_the_top(self, line: str, column: int, path: str, text: str) -> None:
        """What stands beside the steps is checked alike."""
        name = "" if line.startswith("name") else "name: a\n"
        document = f"{name}{line}\nsteps:\n  - {{after: 0s, notify: [dispatch]}}\n"
        (mistake,) = mistakes_in(document)
        assert (mistake.line, mistake.column, mistake.path) == (2 if name else 1, column, path)
        assert text.lower() in mistake.text.lower()

    @pytest.mark.parametrize(
        ("document", "line", "column", "path", "text"),
        [
            ("", 1, 1, "", "empty"),
            ("# nothing yet\n", 1, 1, "", "empty"),
            ("---\n", 2, 1, "", "empty"),
            ("- after: 0s\n", 1, 1, "", "A mapping with name"),
            ("name: a\n", 1, 1, "steps", "`steps` is missing"),
            ("steps: [{after: 0s, notify: [dispatch]}]", 1, 1, "name", "`name` is missing"),
            ("name: a\nsteps: []\n", 2, 8, "steps", "At least one step"),
            ("name: a\nsteps: {after: 0s}\n", 2, 8, "steps", "A list is expected"),
            ("name: a\nsteps:\n  - notify: [dispatch]\n", 3, 5, "steps[0].after", "`after` is missing"),
            ("name: a\nsteps:\n  - after: 0s\n", 3, 5, "steps[0].notify", "`notify` is missing"),
            ("name: a\nsteps:\n  -\n", 3, 4, "steps[0]", "nothing stands here"),
            ("name: a\nsteps: [{after: 0s\n", 3, 1, "", "Not YAML or JSON"),
            ('{"name": "a", "steps": [}', 1, 25, "", "Not YAML or JSON"),
            ("name: a\n\tsteps: []\n", 2, 1, "", "indented with blanks"),
            ('name: "\\UFFFFFFFF"', 1, 8, "", "Not YAML or JSON"),
            ("name: a\nsteps: \x07", 2, 8, "", "U+0007"),
            ("\u2028a\r\n\x00", 3, 1, "", "U+0000"),
        ],
    )
    def test_in_the_document_as_a_whole(self, document: str, line: int, column: int, path: str, text: str) -> None:
        """What keeps a document from being read, and what it lacks, have places too."""
        (mistake,) = mistakes_in(document)
        assert (mistake.line, mistake.path) == (line, path)
        assert text in mistake.text
        if '"\\U' not in document:  # within an escape the library does not say where
            assert mistake.column == column

    def test_every_mistake_is_told_and_in_the_order_of_the_text(self) -> None:
        """One reading finds all mistakes, not the first alone."""
        text = """\
        naem: a
        cancel_window: 3m
        steps:
          - notify: []
            after: 5
          - after: 1m
            notify: [dispach, contacts]
            repeat: {times: 500}
        tail: {every: 1s}
        """
        found = [(m.line, m.column, m.path) for m in mistakes_in(dedent(text))]
        assert found == [
            (1, 1, "naem"),
            (1, 1, "name"),
            (2, 16, "cancel_window"),
            (4, 13, "steps[0].notify"),
            (5, 12, "steps[0].after"),
            (7, 14, "steps[1].notify[0]"),
            (8, 13, "steps[1].repeat.every"),
            (8, 21, "steps[1].repeat.times"),
            (9, 15, "tail.every"),
        ]

    def test_a_key_that_is_given_twice(self) -> None:
        """A second value for a key is a mistake that says where the first one is, in JSON too."""
        (mistake,) = mistakes_in("name: a\nsteps: [{after: 0s, notify: [dispatch]}]\n'name': b\n")
        assert (mistake.line, mistake.column, mistake.path) == (3, 1, "name")
        assert "the first is on line 1" in mistake.text
        (mistake,) = mistakes_in('{"name": "a", "steps": [{"after": "0s", "notify": ["dispatch"], "after": "1s"}]}')
        assert (mistake.line, mistake.column, mistake.path) == (1, 65, "steps[0].after")

    def test_more_steps_than_are_allowed(self) -> None:
        """The first step too many is where the mistake is."""
        (mistake,) = mistakes_in("name: a\nsteps:\n" + "- {after: 0s, notify: [dispatch]}\n" * 51)
        assert (mistake.line, mistake.column, mistake.path) == (53, 3, "steps")
        assert "At most 50 steps" in mistake.text

    def test_the_name_of_the_document_and_of_its_address_differ(self) -> None:
        """A policy is not put under another name than its own, nor under one that it could not have."""
        (mistake,) = mistakes_in(CONTRACT_EXAMPLE, name="night")
        assert (mistake.line, mistake.column, mistake.path) == (1, 7, "name")
        (mistake,) = mistakes_in("steps: [{after: 0s, notify: [dispatch]}]", name="a/b")
        assert "cannot be the name" in mistake.text

    def test_a_long_text_is_quoted_in_short(self) -> None:
        """No mistake gives a document back at length."""
        (mistake,) = mistakes_in(step_with("after: " + "x" * 5000))
        assert len(mistake.text) < 200


class TestDocumentsThatMeanHarm:
    def test_aliases_and_anchors(self) -> None:
        """Nothing is written once and counted a million times."""
        lines = ["a: &a [x, x]", *(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefg", "bcdefgh", strict=True))]
        found = mistakes_in("\n".join(lines))
        assert (found[0].line, found[0].column, found[0].path) == (1, 1, "a")
        assert [(m.line, m.column) for m in found if "Anchors" in m.text] == [(line, 4) for line in range(1, 9)]
        assert sum("Aliases" in m.text for m in found) == 14

    @pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!int", "!mine", "!"])
    def test_tags(self, tag: str) -> None:
        """No tag says what a value is to become."""
        (mistake,) = mistakes_in(step_with(f"after: {tag} 5m"))
        assert (mistake.line, mistake.column, mistake.path) == (5, 12, "steps[0].after")
        assert "Tags" in mistake.text

    def test_a_second_document(self) -> None:
        """One text holds one policy."""
        (mistake,) = mistakes_in(CONTRACT_EXAMPLE + "---\nname: b\n")
        assert (mistake.line, mistake.column) == (11, 1)

    def test_size(self) -> None:
        """A text of more than 64 KiB is refused unread, counted in bytes."""
        assert read_policy(CONTRACT_EXAMPLE + "#" * (65536 - len(CONTRACT_EXAMPLE))).name == "at-once"
        for long in ("#" * 65537, "#" + "é" * 32768):
            (mistake,) = mistakes_in(long)
            assert "too large" in mistake.text

    @pytest.mark.parametrize("text", ["[" * 60_000, "{a: " * 15_000, "- " * 30_000, "? " * 30_000])
    def test_depth(self, text: str) -> None:
        """A text that is nested beyond any use is given up where it is too deep."""
        (mistake,) = mistakes_in(text)
        assert "nested too deeply" in mistake.text

    def test_number_of_values(self) -> None:
        """A text of too many values is given up where it has too many."""
        assert "too large" in mistakes_in("- a\n" * 16_000)[-1].text


class TestParsedDocuments:
    def test_mistakes_have_paths_and_no_places(self) -> None:
        """A value that was parsed elsewhere has no lines; its mistakes say where by their paths."""
        document = {"name": "a", "steps": [{"after": 5, "notify": ["dispatch", None]}], "nmae": 1}
        with pytest.raises(PolicyMistakes) as refused:
            read_policy_document(document)
        found = {m.path: (m.line, m.column) for m in refused.value.mistakes}
        assert found == dict.fromkeys(("steps[0].after", "steps[0].notify[1]", "nmae"), (None, None))

    @pytest.mark.parametrize(
        "document",
        [
            None,
            7,
            "name: a",
            [],
            {},
            {1: 2},
            {"name": b"a"},
            {"name": float("nan")},
            {"name": 10**5000},
            {"name": "\ud800"},
        ],
    )
    def test_whatever_is_not_a_policy_is_refused(self, document: object) -> None:
        """No value gets further than its mistakes."""
        with pytest.raises(PolicyMistakes):
            read_policy_document(document)

    def test_a_value_within_itself(self) -> None:
        """A value without an end is given up like one that is too deep."""
        endless: list[object] = []
        endless.append(endless)
        with pytest.raises(PolicyMistakes, match="nested too deeply"):
            read_policy_document({"steps": endless})


def test_the_steps_are_told_again_from_any_of_them_on() -> None:
    """From the second: once after ten minutes more, and once after twenty; it can be written down and read again."""
    policy = read_policy(
        dedent("""\
            name: rounds
            steps:
              - {after: 0s, notify: [dispatch]}
              - {after: 2m, notify: [contacts]}
              - {after: 5m, notify: [last_resort]}
            repeat: {from: 2, every: 10m, times: 2}
        """)
    )
    found = [(step.after_ms // MINUTE, str(step.notify[0])) for step in policy.steps]
    assert found == [
        (0, "dispatch"),
        *((2, "contacts"), (5, "last_resort")),
        *((12, "contacts"), (15, "last_resort")),
        *((22, "contacts"), (25, "last_resort")),
    ]
    assert read_policy_document(write_policy(policy)) == policy


@pytest.mark.parametrize(
    ("repeat", "said"),
    [
        ("{from: 3, every: 10m, times: 2}", "there are 2 steps"),
        ("{every: 1m, times: 99}", "50"),
        ("{every: 1h, times: 24}", "more than 24 hours"),
    ],
)
def test_rounds_that_cannot_be_are_refused_where_they_stand(repeat: str, said: str) -> None:
    """With line and column."""
    steps = "steps: [{after: 0s, notify: [dispatch]}, {after: 2m, notify: [contacts]}]"
    (mistake,) = mistakes_in(f"name: rounds\n{steps}\nrepeat: {repeat}\n")
    assert (mistake.line, mistake.column, mistake.path) == (3, 9, "repeat")
    assert said in mistake.text
