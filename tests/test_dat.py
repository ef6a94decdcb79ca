#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_dat.py: pfnsim report as trace.dat, as trace-cmd and pfnsim import read it.

What was recorded is held against the text of the recording itself, what the model did against
the other exports of the same run.  tests/test_dat.c reads fields by libtracecmd.
"""

import glob
import os
import re
import shutil
import subprocess
import sys

from test_cli import RECORDED, SEED, check, lines_of, main, run, write

TRACE_CMD = shutil.which("trace-cmd")
ZSTD = shutil.which("zstd")
# what a shared ring writes of each event: COMM-PID [CPU] FLAGS TIME: NAME: BODY
TEXT = re.compile(r" *(.*?)-(\d+) +(?:\( *[\d-]+\) +)?\[(\d+)\] \S+ +(\d+\.\d+): ([^:]+):"
		  r"(?: (.*))?$")
REPORT = re.compile(r" *(.*?)-(\d+) +\[(\d+)\] +(\d+\.\d+): ([^:]+): *(.*)$")
MODEL = {"begin", "step", "outcome", "lock_taken", "lock_released", "notifier_start",
	 "notifier_end", "notifier", "page_ref", "page_ref_refused", "spte_set", "spte_zap",
	 "mmu_set_spte", "tlb_fill", "tlb_drop", "tlb_flush", "look_up", "get_user_pages", "fixup",
	 "release", "changed_pte", "statistic", "exit", "page_free", "load_root", "violation",
	 "unmodelled", "left_out", "verdict"}


def export(*arguments, out="x.dat"):
	done = run("report", "-o", out, *arguments)
	check(done.returncode in (0, 1, 3) and not done.stderr, arguments, done)


def reported(path="x.dat", *options):
	"""(comm, pid, cpu, time, name, body) of each event, as trace-cmd prints it."""
	done = subprocess.run([TRACE_CMD, "report", *options, path], stdout=subprocess.PIPE,
			      stderr=subprocess.PIPE, text=True, check=True,
			      errors="surrogateescape")
	check("FAILED TO PARSE" not in done.stdout and not done.stderr, done.stderr[:500])
	found = [REPORT.match(line) for line in done.stdout.splitlines()[1:]
		 if "EVENTS DROPPED" not in line]
	check(all(found), path)
	return [(m[1], int(m[2]), int(m[3]), m[4], m[5], m[6]) for m in found]


def fields(body):
	return dict(re.findall(r"(\w+)=(\S+)", body))


def text_of(recording):
	if os.path.exists(recording + ".trace"):
		with open(recording + ".trace", encoding="utf-8") as file:
			return file.read()
	done = subprocess.run([ZSTD, "-dcq", recording + ".trace.zst"], stdout=subprocess.PIPE,
			      text=True, check=True)
	return done.stdout


def recordings(per_folder):
	for folder in sorted(glob.glob(os.path.join(RECORDED, "*"))):
		names = sorted(glob.glob(os.path.join(folder, "*.trace.zst")),
			       key=os.path.getsize)
		for name in names[1:1 + per_folder]:
			yield name[:-len(".trace.zst")]


# ---- what was recorded ----

def every_recorded_event_is_there_as_the_recordings_text_has_it():
	if not TRACE_CMD or not ZSTD:
		return
	n = 0
	for recording in recordings(1):
		want = [TEXT.match(line) for line in text_of(recording).splitlines()
			if not line.startswith("#")]
		want = [(m[1], int(m[2]), int(m[3]), m[4], m[5], (m[6] or "").strip())
			for m in want if m]
		export("-s", "v7.2", recording)
		got = [e for e in reported() if e[4] not in MODEL]
		check(len(got) == len(want), recording, len(got), len(want))
		for one, other in zip(got, want):
			check(one[1:5] == other[1:5] and one[5].strip() == other[5], recording, one,
			      other)
			check(one[0] == other[0] or other[0] in ("<idle>", "<...>"), one, other)
		n += len(got)
	check(n > 10000, n)


def import_reads_there_what_it_reads_in_the_text():
	if not ZSTD or "without libtracecmd" in export_and_import(SEED).stderr:
		return
	n = 0
	for recording in recordings(1):
		write("text.txt", text_of(recording))
		text = run("import", "--json", "text.txt", "-o", "text.trace")
		dat = export_and_import(recording)
		check(dat.returncode == text.returncode, recording, dat, text)
		if dat.returncode == 2:
			continue
		n += 1
		for one, other in zip(lines_of(text), lines_of(dat), strict=True):
			if "entries-in-buffer" not in text_of(recording)[:200]:
				one.pop("gaps", None)		# there: unknown
				other.pop("gaps", None)
			for key in ("recording", "form", "events", "release", "line", "text",
				    "place"):
				one.pop(key, None)
				other.pop(key, None)
			check(one == other, recording, one, other)
		check(statements("text.trace") == statements("dat.trace"), recording)
	check(n > 10, n)


def export_and_import(path):
	export("-s", "v7.2", path)
	return run("import", "--json", "x.dat", "-o", "dat.trace")


def statements(path):
	with open(path, encoding="utf-8") as file:
		return [re.sub(r" x-place=\d+", "", line) for line in file
			if not line.startswith(("title", "source", "#", "lacks"))]


def what_the_model_did_is_no_evidence():
	done = export_and_import(SEED)
	if "without libtracecmd" in done.stderr:
		return
	check(done.returncode == 2 and "nothing" in done.stderr, done)


def a_ring_that_lost_events_still_says_so():
	if not TRACE_CMD or not ZSTD:
		return
	source = os.path.join(RECORDED, "7.2", "pfnmap_nc_seed")
	for ending in ("out", "cmd", "meta"):
		shutil.copy(f"{source}.{ending}", f"lost.{ending}")
	text = text_of(source)
	write("lost.trace", re.sub(r"in-buffer/entries-written: (\d+)/\d+",
				   r"in-buffer/entries-written: \1/99999", text))
	for path, dropped in (("lost", True), (source, False)):
		export("-s", "v7.2", path)
		done = subprocess.run([TRACE_CMD, "report", "x.dat"], stdout=subprocess.PIPE,
				      text=True, check=True)
		check(("EVENTS DROPPED" in done.stdout) == dropped, path)


# ---- what the model did ----

def a_step_of_a_trace_is_a_microsecond():
	if not TRACE_CMD:
		return
	export("-s", "v7.2", SEED)
	times = [e[3] for e in reported() if e[4] == "step"]
	check(times == [f"0.{1 + i:06d}" for i in range(len(times))] and len(times) > 50, times)


def each_actor_is_a_task_on_a_cpu_of_its_own():
	if not TRACE_CMD:
		return
	export("--compare", "v6.8,v11", SEED)
	tasks = {e[:3] for e in reported()}
	names = [f"{s}{lane}" for s in ("v6.8", "v11")
		 for lane in ("", "/driver", "/vmm", "/vCPU 0")]
	check(sorted(names) == sorted(t[0] for t in tasks), tasks)
	check(len({t[1] for t in tasks}) == len({t[2] for t in tasks}) == len(names), tasks)


def a_violation_and_the_counts_that_led_there_are_events():
	if not TRACE_CMD:
		return
	export("-s", "v5.12", SEED)
	events = reported()
	laws = [e[5].split()[0] for e in events if e[4] == "violation"]
	check(sorted(laws) == ["no-free-of-owned", "no-free-page-mapped", "no-get-from-zero",
			       "no-use-after-free"], laws)
	at = [i for i, e in enumerate(events) if e[4] == "violation"][0]
	refs = [fields(e[5]) for e in events if e[4] == "page_ref"]
	tail = [f["count"] for f in refs if f["pfn"] == "0x100009"]
	check(tail[:2] == ["1", "0"], tail)
	before = [e for e in events[:at] if e[4] == "page_ref"][-1]
	check(fields(before[5])["pfn"] == "0x100009", before)
	check(events[-1][4] == "verdict" and "violation" in events[-1][5], events[-1])


def a_page_without_a_reference_has_no_page_ref():
	if not TRACE_CMD:
		return
	export("-s", "v7.2", SEED)
	events = reported()
	check(not [e for e in events if e[4] == "page_ref" and "0x100009" in e[5]], "it has")
	spte = [fields(e[5]) for e in events if e[4] == "spte_set" and "gfn=0x201 " in e[5]]
	check([f["level"] for f in spte] == ["1"], spte)
	check([fields(e[5])["pfn"] for e in events if e[4] == "tlb_fill"][0] == "0x100009", "TLB")
	check([e[5] for e in events if e[4] == "outcome" and "mapped" in e[5]], "outcome")


ZAP = """pfntrace 1
alloc B noncompound order=1
mmap D 8K device B
memslot 1 0x200000 D 8K
read 0x200000
munmap D 8K
"""


def an_invalidation_zaps_flushes_and_ends_under_its_lock():
	if not TRACE_CMD:
		return
	write("zap.trace", ZAP)
	export("-s", "v7.2", "zap.trace")
	events = [(e[4], fields(e[5])) for e in reported()]
	names = [name for name, _ in events]
	start = names.index("notifier_start")
	end = names.index("notifier_end")
	between = [e for e in events[start:end] if e[0] != "step"]
	check(events[start][1] == events[end][1], events[start], events[end])
	check([e[0] for e in between if e[0].startswith(("spte", "tlb"))] ==
	      ["spte_zap", "tlb_flush", "tlb_drop"], between)
	check(next(e[1] for e in between if e[0] == "spte_zap")["gfn"] == "0x200", between)
	held = []
	for name, values in events:
		if name == "lock_taken":
			check(values["lock"] not in held, values)
			held.append(values["lock"])
		elif name == "lock_released":
			held.remove(values["lock"])
		elif name == "spte_zap":
			check("mmu_lock" in held, held)
	check(held == [], held)


def steps_are_those_of_the_perfetto_export_in_its_order():
	if not TRACE_CMD:
		return
	from test_report import fields as protobuf
	for path in [SEED, *recordings(1)][:8]:
		export("--compare", "v7.2", "-s", "v7.2", path)
		done = run("report", "--compare", "v7.2", "-s", "v7.2", "-o", "x.pftrace", path)
		check(done.returncode in (0, 1, 3), done)
		with open("x.pftrace", "rb") as file:
			packets = [dict(protobuf(p)) for _, p in protobuf(file.read())]
		slices = [dict(protobuf(p[11])) for p in packets if 11 in p]
		want = [s[23].decode() for s in slices if s.get(22) == b"step"]
		events = reported("x.dat", "-t")
		got = [e[5].split()[0] for e in events if e[4] == "step"]
		check(got == want, path, len(got), len(want))


def the_models_steps_lie_between_the_marks_of_their_command():
	if not TRACE_CMD or not ZSTD:
		return
	export("-s", "v7.2", os.path.join(RECORDED, "7.2", "ksm_migrate"))
	command, n = None, 0
	for _, _, _, _, name, body in reported("x.dat", "-t"):
		if name == "tracing_mark_write" and body.startswith("### "):
			command = body.split(" ", 2)[2]
		elif name == "tracing_mark_write" and body.startswith("=== "):
			command = None
		elif name == "begin":
			check(command == body.split(" ", 1)[1], command, body)
			n += 1
		elif name == "step":
			check(command, body)
	check(n > 20, n)


def steps_that_were_not_kept_are_counted():
	if not TRACE_CMD:
		return
	export("-s", "v7.2", "--steps", "10", SEED)
	events = reported()
	check([e[5] for e in events if e[4] == "left_out"][0].startswith("steps="), events[-2:])
	check(len([e for e in events if e[4] == "step"]) == 10, "ten")


def the_recording_of_another_host_is_there_as_far_as_it_is_read():
	if not TRACE_CMD:
		return
	path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "import", "6.1.dat")
	if "without libtracecmd" in run("import", path).stderr:
		return
	before = lines_of(run("import", "--json", path))
	export("-s", "v6.1", path)
	after = lines_of(run("import", "--json", "x.dat"))
	for key in ("faults", "stage2_entries", "invalidations", "ends", "memslots", "counts",
		    "evidence"):
		check(before[0][key] == after[0][key], key, before[0], after[0])
	names = {e[4] for e in reported()}
	check({"kvm_page_fault", "step", "outcome"} < names, names)


NO_CLAIMS = (export, reported, fields, text_of, recordings, export_and_import,
	     statements)
CLAIMS = [value for value in list(globals().values())
	  if callable(value) and value.__module__ == __name__ and value not in NO_CLAIMS]

if __name__ == "__main__":
	sys.exit(main(CLAIMS))
