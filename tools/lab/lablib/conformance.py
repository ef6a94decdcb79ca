# SPDX-License-Identifier: GPL-2.0-only
"""conformance: recordings and what pfnsim conform says of them, as a document."""

import collections
import glob
import json
import os
import re
import subprocess
from dataclasses import dataclass, field

from . import host, table
from .host import LabError

ABSENT = "tools/lab/absent"	# KERNEL SCRIPT REASON..., one a line: why there is no recording
DIFFERS = "the model differs:"	# how the reason of a recording begins that was made, and differs
VERDICTS = ("agree", "differ", "unmodelled")
NO_ZSTD = "compressed with zstd"


@dataclass
class Cell:
	"""One recording; or why there is none."""

	of: dict = field(default_factory=dict)		# verdict: observations
	kinds: dict = field(default_factory=dict)	# kind: verdict: observations
	absent: str = ""

	@property
	def differs(self):
		"""It was recorded, and left out until the model is mended."""
		return self.absent.startswith(DIFFERS)

	def text(self):
		if self.differs:
			return f"**differs**, not kept: {self.absent.removeprefix(DIFFERS).strip()}"
		if self.absent:
			return f"not recorded: {self.absent}"
		if self.of["differ"]:
			return f"**{self.of['differ']} differ**"
		more = f" + {self.of['unmodelled']}" if self.of["unmodelled"] else ""
		return f"{self.of['agree']}{more}"


def conform(pfnsim, folder):
	"""({script: Cell}, unmodelled observations) of all recordings in @folder."""
	done = subprocess.run([pfnsim, "conform", "--json", "--unmodelled", folder],
			      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			      stderr=subprocess.PIPE, text=True, check=False)
	if NO_ZSTD in done.stderr:
		raise host.Skipped("this pfnsim was built without zstd")
	if done.returncode not in (0, 1, 3):
		raise LabError(f"pfnsim conform {folder}: {host.reason(done)}")
	cells, unmodelled = {}, []
	for each in map(json.loads, done.stdout.splitlines()):
		if each["type"] == "capture":
			name = os.path.basename(each["capture"])
			cells[name] = Cell({verdict: each[verdict] for verdict in VERDICTS},
					   each["kinds"])
		elif each.get("verdict") == "unmodelled":
			unmodelled.append(each)
	return cells, unmodelled


def absences(path):
	"""{(kernel, script): reason} of the file tools/lab/absent."""
	found = {}
	for number, line in enumerate(host.read(path).splitlines(), 1):
		words = line.partition("#")[0].split(None, 2)
		if words and len(words) != 3:
			raise LabError(f"{path}:{number}: expected KERNEL SCRIPT REASON")
		if words:
			found[words[0], words[1]] = words[2].strip()
	return found


def releases(folder):
	"""{"release, package": number of recordings} by their .meta."""
	found = collections.Counter()
	for path in glob.glob(os.path.join(glob.escape(folder), "*.meta")):
		words = host.read(path).split()
		value = dict(zip(words, words[1:]))
		package = f" ({value['package']})" if "package" in value else ""
		found[f"{value.get('uname', '?')}{package}"] += 1
	return found


@dataclass
class Findings:
	"""All that the document says."""

	kernels: list
	cells: dict		# kernel: script: Cell
	unmodelled: dict	# kernel: list of observations
	others: dict		# another folder: {script: Cell}
	releases: dict		# folder: Counter
	topics: dict		# script: topic
	untranslated: dict	# reason: list of traces

	@classmethod
	def of(cls, pfnsim, source, kernels):
		recorded = os.path.join(source, "traces", "recorded")
		reasons = absences(os.path.join(source, ABSENT))
		cells, unmodelled, others, released = {}, {}, {}, {}
		for name in folders(recorded):
			found, silent = conform(pfnsim, os.path.join(recorded, name))
			released[name] = releases(os.path.join(recorded, name))
			unmodelled[name] = silent
			(cells if name in kernels else others)[name] = found
		traces = topics(source)
		scripts = sorted(set().union(*cells.values()) | {key[1] for key in reasons})
		for name, (kernel, script) in zip(reasons.values(), reasons):
			if script in cells.get(kernel, {}):
				raise LabError(f"{ABSENT}: {kernel} {script} is there")
			cells[kernel][script] = Cell(absent=name)
		missing = [f"{kernel} {script}" for script in scripts for kernel in kernels
			   if script not in cells[kernel]]
		if missing:
			raise LabError(f"no recording, and no reason in {ABSENT}: "
				       + ", ".join(missing))
		return cls(kernels, cells, unmodelled, others, released,
			   {script: traces.get(script, ("", ""))[0] for script in scripts},
			   untranslated(pfnsim, source, traces,
					set(scripts).union(*others.values())))


def folders(recorded):
	return sorted(name for name in os.listdir(recorded)
		      if os.path.isdir(os.path.join(recorded, name)))


def topics(source):
	"""{script: (folder of traces/ that it comes from, path)}"""
	found = {}
	pattern = os.path.join(glob.escape(source), "traces", "*", "*.trace")
	for path in sorted(glob.glob(pattern)):
		topic = os.path.basename(os.path.dirname(path))
		found[os.path.basename(path).removesuffix(".trace")] = topic, path
	return found


def untranslated(pfnsim, source, traces, scripts):
	"""{reason: traces}: those that pfnsim lab-script refuses."""
	found = collections.defaultdict(list)
	for name, (topic, path) in traces.items():
		if name in scripts:
			continue
		done = subprocess.run([pfnsim, "lab-script", os.path.relpath(path, source)],
				      cwd=source, stdin=subprocess.DEVNULL,
				      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
				      text=True, check=False)
		first = done.stderr.strip().partition("\n")[0]
		words = re.sub(r"^pfnsim: \S+?:\d+:\d+: ", "", first)
		found[words or "not recorded yet"].append(f"{topic}/{name}")
	return found


# ---- the document ----

HEAD = """# What real kernels say

Computed: `traces/recorded/`, held against the model of the kernel that made each recording
([CONFORM.md](CONFORM.md) says what an observation is, and when it agrees). The recordings were
made by the [lab](../tools/lab/README.md). Printed by `tools/lab/conformance`; a test fails if it
differs.
"""

MATRIX = """
A cell has the number of observations that agree, + those that are not modelled, if any.
"""


def row(*cells):
	return "| " + " | ".join(str(cell) for cell in cells) + " |"


def header(*names):
	yield ""
	yield row(*names)
	yield "|---" * len(names) + "|"


def sums(cells):
	total = collections.Counter()
	for cell in cells.values():
		total.update(cell.of)
	return total


def share(total):
	seen = sum(total[verdict] for verdict in VERDICTS)
	return f"{100 * total['unmodelled'] / seen:.2f} %" if seen else "-"


def kernel_rows(findings, cells_of):
	yield from header("kernel", "recordings", *VERDICTS, "share", "release")
	for name in sorted(cells_of, key=table.version_key):
		there = {script: cell for script, cell in cells_of[name].items() if not cell.absent}
		total = sums(there)
		release = ", ".join(f"{number} of {text}" for text, number
				    in sorted(findings.releases[name].items())) or "not said"
		yield row(name, len(there), *(total[verdict] for verdict in VERDICTS),
			  share(total), release)


def kind_rows(findings):
	"""Agree, + unmodelled, of each kind and kernel."""
	yield from header("kind", *findings.kernels)
	total = {kernel: collections.defaultdict(collections.Counter)
		 for kernel in findings.kernels}
	for kernel in findings.kernels:
		for cell in findings.cells[kernel].values():
			for kind, of in cell.kinds.items():
				total[kernel][kind].update(of)
	for kind in sorted(set().union(*total.values())):
		yield row(kind, *(Cell(total[kernel][kind]).text() for kernel in findings.kernels))


def matrix_rows(findings):
	by_topic = collections.defaultdict(list)
	for script, topic in sorted(findings.topics.items()):
		by_topic[topic].append(script)
	for topic in sorted(by_topic, key=lambda topic: (not topic, topic)):
		where = f"`traces/{topic}`" if topic else "Commands of the lab"
		yield ""
		yield f"### {where}"
		yield from header("script", *findings.kernels)
		for script in by_topic[topic]:
			yield row(script, *(findings.cells[kernel][script].text()
					    for kernel in findings.kernels))


def unmodelled_rows(findings):
	"""Each observation, those that stand next to each other for one reason in one row."""
	yield from header("recording", "kind", "observations", "from line", "why")
	for folder, seen in sorted(findings.unmodelled.items()):
		groups = collections.Counter()
		first = {}
		for each in seen:
			key = each["capture"], each["kind"], each["why"]
			groups[key] += 1
			line = os.path.splitext(each["file"])[1][1:] + f":{each['line']}"
			first.setdefault(key, line)
		for key, number in groups.items():
			capture, kind, why = key
			yield row(f"{folder}/{os.path.basename(capture)}", kind, number,
				  first[key], why)


def untranslated_rows(findings):
	yield from header("why", "traces")
	for reason in sorted(findings.untranslated):
		yield row(reason, ", ".join(findings.untranslated[reason]))


def differing_rows(findings):
	left_out = [f"{kernel}/{script}" for kernel in findings.kernels
		    for script, cell in sorted(findings.cells[kernel].items()) if cell.differs]
	if left_out:
		yield ("\nThe model differs from these, which are not kept, nor counted below: "
		       + ", ".join(left_out) + ".")


def document(findings):
	"""The lines of docs/CONFORMANCE.md."""
	scripts = findings.topics
	whole = [script for script in scripts
		 if not any(findings.cells[kernel][script].absent for kernel in findings.kernels)]
	yield HEAD
	kernels = ", ".join(findings.kernels)
	yield f"{len(scripts)} scripts; {len(whole)} of them on all of {kernels}."
	yield from differing_rows(findings)
	yield "\n## Kernels"
	yield from kernel_rows(findings, findings.cells)
	yield "\nOther kernels and configurations, which have fewer scripts:"
	yield from kernel_rows(findings, findings.others)
	yield "\n## Kinds of observations"
	yield from kind_rows(findings)
	yield "\n## Scripts"
	yield MATRIX.rstrip("\n")
	yield from matrix_rows(findings)
	yield "\n## What is not modelled"
	yield "\nAll observations without a verdict, in all folders."
	yield from unmodelled_rows(findings)
	yield "\n## What the lab cannot run"
	yield "\nTraces of which `pfnsim lab-script` makes no commands."
	yield from untranslated_rows(findings)


def wrong(findings):
	"""What must not be, one line each."""
	for folder, cells in (*findings.cells.items(), *findings.others.items()):
		for script, cell in sorted(cells.items()):
			if cell.of.get("differ"):
				yield f"{folder}/{script}: {cell.of['differ']} differ"
	for kernel in findings.kernels:
		total = sums(findings.cells[kernel])
		seen = sum(total.values())
		if total["unmodelled"] * 50 > seen:
			yield f"{kernel}: more than 2 % is not modelled: {share(total)}"
