#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_schemas.py: docs/schemas/pfnsim.schema.json is what every command with --json prints.

Needs python3-jsonschema; without it the test is skipped.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
	from jsonschema import Draft202012Validator as Validator
except ImportError:
	print("no python3-jsonschema: skipped")
	sys.exit(77)

PFNSIM = os.path.abspath(os.environ["PFNSIM"])
SOURCE = os.path.abspath(os.environ["PFNSIM_SOURCE"])
TRACES = os.path.abspath(os.environ["PFNSIM_TRACES"])
SEED = TRACES + "/seed.trace"
RACE = TRACES + "/race/a-page-is-dropped-while-it-is-mapped.trace"
IMPORTED = os.path.join(SOURCE, "tests", "import")
MOST = 300	# records of a type and command that are looked at

SET_UP = """pfntrace 1
alloc B noncompound order=1
mmap D 8K device B
memslot 1 0x200000 D 8K
"""
FILES = {
	"missed.trace": SET_UP + "r: read 0x200000\nexpect all: outcome efault at=r\n",
	"broken.trace": SET_UP + "read 0x200000\nfree B\n",
	"unlike.trace": SET_UP + "free   B   # it has gone\n",
	"slow.trace": "pfntrace 1\nmmap A 4K anon\nmemslot 1 0x200000 A 4K\n" +
		      "read 0x200000\ndontneed A 4K\n" * 60000,
	"threads.trace": SET_UP + "thread a\nread 0x200000\nthread b\nf: free B\n"
			 "expect all: outcome efault at=f\n",
	"traces/bug.trace": SET_UP + 'read 0x200000\nfree B\nbug B01 "x"\nexpect all: verdict W\n',
	"few/bug.trace": SET_UP + 'r: read 0x201000\nbug B01 "x"\nexpect all: verdict W\n',
	"x.review": "@document x\n@read v11 so it is\n@compare v11-p7,v11\n@run v11 missed.trace\n",
	"base": "pfnbaseline 1\nbroken.trace v7.2 no-free-page-mapped\n"
		"missed.trace v7.2 no-use-after-free\n",
}
# A row: arguments. Together they print every type of record that a command has.
COMMANDS = {
	"replay": [["-s", "v5.12,v7.2", SEED, TRACES + "/recorded/6.8", TRACES + "/maps",
		    "nothing-there"],
		   ["-s", "v7.2", "--baseline", "base", "broken.trace", "missed.trace"],
		   ["-s", "v7.2", "--timeout", "1", "slow.trace"]],
	"report": [["-s", "v5.12,v7.2", SEED], ["-s", "v7.2", "missed.trace"]],
	"import": [[path] for path in sorted(glob.glob(IMPORTED + "/*")) if os.path.isfile(path)],
	"conform": [["--all", "--inputs", TRACES + "/recorded/6.8"], ["6.8"]],
	"explore": [["-s", "v6.8,v11", RACE, "threads.trace"], ["--laws", "-s", "v6.8,v11", RACE],
		    ["-s", "v11", "--bound", "states=3", RACE]],
	"equiv": [["v6.8", "v11", "--bound", "pages=1,actors=1,events=1"]],
	"review": [["./x.review", "--traces", "few", "--only", "a BAR, VM_PFNMAP",
		    "--bound", "actors=1,events=1"]],
	"corpus": [["-s", "v6.8,v7.2", TRACES + "/acceptance"], [],
		   ["-s", "v7.2", "--bound", "states=100",
		    TRACES + "/race/a-page-is-dropped-while-it-is-mapped.trace"]],
	"outcomes": [["-s", "v6.8,v11"]],
	"bisect": [[SEED], ["--good", "v5.12", "--bad", "v6.8", SEED],
		   ["--good", "v6.8", "--bad", "v7.2", SEED]],
	"walk": [["-s", "v6.8,v7.2", SEED, "0x201000"], ["--all", SEED], [SEED, "0x900000"],
		 ["--at", "1", SEED, "0x201000"]],
	"fmt": [["missed.trace", "unlike.trace"]],
	"semantics": [[]],
	"invariants": [[]],
	"events": [[]],
}
# No kernel here takes its locks in a cycle.
UNSEEN = {"explore.lock"}


def load():
	with open(os.path.join(SOURCE, "docs", "schemas", "pfnsim.schema.json"),
		  encoding="utf-8") as file:
		return json.load(file)


SCHEMA = load()


def run(*arguments, where):
	return subprocess.run([PFNSIM, *arguments], stdout=subprocess.PIPE, text=True, check=False,
			      stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
			      cwd=where).stdout


def of(name):
	"""What is valid by a part of the schema."""
	return Validator({"$schema": SCHEMA["$schema"], "$ref": "#/$defs/" + name,
			  "$defs": SCHEMA["$defs"]})


def options_of(command):
	return re.findall(r"--[a-z-]+", run(command, "--help", where="."))


def names_of(command):
	return [one["$ref"].rpartition("/")[2] for one in SCHEMA["$defs"][command]["oneOf"]]


class Schemas(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		folder = tempfile.TemporaryDirectory()
		cls.addClassCleanup(folder.cleanup)
		cls.folder = folder.name
		os.mkdir(os.path.join(cls.folder, "traces"))
		os.makedirs(os.path.join(cls.folder, "few", "race"))
		shutil.copy(RACE, os.path.join(cls.folder, "few", "race"))
		for name, text in FILES.items():
			with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as file:
				file.write(text)
		cls.write_one_that_differs()
		cls.records = {command: cls.record(command, rows)
			       for command, rows in COMMANDS.items()}

	@classmethod
	def write_one_that_differs(cls):
		os.mkdir(os.path.join(cls.folder, "6.8"))
		for name in glob.glob(TRACES + "/recorded/6.8/pfnmap_nc_seed.*"):
			shutil.copy(name, os.path.join(cls.folder, "6.8"))
		path = os.path.join(cls.folder, "6.8", "pfnmap_nc_seed.out")
		with open(path, encoding="utf-8") as file:
			text = file.read()
		with open(path, "w", encoding="utf-8") as file:
			file.write(text.replace("pf_taken+1", "pf_taken+3"))

	@classmethod
	def record(cls, command, rows):
		"""By type: what it prints."""
		found = {}
		for row in rows:
			for line in run(command, "--json", *row, where=cls.folder).splitlines():
				record = json.loads(line)
				found.setdefault(record["type"], []).append(record)
		return found

	def some(self):
		for command, types in self.records.items():
			for name, records in types.items():
				yield command, name, records[::len(records) // MOST + 1]

	def test_it_is_a_schema(self):
		Validator.check_schema(SCHEMA)

	def test_every_command_that_has_json_is_in_it(self):
		listed = re.findall(r"^  ([a-z-]+) ", run("--help", where="."), re.M)
		with_json = {c for c in listed if "--json" in options_of(c)}
		self.assertEqual(with_json, set(COMMANDS))
		self.assertEqual(with_json, {one["$ref"].rpartition("/")[2]
					     for one in SCHEMA["anyOf"]})

	def test_every_line_of_every_command_is_valid(self):
		for command, name, records in self.some():
			valid = of(command)
			for record in records:
				errors = [e.message for e in valid.iter_errors(record)]
				self.assertEqual([], errors, (command, name, record))

	def test_every_type_in_it_is_printed(self):
		for command in COMMANDS:
			kinds = (command, "replay") + (("equiv", "explore") if command == "review"
						       else ())
			printed = {f"{kind}.{name}" for kind in kinds
				   for name in self.records[command]}
			for name in names_of(command):
				if command == "corpus" and name.startswith("replay."):
					continue
				self.assertTrue(name in printed or name in UNSEEN, (command, name))

	def test_a_key_or_a_type_that_is_unknown_is_not_valid(self):
		for command, _, records in self.some():
			valid = of(command)
			for broken in ({"frob": 1}, {"type": "frob"}, {"schema": 2}):
				self.assertFalse(valid.is_valid({**records[0], **broken}),
						 (command, records[0], broken))
				self.assertFalse(Validator(SCHEMA).is_valid(
					{**records[0], **broken}))

	def test_no_key_may_be_missing_that_is_always_there(self):
		for command, name, records in self.some():
			always = set.intersection(*[set(record) for record in records])
			part = next(p for p in names_of(command) if p.endswith("." + name))
			for key in SCHEMA["$defs"][part]["required"]:
				self.assertIn(key, always)
				record = {k: v for k, v in records[0].items() if k != key}
				self.assertFalse(of(command).is_valid(record), (part, key))

	def test_no_value_may_be_of_another_type(self):
		for command, _, records in self.some():
			for key, value in records[0].items():
				for other in ([], 1.5):
					record = {**records[0], key: other}
					self.assertFalse(of(command).is_valid(record),
							 (command, key, value))

	def test_every_key_in_it_is_documented(self):
		with open(os.path.join(SOURCE, "docs", "JSON.md"), encoding="utf-8") as file:
			text = file.read()
		words = set(re.findall(r"`([^`\s]+)`", text)) | set(re.findall(r"[\w-]+", text))
		for part, schema in SCHEMA["$defs"].items():
			for key in schema.get("properties", {}):
				if part == "outcomes.cell":
					continue	# the columns of docs/OUTCOMES.md
				self.assertIn(key, words, part)


if __name__ == "__main__":
	unittest.main()
