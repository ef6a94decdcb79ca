#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_cli.py: the program as a user runs it: exit codes, messages, JSON, recordings.

Takes the program, the sources and the traces from PFNSIM, PFNSIM_SOURCE and PFNSIM_TRACES.  Each
function that is not one of NO_CLAIMS is a test, and its name is the claim; the lines printed are
cmocka's, so that tools/tally counts them.
"""

import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

PFNSIM = os.path.abspath(os.environ.get("PFNSIM", "build/tools/pfnsim"))
SOURCE = os.path.abspath(os.environ.get("PFNSIM_SOURCE", "."))
TRACES = os.path.abspath(os.environ.get("PFNSIM_TRACES", "traces"))
SEED = os.path.join(TRACES, "seed.trace")
RECORDED = os.path.join(TRACES, "recorded")

SET_UP = """pfntrace 1
alloc B noncompound order=1
mmap D 8K device B
memslot 1 0x200000 D 8K
"""
GOOD = SET_UP + "r: read 0x200000\nexpect all: outcome mapped at=r refs=1\n"
VIOLATION = SET_UP + "read 0x200000\nf: free B\n"
MISMATCH = SET_UP + "r: read 0x200000\nexpect all: outcome efault at=r\n"
BAD = SET_UP + "reed 0x200000\n"
INCONCLUSIVE = SET_UP + "r: read 0x200000 until=lock_mmu\n"
FILES = {"good": GOOD, "violation": VIOLATION, "mismatch": MISMATCH, "bad": BAD,
	 "inconclusive": INCONCLUSIVE}
CODES = {"good": 0, "violation": 1, "mismatch": 1, "bad": 2, "inconclusive": 3}
WORST_FIRST = [4, 2, 1, 3, 0]

OUTCOME_KEYS = {"schema", "type", "trace", "semantics", "event", "line", "op", "outcome", "pfn",
		"refs"}
VIOLATION_KEYS = {"schema", "type", "trace", "semantics", "invariant", "blame", "event", "line"}
SUMMARY_KEYS = {"schema", "type", "trace", "semantics", "events", "violations", "mismatches",
		"verdict"}


class Failure(Exception):
	pass


def check(condition, *what):
	if not condition:
		raise Failure(" ".join(str(part) for part in what))


def run(*arguments, stdin=None, stdout=subprocess.PIPE):
	return subprocess.run([PFNSIM, *arguments], stdout=stdout, stderr=subprocess.PIPE,
			      input=stdin if stdin is not None else "", text=True, check=False)


def write(name, text):
	with open(name, "w", encoding="utf-8") as file:
		file.write(text)


def replay(*arguments):
	return run("replay", *arguments)


def lines_of(done):
	return [json.loads(line) for line in done.stdout.splitlines()]


def of_type(lines, kind):
	return [line for line in lines if line["type"] == kind]


# ---- exit codes ----

def the_exit_code_says_how_each_input_went():
	for name, code in CODES.items():
		done = replay("-s", "v11", name + ".trace")
		check(done.returncode == code, name, "exits with", done.returncode)


def an_expected_violation_exits_with_0():
	done = replay("-s", "all", SEED)
	check(done.returncode == 0, done.stdout[-400:])


def the_worst_of_several_exit_codes_is_returned():
	for names in itertools.permutations(CODES, 2):
		done = replay("-s", "v11", *[name + ".trace" for name in names])
		worst = min((CODES[name] for name in names), key=WORST_FIRST.index)
		check(done.returncode == worst, names, "exit with", done.returncode)


def the_order_of_inputs_does_not_matter_to_the_exit_code():
	for names in itertools.permutations(["good", "violation", "bad", "inconclusive"]):
		done = replay("-s", "v11", *[name + ".trace" for name in names])
		check(done.returncode == 2, names, "exit with", done.returncode)


def output_that_cannot_be_written_is_worse_than_all():
	for name in ("good", "bad", "inconclusive"):
		with open("/dev/full", "w", encoding="utf-8") as full:
			done = run("replay", "good.trace", name + ".trace", stdout=full)
		check(done.returncode == 4, name, "exits with", done.returncode)
		check(done.stderr.endswith("pfnsim: cannot write the output\n"), done.stderr)


def output_that_is_closed_is_told_and_no_pipe_of_ours_takes_its_place():
	for form in ("text", "html", "trace.dat"):
		done = subprocess.run([PFNSIM, "report", "-f", form, SEED], stderr=subprocess.PIPE,
				      text=True, check=False, preexec_fn=lambda: os.close(1))
		check((done.returncode, done.stderr) == (4, "pfnsim: cannot write the output\n"),
		      form, done)


def a_trace_has_its_own_title_and_that_of_what_it_includes_if_it_has_none():
	write("inner.trace", 'pfntrace 1\ntitle "inner"\n' + SET_UP.split("\n", 1)[1])
	for text, title in (('title "outer"\ninclude "inner.trace"\n', "outer"),
			    ('include "inner.trace"\ntitle "outer"\n', "outer"),
			    ('include "inner.trace"\n', "inner")):
		write("outer.trace", "pfntrace 1\n" + text + "read 0x200000\n")
		check(replay("-s", "v7.2", "outer.trace").stdout.startswith(
			f"outer.trace: {title}\n"), text)


def a_title_that_is_too_long_ends_behind_a_character():
	for least in range(115, 119):
		write("long.trace", f'pfntrace 1\ntitle "{"a" * least}\u00fc\u20ac\U0001f600"\n' +
		      SET_UP.split("\n", 1)[1] + "read 0x200000\n")
		done = run("report", "-f", "text", "-s", "v7.2", "long.trace")
		check(done.stdout.startswith("a" * 100) and done.returncode == 0, done)


def help_that_cannot_be_written_is_told():
	for command in (["--help"], ["--version"], ["replay", "--help"], ["help", "replay"]):
		with open("/dev/full", "w", encoding="utf-8") as full:
			done = run(*command, stdout=full)
		check(done.returncode == 4 and done.stderr == "pfnsim: cannot write the output\n",
		      command, done)


def where_nothing_can_be_written_is_told_before_a_long_search():
	scenario = os.path.join(TRACES, "race", "a-page-is-dropped-while-it-is-mapped.trace")
	for command in (["report", SEED], ["reduce", SEED], ["explore", scenario],
			["equiv", "v6.8", "v11"], ["review", "v6.8", "v11"],
			["import", "good.trace"]):
		for path, why in (("/nowhere/x", "No such file or directory"),
				  ("good.trace/x", "Not a directory")):
			done = run(*command, "-o", path)
			check(done.returncode == 4 and not done.stdout and
			      done.stderr == f"pfnsim: {path}: {why}\n", command, done)
	done = run("equiv", "-b", "actors=1,events=1", "v6.8", "v6.12", "-o", "folder/")
	check(done.returncode == 1 and os.listdir("folder"), done)


def a_pipe_is_as_good_as_a_file():
	with open(SEED, encoding="utf-8") as file:
		text = file.read()
	for command in (["replay", "-b"], ["report"], ["reduce"], ["bisect"], ["walk", "--all"],
			["lab-script"], ["fmt"]):
		of_file = run(*command, SEED)
		for name in ("-", "/dev/stdin"):
			of_pipe = run(*command, name, stdin=text)
			check(of_pipe.returncode == of_file.returncode and of_pipe.stdout and
			      len(of_pipe.stdout.splitlines()) == len(of_file.stdout.splitlines()),
			      command, name, of_pipe)
	of_two = subprocess.run(["bash", "-c", f"{PFNSIM} replay <(cat {SEED}) <(cat {SEED})"],
				stdout=subprocess.PIPE, text=True, check=True)
	check("summary: traces=2 semantics=2 cases=4 ok=4 " in of_two.stdout, of_two.stdout)


def one_semantics_that_misses_suffices_for_1():
	done = replay("-s", "v11,v6.8", SEED.replace("seed", "nothing"))
	check(done.returncode == 2, done.returncode)
	with open("one.trace", "w", encoding="utf-8") as file:
		file.write(SET_UP + "r: read 0x201000\nexpect all: outcome efault at=r\n")
	check(replay("-s", "v6.8", "one.trace").returncode == 0, "v6.8")
	check(replay("-s", "v6.8,v11", "one.trace").returncode == 1, "v6.8,v11")


def a_bad_input_does_not_keep_the_others_from_running():
	done = replay("--json", "-s", "v11", "bad.trace", "good.trace")
	check(done.returncode == 2, done.returncode)
	check([line["trace"] for line in of_type(lines_of(done), "summary")] == ["good.trace"],
	      done.stdout)


# ---- messages ----

def misused(*arguments):
	"""What it says to what exits with 2, and prints nothing but that it has."""
	done = run(*arguments)
	check(done.returncode == 2, arguments, "exit with", done.returncode)
	check(re.sub(r"^summary: .* refused=1 .*\n$", "", done.stdout) == "", arguments, "print",
	      done.stdout)
	return done.stderr


def refused(*arguments):
	text = misused(*arguments)
	check(text.count("\n") == 1 and text.endswith("\n"), arguments,
	      "say more than one line:", repr(text))
	return text.rstrip("\n")


def an_unknown_semantics_is_one_line():
	check(refused("replay", "-s", "v11,v9.9", SEED) ==
	      'pfnsim: unknown semantics "v9.9"; pfnsim semantics lists them', "not so")


def an_unknown_command_is_one_line():
	check(refused("fly") ==
	      'pfnsim: unknown command "fly"; pfnsim --help lists them', "not so")


def a_misspelt_command_is_guessed():
	check('did you mean "replay"?' in refused("repaly", SEED), "not so")


def an_unknown_option_is_misuse():
	for arguments, said in (
		(["replay", "--colour", SEED], 'unknown option "--colour"'),
		(["replay", "-bx", SEED], 'unknown option "-x"'),
		(["events", "--json=no"], "--json takes no value"),
		(["replay", SEED, "--stage2"], "--stage2 wants a value: ept|npt"),
		(["replay", SEED, "-bs"], "-bs wants a value: LIST"),
		(["explore", "--no", SEED], '"--no" may be one of 4, as --no-por'),
	):
		check(refused(*arguments) == f"pfnsim {arguments[0]}: {said}; "
		      f"pfnsim {arguments[0]} --help says more", said)


def a_misspelt_option_is_guessed():
	for option, meant in (("--semantic-s", "--semantics"), ("--formt=json", "--format")):
		check(f'did you mean "{meant}"?' in refused("replay", option, SEED), option)
	for right in (["--sem=v6.8"], ["-sv6.8"], ["-s", "v6.8"], ["--", SEED], ["-bs", "v6.8"],
		      ["--baseline", "--colour"], ["-"]):
		check("option" not in run("replay", *right, SEED, stdin=GOOD).stderr, right)


def a_misspelt_semantics_or_law_is_guessed_and_another_version_is_not():
	for word, meant in (("6.8", "v6.8"), ("v11p3", "v11-p3"), ("notifer-only", "notifier-only"),
			    ("v6.9", None), ("v9.9", None), ("v6.13", None)):
		said = f', did you mean "{meant}"?' if meant else ""
		for arguments in (["replay", "-s", "v11," + word, SEED], ["equiv", "v6.1", word]):
			check(refused(*arguments) == f'pfnsim: unknown semantics "{word}"{said}; '
			      "pfnsim semantics lists them", word)
	check(refused("bisect", "--good", "all", "--bad", "v6.1", SEED) ==
	      'pfnsim: not one semantics: "all"; pfnsim semantics lists them')
	check(refused("reduce", "--law", "no-free-ownd", SEED) ==
	      'pfnsim: unknown law "no-free-ownd", did you mean "no-free-of-owned"?; '
	      "pfnsim invariants lists them")


def what_is_wrong_with_arguments_is_one_line_in_every_command():
	for command in re.findall(r"^  ([\w-]+) ", run("--help").stdout, re.M):
		refused(command, "--nothing-like-it")
		for path in ("no/such/file", ""):
			refused(command, path, *(["0"] if command == "walk" else []))


def an_unknown_format_is_one_line():
	check(refused("replay", "--format", "xml", SEED) ==
	      'pfnsim: unknown format "xml": text, json, junit, sarif or github', "not so")


def an_unknown_stage2_and_no_input_are_misuse():
	check("--stage2 is ept or npt" in misused("replay", "--stage2", "shadow", SEED), "not so")
	check("which trace, or which recording?" in misused("replay"), "not so")
	check("which trace, or which recording?" in misused("replay", "--json"), "not so")


def a_missing_file_is_one_line():
	check(refused("replay", "nothing.trace") ==
	      "pfnsim: nothing.trace: cannot read: No such file or directory", "not so")


def a_missing_recording_is_one_line():
	check(os.path.join(RECORDED, "6.8", "nothing") in
	      refused("replay", os.path.join(RECORDED, "6.8", "nothing")), "not so")


def a_bad_line_is_named_with_its_place():
	check(refused("replay", "bad.trace") ==
	      'pfnsim: bad.trace:5:1: unknown event "reed"; did you mean "read"?', "not so")


def no_command_shows_the_usage_as_an_error():
	done = run()
	check(done.returncode == 2 and done.stdout == "", done.returncode)
	check(done.stderr.startswith("Usage: pfnsim COMMAND"), done.stderr)


def help_and_version_are_no_errors():
	for arguments, text in ((["--help"], "Usage: pfnsim COMMAND"), (["--version"], "pfnsim "),
				(["replay", "--help"], "Usage: pfnsim replay"),
				(["events", "--help"], "Usage: pfnsim events")):
		done = run(*arguments)
		check(done.returncode == 0 and done.stderr == "", arguments, done.returncode)
		check(done.stdout.startswith(text), arguments, "print", done.stdout[:80])


def every_command_in_the_help_has_help():
	names = re.findall(r"^  ([a-z]+) +\S", run("--help").stdout, re.M)
	check({"replay", "semantics", "invariants", "events"} <= set(names), names)
	for name in names:
		check(run(name, "--help").returncode == 0, name)


# ---- output ----

INPUTS = [SEED, os.path.join(TRACES, "races", "two-vcpus-fault-on-the-same-page.trace"),
	  os.path.join(RECORDED, "6.8", "pfnmap_nc_seed")]


def output_is_the_same_twice():
	for form in ("text", "json"):
		first, second = (replay("--format", form, "-s", "all", *INPUTS).stdout
				 for _ in range(2))
		check(first == second and first, form)


def json_is_format_json():
	for arguments in (["replay", "-s", "all", *INPUTS], ["semantics"], ["invariants"],
			  ["events"]):
		long = run(*arguments, "--format", "json").stdout
		check(run(*arguments, "--json").stdout == long and long, arguments[0])
		check(long != run(*arguments).stdout, arguments[0])


def every_json_line_is_an_object_with_schema_and_type():
	for arguments in (["replay", "-s", "all", *INPUTS, "violation.trace", "mismatch.trace"],
			  ["semantics"], ["invariants"], ["events"]):
		lines = lines_of(run(*arguments, "--json"))
		check(lines, arguments[0], "prints nothing")
		for line in lines:
			check(line["schema"] == 1 and isinstance(line["type"], str), line)


def replays_json_lines_have_their_keys():
	lines = lines_of(replay("--json", "-s", "all", *INPUTS, "violation.trace",
				"mismatch.trace"))
	for kind, keys in (("outcome", OUTCOME_KEYS), ("violation", VIOLATION_KEYS),
			   ("summary", SUMMARY_KEYS)):
		found = of_type(lines, kind)
		check(found, "no line is of type", kind)
		for line in found:
			check(keys <= set(line), kind, "lacks", keys - set(line))
	for line in of_type(lines, "outcome"):
		check(all(line[key] is None or isinstance(line[key], int)
			  for key in ("pfn", "refs")), line)
	for line in of_type(lines, "summary"):
		check(line["verdict"] in ("ok", "violation", "mismatch", "inconclusive"), line)


def there_is_one_summary_for_each_input_and_semantics():
	summaries = of_type(lines_of(replay("--json", "-s", "v6.8,v11", "good.trace", SEED)),
			    "summary")
	check([(line["trace"], line["semantics"]) for line in summaries] ==
	      [("good.trace", "v6.8"), ("good.trace", "v11"), (SEED, "v6.8"), (SEED, "v11")],
	      summaries)


def a_summary_counts_the_lines_before_it():
	lines = lines_of(replay("--json", "-s", "all", SEED, "violation.trace", "mismatch.trace"))
	for summary in of_type(lines, "summary"):
		same = [line for line in lines if (line.get("trace"), line.get("semantics")) ==
			(summary["trace"], summary["semantics"])]
		for key, kind in (("events", "outcome"), ("violations", "violation"),
				  ("mismatches", "mismatch")):
			check(len(of_type(same, kind)) == summary[key], key, summary)


def the_seed_parts_at_its_tail():
	lines = lines_of(replay("--json", "-s", "v5.12,v6.8,v11,v7.2", SEED))
	tail = {line["semantics"]: (line["outcome"], line["refs"]) for line in
		of_type(lines, "outcome") if line.get("label") == "tail"}
	check(tail == {"v5.12": ("mapped", 0), "v6.8": ("efault", 0), "v11": ("mapped", 0),
		       "v7.2": ("mapped", 0)}, tail)
	broken = {line["invariant"] for line in of_type(lines, "violation")}
	check(broken == {"no-get-from-zero", "no-free-of-owned", "no-free-page-mapped",
			 "no-use-after-free"}, broken)
	check({line["semantics"] for line in of_type(lines, "violation")} == {"v5.12"}, lines)
	for summary in of_type(lines, "summary"):
		check(summary["parts_at"] == 5, summary)


def the_text_names_the_event_where_they_part():
	text = replay("-s", "v6.8,v11", SEED).stdout
	check(re.search(r"^> They part first at event 5: read gpa=0x201000$", text, re.M),
	      text[-600:])


def without_semantics_it_is_the_base_and_the_series():
	summaries = of_type(lines_of(replay("--json", "good.trace")), "summary")
	check([line["semantics"] for line in summaries] == ["v6.8-rc3", "v11"], summaries)


def groups_aliases_and_repetitions_name_each_semantics_once():
	listed = lines_of(run("semantics", "--json"))
	everyone = [line["name"] for line in listed if line["group"] != "policy"]
	policies = [line["name"] for line in listed if line["group"] == "policy"]
	for words, names in (("all", everyone), ("policy", policies),
			     ("new,v11", ["v11", "v11-unsafe", "v7.2"]),
			     ("v11-p0,v6.8-rc3", ["v6.8-rc3"]), ("old,new,series", everyone),
			     ("v7.2,v6.1", ["v7.2", "v6.1"])):
		lines = lines_of(replay("--json", "-s", words, "good.trace"))
		found = [line["semantics"] for line in of_type(lines, "summary")]
		check(sorted(found) == sorted(names), words, "is", found)
		check(words != "v7.2,v6.1" or found == names, words, "is", found)


def brief_output_keeps_violations_and_the_verdict():
	full, brief = (replay("-s", "v11", *more, "violation.trace").stdout
		       for more in ([], ["-b"]))
	check(len(brief) < len(full), len(brief), len(full))
	for text in ("VIOLATION of no-free-page-mapped", "v11: violation"):
		check(text in brief and text in full, text)


def a_missed_expectation_is_shown_with_its_place():
	text = replay("-s", "v11", "mismatch.trace").stdout
	check("MISSED mismatch.trace:6:1: v11: expected efault at r, found mapped" in text, text)


def the_other_stage2_changes_no_outcome_of_the_seed():
	def words(*more):
		lines = lines_of(replay("--json", "-s", "all", *more, SEED))
		return [(line["semantics"], line["event"], line["outcome"], line["refs"])
			for line in of_type(lines, "outcome")]
	check(words("--stage2", "npt") == words("--stage2", "ept") == words(), "they differ")


def a_trace_may_come_from_standard_input():
	done = run("replay", "--json", "-s", "v11", "-", stdin=GOOD)
	check(done.returncode == 0, done.stderr)
	check(of_type(lines_of(done), "summary")[0]["trace"] == "-", done.stdout)


def the_lists_hold_what_the_messages_point_to():
	check("v11-p0" in run("semantics").stdout, "semantics")
	check("lock_mmu" in run("semantics", "--steps").stdout, "steps")
	check("no-get-from-zero" in run("invariants").stdout, "invariants")
	check(re.search(r"^memslot-delete\b", run("events").stdout, re.M), "events")


# ---- recordings ----

ANSWER = re.compile(r"^\[ *(\d+)\] .*? => (.*)$")


def recorded_answers(folder, name):
	"""By number of the command: "efault", the value of eax, or "ok"."""
	answers = {}
	with open(os.path.join(RECORDED, folder, name + ".out"), encoding="utf-8") as file:
		for line in file:
			match = ANSWER.match(line)
			if not match:
				continue
			text = match[2]
			if "EFAULT" in text:
				answers[int(match[1])] = "efault"
			elif re.search(r"eax=0x|^0x", text):
				value = re.search(r"0x([0-9a-f]+)$", text)[1]
				answers[int(match[1])] = int(value, 16)
			elif text.startswith("OK"):
				answers[int(match[1])] = "ok"
	return answers


def same_answers(recorded_under, replayed_from, semantics):
	done = replay("--json", "-s", semantics,
		      os.path.join(RECORDED, replayed_from, "pfnmap_nc_seed"))
	simulated = {line["event"]: line for line in of_type(lines_of(done), "outcome")}
	recorded = recorded_answers(recorded_under, "pfnmap_nc_seed")
	check(len(recorded) > 15 and "ok" in recorded.values(), recorded)
	for number, answer in recorded.items():
		line = simulated[number]
		went_through = line["outcome"] in ("ok", "mapped", "spurious")
		check(went_through == (answer != "efault"), line)
		check(went_through or line["outcome"] == "efault", line)
		check(not isinstance(answer, int) or line["value"] == answer, answer, line)
	return done


def changed(done):
	return [line for line in of_type(lines_of(done), "outcome")
		if line.get("versus") == "changed"]


def the_recording_of_6_8_under_v11_does_what_was_recorded_under_v11():
	first = changed(same_answers("v11", "6.8", "v11"))[0]
	check(first["op"] == "gread 0x201000" and first["outcome"] == "mapped", first)
	check(first["recorded"].startswith("KVM_RUN=-1 EFAULT"), first)


def the_recording_of_v11_under_6_8_does_what_was_recorded_under_6_8():
	for semantics in ("v6.8-rc3", "v6.8"):
		first = changed(same_answers("6.8", "v11", semantics))[0]
		check(first["op"] == "gread 0x201000" and first["outcome"] == "efault", first)
		check(first["recorded"] == "HLT eax=0x0", first)


def a_recording_under_its_own_semantics_comes_out_as_recorded():
	for folder, semantics in (("6.1", "v6.1"), ("6.8", "v6.8"), ("6.12", "v6.12"),
				  ("v11", "v11"), ("v11-unsafe", "v11-unsafe"), ("7.2", "v7.2")):
		done = same_answers(folder, folder, semantics)
		check(done.returncode == 0, folder, "exits with", done.returncode)
		check(not changed(done), folder)


def a_recording_may_be_named_by_any_of_its_files():
	base = os.path.join(RECORDED, "6.8", "pfnmap_nc_seed")
	texts = [re.sub(r'"trace":"[^"]*"', "", replay("--json", "-s", "v11", base + suffix).stdout)
		 for suffix in ("", ".out", ".cmd")]
	check(texts[0] and texts[0] == texts[1] == texts[2], "they differ")


def a_folder_is_all_its_recordings():
	summaries = of_type(lines_of(replay("--json", "-s", "v7.2", os.path.join(RECORDED, "7.2"))),
			    "summary")
	there = sorted(name[:-4] for name in os.listdir(os.path.join(RECORDED, "7.2"))
		       if name.endswith(".out"))
	found = [os.path.basename(line["trace"]) for line in summaries]
	check(found == there, set(found) ^ set(there))


def every_trace_of_the_tree_is_accepted():
	for folder, folders, names in os.walk(TRACES):
		if "recorded" in folders:
			folders.remove("recorded")
		for name in names:
			if name.endswith(".trace"):
				path = os.path.join(folder, name)
				done = (run("explore", "-s", "v11", "-b", "states=2000", path)
					if folder.endswith("race") else replay("-s", "v11", path))
				check(done.returncode in (0, 1, 3) and done.stderr == "",
				      name, done.returncode, done.stderr)


def explore_writes_findings_that_replay_runs():
	scenario = os.path.join(TRACES, "race", "a-page-is-dropped-while-it-is-mapped.trace")
	with tempfile.TemporaryDirectory() as folder:
		done = run("explore", "-s", "v11", "-o", folder, "--json", scenario)
		lines = lines_of(done)
		check(done.returncode == 0, done.stderr)
		found = [line for line in lines if line["type"] == "finding"]
		check(all(line["expected"] for line in found), found)
		steps = [line for line in lines if line["type"] == "step"]
		check(len(steps) == sum(line["steps"] for line in found), len(steps))
		check(lines[-1]["type"] == "explored" and lines[-1]["complete"], lines[-1])
		check(lines[-1]["violations"] == len(found) == len(os.listdir(folder)), folder)
		for line in found:
			name = f"a-page-is-dropped-while-it-is-mapped.v11.{line['law']}.trace"
			again = replay("-s", "v11", "--json", os.path.join(folder, name))
			check(line["law"] in [v["invariant"] for v in lines_of(again)
					      if v["type"] == "violation"], again.stdout)


def a_search_that_is_cut_off_is_inconclusive():
	scenario = os.path.join(TRACES, "race", "a-page-is-dropped-while-it-is-mapped.trace")
	done = run("explore", "-s", "v7.2", "-b", "states=50", scenario)
	check(done.returncode == 3 and "INCOMPLETE" in done.stdout and
	      "every order" not in done.stdout, done.stdout)


def what_all_traces_say_of_a_law_is_one_table():
	scenario = os.path.join(TRACES, "race", "a-driver-zaps-what-a-guest-writes.trace")
	done = run("explore", "--laws", "-s", "v6.8,v11", scenario)
	row = next(line for line in done.stdout.splitlines()
		   if line.startswith("no-touch-when-stale"))
	check(row.split() == ["no-touch-when-stale", "holds", "1", "BROKEN"], done.stdout)
	check(f"pfnsim explore -s v11 {scenario}" in done.stdout, done.stdout)
	cells = lines_of(run("explore", "--laws", "--json", "-s", "v6.8,v11", scenario))
	check({line["type"] for line in cells} == {"law"}, cells[0])
	broken = [(c["law"], c["semantics"], c["blame"]) for c in cells if c["answer"] == "broken"]
	check(broken == [("no-touch-when-stale", "v11", "kvm")], broken)
	cut = lines_of(run("explore", "--laws", "--json", "-s", "v6.8", "-b", "states=5", scenario))
	check("holds" not in {c["answer"] for c in cut}, cut)


def a_bound_that_is_none_is_misuse():
	for bound in ("states", "states=", "states=x", "time=3", "depth=1,2",
		      "memory=17179869184G", "states=18446744073709551616"):
		check("--bound is" in misused("explore", "-b", bound, SEED), bound)


BUG = 'bug B01 "a claim"\n'
RACE = """pfntrace 1
mmap A 4K
memslot 1 0x200000 A 4K
host-write A 7
thread vcpu
r: read 0x200000
thread vmm
d: dontneed A 4K
"""


def corpus_of(text, *options):
	with open("entry.trace", "w", encoding="utf-8") as file:
		file.write(text)
	return run("corpus", *options, "entry.trace")


def the_corpus_says_what_is_found_and_what_was_expected():
	tail = SET_UP + BUG + "r: read 0x201000\n"
	for semantics, found in (("v5.12", "V"), ("v6.8", "Es"), ("v7.2", "W")):
		for expected in ("V", "Es", "E", "W"):
			done = corpus_of(f"{tail}expect all: verdict {expected}\n", "-s", semantics)
			check(done.returncode == (found != expected), semantics, expected, done)
			cell = found if found == expected else f"{found}!{expected}"
			check(done.stdout.splitlines()[1].split()[:2] == ["B01", cell], done.stdout)


def the_corpus_tells_a_drivers_bug_from_kvms():
	text = SET_UP + BUG + "read 0x200000\nf: free B\n"
	done = corpus_of(text + "expect all: verdict V blame=driver\n", "-s", "v7.2")
	check(done.returncode == 0 and " Vd " in done.stdout, done)
	done = corpus_of(text + "expect all: verdict V\n", "-s", "v7.2")
	check(done.returncode == 1 and " Vd!V " in done.stdout, done)


def an_error_that_the_vmm_would_have_got_too_is_not_in_vain():
	text = SET_UP + BUG + "munmap D 8K\nr: read 0x200000\nexpect all: verdict E\n"
	check(corpus_of(text, "-s", "all").returncode == 0, "refused in vain?")


def a_search_that_is_cut_off_never_says_that_it_works():
	text = RACE + BUG + "expect all: verdict W\n"
	done = corpus_of(text, "-s", "v7.2")
	check(done.returncode == 0 and " W " in done.stdout, done)
	done = corpus_of(text, "-s", "v7.2", "-b", "states=100")
	check(done.returncode == 3 and " ?!W " in done.stdout, done)
	bug = lines_of(corpus_of(text, "-s", "v7.2", "-b", "states=100", "--json"))[0]
	check(bug["verdicts"]["v7.2"]["verdict"] == "?", bug)
	check("bound" in bug["verdicts"]["v7.2"]["because"], bug)


def in_every_order_the_vmm_would_have_had_what_its_guest_was_refused():
	driver = SET_UP + BUG + "thread vcpu\nr: read 0x200000\nthread driver\nz: zap B\n"
	done = corpus_of(driver + "expect all: verdict Es\n", "-s", "v7.2")
	check(done.returncode == 0, done)
	gone = RACE.replace("d: dontneed A 4K", "d: munmap A 4K") + BUG
	done = corpus_of(gone + "expect all: verdict E\n", "-s", "v7.2")
	check(done.returncode == 0, done)


def a_case_is_no_bug_and_has_a_row_where_its_file_is_named():
	case = BUG.replace("bug B01", "case D01")
	done = corpus_of(SET_UP + case + "r: read 0x201000\nexpect all: verdict W\n", "-s", "v7.2")
	row = done.stdout.splitlines()[1].split()
	check(done.returncode == 0 and row[:2] == ["D01", "W"], done)
	os.mkdir("traces")
	os.rename("entry.trace", "traces/entry.trace")
	done = run("corpus", "-s", "v7.2")
	os.remove("traces/entry.trace")
	os.rmdir("traces")
	check("D01" not in done.stdout and 'no "bug" line' in done.stderr, done)


def the_corpus_passes_over_what_is_no_bug_and_says_what_cannot_be_read():
	done = corpus_of(SET_UP + "read 0x200000\n")
	check(done.returncode == 0 and len(done.stdout.splitlines()) == 2, done)
	for line, column in (("bug 1 \"x\"", 1), ("bug B1 \"x\"", 1), ("bug D01 \"x\"", 1),
			     ("case B01 \"x\"", 1), ("judge no-stale-spte", 1),
			     ("expect all: verdict X", 21)):
		done = corpus_of(SET_UP + "read 0x200000\n" + line + "\n")
		check(done.returncode == 2 and f"entry.trace:6:{column}: " in done.stderr, done)
	check(run("corpus", "nothing-there").returncode == 2, "what is not there was read")


def explore_and_replay_refuse_each_others_traces():
	scenario = os.path.join(TRACES, "race", "a-page-is-dropped-while-it-is-mapped.trace")
	check("pfnsim replay" in refused("explore", SEED), "not so")
	check("pfnsim explore" in refused("replay", scenario), "not so")


# ---- equiv ----

def equiv_tells_whole_words():
	done = run("equiv", "-b", "actors=1,events=1", "--only", "anonymous memory, made read-only",
		   "v11", "v7.2")
	check("\n  vmsave: gp, then internal_error  " in done.stdout, done.stdout)


# ---- reduce ----

def reduce_writes_a_trace_that_replay_takes():
	done = run("reduce", "-s", "v5.12", "--law", "no-free-of-owned", SEED, "-o", "small.trace")
	check(done.returncode == 0 and not done.stdout, done)
	check(re.fullmatch(r"pfnsim: no-free-of-owned under v5.12, in release_fault_page: "
			   r"4 of 6 events, \d+ tries\n", done.stderr), done.stderr)
	check(replay("-s", "v5.12", "small.trace").returncode == 0)
	check(run("fmt", "--check", "small.trace").returncode == 0)


def reduce_finds_a_semantics_and_a_law_by_itself():
	done = run("reduce", SEED)
	check(done.returncode == 0, done.stderr)
	check(done.stdout.startswith('pfntrace 1\ntitle "no-get-from-zero under v5.11"\n'),
	      done.stdout)


def reduce_says_where_there_is_nothing_to_reduce():
	check("no law breaks under v7.2" in refused("reduce", "-s", "v7.2", SEED))
	check("no-bad-free does not break" in refused("reduce", "-s", "v5.12", "--law",
						      "no-bad-free", SEED))
	check("no-free-of-owned does not break in take_exit" in
	      refused("reduce", "--law", "no-free-of-owned", "--step", "take_exit", SEED))
	check("unknown law" in refused("reduce", "--law", "gravity", SEED))
	check("not one semantics" in refused("reduce", "-s", "old", SEED))


def reduce_does_not_call_kept_what_it_has_not_searched():
	race = os.path.join(TRACES, "race", "a-driver-zaps-what-a-guest-writes.trace")
	done = run("reduce", "-s", "v11-on-v6.8", "--bound", "states=3", race)
	check(done.returncode == 3 and "as far as it is known" in done.stderr, done)
	write("open.trace", INCONCLUSIVE)
	done = run("reduce", "-s", "v7.2", "open.trace")
	check(done.returncode == 3 and "as far as it is known" in done.stderr, done)


def reduce_calls_no_law_kept_that_evidence_lacks_for():
	write("lacking.trace", GOOD + 'lacks counts "counts of pages: none"\n')
	done = run("reduce", "lacking.trace")
	check(done.returncode == 3 and "there is nothing to reduce" in done.stderr, done)
	check("counts of pages: none" in done.stderr, done.stderr)


# ---- bisect ----

def verdicts(lines):
	return [(line["semantics"], line["before"].split()[0], line["after"].split()[0])
		for line in of_type(lines, "change") if line["what"] == "verdict"]


def bisect_names_the_version_and_the_patch_that_change_the_seed():
	"""CVE-2021-22543 is repaired in 5.13; PFNMAP is mapped again by v11 8/8, and by 6.13."""
	done = run("bisect", SEED, "--json")
	check(done.returncode == 0, done.stderr)
	lines = lines_of(done)
	check(verdicts(lines) == [("v6.1", "V", "Es"), ("v7.2", "Es", "W"), ("v11", "Es", "W")],
	      verdicts(lines))
	check(len(of_type(lines, "point")) == 7 + 9)
	outcomes = [line for line in of_type(lines, "change") if line["what"] == "outcome"]
	check({line["label"] for line in outcomes} == {"tail"}, outcomes)


def bisect_tells_what_changes_back():
	lines = lines_of(run("bisect", SEED, "--json", "--chain", "v5.12,v6.8,v11,v6.12,v7.2"))
	check(verdicts(lines) == [("v6.8", "V", "Es"), ("v11", "Es", "W"), ("v6.12", "W", "Es"),
				  ("v7.2", "Es", "W")], verdicts(lines))


def bisect_names_all_that_it_may_be_where_one_is_not_known():
	"""v6.8 alone of these three has the step, before which the event stops for good."""
	write("stops.trace", SET_UP + "r: read 0x201000 until=precheck_retry\n")
	chain = ("--chain", "v5.12,v6.8,v11", "stops.trace")
	done = run("bisect", *chain)
	check(done.returncode == 3, done)
	check("changes with v11, or with v6.8, which is not known: " in done.stdout, done.stdout)
	changes = of_type(lines_of(run("bisect", "--json", *chain)), "change")
	check({(line["since"], line["semantics"]) for line in changes} == {("v5.12", "v11")},
	      changes)
	write("stops.trace", SET_UP + "r: read 0x200000 until=lock_mmu\n")
	done = run("bisect", "--chain", "v6.8,v7.2", "stops.trace")
	check("changes, as far as they are known\n" in done.stdout, done.stdout)


def bisect_marks_what_is_good_and_what_is_bad():
	for good, bad in (("v7.2", "v5.12"), ("v5.12", "v7.2")):
		done = run("bisect", SEED, "--json", "--good", good, "--bad", bad)
		sides = [line["side"] for line in of_type(lines_of(done), "change")
			 if line["what"] == "verdict"]
		check(sides == [None, "good" if good == "v7.2" else "bad"], sides)
	done = run("bisect", SEED, "--good", "v6.1", "--bad", "v6.12")
	check(done.returncode == 2 and "same verdict" in done.stderr, done)
	check("no chain has both" in misused("bisect", SEED, "--good", "v6.1", "--bad", "v11"))
	misused("bisect", SEED, "--good", "v6.1")


def bisect_explores_threads_and_says_what_it_does_not_know():
	"""B1 of v11 merged onto 6.8: what is not held is put."""
	race = os.path.join(TRACES, "race", "a-driver-zaps-what-a-guest-writes.trace")
	lines = lines_of(run("bisect", race, "--json", "--chain", "v6.8-rc3,v11-on-v6.8,v7.2"))
	check(verdicts(lines) == [("v11-on-v6.8", "Es", "V"), ("v7.2", "V", "Es")], lines)
	done = run("bisect", race, "--json", "--chain", "v6.8,v7.2", "--bound", "states=3")
	check(done.returncode == 3, done.returncode)
	check([line["verdict"] for line in lines_of(done)] == ["?", "?"], done.stdout)


# ---- walk ----

def walk_tells_each_entry_with_its_bits():
	done = run("walk", SEED, "0x200000", "--at", "head", "-s", "v11")
	check(done.returncode == 0, done.stderr)
	leaf = [line for line in done.stdout.splitlines() if "level 1 [  0] gfn 0x200 " in line]
	check(len(leaf) == 1 and leaf[0].endswith(" host-writable mmu-writable refcounted"), leaf)
	check("refcount 1, mapcount 0, owner driver" in done.stdout, done.stdout)


def walk_tells_the_same_as_json():
	lines = lines_of(run("walk", SEED, "0x201000", "--at", "tail", "-s", "v6.8,v7.2", "--json"))
	walks = of_type(lines, "walk")
	check([line["semantics"] for line in walks] == ["v6.8", "v7.2"], walks)
	check([line["read"] == "ok" for line in walks] == [False, True], walks)
	pages = of_type(lines, "page")
	check([(line["semantics"], line["refcount"]) for line in pages] == [("v7.2", 0)], pages)
	check(len([line for line in of_type(lines, "entry") if line["tables"] == "host"]) == 8)


def walk_counts_no_pages_of_anonymous_memory():
	write("anon.trace", "pfntrace 1\nconfig mmu=shadow\nmmap A 8K\n"
	      "memslot 1 0x200000 A 8K\nread 0x201000\n")
	done = run("walk", "anon.trace", "0x201000")
	check(", anonymous: read write account\n" in done.stdout, done.stdout)
	check("stage 2: shadow paging, entries as of NPT, 7.2\n" in done.stdout, done.stdout)
	check(", device BO, page 1 of it: " in run("walk", SEED, "0x201000").stdout)


def walk_lists_every_leaf():
	lines = lines_of(run("walk", SEED, "--all", "-s", "v7.2", "--json"))
	check([line["first"] for line in lines] == [0x200, 0x201], lines)


def walk_refuses_what_is_no_address_or_no_event():
	check("no guest-physical address" in misused("walk", SEED, "head"))
	check("a GPA, or --all" in misused("walk", SEED))
	check("a GPA, or --all" in misused("walk", SEED, "0", "--all"))
	check("no event is" in refused("walk", SEED, "0", "--at", "nobody"))
	check("above what this VM" in refused("walk", SEED, "0x1000000000000"))
	check("threads" in refused("walk", os.path.join(
		TRACES, "race", "a-driver-zaps-what-a-guest-writes.trace"), "0"))


# ---- fmt ----

UNTIDY = "pfntrace 1\nmmap  A 8K#one\nread count=2 gpa=0x1000   # two\n"
TIDY = "pfntrace 1\nmmap A 8K           #one\nread 0x1000 count=2 # two\n"


def fmt_prints_the_one_way_to_write_a_trace():
	for name, text in (("untidy", UNTIDY), ("tidy", TIDY)):
		write(name + ".trace", text)
		done = run("fmt", name + ".trace")
		check(done.returncode == 0 and done.stdout == TIDY, name, done.stdout)
	check(run("fmt", "-", stdin=UNTIDY).stdout == TIDY)


def fmt_check_shows_what_would_change_and_exits_with_1():
	write("untidy.trace", UNTIDY)
	write("tidy.trace", TIDY)
	done = run("fmt", "--check", "tidy.trace", "untidy.trace")
	check(done.returncode == 1, done.returncode)
	check(done.stdout.splitlines() == [
		"--- untidy.trace", "+++ untidy.trace, by pfnsim fmt", "@@ -2,2 +2,2 @@",
		"-mmap  A 8K#one", "-read count=2 gpa=0x1000   # two",
		"+mmap A 8K           #one", "+read 0x1000 count=2 # two"], done.stdout)
	check(run("fmt", "--check", "tidy.trace").returncode == 0)
	with open("untidy.trace", encoding="utf-8") as file:
		check(file.read() == UNTIDY, "it was written")


def fmt_in_place_writes_what_changes_and_keeps_the_mode():
	write("untidy.trace", UNTIDY)
	os.chmod("untidy.trace", 0o640)
	done = run("fmt", "-i", "untidy.trace")
	check(done.returncode == 0 and not done.stdout, done.stdout, done.stderr)
	with open("untidy.trace", encoding="utf-8") as file:
		check(file.read() == TIDY)
	check(os.stat("untidy.trace").st_mode & 0o777 == 0o640)
	check(not [name for name in os.listdir(".") if name.startswith("untidy.trace.")])


def fmt_says_as_json_what_would_change():
	write("untidy.trace", UNTIDY)
	done = run("fmt", "--check", "--json", "untidy.trace")
	lines = lines_of(done)
	check(done.returncode == 1, done.returncode)
	check([line["line"] for line in of_type(lines, "change")] == [2, 3], lines)
	check(of_type(lines, "change")[0]["after"] == "mmap A 8K           #one", lines)
	check(of_type(lines, "format")[0]["canonical"] is False, lines)


def fmt_refuses_what_is_no_trace():
	write("bad.trace", BAD)
	done = run("fmt", "-i", "bad.trace")
	check(done.returncode == 2, done.returncode)
	check(done.stderr == 'pfnsim: bad.trace:5:1: unknown event "reed"; did you mean '
	      '"read"?\n', done.stderr)
	with open("bad.trace", encoding="utf-8") as file:
		check(file.read() == BAD, "it was written")
	misused("fmt", "--check", "-i", "bad.trace")


NO_CLAIMS = (Failure, verdicts, write, check, run, replay, lines_of, of_type,
	     misused, refused, recorded_answers,
	     same_answers, changed, corpus_of)
CLAIMS = [value for value in list(globals().values())
	  if callable(value) and value.__module__ == __name__ and value not in NO_CLAIMS]


def main(claims):
	failed = []
	if not os.access(PFNSIM, os.X_OK):
		print(f"PFNSIM={PFNSIM} cannot be run")
		return 1
	print(f"[==========] Running {len(claims)} test(s).")
	with tempfile.TemporaryDirectory() as folder:
		os.chdir(folder)
		for name, text in FILES.items():
			with open(name + ".trace", "w", encoding="utf-8") as file:
				file.write(text)
		for claim in claims:
			try:
				claim()
				print(f"[       OK ] {claim.__name__}")
			except Failure as failure:
				failed.append(claim.__name__)
				print(f"[  ERROR   ] {failure}\n[  FAILED  ] {claim.__name__}")
			except Exception:	# pylint: disable=broad-except
				failed.append(claim.__name__)
				traceback.print_exc(file=sys.stdout)
				print(f"[  FAILED  ] {claim.__name__}")
		os.chdir(SOURCE)
	print(f"[  PASSED  ] {len(claims) - len(failed)} test(s).")
	if failed:
		print(f"[  FAILED  ] {len(failed)} test(s), listed below:")
		for name in failed:
			print(f"[  FAILED  ] {name}")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main(CLAIMS))
