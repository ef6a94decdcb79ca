# SPDX-License-Identifier: GPL-2.0-only
"""orders: traces of one thread, each of which is one order of a scenario's events.

An order stops some events before a step that the lab can stop at (sim/lab_stop.c), and lets the
other threads' events pass.
"""

import itertools
import os
import re
from dataclasses import dataclass

from ..host import LabError

WORD = re.compile(r"\s*(?:([A-Za-z_][\w.-]*):)?\s*(\S+)(.*)")
KEPT_OUT = ("pfntrace", "title", "source", "bug", "case", "note", "expect", "schedule", "turn")


@dataclass(frozen=True)
class Event:
	"""A line of a thread: its label, which it has now if it had none, and the rest."""

	label: str
	text: str
	thread: int


@dataclass(frozen=True)
class Scenario:
	setup: tuple			# lines
	threads: tuple			# of tuples of Events
	first: tuple			# pairs of labels: the one is over before the other begins
	join: tuple			# lines


class NoScenario(LabError):
	"""There is nothing to put in an order."""


def strip(line):
	"""Without its comment; no event takes a string."""
	return line.partition("#")[0].rstrip()


def parse(text, path):
	"""The Scenario of a trace; NoScenario if it is none."""
	setup, join, threads, first = [], [], [], []
	part = setup
	for line in (strip(line) for line in text.split("\n")):
		if not line:
			continue
		label, word, rest = WORD.match(line).groups()
		if word == "thread":
			threads.append([])
			part = threads[-1]
		elif word == "join":
			part = join
		elif word == "order":
			first += itertools.pairwise(rest.split())
		elif word in KEPT_OUT:
			continue
		elif word == "include":		# it is beside @path, and the orders are not
			name = os.path.join(os.path.dirname(path), rest.strip().strip('"'))
			setup.append(f'include "{os.path.abspath(name)}"')
		elif part is setup or part is join:
			part.append(line)
		else:
			label = label or f"t{len(threads)}e{len(part) + 1}"
			part.append(Event(label, f"{word}{rest}", len(threads) - 1))
	if len(threads) < 2:
		raise NoScenario(f"{path}: no scenario: it has {len(threads)} threads")
	return Scenario(tuple(setup), tuple(map(tuple, threads)), tuple(first), tuple(join))


def sequences(scenario):
	"""Each order of whole events: tuples of Events."""
	def go(left, done):
		if not any(left):
			yield tuple(done)
		for i, events in enumerate(left):
			if not events or any(after == events[0].label and
					     before not in [event.label for event in done]
					     for before, after in scenario.first):
				continue
			rest = [other[1:] if i == j else other for j, other in enumerate(left)]
			yield from go(rest, [*done, events[0]])
	yield from go(list(scenario.threads), [])


@dataclass(frozen=True)
class Order:
	"""Turns: (Event, step or None) begins one, (Event, "resume") ends it."""

	turns: tuple

	def __str__(self):
		return "  ".join(f"{event.label}{' ...' if step == 'resume' else ''}"
				 f"{f' until {step}' if step and step != 'resume' else ''}"
				 for event, step in self.turns)

	def text(self, scenario, title):
		lines = ["pfntrace 1", f'title "{title}"', *scenario.setup]
		for event, step in self.turns:
			if step == "resume":
				lines.append(f"resume {event.label}")
			else:
				until = f" until={step}" if step else ""
				lines.append(f"{event.label}: {event.text}{until}")
		return "\n".join([*lines, *scenario.join]) + "\n"


def stopped(scenario, sequence, at, step):
	"""Orders in which one event stops, and events of other threads pass until it goes on."""
	event, rest = sequence[at], sequence[at + 1:]
	for n in range(1, len(rest) + 1):
		if rest[n - 1].thread == event.thread:
			break
		if any(before == event.label and after in [other.label for other in rest[:n]]
		       for before, after in scenario.first):
			break
		yield Order((*((other, None) for other in sequence[:at]), (event, step),
			     *((other, None) for other in rest[:n]), (event, "resume"),
			     *((other, None) for other in rest[n:])))


def crossed(scenario, sequence, at, steps):
	"""Orders in which two neighbours of different threads both stop."""
	if at + 1 == len(sequence) or sequence[at].thread == sequence[at + 1].thread:
		return
	one, two = sequence[at], sequence[at + 1]
	if (one.label, two.label) in scenario.first:
		return
	before = tuple((other, None) for other in sequence[:at])
	behind = tuple((other, None) for other in sequence[at + 2:])
	for first, second in itertools.product(steps(one), steps(two)):
		for last in (((one, "resume"), (two, "resume")),
			     ((two, "resume"), (one, "resume"))):
			yield Order((*before, (one, first), (two, second), *last, *behind))


def orders(scenario, steps):
	"""All of them, without doubles.  @steps: of an Event, those it can stop before."""
	seen = set()
	for sequence in sequences(scenario):
		each = [Order(tuple((event, None) for event in sequence))]
		for at, event in enumerate(sequence):
			for step in steps(event):
				each += stopped(scenario, sequence, at, step)
			each += crossed(scenario, sequence, at, steps)
		for order in each:
			if order.turns not in seen:
				seen.add(order.turns)
				yield order
