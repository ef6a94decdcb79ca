#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_import.py: recordings of other hosts' tools: what is read, and what they prove.

tests/import holds what trace-cmd 3.1.6, perf 6.1 and ftrace itself recorded on 6.1, 6.12 and
7.2, by tools/record; "lost" are those with a ring that was too small.  What they show was
counted in the kernels' own text.
"""

import os
import random
import re
import subprocess
import sys

from test_cli import PFNSIM, SOURCE, TRACES, check, lines_of, main, replay, run

HERE = os.path.join(SOURCE, "tests", "import")
HEAD = "# entries-in-buffer/entries-written: %d/%d   #P:1\n"
FAULT = "    CPU 0/KVM-1-77    [002] d..2.  %d.000001: kvm_page_fault: vcpu 0 rip 0x10 address " \
	"0x%016x error_code 0x%x\n"
SPTE = "    CPU 0/KVM-1-77    [002] d..2.  %d.000002: kvm_tdp_mmu_spte_changed: as id 0 gfn %x " \
	"level 1 old_spte %x new_spte %x\n"
SLOT = "    qemu-70    [002] .....  %d.0: set_region: (kvm_set_memory_region+0x0/0x10 [kvm]) " \
	"slot=1 flags=0x%x gpa=0x%x size=0x%x hva=0x%x\n"
START = "    qemu-70    [002] .....  %d.1: x: " \
	"(kvm_mmu_notifier_invalidate_range_start+0x0/0x10 [kvm]) start=0x%x end=0x%x event=1\n"
END = START.replace("_start+", "_end+").replace(".1:", ".3:").replace(" event=1", "")
RELEASE = "    CPU 0/KVM-1-77    [002] d..2.  %d.000003: y: " \
	"(kvm_release_page_clean+0x0/0x10 [kvm]) page=0x%x ref=%d\n"
FREE = "    qemu-70    [002] .....  %d.4: mm_page_free: page=0000000028967893 pfn=0x%x order=0\n"
REF = "    qemu-70    [002] .....  %d.5: page_ref_mod: pfn=0x%x flags=uptodate count=%d " \
	"mapcount=0 mapping=0000000000000000 mt=1 val=%d\n"
LEAF = 0x123456e67		# NPT: P W U A D, host- and MMU-writable, MMU-present
EPT_LEAF = 6 << 56 | 0x123456b77	# EPT, to 6.12: R W X WB PAT A D, host- and MMU-writable
HVA, GPA = 0x7f0000000000, 0x200000
HUGE = LEAF & ~0x1ff000 | 0x80
GOOD = [SLOT % (1, 0, GPA, 0x100000, HVA), FAULT % (2, GPA, 0x100000006),
	SPTE % (2, GPA >> 12, 0, LEAF), RELEASE % (2, 0xffffea0000000040, 2),
	START % (3, HVA, HVA + 0x1000), SPTE % (4, GPA >> 12, LEAF, 0),
	END % (4, HVA, HVA + 0x1000), FREE % (5, 0x99), REF % (6, 0x98, 2, 1)]

TWO_M = [SLOT % (1, 0, GPA, 0x400000, HVA), FAULT % (2, GPA, 0x100000006),
	 (SPTE % (2, GPA >> 12, 0, HUGE)).replace("level 1", "level 2"), GOOD[3],
	 START % (5, HVA, HVA + 0x200000),
	 (SPTE % (6, GPA >> 12, HUGE, 0)).replace("level 1", "level 2"),
	 END % (6, HVA, HVA + 0x200000), FREE % (7, 0x99), REF % (8, 0x98, 2, 1)]


def fixture(name):
	return os.path.join(HERE, name)


def has_tracecmd():
	return "without libtracecmd" not in run("import", fixture("6.1.dat")).stderr


def has_zstd():
	return "without libzstd" not in run("import", fixture("6.1-ftrace.txt.zst")).stderr


def imported(path, output="out.trace"):
	done = run("import", "--json", path, "-o", output)
	check(done.returncode in (0, 1, 3), path, done)
	lines = lines_of(done)
	return done.returncode, lines[0], {line["what"]: line["text"] for line in lines
		if line["type"] == "lack"}, {line["invariant"]: line for line in lines
		if line["type"] == "law"}


def of_text(lines, entries=None, name="some.txt", head=HEAD):
	with open(name, "w", encoding="utf-8") as file:
		if head:
			count = len([line for line in lines if ": " in line])
			file.write(head % (count, entries or count))
		file.writelines(lines)
	return imported(name)


def body(name="out.trace"):
	"""The trace without where it is from."""
	with open(name, encoding="utf-8") as file:
		return [re.sub(r" x-place=\d+", "", line) for line in file
			if not line.startswith(("title", "source", "#", "lacks"))]


# ---- what is read ----

def every_dialect_of_one_recording_says_the_same():
	if not has_zstd():
		return
	counts = {"6.1-latency.txt.zst": (6650, 469, 3424),
		  "6.12-ftrace.txt.zst": (4946, 469, 3508),
		  "6.12-perf.txt.zst": (4946, 469, 3508), "7.2-report.txt.zst": (5948, 469, 3508),
		  "7.2-bpftrace.txt.zst": (4477, 469, 3508)}
	for name, (events, faults, sptes) in counts.items():
		_, head, _, laws = imported(fixture(name))
		check((head["events"], head["faults"], head["stage2_entries"]) ==
		      (events, faults, sptes), name, head)
		check((head["invalidations"], head["ends"], head["memslots"], head["counts"]) ==
		      (6, 6, 5, 469), name, head)
		check(head["evidence"] == 2 and head["unread"] == 0, name, head)
		if "-perf" not in name:
			check(laws["no-stale-spte"]["answer"] == "kept", name, laws)


def a_trace_dat_of_either_version_says_what_its_text_says():
	if not has_tracecmd() or not has_zstd():
		return
	for name, events in (("6.1.dat", 43), ("6.12-v6.dat", None), ("7.2.dat", 5948)):
		_, head, _, _ = imported(fixture(name))
		check(head["evidence"] == 2 and head["unread"] == 0 and head["gaps"] == 0, head)
		check(not events or head["form"] == "trace.dat", head)
	imported(fixture("7.2.dat"), "dat.trace")
	imported(fixture("7.2-report.txt.zst"), "text.trace")
	check(body("dat.trace") == body("text.trace"), "they differ")
	imported(fixture("6.1.dat"), "dat.trace")
	imported(fixture("6.1-raw.txt.zst"), "text.trace")
	check(body("dat.trace") == body("text.trace"), "they differ")


def a_replay_of_a_recording_comes_out_as_recorded_on_its_own_kernel():
	if not has_zstd():
		return
	for name, own, other in (("6.1-ftrace.txt.zst", "v6.1", "v7.2"),):
		imported(fixture(name))
		done = replay("--json", "-s", f"{own},{other}", "out.trace")
		lines = [line for line in lines_of(done) if "versus" in line]
		versus = [(line["semantics"], line["versus"]) for line in lines]
		check(versus == [(own, "same")] * 3 + [(other, "same"), (other, "changed"),
						       (other, "same")], versus)
		check([line["recorded"] for line in lines[:3]] ==
		      ["mapped pfn=0x2996 4K", "efault", "mapped pfn=0x8e10 4K"], lines)


def a_recording_is_replayed_without_import():
	if not has_zstd():
		return
	imported(fixture("6.12-ftrace.txt.zst"))
	with open("out.trace", encoding="utf-8") as file:
		there = sum("x-recorded=mapped" in line for line in file)
	done = replay("--json", "-s", "v6.12", fixture("6.12-ftrace.txt.zst"))
	same = [line for line in lines_of(done) if line.get("versus") == "same"]
	check(done.returncode == 0 and there == len(same) == 469, done.returncode, there, len(same))


def task_names_tgids_flags_and_stamps_do_not_matter():
	def name(lines, by):
		return [line.replace("CPU 0/KVM-1-77", by) for line in lines]
	of_text(GOOD)
	plain = body()
	for lines in (name(GOOD, "CPU 0/KVM-1-77      (   70)"),
		      name(GOOD, "<...>-77    (-------)"),
		      [line.replace("d..2.", "dNh2..L") for line in GOOD],
		      [re.sub(r"(\] +\S+ +\d+)\.(\d+):", r"\1.\g<2>000:", line) for line in GOOD],
		      ["> " + line for line in GOOD], ["[   12.345678] " + line for line in GOOD],
		      [re.sub(r"\] \S+ ", "] ", line) for line in GOOD],
		      name(GOOD, "inst:    a [b] c-d-77")):
		code, head, lacks, _ = of_text(lines)
		check(body() == plain and not head["unread"] and code == 0, lines[1], lacks, body())


def a_counters_stamps_and_microseconds_are_an_order_too():
	of_text(GOOD)
	plain = body()
	for unit, more in ((1000000, ""), (1, "us")):
		of_text([re.sub(r"(\] +\S+ +)([\d.]+):", lambda match: "%s%d%s:" % (
			match[1], float(match[2]) * unit * 1000, more), line) if not more else
			 re.sub(r"\[002\] +(\S+) +([\d.]+):", lambda match: "2d..1. %dus+:" % (
				float(match[2]) * 1000000), line) for line in GOOD])
		check(body() == plain, more, body())


def probes_are_known_by_their_function_or_by_a_name_made_of_it():
	of_text(GOOD)
	plain = body()
	function = "kvm_mmu_notifier_invalidate_range_"
	address = "ffffffffc060b3e4"
	for prefix, place in ((f"p_{function}start_0", address), (f"{function}start", address),
			      ("any", f"{function}start+0x5/0x9")):
		lines = list(GOOD)
		lines[4] = re.sub(r"x: \(\S+ \[kvm\]\)", f"{prefix}: ({place})", lines[4])
		check(lines[4] != GOOD[4], lines[4])
		of_text(lines)
		check(body() == plain, prefix, body())


def perf_with_pid_and_tid_and_a_trace_of_calls():
	of_text(GOOD)
	plain = body()
	lines = [re.sub(r"^ *(\S.*)-(\d+) +(\[002\]) +\S+ +([\d.]+): (\w+:)",
			r"\1 70/\2 \3 \4:  1 kvm:\5", line) for line in GOOD]
	check(all("kvm:" in line for line in lines), lines)
	lines.insert(2, "\tffffffffc060b3e4 kvm_mmu_page_fault+0x4 ([kernel.kallsyms])\n\n")
	lines = ["# pfnsim-record begin\n", *lines, "# pfnsim-record end\n"]
	_, head, _, _ = of_text(lines, head=None)
	check(body() == plain and not head["unread"], head, body())
	check(head["form"] == "perf script", head)


def perf_without_cpus_and_with_any_trace_of_calls():
	of_text(GOOD)
	plain = body()
	lines = [re.sub(r"^ *(\S.*)-(\d+) +\[002\] +\S+ +([\d.]+): (\w+:)", r"\1 70/\2 \3: kvm:\4",
			line) for line in GOOD]
	check(all("kvm:" in line and "[" not in line.split("kvm:")[0] for line in lines), lines)
	lines.insert(2, "\tffffffffc060b3e4 [unknown] ([kvm])\n\t       52f3b main (/bin/vmm)\n\n")
	_, head, _, _ = of_text(["# pfnsim-record begin\n", *lines, "# pfnsim-record end\n"],
				head=None)
	check(body() == plain and not head["unread"], head, body())


def times_since_the_event_before_beside_stamps_and_lines_from_another_system():
	of_text(GOOD)
	plain = body()
	for lines in ([re.sub(r"(\d: )(?=\w+: )", r"\1(+12)   ", line, count=1) for line in GOOD],
		      [line.replace("\n", "\r\n") for line in GOOD]):
		code, head, lacks, _ = of_text(lines)
		check(lines != GOOD and body() == plain and not head["unread"] and code == 0,
		      lines, lacks)


def what_bpftrace_says_of_its_probes_is_nothing():
	for said in ("Attaching 13 probes...", "Attaching 1 probe...", "Attached 13 probes"):
		code, head, lacks, _ = of_text(["# pfnsim-record begin\n", said + "\n", *GOOD,
						"# pfnsim-record end\n"], head=None)
		check(code == 0 and not head["unread"], said, lacks)


def stamps_that_go_back_are_no_order():
	lines = [*GOOD[:4], *[re.sub(r"\] (\S+) +\d\.", r"] \1 0.", line) for line in GOOD[4:]]]
	for one in (lines, GOOD + GOOD):
		code, _, lacks, laws = of_text(one)
		check(code == 3 and "stamps go back at line" in lacks["unread"], lacks)
		check(laws["no-stale-spte"]["answer"] == "inconclusive", laws)


def an_entry_of_a_level_that_there_is_not_is_no_leaf():
	for level in (0, 6, 1 << 40):
		lines = [line.replace("level 1", f"level {level}") for line in GOOD]
		_, _, _, laws = of_text(lines)
		check(laws["writable-bits-agree"]["asked"] == 0, level, laws)
		check(not any("x-recorded" in line for line in body()), level, body())


def what_follows_an_exit_is_not_the_faults():
	wide = "    CPU 0/KVM-1-77    [002] .....  2.000004: kvm_userspace_exit: reason %s\n"
	log = SPTE % (3, GPA >> 12, LEAF, LEAF & ~2)
	for lines, recorded in (([wide % "KVM_EXIT_HLT (5)", log.replace("%x new" % LEAF, "0 new")],
				 False), ([log], False), ([SPTE % (3, GPA >> 12, 0, LEAF)], True),
				([wide % "KVM_EXIT_IO (14)"], False)):
		of_text([*GOOD[:2], *lines])
		check(("x-recorded=" in "".join(body())) == recorded, lines, body())
	of_text([*GOOD[:2], wide % "error (14)"])
	check("x-recorded=efault" in "".join(body()), body())


def a_call_of_the_ioctl_says_that_a_memslot_was_set_and_not_which():
	for call in ("sys_ioctl(fd: c, cmd: 4020ae46, arg: 7ffe0000)",
		     "sys_enter_ioctl: fd: 0x0c, cmd: 0x4020ae46, arg: 0x7ffe0000"):
		line = f"    qemu-70    [002] .....  0.5: {call}\n"
		code, _, lacks, _ = of_text([line, *GOOD[1:]])
		check(code == 3 and "1 calls of KVM_SET_USER_MEM" in lacks["memslots"], lacks)


def faults_of_kernels_before_they_said_the_vcpu():
	of_text(GOOD)
	plain = body()
	lines = list(GOOD)
	lines[1] = re.sub("vcpu.*", "address 200000 error_code 100000006", lines[1])
	of_text(lines)
	check(body() == plain, body())


def what_trace_cmd_failed_to_parse_is_decimal():
	lines = list(GOOD)
	lines[2] = lines[2].split(" as id")[0] + " [FAILED TO PARSE] gfn=512 old_spte=0 " \
		f"new_spte={LEAF} level=1 as_id=0\n"
	of_text(lines)
	check("x-pfn=0x123456 x-level=1" in "".join(body()), body())


# ---- evidence ----

def a_whole_recording_of_a_healthy_host_is_exit_0():
	code, head, lacks, laws = of_text(GOOD)
	check(code == 0 and head["evidence"] == 2 and not lacks, code, head, lacks)
	check({law["answer"] for law in laws.values()} == {"kept", "not asked"}, laws)
	check(replay("-s", "v6.12,v7.2", "out.trace").returncode == 0, "not so")


def what_is_lacking_is_named_and_nothing_is_ok():
	for drop, lack, law in ((7, "frees", "no-free-page-mapped"),
				(6, "range-ends", "no-stale-spte"),
				(0, "memslots", "spte-has-slot"),
				(8, "page-ref", "no-get-from-zero")):
		code, _, lacks, laws = of_text(GOOD[:drop] + GOOD[drop + 1:])
		check(code == 3 and lack in lacks, lack, code, lacks)
		check((laws[law]["answer"], laws[law]["text"]) == ("inconclusive", lacks[lack]),
		      laws)
	levels = [of_text([line for line in GOOD if not re.search(out, line)])[1]["evidence"]
		  for out in ("nothing", "kvm_release|page_ref", "kvm_release|page_ref|notifier",
			      "kvm_release|page_ref|notifier|spte_changed")]
	check(levels == [2, 1, 0, -1], levels)


def without_counts_a_replay_is_inconclusive():
	of_text([line for line in GOOD if "kvm_release" not in line and "page_ref" not in line])
	done = replay("-s", "v6.12", "out.trace")
	check(done.returncode == 3 and "counts of pages: neither" in done.stdout, done)


def lost_events_make_every_law_inconclusive():
	lost = GOOD[:3] + ["CPU:2 [LOST 12 EVENTS]\n"] + GOOD[3:]
	for lines, entries, head in ((lost, None, HEAD), (GOOD, 99, HEAD), (GOOD, None, None),
				     (["cpus=2\n", *GOOD, "CPU:1 [EVENTS DROPPED]\n"], None, None)):
		code, _, lacks, laws = of_text(lines, entries, head=head)
		check(code == 3 and "lost events" in lacks["lost-events"], code, lacks)
		answers = {law["answer"] for law in laws.values() if law["invariant"] !=
			   "ro-slot-never-writable"}
		check(answers == {"inconclusive"}, laws)
		check(replay("-s", "v7.2", "out.trace").returncode == 3, "not so")


def one_cpu_of_several_does_not_count_as_whole():
	"""trace-cmd report --cpu; the header of a copy of per_cpu/cpu2/trace counts all CPUs'."""
	alone = [re.sub(r"\[\d+\]", "[002]", line) for line in GOOD]
	several = [re.sub(r"\[\d+\]", f"[00{i % 3}]", line) for i, line in enumerate(GOOD)]
	for lines, head, whole in ((["cpus=4\n", *alone], None, False), (alone, HEAD, True),
				   (["cpus=4\n", *several], None, True)):
		code, _, lacks, laws = of_text(lines, head=head)
		check((code, bool(lacks)) == ((0, False) if whole else (3, True)), code, lacks)
		check(whole or "all are of CPU 2, of at least 4" in lacks["lost-events"], lacks)
		check(whole or laws["no-stale-spte"]["answer"] == "inconclusive", laws)
	one = [re.sub(r"\[\d+\]", "[000]", line) for line in GOOD]
	check(of_text(["cpus=1\n", *one], head=None)[0] == 0, "not so")


def recordings_with_lost_events_say_how_many():
	if not has_zstd():
		return
	for name, lost in (("7.2-lost-report.txt.zst", 2454), ("7.2-lost.dat", 2454),
			   ("6.1-perf-lost.txt.zst", 2542)):
		if name.endswith(".dat") and not has_tracecmd():
			continue
		code, head, lacks, _ = imported(fixture(name))
		check(code == 3 and head["lost"] == lost, head)
		check(str(lost) in lacks["lost-events"], lacks)
		done = replay("-b", "-s", "v7.2", "out.trace")
		check(done.returncode == 3 and f"lost events: {lost}" in done.stdout, done)


def perf_that_was_not_asked_for_lost_events_does_not_count_as_whole():
	if not has_zstd():
		return
	_, head, lacks, _ = imported(fixture("6.12-perf.txt.zst"))
	check(head["lost"] == 0 and "--show-lost-events" in lacks["lost-events"], lacks)


def a_recipe_that_did_not_come_to_its_end_does_not_count_as_whole():
	begin, end = "# pfnsim-record begin\n", "# pfnsim-record end\n"
	code, _, lacks, _ = of_text([begin, *GOOD, end], head=None)
	check(code == 0 and not lacks, code, lacks)
	code, _, lacks, _ = of_text([begin, *GOOD], head=None)
	check(code == 3 and "recipe's last line" in lacks["unread"], code, lacks)


def the_tail_of_a_compound_page_is_nobodys_uncounted_page():
	of_text([line.replace("ref=2", "ref=0") for line in GOOD])
	check(any(" anon " in line for line in body()), body())
	refused = [GOOD[0], GOOD[1], RELEASE % (2, 0xffffea0000000040, 0)]
	of_text(refused)
	check(any(line.startswith("alloc O0 noncompound") for line in body()), body())


def what_is_mapped_and_not_released_is_mmio_if_ept_says_no_ram():
	at = [SLOT.replace("slot=1", "slot=2") % (1, 0, 2 * GPA, 0x2000, HVA + GPA),
	      FAULT % (7, 2 * GPA + 0x1000, 0x181)]
	for leaf, other, kind, lack in ((LEAF, LEAF, "noncompound", True),
					(EPT_LEAF, EPT_LEAF, "noncompound", False),
					(EPT_LEAF & ~0x38, EPT_LEAF, "mmio", False)):
		lines = [line.replace("%x" % LEAF, "%x" % other) for line in GOOD]
		code, _, lacks, _ = of_text([lines[0], at[0], *lines[1:], at[1],
					     SPTE % (7, (2 * GPA >> 12) + 1, 0, leaf)])
		blocks = [line for line in body() if line.startswith("alloc ")]
		check(len(blocks) == 1 and f" {kind} " in blocks[0], kind, body())
		check(kind != "mmio" or "pfn=0x123455" in blocks[0], blocks)
		check(("NPT does not say" in lacks.get("counts", "")) == lack, lacks)
		check(code == (3 if lack else 0), code, lacks)
		check(replay("-s", "v6.12", "out.trace").returncode == code, lack)


def what_npt_does_not_tell_is_missed_by_those_kernels_alone_that_tell_it_apart():
	at = [SLOT.replace("slot=1", "slot=2") % (1, 0, 2 * GPA, 0x2000, HVA + GPA),
	      FAULT % (7, 2 * GPA + 0x1000, 0x181)]
	code, _, lacks, _ = of_text([GOOD[0], at[0], *GOOD[1:], at[1],
				     SPTE % (7, (2 * GPA >> 12) + 1, 0, LEAF)])
	check(code == 3 and list(lacks) == ["counts"], code, lacks)
	for semantics, code in (("v7.2", 0), ("v6.12", 3), ("v11", 3), ("v6.12,v7.2", 3)):
		done = replay("-s", semantics, "out.trace")
		check(done.returncode == code, semantics, done.stdout)
	for command, semantics, code in (("walk", "v7.2", 0), ("walk", "v6.12", 3),
					 ("report", "v7.2", 0), ("report", "v6.12", 3)):
		done = run(command, "-s", semantics, "out.trace",
			   *(["0x400000"] if command == "walk" else []))
		check(done.returncode == code, command, semantics, done.stderr)
		check(("NPT does not say" in done.stdout + done.stderr) == (code == 3), command)
	with open("out.trace", encoding="utf-8") as file:
		text = file.read()
	other = re.sub(r"(?m)^alloc O0 noncompound order=1$", "alloc O0 mmio pages=2 pfn=0x123455",
		       text)
	check(text != other and " but=v7.2\n" in text, text)
	with open("mmio.trace", "w", encoding="utf-8") as file:
		file.write(other)
	told = [[(line.get("event"), line.get("outcome"), line.get("value"), line.get("verdict"))
		 for line in lines_of(replay("-s", "v7.2", "--json", name))
		 if line["type"] in ("outcome", "summary", "violation")]
		for name in ("out.trace", "mmio.trace")]
	check(told[0] == told[1] and len(told[0]) > 2, told)


def memory_that_goes_for_good_is_unmapped():
	gone = [line.replace("event=1", "event=0") for line in GOOD]
	of_text(gone)
	check("munmap 0x7f0000000000 0x1000\n" in body(), body())
	of_text([*gone, FAULT % (9, GPA, 6), SPTE % (9, GPA >> 12, 0, LEAF),
		 RELEASE % (9, 0xffffea0000000040, 2)])
	check("dontneed 0x7f0000000000 0x1000\n" in body(), body())


def two_vms_are_not_taken_for_one():
	code, _, lacks, _ = of_text([*GOOD, (FAULT % (9, GPA, 4)).replace("-77", "-78")])
	check(code == 3 and "which VM" in lacks["one-vm"], lacks)


def memslots_of_two_vms_of_one_process_are_not_taken_for_one():
	def of(kvm):
		return GOOD[0].replace("slot=1", f"kvm=0x{kvm:x} slot=1")
	code, _, lacks, laws = of_text([of(0xffff8880), of(0xffff8890), *GOOD[1:]])
	check(code == 3 and "0xffff8880 and 0xffff8890" in lacks["one-vm"], lacks)
	check(laws["no-stale-spte"]["answer"] == "inconclusive", laws)
	code, _, lacks, _ = of_text([of(0xffff8880), *GOOD[1:]])
	check(code == 0 and not lacks, lacks)


def entries_of_before_5_13_are_not_judged():
	isa = GOOD[1].split(": ")[0] + ": kvm_exit: vcpu 0 reason npf rip 0x10 isa=2\n"
	lines = [line.replace("%x" % LEAF, "123456077") for line in GOOD]
	code, _, lacks, laws = of_text([lines[0], isa, *lines[1:]])
	check(code == 3 and "bit 11" in lacks["format"], lacks)
	check({laws[law]["answer"] for law in laws if law != "no-get-from-zero"} ==
	      {"inconclusive"}, laws)


def of_vm(threads, *lines):
	of_text(lines)
	return run("import", "--json", "--vm", threads, "some.txt", "-o", "out.trace")


def another(line):
	"""The same by the threads of another VM, with another page."""
	return line.replace("-77 ", "-78 ").replace("qemu-70 ", "qemu-71 ") \
		   .replace("gpa=0x200000", "gpa=0x300000").replace("0x7f", "0x7e")


def one_vm_of_two_is_taken_by_its_threads():
	alone = of_text(GOOD)
	want = body()
	mixed = [line for one in GOOD for line in (one, another(one))
		 if line == one or "mm_page" not in one and "page_ref" not in one]
	done = of_vm("77,70", *mixed)
	lines = lines_of(done)
	check(body() == want, body(), want)
	for key in ("faults", "stage2_entries", "invalidations", "ends", "memslots", "counts"):
		check(lines[0][key] == alone[1][key], key, lines[0])
	text = [line["text"] for line in lines if line.get("what") == "one-vm"]
	# two of an invalidation, and a memslot, of 71; 78 runs a vCPU 0, and so does 77
	check(done.returncode == 3 and len(text) == 1 and " 3 events " in text[0], text)


def what_a_vcpu_of_another_vm_did_is_not_missed():
	done = of_vm("77,70", *GOOD, FAULT.replace("-77 ", "-78 ") % (9, GPA, 4))
	check(not [line for line in lines_of(done) if line.get("what") == "one-vm"], done)
	alone = {line["invariant"]: line["answer"] for line in lines_of(done)
		 if "invariant" in line}
	check(alone["leaf-immutable"] == "kept" and alone["no-stale-spte"] == "kept", alone)


def a_vcpu_that_is_not_named_may_be_of_this_vm():
	other = (FAULT % (9, GPA, 4)).replace("-77 ", "-79 ").replace("vcpu 0", "vcpu 1")
	done = of_vm("77,70", *GOOD, other)
	check([line for line in lines_of(done) if line.get("what") == "one-vm"], done)


def a_thread_that_is_not_there_gets_a_list_of_those_that_are():
	done = of_vm("99", *GOOD, another(GOOD[0]), another(GOOD[1]), START.replace("-70", "-5") %
		     (9, HVA, HVA + 0x1000))
	check(done.returncode == 2 and done.stderr.rstrip().endswith(
		"thread 99 has nothing in it. Threads vCPU 0: 77, 78; set memslots: 70, 71; "
		"invalidate: 70, 5"), done.stderr)
	for bad in ("", "77,", "x", "77;70"):
		check(run("import", "--vm", bad, "some.txt").returncode == 2, bad)


def what_was_mapped_without_a_recorded_memslot_gets_one_and_that_is_said():
	if not has_zstd():
		return
	code, head, lacks, _ = imported(fixture("7.2-instance.txt.zst"))
	check(code == 3 and head["faults"] == 8 and "memslots" in lacks, head)
	check(any(line.startswith("memslot 1000 ") for line in body()), body())


def a_memslot_that_begins_to_be_logged_was_there_before():
	of_text([*GOOD[1:4], SLOT % (3, 1, GPA, 0x100000, HVA), *GOOD[4:]])
	slots = [line for line in body() if line.startswith("memslot ")]
	check(slots == ["memslot 1 0x200000 0x7f0000000000 0x100000\n",
			"memslot 1 0x200000 0x7f0000000000 0x100000 flags=log\n"], slots)
	check(body().index(slots[0]) < [line[:5] for line in body()].index("write"), body())


def expected_slots(pages, slots):
	"""2M around each page that no slot has, as one where 1G or less and no slot is between."""
	unit, found = 2 << 20, []

	def has(start, end):
		return any(gpa < end and gpa + size > start for gpa, size in slots)

	for start in sorted({page & ~(unit - 1) for page in pages}):
		if has(start, start + unit):
			continue
		if found and start - found[-1][1] <= 1 << 30 and not has(found[-1][1], start):
			found[-1][1] = start + unit
		else:
			found.append([start, start + unit])
	return [(start, end - start) for start, end in found]


def memory_is_assumed_where_no_recorded_memslot_is_near():
	chance = random.Random(1)
	for _ in range(30):
		slots = [(chance.randrange(1 << 11) << 21, chance.choice((1, 3, 700)) << 20)
			 for _ in range(chance.randrange(4))]
		pages = [chance.randrange(1 << 20) << 12 for _ in range(8)]
		lines = [FAULT % (t, page, 6) + SPTE % (t, page >> 12, 0, LEAF)
			 for t, page in enumerate(pages)]
		lines += [SLOT % (99, 0, gpa, size, HVA) for gpa, size in slots]
		of_text("".join(lines).splitlines(True))
		found = [line.split() for line in body() if line.startswith("memslot 10")]
		check([(int(word[2], 16), int(word[4], 16)) for word in found] ==
		      expected_slots(pages, slots)[:8], found, pages, slots)


# ---- laws, as recorded ----

def broken(lines, law):
	code, _, _, laws = of_text(lines)
	check(code == 1 and laws[law]["answer"] == "broken", law, code, laws)


def a_recorded_violation_is_exit_1():
	other = SPTE % (3, GPA >> 12, LEAF, LEAF + 0x1000)
	broken(GOOD[:4] + [other] + GOOD[4:], "leaf-immutable")
	broken([line.replace("%x" % LEAF, "%x" % (LEAF & ~0x400)) for line in GOOD],
	       "writable-bits-agree")
	broken([GOOD[0].replace("flags=0x0", "flags=0x2"), *GOOD[1:]], "ro-slot-never-writable")
	broken(GOOD[:5] + GOOD[6:], "no-stale-spte")
	broken(GOOD[:5] + [FREE % (3, 0x123456)] + GOOD[5:], "no-free-page-mapped")
	broken(GOOD[:4] + [REF % (2, 0x123456, 1, 1)] + GOOD[4:], "no-get-from-zero")


def pages_behind_a_leaf_of_2m_are_mapped_each():
	for event in (FREE % (3, 0x123400), FREE.replace("order=0", "order=9") % (3, 0x123400),
		      FREE % (3, 0x1235ff)):
		broken([*TWO_M[:4], event, *TWO_M[4:]], "no-free-page-mapped")
	broken([*TWO_M[:4], REF % (3, 0x123405, 1, 1), *TWO_M[4:]], "no-get-from-zero")
	_, _, _, laws = of_text([*TWO_M[:4], FREE % (3, 0x123600), *TWO_M[4:]])
	check(laws["no-free-page-mapped"]["answer"] == "kept", laws)


def what_2m_are_split_into_is_mapped_without_an_event_of_its_own():
	split = TWO_M[2].replace("old_spte 0 new_spte %x" % HUGE,
				 "old_spte %x new_spte 155555827" % HUGE)
	zap, ends = SPTE % (8, (GPA >> 12) + 1, LEAF, 0), [START % (7, HVA + 0x1000, HVA + 0x2000),
							   END % (9, HVA + 0x1000, HVA + 0x2000)]
	broken([*TWO_M[:3], split, *ends], "no-stale-spte")
	broken([*TWO_M[:3], split, FREE % (7, 0x1235ff)], "no-free-page-mapped")
	_, _, _, laws = of_text([*TWO_M[:3], split, ends[0], zap, ends[1]])
	check(laws["no-stale-spte"]["answer"] == "kept", laws)


def what_another_cpu_did_at_the_same_time_is_in_no_order():
	def late(line):
		return line.replace("CPU 0/KVM-1-77    [002]", "kswapd-9    [001]")
	free = FREE % (4, 0x123456)
	zap = (SPTE % (4, GPA >> 12, LEAF, 0)).replace("4.000002", "4.400002")
	for before, after, law in (([free], [late(zap)], "no-free-page-mapped"),
				   ([], [REF % (3, 0x123456, 1, 1),
					 late(zap).replace("4.4", "3.5")], "no-get-from-zero"),
				   ([], [END % (4, HVA, HVA + 0x1000),
					 late(zap).replace("4.4", "4.3")], "no-stale-spte")):
		_, _, _, laws = of_text([*GOOD[:5], *before, *after])
		check((laws[law]["answer"], laws[law]["text"][:6]) == ("inconclusive", "order:"),
		      law, laws)
	broken([*GOOD[:5], free, zap], "no-free-page-mapped")
	broken([*GOOD[:5], free, late(zap).replace("4.4", "4.5")], "no-free-page-mapped")


def an_entry_that_was_another_than_it_was_set_to_is_a_loss():
	other = SPTE % (4, GPA >> 12, LEAF + 0x1000, 0)
	code, _, lacks, laws = of_text([*GOOD[:5], other, *GOOD[6:]])
	check(code == 3 and "gfn 0x200 was not what line 7 says" in lacks["lost-events"], lacks)
	check(laws["leaf-immutable"]["answer"] == "inconclusive", laws)
	again = SPTE % (3, GPA >> 12, 0, LEAF + 0x1000)		# by another root
	code, _, lacks, _ = of_text([*GOOD[:4], again, GOOD[4], other, *GOOD[5:]])
	check(code == 0 and not lacks, lacks)


def a_recorded_violation_that_loss_can_explain_is_none():
	code, _, _, laws = of_text([*GOOD[:5], "CPU:2 [LOST 1 EVENTS]\n", *GOOD[6:]])
	check(code == 3 and laws["no-stale-spte"]["answer"] == "inconclusive", laws)


def more_than_the_range_is_stale_only_if_it_was_there_before():
	slot, two = TWO_M[0], TWO_M[2].replace(" 2.", " 8.")
	ends = [START % (7, HVA, HVA + 0x1000), END % (9, HVA, HVA + 0x1000)]
	_, _, _, laws = of_text([slot, *GOOD[1:], ends[0], two, ends[1]])
	stale = laws["no-stale-spte"]
	check(stale["answer"] == "inconclusive" and "larger" in stale["text"], stale)
	broken([slot, two.replace(" 8.", " 6."), *ends], "no-stale-spte")
	broken([slot, two.replace(" 8.", " 6."), ends[0],
		two.replace("old_spte 0", "old_spte %x" % (HUGE & ~0x20)), ends[1]],
	       "no-stale-spte")
	broken([slot, ends[0].replace("%x" % (HVA + 0x1000), "%x" % (HVA + 0x200000)), two,
		ends[1].replace("%x" % (HVA + 0x1000), "%x" % (HVA + 0x200000))],
	       "no-stale-spte")


# ---- damage ----

def refused(path):
	done = run("import", path, "-o", "out.trace")
	check(done.returncode == 2 and done.stderr.count("\n") == 1, path, done)
	return done.stderr


def what_is_no_recording_is_an_error():
	for name, text in (("empty", ""), ("prose", "Hello,\nthis is a mail.\n"),
			   ("head", HEAD % (0, 0)), ("bytes", "a\x01b\n"),
			   ("perf.data", "PERFILE2")):
		with open(name, "w", encoding="utf-8") as file:
			file.write(text)
		check(name in refused(name), name)
	check("No such file" in refused("nothing-there"), "not so")


def lines_that_are_missing_or_do_not_read_are_damage():
	damaged = GOOD[:2] + ["   CPU 0/KVM-1-77 [0\n"] + GOOD[2:]
	for lines, lack in ((damaged, "nothing could be made"), ([*GOOD[:-1], GOOD[-1][:-40]], "")):
		code, _, lacks, _ = of_text(lines)
		check(code == 3 and lack in lacks["unread"], lacks)
	with open("cut.txt", "w", encoding="utf-8") as file:
		file.writelines([HEAD % (len(GOOD), len(GOOD)), *GOOD[:-2]])
	code, _, lacks, _ = imported("cut.txt")
	check(code == 3 and "7 are here, and its header says 9" in lacks["unread"], lacks)


def damaged_copies(data, count):
	chance = random.Random(1)
	for number in range(count):
		copy = bytearray(data)
		at = chance.randrange(len(copy))
		if number % 4 == 0:
			del copy[at:]
		elif number % 4 == 1:
			copy[at:at + chance.randrange(4096)] = b""
		elif number % 4 == 2:
			copy[at:at + 600] = bytes(len(copy[at:at + 600]))
		else:
			for _ in range(chance.randrange(1, 9)):
				copy[chance.randrange(len(copy))] = chance.randrange(256)
		yield bytes(copy)


def a_damaged_trace_dat_never_takes_the_tool_down():
	if not has_tracecmd():
		return
	for name in ("6.1.dat", "6.12-v6.dat"):
		with open(fixture(name), "rb") as file:
			data = file.read()
		for copy in damaged_copies(data, 150):
			with open("damaged.dat", "wb") as file:
				file.write(copy)
			done = subprocess.run([os.environ["PFNSIM"], "import", "damaged.dat"],
					      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
					      check=False)
			check(done.returncode in (0, 1, 2, 3), done)
			check(done.returncode != 2 or b"damaged.dat: " in done.stderr, done)


def a_damaged_text_never_takes_the_tool_down():
	data = (HEAD % (9, 9) + "".join(GOOD)).encode()
	for number, copy in enumerate(damaged_copies(data, 200)):
		with open("damaged.txt", "wb") as file:
			file.write(copy)
		done = subprocess.run([os.environ["PFNSIM"], "import", "damaged.txt"],
				      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
		check(done.returncode in ((2, 3) if number % 4 == 0 else (0, 1, 2, 3)), copy)


def standard_input_is_text():
	of_text(GOOD)
	plain = body()
	with open("some.txt", encoding="utf-8") as file:
		done = run("import", "-", "-o", "-", stdin=file.read())
	check(done.returncode == 0 and done.stdout.startswith("pfntrace 1\n"), done)
	with open("out.trace", "w", encoding="utf-8") as file:
		file.write(done.stdout)
	check(body() == plain, body())


def what_is_written_is_in_the_one_way_to_write_it():
	of_text([*GOOD, SLOT % (7, 2, GPA, 0, 0), SLOT % (8, 2, GPA, 0x1000, HVA)])
	done = run("fmt", "--check", "out.trace")
	check(done.returncode == 0, done)


def replay_takes_a_recording_from_a_pipe():
	if not has_tracecmd():
		return
	for name in ("-", "/dev/stdin"):
		done = subprocess.run(["sh", "-c", f"cat {fixture('6.1.dat')} | {PFNSIM} replay -b "
				       f"-s v6.1,v6.12 {name}"], stdout=subprocess.PIPE, text=True,
				      check=False)
		check(done.returncode == 0 and "imported from trace.dat" in done.stdout, done)


def walk_bisect_and_reduce_take_what_replay_takes():
	if not has_tracecmd() or not has_zstd():
		return
	for name, pfn in (("6.1.dat", "0x83d8"), ("6.1-ftrace.txt.zst", "0x8e10")):
		done = run("walk", "-s", "v6.1", fixture(name), "0x200000")
		check(done.returncode == 0 and f"; recorded: mapped pfn={pfn} 4K\n" in done.stdout,
		      done)
		done = run("bisect", "--json", fixture(name))
		verdicts = {line["semantics"]: line["verdict"] for line in lines_of(done)
			    if line["type"] == "point"}
		check(done.returncode == 0 and (verdicts["v5.12"], verdicts["v6.1"],
						verdicts["v7.2"]) == ("V", "Es", "W"), done)
		done = run("reduce", "-s", "v5.12", fixture(name))
		check(done.returncode == 0 and "\nread 0x201000\n" in done.stdout, done)


def what_a_recording_lacks_leaves_walk_bisect_and_reduce_inconclusive():
	if not has_tracecmd():
		return
	lost = fixture("7.2-lost.dat")
	for command in (("walk", lost, "--all"), ("bisect", lost), ("reduce", lost)):
		done = run(*command)
		check(done.returncode == 3 and
		      "evidence is missing: lost events: 2454" in done.stderr,
		      command, done.returncode, done.stderr)
	lines = lines_of(run("bisect", "--json", lost))
	check({line["verdict"] for line in lines if line["type"] == "point"} == {"?"}, lines)
	check('\nlacks lost-events "lost events: 2454' in run("reduce", lost).stdout)


def walk_bisect_and_reduce_say_what_else_takes_a_recording_of_the_lab():
	of_lab = os.path.join(TRACES, "recorded", "6.1", "1g-of-hugetlb-is-remapped-whole")
	for command, instead in ((("walk", of_lab, "--all"), "pfnsim report -o page.html "),
				 (("bisect", of_lab), "pfnsim replay --semantics all "),
				 (("reduce", of_lab), "pfnsim replay ")):
		done = run(*command)
		check(done.returncode == 2 and done.stderr.endswith(f": {instead}{of_lab}\n"), done)


def usage_is_refused():
	check(run("import").returncode == 2, "not so")
	check(run("import", "a", "b").returncode == 2, "not so")
	of_text(GOOD)
	check(run("import", "some.txt", "-o", "/nowhere/x").returncode == 4, "not so")


NO_CLAIMS = (fixture, has_tracecmd, has_zstd, imported, of_text, body, broken, refused,
	     damaged_copies, expected_slots, of_vm, another)
CLAIMS = [value for value in list(globals().values())
	  if callable(value) and value.__module__ == __name__ and value not in NO_CLAIMS]

if __name__ == "__main__":
	sys.exit(main(CLAIMS))
