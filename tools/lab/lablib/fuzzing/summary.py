# SPDX-License-Identifier: GPL-2.0-only
"""summary: what a campaign came to, as text or as JSON."""

import json


def percent(part, whole):
	return f"{100 * part / whole:.1f} %" if whole else "0 %"


def table(counter, what):
	for name, count in counter.most_common():
		yield f"  {count:7} {what}{name}"


def text(kernel, seed, total):
	seen = total.agree + total.differ + total.unmodelled
	yield (f"{kernel}, seed {seed}: {total.programs} programs in {total.seconds:.0f} s; "
	       f"the next is {total.next}")
	yield (f"observations: {seen}; agree {total.agree}, differ {total.differ}, unmodelled "
	       f"{total.unmodelled} ({percent(total.unmodelled, seen)})")
	cut = sum(total.cut.values())
	if cut:
		yield (f"{cut} programs ({percent(cut, total.programs)}) are unmodelled from some "
		       "line on:")
		yield from table(total.cut, "")
	if total.unmodelled:
		yield "unmodelled observations by kind:"
		yield from table(total.kinds, "")
	if total.refused:
		yield "programs that the lab cannot run:"
		yield from table(total.refused, "")
	if total.died:
		yield f"{total.died} guests died as the model says"
	yield f"findings: {len(total.findings)}"
	kinds = {}
	for finding in total.findings:
		kinds.setdefault(finding.key, []).append(finding.program.number)
	for key, numbers in sorted(kinds.items()):
		which = " ".join(map(str, numbers[:8])) + (" ..." if len(numbers) > 8 else "")
		yield f"  {len(numbers):7} {key}: programs {which}"


def as_json(kernel, seed, total):
	return json.dumps({
		"kernel": kernel, "seed": seed, "programs": total.programs, "next": total.next,
		"seconds": round(total.seconds, 1), "agree": total.agree, "differ": total.differ,
		"unmodelled": total.unmodelled, "unmodelled_since": dict(total.cut),
		"unmodelled_kinds": dict(total.kinds), "refused": dict(total.refused),
		"died_as_modelled": total.died, "topics": dict(total.topics),
		"findings": [{"program": finding.program.number, "topic": finding.program.topic,
			      "kind": finding.key, "text": finding.text,
			      "lines": finding.lines, "shrunk": finding.shrunk}
			     for finding in total.findings],
	})
