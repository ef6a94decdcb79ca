#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_unattended.py: JUnit, SARIF and GitHub's annotations, as those who read them do; jobs,
limits of time, and what a baseline accepts."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as tree

PFNSIM = os.path.abspath(os.environ["PFNSIM"])
TRACES = os.path.abspath(os.environ["PFNSIM_TRACES"])
SET_UP = """pfntrace 1
alloc B noncompound order=1
mmap D 8K device B
memslot 1 0x200000 D 8K
"""
# name: (text, level of the worst, rule, line)
CASES = {
	"good": (SET_UP + "r: read 0x200000\n", None, None, None),
	"broken": (SET_UP + "read 0x200000\nfree B\n", "error", "no-free-page-mapped", 6),
	"expected": (SET_UP + "read 0x200000\nf: free B\nexpect all: violation "
		     "no-free-page-mapped at=f blame=driver\n", "note", "no-free-page-mapped", 6),
	"missed": (SET_UP + "r: read 0x200000\nexpect all: outcome efault at=r\n", "error",
		   "expectation", 6),
	"open": (SET_UP + "r: read 0x200000 until=lock_mmu\n", "warning", "inconclusive", 1),
	"a,b: 100%": (SET_UP + "reed 0x200000\n", "error", "input", 5),
}
SUMMARY = re.compile(r"^summary: traces=\d+ semantics=\d+ cases=\d+ ok=\d+ violations=\d+ "
		     r"missed=\d+ refused=\d+ inconclusive=\d+ accepted=\d+ crashed=\d+ stale=\d+ "
		     r"passed-over=\d+ not-run=\d+$")
CODES = {"good": 0, "broken": 1, "expected": 0, "missed": 1, "open": 3, "a,b: 100%": 2}


class Unattended(unittest.TestCase):
	def setUp(self):
		self.folder = tempfile.TemporaryDirectory()
		self.addCleanup(self.folder.cleanup)
		for name, (text, *_) in CASES.items():
			with open(self.path(name), "w", encoding="utf-8") as file:
				file.write(text)

	def path(self, name):
		return os.path.join(self.folder.name, name + ".trace")

	def run_all(self, form, *names, semantics="v7.2"):
		return subprocess.run([PFNSIM, "replay", "-f", form, "-s", semantics,
				       *map(self.path, names or CASES)], stdout=subprocess.PIPE,
				      stderr=subprocess.PIPE, text=True, check=False,
				      errors="surrogateescape")

	def test_the_exit_code_is_the_same_in_every_format(self):
		for form in ("text", "junit", "sarif", "github"):
			for name, code in CODES.items():
				self.assertEqual(code, self.run_all(form, name).returncode,
						 (form, name))

	def test_junit_can_be_read_whatever_a_file_is_called(self):
		for name in ("\udcff", "a\x01\u00fc", "<&>", "\u00fc" * 110):
			with open(self.path(name), "w", encoding="utf-8") as file:
				file.write(CASES["broken"][0])
			suite = tree.fromstring(self.run_all("junit", name).stdout)[0]

			self.assertEqual("1", suite.get("failures"), ascii(name))

	def test_junit_has_a_case_for_each_input_and_semantics(self):
		suite = tree.fromstring(self.run_all("junit", "good", "broken", "open",
						     semantics="v6.8,v7.2").stdout)[0]
		names = [(os.path.basename(c.get("classname")), c.get("name"))
			 for c in suite.iter("testcase")]

		self.assertEqual([(n + ".trace", s) for n in ("good", "broken", "open")
				  for s in ("v6.8", "v7.2")], names)

	def test_junit_fails_what_exits_with_1_or_2_and_skips_what_is_inconclusive(self):
		suite = tree.fromstring(self.run_all("junit").stdout)[0]
		tags = {os.path.basename(c.get("classname"))[:-6]: [child.tag for child in c]
			for c in suite.iter("testcase")}

		self.assertEqual({"good": [], "broken": ["failure"], "expected": ["system-out"],
				  "missed": ["failure"], "open": ["skipped"],
				  "a,b: 100%": ["failure"]}, tags)
		self.assertEqual(("6", "3", "1"), (suite.get("tests"), suite.get("failures"),
						   suite.get("skipped")))

	def test_sarif_has_each_finding_at_its_line(self):
		log = json.loads(self.run_all("sarif").stdout)
		driver = log["runs"][0]["tool"]["driver"]

		self.assertEqual("2.1.0", log["version"])
		for name, (_, level, rule, line) in CASES.items():
			found = [r for r in log["runs"][0]["results"] if r["locations"][0][
				"physicalLocation"]["artifactLocation"]["uri"] ==
				 urllib.parse.quote(self.path(name), safe="/,")]
			if not rule:
				self.assertEqual([], found)
				continue
			result = [r for r in found if r["ruleId"] == rule][0]
			place = result["locations"][0]["physicalLocation"]
			self.assertEqual((level, line), (result["level"],
							 place["region"]["startLine"]), name)
			self.assertEqual(rule, driver["rules"][result["ruleIndex"]]["id"])

	def test_sarif_names_a_file_by_a_uri_whatever_it_is_called(self):
		for name in ("a b", "\u00fc:x", "50%0A", "q?#[]", "\udcff"):
			with open(self.path(name), "w", encoding="utf-8") as file:
				file.write(CASES["a,b: 100%"][0])
			text = self.run_all("sarif", name).stdout
			uri = json.loads(text)["runs"][0]["results"][0]["locations"][0][
				"physicalLocation"]["artifactLocation"]["uri"]

			self.assertRegex(uri, r"^(?:[A-Za-z0-9._~/,+=@-]|%[0-9A-F]{2})+$")
			self.assertEqual(os.fsencode(self.path(name)),
					 urllib.parse.unquote_to_bytes(uri))

	def test_sarif_has_every_law_as_a_rule(self):
		log = json.loads(self.run_all("sarif", "good").stdout)
		rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
		laws = subprocess.run([PFNSIM, "invariants", "--json"], stdout=subprocess.PIPE,
				      text=True, check=False).stdout.splitlines()

		self.assertEqual([json.loads(law)["id"] for law in laws] +
				 ["expectation", "deadlock", "livelock", "lock-inversion",
				  "inconclusive", "input", "timeout", "crash"],
				 rules)
		self.assertEqual([], log["runs"][0]["results"])

	def test_findings_of_two_semantics_have_marks_of_their_own(self):
		log = json.loads(self.run_all("sarif", "broken", semantics="v6.8,v7.2").stdout)
		marks = [r["partialFingerprints"]["pfnsim/v1"] for r in log["runs"][0]["results"]]

		self.assertEqual(len(marks), len(set(marks)))

	def test_an_annotation_is_a_line_and_escapes_what_would_end_it(self):
		lines = self.run_all("github").stdout.splitlines()

		self.assertRegex(lines[-1], SUMMARY)
		for line in lines[:-1]:
			self.assertRegex(line, r"^::(notice|warning|error) file=[^:,]+"
					 r"(,line=\d+)?(,col=\d+)?,title=[\w-]+::.")
		self.assertTrue([line for line in lines if "a%2Cb%3A 100%25.trace" in line])
		broken = [line for line in lines if "broken.trace" in line]
		self.assertRegex(broken[0], r"^::error file=[^,]*broken.trace,line=6,")


# ---- jobs, limits of time ----

# A minute's work, on a machine that is not slow.
SLOW = ("pfntrace 1\nmmap A 64K anon\nmemslot 1 gpa=0x100000 hva=A size=64K\n" +
	"".join(f"read {0x100000 + 4096 * (i % 16):#x}\ndontneed A 64K\n" for i in range(100000)))


class Inputs(unittest.TestCase):
	def setUp(self):
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = os.path.realpath(folder.name)
		for name, (text, *_) in CASES.items():
			self.write(name + ".trace", text)

	def write(self, name, text):
		os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
		with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
			file.write(text)

	def read(self, name):
		with open(os.path.join(self.folder, name), encoding="utf-8") as file:
			return file.read()

	def run_it(self, *arguments, command="replay", where="."):
		return subprocess.run([PFNSIM, command, *arguments], stdout=subprocess.PIPE,
				      stderr=subprocess.PIPE, text=True, check=False,
				      stdin=subprocess.DEVNULL,
				      cwd=os.path.join(self.folder, where))

	def summary(self, done):
		last = done.stdout.splitlines()[-1]
		self.assertRegex(last, SUMMARY)
		return {key: int(n) for key, n in re.findall(r"([\w-]+)=(\d+)", last)}

	def names(self):
		return [name + ".trace" for name in CASES]


class Orders(Inputs):
	"""pfnsim explore: DROPS is wrong under v11, and in line 6 is the event of its last step."""
	DROPS = ("pfntrace 1\nmmap A 4K\nhost-write A 7\nmemslot 1 0x200000 A 4K\n"
		 "thread vcpu\nr: read 0x200000\nthread vmm\nd: dontneed A 4K\n")
	# name: (added to DROPS, semantics, options, exit code, tag of JUnit, level, rule, line)
	CASES = {
		"holds": ("", "v7.2", (), 0, None, None, None, None),
		"breaks": ("", "v11", (), 1, "failure", "error", "no-touch-when-stale", 6),
		"expected": ("".join(f"expect all: violation {law}\n" for law in (
			"no-touch-when-stale", "mark-only-alive", "no-kernel-warning")),
			"v11", (), 0, "system-out", "note", "no-touch-when-stale", 6),
		"missed": ("expect all: outcome efault at=r\n", "v7.2", (), 1, "failure", "error",
			   "expectation", 9),
		"cut": ("", "v7.2", ("-b", "states=10"), 3, "skipped", "warning", "inconclusive",
			1),
		"cut, missed": ("expect all: outcome ok at=d\n", "v7.2", ("-b", "states=10"), 3,
				"skipped", "warning", "inconclusive", 9),
		"unread": ("expect\n", "v7.2", (), 2, "failure", "error", "input", 9),
	}

	def explore(self, form, name):
		added, semantics, options, *_ = self.CASES[name]
		self.write("t.trace", self.DROPS + added)
		return self.run_it("-f", form, "-s", semantics, *options, "t.trace",
				   command="explore")

	def test_the_exit_code_is_the_same_in_every_format(self):
		for form in ("text", "json", "junit", "sarif", "github"):
			for name, (_, _, _, code, *_) in self.CASES.items():
				self.assertEqual(code, self.explore(form, name).returncode,
						 (form, name))

	def test_junit_fails_what_breaks_and_skips_what_is_cut_off(self):
		for name, (*_, tag, _, _, _) in self.CASES.items():
			case, = tree.fromstring(self.explore("junit", name).stdout).iter("testcase")
			self.assertEqual([tag] if tag else [], [child.tag for child in case], name)

	def test_each_finding_is_at_the_line_of_its_last_step(self):
		words = {"note": "notice", "warning": "warning", "error": "error"}

		for name, (*_, level, rule, line) in self.CASES.items():
			log = json.loads(self.explore("sarif", name).stdout)
			results = log["runs"][0]["results"]
			notes = self.explore("github", name).stdout
			found = [(r["level"], r["ruleId"],
				  r["locations"][0]["physicalLocation"]["region"]["startLine"])
				 for r in results]
			if not rule:
				self.assertEqual([], found, name)
				continue
			self.assertIn((level, rule, line), found, name)
			at = f",line={line}" if line > 1 else ""
			self.assertRegex(notes, f"(?m)^::{words[level]} file=t.trace{at}"
					 f"(,col=\\d+)?,title={rule}::", name)

	def test_the_summary_counts_it(self):
		for name, count in {"holds": "ok", "breaks": "violations", "missed": "missed",
				    "cut": "inconclusive", "unread": "refused"}.items():
			self.assertEqual(1, self.summary(self.explore("github", name))[count], name)

	def test_laws_are_of_text_and_json(self):
		self.write("t.trace", self.DROPS)
		done = self.run_it("--laws", "-f", "junit", "t.trace", command="explore")
		self.assertEqual((2, ""), (done.returncode, done.stdout))


class Jobs(Inputs):
	def test_the_output_is_the_same_whatever_the_jobs(self):
		for form in ("text", "json", "junit", "sarif", "github"):
			arguments = ("-f", form, "-s", "v6.8,v7.2", *self.names() * 3,
				     TRACES + "/acceptance", TRACES + "/recorded/v11-npt0")
			one = self.run_it(*arguments)
			for jobs in ("3", "64"):
				many = self.run_it("--jobs", jobs, *arguments)
				self.assertEqual((one.returncode, one.stdout, one.stderr),
						 (many.returncode, many.stdout, many.stderr),
						 form)

	def test_the_corpus_is_the_same_whatever_the_jobs(self):
		for form in ("text", "json", "markdown"):
			arguments = ("-f", form, "-s", "v6.8,v7.2", TRACES + "/acceptance",
				     TRACES + "/races")
			self.assertEqual(self.run_it(*arguments, command="corpus").stdout,
					 self.run_it("-j", "3", *arguments,
						     command="corpus").stdout)

	def test_a_number_that_is_none_is_misuse(self):
		for option in ("--jobs=0", "--jobs=two", "--jobs=257", "--timeout=0",
			       "--timeout=1.5", "--update-baseline"):
			done = self.run_it(option, "good.trace")
			self.assertEqual((2, ""), (done.returncode, done.stdout), option)

	def test_a_folder_is_its_traces_without_threads(self):
		self.write("folder/below/one.trace", CASES["good"][0])
		self.write("folder/two.trace", CASES["good"][0])
		self.write("folder/threads.trace", SET_UP + "thread a\nread 0x200000\n")
		self.write("folder/other.txt", "not a trace")
		done = self.run_it("-s", "v7.2", "folder")

		self.assertEqual(0, done.returncode, done.stderr)
		sums = self.summary(done)
		self.assertEqual((2, 2, 1), (sums["traces"], sums["ok"], sums["passed-over"]))

	def test_a_folder_without_traces_cannot_be_read(self):
		self.write("folder/other.txt", "not a trace")
		self.assertEqual(2, self.run_it("folder").returncode)

	def test_the_summary_counts_every_case_once(self):
		sums = self.summary(self.run_it("-s", "v6.8,v7.2", *self.names()))
		self.assertEqual(11, sums["cases"])
		self.assertEqual(11, sum(sums[key] for key in (
			"ok", "violations", "missed", "refused", "inconclusive", "accepted",
			"crashed")))
		self.assertEqual((6, 2, 1, 2), (sums["traces"], sums["semantics"],
						sums["refused"], sums["inconclusive"]))

	def test_the_summary_is_the_same_in_every_text(self):
		lines = {self.run_it(*how, *self.names()).stdout.splitlines()[-1]
			 for how in ((), ("-b",), ("-f", "github"))}
		self.assertEqual(1, len(lines))
		total = json.loads(self.run_it("--json", *self.names()).stdout.splitlines()[-1])
		for key, number in re.findall(r"([\w-]+)=(\d+)", lines.pop()):
			self.assertEqual(int(number), total[key.replace("-", "_")], key)


class Time(Inputs):
	def setUp(self):
		super().setUp()
		self.write("slow.trace", SLOW)

	def test_what_is_not_done_in_time_is_inconclusive_and_named(self):
		done = self.run_it("--timeout", "1", "-s", "v7.2,v6.8", "slow.trace", "good.trace")

		self.assertEqual(3, done.returncode)
		self.assertEqual("pfnsim: slow.trace: not done in 1 s\n", done.stderr)
		self.assertIn("slow.trace: inconclusive: not done in 1 s\n", done.stdout)
		sums = self.summary(done)
		self.assertEqual((2, 3, 2, 1), (sums["traces"], sums["cases"], sums["ok"],
						sums["inconclusive"]))

	def test_it_is_an_error_of_junit_a_warning_of_the_others_and_a_record(self):
		arguments = ("--timeout", "1", "-s", "v7.2", "slow.trace")
		suite = tree.fromstring(self.run_it("-f", "junit", *arguments).stdout)[0]
		self.assertEqual("1", suite.get("errors"))
		self.assertEqual("not done in 1 s", suite.find("testcase/error").get("message"))
		result = json.loads(self.run_it("-f", "sarif", *arguments).stdout)[
			"runs"][0]["results"][0]
		self.assertEqual(("timeout", "warning"), (result["ruleId"], result["level"]))
		self.assertTrue(self.run_it("-f", "github", *arguments).stdout.startswith(
			"::warning file=slow.trace,title=timeout::not done"))
		record = json.loads(self.run_it("--json", *arguments).stdout.splitlines()[0])
		self.assertEqual(("unfinished", "timeout"), (record["type"], record["rule"]))

	def test_no_baseline_accepts_it(self):
		self.write("base", "pfnbaseline 1\n")
		done = self.run_it("--timeout", "1", "--baseline", "base", "--update-baseline",
				   "-s", "v7.2", "slow.trace")
		self.assertEqual(3, done.returncode)
		self.assertEqual("pfnbaseline 1\n", self.read("base"))

	def test_what_an_interrupt_leaves_out_is_counted(self):
		child = subprocess.Popen([PFNSIM, "replay", "-s", "v7.2", "good.trace",
					  "slow.trace", "good.trace"], cwd=self.folder, text=True,
					 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		time.sleep(1)
		child.send_signal(signal.SIGINT)
		out, err = child.communicate()
		self.assertEqual((3, "pfnsim: interrupted: 2 of 3 inputs have not been run\n"),
				 (child.returncode, err))
		self.assertIn(" not-run=2", out.splitlines()[-1])


# ---- baseline ----

class Baseline(Inputs):
	rows = ("broken.trace v7.2 no-free-page-mapped event=5 blame=driver",
		'missed.trace v7.2 expectation "expected efault at r, found mapped"')

	def judge(self, text, *names, update=False, options=(), where="."):
		self.write("base", "pfnbaseline 1\n" + text)
		return self.run_it("--baseline", os.path.relpath(self.folder + "/base",
			self.folder + "/" + where), *(["--update-baseline"] if update else []),
			"-s", "v7.2", *options, *names, where=where)

	def test_what_it_lists_is_accepted_and_named(self):
		done = self.judge("\n".join(self.rows) + "\n", "good.trace", "broken.trace",
				  "missed.trace")

		self.assertEqual(0, done.returncode, done.stdout)
		self.assertIn("accepted by base:2: broken.trace v7.2 no-free-page-mapped ",
			      done.stdout)
		self.assertIn("accepted by base:3: missed.trace v7.2 expectation ", done.stdout)
		sums = self.summary(done)
		self.assertEqual((1, 2, 0, 0), (sums["ok"], sums["accepted"], sums["violations"],
						sums["missed"]))

	def test_what_it_does_not_list_fails(self):
		for row, name in zip(self.rows, ("missed", "broken")):
			self.assertEqual(1, self.judge(row, name + ".trace").returncode)
		for other in ("broken.trace v6.8 no-free-page-mapped",
			      "broken.trace v7.2 no-free-page-mapped at=r",
			      "broken.trace v7.2 no-free-page-mapped event=4",
			      "broken.trace v7.2 no-free-page-mapped blame=kvm",
			      "broken.trace v7.2 no-use-after-free",
			      "other/broken.trace v7.2 no-free-page-mapped"):
			self.assertEqual(1, self.judge(other, "broken.trace").returncode, other)

	def test_a_row_need_not_say_all(self):
		for row in ("", " event=5", " blame=driver", " blame=driver event=5", " times=1"):
			done = self.judge("broken.trace v7.2 no-free-page-mapped" + row,
					  "broken.trace")
			self.assertEqual(0, done.returncode, row)
		self.assertEqual(0, self.judge("missed.trace v7.2 expectation",
					       "missed.trace").returncode)

	def test_a_row_accepts_one_verdict_unless_it_says_how_many(self):
		self.write("twice.trace", CASES["missed"][0] * 1 +
			   "expect all: outcome efault at=r\n")
		row = self.rows[1].replace("missed.trace", "twice.trace")

		self.assertEqual(1, self.judge(row, "twice.trace").returncode)
		self.assertEqual(0, self.judge(row + " times=2", "twice.trace").returncode)
		self.assertEqual(0, self.judge(row + "\n" + row, "twice.trace").returncode)
		done = self.judge(row + " times=3", "twice.trace")
		self.assertEqual((0, 1), (done.returncode, self.summary(done)["stale"]))
		self.assertIn("found 2 times", done.stdout)

	def test_what_is_inconclusive_or_unreadable_can_be_accepted_too(self):
		done = self.judge("open.trace v7.2 inconclusive\n\"a,b: 100%.trace\" - input\n",
				  "open.trace", "a,b: 100%.trace")
		self.assertEqual((0, 2), (done.returncode, self.summary(done)["accepted"]))

	def test_what_no_longer_occurs_is_stale_and_does_not_fail(self):
		done = self.judge("good.trace v7.2 no-use-after-free at=r\n"
				  "gone.trace v7.2 no-use-after-free\n", "good.trace")

		self.assertEqual((0, 2), (done.returncode, self.summary(done)["stale"]))
		self.assertIn("stale: base:2: good.trace v7.2 no-use-after-free at=r: no longer "
			      "occurs\nstale: base:3: gone.trace v7.2 no-use-after-free: there is "
			      "no such trace\n", done.stdout)

	def test_what_was_not_run_is_not_stale(self):
		done = self.judge("\n".join(self.rows) + "\nopen.trace v6.8 inconclusive\n",
				  "broken.trace", "open.trace")
		self.assertEqual(0, self.summary(done)["stale"])

	def test_names_are_relative_to_its_folder(self):
		self.write("below/broken.trace", CASES["broken"][0])
		row = self.rows[0].replace("broken", "below/broken")
		absolute = os.path.join(self.folder, "below", "broken.trace")

		for where, name in ((".", "below/broken.trace"), ("below", "broken.trace"),
				    ("below", "../below/broken.trace"), ("below", absolute)):
			self.assertEqual(0, self.judge(row, name, where=where).returncode, where)

	def test_update_writes_what_the_next_run_accepts(self):
		first = self.judge("", *self.names(), update=True)
		self.assertEqual(0, first.returncode, first.stdout)
		text = self.read("base")
		for row in self.rows:
			self.assertIn(row + "\n", text)
		self.assertNotIn("expected.trace", text)
		again = self.judge(text.partition("\n")[2], *self.names(), update=True)
		self.assertEqual((0, text), (again.returncode, self.read("base")))

	def test_update_makes_a_file_that_says_what_it_is(self):
		done = self.run_it("--baseline", "new", "--update-baseline", "-s", "v7.2",
				   "broken.trace")
		self.assertEqual(0, done.returncode, done.stderr)
		lines = self.read("new").splitlines()
		self.assertEqual("pfnbaseline 1", lines[0])
		self.assertEqual([self.rows[0]], [line for line in lines[1:]
						  if not line.startswith("#")])

	def test_update_keeps_comments_and_what_was_not_run_and_drops_what_is_stale(self):
		kept = ("# we know\n\n" + self.rows[0] + "   # bug 12\n" +
			"# not run\n" + self.rows[1] + "\n")
		done = self.judge(kept + "good.trace v7.2 no-use-after-free\n", "broken.trace",
				  "good.trace", update=True)
		self.assertEqual(0, done.returncode)
		self.assertEqual("pfnbaseline 1\n" + kept, self.read("base"))

	def test_what_is_wrong_with_it_is_named_with_its_place(self):
		for row, column, what in (
				("broken.trace v7.2", 1, "TRACE SEMANTICS LAW"),
				("broken.trace v9 no-use-after-free", 14, "semantics"),
				("broken.trace v7.2 no-use-after-fre", 19,
				 'did you mean "no-use-after-free"'),
				("broken.trace v7.2 timeout", 19, "cannot be accepted"),
				("broken.trace - no-use-after-free", 14, "-"),
				("broken.trace v7.2 input", 14, "-"),
				("broken.trace v7.2 no-use-after-free at=r event=3", 42,
				 "one too many"),
				("broken.trace v7.2 no-use-after-free frob=3", 37, "takes"),
				('broken.trace v7.2 no-use-after-free "text"', 37, "takes"),
				("broken.trace v7.2 expectation at=r", 31, "text"),
				('broken.trace v7.2 expectation "text', 31, "no end"),
				("broken.trace v7.2 no-use-after-free times=0", 37, "number"),
				("a v7.2 no-use-after-free 1 2 3 4 5 6 7 8", 36, "too many")):
			done = self.judge("# fine\n" + row + "\n", "good.trace")
			self.assertEqual((2, ""), (done.returncode, done.stdout), row)
			self.assertTrue(done.stderr.startswith(f"pfnsim: base:3:{column}: "),
					(row, done.stderr))
			self.assertIn(what, done.stderr)
			self.assertEqual(1, done.stderr.count("\n"))

	def test_a_file_that_is_none_is_named(self):
		self.write("base", "baseline 1\n")
		done = self.run_it("--baseline", "base", "good.trace")
		self.assertEqual((2, 'pfnsim: base:1:1: a baseline begins with "pfnbaseline 1"\n'),
				 (done.returncode, done.stderr))
		done = self.run_it("--baseline", "nothing", "good.trace")
		self.assertEqual((2, "pfnsim: nothing: No such file or directory\n"),
				 (done.returncode, done.stderr))

	def test_junit_skips_what_is_accepted(self):
		suite = tree.fromstring(self.judge(self.rows[0] + "\n", "broken.trace",
						   "missed.trace",
						   options=("-f", "junit")).stdout)[0]
		self.assertEqual(["skipped", "failure"],
				 [case[0].tag for case in suite.iter("testcase")])
		self.assertIn("accepted by the baseline", suite[0][0].get("message"))
		self.assertEqual(("1", "1"), (suite.get("skipped"), suite.get("failures")))

	def test_sarif_has_states_and_suppressions(self):
		done = self.judge(self.rows[0] + " # bug 12\ngood.trace v7.2 no-use-after-free\n",
				  "good.trace", "broken.trace", "missed.trace", "expected.trace",
				  options=("-f", "sarif"))
		results = json.loads(done.stdout)["runs"][0]["results"]
		states = {(r["ruleId"], os.path.basename(r["locations"][0]["physicalLocation"][
			"artifactLocation"]["uri"])): (r["baselineState"], r.get("suppressions"))
			for r in results}

		self.assertEqual({("no-free-page-mapped", "broken.trace"):
				  ("unchanged", [{"kind": "external", "status": "accepted",
						  "justification": "bug 12", "location":
						  {"physicalLocation": {"artifactLocation":
						   {"uri": "base"}, "region": {"startLine": 2}}}}]),
				  ("expectation", "missed.trace"): ("new", None),
				  ("no-free-page-mapped", "expected.trace"): ("unchanged", None),
				  ("no-use-after-free", "base"): ("absent", None)}, states)

	def test_github_notes_what_is_accepted_and_warns_of_what_is_stale(self):
		lines = self.judge(self.rows[0] + "\ngood.trace v7.2 no-use-after-free\n",
				   "good.trace", "broken.trace", options=("-f", "github")
				   ).stdout.splitlines()
		self.assertRegex(lines[0],
				 "^::notice file=broken.trace,.*::accepted by base line 2: ")
		self.assertRegex(lines[1],
				 "^::warning file=base,line=3,title=stale::good.trace ")

	def test_json_has_a_record_of_each(self):
		lines = [json.loads(line) for line in self.judge(
			self.rows[0] + "\ngood.trace v7.2 no-use-after-free\n", "good.trace",
			"broken.trace", options=("--json",)).stdout.splitlines()]
		accepted, = [line for line in lines if line["type"] == "accepted"]
		self.assertEqual(("broken.trace", "v7.2", "no-free-page-mapped", "base", 2),
				 tuple(accepted[key] for key in ("trace", "semantics", "rule",
								 "baseline", "line")))
		stale, = [line for line in lines if line["type"] == "stale"]
		self.assertEqual(("base", 3), (stale["baseline"], stale["line"]))
		self.assertEqual((1, 1), (lines[-1]["accepted"], lines[-1]["stale"]))

	def test_the_corpus_takes_one_too(self):
		self.write("bug.trace", SET_UP + 'read 0x200000\nfree B\nbug B01 "x"\n'
			   "expect all: verdict W\n")
		plain = self.run_it("-s", "v7.2", "bug.trace", command="corpus")
		self.assertEqual(1, plain.returncode)
		done = self.run_it("--baseline", "new", "--update-baseline", "-s", "v7.2",
				   "bug.trace", command="corpus")
		self.assertEqual(0, done.returncode, done.stdout)
		self.assertIn('bug.trace v7.2 expectation "B01: expected W, found V of driver"',
			      self.read("new"))
		self.assertEqual(0, self.run_it("--baseline", "new", "-s", "v7.2", "bug.trace",
						command="corpus").returncode)

	def test_the_corpus_has_the_same_formats(self):
		self.write("bug.trace", SET_UP + 'read 0x200000\nfree B\nbug B01 "x"\n'
			   "expect all: verdict W\n")
		for options, tag, level, code in (((), "failure", "error", 1),
						  (("--baseline", "new"), "skipped", "notice", 0)):
			said = {form: self.run_it("-f", form, "-s", "v7.2", *options, "bug.trace",
						  command="corpus")
				for form in ("junit", "sarif", "github")}
			case, = tree.fromstring(said["junit"].stdout).iter("testcase")
			result, = json.loads(said["sarif"].stdout)["runs"][0]["results"]

			self.assertEqual([code] * 3, [done.returncode for done in said.values()])
			self.assertEqual([tag], [child.tag for child in case])
			self.assertEqual("expectation", result["ruleId"])
			self.assertEqual("suppressions" in result, bool(options))
			self.assertRegex(said["github"].stdout, f"^::{level} file=bug.trace,")
			self.assertEqual(1, said["github"].stdout.count("summary: "))
			self.run_it("--baseline", "new", "--update-baseline", "-s", "v7.2",
				    "bug.trace", command="corpus")


if __name__ == "__main__":
	unittest.main()
