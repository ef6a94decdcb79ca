# SPDX-License-Identifier: GPL-2.0-only
"""race: the orders of one scenario on one kernel, and what of the explored outcomes was seen."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field

from .. import host
from ..fuzzing import judge
from ..host import LabError
from . import orders

PLACES = re.compile(r"^static const struct place places\[\] = \{(.*?)^\};", re.M | re.S)


def steps_of(guest):
	"""What the lab's module can stop before."""
	text = host.read(os.path.join(guest, "driver", "stop.c"))
	return sorted(set(re.findall(r'^\t\{ "(\w+)"', PLACES.search(text)[1], re.M)))


def pfnsim(program, *arguments):
	done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, text=True,
			      capture_output=True, check=False)
	if done.returncode not in (0, 1, 3):
		raise LabError(done.stderr.strip().splitlines()[-1])
	return [json.loads(line) for line in done.stdout.splitlines()]


def came_to(row):
	return row["outcome"], row["value"]


def words(outcome):
	word, value = outcome
	return word if value is None else f"{word} {value:#x}"


@dataclass
class Report:
	"""What a scenario came to."""

	name: str
	kernel: str
	complete: bool = True
	explored: dict = field(default_factory=dict)	# (label, outcome): end states
	seen: dict = field(default_factory=dict)	# (label, outcome): orders
	runs: int = 0
	agree: int = 0
	unmodelled: list = field(default_factory=list)	# (order, why)
	differ: list = field(default_factory=list)
	refused: dict = field(default_factory=dict)	# the lab's reason: orders
	died: list = field(default_factory=list)

	def unexplored(self):
		return [key for key in self.seen if key not in self.explored]

	def is_wrong(self):
		return bool(self.differ or self.died or (self.complete and self.unexplored()))

	def lines(self):
		yield (f"{self.kernel} {self.name}: {self.runs} orders, {self.agree} agree, "
		       f"{len(self.differ)} differ, {len(self.unmodelled)} unmodelled")
		for order, text in self.differ:
			yield f"  DIFFERS {order}"
			yield f"    {text}"
		for order, text in self.died:
			yield f"  {text}: {order}"
		for why, count in sorted(self.refused.items()):
			yield f"  {count} not possible here: {why}"
		for order, why in self.unmodelled:
			yield f"  unmodelled {order}: {why}"
		for label, outcome in sorted({*self.explored, *self.seen}, key=str):
			ways = self.seen.get((label, outcome), [])
			note = f"seen in {len(ways)}, first: {ways[0]}" if ways else "not seen"
			if (label, outcome) not in self.explored:
				note += " NOT EXPLORED" if self.complete else " (search cut off)"
			yield f"  {label}: {words(outcome)}: {note}"

	def row(self):
		return {"schema": 1, "type": "race", "kernel": self.kernel, "scenario": self.name,
			"orders": self.runs, "agree": self.agree, "differ": len(self.differ),
			"died": len(self.died), "unmodelled": len(self.unmodelled),
			"complete": self.complete, "refused": self.refused,
			"wrong": [{"order": order, "how": how}
				  for order, how in self.differ + self.died],
			"outcomes": [{"label": label, "outcome": words(outcome),
				      "explored": (label, outcome) in self.explored,
				      "seen": len(self.seen.get((label, outcome), []))}
				     for label, outcome in
				     sorted({*self.explored, *self.seen}, key=str)]}


class Race:
	def __init__(self, bench, semantics, folder, stop_steps, states):
		self.bench, self.semantics, self.folder = bench, semantics, folder
		self.stop_steps, self.states = stop_steps, states

	def write(self, name, text):
		path = os.path.join(self.folder, f"{name}.trace")
		host.write(path, text)
		return path

	def model(self, path):
		return pfnsim(self.bench.pfnsim, "replay", "--json", "--semantics", self.semantics,
			      path)

	def stops(self, scenario):
		"""{label: the steps before which the model's event stops}"""
		found = {}
		for events in scenario.threads:
			for n, event in enumerate(events):
				found[event.label] = [step for step in self.stop_steps
						      if self.stops_before(scenario, events[:n],
									   event, step)]
		return found

	def stops_before(self, scenario, before, event, step):
		order = orders.Order((*((other, None) for other in before), (event, step)))
		try:
			rows = self.model(self.write("probe", order.text(scenario, "a stop")))
		except LabError:		# an event that takes no until=
			return False
		return any(row.get("outcome") == "paused" for row in rows)

	def explore(self, path, report):
		bound = f"states={self.states}"
		for row in pfnsim(self.bench.pfnsim, "explore", "--json", "--bound", bound,
				  "--semantics", self.semantics, path):
			if row["type"] == "end" and row.get("label"):
				report.explored[row["label"], came_to(row)] = row["ends"]
			elif row["type"] == "explored":
				report.complete = row["complete"]

	def load(self, name, text, report):
		"""The Script; None: the lab refuses it, or would never come to its end."""
		why = ""
		try:
			script = self.bench.load(name, ".trace", text)
			rows = self.model(os.path.join(self.bench.programs, f"{name}.trace"))
			came = {row.get("outcome") for row in rows}
			if "retry" in came:
				why = "a fault tries again for as long as another thread stands"
			elif "blocked" in came:
				why = "an event waits for as long as another thread stands"
		except LabError as error:
			why = str(error).rpartition(": ")[2]
		if not why:
			return script
		report.refused[why] = report.refused.get(why, 0) + 1
		return None

	def run(self, name, path):
		"""The Report of the scenario at @path."""
		text = host.read(path)
		if "stage2=" not in text and not self.bench.options.ept:
			text = text.replace("\n", "\nconfig stage2=npt\n", 1)
		report = Report(name, self.bench.config.folder(self.bench.kernel))
		try:
			scenario = orders.parse(text, path)
		except orders.NoScenario as why:	# among others that are
			report.refused[str(why)] = 1
			return report
		self.explore(self.write("scenario", labelled(scenario)), report)
		stops = self.stops(scenario)
		chosen, scripts = {}, []
		for n, order in enumerate(orders.orders(scenario,
							lambda event: stops[event.label])):
			one = f"{name}-{n}"
			loaded = self.load(one, order.text(scenario, f"{name}: {order}"), report)
			if loaded:
				chosen[one] = order
				scripts.append(loaded)
		outcomes = self.bench.run_all(scripts)
		verdicts = self.bench.judge_all(outcomes)
		for one, order in chosen.items():
			self.judge(report, order, outcomes[one], verdicts.get(one))
		return report

	def judge(self, report, order, outcome, verdict):
		report.runs += 1
		if outcome.word != "ok" or not verdict:
			report.died.append((str(order), outcome.word))
		elif verdict.crash:
			report.differ.append((str(order), f"pfnsim: {verdict.crash}"))
		elif verdict.differ:
			report.differ.append((str(order), judge.describe(verdict.differences[0])))
		elif verdict.since:
			report.unmodelled.append((str(order), verdict.since))
		else:
			report.agree += 1
			self.take(report, order, f"{outcome.script}.trace")

	def take(self, report, order, file):
		"""It agrees with the model in this order: what it came to, the model says."""
		labels = {event.label for event, _ in order.turns}
		path = os.path.join(self.bench.programs, file)
		for row in self.model(path):
			label = row.get("label") or resumed(row)
			if label in labels and row["outcome"] not in NO_OUTCOME:
				report.seen.setdefault((label, came_to(row)), []).append(str(order))


# It has not ended; it had ended before it came to where it was to stop.
NO_OUTCOME = ("paused", "finished")


def resumed(row):
	"""The label of the event that a "resume" has ended"""
	found = re.match(r"resume event=(\S+)", row.get("op", ""))
	return found[1] if found else None


def labelled(scenario):
	lines = ["pfntrace 1", *scenario.setup]
	for n, events in enumerate(scenario.threads):
		lines += [f"thread t{n}", *(f"{event.label}: {event.text}" for event in events)]
	lines += [f"order {before} {after}" for before, after in scenario.first]
	return "\n".join([*lines, *(["join", *scenario.join] if scenario.join else [])]) + "\n"
